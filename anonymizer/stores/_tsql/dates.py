"""Dates and times of SQL Server in their own bytes, and as text.

datetime is days since 1900-01-01 and 1/300 seconds; smalldatetime days and minutes; date counts days since 0001-01-01;
time counts units of its scale since midnight; datetimeoffset is in UTC with its offset in minutes. Source: the
[MS-TDS] specification, "Date/Times".
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

EPOCH_1900 = int(np.datetime64("1900-01-01", "D").astype(np.int64))
EPOCH_0001 = int(np.datetime64("0001-01-01", "D").astype(np.int64))
DAY_100NS = 864_000_000_000


def dates(days: np.ndarray) -> np.ndarray:
    """Days since 1970 -> ISO text."""
    return np.datetime_as_string(days.astype("datetime64[D]"))


def times(ticks: np.ndarray, scale: int) -> np.ndarray:
    """100 ns since midnight -> hh:mm:ss and `scale` decimals."""
    seconds = (ticks // 10_000_000).astype("datetime64[s]")
    clock = np.char.partition(np.datetime_as_string(seconds), "T")[..., 2]
    if not scale:
        return clock
    fraction = (ticks % 10_000_000) // 10 ** (7 - scale)
    return np.char.add(np.char.add(clock, "."), np.char.zfill(fraction.astype(str), scale))


def joined(left: np.ndarray, separator: str, right: np.ndarray) -> np.ndarray:
    """Texts side by side."""
    return np.char.add(np.char.add(left, separator), right)


def datetime_text(days: np.ndarray, ticks: np.ndarray) -> np.ndarray:
    """Days since 1900 and 1/300 seconds -> text with milliseconds, as SQL Server rounds them."""
    milliseconds = (ticks.astype(np.int64) * 10 + 1) // 3
    return joined(dates(days.astype(np.int64) + EPOCH_1900), "T", times(milliseconds * 10_000, 3))


FROM_HEX = ("datetime", "smalldatetime", "date", "datetime2", "time")


def from_hex(kind: str, digits: pa.Array) -> pa.Array:
    """Hexadecimal digits of a constant in CAST(0x… AS kind) -> text; null where they have another length.

    datetime and smalldatetime are big-endian; date is little-endian; datetime2 and time have their scale in front.

    >>> from_hex("datetime", pa.array(["0000a6f301149afb"])).to_pylist()
    ['2017-01-06T16:47:05.370']
    """
    distinct = digits.dictionary_encode()
    words = [_one(kind, bytes.fromhex(word)) for word in distinct.dictionary.to_pylist()]
    return pa.array(words, pa.string()).take(distinct.indices)


def _one(kind: str, data: bytes) -> str | None:
    try:
        if kind == "datetime" and len(data) == 8:
            days, ticks = int.from_bytes(data[:4], signed=True), int.from_bytes(data[4:])
            return str(datetime_text(np.array([days]), np.array([ticks]))[0]) if ticks < 86_400 * 300 else None
        if kind == "smalldatetime" and len(data) == 4:
            days, minutes = int.from_bytes(data[:2]), int.from_bytes(data[2:])
            text = joined(dates(np.array([days + EPOCH_1900])), "T", times(np.array([minutes * 600_000_000]), 0))
            return str(text[0]) if minutes < 1440 else None
        if kind == "date" and len(data) == 3:
            return _date(data)
        if kind in ("datetime2", "time") and data and data[0] <= 7:
            date = data[-3:] if kind == "datetime2" else b""
            ticks = int.from_bytes(data[1 : len(data) - len(date)], "little") * 10 ** (7 - data[0])
            if ticks >= DAY_100NS or len(data) - len(date) not in (4, 5, 6):
                return None
            clock = str(times(np.array([ticks]), data[0])[0])
            return f"{_date(date)}T{clock}" if date else clock
    except (ValueError, OverflowError):
        return None
    return None


def _date(data: bytes) -> str:
    return str(dates(np.array([int.from_bytes(data, "little") + EPOCH_0001]))[0])


def to_text(values: np.ndarray) -> pa.Array:
    """NumPy text -> Arrow string."""
    return pa.array(values.astype(object), pa.string()) if len(values) else pa.array([], pa.string())
