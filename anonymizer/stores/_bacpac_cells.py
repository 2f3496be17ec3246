"""The values of a package's data parts, column by column, as the text that SQL Server prints, and back.

Numbers are little-endian; all text is UTF-16, also char and varchar; time takes five bytes of 100 ns whatever its scale;
money is its high half and then its low one; decimal carries precision, scale and sign. Sources: packages made by
SqlPackage compared with the same tables in other formats; [MS-TDS] for money, decimal and the dates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.stores import _mssql_dates as dates
from anonymizer.stores._bacpac_model import CellType
from anonymizer.stores._spans import cut

Bytes = np.ndarray
"""uint8, values x width."""
_Read = Callable[[Bytes], pa.Array]
_Write = Callable[[pa.Array], Bytes]
_INTEGERS = {"tinyint": "<u1", "smallint": "<i2", "int": "<i4", "integer": "<i4", "bigint": "<i8"}
_GUID_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, *range(8, 16)]
_TEXT = ("char", "character", "nchar", "varchar", "nvarchar", "sysname", "text", "ntext", "xml")
_PADDED = ("char", "character", "nchar")
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_NIBBLES = np.full(256, 255, np.uint8)
_NIBBLES[list(b"0123456789abcdef")] = np.arange(16)
_NIBBLES[list(b"ABCDEF")] = np.arange(10, 16)


_CLOCK = (
    r"^(?:\d{4}-\d\d-\d\d[T ]?)?(?:(?P<hours>\d\d):(?P<minutes>\d\d):(?P<seconds>\d\d)(?:\.(?P<fraction>\d+))?)?"
    r" ?(?:[+-]\d\d:\d\d)?$"
)


class Misfit(Exception):
    """A value is not one of the type; the message is without the value."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How one column's cells are read and written."""

    cell: CellType
    prefix: int
    """Bytes of the length in front."""
    width: int
    """Bytes of every value; 0: as its length says."""
    fixed: tuple[_Read, _Write] | None = None
    """For values of one width."""

    def read(self, block: pa.Buffer, starts: np.ndarray, ends: np.ndarray) -> pa.Array:
        """Cells -> Arrow `string`. Raises Misfit."""
        data = np.frombuffer(block, np.uint8)
        null = np.zeros(len(starts), bool)
        if self.prefix:
            null = (data[starts[:, None] + np.arange(self.prefix)] == 255).all(axis=1)
            if self.cell.name == "sql_variant":
                null |= ends - starts == self.prefix
            if null.any() and not self.cell.nullable:
                raise Misfit("a value is NULL where none may be, or the part is damaged")
        if null.all():
            return pa.nulls(len(starts), pa.string())
        first = starts + self.prefix
        if self.fixed is not None:
            sizes = (ends - first)[~null]
            if (sizes != self.width).any():
                raise Misfit("a value has another length than its type")
            values = self.fixed[0](data[first[~null][:, None] + np.arange(self.width)])
        else:
            raw = cut(block, first, ends).filter(pa.array(~null))
            values = _texts(raw, self.cell) if self.cell.name in _TEXT else _hex(raw)
        return values if not null.any() else _spread(values, ~null)

    def write(self, values: pa.Array, lengths: np.ndarray) -> pa.Array:
        """Arrow `string` -> cells with their lengths in front, as binary; `lengths` are those of the cells before.

        Raises Misfit for a value that does not fit.
        """
        if values.null_count and not (self.cell.nullable and self.prefix):
            raise Misfit("NULL does not fit a column that has none")
        known = values.drop_null()
        if not len(known):
            raw = pa.array([], pa.binary())
        elif self.fixed is not None:
            raw = _joined(_checked(self.fixed[1], known))
        elif self.cell.name in _TEXT:
            raw = _utf16(known, self.cell, (lengths - self.prefix)[values.is_valid().to_numpy(zero_copy_only=False)])
        else:
            raw = _unhex(known)
            if self.cell.name == "binary":
                raw = _zero_padded(raw, self.cell.length or 1)
            _within(raw, self.cell, 1)
        if not self.prefix:
            return raw
        sizes = pc.binary_length(raw).to_numpy().astype("<u8")
        fronts = _joined(sizes.view(np.uint8).reshape(-1, 8)[:, : self.prefix])
        cells = pc.binary_join_element_wise(fronts, raw, pa.scalar(b"", pa.binary()))
        if not values.null_count:
            return cells
        null = bytes(4) if self.cell.name == "sql_variant" else b"\xff" * self.prefix
        valid = values.is_valid()
        return pc.replace_with_mask(pa.array([null] * len(values), pa.binary()), valid, cells)


