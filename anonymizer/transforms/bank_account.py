"""Bank account numbers in any form: accounts and banks that do not exist.

Technique (ISO/IEC 20889): pseudonymization, exactly that of `iban`, with which it shares its numbers: the old and the
new form of one Belgian account agree. BICs become codes of the test network of the same country. Structured
references become others, different ones different. Anything else keeps its look.

Example: 539-0075470-34 -> 618-0112358-75, and BE68 5390 0754 7034 -> BE05 6180 1123 5875.

Never reached: see `iban`; account numbers of other countries in their national form are only digits for digits.
"""

from __future__ import annotations

from collections.abc import Mapping

from anonymizer.contracts import Binding, Kernel
from anonymizer.identifiers import be_bank_account
from anonymizer.model.plan import Domain
from anonymizer.transforms import _bank_numbers

NAME = "bank_account"
CATEGORIES: tuple[str, ...] = ("bank_account",)
TECHNIQUE = "pseudonymization"
PARAMETERS: Mapping[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """Text and whole numbers; other types get a value of their type."""
    return _bank_numbers.kernel(binding)


def capacity(domain: Domain) -> int | None:
    """That of the Belgian accounts."""
    return be_bank_account.CAPACITY
