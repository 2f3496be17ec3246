"""MariaDB and MySQL behind ODBC: each value is the text that a dump holds, TIMESTAMP in UTC as mysqldump writes it.

Rows are read after START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY. A result is loaded in one transaction with
foreign keys unchecked, which are then checked by queries before it commits. Triggers cannot be switched off here, and
definitions cannot be changed within a transaction: a target with triggers, or with tables of an engine without
transactions, is refused. Source: MariaDB Knowledge Base; MySQL manual, "INFORMATION_SCHEMA Tables".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from anonymizer.errors import SourceError
from anonymizer.model.schema import Column, ForeignKey, Table, TableName, TypeFamily
from anonymizer.stores._mysql.types import meaning
from anonymizer.stores._odbc.dialect import SAMPLE_CHARACTERS, Dialect
from anonymizer.stores._odbc.keys import Keys
from anonymizer.stores._odbc.link import Link
from anonymizer.stores._odbc.stored import Cell, Stored

_SESSION = (
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,STRICT_ALL_TABLES,ALLOW_INVALID_DATES'",
)
_TABLES = """
SELECT table_name, engine, table_comment FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY table_name"""

_COLUMNS = """
SELECT table_name, column_name, CAST(column_type AS CHAR), data_type, is_nullable,
       CAST(column_default AS CHAR), extra, column_comment, generation_expression
FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position"""

_UNIQUE = """
SELECT table_name, index_name, column_name, CAST(sub_part AS CHAR) FROM information_schema.statistics
WHERE table_schema = DATABASE() AND non_unique = 0 ORDER BY table_name, index_name, seq_in_index"""

_FOREIGN = """
SELECT table_name, constraint_name, column_name, referenced_table_name, referenced_column_name
FROM information_schema.key_column_usage
WHERE table_schema = DATABASE() AND referenced_table_schema = DATABASE()
ORDER BY table_name, constraint_name, ordinal_position"""

_CHECKS = """
SELECT t.table_name, c.constraint_name, c.check_clause
FROM information_schema.check_constraints c
JOIN information_schema.table_constraints t
  ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name AND t.constraint_type = 'CHECK'
WHERE c.constraint_schema = DATABASE()"""
_CHECKS_OF_TABLES = """
SELECT table_name, constraint_name, check_clause FROM information_schema.check_constraints
WHERE constraint_schema = DATABASE()"""

_TRIGGERS = """
SELECT event_object_table FROM information_schema.triggers
WHERE event_object_schema = DATABASE() AND event_manipulation = 'INSERT'"""

_ENGINES = """
SELECT t.table_name FROM information_schema.tables t LEFT JOIN information_schema.engines e ON e.engine = t.engine
WHERE t.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' AND COALESCE(e.transactions, 'NO') <> 'YES'"""

_NUMBER = "anonymizer_row"
_MAX_WRITE = 1 << 30
_ARGUMENTS = re.compile(r"\(([^)]*)\)")
_LABEL = re.compile(r"'((?:[^']|'')*)'")
_AS_HEX = (TypeFamily.BINARY, TypeFamily.GEOMETRY)
_JSON = re.compile(r"^\(?json_valid\(`((?:[^`]|``)+)`\)\)?$", re.IGNORECASE)


