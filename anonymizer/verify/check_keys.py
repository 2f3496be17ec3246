"""What was unique is unique, and every replaced value fits its column: NOT NULL, length, enum labels, type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.plan import ColumnPlan
from anonymizer.model.result import CheckResult
from anonymizer.model.schema import Column, TableName, TypeFamily, quote_name
from anonymizer.verify._comparison import Comparison, Rows, Watcher, alone, outcome
from anonymizer.verify._fingerprint import I64, spread
from anonymizer.verify._pairs import Pairs

PROMISE = "Keys that were unique are unique, and every replaced value fits the type, length and labels of its column."

_DAY = "[0-9]{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_FORMS = {
    TypeFamily.INTEGER: r"^\s*-?[0-9]+\s*$",
    TypeFamily.NUMBER: r"^\s*(-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|NaN|-?Infinity)\s*$",
    TypeFamily.DATE: rf"^(-?infinity|{_DAY}( BC)?)$",
    TypeFamily.TIMESTAMP: rf"^(-?infinity|{_DAY}[ T][0-2][0-9]:[0-5][0-9].*)$",
    TypeFamily.TIME: r"^[0-2][0-9]:[0-5][0-9](:[0-6][0-9](\.[0-9]+)?)?.*$",
    TypeFamily.BOOLEAN: r"^(?i:t|f|true|false|0|1|y|n|yes|no)$",
    TypeFamily.UUID: r"^\{?[0-9A-Fa-f]{8}(-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}\}?$",
    TypeFamily.BINARY: r"^\\x([0-9A-Fa-f]{2})*$",
}
_LARGEST = {"smallint": 2**15 - 1, "smallserial": 2**15 - 1, "integer": 2**31 - 1, "serial": 2**31 - 1}


class Watch(Watcher):
    """Counts keys that stand twice, and values that do not fit."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison)
        self._keys: dict[tuple[TableName, tuple[str, ...]], int] = {}
        self._old, self._new = comparison.pairs(2), comparison.pairs(2)
        self._misfits: Counter[str] = Counter()
        self._examined = 0

    def rows(self, rows: Rows) -> None:
        for owner, columns in self._replaced_keys(rows):
            number = self._keys.setdefault((owner, columns), len(self._keys))
            prints = [rows.prints(column) for column in columns]
            for pairs, side in ((self._old, 0), (self._new, 1)):
                filled = np.logical_and.reduce([pair[side] != 0 for pair in prints])
                joint = rows.joint([pair[side] for pair in prints])[filled] + spread(number)
                pairs.add(joint, np.full(len(joint), number, np.uint64))
        self._prefixes(rows)
        for plan in rows.plan.replaced:
            name = plan.column.name
            if name in rows.old.schema.names:
                self._examined += len(rows)
                key = name in rows.plan.table.primary_key
                for words, count in _misfits(plan, rows.old.column(name), rows.new.column(name), key):
                    self._misfits[f"{plan.name}: {words}"] += count

    def _prefixes(self, rows: Rows) -> None:
        """Keys on the first characters of a column."""
        replaced = {plan.column.name for plan in rows.plan.replaced}
        for column, size in rows.plan.table.prefixes:
            if column in replaced and column in rows.old.schema.names:
                key = rows.plan.table.name, (f"{column}, first {size}",)
                number = self._keys.setdefault(key, len(self._keys))
                for pairs, batch in ((self._old, rows.old), (self._new, rows.new)):
                    first = pc.utf8_lower(pc.utf8_slice_codeunits(batch.column(column).drop_null(), 0, size))
                    joint = self.run.prints.cells(first) + spread(number)
                    pairs.add(joint, np.full(len(joint), number, np.uint64))

    def result(self) -> CheckResult:
        before, after = _duplicates(self._old, len(self._keys)), _duplicates(self._new, len(self._keys))
        problems = [
            f"{owner} ({', '.join(map(quote_name, columns))}): {after[number]} key values stand more than once"
            for (owner, columns), number in self._keys.items()
            if after[number] > before[number]
        ]
        problems += [f"{words} in {count} rows" for words, count in self._misfits.items() if count]
        return outcome("keys", PROMISE, problems, self._examined, unseen=self.run.unseen)

    def _replaced_keys(self, rows: Rows) -> Iterator[tuple[TableName, tuple[str, ...]]]:
        """Keys of the table, and of the partitioned table that it belongs to, of which a column is replaced."""
        table = rows.plan.table
        replaced = {column.column.name for column in rows.plan.replaced}
        root = self.plan.schema.root(table.name) if table.name in self.plan.schema else table
        for owner in dict.fromkeys((table.name, root.name)):
            for columns in (table if owner == table.name else root).keys:
                if replaced & set(columns) and set(columns) <= set(rows.old.schema.names):
                    yield owner, columns


def _duplicates(pairs: Pairs, keys: int) -> I64:
    """Per key, how many of its values stand more often than once."""
    count = np.zeros(keys, np.int64)
    for rows in pairs.partitions():
        rows = rows[np.argsort(rows[:, 0])]
        again = rows[1:, 0] == rows[:-1, 0]
        count += np.bincount(rows[1:, 1][again].astype(np.int64), minlength=keys)
    return count


def _misfits(plan: ColumnPlan, old: pa.Array, new: pa.Array, primary: bool) -> Iterator[tuple[str, int]]:
    """What does not fit now and did before, with the number of rows. `null` is for check_nulls where it may stand."""
    column = plan.column
    if primary or not column.nullable:
        yield "NULL in a column that has none", max(0, new.null_count - old.null_count)
    if column.length is not None:
        yield (
            f"longer than {column.length} characters",
            _worse(*[pc.less_equal(pc.utf8_length(values), column.length) for values in (old, new)]),
        )
    if column.labels:
        labels = pa.array(column.labels, pa.string())
        yield "not one of the labels", _worse(pc.is_in(old, labels), pc.is_in(new, labels), new)
    if column.family in _FORMS:
        form = _FORMS[column.family]
        yield (
            f"not a value of the type {column.type}",
            _worse(pc.match_substring_regex(old, form), pc.match_substring_regex(new, form)),
        )
    if column.family is TypeFamily.INTEGER:
        yield f"out of the range of {column.type}", _out_of_range(column, new)


def _worse(before: pa.Array, after: pa.Array, new: pa.Array | None = None) -> int:
    """Rows where a test held and no longer does; NULL passes every test."""
    held, holds = pc.fill_null(before, True), pc.fill_null(after, True)
    if new is not None:
        holds = pc.or_(holds, pc.is_null(new))
    return int(np.count_nonzero(pc.and_not(held, holds).to_numpy(zero_copy_only=False)))


def _out_of_range(column: Column, new: pa.Array) -> int:
    largest = _LARGEST.get(column.type.lower(), 2**63 - 1)
    digits = new.filter(pc.fill_null(pc.match_substring_regex(new, r"^-?[0-9]{1,18}$"), False))
    numbers = digits.cast(pa.int64())
    return int(np.count_nonzero(pc.greater(pc.abs(numbers), largest).to_numpy(zero_copy_only=False)))


check = partial(alone, Watch)
