"""Whole names, word by word: "Dr. Jan P. van der Aa", "AA, Jan van der", "AA Jan".

Each word has a role. Titles stay. First names and initials map one by one, in the domain of first names; the words of
the surname map together, in the domain of surnames. So a whole name agrees with the columns that hold its parts. What
is first name and what surname is told by commas, places and the word lists (see `_grammar`), never by the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Binding, Kernel, Parameters, Salts
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.token import words
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.pseudonyms.written_form import Bytes, compact, flat_bytes, single_spaced
from anonymizer.transforms import _companies, _grammar
from anonymizer.transforms._cells import by_distinct, first_fitting, of_rows
from anonymizer.transforms._names import INITIALS, TITLES, Names
from anonymizer.transforms._particles import PARTICLES
from anonymizer.transforms._pieces import Flags, Pieces, cut, filtered, replaced
from anonymizer.transforms._surnames import Surnames

ORDER: Mapping[str, str] = {
    "order": "`last_first` or `first_last`: how names are read whose commas, capitals and words do not tell it."
}
_AND = r"\s+(?i:&|\+|en|et|und|and)\s+"
"""What stands between the names of two people."""
_NOTED = r"(?s)^(\s*[^\s()]+\s+[^\s()].*?)\s*\([^()]*\)\s*$"
"""A whole name, and what is noted of the person behind it."""
_IN_WORD = np.array([chr(byte) not in " -,;" for byte in range(256)])


def wrong_order(parameters: Parameters) -> str | None:
    """What is wrong with the parameter `order`, which may be missing."""
    told = parameters.get("order", "last_first") in _grammar.ORDERS
    return None if told else "`order` is last_first or first_last"


def build(binding: Binding, width: int | None) -> Kernel:
    """The kernel of whole names of at most `width` characters; firms among them map as company names do."""
    people, firms = _each_of_several(FullNames(binding, width), width), _companies.Companies(binding, width)

    def mapped(values: pa.Array, salts: Salts | None = None) -> pa.Array:
        noted = pc.match_substring_regex(values, _NOTED)
        if noted.true_count:
            values = pc.if_else(noted, pc.replace_substring_regex(values, _NOTED, r"\1"), values)
        firm = _companies.is_firm(values)
        if firm.true_count == 0:
            return people(values, salts)
        result = pc.replace_with_mask(values, firm, firms(pc.filter(values, firm)))
        person = pc.invert(firm)
        chosen = of_rows(salts, _flags(person))
        return pc.replace_with_mask(result, person, people(pc.filter(values, person), chosen))

    return mapped


def _each_of_several(people: Kernel, width: int | None) -> Kernel:
    """ "Jan Peeters & Els Claes" and "Jan en Els Peeters" are two people, and stay two."""

    def mapped(values: pa.Array, salts: Salts | None = None) -> pa.Array:
        several = pc.match_substring_regex(values, rf"\S{_AND}\S")
        result = people(values, salts)
        if not several.true_count:
            return result
        chosen = pc.filter(values, several)
        lists = pc.split_pattern_regex(chosen, _AND)
        row = pc.list_parent_indices(lists).to_numpy()
        each = people(lists.flatten(), of_rows(of_rows(salts, _flags(several)), row))
        between = pc.replace_substring_regex(chosen, rf"^.*?({_AND}).*$", r"\1")
        joined = pc.binary_join(pa.ListArray.from_arrays(_from_zero(lists), each), between)
        return pc.replace_with_mask(result, several, first_fitting([joined, pc.filter(result, several)], width))

    return mapped


def _from_zero(lists: pa.ListArray) -> pa.Array:
    return pc.subtract(lists.offsets, lists.offsets[0])


def combinations(width: int | None) -> int:
    """How many first names and surnames of one language can be combined."""
    first, last = Vocabulary.load("first_names", "nl"), Vocabulary.load("surnames", "nl")
    if width is None or width >= 30:
        return len(first) * len(last)
    return max(first.fitting(width // 2) * last.fitting(width // 2), last.fitting(width))


class FullNames:
    """Maps whole names. Values are visible text without nulls."""

    def __init__(self, binding: Binding, width: int | None) -> None:
        self.first = Names(binding, "first_name")
        self.last = Surnames(binding)
        self._letters = Letters(self.first, self.last)
        self._short = Prf(binding.keys.derive("full name", "short"))
        self._width = width
        order = binding.parameters.get("order")
        self._order = None if order is None else str(order)

    def __call__(self, values: pa.Array, salts: Salts | None = None) -> pa.Array:
        pieces = cut(single_spaced(values), _IN_WORD)
        letters = self._letters(pieces)
        roles = pieces.told(letters, partial(_grammar.full_name, order=self._order))
        kept = roles != ord("+")
        pieces, roles = pieces.merged(kept), roles[kept]
        texts, surname = self._replaced(pieces, roles, salts)
        full = pieces.joined(texts)
        if self._width is None:
            return full
        single = pieces.joined(replaced(texts, [(_is(roles, "="), _blanks(_is(roles, "=")))]))
        bare = self._surname_alone(surname, roles, pieces, len(values))
        last_resort = words(self._short.salted(self._short(compact(values)), salts)[:, 0], min(self._width, 6))
        untitled = pc.utf8_trim(single, " ,-;")
        untitled = pc.if_else(pc.equal(untitled, ""), None, untitled)
        return first_fitting([full, untitled, bare, last_resort], self._width)

    def _replaced(self, pieces: Pieces, roles: Bytes, salts: Salts | None) -> tuple[pa.Array, pa.Array]:
        """The replacement of each piece, and of each surname."""
        row = pieces.row
        given, initial, last = _is(roles, "f"), _is(roles, "i"), _is(roles, "l")
        firsts = by_distinct(self.first.written)(
            filtered(pieces.texts, given), *(() if salts is None else (salts[row[given]],))
        )
        initials = self.first.initials(_letters_only(filtered(pieces.texts, initial)), of_rows(salts, row[initial]))
        ends = _is(roles, "j")
        end_initials = self.last.names.initials(_letters_only(filtered(pieces.texts, ends)), of_rows(salts, row[ends]))
        surnames = self.last(filtered(pieces.texts, last), of_rows(salts, row[last]))
        apart = _is(roles, "p")
        if apart.any():
            surnames = self._with_particles(pieces, last, apart, surnames, salts)
        changes = [(given, firsts), (initial, initials), (ends, end_initials), (last, surnames)]
        return replaced(pieces.texts, changes), surnames

    def _with_particles(
        self, pieces: Pieces, last: Flags, apart: Flags, surnames: pa.Array, salts: Salts | None
    ) -> pa.Array:
        """The surnames, where particles stand apart ("AA, Jan van der") the ones that they have with them."""
        row = pieces.row
        of_particle = np.full(len(pieces.rows) - 1, -1)
        of_particle[row[apart]] = np.flatnonzero(apart)
        particle = of_particle[row[last]]
        split = particle >= 0
        names = filtered(filtered(pieces.texts, last), split)
        whole = pc.binary_join_element_wise(pieces.texts.take(pa.array(particle[split])), names, " ")
        _, core = self.last.halves(whole, of_rows(salts, row[last][split]))
        return pc.replace_with_mask(surnames, pa.array(split), core)

    def _surname_alone(self, surnames: pa.Array, roles: Bytes, pieces: Pieces, count: int) -> pa.Array:
        place = np.full(count, -1)
        place[pieces.row[_is(roles, "l")]] = np.arange(len(surnames))
        return surnames.take(pa.array(place, mask=place < 0))


class Letters:
    """The letter that `_grammar` knows each piece by."""

    def __init__(self, first: Names, last: Surnames, titles: bool = True) -> None:
        self._first, self._last, self._titles = first, last, titles

    def __call__(self, pieces: Pieces) -> Bytes:
        """uint8 [number of pieces]."""
        encoded = pieces.texts.dictionary_encode()
        letters: Bytes = self._of(encoded.dictionary)[encoded.indices.to_numpy()]
        return letters

    def _of(self, texts: pa.Array) -> Bytes:
        keys = compact(texts)
        first = self._first.is_known(keys)
        last = self._last.names.is_known(keys)
        letters = np.where(first, np.where(last, ord("B"), ord("F")), np.where(last, ord("S"), ord("W")))
        letters[_flags(pc.is_in(keys, value_set=PARTICLES))] = ord("P")
        letters[_flags(pc.match_substring_regex(texts, INITIALS))] = ord("I")
        if self._titles:
            title = _flags(pc.is_in(keys, value_set=TITLES))
            dotted = _flags(pc.ends_with(texts, "."))
            letters[title] = np.where(dotted, ord("T"), ord("U"))[title]
            letters[title & ~dotted & (np.diff(flat_bytes(keys)[1]) == 1)] = ord("I")
            upper = _flags(pc.and_(pc.utf8_is_upper(texts), pc.greater(pc.utf8_length(keys), 1)))
            letters[upper & np.isin(letters, [ord(sign) for sign in "FSBWP"])] += 32
        data, offsets = flat_bytes(texts)
        begins = np.append(data, 0)[offsets[:-1]]
        between = np.isin(begins, [ord(sign) for sign in " ,-;"]) if self._titles else begins < 128
        if not self._titles:
            between &= ~_flags(pc.match_substring_regex(texts, "^[A-Za-z]"))
        letters[between] = ord(" ")
        letters[between & _flags(pc.match_substring(texts, "-"))] = ord("-")
        letters[between & _flags(pc.match_substring_regex(texts, "[,;]"))] = ord(",")
        return letters.astype(np.uint8)


def _is(roles: Bytes, role: str) -> Flags:
    return np.asarray(roles == ord(role))


def _blanks(where: Flags) -> pa.Array:
    return pa.array([" "], pa.string()).take(pa.array(np.zeros(int(where.sum()), np.int64)))


def _letters_only(initials: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(initials, r"[^\x00-\x7F]", "x")


def _flags(values: pa.Array) -> NDArray[np.bool_]:
    return np.array(values.to_numpy(zero_copy_only=False), dtype=bool)
