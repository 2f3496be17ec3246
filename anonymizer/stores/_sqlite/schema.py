"""The structure of a SQLite database as SQLite itself tells it: one reader for database files and for dumps.

Sources: SQLite documentation, "Datatypes In SQLite" (affinity), "The Schema Table", "PRAGMA table_xinfo", "PRAGMA
table_list" (SQLite 3.37 or later), "SQLite FTS3 and FTS4 Extensions", "SQLite FTS5 Extension".
"""

from __future__ import annotations

import enum
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from anonymizer.errors import InternalError, SourceError
from anonymizer.model.schema import Column, ForeignKey, Schema, Table, TableName, TypeFamily


class Storage(enum.Enum):
    """Where the rows of a table are."""

    ROWID = "rowid"
    """In a b-tree by row number."""
    KEY = "key"
    """In a b-tree by primary key: WITHOUT ROWID."""
    VIRTUAL = "virtual"
    """In shadow tables of a full-text or R-tree table, which the table itself reads and writes."""
    REBUILT = "rebuilt"
    """Nowhere of its own: a full-text index over another table, made again by its command `rebuild`."""
    NONE = "none"
    """Nowhere: shows what another table holds."""


@dataclass(frozen=True, slots=True)
class StoredTable:
    """How the rows of one table are reached; `key` holds what tells them apart: the row number or the primary key."""

    name: str
    sql: str
    storage: Storage
    columns: tuple[str, ...]
    """Those that have a stored value, in order."""
    key: tuple[str, ...]
    row_number: str = ""
    """The name under which the row number is read and written besides the columns; "" if a column is its alias."""
    module: str = ""
    """Of a virtual table."""

    @property
    def has_rows(self) -> bool:
        """Whether rows of its own are read and written."""
        return self.storage not in (Storage.REBUILT, Storage.NONE)


def quote(name: str) -> str:
    """A name as SQL text."""
    return '"' + name.replace('"', '""') + '"'


# --- tables -----------------------------------------------------------------------------------------------------

_HIDDEN, _GENERATED = (1,), (2, 3)
"""Values of table_xinfo.hidden."""

_ROW_NUMBERS = ("rowid", "_rowid_", "oid")

_MODULE = re.compile(
    r"""CREATE\s+VIRTUAL\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|'[^']*'|[^\s"`\['(]+)
    \s+USING\s+["'`\[]?(\w+)""",
    re.IGNORECASE | re.VERBOSE,
)
_CONTENT = re.compile(r"""[(,]\s*content\s*=\s*(?:'([^']*)'|"([^"]*)"|([^\s,)'"]*))""", re.IGNORECASE)
_LANGUAGE = re.compile(r"[(,]\s*languageid\s*=", re.IGNORECASE)


def stored_tables(connection: sqlite3.Connection) -> tuple[StoredTable, ...]:
    """All tables in the order of the schema table, without SQLite's own and without shadow tables.

    Raises SourceError for a virtual table whose rows cannot be read and written through it.
    """
    if sqlite3.sqlite_version_info < (3, 37):
        raise InternalError(f"SQLite {sqlite3.sqlite_version} is too old; 3.37 or later is needed")
    found = connection.execute(
        "SELECT m.name, m.sql, l.type, l.wr FROM sqlite_master m JOIN pragma_table_list l"
        " ON l.schema = 'main' AND l.name = m.name WHERE m.type = 'table' ORDER BY m.rowid"
    ).fetchall()
    tables = []
    for name, sql, kind, without_rowid in found:
        if kind == "virtual":
            tables.append(_virtual_table(connection, name, sql))
        elif kind == "table" and not name.startswith("sqlite_"):
            tables.append(_plain_table(connection, name, sql, bool(without_rowid)))
    return tuple(tables)


def _plain_table(connection: sqlite3.Connection, name: str, sql: str, without_rowid: bool) -> StoredTable:
    stored, key = [], {}
    for column, declared, position, hidden in connection.execute(
        "SELECT name, type, pk, hidden FROM pragma_table_xinfo(?)", [name]
    ):
        if hidden not in _GENERATED:
            stored.append((column, declared))
        if position:
            key[position] = column
    columns = tuple(column for column, _ in stored)
    primary_key = tuple(key[position] for position in sorted(key))
    if without_rowid:
        return StoredTable(name, sql, Storage.KEY, columns, primary_key)
    taken = {column.lower() for column in columns}
    number = next((word for word in _ROW_NUMBERS if word not in taken), None)
    if len(primary_key) == 1 and _is_alias(connection, name):
        return StoredTable(name, sql, Storage.ROWID, columns, primary_key)
    if number is None:
        raise SourceError(f"{name}: the columns rowid, _rowid_ and oid hide the row number; rename one of them")
    return StoredTable(name, sql, Storage.ROWID, columns, (number,), number)


