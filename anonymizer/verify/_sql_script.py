"""SQL scripts, cut into statements, COPY data and INSERT rows: PostgreSQL's dialect and SQLite's.

Nothing of a statement is understood but where it ends, and whether it carries rows. Sources: PostgreSQL's manual,
chapter 4.1 (lexical structure), and https://www.sqlite.org/lang_keywords.html with `sqlite3_complete`.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import BinaryIO

import numpy as np

from anonymizer.model.schema import TableName
from anonymizer.verify import _copy_rows, _insert_rows
from anonymizer.verify._definitions import definition
from anonymizer.verify._insert_rows import Form, Inserts
from anonymizer.verify._reader import BLOCK, Block, Part, Reader, Text

_READ = 1 << 20
_NAME = rb'(?:"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|[\w$\x80-\xff]+)'
_TABLE = rb"(?:(?:" + _NAME + rb"\s*\.\s*)?(" + _NAME + rb")\s*\.\s*)?(" + _NAME + rb")"
_LEADING = re.compile(rb"(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*", re.DOTALL)
_COPY = re.compile(rb"COPY\s+" + _TABLE + rb"\s*(?:\(([^;]*?)\)\s*)?FROM\s+stdin\b[^;]*;\Z", re.IGNORECASE | re.DOTALL)
_LIST = rb"""\(((?:"[^"]*"|`[^`]*`|\[[^\]]*\]|[^"`\[()])*)\)"""
_INSERT = re.compile(
    rb"INSERT\s+(?:OR\s+\w+\s+)?INTO\s+" + _TABLE + rb"(?:\s+AS\s+\w+)?\s*(?:" + _LIST
    + rb"\s*)?(?:OVERRIDING\s+\w+\s+VALUE\s+)?VALUES\s*(?=\()",
    re.IGNORECASE,
)  # fmt: skip
_VERB = re.compile(
    rb"(?:COMMENT\s+ON|(?:CREATE|ALTER|DROP)\s+(?:TABLE|VIEW|FUNCTION|TRIGGER|INDEX|TYPE|DOMAIN|SEQUENCE|SCHEMA|DATABASE)"
    rb"|CREATE|ALTER|DROP|COPY|INSERT|SELECT|SET|GRANT|REVOKE|PRAGMA|UPDATE|DELETE)\b",
    re.IGNORECASE,
)
"""What a place may be called by: any other word of a script could be a value."""
_SEARCH_PATH = re.compile(rb"SET\s+search_path\s*(?:=|TO)\s*(" + _NAME + rb")", re.IGNORECASE)
_STANDARD_STRINGS = re.compile(
    rb"(?:SET\s+(?:SESSION\s+|LOCAL\s+)?standard_conforming_strings\s*(?:=|\bTO\b)\s*'?"
    rb"|SELECT\s+(?:pg_catalog\.)?set_config\s*\(\s*'standard_conforming_strings'\s*,\s*')(\w+)",
    re.IGNORECASE,
)
_DOLLAR = re.compile(rb"\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$")
_ESCAPED_END = re.compile(rb"(?:[^'\\]|\\.|'')*'(?!')", re.DOTALL)
_COMMENT_EDGE = re.compile(rb"/\*|\*/")
_BLOCK_WORD = re.compile(rb"\b(BEGIN|CASE|END)\b", re.IGNORECASE)
_IDENTIFIER = re.compile(_NAME)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a script's strings, comments and statements end."""

    special: re.Pattern[bytes]
    dollar_quotes: bool
    folds_names: bool
    """Unquoted names are lower-cased."""
    copy: bool
    nested_comments: bool


POSTGRESQL = Dialect(re.compile(rb"""['"$;]|--|/\*"""), True, True, True, True)
SQLITE = Dialect(re.compile(rb"""['"`\[;]|--|/\*"""), False, False, False, False)


class _More(Exception):
    """The text that was read so far ends inside something; `resume` is where that begins."""

    def __init__(self, resume: int) -> None:
        self.resume = resume


class Script:
    """One pass over a script. `reader` names tables and raises errors; `encoding` is a Python codec."""

    def __init__(self, reader: Reader, stream: BinaryIO, dialect: Dialect, encoding: str) -> None:
        self._reader, self._stream, self._dialect, self._encoding = reader, stream, dialect, encoding
        self._text = b""
        self._at = 0
        """How much of the text is done with."""
        self._ended = False
        self._line = 1
        self._schema = "" if dialect is SQLITE else "public"
        self._backslashes = False
        """standard_conforming_strings is off."""
        self._run: tuple[re.Match[bytes], int]
        """The first of the INSERTs that come together, and its line."""
        self._defined: dict[TableName, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        """All columns, and those that are stored, of the tables that the script itself defines."""

    def parts(self) -> Iterator[Part]:
        """Statements as texts, rows as blocks; consecutive INSERTs into one table come together."""
        rows: list[bytes] = []
        size = 0
        key: tuple[object, ...] | None = None
        while (statement := self._statement()) is not None:
            line = self._line
            self._line += statement.count(b"\n")
            start = _after_comments(statement, 0)
            insert = _INSERT.match(statement, start) if statement[start : start + 1] in b"iI" else None
            if insert is None:
                if key:
                    yield self._rows(rows)
                    rows, size, key = [], 0, None
                yield from self._other(statement, start, line)
                continue
            if key and (key != self._key(insert) or size > BLOCK):
                yield self._rows(rows)
                rows, size = [], 0
            if not rows:
                key, self._run = self._key(insert), (insert, line)
            if statement[:start].strip():
                yield self._text_of(f"line {line}", statement[:start])
            rows.append(statement[insert.end() :])
            size += len(statement)
        if key:
            yield self._rows(rows)

    def _key(self, insert: re.Match[bytes]) -> tuple[object, ...]:
        """What INSERTs have in common that come together; head and all, for it is looked through once."""
        return self._schema, self._backslashes, insert[0].strip()

    def _other(self, statement: bytes, start: int, line: int) -> Iterator[Part]:
        verb = _VERB.match(statement, start)
        words = " ".join(verb[0].decode().upper().split()) if verb else ""
        yield self._text_of(f"line {line}" + (f" ({words})" if words else ""), statement)
        if path := _SEARCH_PATH.match(statement, start):
            self._schema = self._name(path[1])
        if mode := _STANDARD_STRINGS.match(statement, start):
            self._backslashes = mode[1].lower() in (b"off", b"false", b"0", b"no")
        if words in ("CREATE", "CREATE TABLE", "ALTER TABLE"):
            self._define(statement[start:].decode("latin-1"))
        if self._dialect.copy and (copy := _COPY.match(statement, start)):
            yield from self._copied(self._table(copy), self._columns(copy[3], self._table(copy), True))

    def _text_of(self, place: str, data: bytes, fixed: bool = True) -> Text:
        """Text is handed over in UTF-8, whatever the script is written in."""
        return Text(place, data if _is_utf8(self._encoding) else data.decode(self._encoding, "replace").encode(), fixed)

    # --- names

    def _name(self, raw: bytes) -> str:
        text = raw.decode(self._encoding, "replace")
        if text[0] in '"`[':
            return text[1:-1].replace('""', '"')
        return text.lower() if self._dialect.folds_names else text

    def _table(self, match: re.Match[bytes]) -> TableName:
        schema = self._name(match[1]) if match[1] else self._schema
        return self._reader.named(schema, self._name(match[2]))

    def _define(self, statement: str) -> None:
        """Take note of a table's columns. One that is changed later is told by the plan alone."""
        if (found := definition(statement)) is None:
            return
        *schema, name = (self._name(part) for part in _IDENTIFIER.findall(found.table.encode("latin-1")))
        table = self._reader.named(schema[-1] if schema else self._schema, name)
        every, stored = (tuple(self._name(n.encode("latin-1")) for n in names) for names in found[1:])
        self._defined[table] = every, stored

    def _columns(self, listed: bytes | None, table: TableName, stored: bool) -> tuple[str, ...]:
        """Those that are listed, else those of the table's definition: in the script, or in the plan."""
        if listed is not None:
            return tuple(self._name(name) for name in _IDENTIFIER.findall(listed))
        every, without_generated = self._defined.get(table, ((), ()))
        if not every and table in self._reader.schema:
            columns = self._reader.schema.table(table).columns
            every = tuple(column.name for column in columns)
            without_generated = tuple(column.name for column in columns if not column.generated)
        return without_generated if stored else every

    # --- rows

    def _rows(self, rows: list[bytes]) -> Block:
        """PostgreSQL has a cell for a generated column, DEFAULT; SQLite has none."""
        insert, line = self._run
        table, sqlite = self._table(insert), self._dialect is SQLITE
        columns = self._columns(insert[3], table, sqlite)
        form = Form(self._encoding, sqlite, self._backslashes)
        head = insert[0].decode(self._encoding, "replace")

        @cache
        def read() -> Inserts:
            try:
                return _insert_rows.read(rows, columns, insert[3] is not None, form)
            except ValueError:
                raise self._reader.failed(f"INSERT rows of {table} are not what the table's columns say") from None

        def outside() -> Text:
            return Text(f"line {line} (INSERT)", f"{head}\n{read().outside}".encode(), fixed=False)

        return Block(table, columns, lambda: read().batch, b"\n".join(rows), outside=outside)

    def _copied(self, table: TableName, columns: tuple[str, ...]) -> Iterator[Part]:
        """The lines up to the one that says backslash and dot."""
        while self._text.find(b"\n", self._at) < 0 and self._fill():
            pass
        self._text, self._at = self._text[self._text.find(b"\n", self._at) + 1 :], 0
        self._line += 1
        for data in self._until_dot(table):
            block = copy_block(self._reader, table, columns, data, self._encoding)
            self._line += block.count()
            yield block

    def _until_dot(self, table: TableName) -> Iterator[bytes]:
        """Pieces are cut by their own length alone, so that equal data are cut alike wherever they stand."""
        given = False
        while True:
            while len(self._text) < BLOCK and self._fill(BLOCK - len(self._text)):
                pass
            window = self._text[:BLOCK]
            last = re.search(rb"^\\\.\r?(\n|\Z)", window, re.MULTILINE) if b"\\." in window else None
            if last is not None:
                if last.start() or not given:
                    yield window[: last.start()]
                self._text, self._line = self._text[last.end() :], self._line + 1
                return
            cut = window.rfind(b"\n") + 1
            if not cut or (self._ended and len(self._text) < BLOCK):
                longer = self._text.find(b"\n", BLOCK)
                while not cut and longer < 0 and self._fill():
                    longer = self._text.find(b"\n", BLOCK)
                if longer < 0:
                    raise self._reader.failed(f"the rows of {table} do not end")
                cut = longer + 1
            yield self._text[:cut]
            given = True
            self._text = self._text[cut:]

    # --- statements

    def _fill(self, size: int = 0) -> bool:
        """Read on; the rest of the text then begins at 0."""
        more = self._stream.read(max(_READ, size)) if not self._ended else b""
        self._text, self._at = self._text[self._at :] + more, 0
        self._ended = not more
        return bool(more)

    def _statement(self) -> bytes | None:
        """Up to and with the semicolon, or a line for psql; the last one is what is left."""
        resume = 0
        while True:
            try:
                end = self._end(self._at + resume)
                statement, self._at = self._text[self._at : end], end
                return statement
            except _More as more:
                resume = more.resume - self._at
                if not self._fill():
                    rest, self._text = self._text, b""
                    return rest or None

    def _end(self, position: int) -> int:
        if position == self._at and self._dialect.copy:
            start = _after_comments(self._text, position)
            if self._text[start : start + 1] == b"\\":
                end = self._text.find(b"\n", start)
                if end < 0:
                    raise _More(position)
                return end + 1
        while True:
            found = self._dialect.special.search(self._text, position)
            if found is None:
                raise _More(max(position, len(self._text) - 1))  # half of a two-letter mark may stand at the end
            if found[0] == b";":
                if self._complete(found.end()):
                    return found.end()
                position = found.end()
            else:
                position = self._after(found)

    def _after(self, found: re.Match[bytes]) -> int:
        """Where the string, name or comment that begins here is over."""
        text, start = self._text, found.start()
        mark = found[0]
        if mark == b"$":
            return self._after_dollar(start)
        if mark == b"--":
            end = text.find(b"\n", start)
        elif mark == b"/*":
            return self._after_comment(start)
        elif mark == b"'" and (self._backslashes or self._escapes(start)):
            closing = _ESCAPED_END.match(text, start + 1)
            end = closing.end() - 1 if closing and (closing.end() < len(text) or self._ended) else -1
        else:
            end = text.find(b"]" if mark == b"[" else mark, start + 1)
        if end < 0:
            raise _More(start)
        return end + 1

    def _escapes(self, quote: int) -> bool:
        before = self._text[max(0, quote - 2) : quote]
        return self._dialect.dollar_quotes and before[-1:] in (b"E", b"e") and not before[:-1].isalnum()

    def _after_dollar(self, start: int) -> int:
        tag = _DOLLAR.match(self._text, start)
        before = self._text[max(0, start - 1) : start]
        if tag is None:
            if len(self._text) - start < 64 and not self._ended:
                raise _More(start)
            return start + 1
        if before.isalnum() or before == b"_":
            return start + 1
        end = self._text.find(tag[0], tag.end())
        if end < 0:
            raise _More(start)
        return end + len(tag[0])

    def _after_comment(self, start: int) -> int:
        depth, position = 0, start
        while True:
            edge = _COMMENT_EDGE.search(self._text, position)
            if edge is None:
                raise _More(start)
            depth += 1 if edge[0] == b"/*" and (self._dialect.nested_comments or not depth) else 0
            depth -= 1 if edge[0] == b"*/" else 0
            if not depth:
                return edge.end()
            position = edge.end()

    def _complete(self, end: int) -> bool:
        """Whether this semicolon ends the statement: triggers and SQL-standard function bodies hold more of them."""
        head = self._text[self._at : self._at + 400]
        if self._dialect is SQLITE:
            if not re.search(rb"\bTRIGGER\b", head, re.IGNORECASE):
                return True
            return sqlite3.complete_statement(self._text[self._at : end].decode("latin-1"))
        if head.lstrip()[:1] in b"iI" or b"create" not in head.lower():
            return True
        body = self._text[self._at : end]
        if not re.search(rb"\bBEGIN\s+ATOMIC\b", body, re.IGNORECASE):
            return True
        body = re.sub(rb"'[^']*'|\"[^\"]*\"|--[^\n]*", b"", body)
        words = [word.upper() for word in _BLOCK_WORD.findall(body)]
        return words.count(b"END") >= words.count(b"BEGIN") + words.count(b"CASE")


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in ("utf-8", "utf8")


def _after_comments(text: bytes, position: int) -> int:
    found = _LEADING.match(text, position)
    return found.end() if found else position


def copy_block(reader: Reader, table: TableName, columns: tuple[str, ...], data: bytes, encoding: str) -> Block:
    """A block of COPY text."""
    return Block(table, columns, partial(_copy_batch, reader, table, columns, data, encoding), data, _lines(data))


def _lines(data: bytes) -> int:
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n")))


def _copy_batch(reader: Reader, table: TableName, columns: tuple[str, ...], data: bytes, encoding: str) -> object:
    try:
        return _copy_rows.batch(data, columns, encoding)
    except (ValueError, IndexError):
        raise reader.failed(f"COPY rows of {table} are not what its columns say") from None
