"""A script of SQL text, cut into statements, inserted rows, COPY data and what lies between, in bounded memory.

A statement ends at a `;` outside quotations, comments, and the bodies of routines, rules and triggers. The pieces put
together again are the script, byte for byte. Nothing is understood here but where things end; rows of tables that
nobody asks for are found by their terminator and never parsed.

Sources: PostgreSQL manual, "Lexical Structure"; psql's scanner (psqlscan.l) for BEGIN ATOMIC and parentheses; SQLite
manual, "SQL Language" and `sqlite3_complete()`.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import BinaryIO, NamedTuple

from anonymizer.errors import SourceError
from anonymizer.stores._sql.index import POSTGRES, SQLITE, Dialect, insert_run

__all__ = ["INSERT_HEAD", "POSTGRES", "SQLITE", "Dialect", "Kind", "Piece", "SqlText"]

BLOCK_BYTES = 2 << 20
"""How much is read at a time, and so about the size of a piece of COPY data or INSERT statements.

Measured from 0.5 to 4 MB: the smaller, the better for the processor's cache, the worse for the work done per block.
"""

STATEMENT_BYTES_MAX = 256 << 20
"""A longer statement is taken for a quotation that lost its end."""


class Kind(enum.Enum):
    """What a piece of a script is."""

    SPACE = "space"
    """White space and comments between statements."""
    STATEMENT = "statement"
    """One whole statement with its `;`."""
    INSERTS = "inserts"
    """Whole `INSERT … VALUES` statements that begin with the very same bytes up to VALUES."""
    COPY_DATA = "copy data"
    """Whole lines of COPY text."""
    COPY_END = "copy end"
    """The line `\\.` that ends COPY data."""
    COMMAND = "command"
    """A line for psql, such as `\\connect`."""


class Piece(NamedTuple):
    """Consecutive bytes of a script; `line` is the number of the first one's line."""

    kind: Kind
    data: bytes | memoryview
    line: int
    dialect: Dialect
    """As it is in force here: standard_conforming_strings may change."""


@dataclass(frozen=True, slots=True)
class _Patterns:
    space: re.Pattern[bytes]
    inside: re.Pattern[bytes]
    """As much of a statement as the pattern can tell: up to its `;`, a comment, a dollar quotation, a lost quote."""
    token: re.Pattern[bytes]
    """One token; the group is set for words and parentheses."""


_DOLLAR = re.compile(rb"\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$")
_COMMENT_MARK = re.compile(rb"/\*|\*/")


@cache
def _patterns(dialect: Dialect) -> _Patterns:
    escaped = rb"'(?:[^'\\]++|\\.|'')*+'"
    string = escaped if dialect.backslashes else rb"'(?:[^']++|'')*+'"
    word = rb"[A-Za-z_\x80-\xff][\w$\x80-\xff]*+"
    double = rb'"(?:[^"]++|"")*+"'
    line_comment = rb"--[^\n]*+\n"
    if dialect.postgres:
        word = rb"(?![eE]')" + word  # what has not ended yet is no word and a plain string
        dollar = rb"\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$"
        quotations = [rb"[eE]" + escaped, word, double, string]  # an E'' string must be tried before a word
        marks = [rb"[^A-Za-z_\x80-\xff'\"$\-/;()\\]++", rb"\$(?!" + dollar[2:] + rb")"]
        body = rb"(?P<tag>" + dollar + rb").*?(?P=tag)|"
    else:
        quotations = [word, double, string, rb"`(?:[^`]++|``)*+`", rb"\[[^\]]*+\]"]
        marks = [rb"[^A-Za-z_\x80-\xff'\"`\[\-/;()]++"]
        body = b""
    marks += [line_comment, rb"-(?!-)", rb"/(?!\*)"]
    telling = [rb"(?P<word>" + word + rb"|[()])" if item is word else item for item in quotations]
    return _Patterns(
        re.compile(rb"(?:\s++|--[^\n]*+(?:\n|\Z))*+"),
        re.compile(b"(?:" + b"|".join((*quotations, *marks, rb"[()]")) + b")*+", re.DOTALL),
        re.compile(body + b"|".join((*telling, *marks, rb"/\*.*?\*/")), re.DOTALL),
    )


