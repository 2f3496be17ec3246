"""Hardware addresses: addresses that no manufacturer can have, in the same written form.

Technique (ISO/IEC 20889): pseudonymization, one to one for addresses that manufacturers gave.

Example: 00:1B:44:11:3A:B7 -> 9E:07:D1:40:C5:22. Anything else keeps its look.

Never reached: the local bit is set, so no network card was sold with the address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from anonymizer.contracts import Binding, Kernel
from anonymizer.identifiers import mac_address
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import _numbered

NAME = "mac_address"
CATEGORIES: tuple[str, ...] = ("mac_address",)
TECHNIQUE = "pseudonymization"
PARAMETERS: Mapping[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """Text and the types for hardware addresses; other types get a value of their type."""
    column = binding.column
    if column.family is TypeFamily.NETWORK and column.type.lower() == "macaddr":
        binding = replace(binding, column=replace(column, family=TypeFamily.TEXT))
    return _numbered.kernel(binding, _kinds)


def capacity(domain: Domain) -> int | None:
    """2^46."""
    return mac_address.CAPACITY


def _kinds(binding: Binding) -> Sequence[_numbered.Kind]:
    return (_numbered.by_index(binding, mac_address),)
