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

from anonymizer.identifiers._written import (
    DIGITS,
    FOREIGN,
    LETTERS_AND_DIGITS,
    WANTED,
    Bytes,
    Places,
    apart_from,
    flat_bytes,
    forms,
    strings,
)

Flags = NDArray[np.bool_]
Numbers = NDArray[np.uint64]

SEPARATORS = " .-/"
_ZERO = np.uint8(ord("0"))
_CASE = np.uint8(32)
_FIRST_LETTER, _FIRST_LOWER = np.uint8(ord("A")), np.uint8(ord("a"))
_UPPER = np.arange(256, dtype=np.uint8)
_UPPER[ord("a") : ord("z") + 1] -= _CASE
_VALUES = np.zeros(256, np.uint8)
"""ASCII code -> value of the sign in ISO 7064 and ISO 13616: 0..9, A = 10 .. Z = 35."""
_VALUES[48:58] = np.arange(10)
_VALUES[65:91] = np.arange(10, 36)
_FOUR_DIGITS = np.stack([np.arange(10_000) // 10**power % 10 for power in (3, 2, 1, 0)], axis=1).astype(np.uint8)


class Compact(NamedTuple):
    """The letters and digits of a column's values."""

    codes: Bytes
    """[n, width]: ASCII codes, letters in upper case, zero after the last; stored column by column."""
    lengths: NDArray[np.int64]
    """[n]: how many there are; -1 for null, and for values that are long or hold more than these and separators."""

    def where(self, length: int, *patterns: str) -> Flags:
        """[n]: values of this length where some pattern fits: 9 is a digit, A a letter, another sign itself."""
        fits = np.zeros(len(self.lengths), dtype=bool)
        here = self.lengths == length
        if not here.any():
            return fits
        for pattern in patterns or ("9" * length,):
            this = here.copy()
            for place, sign in enumerate(pattern):
                column = self.codes[:, place]
                if sign == "9":
                    this &= (column - _ZERO) < 10
                elif sign == "A":
                    this &= (column - _FIRST_LETTER) < 26
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
            here = self.lengths >= width
            for place, sign in enumerate(prefix):
                here &= self.codes[:, place] == ord(sign)
            starts |= here
        if not starts.any():
            return self
        shifted = _columns(len(starts), self.codes.shape[1])
        shifted[:, :-width] = self.codes[:, width:]
        if starts.all():
            return Compact(shifted, self.lengths - width)
        for place in range(shifted.shape[1]):
            np.copyto(shifted[:, place], self.codes[:, place], where=~starts)
        return Compact(shifted, np.where(starts, self.lengths - width, self.lengths))

    def text(self) -> pa.Array:
        """string [n]: the letters and digits alone, as far as `codes` holds them; empty where `lengths` is -1."""
        width = self.codes.shape[1]
        lengths = np.clip(self.lengths, 0, width)
        if len(lengths) and (lengths == lengths[0]).all():
            return rows_as_text(self.codes[:, : lengths[0]])
        flat = np.ascontiguousarray(self.codes)[np.arange(width) < lengths[:, None]]
        return strings(flat, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]))


def _columns(rows: int, width: int) -> Bytes:
    """uint8 [rows, width] of zeros, column by column in memory."""
    return np.zeros((width, rows), np.uint8).T


def compact(values: pa.Array, width: int, separators: str = SEPARATORS) -> Compact:
    """The letters and digits of a string column, up to `width` per value; `lengths` counts those beyond it too."""
    data, offsets = flat_bytes(values)
    codes = _columns(len(values), width)
    lengths = np.where(np.diff(offsets) == 0, 0, -1)
    rest: list[Places] = []
    table = apart_from(separators)
    for form in forms(data, offsets, table, rest):
        if (form.kinds == FOREIGN).any():
            continue
        places = np.flatnonzero(form.kinds == WANTED)
        count = min(len(places), width)
        rows = slice(None) if form.whole else form.rows
        signs = form.data[:, places[:count]]
        codes[rows, :count] = signs - (signs >= _FIRST_LOWER) * _CASE  # only letters are above the small a
        lengths[rows] = len(places)
    if rest:
        rows = np.concatenate(rest)
        codes[rows], lengths[rows] = _one_by_one(data, offsets, rows, width, table)
    if values.null_count:
        nulls = values.is_null().to_numpy(zero_copy_only=False)
        codes[nulls], lengths[nulls] = 0, -1
    return Compact(codes, lengths)


