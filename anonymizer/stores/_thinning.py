"""Evenly spaced rows out of a table whose length is not known beforehand: every n-th, n doubling on the way."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

_SAMPLE_BYTES_MAX = 32 << 20
"""Most that a sample of one table takes, however long its rows are."""

_LINE_END = 10


class LineThinning:
    """A sample of lines."""

    def __init__(self, rows: int) -> None:
        self._rows = max(rows, 1)
        self._lines: list[bytes] = []
        self._step = 1
        self._ordinal = 0

    def feed(self, block: bytes | memoryview) -> None:
        """Look at the next whole lines."""
        ends = np.flatnonzero(np.frombuffer(block, np.uint8) == _LINE_END) + 1
        while len(self._lines) + len(ends) // self._step > 2 * self._rows + 1:
            self._halve()
        chosen = np.arange(-self._ordinal % self._step, len(ends), self._step)
        starts = np.append(0, ends)
        self._lines += [bytes(block[starts[line] : ends[line]]) for line in chosen.tolist()]
        self._ordinal += len(ends)
        while len(self._lines) > 1 and sum(map(len, self._lines)) > _SAMPLE_BYTES_MAX:
            self._halve()

    def text(self) -> bytes:
        """The lines kept: as many as asked for at most, from the first to near the last."""
        return b"".join(self._lines[place] for place in _spread(len(self._lines), self._rows))

    def _halve(self) -> None:
        self._lines = self._lines[::2]
        self._step *= 2


class BatchThinning:
    """A sample of the rows of batches."""

    def __init__(self, rows: int) -> None:
        self._rows = max(rows, 1)
        self._kept: pa.Table | None = None
        self._step = 1
        self._ordinal = 0

    def upcoming(self, rows: int) -> np.ndarray:
        """Which of the next `rows` rows will be looked at; they are counted with that, and are to be fed as chosen."""
        chosen = np.arange(-self._ordinal % self._step, rows, self._step)
        self._ordinal += rows
        return chosen

    def feed(self, batch: pa.RecordBatch) -> None:
        """Look at the next rows."""
        self.feed_chosen(batch.take(pa.array(self.upcoming(batch.num_rows))))

    def feed_chosen(self, batch: pa.RecordBatch) -> None:
        """Take the rows that `upcoming` chose."""
        new = pa.Table.from_batches([batch])
        self._kept = new if self._kept is None else pa.concat_tables([self._kept, new])
        while self._kept.num_rows > 2 * self._rows or (
            self._kept.num_rows > 1 and self._kept.nbytes > _SAMPLE_BYTES_MAX
        ):
            self._kept = self._kept.take(pa.array(np.arange(0, self._kept.num_rows, 2)))
            self._step *= 2

    def batches(self) -> list[pa.RecordBatch]:
        """The rows kept: as many as asked for at most, from the first to near the last."""
        if self._kept is None:
            return []
        places = _spread(self._kept.num_rows, self._rows)
        return self._kept.take(pa.array(places, pa.int64())).combine_chunks().to_batches()  # type: ignore[no-any-return]


def _spread(kept: int, wanted: int) -> list[int]:
    """`wanted` places among `kept`, the first and the last of them included."""
    if kept <= wanted:
        return list(range(kept))
    return [place * (kept - 1) // max(wanted - 1, 1) for place in range(wanted)]
