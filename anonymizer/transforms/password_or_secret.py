"""Passwords, keys and tokens: one dummy for all.

Technique (ISO/IEC 20889): suppression.

A secret is never pseudonymised: whoever found the rule would hold it. The dummy opens nothing: it is no hash of any
scheme, and no application stores it. In a key, a token tells the values apart. Its length says nothing of the original.

Example: $2b$12$… -> !removed, hunter2 -> !removed

Never reached: nothing is left.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.token import LONGEST, tokens
from anonymizer.transforms import _text
from anonymizer.transforms._cells import visible

NAME = "password_or_secret"
CATEGORIES: tuple[str, ...] = ("password_or_secret",)
TECHNIQUE = "suppression"
PARAMETERS: dict[str, str] = {}

_DUMMY = "!removed"
_EMPTY = {TypeFamily.BINARY: "\\x00", TypeFamily.INTEGER: "0", TypeFamily.NUMBER: "0"}


def kernel(binding: Binding) -> Kernel:
    """Takes every type: what is no text gets a value of its type."""
    empty = _EMPTY.get(binding.column.family)
    if empty is not None and not binding.domain.unique:
        return visible(_all(empty))
    return _text.text_kernel(binding, _build)


def _build(binding: Binding) -> Kernel:
    width = binding.domain.width
    if not binding.domain.unique:
        return _all(_DUMMY if width is None or width >= len(_DUMMY) else _DUMMY[: max(width, 1)])
    prf = Prf(binding.keys.derive(NAME, binding.domain.name))
    prefix = "!" if width is None or width > LONGEST else ""
    size = min(LONGEST, width or LONGEST)

    def mapped(values: pa.Array) -> pa.Array:
        return pc.binary_join_element_wise(prefix, tokens(prf(values)[:, 0], size), "")

    return mapped


def _all(text: str) -> Kernel:
    return lambda values: pa.array([text] * len(values), pa.string())


def capacity(domain: Domain) -> int | None:
    """One; as many as there are tokens in a key."""
    return 1 << (5 * min(LONGEST, domain.width or LONGEST) - 1) if domain.unique else 1
