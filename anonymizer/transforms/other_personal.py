"""What is personal in no way that has a transform of its own: the same as `masked`.

Technique (ISO/IEC 20889): randomization.

Letters become letters, digits digits, and each type a value of its type; see `masked`.

Example: AB-1234 -> QX-7025

Never reached: nothing is left of the value but its form.
"""

from __future__ import annotations

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.transforms import _typed

NAME = "other_personal"
CATEGORIES: tuple[str, ...] = ("other_personal",)
TECHNIQUE = "randomization"
PARAMETERS: dict[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError when the type has no replacement and the column does not allow null."""
    return _typed.kernel(binding)


def capacity(domain: Domain) -> int | None:
    """As many as the values' forms have; one to one in a key."""
    return None