def _selected(data: Bytes, offsets: Places, rows: Places) -> tuple[Places, Places]:
    """Where the bytes of some rows are in the flat data, and the offsets between these rows among them."""
    sizes = offsets[rows + 1] - offsets[rows]
    ends = np.cumsum(sizes)
    return np.arange(ends[-1]) + np.repeat(offsets[rows] - (ends - sizes), sizes), np.append(
        np.zeros(1, np.int64), ends
    )


def _rows_and_places(chosen: Flags, offsets: Places) -> tuple[Places, Places, Places]:
    """For each chosen byte its row, and how many chosen ones are before it in that row; how many each row has."""
    running = np.concatenate([np.zeros(1, np.int64), np.cumsum(chosen)])
    counts = np.diff(running[offsets])
    rows = np.repeat(np.arange(len(counts)), counts)
    return rows, np.arange(len(rows)) - running[offsets[:-1]][rows], counts


def _one_by_one(
    data: Bytes, offsets: Places, rows: Places, width: int, table: Bytes
) -> tuple[Bytes, NDArray[np.int64]]:
    """What `compact` does, for rows of any form."""
    where, inside = _selected(data, offsets, rows)
    kinds = table[data[where]]
    wanted = kinds == WANTED
    row, place, counts = _rows_and_places(wanted, inside)
    codes = np.zeros((len(rows), width), np.uint8)
    fits = place < width
    codes[row[fits], place[fits]] = _UPPER[data[where][wanted]][fits]
    others = np.diff(np.concatenate([np.zeros(1, np.int64), np.cumsum(kinds == FOREIGN)])[inside])
    codes[others > 0] = 0
    return codes, np.where(others > 0, -1, counts)


def verdict(values: pa.Array, valid: Flags) -> pa.Array:
    """bool [n]: `valid`, null where the value is null."""
    nulls = values.is_null().to_numpy(zero_copy_only=False) if values.null_count else None
    return pa.array(valid, pa.bool_(), mask=nulls)


def write_characters(like: pa.Array, codes: Bytes) -> pa.Array:
    """`like`, its letters and digits replaced one for one by the first of each row of `codes` [n, width] (ASCII).

    A letter is written in the case of the letter that it replaces, in upper case in the place of a digit.
    """

    def written(old: Bytes, new: Bytes) -> Bytes:
        if not old.size or old.max() < _FIRST_LOWER:
            return new
        return np.where((old >= _FIRST_LOWER) & (new >= _FIRST_LETTER), new | _CASE, new)

    data, offsets = flat_bytes(like)
    changed = data.copy()
    rest: list[Places] = []
    for form in forms(data, offsets, LETTERS_AND_DIGITS, rest):
        places = np.flatnonzero(form.kinds == WANTED)
        rows = slice(None) if form.whole else form.rows
        new = written(form.data[:, places], codes[rows, : len(places)])
        _put(changed, offsets, form.rows, places, form.whole, new)
    if rest:
        rare = np.concatenate(rest)
        where, inside = _selected(data, offsets, rare)
        chosen = LETTERS_AND_DIGITS[data[where]] == WANTED
        row, place, _ = _rows_and_places(chosen, inside)
        changed[where[chosen]] = written(data[where[chosen]], codes[rare[row], place])
    return strings(changed, offsets)


def write_digits(like: pa.Array, digits: Bytes) -> pa.Array:
    """`like`, its digits replaced one for one by the last of each row of `digits` [n, width], 0..9."""
    data, offsets = flat_bytes(like)
    changed = data.copy()
    width = digits.shape[1]
    rest: list[Places] = []
    for form in forms(data, offsets, DIGITS, rest):
        places = np.flatnonzero(form.kinds == WANTED)
        rows = slice(None) if form.whole else form.rows
        _put(changed, offsets, form.rows, places, form.whole, digits[rows, width - len(places) :] + _ZERO)
    if rest:
        rows = np.concatenate(rest)
        where, inside = _selected(data, offsets, rows)
        chosen = DIGITS[data[where]] == WANTED
        row, place, counts = _rows_and_places(chosen, inside)
        changed[where[chosen]] = digits[rows[row], width - counts[row] + place] + _ZERO
    return strings(changed, offsets)


