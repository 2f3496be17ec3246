"""Towns, postcodes and provinces, moved together.

Provinces of one country and language stand on a ring, in keyed order, and each becomes the next one; the towns of a
province become those of the next one, in keyed order, and the postcodes of a town those of its new town. So a city, a
postcode and a province that belonged together do so afterwards, whichever table they stand in. Towns in no list become
a town of the list by keyed choice; other postcodes become other digits and letters in the same form.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Keys
from anonymizer.pseudonyms.permutation import Permutation, ring
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.token import words
from anonymizer.pseudonyms.vocabulary import Vocabulary, below
from anonymizer.pseudonyms.written_form import (
    compact,
    digits_of,
    fixed_digits,
    from_matrix,
    restore_case,
    with_digits,
)
from anonymizer.transforms import _scrambled

COUNTRIES = ("be", "nl", "fr", "de")
DOMAIN = "city"
"""Keys of all places are derived from one domain, or a city and its postcode would part."""
_ALIASES = {
    "brussels": "brussel", "antwerp": "antwerpen", "ghent": "gent", "bruges": "brugge", "ostend": "oostende",
    "sgravenhage": "denhaag", "thehague": "denhaag", "denbosch": "shertogenbosch", "cologne": "koln",
    "munich": "munchen", "nuremberg": "nurnberg", "hanover": "hannover", "bxl": "bruxelles",
}  # fmt: skip

Integers = NDArray[np.int64]


class Town(NamedTuple):
    """`own` and `other` are its names in the language of its region and in the other one of its country."""

    own: str
    other: str
    province: int
    postcodes: tuple[str, ...]


class Province(NamedTuple):
    """`group`: country and language, within which provinces are exchanged."""

    own: str
    other: str
    group: str


class Gazetteer(NamedTuple):
    """All towns and provinces, and where to find them by key."""

    towns: tuple[Town, ...]
    provinces: tuple[Province, ...]
    town_keys: pa.Array
    town_of_key: Integers
    key_is_other: NDArray[np.bool_]
    postcode_keys: pa.Array
    town_of_postcode: Integers
    place_of_postcode: Integers


@cache
def gazetteer() -> Gazetteer:
    """Read once from the word lists."""
    towns: dict[tuple[str, str], list[str]] = {}
    provinces: dict[Province, int] = {}
    facts: dict[tuple[str, str], tuple[str, str, int]] = {}
    for country in COUNTRIES:
        for postcode, dutch, french, language, in_dutch, in_french in Vocabulary.load(f"towns.{country}").rows:
            swap = country == "be" and language != "nl"
            own, other = (french, dutch) if swap else (dutch, french)
            group = f"{country} {'fr' if language == 'xx' else language}"
            names = (in_french, in_dutch) if swap else (in_dutch, in_french)
            province = provinces.setdefault(Province(*names, group), len(provinces))
            towns.setdefault((country, own), []).append(postcode)
            facts[country, own] = own, other, province
    listed = [Town(*facts[key], tuple(f"{key[0]} {code}" for code in sorted(codes))) for key, codes in towns.items()]
    by_key: dict[str, tuple[int, bool]] = {}
    for is_other in (False, True):
        names = compact(pa.array([town[is_other] for town in listed])).to_pylist()
        for number, name in enumerate(names):
            by_key.setdefault(name, (number, is_other))
    by_key |= {alias: by_key[name] for alias, name in _ALIASES.items() if name in by_key and alias not in by_key}
    codes = {code: (number, place) for number, town in enumerate(listed) for place, code in enumerate(town.postcodes)}
    return Gazetteer(
        tuple(listed),
        tuple(provinces),
        pa.array(list(by_key), pa.string()),
        np.array([number for number, _ in by_key.values()]),
        np.array([is_other for _, is_other in by_key.values()]),
        pa.array(list(codes), pa.string()),
        np.array([number for number, _ in codes.values()]),
        np.array([place for _, place in codes.values()]),
    )


class Places:
    """The exchange of places under one key."""

    def __init__(self, keys: Keys, locales: tuple[str, ...], width: int | None = None) -> None:
        """`width`: the most characters that a town's or province's name may have."""
        self._book = gazetteer()
        self._keys, self._width = keys, width
        self._countries = tuple(dict.fromkeys(locale[-2:].lower() for locale in locales)) or ("be",)
        self._prf = Prf(keys.derive("places", DOMAIN))
        self._next_province = self._ring()
        self._next_town = self._exchange()
        self._next_postcode = self._exchange_postcodes()
        self._names = pa.array([town.own for town in self._book.towns] + [town.other for town in self._book.towns])
        self._short = self._fitting()

    def towns(self, values: pa.Array) -> pa.Array:
        """Names of towns, visible text without nulls; a postcode in front is exchanged with it."""
        with_code = pc.match_substring_regex(values, r"^[A-Za-z]{0,2}-?[0-9]{4,5}\s*[A-Z]{0,2}\s+\D")
        if with_code.true_count:
            parts = pc.extract_regex(values, r"^(?P<code>[A-Za-z]{0,2}-?[0-9]{4,5}(?:\s?[A-Z]{2}\b)?)\s+(?P<name>.*)$")
            names = pc.fill_null(pc.struct_field(parts, "name"), values)
            codes = self.postcodes(pc.fill_null(pc.struct_field(parts, "code"), ""))
            town = self._towns(names)
            both = pc.binary_join_element_wise(codes, town, " ")
            fits = pc.less_equal(pc.utf8_length(both), self._width or 10**6)
            return pc.if_else(pc.and_(with_code, fits), both, town)
        return self._towns(values)

    def _towns(self, values: pa.Array) -> pa.Array:
        keys = compact(values)
        found = pc.index_in(keys, value_set=self._book.town_keys)
        saint = pc.replace_substring_regex(keys, "^st", "sint")
        found = pc.coalesce(found, pc.index_in(saint, value_set=self._book.town_keys))
        saint = pc.replace_substring_regex(keys, "^st", "saint")
        found = pc.coalesce(found, pc.index_in(saint, value_set=self._book.town_keys))
        unknown = found.is_null().to_numpy(zero_copy_only=False)
        at = pc.fill_null(found, 0).to_numpy()
        hashes = self._prf(keys)
        count = len(self._book.towns)
        town = self._next_town[self._book.town_of_key[at]] + count * self._book.key_is_other[at]
        result = self._names.take(pa.array(town))
        unfit = unknown | (
            np.zeros(len(keys), bool)
            if self._width is None
            else pc.greater(pc.utf8_length(result), self._width).to_numpy(zero_copy_only=False)
        )
        if unfit.any():
            result = pc.replace_with_mask(result, pa.array(unfit), self._any_town(hashes[unfit]))
        return restore_case(result, values)

    def _any_town(self, hashes: NDArray[np.uint64]) -> pa.Array:
        if len(self._short) == 0:
            return words(hashes[:, 0], min(self._width or 6, 6))
        return self._short.take(pa.array(below(hashes[:, 0], len(self._short))))

    def postcodes(self, values: pa.Array) -> pa.Array:
        """Postcodes in any form, text without nulls; blanks stay."""
        counts, digits = digits_of(values)
        hashes = self._prf(compact(values))
        kept = pc.match_substring_regex(values, r"^[A-Za-z]{1,2}[- ]?[0-9]{4,5}$")
        scrambled = _scrambled.scrambled(values, hashes, self._prf)
        result = pc.if_else(kept, _with_letters(values, scrambled), scrambled)
        for size in (4, 5):
            rows = np.flatnonzero(counts == size)
            if len(rows) == 0:
                continue
            written = digits[(np.cumsum(counts) - counts)[rows][:, None] + np.arange(size)]
            some = values.take(pa.array(rows))
            countries = self._country_of(some, size)
            codes = pc.binary_join_element_wise(countries, from_matrix(written + np.uint8(48)), " ")
            found = pc.index_in(codes, value_set=self._book.postcode_keys)
            hit = pc.is_valid(found).to_numpy(zero_copy_only=False)
            if not hit.any():
                continue
            at = pc.drop_null(found).to_numpy()
            new = self._next_postcode[at]
            rows_mask = np.zeros(len(values), bool)
            rows_mask[rows[hit]] = True
            base = result.take(pa.array(rows[hit]))
            spliced = with_digits(base, fixed_digits(new, size).reshape(-1))
            result = pc.replace_with_mask(result, pa.array(rows_mask), spliced)
        return result

    def provinces(self, values: pa.Array) -> pa.Array:
        """Names of provinces, visible text without nulls; any other text becomes a province by keyed choice."""
        book = self._book.provinces
        names = pa.array([province.own for province in book] + [province.other for province in book])
        keys = compact(values)
        stripped = pc.replace_substring_regex(keys, "^(provincie|provincede|provincedu|province|provinz)", "")
        found = pc.index_in(stripped, value_set=compact(names))
        unknown = found.is_null().to_numpy(zero_copy_only=False)
        at = pc.fill_null(found, 0).to_numpy().astype(np.int64)
        count = len(book)
        new = self._next_province[at % count] + count * (at >= count)
        here = [n for n, p in enumerate(book) if p.group[:2] in self._countries] or list(range(count))
        chosen = np.array(here)[below(self._prf(keys)[:, 1], len(here))]
        result = names.take(pa.array(np.where(unknown, chosen, new)))
        if self._width is not None:
            narrow = words(self._prf(keys)[:, 0], min(self._width, 6))
            result = pc.if_else(pc.less_equal(pc.utf8_length(result), self._width), result, narrow)
        return restore_case(result, values)

    def _ring(self) -> Integers:
        """Province -> the next one of its country and language."""
        book = self._book.provinces
        following = np.arange(len(book))
        for group in dict.fromkeys(province.group for province in book):
            members = np.array([number for number, province in enumerate(book) if province.group == group])
            key = self._keys.derive("places", DOMAIN, f"provinces {group}")
            following[members] = members[ring(key, len(members)).astype(np.int64)]
        return following

    def _exchange(self) -> Integers:
        """Town -> its new town, of the next province; two towns may become one where that has fewer."""
        book = self._book
        members: dict[int, list[int]] = {}
        for number, town in enumerate(book.towns):
            members.setdefault(town.province, []).append(number)
        ordered = {
            province: np.array(numbers)[self._shuffle(f"towns {province}", len(numbers))]
            for province, numbers in members.items()
        }
        following = np.arange(len(book.towns))
        for province, numbers in ordered.items():
            target = ordered[int(self._next_province[province])]
            step = 1 if int(self._next_province[province]) == province else 0
            following[numbers] = target[(np.arange(len(numbers)) + step) % len(target)]
        return following

    def _shuffle(self, label: str, count: int) -> Integers:
        key = self._keys.derive("places", DOMAIN, label)
        return Permutation(key, count)(np.arange(count, dtype=np.uint64)).astype(np.int64)

    def _fitting(self) -> pa.Array:
        """The towns of the locales' countries that fit the width: what unknown towns become."""
        home = [
            town.own
            for town in self._book.towns
            if self._book.provinces[town.province].group[:2] in self._countries
            and (self._width is None or len(town.own) <= self._width)
        ]
        return pa.array(home or [t.own for t in self._book.towns if len(t.own) <= (self._width or 99)], pa.string())

    def _country_of(self, values: pa.Array, digits: int) -> pa.Array:
        """The country that a postcode of so many digits is of: its form tells, or else the locales."""
        named = {4: ("be", "nl"), 5: ("fr", "de")}[digits]
        default = next((country for country in self._countries if country in named), named[0])
        countries: pa.Array = pa.array([default] * len(values), pa.string())
        for country in named:
            told = pc.match_substring_regex(values, rf"(?i)^{country[0]}({country[1]})?-?\s?[0-9]")
            countries = pc.if_else(told, country, countries)
        if digits == 4:
            dutch = pc.match_substring_regex(values, r"^[0-9]{4}\s?[A-Za-z]{2}$")
            countries = pc.if_else(dutch, "nl", countries)
        return countries

    def _exchange_postcodes(self) -> NDArray[np.uint64]:
        """Listed postcode -> its new postcode, as a number: of the new town, the one at the same place."""
        towns = self._next_town[self._book.town_of_postcode].tolist()
        new = [self._book.towns[town].postcodes for town in towns]
        places = self._book.place_of_postcode.tolist()
        return np.array([int(codes[n % len(codes)][3:]) for codes, n in zip(new, places, strict=True)], np.uint64)


def _with_letters(values: pa.Array, scrambled: pa.Array) -> pa.Array:
    """`values` with the digits of `scrambled`."""
    return with_digits(values, digits_of(scrambled)[1])
