"""Reads a live database through the open connection that it came by: with statements of its own, row by row in the
order of a key, before the result is committed.

The connection's transaction sees what was loaded and nobody else does yet. Rows that no kept key orders were numbered,
in a column or a temporary table that the input names and that is dropped before the commit: a wrong number pairs wrong
rows, which the checks report. Definitions are read from INFORMATION_SCHEMA on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from anonymizer.contracts import Input
from anonymizer.model.schema import Column, Schema, Table, TableName, TypeFamily
from anonymizer.verify._reader import Block, Part, Reader, Text

_ROWS, _BYTES = 100, 4 << 20
_ROWS_MAX = 10_000

_COLUMNS = (
    "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, IS_NULLABLE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION,"
    " NUMERIC_SCALE FROM INFORMATION_SCHEMA.COLUMNS WHERE {} ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION"
)
_TEXTS = {
    "view": ("VIEWS", "TABLE", "VIEW_DEFINITION"),
    "routine": ("ROUTINES", "ROUTINE", "ROUTINE_DEFINITION"),
    "defaults of table": ("COLUMNS", "TABLE", "COLUMN_DEFAULT"),
}
"""What else could hold a value, and where INFORMATION_SCHEMA tells it: searched, but not compared, since some servers
write the database's own name into it."""
_NUMBER = "anonymizer_row"
_SORTABLE = (
    TypeFamily.TEXT,
    TypeFamily.INTEGER,
    TypeFamily.NUMBER,
    TypeFamily.BOOLEAN,
    TypeFamily.DATE,
    TypeFamily.TIMESTAMP,
    TypeFamily.TIME,
    TypeFamily.UUID,
    TypeFamily.ENUM,
    TypeFamily.BINARY,
    TypeFamily.NETWORK,
)
_LONG_TEXT = ("text", "ntext", "image", "xml", "json", "geography", "geometry")
_OCTETS = ("binary", "varbinary", "image", "hierarchyid", "geography", "geometry")


