"""Where the rules ask for a shift, dates move by one number of days and nothing else changes.

All dates of a domain move alike, or all dates of one person where the rules ask for it person by person.
"""

from __future__ import annotations

from collections import Counter
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.plan import ColumnPlan
from anonymizer.model.result import CheckResult
from anonymizer.verify._comparison import Comparison, Rows, Watcher, alone, outcome
from anonymizer.verify._fingerprint import spread
from anonymizer.verify.check_consistency import contradictions

PROMISE = "Dates that the rules ask to shift all move, by one number of days for each domain or person."

ASKED = "shift"
"""The transform that moves dates."""
_SECONDS_A_DAY = 86_400
_NO_DATE = r"^(00|99|-?infinity)| BC$|^.{10}[ T]?[-0-9:., +TZ]*[^-0-9:., +TZ]"
"""Years before 100 and from 9900 on stand for no date, and stay; with other words behind it, a date is a text."""


def days(values: pa.Array) -> pa.Array:
    """ISO dates and moments -> days since 1970-01-01, null for what is none."""
    moments = pc.strptime(pc.utf8_slice_codeunits(values, 0, 10), "%Y-%m-%d", "s", error_is_null=True)
    return pc.divide(moments.cast(pa.int64()), _SECONDS_A_DAY)


class Watch(Watcher):
    """By how many days each date moved, and whether its time of day stayed."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison)
        self._domains: dict[str, int] = {}
        self._moved = comparison.pairs(3)
        self._still: Counter[str] = Counter()
        self._torn: Counter[str] = Counter()
        self._examined = 0

    def rows(self, rows: Rows) -> None:
        for plan in rows.plan.replaced:
            if plan.transform == ASKED and plan.column.name in rows.old.schema.names:
                self._follow(plan, rows)

    def _follow(self, plan: ColumnPlan, rows: Rows) -> None:
        old, new = rows.old.column(plan.column.name), rows.new.column(plan.column.name)
        dates = pc.fill_null(pc.invert(pc.match_substring_regex(old, _NO_DATE)), False)
        old, new = old.filter(dates), new.filter(dates)
        moved = pc.subtract(days(new), days(old))
        known = moved.is_valid()
        by = moved.filter(known).to_numpy()
        self._examined += len(old)
        self._still[str(plan.name)] += int(np.count_nonzero(by == 0))
        rest = [pc.utf8_slice_codeunits(values.filter(known), 10) for values in (old, new)]
        self._torn[str(plan.name)] += pc.invert(pc.equal(*rest)).true_count
        if plan.policy == "fully_randomised":
            return
        domain = self._domains.setdefault(str(plan.domain), len(self._domains))
        chosen = dates.to_numpy(zero_copy_only=False).nonzero()[0][known.to_numpy(zero_copy_only=False)]
        whose = self._whose(plan, rows)[chosen] + spread(domain)
        self._moved.add(whose, by.astype(np.uint64), np.full(len(by), domain, np.uint64))

    def _whose(self, plan: ColumnPlan, rows: Rows) -> npt.NDArray[np.uint64]:
        """Who has to move alike: the person of each row, or all of them."""
        if plan.by is None or plan.by not in rows.old.schema.names:
            return np.zeros(len(rows), np.uint64)
        return rows.prints(plan.by)[0]

    def result(self) -> CheckResult:
        names = list(self._domains)
        apart = {int(group) for pairs in self._moved.partitions() for group in contradictions(pairs)}
        problems = [f"{name}: {n} dates are where they were" for name, n in self._still.items() if n]
        problems += [
            f"domain {names[group]}: its dates, or those of one person, are not all shifted by one number of days"
            for group in sorted(apart)
        ]
        problems += [f"{name}: the time of day changed in {n} shifted rows" for name, n in self._torn.items() if n]
        return outcome("shifted", PROMISE, problems, self._examined, unseen=self.run.unseen)


check = partial(alone, Watch)
