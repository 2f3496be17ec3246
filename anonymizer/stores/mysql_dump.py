"""SQL scripts for MySQL and MariaDB: what mysqldump, mariadb-dump, phpMyAdmin, HeidiSQL, Adminer and mydumper write.

Rows stand in INSERT and REPLACE statements; all else is text that passes as it stands, statement by statement, once
each is known not to carry rows: conditional comments, DELIMITER blocks, views, triggers, routines and events. The
definitions in the script are its schema, so a data-only dump is refused. Strings are written with the rules in force
(backslash escapes or NO_BACKSLASH_ESCAPES) and in the character set that the script states.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

import pyarrow as pa

from anonymizer.contracts import Input, Rows, Verbatim
from anonymizer.errors import SourceError
from anonymizer.model.schema import Schema, Table, TableName
from anonymizer.stores._encoding import encode
from anonymizer.stores._mysql.charset import RowCharset, codec_of_names
from anonymizer.stores._mysql.insert import Reading, read, target
from anonymizer.stores._mysql.literals import Kind as ValueKind
from anonymizer.stores._mysql.scan import row_width
from anonymizer.stores._mysql.schema import MysqlSchemaReader
from anonymizer.stores._mysql.session import Session, plain_code
from anonymizer.stores._mysql.statements import check_statement
from anonymizer.stores._mysql.text import MysqlText
from anonymizer.stores._sql.script_sink import ScriptSink
from anonymizer.stores._sql.spans import defaulted
from anonymizer.stores._sql.text import Kind, Piece
from anonymizer.stores._thinning import BatchThinning

NAME = "MySQL dump"

_HEAD_BYTES = 1 << 16
_SETTING_BYTES = 500
_BEGINS = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s++|--[^\n]*+(?:\n|\Z)|\#[^\n]*+(?:\n|\Z)|/\*(?!M?!)(?:[^*]++|\*(?!/))*+\*/|/\*M?!\d*"
    rb"|\\-[^*]*\*/|;)*+(?:ALTER|BEGIN|CREATE|DELIMITER|DROP|INSERT|LOCK|REPLACE|SELECT|SET|START|TRUNCATE|USE|DELETE)\b",
    re.IGNORECASE,
)
_CERTAIN = re.compile(
    rb"^-- (?:MySQL|MariaDB) dump \d|\A/\*M?!999999\\-|^-- phpMyAdmin SQL Dump|^-- HeidiSQL Version|^-- Adminer \d"
    rb"|^-- mydumper\b|/\*!\d{5}\s",
    re.MULTILINE,
)
_COMMENT = re.compile(rb"--[^\n]*|^\#[^\n]*|/\*(?!M?!).*?\*/", re.DOTALL | re.MULTILINE)
_MYSQL = re.compile(
    rb"""\bENGINE\s*=\s*\w | \bAUTO_INCREMENT\b | ^\s*LOCK\s+TABLES\b | ^\s*DELIMITER\s | ^\s*SET\s+NAMES\s+'?\w
    |^\s*SET\s+(?:@@\w|@\w|FOREIGN_KEY_CHECKS|SQL_MODE|sql_notes|time_zone|UNIQUE_CHECKS) | \bUNSIGNED\b
    |^\s*(?:CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?|INSERT\s+(?:IGNORE\s+)?INTO\s+|REPLACE\s+INTO\s+|DROP\s+TABLE\s+
      (?:IF\s+EXISTS\s+)?|USE\s+)` | \b(?:TINYINT|MEDIUMTEXT|LONGTEXT|LONGBLOB|MEDIUMINT)\b | \bENUM\s*\(\s*'""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_FOREIGN = re.compile(
    rb"""^\s*PRAGMA\s+\w | \bsqlite_\w | \bAUTOINCREMENT\b | \bWITHOUT\s+ROWID\b | ^\s*CREATE\s+VIRTUAL\s+TABLE\b
    |^\s*INSERT\s+OR\s | \A\s*BEGIN\s+TRANSACTION; | ^\s*GO\s*$ | ^\s*SET\s+(?:ANSI_NULLS|NOCOUNT)\b | \[dbo\]
    |\bIDENTITY\s*\(\s*\d | ^COPY\s[^;]*\bFROM\s+STDIN\b | \bpg_catalog\. | ^\s*SET\s+(?:client_encoding|search_path)\b
    |\bcharacter\s+varying\b | ^\\(?:connect|restrict)\b | \bVARCHAR2\b | \bbytea\b | \bjsonb\b""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)


def recognises(source: Input) -> bool:
    """SQL text with marks of MySQL's own dialect and none of another's."""
    head = source.head(_HEAD_BYTES)
    if b"\0" in head[:512] or not _BEGINS.match(head):
        return False
    if _CERTAIN.search(head):
        return True
    statements = _COMMENT.sub(b"", head)
    return _MYSQL.search(statements) is not None and _FOREIGN.search(statements) is None


def open_source(source: Input) -> MysqlDumpSource:
    """Cheap: nothing is read yet."""
    return MysqlDumpSource(source)


def open_sink(source: MysqlDumpSource, target: Path) -> ScriptSink:
    """Writes a script, compressed if the target's suffix says so."""
    return ScriptSink(target)


class MysqlDumpSource:
    """Reads one script; see contracts.Source."""

    kind = NAME

    def __init__(self, source: Input) -> None:
        self.input = source
        self._schema: Schema | None = None
        self._hidden: dict[TableName, frozenset[str]] = {}

    def schema(self) -> Schema:
        """See contracts.Source. Every statement is checked on the way."""
        if self._schema is None:
            self._schema = self._read_schema()
        return self._schema

    def sample(self, rows: int) -> Iterator[Rows]:
        """See contracts.Source. Values that are expressions are null."""
        schema = self.schema()
        thinnings = {table.name: BatchThinning(rows) for table in schema.tables}
        for piece, table in self._pieces(schema):
            if table is not None:
                wanted = [column.name for column in table.columns if not column.generated]
                batch, _ = read(piece.data, self._reading(schema, table, piece, lenient=True), wanted)
                thinnings[table.name].feed(batch)
        for name, thinning in thinnings.items():
            for batch in thinning.batches():
                yield Rows(name, batch)

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """See contracts.Source."""
        schema = self.schema()
        for piece, table in self._pieces(schema):
            if table is None or not columns.get(table.name):
                yield Verbatim(piece.data)
            else:
                batch, frame = read(piece.data, self._reading(schema, table, piece), tuple(columns[table.name]))
                yield Rows(table.name, batch, frame, partial(defaulted, frame))

    def _reading(self, schema: Schema, table: Table, piece: Piece, lenient: bool = False) -> Reading:
        assert isinstance(piece.dialect, Session)
        listed = target(piece.data, schema.encoding)[1]
        if listed is not None:
            columns = _spelled(table, listed, piece.line)
        else:
            columns = tuple(column.name for column in table.columns)
            hidden = self._hidden.get(table.name, frozenset())
            if hidden and row_width(bytes(piece.data), piece.dialect, columns) < len(columns):
                columns = tuple(name for name in columns if name not in hidden)
        return Reading(table, columns, schema.encoding, piece.dialect, piece.line, lenient)

    def _read_schema(self) -> Schema:
        reader, charset, frame = MysqlSchemaReader(), RowCharset(), _DumpFrame()
        for piece in self._script():
            assert isinstance(piece.dialect, Session)
            frame.look_at(piece)
            if piece.kind is Kind.STATEMENT:
                check_statement(piece)
                code = plain_code(bytes(piece.data), piece.dialect)
                reader.statement(_text(code), f"line {piece.line}", piece.dialect)
            elif piece.kind is Kind.INSERTS:
                names = target(piece.data, codec_of_names(piece.dialect.charset))[0]
                table = reader.drafted(reader.rows(names, piece.line))
                charset.look_at(piece, piece.dialect.charset, lambda: _texts(table, piece))  # noqa: B023 (called at once)
        frame.check()
        schema, self._hidden = reader.build(charset.codec)
        return schema

    def _pieces(self, schema: Schema) -> Iterator[tuple[Piece, Table | None]]:
        """The script's pieces; for rows, whose they are."""
        reader = MysqlSchemaReader()
        by_name: dict[tuple[str, str], Table] = {}
        for table in schema.tables:
            by_name[table.name] = by_name[table.name.schema.lower(), table.name.name.lower()] = table
        for piece in self._script():
            found = None
            if piece.kind is Kind.STATEMENT and isinstance(piece.dialect, Session):
                code = plain_code(bytes(piece.data[:200]), piece.dialect)
                if code[:3].lower() == b"use":
                    reader.statement(_text(code), f"line {piece.line}", piece.dialect)
            elif piece.kind is Kind.INSERTS:
                name = target(piece.data, schema.encoding)[0]
                found = _named(by_name, name[-2] if len(name) > 1 else reader.database, name[-1])
                if found is None:
                    raise SourceError(f"line {piece.line}: rows of a table that the dump does not keep: dump again")
            yield piece, found

    def _script(self) -> Iterator[Piece]:
        with closing(self.input.open()) as stream:
            yield from MysqlText(stream)


def _texts(table: Table, piece: Piece) -> Iterator[pa.Array]:
    """The columns of some rows that hold text, as the bytes that they are."""
    assert isinstance(piece.dialect, Session)
    codec = codec_of_names(piece.dialect.charset)
    listed = target(piece.data, codec)[1]
    columns = _spelled(table, listed, piece.line) if listed else tuple(column.name for column in table.columns)
    reading = Reading(table, columns, "latin_1", piece.dialect, piece.line, lenient=True)
    texts = [name for name in columns if reading.kind(name) is ValueKind.TEXT]
    batch, _ = read(piece.data, reading, texts)
    for values in batch.columns:
        yield encode(values, "latin_1", str(table.name))


def _text(code: bytes) -> str:
    """Definitions are in UTF-8 whatever the rows are in, but where people wrote them."""
    try:
        return code.decode()
    except UnicodeDecodeError:
        return code.decode("cp1252", "replace")


def _named(tables: Mapping[tuple[str, str], Table], database: str, name: str) -> Table | None:
    for key in ((database, name), (database.lower(), name.lower()), ("", name), ("", name.lower())):
        if key in tables:
            return tables[key]
    return None


def _spelled(table: Table, listed: tuple[str, ...], line: int) -> tuple[str, ...]:
    """The listed columns as the table's definition spells them."""
    spelled = {column.name.lower(): column.name for column in table.columns}
    try:
        return tuple(spelled[name.lower()] for name in listed)
    except KeyError:
        raise SourceError(f"line {line}: rows of {table.name} have columns that it does not: dump again") from None


class _DumpFrame:
    """How scripts begin and end: mysqldump since 5.0 by comments, others by a transaction or by settings put back.

    Without its end, a script is truncated between statements.
    """

    _MARK = re.compile(rb"^-- (?:(?:MySQL|MariaDB) dump (?!\d\.|10\.\d\b)\d|(Dump completed))", re.MULTILINE)
    _LOCK = re.compile(rb"(UN)?LOCK\s+TABLES?\b", re.IGNORECASE)
    _TRANSACTION = re.compile(rb"(?:START\s+TRANSACTION|BEGIN)\b|(COMMIT|ROLLBACK)\b", re.IGNORECASE)
    _NOTES = re.compile(rb"@OLD_SQL_NOTES\s*=|(@OLD_SQL_NOTES)\b", re.IGNORECASE)

    def __init__(self) -> None:
        self._open = self._locked = self._begun = self._saved = 0

    def look_at(self, piece: Piece) -> None:
        """Take note of the comments, locks and settings in it."""
        if piece.kind is Kind.SPACE:
            for mark in self._MARK.finditer(piece.data):
                self._open += -1 if mark[1] else 1
        elif piece.kind is Kind.STATEMENT:
            if lock := self._LOCK.match(piece.data):
                self._locked = 0 if lock[1] else piece.line
            elif transaction := self._TRANSACTION.match(piece.data):
                self._begun = 0 if transaction[1] else piece.line
            elif len(piece.data) < _SETTING_BYTES and (notes := self._NOTES.search(piece.data)):
                self._saved = 0 if notes[1] else piece.line

    def check(self) -> None:
        """Raise SourceError when a dump did not end, once the whole script was looked at."""
        if self._open > 0:
            raise SourceError("the dump does not end as mysqldump ends one: it is truncated; make it again")
        for line, what in (
            (self._locked, "the tables locked on line {} are never unlocked"),
            (self._begun, "the transaction begun on line {} never ends"),
            (self._saved, "the settings saved on line {} are never put back"),
        ):
            if line:
                raise SourceError(f"{what.format(line)}: the dump is truncated; make it again")
