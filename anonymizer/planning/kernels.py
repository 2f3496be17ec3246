"""From a plan to kernels: one per replaced column, built before the first row."""

from __future__ import annotations

from anonymizer.contracts import Binding, Kernel, Keys
from anonymizer.errors import RuleError
from anonymizer.model.plan import Plan
from anonymizer.model.schema import TableName
from anonymizer.planning.domains import transforms


def bind(plan: Plan, keys: Keys) -> dict[TableName, dict[str, Kernel]]:
    """One kernel per replaced column. Raises RuleError when a column cannot hold its pseudonyms."""
    modules = transforms()
    kernels: dict[TableName, dict[str, Kernel]] = {}
    mistakes: list[str] = []
    for name, table in plan.tables.items():
        for column in table.replaced:
            assert column.transform is not None
            assert column.domain is not None
            binding = Binding(
                keys=keys,
                domain=plan.domains[column.domain],
                column=column.column,
                table=table.table,
                parameters=column.parameters,
                domains=plan.domains,
                locales=plan.locales,
            )
            try:
                kernels.setdefault(name, {})[column.column.name] = modules[column.transform].kernel(binding)
            except RuleError as mistake:
                place = column.layers[0].place if column.layers else None
                said = str(mistake).removeprefix(f"{column.name}: ")
                mistakes.append(f"{f'{place}: ' if place else ''}{column.name}: {said}")
    if mistakes:
        raise RuleError("\n".join(mistakes))
    return kernels
