"""Tables in memory as a source: what they are called, which keys they have, and how they are given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from anonymizer.errors import SettingError
from anonymizer.model.plan import Plan
from anonymizer.model.schema import ForeignKey, TableName, split_name
from anonymizer.stores._arrow import frames
from anonymizer.stores._arrow.tables import TablesInput, TablesSource

_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Tables:
    """A source in memory: table name (`customer` or `crm.customer`) -> pandas.DataFrame, pyarrow.Table or
    pyarrow.RecordBatchReader, which is read to its end.

    `keys` tell which columns make a primary key, `references` which column refers to which: as in
    `Tables({…}, keys={"customer": ["id"]}, references={"purchase.customer_id": "customer.id"})`.
    """

    tables: Mapping[str, Any]
    keys: Mapping[str, Sequence[str] | str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", {name: _kept(table, name) for name, table in self.tables.items()})


@dataclass(frozen=True, slots=True)
class _Read:
    """What came through a RecordBatchReader, which can be read only once."""

    table: pa.Table


def _kept(table: Any, name: str) -> Any:
    if isinstance(table, pa.RecordBatchReader):
        return _Read(table.read_all())
    if isinstance(table, pa.Table | _Read) or frames.is_frame(table):
        return table
    raise SettingError(
        f"{name} is a {type(table).__name__}; give a pandas.DataFrame, a pyarrow.Table or a pyarrow.RecordBatchReader"
    )


def in_memory(source: object) -> Tables | None:
    """The source as tables; None if it is something else."""
    if isinstance(source, Tables):
        return source
    return Tables(source) if isinstance(source, Mapping) else None


def input_of(tables: Tables) -> TablesInput:
    """All of them as Arrow tables. Raises SettingError for what is no name, SourceError for values of no one type."""
    arrow, described = {}, {}
    for text, table in tables.tables.items():
        name = _table_name(text)
        if frames.is_frame(table):
            arrow[name], described[name] = frames.to_arrow(table, name), frames.described(table)
        else:
            arrow[name] = table.table if isinstance(table, _Read) else table
    return TablesInput(arrow, described)


def source_of(tables: Tables) -> TablesSource:
    """Raises SettingError for keys and references of columns that are not there."""
    held = input_of(tables)
    keys = {_table_name(text): (key,) if isinstance(key, str) else tuple(key) for text, key in tables.keys.items()}
    references: dict[TableName, tuple[ForeignKey, ...]] = {}
    for name, key in keys.items():
        for column in key:
            _require(held, name, column)
    for referencing, referenced in tables.references.items():
        (name, column), (other, target) = _column(held, referencing), _column(held, referenced)
        references[name] = (*references.get(name, ()), ForeignKey((column,), other, (target,)))
    return TablesSource(held, keys, references)


def given_back(tables: Tables, new: Mapping[TableName, pa.Table], plan: Plan) -> dict[str, Any]:
    """The result's tables, each of the type that it came in. Raises TargetError."""
    result: dict[str, Any] = {}
    for text, table in tables.tables.items():
        name = _table_name(text)
        decided, arrow = plan.tables[name], new[name]
        if isinstance(table, _Read):
            result[text] = _Read(arrow)
        elif not frames.is_frame(table):
            result[text] = arrow
        elif decided.rows == "none":
            result[text] = frames.emptied(table)
        else:
            result[text] = frames.back(table, name, arrow, [column.column.name for column in decided.replaced])
    return result


def opened_again(tables: Mapping[str, Any]) -> dict[str, Any]:
    """With a RecordBatchReader where one was given."""
    return {
        name: table.table.to_reader() if isinstance(table, _Read) else table for name, table in tables.items()
    }  # fmt: skip


def _table_name(text: str) -> TableName:
    try:
        return TableName.parse(text)
    except ValueError:
        raise SettingError(f"{text!r} is no name of a table; write it as TABLE or SCHEMA.TABLE") from None


def _column(held: TablesInput, text: str) -> tuple[TableName, str]:
    try:
        *table, column = split_name(text)
        name = TableName("", table[0]) if len(table) == 1 else TableName(*table)
    except (ValueError, TypeError, IndexError):
        raise SettingError(f"{text!r} is no column; write it as TABLE.COLUMN") from None
    _require(held, name, column)
    return name, column


def _require(held: TablesInput, name: TableName, column: str) -> None:
    if name not in held.tables or column not in held.tables[name].schema.names:
        raise SettingError(f"there is no column {column} in a table {name}; correct the keys or references")
