"""CSV text: a block of whole rows into columns and back.

An index of the bytes tells where every cell begins and ends. Only the wanted columns are cut out; all other bytes
travel as they stand (quotes, blank lines, comments, line ends), and so does every value that comes back unchanged. A
replaced cell keeps its quotes, and gets some where its new value needs them.

Strict where readers of CSV differ: a quote may stand at the ends of a cell or doubled (or escaped) within one, every
row has all columns, and a carriage return outside quotes belongs to a line end. Source: RFC 4180; MySQL's manual, LOAD
DATA, for backslash escapes.

>>> index = index_of(b'1,"Ann ""A"" Lee"\\n2,\\n', Dialect(), 2)
>>> batch, frame = read(index, ["id", "name"], ["name"], "people.csv", 1)
>>> batch["name"].to_pylist()
['Ann "A" Lee', None]
>>> write(frame, batch).to_pybytes()
b'1,"Ann ""A"" Lee"\\n2,\\n'
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.errors import InternalError, SourceError, TargetError
from anonymizer.stores._csv.index import ESCAPE, Dialect, Index, Positions, index_of
from anonymizer.stores._encoding import EncodingFault, decode, encode
from anonymizer.stores._sql.spans import batch_of, changed, cut, splice

__all__ = ["Dialect", "Frame", "Index", "index_of", "read", "write"]

_CONTROL = {b"0": b"\0", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"Z": b"\x1a"}
_LINE_BREAK = {b"\n": b"\\n", b"\r": b"\\r"}


class WrongEncoding(SourceError):
    """A value is not valid in the encoding: another one may be right."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A block of CSV text around the values that were cut out of it."""

    index: Index
    starts: Positions
    """int32, rows x wanted columns in the order of the line, quotes included."""
    ends: Positions
    spans: tuple[int, ...]
    """For each column of the batch, which of these spans is its own."""
    quoted: tuple[npt.NDArray[np.bool_], ...]
    """For each column of the batch, which of its cells stand in quotes."""
    batch: pa.RecordBatch
    file: str


def read(
    index: Index, columns: Sequence[str], wanted: Sequence[str], file: str, line: int
) -> tuple[pa.RecordBatch, Frame]:
    """Cut the wanted columns out of a block: Arrow `string`, null for a missing value that stands without quotes.

    `line` is the number of the block's first line, for messages. Raises WrongEncoding for bytes that the encoding does
    not have.
    """
    dialect, block = index.dialect, pa.py_buffer(index.block)
    in_line = sorted(set(wanted), key=columns.index)
    places = [columns.index(name) for name in in_line]
    starts = np.ascontiguousarray(index.starts[:, places])
    ends = np.ascontiguousarray(index.ends[:, places])
    spans = tuple(in_line.index(name) for name in wanted)
    values, flags = [], []
    for name, span in zip(wanted, spans, strict=True):
        quoted = index.quoted(starts[:, span], ends[:, span])
        try:
            values.append(_read_column(block, starts[:, span], ends[:, span], quoted, dialect))
        except EncodingFault as fault:
            at = line + index.line_of(int(starts[fault.row, span]))
            raise WrongEncoding(
                f"{file}, line {at}: a value of {name} is not valid {dialect.codec}; state the encoding in"
                " datapackage.json"
            ) from None
        flags.append(quoted)
    batch = batch_of(values, wanted, index.rows)
    return batch, Frame(index, starts, ends, spans, tuple(flags), batch, file)


def write(frame: Frame, batch: pa.RecordBatch) -> pa.Buffer:
    """The block with the batch's values in it (bytes-like); empty if the batch has no rows left.

    Raises TargetError for a value that the encoding or the dialect cannot express.
    """
    if not batch.num_rows:
        return pa.py_buffer(b"")
    if batch.num_rows != frame.batch.num_rows:
        raise InternalError(f"{frame.file}: the rows that come back are not those that were read; do not use it")
    replacements = []
    for place, (name, old, new) in enumerate(zip(batch.schema.names, frame.batch.columns, batch.columns, strict=True)):
        differs = changed(old, new)
        if differs.any():
            where = f"{name} in {frame.file}"
            few = new if differs.all() else pc.if_else(pa.array(differs), new, pa.scalar("x"))
            raw = encode(few, frame.index.dialect.codec, where)
            replacements.append((frame.spans[place], _written(raw, frame, place, differs, where), differs))
    return splice(pa.py_buffer(frame.index.block), frame.starts, frame.ends, replacements)


# --- reading ----------------------------------------------------------------------------------------------------


def _read_column(
    block: pa.Buffer, starts: Positions, ends: Positions, quoted: npt.NDArray[np.bool_], dialect: Dialect
) -> pa.Array:
    """The cells as they stand -> string."""
    any_quoted = bool(quoted.any())
    raw = cut(block, starts + quoted, ends - quoted) if any_quoted else cut(block, starts, ends)
    values = decode(_plain(raw, dialect, any_quoted), dialect.codec)
    if not dialect.missing:
        return values
    if dialect.missing == (b"",):
        missing = pa.array(starts == ends)
    else:
        missing = pc.is_in(raw, value_set=pa.array(dialect.missing, pa.binary()))
        if any_quoted:
            missing = pc.and_(missing, pa.array(~quoted))
    return pc.if_else(missing, pa.scalar(None, pa.string()), values) if missing.true_count else values


