"""Relations: columns that join need one decision and share one domain, whose root is the referenced column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from anonymizer.errors import RuleError
from anonymizer.model.rules import Place, RuleFile
from anonymizer.model.schema import ColumnName, Schema, TableName
from anonymizer.planning.decisions import Decided, located


def confirmed(schema: Schema, rules: RuleFile) -> tuple[tuple[ColumnName, ColumnName], ...]:
    pairs: list[tuple[ColumnName, ColumnName]] = []
    for relation in rules.relations:
        for column, referenced in zip(relation.columns, relation.referenced, strict=True):
            pair = (_named(schema, relation.table, column, relation.place),
                    _named(schema, relation.references, referenced, relation.place))  # fmt: skip
            pairs.append(pair)
    return tuple(pairs)


def _named(schema: Schema, name: TableName, column: str, place: Place | None) -> ColumnName:
    table = located(schema, name)
    if table is None or all(c.name != column for c in schema.table(table).columns):
        raise RuleError(f"{place}: the relation names {ColumnName(name, column)}, which is not in the source")
    return ColumnName(schema.root(table).name, column)


def roots(
    schema: Schema, decided: Mapping[ColumnName, Decided], relations: Sequence[tuple[ColumnName, ColumnName]]
) -> dict[ColumnName, ColumnName]:
    """Column -> root of its relation. All columns that join must have one decision, or the rows no longer join."""
    parent: dict[ColumnName, ColumnName] = {}

    def root(name: ColumnName) -> ColumnName:
        while (above := parent.get(name, name)) != name:
            name = above
        return name

    edges = list(relations)
    for table in schema.tables:
        owner = schema.root(table.name).name
        for key in table.foreign_keys:
            if key.references in schema:
                target = schema.root(key.references).name
                edges += [
                    (ColumnName(owner, a), ColumnName(target, b))
                    for a, b in zip(key.columns, key.referenced, strict=True)
                ]
    for referencing, referenced in edges:
        if root(referencing) != root(referenced):
            parent[root(referencing)] = root(referenced)
    for referencing, referenced in edges:
        a, b = decided[referencing].decision, decided[referenced].decision
        if (a.action, a.transform) != (b.action, b.transform):
            raise RuleError(
                f"{a.place or 'detected'}: {referencing} ({a}) references {referenced} ({b}"
                f"{f', {b.place}' if b.place else ''}); give both the same decision, or their rows no longer join"
            )
    return {name: root(name) for pair in edges for name in pair}
