"""Any database as one SQLite file.

Integers, numbers, truth values and bytes are stored as such, all else as its text; declared types are those of the SQL
standard, so that drivers know dates. Decimal numbers of more than 15 digits stay text, since SQLite would round them. A
schema's name becomes part of a table's name only where two tables would have the same.

Source: SQLite documentation, "Datatypes In SQLite".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from anonymizer.conversions._definitions import checks, default, foreign_keys, listed, quoted
from anonymizer.conversions._shapes import Shape, in_order, one_schema
from anonymizer.conversions._types import Kind, SqlType, typed
from anonymizer.errors import TargetError
from anonymizer.model.schema import TableName

NAME = "SQLite file"
SUFFIXES = (".sqlite", ".sqlite3", ".db")
DIALECT = "sqlite"
DIGITS = 15
"""Decimal digits that a REAL keeps."""
names = one_schema

_STORED = (Kind.BIGINT, Kind.DOUBLE, Kind.BOOLEAN, Kind.BINARY)
"""Kinds that are not given as text; decimals are: their column's affinity makes the same number of them."""


class Writer:
    """Writes rows as they come; indexes last."""

    def __init__(self, shapes: Sequence[Shape], source: str, path: Path) -> None:
        self._shapes = shapes
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._run("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "BEGIN")
        self._run(*(_table(shape, shapes, source) for shape in shapes))

    def write(self, shape: Shape, batch: pa.RecordBatch) -> None:
        """Rows of one table, all stored columns, each `string`."""
        marks = ", ".join("?" * len(shape.columns))
        cells = [_cells(values, kind) for values, kind in zip(in_order(shape, batch), shape.types, strict=True)]
        try:
            self._connection.executemany(
                f"INSERT INTO {quoted(shape.name.name)} VALUES ({marks})",
                zip(*cells, strict=True) if cells else [()] * batch.num_rows,
            )
        except sqlite3.Error as error:
            raise _failed(shape.name, error) from None

    def close(self) -> None:
        """All rows are there."""
        self._run(*(index for shape in self._shapes for index in _indexes(shape)), "COMMIT")
        self._connection.close()

    def abort(self) -> None:
        """Never raises."""
        self._connection.close()

    def _run(self, *statements: str) -> None:
        for statement in statements:
            try:
                self._connection.execute(statement)
            except sqlite3.Error as error:
                raise _failed(None, error) from None


def _failed(table: TableName | None, error: sqlite3.Error) -> TargetError:
    where = f" in {table}" if table else ""
    return TargetError(
        f"SQLite does not take the converted database{where} ({error.sqlite_errorname}); keep its own kind"
    )


def _table(shape: Shape, shapes: Sequence[Shape], source: str) -> str:
    lines = []
    key = shape.primary_key
    for column, kind in zip(shape.columns, shape.types, strict=True):
        words = [quoted(column.name), _declared(kind, column.length)]
        if key == (column.name,) and kind.kind is Kind.BIGINT:
            words.append("PRIMARY KEY")  # the row's own number
        if not column.nullable:
            words.append("NOT NULL")
        found = default(column, kind, source, DIALECT)
        lines.append(" ".join([*words, *(["DEFAULT", found] if found else [])]))
    if (
        key
        and all(map(shape.stored, key))
        and not any(line.endswith("PRIMARY KEY") or "PRIMARY KEY" in line for line in lines)
    ):
        lines.append(f"PRIMARY KEY ({listed(key)})")
    lines += [f"CHECK ({check})" for check in checks(shape, source, DIALECT)]
    lines += foreign_keys(shape, shapes, lambda name: quoted(name.name))
    return f"CREATE TABLE {quoted(shape.name.name)} (\n  " + ",\n  ".join(lines) + "\n)"


def _declared(kind: SqlType, length: int | None) -> str:
    if kind.kind is Kind.BIGINT:
        return "INTEGER"
    if kind.kind is Kind.DECIMAL:
        return f"DECIMAL({kind.precision},{kind.scale})"
    if kind.kind is Kind.TEXT:
        return f"VARCHAR({length})" if length else "TEXT"
    return _NAMES[kind.kind]


_NAMES = {
    Kind.DOUBLE: "REAL",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.TIMESTAMP_TZ: "TIMESTAMP",
    Kind.TIME: "TIME",
    Kind.BINARY: "BLOB",
    Kind.UUID: "CHAR(36)",
    Kind.JSON: "TEXT",
}


def _cells(values: pa.Array, kind: SqlType) -> list[Any]:
    cells: list[Any] = (typed(values, kind) if kind.kind in _STORED else values).to_pylist()
    return cells


def _indexes(shape: Shape) -> Iterator[str]:
    """Unique column sets, and the columns of foreign keys, by which applications join."""
    table = quoted(shape.name.name)
    for number, unique in enumerate(shape.table.unique, 1):
        if all(map(shape.stored, unique)):
            name = quoted(f"{shape.name.name}_unique_{number}")
            yield f"CREATE UNIQUE INDEX {name} ON {table} ({listed(unique)})"
    for number, key in enumerate(shape.table.foreign_keys, 1):
        if all(map(shape.stored, key.columns)):
            name = quoted(f"{shape.name.name}_reference_{number}")
            yield f"CREATE INDEX {name} ON {table} ({listed(key.columns)})"
