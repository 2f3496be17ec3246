"""What a column becomes in another kind of database: the best SQL type that all its values fit.

A declared type promises less than it seems (SQLite stores text in an integer, MySQL knows 0000-00-00), so every value
is looked at before anything is written; a column with a value that its type cannot hold becomes text, and is named.
"""

from __future__ import annotations

import binascii
import enum
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.schema import Column, TypeFamily

MOST_DIGITS = 38
"""Of a decimal number in Arrow's decimal128."""

_FLOAT = re.compile(r"\b(float\d*|double|real|binary_double|binary_float)\b", re.IGNORECASE)
_PRECISION = re.compile(r"\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
_MONEY = {"money": (19, 4), "smallmoney": (10, 4)}
"""Microsoft, "money and smallmoney (Transact-SQL)"."""
_TRUE, _FALSE = pa.array(["t", "true", "1", "T", "True"]), pa.array(["f", "false", "0", "F", "False"])


class Kind(enum.StrEnum):
    """The types of the SQL standard that conversions know; what has no other is TEXT."""

    BIGINT = "bigint"
    DECIMAL = "decimal"
    DOUBLE = "double precision"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMP_TZ = "timestamp with time zone"
    TIME = "time"
    BINARY = "binary"
    UUID = "uuid"
    JSON = "json"
    TEXT = "text"


_WRITTEN = {
    Kind.BIGINT: r"^[+-]?[0-9]+$",
    Kind.DATE: r"^(000[1-9]|00[1-9]\d|0[1-9]\d\d|[1-9]\d{3})-\d\d-\d\d$",
    Kind.TIMESTAMP: r"^(000[1-9]|00[1-9]\d|0[1-9]\d\d|[1-9]\d{3})-",
    Kind.TIMESTAMP_TZ: r"^(000[1-9]|00[1-9]\d|0[1-9]\d\d|[1-9]\d{3})-",
    Kind.UUID: r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$|^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$",
}
"""What all databases write alike: Arrow would read 0x10 as a number, and a year 0 as a date."""


@dataclass(frozen=True, slots=True)
class SqlType:
    """A kind, and for decimals how many digits there are and how many of them follow the point."""

    kind: Kind
    precision: int = 0
    scale: int = 0


TEXT = SqlType(Kind.TEXT)
_INTEGER = SqlType(Kind.DECIMAL, MOST_DIGITS, 0)
_FITTING: dict[TypeFamily, tuple[SqlType, ...]] = {
    TypeFamily.INTEGER: (SqlType(Kind.BIGINT), _INTEGER),
    TypeFamily.BOOLEAN: (SqlType(Kind.BOOLEAN), SqlType(Kind.BIGINT)),
    TypeFamily.DATE: (SqlType(Kind.DATE), SqlType(Kind.TIMESTAMP)),
    TypeFamily.TIMESTAMP: (SqlType(Kind.TIMESTAMP), SqlType(Kind.TIMESTAMP_TZ)),
    TypeFamily.TIME: (SqlType(Kind.TIME),),
    TypeFamily.BINARY: (SqlType(Kind.BINARY),),
    TypeFamily.UUID: (SqlType(Kind.UUID),),
    TypeFamily.JSON: (SqlType(Kind.JSON),),
}


def candidates(column: Column, digits: int = MOST_DIGITS) -> Iterator[SqlType]:
    """What the column could become, best first; `digits`: of the longest decimal number that the target keeps."""
    if column.family is TypeFamily.NUMBER:
        if _FLOAT.search(column.type):
            yield SqlType(Kind.DOUBLE, digits)
        else:
            precision, scale = _decimals(column.type)
            yield SqlType(Kind.DECIMAL, min(precision, digits), min(scale, digits))
            if precision < digits:  # declared, but not enforced everywhere
                yield SqlType(Kind.DECIMAL, digits, min(scale, digits))
    for found in _FITTING.get(column.family, ()):
        yield SqlType(found.kind, min(found.precision, digits), found.scale)
    yield TEXT


def _decimals(declared: str) -> tuple[int, int]:
    known = _MONEY.get(declared.lower().strip("[]"))
    if known:
        return known
    stated = _PRECISION.search(declared)
    if stated is None:
        return MOST_DIGITS, MOST_DIGITS // 4
    return min(int(stated[1]), MOST_DIGITS), min(int(stated[2] or 0), MOST_DIGITS)


def fits(values: pa.Array, wanted: SqlType) -> bool:
    """Whether every value (`string`) can be had back from the type, but for how it is written."""
    try:
        typed(values, wanted)
    except (pa.ArrowInvalid, ValueError, OverflowError):
        return False
    return True


def typed(values: pa.Array, wanted: SqlType) -> pa.Array:
    """`string` -> the Arrow type of `arrow_type`; null stays null. Raises ArrowInvalid or ValueError."""
    kind = wanted.kind
    if kind in _WRITTEN and not _all(pc.match_substring_regex(values, _WRITTEN[kind])):
        raise ValueError
    if kind is Kind.BOOLEAN:
        return _booleans(values)
    if kind is Kind.BINARY:
        return _bytes(values)
    if kind is Kind.UUID:
        return values
    if kind is Kind.JSON:
        for value in values.drop_null().to_pylist():
            json.loads(value, parse_constant=_no_constant)
        return values
    if kind is Kind.TIME:
        return _times(values)
    result = values.cast(arrow_type(wanted))
    if kind is Kind.DOUBLE and wanted.precision < MOST_DIGITS and not _all(pc.is_finite(result)):
        raise ValueError
    return result


def _all(flags: pa.Array) -> bool:
    return bool(pc.all(flags, min_count=0).as_py())


def _no_constant(name: str) -> None:
    """NaN and Infinity are no JSON."""
    raise ValueError


def arrow_type(wanted: SqlType) -> pa.DataType:
    """The Arrow type of each kind."""
    if wanted.kind is Kind.DECIMAL:
        return pa.decimal128(max(wanted.precision, 1), wanted.scale)
    return _ARROW.get(wanted.kind, pa.string())


_ARROW = {
    Kind.BIGINT: pa.int64(),
    Kind.DOUBLE: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us"),
    Kind.TIMESTAMP_TZ: pa.timestamp("us", "UTC"),
    Kind.TIME: pa.time64("us"),
    Kind.BINARY: pa.binary(),
}


def _booleans(values: pa.Array) -> pa.Array:
    true, false = pc.is_in(values, _TRUE), pc.is_in(values, _FALSE)
    if not pc.all(pc.or_(pc.or_(true, false), values.is_null()), min_count=0).as_py():
        raise ValueError
    return pc.if_else(values.is_valid(), true, pa.scalar(None, pa.bool_()))


def _bytes(values: pa.Array) -> pa.Array:
    """`\\x0102` -> bytes: all digits of the column are taken at once."""
    if not pc.all(pc.starts_with(values, "\\x"), min_count=0).as_py():
        raise ValueError
    digits = pc.utf8_slice_codeunits(pc.fill_null(values, "\\x"), 2)
    lengths = pc.binary_length(digits).to_numpy(zero_copy_only=False)
    if (lengths % 2).any():
        raise ValueError
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum(lengths // 2, out=offsets[1:])
    _, starts, text = pa.concat_arrays([digits]).buffers()  # without an offset
    joined = binascii.unhexlify(memoryview(text)[: int(np.frombuffer(starts, np.int32)[len(values)])] if text else b"")
    mask = None
    if values.null_count:
        mask = pa.array(values.is_valid()).buffers()[1]
    return pa.Array.from_buffers(pa.binary(), len(values), [mask, pa.py_buffer(offsets), pa.py_buffer(joined)])


def _times(values: pa.Array) -> pa.Array:
    """Arrow reads times as part of a timestamp alone."""
    if not pc.all(
        pc.match_substring_regex(values, r"^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?$"), min_count=0
    ).as_py():
        raise ValueError
    days = pc.binary_join_element_wise(pa.scalar("1970-01-01 "), values, "")
    return days.cast(pa.timestamp("us")).cast(pa.time64("us"))
