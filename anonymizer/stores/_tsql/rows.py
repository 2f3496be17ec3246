"""The cells of INSERT statements of SQL Server: into columns and back.

Only the wanted cells are cut out of the text; all other bytes travel as they stand, and so does every cell whose value
comes back unchanged. Constants are strings with and without N, numbers, money, 0x… and NULL, each also inside CAST; a
date that is written in hexadecimal is decoded and, when replaced, written in ISO form. Sources: Microsoft's "Constants
(Transact-SQL)", "CAST and CONVERT", "datetime" and "datetime2" for what the bytes of dates mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.errors import InternalError, SourceError
from anonymizer.stores._encoding import EncodingFault, decode, encode
from anonymizer.stores._sql.spans import batch_of, changed, cut, splice
from anonymizer.stores._tsql import dates as _mssql_dates

_NUMBER = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
_MONEY = r"^[-+]?\$[-+]?(\d+\.?\d*|\.\d+)$"
_HEX = r"^0[xX]([0-9A-Fa-f]{2})*$"
_BLOB = r"^\\x([0-9a-f]{2})*$"
_CAST = (
    r"(?is)^(?P<before>CAST\s*\(\s*)(?P<constant>N?'(?:[^']|'')*'|0x[0-9A-F]*|[-+]?\$?[0-9.]+(?:E[-+]?[0-9]+)?|NULL)"
    r"(?P<after>\s+AS\s+\[?(?P<type>[A-Za-z0-9]+)\]?\s*(?:\(\s*(?:[0-9]+|MAX)\s*(?:,\s*[0-9]+\s*)?\))?\s*\))$"
)
_SPACES = np.zeros(256, bool)
_SPACES[list(b" \t\r\n\f\v")] = True
_QUOTE, _NATIONAL, _CAST_LETTERS = ord("'"), b"nN", b"cC"


@dataclass(frozen=True, slots=True)
class RowsFrame:
    """A run of INSERT statements around the values that were cut out of it."""

    block: pa.Buffer
    starts: np.ndarray
    """int32, rows x wanted columns in the order of the text; a cell's span holds its quotes, not its cast."""
    ends: np.ndarray
    spans: tuple[int | None, ...]
    """For each column of the batch, which of these spans is its own; None for one that the rows do not have."""
    batch: pa.RecordBatch
    encoding: str
    table: str


def read(
    block: memoryview,
    marks: np.ndarray,
    columns: Sequence[str],
    wanted: Sequence[str],
    encoding: str,
    table: str,
    line: int,
    lenient: bool = False,
) -> tuple[pa.RecordBatch, RowsFrame]:
    """Cut the wanted columns out of a run of INSERT statements.

    `marks` are those of `_tsql.index`, `columns` those of each row in order. The batch has the wanted ones as Arrow
    `string`; one that the rows leave to its default is null. `lenient` is for looking only: expressions are null then.
    Raises SourceError for a wanted cell that is no constant, and for bytes that are not valid in the encoding.
    """
    if len(columns) != marks.shape[1] - 1:
        raise SourceError(f"{table}, line {line}: the rows have another number of cells than columns; make it again")
    data = pa.py_buffer(block)
    in_text = sorted(set(wanted).intersection(columns), key=columns.index)
    spans = tuple(in_text.index(name) if name in in_text else None for name in wanted)
    starts = np.empty((len(marks), len(in_text)), np.int32)
    ends = np.empty_like(starts)
    values = []
    for span, name in enumerate(in_text):
        place = columns.index(name)
        cells = _Cells(data, marks[:, place] + 1, marks[:, place + 1])
        try:
            values.append(cells.values(encoding))
        except EncodingFault:
            raise SourceError(f"{table}, line {line} or later: it is not valid {encoding}; copy it again") from None
        if cells.unknown.any() and not lenient:
            at = int(cells.starts[np.argmax(cells.unknown)])
            raise SourceError(
                f"{table}.{name}, line {line + bytes(block[:at]).count(10)}: the value is an expression, no constant;"
                " make the script again with SSMS"
            )
        starts[:, span], ends[:, span] = cells.starts, cells.ends
    batch = batch_of([None if span is None else values[span] for span in spans], wanted, len(marks))
    return batch, RowsFrame(data, starts, ends, spans, batch, encoding, table)


