"""SQL Server behind ODBC; its statements are in `_odbc.tsql`. None of this was tried on a real SQL Server.

Rows are read under SNAPSHOT isolation where the database allows it. The server does not refuse a write through such a
connection: nothing but SELECT is sent, the driver is told that the connection is read-only, and the transaction is
always rolled back; only a login with no more than db_datareader makes sure of it.

A result is loaded in one transaction, with constraints unchecked and triggers disabled where they were active, which
are then checked and enabled again, so that the constraints are trusted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from anonymizer.errors import SourceError
from anonymizer.model.schema import Column, TableName, TypeFamily
from anonymizer.stores._odbc import tsql
from anonymizer.stores._odbc.dialect import SAMPLE_CHARACTERS, Dialect
from anonymizer.stores._odbc.keys import Keys
from anonymizer.stores._odbc.link import Link
from anonymizer.stores._odbc.stored import Cell, Stored
from anonymizer.stores._tsql.types import FAMILIES, ROW_VERSIONS, text_length

_TEMPORAL = 2
_UNREAD = ("sql_variant",)
_WIDE = ("nchar", "nvarchar")
_COUNTED = ("char", "varchar", "binary", "varbinary", *_WIDE)
_UNBOUNDED = ("text", "ntext", "image", "xml", "json", "hierarchyid", "geography", "geometry")
_UNORDERED = ("text", "ntext", "image", "xml", "json", "geography", "geometry")
_LONGEST, _SHORTEST = 4000, 64
_MICROSOFT = "msodbcsql"


class SqlServer(Dialect):
    """See the module."""

    name = "Microsoft SQL Server"
    LOADS = True
    NUMBERS = True

    def __init__(self) -> None:
        super().__init__('"')
        self._restore: list[tuple[str, TableName, str]] = []
        self._arrays = False
        self._temporal: list[TableName] = []

    # --- SQL

    def quoted(self, name: str) -> str:
        return "[" + name.replace("]", "]]") + "]"

    def read(self, cell: Cell) -> str:
        return tsql.READ.get(cell.type, tsql.READ_TEXT).format(column=self.quoted(cell.name))

    def cut(self, expression: str) -> str:
        return tsql.CUT.format(text=expression, length=SAMPLE_CHARACTERS)

    def write(self, cell: Cell) -> str:
        return tsql.WRITE.get(cell.type, "{value}").format(value="?")

    def sorting(self, stored: Stored) -> tuple[str, ...]:
        types = {cell.name: cell.type for cell in stored.cells}
        names = stored.order() or [name for name, kind in types.items() if kind not in _UNORDERED]
        families = {column.name: column.family for column in stored.table.columns}
        return tuple(
            tsql.BINARY_ORDER.format(column=self.quoted(name))
            if families[name] is TypeFamily.TEXT
            else self.quoted(name)
            for name in names
            if name in types
        )

    def any_row(self, stored: Stored) -> str:
        return tsql.ANY_ROW.format(table=self.named(stored.name))

    def sample(self, stored: Stored, step: int) -> str:
        long = [cell.characters is None for cell in stored.cells]
        columns = [self.cut(self.read(c)) if cut else self.read(c) for c, cut in zip(stored.cells, long, strict=True)]
        inner = ", ".join(self.quoted(cell.name) for cell in stored.cells)
        return tsql.SAMPLE.format(
            columns=", ".join(columns), inner=inner, table=self.named(stored.name), step=step
        )  # fmt: skip

    def bulk(self, stored: Stored) -> list[int] | None:
        widths = [cell.characters for cell in stored.cells if cell.characters is not None]
        return widths if self._arrays and len(widths) == len(stored.cells) else None

    # --- reading

    def open_source(self, link: Link) -> tuple[str, ...]:
        connection = link.connection
        connection.autocommit = True  # the level of isolation is set between transactions
        for setting in tsql.SESSION:
            link.run(setting)
        allowed = [int(row[0]) for row in link.rows(tsql.SNAPSHOT_ALLOWED)] == [1]
        link.run(tsql.SNAPSHOT if allowed else tsql.COMMITTED)
        connection.autocommit = False
        notes = [
            f"{link.name}: SQL Server does not refuse writes through the source's connection; nothing but SELECT was"
            " sent and all was rolled back, but only a login with no more than db_datareader makes sure of it"
        ]
        if not allowed:
            notes.append(
                f"{link.name}: it does not allow snapshot isolation, so what others changed during the run may be seen"
                " in part; ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION ON, or read a copy that nobody uses"
            )
        return tuple(notes)

    def identity(self, link: Link) -> str:
        return "/".join(map(str, link.rows(tsql.IDENTITY)[0]))

    def stored(self, link: Link) -> tuple[Stored, ...]:
        columns: dict[TableName, list[tuple[Column, Cell]]] = defaultdict(list)
        facts: dict[TableName, tuple[str | None, bool]] = {}
        for schema, table, *row in link.rows(tsql.COLUMNS):
            name = TableName(schema, table)
            comment, temporal, identity = row[11], row[12], bool(row[6])
            if temporal == _TEMPORAL:
                self._temporal.append(name)
            columns[name].append(_column(name, row))
            facts[name] = comment, identity or facts.get(name, (None, False))[1]
        keys = _keys(link)
        found = []
        for name, (comment, identity) in facts.items():
            described = keys.table(name, [column for column, _ in columns[name]], comment)
            cells = tuple(cell for column, cell in columns[name] if not column.generated)
            found.append(Stored(described, cells, identity))
        return tuple(found)

    def counters(self, link: Link) -> list[tuple[str, ...]]:
        return [tuple(row) for row in link.rows(tsql.COUNTERS)]

    # --- loading

    def open_target(self, link: Link) -> None:
        import pyodbc

        for setting in tsql.SESSION:
            link.run(setting)
        # fast_executemany crashed the interpreter with FreeTDS
        self._arrays = _MICROSOFT in str(link.connection.getinfo(pyodbc.SQL_DRIVER_NAME)).lower()

    def prepare(self, link: Link, tables: Sequence[Stored]) -> None:
        if self._temporal:
            raise link.refused(
                f"{self._temporal[0]} is a temporal table, whose versions cannot be loaded; in copies of source and"
                " target, set SYSTEM_VERSIONING OFF and drop its PERIOD"
            )
        names = {stored.name for stored in tables}
        for query, switch, word in (
            (tsql.TRIGGERS, tsql.DISABLE_TRIGGER, "trigger"),
            (tsql.CONSTRAINTS, tsql.UNCHECKED, "constraint"),
        ):
            for schema, table, label in link.rows(query):
                if TableName(schema, table) in names:
                    place = {"table": self.named(TableName(schema, table)), word: self.quoted(label)}
                    link.rows(switch.format(**place), what=f"a {word} cannot be switched off")
                    self._restore.append((word, TableName(schema, table), label))

    def before(self, link: Link, stored: Stored, numbered: str | None) -> None:
        table = self.named(stored.name)
        if numbered is not None:
            link.run(tsql.ADD_NUMBER.format(table=table, column=self.quoted(numbered)))
        if stored.identity:
            link.run(tsql.IDENTITY_ON.format(table=table))

    def after(self, link: Link, stored: Stored) -> None:
        if stored.identity:
            link.run(tsql.IDENTITY_OFF.format(table=self.named(stored.name)))

    def restore(self, link: Link, tables: Sequence[Stored], numbered: Mapping[TableName, str], origin: Link) -> None:
        for name, column in numbered.items():
            link.run(tsql.DROP_NUMBER.format(table=self.named(name), column=self.quoted(column)))
        # what the source does not hold to, its copy cannot be held to
        untrusted = {(TableName(schema, table), label) for schema, table, label in origin.rows(tsql.UNTRUSTED)}
        for word, name, label in self._restore:
            place = {"table": self.named(name), word: self.quoted(label)}
            back = tsql.CHECKED_LATER if (name, label) in untrusted else tsql.CHECKED
            statement = (tsql.ENABLE_TRIGGER if word == "trigger" else back).format(**place)
            link.rows(statement, what="the new values break a constraint, or a trigger cannot be switched on")

    def set_counters(self, link: Link, counters: Iterable[tuple[str, ...]]) -> None:
        for schema, table, last in counters:
            literal = "N'" + self.named(TableName(schema, table)).replace("'", "''") + "'"
            link.run(tsql.RESEED.format(literal=literal, last=int(last)))


def _column(table: TableName, row: Sequence[Any]) -> tuple[Column, Cell]:
    name, kind, size, precision, scale, nullable, identity, computed, generated, default, comment, *_ = row
    encrypted = row[13]
    if kind not in FAMILIES or kind in _UNREAD or encrypted:
        what = "is encrypted by the client" if encrypted else f"has the type {kind or 'of a CLR assembly'}"
        raise SourceError(f"{table}.{name} {what}, which is not supported; leave the table out")
    unlimited = size == -1
    length = size // 2 if kind in _WIDE and not unlimited else size
    written = kind
    if kind in _COUNTED:
        written = f"{kind}({'max' if unlimited else length})"
    elif kind in ("decimal", "numeric"):
        written = f"{kind}({precision},{scale})"
    elif kind in ("time", "datetime2", "datetimeoffset"):
        written = f"{kind}({scale})"
    column = Column(
        name,
        written + (" IDENTITY" if identity else ""),
        FAMILIES[kind],
        text_length(kind, length, unlimited),
        bool(nullable),
        default,
        bool(computed) or bool(generated) or kind in ROW_VERSIONS,
        comment=comment,
    )
    return column, Cell(name, kind, _characters(kind, length, unlimited))


def _characters(kind: str, length: int, unlimited: bool) -> int | None:
    """Most characters that a type's text has, if an array of such texts can be sent."""
    if unlimited or kind in _UNBOUNDED:
        return None
    wanted = 2 * length + 2 if kind in ("binary", "varbinary") else length
    return None if wanted > _LONGEST else max(wanted, _SHORTEST)


def _keys(link: Link) -> Keys:
    keys = Keys()
    for schema, table, index, primary, column in link.rows(tsql.UNIQUE):
        if primary:
            keys.primary(TableName(schema, table), column)
        else:
            keys.unique(TableName(schema, table), index, column)
    for schema, table, label, column, other_schema, other, referenced in link.rows(tsql.FOREIGN):
        keys.foreign(TableName(schema, table), label, label, column, TableName(other_schema, other), referenced)
    for schema, table, label, definition in link.rows(tsql.CHECKS):
        keys.check(TableName(schema, table), label, definition)
    return keys
