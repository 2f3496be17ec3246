"""PostgreSQL's COPY text format: one line per row, tabs between columns, `\\N` for NULL, backslash escapes.

Source: https://www.postgresql.org/docs/current/sql-copy.html, "Text Format".
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from anonymizer.verify._fingerprint import I64, flat

_BACKSLASH = 92
_MEANING = np.arange(256, dtype=np.uint8)
for _letter, _byte in zip(b"bfnrtv", b"\b\f\n\r\t\v", strict=True):
    _MEANING[_letter] = _byte
_NUMBERED = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.))", re.DOTALL)


def batch(data: bytes, columns: tuple[str, ...], encoding: str) -> pa.RecordBatch:
    """Whole lines of COPY text as columns of Arrow `string`.

    Raises ValueError (pyarrow's and codecs' own errors are subclasses) when a line does not fit.
    """
    if not data:
        return pa.RecordBatch.from_arrays([pa.array([], pa.string()) for _ in columns], names=list(columns))
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
        data = data.decode(encoding).encode()
    read = csv.read_csv(
        pa.py_buffer(data),
        read_options=csv.ReadOptions(
            column_names=[str(n) for n in range(len(columns))], block_size=len(data) + 1, use_threads=False
        ),
        parse_options=csv.ParseOptions(
            delimiter="\t", quote_char=False, double_quote=False, escape_char=False, ignore_empty_lines=False
        ),
        convert_options=csv.ConvertOptions(
            column_types={str(n): pa.string() for n in range(len(columns))},
            null_values=["\\N"],
            strings_can_be_null=True,
        ),
    )
    arrays = [_unescaped(pa.concat_arrays(column.chunks)) for column in read.columns]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))


def _unescaped(values: pa.Array) -> pa.Array:
    offsets, data = flat(values)
    slashes = np.flatnonzero(data == _BACKSLASH)
    if not len(slashes):
        return values
    marks = _escape_starts(slashes, offsets)
    followers = data[np.minimum(marks + 1, len(data) - 1)]
    if np.any(((followers >= 48) & (followers < 56)) | (followers == ord("x"))):
        return _with_numbers(values)
    text = data.copy()
    text[marks + 1] = _MEANING[followers]
    kept = np.ones(len(text), bool)
    kept[marks] = False
    ends = offsets - np.searchsorted(marks, offsets)
    return pa.Array.from_buffers(
        pa.string(),
        len(values),
        [_validity(values), pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(text[kept])],
        values.null_count,
    )


def _escape_starts(slashes: I64, offsets: I64) -> I64:
    """Of a run of backslashes each second one is escaped by the one before it; no run crosses a cell."""
    run_starts: npt.NDArray[np.bool_] = np.ones(len(slashes), bool)
    run_starts[1:] = np.diff(slashes) != 1
    cells = np.searchsorted(offsets, slashes, side="right")
    run_starts[1:] |= np.diff(cells) != 0
    first = np.maximum.accumulate(np.where(run_starts, np.arange(len(slashes)), 0))
    starts: I64 = slashes[(np.arange(len(slashes)) - first) % 2 == 0]
    return starts


def _validity(values: pa.Array) -> pa.Buffer | None:
    if not values.null_count:
        return None
    return values.is_valid().buffers()[1]


def _with_numbers(values: pa.Array) -> pa.Array:
    """Octal and hexadecimal escapes, which pg_dump never writes: value by value."""

    def meaning(match: re.Match[bytes]) -> bytes:
        if match[1] is not None:
            return bytes([int(match[1], 8) & 255])
        if match[2] is not None:
            return bytes([int(match[2], 16)])
        return bytes([_MEANING[match[3][0]]])

    texts = values.cast(pa.binary()).to_pylist()
    return pa.array([None if text is None else _NUMBERED.sub(meaning, text).decode() for text in texts], pa.string())
