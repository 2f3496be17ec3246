"""Bank account numbers in their international form: accounts of banks that do not exist.

Technique (ISO/IEC 20889): pseudonymization. Country, length and written form stay, and the check digits are right.
Belgian accounts get a bank code without a bank; elsewhere the bank code is all zeros or all X. The old Belgian form
of twelve digits maps alike, here and in `bank_account`.

Example: BE68 5390 0754 7034 -> BE05 6180 1123 5875, and 539-0075470-34 -> 618-0112358-75.

Never reached: see the identifier `iban` for how sure it is, country by country, that no bank has the code.
"""

from __future__ import annotations

from collections.abc import Mapping

from anonymizer.contracts import Binding, Kernel
from anonymizer.identifiers import be_bank_account
from anonymizer.model.plan import Domain
from anonymizer.transforms import _bank_numbers

NAME = "iban"
CATEGORIES: tuple[str, ...] = ("iban",)
TECHNIQUE = "pseudonymization"
PARAMETERS: Mapping[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """Text and whole numbers; other types get a value of their type."""
    return _bank_numbers.kernel(binding)


def capacity(domain: Domain) -> int | None:
    """That of the Belgian accounts."""
    return be_bank_account.CAPACITY
