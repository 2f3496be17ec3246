"""Streets, house numbers and boxes, and addresses on one line.

Each part maps by value: the street in the language that its words tell, the house number to one of as many digits, the
box in its form, what stands around them as `_address_lines` says. So an address on one line agrees with one in four
columns.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Binding
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.token import words
from anonymizer.pseudonyms.vocabulary import LANGUAGES, Vocabulary, below, languages
from anonymizer.pseudonyms.written_form import compact, flat_bytes, from_flat, normalise, restore_case
from anonymizer.transforms import _full_name, _scrambled
from anonymizer.transforms._address_lines import AddressLines
from anonymizer.transforms._cells import first_fitting, part_domain
from anonymizer.transforms._places import Places
from anonymizer.transforms._street_types import ABBREVIATED, as_short, in_full

_TOLD = {
    "fr": r"^(rue|avenue|ave?|place|pl|chaussee|chee|ch|boulevard|bd|blvd|bvd|bld|boul|allee|chemin|chem|square|sq|"
    r"quai|clos|impasse|imp|route|rte|sentier|cite|cours|esplanade|dreve|venelle|passage)\b",
    "nl": r"(straat|laan|plein|steenweg|stwg|dreef|lei|kaai|baan|dorp|gracht|singel|pad|heide|kouter|vest|dijk|hoek|"
    r"plaats|veld|akker)\b",
    "de": r"(strasse|platz|gasse|allee|ufer|damm|steig)\b|^(am|an der|zum|zur|im|auf der)\s|"
    r"(haupt|bahnhof|schul|garten|kirch|linden|goethe|schiller|ring)str\b",
    "en": r"\b(street|st|road|rd|lane|avenue|ave|drive|close|way|court|crescent|terrace|square|gardens|grove)\.?$",
}
"""In which language a street's name is, its normal form told by words; the first match in this order counts."""
_ONLY_FRENCH = r"^r\b\.? "
_DUTCH_OR_GERMAN = r"(str|weg|hof|markt|berg|ring|park)\b"
_BOX = r"(?:bus|bte|boîte|boite|box|b|app|apt|ap|unit|postbus)\.?"
_NUMBER = rf"\d+(?:\S*\d\S*|[A-Za-z]?)(?:[\s,/]*{_BOX}\s*\S+|\s*[/-]\s*\S+|\s[A-Za-z])?"
_NUMBER_WORD = r"(?:nr|n°|no|num|nummer|numéro|numero)\.?\s*"
_STREET_FIRST = rf"(?is)^(?P<name>.*?\D)(?P<gap>[\s,]+(?:{_NUMBER_WORD})?)(?P<number>{_NUMBER})$"
_NUMBER_FIRST = r"(?is)^(?P<number>\d+(?:\s?(?:bis|ter)|[A-Za-z])?)(?P<gap>[\s,]+)(?P<name>[^\d\s].*)$"
_BOX_PART = rf"(?is)^(?P<main>\d+)(?P<word>[\s,]*(?:{_BOX}\s*)?)(?P<box>.*)$"
_BOX_ALONE = r"(?i)^(?P<word>(?:bus|bte|box|app|apt|ap|b)\.?\s*(?:nr\.?|n°)?\s*)(?P<number>[0-9]+)\s?[a-z]?$"
_POST_BOX = (
    r"(?i)^(?P<word>(?:p\.?\s?o\.?\s?box|post\s?bus|postfach|b\.?p\.?|bo[iî]te postale|case postale|casella postale)"
    r"\s*:?\s*)(?P<number>[0-9][0-9 .-]*)$"
)
_LONGEST_NUMBER = 4
_NO_STREET = np.array([chr(byte) in " ,\t\n\r\f\vrRoO.°" for byte in range(256)])
"""What may stand before the blank before a number and be no end of a street: "nr" and "n°" among others."""

Hashes = NDArray[np.uint64]


