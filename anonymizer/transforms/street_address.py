"""Addresses: an invented street in the language of the original, another house number, another box.

Technique (ISO/IEC 20889): pseudonymization.

Takes a street alone, street and number in either order with a box ("12 bus 3", "12A", "12, rue …"), a number or box
alone and a whole address on one line or several: town, postcode and country behind, "c/o" with a name or a building in
front. The parts keep their order; town, postcode and person map as in columns of their own, countries stay. "Kerkstr."
is the same street as "Kerkstraat", "av. Louise" as "avenue Louise", "St.-Jansplein" as "Sint-Jansplein"; what becomes
of it is abbreviated likewise. A house number becomes another one of as many digits; a post box one of seven digits.
Where the column is narrow: without what is around the street, a shorter street, the street alone, a short word. In a
key, a token follows.

Example: Kerkstraat 12 bus 3, 9000 Gent -> Beverbochtlei 87 bus 5, 9880 Aalter; Postbus 12 -> Postbus 9853520

Never reached: the streets are composed of words that no street of the lists of real ones is composed of, and no post
office has boxes of seven digits.
"""

from __future__ import annotations

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.transforms import _text
from anonymizer.transforms._cells import each_once
from anonymizer.transforms._streets import Streets

NAME = "street_address"
CATEGORIES: tuple[str, ...] = ("street_address",)
TECHNIQUE = "pseudonymization"
PARAMETERS: dict[str, str] = {}
NARROWEST = 16
"""Narrower columns hold house numbers and boxes: they do not limit the width of streets."""


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError for types that hold no words, such as numbers."""
    return _text.words_kernel(binding, NAME, lambda narrow: _text.told_apart(narrow, _build, NAME))


def _build(binding: Binding, width: int | None) -> Kernel:
    return each_once(Streets(binding, width))


def capacity(domain: Domain) -> int | None:
    """Streets of one language that fit the width, times house numbers."""
    width = None if domain.width is None else max(domain.width - 4, 0)
    return _text.capacity(domain, max(Vocabulary.load("streets", "nl").fitting(width), 1) * 90)
