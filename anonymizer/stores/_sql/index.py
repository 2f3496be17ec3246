"""Where INSERT statements end and their rows and cells begin: found for a whole block at once, by quote parity.

A byte is outside a string when an even number of quotes stands before it. That holds as long as nothing but plain
strings quotes anything; where something else might (a comment, a dollar, a double quote …), the index ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a script's quotations look."""

    name: str
    postgres: bool
    """Dollar quotation, E'' strings, nested comments, COPY data and psql commands."""
    backslashes: bool = False
    """A backslash escapes in plain strings: standard_conforming_strings is off, or MySQL's own way."""
    strange: bytes = b""
    """Characters that outside a string may begin another kind of quotation."""

    @property
    def double_strings(self) -> bool:
        """Double quotes hold strings as single ones do, as in MySQL without ANSI_QUOTES."""
        return False


POSTGRES = Dialect("PostgreSQL", True, strange=b'$"')
SQLITE = Dialect("SQLite", False, strange=b'"`[')

SINGLE, DOUBLE = b"'\""
_OPEN, _CLOSE, _COMMA, _SEMICOLON, _BACKSLASH = b"(),;\\"

_COMMENTS = (b"--", b"/*")
_LOST = b"'\\;"
"""What parity cannot follow in a quoted name."""

_LOOK_AHEAD = 1 << 16
"""Where the search for a run's end begins, so that a short run costs little."""


def _flags(characters: bytes) -> np.ndarray:
    flags = np.zeros(256, bool)
    flags[list(characters)] = True
    return flags


_SPACE = _flags(b" \t\n\r\f\v")
_ESCAPE_PREFIX = _flags(b"eE&")


class _Index:
    """The quotes of a block, and the parentheses, commas and semicolons outside its strings."""

    def __init__(self, data: np.ndarray, dialect: Dialect, quote: int) -> None:
        self.data = data
        self._dialect = dialect
        self._other = b"'" if quote == DOUBLE else b""
        special = (data - np.uint8(_OPEN)) < 2  # parentheses
        special |= data == quote
        special |= data == _COMMA
        special |= data == _SEMICOLON
        positions = np.flatnonzero(special)
        letters = data[positions]
        is_quote = letters == quote
        if dialect.backslashes:
            escaped = np.zeros(len(data) + 1, bool)
            escaped[escaped_places(data)] = True
            is_quote &= ~escaped[positions]
        self.quotes = positions[is_quote]
        outside = (np.cumsum(is_quote, dtype=np.uint8) & 1) == 0  # wraps around, and keeps its lowest bit
        outside &= letters != quote
        self.marks = positions[outside]
        self.letters = letters[outside]

    def statements(self, head: bytes) -> tuple[np.ndarray, np.ndarray]:
        """Starts and ends (int64) of the statements from the first on that begin with `head`, each with its `;`."""
        data = self.data
        ends = self.marks[self.letters == _SEMICOLON] + 1
        if not len(ends):
            return ends, ends
        starts = np.append(0, skip_space(data, ends[:-1]))
        fits = starts + len(head) <= len(data)
        count = len(starts) if fits.all() else int(np.argmin(fits))
        same = np.ones(count, bool)
        for offset, letter in enumerate(head):
            same &= data[starts[:count] + offset] == letter
        count = count if same.all() else int(np.argmin(same))
        return starts[:count], ends[:count]

    def first_strange(self, starts: np.ndarray, head: int) -> int:
        """Where, outside strings and heads, something stands that quote parity cannot follow; else the size."""
        data = self.data
        strange = np.zeros(len(data), bool)
        characters = self._dialect.strange if not self._other else self._dialect.strange.replace(b'"', self._other)
        if self._dialect.postgres and not self._dialect.backslashes:
            characters += b"\\"
        for character in characters:
            strange |= data == character
        for first, second in _COMMENTS:
            strange[:-1] |= (data[:-1] == first) & (data[1:] == second)
        positions = np.flatnonzero(strange)
        positions = positions[np.searchsorted(self.quotes, positions) % 2 == 0]
        if self._dialect.postgres and (data == _BACKSLASH).any():
            opening = self.quotes[0::2]
            prefixed = opening[_ESCAPE_PREFIX[data[opening - 1]]] if len(opening) else opening
            positions = np.sort(np.append(positions, prefixed))
        if len(positions):
            statement = np.searchsorted(starts, positions, side="right") - 1
            positions = positions[positions - starts[statement] >= head]
        return int(positions[0]) if len(positions) else len(data)


