"""Where the cells of CSV text begin and end: an index over whole blocks of bytes, and the dialect that it follows.

Quotes are told by parity: a delimiter or line end with an even number of quotes before it separates. That holds for
doubled quotes as they stand; escaped characters and comment lines are masked first. Every quote is then checked to
stand where one may, so that a file that means something else is refused and never misread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int32]

ESCAPE = b"\\"
_LINE_END, _RETURN, _NEUTRAL = 10, 13, ord("x")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file writes its rows. The text is ASCII-compatible: UTF-16 is read as UTF-8."""

    delimiter: bytes = b","
    """One byte or, without quotes and escapes, several."""
    quote: bytes = b'"'
    """Empty: quotes are letters like any other."""
    escape: bytes = b""
    """A backslash, or nothing."""
    comment: bytes = b""
    """What a line begins with that is no row."""
    terminator: bytes = b""
    """What ends a row; empty: LF or CR LF."""
    missing: tuple[bytes, ...] = (b"",)
    """What stands for NULL where it is not quoted."""
    codec: str = "utf-8"
    """Python codec of the text."""


class Fault(Exception):
    """Text that does not follow the dialect: `position` is where, `sentence` what is wrong."""

    def __init__(self, position: int, sentence: str) -> None:
        super().__init__(sentence)
        self.position, self.sentence = position, sentence


@dataclass(frozen=True, slots=True)
class Index:
    """The cells of a block of whole rows."""

    block: memoryview
    """From the block's first byte to the last row's end."""
    starts: Positions
    """int32, rows x columns: where each cell begins, quotes included."""
    ends: Positions
    after: Positions
    """int32, rows: where the line end of each row ends."""
    dialect: Dialect

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.starts)

    @property
    def columns(self) -> int:
        """How many cells each row has."""
        return int(self.starts.shape[1])

    def quoted(self, starts: Positions, ends: Positions) -> npt.NDArray[np.bool_]:
        """Which of these cells stand in quotes."""
        if not self.dialect.quote or not len(self.block):
            return np.zeros(len(starts), bool)
        data = np.frombuffer(self.block, np.uint8)
        quoted: npt.NDArray[np.bool_] = data[np.minimum(starts, len(data) - 1)] == self.dialect.quote[0]
        return quoted & (ends > starts)

    def is_first(self, starts: Positions) -> bool:
        """Whether these cells are the first ones of their lines."""
        return bool(self.rows) and bool(starts[0] == self.starts[0, 0])

    def thinned(self, rows: npt.NDArray[np.int64]) -> Index:
        """Some of the rows only, for looking at."""
        return Index(self.block, self.starts[rows], self.ends[rows], self.after[rows], self.dialect)

    def line_of(self, position: int) -> int:
        """How many lines end before a position."""
        return bytes(self.block[:position]).count(b"\n")


def index_of(data: bytes | memoryview, dialect: Dialect, columns: int = 0, final: bool = True) -> Index:
    """The index of as many whole rows as `data` holds; without `columns`, the first row tells how many there are.

    Unless `final`, the row that the data end in is left out, and there may be none at all. Blank lines are no rows,
    but with one column they are NULL. Raises Fault.
    """
    whole = memoryview(data)
    text = np.frombuffer(whole, np.uint8)
    marks, comments = _masked(text, dialect)
    ends, after, is_end, quotes = _separators(marks, dialect)
    if final and len(quotes) % 2:
        raise Fault(int(quotes[-1]), "a quoted value never ends, or a quote stands in a cell without quotes")
    if final and len(text) > (int(after[is_end][-1]) if is_end.any() else 0):
        ends, after = np.append(ends, len(text)), np.append(after, len(text))
        is_end = np.append(is_end, True)
    last = int(np.flatnonzero(is_end)[-1]) + 1 if is_end.any() else 0
    is_end = is_end[:last]
    cell_ends, afters = ends[:last].astype(np.int32), after[:last].astype(np.int32)
    stop = int(afters[-1]) if last else 0
    starts = np.zeros(last, np.int32)
    starts[1:] = afters[:-1]
    begins_line = np.ones(last, bool)
    begins_line[1:] = is_end[:-1]
    dropped = np.zeros(last, bool)
    if columns != 1:
        dropped |= begins_line & is_end & (starts == cell_ends)
    if len(comments):
        dropped |= begins_line & np.isin(starts, comments)
    if dropped.any():
        kept = ~dropped
        starts, cell_ends, afters, is_end = starts[kept], cell_ends[kept], afters[kept], is_end[kept]
    if not columns:
        columns = int(np.argmax(is_end)) + 1 if len(is_end) else 0
    _require_columns(starts, is_end, columns)
    quotes = quotes[: np.searchsorted(quotes, stop)]
    if len(quotes):
        _require_quotes(quotes, starts, cell_ends, stop)
    if not dialect.terminator:
        _require_line_ends(marks[:stop], quotes)
    rows = len(starts) // columns if columns else 0
    shape = (rows, columns)
    return Index(whole[:stop], starts.reshape(shape), cell_ends.reshape(shape), afters[is_end], dialect)


