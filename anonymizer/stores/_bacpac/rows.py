"""The rows of a data part (.BCP) of a package: found, cut into cells, and put together again.

A row is its cells one behind the other; a cell is a length (of 0, 1, 2, 4 or 8 bytes, all ones for NULL) and a value.
The walk from length to length is a loop, since each row begins where the one before it ends; all values of a column
are then read at once. Source: packages made by SqlPackage, and their tables in other formats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.errors import InternalError, SourceError, TargetError
from anonymizer.stores._bacpac.cells import Codec, codec
from anonymizer.stores._bacpac.model import CellType
from anonymizer.stores._bytes import Misfit
from anonymizer.stores._sql.spans import batch_of, changed, splice

ROW_BYTES_MAX = 512 << 20
"""A longer row is taken for damage."""


@dataclass(frozen=True, slots=True)
class PartFrame:
    """Some rows as they stand, around the cells that were read."""

    block: pa.Buffer
    starts: np.ndarray
    """int32, rows x wanted columns in the order of the rows; a cell's span holds its length."""
    ends: np.ndarray
    spans: tuple[int, ...]
    """For each column of the batch, which of these spans is its own."""
    codecs: tuple[Codec, ...]
    batch: pa.RecordBatch
    table: str


class RowReader:
    """Reads the rows of one table."""

    def __init__(self, names: Sequence[str], cells: Sequence[CellType], table: str) -> None:
        self.names = tuple(names)
        self._codecs = tuple(map(codec, cells))
        self._table = table
        steps: list[tuple[int, int, int]] = []
        gap = 0
        for one in self._codecs:
            if one.prefix:
                steps.append((gap, one.prefix, (1 << 8 * one.prefix) - 1))
                gap = 0
            else:
                gap += one.width
        self._steps, self._tail = tuple(steps), gap

    def walk(self, data: bytes) -> tuple[np.ndarray, int]:
        """Where the cells of the whole rows in `data` begin (int32, rows x (cells + 1)), and how far they reach."""
        size, position, row_start = len(data), 0, 0
        found: list[int] = []
        note = found.append
        take = int.from_bytes
        while position < size:
            row_start = position
            for gap, prefix, null in self._steps:
                position += gap
                length = take(data[position : position + prefix], "little")
                note(position)
                position += prefix
                if length != null:
                    position += length
                note(position)
                if position > size:
                    break
            position += self._tail
            if position > size:
                break
            row_start = position
        width = 2 * len(self._steps)
        if not width:
            rows = size // self._tail if self._tail else 0
            row_start = rows * self._tail
        else:
            rows = len(found) // width
            if rows * width != len(found) or position > size:
                rows -= rows * width == len(found)
        stops = np.array(found[: rows * width], np.int64).reshape(rows, width)
        return self._bounds(stops, rows), row_start

    def _bounds(self, stops: np.ndarray, rows: int) -> np.ndarray:
        """All cells' beginnings from those of the cells that have lengths."""
        bounds = np.empty((rows, len(self._codecs) + 1), np.int64)
        ends = stops[:, 1::2]
        if len(self._steps):
            begin = np.append(0, ends[:-1, -1] + self._tail) if rows else np.empty(0, np.int64)
        else:
            begin = np.arange(rows, dtype=np.int64) * self._tail
        step = 0
        for place, one in enumerate(self._codecs):
            bounds[:, place] = begin
            if one.prefix:
                begin = ends[:, step]
                step += 1
            else:
                begin = begin + one.width
        bounds[:, -1] = begin
        return bounds

    def read(self, data: bytes, bounds: np.ndarray, wanted: Sequence[str]) -> tuple[pa.RecordBatch, PartFrame]:
        """The wanted columns of these rows. Raises SourceError for what their types do not allow."""
        block = pa.py_buffer(data)
        stored = sorted(set(wanted), key=self.names.index)
        places = [self.names.index(name) for name in stored]
        starts, ends = bounds[:, places].astype(np.int32), bounds[:, [place + 1 for place in places]].astype(np.int32)
        values = []
        for span, (name, place) in enumerate(zip(stored, places, strict=True)):
            try:
                values.append(self._codecs[place].read(block, starts[:, span], ends[:, span]))
            except Misfit as fault:
                raise SourceError(f"{self._table}.{name}: {fault}; export the database again") from None
        spans = tuple(stored.index(name) for name in wanted)
        batch = batch_of([values[span] for span in spans], list(wanted), len(bounds))
        codecs = tuple(self._codecs[self.names.index(name)] for name in wanted)
        return batch, PartFrame(block, starts, ends, spans, codecs, batch, self._table)


def write(frame: PartFrame, batch: pa.RecordBatch) -> pa.Buffer:
    """The rows with the batch's values in them; empty if it has no rows. Raises TargetError for what does not fit."""
    if not batch.num_rows:
        return pa.py_buffer(b"")
    if batch.num_rows != frame.batch.num_rows:
        raise InternalError(f"{frame.table}: the rows that come back are not those that were read; do not use it")
    replacements = []
    for name, span, one, old, new in zip(
        batch.schema.names, frame.spans, frame.codecs, frame.batch.columns, batch.columns, strict=True
    ):
        differs = changed(old, new)
        if not differs.any():
            continue
        rows = pa.array(differs)
        lengths = frame.ends[:, span] - frame.starts[:, span]
        try:
            written = one.write(pc.filter(new, rows), lengths[differs])
        except Misfit as fault:
            raise TargetError(f"{frame.table}.{name}: {fault}; choose another replacement for the column") from None
        whole = pc.replace_with_mask(pa.array([b""] * len(new), pa.binary()), rows, written)
        replacements.append((span, whole, differs))
    return splice(frame.block, frame.starts, frame.ends, replacements)
