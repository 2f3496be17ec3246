"""Payment card numbers: numbers that no issuer can have, in the same written form.

Technique (ISO/IEC 20889): pseudonymization. Length and grouping stay, and the Luhn test holds; the scheme does not
stay, since every scheme's range is issued. Anything else, such as a number with all but four digits hidden, keeps its
look.

Example: 4111 1111 1111 1111 -> 9999 0731 5528 0466.

Never reached: no card begins with 9999, see the identifier `credit_card`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from anonymizer.contracts import Binding, Kernel
from anonymizer.identifiers import credit_card
from anonymizer.model.plan import Domain
from anonymizer.transforms import _numbered

NAME = "credit_card"
CATEGORIES: tuple[str, ...] = ("credit_card",)
TECHNIQUE = "pseudonymization"
PARAMETERS: Mapping[str, str] = _numbered.RANGE
WIDER = _numbered.WIDER
mistake = _numbered.mistake

_MOST_COMMON_CAPACITY = 10**11


def kernel(binding: Binding) -> Kernel:
    """Text and whole numbers; other types get a value of their type."""
    return _numbered.kernel(binding, _kinds)


def capacity(domain: Domain) -> int | None:
    """That of numbers with sixteen digits."""
    return _MOST_COMMON_CAPACITY


def _kinds(binding: Binding) -> Sequence[_numbered.Kind]:
    return (_numbered.by_index(binding, credit_card, wraps=True),)
