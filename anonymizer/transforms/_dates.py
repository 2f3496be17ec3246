"""Dates and times in ISO form: another day of the same decade, another moment of the day; one to one."""

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
_OTHER_DATE = r"^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})([T ]|$)"
"""Year first, in another form than ISO's; dates with the day first cannot be told from those with the month first."""
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
        values = _in_iso_form(values)
        regular = pc.match_substring_regex(values, form)
        fixed = pa.scalar(_MIDNIGHT if form == TIME else _NEVER)
        special = pc.match_substring_regex(values, _SPECIAL)
        result = pc.if_else(special, values, fixed)
        if regular.true_count:
            result = pc.replace_with_mask(result, regular, known(pc.filter(values, regular)))
        return result

    return mapped


def _in_iso_form(values: pa.Array) -> pa.Array:
    """Dates that are written year first, as ISO 8601 writes them; everything else as it is."""
    other = pc.match_substring_regex(values, _OTHER_DATE)
    if not other.true_count:
        return values
    iso = pc.replace_substring_regex(pc.filter(values, other), _OTHER_DATE, r"\1-0\2-0\3\4")
    for longer, two in ((r"^([0-9]{4})-0([0-9]{2})-", r"\1-\2-"), (r"^([0-9]{4}-[0-9]{2})-0([0-9]{2})", r"\1-\2")):
        iso = pc.replace_substring_regex(iso, longer, two)
    return pc.replace_with_mask(values, other, iso)


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
