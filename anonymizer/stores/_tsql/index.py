"""Where the rows and cells of INSERT statements begin: found for a whole block at once, by quote parity.

`INSERT … VALUES` of SQL Server needs no semicolon: a statement ends where the brackets of its last row close. A run is
what begins with the very same bytes up to VALUES and has nothing between its statements but white space, semicolons
and lines that say GO. Where something else than plain strings could quote (a comment, a bracket, a double quote), the
run ends, and the statement is read token by token.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from anonymizer.errors import SourceError
from anonymizer.stores._sql.spans import cut
from anonymizer.stores._tsql.tokens import TOKEN, comment_end

_QUOTE, _OPEN, _CLOSE, _COMMA = b"'(),"
_LOOK_AHEAD = 1 << 16
"""Where the search for a run's end begins, so that a short run costs little."""
_STRANGE = (b'"', b"[")
_COMMENTS = (b"--", b"/*")
_GO = re.compile(rb"[ \t]*(?:GO)?[ \t\r;]*\Z", re.IGNORECASE)
_BETWEEN = re.compile(rb"\s*,\s*\Z")
_SPACE = re.compile(rb"\s*+")


class Run(NamedTuple):
    """The rows of some consecutive INSERT statements."""

    marks: np.ndarray
    """int32, rows x (columns + 1): the opening bracket, the commas, the closing bracket of each row."""
    end: int
    """Where the last statement ends, without what follows."""


