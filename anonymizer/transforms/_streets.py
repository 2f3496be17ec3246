"""Streets, house numbers and boxes, and addresses on one line.

Each part maps by value: the street in the language that its words tell, the house number to a small number, the box in
its form, town and postcode as in columns of their own. So an address on one line agrees with one in four columns.
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
from anonymizer.pseudonyms.written_form import compact, normalise, restore_case
from anonymizer.transforms import _scrambled
from anonymizer.transforms._cells import first_fitting, part_domain
from anonymizer.transforms._places import Places

_TOLD = {
    "fr": r"^(rue|avenue|av|place|pl|chaussee|ch|boulevard|bd|blvd|allee|chemin|square|quai|clos|impasse|route|"
    r"rte|sentier|cite|cours|esplanade|dreve|venelle|passage)\b",
    "nl": r"(straat|str|laan|weg|plein|steenweg|stwg|dreef|lei|kaai|baan|dorp|hof|gracht|singel|markt|pad|berg|heide|"
    r"kouter|vest|dijk|hoek|park|ring|plaats|veld|akker)\b",
    "de": r"(strasse|platz|gasse|allee|ufer|damm|steig)\b",
    "en": r"\b(street|st|road|rd|lane|avenue|ave|drive|close|way|court|crescent|terrace|square|gardens|grove)$",
}
"""In which language a street's name is, its normal form told by words; the first match in this order counts."""
_POSTCODE = r"(?:[A-Za-z]{1,2}-)?[0-9]{4,5}(?:\s?[A-Z]{2}\b)?"
_TAIL = rf"^(?P<street>.+?)(?P<gap>\s*[,;\n]\s*|\s+-\s+|\s+)(?P<tail>{_POSTCODE}\s+[^\d\s][^\d]*)$"
_BOX = r"(?:bus|bte|boîte|boite|box|b|app|apt|ap|unit|postbus)\.?"
_NUMBER = rf"\d+(?:\S*\d\S*|[A-Za-z]?)(?:[\s,/]*{_BOX}\s*\S+|\s*[/-]\s*\S+|\s[A-Za-z])?"
_STREET_FIRST = rf"(?i)^(?P<name>.*?\D)(?P<gap>[\s,]+)(?P<number>{_NUMBER})$"
_NUMBER_FIRST = r"(?i)^(?P<number>\d+(?:\s?(?:bis|ter)|[A-Za-z])?)(?P<gap>[\s,]+)(?P<name>[^\d\s].*)$"
_ONLY_NUMBER = rf"(?i)^{_NUMBER}$"
_BOX_PART = rf"(?i)^(?P<main>\d+)(?P<word>[\s,]*(?:{_BOX}\s*)?)(?P<box>.*)$"
_HIGHEST = 199

Hashes = NDArray[np.uint64]