class MySql(Dialect):
    """See the module."""

    name = "MySQL"
    LOADS = True

    def __init__(self) -> None:
        super().__init__("`")

    # --- SQL

    def rows_of(self, stored: Stored) -> str:
        # without a key rows lie as they were inserted, but an index could give them in its own order
        return self.named(stored.name) + ("" if stored.order() else " USE INDEX ()")

    def read(self, cell: Cell) -> str:
        name = self.quoted(cell.name)
        if cell.type == "hex":
            return f"CONCAT('\\\\x', LOWER(HEX({name})))"
        return f"CAST({name} + 0 AS CHAR)" if cell.type == "bit" else f"CAST({name} AS CHAR)"

    def cut(self, expression: str) -> str:
        return f"LEFT({expression}, {SAMPLE_CHARACTERS})"

    def write(self, cell: Cell) -> str:
        if cell.type == "hex":
            return "UNHEX(SUBSTR(?, 3))"
        return "CAST(? AS UNSIGNED)" if cell.type == "bit" else "?"

    def sorting(self, stored: Stored) -> tuple[str, ...]:
        families = {column.name: column.family for column in stored.table.columns}
        return tuple(
            f"BINARY {self.quoted(name)}" if families[name] is TypeFamily.TEXT else self.quoted(name)
            for name in stored.order()
        )

    def sample(self, stored: Stored, step: int) -> str:
        columns = ", ".join(self.cut(self.read(cell)) for cell in stored.cells)
        numbered = f"SELECT t.*, ROW_NUMBER() OVER () AS anonymizer_row FROM {self.named(stored.name)} t"
        return f"SELECT {columns} FROM ({numbered}) numbered WHERE anonymizer_row % {step} = 0"

    # --- reading

    def open_source(self, link: Link) -> tuple[str, ...]:
        for setting in (*_SESSION, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"):
            link.run(setting)
        link.run("SET SESSION TRANSACTION READ ONLY")
        link.run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        tables = sorted(str(TableName("", row[0])) for row in link.rows(_ENGINES))
        if not tables:
            return ()
        return (
            f"{link.name}: the engine of {', '.join(tables[:5])} has no transactions; what others change in them during"
            " the run may be seen in part",
        )

    def identity(self, link: Link) -> str:
        found = link.rows("SELECT @@hostname, CAST(@@port AS CHAR), @@datadir, DATABASE()")
        return "/".join(map(str, found[0]))

    def stored(self, link: Link) -> tuple[Stored, ...]:
        keys = self._keys(link)
        as_json = self._checks(link, keys)
        columns: dict[TableName, list[tuple[Column, Cell]]] = defaultdict(list)
        for table, *row in link.rows(_COLUMNS):
            name = TableName("", table)
            columns[name].append(_column(name, row, (name, row[0]) in as_json))
        found = []
        for table, _, comment in link.rows(_TABLES):
            name = TableName("", table)
            described = keys.table(name, [column for column, _ in columns[name]], comment)
            cells = tuple(cell for column, cell in columns[name] if not column.generated)
            found.append(Stored(described, cells))
        return tuple(found)

    def _keys(self, link: Link) -> Keys:
        keys = Keys()
        rows = link.rows(_UNIQUE)
        partial = {(row[0], row[1]) for row in rows if row[2] is None or row[3] is not None}
        for table, index, column, _ in rows:
            if index == "PRIMARY":
                keys.primary(TableName("", table), column)
            elif (table, index) not in partial:
                keys.unique(TableName("", table), index, column)
        for table, label, column, other, referenced in link.rows(_FOREIGN):
            keys.foreign(TableName("", table), label, label, column, TableName("", other), referenced)
        return keys

    def _checks(self, link: Link, keys: Keys) -> set[tuple[TableName, str]]:
        """Take up the CHECK constraints; returns the columns that only hold JSON."""
        told = {
            str(row[0]).lower()
            for row in link.rows(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'information_schema'"
                " AND table_name = 'check_constraints'"
            )
        }
        as_json: set[tuple[TableName, str]] = set()
        if not told:  # an old server, which checks none
            return as_json
        for table, label, expression in link.rows(_CHECKS_OF_TABLES if "table_name" in told else _CHECKS):
            keys.check(TableName("", table), label, expression)
            if found := _JSON.match(expression):
                as_json.add((TableName("", table), found[1].replace("``", "`")))
        return as_json

    # --- loading

    def open_target(self, link: Link) -> None:
        # values in pieces (SQLPutData) arrive corrupted through MariaDB Connector/ODBC 3.1.15: each goes as a whole
        link.connection.maxwrite = _MAX_WRITE
        for setting in (*_SESSION, "SET SESSION TRANSACTION READ WRITE"):
            link.run(setting)

    def prepare(self, link: Link, tables: Sequence[Stored]) -> None:
        names = {stored.name for stored in tables}
        for query, says in (
            (_TRIGGERS, "has triggers, which this server cannot switch off; drop them and create them afterwards"),
            (_ENGINES, "is of an engine without transactions; make it ENGINE=InnoDB"),
        ):
            found = [TableName("", row[0]) for row in link.rows(query)]
            if found and found[0] in names:
                raise link.refused(f"{found[0]} {says}")
        link.run("SET SESSION foreign_key_checks = 0")

    def list_keys(self, link: Link, stored: Stored, key: Sequence[str], name: str) -> Stored | None:
        if not key or not set(key) <= set(stored.names):
            return None  # rows without a key lie as they were inserted
        listed = ", ".join(map(self.quoted, key))
        link.run(
            f"CREATE TEMPORARY TABLE {self.quoted(name)} ({_NUMBER} bigint NOT NULL DEFAULT 0 PRIMARY KEY)"
            f" ENGINE=InnoDB SELECT {listed} FROM {self.named(stored.name)} WHERE FALSE"
        )
        cells = {cell.name: cell for cell in stored.cells}
        return Stored(Table(TableName("", name), ()), (Cell(_NUMBER, "text"), *(cells[part] for part in key)))

    def restore(self, link: Link, tables: Sequence[Stored], numbered: Mapping[TableName, str], origin: Link) -> None:
        for stored in tables:
            for key in stored.table.foreign_keys:
                query = self._orphans(stored, key)
                found = int(link.rows(query)[0][0])
                if found and found > int(origin.rows(query)[0][0]):  # the source may hold some that nothing checked
                    raise link.refused(f"the new values of {stored.name} break the foreign key {key.name}")
        for listed in numbered.values():
            link.run(f"DROP TEMPORARY TABLE {self.quoted(listed)}")
        link.run("SET SESSION foreign_key_checks = 1")

    def _orphans(self, stored: Stored, key: ForeignKey) -> str:
        """How many rows reference none."""
        joined = " AND ".join(
            f"a.{self.quoted(own)} = b.{self.quoted(other)}"
            for own, other in zip(key.columns, key.referenced, strict=True)
        )
        filled = " AND ".join(f"a.{self.quoted(own)} IS NOT NULL" for own in key.columns)
        return (
            f"SELECT COUNT(*) FROM {self.named(stored.name)} a LEFT JOIN {self.named(key.references)} b ON {joined}"
            f" WHERE {filled} AND b.{self.quoted(key.referenced[0])} IS NULL"
        )


def _column(table: TableName, row: Sequence[Any], as_json: bool) -> tuple[Column, Cell]:
    name, declared, bare, nullable, default, extra, comment, expression = row
    arguments = _ARGUMENTS.search(declared)
    labels = [label.replace("''", "'") for label in _LABEL.findall(declared)]
    understood = meaning(bare.lower(), arguments[1] if arguments else "", labels, False)
    if understood is None:
        raise SourceError(f"{table}.{name} has the type {declared}, which is not supported; leave the table out")
    family, size, found = understood
    generated = "GENERATED" in extra.upper() or "PERSISTENT" in extra.upper()
    column = Column(
        name,
        declared,
        TypeFamily.JSON if as_json else family,
        size,
        nullable == "YES",
        expression if generated else "auto_increment" if "auto_increment" in extra.lower() else default,
        generated,
        found,
        comment=comment or None,
    )
    kind = "hex" if family in _AS_HEX else "bit" if bare.lower() == "bit" else "text"
    return column, Cell(name, kind)
