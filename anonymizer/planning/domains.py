"""Decisions become column plans; columns whose values must agree share a domain, as wide as its narrowest column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType

from anonymizer import registry
from anonymizer.errors import RuleError
from anonymizer.model.finding import CATEGORIES
from anonymizer.model.plan import ColumnPlan, Domain, TablePlan
from anonymizer.model.rules import Action, TableRules
from anonymizer.model.schema import Column, ColumnName, Schema, TableName
from anonymizer.planning.decisions import Decided
from anonymizer.planning.proposal import MASKED

OWN_DOMAIN = ("masked", "permute", "known_password", "generalise", "noise")
"""Transforms of values without a category of their own: their domain is the column, or the root of its relation."""
SHIFT = "shift"
"""The transform whose domain is the table: what happened in a row stays as far apart as it was."""


def table_plans(
    schema: Schema,
    matched: Mapping[TableName, TableRules],
    decided: Mapping[ColumnName, Decided],
    roots: Mapping[ColumnName, ColumnName],
) -> dict[TableName, TablePlan]:
    tables = {}
    for table in schema.tables:
        owner = schema.root(table.name)
        section = matched.get(owner.name)
        columns = tuple(
            _column_plan(
                ColumnName(table.name, column.name), column, ColumnName(owner.name, column.name), decided, roots
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
    own = str(roots.get(owner, owner)) if transform in OWN_DOMAIN else transform
    if transform == SHIFT:
        own = f"{SHIFT} of {owner.table}"
    return ColumnPlan(
        name,
        column,
        Action.REPLACE,
        category=decision.category or _category_of(module),
        transform=transform,
        domain=str(decision.parameters.get("domain", own)),
        parameters={key: value for key, value in decision.parameters.items() if key != "domain"},
        why=decision.why,
        layers=layers,
    )


def _category_of(transform: ModuleType) -> str:
    if transform.NAME in CATEGORIES:
        return str(transform.NAME)
    return str(transform.CATEGORIES[0]) if transform.CATEGORIES else "other_personal"


def transforms() -> dict[str, ModuleType]:
    """Name as rule files write it -> module."""
    return {module.NAME: module for module in registry.load("transforms").values()}


def domains_of(tables: Mapping[TableName, TablePlan]) -> dict[str, Domain]:
    """One width and one uniqueness for all columns of a domain: the narrowest and the strictest decide."""
    domains: dict[str, Domain] = {}
    for table in tables.values():
        keyed = {column for key in table.table.keys for column in key}
        for plan in table.replaced:
            assert plan.domain is not None
            before = domains.get(plan.domain, Domain(plan.domain))
            lengths = [n for n in (before.width, plan.column.length) if n is not None]
            domains[plan.domain] = replace(
                before, width=min(lengths, default=None), unique=before.unique or plan.column.name in keyed
            )
    return domains


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
