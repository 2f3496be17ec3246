"""What every kernel has around it: blanks that stay, values that repeat, widths that hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel, Salts
from anonymizer.errors import RuleError
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.written_form import flat_bytes, without_unseen

_SAMPLE = 4096
_FLOAT = r"^-?[0-9]{4,19}\.0$"
_SCIENTIFIC = r"^[0-9]\.[0-9]{4,17}[eE]\+?[01]?[0-9]$"


def narrowed(binding: Binding) -> Binding:
    """The same binding, its domain no wider than its column."""
    widths = [width for width in (binding.domain.width, binding.column.length) if width is not None]
    return replace(binding, domain=replace(binding.domain, width=min(widths, default=None)))


def visible(kernel: Kernel) -> Kernel:
    """The same kernel, but null, empty and blank values stay and do not reach it."""

    def mapped(values: pa.Array, *salts: Salts | None) -> pa.Array:
        shown = pc.not_equal(pc.utf8_length(pc.utf8_trim_whitespace(values)), 0)
        shown = pc.fill_null(shown, False)
        count = shown.true_count
        if count == len(values):
            return kernel(values, *salts) if count else values
        if count == 0:
            return values
        rows = shown.to_numpy(zero_copy_only=False)
        return pc.replace_with_mask(
            values, shown, kernel(pc.filter(values, shown), *(of_rows(salt, rows) for salt in salts))
        )

    return mapped


def seen(kernel: Kernel) -> Kernel:
    """The same kernel, given values without the signs that nobody sees; a value of nothing else stays."""
    shown = visible(kernel)

    def mapped(values: pa.Array, *salts: Salts) -> pa.Array:
        plain = without_unseen(values)
        if plain is values:
            return kernel(values, *salts)
        blank = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(plain)), 0)
        return pc.if_else(blank, values, shown(plain, *salts))

    return mapped


def by_distinct(kernel: Kernel) -> Kernel:
    """The same kernel, called once per distinct value of a batch where values repeat and no salts part them."""

    def mapped(values: pa.Array, *salts: Salts) -> pa.Array:
        if salts:
            return kernel(values, *salts)
        if len(values) > 1 and pc.count_distinct(values.slice(0, _SAMPLE)).as_py() <= 0.6 * min(len(values), _SAMPLE):
            encoded = values.dictionary_encode()
            return kernel(encoded.dictionary).take(encoded.indices)
        return kernel(values)

    return mapped


def whole(kernel: Kernel) -> Kernel:
    """The same kernel, where 9000.0 and 8.5073003328e+10 are whole numbers that a program made floating ones."""

    def mapped(values: pa.Array) -> pa.Array:
        points = pc.match_substring_regex(values, _FLOAT)
        scientific = pc.match_substring_regex(values, _SCIENTIFIC)
        if not points.true_count and not scientific.true_count:
            return kernel(values)
        plain = pc.if_else(points, pc.replace_substring_regex(values, r"\.0$", ""), values)
        if scientific.true_count:
            written = pa.array([_in_digits(value) for value in pc.filter(values, scientific).to_pylist()], pa.string())
            plain = pc.replace_with_mask(plain, scientific, written)
        new = kernel(plain)
        return pc.if_else(points, pc.binary_join_element_wise(new, ".0", ""), new)

    return mapped


def _in_digits(value: str) -> str:
    number = Decimal(value)
    return str(int(number)) if number == int(number) else value


def of_rows(salts: Salts | None, rows: np.ndarray) -> Salts | None:
    """The salts of some rows, given as a mask or as places."""
    return None if salts is None else salts[rows]


def each_once(kernel: Kernel) -> Kernel:
    """The same kernel, for values that cost far more than looking for their repetitions: called on distinct ones."""

    def mapped(values: pa.Array) -> pa.Array:
        encoded = values.dictionary_encode()
        if len(encoded.dictionary) > 0.8 * len(values):
            return kernel(values)
        return kernel(encoded.dictionary).take(encoded.indices)

    return mapped


def part_domain(binding: Binding, category: str) -> Domain:
    """The domain in which a part of a composite value maps: the one that columns of that category have by default."""
    return binding.domains.get(category, Domain(category))


def first_fitting(forms: Sequence[pa.Array], width: int | None) -> pa.Array:
    """For each row the first of some forms that is at most `width` characters long; the last one must be."""
    if width is None or _longest(forms[0]) <= width:
        return forms[0]
    result = forms[-1]
    for form in reversed(forms[:-1]):
        result = pc.if_else(pc.fill_null(pc.less_equal(pc.utf8_length(form), width), False), form, result)
    return result


def _longest(values: pa.Array) -> int:
    """The most bytes that a value has; more than `width` of them where a value is null, so that others are tried."""
    return 1 << 31 if values.null_count else int(np.diff(flat_bytes(values)[1]).max(initial=0))


def refuse(binding: Binding, mistake: str | None) -> None:
    """Raises RuleError naming the column where there is a mistake."""
    if mistake is not None:
        raise RuleError(f"{binding.table.name}.{binding.column.name}: {mistake}")


def need_width(binding: Binding, least: int, transform: str, other: str) -> None:
    """Raises RuleError when the domain's narrowest column has less than `least` characters; `other` fits in any."""
    width, length = binding.domain.width, binding.column.length
    if width is None or width >= least:
        return
    if length is not None and length < least:
        refuse(binding, f"`{transform}` needs {least} characters and the column has {length}; give it `{other}`")
    refuse(
        binding,
        f"`{transform}` needs {least} characters and the narrowest column of domain {binding.domain.name} has {width}; "
        f"give that one `{other}`, or a `domain` of its own",
    )
