"""INSERT and REPLACE statements of MySQL: a run of them into columns and back.

Only the wanted cells are cut out of the text; all other bytes travel as they stand, and so does every cell whose value
comes back unchanged. Runs of plain constants are read by an index over the whole block, all others cell by cell. What
the database computes itself is left to it (DEFAULT) in a row that changes: MariaDB dumps such values as well.

>>> text = b"INSERT INTO `t` VALUES (1,'it\\\\'s'),(2,NULL);"
>>> batch, frame = read(text, Reading(Table(TableName("", "t"), ()), ("a", "b"), "utf-8", MYSQL), ["b"])
>>> batch.to_pydict()
{'b': ["it's", None]}
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
from anonymizer.model.schema import Table, TableName
from anonymizer.stores._encoding import EncodingFault
from anonymizer.stores._mysql.literals import Kind, bare_values, kind_of, quoted_values, written
from anonymizer.stores._mysql.scan import Scanner, value
from anonymizer.stores._mysql.session import MYSQL, Session
from anonymizer.stores._mysql.text import INSERT_HEAD
from anonymizer.stores._sql.index import DOUBLE, SINGLE, rows, skip_space, skip_space_back
from anonymizer.stores._sql.spans import batch_of, changed, cut, splice

__all__ = ["MYSQL", "MysqlFrame", "Reading", "TableName", "read", "target", "write"]

_NAME = re.compile(r'"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|([\w$\x80-\U0010ffff]+)')
_UNDERSCORE, _ZERO = b"_0"
_BINARY = b"_binary "


@dataclass(frozen=True, slots=True)
class Reading:
    """How a run is read: whose rows they are, what each cell is called, and the rules in force."""

    table: Table
    columns: tuple[str, ...]
    """Of each row, in order."""
    encoding: str
    session: Session
    line: int = 1
    lenient: bool = False
    """For looking only: expressions are null."""

    def kind(self, column: str) -> Kind:
        """How the values of a column look."""
        return kind_of(next((known for known in self.table.columns if known.name == column), None))


@dataclass(frozen=True, slots=True)
class MysqlFrame:
    """A run of INSERT statements around the values that were cut out of it."""

    block: pa.Buffer
    starts: np.ndarray
    """int32, rows x spans in the order of the text; a cell's span holds its quotes and prefix."""
    ends: np.ndarray
    spans: tuple[int | None, ...]
    """For each column of the batch, which of these spans is its own; None for one that the rows do not have."""
    generated: tuple[int, ...]
    """Spans of values that the database computes."""
    batch: pa.RecordBatch
    reading: Reading


def target(text: bytes | memoryview, encoding: str = "utf-8") -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    """The table's dotted name and the listed columns (None: all of them) of INSERT … VALUES. Raises ValueError.

    >>> target(b"INSERT INTO `shop`.`odd``name` (`a`, b) VALUES (1, 2);")
    (('shop', 'odd`name'), ('a', 'b'))
    """
    head = INSERT_HEAD.match(text)
    if head is None:
        raise ValueError("not an INSERT … VALUES statement")
    columns = head["columns"]
    return _names(head["table"], encoding), None if columns is None else _names(columns[1:-1], encoding)


def _names(text: bytes, encoding: str) -> tuple[str, ...]:
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        decoded = text.decode("cp1252" if encoding == "utf-8" else encoding, "replace")
    names = []
    for double, back, bare in _NAME.findall(decoded):
        names.append(bare or back.replace("``", "`") or double.replace('""', '"'))
    return tuple(names)


def read(block: Any, reading: Reading, wanted: Sequence[str]) -> tuple[pa.RecordBatch, MysqlFrame]:
    """Cut the wanted columns out of a run of INSERT statements that begin alike (bytes-like).

    The batch has the wanted columns in the wanted order, as Arrow `string`; one that the statements leave to its
    default is null. Raises SourceError for a wanted cell that is no constant, a row with another number of cells, and
    bytes that are not valid in the encoding.
    """
    data = pa.py_buffer(block)
    head = INSERT_HEAD.match(block)
    if head is None:
        raise InternalError(f"{reading.table.name}: the statement is not an INSERT with VALUES")
    computed = {column.name for column in reading.table.columns if column.generated}
    cut_out = [name for name in reading.columns if name in wanted or name in computed]
    places = [reading.columns.index(name) for name in cut_out]
    try:
        found = _read_indexed(data, head[0], reading, places, wanted)
        if found is None:
            found = _read_exactly(data, reading, places, wanted)
    except EncodingFault:
        raise SourceError(
            f"{reading.table.name}, line {reading.line} or later: a value is not valid {reading.encoding}: dump again,"
            " or correct the character set that the dump states"
        ) from None
    starts, ends, values = found
    spans = tuple(cut_out.index(name) if name in cut_out else None for name in wanted)
    batch = batch_of([None if span is None else values[span] for span in spans], wanted, len(starts))
    generated = tuple(span for span, name in enumerate(cut_out) if name in computed and name not in wanted)
    return batch, MysqlFrame(data, starts, ends, spans, generated, batch, reading)


