"""Letters to letters and digits to digits, by keyed choice: the same length and the same look.

Not one to one, and no encryption: the new letters are a keyed function of the value, from which nothing can be undone.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Kernel, Keys
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.written_form import counts_per_row, flat_bytes, normalise, with_bytes

_DIGIT, _LETTER = 1, 2
_CLASS = np.zeros(256, np.uint8)
_CLASS[ord("0") : ord("9") + 1] = _DIGIT
_CLASS[ord("a") : ord("z") + 1] = _LETTER
_CLASS[ord("A") : ord("Z") + 1] = _LETTER


def kernel(keys: Keys, domain: str) -> Kernel:
    """A kernel for values without nulls, whose normal forms decide."""
    prf = Prf(keys.derive("scrambled", domain))
    return lambda values: scrambled(values, prf(normalise(values)), prf)


def scrambled(values: pa.Array, hashes: NDArray[np.uint64], prf: Prf) -> pa.Array:
    """Each ASCII letter becomes a letter of its case, each digit a digit, as the row's hash says; the rest stays.

    Letters beyond ASCII become ASCII letters. A first digit that is not 0 does not become 0. No value with a letter
    or digit comes out as it went in.
    """
    values = plain_letters(values)
    data, offsets = flat_bytes(values)
    kinds = _CLASS[data]
    chosen = kinds > 0
    counts = counts_per_row(chosen, offsets)
    old, kinds = data[chosen], kinds[chosen]
    new = _chosen_signs(old, kinds, prf.stream(hashes, counts), counts)
    same = _rows_alike(old, new, counts)
    if same.any():
        again = prf.stream(hashes ^ np.uint64(0x5C5C5C5C5C5C5C5C), counts)
        other = _chosen_signs(old, kinds, again, counts)
        rows = np.repeat(same, counts)
        new = np.where(rows, other, new)
        # Twice the same is chance on one or two signs: move all of them one further.
        rows = np.repeat(_rows_alike(old, new, counts), counts)
        new[rows] = _next_sign(new[rows], kinds[rows])
    result = data.copy()
    result[chosen] = new
    return with_bytes(values, result)


def plain_letters(values: pa.Array) -> pa.Array:
    """Every sign beyond ASCII becomes one letter: "X" for the capitals of Latin-1, else "x"."""
    if flat_bytes(values)[0].max(initial=0) < 128:
        return values
    values = pc.replace_substring_regex(values, "[À-ÖØ-Þ]", "X")
    return pc.replace_substring_regex(values, r"[^\x00-\x7F]", "x")


def _chosen_signs(
    old: NDArray[np.uint8], kinds: NDArray[np.uint8], stream: NDArray[np.uint8], counts: NDArray[np.int64]
) -> NDArray[np.uint8]:
    digits = stream % 10
    first = np.zeros(len(old), dtype=bool)
    starts = (np.cumsum(counts) - counts)[counts > 0]
    first[starts] = True
    digits = np.where(first & (kinds == _DIGIT) & (old != ord("0")), 1 + stream % 9, digits)
    letters = (old & 0x20) | (ord("A") + stream % 26)
    return np.where(kinds == _DIGIT, ord("0") + digits, letters).astype(np.uint8)


def _next_sign(signs: NDArray[np.uint8], kinds: NDArray[np.uint8]) -> NDArray[np.uint8]:
    digits = ord("1") + (signs - ord("0")) % 9
    letters = (signs & 0xE0) | (1 + (signs & 0x1F) % 26)
    return np.where(kinds == _DIGIT, digits, letters).astype(np.uint8)


def _rows_alike(old: NDArray[np.uint8], new: NDArray[np.uint8], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows have signs, and all of them unchanged."""
    ends = np.cumsum(counts)
    changed = np.concatenate([[0], np.cumsum(old != new)])
    return np.asarray((counts > 0) & (changed[ends] == changed[ends - counts]))
