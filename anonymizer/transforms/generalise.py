"""A class in the place of each value: its lower bound, its first day, its first characters, its network.

Technique (ISO/IEC 20889): generalization.

numbers     `to: 1000`, the classes' size: the lower bound of the class, with the decimals as zeros. `to: 10` gives age
            bands. Where that bound does not fit the type, the class joins the one above
dates       `to: month`, quarter, year or decade: its first day, at midnight
text        `first: 2`: the first characters; the rest is cut, or with `filler: "*"` filled up to the old length
addresses   `to: /24` (or /8, /16): the network; of IPv6 addresses the first 48 bits

Example: {as: generalise, to: month}: 2024-05-17 -> 2024-05-01; {as: generalise, to: 1000}: 1840.50 -> 1000.00;
{as: generalise, first: 2}: 9000 -> 90; {as: generalise, to: /24}: 81.246.7.9 -> 81.246.7.0

Never reached: a value that is its own class stays: the first of a month, an even thousand, text no longer than what
is kept. A class with few members still points at them. What stands for no date stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeGuard

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel, Parameters
from anonymizer.errors import RuleError
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import _typed
from anonymizer.transforms._calendar import Rows, order_of, with_days, wrong_order
from anonymizer.transforms._cells import by_distinct, narrowed, refuse, visible
from anonymizer.transforms._days import Days
from anonymizer.transforms._multiplied import MOST_DIGITS, most_of
from anonymizer.transforms._named_dates import NamedDates

NAME = "generalise"
CATEGORIES: tuple[str, ...] = ()
TECHNIQUE = "generalization"
PARAMETERS: Mapping[str, str] = {
    "to": "The class: a whole number for numbers; month, quarter, year or decade for dates; /24 for addresses.",
    "first": "Of text: how many first characters stay.",
    "filler": "Of text: one character that stands for each of the rest, which is cut if not given.",
    "order": "`dmy` (the default) or `mdy`: how 03/04/1985 is to be read.",
}
REQUIRED = ("to", "first")

_MONTHS = {"month": 1, "quarter": 3, "year": 12, "decade": 120}
_JANUARY_1970 = 1970 * 12
_OCTETS = {"/8": 1, "/16": 2, "/24": 3}
_PLAIN = rf"^-?[0-9]{{1,{MOST_DIGITS}}}(?:\.[0-9]*)?$"
_V4 = r"^(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/[0-9]{1,2})?$"
_V6 = r"(?i)^[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:/[0-9]{1,3})?$"


def mistake(parameters: Parameters) -> str | None:
    """See `contracts.Transform`."""
    to, first, filler = (parameters.get(name) for name in ("to", "first", "filler"))
    if ("to" in parameters) == ("first" in parameters):
        return "`generalise` needs `to` or `first`, as in {as: generalise, to: month}"
    if "to" in parameters and not (_is_size(to) or to in _MONTHS or to in _OCTETS):
        classes = ", ".join((*_MONTHS, *_OCTETS))
        return f"`to` of `generalise` is no class; write the size of the classes, as `to: 1000`, or one of {classes}"
    if "first" in parameters and (isinstance(first, bool) or not isinstance(first, int) or first < 1):
        return "`first` is a number of characters, 1 or more; write it as `first: 2`"
    if "filler" in parameters and "first" not in parameters:
        return '`filler` belongs to `first`, as in {as: generalise, first: 2, filler: "*"}'
    if filler is not None and len(str(filler)) != 1:
        return '`filler` is one character; write it as `filler: "*"`'
    return wrong_order(parameters)


def _is_size(to: object) -> TypeGuard[int]:
    return isinstance(to, int) and not isinstance(to, bool) and 1 <= to < 10**MOST_DIGITS


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError where parameters and type do not go together, and for keys."""
    column = binding.column
    where = f"{binding.table.name}.{column.name}"
    if binding.domain.unique:
        raise RuleError(f"{where} is a key, and classes would make several values one; give it `permute`")
    refuse(binding, mistake(binding.parameters))
    build = _build(binding, where)
    return by_distinct(visible(build(narrowed(binding), where)))


Build = Callable[[Binding, str], Kernel]


def _build(binding: Binding, where: str) -> Build:
    """The way of this type: what `to` says decides for text."""
    family, to = binding.column.family, binding.parameters.get("to")
    if "first" in binding.parameters:
        if family is TypeFamily.TEXT:
            return _prefixes
        raise RuleError(f"{where}: `first` is for text, not for {binding.column.type}; write `to` with a class")
    if family in (TypeFamily.INTEGER, TypeFamily.NUMBER):
        return _classes
    if family in (TypeFamily.DATE, TypeFamily.TIMESTAMP):
        return _periods
    if family is TypeFamily.NETWORK:
        return _networks
    if family is TypeFamily.TEXT:
        return _periods if to in _MONTHS else _networks if to in _OCTETS else _classes
    raise RuleError(f"{where}: type {binding.column.type} has no classes; give it `masked`")


