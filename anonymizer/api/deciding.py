"""What is personal in a source, and what will happen to each of its columns: `detect`, `plan`, `explain`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from anonymizer import detect as detection
from anonymizer import planning, rulefile
from anonymizer.api.opening import Origin, Progress, Tick, opened, silent
from anonymizer.contracts import Source
from anonymizer.errors import RuleError, SettingError, SourceError
from anonymizer.model.finding import Finding, ProposedRelation
from anonymizer.model.plan import ColumnPlan, Plan
from anonymizer.model.rules import Pack, RuleFile
from anonymizer.model.schema import Schema, TableName, split_name

SAMPLE_ROWS = 1000
"""Rows per table that detection looks at."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found in a source, and the packs that helped to find it."""

    kind: str
    schema: Schema
    findings: tuple[Finding, ...]
    packs: tuple[Pack, ...]
    proposed: tuple[ProposedRelation, ...] = ()
    """Relations that nobody declared, for a person to confirm."""
    locales: tuple[str, ...] = ()
    """Country and language of most people in it; those of Belgium if empty."""

    def rules(self, assume_masked: bool = False) -> RuleFile:
        """The rule file that these findings propose; see `rulefile.write_rules` for its text."""
        return planning.propose(self.schema, self.findings, self.packs, assume_masked, self.locales)


def detect(source: Origin, packs: Sequence[str] | None = None, progress: Progress = silent) -> Detection:
    """Find the columns that hold personal data; `packs` defaults to all that are shipped."""
    with opened(source, rows=SAMPLE_ROWS) as (origin, _, _):
        return _detect(origin, _packs(packs), progress, relations=True)


def _packs(names: Sequence[str] | None, beside: Path | None = None) -> tuple[Pack, ...]:
    return rulefile.find_packs(rulefile.shipped_packs() if names is None else names, beside)


def _detect(source: Source, packs: tuple[Pack, ...], progress: Progress = silent, relations: bool = False) -> Detection:
    progress(Tick("detect"))
    schema = source.schema()
    samples = detection.sample_of(source.sample(SAMPLE_ROWS), SAMPLE_ROWS)
    findings = detection.find(schema, samples, packs)
    proposed = detection.propose_relations(schema, samples, findings, SAMPLE_ROWS) if relations else ()
    return Detection(source.kind, schema, findings, packs, proposed, detection.locales_of(samples, findings))


# --- what will happen? ------------------------------------------------------------------------------------------


def plan(source: Origin, rules: Path | None = None, assume_masked: bool = False, explain: bool = False) -> Plan:
    """The decision on every column. Without `rules`, detection decides; raises FindingsError for undecided columns.

    With `explain` detection looks as well where there are rules, so that the plan tells what it would have said.
    """
    with opened(source, rows=SAMPLE_ROWS) as (origin, _, _):
        return decided(origin, rules, assume_masked, explain)


def decided(source: Source, rules: Path | None, assume_masked: bool, explain: bool = False) -> Plan:
    """`plan` of a source that is open."""
    if not source.schema().tables:
        advice = (
            "is it whole, and does its -wal file lie beside it"
            if source.kind == "SQLite file"
            else "is it the right one"
        )
        raise SourceError(f"{source.input.name} holds no table; {advice}?")
    if rules is None:
        found = _detect(source, _packs(None))
        made = planning.make(found.schema, found.rules(assume_masked), found.findings, found.packs, assume_masked)
        return replace(made, rule_file=None)
    written = rulefile.read_rules(rules)
    packs = _packs(written.packs, rules.parent)
    if mistakes := rulefile.lint(written, *rulefile.Grammar.of(planning.transforms())):
        raise RuleError("\n".join(mistakes))
    findings = _detect(source, packs).findings if explain else ()
    return planning.make(source.schema(), written, findings, packs, assume_masked)


def explain(source: Origin, column: str, rules: Path | None = None) -> ColumnPlan:
    """What happens to TABLE.COLUMN, why, and who decided. Raises SettingError when there is no such column."""
    with opened(source, rows=SAMPLE_ROWS) as (origin, _, _):
        try:
            *table, name = split_name(column)
            found = planning.located(origin.schema(), TableName(*table) if len(table) == 2 else TableName("", *table))
        except (TypeError, ValueError):
            found = None
        made = decided(origin, rules, assume_masked=True, explain=True)
        for plan in made.tables[found].columns if found else ():
            if plan.column.name == name:
                return plan
        meant = _meant(origin.schema(), found, column) or "; write it as TABLE.COLUMN"
        raise SettingError(f"the source has no column {column}{meant}")


def _meant(schema: Schema, table: TableName | None, column: str) -> str:
    """The name that a person may have meant by `column`, of `table` where there is such a table."""
    written = column.rpartition(".")[0]
    if table is not None:
        return planning.near(column, [f"{written}.{known.name}" for known in schema.table(table).columns])
    names = [(str(table.name) if "." in written else table.name.name, known.name) for table, known in schema.columns()]
    same = [f"{table}.{known}" for table, known in names if known == column]
    return f"; did you mean {same[0]}?" if same else planning.near(column, [".".join(name) for name in names])