class Streets:
    """Maps addresses: visible text without nulls."""

    def __init__(self, binding: Binding, width: int | None) -> None:
        domain = part_domain(binding, "street_address").name
        self._names = Prf(binding.keys.derive("street_address", domain, "street"))
        self._numbers = Prf(binding.keys.derive("street_address", domain, "number"))
        self._places = Places(binding.keys, binding.locales)
        self._spoken = languages(binding.locales)
        self._width = width

    def __call__(self, values: pa.Array) -> pa.Array:
        lines = pc.extract_regex(values, _TAIL)
        with_tail = pc.is_valid(lines)
        if with_tail.true_count == 0:
            return self._address(values, self._width)
        streets = pc.coalesce(pc.struct_field(lines, "street"), values)
        tails = pc.struct_field(lines, "tail").drop_null()
        gaps = pc.struct_field(lines, "gap").drop_null()
        alone = self._address(streets, self._width)
        whole = pc.binary_join_element_wise(pc.filter(alone, with_tail), gaps, self._places.towns(tails), "")
        full = pc.replace_with_mask(alone, with_tail, whole)
        return first_fitting([full, alone], self._width)

    def _address(self, values: pa.Array, width: int | None) -> pa.Array:
        """Street with number, in either order, or one of them."""
        result = values
        rest = pa.array([True] * len(values))
        for pattern, mapped in (
            (_ONLY_NUMBER, self._numbered),
            (_NUMBER_FIRST, self._number_first),
            (_STREET_FIRST, self._street_first),
        ):
            rows = pc.and_(pc.match_substring_regex(values, pattern), rest)
            if rows.true_count:
                result = pc.replace_with_mask(result, rows, mapped(pc.filter(values, rows)))
                rest = pc.and_not(rest, rows)
        if rest.true_count:
            result = pc.replace_with_mask(result, rest, self._named(pc.filter(values, rest)))
        return result if width is None else self._shortened(values, result, width)

    def _shortened(self, values: pa.Array, full: pa.Array, width: int) -> pa.Array:
        """Where it does not fit: a shorter street with the number, a street alone, a word."""
        number = pc.replace_substring_regex(full, r"^(?:\D.*?\s)?(\d[^\s,]*)?(?:[\s,].*)?$", r"\1")
        hashes = self._names(compact(values))
        tongues = self._told(values, hashes)
        word = words(hashes[:, 0], min(width, 6))
        with_number = pc.binary_join_element_wise(self._picked(hashes, tongues, max(width - 6, 8), word), number, " ")
        return first_fitting([full, with_number, self._picked(hashes, tongues, width, word), word], width)

    def _picked(self, hashes: Hashes, tongues: NDArray[np.int64], width: int | None, other: pa.Array) -> pa.Array:
        """A street in each row's language, or what `other` says where none fits the width."""
        result = other
        for number in np.unique(tongues).tolist():
            streets = Vocabulary.load("streets", LANGUAGES[number])
            if streets.fitting(width):
                rows = tongues == number
                result = pc.replace_with_mask(result, pa.array(rows), streets.pick(hashes[rows, 0], width))
        return result

    def _street_first(self, values: pa.Array) -> pa.Array:
        parts = pc.extract_regex(values, _STREET_FIRST)
        name, gap, number = (pc.struct_field(parts, part) for part in ("name", "gap", "number"))
        return pc.binary_join_element_wise(self._named(name), gap, self._numbered(number), "")

    def _number_first(self, values: pa.Array) -> pa.Array:
        parts = pc.extract_regex(values, _NUMBER_FIRST)
        name, gap, number = (pc.struct_field(parts, part) for part in ("name", "gap", "number"))
        return pc.binary_join_element_wise(self._numbered(number), gap, self._named(name), "")

    def _named(self, values: pa.Array) -> pa.Array:
        """Names of streets."""
        keys = compact(values)
        hashes = self._names(keys)
        return restore_case(self._picked(hashes, self._told(values, hashes), None, values), values)

    def _told(self, values: pa.Array, hashes: Hashes) -> NDArray[np.int64]:
        normal = normalise(values)
        spoken = np.array([LANGUAGES.index(language) for language in self._spoken])
        tongues = spoken[below(hashes[:, 1], len(spoken))]
        open_rows = np.ones(len(values), bool)
        for language, pattern in _TOLD.items():
            told = pc.match_substring_regex(normal, pattern).to_numpy(zero_copy_only=False) & open_rows
            tongues[told] = LANGUAGES.index(language)
            open_rows &= ~told
        return tongues

    def _numbered(self, values: pa.Array) -> pa.Array:
        """House numbers with what belongs to them: 12, 12A, 12 bus 3, 12-14."""
        parts = pc.extract_regex(values, _BOX_PART)
        main, word, box = (pc.struct_field(parts, part) for part in ("main", "word", "box"))
        drawn = below(self._numbers(pc.utf8_ltrim(main, "0"))[:, 0], _HIGHEST) + 1
        number = pa.array(drawn).cast(pa.string())
        if pc.all(pc.equal(box, "")).as_py():
            return pc.binary_join_element_wise(number, word, "")
        boxes = _scrambled.scrambled(box, self._numbers(compact(box)), self._numbers)
        return pc.binary_join_element_wise(number, word, boxes, "")