def write(frame: RowsFrame, batch: pa.RecordBatch) -> pa.Buffer:
    """The run with the batch's values in it; empty if the batch has no rows left.

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
            written = _constants(new, frame, span, f"{frame.table}.{name}")
            replacements.append((span, written, differs))
    return splice(frame.block, frame.starts, frame.ends, replacements)


# --- reading ----------------------------------------------------------------------------------------------------


class _Cells:
    """The cells of one column: where their constants stand and what they mean."""

    def __init__(self, block: pa.Buffer, starts: np.ndarray, ends: np.ndarray) -> None:
        self._block = block
        self._data = np.frombuffer(block, np.uint8)
        self.starts, self.ends = self._trimmed(starts.astype(np.int64), ends.astype(np.int64))
        self.unknown = np.zeros(len(starts), bool)
        """Cells that are no constant."""
        self._types = pa.nulls(len(starts), pa.string())

    def values(self, encoding: str) -> pa.Array:
        """Each value as the database would print it; null for NULL, and for what is unknown."""
        self._open_casts()
        first, last = self._data[self.starts], self._data[self.ends - 1]
        prefix = np.isin(first, np.frombuffer(_NATIONAL, np.uint8)) & (self._data[self.starts + 1] == _QUOTE)
        quoted = ((first == _QUOTE) | prefix) & (last == _QUOTE) & (self.ends - self.starts >= 2 + prefix)
        raw = cut(self._block, (self.starts + (1 + prefix) * quoted), (self.ends - quoted))
        if _holds(raw, _QUOTE):
            # within a string every quote is doubled; if not, it is an expression of several strings
            odd = pc.match_substring(pc.replace_substring(raw, b"''", b""), b"'").to_numpy(zero_copy_only=False)
            self.unknown |= odd
            quoted &= ~odd
            raw = pc.replace_substring(raw, b"''", b"'")
        if quoted.all():
            return decode(raw, encoding)
        return self._bare(raw, quoted, encoding)

    def _bare(self, raw: pa.Array, quoted: np.ndarray, encoding: str) -> pa.Array:
        """Strings as they are; numbers, money, hexadecimal constants and NULL as they print."""
        strings = pa.array(quoted)
        words = pc.if_else(strings, pa.scalar(b"", pa.binary()), raw)
        words = pc.if_else(pa.array(self.unknown), pa.scalar(b"", pa.binary()), words)
        plain = pc.match_substring_regex(words, _NUMBER)
        money = pc.match_substring_regex(words, _MONEY)
        hexadecimal = pc.match_substring_regex(words, _HEX)
        null = pc.match_substring_regex(words, r"(?i)^(NULL|DEFAULT)$")
        known = pc.or_(pc.or_(strings, plain), pc.or_(pc.or_(money, hexadecimal), null))
        self.unknown |= pc.invert(known).to_numpy(zero_copy_only=False)
        result = pc.if_else(known, raw, pa.scalar(b"", pa.binary()))
        if money.true_count:
            result = pc.if_else(money, pc.replace_substring(raw, b"$", b""), result)
        text = decode(result, encoding)
        if hexadecimal.true_count:
            words = pc.if_else(hexadecimal, words, pa.scalar(b"", pa.binary())).cast(pa.string())
            text = pc.if_else(hexadecimal, self._hexadecimal(words), text)
        nothing = pc.or_(null, pa.array(self.unknown))
        return pc.if_else(nothing, pa.scalar(None, pa.string()), text)

    def _hexadecimal(self, words: pa.Array) -> pa.Array:
        digits = pc.ascii_lower(pc.utf8_slice_codeunits(words, 2))
        result = pc.binary_join_element_wise("\\x", digits, "")
        for kind in pc.unique(self._types).to_pylist():
            if kind in _mssql_dates.FROM_HEX:
                rows = pc.fill_null(pc.equal(self._types, kind), False)
                of_kind = pc.and_(rows, pc.match_substring_regex(words, _HEX))
                dates = _mssql_dates.from_hex(kind, pc.filter(digits, of_kind))
                result = pc.replace_with_mask(result, of_kind, dates)
                unreadable = of_kind.to_numpy(zero_copy_only=False) & pc.is_null(result).to_numpy(zero_copy_only=False)
                self.unknown |= unreadable
        return result

    def _open_casts(self) -> None:
        """Let the spans of casts be those of the constants in them."""
        first = self._data[self.starts]
        casts = np.flatnonzero(
            np.isin(first, np.frombuffer(_CAST_LETTERS, np.uint8)) & (self._data[self.ends - 1] == ord(")"))
        )
        if not len(casts):
            return
        cells = cut(self._block, self.starts, self.ends).take(pa.array(casts))
        parts = pc.extract_regex(cells, _CAST)
        found = casts[pc.is_valid(parts).to_numpy(zero_copy_only=False)]
        parts = parts.drop_null()
        self.starts[found] += pc.binary_length(pc.struct_field(parts, "before")).to_numpy()
        self.ends[found] -= pc.binary_length(pc.struct_field(parts, "after")).to_numpy()
        rows = np.zeros(len(first), bool)
        rows[found] = True
        types = pc.ascii_lower(pc.struct_field(parts, "type").cast(pa.string()))
        self._types = pc.replace_with_mask(self._types, pa.array(rows), types)

    def _trimmed(self, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The cells without the white space around them."""
        data = self._data
        while (step := _SPACES[data[starts]] & (starts < ends)).any():
            starts = starts + step
        while (step := _SPACES[data[ends - 1]] & (starts < ends)).any():
            ends = ends - step
        return starts, ends


