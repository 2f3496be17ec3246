"""Health: other signs in the same form: the same as `masked`.

Technique (ISO/IEC 20889): randomization.

Letters become letters, digits digits, and each type a value of its type; see `masked`.

Example: B01AC06 -> K77QD41

Never reached: nothing is left of the value but its form.
"""

from __future__ import annotations

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.transforms import _typed

NAME = "health"
CATEGORIES: tuple[str, ...] = ("health",)
TECHNIQUE = "randomization"
PARAMETERS: dict[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError when the type has no replacement and the column does not allow null."""
    return _typed.kernel(binding)


def capacity(domain: Domain) -> int | None:
    """As many as the values' forms have; one to one in a key."""
    return None
