"""SQL Server scripts: what SSMS (Generate Scripts) and sqlcmd write and read, and what people write.

Rows stand in INSERT … VALUES statements; all else is text that passes as it stands, batch by batch, once it is known
not to carry rows. The definitions in the script are its schema, so a script of data alone is refused. UTF-16 with its
byte order mark, UTF-8 with and without one, and Windows code pages stay as they are, and so do line ends.

The text of procedures, functions, triggers and views is code and passes as it stands; the verifier looks for personal
values in it. A date in another form than ISO is replaced by a fixed date, since its order of day and month depends on
the server. What no test here can show without SQL Server: that a rewritten script runs there as the source did.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from anonymizer.contracts import Input, Rows, Verbatim
from anonymizer.errors import SourceError
from anonymizer.model.schema import Schema, Table, TableName
from anonymizer.stores._encoding import Utf8Probe
from anonymizer.stores._output import open_output
from anonymizer.stores._sql.definitions import defined
from anonymizer.stores._sql.script_sink import written
from anonymizer.stores._sql.spans import defaulted
from anonymizer.stores._thinning import BatchThinning
from anonymizer.stores._tsql import rows as _tsql_rows
from anonymizer.stores._tsql import statements as _tsql_statements
from anonymizer.stores._tsql.schema import TsqlSchemaReader
from anonymizer.stores._tsql.text import Piece, TsqlText
from anonymizer.stores._tsql.tokens import Cursor, Token, tokens_of
from anonymizer.stores._utf16 import Encoder, codec_of_mark, open_text

NAME = "SQL Server script"

_HEAD_BYTES = 1 << 16
_NOT_IN_CP1252 = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/|N?'(?:[^']|'')*'", re.DOTALL)
_MARKS = re.compile(
    r"""^[ \t]*GO[ \t]*\r?$ | \[dbo\]\. | ^\s*USE\s+\[
    |^\s*SET\s+(?:ANSI_NULLS|QUOTED_IDENTIFIER|IDENTITY_INSERT|NOCOUNT)\b
    |\bIDENTITY\s*\(\s*\d+\s*,\s*\d+\s*\) | \bn(?:var)?char\]?\s*\(\s*(?:\d+|max)\s*\)
    |\bCREATE\s+TABLE\s+\[\w+\]""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_FOREIGN = re.compile(
    r"""/\*!\d{5} | \bENGINE\s*=\s*\w | \bAUTO_?INCREMENT\b | ^\s*LOCK\s+TABLES\b | ^\s*PRAGMA\s+\w | \bsqlite_\w
    |^COPY\s[^;]*\bFROM\s+STDIN\b | \bpg_catalog\.
    |^SET\s+(?:client_encoding|search_path|NAMES)\b | \bVARCHAR2\b | `""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_BEGINS = re.compile(
    r"\ufeff?(?:\s++|--[^\n]*+(?:\n|\Z)|/\*(?:[^*]++|\*(?!/))*+\*/|;)*+(?:ALTER|BEGIN|CREATE|DECLARE|DELETE|DROP"
    r"|EXEC|EXECUTE|GO|IF|INSERT|PRINT|SET|TRUNCATE|USE|:setvar|:on)\b",
    re.IGNORECASE,
)


def recognises(source: Input) -> bool:
    """SQL text with marks of SQL Server's own dialect and none of another's."""
    head = source.head(_HEAD_BYTES)
    codec = codec_of_mark(head)
    if not codec and b"\0" in head:
        return False
    text = head.decode(codec or "latin-1", "ignore").removeprefix("\xef\xbb\xbf")
    if not _BEGINS.match(text):
        return False
    statements = _COMMENT.sub("", text)
    return bool(codec) or (_MARKS.search(statements) is not None and _FOREIGN.search(statements) is None)


def codec_of_text(source: Input) -> str:
    """What 8-bit text is in: UTF-8 if it is valid, else Windows-1252, or Latin-1 where it is not even that."""
    probe, is_windows = Utf8Probe(), True
    with closing(source.open()) as stream:
        while block := stream.read(1 << 20):
            probe.feed(block)
            is_windows = is_windows and len(block.translate(None, _NOT_IN_CP1252)) == len(block)
    return "cp1252" if is_windows and probe.codec == "latin_1" else probe.codec


def open_source(source: Input) -> MssqlScriptSource:
    """Cheap: nothing is read yet."""
    return MssqlScriptSource(source)


def open_sink(source: MssqlScriptSource, target: Path) -> MssqlScriptSink:
    """Writes a script in the source's encoding, compressed if the target's suffix says so."""
    return MssqlScriptSink(target, source.utf16)


class MssqlScriptSource:
    """Reads one script; see contracts.Source."""

    kind = NAME

    def __init__(self, source: Input) -> None:
        self.input = source
        self.utf16 = codec_of_mark(source.head(2))
        """The codec of a script in UTF-16; "" for 8-bit text."""
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
        tables = _Tables(schema)
        for piece in self._script():
            if piece.marks is not None:
                table, columns = tables.of(piece)
                chosen = _spread(piece.marks, rows)
                names = stored_columns(table)
                batch, _ = self._read(piece, chosen, table, columns, names, lenient=True)
                thinnings[table.name].feed(batch)
        for name, thinning in thinnings.items():
            for batch in thinning.batches():
                yield Rows(name, batch)

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """See contracts.Source."""
        tables = _Tables(self.schema())
        for piece in self._script():
            if piece.marks is None:
                yield Verbatim(piece.data)
                continue
            table, listed = tables.of(piece)
            if columns.get(table.name) is None:
                yield Verbatim(piece.data)
                continue
            batch, frame = self._read(piece, piece.marks, table, listed, tuple(columns[table.name]))
            yield Rows(table.name, batch, frame, partial(defaulted, frame))

    def _read(
        self,
        piece: Piece,
        marks: np.ndarray,
        table: Table,
        columns: tuple[str, ...],
        wanted: tuple[str, ...],
        lenient: bool = False,
    ) -> tuple[pa.RecordBatch, _tsql_rows.RowsFrame]:
        block = memoryview(piece.data)
        return _tsql_rows.read(
            block, marks, columns, wanted, self.schema().encoding, str(table.name), piece.line, lenient
        )

    def _read_schema(self) -> Schema:
        reader = TsqlSchemaReader(encoding := self._encoding())
        identity = _IdentityInsert()
        targets: dict[bytes, None] = {}
        others: dict[str, None] = {}
        for piece in self._script():
            if piece.marks is not None:
                if piece.table not in targets:
                    reader.table_of(_dotted(piece.table, encoding), piece.line)
                    targets[piece.table] = None
            elif not piece.module:
                tokens = self._statements(piece.tokens)
                _tsql_statements.check(tokens)
                identity.look_at(piece)
                reader.feed(tokens)
                targets.clear()  # USE, DROP and CREATE may have changed what a name means
            if piece.marks is None and (other := defined(bytes(piece.data).decode(encoding, "replace"))):
                others[other] = None
        identity.check()
        return replace(reader.build(), others=tuple(others))

    def _statements(self, tokens: Sequence[Token]) -> Sequence[Token]:
        """Text between rows, without what is understood already."""
        return tokens

    def _encoding(self) -> str:
        return "utf-8" if self.utf16 else codec_of_text(self.input)

    def _script(self) -> Iterator[Piece]:
        with closing(open_text(self.input)) as stream:
            yield from TsqlText(stream)


class MssqlScriptSink:
    """A contracts.Sink: the parts one after the other, in the source's encoding."""

    def __init__(self, target: Path, codec: str) -> None:
        self._out = open_output(target)
        self._encoder = Encoder(codec)

    def write(self, part: Verbatim | Rows) -> None:
        """See contracts.Sink."""
        self._out.write(self._encoder.encode(written(part)))

    def close(self) -> None:
        """See contracts.Sink."""
        self._out.close()

    def abort(self) -> None:
        """See contracts.Sink."""
        self._out.discard()


# --- what rows belong to ----------------------------------------------------------------------------------------


class _Tables:
    """Tells the table and the columns of inserted rows; names match whatever their case."""

    def __init__(self, schema: Schema) -> None:
        self._encoding = schema.encoding
        self._tables = {(name.schema.lower(), name.name.lower()): t for t in schema.tables for name in [t.name]}
        self._known: dict[tuple[bytes, bytes | None], tuple[Table, tuple[str, ...]]] = {}

    def of(self, piece: Piece) -> tuple[Table, tuple[str, ...]]:
        """The table, and the columns that each row has, in order."""
        key = piece.table, piece.columns
        if key not in self._known:
            parts = _dotted(piece.table, self._encoding)
            schema = (parts[-2] if len(parts) > 1 else "") or "dbo"
            table = self._tables.get((schema.lower(), parts[-1].lower()))
            if table is None:
                raise SourceError(f"line {piece.line}: rows of a table that the script drops; make the script again")
            self._known[key] = table, self._columns(table, piece)
        return self._known[key]

    def _columns(self, table: Table, piece: Piece) -> tuple[str, ...]:
        if piece.columns is None:
            assert piece.marks is not None  # only rows have a table
            stored, width = stored_columns(table), piece.marks.shape[1] - 1
            # without a list, a column that counts by itself is left out
            own = tuple(c.name for c in table.columns if not c.generated and "IDENTITY" not in c.type)
            return own if len(own) == width != len(stored) else stored
        spelled = {column.name.lower(): column.name for column in table.columns}
        cursor = Cursor(tokens_of(piece.columns[1:-1]), self._encoding)
        names = [cursor.name()]
        while cursor.accept(","):
            names.append(cursor.name())
        if not {name.lower() for name in names} <= set(spelled):
            raise SourceError(f"line {piece.line}: rows of {table.name} have columns that it does not; make it again")
        return tuple(spelled[name.lower()] for name in names)


def stored_columns(table: Table) -> tuple[str, ...]:
    """The columns that a row without a column list has."""
    return tuple(column.name for column in table.columns if not column.generated)


def _dotted(name: bytes, encoding: str) -> tuple[str, ...]:
    return Cursor(tokens_of(name), encoding).dotted()


def _spread(marks: np.ndarray, rows: int) -> np.ndarray:
    """At most about four times as many rows of a run as a sample needs."""
    return marks[:: max(1, len(marks) // (4 * max(rows, 1)))]


class _IdentityInsert:
    """SET IDENTITY_INSERT … ON is followed by OFF: if not, the script was cut off between two statements."""

    def __init__(self) -> None:
        self._on = 0

    def look_at(self, piece: Piece) -> None:
        """The next text."""
        words = [token.upper for token in piece.tokens]
        for place, word in enumerate(words):
            if word == "IDENTITY_INSERT":
                switch = next((other for other in words[place + 1 : place + 9] if other in ("ON", "OFF")), "")
                self._on = piece.tokens[place].line if switch == "ON" else 0

    def check(self) -> None:
        """Raises SourceError at the end of a script that was cut off."""
        if self._on:
            raise SourceError(
                f"SET IDENTITY_INSERT of line {self._on} is never taken back: the script is truncated; make it again"
            )
