"""Numbers, identifiers, dates and times of a package's data parts: as the text that SQL Server prints, and back.

All are little-endian. money is its high half and then its low one; decimal carries precision, scale and sign; time
takes five bytes of 100 ns whatever its scale. Sources: packages made by SqlPackage compared with the same tables in
other formats; [MS-TDS] for money, decimal and the dates.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.stores._bacpac.model import CellType
from anonymizer.stores._bytes import Bytes, Misfit, as_bytes, flat, from_hex, joined, little, to_hex
from anonymizer.stores._tsql import dates

Read = Callable[[Bytes], pa.Array]
Write = Callable[[pa.Array], Bytes]
_INTEGERS = {"tinyint": "<u1", "smallint": "<i2", "int": "<i4", "integer": "<i4", "bigint": "<i8"}
_GUID_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, *range(8, 16)]
_CLOCK = (
    r"^(?:\d{4}-\d\d-\d\d[T ]?)?(?:(?P<hours>\d\d):(?P<minutes>\d\d):(?P<seconds>\d\d)(?:\.(?P<fraction>\d+))?)?"
    r" ?(?:[+-]\d\d:\d\d)?$"
)


def fixed(cell: CellType) -> tuple[int, bool, Read, Write] | None:
    """Of a type whose values have one width: that width, whether a length stands in front even where NULL cannot be,
    and what reads and writes the values. None for all other types.
    """
    name, scale = cell.name, cell.scale
    if name in _INTEGERS:
        kind = np.dtype(_INTEGERS[name])
        return kind.itemsize, False, _read_integer(kind), _write_integer(kind)
    if name in ("real", "float"):
        kind = np.dtype("<f4" if name == "real" or 0 < cell.precision <= 24 else "<f8")
        return kind.itemsize, False, _read_float(kind), _write_float(kind)
    if name in _DATES:
        width, read, write = _DATES[name]
        return width, False, lambda data: read(data, scale), lambda values: write(values, scale)
    if name in ("decimal", "numeric", "dec"):
        precision = cell.precision or 18
        return (
            19,
            True,
            lambda data: _read_decimal(data, scale),
            lambda values: _write_decimal(values, precision, scale),
        )
    return _OTHERS.get(name)


# --- numbers ----------------------------------------------------------------------------------------------------


def _read_integer(kind: np.dtype) -> Read:
    return lambda data: pa.array(np.ascontiguousarray(data).view(kind).reshape(-1).astype(kind.newbyteorder("="))).cast(
        pa.string()
    )


def _write_integer(kind: np.dtype) -> Write:
    limits = np.iinfo(kind)

    def write(values: pa.Array) -> Bytes:
        numbers = values.cast(pa.int64()).to_numpy(zero_copy_only=False)
        if len(numbers) and (numbers.min() < limits.min or numbers.max() > limits.max):
            raise Misfit("a number is out of the range of its type")
        return as_bytes(numbers.astype(kind))

    return write


def _read_float(kind: np.dtype) -> Read:
    return lambda data: pa.array(np.ascontiguousarray(data).view(kind).reshape(-1)).cast(pa.string())


def _write_float(kind: np.dtype) -> Write:
    return lambda values: as_bytes(values.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(kind))


def _read_money(data: Bytes) -> pa.Array:
    halves = np.ascontiguousarray(data).view("<u4").reshape(-1, 2).astype(np.int64)
    return _decimals((halves[:, 0] << 32) | halves[:, 1], 4)


def _write_money(values: pa.Array) -> Bytes:
    units = _units(values, 19, 4)[0].view(np.int64)
    return as_bytes(np.stack([units >> 32, units & 0xFFFFFFFF], axis=1).astype("<u4"))


def _write_small_money(values: pa.Array) -> Bytes:
    units = _units(values, 10, 4)[0].view(np.int64)
    if len(units) and (units.min() < -(2**31) or units.max() >= 2**31):
        raise Misfit("a number is out of the range of its type")
    return as_bytes(units.astype("<i4"))


def _read_small_money(data: Bytes) -> pa.Array:
    return _decimals(np.ascontiguousarray(data).view("<i4").reshape(-1).astype(np.int64), 4)


def _decimals(units: np.ndarray, scale: int) -> pa.Array:
    """Whole numbers of the smallest unit -> text with so many decimals."""
    return _from_halves(units.astype(np.int64).view(np.uint64), units.astype(np.int64) >> 63, scale)


def _from_halves(low: np.ndarray, high: np.ndarray, scale: int) -> pa.Array:
    halves = np.stack([low, high.astype(np.int64).view(np.uint64)], axis=1).astype("<u8")
    whole = pa.Array.from_buffers(pa.decimal128(38), len(low), [None, pa.py_buffer(np.ascontiguousarray(halves))])
    digits = pc.utf8_lpad(pc.utf8_ltrim(whole.cast(pa.string()), "-"), scale + 1, "0")
    if scale:  # Arrow itself writes small numbers with an exponent
        digits = pc.binary_join_element_wise(
            pc.utf8_slice_codeunits(digits, 0, -scale), pc.utf8_slice_codeunits(digits, -scale), "."
        )
    return pc.binary_join_element_wise(pc.if_else(pa.array(high.astype(np.int64) < 0), "-", ""), digits, "")


def _units(values: pa.Array, precision: int, scale: int) -> tuple[np.ndarray, np.ndarray]:
    """Text -> whole numbers of the smallest unit, in two's complement: low and high half."""
    numbers = values.cast(pa.decimal128(precision, scale))
    halves = np.frombuffer(numbers.buffers()[1], "<u8").reshape(-1, 2)[numbers.offset : numbers.offset + len(numbers)]
    return np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1])


