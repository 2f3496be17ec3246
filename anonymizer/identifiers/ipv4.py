"""IPv4 address, perhaps with a prefix length (CIDR).

Form: four numbers from 0 to 255 with dots between them, perhaps a slash and a number up to 32.
Source: RFC 791, RFC 4632
Range: 240.0.0.0/4, reserved by RFC 1112 section 4 and never allotted, without its last address, the broadcast address
of RFC 919; no router forwards it. The 768 addresses for documentation (RFC 5737) would make one of many. The length
of the written form changes with the numbers.

>>> is_valid(pa.array(["240.0.0.1", "240.0.0.256", "240.0.0.0/24"])).to_pylist()
[True, False, True]
>>> from_index(np.array([258], np.uint64), pa.array(["192.0.2.1/32"])).to_pylist()
['240.0.1.2/32']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

NAME = "IPv4 address"
CATEGORY = "ip_address"
CAPACITY = 2**28 - 1
SPACE = 2**32
REACHABLE = False

_NUMBER = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_FORM = rf"^\s*{_NUMBER}(?:\.{_NUMBER}){{3}}(?:/(?:3[0-2]|[12]?[0-9]))?\s*$"
_FIRST = np.uint64(240 << 24)


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    return pc.match_substring_regex(values, _FORM)


def parse(values: pa.Array) -> NDArray[np.uint64]:
    """Valid values -> uint64 [n]: the address as a number below 2^32; the prefix length is left out."""
    address = np.zeros(len(values), np.uint64)
    parts = pc.extract_regex(values, r"(?P<a>[0-9]+)\.(?P<b>[0-9]+)\.(?P<c>[0-9]+)\.(?P<d>[0-9]+)")
    for part in range(4):
        octet = pc.cast(pc.struct_field(parts, [part]), pa.uint64()).to_numpy(zero_copy_only=False)
        address = (address << np.uint64(8)) | octet
    return address


def prefix_lengths(values: pa.Array) -> NDArray[np.int64]:
    """Valid values -> int64 [n]: the prefix length, 32 where there is none."""
    prefix = pc.struct_field(pc.extract_regex(values, r"/(?P<prefix>[0-9]+)"), [0])
    return np.asarray(pc.fill_null(pc.cast(prefix, pa.int64()), 32).to_numpy(zero_copy_only=False))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the address without its prefix length."""
    return pc.replace_substring_regex(pc.utf8_trim_whitespace(values), r"/.*", "")


def written(address: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """uint64 [n] below 2^32 -> string [n]; the prefix length is that of `like`."""
    octets = [pa.array((address >> np.uint64(shift)) & np.uint64(255)).cast(pa.string()) for shift in (24, 16, 8, 0)]
    prefix = pc.struct_field(pc.extract_regex(like, r"^[^/]*(?P<prefix>/?.*?)\s*$"), [0])
    return pc.binary_join_element_wise(pc.binary_join_element_wise(*octets, "."), prefix, "")


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    return parse(values)


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    return written(_FIRST + index.astype(np.uint64), like)


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    return written(rank.astype(np.uint64), like)
