"""Towns and postcodes, moved together, within their own province.

Some ten areas of one province, department or state that have about as many towns (see `pseudonyms/gazetteer`) stand on
a ring, in keyed order, and each becomes the next one: its towns become towns of that one, its postcodes postcodes of
that one. So a city and a postcode that belonged together do so afterwards, whichever table they stand in, and the
region, the country and the first digits of the postcode beside them stay true although nothing looks at the row.

The price: the province stays, and who knows the lists knows the ten areas that a town may come from; how often a town
occurs stays too. Packs keep regions for that reason: as quasi-identifiers, by decision.

- A name that several towns have is that of the largest one, those of the plan's countries first.
- A postcode is of the country that its form tells ("D-10115", "1012 AB"), or else of the first of the plan's countries
  that has listed it: four digits are Belgian for nl_BE, Austrian for de_AT. Where those have no postcodes of that
  length: of any country that has listed it. One in no list becomes what the next listed one below it becomes; where no
  country is told at all its first letters or digits, which tell the region, stay, and the others change.
- A town of Brussels becomes one named in the same language; where both names are one ("Jette"), in the first of the
  plan's languages.
- A name in no list becomes a town of the plan's countries by keyed choice.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Keys
from anonymizer.pseudonyms.gazetteer import SIZES, Gazetteer, Integers, aliases, gazetteer
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.token import words
from anonymizer.pseudonyms.vocabulary import Vocabulary, below, languages
from anonymizer.pseudonyms.written_form import (
    compact,
    digits_of,
    fixed_digits,
    flat_bytes,
    normalise,
    restore_case,
    with_bytes,
    with_digits,
)
from anonymizer.transforms import _scrambled
from anonymizer.transforms._cells import first_fitting

DOMAIN = "city"
"""Keys of all places are derived from one domain, or a city and its postcode would part."""
_SAINT = r"\b(?:saint|sint|sankt|sainte|ste|st)\b\.?"
_BESIDE = r"(?i)\s*(?:\(.*|[,/].*|\bcedex\b.*|\s\d.*|\s(?:gem|gld|ov|nh|nb|zh|fr|lb)\.?)$"
"""What stands behind a town's name and does not count: "Hengelo (Ov)", "Paris Cedex 08", "Lyon 3e"."""
_RIVER = r"\s(?:am|an der|im|in der|in|bei|ob der|vor der|a\.d\.)\s.*$"
"""What may be left out of a German name: "Frankfurt am Main"."""
_CODE = r"[A-Za-z]{0,3}[- ]?[0-9]{4,5}"
_CODE_AND_TOWN = rf"^(?P<code>{_CODE}(?:[A-Z]{{2}}\b)?)(?P<gap>\s*[,/-]\s*|\s+)(?P<name>[^0-9]*[^0-9\s].*)$"
_LETTERS_AND_TOWN = r"^(?P<letters>[A-Z]{2})\s+(?P<name>\S.*)$"
_POSTCODE = r"^(?P<country>[A-Za-z]{1,3})?[- ]?(?P<digits>[0-9]{4,5})\s?(?P<letters>[A-Za-z]{2})?$"
_LIKE_A_POSTCODE = (
    r"^(?:[A-Z]{1,2}[0-9][0-9A-Z]{0,2}(?:[ -]?[0-9][A-Z0-9]{2,3})?|"
    r"[0-9]{3,5}(?:[ -][0-9]{2,4})?|[0-9]{6}|[0-9]{2}-[0-9]{3}|[A-Z]{1,3}-[0-9][0-9 ]{2,7}|"
    r"(?i:b|be|l|lu|lux|a|at|f|fr|d|de|nl|ch)[- ]?[0-9]{4,5}(?:\s?[A-Za-z]{2})?)$"
)
"""Of any country: what begins with signs that tell the country or region."""
_PREFIXES = {"b": "be", "l": "lu", "lux": "lu", "a": "at", "f": "fr", "d": "de"} | {name: name for name in SIZES}
_BRUSSELS = "BE Brussel "
"""How the labels of areas begin whose towns are named in two languages, both official."""
_HOME, _TOWN = 3_000, 30
"""Hundreds of inhabitants: what a place of the plan's countries counts for beside places of one name elsewhere, and
from how many on it goes before all of them."""


class _Index(NamedTuple):
    """The places under one key, as one plan's countries see them."""

    prf: Prf
    next_area: Integers
    hashes: NDArray[np.uint64]
    """Of every name's key, in order; names are found among them."""
    rows: Integers
    is_other: NDArray[np.bool_]
    """For each of the hashes: whose name it is, and whether that is the one in the other language."""


