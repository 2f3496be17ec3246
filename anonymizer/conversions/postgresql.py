"""Any database as a script that makes it in PostgreSQL: tables, COPY, then keys, indexes and identities.

Values travel as the text that they are; types are PostgreSQL's for what all values fit. Enums become CHECK constraints,
and a single integer key an identity that goes on after the greatest number there is.

Source: PostgreSQL manual, COPY, "Text Format"; "Identity Columns".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.conversions._definitions import checks, default, foreign_keys, is_identity, listed, quoted, spread_of
from anonymizer.conversions._shapes import Shape, Spread, in_order, same_names
from anonymizer.conversions._types import MOST_DIGITS, Kind, SqlType, typed
from anonymizer.errors import TargetError
from anonymizer.model.schema import Column, ColumnName, Schema, TableName

NAME = "PostgreSQL plain dump"
SUFFIXES = (".pgsql",)
DIALECT = "postgres"
DIGITS = MOST_DIGITS

_ROOM = (("smallint", 2**15), ("integer", 2**31), ("bigint", 2**63))
_LONGEST_NAME = 63
"""Bytes; PostgreSQL cuts off what is longer."""
_SMALL = {"tinyint": "smallint", "smallint": "smallint", "int2": "smallint", "smallserial": "smallint"}
_MIDDLE = {"mediumint": "integer", "int": "integer", "integer": "integer", "int4": "integer", "serial": "integer"}
_ESCAPED = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))


def names(schema: Schema) -> dict[TableName, TableName]:
    """Raises TargetError for a name that PostgreSQL would cut off."""
    for table in schema.tables:
        for name in (table.name.schema, table.name.name, *(column.name for column in table.columns)):
            if len(name.encode()) > _LONGEST_NAME:
                raise TargetError(f"{table.name}: {name} is too long a name for PostgreSQL; keep the database's kind")
    return same_names(schema, "public")


class Writer:
    """Writes rows as they come, keys last."""

    def __init__(self, shapes: Sequence[Shape], source: str, path: Path) -> None:
        self._shapes = shapes
        path.touch(mode=0o600)
        self._file = path.open("wb")
        self._next: dict[TableName, int] = {}
        """The first free number of a table whose key counts."""
        self._line(
            "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSET check_function_bodies = off;"
        )
        for schema in sorted({shape.name.schema for shape in shapes} - {"public"}):
            self._line(f"CREATE SCHEMA {quoted(schema)};")
        for shape in shapes:
            self._line(_table(shape, source))

    def write(self, shape: Shape, batch: pa.RecordBatch) -> None:
        """Rows of one table, all stored columns, each `string`."""
        if not shape.columns:
            return
        self._line(f"COPY {_name(shape.name)} ({listed([c.name for c in shape.columns])}) FROM stdin;")
        cells = []
        for column, values in zip(shape.columns, in_order(shape, batch), strict=True):
            if pc.any(pc.match_substring(values, chr(0)), min_count=0).as_py():
                where = ColumnName(shape.table.name, column.name)
                raise TargetError(f"{where} holds the character NUL, which PostgreSQL does not store; mask the column")
        for column, kind, values in zip(shape.columns, shape.types, in_order(shape, batch), strict=True):
            if is_identity(shape, column, kind):
                last = pc.max(typed(values, kind)).as_py()
                self._next[shape.name] = max(self._next.get(shape.name, 1), (last or 0) + 1)
            for plain, escaped in _ESCAPED:
                values = pc.replace_substring(values, plain, escaped)
            cells.append(pc.fill_null(values, "\\N"))
        lines = pc.binary_join_element_wise(*cells, "\t")
        for line in pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines), "\n"):
            self._line(line.as_py())
        self._line("\\.\n")

    def close(self) -> None:
        """All rows are there."""
        for shape in self._shapes:
            for statement in (*_keys(shape), *_identities(shape, self._next.get(shape.name, 1))):
                self._line(statement)
        for shape in self._shapes:
            for key in foreign_keys(shape, self._shapes, _name):
                self._line(f"ALTER TABLE {_name(shape.name)} ADD {key} NOT VALID;")
        self._file.close()

    def abort(self) -> None:
        """Never raises."""
        self._file.close()

    def _line(self, text: str) -> None:
        try:
            self._file.write(text.encode() + b"\n")
        except OSError as error:
            raise TargetError(f"the converted database cannot be written ({type(error).__name__}); make room") from None


def _name(table: TableName) -> str:
    return f"{quoted(table.schema)}.{quoted(table.name)}"


def _table(shape: Shape, source: str) -> str:
    lines = []
    for column, kind in zip(shape.columns, shape.types, strict=True):
        words = [quoted(column.name), _declared(column, kind, spread_of(shape, column))]
        if not column.nullable or column.name in shape.primary_key:
            words.append("NOT NULL")
        found = default(column, kind, source, DIALECT)
        if found and not is_identity(shape, column, kind):
            words += ["DEFAULT", found]
        lines.append(" ".join(words))
    lines += [f"CHECK ({check})" for check in checks(shape, source, DIALECT)]
    return f"CREATE TABLE {_name(shape.name)} (\n    " + ",\n    ".join(lines) + "\n);\n"


def _declared(column: Column, kind: SqlType, spread: Spread) -> str:
    if kind.kind is Kind.TEXT:
        return f"varchar({column.length})" if column.length and spread.longest <= column.length else "text"
    if kind.kind is Kind.DECIMAL:
        return f"numeric({kind.precision},{kind.scale})"
    if kind.kind is Kind.BIGINT:
        words = column.type.lower().replace("(", " ").split()
        unsigned = "unsigned" in words
        small, middle = _SMALL.get(words[0] if words else ""), _MIDDLE.get(words[0] if words else "")
        declared = ("integer" if unsigned else small) or (None if unsigned else middle) or "bigint"
        return next(name for name, most in _ROOM if _wide(name) >= _wide(declared) and spread.fits_below(most))
    return "bytea" if kind.kind is Kind.BINARY else kind.kind.value


def _wide(name: str) -> int:
    return [room[0] for room in _ROOM].index(name)


def _keys(shape: Shape) -> Iterator[str]:
    table = _name(shape.name)
    if shape.primary_key:
        yield f"ALTER TABLE {table} ADD PRIMARY KEY ({listed(shape.primary_key)});"
    for unique in shape.table.unique:
        if all(map(shape.stored, unique)):
            yield f"ALTER TABLE {table} ADD UNIQUE ({listed(unique)});"
    for key in shape.table.foreign_keys:
        if all(map(shape.stored, key.columns)):
            yield f"CREATE INDEX ON {table} ({listed(key.columns)});"


def _identities(shape: Shape, first: int) -> Iterator[str]:
    for column, kind in zip(shape.columns, shape.types, strict=True):
        if is_identity(shape, column, kind):
            made = f"ADD GENERATED BY DEFAULT AS IDENTITY (START WITH {first})"
            yield f"ALTER TABLE {_name(shape.name)} ALTER COLUMN {quoted(column.name)} {made};"
