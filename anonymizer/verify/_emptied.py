"""What must not survive of tables that are emptied: nobody decided what their columns hold, but they held something.

A column is taken for what a replaced column of the same name holds, in whatever table. Of any other, the values that
show by themselves what they are are looked for: e-mail addresses, telephone and account numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.plan import ColumnPlan, Plan, TablePlan
from anonymizer.model.rules import Action
from anonymizer.model.schema import TypeFamily
from anonymizer.verify import _known
from anonymizer.verify._known import Pattern

_TELEPHONE = r"^\s*\+[1-9][0-9 ./()-]{7,20}$|^\s*\(?0[0-9]{1,5}\)?[ ./-]+[0-9][0-9 ./()-]{5,14}$"
_ACCOUNT = r"^\s*[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4}[A-Z0-9 ]{6,26}$"
_SHAPES = (("phone", _TELEPHONE), ("iban", _ACCOUNT))


def namesakes(plan: Plan) -> dict[str, str]:
    """Column name in lower case -> category, where all replaced columns of that name have the same."""
    found: dict[str, set[str]] = {}
    for table in plan.tables.values():
        for column in table.replaced:
            found.setdefault(column.column.name.lower(), set()).add(column.category)
    return {name: categories.pop() for name, categories in found.items() if len(categories) == 1}


def patterns(table: TablePlan, batch: pa.RecordBatch, known_as: Mapping[str, str]) -> Iterator[Pattern]:
    """Of some rows of an emptied table."""
    columns = tuple(_taken_for(column, known_as) for column in table.columns)
    yield from _known.patterns(replace(table, columns=columns), batch)
    for column in columns:
        if column.category == "none" and column.column.family is TypeFamily.TEXT and _is_there(column, batch):
            values = batch.column(column.column.name)
            for category, shape in _SHAPES:
                seen = values.filter(pc.fill_null(pc.match_substring_regex(values, shape), False))
                yield from _known.of_column(replace(column, category=category), seen)


def undecided(table: TablePlan, known_as: Mapping[str, str]) -> int:
    """How many columns only show by their values what they hold."""
    return sum(_taken_for(column, known_as).category == "none" for column in table.columns)


def _taken_for(column: ColumnPlan, known_as: Mapping[str, str]) -> ColumnPlan:
    """As if it were replaced."""
    if column.action is Action.REPLACE:
        return column
    category = known_as.get(column.column.name.lower(), column.category)
    return replace(column, action=Action.REPLACE, category=category)


def _is_there(column: ColumnPlan, batch: pa.RecordBatch) -> bool:
    return column.column.name in batch.schema.names
