"""MAC address (EUI-48) of a network interface.

Form: six octets in hexadecimal, with colons, hyphens or dots between them, or nothing.
Source: IEEE 802, https://standards.ieee.org/products-programs/regauth/; RFC 9542
Range: addresses with the local bit set, which IEEE never assigns to a manufacturer: the first octet ends in 2, 6, A
or E.

>>> is_valid(pa.array(["02:00:00:00:00:01", "02:00:00:00:01"])).to_pylist()
[True, False]
>>> from_index(np.array([1], np.uint64), pa.array(["00-00-5E-00-53-AF"])).to_pylist()
['02-00-00-00-00-01']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "MAC address"
CATEGORY = "mac_address"
CAPACITY = 2**46
SPACE = 2**48
REACHABLE = False

_FORM = (
    r"^\s*(?:[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}"
    r"|[0-9A-Fa-f]{12})\s*$"
)
_HEXADECIMAL = np.frombuffer(b"0123456789ABCDEF", np.uint8)
_VALUES = np.zeros(256, np.uint64)
_VALUES[_HEXADECIMAL] = np.arange(16)


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    return pc.match_substring_regex(values, _FORM)


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the twelve hexadecimal digits, in capitals."""
    return characters.compact(values, 13, " .-:").text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`: the address as a number."""
    codes = characters.compact(values, 12, " .-:").codes
    address = np.zeros(len(codes), np.uint64)
    for place in range(12):
        address = (address << np.uint64(4)) | _VALUES[codes[:, place]]
    return address


def issued_rank(values: pa.Array) -> NDArray[np.uint64]:
    """Valid values -> uint64 below CAPACITY: the address without the bits that mark local and group addresses."""
    address = rank(values)
    return (address >> np.uint64(42) << np.uint64(40)) | (address & np.uint64((1 << 40) - 1))


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    numbers = index.astype(np.uint64)
    local = (numbers >> np.uint64(40) << np.uint64(42)) | np.uint64(2 << 40) | (numbers & np.uint64((1 << 40) - 1))
    return from_rank(local, like)


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    shifts = np.arange(44, -1, -4).astype(np.uint64)
    nibbles = (rank.astype(np.uint64)[:, None] >> shifts) & np.uint64(15)
    codes = _HEXADECIMAL[nibbles.astype(np.int64)]
    upper = pc.match_substring_regex(like, "[A-F]").to_numpy(zero_copy_only=False)
    codes = np.where(~upper[:, None] & (codes >= ord("A")), codes | np.uint8(32), codes)
    return characters.write_characters(like, codes)
