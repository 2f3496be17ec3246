"""What every report tells, as plain data: made once from a result, so that all documents agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from anonymizer import registry
from anonymizer.model.finding import NOT_PERSONAL
from anonymizer.model.plan import ColumnPlan, Forecast, Plan, TablePlan
from anonymizer.model.result import Outcome, RunResult
from anonymizer.model.rules import Action
from anonymizer.model.schema import TableName

FORMAT = 1
"""Version of this structure, for programs that read the JSON report."""


def facts(result: RunResult) -> dict[str, Any]:
    """Head, totals, checks and decisions of a run, in the order in which people read them; JSON types only."""
    plan = result.plan
    counts = _Counts(result)
    shown = [table for table in plan.tables.values() if table.table.partition_of is None]
    columns = [column for table in shown for column in table.columns]
    replaced = [column for column in columns if column.action is Action.REPLACE]
    return {
        "format": FORMAT,
        "verdict": "published" if result.published and result.checks and result.passed else "withheld",
        "not_verified": [check.check for check in result.checks if check.outcome is Outcome.NOT_VERIFIED],
        "source": result.source,
        "target": result.target,
        "kind": result.kind,
        "started": result.started,
        "seconds": dict(result.seconds),
        "program": result.version,
        "algorithm": plan.version,
        "scope": plan.scope,
        "locales": list(plan.locales),
        "key": result.key,
        "rule_file": plan.rule_file,
        "purpose": plan.purpose,
        "totals": {
            "tables": len(shown),
            "emptied": sum(table.rows == "none" for table in shown),
            "columns": len(columns),
            "replaced": len(replaced),
            "kept": len(columns) - len(replaced),
            "rows": sum(count.rows for count in result.counts.values()),
            "values_replaced": sum(sum(count.replaced.values()) for count in result.counts.values()),
        },
        "warnings": list(result.warnings),
        "checks": _checks(result),
        "categories": _categories(replaced, counts),
        "kept_with_reason": _kept_with_reason(shown),
        "reachable": _reachable({column.category for column in replaced}),
        "issued": _issued(replaced, counts),
        "tables": [_table(table, counts) for table in shown],
        "domains": _domains(plan, replaced),
        "relations": [f"{referencing} -> {referenced}" for referencing, referenced in plan.relations],
        "replacements": _replacements({str(column.transform) for column in replaced}),
    }


class _Counts:
    """Rows and replaced values per table, those of its partitions included."""

    def __init__(self, result: RunResult) -> None:
        self.rows: dict[TableName, int] = defaultdict(int)
        self.values: dict[tuple[TableName, str], int] = defaultdict(int)
        self.known: set[TableName] = set()
        for name, count in result.counts.items():
            root = result.plan.schema.root(name).name
            self.known.add(root)
            self.rows[root] += count.rows
            for column, values in count.replaced.items():
                self.values[root, column] += values

    def of(self, column: ColumnPlan) -> int:
        return self.values.get((column.name.table, column.column.name), 0)


def _checks(result: RunResult) -> list[dict[str, Any]]:
    return [
        {
            "check": check.check,
            "promise": check.promise,
            "outcome": check.outcome.value,
            "examined": check.examined,
            "detail": list(check.detail),
        }
        for check in result.checks
    ]


def _categories(replaced: Iterable[ColumnPlan], counts: _Counts) -> list[dict[str, Any]]:
    """What was replaced, by category, in alphabetical order."""
    columns: dict[str, int] = defaultdict(int)
    values: dict[str, int] = defaultdict(int)
    transforms: dict[str, set[str]] = defaultdict(set)
    for column in replaced:
        columns[column.category] += 1
        values[column.category] += counts.of(column)
        transforms[column.category].add(str(column.transform))
    return [
        {
            "category": category,
            "columns": columns[category],
            "values_replaced": values[category],
            "transforms": sorted(transforms[category]),
        }
        for category in sorted(columns)
    ]


def _kept_with_reason(tables: Iterable[TablePlan]) -> list[dict[str, Any]]:
    """Kept columns that are personal, or of which a person said one by one why: what an auditor asks about."""
    return [
        {"column": str(column.name), "category": column.category, "why": column.why, "place": _place(column)}
        for table in tables
        if table.rows == "all"
        for column in table.columns
        if column.action is Action.KEEP
        and not column.column.generated
        and (column.category not in NOT_PERSONAL or (column.why and column.why != table.why))
    ]


def _reachable(categories: set[str]) -> list[dict[str, str]]:
    """Identifiers without a range that is never issued, of the categories that were replaced."""
    return [
        {"identifier": name, "category": str(module.CATEGORY), "says": _first_line(module)}
        for name, module in registry.load("identifiers").items()
        if module.REACHABLE and module.CATEGORY in categories
    ]


def _issued(replaced: Iterable[ColumnPlan], counts: _Counts) -> list[dict[str, Any]]:
    """Columns for which the rule file accepts numbers that may be somebody's."""
    return [
        {"column": str(column.name), "values": counts.of(column), "why": column.why, "place": _place(column)}
        for column in replaced
        if column.parameters.get("range") == "issued"
    ]


