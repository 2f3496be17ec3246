"""MySQL's constants, whole columns at a time: escapes, hexadecimal and bit literals, and what they stand for.

Source: MySQL manual, "String Literals", "Hexadecimal Literals", "Bit-Value Literals".
"""

from __future__ import annotations

import enum
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.schema import Column, TypeFamily
from anonymizer.stores._bytes import to_hex
from anonymizer.stores._encoding import EncodingFault, decode, encode
from anonymizer.stores._sql.index import SINGLE, escaped_places

_BACKSLASH = ord("\\")
_MEANING = np.arange(256, dtype=np.uint8)
for _letter, _control in zip(b"0bnrtZ", b"\0\b\n\r\t\x1a", strict=True):
    _MEANING[_letter] = _control
_KEEPS_BACKSLASH = np.zeros(256, bool)
_KEEPS_BACKSLASH[list(b"%_")] = True
"""What a backslash does not escape but in a pattern, so that it stays."""
NUMBER = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
_HEX = r"^(0x([0-9A-Fa-f]{2})+|[xX]'([0-9A-Fa-f]{2})*')$"
_BITS = re.compile(
    r"0b([01]+)\Z|(?:[bB]|(?i:CONV)\()'([01]*)'(?:, 2, 10\) \+ 0)?\Z"
    r"|0x([0-9A-Fa-f]+)\Z|(?:[xX]|(?i:UNHEX)\()'([0-9A-Fa-f]*)'\)?\Z"
)
"""Adminer writes bytes as UNHEX('…') and bits as CONV('…', 2, 10) + 0."""
_BLOB = r"^\\x([0-9a-f]{2})*$"
_CP1252_HOLES = "\x81\x8d\x8f\x90\x9d"


class Kind(enum.Enum):
    """How the values of a column look outside the dump."""

    TEXT = "text"
    BINARY = "binary"
    BITS = "bits"


def kind_of(column: Column | None) -> Kind:
    """The kind of a column; None is one that only its rows name."""
    if column is not None and column.type.lower().startswith("bit"):
        return Kind.BITS
    binary = (TypeFamily.BINARY, TypeFamily.GEOMETRY)
    return Kind.BINARY if column is not None and column.family in binary else Kind.TEXT


def text(values: pa.Array, encoding: str) -> pa.Array:
    """binary in `encoding` -> string. MySQL's latin1 is cp1252 with the five bytes filled in that it leaves open."""
    try:
        return decode(values, encoding)
    except EncodingFault:
        if encoding != "cp1252":
            raise
    found: pa.Array = decode(values, "latin_1")
    for code in range(0x80, 0xA0):
        letter = chr(code)
        if letter not in _CP1252_HOLES:
            found = pc.replace_substring(found, letter, bytes([code]).decode("cp1252"))
    return found


# --- reading ----------------------------------------------------------------------------------------------------


def unescaped(raw: pa.Array, backslashes: bool, quote: int | None = SINGLE) -> pa.Array | None:
    """What the insides of quoted constants (binary, no nulls) mean; None if some is more than one string.

    Without a quote: what cells of LOAD DATA mean.
    """
    buffers = raw.buffers()
    if buffers[2] is None or not len(raw):
        return raw
    offsets = np.frombuffer(buffers[1], np.int32)[raw.offset : raw.offset + len(raw) + 1]
    data = np.frombuffer(buffers[2], np.uint8)[offsets[0] : offsets[-1]]
    offsets = offsets - offsets[0]
    slashes = backslashes and bool((data == _BACKSLASH).any())
    quotes = np.flatnonzero(data == quote) if quote is not None else np.empty(0, np.int64)
    if not slashes and not len(quotes):
        return raw
    dropped = np.zeros(len(data), bool)
    data = data.copy()
    if slashes:
        escaped = escaped_places(data)
        if len(escaped) and escaped[-1] >= len(data):
            return None
        following = data[escaped]
        dropped[escaped - 1] = ~_KEEPS_BACKSLASH[following] if quote is not None else True
        is_escaped = np.zeros(len(data), bool)
        is_escaped[escaped] = True
        quotes = quotes[~is_escaped[quotes]]
        data[escaped] = _MEANING[following]
    if len(quotes):
        cell = np.searchsorted(offsets, quotes, side="right")
        begins = (np.diff(quotes, prepend=-2) != 1) | (np.diff(cell, prepend=-1) != 0)
        place = np.arange(len(quotes))
        in_run = place - np.maximum.accumulate(np.where(begins, place, 0))
        if not (in_run[np.append(begins[1:], True)] % 2).all():
            return None
        dropped[quotes[in_run % 2 == 1]] = True
    left = np.concatenate(([0], np.cumsum(~dropped)))[offsets].astype(np.int32)
    kept = np.ascontiguousarray(data[~dropped])
    return pa.Array.from_buffers(pa.binary(), len(raw), [None, pa.py_buffer(left), pa.py_buffer(kept)])


