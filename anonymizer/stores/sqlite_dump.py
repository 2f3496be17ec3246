"""SQL scripts for SQLite: what the command `.dump` of its shell writes, and what people write.

Rows stand in INSERT statements; all else is text that passes as it stands, statement by statement, once each is known
not to carry rows. The definitions are run, without any row, in an empty database in memory, so that SQLite itself says
what they mean. A replaced number stays a number and a replaced blob a blob where the new value allows.

A full-text table in a `.dump` comes as its index's own pages, which hold words in a form that no text replacement
reaches: such a dump is refused, and the database file itself is the source to use.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from anonymizer.contracts import Input, Rows, Verbatim
from anonymizer.errors import SourceError
from anonymizer.model.schema import Schema, Table, TableName
from anonymizer.stores._sql import insert_text as _insert_text
from anonymizer.stores._sql.definitions import defined
from anonymizer.stores._sql.script_sink import ScriptSink
from anonymizer.stores._sql.text import SQLITE, Kind, Piece, SqlText
from anonymizer.stores._sqlite.image import code
from anonymizer.stores._sqlite.load import load
from anonymizer.stores._sqlite.schema import read_schema
from anonymizer.stores._thinning import BatchThinning

NAME = "SQLite dump"
LOADED = "SQLite file"
"""What `load` makes."""

__all__ = ["LOADED", "NAME", "load", "open_sink", "open_source", "recognises"]

_HEAD_BYTES = 1 << 16
_BEGINS = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s++|--[^\n]*+(?:\n|\Z)|/\*(?:[^*]++|\*(?!/))*+\*/|;)*+"
    rb"(?:PRAGMA|BEGIN|CREATE|DROP|INSERT|REPLACE|ALTER|DELETE|ANALYZE|SELECT|SAVEPOINT)\b",
    re.IGNORECASE,
)
_CERTAIN = re.compile(rb"PRAGMA foreign_keys=OFF;\r?\nBEGIN TRANSACTION;", re.IGNORECASE)
"""How `.dump` begins."""
_COMMENT = re.compile(rb"--[^\n]*|/\*(?!!).*?\*/", re.DOTALL)
_SQLITE = re.compile(
    rb"""^\s*PRAGMA\s+\w | \bsqlite_(?:sequence|schema|master|stat\d)\b | \bAUTOINCREMENT\b | \bWITHOUT\s+ROWID\b
    |^\s*CREATE\s+VIRTUAL\s+TABLE\b | ^\s*INSERT\s+OR\s+(?:IGNORE|REPLACE|ABORT|FAIL|ROLLBACK)\s+INTO\b
    |^\s*CREATE\s+TRIGGER\s+IF\s+NOT\s+EXISTS\b | \A\s*BEGIN\s+TRANSACTION;\s+CREATE\s+TABLE\s""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_FOREIGN = re.compile(
    rb"""/\*!\d{5} | \bENGINE\s*=\s*\w | \bAUTO_INCREMENT\b | ^\s*LOCK\s+TABLES\b | ^\s*GO\s*$ | \bIDENTITY\s*\(\s*\d
    |^COPY\s[^;]*\bFROM\s+STDIN\b | ^SET\s+(?:[a-z]\w*_\w+|NAMES|NOCOUNT|@)\s*[=@']?[^;]*;\s*$ | \bpg_catalog\.""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)


def recognises(source: Input) -> bool:
    """SQL text with marks of SQLite's own dialect and none of another's."""
    head = source.head(_HEAD_BYTES)
    if b"\0" in head or not _BEGINS.match(head):
        return False
    if _CERTAIN.match(head):
        return True
    statements = _COMMENT.sub(b"", head)
    return _SQLITE.search(statements) is not None and _FOREIGN.search(statements) is None


def open_source(source: Input) -> SqliteDumpSource:
    """Cheap: nothing is read yet."""
    return SqliteDumpSource(source)


def open_sink(source: SqliteDumpSource, target: Path) -> ScriptSink:
    """Writes a script, compressed if the target's suffix says so."""
    return ScriptSink(target)


class SqliteDumpSource:
    """Reads one script; see contracts.Source."""

    kind = NAME

    def __init__(self, source: Input) -> None:
        self.input = source
        self._schema: Schema | None = None

    def schema(self) -> Schema:
        """See contracts.Source. Every statement is checked on the way."""
        if self._schema is None:
            self._schema = self._read_schema()
        return self._schema

    def sample(self, rows: int) -> Iterator[Rows]:
        """See contracts.Source. Values that are expressions are null."""
        schema = self.schema()
        thinnings = {table.name: BatchThinning(rows) for table in schema.tables}
        for piece, found in self._pieces(schema):
            if found is not None:
                table, columns = found
                batch, _ = self._read(piece, table, columns, _stored(table), lenient=True)
                thinnings[table.name].feed(batch)
        for name, thinning in thinnings.items():
            for batch in thinning.batches():
                yield Rows(name, batch)

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """See contracts.Source."""
        for piece, found in self._pieces(self.schema()):
            if found is None or not columns.get(found[0].name):
                yield Verbatim(piece.data)
            else:
                batch, frame = self._read(piece, *found, tuple(columns[found[0].name]))
                yield Rows(found[0].name, batch, frame)

    def _read(
        self, piece: Piece, table: Table, columns: tuple[str, ...], wanted: tuple[str, ...], lenient: bool = False
    ) -> tuple[pa.RecordBatch, _insert_text.InsertFrame]:
        return _insert_text.read(
            piece.data, columns, wanted, "utf-8", SQLITE, str(table.name), piece.line, lenient=lenient
        )

    def _read_schema(self) -> Schema:
        transaction = _Transaction()
        others: dict[str, None] = {}
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as definitions:
            for piece in self._script():
                if piece.kind is Kind.STATEMENT:
                    statement = bytes(piece.data)
                    _check(statement, piece.line)
                    transaction.statement(statement, piece.line)
                    if _DEFINES.match(statement):
                        _define(definitions, statement, piece.line)
                    elif other := defined(statement.decode("utf-8", "replace")):
                        others[other] = None
                elif piece.kind is Kind.INSERTS:
                    self._expect_table(definitions, piece)
            transaction.end()
            return replace(read_schema(definitions), others=tuple(others))

    @staticmethod
    def _expect_table(definitions: sqlite3.Connection, piece: Piece) -> None:
        name = _target(piece)[0]
        if name.lower() in _OWN_TABLES_REFUSED:
            raise SourceError(f"line {piece.line}: {_OWN_TABLES_REFUSED[name.lower()]}")
        if name.lower() in _OWN_TABLES:
            return
        known = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE"
        if definitions.execute(known, [name]).fetchone() is None:
            raise SourceError(f"line {piece.line}: rows of a table that is not defined before: dump schema and data")

    def _pieces(self, schema: Schema) -> Iterator[tuple[Piece, tuple[Table, tuple[str, ...]] | None]]:
        """The script's pieces; for rows of a table, which it is and which columns each row has, in order."""
        tables = {table.name.name.lower(): table for table in schema.tables}
        for piece in self._script():
            found = None
            if piece.kind is Kind.INSERTS:
                name, listed = _target(piece)
                if name.lower() in tables:
                    table = tables[name.lower()]
                    found = table, _stored(table) if listed is None else _spelled(table, listed, piece.line)
                elif name.lower() not in _OWN_TABLES:
                    raise SourceError(
                        f"line {piece.line}: rows of a full-text index, which hold words that cannot be replaced: use"
                        " the database file itself as the source"
                    )
            yield piece, found

    def _script(self) -> Iterator[Piece]:
        with closing(self.input.open()) as stream:
            yield from SqlText(stream, SQLITE)


# --- rows -------------------------------------------------------------------------------------------------------

_OWN_TABLES = ("sqlite_sequence", "sqlite_stat1")
"""SQLite's own tables, of which a dump may hold rows: names and counts, no values."""

_INDEX_PAGES = (
    "the dump holds the pages of a virtual table, and words in them that cannot be replaced:"
    " use the database file itself as the source"
)
_OWN_TABLES_REFUSED = {
    "sqlite_schema": _INDEX_PAGES,
    "sqlite_master": _INDEX_PAGES,
    "sqlite_stat3": "statistics hold values of the rows: drop sqlite_stat3 and dump again",
    "sqlite_stat4": "statistics hold values of the rows: drop sqlite_stat4 and dump again",
}
_ROW_NUMBERS = ("rowid", "_rowid_", "oid")


def _target(piece: Piece) -> tuple[str, tuple[str, ...] | None]:
    """The table that rows go to, without its schema, and the columns that are listed (None: all)."""
    name, columns = _insert_text.target(piece.data, SQLITE)
    if len(name) > 2 or (len(name) == 2 and name[0].lower() != "main"):
        raise SourceError(
            f"line {piece.line}: rows of an attached or temporary database are not understood: dump again"
        )
    return name[-1], columns


def _stored(table: Table) -> tuple[str, ...]:
    """The columns that a row without a column list has."""
    return tuple(column.name for column in table.columns if not column.generated)


def _spelled(table: Table, listed: tuple[str, ...], line: int) -> tuple[str, ...]:
    """The listed columns as the table's definition spells them; a row number is no column of it."""
    spelled = {name: name for name in _ROW_NUMBERS} | {column.name.lower(): column.name for column in table.columns}
    try:
        return tuple(spelled[name.lower()] for name in listed)
    except KeyError:
        raise SourceError(f"line {line}: rows of {table.name} have columns that it does not: dump again") from None


# --- statements -------------------------------------------------------------------------------------------------

_NAME = rb"""(?:"[^"]*"|`[^`]*`|\[[^\]]*\]|'[^']*'|[\w$\x80-\xff]+)"""
_COMMENTS = rb"(?:\s++|--[^\n]*+\n|/\*(?:[^*]++|\*(?!/))*+\*/)*+"
_HARMLESS = re.compile(
    rb"""(?:;
    |(?:ALTER\s+TABLE|ANALYZE|BEGIN|COMMIT|END|REINDEX|RELEASE|SAVEPOINT|VACUUM)\b
    |CREATE\s+(?:UNIQUE\s+)?INDEX\b | CREATE\s+(?:TEMP\s+|TEMPORARY\s+)?(?:VIEW|TRIGGER)\b | CREATE\s+TABLE\b
    |CREATE\s+VIRTUAL\s+TABLE\b | DROP\s+(?:TABLE|INDEX|VIEW|TRIGGER)\b
    |PRAGMA\s+[\w.]+\s*(?:=\s*[-+\w'"]+|\(\s*[-+\w'"]+\s*\))?\s*; | DELETE\s+FROM\s*"""
    + _NAME
    + rb"""\s*;
    |SELECT\s+\*\s+FROM\s*"""
    + _NAME
    + rb"\s*;)",
    re.IGNORECASE | re.VERBOSE,
)
"""What cannot carry rows; anything else stops the run. Source: SQLite documentation, "SQL As Understood By SQLite"."""

_DEFINES = re.compile(
    rb"(?:CREATE\s+(?:VIRTUAL\s+)?TABLE|CREATE\s+UNIQUE\s+INDEX|ALTER\s+TABLE|DROP\s+TABLE)\b", re.IGNORECASE
)
_FROM_QUERY = re.compile(
    rb"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:" + _NAME + rb"\s*\.\s*)?" + _NAME + _COMMENTS + rb"AS\b",
    re.IGNORECASE,
)
_VERB = re.compile(rb"[A-Za-z]+")
_VERBS = frozenset("ATTACH CREATE DELETE DETACH EXPLAIN INSERT PRAGMA REPLACE SELECT UPDATE VALUES WITH".split())
"""What a message may repeat: any other word could be a value."""


def _check(statement: bytes, line: int) -> None:
    """Raise SourceError for a statement that could carry rows and is not read."""
    if re.match(rb"ROLLBACK\b", statement, re.IGNORECASE):
        raise SourceError(f"line {line}: the dump was given up by the program that made it: make it again")
    if not _HARMLESS.match(statement) or _FROM_QUERY.match(statement):
        verb = _VERB.match(statement)
        word = verb[0].decode().upper() if verb else ""
        raise SourceError(
            f"line {line}: {word if word in _VERBS else 'the statement'} could carry rows and is not understood here:"
            " make the dump again by .dump"
        )


def _define(definitions: sqlite3.Connection, statement: bytes, line: int) -> None:
    try:
        definitions.execute(statement.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise SourceError(f"line {line}: the definition is not valid UTF-8: make the dump again by .dump") from None
    except sqlite3.Error as error:
        raise SourceError(
            f"line {line}: SQLite does not accept the definition ({code(error)}): make the dump again by .dump"
        ) from None


class _Transaction:
    """A script that begins a transaction ends it; if not, it was cut off between two statements."""

    def __init__(self) -> None:
        self._begun = 0

    def statement(self, statement: bytes, line: int) -> None:
        """Look at the next statement."""
        word = _VERB.match(statement)
        if word is not None and word[0].upper() == b"BEGIN":
            self._begun = line
        elif word is not None and word[0].upper() in (b"COMMIT", b"END"):
            self._begun = 0

    def end(self) -> None:
        """Raises SourceError for a transaction that is still open."""
        if self._begun:
            raise SourceError(
                f"the transaction of line {self._begun} never ends: the dump is truncated; make it again by .dump"
            )