def _read_decimal(data: Bytes, scale: int) -> pa.Array:
    if len(data) and ((data[:, 1] != scale).any() or (data[:, 2] > 1).any()):
        raise Misfit("a number has another scale than its column")
    halves = np.ascontiguousarray(data[:, 3:]).view("<u8").reshape(-1, 2)
    low, high = halves[:, 0].copy(), halves[:, 1].copy()
    negative = data[:, 2] == 0
    low[negative] = ~low[negative] + np.uint64(1)
    high[negative] = ~high[negative] + (low[negative] == 0)
    return _from_halves(low, high.view(np.int64), scale)


def _write_decimal(values: pa.Array, precision: int, scale: int) -> Bytes:
    low, high = (half.copy() for half in _units(values, precision, scale))
    negative = high.view(np.int64) < 0
    low[negative] = ~low[negative] + np.uint64(1)
    high[negative] = ~high[negative] + (low[negative] == 0)
    result = np.empty((len(low), 19), np.uint8)
    result[:, 0], result[:, 1], result[:, 2] = precision, scale, ~negative
    result[:, 3:] = as_bytes(np.stack([low, high], axis=1).astype("<u8"))
    return result


def _read_bit(data: Bytes) -> pa.Array:
    return pa.array(["0", "1"]).take(pa.array((data[:, 0] != 0).astype(np.int8)))


def _write_bit(values: pa.Array) -> Bytes:
    true = pc.is_in(values, value_set=pa.array(["1", "true", "True"])).to_numpy(zero_copy_only=False)
    false = pc.is_in(values, value_set=pa.array(["0", "false", "False"])).to_numpy(zero_copy_only=False)
    if not (true | false).all():
        raise Misfit("a value is neither 0 nor 1")
    bits: Bytes = true.astype(np.uint8).reshape(-1, 1)
    return bits


def _read_guid(data: Bytes) -> pa.Array:
    digits = pc.ascii_upper(pc.utf8_slice_codeunits(to_hex(joined(data[:, _GUID_ORDER])), 2))
    cuts = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
    return pc.binary_join_element_wise(*[pc.utf8_slice_codeunits(digits, *cut_) for cut_ in cuts], "-")


def _write_guid(values: pa.Array) -> Bytes:
    digits = pc.replace_substring_regex(values, r"[{}\-]", "")
    if pc.any(pc.not_equal(pc.utf8_length(digits), 32)).as_py():
        raise Misfit("a value is no unique identifier")
    content, _ = flat(from_hex(pc.binary_join_element_wise("\\x", digits, "")))
    return content.reshape(-1, 16)[:, _GUID_ORDER]


# --- dates ------------------------------------------------------------------------------------------------------


def _days(values: pa.Array) -> np.ndarray:
    """The dates that begin the texts -> days since 1970."""
    days: np.ndarray = pc.utf8_slice_codeunits(values, 0, 10).cast(pa.date32()).cast(pa.int32()).to_numpy()
    return days.astype(np.int64)


def _ticks(values: pa.Array) -> np.ndarray:
    """The times of day of the texts -> 100 ns since midnight; midnight where there is none."""
    parts = pc.extract_regex(values, _CLOCK)
    if parts.null_count:
        raise Misfit("a value is no time of day")
    clock = {name: pc.struct_field(parts, name) for name in ("hours", "minutes", "seconds", "fraction")}
    fraction = pc.utf8_rpad(pc.utf8_slice_codeunits(clock.pop("fraction"), 0, 7), 7, "0")
    hours, minutes, seconds, units = (
        pc.if_else(pc.equal(text, ""), "0", text).cast(pa.int64()).to_numpy() for text in (*clock.values(), fraction)
    )
    if (hours > 23).any() or (minutes > 59).any() or (seconds > 59).any():
        raise Misfit("a value is no time of day")
    ticks: np.ndarray = ((hours * 60 + minutes) * 60 + seconds) * 10_000_000 + units
    return ticks


def _read_date(data: Bytes, scale: int) -> pa.Array:
    return dates.to_text(dates.dates(little(data) + dates.EPOCH_0001))


def _write_date(values: pa.Array, scale: int) -> Bytes:
    return as_bytes((_days(values) - dates.EPOCH_0001).astype("<i8"))[:, :3]


