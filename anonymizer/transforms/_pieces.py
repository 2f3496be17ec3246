"""Columns cut into words and what stands between them, put together again without copying what stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.pseudonyms.written_form import Bytes, flat_bytes, from_flat

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Pieces(NamedTuple):
    """The pieces of some values, in order: `texts[rows[n] : rows[n + 1]]` are those of value n."""

    texts: pa.Array
    rows: Places
    is_word: Flags

    @property
    def row(self) -> Places:
        """The value that each piece is of."""
        return np.repeat(np.arange(len(self.rows) - 1), np.diff(self.rows))

    def joined(self, texts: pa.Array) -> pa.Array:
        """Other texts, one for each piece, put together: string [number of values]."""
        data, offsets = flat_bytes(texts)
        return from_flat(data, offsets[self.rows])

    def merged(self, kept: Flags) -> Pieces:
        """Each piece not kept becomes part of the one before it; the first of each value must be kept."""
        data, offsets = flat_bytes(self.texts)
        rows = np.concatenate([[0], np.cumsum(kept)])[self.rows]
        return Pieces(from_flat(data, np.append(offsets[:-1][kept], len(data))), rows, self.is_word[kept])

    def told(self, letters: Bytes, roles: Callable[[str], str]) -> Bytes:
        """The role of each piece: `letters` (ASCII, one for each piece) spell a pattern for each value."""
        patterns = from_flat(letters, self.rows).dictionary_encode()
        spelled = "".join(roles(pattern) for pattern in patterns.dictionary.to_pylist())
        flat = np.frombuffer(spelled.encode(), np.uint8)
        begins = flat_bytes(patterns.dictionary)[1][patterns.indices.to_numpy()]
        lengths = np.diff(self.rows)
        return np.asarray(flat[np.repeat(begins - self.rows[:-1], lengths) + np.arange(len(letters))])


def cut(values: pa.Array, is_word: Flags) -> Pieces:
    """`is_word` (bool [256]) tells which bytes words are made of; values without nulls."""
    data, offsets = flat_bytes(values)
    word = is_word[data]
    begins = np.ones(len(data), bool)
    begins[1:] = word[1:] != word[:-1]
    begins[offsets[:-1][np.diff(offsets) > 0]] = True
    starts = np.flatnonzero(begins)
    return Pieces(from_flat(data, np.append(starts, len(data))), np.searchsorted(starts, offsets), word[starts])


def replaced(texts: pa.Array, changes: list[tuple[Flags, pa.Array]]) -> pa.Array:
    """`texts` with other texts in the places that flags choose."""
    index = np.arange(len(texts))
    pools, size = [texts], len(texts)
    for where, new in changes:
        index[where] = size + np.arange(len(new))
        pools.append(new)
        size += len(new)
    return pa.concat_arrays([pool.cast(pa.string()) for pool in pools]).take(pa.array(index))


def filtered(texts: pa.Array, where: Flags) -> pa.Array:
    return pc.filter(texts, pa.array(where))