def _holds(values: pa.Array, character: int) -> bool:
    buffer = values.buffers()[2]
    return buffer is not None and bool((np.frombuffer(buffer, np.uint8) == character).any())


# --- writing ----------------------------------------------------------------------------------------------------


def _constants(values: pa.Array, frame: RowsFrame, span: int, where: str) -> pa.Array:
    """string -> binary: each value as a constant, in the kind of its predecessor."""
    data = np.frombuffer(frame.block, np.uint8)
    starts, ends = frame.starts[:, span], frame.ends[:, span]
    raw = encode(values, frame.encoding, where)
    nothing = pa.scalar(b"", pa.binary())
    quoted = pc.replace_substring(raw, b"'", b"''") if _holds(raw, _QUOTE) else raw
    # N keeps letters that the database's own code page does not have
    national = pc.or_(
        pa.array(np.isin(data[starts], np.frombuffer(_NATIONAL, np.uint8)) & (data[starts + 1] == _QUOTE)),
        pc.invert(pc.fill_null(pc.string_is_ascii(values), True)),
    )
    prefix = pc.if_else(national, pa.scalar(b"N'", pa.binary()), pa.scalar(b"'", pa.binary()))
    written = pc.binary_join_element_wise(prefix, quoted, pa.scalar(b"'", pa.binary()), nothing)
    bare = np.isin(data[starts], np.frombuffer(b"0123456789+-.$", np.uint8))
    if bare.any():
        numbers = pc.and_(pa.array(bare), pc.fill_null(pc.match_substring_regex(values, _NUMBER), False))
        written = pc.if_else(numbers, raw, written)
    binary = (data[starts] == ord("0")) & (
        np.isin(data[np.minimum(starts + 1, len(data) - 1)], np.frombuffer(b"xX", np.uint8))
    )
    blob = pc.fill_null(pc.match_substring_regex(values, _BLOB), False)
    was_null = (
        (ends - starts == 4) & np.isin(data[starts], np.frombuffer(b"nN", np.uint8)) & (data[starts + 1] != _QUOTE)
    )
    hexadecimal = pc.and_(pa.array(binary | was_null), blob)
    if hexadecimal.true_count:
        digits = pc.replace_substring(raw, b"\\x", b"0x", max_replacements=1)
        written = pc.if_else(hexadecimal, digits, written)
    return written.fill_null(b"NULL")
