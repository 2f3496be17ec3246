"""A value of the same type and form, by keyed choice: for what is personal, or undecided, and has no other transform.

Technique (ISO/IEC 20889): randomization.

Text: letters become letters, digits digits, the rest stays, and so does the length; in a key, one to one. The @ of what
looks like a mail address becomes an underscore, so that nobody gets its mail. Whole numbers
become others of as many digits, one to one; dates other days of the decade; UUIDs others of version 4; enums other
labels; booleans false; JSON {}; XML <removed/>; arrays go element by element; binary becomes the smallest file of its
kind; addresses of networks become those of documentation. What has no replacement becomes null.

Example: AB-1234 -> QX-7025, 1999-05-17 -> 1992-11-02, 4711 -> 8260

Never reached: nothing is left of the value but its form.
"""

from __future__ import annotations

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.transforms import _typed

NAME = "masked"
CATEGORIES: tuple[str, ...] = ()
TECHNIQUE = "randomization"
PARAMETERS: dict[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError when the type has no replacement and the column does not allow null."""
    return _typed.kernel(binding)


def capacity(domain: Domain) -> int | None:
    """As many as the values' forms have; one to one in a key."""
    return None
