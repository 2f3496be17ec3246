"""Words and numbers in texts, so that a value is found however it is written.

Case, accents and the kind and number of the signs between words do not count. A token is a run of letters or a run of
digits; a change from lower case to upper case begins a new one too. The fingerprint of consecutive tokens comes in two
forms: *words* knows where words were apart ("jo hansen") and where a list was divided, *code* does not ("0470 12 34 56"
and "0470123456" agree).
"""

from __future__ import annotations

import re
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
_LOOSE_SIGNS = _NUMBER_SIGNS.copy()
_LOOSE_SIGNS[list(b"_,:*=|")] = True
_LONGEST_GAP = 4
"""Signs between two groups of one number, at most: " / (" ."""
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


_UNSEEN = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_ODD_BYTES = tuple(
    bytes.fromhex(sign)
    for sign in (
        "c2ad cd8f e1a08e e2808b e2808c e2808d e2808e e2808f e280aa e280ab e280ac e280ad e280ae e281a0 e281a1 e281a2"
        " e281a3 e281a4 efb88e efb88f efbbbf efbc efbd f09d90 f09d91 f09d92 f09d93 f09d94 f09d95 f09d96 f09d97 f09d98"
        " f09d99 f09d9a e28090 e28091 e28092 e28093 e28094 e28095 e28892 d9a0 d9a1 d9a2 d9a3 d9a4 d9a5 d9a6 d9a7 d9a8"
        " d9a9 dbb0 dbb1 dbb2 dbb3 dbb4 dbb5 dbb6 dbb7 dbb8 dbb9"
    ).split()
)
"""What signs that nobody sees, full-width letters, mathematical ones, dashes and Arabic digits begin with in UTF-8."""
_PLAIN = dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-")
_PLAIN |= {first + digit: str(digit) for first in (0x660, 0x6F0) for digit in range(10)}
_OTHER_BYTES = bytes(set(range(256)) - {sign[0] for sign in _ODD_BYTES})
_FOLD, _KIND = _ascii_tables()
_TABLES = _FOLD.tobytes(), _KIND.tobytes()
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
    loose: I64
    """The same of numbers whose groups may also have other signs between them, and up to four."""
    sign: U8
    """The byte before each token, 0 where it begins its cell or follows another at once."""
    gap: U8
    """Bytes between each token and the one before it, 255 at the most."""
    _sums: U64
    _gaps: U64
    _inverse: U64
    _zero: np.uint64
    """Fingerprint of the digit 0."""

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

    def begins_with_zero(self, token: int) -> bool:
        """Whether a token begins with the digit 0."""
        start = self.start[token : token + 1]
        return bool(((self._sums[start + 1] - self._sums[start]) * self._inverse[start])[0] == self._zero)

    def stretch(self, starts: I64, lengths: I64) -> U64:
        """Code fingerprint of so many letters and digits from a position on, which must exist."""
        prints: U64 = (self._sums[starts + lengths] - self._sums[starts]) * self._inverse[starts]
        return prints

    def length(self, first: I64, last: I64) -> I64:
        """Letters and digits of tokens `first` to `last`."""
        return self.end[last] - self.start[first]

    def one_number(self, first: I64, last: I64) -> Mask:
        """Whether tokens `first` to `last`, all digits, are written as one number that begins or ends there.

        With unusual signs between its groups it must begin and end there; any signs do where no other digits are near.
        """
        starts, ends = self.number_start[first], self.number_end[last]
        usual = (starts | ends) & (self.numbers[last] == self.numbers[first])
        loose = starts & ends & (self.loose[last] == self.loose[first])
        before, after = first - 1, np.minimum(last + 1, len(self) - 1)
        alone = (before < 0) | (self.cell[before] != self.cell[first]) | ~self.digits[before]
        alone &= (last == self.last[first]) | ~self.digits[after]
        whole: Mask = usual | loose | alone
        return whole

    def cells_with_runs(self, length: int) -> I64:
        """The cells in which so many letters and digits stand with nothing between them."""
        if not len(self):
            return np.zeros(0, np.int64)
        begins = np.ones(len(self), bool)
        begins[1:] = (np.diff(self.apart) != 0) | (np.diff(self.cell) != 0)
        first = np.flatnonzero(begins)
        ends = np.append(self.start[first[1:]], self.end[-1])
        found: I64 = np.unique(self.cell[first[ends - self.start[first] >= length]])
        return found

    def all_digits(self, first: I64, last: I64) -> Mask:
        """Whether tokens `first` to `last` are digits only."""
        none: Mask = self.others[last] - self.others[first] + ~self.digits[first] == 0
        return none