def _comment_end(data: bytes, start: int, nested: bool) -> int:
    """Where the comment that begins at `start` ends; 0 if it does not end here."""
    if not nested:
        return data.find(b"*/", start + 2) + 2 if data.find(b"*/", start + 2) >= 0 else 0
    depth = 0
    for mark in _COMMENT_MARK.finditer(data, start):
        depth += 1 if mark[0] == b"/*" else -1
        if not depth:
            return mark.end()
    return 0


_SEMICOLON, _SLASH, _DOLLAR_SIGN, _BACKSLASH, _MINUS = b";/$\\-"

_NAME = rb'(?:"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|[A-Za-z_\x80-\xff][\w$\x80-\xff]*)'
INSERT_HEAD = re.compile(
    rb"(?:INSERT\s+(?:OR\s+\w+\s+)?|REPLACE\s+)INTO\s+(?P<table>" + _NAME + rb"(?:\s*\.\s*" + _NAME + rb"){0,2})"
    rb"(?:\s+AS\s+" + _NAME + rb")?"
    rb"\s*(?P<columns>\(\s*" + _NAME + rb"(?:\s*,\s*" + _NAME + rb")*\s*\))?"
    rb"\s*(?:OVERRIDING\s+(?:SYSTEM|USER)\s+VALUE\s*)?VALUES\s*(?=\()",
    re.IGNORECASE,
)
"""An INSERT up to its first row."""

_COPY_FROM_STDIN = re.compile(rb"COPY\b.*\bFROM\s+STDIN\b", re.IGNORECASE | re.DOTALL)
_HAS_BODY = re.compile(
    rb"CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP\s+|TEMPORARY\s+)?(RULE|FUNCTION|PROCEDURE|TRIGGER)\b", re.I
)
_WHITE_SPACE = re.compile(rb"\s*+")
_STANDARD_STRINGS = re.compile(
    rb"(?:SET\s+(?:SESSION\s+|LOCAL\s+)?standard_conforming_strings\s*(?:=|\bTO\b)\s*'?"
    rb"|SELECT\s+(?:pg_catalog\.)?set_config\s*\(\s*'standard_conforming_strings'\s*,\s*')(\w+)",
    re.IGNORECASE,
)


