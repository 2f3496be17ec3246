"""One to one: every value becomes another of the same form, and no two become the same.

Whole numbers are permuted among those with as many digits, and within the bounds of the usual integer types, so that a
number that fits its column goes on fitting, whichever column it stands in. "007" is two zeros and 7; as text and as
integer one number has one pseudonym. Other text keeps its punctuation and case; its letters and digits go
through a Feistel network of ten rounds with AES-CMAC: like FF1 of NIST SP 800-38G, but with each place in its own
radix, and for short codes with far fewer values than the million that FF1 asks for.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Kernel, Keys
from anonymizer.pseudonyms.permutation import LARGEST, Permutation
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.written_form import counts_per_row, flat_bytes, from_flat, with_bytes
from anonymizer.transforms import _scrambled

_ROUNDS = 10
_INTEGER_BOUNDS = (2**7, 2**8, 2**15, 2**16, 2**23, 2**24, 2**31, 2**32, 2**63)
_LAST = 10**19
_DIGIT_BOUNDS = {10**n for n in range(1, 19)} | {n * LARGEST for n in range(1, 10)}
_EDGES = np.array(sorted({0, *_DIGIT_BOUNDS, *_INTEGER_BOUNDS}), np.uint64)
"""Where the segments begin within which whole numbers are permuted."""
_RADIX = np.zeros(256, np.uint8)
_RADIX[ord("0") : ord("9") + 1] = 10
_RADIX[ord("a") : ord("z") + 1] = 26
_RADIX[ord("A") : ord("Z") + 1] = 26
_WHOLE_NUMBER = r"^-?[0-9]{1,19}$"


def kernel(keys: Keys, domain: str) -> Kernel:
    """A one-to-one kernel for text and integers without nulls and blanks.

    Text with signs beyond ASCII is not permuted but gets letters by keyed choice: apart but for chance.
    """
    permuted = Numbers(keys, domain)
    feistel = _Feistel(keys, domain)
    exact = Prf(keys.derive("permuted", domain, "beyond ASCII"))

    def mapped(values: pa.Array) -> pa.Array:
        numbers = pc.match_substring_regex(values, _WHOLE_NUMBER)
        if numbers.true_count == len(values):
            return permuted(values)
        ascii_only = pc.string_is_ascii(values)
        steps: tuple[tuple[pa.Array, Kernel], ...] = (
            (numbers, permuted),
            (pc.and_not(ascii_only, numbers), feistel),
            (pc.invert(ascii_only), beyond_ascii),
        )
        result = values
        for rows, step in steps:
            if rows.true_count:
                result = pc.replace_with_mask(result, rows, step(pc.filter(values, rows)))
        return result

    def beyond_ascii(values: pa.Array) -> pa.Array:
        return _scrambled.scrambled(values, exact(values), exact)

    return mapped


class Numbers:
    """Whole numbers of at most 19 digits, as text."""

    def __init__(self, keys: Keys, domain: str) -> None:
        self._keys, self._domain = keys, domain
        self._permutations: dict[int, Permutation] = {}

    def __call__(self, values: pa.Array) -> pa.Array:
        data, offsets = flat_bytes(values)
        negative = data[offsets[:-1]] == ord("-")
        numbers = pc.utf8_ltrim(values, "-").cast(pa.uint64()).to_numpy()
        lengths = np.diff(offsets) - negative
        # The most negative number of a type is one beyond the most positive one, so negative ones count from -1.
        below_zero = negative & (numbers > 0)
        new = self._permuted(numbers - below_zero.astype(np.uint64)) + below_zero.astype(np.uint64)
        return _written(new, lengths, negative)

    def _permuted(self, numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
        segments = np.searchsorted(_EDGES, numbers, side="right") - 1
        result = np.empty_like(numbers)
        for segment in np.unique(segments).tolist():
            first = _EDGES[segment]
            rows = segments == segment
            result[rows] = self._permutation(segment)(numbers[rows] - first) + first
        return result

    def _permutation(self, segment: int) -> Permutation:
        if segment not in self._permutations:
            first, last = int(_EDGES[segment]), [*_EDGES.tolist(), _LAST][segment + 1]
            key = self._keys.derive("permuted", self._domain, "numbers", str(first))
            self._permutations[segment] = Permutation(key, last - first)
        return self._permutations[segment]


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
    """ASCII text: its letters and digits are enciphered in place."""

    def __init__(self, keys: Keys, domain: str) -> None:
        self._rounds = [Prf(keys.derive("permuted", domain, "text", str(number))) for number in range(_ROUNDS)]

    def __call__(self, values: pa.Array) -> pa.Array:
        data, offsets = flat_bytes(values)
        radix = _RADIX[data]
        chosen = np.flatnonzero(radix)
        counts = counts_per_row(radix > 0, offsets)
        radix = radix[chosen]
        capital = (data[chosen] >= ord("A")) & (data[chosen] <= ord("Z"))
        zero = np.where(radix == 10, ord("0"), ord("a")).astype(np.uint8)
        place = np.arange(len(chosen)) - np.repeat(np.cumsum(counts) - counts, counts)
        left = place < np.repeat(counts // 2, counts)
        numerals = np.where(capital, data[chosen] | 0x20, data[chosen]) - zero
        text = data.copy()
        for number, prf in enumerate(self._rounds):
            half = left if number % 2 else ~left  # the half that changes; the other one decides how
            text[chosen] = np.where(half, 0, numerals) + zero
            widths = counts // 2 if number % 2 else counts - counts // 2
            stream = prf.stream(prf(from_flat(text, offsets)), widths)
            numerals[half] = (numerals[half].astype(np.uint16) + stream) % radix[half]
        text[chosen] = numerals + zero - np.where(capital, 32, 0).astype(np.uint8)
        return with_bytes(values, text)
