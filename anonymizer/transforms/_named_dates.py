"""Dates with the name of a month: "17 mei 1980", "1er mars 1975", "May 17, 1980", "17. Mai 1980", "17-MEI-1980",
"17MAY1980".

Read, moved, and written in the same form: language, case, abbreviation, order, zeros in front, ordinal. A name that
several languages have ("mai", "jan") is read in the first of the plan's languages that has it, but after a full stop
("17. Mai") in German and before a comma ("Mai 17, …") in English. Between dashes, and in three capitals, names are
the three letters that programs print; elsewhere "mei" is May in full.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Binding, Kernel
from anonymizer.pseudonyms.vocabulary import LANGUAGES, languages
from anonymizer.pseudonyms.written_form import LETTER, compact, is_ascii, restore_case, without_accents
from anonymizer.transforms._cells import first_fitting, narrowed
from anonymizer.transforms._days import Days, Numbers, days_of, parts_of
from anonymizer.transforms._month_names import FULL, LONGEST, SHORT, THREE, WRITTEN, known

_MONTH = rf"(?P<m>{LETTER}{{3,{LONGEST}}})"
_DAY = r"(?P<a>[0-9]{1,2})(?P<o>(?i:er|ste|st|nd|rd|th|de|e)?\.?)"
_YEAR = r"(?P<y>[0-9]{4}|'?[0-9]{2})"
_REST = r"(?P<rest>(?:,?[ T]\s*[0-9:.,+ ]*(?i:am|pm|uur|h|u|z|utc)?)?\s*)$"
"""A time of day; with other words behind it, it is no date."""
_FORMS = (
    (rf"^\s*{_DAY}(?P<s>[-/ .]|\s+|\s+(?i:of|van)\s+){_MONTH}(?P<t>\.?,?[-/ .]|\.?,?\s+){_YEAR}{_REST}", "aosmty"),
    (rf"^\s*{_MONTH}(?P<s>\.?[-/ .]|\.?\s+){_DAY}(?P<t>,?[-/ ]|,?\s+){_YEAR}{_REST}", "msaoty"),
    (rf"^\s*(?P<y>[0-9]{{4}})(?P<s>[-/ ]|,?\s+){_MONTH}(?P<t>\.?[-/ ]){_DAY}{_REST}", "ysmtao"),
    (rf"^\s*(?P<a>[0-9]{{2}})(?P<o>)(?P<s>)(?P<m>[A-Za-z]{{3}})(?P<t>)(?P<y>[0-9]{{4}}|[0-9]{{2}}){_REST}", "aosmty"),
    (rf"^\s*{_MONTH}(?P<s>\.?,?[-/ .]|\.?,?\s+)(?P<y>[0-9]{{4}})(?P<rest>\s*)$", "msy"),
)
"""What the parts are, and in which order: day (a) with its ordinal (o), month, year, what stands between (s, t)."""
_CENTURY_TURN = 30
"""Two-digit years from here on are of the twentieth century."""
_MID_MONTH = 15
_ENGLISH = ["th"] * 32
for _day, _ending in ((1, "st"), (2, "nd"), (3, "rd")):
    _ENGLISH[_day] = _ENGLISH[20 + _day] = _ending
_ENGLISH[31] = "st"
_DUTCH = ["ste" if day in (1, 8) or day >= 20 else "de" for day in range(32)]
_FRENCH = ["er" if day == 1 else "" for day in range(32)]
_ORDINALS = {
    ("st", "nd", "rd", "th"): pa.array(_ENGLISH),
    ("ste", "de"): pa.array(_DUTCH),
    ("er",): pa.array(_FRENCH),
}
"""Endings behind the number of a day, and those of each day; "e" and a full stop stay as they are."""

Flags = NDArray[np.bool_]
Move = Callable[[Days, Numbers], Days]
"""Days, and the places of their rows in the column, to other days."""


class NamedDates:
    """The dates of one column."""

    def __init__(self, binding: Binding, midnight: bool = False, apart: bool = False) -> None:
        """`midnight`: the time of day becomes 00:00; `apart`: no month without a day stays what it is."""
        self._order = languages(binding.locales)
        self._width = narrowed(binding).domain.width
        self._midnight, self._apart = midnight, apart

    def __call__(self, values: pa.Array, move: Move, other: Kernel) -> pa.Array:
        """Values without nulls -> the same with other days; what is no such date is `other`'s."""
        result, left = values, np.arange(len(values))
        for pattern, parts in _FORMS:
            candidates = values.take(pa.array(left))
            here = np.flatnonzero(_flags(pc.match_substring_regex(candidates, pattern)))
            if not len(here):
                continue
            pieces = pc.extract_regex(candidates.take(pa.array(here)), pattern)
            brief = _brief(pieces)
            months = self._months(pieces, parts, brief)
            known_month = months >= 0
            rows = left[here[known_month]]
            if len(rows):
                chosen = pieces.filter(pa.array(known_month))
                read = _Dates(chosen, chosen.field("rest"), parts, months[known_month], brief[known_month])
                result = _with(result, rows, self._moved(read, move, rows))
                left = np.setdiff1d(left, rows, assume_unique=True)
        return _with(result, left, other(values.take(pa.array(left)))) if len(left) else result

    def _months(self, pieces: pa.StructArray, parts: str, brief: Flags) -> Numbers:
        """The place of each month's name, -1 where it is none."""
        keys = compact(pieces.field("m"))
        german = _flags(pc.ends_with(pieces.field("o"), ".")) if "o" in parts else np.zeros(len(keys), bool)
        first = "en" if parts.startswith("msa") else self._order[0]
        dotted = _dotted(pieces, parts)
        result = np.full(len(keys), -1)
        for order, of_order in (((first, *self._order), ~german), (("de", *self._order), german)):
            for styles, of_style in (
                ((FULL, THREE, SHORT), ~brief & ~dotted),
                ((SHORT, THREE, FULL), dotted),
                ((THREE, SHORT, FULL), brief & ~dotted),
            ):
                rows = of_order & of_style
                if rows.any():
                    names, places = known(order, styles)
                    at = pc.index_in(keys.filter(pa.array(rows)), value_set=names)
                    result[rows] = pc.fill_null(places.take(at), -1).to_numpy()
        return result

    def _moved(self, read: _Dates, move: Move, rows: Numbers) -> pa.Array:
        old = read.year_month_day()
        year, month, day = parts_of(move(days_of(*old), rows))
        if self._apart and "a" not in read.parts:
            year = year - ((year == old[0]) & (month == old[1]))
        if self._midnight:
            read = read._replace(rest=pc.replace_substring_regex(read.rest, "[0-9]", "0"))
        full = read.written(year, month, day)
        if self._width is None or pc.max(pc.utf8_length(full)).as_py() <= self._width:
            return full
        forms = [full, *(read.written(year, month, each, tight=True) for each in (day, (day - 1) % 9 + 1))]
        return first_fitting(forms, self._width)


