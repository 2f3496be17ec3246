"""Reads SQL scripts of MySQL and MariaDB.

A statement ends at the delimiter of the moment; what stands in `/*! */` is code. Source: MySQL manual, "mysql Client
Commands", "Comments" and "String Literals".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from anonymizer.contracts import Input
from anonymizer.model.schema import Column, Schema, TableName
from anonymizer.verify import _mysql_rows
from anonymizer.verify._reader import BLOCK, Block, Part, Reader, Text

_READ = 1 << 20
_NAME = rb'(?:`(?:[^`]|``)*`|"(?:[^"]|"")*"|[\w$\x80-\xff]+)'
_LEADING = re.compile(rb"(?:\s+|#[^\n]*(?:\n|\Z)|--[^\n]*(?:\n|\Z)|/\*(?!M?!).*?\*/|/\*M?!999999.*?\*/)*", re.DOTALL)
_INSERT = re.compile(
    rb"(?:INSERT|REPLACE)\s+(?:(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE)\s+)*(?:INTO(?![\w$])\s*)?"
    rb"(?:(" + _NAME + rb")\s*\.\s*)?(" + _NAME + rb")\s*(?:\((\s*" + _NAME + rb"(?:\s*,\s*" + _NAME + rb")*\s*)\))?"
    rb"\s*VALUES?(" + _LEADING.pattern + rb")(?=\()",
    re.IGNORECASE | re.DOTALL,
)
_VERB = re.compile(
    rb"(?:/\*M?!\d*\s*)?((?:CREATE|ALTER|DROP|LOCK|UNLOCK)\s+(?:TABLES?|VIEW|DATABASE|TRIGGER|PROCEDURE|FUNCTION|EVENT)"
    rb"|CREATE|ALTER|DROP|SET|USE|DELIMITER|SELECT|INSERT|DELETE|GRANT)\b",
    re.IGNORECASE,
)
"""What a place may be called by: any other word of a script could be a value."""
_USE = re.compile(rb"USE\s+(" + _NAME + rb")", re.IGNORECASE)
_DELIMITER = re.compile(rb"DELIMITER[ \t]+['\"]?([^\s'\"]+)[^\n]*(?:\n|\Z)", re.IGNORECASE)
_MODE = re.compile(rb"(?<![@\w.])(?:@@(?:session\.)?)?sql_mode\s*=\s*('[^']*'|\"[^\"]*\"|@?\w+)", re.IGNORECASE)
_KEEPS_MODE = re.compile(rb"(@\w+)\s*=\s*@@(?:session\.)?sql_mode\b", re.IGNORECASE)
_ANSI = re.compile(rb"\b(?:ANSI|ANSI_QUOTES|ORACLE|POSTGRESQL|MSSQL|DB2|MAXDB)\b", re.IGNORECASE)
_IDENTIFIER = re.compile(_NAME)


class DumpReader(Reader):
    """INSERTs and REPLACEs are the rows, every other statement is text."""

    def __init__(self, source: Input, schema: Schema) -> None:
        super().__init__(source, schema)
        self.in_any_case = {table.name.name.lower(): table.name for table in schema.tables}

    def parts(self) -> Iterator[Part]:
        with self.stream() as stream:
            yield from _Script(self, stream).parts()


def reader(source: Input, schema: Schema, work: Path | None) -> Reader:
    """Opened when it is first read."""
    return DumpReader(source, schema)


class _Script:
    """One pass over a script."""

    def __init__(self, reader: DumpReader, stream: BinaryIO) -> None:
        self._reader, self._stream = reader, stream
        self._text, self._at, self._ended = b"", 0, False
        self._line = 1
        self._database = ""
        self._delimiter = b";"
        self._mode = (True, False)
        """Whether a backslash escapes, and whether double quotes hold names."""
        self._modes: dict[bytes, tuple[bool, bool]] = {}

    def parts(self) -> Iterator[Part]:
        rows: list[bytes] = []
        size = 0
        key: tuple[TableName, tuple[str, ...], tuple[bool, bool]] | None = None
        while (statement := self._statement()) is not None:
            line = self._line
            self._line += statement.count(b"\n")
            start = _after_comments(statement)
            insert = _INSERT.match(statement, start) if statement[start : start + 1] in b"iIrR" else None
            if insert is None:
                if key:
                    yield from self._rows(key, rows)
                    rows, size, key = [], 0, None
                yield self._other(statement, start, line)
                continue
            table = self._reader.named(self._name(insert[1]) if insert[1] else self._database, self._name(insert[2]))
            this = table, self._columns(insert[3], table), self._mode
            if key and (key != this or size > BLOCK // 4):
                yield from self._rows(key, rows)
                rows, size = [], 0
            key = this
            said = statement[:start] + insert[4]  # comments before the statement, and before its rows
            if said.strip():
                yield Text(f"line {line}", said)
            lists, rest = _mysql_rows.apart(statement[insert.end() :])
            if rest:
                yield Text(f"line {line} (INSERT)", rest)
            rows.append(lists)
            size += len(statement)
        if key:
            yield from self._rows(key, rows)

    def _other(self, statement: bytes, start: int, line: int) -> Text:
        verb = _VERB.match(statement, start)
        words = " ".join(verb[1].decode().upper().split()) if verb else ""
        if delimiter := _DELIMITER.match(statement, start):
            self._delimiter = delimiter[1]
        elif used := _USE.match(statement, start):
            self._database = self._name(used[1])
        elif b"sql_mode" in statement.lower():
            for saved in _KEEPS_MODE.finditer(statement):
                self._modes[saved[1].lower()] = self._mode
            for mode in _MODE.finditer(statement):
                if mode[1][:1] == b"@":
                    self._mode = self._modes.get(mode[1].lower(), (True, False))
                else:
                    no_escapes = b"NO_BACKSLASH_ESCAPES" in mode[1].upper()
                    self._mode = not no_escapes, _ANSI.search(mode[1]) is not None
        return Text(f"line {line}" + (f" ({words})" if words else ""), statement)

    # --- names

    def _name(self, raw: bytes) -> str:
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            encoding = self._reader.schema.encoding
            text = raw.decode("cp1252" if encoding == "utf-8" else encoding, "replace")
        if text[0] in '`"':
            return text[1:-1].replace(text[0] * 2, text[0])
        return text

    def _columns(self, listed: bytes | None, table: TableName) -> tuple[str, ...]:
        declared = self._declared(table)
        if listed is None:
            return tuple(column.name for column in declared)
        spelled = {column.name.lower(): column.name for column in declared}
        names = (self._name(name) for name in _IDENTIFIER.findall(listed))
        return tuple(spelled.get(name.lower(), name) for name in names)

    def _declared(self, table: TableName) -> tuple[Column, ...]:
        return self._reader.schema.table(table).columns if table in self._reader.schema else ()

    # --- rows

    def _rows(self, key: tuple[TableName, tuple[str, ...], tuple[bool, bool]], rows: list[bytes]) -> Iterator[Part]:
        table, names, (escapes, ansi) = key
        declared = {column.name: column for column in self._declared(table)}
        reading = _mysql_rows.Reading(names, declared, tuple(declared), self._reader.schema.encoding, escapes, not ansi)

        def failed() -> Exception:
            return self._reader.failed(f"INSERT rows of {table} are not what the table's columns say")

        stored = tuple(name for name in names if name not in declared or not declared[name].generated)
        try:
            computed = _mysql_rows.computed(rows, reading) if len(stored) < len(names) else b""
            said = _mysql_rows.comments(rows, reading)
        except ValueError:
            raise failed() from None
        if computed:
            yield Text(f"computed values of {table}", computed, fixed=False)
        if said:
            yield Text(f"comments in the rows of {table}", said)
        yield Block(table, stored, partial(self._batch, table, rows, reading), b"\n".join(rows))

    def _batch(self, table: TableName, rows: list[bytes], reading: _mysql_rows.Reading) -> object:
        try:
            return _mysql_rows.batch(rows, reading)
        except ValueError:
            raise self._reader.failed(f"INSERT rows of {table} are not what the table's columns say") from None

    # --- statements

    def _fill(self) -> bool:
        """Read on; the rest of the text then begins at 0."""
        more = b"" if self._ended else self._stream.read(max(_READ, len(self._text) - self._at))
        self._text, self._at = self._text[self._at :] + more, 0
        self._ended = not more
        return bool(more)

    def _statement(self) -> bytes | None:
        """Up to and with the delimiter, or a DELIMITER line; the last one is what is left."""
        while not (end := self._end()):
            if not self._fill() and not (end := self._end()):
                end = len(self._text)
                break
            if end:
                break
        statement, self._at = self._text[self._at : end], end
        return statement or None

    def _end(self) -> int:
        """Where the next statement ends; 0 if that cannot be told without more text."""
        if len(self._text) - self._at < 64 and not self._ended:
            return 0
        start = _after_comments(self._text, self._at)
        if len(self._text) - start < 64 and not self._ended:
            return 0
        if line := _DELIMITER.match(self._text, start):
            return line.end() if line[0].endswith(b"\n") or self._ended else 0
        inside = _mysql_rows.code(self._mode[0], self._mode[1], self._delimiter).match(self._text, start)
        end = inside.end() if inside else start
        return end + len(self._delimiter) if self._text.startswith(self._delimiter, end) else 0


def _after_comments(text: bytes, position: int = 0) -> int:
    found = _LEADING.match(text, position)
    return found.end() if found else position
