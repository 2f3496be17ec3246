"""Text encodings of dumps: PostgreSQL's names for them, and whole columns from and to UTF-8.

Only encodings in which an ASCII byte always means that ASCII character are taken: separators, quotes and backslashes
can then be found byte by byte. The others are client-only encodings of PostgreSQL; such a dump is asked for in UTF-8.
Source: PostgreSQL manual, "Character Set Support", tables of supported and client-only character sets.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.errors import SourceError, TargetError

_CODECS = {
    "UTF8": "utf-8",
    "UNICODE": "utf-8",
    "SQLASCII": "sql-ascii",
    "EUCCN": "gb2312",
    "EUCJIS2004": "euc_jis_2004",
    "EUCJP": "euc_jp",
    "EUCKR": "euc_kr",
    "KOI8": "koi8_r",
    "KOI8R": "koi8_r",
    "KOI8U": "koi8_u",
    "WIN": "cp1251",
    "ALT": "cp866",
    "WIN866": "cp866",
    "WIN874": "cp874",
    "TCVN": "cp1258",
    "ABC": "cp1258",
    **{f"WIN{page}": f"cp{page}" for page in range(1250, 1259)},
    "LATIN1": "latin_1",
    **{f"LATIN{number}": f"iso8859_{number}" for number in range(2, 5)},
    "LATIN5": "iso8859_9",
    "LATIN6": "iso8859_10",
    **{f"LATIN{number}": f"iso8859_{number + 6}" for number in range(7, 11)},
    **{f"ISO8859{part}": f"iso8859_{part}" for part in (*range(1, 12), *range(13, 17))},
}
"""PostgreSQL's name, without punctuation, -> Python codec; "sql-ascii" means: UTF-8 if it is valid, else Latin-1."""


class EncodingFault(Exception):
    """A value is not valid in its encoding; `row` is its position in the column."""

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def codec_of(name: str) -> str:
    """The Python codec of a PostgreSQL encoding name, "sql-ascii" for SQL_ASCII. Raises SourceError."""
    codec = _CODECS.get(re.sub(r"[\W_]", "", name).upper())
    if codec is None:
        raise SourceError(f"the encoding {name[:40]} is not supported: dump again with --encoding=UTF8")
    return codec


class Utf8Probe:
    """Tells whether a stream of bytes that comes in blocks is valid UTF-8: what SQL_ASCII leaves open."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.valid = True

    def feed(self, block: bytes | memoryview) -> None:
        """Look at the next block."""
        if self.valid:
            try:
                self._decoder.decode(bytes(block))
            except UnicodeDecodeError:
                self.valid = False

    @property
    def codec(self) -> str:
        """The codec to read the stream with, once all of it was fed."""
        return "utf-8" if self.valid and not self._decoder.getstate()[0] else "latin_1"


def decode(values: pa.Array, encoding: str) -> pa.Array:
    """binary in `encoding` -> string, null where null. Raises EncodingFault."""
    if encoding in ("utf-8", "utf_8", "utf8"):
        try:
            return values.cast(pa.string())
        except pa.ArrowInvalid:
            raise EncodingFault(_first_invalid(values, "utf-8")) from None
    data = _data(values)
    if not (data & 0x80).any():
        return values.cast(pa.string())
    if not data.all():
        return _one_by_one(values, pa.string(), lambda value: value.decode(encoding))
    # without a NUL in them, one can hold the values apart while the whole column is decoded in one go
    joined = _joined(values)
    try:
        text = joined.decode(encoding)
    except UnicodeDecodeError:
        raise EncodingFault(_first_invalid(values, encoding)) from None
    return _apart(text.encode(), values, pa.string())


def encode(values: pa.Array, encoding: str, where: str) -> pa.Array:
    """string -> binary in `encoding`, null where null.

    A value that the encoding cannot express loses its accents (NFKD); raises TargetError if that does not help,
    naming `where`.
    """
    if encoding in ("utf-8", "utf_8", "utf8") or not (_data(values) & 0x80).any():
        return values.cast(pa.binary())
    with suppress(UnicodeEncodeError):
        if _data(values).all():
            return _apart(_joined(values.cast(pa.binary())).decode().encode(encoding), values, pa.binary())
    return _one_by_one(values, pa.binary(), lambda word: expressible(word, encoding, where))


def expressible(text: str, encoding: str, where: str) -> bytes:
    """The text with those letters bared of their accents that the encoding does not have."""
    try:
        return b"".join(_letter(letter, encoding) for letter in unicodedata.normalize("NFC", text))
    except UnicodeEncodeError:
        raise TargetError(
            f"{where}: the dump's encoding {encoding} cannot express a pseudonym: dump again with --encoding=UTF8"
        ) from None


def _letter(letter: str, encoding: str) -> bytes:
    try:
        return letter.encode(encoding)
    except UnicodeEncodeError:
        parts = unicodedata.normalize("NFKD", letter)
        return "".join(part for part in parts if not unicodedata.combining(part)).encode(encoding)


def _data(values: pa.Array) -> np.ndarray:
    """uint8 view of all bytes of a binary or string column."""
    offsets = np.frombuffer(values.buffers()[1], np.int32)[values.offset : values.offset + len(values) + 1]
    data = values.buffers()[2]
    if data is None or not len(values):
        return np.empty(0, np.uint8)
    return np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]


def _joined(values: pa.Array) -> bytes:
    whole = pc.binary_join(
        pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values.fill_null(b"")), b"\0"
    )
    return whole[0].as_py()  # type: ignore[no-any-return]


def _apart(joined: bytes, like: pa.Array, kind: pa.DataType) -> pa.Array:
    """The inverse of `_sql.joined`: as many values as `like`, null where it is null."""
    data = np.frombuffer(joined, np.uint8)
    cuts = np.flatnonzero(data == 0)
    if len(cuts) != len(like) - 1:
        raise EncodingFault(0)
    offsets = np.empty(len(like) + 1, np.int32)
    offsets[0] = 0
    offsets[1:-1] = cuts - np.arange(len(cuts))
    offsets[-1] = len(data) - len(cuts)
    kept = np.ascontiguousarray(data[data != 0])
    values = pa.Array.from_buffers(kind, len(like), [None, pa.py_buffer(offsets), pa.py_buffer(kept)])
    return pc.if_else(like.is_valid(), values, pa.scalar(None, kind)) if like.null_count else values


def _one_by_one(values: pa.Array, kind: pa.DataType, change: Callable[[Any], Any]) -> pa.Array:
    """The same for values that hold a NUL or a letter that is lost: each different one on its own."""
    distinct = values.dictionary_encode()
    try:
        return pa.array(map(change, distinct.dictionary.to_pylist()), kind).take(distinct.indices)
    except UnicodeDecodeError:
        raise EncodingFault(0) from None


def _first_invalid(values: pa.Array, encoding: str) -> int:
    for row, value in enumerate(values.to_pylist()):
        try:
            (value or b"").decode(encoding)
        except UnicodeDecodeError:
            return row
    return 0
