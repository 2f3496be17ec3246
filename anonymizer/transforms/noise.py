"""Numbers and dates: a nearby one.

Technique (ISO/IEC 20889): randomization (noise, keyed by the value).

Numbers are multiplied by a factor between 1 / (1 + spread) and 1 + spread, the same for the same number; sign,
decimals, zero and the number of digits stay, and no result leaves its integer type. Dates move by up to `spread`, the
same day by as many days; the time of day and the written form stay. Nothing but zero stays as it was.

Example: {as: noise, spread: 10 %}: 1840.50 -> 1902.17; {as: noise, spread: 30 days}: 2024-05-17 -> 2024-05-29

Never reached: the order of magnitude stays, and an extreme value stays extreme; sums do not follow. What stands for no
date stays. Text that is neither number nor date keeps its look only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel, Parameters
from anonymizer.errors import RuleError
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.prf import Prf
from anonymizer.transforms import _typed
from anonymizer.transforms._calendar import Rows, order_of, span, with_days, wrong_order, wrong_span
from anonymizer.transforms._cells import by_distinct, visible
from anonymizer.transforms._days import Days
from anonymizer.transforms._multiplied import most_of, multiplied
from anonymizer.transforms._named_dates import NamedDates

NAME = "noise"
CATEGORIES: tuple[str, ...] = ()
TECHNIQUE = "randomization"
PARAMETERS: Mapping[str, str] = {
    "spread": "How far a value may move: `10 %` of a number (1 to 100), `30 days` of a date.",
    "order": "`dmy` (the default) or `mdy`: how 03/04/1985 is to be read.",
}
REQUIRED = ("spread",)

_NUMBERS = (TypeFamily.INTEGER, TypeFamily.NUMBER)
_DATES = (TypeFamily.DATE, TypeFamily.TIMESTAMP)
_PERCENT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*%?\s*\Z")
_PLAIN = r"^-?[0-9]{1,18}$|^-?(?:[0-9][.,]?){1,17}[0-9]$"


def mistake(parameters: Parameters) -> str | None:
    """See `contracts.Transform`."""
    if _percent(parameters.get("spread")) is None and wrong_span(parameters, "spread", NAME):
        return "`spread` of `noise` is no percentage from 1 to 100 and no time; write `spread: 10 %` or `30 days`"
    return wrong_order(parameters)


def kernel(binding: Binding) -> Kernel:
    """Numbers, dates, timestamps; text by its `spread`. Raises RuleError for other types, spreads and keys."""
    column = binding.column
    where = f"{binding.table.name}.{column.name}"
    if column.family not in (*_NUMBERS, *_DATES, TypeFamily.TEXT):
        raise RuleError(f"{where}: `noise` takes numbers and dates, not {column.type}; give it `masked`")
    if binding.domain.unique:
        raise RuleError(f"{where} is a key, and noise could make two values one; give it `permute`")
    percent = _percent(binding.parameters.get("spread"))
    if column.family in _DATES or (column.family is TypeFamily.TEXT and percent is None):
        return by_distinct(visible(_of_dates(binding)))
    if percent is None:
        raise RuleError(f"{where}: `spread` of `noise` is no percentage from 1 to 100; write `spread: 10 %`")
    return by_distinct(visible(_of_numbers(binding, 1 + percent / 100)))


def _percent(spread: object) -> float | None:
    match = _PERCENT.match(str(spread)) if isinstance(spread, int | float | str) else None
    return float(match[1]) if match and 1 <= float(match[1]) <= 100 else None


def _of_numbers(binding: Binding, most: float) -> Kernel:
    prf = Prf(binding.keys.derive(NAME, binding.domain.name))
    other = _typed.kernel(binding)
    bound = most_of(binding.column) if binding.column.family is TypeFamily.INTEGER else None

    def mapped(values: pa.Array) -> pa.Array:
        plain = pc.match_substring_regex(values, _PLAIN)
        result = values
        if plain.true_count:
            result = pc.replace_with_mask(values, plain, multiplied(pc.filter(values, plain), prf, most, bound))
        rest = pc.invert(plain)
        return pc.replace_with_mask(result, rest, other(pc.filter(values, rest))) if rest.true_count else result

    return mapped


def _of_dates(binding: Binding) -> Kernel:
    by, order = span(binding, "spread", NAME), order_of(binding)
    named, other = NamedDates(binding), _typed.kernel(binding)
    prf = Prf(binding.keys.derive(NAME, binding.domain.name, "days"))

    def move(days: Days, rows: Rows) -> Days:
        drawn = (prf.of_numbers(days.astype(np.uint64))[:, 0] % np.uint64(2 * by)).astype(np.int64) - by
        return days + np.where(drawn < 0, drawn, drawn + 1)

    return lambda values: with_days(values, order, move, named, other)


def capacity(domain: Domain) -> int | None:
    """No bound: as many as there are values."""
    return None