def tokens(values: pa.Array, prints: Fingerprinter) -> Tokens:
    """The tokens of a `string` array of moderate size; nulls have none."""
    offsets, data = flat(_legible(values))
    data, folded, kind, offsets = _folded(data, offsets)
    kept = np.flatnonzero(kind)
    count = len(kept)
    opens_cell = np.zeros(count + 1, bool)
    opens_cell[np.searchsorted(kept, offsets[:-1])] = True
    start = _starts(kept, kind[kept], opens_cell[:count])
    here = kept[start]
    first = np.flatnonzero(opens_cell[start])
    after = np.append(first[1:], len(start))[: len(first)]
    tokens_per_cell = after - first
    digits = kind[here] == _DIGIT
    inside, divided, linked, loose = _between(data, here, kept[start - 1], opens_cell[start], digits)
    powers, inverse = prints.powers(count)
    gap = np.where(divided, prints.division, prints.gap) * powers[start]
    gap[~inside] = 0
    return Tokens(
        start=start,
        end=np.append(start[1:], count)[: len(start)],
        cell=np.repeat(np.searchsorted(offsets, here[first], side="right") - 1, tokens_per_cell),
        last=np.repeat(after - 1, tokens_per_cell),
        digits=digits,
        apart=np.cumsum(inside, dtype=np.int32),
        others=np.cumsum(~digits, dtype=np.int32),
        number_start=~linked,
        numbers=np.cumsum(~linked, dtype=np.int32),
        loose=np.cumsum(~loose, dtype=np.int32),
        sign=np.where(_sign_before(here, kept[start - 1], opens_cell[start], offsets), data[here - 1], 0),
        gap=np.where(inside, np.minimum(here - kept[start - 1] - 1, 255), 0).astype(np.uint8),
        number_end=~np.append(linked[1:], False)[: len(start)],
        _sums=prints.running_sum(folded[kept]),
        _gaps=np.cumsum(gap),
        _inverse=inverse,
        _zero=prints.table[ord("0")],
    )


def _legible(values: pa.Array) -> pa.Array:
    """Without signs that nobody sees, and with ordinary letters for full-width and mathematical ones."""
    text = flat(values)[1].tobytes()
    if text.isascii() or not text.translate(None, _OTHER_BYTES) or not any(sign in text for sign in _ODD_BYTES):
        return values
    cells = values.cast(pa.binary(), safe=False).to_pylist()
    return pa.array([cell if cell is None else _normal(cell) for cell in cells], pa.binary()).view(pa.string())


def _normal(cell: bytes) -> bytes:
    if not any(sign in cell for sign in _ODD_BYTES):
        return cell
    return unicodedata.normalize("NFKC", _UNSEEN.sub("", cell.decode("utf-8", "replace"))).translate(_PLAIN).encode()


def _starts(kept: I64, kinds: U8, opens_cell: Mask) -> I64:
    """Where tokens begin: at the start of a cell, after a sign, or where the kind changes (but not in "Jan")."""
    starts = opens_cell.copy()
    if len(kept):
        starts[1:] |= np.diff(kept) > 1
        starts[1:] |= (kinds[1:] != kinds[:-1]) & ((kinds[:-1] != _UPPER) | (kinds[1:] != _LOWER))
        starts[0] = True
    found: I64 = np.flatnonzero(starts)
    return found


def _sign_before(here: I64, before: I64, opens_cell: Mask, offsets: I64) -> Mask:
    """Whether a sign of the same cell stands at once before each token."""
    signed: Mask = here - before > 1
    opening = np.flatnonzero(opens_cell)
    begins = offsets[np.searchsorted(offsets, here[opening], side="right") - 1]
    signed[opening] = here[opening] > begins
    return signed


def _between(data: U8, here: I64, before: I64, opens_cell: Mask, digits: Mask) -> tuple[Mask, Mask, Mask, Mask]:
    """What stands between each token and the one before it in its cell: something, a dividing sign, only one or two
    signs of a telephone number between two numbers, or up to four signs between two numbers."""
    inside = (here - before > 1) & ~opens_cell
    left, right = data[before + 1 - (before + 1 == len(data))], data[here - 1]
    divided = _DIVIDING[left] | _DIVIDING[right]
    linked = inside & digits & (here - before <= 3)
    linked[1:] &= digits[:-1]
    linked &= _NUMBER_SIGNS[left] & _NUMBER_SIGNS[right]
    loose = inside & digits & (here - before <= _LONGEST_GAP + 1)
    loose[1:] &= digits[:-1]
    near = np.flatnonzero(loose)
    for step in range(1, _LONGEST_GAP + 1):
        loose[near] &= _LOOSE_SIGNS[data[np.minimum(before[near] + step, here[near] - 1)]]
    return inside, divided, linked, loose


def _folded(data: U8, offsets: I64) -> tuple[U8, U8, U8, I64]:
    """The bytes, folded and with their kind; accents and the first bytes of accented letters are left out."""
    text = data.tobytes()
    folded, kind = (np.frombuffer(text.translate(table), np.uint8) for table in _TABLES)
    if text.isascii():
        return data, folded, kind, offsets
    folded, kind = folded.copy(), kind.copy()
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
    data = data.copy()
    hard = signs[data[signs + 1] == 0xA0]
    data[hard], dropped[hard + 1] = ord(" "), True
    for low, high, plain in ((0x80, 0x8A, " "), (0x90, 0x95, "-"), (0xAF, 0xAF, " ")):
        third = data[punctuation + 2]
        like = punctuation[(third >= low) & (third <= high)]
        data[like], dropped[like + 1], dropped[like + 2] = ord(plain), True, True
    minus = np.flatnonzero((data[:-2] == 0xE2) & (data[1:-1] == 0x88) & (data[2:] == 0x92)) if len(data) > 2 else like
    data[minus], kind[minus], dropped[minus + 1], dropped[minus + 2] = ord("-"), _SEPARATOR, True, True
    accents = np.flatnonzero(second & ((data == 0xCC) | ((data == 0xCD) & (following < 0xB0))))
    dropped[accents] = dropped[accents + 1] = True
    kept = ~dropped
    left = np.concatenate(([0], np.cumsum(kept)))
    return data[kept], folded[kept], kind[kept], left[offsets]
