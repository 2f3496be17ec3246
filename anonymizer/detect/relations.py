"""Last look: what foreign keys say. Columns that join hold the same values, so they get the same finding."""

from __future__ import annotations

from collections.abc import Mapping

from anonymizer.detect._weigh import Opinion
from anonymizer.model.schema import ColumnName, Schema


def join(schema: Schema, opinions: Mapping[ColumnName, Opinion]) -> dict[ColumnName, Opinion]:
    """Every column's opinion, those that join through declared foreign keys sharing that of the column they end at.

    Where columns reference each other in a circle, the first of the schema decides.
    """
    above: dict[ColumnName, ColumnName] = {}
    for table in schema.tables:
        for key in table.foreign_keys:
            if key.references not in schema:
                continue
            pairs = zip(key.columns, key.referenced, strict=False)
            for column, referenced in pairs:
                source = ColumnName(schema.root(table.name).name, column)
                target = ColumnName(schema.root(key.references).name, referenced)
                if source in opinions and target in opinions and source != target:
                    above.setdefault(source, target)
    return {name: opinions[_end(name, above)] for name in opinions}


def _end(name: ColumnName, above: Mapping[ColumnName, ColumnName]) -> ColumnName:
    seen = {name}
    while name in above:
        name = above[name]
        if name in seen:
            return min(seen)
        seen.add(name)
    return name
