"""Logins, and what stands before the @: the names in it map as names do, in the order and form in which they stand.

    jan.peeters, jan_peeters, peeters.jan    first name and surname, as in the columns that hold them
    j.peeters, jpeeters, peetersj            initial and surname
    janpeeters                               first name and surname, where the word lists know both
    info, x4711                              nothing that could agree with anything

What is what is told by the text alone (see `_grammar`), so that one address maps alike in every table.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Salts
from anonymizer.pseudonyms.written_form import flat_bytes, from_flat, without_accents
from anonymizer.transforms import _grammar
from anonymizer.transforms._cells import by_distinct, of_rows
from anonymizer.transforms._full_name import Letters
from anonymizer.transforms._names import Names
from anonymizer.transforms._pieces import Flags, Pieces, cut, filtered, replaced
from anonymizer.transforms._surnames import Surnames

_LETTER = np.array([byte >= 128 or chr(byte).isalpha() for byte in range(256)])
_LONGEST_FIRST = 12


class LocalParts:
    """Maps the names in local parts: string [n], normalised and without accents, no nulls."""

    def __init__(self, binding: Binding) -> None:
        self._first = Names(binding, "first_name")
        self._last = Surnames(binding)
        self._letters = Letters(self._first, self._last, titles=False)
        self._plain_first = by_distinct(lambda texts, *salts: _plain(self._first.written(texts, *salts)))
        self._plain_last = by_distinct(lambda texts, *salts: _plain(self._last(texts, *salts)))

    def __call__(self, values: pa.Array, salts: Salts | None = None) -> tuple[pa.Array, pa.Array]:
        """-> (the names in their order and form, the surname), lower case ASCII, null where there is none."""
        pieces = cut(values, _LETTER)
        letters = self._letters(pieces)
        pieces, letters = _double_initials(*self._parted(pieces, letters))
        roles = pieces.told(letters, _grammar.local_part)
        kept = roles != ord("+")
        pieces, roles = pieces.merged(kept), roles[kept]
        row = pieces.row
        first, last = roles == ord("f"), roles == ord("l")
        initial, end = roles == ord("i"), roles == ord("j")
        firsts = self._plain_first(filtered(pieces.texts, first), *(() if salts is None else (salts[row[first]],)))
        surnames = self._plain_last(filtered(pieces.texts, last), *(() if salts is None else (salts[row[last]],)))
        rest = ~(first | last | initial | end)
        changes = [
            (first, firsts),
            (last, surnames),
            (initial, self._first.initials(_ascii(filtered(pieces.texts, initial)), of_rows(salts, row[initial]))),
            (end, self._last.names.initials(_ascii(filtered(pieces.texts, end)), of_rows(salts, row[end]))),
            (rest, by_distinct(_separators)(filtered(pieces.texts, rest))),
        ]
        named = pc.utf8_trim(pieces.joined(replaced(pieces.texts, changes)), "._+-")
        place = np.full(len(values), -1)
        place[row[last]] = np.arange(len(surnames))
        alone = surnames.take(pa.array(place, mask=place < 0))
        return pc.if_else(pc.equal(named, ""), None, named), alone

    def _parted(self, pieces: Pieces, letters: np.ndarray) -> tuple[Pieces, np.ndarray]:
        """Words that stand alone and that no list holds, in two where the lists hold both halves."""
        words = np.bincount(pieces.row[pieces.is_word], minlength=len(pieces.rows) - 1)
        single = words[pieces.row] == 1
        alone = np.flatnonzero(single & np.isin(letters, [ord("W"), ord("S")]))
        alone = alone[~self._last.names.is_listed(pieces.texts.take(pa.array(alone)))]
        if not len(alone):
            return pieces, letters
        encoded = pieces.texts.take(pa.array(alone)).dictionary_encode()
        cuts, before, behind = (found[encoded.indices.to_numpy()] for found in self._cuts(encoded.dictionary))
        # Two letters are initials only where they are all there is.
        split = (cuts > 0) & (
            (before != ord("I")) | (behind != ord("I")) | (np.diff(pieces.rows)[pieces.row[alone]] == 1)
        )
        return _split(pieces, letters, alone[split], cuts[split], before[split], behind[split])

    def _cuts(self, words: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where to cut each word (0: nowhere), and the letters of both halves."""
        lengths = np.diff(flat_bytes(words)[1])
        plain = pc.string_is_ascii(words).to_numpy(zero_copy_only=False)
        cuts = np.zeros(len(words), np.int64)
        before, behind = np.zeros(len(words), np.uint8), np.zeros(len(words), np.uint8)

        def put(where: Flags, at: np.ndarray | int, kinds: str) -> None:
            new = where & plain & (cuts == 0)
            cuts[new] = np.broadcast_to(at, len(words))[new]
            before[new], behind[new] = ord(kinds[0]), ord(kinds[1])

        surname, first = self._last.names.is_listed, self._first.is_listed
        put((lengths == 2), 1, "II")
        for size in range(_LONGEST_FIRST, 2, -1):
            rest = lengths - size
            put((rest > 3) & first(_slice(words, 0, size)) & surname(_slice(words, size)), size, "FS")
        put((lengths > 4) & surname(_slice(words, 1)), 1, "IS")
        put((lengths > 4) & surname(_slice(words, 0, -1)), lengths - 1, "SI")
        for size in range(_LONGEST_FIRST, 2, -1):
            put(
                (lengths - size > 3) & first(_slice(words, -size)) & surname(_slice(words, 0, -size)),
                lengths - size,
                "SF",
            )
        return cuts, before, behind


