"""Sex: X for everybody.

Technique (ISO/IEC 20889): suppression.

Text becomes "X", a whole number 0 ("not known" of ISO/IEC 5218); a column of another type gets a value of its type, an
enum another label. Packs keep the sex, since pseudonyms of first names have the sex of the original.

Example: F -> X, M -> X

Never reached: nothing is left to reach anybody by.
"""

from __future__ import annotations

import pyarrow as pa

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import _permuted, _text
from anonymizer.transforms._cells import visible

NAME = "gender"
CATEGORIES: tuple[str, ...] = ("gender",)
TECHNIQUE = "suppression"
PARAMETERS: dict[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """In a key, each sign is permuted instead."""
    if binding.column.family is TypeFamily.INTEGER and not binding.domain.unique:
        return visible(_all("0"))
    return _text.text_kernel(binding, _build)


def _build(binding: Binding) -> Kernel:
    return _permuted.kernel(binding.keys, binding.domain.name) if binding.domain.unique else _all("X")


def _all(text: str) -> Kernel:
    return lambda values: pa.array([text] * len(values), pa.string())


def capacity(domain: Domain) -> int | None:
    """One."""
    return None if domain.unique else 1
