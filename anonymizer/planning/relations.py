"""Relations: columns that join need one decision and share one domain, whose root is the referenced column."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from anonymizer.errors import RuleError
from anonymizer.model.rules import Decision, Place, RuleFile
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
    schema: Schema,
    decided: Mapping[ColumnName, Decided],
    relations: Sequence[tuple[ColumnName, ColumnName]],
    emptied: Collection[TableName] = (),
) -> dict[ColumnName, ColumnName]:
    """Column -> root of its relation. All columns that join must have one decision, or the rows no longer join.

    A column that references several others joins all of them. Raises RuleError with a line for each relation along
    which transform, domain or parameters differ; tables that are `emptied` join nothing.
    """
    parent: dict[ColumnName, ColumnName] = {}

    def root(name: ColumnName) -> ColumnName:
        while (above := parent.get(name, name)) != name:
            name = above
        return name

    edges = [*relations, *_declared(schema)]
    for referencing, referenced in edges:
        if root(referencing) != root(referenced):
            parent[root(referencing)] = root(referenced)
    conflicts = [
        _conflict(referencing, decided[referencing].decision, referenced, decided[referenced].decision)
        for referencing, referenced in dict.fromkeys(edges)
        if not _may_differ(referencing, referenced, decided, emptied)
    ]
    if any(conflicts):
        raise RuleError("\n".join(filter(None, conflicts)))
    return {name: root(name) for pair in edges for name in pair}


def _declared(schema: Schema) -> Iterator[tuple[ColumnName, ColumnName]]:
    for table in schema.tables:
        owner = schema.root(table.name).name
        for key in table.foreign_keys:
            if key.references in schema:
                target = schema.root(key.references).name
                for a, b in zip(key.columns, key.referenced, strict=True):
                    yield ColumnName(owner, a), ColumnName(target, b)


def _may_differ(
    referencing: ColumnName,
    referenced: ColumnName,
    decided: Mapping[ColumnName, Decided],
    emptied: Collection[TableName],
) -> bool:
    """Whether no row joins anyway: the referencing table is emptied, or its column is, with the other table."""
    emptied_column = decided[referencing].decision.transform == "null"
    return referencing.table in emptied or (emptied_column and referenced.table in emptied)


def _conflict(referencing: ColumnName, a: Decision, referenced: ColumnName, b: Decision) -> str | None:
    """What differs between the decisions on two columns that join; None where they agree."""
    if (a.action, a.transform, dict(a.parameters)) == (b.action, b.transform, dict(b.parameters)):
        return None
    return (
        f"{a.place or 'detected'}: {referencing} ({_said(a)}) references {referenced} ({_said(b)}"
        f"{f', {b.place}' if b.place else ''}); give both the same decision, or their rows no longer join"
    )


def _said(decision: Decision) -> str:
    return ", ".join((str(decision), *(f"{name}: {value}" for name, value in sorted(decision.parameters.items()))))
