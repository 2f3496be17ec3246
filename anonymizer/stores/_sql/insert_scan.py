"""The cells of INSERT statements, read one by one: exact, for what the index over a whole block cannot tell.

Takes strings of every kind, casts, and expressions; the value of an expression stays unknown, its bytes stay as they
are. What follows the rows (ON CONFLICT, RETURNING) may hold no constant, since that could be a value.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from anonymizer.errors import SourceError
from anonymizer.stores._sql.index import Dialect
from anonymizer.stores._sql.text import INSERT_HEAD


class Cell(NamedTuple):
    """One cell: where its constant stands (quotes included, casts not) and what it means."""

    start: int
    end: int
    plain: bool
    """Whether it is a constant; else `value` means nothing."""
    value: bytes | None
    """In the encoding of the dump; None for NULL and DEFAULT."""


_SPACE = rb"(?:\s++|--[^\n]*+\n|/\*(?:[^*]++|\*(?!/))*+\*/)*+"
_CAST = (
    rb"(?:" + _SPACE + rb"::" + _SPACE + rb'(?:"(?:[^"]|"")*"|[A-Za-z_\x80-\xff][\w$\x80-\xff]*)'
    rb'(?:\.(?:"(?:[^"]|"")*"|[A-Za-z_\x80-\xff][\w$\x80-\xff]*))*'
    rb"(?:\s+(?:varying|precision|with(?:out)?\s+time\s+zone))?(?:\s*\(\s*\d+(?:\s*,\s*\d+)?\s*\))?(?:\s*\[\d*\])*)*"
)
_NUMBER = rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_PREFIXED = re.compile(rb"(?:(?P<prefix>[eEnNbBxX]|[uU]&)?'(?P<body>.*)')\Z", re.DOTALL)
_ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{1,3}|.)|''", re.DOTALL)
_UNICODE = re.compile(rb"\\(\\|[0-9A-Fa-f]{4}|\+[0-9A-Fa-f]{6})")
_CONTROL = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_UNISTR = re.compile(rb"\\(\\|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|\+[0-9A-Fa-f]{6}|[0-9A-Fa-f]{4})")
_REPLACE = re.compile(
    rb"replace\((?P<inner>replace\('(?:[^']|'')*','\\r',char\(13\)\)|'(?:[^']|'')*'),'\\(?P<what>[nr])',char\((?:10|13)\)\)\Z",
    re.IGNORECASE | re.DOTALL,
)
"""How the sqlite3 shell writes text with line ends in it."""


@cache
def _constant_pattern(dialect: Dialect) -> re.Pattern[bytes]:
    """A constant with its casts, up to the comma or parenthesis behind it."""
    escaped = rb"'(?:[^'\\]++|\\.|'')*+'"
    plain = escaped if dialect.backslashes else rb"'(?:[^']++|'')*+'"
    kinds = [rb"[eE]" + escaped, rb"(?:[nNbBxX]|[uU]&)?" + plain] if dialect.postgres else [rb"[xX]?" + plain]
    words = rb"(?:NULL|DEFAULT|TRUE|FALSE)\b" if dialect.postgres else rb"(?:NULL|TRUE|FALSE)\b"
    constant = b"|".join((*kinds, _NUMBER, words))
    cast = _CAST if dialect.postgres else b""
    return re.compile(_SPACE + b"(" + constant + b")" + cast + _SPACE + rb"([,)])", re.DOTALL | re.IGNORECASE)


@cache
def _part_pattern(dialect: Dialect) -> re.Pattern[bytes]:
    """A quotation, a comment, white space, a word, or one mark."""
    escaped = rb"'(?:[^'\\]++|\\.|'')*+'"
    parts = [rb"\s++", rb"--[^\n]*+\n", rb"/\*(?:[^*]++|\*(?!/))*+\*/", rb'"(?:[^"]++|"")*+"']
    if dialect.postgres:
        parts += [
            rb"[eE]" + escaped,
            rb"(?P<tag>\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$).*?(?P=tag)",
            rb"(?:[nNbBxX]|[uU]&)(?=')",
        ]
    else:
        parts += [rb"`[^`]*+`", rb"\[[^\]]*+\]"]
    parts += [escaped if dialect.backslashes else rb"'(?:[^']++|'')*+'", rb"[\w\x80-\xff]++", rb"[^'\"`\w\s]"]
    return re.compile(b"|".join(parts), re.DOTALL)


_HOLDS_CONSTANT = re.compile(rb"'|\A[0-9$]")
"""A string, a number or a dollar quotation."""


def width(text: bytes | memoryview, position: int, dialect: Dialect) -> int:
    """How many values the row that begins at `position` has; 0 if it is not understood."""
    try:
        return len(_Scanner(text, dialect, "utf-8").row(position)[0])
    except ValueError:
        return 0


def scan(text: bytes, columns: int, dialect: Dialect, encoding: str, table: str, line: int) -> list[list[Cell]]:
    """The rows of whole INSERT statements. Raises SourceError, naming `table` and the line counted from `line`."""
    found: list[list[Cell]] = []
    scanner = _Scanner(text, dialect, encoding)
    position = 0
    while position < len(text):
        head = INSERT_HEAD.match(text, position)
        try:
            if head is None:
                raise ValueError("the statement is not an INSERT with VALUES")
            position = scanner.statement(head.end(), columns, found)
        except ValueError as fault:
            at = line + text.count(b"\n", 0, scanner.position)
            raise SourceError(f"{table}, line {at}: {fault}: make the dump with the database's own program") from None
    return found


class _Scanner:
    def __init__(self, text: bytes | memoryview, dialect: Dialect, encoding: str) -> None:
        self._text = text
        self._dialect = dialect
        self._encoding = encoding
        self._constant = _constant_pattern(dialect)
        self._part = _part_pattern(dialect)
        self._gap = re.compile(_SPACE)
        self.position = 0
        """How far it came: the place of a fault."""

    def statement(self, position: int, columns: int, found: list[list[Cell]]) -> int:
        """Append the statement's rows; returns where the next statement begins. Raises ValueError."""
        while True:
            self.position = position
            row, position = self.row(position)
            if len(row) != columns:
                raise ValueError("the row does not have as many values as columns")
            found.append(row)
            position = self._skip(position)
            if self._text[position : position + 1] != b",":
                break
            position = self._skip(position + 1)
        self.position = position
        while self._text[position : position + 1] != b";":
            part = self._part.match(self._text, position)
            if part is None or _HOLDS_CONSTANT.search(part[0]):
                raise ValueError("what follows the rows is not understood")
            position = part.end()
        return self._skip(position + 1)

    def _skip(self, position: int) -> int:
        match = self._gap.match(self._text, position)
        return match.end() if match else position

    def row(self, position: int) -> tuple[list[Cell], int]:
        """One row's cells, and where it ends. Raises ValueError."""
        if self._text[position : position + 1] != b"(":
            raise ValueError("the row is not understood")
        position += 1
        cells: list[Cell] = []
        while True:
            match = self._constant.match(self._text, position)
            if match is not None:
                cells.append(self._plain(match))
                mark, position = match[2], match.end()
            else:
                cell, mark, position = self._expression(position)
                cells.append(cell)
            if mark == b")":
                return cells, position

    def _plain(self, match: re.Match[bytes]) -> Cell:
        constant = match[1]
        try:
            value = self._meaning(constant)
        except (ValueError, LookupError):
            return Cell(match.start(1), match.end(1), False, None)
        return Cell(match.start(1), match.end(1), True, value)

    def _expression(self, position: int) -> tuple[Cell, bytes, int]:
        """Any cell, up to the comma or parenthesis that ends it."""
        start = end = position = self._skip(position)
        depth = 0
        while True:
            match = self._part.match(self._text, position)
            if match is None:
                raise ValueError("the row is not understood")
            part, position = match[0], match.end()
            if not depth and part in (b",", b")"):
                return self._function(start, end), part, position
            depth += (part in (b"(", b"[")) - (part in (b")", b"]"))
            if not part.isspace():
                end = position

    def _function(self, start: int, end: int) -> Cell:
        """SQLite's two ways to write a text with control characters are constants all the same."""
        text = bytes(self._text[start:end])
        unknown = Cell(start, end, False, None)
        if self._dialect.postgres:
            return unknown
        if text[:7].lower() == b"unistr(" and text.endswith(b")"):
            inner = _PREFIXED.match(text[7:-1].strip())
            if inner is None or inner["prefix"] or inner["body"].replace(b"''", b"").count(b"'"):
                return unknown
            return Cell(start, end, True, _UNISTR.sub(_code_point, inner["body"].replace(b"''", b"'")))
        match = _REPLACE.match(text)
        if match is None:
            return unknown
        inner_text = match["inner"]
        newline = b"\n" if match["what"].lower() == b"n" else b"\r"
        if inner_text[:1] != b"'":
            nested = _REPLACE.match(inner_text)
            if nested is None:
                return unknown
            body = nested["inner"][1:-1].replace(b"\\r", b"\r")
        else:
            body = inner_text[1:-1]
        written = b"\\" + match["what"].lower()
        return Cell(start, end, True, body.replace(b"''", b"'").replace(written, newline))

    def _meaning(self, constant: bytes) -> bytes | None:
        """Raises ValueError for a constant that cannot be told."""
        match = _PREFIXED.match(constant)
        if match is None:
            return self._word(constant)
        prefix, body = (match["prefix"] or b"").lower(), match["body"]
        if prefix == b"e" or (self._dialect.backslashes and prefix in (b"", b"n")):
            return _ESCAPE.sub(self._escape, body)
        body = body.replace(b"''", b"'")
        if prefix == b"u&":
            return _UNICODE.sub(self._unicode, body)
        if prefix == b"x" and not self._dialect.postgres:
            return b"\\x" + body.lower()
        if prefix == b"x":
            return b"".join(f"{int(digit, 16):04b}".encode() for digit in body.decode("ascii"))
        return body

    def _word(self, word: bytes) -> bytes | None:
        truths = {b"true": b"t", b"false": b"f"} if self._dialect.postgres else {b"true": b"1", b"false": b"0"}
        lower = word.lower()
        return None if lower in (b"null", b"default") else truths.get(lower, word)

    def _escape(self, escape: re.Match[bytes]) -> bytes:
        text = escape[1]
        if text is None:
            return b"'"
        if text[:1] == b"x" and len(text) > 1:
            return bytes([int(text[1:], 16)])
        if text[:1] in (b"u", b"U") and len(text) > 1:
            return chr(int(text[1:], 16)).encode(self._encoding)
        if text[:1] in b"01234567":
            return bytes([int(text, 8) & 0xFF])
        return _CONTROL.get(text, text)

    def _unicode(self, escape: re.Match[bytes]) -> bytes:
        text = escape[1]
        return b"\\" if text == b"\\" else chr(int(text.lstrip(b"+"), 16)).encode(self._encoding)


def _code_point(escape: re.Match[bytes]) -> bytes:
    text = escape[1]
    return b"\\" if text == b"\\" else chr(int(text.lstrip(b"uU+"), 16)).encode()
