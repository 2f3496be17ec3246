"""COPY text, PostgreSQL's own row format: a block of whole lines into columns and back.

Only the wanted columns are cut out of the block; all other bytes travel as they stand, and so does every value that
comes back unchanged, whatever way it was escaped. Source: PostgreSQL manual, COPY, "Text Format".

>>> batch, frame = read(b"1\\tAnn\\\\tLee\\n2\\t\\\\N\\n", ["id", "name"], ["name"])
>>> batch["name"].to_pylist()
['Ann\\tLee', None]
>>> write(frame, batch).to_pybytes()
b'1\\tAnn\\\\tLee\\n2\\t\\\\N\\n'
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.errors import InternalError, SourceError
from anonymizer.stores._encoding import EncodingFault, decode, encode
from anonymizer.stores._sql.spans import batch_of, changed, cut, splice

_TAB, _LINE_END, _RETURN, _BACKSLASH = 9, 10, 13, 92

_ESCAPED = {b"\\": b"\\\\", b"\b": b"\\b", b"\t": b"\\t", b"\n": b"\\n", b"\v": b"\\v", b"\f": b"\\f", b"\r": b"\\r"}
"""What COPY TO escapes, the backslash first."""

_MEANING = np.arange(256, dtype=np.uint8)
"""Character after a backslash -> what both mean."""
_MEANING[[written[1] for written in _ESCAPED.values()]] = [ord(character) for character in _ESCAPED]

_NUMERIC = np.zeros(256, bool)
_NUMERIC[list(b"01234567x")] = True

_ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CopyFrame:
    """A block of COPY text around the values that were cut out of it."""

    block: pa.Buffer
    starts: np.ndarray
    """int32, rows x wanted columns in the order of the line."""
    ends: np.ndarray
    spans: tuple[int | None, ...]
    """For each column of the batch, which of these spans is its own; None for one that the lines do not have."""
    batch: pa.RecordBatch
    encoding: str
    table: str


def read(
    block: Any, columns: Sequence[str], wanted: Sequence[str], encoding: str = "utf-8", table: str = "", line: int = 1
) -> tuple[pa.RecordBatch, CopyFrame]:
    """Cut the wanted columns out of a block of whole lines (bytes-like, in `encoding`, without the `\\.` line).

    `columns` are those of the COPY statement; the batch has the wanted ones, in the wanted order, as Arrow `string`: a
    wanted column that the lines do not have is null. `table` and `line` (of the block's first line) serve messages.
    Raises SourceError for a line with another number of columns, an unfinished escape and bytes that are not valid in
    the encoding.
    """
    data = pa.py_buffer(block)
    starts, ends = _fields(np.frombuffer(data, np.uint8), len(columns), table, line)
    in_line = sorted(set(wanted).intersection(columns), key=columns.index)
    places = [columns.index(name) for name in in_line]
    starts, ends = np.ascontiguousarray(starts[:, places]), np.ascontiguousarray(ends[:, places])
    spans = tuple(in_line.index(name) if name in in_line else None for name in wanted)
    values: list[pa.Array | None] = []
    for name, span in zip(wanted, spans, strict=True):
        if span is None:
            values.append(None)
            continue
        try:
            values.append(_read_column(cut(data, starts[:, span], ends[:, span]), encoding))
        except EncodingFault as fault:
            raise SourceError(
                f"{table}.{name}, line {line + fault.row}: the value is not valid {encoding}: dump again, or correct"
                " the encoding that the dump states"
            ) from None
        except _UnfinishedEscape as fault:
            raise SourceError(
                f"{table}.{name}, line {line + fault.row}: the value ends in the middle of an escape: dump again"
            ) from None
    batch = batch_of(values, wanted, len(starts))
    return batch, CopyFrame(data, starts, ends, spans, batch, encoding, table)


def write(frame: CopyFrame, batch: pa.RecordBatch) -> pa.Buffer:
    """The block with the batch's values in it (bytes-like); empty if the batch has no rows left.

    Raises TargetError for a value that the encoding cannot express.
    """
    if not batch.num_rows:
        return pa.py_buffer(b"")
    if batch.num_rows != frame.batch.num_rows:
        raise InternalError(f"{frame.table}: the rows that come back are not those that were read; do not use it")
    replacements = []
    for name, span, old, new in zip(batch.schema.names, frame.spans, frame.batch.columns, batch.columns, strict=True):
        differs = changed(old, new)
        if span is not None and differs.any():
            raw = _escape(encode(new, frame.encoding, f"{frame.table}.{name}"))
            replacements.append((span, raw.fill_null(b"\\N"), differs))
    return splice(frame.block, frame.starts, frame.ends, replacements)


class _UnfinishedEscape(Exception):
    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def _fields(data: np.ndarray, columns: int, table: str, line: int) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends (int32, rows x columns) of all fields of a block of whole lines."""
    separators = np.flatnonzero((data - np.uint8(_TAB)) < 2).astype(np.int32)
    if not columns:
        empty = np.empty((len(separators), 0), np.int32)
        if len(separators) != len(data) or (data != _LINE_END).any():
            raise SourceError(f"{table}, line {line}: the line does not have the columns that COPY names: dump again")
        return empty, empty
    rows = len(separators) // columns
    is_end = data[separators] == _LINE_END
    expected = rows * columns == len(separators) and (not len(data) or data[-1] == _LINE_END)
    shape = is_end[: rows * columns].reshape(rows, columns)
    if not expected or not shape[:, -1].all() or shape[:, :-1].any():
        per_line = np.diff(np.flatnonzero(is_end), prepend=-1)
        wrong = int(np.argmax(per_line != columns)) if (per_line != columns).any() else len(per_line)
        raise SourceError(
            f"{table}, line {line + wrong}: the line does not have the {columns} columns that COPY names: dump again"
        )
    bounds = np.zeros(len(separators) + 1, np.int32)
    np.add(separators, 1, out=bounds[1:])
    starts, ends = bounds[:-1].reshape(rows, columns), separators.reshape(rows, columns)
    if rows:
        last = ends[:, -1]
        returns = (data[np.maximum(last - 1, 0)] == _RETURN) & (last > starts[:, -1])
        if returns.all():
            ends = ends.copy()
            ends[:, -1] -= 1
        elif returns.any():
            raise SourceError(f"{table}, line {line + int(np.argmax(returns))}: lines end in two ways: dump again")
    return starts, ends


def _read_column(raw: pa.Array, encoding: str) -> pa.Array:
    """binary as it stands in the file -> string."""
    values = decode(_unescape(raw), encoding)
    is_null = pc.equal(raw, b"\\N")
    return pc.if_else(is_null, pa.scalar(None, pa.string()), values) if is_null.true_count else values


def _unescape(raw: pa.Array) -> pa.Array:
    """binary -> binary without escapes; the null marker becomes the letter N. Raises _UnfinishedEscape."""
    if not len(raw) or raw.buffers()[2] is None:
        return raw
    offsets = np.frombuffer(raw.buffers()[1], np.int32)[: len(raw) + 1]
    data = np.frombuffer(raw.buffers()[2], np.uint8)[: offsets[-1]]
    slashes = np.flatnonzero(data == _BACKSLASH)
    if not len(slashes):
        return raw
    # in a run of backslashes every other one begins an escape; values end with whole escapes, so runs may cross them
    begins_run = np.diff(slashes, prepend=-2) != 1
    position = np.arange(len(slashes))
    in_run = position - np.maximum.accumulate(np.where(begins_run, position, 0))
    escapes = slashes[in_run % 2 == 0]
    row = np.searchsorted(offsets, escapes, side="right") - 1
    unfinished = escapes + 1 >= offsets[row + 1]
    if unfinished.any():
        raise _UnfinishedEscape(int(row[np.argmax(unfinished)]))
    if _NUMERIC[data[escapes + 1]].any():  # pg_dump never writes these
        return pa.array([_ESCAPE.sub(_meaning, value) for value in raw.to_pylist()], pa.binary())
    plain = data.copy()
    plain[escapes + 1] = _MEANING[data[escapes + 1]]
    kept = np.ones(len(data), bool)
    kept[escapes] = False
    length = np.zeros(len(data) + 1, np.int32)
    np.cumsum(kept, out=length[1:])
    return pa.Array.from_buffers(
        pa.binary(), len(raw), [None, pa.py_buffer(length[offsets]), pa.py_buffer(plain[kept])]
    )


def _meaning(escape: re.Match[bytes]) -> bytes:
    text = escape[1]
    if text[:1] == b"x" and len(text) > 1:
        return bytes([int(text[1:], 16)])
    if text[:1] in b"01234567":
        return bytes([int(text, 8) & 0xFF])
    return bytes([_MEANING[text[0]]])


def _escape(values: pa.Array) -> pa.Array:
    """binary -> binary as COPY TO would write it, null where null."""
    if values.buffers()[2] is None:
        return values
    data = np.frombuffer(values.buffers()[2], np.uint8)
    if not ((data - np.uint8(8)) < 6).any() and not (data == _BACKSLASH).any():  # 8 to 13: from \b to \r
        return values
    for character, escape in _ESCAPED.items():
        values = pc.replace_substring(values, pattern=character, replacement=escape)
    return values
