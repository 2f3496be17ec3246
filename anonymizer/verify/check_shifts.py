"""No column of numbers or dates is merely shifted: one known value would give all the others away.

Where the rules ask for just that, by `shift`, the opposite holds: all dates of a domain move by one number of days, and
nothing else changes. Where they ask for it person by person, all dates of one person do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.plan import ColumnPlan
from anonymizer.model.result import CheckResult
from anonymizer.model.schema import TypeFamily
from anonymizer.verify._comparison import Comparison, Rows, Watcher, alone, outcome
from anonymizer.verify._fingerprint import spread
from anonymizer.verify.check_consistency import contradictions

PROMISE = (
    "No replaced column of numbers or dates is the source's, moved by one amount; where the rules ask for a shift, all "
    "dates of its domain are."
)

_ENOUGH = 4
"""Distinct values that, moved by one and the same amount, cannot be an accident."""
_SECONDS_A_DAY = 86_400
_ASKED = "shift"
_NO_DATE = r"^(00|99|-?infinity)| BC$"
"""Years before 100 and from 9900 on stand for no date, and stay."""


def _days(values: pa.Array) -> pa.Array:
    moments = pc.strptime(pc.utf8_slice_codeunits(values, 0, 10), "%Y-%m-%d", "s", error_is_null=True)
    return pc.divide(moments.cast(pa.int64()), _SECONDS_A_DAY)


def _whole(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.match_substring_regex(values, r"^-?[0-9]{1,9}$"), values, None).cast(pa.int64())


def _hundredths(values: pa.Array) -> pa.Array:
    fit = pc.if_else(pc.match_substring_regex(values, r"^-?[0-9]{1,9}(\.[0-9]{1,2})?$"), values, None)
    return pc.round(pc.multiply(fit.cast(pa.float64()), 100.0)).cast(pa.int64())


_READ: dict[TypeFamily, Callable[[pa.Array], pa.Array]] = {
    TypeFamily.DATE: _days,
    TypeFamily.TIMESTAMP: _days,
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


class Watch(Watcher):
    """Follows the smallest and the largest difference of each column."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison)
        self._shifts: dict[str, _Shift] = {}
        self._asked: dict[str, _Shift] = {}
        """By domain, what the rules ask to shift."""
        self._torn: Counter[str] = Counter()
        self._still: Counter[str] = Counter()
        self._domains: dict[str, int] = {}
        self._of_person = comparison.pairs(3)
        self._examined = 0

    def rows(self, rows: Rows) -> None:
        for plan in rows.plan.replaced:
            read = _READ.get(plan.column.family)
            if read is None or plan.column.name not in rows.old.schema.names:
                continue
            if plan.transform == _ASKED:
                self._follow(plan, rows)
                continue
            shift = self._shifts.setdefault(str(plan.name), _Shift())
            if shift.low < shift.high:
                continue
            self._examined += len(rows)
            old = read(rows.old.column(plan.column.name))
            moved = pc.subtract(read(rows.new.column(plan.column.name)), old)
            edges = pc.min_max(moved).as_py()
            if edges["min"] is not None:
                shift.low, shift.high = min(shift.low, edges["min"]), max(shift.high, edges["max"])
                shift.values.update(pc.unique(old.filter(pc.is_valid(moved)))[:_ENOUGH].to_pylist())

    def _follow(self, plan: ColumnPlan, rows: Rows) -> None:
        """By how many days each date moved, and whether its time of day stayed."""
        old, new = rows.old.column(plan.column.name), rows.new.column(plan.column.name)
        dates = pc.fill_null(pc.invert(pc.match_substring_regex(old, _NO_DATE)), False)
        old, new = old.filter(dates), new.filter(dates)
        moved = pc.subtract(_days(new), _days(old))
        self._examined += len(old)
        if plan.by is not None or plan.policy == "fully_randomised":
            self._follow_each(plan, rows, dates.to_numpy(zero_copy_only=False), moved)
            edges = {"min": None}
        else:
            edges = pc.min_max(moved).as_py()
        if edges["min"] is not None:
            shift = self._asked.setdefault(str(plan.domain), _Shift())
            shift.low, shift.high = min(shift.low, edges["min"]), max(shift.high, edges["max"])
        known = pc.is_valid(moved)
        rest = [pc.utf8_slice_codeunits(values.filter(known), 10) for values in (old, new)]
        self._torn[str(plan.name)] += pc.invert(pc.equal(*rest)).true_count

    def _follow_each(self, plan: ColumnPlan, rows: Rows, dates: npt.NDArray[np.bool_], moved: pa.Array) -> None:
        """By how many days the dates of each person, or of each row, moved."""
        known = pc.is_valid(moved).to_numpy(zero_copy_only=False)
        days = moved.filter(moved.is_valid()).to_numpy()
        self._still[str(plan.name)] += int(np.count_nonzero(days == 0))
        if plan.by is None or plan.by not in rows.old.schema.names:
            return
        domain = self._domains.setdefault(str(plan.domain), len(self._domains))
        whose = rows.prints(plan.by)[0][dates][known] + spread(domain)
        self._of_person.add(whose, days.astype(np.uint64), np.full(len(days), domain, np.uint64))

    def result(self) -> CheckResult:
        problems = [
            f"{name}: every value is moved by the same amount"
            for name, shift in self._shifts.items()
            if shift.low == shift.high != 0 and len(shift.values) >= _ENOUGH
        ]
        for domain, shift in self._asked.items():
            if shift.low <= 0 <= shift.high:
                problems.append(f"domain {domain}: dates that the rules ask to shift are where they were")
            elif shift.low != shift.high:
                problems.append(f"domain {domain}: not all dates are shifted by the same number of days")
        problems += [f"{name}: {n} dates are where they were" for name, n in self._still.items() if n]
        torn = Counter(int(group) for pairs in self._of_person.partitions() for group in contradictions(pairs))
        names = list(self._domains)
        problems += [f"domain {names[group]}: the dates of {n} people lie otherwise apart" for group, n in torn.items()]
        problems += [f"{name}: the time of day changed in {n} shifted rows" for name, n in self._torn.items() if n]
        return outcome("shifts", PROMISE, problems, self._examined, unseen=self.run.unseen)


check = partial(alone, Watch)
