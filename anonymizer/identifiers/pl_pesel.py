"""Polish identification number (PESEL).

Form: YYMMDD, four digits of which the last is odd for men and even for women, and a check digit. To the month 80 is
added for births in the 19th century, and 20, 40 or 60 in the 21st, 22nd or 23rd.
Source: Act of 24 September 2010 on population registration, article 15; https://www.gov.pl/web/gov/czym-jest-numer-pesel
Range: births from 2200 to 2299, which are yet to happen. The sex stays.

>>> is_valid(pa.array(["00610100006", "00610100005"])).to_pylist()
[True, False]
>>> from_index(np.array([1], np.uint64), pa.array(["00610100006"])).to_pylist()
['00610100020']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "Polish PESEL"
CATEGORY = "national_id"
REACHABLE = False

_FIRST_DAY, _FIRST_UNBORN = (np.datetime64(f"{year}-01-01", "D").astype(np.int64) for year in (1800, 2200))
_AFTER_LAST = np.datetime64("2300-01-01", "D").astype(np.int64)
_NUMBERS = np.uint64(10_000)
CAPACITY = int(_AFTER_LAST - _FIRST_UNBORN) * 5_000
SPACE = int(_AFTER_LAST - _FIRST_DAY) * 10_000
_CENTURIES = np.array([1900, 2000, 2100, 2200, 1800], np.int64)
_ADDED = np.array([80, 0, 20, 40, 60], np.int64)
_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)


def _read(values: pa.Array) -> characters.Compact:
    return characters.compact(values, 12)


def _days(digits: NDArray[np.uint8]) -> tuple[NDArray[np.int64], characters.Flags]:
    """Days since 1970-01-01, and whether there is such a date."""
    written, day = (characters.number(digits[:, place : place + 2]).astype(np.int64) for place in (2, 4))
    century, month = np.divmod(np.minimum(written, 99), 20)
    year = _CENTURIES[century] + characters.number(digits[:, :2]).astype(np.int64)
    start = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    first, after = (months.astype("M8[D]").astype(np.int64) for months in (start, start + np.timedelta64(1, "M")))
    return first + day - 1, (month >= 1) & (month <= 12) & (day >= 1) & (day <= after - first)


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    read = _read(values)
    digits = read.digits(0, 11)
    _, dated = _days(digits)
    return characters.verdict(values, read.where(11) & dated & (characters.weighted(digits, (*_WEIGHTS, 1)) % 10 == 0))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the digits alone."""
    return _read(values).text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`: the date times 10,000, and the four digits behind it."""
    digits = _read(values).digits(0, 11)
    days, _ = _days(digits)
    return (days - _FIRST_DAY).astype(np.uint64) * _NUMBERS + characters.number(digits[:, 6:10])


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`; the sex is that of `like`."""
    first = np.uint64(_FIRST_UNBORN - _FIRST_DAY) * _NUMBERS
    male = (_read(like).digits(9, 10)[:, 0] % 2).astype(np.uint64)
    return from_rank(first + index.astype(np.uint64) * np.uint64(2) + male, like)


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    day, number = np.divmod(rank.astype(np.uint64), _NUMBERS)
    days = day.astype(np.int64) + _FIRST_DAY
    date = days.astype("M8[D]")
    start = date.astype("M8[M]")
    months = start.astype(np.int64)
    year, month = months // 12 + 1970, months % 12 + 1 + _ADDED[(months // 12 + 1970) // 100 - 18]
    parts = (year % 100, month, days - start.astype("M8[D]").astype(np.int64) + 1)
    body = characters.joined(
        *(characters.decimal(part.astype(np.uint64), 2) for part in parts), characters.decimal(number, 4)
    )
    check = (-characters.weighted(body, _WEIGHTS) % 10).astype(np.uint8)[:, None]
    return characters.write_digits(like, characters.joined(body, check))
