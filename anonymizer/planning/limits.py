"""What a table's CHECK constraints leave to pseudonyms, so that the database takes its own rows back.

Read are conditions on one column, joined by AND: a list of values, and a smallest and a largest value. Anything else
is left to the verifier, which judges whole conditions.

A value of the list becomes the next one of the list, in keyed order; of two the same one. A value between bounds is
replaced again and again until the result lies between them too ("cycle walking", NIST SP 800-38G, appendix B): so what
was one to one stays one to one. A day that must lie before the present one becomes no later day, whenever the run takes
place; the first days of a decade become its very first one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Kernel, Keys
from anonymizer.model.plan import Domain, Limits
from anonymizer.model.schema import Column, Table, TypeFamily
from anonymizer.pseudonyms.written_form import restore_case
from anonymizer.transforms._cells import by_distinct
from anonymizer.transforms._typed import other_labels

LIMITED = ("masked", "other_personal", "health", "salary_or_finance", "noise", "permute")
"""Transforms that know a value's form only. The others invent values of a kind, together with other columns."""

_NUMBERS = (TypeFamily.INTEGER, TypeFamily.NUMBER)
_DAYS = (TypeFamily.DATE, TypeFamily.TIMESTAMP)
_MOST_LISTED = 100
"""Whole numbers between bounds that are so few are a list."""
_NEARBY, _WALK, _WALK_OF_DAYS = 20, 4_000, 100
"""Steps of a transform, and with those of one that is one to one; fewer where a day has few days before it."""
_NUMBER = r"^-?[0-9]{1,18}(\.[0-9]+)?$"
_ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
NONE = Limits()


def limits_of(table: Table) -> dict[str, Limits]:
    """Column -> what conditions on this column alone leave; columns without are missing."""
    found: dict[str, Limits] = {}
    columns = {column.name.lower(): column for column in table.columns}
    for text in table.checks:
        for condition in _conditions(text):
            column = columns.get(condition.column.lower())
            if column is not None and column.family is not TypeFamily.BOOLEAN:
                found[column.name] = _both(found.get(column.name, NONE), _fitting(condition, column))
    settled = {name: _settled(limits, table.column(name)) for name, limits in found.items()}
    return {name: limits for name, limits in settled.items() if limits != NONE}


def limited(domain: Domain, limits: Limits) -> Domain:
    """The domain with one more column's limits: what all of them allow."""
    return replace(domain, limits=_both(domain.limits, limits))


def _both(one: Limits, other: Limits) -> Limits:
    if one.values and other.values:
        return Limits(tuple(value for value in one.values if value in other.values))
    if one.values or other.values:
        return one if one.values else other
    lows = [limits.low for limits in (one, other) if limits.low is not None]
    highs = [limits.high for limits in (one, other) if limits.high is not None]
    if len({type(bound) for bound in (*lows, *highs)}) > 1:
        return NONE  # a number and a day in one domain
    return Limits((), max(lows, default=None), min(highs, default=None), one.past or other.past)


class _Bound(NamedTuple):
    text: str
    strict: bool


class _Condition(NamedTuple):
    """One condition as it is written; `past`: an upper bound is made of the present time."""

    column: str
    values: tuple[str, ...] = ()
    low: _Bound | None = None
    high: _Bound | None = None
    past: bool = False


def _fitting(condition: _Condition, column: Column) -> Limits:
    """What it means to the column's type."""
    if condition.values:
        shown = tuple(sorted({value for value in condition.values if value.strip()}))  # however the CHECK orders them
        return Limits(shown) if len(shown) > 1 else NONE
    if column.family in _NUMBERS:
        return Limits((), _number(condition.low, math.inf), _number(condition.high, -math.inf))
    if column.family in _DAYS:
        return Limits((), _day(condition.low, 1), _day(condition.high, -1), condition.past)
    return NONE


def _settled(limits: Limits, column: Column) -> Limits:
    """NONE where replacing keeps to it anyway: sign and number of digits stay."""
    low, high = limits.low, limits.high
    if isinstance(low, float) and isinstance(high, float) and column.family is TypeFamily.INTEGER:
        listed = range(math.ceil(low), math.floor(high) + 1)
        return Limits(tuple(map(str, listed))) if 1 < len(listed) <= _MOST_LISTED else limits
    return NONE if isinstance(low, float) and low <= 1 and high is None else limits


