"""Logins, and what stands before the @: the names in it map as names do, and a token tells it from all others.

    jan.peeters   first name and surname, as in the columns that hold them
    j.peeters     initial and surname
    jpeeters      the same, where the word lists know the surname
    info, x4711   nothing that could agree with anything: a token alone

What is what is told by the text alone, so that one address maps alike in every table.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Binding, Salts
from anonymizer.pseudonyms.written_form import compact, counts_per_row, flat_bytes, from_flat
from anonymizer.transforms._cells import of_rows
from anonymizer.transforms._names import Names

_LETTER = np.array([byte >= 128 or chr(byte).isalpha() for byte in range(256)])
Flags = NDArray[np.bool_]


class LocalParts:
    """Maps the names in local parts: string [n], normalised and without accents, no nulls."""

    def __init__(self, binding: Binding) -> None:
        self._first = Names(binding, "first_name")
        self._last = Names(binding, "last_name")

    def __call__(self, values: pa.Array, salts: Salts | None = None) -> tuple[pa.Array, pa.Array]:
        """-> (first name or initial, surname), each lower case ASCII, null where there is none."""
        tokens, row = _letter_runs(values)
        count = len(values)
        lengths = np.diff(flat_bytes(tokens)[1])
        long = lengths > 1
        known_first = self._told_first(tokens, long, row, count)
        long_in_row = np.bincount(row[long], minlength=count)[row]
        # The first known first name of the row; with none of them, the first of several tokens.
        first = known_first & _leading(known_first, row, count)
        no_first = np.bincount(row[first], minlength=count)[row] == 0
        single = np.bincount(row, minlength=count)[row] == 1
        initial = ~long & no_first
        with_initial = np.bincount(row[initial], minlength=count)[row] > 0
        first |= long & no_first & ~with_initial & (long_in_row > 1) & _leading(long, row, count)
        surname = long & ~first
        # A single word is a surname if it is known as one, or is one behind an initial.
        alone = surname & single
        is_surname, joined = self._single_words(tokens, alone)
        surname &= ~alone | is_surname | joined
        texts = pc.if_else(pa.array(joined), _without_first_letter(tokens), tokens) if joined.any() else tokens
        initial &= np.bincount(row[surname], minlength=count)[row] > 0  # an initial alone is no name
        return (
            self._given(tokens, first, initial | joined, row, count, salts),
            self._surnames(texts, surname, row, count, salts),
        )

    def _told_first(self, tokens: pa.Array, long: Flags, row: NDArray[np.int64], count: int) -> Flags:
        """Which tokens are first names: a word behind the first one that is a surname too counts only behind a surname.

        So `mildred.bailey` is Mildred Bailey though the lists know Bailey alone, and `peeters.thomas` is Thomas. Behind
        an initial it is the surname: `j.lambert`.
        """
        first, last = self._first.is_known(tokens) & long, self._last.is_known(tokens) & long
        leads = _leading(long, row, count)
        behind_a_surname = np.bincount(row[leads & last & ~first], minlength=count)[row] > 0
        behind_an_initial = np.zeros(len(tokens), bool)
        behind_an_initial[1:] = ~long[:-1] & (row[1:] == row[:-1])
        return first & ((leads & ~(behind_an_initial & last)) | ~last | behind_a_surname)

    def _single_words(self, tokens: pa.Array, alone: Flags) -> tuple[Flags, Flags]:
        """Which of the words that stand alone are known surnames, and which an initial and a known surname."""
        surname, joined = np.zeros(len(tokens), bool), np.zeros(len(tokens), bool)
        if alone.any():
            words = pc.filter(tokens, pa.array(alone))
            surname[alone] = self._last.is_known(words)
            joined[alone] = ~surname[alone] & self._last.is_known(_without_first_letter(words))
        return surname, joined

    def _given(
        self, tokens: pa.Array, first: Flags, initial: Flags, row: NDArray[np.int64], count: int, salts: Salts | None
    ) -> pa.Array:
        result: pa.Array = pa.nulls(count, pa.string())
        rows = np.zeros(count, dtype=bool)
        initial = initial & _leading(initial, row, count)
        if initial.any():
            rows[row[initial]] = True
            letters = pc.utf8_slice_codeunits(pc.filter(tokens, pa.array(initial)), 0, 1)
            mapped = self._first.initials(pc.replace_substring_regex(letters, r"[^\x00-\x7F]", "x"))
            result = pc.replace_with_mask(result, pa.array(rows), mapped)
        if first.any():
            rows[:] = False
            rows[row[first]] = True
            names = compact(self._first(pc.filter(tokens, pa.array(first)), of_rows(salts, row[first])))
            result = pc.replace_with_mask(result, pa.array(rows), names)
        return result

    def _surnames(
        self, tokens: pa.Array, surname: Flags, row: NDArray[np.int64], count: int, salts: Salts | None
    ) -> pa.Array:
        """All surname tokens of a row together are its surname."""
        if not surname.any():
            return pa.nulls(count, pa.string())
        chosen = pc.filter(tokens, pa.array(surname))
        data, offsets = flat_bytes(chosen)
        per_row = np.bincount(row[surname], weights=np.diff(offsets), minlength=count).astype(np.int64)
        rows = per_row > 0
        keys = from_flat(data, np.concatenate([[0], np.cumsum(per_row[rows])]))
        mapped = compact(self._last(keys, of_rows(salts, rows)))
        return pc.replace_with_mask(pa.nulls(count, pa.string()), pa.array(rows), mapped)


def _letter_runs(values: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """The runs of letters in each value, flat, and the row of each."""
    data, offsets = flat_bytes(values)
    letter = _LETTER[data]
    begins = letter.copy()
    begins[1:] &= ~letter[:-1]
    starts_of_rows = offsets[:-1][np.diff(offsets) > 0]
    begins[starts_of_rows] = letter[starts_of_rows]
    positions = np.flatnonzero(begins)
    kept = np.cumsum(letter) - letter  # place of each byte once only letters are left
    edges = np.concatenate([kept[positions], [int(letter.sum())]])
    row = np.repeat(np.arange(len(values)), counts_per_row(begins, offsets))
    return from_flat(data[letter], edges), row


def _leading(flags: Flags, row: NDArray[np.int64], count: int) -> Flags:
    """The first chosen token of each row."""
    chosen = np.flatnonzero(flags)
    _, first = np.unique(row[chosen], return_index=True)
    result = np.zeros(len(flags), dtype=bool)
    result[chosen[first]] = True
    return result


def _without_first_letter(tokens: pa.Array) -> pa.Array:
    return pc.utf8_slice_codeunits(tokens, 1)