def _wrong(where: str, words: str) -> RuleError:
    return RuleError(f"{where}: `to` of `generalise` is {words}")


# --- numbers --------------------------------------------------------------------------------------------------------


def _classes(binding: Binding, where: str) -> Kernel:
    size = binding.parameters.get("to")
    if not _is_size(size):
        raise _wrong(where, "no whole number; write the size of the classes, as `to: 1000`, or month, year, /24")
    if size == 1 and binding.column.family is TypeFamily.INTEGER:
        raise _wrong(where, "1, which leaves whole numbers as they are; write a larger size, as `to: 10`")
    width = binding.domain.width
    least = most_of(binding.column) if width is None else 10 ** max(min(width, MOST_DIGITS) - 1, 0) - 1
    other = _typed.kernel(binding)

    def mapped(values: pa.Array) -> pa.Array:
        return _split(values, _PLAIN, lambda plain: _lower_bounds(plain, size, least), other)

    return mapped


def _lower_bounds(values: pa.Array, size: int, least: int) -> pa.Array:
    whole = pc.cast(pc.replace_substring_regex(values, r"^-|\..*$", ""), pa.int64()).to_numpy()
    negative = pc.starts_with(values, "-").to_numpy(zero_copy_only=False)
    fraction = pc.match_substring_regex(values, r"\.0*[1-9]").to_numpy(zero_copy_only=False)
    classes = whole // size
    below = classes + ((whole % size != 0) | fraction)
    fits = below <= least // size
    bounds = np.where(negative, -np.where(fits, below, np.minimum(classes, least // size)), classes) * size
    decimals = pc.replace_substring_regex(pc.replace_substring_regex(values, r"^[^.]*", ""), "[0-9]", "0")
    return pc.binary_join_element_wise(pa.array(bounds).cast(pa.string()), decimals, "")


# --- dates ----------------------------------------------------------------------------------------------------------


def _periods(binding: Binding, where: str) -> Kernel:
    months = _MONTHS.get(str(binding.parameters.get("to")))
    if months is None:
        raise _wrong(where, f"no period of dates; write one of {', '.join(_MONTHS)}")
    order, named, other = order_of(binding), NamedDates(binding, midnight=True), _typed.kernel(binding)

    def first_day(days: Days, rows: Rows) -> Days:
        counted = days.astype("M8[D]").astype("M8[M]").astype(np.int64) + _JANUARY_1970
        first = counted // months * months - _JANUARY_1970
        return np.asarray(first.astype("M8[M]").astype("M8[D]").astype(np.int64))

    return lambda values: with_days(values, order, first_day, named, other, midnight=True)


# --- text and addresses ---------------------------------------------------------------------------------------------


def _prefixes(binding: Binding, where: str) -> Kernel:
    first, filler = binding.parameters.get("first"), binding.parameters.get("filler")

    def mapped(values: pa.Array) -> pa.Array:
        kept = pc.utf8_slice_codeunits(values, 0, first)
        if filler is None:
            return kept
        rest = pc.max_element_wise(pc.subtract(pc.utf8_length(values), first), 0)
        return pc.binary_join_element_wise(kept, pc.binary_repeat(str(filler), rest), "")

    return mapped


def _networks(binding: Binding, where: str) -> Kernel:
    octets = _OCTETS.get(str(binding.parameters.get("to")))
    if octets is None:
        raise _wrong(where, f"no network; write one of {', '.join(_OCTETS)}")
    other = _typed.kernel(binding)
    v4 = rf"^((?:[0-9]+\.){{{octets}}})[0-9.]+"

    def of_v4(values: pa.Array) -> pa.Array:
        return pc.replace_substring_regex(values, v4, r"\1" + ".".join("0" * (4 - octets)))

    def mapped(values: pa.Array) -> pa.Array:
        return _split(values, _V4, of_v4, lambda rest: _split(rest, _V6, _of_v6, other))

    return mapped


def _of_v6(values: pa.Array) -> pa.Array:
    """The first three groups, or fewer where zeros that are not written come earlier."""
    short = pc.replace_substring_regex(values, r"(?i)^((?:[0-9a-f]{1,4}:){3})[0-9a-f:]*", r"\1:")
    same = pc.match_substring_regex(values, r"(?i)^(?:[0-9a-f]{1,4}:){3}")
    early = pc.replace_substring_regex(values, r"(?i)::[0-9a-f:]*", "::")
    return pc.if_else(same, short, early)


def _split(values: pa.Array, pattern: str, matching: Kernel, others: Kernel) -> pa.Array:
    mine = pc.match_substring_regex(values, pattern)
    result = values
    for rows, kernel_ in ((mine, matching), (pc.invert(mine), others)):
        if rows.true_count:
            result = pc.replace_with_mask(result, rows, kernel_(pc.filter(values, rows)))
    return result


def capacity(domain: Domain) -> int | None:
    """Fewer than there are values, by intent; how many depends on them."""
    return None
