"""Notices what a column's name says, and whose data the table's name says it holds.

The name is split into words (four languages, capitals, underscores, compounds, plurals) and read with the phrases of
the packs; see `_reading`.
"""

from __future__ import annotations

from collections.abc import Mapping

from anonymizer.contracts import Exhibit
from anonymizer.detect._phrases import fits, of, repeated_affixes
from anonymizer.detect._reading import TableReading, read, read_exhibit, source
from anonymizer.detect._terse import words_of
from anonymizer.detect._weigh import weight
from anonymizer.model.finding import Evidence
from anonymizer.model.schema import Column


def examine(exhibit: Exhibit) -> Mapping[str, tuple[Evidence, ...]]:
    """Column -> what its name says."""
    phrases = of(exhibit.packs)
    table = exhibit.table
    reading = read_exhibit(phrases, exhibit)
    names = words_of(phrases, [column.name for column in table.columns])
    silent = {*repeated_affixes(list(names.values())), *phrases.words(table.name.name)}
    return {
        column.name: (*read(phrases, column, names[column.name], reading, silent), *_of_table(reading, column))
        for column in table.columns
    }


def _of_table(table: TableReading, column: Column) -> tuple[Evidence, ...]:
    """What the table's name says of all its columns, or of those of such a type."""
    name = " ".join(table.holder or ())
    return tuple(
        Evidence(entry.category, weight(entry.category, entry.confidence), f"table name: “{name}”", source(entry))
        for entry in (*table.settings, *table.whole)
        if fits(entry, column)
    )
