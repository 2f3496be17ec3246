"""Finds the columns that hold personal data, and says why.

    by_name         the column's and the table's name, read with the phrases of the rule packs
    by_comment      the comment on the column, read likewise
    by_type         type, length and default
    by_key          surrogate keys
    by_rows         tables of one row
    by_spelling     sampled values: keys that spell names of the same rows
    by_value        sampled values: identifiers with a checksum, e-mail, web and network addresses
    by_vocabulary   sampled values: first names, surnames and towns in word lists
    by_shape        sampled values: dates of birth, secrets, long text, documents
    neighbours      second look: the other columns of the table
    same_values     a look across tables: names that another table lists
    relations       last look: what a foreign key ends at
    name_order      which columns of whole names begin with the surname
    date_order      which columns of birth dates have the month in front
    locales         the country whose people a database mostly holds
    undeclared      foreign keys that nobody declared, by name and by value

Each `by_…` module is a plug-in (contracts.Detector) that sees one table at a time and returns evidence in log-odds;
`_weigh` adds it up. Adding a way of noticing is adding a file. What is looked for stands in rules/, not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import ModuleType

import pyarrow as pa

from anonymizer import registry
from anonymizer.contracts import Exhibit, Rows
from anonymizer.detect import date_order, name_order, neighbours, relations, same_values
from anonymizer.detect._weigh import ANY, PERSONAL_FROM, Opinion, opinion
from anonymizer.detect.locales import told as locales_of
from anonymizer.detect.undeclared import propose as propose_relations
from anonymizer.model.finding import Evidence, Finding, Verdict
from anonymizer.model.rules import Action, Pack
from anonymizer.model.schema import Column, ColumnName, Schema, Table, TableName, TypeFamily

__all__ = ["evidence_of", "find", "locales_of", "propose_relations", "sample_of"]

Samples = Mapping[TableName, Mapping[str, pa.Array]]
"""Table -> column -> sampled values (Arrow `string`, SQL NULL as null)."""


def find(schema: Schema, samples: Samples, packs: Sequence[Pack]) -> tuple[Finding, ...]:
    """One finding for each column of `schema.columns()`, in that order.

    `samples` may lack tables and columns, or all of them: names, types and keys then decide alone. Deterministic.
    Raises InternalError when a detector does not load, RuleError when a pack names an identifier that does not exist.
    """
    sampled = _by_root(schema, samples)
    opinions: dict[ColumnName, Opinion] = {}
    for table in schema.tables:
        if table.partition_of is None:
            exhibit = Exhibit(schema, table, sampled.get(table.name, {}), tuple(packs))
            opinions.update(_opinions(exhibit, evidence_of(exhibit)))
    kept = {category for pack in packs for category, made in pack.defaults.items() if made.action is Action.KEEP}
    opinions = same_values.join(samples, opinions)
    opinions = relations.join(schema, opinions, kept)
    rules = {str(r.place) for pack in packs for r in pack.recognisers if r.place}
    findings = (
        _finding(table, column, opinions[ColumnName(table.name, column.name)], opinions, rules)
        for table, column in schema.columns()
    )
    return date_order.told(sampled, name_order.told(schema, sampled, findings))


def sample_of(rows: Iterable[Rows], limit: int) -> dict[TableName, dict[str, pa.Array]]:
    """A store's samples, put together: at most `limit` rows of each table, and no more than that in memory."""
    batches: dict[TableName, list[pa.RecordBatch]] = {}
    for some in rows:
        kept = batches.setdefault(some.table, [])
        room = limit - sum(batch.num_rows for batch in kept)
        if room > 0 and some.batch.num_rows:
            kept.append(some.batch.slice(0, room))
    return {
        table: {
            name: pa.concat_arrays([batch.column(name) for batch in kept]) for name in kept[0].schema.names
        }
        for table, kept in batches.items()
        if kept
    }  # fmt: skip


def _by_root(schema: Schema, samples: Samples) -> Samples:
    """The samples of partitions, put together under the table that they belong to."""
    parts: dict[TableName, list[Mapping[str, pa.Array]]] = {}
    for table in schema.tables:
        if table.name in samples:
            parts.setdefault(schema.root(table.name).name, []).append(samples[table.name])
    return {
        name: {
            column: pa.concat_arrays([part[column] for part in some if column in part])
            for column in dict.fromkeys(column for part in some for column in part)
        }
        for name, some in parts.items()
    }


def evidence_of(exhibit: Exhibit) -> dict[str, tuple[Evidence, ...]]:
    """Column -> what all detectors say of it at the first look."""
    examined = [detector.examine(exhibit) for detector in _detectors()]
    return {
        column.name: tuple(item for found in examined for item in found.get(column.name, ()))
        for column in exhibit.table.columns
    }


@cache
def _detectors() -> tuple[ModuleType, ...]:
    return tuple(registry.load("detect").values())


def _opinions(exhibit: Exhibit, evidence: Mapping[str, tuple[Evidence, ...]]) -> dict[ColumnName, Opinion]:
    """The opinion on each column of one table, after the second look."""
    first = {name: opinion(items) for name, items in evidence.items()}
    further = neighbours.reconsider(exhibit, first)
    return {
        ColumnName(exhibit.table.name, name): opinion((*items, *further.get(name, ())))
        for name, items in evidence.items()
    }


def _finding(
    table: Table, column: Column, found: Opinion, opinions: Mapping[ColumnName, Opinion], rules: set[str]
) -> Finding:
    name = ColumnName(table.name, column.name)
    if column.family is TypeFamily.SEARCH:
        return _derived(table, name, opinions)
    category, verdict = found.category, found.verdict
    told = sorted(
        (item for item in found.evidence if item.category in (category, ANY)), key=lambda item: -abs(item.weight)
    )
    rule = next((item.source for item in told if item.source in rules and item.weight > 0), None)
    words = tuple(dict.fromkeys(item.words for item in told)) or ("nothing speaks for personal data",)
    return Finding(name, category, verdict, round(found.confidence, 3), words[:4], rule)


def _derived(table: Table, name: ColumnName, opinions: Mapping[ColumnName, Opinion]) -> Finding:
    """A search column repeats the words of its table's text: it is as personal as that."""
    text = [
        opinions[ColumnName(table.name, other.name)].personal
        for other in table.columns
        if other.family is TypeFamily.TEXT
    ]
    personal, words = max(text, default=0.0), ("derived from other columns",)
    if personal >= PERSONAL_FROM:
        return Finding(name, "other_personal", Verdict.PERSONAL, round(min(0.999, personal), 3), words)
    return Finding(name, "none", Verdict.NOT_PERSONAL, round(min(0.999, 1 - personal), 3), words)
