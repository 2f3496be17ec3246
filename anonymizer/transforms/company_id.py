"""Company numbers: never-issued numbers of the same kind, in the same written form.

Technique (ISO/IEC 20889): pseudonymization. Belgian enterprise numbers, French SIREN and SIRET and VAT numbers of the
European Union and the United Kingdom become others of their kind. Different issued Belgian numbers stay different, and
so do those of the member states other than Germany, France, Luxembourg and the Netherlands. One company keeps one
number: 0123.456.749, BE0123456749 and BE 123.456.749 agree, in columns of company and of VAT numbers, and so do the
SIREN, SIRET and VAT number of a French one.

Example: BE 0412.345.678 -> BE 1507.220.964. Anything else keeps its look, and the letters in front of a VAT number.

Never reached: pseudonyms of VAT numbers of member states other than Belgium, France and the Netherlands could be
somebody's, since no never-issued range is known there, and so could those of what passes no checksum, whose digits are
drawn.
"""

from __future__ import annotations

from collections.abc import Mapping

from anonymizer.contracts import Binding, Kernel
from anonymizer.identifiers import be_enterprise_number
from anonymizer.model.plan import Domain
from anonymizer.transforms import _company_numbers, _numbered

NAME = "company_id"
CATEGORIES: tuple[str, ...] = ("company_id",)
TECHNIQUE = "pseudonymization"
PARAMETERS: Mapping[str, str] = _numbered.RANGE
WIDER = _numbered.WIDER
mistake = _numbered.mistake


def kernel(binding: Binding) -> Kernel:
    """Text and whole numbers; other types get a value of their type."""
    return _company_numbers.kernel(binding)


def capacity(domain: Domain) -> int | None:
    """That of the Belgian numbers."""
    return be_enterprise_number.CAPACITY
