"""What is personal in no way that has a transform of its own: number plates, and all else as `masked` does.

Technique (ISO/IEC 20889): randomization.

A Belgian, French or Dutch number plate becomes another one of its form. Letters become letters, digits digits, and each
type a value of its type; see `masked`. A key is permuted, plates included.

Example: AB-1234 -> QX-7025; 1-ABC-234 -> 5-KPT-071

Never reached: nothing is left of the value but its form; of plates see the identifier `number_plate`.
"""

from __future__ import annotations

from anonymizer.contracts import Binding, Kernel
from anonymizer.identifiers import number_plate
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import _numbered, _typed

NAME = "other_personal"
CATEGORIES: tuple[str, ...] = ("other_personal",)
TECHNIQUE = "randomization"
PARAMETERS: dict[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError when the type has no replacement and the column does not allow null."""
    if binding.column.family is TypeFamily.TEXT and not binding.domain.unique:
        return _numbered.kernel(binding, lambda narrow: (_numbered.by_index(narrow, number_plate, wraps=True),))
    return _typed.kernel(binding)


def capacity(domain: Domain) -> int | None:
    """As many as the values' forms have; one to one in a key."""
    return None
