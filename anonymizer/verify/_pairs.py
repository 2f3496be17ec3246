"""Many rows of fingerprints, more than memory holds, brought together again by the first of each row.

Beyond a budget they go to a nameless temporary file, in partitions by their upper bits. Fingerprints are keyed by
numbers that never leave the process, so the file tells nothing about a value.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

import numpy as np

from anonymizer.verify._fingerprint import U64

PARTITIONS = 64
_SHIFT = np.uint64(58)
_BUDGET = 1 << 19
"""Rows kept in memory before they are written out."""


class Pairs:
    """Rows of `width` numbers; those with the same first number come out of the same partition."""

    def __init__(self, width: int, budget: int = _BUDGET) -> None:
        self._width, self._budget = width, budget
        self._waiting: list[U64] = []
        self._rows = 0
        self._file: IO[bytes] | None = None
        self._places: list[list[tuple[int, int]]] = [[] for _ in range(PARTITIONS)]

    def add(self, *columns: U64) -> None:
        """Some rows, column by column."""
        if len(columns[0]):
            self._waiting.append(np.column_stack(columns))
            self._rows += len(columns[0])
        if self._rows > self._budget:
            self._write_out()

    def partitions(self) -> Iterator[U64]:
        """All rows as arrays of shape (rows, width)."""
        if self._file is None:
            yield np.concatenate([np.zeros((0, self._width), np.uint64), *self._waiting])
            return
        self._write_out()
        for places in self._places:
            pieces = [np.zeros((0, self._width), np.uint64)]
            for offset, size in places:
                self._file.seek(offset)
                pieces.append(np.frombuffer(self._file.read(size), np.uint64).reshape(-1, self._width))
            yield np.concatenate(pieces)

    def close(self) -> None:
        """Forget everything."""
        self._waiting = []
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write_out(self) -> None:
        if not self._waiting:
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="anonymizer-")  # noqa: SIM115 (open until `close`)
        rows = np.concatenate(self._waiting)
        self._waiting, self._rows = [], 0
        rows = rows[np.argsort(rows[:, 0])]
        ends = np.searchsorted(rows[:, 0] >> _SHIFT, np.arange(PARTITIONS + 1, dtype=np.uint64))
        self._file.seek(0, 2)
        for number in range(PARTITIONS):
            piece = rows[ends[number] : ends[number + 1]]
            if len(piece):
                self._places[number].append((self._file.tell(), piece.nbytes))
                self._file.write(piece.tobytes())
