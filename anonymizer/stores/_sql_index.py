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
    """A backslash escapes in plain strings: standard_conforming_strings is off."""


POSTGRES = Dialect("PostgreSQL", True)
SQLITE = Dialect("SQLite", False)

_QUOTE, _BACKSLASH, _SEMICOLON, _MINUS, _SLASH, _STAR = b"'\\;-/*"


_LOOK_AHEAD = 1 << 16
"""Where the search for a run's end begins, so that a short run costs little."""


def _flags(characters: bytes) -> np.ndarray:
    flags = np.zeros(256, bool)
    flags[list(characters)] = True
    return flags


_SPACE = _flags(b" \t\n\r\f\v")
_MARKS = _flags(b"(),;")
_STRANGE = {True: _flags(b'$"\\'), False: _flags(b'"`[')}
"""Characters that outside a string may begin another kind of quotation; by `Dialect.postgres`."""
_ESCAPE_PREFIX = _flags(b"eE&")


@dataclass(frozen=True, slots=True)
class _Block:
    data: np.ndarray
    outside: np.ndarray
    """bool per byte: outside any string (the closing quote counts as outside, the opening one as inside)."""
    quotes: np.ndarray


def insert_run(text: bytes, start: int, head: bytes, dialect: Dialect) -> int:
    """How many bytes from `start` are whole INSERT statements that begin with `head`, white space between them.

    0 when the index cannot tell: the statements must then be read one by one.
    """
    data = np.frombuffer(text, np.uint8, offset=start)
    size = _LOOK_AHEAD
    while True:
        block = _parity(data[:size], dialect)
        starts, ends = statements(block.data, block.outside, head)
        count = 0
        if len(starts):
            count = int(np.searchsorted(ends[: len(starts)], _first_strange(block, starts, len(head), dialect)))
        if size >= len(data) or count < int(np.count_nonzero((block.data == _SEMICOLON) & block.outside)):
            return int(ends[count - 1]) if count else 0
        size *= 8  # the run goes on


def statements(data: np.ndarray, outside: np.ndarray, head: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends (int64) of the statements from the first on that begin with `head`; each ends with its `;`."""
    ends = np.flatnonzero((data == _SEMICOLON) & outside) + 1
    if not len(ends):
        return ends, ends
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = skip_space(data, ends[:-1])
    letters = np.frombuffer(head, np.uint8)
    fits = starts + len(head) <= len(data)
    count = len(starts) if fits.all() else int(np.argmin(fits))
    matches = (data[starts[:count, None] + np.arange(len(head))] == letters).all(axis=1)
    count = count if matches.all() else int(np.argmin(matches))
    return starts[:count], ends[:count]


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


def rows(text: bytes | memoryview, head: bytes, columns: int, dialect: Dialect) -> np.ndarray | None:
    """The marks of all rows of whole INSERT statements that begin with `head`.

    int64, rows x (columns + 1): the opening parenthesis, the commas, the closing parenthesis. None when the index
    cannot tell.
    """
    block = _parity(np.frombuffer(text, np.uint8), dialect)
    data = block.data
    starts, ends = statements(data, block.outside, head)
    if not len(starts) or skip_space(data, ends[-1:])[0] < len(data):
        return None
    if _first_strange(block, starts, len(head), dialect) < len(data):
        return None
    marks = np.flatnonzero(_MARKS[data] & block.outside)
    in_head = len([letter for letter in head if _MARKS[letter]])
    if in_head:
        if len(marks) == len(starts) * (in_head + columns + 2):  # one row a statement
            marks = marks.reshape(len(starts), -1)[:, in_head:].reshape(-1)
        else:
            statement = np.searchsorted(starts, marks, side="right") - 1
            marks = marks[marks - starts[statement] >= len(head)]
    if len(marks) % (columns + 2):
        return None
    table = marks.reshape(-1, columns + 2)
    letters = data[table]
    shape = np.frombuffer(b"(" + b"," * (columns - 1) + b")", np.uint8)
    if not (letters[:, :-1] == shape).all():
        return None
    after, separator = table[:, -2] + 1, table[:, -1]
    ends_statement = letters[:, -1] == _SEMICOLON
    following = np.append(table[1:, 0], len(data))
    well_formed = (
        (ends_statement | (letters[:, -1] == ord(","))).all()
        and ends_statement[-1]
        and int(ends_statement.sum()) == len(starts)
        and (skip_space(data, after) == separator).all()
        and (skip_space(data, separator + 1) == following)[~ends_statement].all()
    )
    # the first row of each statement stands right behind its head
    first = np.append(True, ends_statement[:-1])
    return table[:, :-1] if well_formed and (table[first, 0] == starts + len(head)).all() else None


def _parity(data: np.ndarray, dialect: Dialect) -> _Block:
    quotes = data == _QUOTE
    if dialect.backslashes:
        quotes[_escaped(data)] = False
    parity = np.cumsum(quotes, dtype=np.uint8)  # wraps around, and keeps its lowest bit
    return _Block(data, (parity & 1) == 0, quotes)


def _escaped(data: np.ndarray) -> np.ndarray:
    """Positions of the characters that a backslash escapes."""
    slashes = np.flatnonzero(data == _BACKSLASH)
    if not len(slashes):
        return slashes
    position = np.arange(len(slashes))
    begins_run = np.diff(slashes, prepend=-2) != 1
    in_run = position - np.maximum.accumulate(np.where(begins_run, position, 0))
    escaped = slashes[in_run % 2 == 0] + 1
    inside: np.ndarray = escaped[escaped < len(data)]
    return inside


def _first_strange(block: _Block, starts: np.ndarray, head: int, dialect: Dialect) -> int:
    """Where, outside strings and heads, something stands that the parity of quotes cannot follow; else the size."""
    data, outside = block.data, block.outside
    strange = _STRANGE[dialect.postgres][data] & outside
    if dialect.backslashes:
        strange &= data != _BACKSLASH
    for first, second in ((_MINUS, _MINUS), (_SLASH, _STAR)):
        strange[:-1] |= (data[:-1] == first) & (data[1:] == second) & outside[:-1]
    if dialect.postgres and (data == _BACKSLASH).any():
        opening = block.quotes & ~outside
        strange[1:] |= opening[1:] & _ESCAPE_PREFIX[data[:-1]] & outside[:-1]
    positions = np.flatnonzero(strange)
    if len(positions):
        statement = np.searchsorted(starts, positions, side="right") - 1
        positions = positions[positions - starts[statement] >= head]
    return int(positions[0]) if len(positions) else len(data)
