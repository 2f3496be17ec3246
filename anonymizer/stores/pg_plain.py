"""Plain dumps of PostgreSQL: scripts for psql, as pg_dump and people write them.

Rows stand in COPY blocks or in INSERT statements; all else is text that passes as it stands, statement by statement,
once each is known not to carry rows. The definitions in the dump are its schema, so a data-only dump is refused.
Encodings, line ends (also CRLF) and every way to write a value stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from anonymizer.contracts import Input, Rows, Verbatim
from anonymizer.errors import SourceError
from anonymizer.model.schema import Schema, Table, TableName
from anonymizer.stores._encoding import Utf8Probe, codec_of
from anonymizer.stores._pg import copy_text as _copy_text
from anonymizer.stores._pg.schema import PgSchemaReader, SearchPath
from anonymizer.stores._pg.statements import COPY_FROM_STDIN, check_command, check_statement, stated_encoding
from anonymizer.stores._pg.tokens import Cursor
from anonymizer.stores._sql import insert_text as _insert_text
from anonymizer.stores._sql.script_sink import ScriptSink
from anonymizer.stores._sql.spans import defaulted
from anonymizer.stores._sql.text import POSTGRES, Kind, Piece, SqlText
from anonymizer.stores._thinning import BatchThinning, LineThinning

NAME = "PostgreSQL plain dump"

_HEAD_BYTES = 1 << 16
_BEGINS = re.compile(
    rb"""(?:\xef\xbb\xbf)?(?:\s++|--[^\n]*+\n|/\*(?:[^*]++|\*(?!/))*+\*/)*+
    (?:(?:ALTER|ANALYZE|BEGIN|COMMENT|COPY|CREATE|DELETE|DO|DROP|GRANT|INSERT|REVOKE|SELECT|SET|START|TRUNCATE)\b|\\[a-z])""",
    re.IGNORECASE | re.VERBOSE,
)
"""A script begins with a statement or a psql command."""
_CERTAIN = re.compile(rb"^-- PostgreSQL database (?:cluster )?dump\b|^SET statement_timeout\b", re.MULTILINE)
_LINE_COMMENT = re.compile(rb"--[^\n]*")
_POSTGRES = re.compile(
    rb"""^SET\s+(?:client_encoding|standard_conforming_strings|search_path|check_function_bodies|client_min_messages)\b
    |^COPY\s[^;]*\bFROM\s+STDIN\b | ^\\(?:c|connect|restrict|copy|encoding)\b | \bpg_catalog\. | ^CREATE\s+EXTENSION\b
    |\bcharacter\s+varying\b | \b(?:big|small)?serial\b | \bbytea\b | \bjsonb\b | \btimestamptz\b | \bcitext\b
    |\bwith(?:out)?\s+time\s+zone\b | \bnextval\s*\( | \bGENERATED\s+(?:ALWAYS|BY\s+DEFAULT)\s+AS\s+IDENTITY\b
    |\bLANGUAGE\s+'?plpgsql\b | ^CREATE\s+TYPE\s | ^CREATE\s+SEQUENCE\b | '::[a-z]""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_FOREIGN = re.compile(
    rb"""/\*!\d{5} | \bENGINE\s*=\s*\w | \bAUTO_?INCREMENT\b
    |^\s*(?:CREATE\s+TABLE|INSERT\s+INTO|DROP\s+TABLE|USE)\s[^(;]*[`\[] | ^\s*GO\s*$
    |^\s*SET\s+(?:ANSI_NULLS|NOCOUNT)\b
    |^\s*PRAGMA\s | \bsqlite_\w | \bNVARCHAR2?\s*\( | \bVARCHAR2\b | \bIDENTITY\s*\(\s*\d | ^\s*LOCK\s+TABLES\b""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)


def recognises(source: Input) -> bool:
    """SQL text with marks of PostgreSQL's own dialect and none of another's."""
    head = source.head(_HEAD_BYTES)
    if b"\0" in head or not _BEGINS.match(head):
        return False
    if _CERTAIN.search(head[:4096]):
        return True
    statements = _LINE_COMMENT.sub(b"", head)
    return _POSTGRES.search(statements) is not None and _FOREIGN.search(statements) is None


def open_source(source: Input) -> PgPlainSource:
    """Cheap: nothing is read yet."""
    return PgPlainSource(source)


def open_sink(source: PgPlainSource, target: Path) -> ScriptSink:
    """Writes a script, compressed if the target's suffix says so."""
    return ScriptSink(target)


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows as they stand: COPY lines or INSERT statements of one table."""

    piece: Piece
    table: Table
    columns: tuple[str, ...]
    """Those that each row has, in order."""


class PgPlainSource:
    """A contracts.Source over one script."""

    kind = NAME

    def __init__(self, source: Input) -> None:
        self.input = source
        self._schema: Schema | None = None

    def schema(self) -> Schema:
        """All tables, from the script's own definitions; every statement is checked on the way."""
        if self._schema is None:
            self._schema = self._read_schema()
        return self._schema

    def sample(self, rows: int) -> Iterator[Rows]:
        """Evenly spaced rows of each table, in the order of the tables' definition."""
        schema = self.schema()
        copied: dict[tuple[TableName, tuple[str, ...]], LineThinning] = {}
        inserted: dict[TableName, BatchThinning] = {}
        for part in self._blocks(schema, schema_tables(schema)):
            if not isinstance(part, _Block):
                continue
            name = part.table.name
            if part.piece.kind is Kind.COPY_DATA:
                copied.setdefault((name, part.columns), LineThinning(rows)).feed(part.piece.data)
            else:
                batch, _ = self._read(part, stored_columns(part.table), schema.encoding, lenient=True)
                inserted.setdefault(name, BatchThinning(rows)).feed(batch)
        for (name, columns), lines in copied.items():
            wanted = stored_columns(schema.table(name))
            yield Rows(name, _copy_text.read(lines.text(), columns, wanted, schema.encoding, str(name))[0])
        for name, thinning in inserted.items():
            for batch in thinning.batches():
                yield Rows(name, batch)

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """The script in its own order, rows of the named tables as Rows."""
        schema = self.schema()
        for part in self._blocks(schema, columns):
            if isinstance(part, _Block):
                batch, frame = self._read(part, tuple(columns[part.table.name]), schema.encoding)
                inserted = isinstance(frame, _insert_text.InsertFrame)
                yield Rows(part.table.name, batch, frame, partial(defaulted, frame) if inserted else tuple)
            else:
                yield Verbatim(part.data)

    def _read(
        self, block: _Block, wanted: tuple[str, ...], encoding: str, lenient: bool = False
    ) -> tuple[pa.RecordBatch, _copy_text.CopyFrame | _insert_text.InsertFrame]:
        piece, table = block.piece, str(block.table.name)
        if piece.kind is Kind.COPY_DATA:
            return _copy_text.read(piece.data, block.columns, wanted, encoding, table, piece.line)
        return _insert_text.read(piece.data, block.columns, wanted, encoding, piece.dialect, table, piece.line, lenient)

    def _read_schema(self) -> Schema:
        reader = PgSchemaReader()
        with closing(self.input.open()) as stream:
            encoding, frame = _StatedEncoding(), _DumpFrame()
            for piece in SqlText(stream, POSTGRES):
                encoding.look_at(piece)
                frame.look_at(piece)
                if piece.kind is Kind.COMMAND:
                    check_command(piece.data, piece.line)  # type: ignore[arg-type]
                    if piece.data[:2] == b"\\c":
                        reader.path.reset()
                elif piece.kind is Kind.STATEMENT:
                    self._define(reader, bytes(piece.data), piece.line, encoding)
                elif piece.kind is Kind.INSERTS:
                    self._expect_table(reader, _insert_text.target(piece.data)[0], piece.line)
        frame.check()
        return reader.build(encoding.codec)

    def _define(self, reader: PgSchemaReader, statement: bytes, line: int, encoding: _StatedEncoding) -> None:
        check_statement(statement, line)
        if copy := COPY_FROM_STDIN.fullmatch(statement):
            self._expect_table(reader, _copy_target(copy, encoding.text(statement, line))[0], line)
        elif reader.is_relevant(statement):
            reader.statement(encoding.text(statement, line), f"line {line}")

    @staticmethod
    def _expect_table(reader: PgSchemaReader, name: tuple[str, ...], line: int) -> None:
        table = reader.resolve(name)
        if not reader.knows(table):
            raise SourceError(
                f"line {line}: the dump holds rows of {table} but not its definition: dump the schema with the data"
            )

    def _blocks(self, schema: Schema, wanted: Collection[TableName]) -> Iterator[_Block | Piece]:
        """The script's pieces, rows of the wanted tables with what is known of them."""
        path = SearchPath()
        target: tuple[Table, tuple[str, ...]] | None = None
        with closing(self.input.open()) as stream:
            for piece in SqlText(stream, POSTGRES):
                rows_of = target if piece.kind is Kind.COPY_DATA else None
                if piece.kind is Kind.STATEMENT:
                    statement = bytes(piece.data)
                    if copy := COPY_FROM_STDIN.fullmatch(statement):
                        text = statement.decode(schema.encoding, "replace")
                        target = self._target(schema, path, wanted, *_copy_target(copy, text), piece.line, True)
                    elif b"search_path" in statement or b"SCHEMA" in statement.upper():
                        path.statement(statement.decode(schema.encoding, "replace"))
                elif piece.kind is Kind.COMMAND and piece.data[:2] == b"\\c":
                    path.reset()
                elif piece.kind is Kind.INSERTS:
                    rows_of = self._target(schema, path, wanted, *_insert_text.target(piece.data), piece.line, False)
                yield piece if rows_of is None else _Block(piece, *rows_of)

    @staticmethod
    def _target(
        schema: Schema,
        path: SearchPath,
        wanted: Collection[TableName],
        name: tuple[str, ...],
        columns: tuple[str, ...] | None,
        line: int,
        of_copy: bool,
    ) -> tuple[Table, tuple[str, ...]] | None:
        """The table that rows go to and their columns; None if nobody asked for it."""
        candidates = path.candidates(name)
        found = next((table for table in candidates if table in schema), candidates[0])
        if found not in wanted:
            return None
        table = schema.table(found)
        if columns is None:  # pg_dump writes DEFAULT for a generated column, but only in INSERT
            return table, stored_columns(table) if of_copy else tuple(column.name for column in table.columns)
        if not set(columns) <= {column.name for column in table.columns}:
            raise SourceError(f"line {line}: the rows of {found} have columns that its definition does not: dump again")
        return table, columns


def stored_columns(table: Table) -> tuple[str, ...]:
    """The columns that a line of COPY data without a column list has."""
    return tuple(column.name for column in table.columns if not column.generated)


def schema_tables(schema: Schema) -> frozenset[TableName]:
    """The names of all tables."""
    return frozenset(table.name for table in schema.tables)


def _copy_target(copy: re.Match[bytes], statement: str) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    """The table and the listed columns (None: all) of COPY … FROM stdin."""
    cursor = Cursor(statement, "COPY")
    cursor.expect("copy")
    name = cursor.name()
    if cursor.accept("(", ")"):
        return name, ()
    return name, cursor.names() if cursor.sees("(") else None


class _DumpFrame:
    """The comments by which pg_dump begins and ends: without the last one, a dump is truncated between statements."""

    _MARK = re.compile(rb"^-- PostgreSQL database (?:cluster )?dump( complete)?\s*?$", re.MULTILINE)

    def __init__(self) -> None:
        self._open = 0

    def look_at(self, piece: Piece) -> None:
        """Take note of the comments in it."""
        if piece.kind is Kind.SPACE:
            for mark in self._MARK.finditer(piece.data):
                self._open += -1 if mark[1] else 1

    def check(self) -> None:
        """Raise SourceError when a dump did not end, once the whole script was looked at."""
        if self._open > 0:
            raise SourceError("the dump does not end as pg_dump ends one: it is truncated; make it again")


class _StatedEncoding:
    """The encoding of a script: what SET client_encoding says, else UTF-8."""

    def __init__(self) -> None:
        self._codec = ""
        self._probe: Utf8Probe | None = None

    def look_at(self, piece: Piece) -> None:
        """Raises SourceError for an encoding that is not supported, or a second one."""
        if self._probe is not None:
            self._probe.feed(piece.data)
        if piece.kind not in (Kind.STATEMENT, Kind.COMMAND):
            return
        name = stated_encoding(bytes(piece.data[:200]))
        if name is None:
            return
        codec = codec_of(name)
        if self._codec not in ("", codec):
            raise SourceError(
                f"line {piece.line}: the dump changes its encoding on the way: dump again in one encoding"
            )
        self._codec = codec
        if codec == "sql-ascii" and self._probe is None:
            self._probe = Utf8Probe()

    @property
    def codec(self) -> str:
        """The Python codec, once the whole script was looked at."""
        return self._probe.codec if self._probe is not None else self._codec or "utf-8"

    def text(self, statement: bytes, line: int) -> str:
        """A statement's text. Raises SourceError."""
        try:
            return statement.decode(self.codec)
        except UnicodeDecodeError:
            raise SourceError(
                f"line {line}: the statement is not valid {self.codec}: dump again, or correct the encoding that the"
                " dump states"
            ) from None