def codec(cell: CellType) -> Codec:
    """The codec of a column, by its type."""
    name = cell.name
    by_null = 1 if cell.nullable else 0
    if name in _INTEGERS:
        kind = np.dtype(_INTEGERS[name])
        return Codec(cell, by_null, kind.itemsize, (_read_integer(kind), _write_integer(kind)))
    if name in ("real", "float"):
        kind = np.dtype("<f4" if name == "real" or 0 < cell.precision <= 24 else "<f8")
        return Codec(cell, by_null, kind.itemsize, (_read_float(kind), _write_float(kind)))
    if name in ("money", "smallmoney"):
        return Codec(cell, by_null, *((8, (_read_money, _write_money)) if name == "money" else (4, _SMALL_MONEY)))
    if name in _DATES:
        width, read, write = _DATES[name]
        return Codec(cell, by_null, width, (lambda data: read(data, cell.scale), lambda values: write(values, cell.scale)))
    if name == "bit":
        return Codec(cell, 1, 1, (_read_bit, _write_bit))
    if name == "uniqueidentifier":
        return Codec(cell, 1, 16, (_read_guid, _write_guid))
    if name in ("decimal", "numeric", "dec"):
        precision = cell.precision or 18
        return Codec(
            cell, 1, 19, (lambda data: _read_decimal(data, cell.scale), lambda v: _write_decimal(v, precision, cell.scale))
        )
    if name in ("char", "character") and not cell.nullable and not cell.unlimited:
        return Codec(cell, 0, 2 * (cell.length or 1))
    if name in ("text", "ntext", "image", "sql_variant"):
        return Codec(cell, 4, 0)
    if cell.unlimited or name in ("xml", "geography", "geometry", "hierarchyid"):
        return Codec(cell, 8, 0)
    return Codec(cell, 2, 0)


# --- numbers ----------------------------------------------------------------------------------------------------


def _read_integer(kind: np.dtype) -> _Read:
    return lambda data: pa.array(np.ascontiguousarray(data).view(kind).reshape(-1).astype(kind.newbyteorder("="))).cast(pa.string())


def _write_integer(kind: np.dtype) -> _Write:
    limits = np.iinfo(kind)

    def write(values: pa.Array) -> Bytes:
        numbers = values.cast(pa.int64()).to_numpy(zero_copy_only=False)
        if len(numbers) and (numbers.min() < limits.min or numbers.max() > limits.max):
            raise Misfit("a number is out of the range of its type")
        return _as_bytes(numbers.astype(kind))

    return write


def _read_float(kind: np.dtype) -> _Read:
    return lambda data: pa.array(np.ascontiguousarray(data).view(kind).reshape(-1)).cast(pa.string())


def _write_float(kind: np.dtype) -> _Write:
    return lambda values: _as_bytes(values.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(kind))


def _read_money(data: Bytes) -> pa.Array:
    halves = np.ascontiguousarray(data).view("<u4").reshape(-1, 2).astype(np.int64)
    return _decimals((halves[:, 0] << 32) | halves[:, 1], 4)


def _write_money(values: pa.Array) -> Bytes:
    units = _units(values, 19, 4)[0].view(np.int64)
    return _as_bytes(np.stack([units >> 32, units & 0xFFFFFFFF], axis=1).astype("<u4"))


def _write_small_money(values: pa.Array) -> Bytes:
    units = _units(values, 10, 4)[0].view(np.int64)
    if len(units) and np.abs(units).max() >= 2**31:
        raise Misfit("a number is out of the range of its type")
    return _as_bytes(units.astype("<i4"))


_SMALL_MONEY: tuple[_Read, _Write] = (
    lambda data: _decimals(np.ascontiguousarray(data).view("<i4").reshape(-1).astype(np.int64), 4),
    _write_small_money,
)


def _decimals(units: np.ndarray, scale: int) -> pa.Array:
    """Whole numbers of the smallest unit -> text with so many decimals."""
    return _from_halves(units.astype(np.int64).view(np.uint64), units.astype(np.int64) >> 63, scale)


def _from_halves(low: np.ndarray, high: np.ndarray, scale: int) -> pa.Array:
    halves = np.stack([low, high.astype(np.int64).view(np.uint64)], axis=1).astype("<u8")
    kind = pa.decimal128(38, scale)
    return pa.Array.from_buffers(kind, len(low), [None, pa.py_buffer(np.ascontiguousarray(halves))]).cast(pa.string())


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
    result[:, 3:] = _as_bytes(np.stack([low, high], axis=1).astype("<u8"))
    return result


