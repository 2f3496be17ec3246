"""Keys and codes, one to one: another value of the same form for each, no two the same.

Technique (ISO/IEC 20889): pseudonymization.

Whole numbers are permuted among those of as many digits, within the bounds of the usual integer types (FF1 of NIST
SP 800-38G from a million values on); other text keeps its form, and its letters and digits are permuted together. As
text and as a number, one number has one pseudonym. Other types as `masked` gives them.

Example: 4711 -> 8260, BE-0042-X -> QT-7185-M

Never reached: the pseudonym of a key may be another row's key, but never leads back without the secret.
"""

from __future__ import annotations

from dataclasses import replace

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.transforms import _typed

NAME = "permute"
CATEGORIES: tuple[str, ...] = ()
TECHNIQUE = "pseudonymization"
PARAMETERS: dict[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError when the type has no replacement and the column does not allow null."""
    return _typed.kernel(replace(binding, domain=replace(binding.domain, unique=True)))


def capacity(domain: Domain) -> int | None:
    """As many as there are values of each form."""
    return None
