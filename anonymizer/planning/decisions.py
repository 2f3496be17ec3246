"""From rules to decisions: which rule speaks of which column, who decided, and what nobody decided."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from anonymizer.errors import FindingsError
from anonymizer.model.finding import Finding, Verdict
from anonymizer.model.plan import Layer
from anonymizer.model.rules import Action, Decision, Pack, RuleFile, TableRules
from anonymizer.model.schema import Column, ColumnName, Schema, TableName, TypeFamily

MASKED = "masked"
"""The transform of what nobody decided on, where an option allows it."""

_NULLED = (TypeFamily.GEOMETRY, TypeFamily.INTERVAL, TypeFamily.SEARCH, TypeFamily.OTHER)
"""Types of which masking knows no other value than null."""


def located(schema: Schema, name: TableName) -> TableName | None:
    """The table that a person means: a name without a schema, on either side, matches when it names one table only.

    So one rule file serves a database in every form, also in stores that know no schemas.
    """
    if name in schema:
        return name
    bare = [table.name for table in schema.tables if table.name.name == name.name]
    return bare[0] if len(bare) == 1 and not (name.schema and bare[0].schema) else None


def match(schema: Schema, rules: RuleFile) -> tuple[dict[TableName, TableRules], list[str]]:
    """Schema table -> its rules, and a warning for each name that the source does not have."""
    matched: dict[TableName, TableRules] = {}
    warnings = []
    for name, section in rules.tables.items():
        target = located(schema, name)
        if target is None:
            tables = [str(table.name) if name.schema else table.name.name for table in schema.tables]
            warnings.append(
                f"{section.place or rules.file}: table {name} is not in the source{near(str(name), tables)}"
            )
            continue
        known = {column.name for column in schema.table(target).columns}
        warnings += [
            f"{decision.place or rules.file}: column {ColumnName(target, column)} is not in the source"
            + near(column, known)
            for column, decision in section.columns.items()
            if column not in known
        ]
        warnings += [
            f"{decision.place or rules.file}: {ColumnName(target, column.name)} spares {count} values that its type "
            f"{column.type} cannot hold"
            for column in schema.table(target).columns
            if (decision := section.columns.get(column.name)) and (count := _impossible(decision.spared, column))
        ]
        matched[target] = section
    return matched, warnings


def _impossible(spared: Sequence[str], column: Column) -> int:
    """How many values that are to be spared the column cannot hold: slips of the pen."""
    labels, length = column.labels, column.length
    return sum(
        (bool(labels) and value not in labels) or (length is not None and len(value) > length) for value in spared
    )


def near(word: str, known: Iterable[str]) -> str:
    """A suggestion to end a sentence about an unknown word with, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


class Decided(NamedTuple):
    """A decision and the voices behind it, strongest first."""

    decision: Decision
    layers: tuple[Layer, ...]


def _nulled(column: Column, decision: Decision) -> Decision:
    """What is masked to null is said to be, so that the proof expects it."""
    if decision.transform == MASKED and column.family in _NULLED and column.nullable:
        return replace(decision, transform="null")
    return decision


def decide(
    schema: Schema,
    matched: Mapping[TableName, TableRules],
    warnings: Sequence[str],
    voice: str,
    findings: Mapping[ColumnName, Finding],
    packs: Sequence[Pack],
    assume_masked: bool,
) -> dict[ColumnName, Decided]:
    decided: dict[ColumnName, Decided] = {}
    undecided: list[ColumnName] = []
    for table, column in schema.columns():
        name = ColumnName(table.name, column.name)
        section = matched.get(table.name)
        decision = section.columns.get(column.name) if section else None
        heard = _heard(findings.get(name), packs)
        if column.generated:
            why = "the database computes it from other columns"
            decided[name] = Decided(Decision(Action.KEEP, why=why), (Layer("schema", why), *heard))
        elif decision is not None and decision.action is not Action.UNDECIDED:
            decided[name] = Decided(_nulled(column, decision), (_spoken(voice, decision), *heard))
        elif section is not None and section.rows == "none":
            decision = Decision(Action.KEEP, why=section.why or "the table is emptied")
            decided[name] = Decided(decision, (Layer("rule file", "the table is emptied", section.place), *heard))
        elif assume_masked:
            decision = Decision(Action.REPLACE, MASKED, why="nobody decided; masked by option")
            said = Layer("option", "undecided columns are masked")
            decided[name] = Decided(_nulled(column, decision), (said, *heard))
        else:
            undecided.append(name)
    if undecided:
        shown = ", ".join(str(name) for name in undecided[:20]) + (", …" if len(undecided) > 20 else "")
        raise FindingsError(
            f"{len(undecided)} columns are undecided: {shown}; decide each of them in the rule file, "
            "or mask them all with --assume masked" + "".join(f"\n{warning}" for warning in warnings)
        )
    return decided


def _spoken(voice: str, decision: Decision) -> Layer:
    """What decided; a pack's default without a place is detection's own word that the column is not personal."""
    says = str(decision) + (f" ({decision.why})" if decision.why else "")
    return Layer(voice if decision.place else "detector", says, decision.place)


def _heard(finding: Finding | None, packs: Sequence[Pack]) -> tuple[Layer, ...]:
    """What packs and detection would have done, for `explain`."""
    if finding is None:
        return ()
    words = f"{finding.verdict.replace('_', ' ')}, {finding.category}, {finding.confidence:.2f}"
    detector = Layer("detector", "; ".join((words, *finding.evidence)))
    for pack in packs:
        default = pack.defaults.get(finding.category)
        if default is not None and finding.verdict is not Verdict.NOT_PERSONAL:
            says = "keep" if default.action is Action.KEEP else f"as {default.transform}"
            return (Layer(f"pack {pack.name}", f"{finding.category}: {says}", default.place), detector)
    return (detector,)
