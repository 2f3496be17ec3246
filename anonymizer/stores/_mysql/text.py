"""A MySQL or MariaDB script, cut into statements, inserted rows and what lies between, in bounded memory.

Statements end where the `mysql` client ends them: at the delimiter in force, outside quotations and comments; what
stands in a conditional comment is code. Commands for the client other than DELIMITER are refused, since they can bring
in text from elsewhere. Source: MySQL manual, "mysql Client Commands", and the client's `add_line`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import BinaryIO

from anonymizer.errors import SourceError
from anonymizer.stores._mysql.session import MYSQL, Session, SessionLog, quotations
from anonymizer.stores._sql.text import Kind, Piece, SqlText

_NAME = rb'(?:`(?:[^`]|``)*`|"(?:[^"]|"")*"|[\w$\x80-\xff]+)'
INSERT_HEAD = re.compile(
    rb"(?P<verb>INSERT|REPLACE)\s+(?:(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE)\s+)*(?:INTO(?![\w$])\s*)?"
    rb"(?P<table>" + _NAME + rb"(?:\s*\.\s*" + _NAME + rb")?)"
    rb"\s*(?P<columns>\(\s*" + _NAME + rb"(?:\s*,\s*" + _NAME + rb")*\s*\))?"
    rb"\s*(?<![\w$])VALUES?(?:\s++|#[^\n]*+\n|--(?=\s)[^\n]*+\n|/\*(?!M?!)(?:[^*]++|\*(?!/))*+\*/)*+(?=\()",
    re.IGNORECASE,
)
"""An INSERT or REPLACE up to its first row."""

SANDBOX = rb"/\*M?!999999\\- enable the sandbox mode \*/"
"""The first line of MariaDB's dumps since 2024: a comment for every server, a command for newer clients."""
_SPACE = re.compile(
    rb"(?:\s++|#[^\n]*+(?:\n|\Z)|--[^\n]*+(?:\n|\Z)|/\*(?!M?!)(?:[^*]++|\*(?!/))*+\*/|" + SANDBOX + rb")*+"
)
_SANDBOX_BYTES = 60
_DELIMITER = re.compile(rb"DELIMITER[ \t]+(?:'([^'\n]+)'|\"([^\"\n]+)\"|([^\s\\]+))[^\n]*", re.IGNORECASE)
_BEGINS_DELIMITER = re.compile(rb"DELIMITER\b", re.IGNORECASE)
_SLASH, _MINUS, _HASH, _BACKSLASH = b"/-#\\"
_FULL_INSERT = re.compile(rb"(?:INSERT|REPLACE)\b", re.IGNORECASE)


@cache
def _inside(backslashes: bool, ansi_quotes: bool, delimiter: bytes) -> re.Pattern[bytes]:
    """As much of a statement as can be told: up to its delimiter, a comment, a lost quote, a backslash."""
    first = delimiter[:1]
    parts = [
        *quotations(backslashes, ansi_quotes),
        rb"[^'\"`#\-/\\" + re.escape(first) + rb"]++",
        rb"#[^\n]*+\n",
        rb"--(?=\s)[^\n]*+\n",
        rb"-(?!-\s|-?\Z)",
        rb"/(?!\*|\Z)",
        rb"/\*(?=M?!)",
        rb"\\N",
    ]
    if first not in b"'\"`#-/\\":
        parts.append(re.escape(first))
    return re.compile(rb"(?:(?!" + re.escape(delimiter) + rb")(?:" + b"|".join(parts) + rb"))*+", re.DOTALL)


