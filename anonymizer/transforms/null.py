"""Nothing: every value becomes null.

Technique (ISO/IEC 20889): suppression.

The plainest way to suppress a column; where null is not allowed, `set` writes one value instead.

Example: anything -> NULL

Never reached: nothing is left.
"""

from __future__ import annotations

from anonymizer.contracts import Binding, Kernel
from anonymizer.errors import RuleError
from anonymizer.model.plan import Domain
from anonymizer.transforms import _typed

NAME = "null"
CATEGORIES: tuple[str, ...] = ()
TECHNIQUE = "suppression"
PARAMETERS: dict[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError when the column does not allow null."""
    if not binding.column.nullable:
        raise RuleError(
            f"{binding.table.name}.{binding.column.name} does not allow null; give it `masked`, or `set` with a value"
        )
    return _typed.nulls


def capacity(domain: Domain) -> int | None:
    """No limit: null is not a value."""
    return None
