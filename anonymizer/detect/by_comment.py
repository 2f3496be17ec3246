"""Notices what the comment on a column says: the first words of it are read like a name, for half the weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from anonymizer.contracts import Exhibit
from anonymizer.detect._phrases import of
from anonymizer.detect._reading import read, read_table
from anonymizer.model.finding import Evidence

_WORDS = 6
"""A comment says what the column is in its first words; further on it explains."""


def examine(exhibit: Exhibit) -> Mapping[str, tuple[Evidence, ...]]:
    """Column -> what its comment says."""
    phrases = of(exhibit.packs)
    table = read_table(phrases, exhibit.table)
    found = {}
    for column in exhibit.table.columns:
        words = phrases.words(column.comment)[:_WORDS] if column.comment else ()
        found[column.name] = tuple(
            replace(item, weight=item.weight / 2, words=item.words.replace("column name", "comment"))
            for item in read(phrases, column, words, table)
        )
    return found
