"""Letters and digits of whole columns, as NumPy matrices: what every identifier computes on.

`Compact` holds the letters (in upper case) and digits of each value, left-aligned, as ASCII codes; white space and
the usual punctuation between them are left out. `write_characters` and `write_digits` put others back in their places.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.uint64]

SEPARATORS = " .-/"
_SEPARATOR, _OTHER = 0, 255
_ZERO = np.uint8(ord("0"))
_IS_LETTER_OR_DIGIT = np.array([chr(code).isalnum() and code < 128 for code in range(256)])
_IS_DIGIT = np.array([48 <= code < 58 for code in range(256)])
_FIRST_LOWER = ord("a")
_VALUES = np.full(256, 255, np.uint8)
"""ASCII code -> value of the sign in ISO 7064 and ISO 13616: 0..9, A = 10 .. Z = 35."""
_VALUES[48:58] = np.arange(10)
_VALUES[65:91] = np.arange(10, 36)


class Compact(NamedTuple):
    """The letters and digits of a column's values."""

    codes: Bytes
    """[n, width]: ASCII codes, letters in upper case, zero after the last."""
    lengths: NDArray[np.int64]
    """[n]: how many there are; -1 for null, and for values with other characters than these and separators."""

    def where(self, length: int, *patterns: str) -> Flags:
        """[n]: values of this length where some pattern fits: 9 is a digit, A a letter, X either, any
        other sign itself."""
        fits = np.zeros(len(self.lengths), dtype=bool)
        for pattern in patterns or ("9" * length,):
            this = self.lengths == length
            for place, sign in enumerate(pattern):
                column = self.codes[:, place]
                if sign == "9":
                    this &= _IS_DIGIT[column]
                elif sign == "A":
                    this &= (column >= ord("A")) & (column <= ord("Z"))
                elif sign == "X":
                    this &= column != 0
                else:
                    this &= column == ord(sign)
            fits |= this
        return fits

    def digits(self, begin: int = 0, end: int | None = None) -> Bytes:
        """[n, end - begin]: the digits as 0..9; of no meaning where there are other signs."""
        return self.codes[:, begin:end] - _ZERO

    def without_prefix(self, *prefixes: str) -> Compact:
        """The same values, those that begin with one of the prefixes (all equally long) without it."""
        width = len(prefixes[0])
        starts = np.zeros(len(self.lengths), dtype=bool)
        for prefix in prefixes:
            starts |= (self.codes[:, :width] == np.frombuffer(prefix.encode(), np.uint8)).all(axis=1)
        starts &= self.lengths >= width
        codes = self.codes.copy()
        codes[starts, :-width] = self.codes[starts, width:]
        codes[starts, -width:] = 0
        return Compact(codes, np.where(starts, self.lengths - width, self.lengths))

    def text(self) -> pa.Array:
        """string [n]: the letters and digits alone; empty where `lengths` is -1."""
        lengths = np.clip(self.lengths, 0, self.codes.shape[1])
        flat = self.codes[np.arange(self.codes.shape[1]) < lengths[:, None]]
        return _strings(flat, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]))


def flat_bytes(values: pa.Array) -> tuple[Bytes, NDArray[np.int64]]:
    """All UTF-8 bytes of a string column (read-only), and the n + 1 offsets between its values, from 0."""
    count = len(values)
    _, offset_buffer, data_buffer = values.buffers()
    if count == 0 or offset_buffer is None:
        return np.zeros(0, np.uint8), np.zeros(count + 1, np.int64)
    offsets = np.frombuffer(offset_buffer, np.int32)[values.offset : values.offset + count + 1].astype(np.int64)
    if data_buffer is None:
        return np.zeros(0, np.uint8), offsets - offsets[0]
    return np.frombuffer(data_buffer, np.uint8)[offsets[0] : offsets[-1]], offsets - offsets[0]


def compact(values: pa.Array, width: int, separators: str = SEPARATORS) -> Compact:
    """The letters and digits of a string column, up to `width` per value; `lengths` counts those beyond it too."""
    data, offsets = flat_bytes(values)
    table = np.full(256, _OTHER, np.uint8)
    table[[ord(sign) for sign in separators]] = _SEPARATOR
    for code in range(128):
        if _IS_LETTER_OR_DIGIT[code]:
            table[code] = ord(chr(code).upper())
    signs = table[data]
    wanted = (signs != _SEPARATOR) & (signs != _OTHER)
    running = np.concatenate([np.zeros(1, np.int64), np.cumsum(wanted)])
    others = np.concatenate([np.zeros(1, np.int64), np.cumsum(signs == _OTHER)])
    lengths = np.diff(running[offsets])
    rows = np.repeat(np.arange(len(lengths)), lengths)
    places = np.arange(len(rows)) - np.repeat(running[offsets[:-1]], lengths)
    codes = np.zeros((len(lengths), width), np.uint8)
    inside = places < width
    codes[rows[inside], places[inside]] = signs[wanted][inside]
    lengths[np.diff(others[offsets]) > 0] = -1
    if values.null_count:
        lengths[values.is_null().to_numpy(zero_copy_only=False)] = -1
    return Compact(codes, lengths)


def verdict(values: pa.Array, valid: Flags) -> pa.Array:
    """bool [n]: `valid`, null where the value is null."""
    nulls = values.is_null().to_numpy(zero_copy_only=False) if values.null_count else None
    return pa.array(valid, pa.bool_(), mask=nulls)


