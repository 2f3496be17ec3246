"""Bytes of many values at once, between Arrow and NumPy, and their hexadecimal digits."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Bytes = np.ndarray
"""uint8, values x width."""
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_NIBBLES = np.full(256, 255, np.uint8)
_NIBBLES[list(b"0123456789abcdef")] = np.arange(16)
_NIBBLES[list(b"ABCDEF")] = np.arange(10, 16)


class Misfit(Exception):
    """A value is not one of the type; the message is without the value."""


def as_bytes(numbers: np.ndarray) -> Bytes:
    return np.ascontiguousarray(numbers).view(np.uint8).reshape(len(numbers), -1)


def joined(data: Bytes) -> pa.Array:
    """A row of bytes each -> binary."""
    offsets = np.arange(len(data) + 1, dtype=np.int64) * data.shape[1]
    return unflat(np.ascontiguousarray(data).reshape(-1), offsets, pa.binary())


def offsets_of(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)])


def flat(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The bytes of all values without nulls, and where each begins (int64, one more than values)."""
    if not len(values):
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    offsets = np.frombuffer(values.buffers()[1], np.int32)[values.offset : values.offset + len(values) + 1].astype(
        np.int64
    )
    data = values.buffers()[2]
    content = np.empty(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]
    return np.ascontiguousarray(content), offsets - offsets[0]


def unflat(data: np.ndarray, offsets: np.ndarray, kind: pa.DataType) -> pa.Array:
    buffers = [None, pa.py_buffer(np.ascontiguousarray(offsets, np.int32)), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(kind, len(offsets) - 1, buffers)


def spread(values: pa.Array, valid: np.ndarray) -> pa.Array:
    """The values at the rows where `valid`, null elsewhere."""
    places = np.cumsum(valid) - 1
    return values.take(pa.array(places, pa.int64(), mask=~valid)) if len(values) else pa.nulls(len(valid), pa.string())


def little(data: Bytes) -> np.ndarray:
    """Little-endian bytes of any width up to 7 -> int64."""
    wide = np.zeros((len(data), 8), np.uint8)
    wide[:, : data.shape[1]] = data
    return wide.view("<i8").reshape(-1)


def to_hex(raw: pa.Array) -> pa.Array:
    """Bytes -> `\\x` and hexadecimal digits."""
    data, offsets = flat(raw)
    digits = np.empty((len(data), 2), np.uint8)
    digits[:, 0], digits[:, 1] = _HEX[data >> 4], _HEX[data & 15]
    return pc.binary_join_element_wise("\\x", unflat(digits.reshape(-1), offsets * 2, pa.string()), "")


def from_hex(values: pa.Array) -> pa.Array:
    """The inverse. Raises Misfit."""
    data, offsets = flat(pc.utf8_slice_codeunits(values, 2))
    if len(values) and not pc.all(pc.starts_with(values, "\\x")).as_py():
        raise Misfit("a value that is no binary one does not fit")
    nibbles = _NIBBLES[data]
    if (nibbles > 15).any() or (offsets % 2).any():
        raise Misfit("a value that is no binary one does not fit")
    pairs = nibbles.reshape(-1, 2)
    return unflat(pairs[:, 0] << 4 | pairs[:, 1], offsets // 2, pa.binary())


def zero_padded(raw: pa.Array, width: int) -> pa.Array:
    missing = width - pc.binary_length(raw).to_numpy()
    zeros = unflat(
        np.zeros(int(np.maximum(missing, 0).sum()), np.uint8), offsets_of(np.maximum(missing, 0)), pa.binary()
    )
    return pc.binary_join_element_wise(raw, zeros, pa.scalar(b"", pa.binary()))
