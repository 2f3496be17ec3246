"""Before the first row is written: will what is unique stay unique?

The columns that are keys, and are replaced in a way that is not one to one by itself, are read once. Where there are
too few pseudonyms the run stops here; where some values would collide they are given others (see `apart`). Of a key of
several columns the values of one may come together as long as no two rows do; where rows would, its domains become
unique after all, so that each of their values gets a token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial, reduce
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import ByRow, Kernel, Keys, Rows, Source
from anonymizer.errors import FindingsError
from anonymizer.model.plan import ColumnPlan, Forecast, Plan, TablePlan
from anonymizer.model.schema import TableName
from anonymizer.planning.apart import Moves, Survey, folded, identity
from anonymizer.planning.domains import transforms, with_capacities
from anonymizer.planning.kernels import bind, bind_column
from anonymizer.pseudonyms.prf import Prf

_Hashes = NDArray[np.uint64]
_ODD = np.uint64(0x9E3779B97F4A7C15)
_Kernels = Mapping[TableName, Mapping[str, Kernel | ByRow]]


def forecast(source: Source, plan: Plan, keys: Keys, kernels: _Kernels) -> tuple[Plan, dict[str, Moves]]:
    """The plan with its forecasts, and for `bind` what has to move; reads the key columns, once or twice.

    Raises FindingsError naming a column whose values cannot all stay different.
    """
    if together := _coming_together(source, plan, keys, kernels):
        plan = _with_tokens(plan, together)
        kernels = bind(plan, keys)
    watched = _watched(plan)
    if not watched:
        return plan, {}
    surveys = {domain: Survey(keys, domain) for domain in {_domain(c) for cs in watched.values() for _, c in cs}}
    for _, column, values in _read(source, watched):
        kernel = kernels[column.name.table][column.column.name]
        assert not isinstance(kernel, ByRow), "keys are deterministic"
        surveys[_domain(column)].add(values, kernel(values))
    counts = {domain: survey.close() for domain, survey in surveys.items()}
    moving = {domain: survey for domain, survey in surveys.items() if survey.moving}
    moves = _moves(source, plan, keys, watched, moving)
    forecasts = []
    for domain, survey in sorted(surveys.items()):
        columns = [column for pairs in watched.values() for _, column in pairs if column.domain == domain]
        made = _forecast(plan, columns, counts[domain], survey.moving)
        if survey.moving and moves[domain] is None:
            raise FindingsError(_too_few(made, columns[0]))
        forecasts.append(made)
    warnings = (*plan.warnings, *(said for made in forecasts if (said := _lost(made))))
    return replace(plan, forecasts=tuple(forecasts), warnings=warnings), {
        d: m for d, m in moves.items() if m is not None
    }


def _watched(plan: Plan) -> dict[TableName, list[tuple[TablePlan, ColumnPlan]]]:
    """The replaced columns of keys whose transform may give two values one pseudonym, though none may have two."""
    found: dict[TableName, list[tuple[TablePlan, ColumnPlan]]] = {}
    for name, table in plan.tables.items():
        keyed = {column for key in table.table.keys for column in key}
        for column in table.replaced if table.rows == "all" else ():
            if column.column.name in keyed and column.capacity is not None and plan.domains[_domain(column)].unique:
                found.setdefault(name, []).append((table, column))
    return found


def _with_tokens(plan: Plan, together: Mapping[str, str]) -> Plan:
    """The plan with some domains unique; `together`: domain -> the key that asks for it."""
    domains = {n: replace(domain, unique=True) if n in together else domain for n, domain in plan.domains.items()}
    warnings = tuple(
        f"every value of domain {domain} gets a token, since rows would share the key {key} without; databases that are"
        f" to agree all say `domains: {{{domain}: {{unique: true}}}}`"
        for domain, key in together.items()
    )
    return replace(
        plan,
        domains=domains,
        tables=with_capacities(plan.tables, domains),
        warnings=(*plan.warnings, *warnings),
    )


def _coming_together(source: Source, plan: Plan, keys: Keys, kernels: _Kernels) -> dict[str, str]:
    """The domains of those keys of several columns under which two rows would be the same, and one such key of each."""
    prf = Prf(keys.derive("apart", "keys of several columns"))
    seen: dict[tuple[TableName, tuple[str, ...]], list[_Hashes]] = {}
    loose: dict[TableName, list[tuple[str, ...]]] = {}
    for name, table in plan.tables.items():
        if table.rows == "all" and (several := [key for key in table.table.keys if _loose(plan, table, key)]):
            loose[name] = several
    if not loose:
        return {}
    for part in source.parts({name: list(dict.fromkeys(chain(*several))) for name, several in loose.items()}):
        if isinstance(part, Rows):
            for key in loose[part.table]:
                seen.setdefault((part.table, key), []).append(_of_rows(prf, part, key, kernels[part.table]))
    found: dict[str, str] = {}
    for (name, key), batches in seen.items():
        before, after = np.concatenate(batches).T
        if len(np.unique(after)) < len(np.unique(before)):
            for domain in _loose(plan, plan.tables[name], key):
                found.setdefault(domain, f"({', '.join(key)}) of {name}")
    return found


def _loose(plan: Plan, table: TablePlan, key: tuple[str, ...]) -> list[str]:
    """The domains of a key of several columns whose values may come together."""
    if len(key) == 1:
        return []
    drawn = [column for column in table.replaced if column.column.name in key and column.capacity is not None]
    return [domain for domain in map(_domain, drawn) if not plan.domains[domain].unique]


def _of_rows(prf: Prf, rows: Rows, key: tuple[str, ...], kernels: Mapping[str, Kernel | ByRow]) -> _Hashes:
    """uint64 [n, 2]: what each row without nulls in the key is told apart by, before and after."""
    columns = [rows.batch.column(name) for name in key]
    filled = reduce(pc.and_, [pc.is_valid(values) for values in columns])
    before = after = np.zeros(filled.true_count, np.uint64)
    for name, values in zip(key, columns, strict=True):
        old = pc.filter(values, filled)
        kernel = kernels.get(name)
        assert not isinstance(kernel, ByRow), "keys are deterministic"
        before = before * _ODD + identity(prf, old)
        after = after * _ODD + (folded(prf, kernel(old)) if kernel else identity(prf, old))
    return np.stack([before, after], axis=1)


def _domain(column: ColumnPlan) -> str:
    assert column.domain is not None
    return column.domain


def _read(
    source: Source, watched: Mapping[TableName, list[tuple[TablePlan, ColumnPlan]]]
) -> Iterator[tuple[TablePlan, ColumnPlan, pa.Array]]:
    for part in source.parts({name: [c.column.name for _, c in columns] for name, columns in watched.items()}):
        if isinstance(part, Rows):
            for table, column in watched[part.table]:
                values = part.batch.column(column.column.name)
                shown = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(values), ""), False)
                yield table, column, pc.unique(pc.filter(values, shown))


def _moves(
    source: Source,
    plan: Plan,
    keys: Keys,
    watched: Mapping[TableName, list[tuple[TablePlan, ColumnPlan]]],
    moving: Mapping[str, Survey],
) -> dict[str, Moves | None]:
    """Reads the source again, for the values that have to move; there are mostly few of them, or none."""
    if not moving:
        return {}
    narrowed = {name: [pair for pair in pairs if pair[1].domain in moving] for name, pairs in watched.items()}
    narrowed = {name: pairs for name, pairs in narrowed.items() if pairs}
    picked: dict[str, list[pa.Array]] = {domain: [] for domain in moving}
    of: dict[str, tuple[TablePlan, ColumnPlan]] = {}
    for table, column, values in _read(source, narrowed):
        domain = _domain(column)
        of.setdefault(domain, (table, column))
        picked[domain].append(moving[domain].picked(values))
    result: dict[str, Moves | None] = {}
    for domain, survey in moving.items():
        table, column = of[domain]
        result[domain] = survey.moves(
            pc.unique(pa.concat_arrays(picked[domain])),
            partial(bind_column, plan, table, column, keys),
        )
    return result


def _forecast(plan: Plan, columns: list[ColumnPlan], values: int, moved: int) -> Forecast:
    column = columns[0]
    assert column.transform is not None
    expected = values * (values - 1) / 2 / column.capacity if column.capacity else 0.0
    return Forecast(
        domain=_domain(column),
        transform=column.transform,
        columns=tuple(c.name for c in columns),
        values=values,
        capacity=column.capacity,
        width=plan.domains[_domain(column)].width,
        expected=expected,
        moved=moved,
    )


def _lost(made: Forecast) -> str | None:
    """What values lose that were given other pseudonyms, where the transform knows it."""
    lost = getattr(transforms()[made.transform], "MOVED", None)
    if not made.moved or lost is None:
        return None
    return f"{', '.join(map(str, made.columns))}: {made.moved:,} of {made.values:,} different values {lost}"


def _too_few(made: Forecast, column: ColumnPlan) -> str:
    place = column.layers[0].place if column.layers else None
    width = f" of at most {made.width} characters" if made.width else ""
    advice = getattr(transforms()[made.transform], "WIDER", "give it `as: permute`, which keeps any number apart")
    names = ", ".join(str(name) for name in made.columns)
    return (
        f"{f'{place}: ' if place else ''}{names}: {made.values:,} different values have to stay different, and "
        f"`{made.transform}` has about {made.capacity:,} pseudonyms{width}; nothing was written; {advice}"
    )
