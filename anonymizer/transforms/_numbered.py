"""Columns of numbers with a checksum: each value goes to the first kind of number that it is.

What is of no kind keeps its look, letter for letter and digit for digit, and never comes out as a valid number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Binding, Kernel, Parameters
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.permutation import LARGEST, Permutation
from anonymizer.pseudonyms.prf import Prf
from anonymizer.transforms import _nested, _typed
from anonymizer.transforms._cells import by_distinct, narrowed, refuse, seen, visible, whole

_SAME_NUMBERS = {"vat_number": "company_id", "bank_account": "iban"}
"""Domains whose numbers are those of another one, written otherwise: they share its key, so that both agree."""
RANGE = {"range": "`unissued` (the default) or `issued`: all valid numbers, one to one, which may be somebody's."}
WIDER = (
    "accept `range: issued` for it, with a reason: that keeps all numbers apart but may hit numbers that people have; "
    "or give it `as: permute`, whose results are no valid numbers"
)
_SPACES = r"[\x{a0}\x{2007}\x{2009}\x{202f}]"
_DASHES = r"[\x{2010}-\x{2015}]"
_TRIES = 64
_LABELS = """btw tva vat mwst ust ustid ustidnr uid kbo bce rpr rpm kvk siren siret iban niss insz rrn nn bsn nir compte
    rekening rekeningnummer rek konto account n° nr no num numero nummer number id"""
_LABEL = rf"\s*(?i:{'|'.join(_LABELS.split())})[\s.:°-]+"
_CODE = "[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?"
_LABELLED = (
    rf"^(?P<label>(?:{_LABEL})*)(?P<number>.*?)"
    rf"(?P<s>[\s(/-]*(?:(?i:bic|swift)[\s.:]*)?)(?P<code>(?:{_CODE})?)(?P<t>\)?\s*)$"
)
_MAYBE_LABELLED = rf"^{_LABEL}|{_CODE}\)?\s*$"
"""Told many times faster."""
_NUMERIC = (TypeFamily.INTEGER, TypeFamily.NUMBER)


class Kind(NamedTuple):
    """One kind of number: which values it accepts (string -> bool), and how it replaces the ones that it accepts."""

    is_valid: Callable[[pa.Array], pa.Array]
    replaced: Kernel


Kinds = Callable[[Binding], Sequence[Kind]]


def mistake(parameters: Parameters) -> str | None:
    """What is wrong with the parameter `range`, which may be missing."""
    return None if parameters.get("range", "unissued") in ("unissued", "issued") else "`range` is unissued or issued"


def root(domain: Domain) -> str:
    """The name under which a domain's keys are derived."""
    return _SAME_NUMBERS.get(domain.name, domain.name)


def by_index(binding: Binding, identifier: ModuleType, wraps: bool = False) -> Kind:
    """The kind that an identifier describes.

    One to one where the identifier ranks what is never issued, or where the parameter `range` takes in what is; else
    by keyed choice among its never-issued numbers. `wraps`: it takes any index.
    """
    if binding.parameters.get("range") == "issued" and hasattr(identifier, "SPACE"):
        key = binding.own_key("number", root(binding.domain), identifier.__name__.rpartition(".")[2], "issued")
        permuted = Permutation(key, identifier.SPACE)
        return Kind(identifier.is_valid, lambda values: identifier.from_rank(permuted(identifier.rank(values)), values))
    index = indices(binding, identifier, wraps)
    return Kind(identifier.is_valid, lambda values: identifier.from_index(index(values), values))


def indices(binding: Binding, identifier: ModuleType, wraps: bool = False) -> Callable[[pa.Array], np.ndarray]:
    """Valid values -> uint64 indices of their pseudonyms."""
    key = binding.own_key("number", root(binding.domain), identifier.__name__.rpartition(".")[2])
    if hasattr(identifier, "issued_rank") and identifier.CAPACITY <= LARGEST:
        permuted = Permutation(key, identifier.CAPACITY)
        return lambda values: permuted(identifier.issued_rank(values))
    prf = Prf(key)
    if wraps:
        return lambda values: prf(identifier.compact(values))[:, 0]
    return lambda values: prf(identifier.compact(values))[:, 0] % np.uint64(identifier.CAPACITY)


