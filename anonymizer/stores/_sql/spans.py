"""Values cut out of a block of text by position, and other values put in their places.

All that is not a value, and every value that did not change, keeps its bytes. Positions are int32: a block is far
below 2 GB.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_DEFAULT = np.frombuffer(b"Dd", np.uint8)


def cut(block: pa.Buffer, starts: np.ndarray, ends: np.ndarray) -> pa.Array:
    """The bytes from each start to its end, as binary; spans ascend and do not overlap."""
    bounds = np.empty(2 * len(starts) + 1, np.int32)
    bounds[0:-1:2], bounds[1::2], bounds[-1] = starts, ends, ends[-1] if len(ends) else 0
    spans = pa.Array.from_buffers(pa.binary(), 2 * len(starts), [None, pa.py_buffer(bounds), block])
    return spans.take(pa.array(np.arange(0, 2 * len(starts), 2, dtype=np.int32)))


def changed(old: pa.Array, new: pa.Array) -> np.ndarray:
    """bool: which values differ, null being equal to null only."""
    differs = pc.fill_null(pc.not_equal(old, new), False)
    if old.null_count or new.null_count:
        differs = pc.or_(differs, pc.xor(old.is_valid(), new.is_valid()))
    return differs.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


class _Frame(Protocol):
    @property
    def block(self) -> pa.Buffer: ...
    @property
    def starts(self) -> np.ndarray: ...
    @property
    def spans(self) -> tuple[int | None, ...]: ...
    @property
    def batch(self) -> pa.RecordBatch: ...


def defaulted(frame: _Frame) -> tuple[str, ...]:
    """The columns that INSERT statements do not name, or of which they say DEFAULT."""
    data, found = np.frombuffer(frame.block, np.uint8), []
    for name, span, values in zip(frame.batch.schema.names, frame.spans, frame.batch.columns, strict=True):
        nulls = values.is_null().to_numpy(zero_copy_only=False)
        if span is None or np.isin(data[frame.starts[nulls, span]], _DEFAULT).any():
            found.append(name)
    return tuple(found)


def splice(
    block: pa.Buffer,
    starts: np.ndarray,
    ends: np.ndarray,
    replacements: Sequence[tuple[int, pa.Array, np.ndarray]],
) -> pa.Buffer:
    """The block with other values in it.

    `starts` and `ends` (rows x spans) ascend through the block. A replacement is the position of its span within the
    row, the new bytes (binary, no nulls, one per row) and which rows take them.
    """
    if not replacements:
        return block
    rows, spans = starts.shape
    bounds = np.empty(2 * rows * spans + 2, np.int32)
    bounds[0], bounds[-1] = 0, block.size
    bounds[1:-1:2], bounds[2:-1:2] = starts.reshape(-1), ends.reshape(-1)
    pieces = [pa.Array.from_buffers(pa.binary(), len(bounds) - 1, [None, pa.py_buffer(bounds), block])]
    order = np.arange(len(bounds) - 1, dtype=np.int32)
    values = order[1::2].reshape(rows, spans)
    base = len(order)
    for span, new, taken in replacements:
        numbers = np.arange(base, base + rows, dtype=np.int32)
        values[:, span] = np.where(taken, numbers, values[:, span])
        pieces.append(new)
        base += rows
    result = pa.concat_arrays(pieces).take(pa.array(order))
    offsets = np.frombuffer(result.buffers()[1], np.int32)
    return result.buffers()[2].slice(int(offsets[0]), int(offsets[len(order)] - offsets[0]))


def batch_of(columns: Sequence[pa.Array | None], names: Sequence[str], rows: int) -> pa.RecordBatch:
    """A batch of so many rows; None is a column of nulls."""
    arrays = [pa.nulls(rows, pa.string()) if column is None else column for column in columns]
    if arrays:
        return pa.RecordBatch.from_arrays(arrays, names=list(names))
    # a batch without columns still knows its number of rows
    return pa.RecordBatch.from_arrays([pa.nulls(rows, pa.string())], names=["rows"]).select([])
