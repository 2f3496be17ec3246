"""Every table has as many rows as before; a table that the rules empty has none."""

from __future__ import annotations

from collections import Counter
from functools import partial

from anonymizer.model.result import CheckResult
from anonymizer.model.schema import TableName
from anonymizer.verify._comparison import Comparison, Rows, Watcher, alone, outcome
from anonymizer.verify._reader import Block

PROMISE = "Every table has as many rows as before, and those that the rules empty have none."


class Watch(Watcher):
    """Counts rows on both sides."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison)
        self._old: Counter[TableName] = Counter()
        self._new: Counter[TableName] = Counter()

    def same(self, table: TableName, block: Block) -> None:
        self._old[table] += block.count()
        self._new[table] += block.count()

    def rows(self, rows: Rows) -> None:
        self.unpaired(rows.plan.table.name, len(rows), len(rows))

    def unpaired(self, table: TableName, old: int, new: int) -> None:
        self._old[table] += old
        self._new[table] += new

    def result(self) -> CheckResult:
        problems = []
        for table in {**self._old, **self._new}:
            plan = self.plan.tables.get(table)
            expected = 0 if plan is not None and plan.rows == "none" else self._old[table]
            if self._new[table] != expected:
                problems.append(f"{table}: {self._new[table]} rows, expected {expected}")
        return outcome("row_counts", PROMISE, problems, self._old.total())


check = partial(alone, Watch)
