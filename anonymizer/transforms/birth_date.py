"""Birth dates: another day within some years, in the same written form.

Technique (ISO/IEC 20889): pseudonymization (a keyed mapping of days, one to one within blocks of as many days as
`shift` says, so that no date moves further and none stays). The date inside a Belgian national number moves to the
same day.

Example: 1985-07-30 -> 1986-11-02, 30/07/1985 -> 02/11/1986, 19850730 -> 19861102, wherever they occur. Two-digit
years, times of day and offsets keep their form; a time of day stays. A year alone moves like the first of July, a
month (07/1985, 1985-07) like its fifteenth.
Months may be named in Dutch, French, German or English: 30 juli 1985 -> 2 november 1986 (see `_named_dates`).
Of other text around a date nothing but its look stays: 30/07/1985 te Aalst -> 02/11/1986 gk Qwxpl.

Never reached: what stands for no date at all (infinity, 0000-00-00, 0001-01-01, 9999-12-31) stays. Age changes by up
to the shift, four years unless another is given; days after 2024 move by at most 27 days.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel, Parameters
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.written_form import digits_of, fixed_digits, with_digits
from anonymizer.transforms import _nested, _typed
from anonymizer.transforms._around_numbers import around, each_number
from anonymizer.transforms._birth_dates import BirthDates, wrong_shift
from anonymizer.transforms._calendar import wrong_order
from anonymizer.transforms._cells import by_distinct, narrowed, refuse, visible
from anonymizer.transforms._days import Numbers, days_of, parts_of
from anonymizer.transforms._named_dates import NamedDates

NAME = "birth_date"
CATEGORIES: tuple[str, ...] = ("birth_date",)
TECHNIQUE = "pseudonymization"
PARAMETERS: Mapping[str, str] = {
    "shift": "The furthest that a date moves, such as `90 days` or `2 years`; 1461 days if not given.",
    "order": "`dmy` (the default) or `mdy`: how 03/04/1985 is to be read.",
}

_DIGIT_FAMILIES = (TypeFamily.INTEGER, TypeFamily.NUMBER)
_FAMILIES = (TypeFamily.DATE, TypeFamily.TIMESTAMP, TypeFamily.TEXT, *_DIGIT_FAMILIES)
_REST = (
    r"(?:(?:\s*T\s*|\s+)[0-9]{1,2}[:.hu][0-9]{2}(?:[:.][0-9]{2}(?:[.,][0-9]{1,9})?)?)?"
    r"(?:\s*(?i:[ap]\.?m\.?|uur|uhr|utc|bc|u|h|z)|\s*[-+][0-9]{2}(?::?[0-9]{2}){0,2})*[\s.,;]*"
)
"""A time of day and its zone: with anything else behind it, a date stands in a text."""
_NO_DATE = rf"^(?:-?infinity|(?:0000-00-00|0001-01-01|9999-12-31){_REST})$"
_ISO = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{_REST}$"
_INSIDE = r"\b(?:[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{4}|[0-9]{2}))\b"
"""A date in a text."""
_IN_TEXT = rf"{_INSIDE}.*[^\s.,;]|[^\s.,;].*{_INSIDE}"
_MONTH, _DAY = "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
_COMPACT = rf"^(?:1[89]|2[01])[0-9]{{2}}{_MONTH}{_DAY}$"
_YEAR = r"^(?:1[89]|2[01])[0-9]{2}$"
_SIGN = "[-/. ]"
_DAY_MONTH = rf"(?P<a>[0-9]{{1,2}})(?P<t>{_SIGN})(?P<b>[0-9]{{1,2}})"
_YEAR_FIRST = rf"^\s*(?P<y>[0-9]{{4}})(?P<s>{_SIGN}){_DAY_MONTH}(?P<rest>{_REST})$"
_YEAR_LAST = rf"^\s*{_DAY_MONTH}(?P<s>{_SIGN})(?P<y>[0-9]{{4}}|[0-9]{{2}})(?P<rest>{_REST})$"
_DIGITS_ALONE = rf"^(?P<a>{_DAY})(?P<t>)(?P<b>{_MONTH})(?P<s>)(?P<y>(?:1[89]|20)[0-9]{{2}})(?P<rest>)$"
_MONTH_FIRST = r"^\s*(?P<b>0?[1-9]|1[0-2])(?P<s>[-/.])(?P<y>(?:1[89]|20)[0-9]{2})(?P<rest>\s*)$"
_MONTH_LAST = rf"^\s*(?P<y>(?:1[89]|20)[0-9]{{2}})(?P<s>[-/.])(?P<b>{_MONTH})(?P<rest>\s*)$"
_MIDSUMMER, _MID_MONTH = 7, 15
_CENTURY_TURN = 30
"""Two-digit years from here on are of the twentieth century."""


def mistake(parameters: Parameters) -> str | None:
    """See `contracts.Transform`."""
    return wrong_order(parameters) or wrong_shift(parameters)


def kernel(binding: Binding) -> Kernel:
    """Dates, timestamps, text and whole numbers; other types get a value of their type. Raises RuleError."""
    family = binding.column.family
    if family is TypeFamily.ARRAY:
        return _nested.kernel(binding, kernel)
    refuse(binding, mistake(binding.parameters))
    if family not in _FAMILIES:
        return _typed.kernel(binding)
    binding = narrowed(binding)
    return by_distinct(visible(_Forms(binding)))


def capacity(domain: Domain) -> int | None:
    """No bound: different days stay different."""
    return None


class _Forms:
    """Sorts values by their written form."""

    def __init__(self, binding: Binding) -> None:
        self._dates = BirthDates(binding)
        self._day_first = binding.parameters.get("order", "dmy") == "dmy"
        self._width = binding.domain.width
        self._unique = binding.domain.unique
        self._named, self._other = NamedDates(binding, apart=True), _typed.kernel(binding)

    def __call__(self, values: pa.Array) -> pa.Array:
        forms: tuple[tuple[str, Kernel], ...] = (
            (_NO_DATE, lambda unchanged: unchanged),
            (_ISO, self._eight_digits),
            (_COMPACT, self._eight_digits),
            (_YEAR, self._years),
            (_YEAR_FIRST, self._year_first),
            (_YEAR_LAST, self._year_last),
            (_DIGITS_ALONE, lambda values: self._year_last(values, _DIGITS_ALONE)),
            (_MONTH_FIRST, lambda values: self._months(values, _MONTH_FIRST, "bsy")),
            (_MONTH_LAST, lambda values: self._months(values, _MONTH_LAST, "ysb")),
            (_IN_TEXT, self._in_text),
            ("", self._with_names),
        )
        result, left = values, pa.array(np.ones(len(values), dtype=bool))
        for pattern, replaced in forms:
            mine = pc.and_(pc.match_substring_regex(values, pattern), left)
            if mine.true_count == len(values):
                return replaced(values)
            if mine.true_count:
                result = pc.replace_with_mask(result, mine, replaced(pc.filter(values, mine)))
                left = pc.and_not(left, mine)
        return result

    def _moved(self, year: Numbers, month: Numbers, day: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Year, month and day -> those of the pseudonym."""
        return parts_of(self._dates(days_of(year, month, day)))

    def _eight_digits(self, values: pa.Array) -> pa.Array:
        """Values whose first eight digits are YYYYMMDD."""
        counts, digits = digits_of(values)
        places = (np.cumsum(counts) - counts)[:, None] + np.arange(8)
        old = digits[places].astype(np.int64)
        year = old[:, 0] * 1000 + old[:, 1] * 100 + old[:, 2] * 10 + old[:, 3]
        year, month, day = self._moved(year, old[:, 4] * 10 + old[:, 5], old[:, 6] * 10 + old[:, 7])
        changed = digits.copy()
        changed[places] = fixed_digits((year * 10_000 + month * 100 + day).astype(np.uint64), 8)
        return with_digits(values, changed)

    def _with_names(self, values: pa.Array) -> pa.Array:
        return self._named(values, lambda days, rows: self._dates(days), self._other)

    def _in_text(self, values: pa.Array) -> pa.Array:
        if self._unique:
            return self._other(values)
        return each_number(values, _INSIDE, self, lambda texts: around(texts, self._other, times=True))

    def _years(self, values: pa.Array) -> pa.Array:
        old = pc.cast(values, pa.int64()).to_numpy()
        year, _, _ = self._moved(old, np.full(len(old), _MIDSUMMER), np.ones(len(old), np.int64))
        return pa.array(np.where(year == old, old - 1, year)).cast(pa.string())

    def _year_first(self, values: pa.Array) -> pa.Array:
        parts = _Parts(values, _YEAR_FIRST)
        year, month, day = self._moved(parts.number("y"), parts.number("a"), parts.number("b"))
        return self._fitting(parts, "ysatb", year, month, day)

    def _months(self, values: pa.Array, pattern: str, order: str) -> pa.Array:
        """Months without a day move like their fifteenth."""
        parts = _Parts(values, pattern)
        old, month = parts.number("y"), parts.number("b")
        year, new, _ = self._moved(old, month, np.full(len(old), _MID_MONTH))
        return self._fitting(parts, order, year - ((year == old) & (new == month)), new, new)

    def _year_last(self, values: pa.Array, pattern: str = _YEAR_LAST) -> pa.Array:
        parts = _Parts(values, pattern)
        year, one, two = parts.number("y"), parts.number("a"), parts.number("b")
        short = pc.equal(pc.utf8_length(parts["y"]), 2).to_numpy(zero_copy_only=False)
        year = np.where(short, np.where(year >= _CENTURY_TURN, 1900, 2000) + year, year)
        day_first = np.where(self._day_first, (two <= 12) | (one > 12), (one > 12) & (two <= 12))
        year, month, day = self._moved(year, np.where(day_first, two, one), np.where(day_first, one, two))
        year = np.where(short, year % 100, year)
        return self._fitting(parts, "atbsy", year, np.where(day_first, day, month), np.where(day_first, month, day))

    def _fitting(self, parts: _Parts, order: str, year: Numbers, one: Numbers, two: Numbers) -> pa.Array:
        """The value written anew; where that would be too long, with a day and a month of one digit."""
        result = parts.written(order, year, one, two)
        if self._width is None:
            return result
        short = parts.written(order, year, (one - 1) % 9 + 1, (two - 1) % 9 + 1)
        return pc.if_else(pc.less_equal(pc.utf8_length(result), self._width), result, short)


class _Parts:
    """The parts of values that all match one pattern."""

    def __init__(self, values: pa.Array, pattern: str) -> None:
        self._parts = pc.extract_regex(values, pattern)

    def __getitem__(self, name: str) -> pa.Array:
        return self._parts.field(name)

    def number(self, name: str) -> Numbers:
        return np.asarray(pc.cast(self[name], pa.int64()).to_numpy())

    def written(self, order: str, year: Numbers, one: Numbers, two: Numbers) -> pa.Array:
        """Joined in this order; numbers that had a zero in front, or could have had one, keep two digits."""
        new = {"y": year, "a": one, "b": two}
        pieces = [self._like(self[sign], new[sign]) if sign in new else self[sign] for sign in order]
        return pc.binary_join_element_wise(*pieces, self["rest"], "")

    @staticmethod
    def _like(old: pa.Array, new: Numbers) -> pa.Array:
        text = pa.array(new).cast(pa.string())
        return pc.if_else(pc.equal(pc.utf8_length(old), 1), text, pc.utf8_lpad(text, 2, "0"))
