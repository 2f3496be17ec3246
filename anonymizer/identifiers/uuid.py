"""Universally unique identifier (UUID, GUID).

Form: 32 hexadecimal digits, 8-4-4-4-12, with or without hyphens, braces and urn:uuid:.
Source: RFC 9562
Range: all of version 4: such a number is drawn by lot, belongs to nobody, and reaches nobody.

>>> is_valid(pa.array(["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-00000000001"])).to_pylist()
[True, False]
>>> from_index(np.array([255], np.uint64), pa.array(["{00000000-0000-4000-8000-000000000001}"])).to_pylist()
['{00000000-0000-4000-8000-0000000000ff}']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "UUID"
CATEGORY = "cookie_or_device_id"
CAPACITY = 2**62
REACHABLE = False

_FORM = (
    r"(?i)^\s*(?:urn:uuid:)?(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\})\s*$"
)
_DIGITS = 32
_HEXADECIMAL = np.frombuffer(b"0123456789ABCDEF", np.uint8)


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    return pc.match_substring_regex(values, _FORM)


def _read(values: pa.Array) -> characters.Compact:
    return characters.compact(values, _DIGITS + 8, " -{}:").without_prefix("URNUUID")


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the 32 hexadecimal digits, in capitals."""
    return _read(values).text()


def from_words(words: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """uint64 [n, 2] -> string [n]: UUIDs of version 4 with these random bits, in the written form of `like`."""
    drawn = words.astype(">u8").view(np.uint8).reshape(-1, _DIGITS // 2)
    nibbles = np.empty((len(words), _DIGITS), np.uint8)
    nibbles[:, ::2] = drawn >> 4
    nibbles[:, 1::2] = drawn & 15
    nibbles[:, 12] = 4
    nibbles[:, 16] = nibbles[:, 16] & 3 | 8
    codes = _HEXADECIMAL[nibbles]
    upper = pc.match_substring_regex(like, "[A-F]").to_numpy(zero_copy_only=False)
    codes = np.where(~upper[:, None] & (codes >= ord("A")), codes | np.uint8(32), codes)
    if not pc.any(pc.starts_with(pc.ascii_lower(pc.utf8_trim_whitespace(like)), "urn")).as_py():
        return characters.write_characters(like, codes)
    named = characters.compact(like, 1, " -{}:").lengths > _DIGITS
    word = np.tile(np.frombuffer(b"URNUUID", np.uint8), (len(codes), 1))
    padding = np.zeros_like(word)
    whole = np.where(named[:, None], np.concatenate([word, codes], axis=1), np.concatenate([codes, padding], axis=1))
    return characters.write_characters(like, whole)


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`: the index is the last 62 bits."""
    words = np.zeros((len(index), 2), np.uint64)
    words[:, 1] = index.astype(np.uint64)
    return from_words(words, like)
