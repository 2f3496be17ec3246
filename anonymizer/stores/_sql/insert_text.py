"""INSERT statements: a run of them into columns and back.

Only the wanted cells are cut out of the text; all other bytes travel as they stand, and so does every cell whose value
comes back unchanged. Runs in which nothing but plain strings, numbers and NULL occurs are read by an index over the
whole block; all others cell by cell. Sources: PostgreSQL manual, "Constants" and INSERT; SQLite manual, "Literal
Values".

>>> text = b"INSERT INTO t VALUES (1, 'it''s', NULL);"
>>> batch, frame = read(text, ["a", "b", "c"], ["b", "c"])
>>> batch.to_pydict()
{'b': ["it's"], 'c': [None]}
>>> write(frame, batch).to_pybytes() == text
True
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.errors import InternalError, SourceError
from anonymizer.stores._encoding import EncodingFault, decode, encode
from anonymizer.stores._sql.index import POSTGRES, Dialect, rows, skip_space, skip_space_back
from anonymizer.stores._sql.insert_scan import Cell, scan, width
from anonymizer.stores._sql.spans import batch_of, changed, cut, splice
from anonymizer.stores._sql.text import INSERT_HEAD

_NAME = re.compile(r'"((?:[^"]|"")*)"|`([^`]*)`|\[([^\]]*)\]|([^\s.,()"`\[]+)')
_NUMBER = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
_BLOB = r"^\\x([0-9a-f]{2})*$"
_QUOTE = ord("'")


@dataclass(frozen=True, slots=True)
class InsertFrame:
    """A run of INSERT statements around the values that were cut out of it."""

    block: pa.Buffer
    starts: np.ndarray
    """int32, rows x wanted columns in the order of the text; a cell's span holds its quotes."""
    ends: np.ndarray
    spans: tuple[int | None, ...]
    """For each column of the batch, which of these spans is its own; None for one that the rows do not have."""
    batch: pa.RecordBatch
    encoding: str
    dialect: Dialect
    table: str


def target(text: bytes | memoryview, dialect: Dialect = POSTGRES) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    """The table's dotted name and the listed columns (None: all of them) of INSERT … VALUES.

    PostgreSQL's bare names are folded to lower case. Raises ValueError if it is no such statement.

    >>> target(b'INSERT INTO crm."Odd.Name" (Id, "B") VALUES (1, 2);')
    (('crm', 'Odd.Name'), ('id', 'B'))
    """
    head = INSERT_HEAD.match(text)
    if head is None:
        raise ValueError("not an INSERT … VALUES statement")
    columns = head["columns"]
    return _names(head["table"], dialect), None if columns is None else _names(columns[1:-1], dialect)


def _names(text: bytes, dialect: Dialect) -> tuple[str, ...]:
    names = []
    for match in _NAME.finditer(text.decode("utf-8", "surrogateescape")):
        double, back, bracket, bare = match.groups()
        if bare is not None:
            names.append(bare.lower() if dialect.postgres else bare)
        else:
            names.append(double.replace('""', '"') if double is not None else bracket if back is None else back)
    return tuple(names)


def read(
    block: Any,
    columns: Sequence[str],
    wanted: Sequence[str],
    encoding: str = "utf-8",
    dialect: Dialect = POSTGRES,
    table: str = "",
    line: int = 1,
    lenient: bool = False,
) -> tuple[pa.RecordBatch, InsertFrame]:
    """Cut the wanted columns out of a run of INSERT statements that begin alike (bytes-like, in `encoding`).

    `columns` are those of each row, in order (of the table, if none are listed); the batch has the wanted ones, in the
    wanted order, as Arrow `string`: a wanted column that the statements leave to its default is null. `table` and
    `line` (of the first byte) serve messages. `lenient` is for looking only: expressions are null then. Raises
    SourceError for a wanted cell that is no plain constant, a row with another number of cells, and bytes that are not
    valid in the encoding.
    """
    head = INSERT_HEAD.match(block)
    if head is None:
        raise InternalError(f"{table}: the statement is not an INSERT with VALUES")
    data = pa.py_buffer(block)
    if head["columns"] is None:  # rows may leave out the last columns
        columns = columns[: width(memoryview(data), head.end(), dialect) or len(columns)]
    in_text = sorted(set(wanted).intersection(columns), key=columns.index)
    spans = tuple(in_text.index(name) if name in in_text else None for name in wanted)
    places = [columns.index(name) for name in in_text]
    try:
        found = _read_indexed(data, head[0], len(columns), places, encoding, dialect)
        if found is None:
            found = _read_exactly(data, len(columns), in_text, places, encoding, dialect, table, line, lenient)
    except EncodingFault:
        raise SourceError(
            f"{table}, line {line} or later: a value is not valid {encoding}: dump again, or correct the encoding that"
            " the dump states"
        ) from None
    starts, ends, values = found
    batch = batch_of([None if span is None else values[span] for span in spans], wanted, len(starts))
    return batch, InsertFrame(data, starts, ends, spans, batch, encoding, dialect, table)