class ConnectionReader(Reader):
    """Definitions are texts, rows are blocks; nothing else of a live database can be seen."""

    def __init__(self, source: Input, schema: Schema) -> None:
        super().__init__(source, schema)
        held: Any = source
        self._connection: Any = held.link.connection
        self._paired: dict[TableName, str] = held.pairing
        product = str(held.dialect).lower()
        self._speaks = {"postgresql": "postgresql", "microsoft sql server": "mssql", "mariadb": "mysql"}.get(
            product, product
        )
        self._errors: type[Exception] = self._connection.Error if hasattr(self._connection, "Error") else Exception

    def parts(self) -> Iterator[Part]:
        if self._speaks not in ("postgresql", "mssql", "mysql"):
            raise self.failed("is of a server that the verifier does not know")
        yield from self._definitions()
        for table in self.schema.tables:
            yield from self._rows(table)

    def _definitions(self) -> Iterator[Text]:
        tables: dict[TableName, list[str]] = {}
        for row in self._fetched(_COLUMNS.format(self._own("TABLE_SCHEMA"))):
            schema = "" if self._speaks == "mysql" else str(row[0])
            name = TableName(schema, str(row[1]))
            if name in self.schema and self._paired.get(name) != row[2]:
                tables.setdefault(name, []).append(" ".join("-" if cell is None else str(cell) for cell in row[2:]))
        for name, columns in tables.items():
            yield Text(f"definition of table {name}", f"{name}: {', '.join(columns)}".encode())
        for what, (view, kind, column) in _TEXTS.items():
            sql = (
                f"SELECT {kind}_NAME, {column} FROM INFORMATION_SCHEMA.{view} WHERE {self._own(f'{kind}_SCHEMA')} AND"
                f" {column} IS NOT NULL ORDER BY {kind}_SCHEMA, {kind}_NAME"
            )
            for name, text in self._fetched(sql):
                yield Text(f"{what} {name}", str(text).encode(), fixed=False)

    def _own(self, column: str) -> str:
        """The condition for what is the database's and not the server's."""
        if self._speaks == "mysql":
            return f"{column} = DATABASE()"
        return f"{column} NOT IN ('information_schema', 'INFORMATION_SCHEMA', 'pg_catalog', 'sys')"

    def _rows(self, table: Table) -> Iterator[Block]:
        columns = [column for column in table.columns if not column.generated]
        names = tuple(column.name for column in columns)
        key = _key(table)
        partitioned = any(other.partition_of == table.name for other in self.schema.tables)
        if partitioned or not columns:
            return
        paired = table.name in self._paired
        number = self._paired.get(table.name)
        # where nobody numbered them, rows without a key that change cannot be told apart
        order = () if paired or (self._speaks == "mysql" and not key) else key or names
        by = [self._quoted(_NUMBER)] if number else self._order(table, key, columns, paired)
        listed = ", ".join(map(self._text, columns))
        sql = f"SELECT {listed} FROM {self._from(table, key, number)}" + (f" ORDER BY {', '.join(by)}" if by else "")
        given = False
        for rows in self._blocks(sql):
            yield Block(table.name, names, partial(_batch, rows, names), order=order)
            given = True
        if not given:
            yield Block(table.name, names, partial(_batch, [], names), order=order)

    # --- statements

    def _quoted(self, name: str) -> str:
        start, end = {"mssql": ("[", "]"), "mysql": ("`", "`")}.get(self._speaks, ('"', '"'))
        return start + name.replace(end, end * 2) + end

    def _from(self, table: Table, key: Sequence[str], number: str | None) -> str:
        name = ".".join(self._quoted(part) for part in table.name if part)
        if self._speaks == "postgresql":
            return f"ONLY {name}"
        if self._speaks == "mysql" and number:
            return f"{name} JOIN {self._quoted(number)} USING ({', '.join(map(self._quoted, key))})"
        return f"{name} USE INDEX ()" if self._speaks == "mysql" and not key else name

    def _order(self, table: Table, key: Sequence[str], columns: Sequence[Column], paired: bool) -> list[str]:
        if not key and self._speaks == "postgresql" and paired:
            return ["ctid"]
        if not key and self._speaks != "mysql":
            key = [column.name for column in columns if self._sortable(column)]
        return [self._sorted(table.column(name)) for name in key]

    def _sortable(self, column: Column) -> bool:
        if self._speaks == "mssql":
            return _bare(column) not in _LONG_TEXT
        return column.family in _SORTABLE

    def _sorted(self, column: Column) -> str:
        name = self._quoted(column.name)
        if column.family is not TypeFamily.TEXT:
            return name
        if self._speaks == "mysql":
            return f"BINARY {name}"
        if self._speaks == "mssql":
            return f"{name} COLLATE Latin1_General_BIN2"
        return f'CAST({name} AS text) COLLATE pg_catalog."C"'

    def _text(self, column: Column) -> str:
        name, kind = self._quoted(column.name), _bare(column)
        if self._speaks == "postgresql":
            return f"CASE pg_catalog.num_nulls({name}) WHEN 0 THEN pg_catalog.concat({name}) END"
        if self._speaks == "mysql":
            if column.family in (TypeFamily.BINARY, TypeFamily.GEOMETRY):
                return f"LOWER(CONCAT('\\\\x', HEX({name})))"
            return f"CONCAT({name} + 0)" if kind == "bit" else f"CONVERT({name}, CHAR)"
        if kind in _OCTETS:
            return f"CONVERT(nvarchar(max), CONVERT(varbinary(max), {name}), 1)"
        style = {"float": ", 3", "real": ", 3", "money": ", 2", "smallmoney": ", 2", "date": ", 23"}.get(
            kind, ", 121" if kind.startswith(("datetime", "time", "smalldatetime")) else ""
        )
        return f"CONVERT(nvarchar(max), {name}{style})"

    # --- the connection

    def _fetched(self, sql: str) -> list[Any]:
        return [row for rows in self._blocks(sql) for row in rows]

    def _blocks(self, sql: str) -> Iterator[list[Any]]:
        cursor = self._connection.cursor()
        count = _ROWS
        try:
            cursor.execute(sql)
            while rows := cursor.fetchmany(count):
                yield rows
                size = sum(len(cell) for row in rows for cell in row if isinstance(cell, str))
                count = max(1, min(_ROWS_MAX, count * 4, len(rows) * _BYTES // max(size, 1)))
        except GeneratorExit:
            raise
        except Exception as error:
            if not isinstance(error, self._errors):
                raise
            raise self.failed(f"cannot be read to its end ({type(error).__name__})") from None
        finally:
            with suppress(Exception):
                cursor.close()


def _bare(column: Column) -> str:
    return column.type.split("(")[0].split(" ")[0].lower()


def _key(table: Table) -> tuple[str, ...]:
    """The primary key, or the first unique one without NULLs."""
    required = {column.name for column in table.columns if not column.nullable}
    keys = [table.primary_key] if table.primary_key else []
    keys += [key for key in table.unique if set(key) <= required]
    return keys[0] if keys else ()


def _batch(rows: list[Any], names: tuple[str, ...]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    arrays = [pa.array([None if cell is None else str(cell) for cell in column], pa.string()) for column in columns]
    return pa.RecordBatch.from_arrays(arrays, names=list(names))


def reader(source: Input, schema: Schema, work: Path | None) -> Reader:
    """Through the connection that the input holds."""
    return ConnectionReader(source, schema)
