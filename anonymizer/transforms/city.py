"""Towns: another town of the same province, department or state.

Technique (ISO/IEC 20889): pseudonymization.

Cities and postcodes move together and stay within their region (see `_places`), so what belonged together does so
afterwards, and a region or country beside them stays true. All of Belgium, the Netherlands, Luxembourg, France, Germany
and Switzerland, the towns of Austria by postcode, and the larger towns of the world are listed; a name in none of the
lists becomes a town of the plan's countries by keyed choice. A town with two names is one town ("Luik", "Liège"). Where
the column is narrow: a shorter name of the same region. In a key, a token follows the name.

Example: Gent -> Aalter, LIEGE -> JUPRELLE, 9000 Gent -> 9880 Aalter

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