def _table(table: TablePlan, counts: _Counts) -> dict[str, Any]:
    name = table.table.name
    return {
        "table": str(name),
        "rows": table.rows,
        "rows_written": counts.rows[name] if name in counts.known else None,
        "why": table.why,
        "columns": [_column(column, counts) for column in table.columns],
    }


def _column(column: ColumnPlan, counts: _Counts) -> dict[str, Any]:
    return {
        "column": column.column.name,
        "type": column.column.type,
        "decision": column.action.value,
        "category": column.category,
        "transform": column.transform,
        "parameters": {**column.parameters, **({"except": ", ".join(column.spared)} if column.spared else {})},
        "domain": column.domain,
        "capacity": column.capacity,
        "values_replaced": counts.of(column),
        "why": column.why,
        "decided": [
            {"by": layer.name, "place": str(layer.place) if layer.place else None, "says": layer.says}
            for layer in column.layers
        ],
    }


def _place(column: ColumnPlan) -> str | None:
    """Where the decision stands that was taken."""
    place = column.layers[0].place if column.layers else None
    return str(place) if place else None


def _domains(plan: Plan, replaced: Iterable[ColumnPlan]) -> list[dict[str, Any]]:
    """Each domain with the columns that share it and its capacity, None being practically unlimited."""
    columns: dict[str, list[ColumnPlan]] = defaultdict(list)
    for column in replaced:
        columns[str(column.domain)].append(column)
    forecasts = {forecast.domain: forecast for forecast in plan.forecasts}
    return [
        {
            "domain": name,
            "columns": [str(column.name) for column in columns[name]],
            "capacity": min((c.capacity for c in columns[name] if c.capacity is not None), default=None),
            "width": plan.domains[name].width,
            "unique": plan.domains[name].unique,
            "forecast": _forecast(forecasts.get(name)),
        }
        for name in sorted(plan.domains)
    ]


def _forecast(forecast: Forecast | None) -> dict[str, Any] | None:
    """What was known before the first row of a domain that has to stay unique."""
    if forecast is None:
        return None
    return {
        "columns": [str(column) for column in forecast.columns],
        "values": forecast.values,
        "expected_collisions": round(forecast.expected, 6),
        "moved": forecast.moved,
    }


def _replacements(used: set[str]) -> list[dict[str, str]]:
    """The transforms that were used: technique in the words of ISO/IEC 20889, and what each does."""
    modules: Mapping[str, ModuleType] = registry.load("transforms")
    return [
        {
            "transform": str(module.NAME),
            "technique": str(module.TECHNIQUE),
            "says": _first_line(module),
            "file": f"anonymizer/transforms/{file}.py",
        }
        for file, module in modules.items()
        if module.NAME in used
    ]


def _first_line(module: ModuleType) -> str:
    return (module.__doc__ or "").strip().partition("\n")[0].replace("`", "")
