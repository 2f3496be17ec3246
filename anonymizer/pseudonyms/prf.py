"""AES-CMAC over whole Arrow columns: the keyed pseudo-random function under every pseudonym.

AES-CMAC is RFC 4493 (NIST SP 800-38B): 128 bits of output, secure for messages of any length. The messages are the
bytes of an Arrow string or binary column. All values with the same number of 16-byte blocks move together: NumPy
gathers their next block, and one call of AES-ECB encrypts it for all of them. That costs some 50 ns per short value.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from numpy.typing import NDArray

_BLOCK = 16
_ROWS_AT_ONCE = 1 << 15
_LONG = 64 * _BLOCK
"""From this length on, one value is enough work for a call of its own."""
_LOW_BYTES = np.array([(1 << (8 * n)) - 1 for n in range(9)], dtype=np.uint64)
"""Mask of the first n bytes of a little-endian word."""

Words = NDArray[np.uint64]


def _double(block: int) -> int:
    """Multiplication by x in GF(2^128), as RFC 4493 makes its subkeys."""
    return ((block << 1) & ((1 << 128) - 1)) ^ (0x87 if block >> 127 else 0)


def _words(block: bytes) -> Words:
    return np.frombuffer(block, "<u8").astype(np.uint64)


class Prf:
    """A keyed function of columns. Equal values give equal results on every machine."""

    def __init__(self, key: bytes) -> None:
        """`key`: 16 bytes."""
        self._key = key
        self._encryptor = Cipher(AES(key), modes.ECB()).encryptor()
        first = _double(int.from_bytes(self._encryptor.update(bytes(_BLOCK)), "big"))
        self._subkey = {
            True: _words(first.to_bytes(_BLOCK, "big")),
            False: _words(_double(first).to_bytes(_BLOCK, "big")),
        }

    def __call__(self, values: pa.Array) -> Words:
        """Arrow string or binary [n] -> uint64 [n, 2]: the CMAC of each value, as two little-endian words.

        The result for a null is of no meaning.
        """
        data, starts, lengths = _padded(values)
        result = np.empty((len(lengths), 2), np.uint64)
        blocks = np.maximum((lengths + _BLOCK - 1) // _BLOCK, 1)
        for begin in range(0, len(lengths), _ROWS_AT_ONCE):
            rows = slice(begin, begin + _ROWS_AT_ONCE)
            here = blocks[rows]
            for count in np.flatnonzero(np.bincount(np.minimum(here, _LONG // _BLOCK + 1))).tolist():
                if count * _BLOCK > _LONG:
                    continue
                chosen = begin + np.flatnonzero(here == count)
                result[chosen] = self._equally_long(data, starts[chosen], lengths[chosen], count)
        for row in np.flatnonzero(blocks * _BLOCK > _LONG).tolist():
            start = int(starts[row])
            result[row] = self._one(data[start : start + int(lengths[row])].tobytes())
        return result

    def salted(self, hashes: Words, salts: Words | None) -> Words:
        """uint64 [n, 2] twice -> uint64 [n, 2]: hashes of this function under another salt for each row, if any."""
        return hashes if salts is None else self.of_words(hashes ^ salts)

    def of_words(self, words: Words) -> Words:
        """uint64 [n, 2] -> uint64 [n, 2]: the CMAC of 16-byte messages given as two little-endian words."""
        return self._encrypt(words ^ self._subkey[True])

    def of_numbers(self, numbers: NDArray[np.unsignedinteger]) -> Words:
        """uint64 [n] -> uint64 [n, 2]: the CMAC of each number, written as 16 little-endian bytes."""
        words = np.zeros((len(numbers), 2), np.uint64)
        words[:, 0] = numbers
        return self.of_words(words)

    def stream(self, hashes: Words, lengths: NDArray[np.integer]) -> NDArray[np.uint8]:
        """uint64 [n, 2], int [n] -> uint8 [sum of lengths]: as many random bytes per row as `lengths` says.

        `hashes` are results of this function for the rows' values; the bytes of a row are a function of its hash.
        """
        lengths = lengths.astype(np.int64)
        blocks = (lengths + _BLOCK - 1) // _BLOCK
        first_block = np.cumsum(blocks) - blocks
        words = np.repeat(hashes, blocks, axis=0)
        # A row's n-th block is the CMAC of its hash plus n; CMACs of 16 bytes, apart from those of the values
        # themselves but for chance, since the hashes are random.
        words[:, 0] += (np.arange(len(words)) - np.repeat(first_block, blocks)).astype(np.uint64) + np.uint64(1)
        flat = self.of_words(words).astype("<u8").view(np.uint8).reshape(-1)
        shift = np.repeat(first_block * _BLOCK - (np.cumsum(lengths) - lengths), lengths)
        return np.asarray(flat[np.arange(int(lengths.sum())) + shift])

    def _encrypt(self, words: Words) -> Words:
        encrypted = self._encryptor.update(np.ascontiguousarray(words, "<u8").view(np.uint8).reshape(-1).data)
        return np.frombuffer(encrypted, "<u8").astype(np.uint64, copy=False).reshape(-1, 2)

    def _equally_long(
        self, data: NDArray[np.uint8], starts: NDArray[np.int64], lengths: NDArray[np.int64], blocks: int
    ) -> Words:
        """The CMACs of values that all have `blocks` blocks."""
        windows = np.ndarray(len(data) - 7, "<u8", data.data, strides=(1,))
        state = np.zeros((len(starts), 2), np.uint64)
        for block in range(blocks - 1):
            state[:, 0] ^= windows[starts + _BLOCK * block]
            state[:, 1] ^= windows[starts + (_BLOCK * block + 8)]
            state = self._encrypt(state).copy()
        last = starts + _BLOCK * (blocks - 1)
        left = lengths - _BLOCK * (blocks - 1)
        low = np.minimum(left, 8)
        state[:, 0] ^= windows[last] & _LOW_BYTES[low]
        state[:, 1] ^= windows[last + 8] & _LOW_BYTES[left - low]
        # An incomplete last block is padded with 0x80 and zeros, and takes the other subkey.
        padding = np.uint64(0x80) << ((left & 7).astype(np.uint64) << np.uint64(3))
        full = left == _BLOCK
        state[:, 0] ^= np.where(left < 8, padding, np.uint64(0))
        state[:, 1] ^= np.where((left < 8) | full, np.uint64(0), padding)
        state ^= np.where(full[:, None], self._subkey[True], self._subkey[False])
        return self._encrypt(state)

    def _one(self, message: bytes) -> Words:
        mac = CMAC(AES(self._key))
        mac.update(message)
        return _words(mac.finalize())

    def __repr__(self) -> str:
        return "Prf(redacted)"


def _padded(values: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """The values' bytes with 16 more behind them, and where each value starts and how long it is."""
    wide = pa.types.is_large_string(values.type) or pa.types.is_large_binary(values.type)
    if not (wide or pa.types.is_string(values.type) or pa.types.is_binary(values.type)):
        raise TypeError(f"a column of strings or bytes is needed, not {values.type}")
    count = len(values)
    _, offset_buffer, data_buffer = values.buffers()
    if count == 0 or offset_buffer is None:
        return np.zeros(_BLOCK, np.uint8), np.zeros(0, np.int64), np.zeros(0, np.int64)
    stored = np.frombuffer(offset_buffer, np.int64 if wide else np.int32)
    offsets: NDArray[np.int64] = stored[values.offset : values.offset + count + 1].astype(np.int64)
    begin, end = int(offsets[0]), int(offsets[-1])
    data = np.zeros(end - begin + _BLOCK, np.uint8)
    if end > begin:
        data[: end - begin] = np.frombuffer(data_buffer, np.uint8)[begin:end]
    return data, offsets[:-1] - begin, np.diff(offsets)