def _read_bit(data: Bytes) -> pa.Array:
    return pa.array(["0", "1"]).take(pa.array((data[:, 0] != 0).astype(np.int8)))


def _write_bit(values: pa.Array) -> Bytes:
    true = pc.is_in(values, value_set=pa.array(["1", "true", "True"])).to_numpy(zero_copy_only=False)
    false = pc.is_in(values, value_set=pa.array(["0", "false", "False"])).to_numpy(zero_copy_only=False)
    if not (true | false).all():
        raise Misfit("a value is neither 0 nor 1")
    return true.astype(np.uint8).reshape(-1, 1)


# --- identifiers and bytes --------------------------------------------------------------------------------------


def _read_guid(data: Bytes) -> pa.Array:
    digits = pc.ascii_upper(pc.utf8_slice_codeunits(_hex(_joined(data[:, _GUID_ORDER])), 2))
    cuts = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
    return pc.binary_join_element_wise(*[pc.utf8_slice_codeunits(digits, *cut_) for cut_ in cuts], "-")


def _write_guid(values: pa.Array) -> Bytes:
    digits = pc.replace_substring_regex(values, r"[{}\-]", "")
    if pc.any(pc.not_equal(pc.utf8_length(digits), 32)).as_py():
        raise Misfit("a value is no unique identifier")
    flat, _ = _flat(_unhex(pc.binary_join_element_wise("\\x", digits, "")))
    return flat.reshape(-1, 16)[:, _GUID_ORDER]


def _hex(raw: pa.Array) -> pa.Array:
    """Bytes -> `\\x` and hexadecimal digits."""
    data, offsets = _flat(raw)
    digits = np.empty((len(data), 2), np.uint8)
    digits[:, 0], digits[:, 1] = _HEX[data >> 4], _HEX[data & 15]
    return pc.binary_join_element_wise("\\x", _unflat(digits.reshape(-1), offsets * 2, pa.string()), "")


