"""Amounts of money: a nearby amount with as many digits.

Technique (ISO/IEC 20889): randomization (multiplicative noise, keyed by the value).

The digits as a whole number are multiplied by a factor between 1 / (1 + spread) and 1 + spread, the same for the same
amount; sign, decimals, currency and separators stay, and so does the number of digits. Zero stays zero.

Example: 2750.00 -> 3102.87; EUR 1.200,50 -> EUR 1.043,92

Never reached: sums and products of other columns do not follow. The order of magnitude stays, and an extreme amount
stays extreme: where that names somebody, use `null` or `set`. Text without digits keeps its look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel
from anonymizer.errors import RuleError
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.written_form import digits_of, with_digits
from anonymizer.transforms import _numbered

NAME = "salary_or_finance"
CATEGORIES: tuple[str, ...] = ("salary_or_finance",)
TECHNIQUE = "randomization"
PARAMETERS: Mapping[str, str] = {"spread": "How far an amount may move, in percent, 1 to 100; 25 if not given."}

_USUAL_SPREAD = 25
_MOST_DIGITS = 18
_AMOUNT = r"^[^0-9]*[0-9](?:[^0-9]*[0-9]){0,17}[^0-9]*$"
_SCIENTIFIC = r"[0-9][eE][-+]?[0-9]"


def kernel(binding: Binding) -> Kernel:
    """Text and numbers; other types get a value of their type. Raises RuleError for an unknown spread."""
    spread = binding.parameters.get("spread", _USUAL_SPREAD)
    if not isinstance(spread, int | float) or not 1 <= spread <= 100:
        raise RuleError(f"{binding.table.name}.{binding.column.name}: `spread` is a percentage from 1 to 100")
    return _numbered.kernel(binding, _kinds)


def capacity(domain: Domain) -> int | None:
    """No bound: as many as there are amounts."""
    return None


def _kinds(binding: Binding) -> Sequence[_numbered.Kind]:
    prf = Prf(binding.keys.derive("amount", binding.domain.name))
    most = 1 + float(binding.parameters.get("spread", _USUAL_SPREAD) or _USUAL_SPREAD) / 100
    if binding.domain.unique:
        return ()  # noise would make two amounts one

    def is_amount(values: pa.Array) -> pa.Array:
        scientific = pc.match_substring_regex(values, _SCIENTIFIC)
        return pc.and_not(pc.match_substring_regex(values, _AMOUNT), scientific)

    return (_numbered.Kind(is_amount, lambda values: _moved(values, prf, most)),)


def _moved(values: pa.Array, prf: Prf, most: float) -> pa.Array:
    counts, digits = digits_of(values)
    begins = np.cumsum(counts) - counts
    amounts = np.zeros(len(counts), np.uint64)
    for place in range(int(counts.max(initial=0))):
        here = place < counts
        amounts[here] = amounts[here] * np.uint64(10) + digits[begins[here] + place]
    # 1250 and 1250.00 are one amount: the factor depends on the digits without zeros at the end.
    drawn = prf(pc.replace_substring_regex(pc.replace_substring_regex(values, r"[^0-9]|^-?0+", ""), "0+$", ""))[:, 0]
    factor = 1 / most + (drawn >> np.uint64(11)).astype(np.float64) / 2.0**53 * (most - 1 / most)
    powers = np.array([10**exponent for exponent in range(_MOST_DIGITS + 1)], np.uint64)
    size = np.searchsorted(powers, amounts, side="right")
    low, high = powers[np.maximum(size - 1, 0)], powers[size] - np.uint64(1)
    new = np.rint(amounts * factor)
    outside = (new > high) | (new < low)
    new = np.where(outside, np.rint(amounts / factor), new)
    moved = np.clip(new.astype(np.uint64), low, high)
    same = moved == amounts
    moved = np.where(same, np.where(amounts < high, amounts + np.uint64(1), amounts - np.uint64(1)), moved)
    moved = np.where(amounts == 0, amounts, moved)
    result = digits.copy()
    for place in range(int(counts.max(initial=0))):
        here = place < counts
        moved[here], result[begins[here] + counts[here] - 1 - place] = np.divmod(moved[here], np.uint64(10))
    return with_digits(values, result)