def write(frame: MysqlFrame, batch: pa.RecordBatch) -> pa.Buffer:
    """The run with the batch's values in it (bytes-like); empty if the batch has no rows left.

    Raises TargetError for a value that the encoding cannot express.
    """
    if not batch.num_rows:
        return pa.py_buffer(b"")
    reading = frame.reading
    if batch.num_rows != frame.batch.num_rows:
        raise InternalError(f"{reading.table.name}: the rows that come back are not those that were read")
    replacements = []
    touched = np.zeros(batch.num_rows, bool)
    for name, span, old, new in zip(batch.schema.names, frame.spans, frame.batch.columns, batch.columns, strict=True):
        differs = changed(old, new)
        if span is None or not differs.any():
            continue
        touched |= differs
        first = np.frombuffer(frame.block, np.uint8)[frame.starts[:, span]]
        first = np.where(old.is_null(), 0, first)  # the letters of NULL are no mark
        only_new = pc.if_else(pa.array(differs), new, pa.scalar(None, pa.string()))
        constants = written(
            only_new, first, reading.kind(name), reading.encoding, reading.session.backslashes,
            f"{reading.table.name}.{name}",
        )  # fmt: skip
        replacements.append((span, constants, differs))
    if touched.any():
        default = pa.array([b"DEFAULT"] * len(touched), pa.binary())
        replacements += [(span, default, touched) for span in frame.generated]
    return splice(frame.block, frame.starts, frame.ends, replacements)


# --- reading ----------------------------------------------------------------------------------------------------

_Found = tuple[np.ndarray, np.ndarray, list[pa.Array]]


def _read_indexed(
    block: pa.Buffer, head: bytes, reading: Reading, places: Sequence[int], wanted: Sequence[str]
) -> _Found | None:
    """Starts, ends and values of the wanted cells; None when some are not plain constants."""
    quote, marks = SINGLE, rows(block, head, len(reading.columns), reading.session)
    if marks is None and reading.session.double_strings:
        quote, marks = DOUBLE, rows(block, head, len(reading.columns), reading.session, DOUBLE)
    if marks is None:
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
        name = reading.columns[place]
        if name in wanted:
            column = _indexed_column(block, data, starts[:, span], ends[:, span], reading.kind(name), reading, quote)
        else:
            column = pa.nulls(len(marks), pa.string())
        if column is None:
            return None
        values.append(column)
    return starts, ends, values


def _indexed_column(
    block: pa.Buffer, data: np.ndarray, starts: np.ndarray, ends: np.ndarray, kind: Kind, reading: Reading, quote: int
) -> pa.Array | None:
    opens = _behind_prefix(data, starts, ends, quote)
    if opens is None:
        return None
    quoted = data[opens] == quote
    if (quoted & ((data[ends - 1] != quote) | (ends - opens < 2))).any():
        return None
    raw = cut(block, opens + quoted, ends - quoted)
    if quoted.all():
        return quoted_values(raw, kind, reading.encoding, reading.session.backslashes, quote)
    if not quoted.any():
        return bare_values(raw, kind)
    strings = quoted_values(raw.filter(pa.array(quoted)), kind, reading.encoding, reading.session.backslashes, quote)
    words = bare_values(raw.filter(pa.array(~quoted)), kind)
    if strings is None or words is None:
        return None
    order = np.empty(len(quoted), np.int64)
    order[quoted] = np.arange(len(strings))
    order[~quoted] = len(strings) + np.arange(len(words))
    return pa.concat_arrays([strings, words]).take(pa.array(order))


def _behind_prefix(data: np.ndarray, starts: np.ndarray, ends: np.ndarray, quote: int) -> np.ndarray | None:
    """Where the constants begin behind `_binary ` or N; None for another prefix."""
    first = data[starts]
    opens = starts.copy()
    prefixed = np.flatnonzero(first == _UNDERSCORE)
    if len(prefixed):
        if (ends[prefixed] - starts[prefixed] < len(_BINARY) + 2).any():
            return None
        for offset, letter in enumerate(_BINARY):
            if (data[starts[prefixed] + offset] != letter).any():
                return None
        opens[prefixed] += len(_BINARY)
        if not np.isin(data[opens[prefixed]], (quote, _ZERO)).all():
            return None
    national = np.flatnonzero((first == ord("N")) | (first == ord("n")))
    opens[national] += data[starts[national] + 1] == quote
    return opens


def _read_exactly(block: pa.Buffer, reading: Reading, places: Sequence[int], wanted: Sequence[str]) -> _Found:
    scanner = Scanner(block.to_pybytes(), reading.session, str(reading.table.name), reading.line)
    found = scanner.rows(len(reading.columns))
    starts = np.empty((len(found), len(places)), np.int32)
    ends = np.empty_like(starts)
    values = []
    for span, place in enumerate(places):
        name = reading.columns[place]
        cells = [row[place] for row in found]
        starts[:, span] = [cell.start for cell in cells]
        ends[:, span] = [cell.end for cell in cells]
        kind, texts = reading.kind(name), []
        for cell in cells if name in wanted else ():
            plain, text = value(cell, kind, reading.encoding, reading.session.backslashes)
            if not (plain or reading.lenient):
                raise SourceError(
                    f"{reading.table.name}.{name}, line {scanner.line_of(cell.start)}: the value is an expression, not"
                    " a constant: make the dump with mysqldump or mariadb-dump"
                )
            texts.append(text)
        values.append(pa.array(texts, pa.string()) if name in wanted else pa.nulls(len(cells), pa.string()))
    return starts, ends, values
