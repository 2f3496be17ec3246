"""Dates and times: another day of the same decade, another moment of the day; one to one in ISO form.

Dates in other forms keep theirs: 25/01/1992 -> 08/11/1996, 2002/8/14 -> 2006/3/22. Where nothing tells the day from the
month, neither exceeds twelve in the result, so that it is a date in either order.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Kernel, Keys
from anonymizer.pseudonyms.permutation import ring
from anonymizer.pseudonyms.written_form import digits_of, fixed_digits, with_digits

_DATE = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([T ]?([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
DATE = _DATE + "$"
TIMESTAMP = _DATE + _TIME + r"(\.[0-9]{1,9})?([+-][0-9:]{2,8}|Z)?( BC)?)?$"
TIME = r"^" + _TIME + r"(\.[0-9]{1,9})?([+-][0-9:]{2,8})?)$"
_NEVER = "2000-01-01"
_MIDNIGHT = "00:00:00"
_REST = r"(?P<rest>(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?)?)$"
_TWO = r"[0-9]{1,2})(?P<t>[-/.])(?P<b>[0-9]{1,2})"
_YEAR_LAST = rf"^(?P<a>{_TWO}(?P<u>[-/.])(?P<y>(?:1[6-9]|2[01])?[0-9]{{2}}){_REST}"
_YEAR_FIRST = rf"^(?P<y>(?:1[6-9]|2[01])[0-9]{{2}})(?P<u>[-/.])(?P<a>{_TWO}{_REST}"
_COMPACT = rf"^(?P<y>(?:1[6-9]|2[01])[0-9]{{2}})(?P<u>)(?P<a>[0-9]{{2}})(?P<t>)(?P<b>[0-9]{{2}}){_REST}"
"""Dates in other forms; a and b are day and month as they stand."""
_IN_TEXT = (TIMESTAMP, _YEAR_LAST, _YEAR_FIRST)
_CENTURY_TURN = 30
"""Two-digit years from here on are of the twentieth century."""
_MONTHS, _ONE_DIGIT, _SHORTEST = 12, 9, 28
"""The last month, the last one of one digit, and the days that every month has."""
_SPECIAL = r"^(-?infinity|0000-00-00.*)$"
"""Values that stand for no date at all; they stay."""

_SECONDS = 86_400
_Digits = NDArray[np.uint8]


def kernel(keys: Keys, domain: str, form: str) -> Kernel:
    """`form`: DATE, TIMESTAMP or TIME. A value of no known form becomes a fixed one."""
    dates, times = _Days(keys, domain), ring(keys.derive("dates", domain, "time of day"), _SECONDS - 1)

    def known(values: pa.Array) -> pa.Array:
        counts, digits = digits_of(values)
        starts = np.cumsum(counts) - counts
        digits = digits.copy()
        has_date = form != TIME
        if has_date:
            dates.replace(digits, starts)
        timed = starts + (8 if has_date else 0)
        timed = timed[counts >= (14 if has_date else 6)]
        if len(timed):
            _replace_time(digits, timed, times)
        return with_digits(values, digits)

    def mapped(values: pa.Array) -> pa.Array:
        regular = pc.match_substring_regex(values, form)
        if regular.true_count == len(values):
            return known(values)
        fixed = pa.scalar(_MIDNIGHT if form == TIME else _NEVER)
        result = pc.if_else(pc.match_substring_regex(values, _SPECIAL), values, fixed)
        if form != TIME:
            for pattern in (_YEAR_LAST, _YEAR_FIRST, _COMPACT):
                result = _rewritten(values, result, pattern, known, tight=False)
        if regular.true_count:
            result = pc.replace_with_mask(result, regular, known(pc.filter(values, regular)))
        return result

    return mapped


def in_text(keys: Keys, domain: str, other: Kernel) -> Kernel:
    """A text that is a date with its year becomes another one in its form; all else is for `other`."""
    iso = kernel(keys, domain, TIMESTAMP)
    dated = "|".join(_IN_TEXT)

    def mapped(values: pa.Array) -> pa.Array:
        result = other(values)
        if not pc.match_substring_regex(values, dated).true_count:
            return result
        regular = pc.match_substring_regex(values, TIMESTAMP)
        if regular.true_count:
            result = pc.replace_with_mask(result, regular, iso(pc.filter(values, regular)))
        for pattern in (_YEAR_LAST, _YEAR_FIRST):
            result = _rewritten(values, result, pattern, iso, tight=True)
        return result

    return mapped


def _rewritten(values: pa.Array, result: pa.Array, pattern: str, iso: Kernel, *, tight: bool) -> pa.Array:
    """`result`, with other dates in the places of those of this form; if `tight`, each part is as long as it was."""
    mine = pc.match_substring_regex(values, pattern)
    if not mine.true_count:
        return result
    parts = pc.extract_regex(pc.filter(values, mine), pattern)
    first, second, year = (pc.cast(parts.field(name), pa.int64()).to_numpy() for name in "aby")
    year = np.where(year > 99, year, year + np.where(year >= _CENTURY_TURN, 1900, 2000))
    month_first = (second > _MONTHS) if pattern == _YEAR_LAST else np.ones(len(first), dtype=bool)
    month, day = np.where(month_first, first, second), np.where(month_first, second, first)
    real = (month >= 1) & (month <= _MONTHS) & (day >= 1) & (day <= 31)
    stamps = pc.binary_join_element_wise(
        *(
            _padded(part, width)
            for part, width in ((year, 4), (np.where(real, month, 1), 2), (np.where(real, day, 1), 2))
        ),
        "-",
    )
    moved = iso(pc.binary_join_element_wise(stamps, parts.field("rest"), ""))
    new_year, new_month, new_day = (
        pc.cast(pc.utf8_slice_codeunits(moved, start, end), pa.int64()).to_numpy()
        for start, end in ((0, 4), (5, 7), (8, 10))
    )
    lengths = [pc.utf8_length(parts.field(name)).to_numpy() if tight else np.full(len(first), 2) for name in "ab"]
    either = (first <= _MONTHS) & (second <= _MONTHS) & (pattern == _YEAR_LAST)
    last_month = np.where(np.where(month_first, *lengths) == 1, _ONE_DIGIT, _MONTHS)
    last_day = np.where(np.where(month_first, *lengths[::-1]) == 1, _ONE_DIGIT, np.where(either, _MONTHS, 31))
    last_day = np.where(new_month > last_month, np.minimum(last_day, _SHORTEST), last_day)
    new_month, new_day = _wrapped(new_month, last_month), _wrapped(new_day, last_day)
    same = (new_year == year) & (new_month == month) & (new_day == day)
    new_day = np.where(same, new_day % np.minimum(last_day, _SHORTEST) + 1, new_day)
    two = [
        _as_long(np.where(month_first, new_month, new_day), parts.field("a")),
        parts.field("t"),
        _as_long(np.where(month_first, new_day, new_month), parts.field("b")),
    ]
    years = _as_long(new_year, parts.field("y"))
    signs = [*two, parts.field("u"), years] if pattern == _YEAR_LAST else [years, parts.field("u"), *two]
    made = pc.binary_join_element_wise(*signs, pc.utf8_slice_codeunits(moved, 10), "")
    places = np.flatnonzero(mine.to_numpy(zero_copy_only=False))[real]
    chosen = np.zeros(len(values), dtype=bool)
    chosen[places] = True
    return pc.replace_with_mask(result, pa.array(chosen), pc.filter(made, pa.array(real)))


def _wrapped(numbers: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
    return (numbers - 1) % last + 1


def _as_long(numbers: NDArray[np.int64], like: pa.Array) -> pa.Array:
    """The last digits of each number, zeros in front, as many as `like` has signs; one or two where it has one."""
    four, lengths = _padded(numbers, 4), pc.utf8_length(like)
    result = pa.array(numbers).cast(pa.string())
    for length in (2, 4):
        result = pc.if_else(pc.equal(lengths, length), pc.utf8_slice_codeunits(four, 4 - length), result)
    return result


def _padded(numbers: NDArray[np.int64], width: int) -> pa.Array:
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")


class _Days:
    """Permutes the days of each decade (of the proleptic Gregorian calendar, years 0 to 9999)."""

    def __init__(self, keys: Keys, domain: str) -> None:
        self._keys, self._domain = keys, domain
        self._rings: dict[int, NDArray[np.uint64]] = {}

    def replace(self, digits: _Digits, starts: NDArray[np.int64]) -> None:
        """Replace, in place, the eight digits YYYYMMDD that begin at each of `starts`."""
        year, month, day = (_number(digits, starts + first, width) for first, width in ((0, 4), (4, 2), (6, 2)))
        months = (year - 1970) * 12 + month - 1
        first = months.astype("M8[M]").astype("M8[D]")
        # The 31st of a short month is no date; such a value counts for the month's last day.
        last = (months + 1).astype("M8[M]").astype("M8[D]") - np.timedelta64(1, "D")
        days = np.minimum(first + (day - 1).astype("m8[D]"), last)
        new = self._permuted(days, year // 10)
        new_months = new.astype("M8[M]").astype(np.int64)
        values = (
            (new_months // 12 + 1970) * 10_000
            + (new_months % 12 + 1) * 100
            + (new - new.astype("M8[M]").astype("M8[D]")).astype(np.int64)
            + 1
        )
        digits[starts[:, None] + np.arange(8)] = fixed_digits(values.astype(np.uint64), 8)

    def _permuted(self, days: NDArray[np.datetime64], decades: NDArray[np.int64]) -> NDArray[np.datetime64]:
        result = days.copy()
        for decade in np.unique(decades).tolist():
            first = np.datetime64(f"{decade * 10:04d}-01-01", "D")
            end = np.datetime64((decade * 10 + 10 - 1970) * 12, "M").astype("M8[D]")
            if decade not in self._rings:
                key = self._keys.derive("dates", self._domain, str(decade))
                self._rings[decade] = ring(key, int((end - first).astype(np.int64)))
            rows = decades == decade
            old = (days[rows] - first).astype(np.int64)
            result[rows] = first + self._rings[decade][old].astype(np.int64).astype("m8[D]")
        return result


def _number(digits: _Digits, starts: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    result = np.zeros(len(starts), np.int64)
    for place in range(width):
        result = result * 10 + digits[starts + place]
    return result


def _replace_time(digits: _Digits, starts: NDArray[np.int64], times: NDArray[np.uint64]) -> None:
    """Replace, in place, the six digits HHMMSS that begin at each of `starts`; fractions of a second stay.

    Midnight stays: it stands for no time at all, where a column of timestamps holds dates.
    """
    hour, minute, second = (_number(digits, starts + first, 2) for first in (0, 2, 4))
    old = hour * 3600 + minute * 60 + second
    new = np.where(old == 0, np.uint64(0), times[np.maximum(old, 1) - 1] + np.uint64(1))
    for first, part in (
        (0, new // np.uint64(3600)),
        (2, new // np.uint64(60) % np.uint64(60)),
        (4, new % np.uint64(60)),
    ):
        digits[starts[:, None] + np.arange(first, first + 2)] = fixed_digits(part, 2)