class SqlText:
    """Iterates over the pieces of one script. Raises SourceError where the script ends too early."""

    insert_head = INSERT_HEAD

    def __init__(self, stream: BinaryIO, dialect: Dialect, block_bytes: int | None = None) -> None:
        self.dialect = dialect
        self._stream = stream
        self._block_bytes = block_bytes or BLOCK_BYTES
        self._data = b""
        self._at = 0
        self._line = 1
        self._at_end = False

    def __iter__(self) -> Iterator[Piece]:
        if self._fill() and self._data.startswith(b"\xef\xbb\xbf"):
            yield self._piece(Kind.SPACE, 3)
        while self._at < len(self._data) or self._fill():
            yield from self._space()
            if self._at == len(self._data):
                continue
            if self.dialect.postgres and self._data[self._at] == ord("\\"):
                yield self._piece(Kind.COMMAND, self._line_end("a command for psql"))
                continue
            inserts = self._inserts()
            if inserts is not None:
                yield inserts
                continue
            statement = self._statement()
            if self.insert_head.match(statement.data):  # its beginning did not fit into what was read
                yield statement._replace(kind=Kind.INSERTS)
                continue
            self._note(statement.data)
            yield statement
            if self.dialect.postgres and _COPY_FROM_STDIN.match(statement.data):
                yield from self._copy_data(statement.line)

    # --- reading ------------------------------------------------------------------------------------------------

    def _fill(self) -> bool:
        """Read on behind what is not used up; False at the end. Doubles what is there, so that cost stays linear."""
        if self._at_end:
            return False
        more = self._stream.read(max(self._block_bytes, len(self._data) - self._at))
        if not more:
            self._at_end = True
            return False
        self._data = self._data[self._at :] + more
        self._at = 0
        return True

    def _piece(self, kind: Kind, end: int) -> Piece:
        data: bytes | memoryview
        if kind in (Kind.COPY_DATA, Kind.INSERTS):
            data = memoryview(self._data)[self._at : end]
        else:
            data = self._data[self._at : end]
        piece = Piece(kind, data, self._line, self.dialect)
        self._line += self._data.count(b"\n", self._at, end)
        self._at = end
        return piece

    def _line_end(self, what: str) -> int:
        """Where the line ends; the last line of all needs no line end."""
        while True:
            end = self._data.find(b"\n", self._at) + 1
            if end:
                return end
            if not self._grow(what):
                return len(self._data)

    def _grow(self, what: str) -> bool:
        if len(self._data) - self._at > STATEMENT_BYTES_MAX:
            raise SourceError(
                f"line {self._line}: {what} is longer than {STATEMENT_BYTES_MAX >> 20} MB: dump again with fewer rows"
                " a statement"
            )
        return self._fill()

    def _truncated(self, what: str, line: int) -> SourceError:
        return SourceError(f"line {line}: the dump ends in the middle of {what}: it is truncated; make it again")

    # --- pieces -------------------------------------------------------------------------------------------------

    def _space(self) -> Iterator[Piece]:
        pattern = _patterns(self.dialect).space
        end = self._at
        while True:
            match = pattern.match(self._data, end)
            assert match is not None  # may be empty
            if match.end() < len(self._data) - 1:
                end = match.end()
                if not self._data.startswith(b"/*", end):
                    break
                comment_end = _comment_end(self._data, end, self.dialect.postgres)
                if comment_end:
                    end = comment_end
                    continue
            # a comment may go on in what is not read yet
            offset = end - self._at
            if not self._grow("a comment"):
                if self._data.startswith(b"/*", end):
                    raise self._truncated("a comment", self._line)
                end = match.end()
                break
            end = self._at + offset
        if end > self._at:
            yield self._piece(Kind.SPACE, end)

    def _statement(self) -> Piece:
        end = self._at
        while True:
            end = self._statement_end(end)
            head = _HAS_BODY.match(self._data, self._at, self._at + 200)
            if head is None or not self._is_open(head[1].upper(), end):
                return self._piece(Kind.STATEMENT, end)

    def _statement_end(self, start: int) -> int:
        """Where the statement's `;` ends, looking for it from `start` on; positions count in the data as it then is."""
        while True:
            end, certain, what = self._follow(start)
            if not what:
                return end
            offset = certain - self._at
            if not self._grow("a statement"):
                raise self._truncated(what, self._line + self._data.count(b"\n", self._at, end))
            start = self._at + offset

    def _follow(self, position: int) -> tuple[int, int, str]:
        """How far the statement can be followed, and in the middle of what it stops there: "" at its end.

        In between stands the place from which to go on: what was read after it may look otherwise with more text.
        """
        data, inside = self._data, _patterns(self.dialect).inside
        while True:
            match = inside.match(data, position)
            assert match is not None  # may be empty
            position = match.end()
            mark = data[position] if position < len(data) else None
            if mark is None:
                return position, match.start(), "a statement"
            if mark == _SEMICOLON:
                return position + 1, position + 1, ""
            if mark == _SLASH:
                end = _comment_end(data, position, self.dialect.postgres)
                if not end:
                    return position, match.start(), "a comment"
                position = end
            elif mark == _DOLLAR_SIGN:
                tag = _DOLLAR.match(data, position)
                assert tag is not None  # nothing else stops at a dollar
                end = data.find(tag[0], tag.end())
                if end < 0:
                    return position, match.start(), "a quotation"
                position = end + len(tag[0])
            elif mark == _BACKSLASH:
                line = self._line + data.count(b"\n", self._at, position)
                raise SourceError(
                    f"line {line}: a psql command in the middle of a statement is not understood: remove it"
                )
            else:
                return position, match.start(), "a comment" if mark == _MINUS else "a quotation"

    def _is_open(self, what: bytes, end: int) -> bool:
        """Whether a `;` of a routine, rule or trigger stands within its body."""
        parentheses = blocks = 0
        sqlite_trigger = what == b"TRIGGER" and not self.dialect.postgres
        for token in _patterns(self.dialect).token.finditer(self._data, self._at, end):
            word = token["word"]
            if word is None:
                continue
            if word == b"(":
                parentheses += 1
            elif word == b")":
                parentheses -= 1
            elif not parentheses and (what in (b"FUNCTION", b"PROCEDURE") or sqlite_trigger):
                word = word.upper()
                if word == b"BEGIN" or (word == b"CASE" and blocks):
                    blocks += 1
                elif word == b"END" and blocks:
                    blocks -= 1
        return blocks > 0 or (what == b"RULE" and parentheses > 0)

    def _note(self, statement: bytes | memoryview) -> None:
        if self.dialect.postgres and (match := _STANDARD_STRINGS.match(statement)):
            off = match[1].lower() in (b"off", b"false", b"0", b"no")
            self.dialect = replace(self.dialect, backslashes=off)

    def _copy_data(self, line: int) -> Iterator[Piece]:
        end = self._line_end("COPY data")
        if self._data[self._at : end].strip():
            raise SourceError(f"line {self._line}: text after a COPY statement is not understood: dump again")
        yield self._piece(Kind.SPACE, end)
        while True:
            terminator = self._terminator()
            if terminator is not None:
                start, end = terminator
                if start > self._at:
                    yield self._piece(Kind.COPY_DATA, start)
                yield self._piece(Kind.COPY_END, end)
                return
            end = self._data.rfind(b"\n", self._at) + 1
            if end:
                yield self._piece(Kind.COPY_DATA, end)
            if not self._grow("a row") and self._terminator() is None:
                raise self._truncated("COPY data", line)

    def _terminator(self) -> tuple[int, int] | None:
        """Where the `\\.` line begins and ends, if all of it is here."""
        data, start = self._data, self._at
        if not data.startswith(b"\\.", start):
            start = data.find(b"\n\\.", start) + 1
        while start or data.startswith(b"\\."):
            rest = data[start + 2 : start + 4]
            if rest[:1] == b"\n":
                return start, start + 3
            if rest == b"\r\n":
                return start, start + 4
            if rest in (b"", b"\r"):
                return (start, len(data)) if self._at_end else None
            start = data.find(b"\n\\.", start) + 1
            if not start:
                break
        return None

    def _inserts(self) -> Piece | None:
        """Consecutive INSERT statements that are read already; None when the next statement is none."""
        head = self.insert_head.match(self._data, self._at)
        if head is None:
            return None
        length = insert_run(self._data, self._at, head[0], self.dialect)
        if not length and len(self._data) - self._at < self._block_bytes and self._fill():
            length = insert_run(self._data, self._at, head[0], self.dialect)
        if length:
            return self._piece(Kind.INSERTS, self._at + length)
        end = self._statement_end(self._at)
        while end - self._at < self._block_bytes:
            following = _WHITE_SPACE.match(self._data, end).end()  # type: ignore[union-attr]
            if not self._data.startswith(head[0], following):
                break
            further, _, unfinished = self._follow(following)
            if unfinished:
                break
            end = further
        return self._piece(Kind.INSERTS, end)
