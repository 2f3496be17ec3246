"""The arithmetic that the Belgian national number and bis number share; `months_added` is what tells them apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers._characters import (
    Compact,
    Flags,
    Numbers,
    compact,
    decimal,
    joined,
    number,
    write_digits,
)
from anonymizer.identifiers._written import Bytes

FIRST_DAY = np.datetime64("1900-01-01", "D").astype(np.int64)
DAYS = int(np.datetime64("2025-01-01", "D").astype(np.int64) - FIRST_DAY)
"""Birth dates that an index can name."""
_LAST_YEAR = 49
"""Two-digit years up to this one may be of this century: no clock decides what is valid."""
_ALL_DAYS = int(np.datetime64("2050-01-01", "D").astype(np.int64) - FIRST_DAY)
"""Birth dates that a number can name."""
FEMALE, MALE = 0, 999
"""The two serial numbers that are never issued: the register hands out 001 to 998, odd to men, even to women."""
_MONTH_DAYS = np.array([31, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)
"""Days of each month; month 0 stands for an unknown one."""
_MONTH_SLOTS = np.concatenate([np.zeros(1, np.int64), np.cumsum(_MONTH_DAYS + 1)])
_YEAR_SLOTS = int(_MONTH_SLOTS[-1])
_YEARS = 100 + _LAST_YEAR + 1
SLOTS = _YEARS * _YEAR_SLOTS
"""Dates that a number can write from 1900 to 2049: unknown months and days, and 29 February of any year, are some."""
SERIALS = 500
"""Serial numbers of each sex: 000, 002 .. 998 for women, 001, 003 .. 999 for men."""
SPACE = SLOTS * 2 * SERIALS


class Parts(NamedTuple):
    """What a number is made of: rank = (slot * 2 + male) * SERIALS + serial."""

    slot: Numbers
    """[n], below SLOTS: the date as it is written, in the order of dates."""
    male: Flags
    """[n]: the serial number is odd."""
    serial: Numbers
    """[n], below SERIALS: half of the serial number, rounded down."""

    def rank(self) -> Numbers:
        """uint64 [n], below SPACE."""
        return (self.slot * np.uint64(2) + self.male) * np.uint64(SERIALS) + self.serial


def parts_of_rank(rank: Numbers) -> Parts:
    """The inverse of `Parts.rank`."""
    dated, serial = np.divmod(rank.astype(np.uint64), np.uint64(SERIALS))
    slot, male = np.divmod(dated, np.uint64(2))
    return Parts(slot, male == 1, serial)


def read(values: pa.Array) -> Compact:
    """Eleven digits per value."""
    return compact(values, 12, " .-/()")


def centuries(digits: Bytes) -> tuple[Flags, Flags]:
    """bool [n] twice: the check digits are those of a birth before 2000; those of a birth from 2000 on."""
    body, check = number(digits[:, :9]), number(digits[:, 9:11])
    recent = number(digits[:, :2]) <= _LAST_YEAR
    return check == 97 - body % 97, recent & (check == 97 - (body + np.uint64(2_000_000_000)) % 97)


def is_valid(values: pa.Array, months_added: tuple[int, ...]) -> Flags:
    """bool [n]: eleven digits, a month and day that exist or are 00 for unknown, and the right check digits."""
    read_values = read(values)
    digits = read_values.digits(0, 11)
    month, day = number(digits[:, 2:4]).astype(np.int64), number(digits[:, 4:6]).astype(np.int64)
    dated = np.zeros(len(digits), dtype=bool)
    for added in months_added:
        real = month - added
        inside = (real >= 0) & (real <= 12)
        dated |= inside & (day <= _MONTH_DAYS[np.where(inside, real, 0)])
    before, after = centuries(digits)
    return read_values.where(11) & dated & (before | after)


def split(values: pa.Array) -> tuple[NDArray[np.int64], Flags]:
    """Valid values -> days since 1970-01-01 (int64) and true for men (bool); unknown months and days count as 1."""
    digits = read(values).digits(0, 11)
    year = number(digits[:, :2]).astype(np.int64) + np.where(centuries(digits)[0], 1900, 2000)
    month = np.maximum(number(digits[:, 2:4]).astype(np.int64) % 20, 1)
    day = np.maximum(number(digits[:, 4:6]).astype(np.int64), 1)
    months = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    return months.astype("M8[D]").astype(np.int64) + day - 1, digits[:, 8] % 2 == 1


def serials(values: pa.Array) -> NDArray[np.int64]:
    """Valid values -> int64 [n]: the serial number."""
    return number(read(values).digits(6, 9)).astype(np.int64)


def join(days: NDArray[np.int64], serial: NDArray[np.integer], like: pa.Array, keep_month_of: int = 0) -> pa.Array:
    """The numbers of people born on these days (since 1970-01-01) with this serial, in the written form of `like`.

    Days outside 1900-2049 wrap around into it. `keep_month_of` 20 keeps the 20 or 40 that `like` adds to its month.
    """
    within = (days - FIRST_DAY) % _ALL_DAYS + FIRST_DAY
    date = within.astype("M8[D]")
    months = date.astype("M8[M]").astype(np.int64)
    year, month = months // 12 + 1970, months % 12 + 1
    day = within - date.astype("M8[M]").astype("M8[D]").astype(np.int64) + 1
    return _written(year, month, day, serial, like, keep_month_of)


def _written(
    year: NDArray[np.int64],
    month: NDArray[np.int64],
    day: NDArray[np.int64],
    serial: NDArray[np.integer],
    like: pa.Array,
    keep_month_of: int,
) -> pa.Array:
    if keep_month_of:
        written = number(read(like).digits(2, 4)).astype(np.int64)
        month = month + written // keep_month_of * keep_month_of
    body = (((year % 100) * 100 + month) * 100 + day) * 1000 + serial
    check = 97 - (body + np.where(year >= 2000, 2_000_000_000, 0)) % 97
    return write_digits(like, joined(decimal(body.astype(np.uint64), 9), decimal(check.astype(np.uint64), 2)))


def from_index(index: Numbers, like: pa.Array, keep_month_of: int = 0) -> pa.Array:
    """Number `index` of 2 * DAYS: each day with a woman's serial 000 and a man's serial 999."""
    days, male = np.divmod(index.astype(np.int64), 2)
    return join(days + FIRST_DAY, np.where(male == 1, MALE, FEMALE), like, keep_month_of)


def parts(values: pa.Array) -> Parts:
    """Valid values -> their parts."""
    digits = read(values).digits(0, 11)
    year = number(digits[:, :2]).astype(np.int64) + np.where(centuries(digits)[0], 0, 100)
    month, day = number(digits[:, 2:4]).astype(np.int64) % 20, number(digits[:, 4:6]).astype(np.int64)
    slot = year * _YEAR_SLOTS + _MONTH_SLOTS[month] + day
    serial = number(digits[:, 6:9])
    return Parts(slot.astype(np.uint64), serial % np.uint64(2) == 1, serial // np.uint64(2))


def from_parts(parts: Parts, like: pa.Array, keep_month_of: int = 0) -> pa.Array:
    """The inverse of `parts`, in the written form of `like`."""
    year, rest = np.divmod(parts.slot.astype(np.int64), _YEAR_SLOTS)
    month = np.searchsorted(_MONTH_SLOTS, rest, "right") - 1
    serial = parts.serial.astype(np.int64) * 2 + parts.male
    return _written(year + 1900, month, rest - _MONTH_SLOTS[month], serial, like, keep_month_of)


def slots(days: NDArray[np.int64]) -> Numbers:
    """Days since 1970-01-01, of 1900 to 2049 -> uint64 [n]: the slots of these dates."""
    date = days.astype("M8[D]")
    months = date.astype("M8[M]").astype(np.int64)
    day = days - date.astype("M8[M]").astype("M8[D]").astype(np.int64) + 1
    slot: Numbers = ((months // 12 + 70) * _YEAR_SLOTS + _MONTH_SLOTS[months % 12 + 1] + day).astype(np.uint64)
    return slot