def write(frame: InsertFrame, batch: pa.RecordBatch) -> pa.Buffer:
    """The run with the batch's values in it (bytes-like); empty if the batch has no rows left.

    Raises TargetError for a value that the encoding cannot express.
    """
    if not batch.num_rows:
        return pa.py_buffer(b"")
    if batch.num_rows != frame.batch.num_rows:
        raise InternalError(f"{frame.table}: the rows that come back are not those that were read; do not use it")
    replacements = []
    for name, span, old, new in zip(batch.schema.names, frame.spans, frame.batch.columns, batch.columns, strict=True):
        differs = changed(old, new)
        if span is not None and differs.any():
            first = np.frombuffer(frame.block, np.uint8)[frame.starts[:, span]]
            first = np.where(old.is_null(), 0, first)  # the N of NULL is no mark
            written = _literals(new, first, frame, f"{frame.table}.{name}")
            replacements.append((span, written, differs))
    return splice(frame.block, frame.starts, frame.ends, replacements)


# --- reading ----------------------------------------------------------------------------------------------------

_Found = tuple[np.ndarray, np.ndarray, list[pa.Array]]


def _read_indexed(
    block: pa.Buffer, head: bytes, columns: int, places: Sequence[int], encoding: str, dialect: Dialect
) -> _Found | None:
    """Starts, ends and values of the wanted cells; None when some are no plain strings, numbers or NULL."""
    marks = rows(block, head, columns, dialect)
    if marks is None or (dialect.backslashes and _holds(block, b"\\")):
        return None
    data = np.frombuffer(block, np.uint8)
    starts = np.empty((len(marks), len(places)), np.int32)
    ends = np.empty_like(starts)
    values = []
    for span, place in enumerate(places):
        starts[:, span] = skip_space(data, marks[:, place] + 1)
        ends[:, span] = skip_space_back(data, marks[:, place + 1])
        if (starts[:, span] >= ends[:, span]).any():
            return None
        column = _indexed_column(block, data, starts[:, span], ends[:, span], encoding, dialect)
        if column is None:
            return None
        values.append(column)
    return starts, ends, values


def _indexed_column(
    block: pa.Buffer, data: np.ndarray, starts: np.ndarray, ends: np.ndarray, encoding: str, dialect: Dialect
) -> pa.Array | None:
    quoted = data[starts] == _QUOTE
    if (quoted & ((data[ends - 1] != _QUOTE) | (ends - starts < 2))).any():
        return None
    raw = cut(block, starts + quoted, ends - quoted)
    if _holds(raw.buffers()[2], b"'"):
        # within a string every quote is doubled; if not, it is an expression of several strings
        if pc.any(pc.match_substring(pc.replace_substring(raw, b"''", b""), b"'")).as_py():
            return None
        raw = pc.replace_substring(raw, b"''", b"'")
    values = decode(raw, encoding)
    if quoted.all():
        return values
    quoted_ = pa.array(quoted)
    bare = values.filter(pc.invert(quoted_))
    distinct = pc.unique(bare.filter(pc.invert(pc.match_substring_regex(bare, _NUMBER)))).to_pylist()
    meanings = [_constant(word, dialect) for word in distinct]
    if any(meaning is None for meaning in meanings):
        return None
    for word, meaning in zip(distinct, meanings, strict=True):
        replaced = pa.scalar(meaning.value if meaning else None, pa.string())
        values = pc.if_else(pc.or_(quoted_, pc.fill_null(pc.not_equal(values, word), True)), values, replaced)
    return values