def _unhex(values: pa.Array) -> pa.Array:
    """The inverse. Raises Misfit."""
    data, offsets = _flat(pc.utf8_slice_codeunits(values, 2))
    if len(values) and not pc.all(pc.starts_with(values, "\\x")).as_py():
        raise Misfit("a value that is no binary one does not fit")
    nibbles = _NIBBLES[data]
    if (nibbles > 15).any() or (offsets % 2).any():
        raise Misfit("a value that is no binary one does not fit")
    pairs = nibbles.reshape(-1, 2)
    return _unflat(pairs[:, 0] << 4 | pairs[:, 1], offsets // 2, pa.binary())


def _zero_padded(raw: pa.Array, width: int) -> pa.Array:
    missing = width - pc.binary_length(raw).to_numpy()
    zeros = _unflat(np.zeros(int(np.maximum(missing, 0).sum()), np.uint8), _offsets(np.maximum(missing, 0)), pa.binary())
    return pc.binary_join_element_wise(raw, zeros, pa.scalar(b"", pa.binary()))


def _within(raw: pa.Array, cell: CellType, unit: int) -> None:
    if cell.length and not cell.unlimited and len(raw) and pc.max(pc.binary_length(raw)).as_py() > cell.length * unit:
        raise Misfit(f"a value is longer than {cell.length}")


# --- text -------------------------------------------------------------------------------------------------------


def _texts(raw: pa.Array, cell: CellType) -> pa.Array:
    """UTF-16 -> string; fixed-length text without the spaces that fill it."""
    data, offsets = _flat(raw)
    if (offsets % 2).any():
        raise Misfit("a text ends in the middle of a character")
    units = data.view("<u2") if len(data) % 2 == 0 else data[:-1].view("<u2")
    if (units < 0x80).all():
        values = _unflat(units.astype(np.uint8), offsets // 2, pa.string())
    else:
        try:
            values = _decoded(units, offsets // 2)
        except UnicodeDecodeError:
            raise Misfit("a text is not valid UTF-16") from None
    return pc.utf8_rtrim(values, " ") if cell.name in _PADDED else values


def _decoded(units: np.ndarray, offsets: np.ndarray) -> pa.Array:
    text = units.tobytes().decode("utf-16-le").encode()
    utf8 = np.frombuffer(text, np.uint8)
    # every UTF-16 unit begins a character of UTF-8, but for the second half of a pair, which begins none
    begins = np.flatnonzero((utf8 & 0xC0) != 0x80)
    high = (units & 0xFC00) == 0xD800
    whole = np.flatnonzero(~((units & 0xFC00) == 0xDC00))
    if (high[offsets[1:-1] - 1] & (offsets[1:-1] > 0)).any():
        raise Misfit("a text is not valid UTF-16")
    number = np.searchsorted(whole, offsets)
    return _unflat(utf8, np.append(begins, len(utf8))[number], pa.string())


def _utf16(values: pa.Array, cell: CellType, lengths: np.ndarray) -> pa.Array:
    """string -> UTF-16; fixed-length text is filled with spaces where the cell before was full."""
    text, offsets = _flat(values)
    try:
        units = np.frombuffer(text.tobytes().decode().encode("utf-16-le"), "<u2")
    except UnicodeError:
        raise Misfit("a text cannot be written") from None
    begins = np.flatnonzero((text & 0xC0) != 0x80)
    whole = np.flatnonzero(~((units & 0xFC00) == 0xDC00))
    ends = np.append(whole, len(units))[np.searchsorted(begins, offsets)]
    raw = _unflat(units.astype("<u2").view(np.uint8), ends * 2, pa.binary())
    if cell.name in _PADDED:
        width = cell.length or 1
        full = (lengths >= 2 * width) | (lengths <= 0)
        missing = np.where(full, np.maximum(width - np.diff(ends), 0), 0)
        spaces = np.tile(np.array([32, 0], np.uint8), int(missing.sum()))
        filling = _unflat(spaces, _offsets(2 * missing), pa.binary())
        raw = pc.binary_join_element_wise(raw, filling, pa.scalar(b"", pa.binary()))
    _within(raw, cell, 2)
    return raw


# --- dates ------------------------------------------------------------------------------------------------------


def _little(data: Bytes) -> np.ndarray:
    """Little-endian bytes of any width up to 7 -> int64."""
    wide = np.zeros((len(data), 8), np.uint8)
    wide[:, : data.shape[1]] = data
    return wide.view("<i8").reshape(-1)


def _days(values: pa.Array) -> np.ndarray:
    """The dates that begin the texts -> days since 1970."""
    return pc.utf8_slice_codeunits(values, 0, 10).cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)


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
    return ((hours * 60 + minutes) * 60 + seconds) * 10_000_000 + units


def _read_date(data: Bytes, scale: int) -> pa.Array:
    return dates.to_text(dates.dates(_little(data) + dates.EPOCH_0001))


def _write_date(values: pa.Array, scale: int) -> Bytes:
    return _as_bytes((_days(values) - dates.EPOCH_0001).astype("<i8"))[:, :3]


def _read_time(data: Bytes, scale: int) -> pa.Array:
    return dates.to_text(dates.times(_little(data), scale))


def _write_time(values: pa.Array, scale: int) -> Bytes:
    return _as_bytes(_rounded(_ticks(values), scale))[:, :5]


def _rounded(ticks: np.ndarray, scale: int) -> np.ndarray:
    unit = 10 ** (7 - scale)
    return (ticks // unit * unit).astype("<i8")


def _read_datetime(data: Bytes, scale: int) -> pa.Array:
    halves = np.ascontiguousarray(data).view("<i4").reshape(-1, 2)
    text = dates.datetime_text(halves[:, 0], halves[:, 1].view("<u4"))
    return pc.replace_substring(dates.to_text(text), "T", " ")


def _write_datetime(values: pa.Array, scale: int) -> Bytes:
    milliseconds = _ticks(values) // 10_000
    parts = np.minimum((milliseconds * 3 + 5) // 10, 86_400 * 300 - 1)
    return _as_bytes(np.stack([_days(values) - dates.EPOCH_1900, parts], axis=1).astype("<i4"))


def _read_small_datetime(data: Bytes, scale: int) -> pa.Array:
    halves = np.ascontiguousarray(data).view("<u2").reshape(-1, 2).astype(np.int64)
    clock = dates.times(halves[:, 1] * 600_000_000, 0)
    return dates.to_text(dates.joined(dates.dates(halves[:, 0] + dates.EPOCH_1900), " ", clock))


def _write_small_datetime(values: pa.Array, scale: int) -> Bytes:
    days = _days(values) - dates.EPOCH_1900
    if len(days) and (days.min() < 0 or days.max() > 0xFFFF):
        raise Misfit("a date is out of the range of its type")
    return _as_bytes(np.stack([days, _ticks(values) // 600_000_000], axis=1).astype("<u2"))


def _read_datetime2(data: Bytes, scale: int) -> pa.Array:
    days = _little(data[:, 5:8]) + dates.EPOCH_0001
    return dates.to_text(dates.joined(dates.dates(days), " ", dates.times(_little(data[:, :5]), scale)))


def _write_datetime2(values: pa.Array, scale: int) -> Bytes:
    return np.concatenate([_write_time(values, scale), _write_date(values, scale)], axis=1)


def _read_offset(data: Bytes, scale: int) -> pa.Array:
    """In UTC with its offset in minutes -> local time and offset."""
    minutes = np.ascontiguousarray(data[:, 8:10]).view("<i2").reshape(-1).astype(np.int64)
    ticks = _little(data[:, :5]) + minutes * 600_000_000
    days = _little(data[:, 5:8]) + dates.EPOCH_0001 + ticks // dates.DAY_100NS
    local = dates.joined(dates.dates(days), " ", dates.times(ticks % dates.DAY_100NS, scale))
    size = np.abs(minutes)
    hours = np.char.add(np.where(minutes < 0, "-", "+"), np.char.zfill((size // 60).astype(str), 2))
    return dates.to_text(np.char.add(local, dates.joined(hours, ":", np.char.zfill((size % 60).astype(str), 2))))


def _write_offset(values: pa.Array, scale: int) -> Bytes:
    found = pc.extract_regex(values, r"(?P<sign>[+-])(?P<hours>\d\d):(?P<minutes>\d\d)$")
    sign = np.where(pc.fill_null(pc.equal(pc.struct_field(found, "sign"), "-"), False).to_numpy(zero_copy_only=False), -1, 1)
    hours, minutes = (
        pc.fill_null(pc.struct_field(found, part), "0").cast(pa.int64()).to_numpy() for part in ("hours", "minutes")
    )
    offset = sign * (hours * 60 + minutes)
    ticks = _rounded(_ticks(values), scale) - offset * 600_000_000
    days = _days(values) - dates.EPOCH_0001 + ticks // dates.DAY_100NS
    parts = [_as_bytes((ticks % dates.DAY_100NS).astype("<i8"))[:, :5], _as_bytes(days.astype("<i8"))[:, :3]]
    return np.concatenate([*parts, _as_bytes(offset.astype("<i2"))], axis=1)


_DATES: dict[str, tuple[int, Callable[[Bytes, int], pa.Array], Callable[[pa.Array, int], Bytes]]] = {
    "date": (3, _read_date, _write_date),
    "time": (5, _read_time, _write_time),
    "datetime": (8, _read_datetime, _write_datetime),
    "smalldatetime": (4, _read_small_datetime, _write_small_datetime),
    "datetime2": (8, _read_datetime2, _write_datetime2),
    "datetimeoffset": (10, _read_offset, _write_offset),
}


# --- Arrow and NumPy --------------------------------------------------------------------------------------------


def _checked(write: _Write, values: pa.Array) -> Bytes:
    try:
        return write(values)
    except (pa.ArrowException, ValueError, OverflowError):
        raise Misfit("a value is not one of the column's type") from None


def _as_bytes(numbers: np.ndarray) -> Bytes:
    return np.ascontiguousarray(numbers).view(np.uint8).reshape(len(numbers), -1)


def _joined(data: Bytes) -> pa.Array:
    """A row of bytes each -> binary."""
    offsets = np.arange(len(data) + 1, dtype=np.int64) * data.shape[1]
    return _unflat(np.ascontiguousarray(data).reshape(-1), offsets, pa.binary())


def _offsets(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)])


def _flat(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The bytes of all values without nulls, and where each begins (int64, one more than values)."""
    if not len(values):
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    offsets = np.frombuffer(values.buffers()[1], np.int32)[values.offset : values.offset + len(values) + 1].astype(np.int64)
    data = values.buffers()[2]
    flat = np.empty(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]
    return np.ascontiguousarray(flat), offsets - offsets[0]


def _unflat(data: np.ndarray, offsets: np.ndarray, kind: pa.DataType) -> pa.Array:
    buffers = [None, pa.py_buffer(np.ascontiguousarray(offsets, np.int32)), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(kind, len(offsets) - 1, buffers)


def _spread(values: pa.Array, valid: np.ndarray) -> pa.Array:
    """The values at the rows where `valid`, null elsewhere."""
    places = np.cumsum(valid) - 1
    return values.take(pa.array(places, pa.int64(), mask=~valid)) if len(values) else pa.nulls(len(valid), pa.string())
