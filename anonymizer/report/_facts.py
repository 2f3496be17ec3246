"""What every report tells, as plain data: made once from a result, so that all documents agree."""

from __future__ import annotations

from collections import Counter
from typing import Any

from anonymizer import registry
from anonymizer.model.plan import ColumnPlan
from anonymizer.model.result import Outcome, RunResult
from anonymizer.model.rules import Action


def facts(result: RunResult) -> dict[str, Any]:
    """Head, totals, checks and decisions of a run, as JSON knows them."""
    plan = result.plan
    shown = [table for table in plan.tables.values() if table.table.partition_of is None]
    columns = [column for table in shown for column in table.columns]
    replaced = [column for column in columns if column.action is Action.REPLACE]
    return {
        "verdict": "published" if _verified(result) else "withheld",
        "source": result.source,
        "target": result.target,
        "kind": result.kind,
        "started": result.started,
        "seconds": dict(result.seconds),
        "program": result.version,
        "algorithm": plan.version,
        "scope": plan.scope,
        "key": result.key,
        "rule_file": plan.rule_file,
        "totals": {
            "tables": len(shown),
            "columns": len(columns),
            "replaced": len(replaced),
            "kept": len(columns) - len(replaced),
            "values_replaced": sum(sum(count.replaced.values()) for count in result.counts.values()),
            "categories": dict(sorted(Counter(column.category for column in replaced).items())),
        },
        "checks": [
            {
                "check": check.check,
                "promise": check.promise,
                "outcome": check.outcome.value,
                "examined": check.examined,
                "detail": list(check.detail),
            }
            for check in result.checks
        ],
        "tables": [
            {
                "table": str(table.table.name),
                "rows": table.rows,
                "why": table.why,
                "columns": [_column(column, result) for column in table.columns],
            }
            for table in shown
        ],
        "domains": [
            {"domain": domain.name, "width": domain.width, "unique": domain.unique}
            for domain in sorted(plan.domains.values(), key=lambda domain: domain.name)
        ],
        "warnings": list(result.warnings),
        "plug_ins": {family: list(registry.load(family)) for family in ("verify", "transforms")},
    }


def _verified(result: RunResult) -> bool:
    return bool(result.checks) and result.passed


def not_verified(result: RunResult) -> tuple[str, ...]:
    """Names of the checks that did not look at everything."""
    return tuple(check.check for check in result.checks if check.outcome is Outcome.NOT_VERIFIED)


def _column(column: ColumnPlan, result: RunResult) -> dict[str, Any]:
    partitions = [
        count.replaced.get(column.column.name, 0)
        for name, count in result.counts.items()
        if result.plan.schema.root(name).name == column.name.table
    ]
    return {
        "column": column.column.name,
        "type": column.column.type,
        "decision": column.action.value,
        "category": column.category,
        "transform": column.transform,
        "technique": _technique(column.transform),
        "parameters": dict(column.parameters),
        "domain": column.domain,
        "capacity": column.capacity,
        "values_replaced": sum(partitions),
        "why": column.why,
        "decided": [
            {"by": layer.name, "place": str(layer.place) if layer.place else None, "says": layer.says}
            for layer in column.layers
        ],
    }


def _technique(transform: str | None) -> str | None:
    modules = registry.load("transforms").values()
    return next((str(module.TECHNIQUE) for module in modules if transform == module.NAME), None)
