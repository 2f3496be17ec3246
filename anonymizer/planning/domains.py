"""Decisions become column plans; columns whose values must agree share a domain, as wide as its narrowest column."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import ModuleType

from anonymizer import registry
from anonymizer.errors import RuleError
from anonymizer.model.finding import CATEGORIES
from anonymizer.model.plan import ColumnPlan, Domain, TablePlan
from anonymizer.model.rules import DETERMINISTIC, POLICIES, Action, DomainRules, TableRules
from anonymizer.model.schema import Column, ColumnName, Schema, Table, TableName
from anonymizer.planning.decisions import MASKED, Decided
from anonymizer.planning.limits import LIMITED, limited, limits_of

OWN_DOMAIN = ("masked", "permute", "json", "known_password", "generalise", "noise")
"""Transforms of values without a category of their own: their domain is the column, or the root of its relation."""
SHIFT = "shift"
"""The transform whose domain is the table, or the person: what happened there stays as far apart as it was."""


def table_plans(
    schema: Schema,
    matched: Mapping[TableName, TableRules],
    decided: Mapping[ColumnName, Decided],
    roots: Mapping[ColumnName, ColumnName],
) -> dict[TableName, TablePlan]:
    tables = {}
    limited_ones = [ColumnName(table.name, column) for table in schema.tables for column in limits_of(table)]
    narrow = {roots.get(name, name) for name in limited_ones}
    for table in schema.tables:
        owner = schema.root(table.name)
        section = matched.get(owner.name)
        columns = tuple(
            _column_plan(
                ColumnName(table.name, column.name),
                column,
                ColumnName(owner.name, column.name),
                decided,
                roots,
                narrow,
            )
            for column in table.columns
        )
        rows = section.rows if section else "all"
        tables[table.name] = TablePlan(table, columns, rows, section.why if section else None)
    return tables


def _column_plan(
    name: ColumnName,
    column: Column,
    owner: ColumnName,
    decided: Mapping[ColumnName, Decided],
    roots: Mapping[ColumnName, ColumnName],
    narrow: Collection[ColumnName],
) -> ColumnPlan:
    if owner not in decided:
        raise RuleError(f"{name} is a column that its partitioned table does not have; the dump is not understood")
    decision, layers = decided[owner]
    if decision.action is Action.KEEP:
        return ColumnPlan(name, column, Action.KEEP, decision.category or "none", why=decision.why, layers=layers)
    transform = decision.transform or MASKED
    module = transforms().get(transform)
    if module is None:
        raise RuleError(f"{decision.place or name}: there is no transform called {transform}; see `anonymizer list`")
    policy = str(decision.parameters.get("policy", DETERMINISTIC))
    by = decision.parameters.get(POLICIES.get(policy) or "")
    root = roots.get(owner, owner)
    own = str(root) if _is_own(transform, root in narrow) else transform
    if transform == SHIFT and policy != "per_person":
        own = f"{SHIFT} of {owner.table}"
    return ColumnPlan(
        name,
        column,
        Action.REPLACE,
        category=decision.category or _category_of(module),
        transform=transform,
        domain=str(decision.parameters.get("domain", own)),
        parameters={key: value for key, value in decision.parameters.items() if key != "domain"},
        policy=policy,
        by=None if by is None else str(by),
        spared=decision.spared,
        why=decision.why,
        layers=layers,
    )


def _is_own(transform: str, narrow: bool) -> bool:
    """Whether a column's domain is its own: what a CHECK allows in it must not bind other columns."""
    return transform in OWN_DOMAIN or (narrow and transform in LIMITED)


def spared_alike(tables: Mapping[TableName, TablePlan]) -> dict[TableName, TablePlan]:
    """A value that is spared in one column is spared in all columns of the domain, or it would not join itself."""
    spared: dict[str | None, tuple[str, ...]] = {}
    for table in tables.values():
        for column in table.replaced:
            spared[column.domain] = tuple(dict.fromkeys((*spared.get(column.domain, ()), *column.spared)))
    return {
        name: replace(
            table,
            columns=tuple(
                replace(c, spared=spared[c.domain]) if spared.get(c.domain) and c.transform else c
                for c in table.columns
            ),
        )
        for name, table in tables.items()
    }


def _category_of(transform: ModuleType) -> str:
    if transform.NAME in CATEGORIES:
        return str(transform.NAME)
    return str(transform.CATEGORIES[0]) if transform.CATEGORIES else "other_personal"


def transforms() -> dict[str, ModuleType]:
    """Name as rule files write it -> module."""
    return {module.NAME: module for module in registry.load("transforms").values()}


