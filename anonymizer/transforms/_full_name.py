"""Whole names, token by token: "Dr. Jan P. van der Aa", "AA, Jan van der", "AA Jan".

Each token has a role. Titles stay. First names and initials map one by one, in the domain of first names; the tokens
of the surname, particles included, map together, in the domain of surnames. So a whole name agrees with the columns
that hold its parts. What is first name and what surname is told by commas, places and the word lists, never by the row.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Binding, Kernel, Salts
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.token import words
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.pseudonyms.written_form import (
    compact,
    flat_bytes,
    from_flat,
    restore_case,
    single_spaced,
)
from anonymizer.transforms import _companies
from anonymizer.transforms._cells import first_fitting, of_rows
from anonymizer.transforms._names import INITIALS, Names

TITLES = pa.array(
    "mr mrs ms miss sir dr prof ir ing drs lic mevr mevrouw mw dhr heer meneer mijnheer juffr m mme mlle madame "
    "monsieur mademoiselle me herr frau hr fr dipl phd msc bsc jr sr".split()
)
"""Forms of address and degrees, as `compact` writes them, where a dot or another token stands beside them."""
PARTICLES = pa.array(
    "van vande vanden vander de den der het t 't te ten ter op in la le du des d di da von zu zum zur und y".split()
)
_TITLE, _FIRST, _INITIAL, _LAST = range(4)

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]


def build(binding: Binding, width: int | None) -> Kernel:
    """The kernel of whole names of at most `width` characters; firms among them map as company names do."""
    people, firms = FullNames(binding, width), _companies.Companies(binding, width)

    def mapped(values: pa.Array, salts: Salts | None = None) -> pa.Array:
        firm = _companies.is_firm(values)
        if firm.true_count == 0:
            return people(values, salts)
        result = pc.replace_with_mask(values, firm, firms(pc.filter(values, firm)))
        person = pc.invert(firm)
        chosen = of_rows(salts, _flags(person))
        return pc.replace_with_mask(result, person, people(pc.filter(values, person), chosen))

    return mapped


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
        self.last = Names(binding, "last_name")
        self._short = Prf(binding.keys.derive("full name", "short"))
        self._width = width

    def __call__(self, values: pa.Array, salts: Salts | None = None) -> pa.Array:
        name = _Tokens(values, self.first, self.last)
        mapped = self._tokens(name, salts)
        full = name.joined(mapped, name.kept)
        if self._width is None:
            return full
        surname = name.joined(mapped, name.kept & (name.roles == _LAST))
        single = name.joined(mapped, name.kept & (name.roles != _TITLE))
        last_resort = words(self._short.salted(self._short(compact(values)), salts)[:, 0], min(self._width, 6))
        # A name of titles alone has neither.
        single, surname = (pc.if_else(pc.equal(part, ""), None, part) for part in (single, surname))
        return first_fitting([full, single, pc.utf8_rtrim(surname, ","), last_resort], self._width)

    def _tokens(self, name: _Tokens, salts: Salts | None) -> pa.Array:
        """The replacement of each token; that of a surname stands at its last kept token."""
        result = name.texts
        first = name.roles == _FIRST
        if first.any():
            result = _put(
                result, first, self.first(pc.filter(name.keys, pa.array(first)), of_rows(salts, name.row[first]))
            )
        initial = name.roles == _INITIAL
        if initial.any():
            plain = pc.replace_substring_regex(name.bare, r"[^\x00-\x7F]", "x")
            result = _put(result, initial, self.first.initials(pc.filter(plain, pa.array(initial))))
        surname = name.kept & (name.roles == _LAST)
        if surname.any():
            result = _put(result, surname, self.last(name.surnames(), of_rows(salts, name.row[surname])))
        replaced = restore_case(result, name.bare)
        with_comma = pc.binary_join_element_wise(replaced, ",", "")
        return pc.if_else(
            pa.array(name.roles == _TITLE), name.texts, pc.if_else(pa.array(name.comma), with_comma, replaced)
        )


class _Tokens:
    """The tokens of some names, flat, with the role of each."""

    def __init__(self, values: pa.Array, first: Names, surnames: Names) -> None:
        lists = pc.split_pattern(single_spaced(pc.replace_substring(values, ",", ", ")), " ")
        self.texts: pa.Array = lists.flatten()
        self._counts: Rows = pc.list_value_length(lists).to_numpy().astype(np.int64)
        self._ends: Rows = np.cumsum(self._counts)
        self.row: Rows = np.repeat(np.arange(len(values)), self._counts)
        self.bare: pa.Array = pc.utf8_trim(self.texts, ",;")
        self.keys: pa.Array = compact(self.bare)
        self.comma: Flags = _flags(pc.ends_with(self.texts, ","))
        self._particle: Flags = _flags(pc.is_in(self.keys, value_set=PARTICLES))
        self.roles = self._told(first, surnames)
        # A comma belongs to the surname, wherever in it it stood.
        last = self.roles == _LAST
        self.comma = np.asarray(last & self._in_row(self.comma & last))
        self.kept: Flags = ~last | self._final(last & ~self._after_comma)

    def _told(self, first: Names, surnames: Names) -> NDArray[np.int8]:
        dotted = _flags(pc.ends_with(self.bare, "."))
        many = self._counts[self.row] > 1
        title = _flags(pc.is_in(self.keys, value_set=TITLES)) & (many | dotted)
        initial = _flags(pc.match_substring_regex(self.bare, INITIALS)) & ~title
        before_comma = self._before(self.comma)
        has_comma = self._in_row(self.comma)
        known = first.is_known(self.keys) | self._first_half_known(first)
        runnable = (known | initial) & ~self._particle
        candidate = ~title
        index = self._place_among(candidate)
        size = self._sum(candidate)[self.row]
        # "AA Jan", "Aa J.": the first token is no first name and the last one is. One that may be a surname as well
        # ("Mildred Bailey") counts only behind a known surname.
        surname = surnames.is_known(self.keys)
        head = self._in_row(candidate & (index == 0) & ~runnable)
        behind_surname = self._in_row(candidate & (index == 0) & surname)
        tail = self._in_row(candidate & (index == size - 1) & (initial | (known & (~surname | behind_surname))))
        # "LAMBERT Karel": capitals before other letters are the surname, whatever the lists say.
        upper = _flags(pc.and_(pc.utf8_is_upper(self.bare), pc.greater(pc.utf8_length(self.keys), 1))) & candidate
        shouted = self._in_row(upper & (index == 0)) & self._in_row(candidate & (index == size - 1) & ~upper)
        runnable = np.where(shouted, ~upper & ~self._particle, runnable)
        reverse = ((head & tail) | shouted) & (size > 1)
        forward = (index == 0) & (size > 1) & ~self._particle
        forward |= self._unbroken(~candidate | (index == 0) | runnable) & runnable & (index < size - 1)
        backward = self._unbroken((~candidate | runnable), backwards=True) & runnable & (index > 0)
        alone = (size == 1) & known
        given = np.where(has_comma, ~before_comma & ~self._particle, np.where(reverse, backward, forward | alone))
        self._after_comma: Flags = has_comma & ~before_comma
        roles = np.where(given & candidate, np.where(initial, _INITIAL, _FIRST), _LAST)
        # Only initials, or an initial beside a surname on its own ("P. Aa").
        roles = np.where(initial & (given | ~self._in_row(known | (~initial & candidate))), _INITIAL, roles)
        return np.where(title, _TITLE, roles).astype(np.int8)

    def surnames(self) -> pa.Array:
        """One key for each row with a surname: particles that stood behind the comma first, then the rest."""
        last = np.flatnonzero(self.roles == _LAST)
        order = last[np.lexsort((last, ~self._after_comma[last], self.row[last]))]
        texts, offsets = flat_bytes(self.keys.take(pa.array(order)))
        per_row = np.bincount(self.row[order], weights=np.diff(offsets), minlength=len(self._counts)).astype(np.int64)
        has_surname = np.bincount(self.row[order], minlength=len(self._counts)) > 0
        return from_flat(texts, np.concatenate([[0], np.cumsum(per_row[has_surname])]))

    def joined(self, texts: pa.Array, kept: Flags) -> pa.Array:
        """The kept tokens of each row with a space between them."""
        counts = self._sum(kept)
        offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
        return pc.binary_join(pa.ListArray.from_arrays(offsets, pc.filter(texts, pa.array(kept))), " ")

    # Sums and places within rows, all of them on the flat tokens.

    def _sum(self, flags: Flags) -> Rows:
        return np.bincount(self.row[flags], minlength=len(self._counts)).astype(np.int64)

    def _in_row(self, flags: Flags) -> Flags:
        """Whether any token of the row is chosen."""
        return np.asarray((self._sum(flags) > 0)[self.row])

    def _running(self, flags: Flags) -> Rows:
        """How many tokens of the row before this one are chosen."""
        before = np.concatenate([[0], np.cumsum(flags)])
        starts = before[self._ends - self._counts]
        return np.asarray(before[:-1] - starts[self.row])

    def _place_among(self, flags: Flags) -> Rows:
        return np.where(flags, self._running(flags), -1)

    def _before(self, comma: Flags) -> Flags:
        """Up to and with the first comma of the row."""
        return np.asarray(self._in_row(comma) & (self._running(comma) == 0))

    def _final(self, flags: Flags) -> Flags:
        """The last chosen token of each row."""
        return np.asarray(flags & (self._running(flags) == self._sum(flags)[self.row] - 1))

    def _unbroken(self, flags: Flags, backwards: bool = False) -> Flags:
        """Whether all tokens of the row before (or after) this one are chosen."""
        broken = self._running(~flags)
        if backwards:
            broken = self._sum(~flags)[self.row] - broken - ~flags
        return np.asarray(broken == 0)

    def _first_half_known(self, first: Names) -> Flags:
        """Whether the part before a hyphen is a first name: Jean-Pierre."""
        hyphen = _flags(pc.match_substring(self.bare, "-"))
        if not hyphen.any():
            return hyphen
        halves = compact(pc.replace_substring_regex(pc.filter(self.bare, pa.array(hyphen)), "-.*", ""))
        hyphen[hyphen] = first.is_known(halves)
        return hyphen


def _flags(values: pa.Array) -> Flags:
    return np.array(values.to_numpy(zero_copy_only=False), dtype=bool)


def _put(values: pa.Array, rows: Flags, new: pa.Array) -> pa.Array:
    return pc.replace_with_mask(values, pa.array(rows), new)
