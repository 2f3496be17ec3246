"""Who shares a pseudonym: the pseudonymisation policies of ENISA, as a rule file names them for a column.

    deterministic         one value has one pseudonym, everywhere in the scope (unless another policy is named)
    document_randomised   one value has one pseudonym within its table; with `group: COLUMN`, within the rows that have
                          the same value there (an order, a file)
    fully_randomised      every row draws anew
    per_person            one value has one pseudonym for each person, whom `person: COLUMN` names: two people of one
                          name get two names, and each keeps theirs wherever a column that joins names that person

Source: ENISA, Pseudonymisation techniques and best practices (November 2019), section 5.2 "Pseudonymisation policies";
per_person is deterministic pseudonymisation of the pair of person and value.

All parts of one row are drawn alike, so that the names, mail and login of a row agree under any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import ByRow, Kernel, Keys, Salts
from anonymizer.errors import RuleError
from anonymizer.model.plan import ColumnPlan, Plan, TablePlan
from anonymizer.model.rules import DETERMINISTIC
from anonymizer.model.schema import ColumnName, TableName
from anonymizer.planning.decisions import near
from anonymizer.planning.domains import transforms
from anonymizer.pseudonyms.prf import Prf
from anonymizer.rulefile import wrong_policy


def refuse_policies(tables: Mapping[TableName, TablePlan], joined: Mapping[ColumnName, ColumnName]) -> None:
    """Raises RuleError for a policy that is none, names no column, or would part what has to join."""
    for table in tables.values():
        known = {column.column.name for column in table.columns}
        keyed = {column for key in table.table.keys for column in key}
        for column in table.replaced:
            mistake = _mistake(column, known)
            if not mistake and column.policy != DETERMINISTIC:
                name = ColumnName(table.table.partition_of or table.table.name, column.column.name)
                if column.column.name in keyed or name in joined:
                    mistake = "is a key or joins one, and has to keep the policy deterministic"
                elif by_row(column) and not getattr(transforms()[str(column.transform)], "BY_ROW", False):
                    able = sorted(name for name, module in transforms().items() if getattr(module, "BY_ROW", False))
                    mistake = (
                        f"is replaced as {column.transform}, which knows deterministic and document_randomised without "
                        f"a group; every policy is known by {', '.join(able)}"
                    )
            if mistake:
                place = column.layers[0].place if column.layers else None
                raise RuleError(f"{f'{place}: ' if place else ''}{column.name} {mistake}")


def _mistake(column: ColumnPlan, known: set[str]) -> str | None:
    if wrong := wrong_policy(column.parameters):
        return wrong
    if column.by is not None and column.by not in known:
        return f"names the column {column.by}, which its table does not have{near(column.by, known)}"
    return None


def by_row(column: ColumnPlan) -> bool:
    """Whether its pseudonyms depend on more than value and table."""
    return column.policy in ("fully_randomised", "per_person") or column.by is not None


class OfTable:
    """Keys of one table: the same values have other pseudonyms than in all other tables."""

    def __init__(self, keys: Keys, table: TableName) -> None:
        self._keys, self._table = keys, table

    def derive(self, *labels: str) -> bytes:
        return self._keys.derive("document", str(self._table), *labels)


def keys_for(plan: Plan, column: ColumnPlan, keys: Keys) -> Keys:
    """The keys with which a column's kernel is built."""
    table = plan.schema.root(column.name.table).name
    return OfTable(keys, table) if column.policy == "document_randomised" else keys


def with_policy(plan: Plan, column: ColumnPlan, kernel: Kernel, keys: Keys) -> Kernel | ByRow:
    """The kernel itself, or the one that looks at the row where the policy asks for it."""
    if not by_row(column):
        return kernel
    table = plan.schema.root(column.name.table).name
    if column.by is None:
        prf = Prf(keys.derive("policy", "row", str(table)))
        return ByRow(kernel, None, lambda numbers: prf.of_numbers(numbers.to_numpy()))
    named = ColumnName(table, column.by)
    root = plan.joined.get(named, named) if column.policy == "per_person" else table
    return ByRow(kernel, column.by, _of_values(Prf(keys.derive("policy", column.policy, str(root)))))


def _of_values(prf: Prf) -> Callable[[pa.Array], Salts]:
    """Rows where nobody is named share a salt."""
    return lambda values: np.ascontiguousarray(prf(pc.fill_null(values, "")))