def insert_run(text: bytes, start: int, head: bytes, dialect: Dialect) -> int:
    """How many bytes from `start` are whole INSERT statements that begin with `head`, white space between them.

    0 when the index cannot tell: the statements must then be read one by one.
    """
    if any(mark in head for mark in _LOST):
        return 0
    data = np.frombuffer(text, np.uint8, offset=start)
    return _run(data, head, dialect, SINGLE) or (dialect.double_strings and _run(data, head, dialect, DOUBLE)) or 0


def _run(data: np.ndarray, head: bytes, dialect: Dialect, quote: int) -> int:
    size = _LOOK_AHEAD
    while True:
        index = _Index(data[:size], dialect, quote)
        starts, ends = index.statements(head)
        count = int(np.searchsorted(ends, index.first_strange(starts, len(head)))) if len(starts) else 0
        if size >= len(data) or count < int(np.count_nonzero(index.letters == _SEMICOLON)):
            return int(ends[count - 1]) if count else 0
        size *= 8  # the run goes on


def rows(
    text: bytes | memoryview, head: bytes, columns: int, dialect: Dialect, quote: int = SINGLE
) -> np.ndarray | None:
    """The marks of all rows of whole INSERT statements that begin with `head`.

    int64, rows x (columns + 1): the opening parenthesis, the commas, the closing parenthesis. None when the index
    cannot tell.
    """
    if any(mark in head for mark in _LOST):
        return None
    data = np.frombuffer(text, np.uint8)
    index = _Index(data, dialect, quote)
    starts, ends = index.statements(head)
    if not len(starts) or skip_space(data, ends[-1:])[0] < len(data):
        return None
    if index.first_strange(starts, len(head)) < len(data):
        return None
    marks, letters = index.marks, index.letters
    if any(mark in head for mark in b"(),"):
        behind = marks - starts[np.searchsorted(starts, marks, side="right") - 1] >= len(head)
        marks, letters = marks[behind], letters[behind]
    if len(marks) % (columns + 2):
        return None
    table, letters = marks.reshape(-1, columns + 2), letters.reshape(-1, columns + 2)
    shape = np.full(columns + 1, _COMMA, np.uint8)
    shape[0], shape[-1] = _OPEN, _CLOSE
    if not (letters[:, :-1] == shape).all():
        return None
    separator = table[:, -1]
    ends_statement = letters[:, -1] == _SEMICOLON
    following = np.append(table[1:, 0], len(data))
    well_formed = (
        (ends_statement | (letters[:, -1] == _COMMA)).all()
        and ends_statement[-1]
        and int(ends_statement.sum()) == len(starts)
        and (skip_space(data, table[:, -2] + 1) == separator).all()
        and (skip_space(data, separator + 1) == following)[~ends_statement].all()
    )
    # the first row of each statement stands right behind its head
    first = np.append(True, ends_statement[:-1])
    return table[:, :-1] if well_formed and (table[first, 0] == starts + len(head)).all() else None


def skip_space(data: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """The first byte from each position on that is no white space."""
    positions = positions.copy()
    last = len(data) - 1
    while True:
        step = _SPACE[data[np.minimum(positions, last)]] & (positions <= last)
        if not step.any():
            return positions
        positions += step


def skip_space_back(data: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """The end of what stands before each position, white space taken off."""
    positions = positions.copy()
    while True:
        step = _SPACE[data[np.maximum(positions - 1, 0)]] & (positions > 0)
        if not step.any():
            return positions
        positions -= step


def escaped_places(data: np.ndarray) -> np.ndarray:
    """Positions of the characters that a backslash escapes; the last one may be the size."""
    slashes = np.flatnonzero(data == _BACKSLASH)
    if not len(slashes):
        return slashes
    position = np.arange(len(slashes))
    begins_run = np.diff(slashes, prepend=-2) != 1
    in_run = position - np.maximum.accumulate(np.where(begins_run, position, 0))
    escaped: np.ndarray = slashes[in_run % 2 == 0] + 1
    return escaped
