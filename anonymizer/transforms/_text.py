"""What transforms of text share: which columns they take, and how a unique domain stays unique."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel, Salts
from anonymizer.errors import RuleError
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.token import tokens
from anonymizer.pseudonyms.written_form import normalise, restore_case
from anonymizer.transforms import _nested, _permuted, _typed
from anonymizer.transforms._cells import by_distinct, narrowed, seen, visible

TOKEN = 10
"""Signs of the token that keeps values of a unique domain apart: 2^49 of them."""
NARROWEST_NAMED = TOKEN + 4
"""Below this width there is no room for a name and a token."""

_WORDLESS = (
    TypeFamily.INTEGER,
    TypeFamily.NUMBER,
    TypeFamily.BOOLEAN,
    TypeFamily.DATE,
    TypeFamily.TIMESTAMP,
    TypeFamily.TIME,
    TypeFamily.INTERVAL,
    TypeFamily.UUID,
    TypeFamily.NETWORK,
    TypeFamily.GEOMETRY,
)
_SAID = r"[0-9A-Za-z\x{80}-\x{10ffff}]"
"""A letter, a digit, or any sign beyond ASCII."""

Build = Callable[[Binding], Kernel]


def text_kernel(binding: Binding, build: Build) -> Kernel:
    """The kernel that `build` makes for text, around it what all have in common.

    Null, empty and blank values stay. An array maps by its elements. A column of another type gets a value of its own
    type, as `masked` gives it. `build` is called with a binding whose width holds for the column too, and its kernel
    gets no nulls and no blanks.
    """
    family = binding.column.family
    if family is TypeFamily.ARRAY:
        return _nested.kernel(binding, lambda element: text_kernel(element, build))
    if family is not TypeFamily.TEXT:
        return _typed.kernel(binding)
    return by_distinct(visible(build(narrowed(binding))))


def words_kernel(binding: Binding, transform: str, build: Build) -> Kernel:
    """The same for what is made of words: raises RuleError for types that hold none, as numbers and dates."""
    if (binding.column.element or binding.column.family) in _WORDLESS:
        raise RuleError(
            f"{binding.table.name}.{binding.column.name}: type {binding.column.type} cannot hold what `{transform}` "
            "makes; give it the transform of what it holds, `permute` if it is a number or key, or `masked`"
        )
    return text_kernel(binding, build)


def told_apart(binding: Binding, build: Callable[[Binding, int | None], Kernel], kind: str) -> Kernel:
    """A kernel of names, with a token behind each where the domain is unique. A dash or a question mark names nobody.

    `build` gets the binding and the width that its pseudonyms may have.
    """
    width = binding.domain.width
    if not binding.domain.unique:
        return seen(_said(build(binding, width)))
    if width is not None and width < NARROWEST_NAMED:
        return _permuted.kernel(binding.keys, binding.domain.name)
    prf = Prf(binding.own_key(kind, binding.domain.name, "token"))
    named = seen(build(binding, None if width is None else width - TOKEN - 1))

    def mapped(values: pa.Array, *salts: Salts) -> pa.Array:
        hashes = prf.salted(prf(normalise(values)), *salts) if salts else prf(normalise(values))
        return pc.binary_join_element_wise(
            named(values, *salts), restore_case(tokens(hashes[:, 0], TOKEN), values), " "
        )

    return mapped


def _said(kernel: Kernel) -> Kernel:
    """The same kernel, but a value without a letter or digit stays."""

    def mapped(values: pa.Array, *salts: Salts) -> pa.Array:
        said = pc.match_substring_regex(values, _SAID)
        if said.true_count == len(values):
            return kernel(values, *salts)
        rows = said.to_numpy(zero_copy_only=False)
        return pc.replace_with_mask(values, said, kernel(pc.filter(values, said), *(salt[rows] for salt in salts)))

    return mapped


def capacity(domain: Domain, entries: int) -> int | None:
    """How many pseudonyms there are: the entries of a vocabulary, or any number where tokens are added."""
    if not domain.unique:
        return entries
    if domain.width is not None and domain.width < NARROWEST_NAMED:
        return None
    return 1 << (5 * TOKEN - 1)
