"""The tables of a server that is not known, by ODBC's own catalogue functions.

Drivers differ in what they tell: names of keys, self-references and CHECK constraints may be missing. A type that no
known name belongs to is told by its SQL data type code. Source: ODBC Programmer's Reference, "SQLColumns" and others.
"""

from __future__ import annotations

from typing import Any

from anonymizer.errors import SourceError
from anonymizer.model.schema import Column, TableName, TypeFamily
from anonymizer.stores._odbc.keys import Keys
from anonymizer.stores._odbc.link import Link
from anonymizer.stores._odbc.stored import Cell, Stored

_FAMILIES = {
    **dict.fromkeys((1, 12, -1, -8, -9, -10), TypeFamily.TEXT),
    **dict.fromkeys((4, 5, -5, -6), TypeFamily.INTEGER),
    **dict.fromkeys((2, 3, 6, 7, 8), TypeFamily.NUMBER),
    **dict.fromkeys((-2, -3, -4), TypeFamily.BINARY),
    -7: TypeFamily.BOOLEAN,
    9: TypeFamily.DATE,
    91: TypeFamily.DATE,
    10: TypeFamily.TIME,
    92: TypeFamily.TIME,
    11: TypeFamily.TIMESTAMP,
    93: TypeFamily.TIMESTAMP,
    -11: TypeFamily.UUID,
    **dict.fromkeys(range(101, 114), TypeFamily.INTERVAL),
}
_OTHER_SCHEMAS = frozenset(("information_schema", "sys", "pg_catalog"))
_LONG = (-1, -10)
_UNBOUNDED = 1 << 20


def read_catalogue(link: Link) -> tuple[Stored, ...]:
    """All base tables of the current database. Raises SourceError for a type that is not understood."""
    import pyodbc

    database = str(link.connection.getinfo(pyodbc.SQL_DATABASE_NAME) or "")
    found = []
    for row in link.catalogue("tables", tableType="TABLE"):
        schema = row[1] or ""
        if (row[0] and database and row[0] != database) or schema.lower() in _OTHER_SCHEMAS:
            continue
        found.append(_table(link, row[0], TableName(schema, row[2])))
    return tuple(found)


def _table(link: Link, catalogue: str | None, name: TableName) -> Stored:
    place: dict[str, Any] = {"catalog": catalogue, "schema": name.schema or None}
    columns = [_column(name, row) for row in link.catalogue("columns", table=name.name, **place)]
    keys = Keys()
    for row in sorted(link.catalogue("primaryKeys", table=name.name, **place), key=lambda row: row[4]):
        keys.primary(name, row[3])
    for row in link.catalogue("statistics", table=name.name, unique=True, **place):
        if row[3] in (0, "0") and row[8] and not (len(row) > 12 and row[12]):
            keys.unique(name, row[5] or "", row[8])
    referenced = {"foreignTable": name.name, "foreignCatalog": catalogue, "foreignSchema": name.schema or None}
    number = 0
    for row in link.catalogue("foreignKeys", **referenced):
        number += row[8] == 1  # drivers may leave the key's name out
        keys.foreign(name, str(number), row[11] or "", row[7], TableName(row[1] or "", row[2]), row[3])
    comment = None
    return Stored(keys.table(name, columns, comment), tuple(Cell(column.name, column.type) for column in columns))


def _column(table: TableName, row: Any) -> Column:
    name, code, declared, size, nullable, comment, default = row[3], row[4], row[5], row[6], row[10], row[11], row[12]
    family = _FAMILIES.get(code)
    if family is None:
        raise SourceError(f"{table}.{name} has the type {declared}, which is not supported; leave the table out")
    length = int(size) if family is TypeFamily.TEXT and code not in _LONG and size and 0 < size < _UNBOUNDED else None
    written = f"{declared}({length})" if length else str(declared)
    return Column(name, written, family, length, nullable != 0, default, comment=comment or None)