class Streets:
    """Maps addresses: visible text without nulls."""

    def __init__(self, binding: Binding, width: int | None) -> None:
        domain = part_domain(binding, "street_address").name
        self._names = Prf(binding.keys.derive("street_address", domain, "street"))
        self._numbers = Prf(binding.keys.derive("street_address", domain, "number"))
        self._lines = AddressLines(Places(binding.keys, binding.locales), _full_name.build(binding, None), self._named)
        self._spoken = languages(binding.locales)
        self._width = width

    def __call__(self, values: pa.Array) -> pa.Array:
        composed = self._lines.composed(values)
        if composed.true_count == 0:
            return self._address(values, self._width)
        result = values
        simple = pc.invert(composed)
        if simple.true_count:
            result = pc.replace_with_mask(values, simple, self._address(pc.filter(values, simple), self._width))
        return pc.replace_with_mask(result, composed, self._composed(pc.filter(values, composed)))

    def _composed(self, values: pa.Array) -> pa.Array:
        """Addresses of several parts; where the column is narrow, the street alone."""
        head, core, tail = self._lines.taken_apart(values)
        shown = pc.greater(pc.utf8_length(core), 0)
        street = pc.replace_with_mask(core, shown, self._address(pc.filter(core, shown), self._width))
        full = pc.binary_join_element_wise(head, street, tail, "")
        if self._width is None:
            return full
        word = words(self._names(compact(values))[:, 0], min(self._width, 6))
        return first_fitting([full, pc.if_else(shown, street, word), word], self._width)

    def _address(self, values: pa.Array, width: int | None) -> pa.Array:
        """Street with number, in either order, or one of them."""
        result, rest = self._plain(values)
        for pattern, mapped in ((_BOX_ALONE, self._box_alone), (_POST_BOX, self._post_box)):
            found = pc.match_substring_regex(values, pattern)
            if found.true_count:
                parts = pc.extract_regex(values.filter(found), pattern)
                result = pc.replace_with_mask(result, found, mapped(parts))
                rest = rest & ~found.to_numpy(zero_copy_only=False)
        number_leads = _first_bytes(values) - np.uint8(ord("0")) < 10
        for leads, pattern, mapped in (
            (True, rf"(?i)^(?P<number>{_NUMBER})$", self._number_alone),
            (True, _NUMBER_FIRST, self._number_first),
            (False, _STREET_FIRST, self._street_first),
        ):
            rows = rest & (number_leads | (not leads))
            if not rows.any():
                continue
            parts = pc.extract_regex(pc.filter(values, pa.array(rows)), pattern)
            rows[np.flatnonzero(rows)] = parts.is_valid().to_numpy(zero_copy_only=False)
            if rows.any():
                result = pc.replace_with_mask(result, pa.array(rows), mapped(parts.drop_null()))
                rest = rest & ~rows
        if rest.any():
            result = pc.replace_with_mask(result, pa.array(rest), self._named(pc.filter(values, pa.array(rest))))
        return result if width is None else self._shortened(values, result, width)

    def _plain(self, values: pa.Array) -> tuple[pa.Array, NDArray[np.bool_]]:
        """Replaces what is a street and, from its first digit on, a number; tells which values are left.

        What the expression for the street in front would find too, but without it: most addresses are like this.
        """
        data, offsets = flat_bytes(values)
        digits = np.flatnonzero(data - np.uint8(ord("0")) < 10)
        first = np.append(digits, len(data))[np.searchsorted(digits, offsets[:-1])]
        split = first - 1
        rows = (first < offsets[1:]) & (split > offsets[:-1])
        rows[rows] &= data[split[rows]] == ord(" ")
        rows[rows] &= ~_NO_STREET[data[split[rows] - 1]]
        if not rows.any():
            return values, ~rows
        chosen = np.flatnonzero(rows)
        names, numbers = _cut(data, offsets[chosen], split[chosen]), _cut(data, first[chosen], offsets[chosen + 1])
        regular = pc.match_substring_regex(numbers, rf"(?i)^{_NUMBER}$")
        rows[chosen] = regular.to_numpy(zero_copy_only=False)
        names, numbers = pc.filter(names, regular), pc.filter(numbers, regular)
        if not len(names):
            return values, ~rows
        new = pc.binary_join_element_wise(self._named(names), self._numbered(numbers), " ")
        return pc.replace_with_mask(values, pa.array(rows), new), ~rows

    def _shortened(self, values: pa.Array, full: pa.Array, width: int) -> pa.Array:
        """Where it does not fit: a shorter street with the number, a street alone, a word."""
        too_long = pc.greater(pc.utf8_length(full), width)
        if too_long.true_count == 0:
            return full
        if too_long.true_count < len(full):
            shorter = self._shortened(pc.filter(values, too_long), pc.filter(full, too_long), width)
            return pc.replace_with_mask(full, too_long, shorter)
        number = pc.replace_substring_regex(full, r"^(?:\D.*?\s)?(\d[^\s,]*)?(?:[\s,].*)?$", r"\1")
        hashes = self._names(compact(values))
        tongues = self._told(normalise(values), hashes)
        word = words(hashes[:, 0], min(width, 6))
        with_number = pc.binary_join_element_wise(self._picked(hashes, tongues, max(width - 6, 8), word), number, " ")
        return first_fitting([full, with_number, self._picked(hashes, tongues, width, word), word], width)

    def _picked(self, hashes: Hashes, tongues: NDArray[np.int64], width: int | None, other: pa.Array) -> pa.Array:
        """A street in each row's language, or what `other` says where none fits the width."""
        result = other
        for number in np.flatnonzero(np.bincount(tongues)).tolist():
            streets = Vocabulary.load("streets", LANGUAGES[number])
            if streets.fitting(width):
                rows = tongues == number
                result = pc.replace_with_mask(result, pa.array(rows), streets.pick(hashes[rows, 0], width))
        return result

    def _box_alone(self, parts: pa.Array) -> pa.Array:
        """Another of 1 to 99: few signs, so that boxes of this column are no words to find in another."""
        number = pc.utf8_slice_codeunits(parts.field("number"), 0, 9)
        drawn = (number.cast(pa.int64()).to_numpy() + below(self._numbers(number)[:, 0], 98)) % 99 + 1
        return pc.binary_join_element_wise(parts.field("word"), pa.array(drawn).cast(pa.string()), "")

    def _post_box(self, parts: pa.Array) -> pa.Array:
        """Seven digits: no post office has so many boxes, so that nobody's is hit."""
        drawn = below(self._numbers(compact(parts.field("number")))[:, 0], 1_000_000) + 9_000_000
        return pc.binary_join_element_wise(parts.field("word"), pa.array(drawn).cast(pa.string()), "")

    def _number_alone(self, parts: pa.Array) -> pa.Array:
        return self._numbered(parts.field("number"))

    def _street_first(self, parts: pa.Array) -> pa.Array:
        name, gap, number = (parts.field(part) for part in ("name", "gap", "number"))
        return pc.binary_join_element_wise(self._named(name), gap, self._numbered(number), "")

    def _number_first(self, parts: pa.Array) -> pa.Array:
        name, gap, number = (parts.field(part) for part in ("name", "gap", "number"))
        return pc.binary_join_element_wise(self._numbered(number), gap, self._named(name), "")

    def _named(self, values: pa.Array) -> pa.Array:
        """Names of streets."""
        normal = normalise(values)
        hashes = self._names(compact(normal))
        tongues = self._told(normal, hashes)
        brief = pc.match_substring_regex(normal, ABBREVIATED)
        if brief.true_count == 0:
            return restore_case(self._picked(hashes, tongues, None, values), values)
        rows = brief.to_numpy(zero_copy_only=False)
        full = self._in_full(pc.filter(normal, brief), tongues[rows])
        hashes[rows] = self._names(compact(full))
        names = self._picked(hashes, tongues, None, values)
        for number in np.unique(tongues[rows]).tolist():
            mine = rows & (tongues == number)
            mask = pa.array(mine)
            short = as_short(pc.filter(names, mask), pc.filter(values, mask), LANGUAGES[number])
            names = pc.replace_with_mask(names, mask, short)
        return restore_case(names, values)

    def _in_full(self, normal: pa.Array, tongues: NDArray[np.int64]) -> pa.Array:
        result = normal
        for number in np.unique(tongues).tolist():
            mask = pa.array(tongues == number)
            result = pc.replace_with_mask(result, mask, in_full(pc.filter(normal, mask), LANGUAGES[number]))
        return result

    def _told(self, normal: pa.Array, hashes: Hashes) -> NDArray[np.int64]:
        """The language of each street, given in its normal form."""
        spoken = np.array([LANGUAGES.index(language) for language in self._spoken])
        tongues = spoken[below(hashes[:, 1], len(spoken))]
        open_rows = np.ones(len(normal), bool)
        for language, pattern in _TOLD.items():
            told = pc.match_substring_regex(normal, pattern).to_numpy(zero_copy_only=False) & open_rows
            tongues[told] = LANGUAGES.index(language)
            open_rows &= ~told
        either = pc.match_substring_regex(normal, _DUTCH_OR_GERMAN).to_numpy(zero_copy_only=False) & open_rows
        tongues[either] = LANGUAGES.index(next((spoken for spoken in self._spoken if spoken in ("nl", "de")), "nl"))
        french = pc.match_substring_regex(normal, _ONLY_FRENCH).to_numpy(zero_copy_only=False) & open_rows & ~either
        tongues[french] = LANGUAGES.index("fr")
        return tongues

    def _numbered(self, values: pa.Array) -> pa.Array:
        """House numbers with what belongs to them: 12, 12A, 12 bus 3, 12-14."""
        parts = pc.extract_regex(values, _BOX_PART)
        main, word, box = (pc.struct_field(parts, part) for part in ("main", "word", "box"))
        number = self._other_number(pc.utf8_ltrim(main, "0"))
        if pc.all(pc.equal(box, "")).as_py():
            return pc.binary_join_element_wise(number, word, "")
        boxes = _scrambled.scrambled(box, self._numbers(compact(box)), self._numbers)
        return pc.binary_join_element_wise(number, word, boxes, "")

    def _other_number(self, numbers: pa.Array) -> pa.Array:
        """Another number of as many digits, at most four; numbers have no zeros in front."""
        lengths = np.clip(pc.utf8_length(numbers).to_numpy(), 1, _LONGEST_NUMBER)
        old = pc.utf8_slice_codeunits(pc.if_else(pc.equal(numbers, ""), "0", numbers), 0, _LONGEST_NUMBER)
        least = 10 ** (lengths.astype(np.int64) - 1)
        # One of those but the old one: as many steps on from it as are drawn, none of them all the way round.
        steps = below(self._numbers(numbers)[:, 0], (9 * least - 1).astype(np.uint64)) + 1
        place = np.maximum(old.cast(pa.int64()).to_numpy() - least, 0)
        return pa.array(least + (place + steps) % (9 * least)).cast(pa.string())


def _first_bytes(values: pa.Array) -> NDArray[np.uint8]:
    """The first byte of each value; none is empty."""
    data, offsets = flat_bytes(values)
    return np.asarray(data[offsets[:-1]])


def _cut(data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> pa.Array:
    """The pieces data[start:end], one for each row."""
    lengths = ends - starts
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
    return from_flat(data[places], offsets)
