"""Rows as SELECT … INTO OUTFILE writes them by default: blocks of whole lines into columns and back.

A tab ends a cell and a line feed a row; a backslash escapes both, itself, and what other control characters are
written as; a cell that is \\N is NULL. Bytes of binary columns stand as they are. Only wanted cells are cut out; a cell
whose value comes back unchanged keeps its bytes.

Source: MySQL manual, "LOAD DATA", "Field and Line Handling".

>>> rows = Rows(b"1\\tAnn\\\\\\tLee\\n2\\t\\\\N\\n", *_cells(b"1\\tAnn\\\\\\tLee\\n2\\t\\\\N\\n"))
>>> reading = Reading(TableName("", "t"), ("id", "name"), (Kind.TEXT, Kind.TEXT), {})
>>> batch, frame = read(rows, reading, ["name"])
>>> batch["name"].to_pylist()
['Ann\\tLee', None]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.errors import InternalError, SourceError
from anonymizer.model.schema import TableName
from anonymizer.stores._bytes import from_hex, to_hex
from anonymizer.stores._encoding import EncodingFault, encode
from anonymizer.stores._mysql.literals import Kind, numbers_of_bits, text, unescaped
from anonymizer.stores._sql.index import escaped_places
from anonymizer.stores._sql.spans import batch_of, changed, cut, splice

BLOCK_BYTES = 2 << 20
ROW_BYTES_MAX = 256 << 20
_TAB, _LINE_END = b"\t\n"
_NULL = b"\\N"
_ESCAPES = ((b"\\", b"\\\\"), (b"\0", b"\\0"), (b"\t", b"\\\t"), (b"\n", b"\\\n"))


class Rows(NamedTuple):
    """Some consecutive rows of a file."""

    data: bytes
    starts: np.ndarray
    """int32, rows x columns."""
    ends: np.ndarray


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows of a file are read."""

    table: TableName
    columns: tuple[str, ...]
    """Of each row, in order."""
    kinds: tuple[Kind, ...]
    codecs: Mapping[str, str]
    """Python codecs of the columns that are not UTF-8: every column is written in its own character set."""
    computed: tuple[str, ...] = ()
    """Columns that the database computes; it ignores what the file says of them."""


@dataclass(frozen=True, slots=True)
class TabFrame:
    """Some rows around the values that were cut out of them."""

    rows: Rows
    places: tuple[int, ...]
    """For each column of the batch, which cell of a row it is."""
    batch: pa.RecordBatch
    reading: Reading
    computed: tuple[int, ...] = field(default=())
    """The cells of computed columns, to be emptied in rows that change."""


def blocks(stream: BinaryIO, name: str) -> Iterator[Rows]:
    """All rows, in blocks. Raises SourceError for rows with another number of cells, and for a file that is cut off."""
    with closing(stream):
        data, done, columns, more = b"", 0, 0, True
        while more:
            block = stream.read(max(BLOCK_BYTES, len(data)))
            more, data = bool(block), data + block
            whole = _whole(data)
            if whole:
                starts, ends = _cells(data[:whole], columns, f"{name} line", done + 1)
                columns = starts.shape[1]
                yield Rows(data[:whole], starts, ends)
                done, data = done + len(starts), data[whole:]
            if len(data) > ROW_BYTES_MAX:
                raise SourceError(f"{name} line {done + 1}: the row is longer than {ROW_BYTES_MAX >> 20} MB")
        if data:
            raise SourceError(f"{name} line {done + 1}: the last row is cut off; dump again")


def _whole(data: bytes) -> int:
    """How many bytes of the data are whole rows."""
    end = len(data)
    while end := data.rfind(b"\n", 0, end) + 1:
        before = data[: end - 1][-(1 << 16) :]
        slashes = len(before) - len(before.rstrip(b"\\"))
        if slashes % 2 == 0:
            return end
        end -= 1
    return 0


