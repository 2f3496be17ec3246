"""What a table's CHECK constraints say of replaced columns is still true, so that the database takes its rows.

sqlglot turns each condition into SQLite's words, and SQLite judges the rows before and after, a batch at a time. Where
it knows no such words, or the source's own rows would fail, it judges nothing: the notes name those conditions, and
only loading the result tells. NULL passes, as in every database.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.plan import TablePlan
from anonymizer.model.result import CheckResult
from anonymizer.model.schema import Column, TableName, TypeFamily
from anonymizer.verify._comparison import Comparison, Rows, Watcher, alone, outcome

PROMISE = "Every CHECK of a replaced column that can be judged outside its database is true of the new values too."

_DIALECTS = (("PostgreSQL", "postgres"), ("MySQL", "mysql"), ("mydumper", "mysql"), ("SQL Server", "tsql"))
_NUMBERS = (TypeFamily.INTEGER, TypeFamily.NUMBER)
_DAYS = (TypeFamily.DATE, TypeFamily.TIMESTAMP)
_ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]|$)"


@dataclass(slots=True)
class _Condition:
    """One CHECK, and its statement in SQLite's words over a table `t`."""

    columns: tuple[str, ...]
    create: str
    insert: str
    failing: str
    judged: bool = True


class Watch(Watcher):
    """Judges the rows of tables with such conditions."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison)
        self._dialect = next((d for start, d in _DIALECTS if comparison.source.kind.startswith(start)), "sqlite")
        self._judge: sqlite3.Connection | None = None
        self._conditions: dict[TableName, list[_Condition | None]] = {}
        self._wrong: Counter[str] = Counter()
        self._examined = 0

    def rows(self, rows: Rows) -> None:
        name = rows.plan.table.name
        if name not in self._conditions:
            self._conditions[name] = self._of(rows.plan)
        for number, condition in enumerate(self._conditions[name]):
            if condition is None or not condition.judged or not set(condition.columns) <= set(rows.old.schema.names):
                continue
            old, new = (batch.select(list(condition.columns)) for batch in (rows.old, rows.new))
            changed = pa.array([False] * len(rows))
            for before, after in zip(old.columns, new.columns, strict=True):
                changed = pc.or_(changed, pc.fill_null(pc.not_equal(before, after), True))
            if changed.true_count:
                if not _comparable(rows.plan, old, new) or self._failing(condition, old.filter(changed)):
                    condition.judged = False
                else:
                    self._wrong[f"{name}, CHECK {number + 1}"] += self._failing(condition, new.filter(changed))
                    self._examined += changed.true_count

    def _of(self, plan: TablePlan) -> list[_Condition | None]:
        """The conditions that name replaced columns; None for one that cannot be judged."""
        found: list[_Condition | None] = []
        replaced = {column.column.name.lower() for column in plan.replaced}
        made = {column.name.lower() for column in plan.table.columns if column.generated} if replaced else set()
        for text in plan.table.checks:
            condition = self._read(text, plan)
            unread = condition is None and _names(text, replaced)
            if unread or _names(text, made):  # what is generated may be made of what is replaced
                found.append(None)
            elif condition is not None and {name.lower() for name in condition.columns} & replaced:
                found.append(condition)
        return found

    def _read(self, text: str, plan: TablePlan) -> _Condition | None:
        import sqlglot
        from sqlglot import expressions as e
        from sqlglot.errors import SqlglotError

        try:
            tree: Any = sqlglot.parse_one(text, read=self._dialect)
        except SqlglotError:
            return None
        tree = tree.transform(_listed)
        known = {column.name.lower(): column for column in plan.table.columns}
        names: set[str] = {node.name.lower() for node in tree.find_all(e.Column)}
        if not names or not names <= known.keys():
            return None
        columns = [known[name] for name in sorted(names)]
        if self._means_another(tree, columns):
            return None
        quoted = ['"' + column.name.replace('"', '""') + '"' for column in columns]
        typed = [f"{q} {'NUMERIC' if c.family in _NUMBERS else 'TEXT'}" for q, c in zip(quoted, columns, strict=True)]
        condition = _Condition(
            tuple(column.name for column in columns),
            f"CREATE TEMP TABLE t ({', '.join(typed)})",
            f"INSERT INTO t VALUES ({', '.join('?' * len(columns))})",
            f"SELECT count(*) FROM t WHERE NOT ({tree.sql(dialect='sqlite')})",
        )
        try:
            self._failing(condition, None)
        except sqlite3.Error:
            return None
        return condition

    def _means_another(self, tree: Any, columns: list[Column]) -> bool:
        """Whether SQLite would take the condition for another one, most likely for one that always holds.

        Its dates are texts, without arithmetic; its booleans too; `%` is for whole numbers, and LIKE has no sets.
        """
        from sqlglot import expressions as e

        families = {column.family for column in columns}
        arithmetic = (e.Add, e.Sub, e.Mul, e.Div, e.Interval, e.DateAdd, e.DateSub, e.DateDiff)
        sets = self._dialect == "tsql" and any("[" in node.sql() for node in tree.find_all(e.Like))
        return bool(
            TypeFamily.BOOLEAN in families
            or next(tree.find_all(e.Mod), None)
            or (families & {*_DAYS, TypeFamily.TIME} and next(tree.find_all(*arithmetic), None))
            or sets
        )

    def _failing(self, condition: _Condition, batch: pa.RecordBatch | None) -> int:
        """How many rows do not fulfil it. A value that SQLite cannot judge counts as one that does not."""
        judge = self._connection()
        judge.execute(condition.create)
        try:
            if batch is not None:
                judge.executemany(condition.insert, zip(*(column.to_pylist() for column in batch.columns), strict=True))
            return int(judge.execute(condition.failing).fetchone()[0])
        except sqlite3.Error:
            if batch is None:
                raise
            return int(batch.num_rows)
        finally:
            judge.execute("DROP TABLE t")

    def _connection(self) -> sqlite3.Connection:
        if self._judge is None:
            self._judge = sqlite3.connect(":memory:")
            self._judge.execute(f"PRAGMA case_sensitive_like = {int(self._dialect == 'postgres')}")
            any_case = self._dialect != "postgres"
            self._judge.create_function("REGEXP", 2, lambda p, v: _found(p, v, any_case), deterministic=True)
            self._judge.create_function("REGEXP_LIKE", 2, lambda v, p: _found(p, v, any_case), deterministic=True)
            self._judge.create_function("REGEXP_I_LIKE", 2, lambda v, p: _found(p, v, True))
        return self._judge

    def result(self) -> CheckResult:
        if self._judge is not None:
            self._judge.close()
        problems = [
            f"{name}: {count} rows do not fulfil it; give its columns transforms whose results do, or keep them"
            for name, count in self._wrong.items()
            if count
        ]
        notes = [
            f"{table}, CHECK {number + 1}: cannot be judged here; only loading the result tells"
            for table, conditions in self._conditions.items()
            for number, condition in enumerate(conditions)
            if condition is None or not condition.judged
        ]
        return outcome("constraints", PROMISE, problems, self._examined, notes)


def _comparable(plan: TablePlan, *batches: pa.RecordBatch) -> bool:
    """Whether days are written so that the texts are in the order of the days."""
    days = [name for name in batches[0].schema.names if plan.table.column(name).family in _DAYS]
    return all(
        pc.all(pc.match_substring_regex(batch.column(name), _ISO), min_count=0).as_py() is not False
        for batch in batches
        for name in days
    )


def _listed(node: Any) -> Any:
    """`x = ANY (ARRAY[…])`, as PostgreSQL prints it, is `x IN (…)`; `_utf8mb4'…'`, as MySQL does, is a plain string."""
    from sqlglot import expressions as e

    if isinstance(node, e.Introducer):
        return node.expression
    if isinstance(node, e.EQ) and isinstance(node.expression, e.Any):
        inner = node.expression.this
        while isinstance(inner, e.Paren | e.Cast):
            inner = inner.this
        if isinstance(inner, e.Array):
            return e.In(this=node.this, expressions=inner.expressions)
    return node


def _names(text: str, columns: set[str]) -> bool:
    """Whether a condition names one of these columns, in lower case."""
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text.lower()) for name in columns)


def _found(pattern: str | None, value: object, any_case: bool) -> bool | None:
    """By RE2, whose time is linear in the value; what it cannot read is an error, and then not judged."""
    if pattern is None or value is None:
        return None
    return bool(pc.match_substring_regex(pa.scalar(str(value)), pattern, ignore_case=any_case).as_py())


check = partial(alone, Watch)
