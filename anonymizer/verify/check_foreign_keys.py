"""Rows join as before: every foreign key, declared in the schema or confirmed as a relation in the rules.

A value on one side and its equal on the other must have equal pseudonyms, and values that differed must still differ.
Then the same rows join, and the rows without a counterpart are the same ones as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from anonymizer.model.result import CheckResult
from anonymizer.model.schema import ForeignKey, TableName
from anonymizer.verify._comparison import Comparison, Rows, Watcher, alone, outcome
from anonymizer.verify._fingerprint import I64, U64, spread

PROMISE = "Every declared and confirmed relation joins the same rows as before."

_REFERENCING, _REFERENCED = 1, 2


@dataclass(frozen=True, slots=True)
class _Relation:
    table: TableName
    columns: tuple[str, ...]
    references: TableName
    referenced: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.table} ({', '.join(self.columns)}) -> {self.references} ({', '.join(self.referenced)})"


class Watch(Watcher):
    """Gathers fingerprints of the keys on both sides of each relation, before and after."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison)
        self._relations = tuple(dict.fromkeys(self._replaced_relations()))
        self._by_old, self._by_new = comparison.pairs(3), comparison.pairs(3)
        self._examined = 0

    def rows(self, rows: Rows) -> None:
        table = rows.plan.table.name
        above = self.plan.schema.root(table).name if table in self.plan.schema else table
        for number, relation in enumerate(self._relations):
            if relation.table in (table, above):
                self._add(rows, relation.columns, number, _REFERENCING)
            if relation.references in (table, above):
                self._add(rows, relation.referenced, number, _REFERENCED)

    def _add(self, rows: Rows, columns: tuple[str, ...], number: int, side: int) -> None:
        if not set(columns) <= set(rows.old.schema.names):
            return
        prints = [rows.prints(column) for column in columns]
        filled = np.logical_and.reduce([old != 0 for old, _ in prints])
        old = rows.joint([before for before, _ in prints])[filled] + spread(number)
        new = rows.joint([after for _, after in prints])[filled] + spread(number)
        tag = np.full(len(old), number * 4 + side, np.uint64)
        self._examined += len(old)
        self._by_old.add(old, new, tag)
        self._by_new.add(new, old, tag)

    def result(self) -> CheckResult:
        problems = []
        for pairs, words in ((self._by_old, "joined and no longer join"), (self._by_new, "join and did not before")):
            count = np.zeros(len(self._relations), np.int64)
            for part in pairs.partitions():
                count += np.bincount(_broken(part), minlength=len(count))
            problems += [f"{self._relations[n]}: rows of {c} key values {words}" for n, c in enumerate(count) if c]
        return outcome("foreign_keys", PROMISE, problems, self._examined, unseen=self.run.unseen)

    def _replaced_relations(self) -> Iterator[_Relation]:
        for plan in self.plan.tables.values():
            for key in plan.table.foreign_keys:
                yield from self._relation(plan.table.name, key)
        for referencing, referenced in self.plan.relations:
            key = ForeignKey((referencing.column,), referenced.table, (referenced.column,))
            yield from self._relation(referencing.table, key)

    def _relation(self, table: TableName, key: ForeignKey) -> Iterator[_Relation]:
        """The relation, if one of its columns is replaced by something else than NULL."""
        plan = self.plan.tables.get(table)
        if plan is None:
            return
        replaced = {column.column.name: column.transform for column in plan.replaced}
        if set(key.columns) & set(replaced) and "null" not in {replaced.get(column) for column in key.columns}:
            referenced = key.referenced
            if not referenced and key.references in self.plan.schema:
                referenced = self.plan.schema.table(key.references).primary_key
            yield _Relation(table, key.columns, key.references, referenced)


def _broken(rows: U64) -> I64:
    """Of rows (value, counterpart, relation and side): the relation of each value with several counterparts that
    stands on both sides."""
    rows = rows[np.argsort(rows[:, 0])]
    if not len(rows):
        return np.zeros(0, np.int64)
    starts = np.flatnonzero(np.concatenate(([True], rows[1:, 0] != rows[:-1, 0])))
    low, high = np.minimum.reduceat(rows[:, 1], starts), np.maximum.reduceat(rows[:, 1], starts)
    sides = np.bitwise_or.reduceat(rows[:, 2] & np.uint64(3), starts)
    broken = (low != high) & (sides == np.uint64(_REFERENCING | _REFERENCED))
    relations: I64 = (rows[starts[broken], 2] >> np.uint64(2)).astype(np.int64)
    return relations


check = partial(alone, Watch)