def kernel(
    binding: Binding,
    kinds: Kinds,
    digits: int = 0,
    other: Callable[[Kernel], Kernel] | None = None,
    floats: bool = True,
) -> Kernel:
    """`kinds` are tried in their order; what is of none goes to `other`, made from the usual kernel for it.

    In a column of integers, up to three zeros that the type dropped are put back to make `digits` of them, and dropped
    again afterwards. `floats`: 85073003328.0 is the number 85073003328, as programs write it that know no whole numbers
    with gaps between.
    """
    refuse(binding, mistake(binding.parameters))
    family = binding.column.family
    if family is TypeFamily.ARRAY:
        return _nested.kernel(binding, lambda element: kernel(element, kinds, digits, other, floats))
    if family is not TypeFamily.TEXT and family not in _NUMERIC:
        return _typed.kernel(binding)
    binding = narrowed(binding)
    usual = _typed.kernel(binding)
    known = kinds(binding)
    if family is TypeFamily.TEXT and known:
        known = (*known, _labelled(known, usual))
    sorted_out = by_kind(known, usual if other is None else other(usual))
    if family in _NUMERIC:
        sorted_out = _with_zeros(sorted_out, digits)
    if floats and family is not TypeFamily.INTEGER:
        sorted_out = whole(sorted_out)
    plain = _plainly_written(sorted_out)
    return by_distinct(visible(plain if binding.domain.unique else seen(plain)))


def _plainly_written(kernel: Kernel) -> Kernel:
    """Spaces and dashes as word processors set them are plain ones, also afterwards: else no number would be known."""

    def mapped(values: pa.Array) -> pa.Array:
        set_ = pc.match_substring_regex(values, f"{_SPACES}|{_DASHES}")
        if not set_.true_count:
            return kernel(values)
        plain = pc.replace_substring_regex(pc.replace_substring_regex(values, _SPACES, " "), _DASHES, "-")
        return kernel(plain)

    return mapped


def _labelled(kinds: Sequence[Kind], usual: Kernel) -> Kind:
    """A number with words of a closed list before it, or the code of its bank behind it: "BTW BE 0412.345.678"."""
    plain = by_kind(kinds, usual)

    def is_valid(values: pa.Array) -> pa.Array:
        result = np.zeros(len(values), dtype=bool)
        rows = np.flatnonzero(_flags(pc.match_substring_regex(values, _MAYBE_LABELLED)))
        rows = rows[_flags(pc.match_substring_regex(values.take(pa.array(rows)), _LABELLED))]
        if len(rows):
            parts = pc.extract_regex(values.take(pa.array(rows)), _LABELLED)
            valid = np.zeros(len(parts), dtype=bool)
            for kind in kinds:
                valid |= _flags(kind.is_valid(parts.field("number")))
            labelled = pc.not_equal(pc.add(*(pc.utf8_length(parts.field(name)) for name in ("label", "code"))), 0)
            result[rows] = valid & _flags(labelled)
        return pa.array(result)

    def replaced(values: pa.Array) -> pa.Array:
        parts = pc.extract_regex(values, _LABELLED)
        label, number, before, code, behind = (parts.field(name) for name in ("label", "number", "s", "code", "t"))
        return pc.binary_join_element_wise(label, plain(number), before, visible(plain)(code), behind, "")

    return Kind(is_valid, replaced)


def by_kind(kinds: Sequence[Kind], other: Kernel) -> Kernel:
    """Values without nulls and blanks -> their pseudonyms; `other` replaces those of no kind."""

    def mapped(values: pa.Array) -> pa.Array:
        result, left = values, np.arange(len(values))
        for kind in kinds:
            candidates = values if len(left) == len(values) else values.take(pa.array(left))
            mine = kind.is_valid(candidates)
            if mine.true_count == len(values):
                return kind.replaced(values)
            if mine.true_count:
                chosen = _flags(mine)
                result = _with(result, left[chosen], kind.replaced(pc.filter(candidates, mine)))
                left = left[~chosen]
        return _with(result, left, invalid(values.take(pa.array(left)))) if len(left) else result

    def invalid(values: pa.Array) -> pa.Array:
        """Follows a one-to-one kernel until it leaves the valid numbers, and so stays one to one."""
        result, left = other(values), np.arange(len(values))
        for _ in range(_TRIES):
            candidates = result if len(left) == len(values) else result.take(pa.array(left))
            valid = np.zeros(len(left), dtype=bool)
            for kind in kinds:
                valid |= _flags(kind.is_valid(candidates))
            if not valid.any():
                break
            left = left[valid]
            result = _with(result, left, other(pc.filter(candidates, pa.array(valid))))
        return result

    return mapped


def _flags(values: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(values.to_numpy(zero_copy_only=False))


def _with(values: pa.Array, places: NDArray[np.int64], new: pa.Array) -> pa.Array:
    """`values` with others in these places."""
    mask = np.zeros(len(values), dtype=bool)
    mask[places] = True
    return pc.replace_with_mask(values, pa.array(mask), new)


def _with_zeros(kernel_of_text: Kernel, digits: int) -> Kernel:
    def mapped(values: pa.Array) -> pa.Array:
        short = pc.match_substring_regex(values, rf"^[0-9]{{{max(digits - 3, 1)},{max(digits, 1)}}}$")
        padded = pc.if_else(short, pc.utf8_lpad(values, digits, "0"), values)
        return pc.replace_substring_regex(kernel_of_text(padded), r"^(-?)0+([0-9])", r"\1\2")

    return mapped