def _entries(book: Gazetteer) -> tuple[list[pa.Array], list[Integers], list[float]]:
    """Keys, rows (with as many more for names in the other language), and what their inhabitants are divided by."""
    count = len(book.people)
    keys = compact(book.names)
    found = [(keys, np.arange(2 * count), 1.0)]
    normal = normalise(book.names)
    saints = np.flatnonzero(pc.match_substring_regex(normal, _SAINT).to_numpy(zero_copy_only=False))
    found.append((_with_saints(normal.take(pa.array(saints))), saints, 1.1))
    german = pc.is_in(book.country, pa.array(["de", "at", "ch"])).to_numpy(zero_copy_only=False)
    rivers = pc.match_substring_regex(normal.slice(0, count), _RIVER).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(german & rivers)
    found.append((compact(pc.replace_substring_regex(normal.take(pa.array(rows)), _RIVER, "")), rows, 1.2))
    further = aliases()
    towns = pc.binary_join_element_wise(book.country, keys.slice(0, count), " ")
    at = pc.index_in(pc.binary_join_element_wise(further.country, further.town_keys, " "), value_set=towns)
    known = at.is_valid()
    found.append((further.keys.filter(known), at.drop_null().to_numpy().astype(np.int64), 2.0))
    return [part[0] for part in found], [part[1] for part in found], [part[2] for part in found]


def _with_saints(values: pa.Array) -> pa.Array:
    return compact(pc.replace_substring_regex(normalise(values), _SAINT, "st"))


@lru_cache(maxsize=4)
def _index(key: bytes, countries: tuple[str, ...], dutch: bool) -> _Index:
    """`dutch`: names of Brussels that tell no language are Dutch ones, not French."""
    book, prf = gazetteer(), Prf(key)
    keys, rows, divisors = _entries(book)
    count = len(book.people)
    row = np.concatenate(rows)
    town = row % count
    home = pc.is_in(book.country, pa.array(countries)).to_numpy(zero_copy_only=False)[town]
    leads = book.first_row[book.slot_of_row[town]] == town  # before a part of another town
    weight = (book.people[town] + leads) / np.repeat(divisors, [len(part) for part in rows])
    weight = np.where(home, weight * 100 + _HOME, weight) + np.where(home & (book.people[town] >= _TOWN), 1e9, 0)
    hashes = prf(pa.concat_arrays(keys))[:, 0]
    other = row >= count
    if dutch:
        named = compact(book.names)
        one_name = pc.equal(named.slice(0, count), named.slice(count)).to_numpy(zero_copy_only=False)
        alias = np.arange(len(row)) >= len(row) - len(rows[-1])
        brussels = pc.starts_with(book.labels, _BRUSSELS).to_numpy(zero_copy_only=False)
        other |= (one_name[town] | alias) & brussels[book.area_of_slot[book.slot_of_row]][town]
    order = np.lexsort((np.arange(len(row)), -weight, hashes))
    order = order[np.flatnonzero(np.diff(hashes[order], prepend=hashes[order[0]] + np.uint64(1)))]
    next_area = _ring(book.peers, prf(book.labels)[:, 1])
    pa.default_memory_pool().release_unused()  # what reading the lists took: some 50 MB
    return _Index(prf, next_area, hashes[order], town[order], other[order])


def _ring(groups: Integers, hashes: NDArray[np.uint64]) -> Integers:
    """For each member the next one, once those of each group stand on a ring in the order of their hashes."""
    order = np.lexsort((hashes, groups))
    last = np.flatnonzero(np.diff(groups[order], append=-1))
    following = np.roll(order, -1)
    following[last] = order[np.concatenate([[0], last[:-1] + 1])]
    result = np.empty_like(following)
    result[order] = following
    return result