def _cells(data: bytes, columns: int = 0, where: str = "", first: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends (int32, rows x columns) of all cells of whole rows: so many each, or as many as the first."""
    array = np.frombuffer(data, np.uint8)
    marks = np.flatnonzero((array - np.uint8(_TAB)) < 2)
    escaped = escaped_places(array)
    if len(escaped):
        is_escaped = np.zeros(len(array) + 1, bool)
        is_escaped[escaped] = True
        marks = marks[~is_escaped[marks]]
    is_end = array[marks] == _LINE_END
    per_row = np.diff(np.flatnonzero(is_end), prepend=-1)
    columns = columns or int(per_row[0])
    if (per_row != columns).any():
        row = first + int(np.argmax(per_row != columns))
        raise SourceError(f"{where} {row}: the row has not as many cells as those before; dump again, --tab only")
    bounds = np.concatenate(([0], marks + 1)).astype(np.int32)
    return bounds[:-1].reshape(-1, columns), bounds[1:].reshape(-1, columns) - 1


def latin1_columns(rows: Rows, reading: Reading) -> set[str]:
    """The columns of text whose values here are no UTF-8."""
    found = set()
    block = pa.py_buffer(rows.data)
    for place, (name, kind) in enumerate(zip(reading.columns, reading.kinds, strict=True)):
        if kind is Kind.TEXT:
            try:
                _values(block, rows, place, kind, "utf-8")
            except EncodingFault:
                found.add(name)
    return found


def read(rows: Rows, reading: Reading, wanted: Sequence[str]) -> tuple[pa.RecordBatch, TabFrame]:
    """Cut the wanted columns out: Arrow `string`, bytes as `\\x` and digits. Raises EncodingFault."""
    block = pa.py_buffer(rows.data)
    places = tuple(reading.columns.index(name) for name in wanted)
    values = [
        _values(block, rows, place, reading.kinds[place], reading.codecs.get(name, "utf-8"))
        for name, place in zip(wanted, places, strict=True)
    ]
    batch = batch_of(values, wanted, len(rows.starts))
    computed = tuple(reading.columns.index(name) for name in reading.computed if name not in wanted)
    return batch, TabFrame(rows, places, batch, reading, computed)


def _values(block: pa.Buffer, rows: Rows, place: int, kind: Kind, codec: str) -> pa.Array:
    starts, ends = np.ascontiguousarray(rows.starts[:, place]), np.ascontiguousarray(rows.ends[:, place])
    raw = cut(block, starts, ends)
    is_null = pc.equal(raw, _NULL)
    plain = unescaped(pc.if_else(is_null, pa.scalar(b"", pa.binary()), raw), True, None)
    if kind is Kind.BINARY:
        values = to_hex(plain)
    else:
        values = numbers_of_bits(plain) if kind is Kind.BITS else text(plain, codec)
    return pc.if_else(is_null, pa.scalar(None, pa.string()), values) if is_null.true_count else values


def write(frame: TabFrame, batch: pa.RecordBatch) -> pa.Buffer:
    """The rows with the batch's values in them; empty if it has no rows left.

    Raises TargetError for a value that the column's character set cannot express.
    """
    rows, reading = frame.rows, frame.reading
    if not batch.num_rows:
        return pa.py_buffer(b"")
    if batch.num_rows != frame.batch.num_rows:
        raise InternalError(f"{reading.table}: the rows that come back are not those that were read; do not use it")
    replacements = {}
    touched = np.zeros(batch.num_rows, bool)
    for name, place, old, new in zip(batch.schema.names, frame.places, frame.batch.columns, batch.columns, strict=True):
        differs = changed(old, new)
        if differs.any():
            touched |= differs
            raw = _written(new, reading.kinds[place], reading.codecs.get(name, "utf-8"), f"{reading.table}.{name}")
            replacements[place] = (place, raw, differs)
    if touched.any():
        nothing = pa.array([_NULL] * batch.num_rows, pa.binary())
        replacements |= {place: (place, nothing, touched) for place in frame.computed}
    return splice(pa.py_buffer(rows.data), rows.starts, rows.ends, [replacements[n] for n in sorted(replacements)])


def _written(values: pa.Array, kind: Kind, codec: str, where: str) -> pa.Array:
    """string -> binary: each value as a cell."""
    if kind is Kind.BINARY:
        is_blob = pc.fill_null(pc.match_substring_regex(values, r"^\\x([0-9a-f]{2})*$"), False)
        blob = from_hex(pc.if_else(is_blob, values, pa.scalar("\\x", pa.string())))
        raw = pc.if_else(is_blob, blob, encode(values, codec, where))
    elif kind is Kind.BITS:
        raw = pa.array([_bits(value) for value in values.to_pylist()], pa.binary())
    else:
        raw = encode(values, codec, where)
    for plain, escape in _ESCAPES:
        raw = pc.replace_substring(raw, plain, escape)
    return raw.fill_null(_NULL)


def _bits(value: str | None) -> bytes | None:
    if value is None:
        return None
    number = int(value)
    return number.to_bytes((number.bit_length() + 7) // 8 or 1, "big")
