"""Amounts, multiplied by a keyed factor: the noise of `salary_or_finance` and of `noise`."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.schema import Column, TypeFamily
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.written_form import digits_of, with_digits

MOST_DIGITS = 18
_BITS = {"tinyint": 8, "smallint": 16, "int2": 16, "smallserial": 16, "mediumint": 24}
_BITS |= {"bigint": 64, "int8": 64, "bigserial": 64}
_USUAL_BITS = 32


def most_of(column: Column) -> int:
    """The largest whole number that the column holds, as far as its type tells; its opposite fits too."""
    if column.family is TypeFamily.INTEGER:
        # An unsigned type holds twice as much; half of it is enough for a bound that must never be too high.
        word = re.match(r"[a-z0-9]*", column.type.lower())
        return int((1 << (_BITS.get(word[0] if word else "", _USUAL_BITS) - 1)) - 1)
    declared = re.search(r"\(\s*([0-9]+)\s*(?:,\s*([0-9]+)\s*)?\)", column.type)
    if column.family is TypeFamily.NUMBER and declared:
        return int(10 ** max(int(declared[1]) - int(declared[2] or 0), 0)) - 1
    return int(10**MOST_DIGITS) - 1


def multiplied(values: pa.Array, prf: Prf, most: float, bound: int | None = None) -> pa.Array:
    """Values of 1 to 18 digits, times a factor between 1 / `most` and `most`; the number of digits stays.

    No amount but zero stays. `bound`: what no result may exceed, decimal signs aside, save where the value does.
    """
    counts, digits = digits_of(values)
    begins = np.cumsum(counts) - counts
    amounts = np.zeros(len(counts), np.uint64)
    for place in range(int(counts.max(initial=0))):
        here = place < counts
        amounts[here] = amounts[here] * np.uint64(10) + digits[begins[here] + place]
    # 1250 and 1250.00 are one amount: the factor depends on the digits without zeros at the end.
    drawn = prf(pc.replace_substring_regex(pc.replace_substring_regex(values, r"[^0-9]|^-?0+", ""), "0+$", ""))[:, 0]
    factor = 1 / most + (drawn >> np.uint64(11)).astype(np.float64) / 2.0**53 * (most - 1 / most)
    powers = np.array([10**exponent for exponent in range(MOST_DIGITS + 1)], np.uint64)
    size = np.searchsorted(powers, amounts, side="right")
    low, high = powers[np.maximum(size - 1, 0)], powers[size] - np.uint64(1)
    if bound is not None:
        high = np.where(amounts <= bound, np.minimum(high, np.uint64(bound)), high)
    new = np.rint(amounts * factor)
    outside = (new > high) | (new < low)
    new = np.where(outside, np.rint(amounts / factor), new)
    moved = np.clip(new.astype(np.uint64), low, high)
    same = moved == amounts  # as small amounts mostly are: up or down by one, or all of them would move alike
    up = (((drawn & np.uint64(1)) == 1) & (amounts < high)) | (amounts <= low)
    moved = np.where(same, np.where(up, amounts + np.uint64(1), amounts - np.uint64(1)), moved)
    moved = np.where(amounts == 0, amounts, moved)
    result = digits.copy()
    for place in range(int(counts.max(initial=0))):
        here = place < counts
        moved[here], result[begins[here] + counts[here] - 1 - place] = np.divmod(moved[here], np.uint64(10))
    return with_digits(values, result)