def _masked(text: npt.NDArray[np.uint8], dialect: Dialect) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The text with neutral letters for what is escaped or commented out, and where comment lines begin."""
    marks, comments = text, []
    if dialect.escape:
        slashes = np.flatnonzero(text == ESCAPE[0])
        if len(slashes):
            # in a run of backslashes every other one begins an escape
            number = np.arange(len(slashes))
            run = np.maximum.accumulate(np.where(np.diff(slashes, prepend=-2) != 1, number, 0))
            escaped = slashes[(number - run) % 2 == 0] + 1
            marks = text.copy()
            marks[escaped[escaped < len(text)]] = _NEUTRAL
    if dialect.comment:
        sign = np.flatnonzero(marks == dialect.comment[0])
        sign = sign[(sign == 0) | (marks[sign - 1] == _LINE_END)]
        marks = marks.copy()
        quotes, seen, whole = 0, 0, marks.tobytes()
        for position in sign.tolist():  # comments, not cells: there are few
            if dialect.quote:
                quotes += int(np.count_nonzero(marks[seen:position] == dialect.quote[0]))
            seen = position
            if quotes % 2 == 0:
                end = whole.find(b"\n", position)
                marks[position : end if end >= 0 else len(marks)] = _NEUTRAL
                comments.append(position)
    return marks, np.array(comments, np.int64)


def _separators(
    marks: npt.NDArray[np.uint8], dialect: Dialect
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Where cells end, where the next ones begin, which of these are line ends; and where quotes stand."""
    if len(dialect.delimiter) > 1 or dialect.terminator:
        ends, after, is_end = _of_several_bytes(marks, dialect)
        quotes = np.flatnonzero(marks == dialect.quote[0]) if dialect.quote else np.empty(0, np.int64)
        outside = np.searchsorted(quotes, after) % 2 == 0
        return ends[outside], after[outside], is_end[outside], quotes
    wanted = (marks == dialect.delimiter[0]) | (marks == _LINE_END)
    if dialect.quote:
        wanted |= marks == dialect.quote[0]
    found = np.flatnonzero(wanted)
    letters = marks[found]
    quotes = found[:0]
    if dialect.quote:
        is_quote = letters == dialect.quote[0]
        quotes = found[is_quote]
        if len(quotes):
            outside = (np.cumsum(is_quote, dtype=np.int32) & 1 == 0) & ~is_quote
            found, letters = found[outside], letters[outside]
    is_end = letters == _LINE_END
    after, ends = found + 1, found
    lines = found[is_end]
    returns = (marks[lines - 1] == _RETURN) & (lines > 0)
    if returns.any():
        ends = ends.copy()
        ends[is_end] -= returns
    return ends, after, is_end, quotes


def _of_several_bytes(
    marks: npt.NDArray[np.uint8], dialect: Dialect
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    terminator = dialect.terminator or b"\n"
    cells, lines = _places(marks, dialect.delimiter), _places(marks, terminator)
    ends = np.concatenate((cells, lines))
    after = np.concatenate((cells + len(dialect.delimiter), lines + len(terminator)))
    is_end = np.concatenate((np.zeros(len(cells), bool), np.ones(len(lines), bool)))
    order = np.argsort(ends, kind="stable")
    ends, after, is_end = ends[order], after[order], is_end[order]
    if not dialect.terminator:
        ends = ends - (is_end & (marks[np.maximum(ends - 1, 0)] == _RETURN) & (ends > 0))
    overlaps = np.flatnonzero(ends[1:] < after[:-1])
    if len(overlaps):
        raise Fault(int(ends[overlaps[0]]), "delimiters overlap")
    return ends, after, is_end


def _places(marks: npt.NDArray[np.uint8], token: bytes) -> npt.NDArray[np.int64]:
    found = np.flatnonzero(marks == token[0])
    for offset, letter in enumerate(token[1:], 1):
        found = found[found + offset < len(marks)]
        found = found[marks[found + offset] == letter]
    return found


def _require_columns(starts: Positions, is_end: npt.NDArray[np.bool_], columns: int) -> None:
    last = np.flatnonzero(is_end)
    counts = np.diff(last, prepend=-1)
    if (counts != columns).any():
        row = int(np.argmax(counts != columns))
        first = int(last[row]) - int(counts[row]) + 1
        raise Fault(int(starts[first]), f"the row has {int(counts[row])} values instead of {columns}")


def _require_quotes(quotes: npt.NDArray[np.int64], starts: Positions, ends: Positions, size: int) -> None:
    """Quotes stand at both ends of a cell or, doubled, within one that has them there."""
    edge = np.zeros(size + 2, bool)
    opening, closing = quotes[::2], quotes[1::2]
    doubled = opening[1:] == closing[: len(opening) - 1] + 1
    edge[starts] = True
    wrong = ~edge[opening]
    wrong[1:] &= ~doubled
    if wrong.any():
        raise Fault(int(opening[np.argmax(wrong)]), "a quote stands where none may")
    edge[:] = False
    edge[ends] = True
    wrong = ~edge[closing + 1]
    wrong[: len(doubled)] &= ~doubled
    if wrong.any():
        raise Fault(int(closing[np.argmax(wrong)]), "a quote stands where none may")


def _require_line_ends(marks: npt.NDArray[np.uint8], quotes: npt.NDArray[np.int64]) -> None:
    returns = np.flatnonzero(marks == _RETURN)
    if not len(returns):
        return
    alone = (returns + 1 == len(marks)) | (marks[np.minimum(returns + 1, len(marks) - 1)] != _LINE_END)
    alone &= np.searchsorted(quotes, returns) % 2 == 0
    if alone.any():
        raise Fault(int(returns[np.argmax(alone)]), "a carriage return stands outside quotes without a line feed")
