"""What the plan does not replace is the same, row by row and in the same order."""

from __future__ import annotations

from collections import Counter
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.result import CheckResult
from anonymizer.model.schema import TableName, quote_name
from anonymizer.verify._comparison import Comparison, Rows, Watcher, alone, outcome
from anonymizer.verify._reader import ROW_ID, STORAGE, Block

PROMISE = "Every value that the rules keep is the same as in the source, row by row."


class Watch(Watcher):
    """Compares the kept columns of both sides."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison)
        self._changed: Counter[str] = Counter()
        self._different: set[TableName] = set()
        self._examined = 0

    def same(self, table: TableName, block: Block) -> None:
        self._examined += block.count() * len(block.columns)

    def rows(self, rows: Rows) -> None:
        replaced = {column.column.name for column in rows.plan.replaced}
        for index, name in enumerate(rows.old.schema.names):
            if name in replaced or name == STORAGE:
                continue
            self._examined += len(rows)
            changed = _changed(rows.old.column(name), rows.new.column(name))
            if STORAGE in rows.old.schema.names and name != ROW_ID:
                changed += _changed(*[pc.utf8_slice_codeunits(b.column(STORAGE), index, index + 1)
                                      for b in (rows.old, rows.new)])  # fmt: skip
            if changed:
                self._changed[f"{rows.plan.table.name}.{quote_name(name)}"] += changed

    def differs(self, table: TableName) -> None:
        self._different.add(table)

    def result(self) -> CheckResult:
        problems = [f"{column}: {count} kept values differ" for column, count in self._changed.items()]
        problems += [f"{table}: its columns, or rows that no rule names, differ" for table in self._different]
        return outcome("kept_columns", PROMISE, problems, self._examined, unseen=self.run.unseen)


def _changed(old: pa.Array, new: pa.Array) -> int:
    if old.equals(new):
        return 0
    alike = pc.fill_null(pc.equal(old, new), pc.and_(pc.is_null(old), pc.is_null(new)))
    return int(np.count_nonzero(~alike.to_numpy(zero_copy_only=False)))


check = partial(alone, Watch)
