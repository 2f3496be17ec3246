"""VAT numbers: never-issued numbers of the same country, in the same written form.

Technique (ISO/IEC 20889): pseudonymization, exactly that of `company_id`, with which it shares its numbers: a
company's VAT number and its company number agree.

Example: BE0412345678 -> BE1507220964; the enterprise number 0412.345.678 -> 1507.220.964.

Never reached: see `company_id`.
"""

from __future__ import annotations

from collections.abc import Mapping

from anonymizer.contracts import Binding, Kernel
from anonymizer.identifiers import be_enterprise_number
from anonymizer.model.plan import Domain
from anonymizer.transforms import _company_numbers, _numbered

NAME = "vat_number"
CATEGORIES: tuple[str, ...] = ("vat_number",)
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