def write_characters(like: pa.Array, codes: Bytes) -> pa.Array:
    """`like`, its letters and digits replaced one for one by the first of each row of `codes` [n, width] (ASCII).

    A letter is written in the case of the letter that it replaces, in upper case in the place of a digit.
    """
    data, offsets = flat_bytes(like)
    chosen = _IS_LETTER_OR_DIGIT[data]
    rows, places = _rows_and_places(chosen, offsets)
    new = codes[rows, places]
    old = data[chosen]
    lower = (old >= _FIRST_LOWER) & (new >= ord("A"))
    return _with(like, data, chosen, np.where(lower, new | np.uint8(32), new))


def write_digits(like: pa.Array, digits: Bytes) -> pa.Array:
    """`like`, its digits replaced one for one by the last of each row of `digits` [n, width], 0..9."""
    data, offsets = flat_bytes(like)
    chosen = _IS_DIGIT[data]
    running = np.concatenate([np.zeros(1, np.int64), np.cumsum(chosen)])
    counts = np.diff(running[offsets])
    rows, places = _rows_and_places(chosen, offsets)
    return _with(like, data, chosen, digits[rows, digits.shape[1] - counts[rows] + places] + _ZERO)


def _rows_and_places(chosen: Flags, offsets: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each chosen byte its row, and how many chosen ones are before it in that row."""
    running = np.concatenate([np.zeros(1, np.int64), np.cumsum(chosen)])
    begins = running[offsets[:-1]]
    counts = np.diff(running[offsets])
    rows = np.repeat(np.arange(len(counts)), counts)
    return rows, np.arange(len(rows)) - begins[rows]


def _with(like: pa.Array, data: Bytes, chosen: Flags, new: Bytes) -> pa.Array:
    changed = data.copy()
    changed[chosen] = new
    return _strings(changed, flat_bytes(like)[1])


def _strings(data: Bytes, offsets: NDArray[np.int64]) -> pa.Array:
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers)


def rows_as_text(codes: Bytes) -> pa.Array:
    """uint8 [n, width] of ASCII codes -> string [n], all of this width."""
    rows, width = codes.shape
    return _strings(codes.reshape(-1), np.arange(rows + 1, dtype=np.int64) * width)


def number(digits: Bytes) -> Numbers:
    """uint64 [n]: what the digits [n, width], at most 19, write in decimal."""
    result = np.zeros(len(digits), np.uint64)
    for place in range(digits.shape[1]):
        result = result * np.uint64(10) + digits[:, place]
    return result


def decimal(numbers: Numbers, width: int) -> Bytes:
    """uint8 [n, width]: the last `width` decimal digits of each number, 0..9, zeros in front."""
    rest = numbers.astype(np.uint64)
    digits = np.empty((len(rest), width), np.uint8)
    for place in range(width - 1, -1, -1):
        rest, digits[:, place] = np.divmod(rest, np.uint64(10))
    return digits


def joined(*parts: Bytes) -> Bytes:
    """The digits of the parts, side by side."""
    return np.concatenate(parts, axis=1)


def constant(text: str, rows: int) -> Bytes:
    """uint8 [rows, width]: the digits of `text` on every row."""
    return np.tile(np.array([int(sign) for sign in text], np.uint8), (rows, 1))


def weighted(digits: Bytes, weights: Sequence[int]) -> NDArray[np.int64]:
    """int64 [n]: the sum of the digits times their weights."""
    return digits.astype(np.int64) @ np.array(weights, np.int64)


def luhn(digits: Bytes, count: int | NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """int64 [n]: the sum of ISO/IEC 7812-1 annex B, modulo 10, of the first `count` digits; 0 when all is right."""
    width = digits.shape[1]
    lengths = np.broadcast_to(np.asarray(width if count is None else count), (len(digits),))
    total = np.zeros(len(digits), np.int64)
    for place in range(width):
        digit = digits[:, place].astype(np.int64)
        from_right = lengths - place
        doubled = np.where(digit < 5, 2 * digit, 2 * digit - 9)
        total += np.where(from_right < 1, 0, np.where(from_right % 2 == 0, doubled, digit))
    return total % 10


def luhn_digit(digits: Bytes) -> Bytes:
    """uint8 [n, 1]: the digit that makes `luhn` of all digits with it at the end 0."""
    nothing = np.zeros((len(digits), 1), np.uint8)
    return ((10 - luhn(joined(digits, nothing))) % 10).astype(np.uint8)[:, None]


def mod_11_10(digits: Bytes) -> Bytes:
    """uint8 [n, 1]: the check digit of ISO/IEC 7064, MOD 11,10."""
    product = np.full(len(digits), 10, np.int64)
    for place in range(digits.shape[1]):
        total = (product + digits[:, place]) % 10
        product = np.where(total == 0, 10, total) * 2 % 11
    return ((11 - product) % 10).astype(np.uint8)[:, None]


def mod_97(codes: Bytes, lengths: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """int64 [n]: the signs of each row as ISO 13616 reads them (A = 10 .. Z = 35), one after the other, modulo 97."""
    rest = np.zeros(len(codes), np.int64)
    for place in range(codes.shape[1]):
        value = _VALUES[codes[:, place]].astype(np.int64)
        following = (rest * np.where(value < 10, 10, 100) + value) % 97
        rest = following if lengths is None else np.where(place < lengths, following, rest)
    return rest