def _read_time(data: Bytes, scale: int) -> pa.Array:
    return dates.to_text(dates.times(little(data), scale))


def _write_time(values: pa.Array, scale: int) -> Bytes:
    return as_bytes(_rounded(_ticks(values), scale))[:, :5]


def _rounded(ticks: np.ndarray, scale: int) -> np.ndarray:
    unit = 10 ** (7 - scale)
    rounded: np.ndarray = ticks // unit * unit
    return rounded.astype("<i8")


def _read_datetime(data: Bytes, scale: int) -> pa.Array:
    halves = np.ascontiguousarray(data).view("<i4").reshape(-1, 2)
    text = dates.datetime_text(halves[:, 0], halves[:, 1].view("<u4"))
    return pc.replace_substring(dates.to_text(text), "T", " ")


def _write_datetime(values: pa.Array, scale: int) -> Bytes:
    milliseconds = _ticks(values) // 10_000
    parts = np.minimum((milliseconds * 3 + 5) // 10, 86_400 * 300 - 1)
    return as_bytes(np.stack([_days(values) - dates.EPOCH_1900, parts], axis=1).astype("<i4"))


def _read_small_datetime(data: Bytes, scale: int) -> pa.Array:
    halves = np.ascontiguousarray(data).view("<u2").reshape(-1, 2).astype(np.int64)
    clock = dates.times(halves[:, 1] * 600_000_000, 0)
    return dates.to_text(dates.joined(dates.dates(halves[:, 0] + dates.EPOCH_1900), " ", clock))


def _write_small_datetime(values: pa.Array, scale: int) -> Bytes:
    days = _days(values) - dates.EPOCH_1900
    if len(days) and (days.min() < 0 or days.max() > 0xFFFF):
        raise Misfit("a date is out of the range of its type")
    return as_bytes(np.stack([days, _ticks(values) // 600_000_000], axis=1).astype("<u2"))


def _read_datetime2(data: Bytes, scale: int) -> pa.Array:
    days = little(data[:, 5:8]) + dates.EPOCH_0001
    return dates.to_text(dates.joined(dates.dates(days), " ", dates.times(little(data[:, :5]), scale)))


def _write_datetime2(values: pa.Array, scale: int) -> Bytes:
    return np.concatenate([_write_time(values, scale), _write_date(values, scale)], axis=1)


def _read_offset(data: Bytes, scale: int) -> pa.Array:
    """In UTC with its offset in minutes -> local time and offset."""
    minutes = np.ascontiguousarray(data[:, 8:10]).view("<i2").reshape(-1).astype(np.int64)
    ticks = little(data[:, :5]) + minutes * 600_000_000
    days = little(data[:, 5:8]) + dates.EPOCH_0001 + ticks // dates.DAY_100NS
    local = dates.joined(dates.dates(days), " ", dates.times(ticks % dates.DAY_100NS, scale))
    size = np.abs(minutes)
    hours = np.char.add(np.where(minutes < 0, "-", "+"), np.char.zfill((size // 60).astype(str), 2))
    return dates.to_text(np.char.add(local, dates.joined(hours, ":", np.char.zfill((size % 60).astype(str), 2))))


def _write_offset(values: pa.Array, scale: int) -> Bytes:
    found = pc.extract_regex(values, r"(?P<sign>[+-])(?P<hours>\d\d):(?P<minutes>\d\d)$")
    sign = np.where(
        pc.fill_null(pc.equal(pc.struct_field(found, "sign"), "-"), False).to_numpy(zero_copy_only=False), -1, 1
    )
    hours, minutes = (
        pc.fill_null(pc.struct_field(found, part), "0").cast(pa.int64()).to_numpy() for part in ("hours", "minutes")
    )
    offset = sign * (hours * 60 + minutes)
    ticks = _rounded(_ticks(values), scale) - offset * 600_000_000
    days = _days(values) - dates.EPOCH_0001 + ticks // dates.DAY_100NS
    parts = [as_bytes((ticks % dates.DAY_100NS).astype("<i8"))[:, :5], as_bytes(days.astype("<i8"))[:, :3]]
    return np.concatenate([*parts, as_bytes(offset.astype("<i2"))], axis=1)


_DATES: dict[str, tuple[int, Callable[[Bytes, int], pa.Array], Callable[[pa.Array, int], Bytes]]] = {
    "date": (3, _read_date, _write_date),
    "time": (5, _read_time, _write_time),
    "datetime": (8, _read_datetime, _write_datetime),
    "smalldatetime": (4, _read_small_datetime, _write_small_datetime),
    "datetime2": (8, _read_datetime2, _write_datetime2),
    "datetimeoffset": (10, _read_offset, _write_offset),
}

_OTHERS: dict[str, tuple[int, bool, Read, Write]] = {
    "money": (8, False, _read_money, _write_money),
    "smallmoney": (4, False, _read_small_money, _write_small_money),
    "bit": (1, True, _read_bit, _write_bit),
    "uniqueidentifier": (16, True, _read_guid, _write_guid),
}
