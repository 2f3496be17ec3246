"""Text that people wrote: removed, with a sign that it was there.

Technique (ISO/IEC 20889): suppression.

Names, addresses and what else people write about people cannot all be found in free text, so none of it stays. Null
and empty text stay, so it still shows which rows had some. JSON becomes {} or [], XML <removed/>, an array an empty
one. In a key, a token tells the values apart.

Example: "Called mrs. Peeters at home" -> [...]

Never reached: nothing is left.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.token import tokens
from anonymizer.transforms import _permuted, _text
from anonymizer.transforms._cells import visible

NAME = "free_text"
CATEGORIES: tuple[str, ...] = ("free_text",)
TECHNIQUE = "suppression"
PARAMETERS: dict[str, str] = {}

_MARKS = ("[...]", "***", "*")
_TOKEN = 12


def kernel(binding: Binding) -> Kernel:
    """Takes every type: what is no text gets a value of its type."""
    if binding.column.family is TypeFamily.ARRAY:
        return visible(_all("{}"))
    return _text.text_kernel(binding, _build)


def _build(binding: Binding) -> Kernel:
    width = binding.domain.width
    if not binding.domain.unique:
        return _all(next(mark for mark in _MARKS if width is None or len(mark) <= max(width, 1)))
    if width is not None and width < _TOKEN:
        return _permuted.kernel(binding.keys, binding.domain.name)
    prf = Prf(binding.keys.derive(NAME, binding.domain.name))
    bracketed = width is None or width >= _TOKEN + 2

    def mapped(values: pa.Array) -> pa.Array:
        told = tokens(prf(values)[:, 0], _TOKEN)
        return pc.binary_join_element_wise("[", told, "]", "") if bracketed else told

    return mapped


def _all(text: str) -> Kernel:
    return lambda values: pa.array([text] * len(values), pa.string())


def capacity(domain: Domain) -> int | None:
    """One; any number in a key."""
    return None if domain.unique else 1
