"""The text of a table's data inside an archive: cut into blocks of whole lines, or thinned out for looking at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from anonymizer.errors import SourceError

BLOCK = 4 << 20
"""Bytes of text that become one batch."""

_SAMPLE_BYTES = 32 << 20
"""Most bytes that a sample of one table takes."""

_LINE_END = 10
_END_MARK = b"\\.\n"
_NAME = r'(?:"(?:[^"]|"")*"|[^\s".(]+)'
_COPY = re.compile(rf"COPY {_NAME}(?:\.{_NAME})? +(?:\((?P<columns>.*)\) )?FROM stdin;\s*\Z", re.DOTALL)
_COLUMN = re.compile(r'"((?:[^"]|"")*)"|([^\s",]+)')


def copy_columns(statement: str) -> list[str] | None:
    """The columns that a COPY statement of pg_dump names; None for a statement of another form.

    >>> copy_columns('COPY crm.person (id, "First, name") FROM stdin;')
    ['id', 'First, name']
    """
    match = _COPY.match(statement)
    if match is None:
        return None
    return [quoted.replace('""', '"') or bare for quoted, bare in _COLUMN.findall(match["columns"] or "")]


class CopyText:
    """Iterates over the lines of COPY text that comes in pieces, in blocks of about BLOCK bytes.

    When the iteration ends, `tail` holds what came after the rows: the end mark `\\.` and empty lines, without which
    the data is truncated, and nothing else. Raises SourceError, naming `what`.
    """

    def __init__(self, pieces: Iterable[bytes], what: str) -> None:
        self._pieces = iter(pieces)
        self._what = what
        self.tail = b""

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        while True:
            data = self._gather(rest, max(BLOCK, 2 * len(rest)))  # so that a long line costs no more than its length
            if len(data) == len(rest):
                raise SourceError(f"the data of {self._what} is truncated: its end mark is missing; dump again")
            at_once = data.startswith(_END_MARK)
            end = 0 if at_once else data.find(b"\n" + _END_MARK) + 1
            cut = end or (0 if at_once else data.rfind(b"\n") + 1)
            if cut:
                yield data[:cut]
            rest = data[cut:]
            if end or at_once:
                self.tail = self._end(rest)
                return

    def _gather(self, rest: bytes, size: int) -> bytes:
        parts, total = [rest], len(rest)
        while total < size and (piece := next(self._pieces, None)) is not None:
            parts.append(piece)
            total += len(piece)
        return b"".join(parts)

    def _end(self, tail: bytes) -> bytes:
        while not tail[2:].strip(b"\n"):
            piece = next(self._pieces, None)
            if piece is None:
                return tail
            tail += piece
        raise SourceError(f"the data of {self._what} goes on after its end mark; dump the database again")


def lines(block: bytes) -> pa.RecordBatch:
    """Whole lines as a batch of one binary column, without copying."""
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == _LINE_END) + 1
    offsets = np.concatenate(([0], ends)).astype(np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(block)]
    return pa.RecordBatch.from_arrays([pa.Array.from_buffers(pa.large_binary(), len(ends), buffers)], names=["line"])


def spread(batches: Iterable[pa.RecordBatch], rows: int) -> pa.RecordBatch | None:
    """At most `rows` evenly spaced rows out of batches whose number is not known beforehand; None without any.

    Keeps every n-th row, n doubling as more come, so that memory stays that of a batch and twice the result.
    """
    kept: pa.RecordBatch | None = None
    ordinal, step = 0, 1
    for batch in batches:
        while kept is not None and (
            kept.num_rows + batch.num_rows // step > 2 * rows or (kept.nbytes > _SAMPLE_BYTES and kept.num_rows > 1)
        ):
            kept, step = kept.take(pa.array(np.arange(0, kept.num_rows, 2))), 2 * step
        chosen = batch.take(pa.array(np.arange(-ordinal % step, batch.num_rows, step)))
        kept = chosen if kept is None else pa.concat_batches([kept, chosen])
        ordinal += batch.num_rows
    if kept is None or kept.num_rows <= rows:
        return kept
    return kept.take(pa.array(np.linspace(0, kept.num_rows - 1, rows).astype(np.int64)))
