"""The cells of MySQL's INSERT statements, read one by one: exact, for what the index over a whole block cannot tell.

Takes constants of every kind, comments between them, and expressions, whose value stays unknown. What follows the rows
(ON DUPLICATE KEY UPDATE, RETURNING, a row alias) may hold no constant, since that could be a value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import pyarrow as pa

from anonymizer.errors import SourceError
from anonymizer.stores._mysql.literals import Kind, meaning, quoted_values
from anonymizer.stores._mysql.session import Session, quotations
from anonymizer.stores._mysql.text import INSERT_HEAD

_SPACE = rb"(?:\s++|#[^\n]*+\n|--(?=\s)[^\n]*+\n|/\*(?!M?!)(?:[^*]++|\*(?!/))*+\*/)*+"
_GAP = re.compile(_SPACE)
_BARE = (
    rb"0x[0-9A-Fa-f]+|0b[01]+|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[xX]'[0-9A-Fa-f]*'|[bB]'[01]*'|\\N"
    rb"|(?i:UNHEX)\('[0-9A-Fa-f]*'\)|(?i:CONV)\('[01]*', 2, 10\) \+ 0"
    rb"|(?i:NULL|DEFAULT|TRUE|FALSE)\b"
)
_DOUBLE = {True: re.compile(rb"\\.|\"\"|'", re.DOTALL), False: re.compile(rb"\"\"|'")}
_AS_SINGLE = {b'""': b'"', b"'": b"''"}
"""What differs in a string when single quotes take the place of double ones."""
_HOLDS_CONSTANT = re.compile(rb"['\"0-9\\]")


class Cell(NamedTuple):
    """One cell: where its constant stands, and its text."""

    start: int
    end: int
    plain: bool
    """Whether it is a constant."""
    quoted: bool
    text: bytes
    """Without quotes and prefix, as it stands."""


@cache
def _patterns(session: Session) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """A constant up to the comma or parenthesis behind it; any part of an expression."""
    single, double, back = quotations(session.backslashes, session.ansi_quotes)
    strings = [single] if session.ansi_quotes else [single, double]
    constant = re.compile(
        _SPACE + rb"(?P<cell>(?:(?:_[A-Za-z]\w*\s*|[nN](?='))?(?P<text>" + b"|".join(strings) + rb")"
        rb"|(?:_[A-Za-z]\w*\s*)?(?P<bare>" + _BARE + rb")))" + _SPACE + rb"(?P<mark>[,)])",
        re.DOTALL,
    )
    parts = [
        rb"\s++",
        rb"#[^\n]*+\n",
        rb"--(?=\s)[^\n]*+\n",
        rb"/\*(?!M?!)(?:[^*]++|\*(?!/))*+\*/",
        single,
        double,
        back,
    ]
    parts += [rb"[\w$@\x80-\xff.]++", rb"[^'\"`\w\s;\\]"]
    return constant, re.compile(b"|".join(parts), re.DOTALL)


class Scanner:
    """Reads whole INSERT statements of one run. `table` and `line` (of the first byte) serve messages."""

    def __init__(self, text: bytes, session: Session, table: str, line: int) -> None:
        self._text, self._table, self._line = text, table, line
        self._constant, self._part = _patterns(session)
        self._backslashes = session.backslashes
        self._position = 0

    def rows(self, columns: int | None = None) -> list[list[Cell]]:
        """All rows. Raises SourceError for what is not understood, and for rows of another number of cells."""
        found: list[list[Cell]] = []
        position = 0
        while position < len(self._text):
            head = INSERT_HEAD.match(self._text, position)
            try:
                if head is None:
                    raise ValueError("the statement is not an INSERT with VALUES")
                position = self._statement(head.end(), columns, found)
            except ValueError as fault:
                raise SourceError(
                    f"{self._table}, line {self.line_of(self._position)}: {fault}: make the dump with mysqldump or"
                    " mariadb-dump"
                ) from None
        return found

    def line_of(self, position: int) -> int:
        """The number of the line on which a position lies."""
        return self._line + self._text.count(b"\n", 0, position)

    def _statement(self, position: int, columns: int | None, found: list[list[Cell]]) -> int:
        while True:
            self._position = position
            row, position = self._row(position)
            if columns is not None and len(row) != columns:
                raise ValueError("the row does not have as many values as columns")
            found.append(row)
            position = self._skip(position)
            if self._text[position : position + 1] != b",":
                break
            position = self._skip(position + 1)
        self._position = position
        while self._text[position : position + 1] != b";":
            part = self._part.match(self._text, position)
            if part is None or (_HOLDS_CONSTANT.search(part[0]) and part[0][:1] not in b"`") or part[0][:2] == b"/*":
                raise ValueError("what follows the rows is not understood")
            position = part.end()
        return self._skip(position + 1)

    def _skip(self, position: int) -> int:
        match = _GAP.match(self._text, position)
        return match.end() if match else position

    def _row(self, position: int) -> tuple[list[Cell], int]:
        if self._text[position : position + 1] != b"(":
            raise ValueError("the row is not understood")
        position += 1
        cells: list[Cell] = []
        while True:
            match = self._constant.match(self._text, position)
            if match is None:
                cell, mark, position = self._expression(position)
            else:
                quoted = match["text"] is not None
                inside = match["text"][1:-1] if quoted else match["bare"]
                if quoted and match["text"][:1] == b'"':
                    inside = _DOUBLE[self._backslashes].sub(lambda m: _AS_SINGLE.get(m[0], m[0]), inside)
                cell = Cell(match.start("cell"), match.end("cell"), True, quoted, inside)
                mark, position = match["mark"], match.end()
            cells.append(cell)
            if mark == b")":
                return cells, position

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
                if end == start:
                    raise ValueError("the row is not understood")
                return Cell(start, end, False, False, b""), part, position
            depth += (part == b"(") - (part == b")")
            if not part.isspace():
                end = position


def value(cell: Cell, kind: Kind, encoding: str, backslashes: bool) -> tuple[bool, str | None]:
    """Whether a cell is a constant, and its value. Raises EncodingFault."""
    if not cell.plain:
        return False, None
    if not cell.quoted:
        return meaning(cell.text.decode("ascii"), kind)
    values = quoted_values(pa.array([cell.text], pa.binary()), kind, encoding, backslashes)
    return (False, None) if values is None else (True, values[0].as_py())


def row_width(text: bytes, session: Session, columns: Sequence[str]) -> int:
    """How many values the first row has; as many as there are columns when it is not understood."""
    try:
        return len(Scanner(text, session, "", 1)._row(INSERT_HEAD.match(text).end())[0])  # type: ignore[union-attr]
    except ValueError:
        return len(columns)
