"""NULL stays NULL, and nothing else becomes NULL."""

from __future__ import annotations

from collections import Counter
from functools import partial

import numpy as np
import pyarrow.compute as pc

from anonymizer.model.result import CheckResult
from anonymizer.model.schema import TypeFamily
from anonymizer.verify._comparison import Comparison, Rows, Watcher, alone, outcome

PROMISE = "In replaced columns NULL is exactly where it was, except where the rules ask for NULL."

ASKS_FOR_NULL = "null"
_NO_OTHER_VALUE = (TypeFamily.OTHER, TypeFamily.INTERVAL, TypeFamily.SEARCH)
"""Types that have no believable other value: replacing a column of one makes all of it NULL."""


class Watch(Watcher):
    """Compares where NULL is."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison)
        self._moved: Counter[str] = Counter()
        self._left: Counter[str] = Counter()
        self._examined = 0

    def rows(self, rows: Rows) -> None:
        for column in rows.plan.replaced:
            name = column.column.name
            if name not in rows.old.schema.names:
                continue
            old, new = rows.old.column(name), rows.new.column(name)
            self._examined += len(rows)
            if column.transform == ASKS_FOR_NULL:
                self._left[str(column.name)] += len(new) - new.null_count
            elif column.column.family in _NO_OTHER_VALUE and new.null_count == len(new):
                continue
            elif old.null_count or new.null_count:
                moved = pc.not_equal(pc.is_null(old), pc.is_null(new))
                self._moved[str(column.name)] += int(np.count_nonzero(moved.to_numpy(zero_copy_only=False)))

    def result(self) -> CheckResult:
        problems = [
            f"{column}: NULL has come or gone in {count} rows" for column, count in self._moved.items() if count
        ]
        problems += [f"{column}: {count} values are not NULL" for column, count in self._left.items() if count]
        return outcome("nulls", PROMISE, problems, self._examined, unseen=self.run.unseen)


check = partial(alone, Watch)
