"""The cells of the files that BULK INSERT reads: into columns and back.

Every row has a cell for each column of its table, in order; those of computed columns are ignored by the server, and
are emptied here. An empty cell is NULL, one that is a NUL character is an empty string (as bcp writes it), binary
values are hexadecimal digits. Only wanted cells are cut out; a cell whose value comes back unchanged keeps its bytes.

Source: Microsoft's "Use character format to import or export data", "BULK INSERT (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.errors import InternalError, SourceError, TargetError
from anonymizer.model.schema import Table, TypeFamily
from anonymizer.stores._encoding import EncodingFault, decode, encode
from anonymizer.stores._sql.spans import batch_of, changed, cut, splice
from anonymizer.stores._tsql.bulk import BulkInsert

BLOCK_BYTES = 2 << 20
ROW_BYTES_MAX = 256 << 20
_HEX = r"^([0-9A-Fa-f]{2})*$"
_BINARY = (TypeFamily.BINARY, TypeFamily.GEOMETRY, TypeFamily.OTHER)
"""Families whose values are printed as hexadecimal digits, if they are."""
_MARKS = (b"\xef\xbb\xbf",)


class Rows(NamedTuple):
    """Some consecutive rows of a file."""

    data: bytes
    starts: np.ndarray
    """int32, rows x columns."""
    ends: np.ndarray
    added: int
    """How many bytes of the last row's end the file does not have."""


@dataclass(frozen=True, slots=True)
class BulkFrame:
    """Some rows around the values that were cut out of them."""

    block: pa.Buffer
    starts: np.ndarray
    ends: np.ndarray
    spans: tuple[int | None, ...]
    """For each column of the batch, which of these spans is its own; spans of no column are to be emptied."""
    batch: pa.RecordBatch
    binary: tuple[bool, ...]
    statement: BulkInsert
    table: str
    added: int


def blocks(stream: BinaryIO, statement: BulkInsert, columns: int, name: str) -> Iterator[bytes | Rows]:
    """What goes before the rows, then the rows in blocks. Raises SourceError where they do not have so many cells."""
    with closing(stream):
        data = stream.read(BLOCK_BYTES)
        form = statement
        if statement.loose and statement.row[:-1] + b"\r\n" in data:
            form = replace(statement, row=statement.row[:-1] + b"\r\n")
        head = next((len(mark) for mark in _MARKS if data.startswith(mark)), 0)
        for _ in range(form.first_row - 1):
            head = data.find(form.row, head) + len(form.row)
            if head < len(form.row):
                raise SourceError(f"{name} has fewer rows than FIRSTROW says, or longer ones than can be read")
        if head:
            yield data[:head]
        data, done, more = data[head:], 0, True
        while data or more:
            rows = _rows(data, form, columns, f"{name}: row {done + 1} or a later one") if data else None
            if rows is not None and len(rows.starts) and (len(data) >= BLOCK_BYTES or not more):
                done += len(rows.starts)
                yield rows
                data = data[len(rows.data) :]
            elif not more:
                rows = _rows(data + form.row, form, columns, f"{name}: row {done + 1}")
                if len(rows.data) != len(data) + len(form.row):
                    raise _wrong(f"{name}: row {done + 1}", columns)
                yield rows._replace(added=len(form.row))
                return
            elif len(data) > ROW_BYTES_MAX:
                raise SourceError(f"{name}: a row is longer than {ROW_BYTES_MAX >> 20} MB; check ROWTERMINATOR")
            else:
                block = stream.read(max(BLOCK_BYTES, len(data)))
                more, data = bool(block), data + block


