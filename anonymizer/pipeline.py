"""Source -> kernels -> sink, batch by batch, without a decision left to take.

The loop is all there is: which kernel serves which column was decided by planning, how rows are read and written by
the store. Memory is that of a few batches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa

from anonymizer.contracts import ByRow, Kernel, Rows, Sink, Source
from anonymizer.errors import InternalError
from anonymizer.model.plan import Plan
from anonymizer.model.result import TableCount
from anonymizer.model.schema import ColumnName, TableName

Progress = Callable[[TableName, int], None]
"""Told of every batch: its table and how many rows of it were written."""


def replace(
    source: Source,
    sink: Sink,
    plan: Plan,
    kernels: Mapping[TableName, Mapping[str, Kernel | ByRow]],
    progress: Progress = lambda table, rows: None,
) -> dict[TableName, TableCount]:
    """Copy the whole source into the sink with every planned column replaced, and complete the sink.

    Returns what was written per touched table. Raises SourceError, TargetError, or InternalError when a kernel broke
    its promise (length, type); the sink is then aborted and what it wrote must not be used.
    """
    rows: dict[TableName, int] = dict.fromkeys(plan.touched, 0)
    values: dict[TableName, dict[str, int]] = {table: dict.fromkeys(kernels.get(table, ()), 0) for table in rows}
    try:
        for part in source.parts(plan.touched):
            if isinstance(part, Rows):
                part = _replaced(part, plan, kernels.get(part.table, {}), values[part.table], rows[part.table])
                rows[part.table] += part.batch.num_rows
                progress(part.table, part.batch.num_rows)
            sink.write(part)
        sink.close()
    except BaseException:
        sink.abort()
        raise
    return {table: TableCount(rows[table], values[table]) for table in rows}


def _replaced(
    part: Rows, plan: Plan, kernels: Mapping[str, Kernel | ByRow], counts: dict[str, int], first_row: int
) -> Rows:
    if plan.tables[part.table].rows == "none":
        return Rows(part.table, part.batch.slice(0, 0), part.frame)
    columns = []
    for name, values in zip(part.batch.schema.names, part.batch.columns, strict=True):
        kernel = kernels.get(name)
        if kernel is None:  # a policy looks at it; it stays
            columns.append(values)
            continue
        pseudonyms = kernel(part.batch, name, first_row) if isinstance(kernel, ByRow) else kernel(values)
        if len(pseudonyms) != len(values) or pseudonyms.type != pa.string():
            raise InternalError(f"the transform of {ColumnName(part.table, name)} broke its promise; do not use it")
        counts[name] += len(values) - values.null_count
        columns.append(pseudonyms)
    return Rows(part.table, pa.RecordBatch.from_arrays(columns, names=part.batch.schema.names), part.frame)