def _number(bound: _Bound | None, inwards: float) -> float | None:
    """The last number that is allowed."""
    if bound is None or not re.match(_NUMBER, bound.text):
        return None
    return math.nextafter(float(bound.text), inwards) if bound.strict else float(bound.text)


def _day(bound: _Bound | None, inwards: int) -> str | None:
    """The last day that is allowed, as YYYY-MM-DD."""
    if bound is None:
        return None
    try:
        day = date.fromisoformat(bound.text[:10]) + timedelta(inwards if bound.strict else 0)
    except (ValueError, OverflowError):  # no day, or none beyond it
        return None
    return day.isoformat()


def _conditions(text: str) -> Iterator[_Condition]:
    """Those of a CHECK's conditions that can be read."""
    import sqlglot
    from sqlglot import expressions as e
    from sqlglot.errors import SqlglotError

    dialect = "mysql" if "`" in text else "tsql" if re.search(r"(?<!\w)\[", text) else "postgres"
    try:
        waiting: list[Any] = [sqlglot.parse_one(text, read=dialect)]
    except SqlglotError:
        return
    while waiting:
        node = waiting.pop().unnest()
        if isinstance(node, e.And):
            waiting += [node.this, node.expression]
            continue
        sides = [side.unnest() for side in node.flatten()] if isinstance(node, e.Or) else [node]
        sides = [side for side in sides if not isinstance(side, e.Is)]  # NULL stays NULL
        read = [_condition(side) for side in sides]
        if len(read) == 1 and read[0] is not None:
            yield read[0]
        elif (
            len(read) > 1
            and read[0] is not None
            and all(one and one.values and one.column.lower() == read[0].column.lower() for one in read)
        ):
            # `a = 'x' OR a = 'y'`, as SQL Server prints `a IN ('x', 'y')`
            yield _Condition(read[0].column, tuple(value for one in read if one for value in one.values))


def _condition(node: Any) -> _Condition | None:
    from sqlglot import expressions as e

    if isinstance(node, e.In | e.EQ) and (name := _column(node.this)):
        others = node.expressions
        if isinstance(node, e.EQ):
            array = _inside(node.expression.this) if isinstance(node.expression, e.Any) else None
            others = array.expressions if isinstance(array, e.Array) else [node.expression]
        values = [_literal(other) for other in others]
        return _Condition(name, tuple(filter(None, values))) if all(value is not None for value in values) else None
    if isinstance(node, e.Between) and (name := _column(node.this)):
        return _bounded(name, node.args["low"], node.args["high"])
    if isinstance(node, e.GT | e.GTE | e.LT | e.LTE):
        smaller, larger, strict = node.this, node.expression, isinstance(node, e.GT | e.LT)
        if isinstance(node, e.GT | e.GTE):
            smaller, larger = larger, smaller
        if name := _column(smaller):
            return _bounded(name, None, larger, strict)
        if name := _column(larger):
            return _bounded(name, smaller, None, strict)
    return None


def _bounded(name: str, low: Any, high: Any, strict: bool = False) -> _Condition:
    from sqlglot import expressions as e

    least, most = (node and _literal(node) for node in (low, high))
    return _Condition(
        name,
        low=_Bound(least, strict) if least else None,
        high=_Bound(most, strict) if most else None,
        past=high is not None and any(high.find_all(e.CurrentTimestamp, e.CurrentDate)),
    )


def _inside(node: Any) -> Any:
    """Without what changes a value's type or case."""
    from sqlglot import expressions as e

    while isinstance(node, e.Paren | e.Cast | e.TryCast | e.Upper | e.Lower | e.Trim | e.Collate | e.Introducer):
        node = node.expression if isinstance(node, e.Introducer) else node.this
    return node


def _column(node: Any) -> str | None:
    from sqlglot import expressions as e

    found = _inside(node)
    return str(found.name) if isinstance(found, e.Column) else None