def _rows(data: bytes, form: BulkInsert, columns: int, where: str) -> Rows:
    """The whole rows that the data begin with, read as the server does.

    Each cell but the last goes to the next end of a cell, ends of rows in it included; the last goes to the next end of
    a row, and may not hold an end of a cell.
    """
    text = np.frombuffer(data, np.uint8)
    row_marks = _places(text, form.row)
    inner = np.empty((len(row_marks), 0), np.int64)
    ends = row_marks
    if columns > 1:
        fields = _places(text, form.field)
        if form.field in form.row:
            own = np.searchsorted(row_marks, fields, "right") - 1
            fields = fields[(own < 0) | (fields >= row_marks[own] + len(form.row))]
        inner = fields[: len(fields) // (columns - 1) * (columns - 1)].reshape(-1, columns - 1)
        places = np.searchsorted(row_marks, inner[:, -1] + len(form.field))
        inner = inner[places < len(row_marks)]
        ends = row_marks[places[: len(inner)]]
        following = fields[columns - 1 :: columns - 1][: len(ends)]
        if (following < ends[: len(following)] + len(form.row)).any():
            raise _wrong(where, columns)
    starts = np.column_stack([np.append(0, ends[:-1] + len(form.row))[: len(ends)], inner + len(form.field)])
    whole = int(ends[-1]) + len(form.row) if len(ends) else 0
    return Rows(data[:whole], starts.astype(np.int32), np.column_stack([inner, ends]).astype(np.int32), 0)


def _wrong(where: str, columns: int) -> SourceError:
    return SourceError(f"{where} does not have the {columns} cells of its table, or the file is cut off; make it again")


def _places(text: np.ndarray, mark: bytes) -> np.ndarray:
    """Where a mark begins; it does not overlap itself."""
    found = np.flatnonzero(text[: len(text) - len(mark) + 1] == mark[0])
    for offset, byte in enumerate(mark[1:], 1):
        found = found[text[found + offset] == byte]
    return found


def read(rows: Rows, statement: BulkInsert, table: Table, wanted: Sequence[str]) -> tuple[pa.RecordBatch, BulkFrame]:
    """Cut the wanted columns out: Arrow `string`, null for an empty cell. Raises SourceError for a wrong code page."""
    places = [n for n, each in enumerate(table.columns) if each.name in wanted or each.generated]
    names = [table.columns[place].name for place in places]
    spans = tuple(names.index(name) for name in wanted)
    binary = tuple(table.column(name).family in _BINARY for name in wanted)
    block = pa.py_buffer(rows.data)
    starts = np.ascontiguousarray(rows.starts[:, places])
    ends = np.ascontiguousarray(rows.ends[:, places])
    values = []
    for span, hexadecimal in zip(spans, binary, strict=True):
        raw = cut(block, starts[:, span], ends[:, span])
        raw = pc.if_else(pc.equal(raw, b""), pa.scalar(None, pa.binary()), raw)
        raw = pc.if_else(pc.equal(raw, b"\0"), pa.scalar(b"", pa.binary()), raw)
        try:
            text = decode(raw, statement.codec)
        except EncodingFault:
            raise SourceError(f"{table.name}: the cells of {statement.file} are not what CODEPAGE says") from None
        if hexadecimal:
            printed = pc.binary_join_element_wise("\\x", pc.ascii_lower(text), "")
            text = pc.if_else(pc.match_substring_regex(text, _HEX), printed, text)
        values.append(text)
    batch = batch_of(values, wanted, len(starts))
    return batch, BulkFrame(block, starts, ends, spans, batch, binary, statement, str(table.name), rows.added)


def write(frame: BulkFrame, batch: pa.RecordBatch) -> pa.Buffer:
    """The rows with the batch's values in them, and nothing in computed columns; empty if it has no rows left.

    Raises TargetError for a value that the file cannot hold.
    """
    if not batch.num_rows:
        return pa.py_buffer(b"")
    if batch.num_rows != frame.batch.num_rows:
        raise InternalError(f"{frame.table}: the rows that come back are not those that were read; do not use it")
    nothing = np.asarray([b""] * batch.num_rows)
    replacements = {
        span: (span, pa.array(nothing, pa.binary()), np.ones(batch.num_rows, bool))
        for span in set(range(frame.starts.shape[1])).difference(frame.spans)
    }
    pairs = zip(batch.schema.names, frame.spans, frame.batch.columns, batch.columns, frame.binary, strict=True)
    for name, span, old, new, hexadecimal in pairs:
        differs = changed(old, new)
        if span is not None and differs.any():
            written = _written(new, frame, hexadecimal, f"{frame.table}.{name}")
            replacements[span] = (span, written, differs)
    made = splice(frame.block, frame.starts, frame.ends, [replacements[span] for span in sorted(replacements)])
    return made.slice(0, made.size - frame.added)


def _written(values: pa.Array, frame: BulkFrame, hexadecimal: bool, where: str) -> pa.Array:
    """string -> binary: each value as a cell."""
    if hexadecimal:
        values = pc.replace_substring_regex(values, r"^\\x", "")
    raw = encode(values, frame.statement.codec, where)
    for mark in (frame.statement.field, frame.statement.row):
        if pc.any(pc.match_substring(raw, mark)).as_py():
            raise TargetError(f"{where}: a pseudonym holds what ends a cell; use another FIELDTERMINATOR")
    return pc.if_else(pc.equal(raw, b""), pa.scalar(b"\0", pa.binary()), raw).fill_null(b"")