def domains_of(
    tables: Mapping[TableName, TablePlan], written: Mapping[str, DomainRules] | None = None
) -> dict[str, Domain]:
    """One width and one uniqueness for all columns of a domain: the narrowest and the strictest decide.

    What a rule file has `written` of a domain holds instead, so that databases which share a scope agree. Raises
    RuleError where the schema does not fit it any more, and where a domain has several transforms.
    """
    domains: dict[str, Domain] = {}
    first: dict[str, ColumnPlan] = {}
    for table in tables.values():
        limits = limits_of(table.table)
        for plan in table.replaced:
            assert plan.domain is not None
            _refuse_second_transform(plan, first.setdefault(plan.domain, plan))
            before = domains.get(plan.domain, Domain(plan.domain, parameters=plan.parameters))
            lengths = [n for n in (before.width, width_in(plan.transform, plan.column)) if n is not None]
            domain = replace(
                before,
                width=min(lengths, default=None),
                unique=before.unique or is_kept_apart(table.table, plan.column, plan.transform),
            )
            if plan.transform in LIMITED and plan.domain != plan.transform and plan.column.name in limits:
                domain = limited(domain, limits[plan.column.name])
            rules = (written or {}).get(plan.domain)
            domains[plan.domain] = domain if rules is None else _as_written(domain, rules, plan)
    return domains


def written_down(schema: Schema, tables: Mapping[TableName, TableRules]) -> dict[str, DomainRules]:
    """What the schema makes of each domain, for the rule file to hold: a later column must not change it unseen."""
    domains: dict[str, DomainRules] = {}
    limits = {table.name: limits_of(table) for table in schema.tables}
    for table, column in schema.columns():
        decision = tables[table.name].columns.get(column.name)
        if decision is None or decision.transform is None:
            continue
        if _is_own(decision.transform, column.name in limits[table.name]) and "domain" not in decision.parameters:
            continue
        name = str(decision.parameters.get("domain", decision.transform))
        before = domains.get(name, DomainRules())
        widths = [width for width in (before.width, width_in(decision.transform, column)) if width is not None]
        unique = before.unique or is_kept_apart(table, column, decision.transform)
        domains[name] = DomainRules(min(widths, default=None), unique)
    return {name: domain for name, domain in domains.items() if domain != DomainRules()}


def is_kept_apart(table: Table, column: Column, transform: str | None) -> bool:
    """Whether no two values of a column may get one pseudonym: it is a key, or part of one and one to one for nothing.

    A transform that draws from a list would have to give every name a token, wherever it stands, for the sake of a key
    of several columns; there the rows are kept apart instead (see `forecast`).
    """
    if (column.name,) in table.keys:
        return True
    module = transforms().get(transform or "")
    drawn = module is not None and module.capacity(Domain("", width=column.length)) is not None
    return not drawn and any(column.name in key for key in table.keys)


def width_in(transform: str | None, column: Column) -> int | None:
    """How a column limits its domain: not at all where it is so narrow that it can hold parts of values only.

    A house number of ten characters does not shorten all streets.
    """
    module = transforms().get(transform or "")
    return None if column.length is None or column.length < getattr(module, "NARROWEST", 0) else column.length


def _refuse_second_transform(plan: ColumnPlan, first: ColumnPlan) -> None:
    """One transform for each domain, or its values would not agree."""
    if plan.transform != first.transform:
        place = plan.layers[0].place if plan.layers else None
        raise RuleError(
            f"{f'{place}: ' if place else ''}{plan.name} is replaced as {plan.transform} and {first.name} as "
            f"{first.transform}, both in domain {plan.domain}; a domain has one transform, so give one of them another"
        )


def _as_written(domain: Domain, rules: DomainRules, plan: ColumnPlan) -> Domain:
    where, name = f"{rules.place}: " if rules.place else "", domain.name
    length = width_in(plan.transform, plan.column)
    if length is not None and (rules.width is None or length < rules.width):
        raise RuleError(
            f"{where}{plan.name} has {length} characters and domain {name} is written down as wider; make its width "
            f"{length}, which changes the pseudonyms of all its columns, or give the column a domain of its own"
        )
    if domain.unique and not rules.unique:
        raise RuleError(
            f"{where}{plan.name} is a key and domain {name} is not written down as unique; write `unique: true`, which "
            "may change the pseudonyms of all its columns, or give the column a domain of its own"
        )
    return replace(domain, width=rules.width, unique=rules.unique)


def with_capacities(tables: Mapping[TableName, TablePlan], domains: Mapping[str, Domain]) -> dict[TableName, TablePlan]:
    modules = transforms()
    return {
        name: replace(
            table,
            columns=tuple(
                replace(plan, capacity=modules[plan.transform].capacity(domains[plan.domain]))
                if plan.transform and plan.domain
                else plan
                for plan in table.columns
            ),
        )
        for name, table in tables.items()
    }