def _plain(raw: pa.Array, dialect: Dialect, any_quoted: bool) -> pa.Array:
    """binary without quotes around it -> binary without escapes."""
    if dialect.escape and (held := pc.match_substring(raw, ESCAPE)).true_count:
        quote = dialect.quote
        either = re.compile(rb"\\(.)" + (b"|" + re.escape(quote * 2) if quote else b""), re.DOTALL)
        plain = [
            either.sub(lambda found: _CONTROL.get(found[1], found[1]) if found[1] else quote, value)
            for value in raw.filter(held).to_pylist()
        ]
        rest = _undoubled(raw, dialect.quote) if any_quoted else raw
        return pc.replace_with_mask(rest, held, pa.array(plain, pa.binary()))
    return _undoubled(raw, dialect.quote) if any_quoted else raw


def _undoubled(raw: pa.Array, quote: bytes) -> pa.Array:
    data = raw.buffers()[2]
    if data is None or not (np.frombuffer(data, np.uint8) == quote[0]).any():
        return raw
    return pc.replace_substring(raw, pattern=quote * 2, replacement=quote)


# --- writing ----------------------------------------------------------------------------------------------------


def _written(raw: pa.Array, frame: Frame, place: int, differs: npt.NDArray[np.bool_], where: str) -> pa.Array:
    """The new values (binary, null for NULL) as they stand in the file: binary without nulls."""
    dialect = frame.index.dialect
    null = raw.is_null()
    if null.true_count and not dialect.missing:
        raise TargetError(f"{where}: missingValues is empty, so NULL cannot be written; keep the column or add one")
    values = raw.fill_null(b"")
    quotes = pa.array(frame.quoted[place] | ~differs)
    special = quotes
    if quotes.true_count != len(quotes):
        special = _special(values, dialect, first=frame.index.is_first(frame.starts[:, frame.spans[place]]))
        special = pc.and_(special, pa.array(differs))
    if dialect.quote:
        quotes = pc.or_(special, quotes)
        if quotes.true_count:
            body = _inside_quotes(values, dialect)
            quoted = pc.binary_join_element_wise(dialect.quote, body, dialect.quote, b"")
            values = quoted if quotes.true_count == len(quotes) else pc.if_else(quotes, quoted, values)
    elif special.true_count:
        values = _escaped(values, dialect)
        if not dialect.escape or pc.is_in(values, value_set=pa.array(dialect.missing, pa.binary())).true_count:
            raise TargetError(
                f"{where}: a new value holds a delimiter, a line end or nothing, which a file without quotes cannot"
                " tell from its own; state quoteChar in datapackage.json or keep the column"
            )
    if null.true_count:
        marker = b"" if b"" in dialect.missing else dialect.missing[0]
        values = pc.if_else(null, pa.scalar(marker, pa.binary()), values)
    return values


def _special(values: pa.Array, dialect: Dialect, first: bool) -> pa.Array:
    """Which values mean something else when they stand without quotes."""
    ends = (dialect.terminator,) if dialect.terminator else (b"\n", b"\r")
    marks = [mark for mark in (dialect.delimiter, *ends, dialect.quote, dialect.escape) if mark]
    special = pc.match_substring_regex(values, b"|".join(map(re.escape, marks)))
    special = pc.or_(special, pc.is_in(values, value_set=pa.array(dialect.missing, pa.binary())))
    if first and dialect.comment:
        special = pc.or_(special, pc.starts_with(values, dialect.comment))
    return special


def _inside_quotes(values: pa.Array, dialect: Dialect) -> pa.Array:
    if dialect.escape:
        values = pc.replace_substring(values, pattern=ESCAPE, replacement=ESCAPE * 2)
        return pc.replace_substring(values, pattern=dialect.quote, replacement=ESCAPE + dialect.quote)
    return pc.replace_substring(values, pattern=dialect.quote, replacement=dialect.quote * 2)


def _escaped(values: pa.Array, dialect: Dialect) -> pa.Array:
    """As they stand without quotes, where there are escapes; a first letter that begins a comment is escaped too."""
    if not dialect.escape:
        return values
    values = pc.replace_substring(values, pattern=ESCAPE, replacement=ESCAPE * 2)
    for mark, letter in ((dialect.delimiter, ESCAPE + dialect.delimiter), *_LINE_BREAK.items()):
        values = pc.replace_substring(values, pattern=mark, replacement=letter)
    if dialect.comment:
        values = pc.replace_substring_regex(values, b"^" + re.escape(dialect.comment), ESCAPE * 2 + dialect.comment)
    return values
