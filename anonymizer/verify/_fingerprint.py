"""Keyed 64-bit fingerprints of texts, for comparing millions of values without keeping one of them.

The fingerprint of the bytes b0 b1 … is the sum of T[bj] * r^j modulo 2^64, where the table T and the odd number r are
drawn anew in each process and never leave it. Sums over whole buffers give the fingerprint of every stretch of text
at once, wherever it starts: that of bytes a to b is (P[b] - P[a]) * r^-a, P being the running sum.
Two different texts agree by chance with a probability of about 2^-58.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

SLICE = 1 << 18
"""Bytes of text taken at a time; a longer value is taken whole."""


def _draw(count: int) -> U64:
    return np.frombuffer(secrets.token_bytes(8 * count), np.uint64) | np.uint64(1)


class Fingerprinter:
    """One random function from texts to 64-bit numbers."""

    def __init__(self) -> None:
        drawn = _draw(262)
        self.table = drawn[:256]
        self.division = drawn[261]
        self.gap, self._length, self._pair, self._mix = drawn[256], drawn[257], drawn[258], drawn[259]
        self._base = int(drawn[260])
        self._powers = _both_powers(self._base, SLICE)

    def powers(self, size: int) -> tuple[U64, U64]:
        """r^0 … r^size, and the same of 1/r."""
        powers = self._powers
        if len(powers[0]) <= size:
            self._powers = powers = _both_powers(self._base, size)
        return powers

    def running_sum(self, data: U8) -> U64:
        """P[0] … P[n]: the sums over all beginnings of `data`."""
        powers, _ = self.powers(len(data))
        sums = np.zeros(len(data) + 1, np.uint64)
        np.take(self.table, data, out=sums[1:], mode="clip")
        sums[1:] *= powers[: len(data)]
        np.cumsum(sums[1:], out=sums[1:])
        return sums

    def cells(self, values: pa.Array) -> U64:
        """The fingerprint of each value of a `string` array, byte by byte; that of a null is 0."""
        prints = np.zeros(len(values), np.uint64)
        position = 0
        for part in sliced(values):
            offsets, data = flat(part)
            sums = self.running_sum(data)
            _, inverse = self.powers(len(data))
            starts, ends = offsets[:-1], offsets[1:]
            raw = (sums[ends] - sums[starts]) * inverse[starts] + (ends - starts + 1).astype(np.uint64) * self._length
            prints[position : position + len(part)] = self._mixed(raw)
            position += len(part)
        if values.null_count:
            prints[np.asarray(values.is_null().to_numpy(zero_copy_only=False))] = 0
        return prints

    def together(self, columns: list[U64]) -> U64:
        """The fingerprint of each row of several columns, in their order."""
        joint = columns[0]
        for column in columns[1:]:
            joint = self._mixed(joint * self._pair + column)
        return joint

    def _mixed(self, prints: U64) -> U64:
        """Spread over all bits, so that the upper ones can choose a partition."""
        prints = (prints ^ (prints >> np.uint64(32))) * self._mix
        mixed: U64 = prints ^ (prints >> np.uint64(29))
        return mixed


def spread(number: int) -> np.uint64:
    """Added to fingerprints, keeps those of different kinds apart (Weyl's sequence with the golden ratio)."""
    return np.uint64(number * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF)


def _both_powers(base: int, size: int) -> tuple[U64, U64]:
    return _powers_of(base, size + 1), _powers_of(pow(base, -1, 1 << 64), size + 1)


def _powers_of(base: int, count: int) -> U64:
    powers = np.empty(count, np.uint64)
    powers[0] = 1
    done = 1
    while done < count:
        step = min(done, count - done)
        powers[done : done + step] = powers[:step] * np.uint64(pow(base, done, 1 << 64))
        done += step
    return powers


def flat(values: pa.Array) -> tuple[I64, U8]:
    """Offsets (from 0) and bytes of a `string` array."""
    _, offsets, data = values.buffers()
    if offsets is None or len(values) == 0:
        return np.zeros(len(values) + 1, np.int64), np.zeros(0, np.uint8)
    ends = np.frombuffer(offsets, np.int32, len(values) + 1, values.offset * 4).astype(np.int64)
    if data is None:
        return ends - ends[0], np.zeros(0, np.uint8)
    return ends - ends[0], np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]


def sliced(values: pa.Array) -> Iterator[pa.Array]:
    """The array in pieces of about SLICE bytes of text."""
    offsets, _ = flat(values)
    start = 0
    while start < len(values):
        stop = int(np.searchsorted(offsets, offsets[start] + SLICE, side="right")) - 1
        stop = max(stop, start + 1)
        yield values.slice(start, stop - start)
        start = stop