def _is_alias(connection: sqlite3.Connection, table: str) -> bool:
    """Whether a primary key of one column is another name of the row number: it has no index of its own then."""
    origins = connection.execute("SELECT 1 FROM pragma_index_list(?) WHERE origin = 'pk'", [table])
    return origins.fetchone() is None


def _virtual_table(connection: sqlite3.Connection, name: str, sql: str) -> StoredTable:
    match = _MODULE.match(sql)
    module = match[1].lower() if match else ""
    content = _CONTENT.search(sql)
    storage = Storage.VIRTUAL
    if module in ("fts3", "fts4", "fts5") and content is not None:
        if not any(content.groups()):
            raise SourceError(f"{name}: a full-text index without content cannot be made again; drop it first")
        storage = Storage.REBUILT
    elif module in ("fts4aux", "fts5vocab", "fts3tokenize"):
        storage = Storage.NONE
    elif module not in ("fts3", "fts4", "fts5", "rtree", "rtree_i32"):
        raise SourceError(f"{name}: virtual tables of the module {module} are not understood; drop it first")
    if _LANGUAGE.search(sql):
        raise SourceError(f"{name}: full-text tables with a languageid are not supported; drop it first")
    hidden = "SELECT name, hidden FROM pragma_table_xinfo(?)"
    columns = tuple(column for column, how in connection.execute(hidden, [name]) if how not in _HIDDEN)
    if module.startswith("rtree"):
        return StoredTable(name, sql, storage, columns, columns[:1], module=module)
    return StoredTable(name, sql, storage, columns, ("rowid",), "rowid", module)


# --- what the tables mean ---------------------------------------------------------------------------------------


def read_schema(connection: sqlite3.Connection) -> Schema:
    """All tables that hold rows, with columns, keys and constraints. Raises SourceError for unknown virtual tables."""
    stored = [table for table in stored_tables(connection) if table.has_rows]
    names = {table.name.lower(): table.name for table in stored}
    columns = {table.name: tuple(_columns(connection, table)) for table in stored}
    keys = {table.name: _primary_key(connection, table.name) for table in stored}
    tables = []
    for table in stored:
        tables.append(
            Table(
                name=TableName("", table.name),
                columns=columns[table.name],
                primary_key=keys[table.name],
                unique=_unique(connection, table.name),
                foreign_keys=tuple(_foreign_keys(connection, table.name, names, columns, keys)),
                checks=tuple(check_expressions(table.sql)) if table.storage is not Storage.VIRTUAL else (),
            )
        )
    others = (
        "SELECT type || ' ' || name FROM sqlite_master WHERE type <> 'table' AND sql NOT LIKE 'CREATE UNIQUE%'"
        " ORDER BY rowid"
    )
    return Schema(tuple(tables), others=tuple(name for (name,) in connection.execute(others)))


def _columns(connection: sqlite3.Connection, table: StoredTable) -> Iterator[Column]:
    virtual = table.storage is Storage.VIRTUAL
    for name, declared, not_null, default, hidden in connection.execute(
        'SELECT name, type, "notnull", dflt_value, hidden FROM pragma_table_xinfo(?)', [table.name]
    ):
        if hidden in _HIDDEN:
            continue
        kind = ("REAL" if table.module.startswith("rtree") else "TEXT") if virtual and not declared else declared
        family, length = type_family(kind)
        yield Column(
            name=name,
            type=kind,
            family=family,
            length=length,
            nullable=not not_null and table.key != (name,),
            default=default,
            generated=hidden in _GENERATED,
        )


