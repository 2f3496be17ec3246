"""Names of firms: an invented name, with the legal form of the original.

Technique (ISO/IEC 20889): pseudonymization.

Case and the legal form stay ("BV", "S.A.", "GmbH" …), at the end or in front. A firm keeps its pseudonym under another
legal form. In a key, a token follows the name.

Example: Bakkerij Peeters BVBA -> Quelmolux Bouw BVBA

Never reached: the names are composed of invented words; that a firm of that name is founded cannot be excluded.
"""

from __future__ import annotations

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.transforms import _companies, _text

NAME = "company_name"
CATEGORIES: tuple[str, ...] = ("company_name",)
TECHNIQUE = "pseudonymization"
PARAMETERS: dict[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError for types that hold no words, such as numbers."""
    return _text.words_kernel(binding, NAME, lambda narrow: _text.told_apart(narrow, _companies.Companies, NAME))


def capacity(domain: Domain) -> int | None:
    """The invented names that fit the width."""
    return _text.capacity(domain, Vocabulary.load("companies").fitting(domain.width))
