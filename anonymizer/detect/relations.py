"""Last look: what foreign keys say. Columns that join hold the same values, so they get the same finding.

The column that a chain of foreign keys ends at decides for all, since it holds every value. Where nothing at all is
known of that one, a column that surely is personal speaks for it. A category that packs keep anyway (a country's
code) does no harm to joins, so there each column keeps its own finding.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from anonymizer.detect._weigh import Opinion
from anonymizer.model.finding import Verdict
from anonymizer.model.schema import ColumnName, Schema

_SURELY = 0.9


def join(
    schema: Schema, opinions: Mapping[ColumnName, Opinion], kept: Collection[str] = ()
) -> dict[ColumnName, Opinion]:
    """Every column's opinion, after those that join through declared foreign keys have shared theirs.

    `kept` are the categories that stay as they are by default.
    """
    ends = _ends(schema, opinions)
    spoken: dict[ColumnName, Opinion] = {}
    for name, end in ends.items():
        best = spoken.get(end, opinions[end])
        if not opinions[end].evidence and opinions[name].personal >= max(_SURELY, best.personal):
            best = opinions[name]
        spoken[end] = best
    joined = {name: spoken[end] for name, end in ends.items()}
    return {
        name: own if own.verdict is Verdict.PERSONAL and own.category in kept else joined.get(name, own)
        for name, own in opinions.items()
    }


def _ends(schema: Schema, opinions: Mapping[ColumnName, Opinion]) -> dict[ColumnName, ColumnName]:
    """Column -> the column that its chain of foreign keys ends at; the first by name where the chain is a circle."""
    above: dict[ColumnName, ColumnName] = {}
    for table in schema.tables:
        for key in table.foreign_keys:
            if key.references not in schema:
                continue
            for column, referenced in zip(key.columns, key.referenced, strict=False):
                source = ColumnName(schema.root(table.name).name, column)
                target = ColumnName(schema.root(key.references).name, referenced)
                if source in opinions and target in opinions and source != target:
                    above.setdefault(source, target)
    names = {*above, *above.values()}
    return {name: _end(name, above) for name in sorted(names)}


def _end(name: ColumnName, above: Mapping[ColumnName, ColumnName]) -> ColumnName:
    seen = [name]
    while name in above:
        name = above[name]
        if name in seen:
            return min(seen[seen.index(name) :])
        seen.append(name)
    return name
