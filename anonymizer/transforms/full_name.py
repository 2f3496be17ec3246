"""Whole names, token by token.

Technique (ISO/IEC 20889): pseudonymization.

Titles stay; first names and initials map in the domain of first names, the surname with its particles in that of
surnames, so that a whole name agrees with the columns that hold its parts. "First Last", "LAST, First", "LAST First"
and double names are told by commas, capitals, places and word lists; where these do not tell ("Martin Thomas"), by
`order`, which detection proposes for columns that begin with the surname, or else the first name is first. A name with
a legal form ("… BV") maps as a company does. Where the column is narrow: without title, the surname alone, a short
invented word. In a key, a token follows.

Example: Dr. Jan P. van der Aa -> Dr. Benjamin T. van der Guibel; PEETERS, Jan -> BIJHOMMELLAERE, Benjamin

Never reached: surnames are invented (see last_name), so a replaced name is nobody's.
"""

from __future__ import annotations

from collections.abc import Mapping

from anonymizer.contracts import Binding, Kernel, Parameters
from anonymizer.model.plan import Domain
from anonymizer.transforms import _full_name, _text
from anonymizer.transforms._cells import refuse

NAME = "full_name"
CATEGORIES: tuple[str, ...] = ("full_name",)
TECHNIQUE = "pseudonymization"
PARAMETERS: Mapping[str, str] = _full_name.ORDER
BY_ROW = True


def mistake(parameters: Parameters) -> str | None:
    """See `contracts.Transform`."""
    return _full_name.wrong_order(parameters)


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError for types that hold no words, such as numbers, and for an unknown `order`."""
    refuse(binding, mistake(binding.parameters))
    return _text.words_kernel(binding, NAME, lambda narrow: _text.told_apart(narrow, _full_name.build, NAME))


def capacity(domain: Domain) -> int | None:
    """First names times surnames, of one language."""
    return _text.capacity(domain, _full_name.combinations(domain.width))