class Places:
    """The exchange of places under one key."""

    def __init__(self, keys: Keys, locales: tuple[str, ...], width: int | None = None) -> None:
        """`width`: the most characters that a town's or province's name may have."""
        self._width, self._keys = width, keys
        self._countries = tuple(dict.fromkeys(locale[-2:].lower() for locale in locales)) or ("be",)
        self._book = gazetteer()
        spoken = [language for language in languages(locales) if language in ("nl", "fr")]
        self._index = _index(keys.derive("places", DOMAIN), self._countries, spoken[:1] == ["nl"])
        self._prf = self._index.prf

    def towns(self, values: pa.Array) -> pa.Array:
        """Names of towns, visible text without nulls; a postcode in front, a country behind go with it."""
        with_code = pc.match_substring_regex(values, rf"^{_CODE}[\sA-Z,/-]")
        if with_code.true_count:
            return self._with_codes(values)
        return self._towns(values)

    def codes(self, values: pa.Array) -> pa.Array:
        """Postcodes, text without nulls; a town behind goes with its postcode, and is left out where both are too
        long."""
        with_town = pc.and_not(
            pc.match_substring_regex(values, _CODE_AND_TOWN), pc.match_substring_regex(values, _POSTCODE)
        )
        if with_town.true_count == 0:
            return self.postcodes(values)
        result = values
        alone = pc.invert(with_town)
        if alone.true_count:
            result = pc.replace_with_mask(result, alone, self.postcodes(pc.filter(values, alone)))
        code, gap, name = self._taken_apart(pc.filter(values, with_town))
        new = self.postcodes(code)
        both = pc.binary_join_element_wise(new, self._towns(name), gap)
        return pc.replace_with_mask(result, with_town, first_fitting([both, new], self._width))

    def lists(self, values: pa.Array) -> pa.Array:
        """bool: whether a town of that name is listed."""
        return pa.array(self._found(values)[0] >= 0)

    def _with_codes(self, values: pa.Array) -> pa.Array:
        """Of which some have a postcode in front."""
        rows = pc.match_substring_regex(values, _CODE_AND_TOWN)
        if rows.true_count == 0:
            return self._towns(values)
        code, gap, name = self._taken_apart(pc.filter(values, rows))
        town = self._towns(name)
        both = pc.binary_join_element_wise(self.postcodes(code), town, gap)
        fits = pc.less_equal(pc.utf8_length(both), self._width or 1 << 30)
        result = pc.replace_with_mask(values, rows, pc.if_else(fits, both, town))
        rest = pc.invert(rows)
        return pc.replace_with_mask(result, rest, self._towns(pc.filter(values, rest))) if rest.true_count else result

    def _taken_apart(self, values: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
        """The postcode, what stands behind it, and the town."""
        code, gap, name = pc.extract_regex(values, _CODE_AND_TOWN).flatten()
        # Two capitals behind the digits are Dutch, unless they begin the town's name: 8660 DE PANNE.
        dutch = pc.extract_regex(name, _LETTERS_AND_TOWN)
        split = pc.and_(dutch.is_valid(), pa.array(self._found(name)[0] < 0))
        code = pc.if_else(split, pc.binary_join_element_wise(code, pc.struct_field(dutch, "letters"), gap), code)
        return code, gap, pc.if_else(split, pc.struct_field(dutch, "name"), name)

    def _towns(self, values: pa.Array) -> pa.Array:
        book, count = self._book, len(self._book.people)
        at, hashes = self._found(values)
        known = at >= 0
        found = np.where(known, at, 0)
        rows, other = self._index.rows[found], count * self._index.is_other[found]
        new = self._next_rows(rows)
        result = book.names.take(pa.array(new + other))
        unfit = pc.equal(result, book.names.take(pa.array(rows + other))).to_numpy(zero_copy_only=False) & known
        if self._width is not None:
            unfit |= known & pc.greater(pc.utf8_length(result), self._width).to_numpy(zero_copy_only=False)
        if unfit.any():
            result = pc.replace_with_mask(result, pa.array(unfit), self._of_group(rows[unfit], hashes[unfit]))
        if not known.all():
            result = pc.replace_with_mask(result, pa.array(~known), self._of_home(hashes[~known]))
        return restore_case(result, values)

    def _found(self, values: pa.Array) -> tuple[Integers, NDArray[np.uint64]]:
        """For each name where it stands among the index's hashes, or -1; and the hashes of the names' keys."""
        hashes = self._prf(compact(values))
        at = self._looked_up(hashes)
        missing = np.flatnonzero(at < 0)
        if len(missing):
            rest = values.take(pa.array(missing))
            plain = pc.replace_substring_regex(rest, _BESIDE, "")
            river = compact(pc.replace_substring_regex(rest, r"(?i)\s*s?/\s*", " sur "))
            for keys in (_with_saints(rest), river, compact(plain), _with_saints(plain)):
                here = at[missing] < 0
                if here.any():
                    at[missing[here]] = self._looked_up(self._prf(pc.filter(keys, pa.array(here))))
        return at, hashes

    def _looked_up(self, hashes: NDArray[np.uint64]) -> Integers:
        known = self._index.hashes
        at = np.minimum(np.searchsorted(known, hashes[:, 0]), len(known) - 1)
        return np.where(known[at] == hashes[:, 0], at, -1)

    def _next_rows(self, rows: Integers) -> Integers:
        book = self._book
        slots = book.slot_of_row[rows]
        new = self._next_slots(slots)
        return book.first_row[new] + (rows - book.first_row[slots]) % book.rows_in[new]

    def _next_slots(self, slots: Integers) -> Integers:
        book = self._book
        areas = book.area_of_slot[slots]
        new = self._index.next_area[areas]
        return np.asarray(book.first_slot[new] + (slots - book.first_slot[areas]) % book.slots_in[new])

    def _of_group(self, rows: Integers, hashes: NDArray[np.uint64]) -> pa.Array:
        """Another town of the same group that fits the width, by keyed choice, or a word."""
        book = self._book
        groups = book.group[book.area_of_slot[book.slot_of_row]]
        lengths = pc.utf8_length(book.names.slice(0, len(groups))).to_numpy()
        fits = np.flatnonzero(lengths <= (self._width or 1 << 30))
        fits = fits[np.argsort(groups[fits], kind="stable")]
        first = np.searchsorted(groups[fits], groups[rows])
        counts = np.searchsorted(groups[fits], groups[rows], side="right") - first
        own = book.names.take(pa.array(rows))
        result = words(hashes[:, 0], min(self._width or 6, 6))
        chosen = below(hashes[:, 0], np.maximum(counts, 1).astype(np.uint64))
        for step in (1, 0):  # the second choice first: the first one where it is another name
            place = np.minimum(first + (chosen + step) % np.maximum(counts, 1), max(len(fits) - 1, 0))
            names = book.names.take(pa.array(fits[place] if len(fits) else place))
            good = pc.and_(pa.array(counts > 0), pc.not_equal(names, own))
            result = pc.if_else(good, names, result)
        return result

    def _of_home(self, hashes: NDArray[np.uint64]) -> pa.Array:
        """A town of the plan's countries that fits the width, by keyed choice, or a word."""
        book = self._book
        home = pc.is_in(book.country, pa.array(self._countries)).to_numpy(zero_copy_only=False)
        for rows in (np.flatnonzero(home), np.arange(len(home))):
            names = book.names.take(pa.array(rows))
            if self._width is not None:
                names = pc.filter(names, pc.less_equal(pc.utf8_length(names), self._width))
            if len(names):
                return names.take(pa.array(below(hashes[:, 0], len(names))))
        return words(hashes[:, 0], min(self._width or 6, 6))

    def postcodes(self, values: pa.Array) -> pa.Array:
        """Postcodes in any form, text without nulls; blanks stay."""
        values = _scrambled.plain_letters(values)
        hashes = self._prf(compact(values))
        result = _with_lead(values, _scrambled.scrambled(values, hashes, self._prf))
        counts, digits = digits_of(values)
        told = self._told(values, counts)
        padded = not any(SIZES.get(name) == 4 for name in self._countries)
        for size in (4, 5):
            rows = np.flatnonzero((counts == size) & (told != ""))
            if not len(rows):
                continue
            written = digits[(np.cumsum(counts) - counts)[rows][:, None] + np.arange(size)].astype(np.int64)
            numbers = written @ 10 ** np.arange(size)[::-1]
            slots = self._slots(numbers, told[rows], size)
            if size == 4 and padded:  # a column of numbers has lost the zero in front
                slots = np.where(told[rows] == "?", self._padded(numbers, slots), slots)
            new = self._book.code[self._next_slots(np.maximum(slots, 0))]
            good = (slots >= 0) & (new < 10**size)
            if good.any():
                mask = np.zeros(len(values), bool)
                mask[rows[good]] = True
                base = pc.filter(result, pa.array(mask))
                spliced = with_digits(base, fixed_digits(new[good].astype(np.uint64), size).reshape(-1))
                result = pc.replace_with_mask(result, pa.array(mask), spliced)
        return result

    def _told(self, values: pa.Array, counts: Integers) -> NDArray[np.object_]:
        """The country that each postcode's form tells, "?" where it does not, "" for what is no listed form."""
        told = np.full(len(values), "?", object)
        more = np.flatnonzero(np.diff(flat_bytes(values)[1]) != counts)
        if len(more):
            parts = pc.extract_regex(values.take(pa.array(more)), _POSTCODE)
            country = pc.index_in(
                pc.ascii_lower(pc.struct_field(parts, "country")), value_set=pa.array(list(_PREFIXES))
            )
            names = np.array([*_PREFIXES.values(), "nl", "?", ""], object)
            letters = pc.not_equal(pc.struct_field(parts, "letters"), "")
            bare = pc.equal(pc.struct_field(parts, "country"), "")
            number = pc.if_else(bare, pc.if_else(letters, len(_PREFIXES), len(_PREFIXES) + 1), country)
            told[more] = names[pc.fill_null(number, len(_PREFIXES) + 2).to_numpy()]
        return told

    def _slots(self, numbers: Integers, told: NDArray[np.object_], size: int) -> Integers:
        """The slot of each postcode, or -1 where no country is told."""
        lists = {name: codes for name, codes in self._book.postcodes.items() if SIZES[name] == size}
        homes = [name for name in self._countries if name in lists]
        slots = np.full(len(numbers), -1, np.int64)
        for name, codes in lists.items():
            rows = told == name
            slots[rows] = codes.nearest[numbers[rows]]
        for name in homes or lists:
            rows = (told == "?") & (slots < 0)
            slots[rows] = lists[name].listed[numbers[rows]]
        for name in homes[:1]:
            rows = (told == "?") & (slots < 0)
            slots[rows] = lists[name].nearest[numbers[rows]]
        return slots

    def _padded(self, numbers: Integers, slots: Integers) -> Integers:
        """`slots`, but those of the plan's countries for numbers that are postcodes of five digits there."""
        for name in self._countries:
            if SIZES.get(name) == 5:
                listed = self._book.postcodes[name].listed[numbers]
                slots = np.where(listed >= 0, listed, slots)
        return slots

    def regions(self, values: pa.Array) -> pa.Array:
        """Names and codes of regions, visible text without nulls; any other text becomes a region by keyed choice."""
        rows = sorted(Vocabulary.load("regions").rows, key=lambda row: row[0][:2] not in self._countries)
        groups, codes, own, other = (np.array([row[column] for row in rows]) for column in range(4))
        after = _ring(
            np.unique(groups, return_inverse=True)[1],
            self._prf(pa.array([f"{group} {name}" for group, name in zip(groups, own, strict=True)]))[:, 0],
        )
        keys = compact(values)
        stripped = pc.replace_substring_regex(keys, "^(provincie|provincede|provincedu|province|provinz|kanton)", "")
        names = pa.array(np.concatenate([own, other, np.where(codes == "", own, codes)]))
        found = pc.index_in(stripped, value_set=pc.replace_substring_regex(compact(names), "^kanton", ""))
        hashes, count = self._prf(keys), len(rows)
        at = pc.fill_null(found, 0).to_numpy().astype(np.int64)
        here = [n for n, group in enumerate(groups) if group[:2] in self._countries] or list(range(count))
        chosen = np.array(here)[below(hashes[:, 1], len(here))]
        known = found.is_valid().to_numpy(zero_copy_only=False)
        result = names.take(pa.array(np.where(known, after[at % count] + at // count * count, chosen)))
        if self._width is not None:
            narrow = words(hashes[:, 0], min(self._width, 6))
            result = pc.if_else(pc.less_equal(pc.utf8_length(result), self._width), result, narrow)
        return restore_case(result, values)


def _with_lead(values: pa.Array, scrambled: pa.Array) -> pa.Array:
    """`scrambled`, but with the first letters of `values`, or its first one or two digits: they tell the region.

    Only of what has the form of a postcode somewhere; where nothing else is left it is as scrambled.
    """
    data, offsets = flat_bytes(values)
    lengths = np.diff(offsets)
    digits = data - np.uint8(ord("0")) < 10
    places = np.arange(len(data)) - np.repeat(offsets[:-1], lengths)
    where = np.append(np.flatnonzero(digits), len(data))
    first = where[np.searchsorted(where, offsets[:-1])] - offsets[:-1]
    counts, _ = digits_of(values)
    lead = np.where(first > 0, np.minimum(first, 3), np.select([counts >= 5, counts >= 3], [2, 1], 0))
    kept = with_bytes(values, np.where(places < np.repeat(lead, lengths), data, flat_bytes(scrambled)[0]))
    good = pc.and_(pc.match_substring_regex(values, _LIKE_A_POSTCODE), pc.not_equal(kept, values))
    return pc.if_else(good, kept, scrambled)
