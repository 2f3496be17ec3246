"""Words and numbers in texts, so that a value is found however it is written.

Case, accents and the kind and number of the signs between words do not count. A token is a run of letters or a run of
digits; a change from lower case to upper case begins a new one too. The fingerprint of consecutive tokens comes in two
forms: *words* knows where words were apart ("jo hansen") and where a list was divided, *code* does not ("0470 12 34 56"
and "0470123456" agree).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anonymizer.verify._fingerprint import I64, U8, U64, Fingerprinter, flat

Mask = npt.NDArray[np.bool_]

_SEPARATOR, _LOWER, _UPPER, _DIGIT = 0, 1, 2, 3
_NUMBER_SIGNS = np.zeros(256, bool)
_NUMBER_SIGNS[list(b" ./-()+")] = True
_DIVIDING = np.zeros(256, bool)
_DIVIDING[list(b';/|"<>{}[]&+=\r\n\t')] = True
"""Signs that part the members of a list, as others do not: of "D. Murray; S. Harris" nobody is called Murray S."""


def _ascii_tables() -> tuple[U8, U8]:
    fold, kind = np.zeros(256, np.uint8), np.zeros(256, np.uint8)
    for byte in range(256):
        character = chr(byte)
        if byte >= 128 or (character.isalnum() and byte < 128):
            fold[byte] = ord(character.lower()) if byte < 128 else byte
            kind[byte] = _DIGIT if byte < 128 and character.isdigit() else _LOWER
            if byte < 128 and character.isupper():
                kind[byte] = _UPPER
    return fold, kind


def _latin_tables() -> tuple[U8, U8]:
    """The letters of the two-byte sequences that begin with C3, C4 and C5, by (first - C3) * 64 + (second - 80)."""
    fold, kind = np.zeros(192, np.uint8), np.zeros(192, np.uint8)
    special = {"ß": "s", "æ": "a", "ø": "o", "đ": "d", "ð": "d", "þ": "t", "ł": "l", "œ": "o", "ı": "i", "ħ": "h"}
    for index in range(192):
        character = chr(0xC0 + index)
        lower = character.lower()
        base = special.get(lower, unicodedata.normalize("NFKD", lower)[0])
        if base.isascii() and base.isalpha():
            fold[index] = ord(base)
            kind[index] = _UPPER if character.isupper() else _LOWER
    return fold, kind


_FOLD, _KIND = _ascii_tables()
_LATIN_FOLD, _LATIN_KIND = _latin_tables()


@dataclass(frozen=True, slots=True)
class Tokens:
    """All tokens of some cells, in order; positions are those of the letters and digits alone, run together."""

    start: I64
    end: I64
    cell: I64
    last: I64
    """The last token of the same cell."""
    digits: Mask
    apart: I64
    """Tokens up to and with this one that stand apart from the one before them in their cell."""
    others: I64
    """Tokens up to and with this one that are not digits."""
    number_start: Mask
    """No number goes before this one that might belong to it, as in telephone numbers written in groups."""
    number_end: Mask
    numbers: I64
    """Numbers that began up to and with this token."""
    _sums: U64
    _gaps: U64
    _inverse: U64

    def __len__(self) -> int:
        return len(self.start)

    def code(self, first: I64, last: I64) -> U64:
        """Fingerprint of tokens `first` to `last`, whatever stands between them."""
        starts = self.start[first]
        prints: U64 = (self._sums[self.end[last]] - self._sums[starts]) * self._inverse[starts]
        return prints

    def words(self, first: I64, last: I64) -> U64:
        """Fingerprint of tokens `first` to `last` that tells "jo hansen" from "johansen"."""
        starts = self.start[first]
        sums = self._sums[self.end[last]] - self._sums[starts] + self._gaps[last] - self._gaps[first]
        prints: U64 = sums * self._inverse[starts]
        return prints

    def beginning(self, first: I64, length: int) -> U64:
        """Code fingerprint of the `length` letters and digits from token `first` on, which must exist."""
        starts = self.start[first]
        prints: U64 = (self._sums[starts + length] - self._sums[starts]) * self._inverse[starts]
        return prints

    def length(self, first: I64, last: I64) -> I64:
        """Letters and digits of tokens `first` to `last`."""
        return self.end[last] - self.start[first]

    def one_number(self, first: I64, last: I64) -> Mask:
        """Whether tokens `first` to `last`, all digits, are written as one number that begins or ends there."""
        edge = self.number_start[first] | self.number_end[last]
        whole: Mask = edge & (self.numbers[last] == self.numbers[first])
        return whole

    def all_digits(self, first: I64, last: I64) -> Mask:
        """Whether tokens `first` to `last` are digits only."""
        none: Mask = self.others[last] - self.others[first] + ~self.digits[first] == 0
        return none


def tokens(values: pa.Array, prints: Fingerprinter) -> Tokens:
    """The tokens of a `string` array of moderate size; nulls have none."""
    offsets, data = flat(values)
    data, folded, kind, offsets = _folded(data, offsets)
    kept = np.flatnonzero(kind)
    letters, kinds = folded[kept], kind[kept]
    count = len(kept)
    apart = np.ones(count, bool)
    apart[1:] = np.diff(kept) > 1
    first_of_cell = np.zeros(count + 1, bool)
    first_of_cell[np.searchsorted(kept, offsets[:-1])] = True
    starts = apart | first_of_cell[:count]
    starts[1:] |= (kinds[1:] != kinds[:-1]) & ~((kinds[:-1] == _UPPER) & (kinds[1:] == _LOWER))
    start = np.flatnonzero(starts)
    end = np.append(start[1:], count) if len(start) else start
    cell = np.searchsorted(offsets, kept[start], side="right") - 1
    inside = apart[start] & ~first_of_cell[start]
    gap = np.where(_divided(data, kept, start), prints.division, prints.gap)
    digits = kinds[start] == _DIGIT
    linked = _linked(data, kept, start, cell, digits)
    powers, inverse = prints.powers(count)
    return Tokens(
        start=start,
        end=end,
        cell=cell,
        last=np.searchsorted(cell, cell, side="right") - 1,
        digits=digits,
        apart=np.cumsum(inside),
        others=np.cumsum(~digits),
        number_start=~linked,
        numbers=np.cumsum(~linked),
        number_end=~np.append(linked[1:], False) if len(start) else linked,
        _sums=prints.running_sum(letters),
        _gaps=np.cumsum(np.where(inside, gap * powers[start], np.uint64(0))),
        _inverse=inverse,
    )


def _divided(data: U8, kept: I64, start: I64) -> Mask:
    """Tokens before which a dividing sign stands, as the first or last of those before them."""
    divided = np.zeros(len(start), bool)
    if len(start) > 1:
        divided[1:] = _DIVIDING[data[kept[start[1:]] - 1]] | _DIVIDING[data[kept[start[1:] - 1] + 1]]
    return divided


def _linked(data: U8, kept: I64, start: I64, cell: I64, digits: Mask) -> Mask:
    """Numbers that one or two signs of a telephone number part from the number before them."""
    linked = np.zeros(len(start), bool)
    if len(start) < 2:
        return linked
    here, before = kept[start[1:]], kept[start[1:] - 1]
    gap = here - before - 1
    near = digits[1:] & digits[:-1] & (cell[1:] == cell[:-1]) & (gap >= 1) & (gap <= 2)
    linked[1:] = near & _NUMBER_SIGNS[data[here - 1]] & _NUMBER_SIGNS[data[before + 1]]
    return linked


def _folded(data: U8, offsets: I64) -> tuple[U8, U8, U8, I64]:
    """The bytes, folded and with their kind; accents and the first bytes of accented letters are left out."""
    folded, kind = _FOLD[data], _KIND[data]
    if not len(data) or data.max() < 0x80:
        return data, folded, kind, offsets
    following = np.append(data[1:], np.uint8(0))
    second = (following & 0xC0) == 0x80
    dropped = np.zeros(len(data), bool)
    latin = np.flatnonzero((data >= 0xC3) & (data <= 0xC5) & second)
    index = (data[latin].astype(np.int64) - 0xC3) * 64 + following[latin] - 0x80
    folded[latin + 1], kind[latin + 1] = _LATIN_FOLD[index], _LATIN_KIND[index]
    dropped[latin] = _LATIN_KIND[index] != _SEPARATOR
    kind[latin] = _SEPARATOR
    signs = np.flatnonzero((data == 0xC2) & second)
    kind[signs] = kind[signs + 1] = _SEPARATOR
    punctuation = np.flatnonzero((data[:-2] == 0xE2) & (data[1:-1] == 0x80)) if len(data) > 2 else signs[:0]
    for step in range(3):
        kind[punctuation + step] = _SEPARATOR
    accents = np.flatnonzero(second & ((data == 0xCC) | ((data == 0xCD) & (following < 0xB0))))
    dropped[accents] = dropped[accents + 1] = True
    kept = ~dropped
    left = np.concatenate(([0], np.cumsum(kept)))
    return data[kept], folded[kept], kind[kept], left[offsets]
