"""IP addresses: addresses that no router forwards, in the same family.

Technique (ISO/IEC 20889): pseudonymization. A public IPv4 address becomes one of the reserved 240.0.0.0/4, an IPv6
address one of the documentation range 2001:db8::/32. Addresses that shared a network do so afterwards: a /16 or /24 of
IPv4, a /48 or /64 of IPv6 (as a /80 or /96 of the result). Private, loopback and link-local IPv4 addresses become
others of the same range, one to one. Prefix lengths stay; a network's host bits are zero again.

Example: 81.246.13.7 -> 243.18.201.96 and 81.246.13.8 -> 243.18.201.111, 192.168.1.20 -> 192.168.77.3,
2a02:1810::1 -> 2001:db8::9f3a:1c20:77e1:b004. Addresses in lists and before ports (81.246.13.7:443) map alike; so do
those written as one whole number, where the column has room for it, else they become one of 10.0.0.0/8. Anything else
keeps its look.

The octets of IPv4 are enciphered one by one under a key that depends on those before, as in Crypto-PAn (Xu, Fan, Ammar,
Moon: Prefix-Preserving IP Address Anonymization, 2002), which does so bit by bit: who knows one original of a /24 knows
the others of it.

Never reached: results are reserved by RFC 1112, RFC 1918 and RFC 3849.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Binding, Kernel
from anonymizer.identifiers import ipv4, ipv6
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.permutation import Permutation
from anonymizer.pseudonyms.prf import Prf
from anonymizer.transforms import _numbered, _typed
from anonymizer.transforms._around_numbers import each_number
from anonymizer.transforms._cells import first_fitting, need_width
from anonymizer.transforms._multiplied import most_of

NAME = "ip_address"
CATEGORIES: tuple[str, ...] = ("ip_address",)
TECHNIQUE = "pseudonymization"
PARAMETERS: Mapping[str, str] = {}

_OWN_RANGES = (
    ("10.0.0.0", 8),
    ("100.64.0.0", 10),
    ("127.0.0.0", 8),
    ("169.254.0.0", 16),
    ("172.16.0.0", 12),
    ("192.168.0.0", 16),
)
"""Ranges whose addresses stay in them: RFC 1918, RFC 6598, RFC 1122 and RFC 3927."""
_WIDEST_IPV4 = 15
_TEN = np.uint64(10 << 24)
_OF_TEN = np.uint64((1 << 24) - 1)
_HALF = np.uint64(1 << 31)
_INSIDE = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/[0-9]{1,2}\b)?|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}"
"""A stretch of text that could be an address."""
_PORT = r"^[^\pL\pN]*(?::[0-9]{1,5}[^\pL\pN:]*)?$"
"""What may stand between addresses."""
_WHOLE = r"^\s*[0-9]{8,10}\s*$"
_NETWORK_TYPES = ("inet", "cidr", "inet4", "inet6")


def kernel(binding: Binding) -> Kernel:
    """Text and the types for addresses; other types get a value of their type. Raises RuleError below 15 characters."""
    column = binding.column
    if column.family is TypeFamily.NETWORK and column.type.lower() in _NETWORK_TYPES:
        binding = replace(binding, column=replace(column, family=TypeFamily.TEXT))
    return _numbered.kernel(binding, _kinds)


def capacity(domain: Domain) -> int | None:
    """That of public IPv4 addresses."""
    return ipv4.CAPACITY


def _kinds(binding: Binding) -> Sequence[_numbered.Kind]:
    if binding.column.family is TypeFamily.TEXT:
        need_width(binding, _WIDEST_IPV4, NAME, "masked")
    width = binding.domain.width
    addresses = _IPv4(binding)
    index = _ipv6_indices(binding)

    def ipv4_replaced(values: pa.Array) -> pa.Array:
        plain = ipv4.compact(values)
        new = addresses(ipv4.parse(values), ipv4.prefix_lengths(values))
        return first_fitting([ipv4.written(new, values), ipv4.written(new, plain)], width)

    def ipv6_replaced(values: pa.Array) -> pa.Array:
        written = ipv6.from_index(index(values), values)
        prefix = pc.struct_field(pc.extract_regex(values, r"/(?P<length>[0-9]+)"), [0])
        # Of a network, only the part that all have in common is left: longer ones are one network with room for all.
        network = pc.binary_join_element_wise("2001:db8::/", pc.fill_null(prefix, "128"), "")
        is_network = pc.fill_null(pc.match_substring_regex(values, r"::/[0-9]+\s*$"), False)
        short = pc.replace_substring_regex(written, r"^(2001:[dD][bB]8::[0-9a-fA-F]{4}).*$", r"\1")
        full = pc.if_else(is_network, network, written)
        return first_fitting([full, pc.replace_substring_regex(written, "/.*", ""), short], width)

    roomy = binding.column.family is TypeFamily.TEXT or most_of(binding.column) > int(_HALF)

    def is_whole(values: pa.Array) -> pa.Array:
        digits = pc.match_substring_regex(values, _WHOLE)
        numbers = pc.utf8_trim_whitespace(pc.if_else(digits, values, "0")).cast(pa.uint64())
        return pc.and_(digits, pc.less(numbers, 1 << 32))

    def whole_replaced(values: pa.Array) -> pa.Array:
        old = pc.utf8_trim_whitespace(values).cast(pa.uint64()).to_numpy()
        new = addresses(old, np.full(len(old), 32))
        new = new if roomy else np.where(new >= _HALF, _TEN | new & _OF_TEN, new)
        return pa.array(new).cast(pa.string())

    plain = (_numbered.Kind(ipv4.is_valid, ipv4_replaced), _numbered.Kind(ipv6.is_valid, ipv6_replaced))
    whole = _numbered.Kind(is_whole, whole_replaced)
    if binding.domain.unique or binding.column.family is not TypeFamily.TEXT:
        return (*plain, whole)
    usual = _typed.kernel(binding)
    each = _numbered.by_kind(plain, usual)

    def between(texts: pa.Array) -> pa.Array:
        return pc.if_else(pc.match_substring_regex(texts, _PORT), texts, usual(texts))

    holds = _numbered.Kind(
        lambda values: pc.match_substring_regex(values, _INSIDE),
        lambda values: first_fitting([each_number(values, _INSIDE, each, between), usual(values)], width),
    )
    return (*plain, whole, holds)


class _IPv4:
    """Maps IPv4 addresses as numbers below 2^32."""

    def __init__(self, binding: Binding) -> None:
        domain = _numbered.root(binding.domain)
        self._networks = Prf(binding.keys.derive("number", domain, "ipv4"))
        self._hosts = Prf(binding.own_key("number", domain, "ipv4", "host"))
        self._ranges = []
        for start, length in _OWN_RANGES:
            first = int(ipv4.parse(pa.array([start]))[0])
            key = binding.keys.derive("number", domain, "ipv4", start)
            self._ranges.append((np.uint64(first), np.uint64(2 ** (32 - length)), key))
        self._permutations: dict[int, Permutation] = {}

    def __call__(self, addresses: NDArray[np.uint64], lengths: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Addresses and their prefix lengths -> addresses; host bits that were all zero are so again."""
        result = np.uint64(240 << 24) + self._public(addresses)
        for number, (first, size, key) in enumerate(self._ranges):
            rows = (addresses >= first) & (addresses < first + size)
            if rows.any():
                if number not in self._permutations:
                    self._permutations[number] = Permutation(key, int(size))
                result[rows] = self._permutations[number](addresses[rows] - first) + first
        hosts = (np.uint64(1) << (32 - lengths).astype(np.uint64)) - np.uint64(1)
        network = (addresses & hosts) == 0
        result = np.where(network, result & ~hosts, result)
        return np.where((addresses == 0) & (lengths == 0), addresses, result)

    def _public(self, addresses: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Numbers below 2^28 that begin alike where the addresses do: 12 bits for two octets, then 8 and 8."""
        octet = np.uint64(255)
        words = self._networks.of_numbers(addresses >> np.uint64(16))
        hosts = self._hosts.of_numbers(addresses >> np.uint64(8))[:, 0]
        start = words[:, 0] & np.uint64(0xFFF)
        third = (addresses >> np.uint64(8) ^ words[:, 1]) & octet
        return np.asarray(start << np.uint64(16) | third << np.uint64(8) | (addresses ^ hosts) & octet)


def _ipv6_indices(binding: Binding) -> Callable[[pa.Array], NDArray[np.uint64]]:
    """Valid values -> indices of `ipv6`, one group each for the /48 and the /64 and two for the address."""
    domain = _numbered.root(binding.domain)
    networks = Prf(binding.keys.derive("number", domain, "ipv6"))
    hosts = Prf(binding.own_key("number", domain, "ipv6", "host"))
    group = np.uint64(ipv6.PER_GROUP)

    def indices(values: pa.Array) -> NDArray[np.uint64]:
        halves = ipv6.halves(values)
        site = networks.of_numbers(halves[:, 0] >> np.uint64(16))[:, 0] % group
        subnet = networks.of_numbers(halves[:, 0])[:, 1] % group
        return (site * group + subnet) * group * group + hosts.of_words(halves)[:, 0] % (group * group)

    return indices
