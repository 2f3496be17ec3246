"""Postcodes: the postcode of the town that the town became; else other digits and letters in the same form.

Technique (ISO/IEC 20889): pseudonymization.

Agrees with `city` for the postcodes of Belgium, the Netherlands, Luxembourg, France, Germany, Austria and Switzerland;
a code that is not in the lists goes with the one below it. Elsewhere the first letters or digits, which tell the
region, stay (see `_places`). Prefixes ("B-"), spaces and length stay. A town behind it ("9000 Gent") becomes what
it is in a column of towns, or is left out where the column is narrow. In a key the code is permuted, sign by sign, so
that no two become one; then it no longer agrees with the city.

Example: 9000 -> 9880, B-9000 -> B-9880, 1012 AB -> 1941 QU, SW1A 1AA -> SW5O 2KW

Never reached: postcodes are real, but no person lives at an invented street.
"""

from __future__ import annotations

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import _permuted, _text
from anonymizer.transforms._cells import by_distinct, each_once, seen, visible, whole
from anonymizer.transforms._places import Places

NAME = "postcode"
CATEGORIES: tuple[str, ...] = ("postcode",)
TECHNIQUE = "pseudonymization"
PARAMETERS: dict[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """Takes every type; integers as text does, others get a value of their type."""
    if binding.column.family is TypeFamily.INTEGER:
        return by_distinct(visible(_build(binding)))
    return _text.text_kernel(binding, _build)


def _build(binding: Binding) -> Kernel:
    if binding.domain.unique:
        return _permuted.kernel(binding.keys, binding.domain.name)
    return whole(seen(each_once(Places(binding.keys, binding.locales, binding.domain.width).codes)))


def capacity(domain: Domain) -> int | None:
    """Four digits."""
    return None if domain.unique else 10_000
