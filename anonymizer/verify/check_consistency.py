"""The same value has the same pseudonym, in all columns of a domain that are replaced in the same way.

Values are compared, not representations: 123 as a number and as text are one value, and so is a member of an array.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.plan import ColumnPlan
from anonymizer.model.result import CheckResult
from anonymizer.model.schema import TypeFamily
from anonymizer.verify._comparison import Comparison, Rows, Watcher, alone, outcome
from anonymizer.verify._fingerprint import U64, spread

PROMISE = "In each domain the same value has the same pseudonym everywhere."

SUPPRESSING = frozenset(
    "null set free_text document_or_blob photo signature password_or_secret known_password user_agent gender".split()
)
"""Transforms that remove values instead of giving them pseudonyms."""


class Watch(Watcher):
    """Gathers fingerprints of values and their pseudonyms."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison)
        self._pairs = comparison.pairs(3)
        self._groups: dict[tuple[object, ...], int] = {}
        self._names: list[str] = []
        self._examined = 0

    def rows(self, rows: Rows) -> None:
        for column in rows.plan.replaced:
            name = column.column.name
            by_row = column.by is not None or column.policy == "fully_randomised"
            if by_row or column.transform in SUPPRESSING or name not in rows.old.schema.names:
                continue
            group = self._group(column)
            old, new = rows.prints(name)
            filled = old != 0
            old, new = old[filled], new[filled]
            self._examined += len(old)
            if column.column.family is TypeFamily.ARRAY:
                old, new = (self.run.prints.cells(side) for side in _members(rows.old.column(name),
                                                                             rows.new.column(name)))  # fmt: skip
            self._pairs.add(old + spread(group), new, np.full(len(old), group, np.uint64))

    def result(self) -> CheckResult:
        found = np.zeros(len(self._names), np.int64)
        for rows in self._pairs.partitions():
            found += np.bincount(contradictions(rows).astype(np.int64), minlength=len(self._names))
        problems = [f"{self._names[group]}: {count} values have several pseudonyms"
                    for group, count in enumerate(found.tolist()) if count]  # fmt: skip
        return outcome("consistency", PROMISE, problems, self._examined, unseen=self.run.unseen)

    def _group(self, column: ColumnPlan) -> int:
        document = column.name.table if column.policy == "document_randomised" else None
        key = (document, column.domain, column.transform, tuple(sorted(column.parameters.items())))
        if key not in self._groups:
            self._groups[key] = len(self._names)
            self._names.append(f"domain {column.domain}, transform {column.transform}")
        return self._groups[key]


def _members(old: pa.Array, new: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The members of arrays and their pseudonyms, where both have as many; those with signs in quotes are left out."""
    plain = pc.and_(*(pc.match_substring_regex(side, r"^\{[^{}\\]+\}$") for side in (old, new)))
    plain = pc.fill_null(plain, False)
    lists = [pc.split_pattern(pc.utf8_trim(side.filter(plain), "{}"), ",") for side in (old, new)]
    alike = pc.equal(*(pc.list_value_length(side) for side in lists))
    members = [pc.list_flatten(side.filter(alike)) for side in lists]
    quoted = [pc.count_substring(side, '"') for side in members]
    whole = pc.and_(*(pc.is_in(count, pa.array([0, 2], pa.int32())) for count in quoted))
    filled = pc.and_(whole, pc.not_equal(pc.utf8_upper(members[0]), "NULL"))
    cut_old, cut_new = (pc.utf8_trim(side.filter(filled), '"') for side in members)
    return cut_old, cut_new


def contradictions(rows: U64) -> U64:
    """Of rows (value, pseudonym, group): the group of each value that has several pseudonyms."""
    rows = rows[np.argsort(rows[:, 0])]
    if not len(rows):
        return np.zeros(0, np.uint64)
    starts = np.flatnonzero(np.concatenate(([True], rows[1:, 0] != rows[:-1, 0])))
    low, high = np.minimum.reduceat(rows[:, 1], starts), np.maximum.reduceat(rows[:, 1], starts)
    groups: U64 = rows[starts[low != high], 2]
    return groups


check = partial(alone, Watch)