class _Dates(NamedTuple):
    """Dates of one form, taken apart."""

    pieces: pa.StructArray
    rest: pa.Array
    parts: str
    """Their order."""
    places: Numbers
    """Of the names of the months."""
    brief: Flags
    """Which are as programs write them."""

    def year_month_day(self) -> tuple[Numbers, Numbers, Numbers]:
        """Of two digits, years from 30 on are of the twentieth century."""
        digits = pc.replace_substring(self.pieces.field("y"), "'", "")
        year = _numbers(digits)
        year = np.where(_lengths(digits) == 2, np.where(year >= _CENTURY_TURN, 1900, 2000) + year, year)
        day = _numbers(self.pieces.field("a")) if "a" in self.parts else np.full(len(year), _MID_MONTH)
        return year, self.places % 12 + 1, day

    def written(self, year: Numbers, month: Numbers, day: Numbers, tight: bool = False) -> pa.Array:
        """`tight`: in three letters, without ordinals and zeros in front, so that no value gets longer."""
        new = {
            "y": self._year(year),
            "m": self._month(month, tight),
            **({"a": self._day(day, tight), "o": self._ordinal(day, tight)} if "a" in self.parts else {}),
        }
        behind = self.parts[self.parts.index("m") + 1]
        dotted = _dotted(self.pieces, self.parts)
        if dotted.any():  # no stop behind a name that is not shortened
            whole = pc.equal(WRITTEN.take(pa.array(_with_month(self.places, month))), _full(self.places, month))
            bare = pc.utf8_slice_codeunits(self.pieces.field(behind), 1)
            new[behind] = pc.if_else(pc.and_(whole, pa.array(dotted)), bare, self.pieces.field(behind))
        pieces = (new[part] if part in new else self.pieces.field(part) for part in self.parts)
        return pc.binary_join_element_wise(*pieces, self.rest, "")

    def _year(self, year: Numbers) -> pa.Array:
        old = self.pieces.field("y")
        text = pc.utf8_lpad(pa.array(year).cast(pa.string()), 4, "0")
        short = pc.utf8_slice_codeunits(text, 2)
        quoted = pc.binary_join_element_wise("'", short, "")
        return pc.if_else(pc.starts_with(old, "'"), quoted, pc.if_else(pc.equal(pc.utf8_length(old), 2), short, text))

    def _month(self, month: Numbers, tight: bool) -> pa.Array:
        old = self.pieces.field("m")
        places = _with_month(self.places, month)
        if tight:
            places = places // 36 * 36 + THREE * 12 + places % 12
        names = WRITTEN.take(pa.array(places))
        if not is_ascii(names):
            spoken = pc.and_(
                pc.string_is_ascii(old), pc.invert(pc.string_is_ascii(WRITTEN.take(pa.array(self.places))))
            )
            names = pc.if_else(spoken, without_accents(names), names)
        return restore_case(names, old)

    def _day(self, day: Numbers, tight: bool) -> pa.Array:
        old, text = self.pieces.field("a"), pa.array(day).cast(pa.string())
        if tight:
            return text
        padded = pc.or_(pc.starts_with(old, "0"), pc.and_(pa.array(self.brief), pc.equal(pc.utf8_length(old), 2)))
        return pc.if_else(padded, pc.utf8_lpad(text, 2, "0"), text)

    def _ordinal(self, day: Numbers, tight: bool) -> pa.Array:
        old = self.pieces.field("o")
        stop = pc.if_else(pc.ends_with(old, "."), ".", "")
        if tight:
            return stop
        plain = pc.ascii_lower(pc.utf8_rtrim(old, "."))
        # "1er mai", whose other days have no ending.
        french = (day == 1) & (self.places // 12 == LANGUAGES.index("fr") * 3 + FULL) & ~self.brief
        result = pc.if_else(pc.and_(pa.array(french), pc.equal(old, "")), "er", old)
        for endings, of_day in _ORDINALS.items():
            mine = pc.is_in(plain, value_set=pa.array(endings))
            if mine.true_count:
                new = pc.binary_join_element_wise(restore_case(of_day.take(pa.array(day)), old), stop, "")
                result = pc.if_else(mine, new, result)
        return result


def _brief(pieces: pa.StructArray) -> Flags:
    """Between dashes, slashes, stops or nothing, or in three capitals."""
    month = pieces.field("m")
    capitals = pc.and_(pc.utf8_is_upper(month), pc.equal(pc.utf8_length(month), 3))
    return _flags(pc.or_(capitals, pc.match_substring_regex(pieces.field("s"), "^[-/.]?$")))


def _dotted(pieces: pa.StructArray, parts: str) -> Flags:
    """Where a full stop and something else stand behind the month."""
    return _flags(pc.match_substring_regex(pieces.field(parts[parts.index("m") + 1]), r"^\.[^.]"))


def _with_month(places: Numbers, month: Numbers) -> Numbers:
    return places - places % 12 + month - 1


def _full(places: Numbers, month: Numbers) -> pa.Array:
    return WRITTEN.take(pa.array(places // 36 * 36 + FULL * 12 + month - 1))


def _numbers(texts: pa.Array) -> Numbers:
    return np.asarray(pc.cast(texts, pa.int64()).to_numpy())


def _lengths(texts: pa.Array) -> Numbers:
    return np.asarray(pc.utf8_length(texts).to_numpy())


def _flags(values: pa.Array) -> Flags:
    return np.asarray(values.to_numpy(zero_copy_only=False))


def _with(values: pa.Array, places: Numbers, new: pa.Array) -> pa.Array:
    """`values` with others in these places, which are in order."""
    mask = np.zeros(len(values), bool)
    mask[places] = True
    return pc.replace_with_mask(values, pa.array(mask), new)