def _primary_key(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    found = connection.execute("SELECT name FROM pragma_table_xinfo(?) WHERE pk > 0 ORDER BY pk", [table])
    return tuple(name for (name,) in found)


def _unique(connection: sqlite3.Connection, table: str) -> tuple[tuple[str, ...], ...]:
    """Column sets of whole-table unique indexes on plain columns, in the order of their creation."""
    indexes = connection.execute(
        """SELECT name FROM pragma_index_list(?) WHERE "unique" AND NOT partial AND origin <> 'pk' ORDER BY seq DESC""",
        [table],
    ).fetchall()
    sets = []
    for (index,) in indexes:
        members = [
            name
            for (name,) in connection.execute(
                'SELECT name FROM pragma_index_xinfo(?) WHERE "key" ORDER BY seqno', [index]
            )
        ]
        if None not in members:  # an expression
            sets.append(tuple(members))
    return tuple(dict.fromkeys(sets))


def _foreign_keys(
    connection: sqlite3.Connection,
    table: str,
    names: dict[str, str],
    columns: dict[str, tuple[Column, ...]],
    keys: dict[str, tuple[str, ...]],
) -> Iterator[ForeignKey]:
    """As declared; one that references a table or column that does not exist constrains nothing and is left out."""
    parts: dict[int, list[tuple[str, str, str | None]]] = defaultdict(list)
    for number, referenced, column, to in connection.execute(
        'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id DESC, seq', [table]
    ):
        parts[number].append((referenced, column, to))
    for members in parts.values():
        parent = names.get(members[0][0].lower())
        if parent is None:
            continue
        spelled = {column.name.lower(): column.name for column in columns[parent]}
        own = {column.name.lower(): column.name for column in columns[table]}
        wanted = keys[parent] if members[0][2] is None else [str(to) for _, _, to in members]
        if len(wanted) != len(members) or not all(name.lower() in spelled for name in wanted):
            continue
        yield ForeignKey(
            columns=tuple(own[column.lower()] for _, column, _ in members),
            references=TableName("", parent),
            referenced=tuple(spelled[name.lower()] for name in wanted),
        )


# --- types ------------------------------------------------------------------------------------------------------

_LENGTH = re.compile(r"\(\s*(\d+)\s*\)")

_FAMILIES: tuple[tuple[str, TypeFamily], ...] = (
    (r"BOOL|^BIT$", TypeFamily.BOOLEAN),
    (r"JSON", TypeFamily.JSON),
    (r"XML", TypeFamily.XML),
    (r"UUID|GUID|UNIQUEIDENTIFIER", TypeFamily.UUID),
    (r"GEOMETRY|GEOGRAPHY|POINT|POLYGON|LINESTRING", TypeFamily.GEOMETRY),
    (r"DATETIME|TIMESTAMP", TypeFamily.TIMESTAMP),
    (r"^DATE$", TypeFamily.DATE),
    (r"^TIME\b", TypeFamily.TIME),
    (r"^INTERVAL$", TypeFamily.INTERVAL),
    (r"INT|^(BIG|SMALL)?SERIAL$", TypeFamily.INTEGER),
    (r"CHAR|CLOB|TEXT|STRING", TypeFamily.TEXT),
    (r"BLOB|BINARY|IMAGE|BYTEA", TypeFamily.BINARY),
    (r"REAL|FLOA|DOUB|NUM|DEC|MONEY|CURRENCY", TypeFamily.NUMBER),
)
"""What a declared type's name tells, first match first. SQLite itself looks for INT, CHAR, CLOB, TEXT, BLOB, REAL, FLOA
and DOUB; the others are names that programs declare for their own use and that SQLite takes for numeric."""


def type_family(declared: str) -> tuple[TypeFamily, int | None]:
    """Family and length of a declared type. SQLite enforces neither; a type that says nothing holds any text.

    >>> type_family("NVARCHAR(40)")
    (<TypeFamily.TEXT: 'text'>, 40)
    >>> type_family("")
    (<TypeFamily.TEXT: 'text'>, None)
    """
    name = declared.split("(")[0].strip().upper()
    family = next((family for pattern, family in _FAMILIES if re.search(pattern, name)), TypeFamily.TEXT)
    length = _LENGTH.search(declared) if family is TypeFamily.TEXT else None
    return family, int(length[1]) if length and int(length[1]) else None


_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?(?:\*/|\Z)|\w+|.""", re.DOTALL)


def check_expressions(sql: str) -> Iterator[str]:
    """The expressions of all CHECK constraints of a CREATE TABLE statement.

    >>> list(check_expressions("CREATE TABLE t (a TEXT CHECK (a IN ('x)', 'y')), [check] INT)"))
    ["a IN ('x)', 'y')"]
    """
    depth, start, expected = 0, -1, False
    for token in _TOKEN.finditer(sql):
        text = token[0]
        if start >= 0:
            depth += (text == "(") - (text == ")")
            if not depth:
                yield sql[start : token.start()].strip()
                start = -1
        elif expected and text == "(":
            depth, start = 1, token.end()
        if not text.isspace() and not text.startswith(("--", "/*")):
            expected = text.upper() == "CHECK"