@dataclass(frozen=True, slots=True)
class _Constant:
    value: str | None


def _constant(word: str, dialect: Dialect) -> _Constant | None:
    """What NULL, DEFAULT and the truth values mean: as the database would print them; None for anything else."""
    return {
        "null": _Constant(None),
        "default": _Constant(None) if dialect.postgres else None,
        "true": _Constant("t" if dialect.postgres else "1"),
        "false": _Constant("f" if dialect.postgres else "0"),
    }.get(word.lower())


def _read_exactly(
    block: pa.Buffer,
    columns: int,
    names: Sequence[str],
    places: Sequence[int],
    encoding: str,
    dialect: Dialect,
    table: str,
    line: int,
    lenient: bool,
) -> _Found:
    text = block.to_pybytes()
    found = scan(text, columns, dialect, encoding, table, line)
    starts = np.empty((len(found), len(places)), np.int32)
    ends = np.empty_like(starts)
    values = []
    for span, (name, place) in enumerate(zip(names, places, strict=True)):
        cells: list[Cell] = [row[place] for row in found]
        for cell in cells:
            if not (cell.plain or lenient):
                at = line + text.count(b"\n", 0, cell.start)
                raise SourceError(
                    f"{table}.{name}, line {at}: the value is an expression, not a constant: make the dump with pg_dump"
                )
        starts[:, span] = [cell.start for cell in cells]
        ends[:, span] = [cell.end for cell in cells]
        values.append(decode(pa.array([cell.value for cell in cells], pa.binary()), encoding))
    return starts, ends, values


def _holds(buffer: pa.Buffer | None, character: bytes) -> bool:
    return buffer is not None and bool((np.frombuffer(buffer, np.uint8) == character[0]).any())


# --- writing ----------------------------------------------------------------------------------------------------


def _literals(values: pa.Array, first: np.ndarray, frame: InsertFrame, where: str) -> pa.Array:
    """string -> binary: each value as a constant, in the kind of its predecessor whose first byte is `first`."""
    raw = encode(values, frame.encoding, where)
    quoted = pc.replace_substring(raw, b"'", b"''") if _holds(raw.buffers()[2], b"'") else raw
    if frame.dialect.backslashes and _holds(quoted.buffers()[2], b"\\"):
        quoted = pc.replace_substring(quoted, b"\\", b"\\\\")
    mark = pa.scalar(b"'", pa.binary())
    written = pc.binary_join_element_wise(mark, quoted, mark, pa.scalar(b"", pa.binary()))
    if not frame.dialect.postgres:
        is_blob = np.isin(first, np.frombuffer(b"xX", np.uint8))
        if is_blob.any():
            is_blob &= pc.match_substring_regex(values.fill_null(""), _BLOB).to_numpy(zero_copy_only=False)
            digits = pc.replace_substring(raw, b"\\x", b"", max_replacements=1)
            blob = pc.binary_join_element_wise(pa.scalar(b"X'", pa.binary()), digits, mark, pa.scalar(b"", pa.binary()))
            written = pc.if_else(pa.array(is_blob), blob, written)
    is_national = np.isin(first, np.frombuffer(b"nN", np.uint8))
    if is_national.any():  # N'…'
        national = pc.binary_join_element_wise(pa.scalar(b"N", pa.binary()), written, pa.scalar(b"", pa.binary()))
        written = pc.if_else(pa.array(is_national), national, written)
    is_bare = np.isin(first, np.frombuffer(b"0123456789+-.", np.uint8))
    if is_bare.any():
        numbers = pc.and_(pa.array(is_bare), pc.fill_null(pc.match_substring_regex(values, _NUMBER), False))
        written = pc.if_else(numbers, raw, written)
    return written.fill_null(b"NULL")