def _put(data: Bytes, offsets: Places, rows: Places, places: Places, whole: bool, new: Bytes) -> None:
    """Write `new` [n, places] over these places of these rows."""
    if whole:
        data.reshape(len(rows), -1)[:, places] = new
    else:
        data[offsets[rows][:, None] + places] = new


def rows_as_text(codes: Bytes) -> pa.Array:
    """uint8 [n, width] of ASCII codes -> string [n], all of this width."""
    rows, width = codes.shape
    return strings(np.ascontiguousarray(codes).reshape(-1), np.arange(rows + 1, dtype=np.int64) * width)


def number(digits: Bytes) -> Numbers:
    """uint64 [n]: what the digits [n, width], at most 19, write in decimal."""
    result = np.zeros(len(digits), np.uint64)
    for place in range(digits.shape[1]):
        result *= np.uint64(10)
        result += digits[:, place]
    return result


def decimal(numbers: Numbers, width: int) -> Bytes:
    """uint8 [n, width]: the last `width` decimal digits of each number, 0..9, zeros in front."""
    rest = numbers.astype(np.uint64)
    digits = _columns(len(rest), width)
    for end in range(width, 0, -4):
        size = min(4, end)
        rest, group = np.divmod(rest, np.uint64(10_000))
        digits[:, end - size : end] = _FOUR_DIGITS[group.astype(np.int64), 4 - size :]
    return digits


def joined(*parts: Bytes) -> Bytes:
    """The digits of the parts, side by side."""
    return np.concatenate([part.T for part in parts]).T


def constant(text: str, rows: int) -> Bytes:
    """uint8 [rows, width]: the digits of `text` on every row."""
    return np.repeat(np.array([int(sign) for sign in text], np.uint8)[:, None], rows, axis=1).T


def weighted(digits: Bytes, weights: Sequence[int]) -> NDArray[np.int64]:
    """int64 [n]: the sum of the digits times their weights."""
    total = np.zeros(len(digits), np.int32)
    for place, weight in enumerate(weights):
        total += digits[:, place] * np.int32(weight)
    return total.astype(np.int64)


_TWICE = np.array([0, 2, 4, 6, 8, 1, 3, 5, 7, 9] + [0] * 246, np.uint8)
"""Digit -> the sum of the digits of its double."""


def luhn(digits: Bytes) -> NDArray[np.int64]:
    """int64 [n]: the sum of ISO/IEC 7812-1 annex B, modulo 10; 0 when the last digit is right."""
    total = np.zeros(len(digits), np.int64)
    width = digits.shape[1]
    for place in range(width):
        digit = digits[:, place]
        total += digit if (width - place) % 2 else _TWICE[digit]
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


def mod_97(codes: Bytes) -> NDArray[np.int64]:
    """int64 [n]: the signs of each row as ISO 13616 reads them (A = 10 .. Z = 35), one after the other, modulo 97."""
    is_letter = codes >= _FIRST_LETTER
    first = is_letter[:1]
    if (is_letter == first).all():  # letters stand in the same places: each place has one weight
        shifts = np.where(first[0], 100, 10) if len(first) else np.full(codes.shape[1], 10)
        weights = [1]
        for shift in shifts[:0:-1].tolist():
            weights.append(weights[-1] * shift % 97)
        # The letter A has code 65 and value 10, the digit 0 code 48 and value 0.
        values = codes.T - np.where(first.T, _FIRST_LETTER - np.uint8(10), _ZERO)
        return weighted(values.T, weights[::-1]) % 97
    rest = np.zeros(len(codes), np.int64)
    for place in range(codes.shape[1]):
        rest = (rest * np.where(is_letter[:, place], 100, 10) + _VALUES[codes[:, place]]) % 97
    return rest
