"""One value's pseudonym, by category, domain or column."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from anonymizer.contracts import ByRow, Keys
from anonymizer.errors import SettingError
from anonymizer.model.plan import ColumnPlan, Domain, Plan
from anonymizer.model.rules import Action, Decision, RuleFile, TableRules
from anonymizer.model.schema import Column, Schema, Table, TableName, TypeFamily
from anonymizer.planning.apart import Moves
from anonymizer.planning.decisions import decide
from anonymizer.planning.domains import OWN_DOMAIN, domains_of, table_plans, transforms
from anonymizer.planning.kernels import bind

_ASKED = TableName("", "lookup")
_VALUE = Column("value", "text", TypeFamily.TEXT)


def plan_of_one(rules: RuleFile, wanted: str) -> Plan:
    """A plan of a single text column that is replaced as a category or domain of the rule file is."""
    found = {
        (decision.transform, tuple(sorted(decision.parameters.items()))): decision
        for table in rules.tables.values()
        for decision in table.columns.values()
        if decision.action is Action.REPLACE and wanted in (decision.parameters.get("domain"), decision.transform)
    }
    if len(found) > 1:
        raise SettingError(f"columns of {wanted} are replaced in {len(found)} ways; give --source and TABLE.COLUMN")
    usual = {category: m.NAME for m in transforms().values() for category in m.CATEGORIES}
    names = {*usual, *rules.domains, *(m.NAME for m in transforms().values())}
    if not found and wanted not in usual:
        near = difflib.get_close_matches(wanted, sorted(names), n=1)
        # What nobody knows may be the value itself, typed in the wrong place: it is not repeated.
        raise SettingError(
            f"{wanted} is no category and no domain of the rule file; did you mean {near[0]}?"
            if near
            else f"that is no category and no domain of the rule file; known are {', '.join(sorted(usual))}"
        )
    decision = next(iter(found.values()), None) or Decision(Action.REPLACE, usual[wanted])
    if decision.transform in OWN_DOMAIN and "domain" not in decision.parameters:
        raise SettingError(f"each column has a domain of its own under {decision.transform}; give --source")
    schema = Schema((Table(_ASKED, (_VALUE,)),))
    section = {_ASKED: TableRules(_ASKED, {_VALUE.name: decision})}
    tables = table_plans(schema, section, decide(schema, section, (), "rule file", {}, (), False), {})
    # The parts of a value map in the domains of the parts, as the rule file has them.
    domains = {**_domains(rules), **domains_of(tables)}
    for name, written in rules.domains.items():
        domains[name] = replace(domains.get(name, Domain(name)), width=written.width, unique=written.unique)
    return Plan(schema, tables, domains, rules.scope, rules.version, rules.locales)


def _domains(rules: RuleFile) -> dict[str, Domain]:
    """All domains that the rule file's columns have, with the parameters of their first column."""
    found: dict[str, Domain] = {}
    for table in rules.tables.values():
        for decision in table.columns.values():
            if decision.transform is not None:
                name = str(decision.parameters.get("domain", decision.transform))
                found.setdefault(name, Domain(name, parameters=decision.parameters))
    return found


def pseudonym(plan: Plan, wanted: str, value: str, keys: Keys, moves: Mapping[str, Moves] | None = None) -> str:
    """What `value` becomes in the first column of that category, domain or name. Raises SettingError."""
    column = _column(plan, wanted)
    kernel = bind(plan, keys, moves or {})[column.name.table][column.column.name]
    if isinstance(kernel, ByRow):
        raise SettingError(
            f"{wanted} has the policy {column.policy}: one value has many pseudonyms, so there is no answer"
        )
    return str(kernel(pa.array([value], pa.string()))[0].as_py())


def _column(plan: Plan, wanted: str) -> ColumnPlan:
    for table in plan.tables.values():
        for column in table.replaced:
            name = str(column.name)
            named = wanted in (name, name.partition(".")[2], column.domain, column.category)
            if named or table.table.name == _ASKED:
                return column
    raise SettingError("no replaced column of the source has that category, domain or name; `explain` tells of columns")
