"""Values of any Arrow type as text, for the readers: equal texts are equal values.

A float that is no number is no value to a check, and not null either: `storage` tells them apart.
"""

from __future__ import annotations

import binascii
import json
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

_PLAIN = (kinds.is_integer, kinds.is_boolean)
_TEXT = (kinds.is_string, kinds.is_large_string, kinds.is_string_view)
_BYTES = (kinds.is_binary, kinds.is_large_binary, kinds.is_binary_view, kinds.is_fixed_size_binary)


def texts(batch: pa.RecordBatch | pa.Table) -> list[pa.Array]:
    """Each column as `string`. Raises pa.ArrowInvalid for text that is not UTF-8."""
    return [text(column) for column in batch.columns]


def text(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Any array -> `string`, null where it is null or no number."""
    if isinstance(values, pa.ChunkedArray):
        pieces = [text(chunk) for chunk in values.chunks]
        return pa.concat_arrays(pieces) if pieces else pa.array([], pa.string())
    kind = values.type
    if isinstance(values, pa.ExtensionArray):
        return text(values.storage)
    if kinds.is_dictionary(kind):
        return text(values.cast(kind.value_type))
    if _is(kind, _TEXT):
        plain = values.cast(pa.string())
        if kinds.is_large_string(kind) and len(plain):  # a slice: its offsets do not begin at 0, as Arrow then expects
            plain = pa.concat_arrays([pa.array([""]), plain]).slice(1)
        plain.validate(full=True)
        return plain
    if _is(kind, _BYTES):
        return _hexadecimal(values.cast(pa.binary()))
    if kinds.is_floating(kind):
        known = values.cast(pa.float32()) if kinds.is_float16(kind) else values
        return pc.if_else(_no_number(values), pa.scalar(None, pa.string()), known.cast(pa.string()))
    if kinds.is_decimal(kind):
        return _decimals(values)
    if kinds.is_date(kind):
        return values.cast(pa.date32(), safe=False).cast(pa.string())
    if kinds.is_timestamp(kind):
        return _moments(values)
    if kinds.is_time(kind):
        return _short(values.cast(pa.string()))
    if kinds.is_duration(kind):
        return values.cast(pa.int64()).cast(pa.string())
    if kinds.is_null(kind):
        return pa.nulls(len(values), pa.string())
    return values.cast(pa.string()) if _is(kind, _PLAIN) else _nested(values)


def _moments(values: pa.Array) -> pa.Array:
    """As the clock of the zone shows them, and that clock's distance from UTC in seconds."""
    kind = values.type
    clock = pc.local_timestamp(values) if kind.tz else values
    whole = clock.cast(pa.timestamp("s"), safe=False)
    if whole.cast(clock.type).equals(clock):  # nothing finer to be written
        clock = whole
    shown = _short(clock.cast(pa.string())) if clock is not whole else whole.cast(pa.string())
    if not kind.tz:
        return shown
    utc = values.cast(pa.timestamp(kind.unit, "UTC")).cast(pa.timestamp(kind.unit)).cast(pa.timestamp("s"), safe=False)
    seconds = pc.subtract(whole.cast(pa.int64()), utc.cast(pa.int64()))
    distances = pc.unique(seconds)
    spelled = pa.array([None if each is None else _distance(each) for each in distances.to_pylist()], pa.string())
    return pc.binary_join_element_wise(shown, spelled.take(pc.index_in(seconds, value_set=distances)), "")


def _distance(seconds: int) -> str:
    minutes, rest = divmod(abs(seconds), 60)
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}" + (f":{rest:02}" if rest else "")


def _short(shown: pa.Array) -> pa.Array:
    """Without the noughts at the end of a fraction."""
    return pc.replace_substring_regex(pc.replace_substring_regex(shown, r"(\.\d*?)0+$", r"\1"), r"\.$", "")


def _is(kind: pa.DataType, questions: tuple[object, ...]) -> bool:
    return any(question(kind) for question in questions)  # type: ignore[operator]


def storage(batch: pa.RecordBatch | pa.Table, more: int = 0) -> pa.Array | None:
    """One letter for each column of a row, and for some `more`: null, no number, or a value.

    None where no column could tell more than its text.
    """
    if not any(kinds.is_floating(kind) for kind in batch.schema.types):
        return None
    width = batch.num_columns + more
    letters = np.full((batch.num_rows, width), b"v", "S1")
    for place, column in enumerate(batch.columns):
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        letters[np.asarray(whole.is_null()), place] = b"n"
        if kinds.is_floating(whole.type):
            letters[np.asarray(pc.fill_null(_no_number(whole), False)), place] = b"a"
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(width), batch.num_rows, [None, pa.py_buffer(np.ascontiguousarray(letters))]
    ).cast(pa.string())


def _no_number(values: pa.Array) -> pa.Array:
    return pc.is_nan(values.cast(pa.float32()) if kinds.is_float16(values.type) else values)


def _decimals(values: pa.Array) -> pa.Array:
    """Small ones are written with an exponent: those few are spelled out."""
    found = values.cast(pa.string())
    odd = pc.fill_null(pc.match_substring(found, "E"), False)
    if not odd.true_count:
        return found
    spelled = [format(Decimal(number), "f") for number in found.filter(odd).to_pylist()]
    return pc.replace_with_mask(found, odd, pa.array(spelled, pa.string()))


def _hexadecimal(values: pa.Array) -> pa.Array:
    """bytes -> `\\x` and digits."""
    whole = pa.concat_arrays([pc.binary_join_element_wise(pa.scalar(b"\0\0", pa.binary()), values, b"")])
    if not len(whole):
        return pa.array([], pa.string())
    valid, offsets, data = whole.buffers()
    ends = np.frombuffer(offsets, np.int32, len(whole) + 1).astype(np.int64)
    digits = np.frombuffer(binascii.hexlify(memoryview(data)[: int(ends[-1])]) if data else b"", np.uint8).copy()
    filled = ends[:-1][np.diff(ends) > 0] * 2
    for place, sign in enumerate(b"\\x"):
        digits[filled + place] = sign
    keep = np.ones(len(digits), bool)
    keep[np.concatenate([filled + 2, filled + 3])] = False
    lengths = np.maximum(np.diff(ends) * 2 - 2, 0)
    new = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    buffers = [valid, pa.py_buffer(new), pa.py_buffer(np.ascontiguousarray(digits[keep]))]
    return pa.Array.from_buffers(pa.string(), len(whole), buffers)


def _nested(values: pa.Array) -> pa.Array:
    """Lists, structs, maps: as JSON, with what JSON does not know as Python writes it."""
    return pa.array(
        [None if cell is None else json.dumps(cell, ensure_ascii=False, default=_shown) for cell in values.to_pylist()],
        pa.string(),
    )


def _shown(value: object) -> str:
    return "\\x" + value.hex() if isinstance(value, bytes) else str(value)