def _double_initials(pieces: Pieces, letters: np.ndarray) -> tuple[Pieces, np.ndarray]:
    """`jp.dubois`: two letters before a name that no name could be written with are two initials."""
    many = np.bincount(pieces.row[pieces.is_word], minlength=len(pieces.rows) - 1)[pieces.row] > 1
    places = np.flatnonzero(many & (letters == ord("W")) & (np.diff(flat_bytes(pieces.texts)[1]) == 2))
    mute = pc.match_substring_regex(pieces.texts.take(pa.array(places)), r"^[b-df-hj-np-tv-xz]{2}$")
    places = places[mute.to_numpy(zero_copy_only=False)]
    initial = np.full(len(places), ord("I"), np.uint8)
    return _split(pieces, letters, places, np.ones(len(places), np.int64), initial, initial)


def _split(
    pieces: Pieces, letters: np.ndarray, places: np.ndarray, cuts: np.ndarray, before: np.ndarray, behind: np.ndarray
) -> tuple[Pieces, np.ndarray]:
    """The pieces at `places` in two each, with the letters of both halves."""
    if not len(places):
        return pieces, letters
    data, offsets = flat_bytes(pieces.texts)
    edges = np.insert(offsets, places + 1, offsets[places] + cuts)
    letters = letters.copy()
    letters[places] = before
    letters = np.insert(letters, places + 1, behind)
    rows = pieces.rows + np.searchsorted(places, pieces.rows)
    is_word = np.insert(pieces.is_word, places + 1, True)
    return Pieces(from_flat(data, edges), rows, is_word), letters


def _slice(words: pa.Array, start: int, stop: int | None = None) -> pa.Array:
    return pc.utf8_slice_codeunits(words, start, stop)


def _separators(texts: pa.Array) -> pa.Array:
    """What stands between names: its first dot, underscore, hyphen or plus sign alone; a dot for a space."""
    texts = pc.replace_substring_regex(texts, r"\s+", ".")
    return pc.replace_substring_regex(texts, r"^[^._+-]*([._+-]?).*$", r"\1")


def _plain(names: pa.Array) -> pa.Array:
    """Lower case ASCII, what stands between its letters kept."""
    return pc.replace_substring_regex(without_accents(names, lower=True), r"[^a-z0-9._+-]+", "")


def _ascii(letters: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(letters, r"[^\x00-\x7F]", "x")
