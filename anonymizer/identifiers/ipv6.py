"""IPv6 address, perhaps with a zone or a prefix length.

Form: RFC 4291 section 2.2; results are written as RFC 5952 says, and so have always 29 signs before a prefix length.
Source: RFC 4291, RFC 5952
Range: 2001:db8::/32, reserved for documentation by RFC 3849; of it 2001:db8::/64 with four groups of four hexadecimal
digits. The length of the written form changes.

>>> is_valid(pa.array(["2001:db8::1", "2001:db8::1::2", "2001:db8::/32"])).to_pylist()
[True, False, True]
>>> from_index(np.array([1], np.uint64), pa.array(["2001:DB8::1/64"])).to_pylist()
['2001:DB8::1000:1000:1000:1001/64']
"""

from __future__ import annotations

import ipaddress

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.identifiers._characters import rows_as_text

NAME = "IPv6 address"
CATEGORY = "ip_address"
PER_GROUP = 15 * 16**3
"""Groups of a result: those whose first hexadecimal digit is not 0."""
CAPACITY = PER_GROUP**4
REACHABLE = False

_LIKELY = r"^\s*[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[0-9A-Za-z_.-]+)?(?:/[0-9]{1,3})?\s*$"
_HEXADECIMAL = np.frombuffer(b"0123456789abcdef", np.uint8)


def _parsed(text: str) -> str | None:
    """The address in one spelling, without zone and prefix length; None for anything else."""
    address, _, prefix = text.strip().partition("/")
    if prefix and int(prefix) > 128:
        return None
    try:
        return str(ipaddress.IPv6Address(address.partition("%")[0]))
    except ValueError:
        return None


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the address as RFC 5952 writes it, null where there is none. One step per distinct value."""
    likely = pc.match_substring_regex(values, _LIKELY)
    encoded = pc.if_else(likely, values, None).dictionary_encode()
    spelled = pa.array([_parsed(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return spelled.take(encoded.indices)


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    return pc.if_else(values.is_valid(), compact(values).is_valid(), None)


def halves(values: pa.Array) -> NDArray[np.uint64]:
    """Valid values -> uint64 [n, 2]: the upper and the lower 64 bits."""
    encoded = compact(values).dictionary_encode()
    numbers = [int(ipaddress.IPv6Address(text)) for text in encoded.dictionary.to_pylist()]
    pairs = np.array([divmod(number, 1 << 64) for number in numbers], np.uint64).reshape(-1, 2)
    return np.asarray(pairs[encoded.indices.to_numpy()])


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`; zones are left out, prefix lengths stay, and capitals."""
    codes = np.tile(np.frombuffer(b"2001:db8:" + b":0000" * 4, np.uint8), (len(index), 1))
    rest = index.astype(np.uint64)
    for end in (29, 24, 19, 14):
        rest, group = np.divmod(rest, np.uint64(PER_GROUP))
        group += np.uint64(0x1000)
        for place in range(4):
            codes[:, end - 1 - place] = _HEXADECIMAL[((group >> np.uint64(4 * place)) & np.uint64(15)).astype(np.int64)]
    prefix = pc.struct_field(pc.extract_regex(like, r"^[^/]*(?P<prefix>/?.*?)\s*$"), [0])
    address = rows_as_text(codes)
    address = pc.if_else(pc.match_substring_regex(like, "[A-F]"), pc.ascii_upper(address), address)
    return pc.binary_join_element_wise(address, prefix, "")