class MysqlText(SqlText):
    """Iterates over the pieces of one script. Raises SourceError."""

    insert_head = INSERT_HEAD

    def __init__(self, stream: BinaryIO, block_bytes: int | None = None) -> None:
        super().__init__(stream, MYSQL, block_bytes)
        self._log = SessionLog()

    def __iter__(self) -> Iterator[Piece]:
        if self._fill() and self._data.startswith(b"\xef\xbb\xbf"):
            yield self._piece(Kind.SPACE, 3)
        while self._at < len(self._data) or self._fill():
            yield from self._space()
            if self._at == len(self._data):
                continue
            if self._is_command():
                yield self._command()
                continue
            if self._log.session.delimiter == b";" and (inserts := self._inserts()) is not None:
                yield inserts
                continue
            statement = self._statement()
            if _FULL_INSERT.match(statement.data):
                yield self._late_insert(statement)
                continue
            self._log.note(bytes(statement.data), statement.line)
            self.dialect = self._log.session
            yield statement

    @property
    def _session(self) -> Session:
        return self._log.session

    def _late_insert(self, statement: Piece) -> Piece:
        """Rows whose beginning did not fit into what was read at first."""
        if self._session.delimiter == b";" and INSERT_HEAD.match(statement.data):
            return statement._replace(kind=Kind.INSERTS)
        verb = "REPLACE" if statement.data[:1] in (b"R", b"r") else "INSERT"
        raise SourceError(
            f"line {statement.line}: {verb} in a form that is not understood here: make the dump with mysqldump or"
            " mariadb-dump, which write INSERT INTO … VALUES (…)"
        )

    # --- commands for the client --------------------------------------------------------------------------------

    def _is_command(self) -> bool:
        if len(self._data) - self._at < len(b"DELIMITER "):
            self._fill()
        if self._data[self._at] == _BACKSLASH:
            raise SourceError(
                f"line {self._line}: a command for the mysql client could bring in rows from elsewhere: remove it"
            )
        return _BEGINS_DELIMITER.match(self._data, self._at) is not None

    def _command(self) -> Piece:
        end = self._line_end("a DELIMITER line")
        match = _DELIMITER.match(self._data, self._at, end)
        if match is None or b"\\" in match[0]:
            raise SourceError(f"line {self._line}: the DELIMITER is not understood: make the dump again")
        delimiter = match[1] or match[2] or match[3]
        if len(delimiter) > 15 or re.search(rb"['\"`\\\\]", delimiter):
            raise SourceError(f"line {self._line}: the DELIMITER is not understood: use ;; or //")
        self._log.session = replace(self._log.session, delimiter=delimiter)
        self.dialect = self._log.session
        return self._piece(Kind.COMMAND, end)

    # --- pieces -------------------------------------------------------------------------------------------------

    def _space(self) -> Iterator[Piece]:
        end = self._at
        while True:
            match = _SPACE.match(self._data, end)
            assert match is not None  # may be empty
            start, end = end, match.end()
            rest = len(self._data) - end
            lost = self._data.startswith(b"/*", end) and not self._data.startswith((b"/*!", b"/*M!"), end)
            edge = not lost and rest < _SANDBOX_BYTES and (not rest or self._data[end] in (_SLASH, _MINUS))
            if not (lost or edge):
                break
            offset = start - self._at
            if not self._grow("a comment"):
                if lost:
                    raise self._truncated("a comment", self._line + self._data.count(b"\n", self._at, end))
                break
            end = self._at + offset
        if end > self._at:
            yield self._piece(Kind.SPACE, end)

    def _statement(self) -> Piece:
        return self._piece(Kind.STATEMENT, self._statement_end(self._at))

    def _follow(self, position: int) -> tuple[int, int, str]:
        """See SqlText."""
        data, session = self._data, self._session
        inside = _inside(session.backslashes, session.ansi_quotes, session.delimiter)
        while True:
            match = inside.match(data, position)
            assert match is not None  # may be empty
            position = match.end()
            if position == len(data):
                return position, match.start(), "a statement"
            if data.startswith(session.delimiter, position):
                end = position + len(session.delimiter)
                return end, end, ""
            mark = data[position]
            if mark == _SLASH and data.startswith(b"/*", position):
                end = data.find(b"*/", position + 2) + 2
                if end < 2:
                    return position, match.start(), "a comment"
                position = end
            elif mark == _BACKSLASH and position + 1 < len(data):
                line = self._line + data.count(b"\n", self._at, position)
                raise SourceError(
                    f"line {line}: a backslash outside a string is a command for the mysql client: remove it"
                )
            else:
                return position, match.start(), "a comment" if mark in (_MINUS, _HASH) else "a quotation"
