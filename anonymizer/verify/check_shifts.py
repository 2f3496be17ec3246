"""No column of numbers or dates is merely shifted or multiplied: one known value would give all the others away.

Where the rules ask for just that, by `shift`, `check_shifted` looks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.result import CheckResult
from anonymizer.model.schema import TypeFamily
from anonymizer.verify._comparison import Comparison, Rows, Watcher, alone, outcome
from anonymizer.verify.check_shifted import ASKED, days

PROMISE = "No replaced column of numbers or dates is the source's, moved by one amount or multiplied by one factor."

_ENOUGH = 4
"""Distinct values that, moved by one and the same amount, cannot be an accident."""
_PRECISE = 500
"""Units above which a rounded number tells its factor to one per mille."""
_NUMBERS = (TypeFamily.INTEGER, TypeFamily.NUMBER)


def _whole(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.match_substring_regex(values, r"^-?[0-9]{1,9}$"), values, None).cast(pa.int64())


def _hundredths(values: pa.Array) -> pa.Array:
    fit = pc.if_else(pc.match_substring_regex(values, r"^-?[0-9]{1,9}(\.[0-9]{1,2})?$"), values, None)
    return pc.round(pc.multiply(fit.cast(pa.float64()), 100.0)).cast(pa.int64())


_READ: dict[TypeFamily, Callable[[pa.Array], pa.Array]] = {
    TypeFamily.DATE: days,
    TypeFamily.TIMESTAMP: days,
    TypeFamily.INTEGER: _whole,
    TypeFamily.NUMBER: _hundredths,
}
"""Family -> values as whole numbers, null for what is none."""


@dataclass(slots=True)
class _Shift:
    values: set[int] = field(default_factory=set)
    """Some distinct old values."""
    low: int = 1 << 63
    high: int = -(1 << 63)
    factor: tuple[float, float] = (-math.inf, math.inf)
    """The lowest and the highest factor that give all new values of the old ones; there is none if these cross."""
    multiplied: set[float] = field(default_factory=set)
    """Some distinct old values large enough for their factor to say something."""

    def multiply(self, old: pa.Array, new: pa.Array) -> None:
        """Take up some rows, null where there is nothing to compare."""
        both = pc.and_(pc.is_valid(old), pc.is_valid(new))
        a, b = (side.filter(both).to_numpy().astype(float) for side in (old, new))
        unit = 1 if np.any(b % 100) else 100  # rounded to a hundredth or to a whole
        telling = (np.abs(a) > _PRECISE * unit) & (np.abs(b) > _PRECISE * unit)
        a, b = a[telling], b[telling]
        if not len(a):
            return
        edges = np.sort(np.stack([(b - 0.51 * unit) / a, (b + 0.51 * unit) / a]), axis=0)
        self.factor = max(self.factor[0], float(edges[0].max())), min(self.factor[1], float(edges[1].min()))
        if len(self.multiplied) < _ENOUGH:
            self.multiplied.update(np.unique(a)[:_ENOUGH].tolist())

    @property
    def is_multiplied(self) -> bool:
        """By one factor that is not 1."""
        low, high = self.factor
        return low <= high and not low <= 1 <= high and len(self.multiplied) >= _ENOUGH


class Watch(Watcher):
    """Follows the smallest and the largest difference of each column."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison)
        self._shifts: dict[str, _Shift] = {}
        self._examined = 0

    def rows(self, rows: Rows) -> None:
        for plan in rows.plan.replaced:
            read = _READ.get(plan.column.family)
            if read is None or plan.transform == ASKED or plan.column.name not in rows.old.schema.names:
                continue
            shift = self._shifts.setdefault(str(plan.name), _Shift())
            if shift.low < shift.high and shift.factor[0] > shift.factor[1]:
                continue
            self._examined += len(rows)
            old = read(rows.old.column(plan.column.name))
            new = read(rows.new.column(plan.column.name))
            if plan.column.family in _NUMBERS:
                shift.multiply(old, new)
            else:
                shift.factor = (1.0, 0.0)
            moved = pc.subtract(new, old)
            edges = pc.min_max(moved).as_py()
            if edges["min"] is not None:
                shift.low, shift.high = min(shift.low, edges["min"]), max(shift.high, edges["max"])
                shift.values.update(pc.unique(old.filter(pc.is_valid(moved)))[:_ENOUGH].to_pylist())

    def result(self) -> CheckResult:
        problems = [
            f"{name}: every value is moved by the same amount"
            for name, shift in self._shifts.items()
            if shift.low == shift.high != 0 and len(shift.values) >= _ENOUGH
        ]
        problems += [
            f"{name}: every value is multiplied by the same factor"
            for name, shift in self._shifts.items()
            if shift.is_multiplied and f"{name}: every value is moved by the same amount" not in problems
        ]
        return outcome("shifts", PROMISE, problems, self._examined, unseen=self.run.unseen)


check = partial(alone, Watch)
