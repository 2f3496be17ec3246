"""What a plan may not be, whatever the rules say."""

from __future__ import annotations

from collections.abc import Mapping

from anonymizer.errors import RuleError
from anonymizer.model.plan import TablePlan
from anonymizer.model.rules import Action, RuleFile
from anonymizer.model.schema import ColumnName, TableName, TypeFamily


def refuse_expired(rules: RuleFile, today: str) -> None:
    """Personal data may be processed for the purpose and the time that were agreed (GDPR, article 5)."""
    if rules.expires is not None and rules.expires < today:
        raise RuleError(
            f"{rules.file} may be used until {rules.expires}, which is over; agree upon a new day and write it as "
            "`expires` of its purpose"
        )


def refuse_broken_derivations(tables: Mapping[TableName, TablePlan]) -> None:
    """A kept column that was derived from replaced ones would give the originals away."""
    for table in tables.values():
        replaced = {plan.column.name for plan in table.replaced}
        if not replaced or table.rows == "none":
            continue
        for plan in table.columns:
            if plan.column.family is TypeFamily.SEARCH and plan.action is Action.KEEP and not plan.why:
                raise RuleError(
                    f"{plan.name} is a search index of its own table's text, of which {len(replaced)} columns are "
                    "replaced: make it `null` (the application fills it again), or keep it with a reason"
                )
        for key in table.table.partition_key:
            if key in replaced:
                raise RuleError(
                    f"{ColumnName(table.table.name, key)} decides in which partition a row lies and cannot be "
                    "replaced; keep it with a reason, or empty the table with `rows: none`"
                )


def refuse_unreasoned_ranges(tables: Mapping[TableName, TablePlan]) -> None:
    """Numbers that may be somebody's are a choice that a person has to answer for."""
    for table in tables.values():
        for column in table.replaced:
            if column.parameters.get("range") == "issued" and not column.why:
                place = column.layers[0].place if column.layers else None
                raise RuleError(
                    f"{f'{place}: ' if place else ''}{column.name} takes numbers that may be somebody's (range: "
                    "issued); say `why`, which reaches the report, or leave the range out"
                )


def refuse_emptied_parents(tables: Mapping[TableName, TablePlan]) -> None:
    for table in tables.values():
        for key in table.table.foreign_keys:
            parent = tables.get(key.references)
            if parent is None or parent.rows != "none" or table.rows == "none":
                continue
            nulled = [p for p in table.columns if p.column.name in key.columns and p.transform == "null"]
            if not nulled:
                raise RuleError(
                    f"{table.table.name} references {key.references}, which the rules empty: give it `rows: none` "
                    f"too, or make {', '.join(key.columns)} `null`"
                )