def quoted_values(raw: pa.Array, kind: Kind, encoding: str, backslashes: bool, quote: int = SINGLE) -> pa.Array | None:
    """The values of quoted constants, from what stands between their quotes; None if some is no single string."""
    raw = unescaped(raw, backslashes, quote)
    if raw is None:
        return None
    if kind is Kind.BINARY:
        return to_hex(raw)
    return numbers_of_bits(raw) if kind is Kind.BITS else text(raw, encoding)


def numbers_of_bits(raw: pa.Array) -> pa.Array:
    """binary -> string: the whole numbers that the bytes are, the highest first."""
    distinct = raw.dictionary_encode()
    numbers = [str(int.from_bytes(word, "big")) for word in distinct.dictionary.to_pylist()]
    return pa.array(numbers, pa.string()).take(distinct.indices)


def bare_values(raw: pa.Array, kind: Kind) -> pa.Array | None:
    """The values of constants without quotes (binary); None if some is none."""
    try:
        words = raw.cast(pa.string())
    except pa.ArrowInvalid:
        return None
    if kind is Kind.BINARY:
        literal = pc.match_substring_regex(words, _HEX)
        if pc.any(literal).as_py():
            digits = pc.ascii_lower(pc.replace_substring_regex(words, r"^0x|^[xX]'|'$", ""))
            written = pc.binary_join_element_wise("\\x", digits, "")
            words = pc.if_else(literal, written, words)
    else:
        literal = pc.match_substring_regex(words, NUMBER)
    distinct = pc.unique(words.filter(pc.invert(literal)))
    for word in distinct.to_pylist():
        known, value = meaning(word, kind)
        if not known:
            return None
        words = pc.if_else(pc.fill_null(pc.not_equal(words, word), True), words, pa.scalar(value, pa.string()))
    return words


def meaning(word: str, kind: Kind) -> tuple[bool, str | None]:
    """Whether a word is a constant, and its value: NULL, DEFAULT, truth values, numbers, hexadecimal and bits."""
    known: dict[str, str | None] = {"null": None, "default": None, "true": "1", "false": "0"}
    if word == "\\N":
        return True, None
    if word.lower() in known:
        return True, known[word.lower()]
    if re.match(NUMBER, word):
        return True, word
    match = _BITS.match(word)
    if match is None:
        return False, None
    digits = match[3] if match[3] is not None else match[4]
    if kind is Kind.BITS:
        return True, str(int(digits, 16) if digits else int(match[1] or match[2] or "0", 2))
    if digits is None:
        number = int(match[1] or match[2] or "0", 2)
        return True, "\\x" + number.to_bytes((number.bit_length() + 7) // 8 or 1, "big").hex()
    data = bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
    if kind is Kind.TEXT:
        try:
            return True, data.decode()
        except UnicodeDecodeError:
            pass
    return True, "\\x" + data.hex()


# --- writing ----------------------------------------------------------------------------------------------------


def written(values: pa.Array, first: np.ndarray, kind: Kind, encoding: str, backslashes: bool, where: str) -> pa.Array:
    """string -> binary: each value as a constant, in the kind of its predecessor whose first byte is `first`."""
    raw = encode(values, encoding, where)
    mark = pa.scalar(b"'", pa.binary())
    nothing = pa.scalar(b"", pa.binary())
    result = pc.binary_join_element_wise(mark, _escaped(raw, backslashes), mark, nothing)
    if kind is Kind.BINARY:
        is_blob = pc.fill_null(pc.match_substring_regex(values, _BLOB), False)
        blob = pc.replace_substring(raw, b"\\x", b"0x", max_replacements=1)
        blob = pc.if_else(pc.equal(blob, pa.scalar(b"0x", pa.binary())), pa.scalar(b"''", pa.binary()), blob)
        result = pc.if_else(is_blob, blob, result)
    is_bare = np.isin(first, np.frombuffer(b"0123456789+-.bBtTfF", np.uint8)) | (kind is Kind.BITS)
    if is_bare.any():
        numbers = pc.and_(pa.array(is_bare), pc.fill_null(pc.match_substring_regex(values, NUMBER), False))
        result = pc.if_else(numbers, raw, result)
    return result.fill_null(b"NULL")


def _escaped(raw: pa.Array, backslashes: bool) -> pa.Array:
    if not backslashes:
        return pc.replace_substring(raw, b"'", b"''")
    for plain, escape in (
        (b"\\", b"\\\\"),
        (b"'", b"\\'"),
        (b"\n", b"\\n"),
        (b"\r", b"\\r"),
        (b"\0", b"\\0"),
        (b"\x1a", b"\\Z"),
    ):
        if _holds(raw, plain):
            raw = pc.replace_substring(raw, plain, escape)
    return raw


def _holds(values: pa.Array, character: bytes) -> bool:
    data = values.buffers()[2]
    return data is not None and bool((np.frombuffer(data, np.uint8) == character[0]).any())
