"""Lists, structs and maps of Arrow as text, and back: array literals for lists of plain values, JSON for the rest.

Reading a list into its literal takes whole columns; the other ways go value by value, and are taken only for columns
that are sampled or replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from anonymizer.stores._bytes import Misfit

_ELEMENT = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^{},"\s](?:[^{},"]*[^{},"\s])?))\s*(?:,|\Z)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PARSED: dict[type, Callable[[str], Any]] = {
    Decimal: Decimal,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    time: time.fromisoformat,
    bytes: lambda text: bytes.fromhex(text.removeprefix("\\x")),
}


def is_list(kind: pa.DataType) -> bool:
    """A list of any of Arrow's layouts that Parquet files come with."""
    return bool(kinds.is_list(kind) or kinds.is_large_list(kind) or kinds.is_fixed_size_list(kind))


def is_nested(kind: pa.DataType) -> bool:
    """A list, a struct or a map."""
    return bool(is_list(kind) or kinds.is_struct(kind) or kinds.is_map(kind))


def handles(kind: pa.DataType) -> bool:
    """Whether all that a nested type holds can be written as JSON and read back."""
    if kinds.is_map(kind):
        return handles(kind.key_type) and handles(kind.item_type)
    if is_list(kind):
        return handles(kind.value_type)
    if kinds.is_struct(kind):
        names = [field.name for field in _fields(kind)]
        return len(set(names)) == len(names) and all(handles(field.type) for field in _fields(kind))
    if isinstance(kind, pa.BaseExtensionType):
        return False
    return kinds.is_null(kind) or _leaf(kind) is not None


def _leaf(kind: pa.DataType) -> type | None:
    """The Python type of a plain value."""
    for fits, python in (
        (kinds.is_string, str), (kinds.is_large_string, str), (kinds.is_boolean, bool), (kinds.is_integer, int),
        (kinds.is_floating, float), (kinds.is_decimal, Decimal), (kinds.is_date, date), (kinds.is_timestamp, datetime),
        (kinds.is_time, time), (kinds.is_binary, bytes), (kinds.is_large_binary, bytes),
    ):  # fmt: skip
        if fits(kind):
            return python
    return None


# --- lists of plain values --------------------------------------------------------------------------------------


def literals(values: pa.Array, to_text: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Lists -> `{"a","b c",NULL}`."""
    elements = pc.list_flatten(values)
    text = to_text(elements)
    if _leaf(elements.type) not in (bool, int, float, Decimal):
        for plain, escaped in (("\\", "\\\\"), ('"', '\\"')):
            text = pc.replace_substring(text, plain, escaped)
        text = pc.binary_join_element_wise('"', text, '"', "")
    quoted = pc.fill_null(text, "NULL")
    lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), quoted), ",")
    whole = pc.binary_join_element_wise("{", joined, "}", "")
    return pc.if_else(values.is_valid(), whole, pa.scalar(None, pa.string()))


def from_literals(
    text: pa.Array, kind: pa.DataType, from_text: Callable[[pa.Array, pa.DataType], pa.Array]
) -> pa.Array:
    """The inverse, of any literal without dimensions of its own. Raises Misfit."""
    rows = [None if cell is None else _elements(cell) for cell in text.to_pylist()]
    flat = [element for row in rows if row for element in row]
    elements = from_text(pa.array(flat, pa.string()), kind.value_type)
    if kinds.is_fixed_size_list(kind):
        if any(row is not None and len(row) != kind.list_size for row in rows):
            raise Misfit(f"gets a value that is no {kind}")
        places: list[int | None] = []
        at = 0
        for row in rows:
            places += range(at, at + len(row)) if row is not None else [None] * kind.list_size
            at += len(row or ())
        mask = pa.array([row is None for row in rows], pa.bool_())
        taken = elements.take(pa.array(places, pa.int64()))
        return pa.FixedSizeListArray.from_arrays(taken, type=kind, mask=mask)
    offsets, at = [], 0
    for row in rows:
        offsets.append(None if row is None else at)
        at += len(row or ())
    layout = pa.LargeListArray if kinds.is_large_list(kind) else pa.ListArray
    width = pa.int64() if kinds.is_large_list(kind) else pa.int32()
    return layout.from_arrays(pa.array([*offsets, at], width), elements, type=kind)


def _elements(literal: str) -> list[str | None]:
    if not (literal.startswith("{") and literal.endswith("}")):
        raise Misfit("gets a value that is no list")
    body, at, found = literal[1:-1], 0, []
    while at < len(body):
        match = _ELEMENT.match(body, at)
        if match is None:
            raise Misfit("gets a value that is no list")
        found.append(_ESCAPED.sub(r"\1", match[1]) if match[1] is not None else _unless_null(match[2]))
        at = match.end()
    return found


def _unless_null(word: str) -> str | None:
    return None if word.upper() == "NULL" else word


# --- everything else --------------------------------------------------------------------------------------------


def to_json(values: pa.Array) -> pa.Array:
    """Nested values -> JSON; a map is an object, or a list of pairs where its keys are no texts."""
    kind = values.type
    return pa.array(
        [
            None if cell is None else json.dumps(_plain(cell, kind), ensure_ascii=False, separators=(",", ":"))
            for cell in _python(values)
        ],
        pa.string(),
    )


def from_json(text: pa.Array, kind: pa.DataType) -> pa.Array:
    """The inverse. Raises Misfit, or one of Arrow's or Python's errors for what is none of the type."""
    cells = [None if cell is None else _nested(json.loads(cell), kind) for cell in text.to_pylist()]
    return pa.array(cells, kind)


def _python(values: pa.Array) -> list[Any]:
    try:
        return values.to_pylist()  # type: ignore[no-any-return]
    except (ValueError, OverflowError, UnicodeDecodeError):
        raise Misfit("holds nested values that have no text (times finer than microseconds, or not UTF-8)") from None


def _plain(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if kinds.is_struct(kind):
        return {field.name: _plain(value[field.name], field.type) for field in _fields(kind)}
    if kinds.is_map(kind):
        pairs = [(_plain(key, kind.key_type), _plain(item, kind.item_type)) for key, item in value]
        as_object = _leaf(kind.key_type) is str and len(dict(pairs)) == len(pairs)
        return dict(pairs) if as_object else pairs
    if is_list(kind):
        return [_plain(each, kind.value_type) for each in value]
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return value if isinstance(value, str | bool | int | float) else str(value)


def _nested(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if kinds.is_struct(kind):
        if not isinstance(value, dict) or not set(value) <= {field.name for field in _fields(kind)}:
            raise Misfit("gets a value that has other fields")
        return {field.name: _nested(value.get(field.name), field.type) for field in _fields(kind)}
    if kinds.is_map(kind):
        pairs = value.items() if isinstance(value, dict) else value
        return [(_nested(key, kind.key_type), _nested(item, kind.item_type)) for key, item in pairs]
    if is_list(kind):
        if not isinstance(value, list):
            raise Misfit("gets a value that is no list")
        return [_nested(each, kind.value_type) for each in value]
    python = _leaf(kind)
    if python in _PARSED:
        return _PARSED[python](str(value))
    if python is not None and type(value) is not python and not (python is float and type(value) is int):
        raise Misfit(f"gets a value that is no {kind}")
    return value


def _fields(kind: pa.DataType) -> list[pa.Field]:
    return [kind.field(place) for place in range(kind.num_fields)]
