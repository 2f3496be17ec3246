"""Provinces and states: another one of the same country and language.

Technique (ISO/IEC 20889): pseudonymization.

Packs keep regions: cities and postcodes are exchanged within theirs (see `_places`), so a kept region stays true, and
one replaced by this no longer agrees with the city beside it. It is for columns of smaller areas, or where few people
share a region. Names and codes of provinces, departments and states in the lists stand on a ring in keyed order; any
other text becomes one of the plan's countries by keyed choice. In a key, a token follows the name.

Example: Oost-Vlaanderen -> Limburg, Hainaut -> Luxembourg, TX -> ME

Never reached: places are real, but no person lives at an invented street.
"""

from __future__ import annotations

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.transforms import _text
from anonymizer.transforms._places import Places

NAME = "region"
CATEGORIES: tuple[str, ...] = ("region",)
TECHNIQUE = "pseudonymization"
PARAMETERS: dict[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """Takes every type: what is no text gets a value of its type."""
    return _text.text_kernel(binding, lambda narrow: _text.told_apart(narrow, _build, NAME))


def _build(binding: Binding, width: int | None) -> Kernel:
    return Places(binding.keys, binding.locales, width).regions


def capacity(domain: Domain) -> int | None:
    """The listed ones."""
    return _text.capacity(domain, len(Vocabulary.load("regions")))
