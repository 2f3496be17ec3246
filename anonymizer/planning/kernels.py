"""From a plan to kernels: one per replaced column, built before the first row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, ByRow, Kernel, Keys, Salts
from anonymizer.errors import RuleError
from anonymizer.model.plan import ColumnPlan, Plan, TablePlan
from anonymizer.model.schema import TableName
from anonymizer.planning.apart import Moves, moved_apart
from anonymizer.planning.domains import transforms
from anonymizer.planning.limits import LIMITED, within
from anonymizer.planning.policies import keys_for, with_policy

_NO_MOVES: Mapping[str, Moves] = {}


def bind(plan: Plan, keys: Keys, moves: Mapping[str, Moves] = _NO_MOVES) -> dict[TableName, dict[str, Kernel | ByRow]]:
    """One kernel per replaced column; `moves`, as `forecast` gives them, keep unique domains apart.

    Raises RuleError, naming every column that cannot hold its pseudonyms.
    """
    kernels: dict[TableName, dict[str, Kernel | ByRow]] = {}
    mistakes: list[str] = []
    for name, table in plan.tables.items():
        for column in table.replaced:
            assert column.domain is not None
            try:
                of_variant = partial(bind_column, plan, table, column, keys)
                kernel = of_variant(0)
                if column.domain in moves:
                    kernel = moved_apart(kernel, moves[column.domain], of_variant)
                kernels.setdefault(name, {})[column.column.name] = with_policy(plan, column, kernel, keys)
            except RuleError as mistake:
                place = column.layers[0].place if column.layers else None
                said = str(mistake).removeprefix(f"{column.name}: ")
                mistakes.append(f"{f'{place}: ' if place else ''}{column.name}: {said}")
    if mistakes:
        raise RuleError("\n".join(mistakes))
    return kernels


def bind_column(plan: Plan, table: TablePlan, column: ColumnPlan, keys: Keys, variant: int = 0) -> Kernel:
    """The kernel of one replaced column. Raises RuleError."""
    assert column.transform is not None
    assert column.domain is not None
    binding = Binding(
        keys=keys_for(plan, column, keys),
        domain=plan.domains[column.domain],
        column=column.column,
        table=table.table,
        parameters=column.parameters,
        domains=plan.domains,
        locales=plan.locales,
        variant=variant,
    )
    kernel: Kernel = transforms()[column.transform].kernel(binding)
    if column.transform in LIMITED:
        one_to_one = transforms()["masked"].kernel(binding)
        kernel = within(kernel, one_to_one, binding.domain, column.column, binding.keys)
    return _sparing(kernel, column.spared) if column.spared else kernel


def _sparing(kernel: Kernel, names: Sequence[str]) -> Kernel:
    """The same kernel, but some values stay as they are."""
    spared = pa.array(names, pa.string())

    def mapped(values: pa.Array, *salts: Salts) -> pa.Array:
        result = kernel(values, *salts)
        for _ in names:  # who would get a spared name gets what that would have got: so a permutation stays one
            taken = pc.is_in(result, value_set=spared)
            if not taken.true_count:
                break
            rows = taken.to_numpy(zero_copy_only=False)
            again = kernel(pc.filter(result, taken), *(salt[rows] for salt in salts))
            result = pc.replace_with_mask(result, taken, again)
        return pc.if_else(pc.is_in(values, value_set=spared), values, result)

    return mapped
