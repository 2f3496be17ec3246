"""One to one: every value becomes another of the same form, and no two become the same.

Whole numbers are permuted among those with as many digits, and within the bounds of the usual integer types, so that a
number that fits its column goes on fitting, whichever column it stands in. "007" is two zeros and 7; as text and as
integer one number has one pseudonym. Other text keeps its punctuation and case; its letters and digits go
through a Feistel network of ten rounds with AES-CMAC: like FF1 of NIST SP 800-38G, but with each place in its own
radix, and for short codes with far fewer values than the million that FF1 asks for.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Kernel, Keys
from anonymizer.pseudonyms.permutation import FEWEST_FOR_FF1, LARGEST, Permutation, ring
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.written_form import counts_per_row, flat_bytes, from_flat, with_bytes

_ROUNDS = 10
_INTEGER_BOUNDS = (2**7, 2**8, 2**15, 2**16, 2**23, 2**24, 2**31, 2**32, 2**63)
_LAST = 10**19
_DIGIT_BOUNDS = {10**n for n in range(1, 19)} | {n * LARGEST for n in range(1, 10)}
_EDGES = np.array(sorted({0, *_DIGIT_BOUNDS, *_INTEGER_BOUNDS}), np.uint64)
"""Where the segments begin within which whole numbers are permuted."""
_EDGES_BELOW_ZERO = np.array(sorted({0, 1, *_DIGIT_BOUNDS, *(bound + 1 for bound in _INTEGER_BOUNDS)}), np.uint64)
"""The same without their signs: the lowest number of a type is one further from zero than the highest."""
_RADIX = np.zeros(256, np.uint8)
_RADIX[ord("0") : ord("9") + 1] = 10
_RADIX[ord("a") : ord("z") + 1] = 26
_RADIX[ord("A") : ord("Z") + 1] = 26
_Bijection = Callable[[NDArray[np.uint64]], NDArray[np.uint64]]
_WHOLE_NUMBER = r"^-?[0-9]{1,19}$"


def kernel(keys: Keys, domain: str) -> Kernel:
    """A one-to-one kernel for text and integers without nulls and blanks."""
    numbers, feistel = Numbers(keys, domain), _Feistel(keys, domain)

    def mapped(values: pa.Array) -> pa.Array:
        whole = pc.match_substring_regex(values, _WHOLE_NUMBER)
        if whole.true_count == len(values):
            return numbers(values)
        if whole.true_count == 0:
            return feistel(values)
        result = pc.replace_with_mask(values, whole, numbers(pc.filter(values, whole)))
        rest = pc.invert(whole)
        return pc.replace_with_mask(result, rest, feistel(pc.filter(values, rest)))

    return mapped


class Numbers:
    """Whole numbers of at most 19 digits, as text."""

    def __init__(self, keys: Keys, domain: str) -> None:
        self._keys, self._domain = keys, domain
        self._permutations: dict[tuple[bool, int], _Bijection] = {}

    def __call__(self, values: pa.Array) -> pa.Array:
        data, offsets = flat_bytes(values)
        negative = data[offsets[:-1]] == ord("-")
        numbers = pc.utf8_ltrim(values, "-").cast(pa.uint64()).to_numpy()
        new = np.empty_like(numbers)
        for sign in (False, True):
            rows = negative == sign
            if rows.any():
                new[rows] = self._permuted(numbers[rows], sign)
        return _written(new, np.diff(offsets) - negative, negative)

    def _permuted(self, numbers: NDArray[np.uint64], negative: bool) -> NDArray[np.uint64]:
        edges = _EDGES_BELOW_ZERO if negative else _EDGES
        segments = np.searchsorted(edges, numbers, side="right") - 1
        result = np.empty_like(numbers)
        for segment in np.flatnonzero(np.bincount(segments)).tolist():
            rows = segments == segment
            first, last = int(edges[segment]), [*edges.tolist(), _LAST][segment + 1]
            permutation = self._permutation(negative, first, last)
            result[rows] = permutation(numbers[rows] - np.uint64(first)) + np.uint64(first)
        return result

    def _permutation(self, negative: bool, first: int, last: int) -> _Bijection:
        """Of the numbers from `first` up to, and without, `last`."""
        if (negative, first) not in self._permutations:
            sign = "below zero" if negative else "from zero"
            key = self._keys.derive("permuted", self._domain, "numbers", sign, str(first))
            size = last - first
            self._permutations[negative, first] = (
                _table(ring(key, size)) if size < FEWEST_FOR_FF1 else Permutation(key, size)
            )
        return self._permutations[negative, first]


def _table(following: NDArray[np.uint64]) -> _Bijection:
    return lambda numbers: following[numbers.astype(np.int64)]


def _written(numbers: NDArray[np.uint64], lengths: NDArray[np.int64], negative: NDArray[np.bool_]) -> pa.Array:
    """Each number in as many digits as `lengths` says, with a sign where it is negative."""
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), int(lengths.max(initial=1)), "0")
    data, offsets = flat_bytes(digits)
    places = np.arange(len(data)) - np.repeat(offsets[:-1], np.diff(offsets))
    kept = places >= np.repeat(np.diff(offsets) - lengths, np.diff(offsets))
    written = from_flat(data[kept], np.concatenate([[0], np.cumsum(lengths)]))
    if negative.any():
        return pc.if_else(pa.array(negative), pc.binary_join_element_wise("-", written, ""), written)
    return written


class _Feistel:
    """Text: its letters and digits are enciphered in place, and so are the last bytes of letters beyond ASCII.

    Such a letter becomes one of the 64 that share its other bytes: an accented letter of Latin-1 another sign of
    Latin-1, a Cyrillic letter mostly another Cyrillic one.
    """

    def __init__(self, keys: Keys, domain: str) -> None:
        self._rounds = [Prf(keys.derive("permuted", domain, "text", str(number))) for number in range(_ROUNDS)]

    def __call__(self, values: pa.Array) -> pa.Array:
        data, offsets = flat_bytes(values)
        radix = _RADIX[data]
        if data.max(initial=0) >= 128:
            radix[_last_bytes(data)] = 64
        chosen = np.flatnonzero(radix)
        counts = counts_per_row(radix > 0, offsets)
        radix, old = radix[chosen], data[chosen]
        capital = (old >= ord("A")) & (old <= ord("Z"))
        zero = np.select([radix == 10, radix == 26], [ord("0"), ord("a")], 128).astype(np.uint8)
        place = np.arange(len(chosen)) - np.repeat(np.cumsum(counts) - counts, counts)
        left = place < np.repeat(counts // 2, counts)
        numerals = np.where(capital, old | 0x20, old) - zero
        text = data.copy()
        for number, prf in enumerate(self._rounds):
            half = left if number % 2 else ~left  # the half that changes; the other one decides how
            text[chosen] = np.where(half, 0, numerals) + zero
            widths = counts // 2 if number % 2 else counts - counts // 2
            stream = prf.stream(prf(from_flat(text, offsets)), widths)
            numerals[half] = (numerals[half].astype(np.uint16) + stream) % radix[half]
        text[chosen] = numerals + zero - np.where(capital, 32, 0).astype(np.uint8)
        return with_bytes(values, text)


def _last_bytes(data: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The last byte of each sign beyond ASCII, but for those of U+0080 to U+00BF: controls, spaces, punctuation."""
    following = (data & 0xC0) == 0x80
    last = following & ~np.append(following[1:], False)
    last[1:] &= data[:-1] != 0xC2
    return np.asarray(last)