def _literal(node: Any) -> str | None:
    from sqlglot import expressions as e

    found = _inside(node)
    if isinstance(found, e.Neg):
        inner = _literal(found.this)
        return None if inner is None else f"-{inner}"
    return str(found.name) if isinstance(found, e.Literal | e.National) else None


def within(kernel: Kernel, one_to_one: Kernel, domain: Domain, column: Column, keys: Keys) -> Kernel:
    """The same kernel, whose results keep to the domain's limits where the values did.

    `one_to_one` replaces what `kernel` leads in a circle outside of them: a nearby amount has nearby amounts.
    """
    limits = domain.limits
    if len(limits.values) > 1:
        listed = pa.array(limits.values, pa.string())
        return _next_listed(kernel, listed, other_labels(listed, keys.derive("labels", domain.name), domain.unique))
    if limits.values or limits == NONE:
        return kernel
    allowed = _allowed_number if column.family in _NUMBERS else _allowed_day

    def kept(old: pa.Array, new: pa.Array) -> NDArray[np.bool_]:
        agree = pc.equal(allowed(limits, old), allowed(limits, new))
        if limits.past:
            agree = pc.and_kleene(agree, pc.less_equal(new, old))
        return np.asarray(agree.fill_null(True).to_numpy(zero_copy_only=False))

    def mapped(values: pa.Array) -> pa.Array:
        old, new = values, kernel(values)
        rows, places, found = np.arange(len(values)), [], []
        for number in range(1, _WALK_OF_DAYS if limits.past else _WALK):
            good = kept(old, new)
            places.append(rows[good])
            found.append(pc.filter(new, pa.array(good)))
            if good.all():
                break
            rows, left = rows[~good], pa.array(~good)
            old, new = pc.filter(old, left), pc.filter(new, left)
            new = kernel(new) if number < _NEARBY else one_to_one(old if number == _NEARBY else new)
        else:
            places.append(rows)
            found.append(_first_day(old, new, limits) if limits.past else new)
        return (
            found[0] if len(found) == 1 else pa.concat_arrays(found).take(pa.array(np.argsort(np.concatenate(places))))
        )

    return by_distinct(mapped)


def _first_day(old: pa.Array, new: pa.Array, limits: Limits) -> pa.Array:
    """The first day of the decade, or the first one that is allowed, at the new time of day."""
    day = pc.binary_join_element_wise(pc.utf8_slice_codeunits(old, 0, 3), "0-01-01", "")
    if limits.low is not None:
        day = pc.if_else(pc.less(day, limits.low), str(limits.low), day)
    return pc.binary_join_element_wise(day, pc.utf8_slice_codeunits(new, 10), "")


def _next_listed(kernel: Kernel, listed: pa.Array, following: pa.Array) -> Kernel:
    folded = pc.utf8_lower(listed)

    def mapped(values: pa.Array) -> pa.Array:
        exact = following.take(pc.index_in(values, value_set=listed))
        if exact.null_count == values.null_count:
            return exact
        plain = pc.utf8_rtrim(values, " ")  # char(n) has blanks at the end
        loose = restore_case(following.take(pc.index_in(pc.utf8_lower(plain), value_set=folded)), values)
        return pc.coalesce(exact, loose, kernel(values))

    return mapped


def _allowed_number(limits: Limits, values: pa.Array) -> pa.Array:
    """Whether each value lies between the bounds; null where that cannot be told."""
    plain = pc.match_substring_regex(values, _NUMBER)
    numbers = pc.if_else(plain, values, None).cast(pa.float64())
    return _between(limits, numbers)


def _allowed_day(limits: Limits, values: pa.Array) -> pa.Array:
    days = pc.if_else(pc.match_substring_regex(values, _ISO), pc.utf8_slice_codeunits(values, 0, 10), None)
    return _between(limits, days)


def _between(limits: Limits, values: pa.Array) -> pa.Array:
    result = pc.equal(values, values)
    if limits.low is not None:
        result = pc.and_kleene(result, pc.greater_equal(values, limits.low))
    if limits.high is not None:
        result = pc.and_kleene(result, pc.less_equal(values, limits.high))
    return result