def insert_run(text: bytes, start: int, head: bytes, at_end: bool) -> Run | None:
    """The run that begins at `start`; positions count from there.

    None when the index cannot tell, or the first statement is not whole. `at_end`: no more text follows.
    """
    size = _LOOK_AHEAD
    while True:
        window = min(size, len(text) - start)
        whole = start + window == len(text)
        found = _indexed(text[start : start + window], head, at_end and whole)
        if found is not None and not found.end:
            return None
        if whole or (found is not None and found.end < window // 2):
            return found
        size *= 8  # the run goes on, or the first statement is longer


_UNCLEAR = Run(np.empty((0, 0), np.int32), 0)


def _indexed(text: bytes, head: bytes, at_end: bool) -> Run | None:
    """The run; None if the first statement is not whole, `_UNCLEAR` if the index cannot tell where it ends."""
    data = np.frombuffer(text, np.uint8)
    if _QUOTE in head:
        return _UNCLEAR
    heads = np.array([match.start() for match in re.finditer(re.escape(head), text)], np.int64)
    special = np.flatnonzero(((data - np.uint8(_QUOTE)) < 3) | (data == _COMMA))
    letters = data[special]
    quotes = special[letters == _QUOTE]
    heads = heads[np.searchsorted(quotes, heads) % 2 == 0]
    outside = (np.cumsum(letters == _QUOTE) & 1 == 0) & (letters != _QUOTE)
    places, letters = special[outside], letters[outside]
    behind = places - heads[np.searchsorted(heads, places, side="right") - 1] >= len(head)
    places, letters = places[behind], letters[behind]
    depth = np.cumsum(np.where(letters == _OPEN, 1, np.where(letters == _CLOSE, -1, 0)))
    shallow = (
        ((letters == _OPEN) & (depth == 1))
        | ((letters == _CLOSE) & (depth == 0))
        | ((letters == _COMMA) & (depth == 1))
    )
    places, letters = places[shallow], letters[shallow]
    closes = np.flatnonzero(letters == _CLOSE)
    if not len(closes):
        return None
    width = int(closes[0]) + 1
    rows = len(places) // width
    marks, shape = places[: rows * width].reshape(rows, width), letters[: rows * width].reshape(rows, width)
    pattern = np.full(width, _COMMA, np.uint8)
    pattern[0], pattern[-1] = _OPEN, _CLOSE
    good = _first_false((shape == pattern).all(axis=1))
    good = min(good, int(np.searchsorted(marks[:, -1], _first_strange(data, quotes, heads, len(head)))))
    if not good:
        return _UNCLEAR
    return _whole_statements(text, marks[:good].astype(np.int32), heads, len(head), at_end)


def _first_false(flags: np.ndarray) -> int:
    return len(flags) if flags.all() else int(np.argmin(flags))


def _first_strange(data: np.ndarray, quotes: np.ndarray, heads: np.ndarray, head: int) -> int:
    """Where, outside strings and heads, something stands that quote parity cannot follow; else the size."""
    strange = np.zeros(len(data), bool)
    for character in _STRANGE:
        strange |= data == character[0]
    for first, second in _COMMENTS:
        strange[:-1] |= (data[:-1] == first) & (data[1:] == second)
    places = np.flatnonzero(strange)
    places = places[np.searchsorted(quotes, places) % 2 == 0]
    places = places[places - heads[np.searchsorted(heads, places, side="right") - 1] >= head]
    return int(places[0]) if len(places) else len(data)


def _whole_statements(text: bytes, marks: np.ndarray, heads: np.ndarray, head: int, at_end: bool) -> Run | None:
    """Rows up to the last one that is known to end its statement, as far as all between them is understood."""
    if marks[0, 0] != head:
        return _UNCLEAR
    opens, ends = marks[:, 0], marks[:, -1] + 1
    begins = np.searchsorted(heads + head, opens)
    is_first = (begins < len(heads)) & (np.append(heads, -head - 1)[begins] + head == opens)
    starts = np.where(is_first, opens - head, opens)
    if len(marks) > 1:
        gaps = cut(pa.py_buffer(text), ends[:-1], starts[1:]).dictionary_encode()
        words = gaps.dictionary.to_pylist()
        separates = np.array([_ends_statement(word) for word in words])[gaps.indices.to_numpy()]
        continues = np.array([_BETWEEN.match(word) is not None for word in words])[gaps.indices.to_numpy()]
        good = _first_false(np.where(is_first[1:], separates, continues)) + 1
    else:
        good = 1
    following = _SPACE.match(text, int(ends[good - 1])).end()  # type: ignore[union-attr]
    complete = at_end if following == len(text) else text[following] not in b",-/"
    if not complete:  # the last statement is read another time
        firsts = np.flatnonzero(is_first[:good])
        good = int(firsts[-1])
    if good:
        return Run(marks[:good], int(ends[good - 1]))
    return None if following == len(text) else _UNCLEAR


def _ends_statement(gap: bytes) -> bool:
    """Whether nothing stands between two statements but semicolons and lines that say GO."""
    first, *lines = gap.split(b"\n")
    if first.strip(b" \t\r;") or (lines and lines[-1].strip()):
        return False
    return all(_GO.match(line) for line in lines)


def scan_rows(text: bytes, start: int, head: int, line: int) -> tuple[Run, bool]:
    """One statement, token by token; positions count from `start`. The flag: more text could change what was read.

    Raises SourceError for what is no list of rows.
    """
    marks: list[list[int]] = []
    row: list[int] = []
    depth, position, end = 0, start + head, 0
    separated = True
    while position < len(text):
        match = TOKEN.match(text, position)
        assert match is not None  # any byte is a mark
        kind, mark = match.lastgroup, match[0]
        position = match.end()
        if kind == "block":
            position = comment_end(text, match.start())
        if kind == "open" or not position:
            return _UNCLEAR, True
        if kind in ("space", "newline", "comment", "block"):
            continue
        if depth == 0:
            if not separated and mark == b",":
                separated = True
                continue
            if not separated or mark != b"(":
                break
            row, depth, separated = [match.start() - start], 1, False
        elif mark == b"," and depth == 1:
            row.append(match.start() - start)
        elif kind == "mark":
            depth += (mark == b"(") - (mark == b")")
            if depth == 0:
                marks.append([*row, match.start() - start])
                end = match.end() - start
    else:
        return _run(marks, end, line), True
    if separated:
        raise SourceError(f"line {line}: the rows of the INSERT statement are not understood; make the script again")
    return _run(marks, end, line), False


def _run(marks: list[list[int]], end: int, line: int) -> Run:
    if len({len(row) for row in marks}) > 1:
        raise SourceError(f"line {line}: the rows of one INSERT statement differ in length; make the script again")
    return Run(np.array(marks, np.int32) if marks else np.empty((0, 0), np.int32), end)
