"""From findings to rules: the rule file that detection would write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from anonymizer.model.finding import Finding, Verdict
from anonymizer.model.rules import Action, Decision, Pack, RuleFile, TableRules
from anonymizer.model.schema import Column, ColumnName, Schema, TableName
from anonymizer.planning.decisions import MASKED
from anonymizer.planning.domains import written_down

DETECTED = "(detected)"
"""Stands for the name of a rule file that nobody has written yet."""


def propose(
    schema: Schema,
    findings: Iterable[Finding],
    packs: Sequence[Pack],
    assume_masked: bool = False,
    locales: tuple[str, ...] = (),
) -> RuleFile:
    """The rule file that detection would write: packs say what happens to each category that was found.

    Columns under review stay undecided, or are masked when `assume_masked` says so. `locales`: those of Belgium if
    empty.
    """
    defaults = {category: decision for pack in reversed(packs) for category, decision in pack.defaults.items()}
    special = {str(r.place): r.then for pack in packs for r in pack.recognisers if r.then is not None}
    by_column = {finding.column: finding for finding in findings}
    tables: dict[TableName, TableRules] = {}
    for table in schema.tables:
        if table.partition_of is not None:
            continue
        columns = {
            column.name: _proposal(
                column, by_column.get(ColumnName(table.name, column.name)), defaults, special, assume_masked
            )
            for column in table.columns
            if not column.generated
        }
        tables[table.name] = TableRules(table.name, columns)
    names = tuple(pack.name for pack in packs)
    made = RuleFile(file=DETECTED, tables=tables, packs=names, domains=written_down(schema, tables))
    return replace(made, locales=locales) if locales else made


def _proposal(
    column: Column,
    finding: Finding | None,
    defaults: Mapping[str, Decision],
    special: Mapping[str, Decision],
    assume_masked: bool,
) -> Decision:
    """`special`: what entries of packs say of the columns that they recognised, by their places."""
    if finding is None or finding.verdict is Verdict.REVIEW:
        category = finding.category if finding else None
        if assume_masked:
            return Decision(Action.REPLACE, MASKED, why="nobody decided; masked by option", category=category)
        return Decision(Action.UNDECIDED, category=category)
    if finding.verdict is Verdict.NOT_PERSONAL:
        return Decision(Action.KEEP, category=finding.category)
    default = special.get(finding.rule or "") or defaults.get(finding.category)
    if default is None:
        return Decision(Action.UNDECIDED, category=finding.category)
    parameters = default.parameters
    if finding.parameters and default.action is Action.REPLACE and default.transform == finding.category:
        parameters = {**finding.parameters, **default.parameters}
    return replace(default, category=finding.category, parameters=parameters)
