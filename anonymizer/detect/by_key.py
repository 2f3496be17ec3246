"""Notices what keys say: a number that the database made points at a row, not at a person.

Foreign keys to another table's personal column are the matter of `relations`.
"""

from __future__ import annotations

from collections.abc import Mapping

from anonymizer.contracts import Exhibit
from anonymizer.model.finding import Evidence
from anonymizer.model.schema import Table, TypeFamily

_SURROGATE = (TypeFamily.INTEGER, TypeFamily.UUID, TypeFamily.NUMBER)


def examine(exhibit: Exhibit) -> Mapping[str, tuple[Evidence, ...]]:
    """Column -> what the keys it is part of say."""
    table = exhibit.table
    families = {column.name: column.family for column in table.columns}
    referencing = {name for key in table.foreign_keys for name in key.columns}
    return {name: tuple(_evidence(table, name, family, name in referencing)) for name, family in families.items()}


def _evidence(table: Table, name: str, family: TypeFamily, referencing: bool) -> list[Evidence]:
    if family not in _SURROGATE:
        return []
    if referencing:
        return [Evidence("none", 7.0, "a number that references another table", "by_key")]
    if table.primary_key == (name,):
        return [Evidence("none", 5.0, "the number of the row", "by_key")]
    return []
