"""Towns: a town of another province of the same country and language.

Technique (ISO/IEC 20889): pseudonymization.

Cities, postcodes and provinces move together (see `_places`), so what belonged together does so afterwards. A name in
none of the lists becomes one of the plan's countries by keyed choice. In a key, a token follows the name.

Example: Gent -> Nieuwerkerken, LIEGE -> NASSOGNE, 9000 Gent -> 3850 Nieuwerkerken

Never reached: places are real, but no person lives at an invented street.
"""

from __future__ import annotations

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.gazetteer import gazetteer
from anonymizer.transforms import _text
from anonymizer.transforms._cells import each_once
from anonymizer.transforms._places import Places

NAME = "city"
CATEGORIES: tuple[str, ...] = ("city",)
TECHNIQUE = "pseudonymization"
PARAMETERS: dict[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """Takes every type: what is no text gets a value of its type."""
    return _text.text_kernel(binding, lambda narrow: _text.told_apart(narrow, _build, NAME))


def _build(binding: Binding, width: int | None) -> Kernel:
    return each_once(Places(binding.keys, binding.locales, width).towns)


def capacity(domain: Domain) -> int | None:
    """The listed ones."""
    return _text.capacity(domain, len(gazetteer().people))
