"""Keys and constraints, gathered from a catalogue's rows, which name one column at a time and in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from anonymizer.model.schema import Column, ForeignKey, Table, TableName


class Keys:
    """The keys and constraints of all tables of a database."""

    def __init__(self) -> None:
        self._primary: dict[TableName, list[str]] = defaultdict(list)
        self._unique: dict[TableName, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._foreign: dict[TableName, dict[str, tuple[str, TableName, list[str], list[str]]]] = defaultdict(dict)
        self._checks: dict[TableName, dict[str, str]] = defaultdict(dict)

    def primary(self, table: TableName, column: str) -> None:
        """The next column of a primary key."""
        self._primary[table].append(column)

    def unique(self, table: TableName, key: str, column: str) -> None:
        """The next column of a unique key."""
        self._unique[table][key].append(column)

    def foreign(
        self, table: TableName, key: str, name: str, column: str, references: TableName, referenced: str
    ) -> None:
        """The next column of a foreign key, and the one that it references."""
        _, _, columns, others = self._foreign[table].setdefault(key, (name, references, [], []))
        columns.append(column)
        others.append(referenced)

    def check(self, table: TableName, key: str, expression: str) -> None:
        """A CHECK constraint; it may come once for each of its columns."""
        self._checks[table][key] = expression

    def table(
        self,
        name: TableName,
        columns: Sequence[Column],
        comment: str | None,
        parent: TableName | None = None,
        partition_key: tuple[str, ...] = (),
    ) -> Table:
        """A table with all that was gathered for it."""
        primary = tuple(self._primary.get(name, ()))
        unique = dict.fromkeys(map(tuple, self._unique.get(name, {}).values()))
        foreign = [
            ForeignKey(tuple(own), references, tuple(others), label)
            for label, references, own, others in self._foreign.get(name, {}).values()
        ]
        return Table(
            name,
            tuple(columns),
            primary,
            tuple(key for key in unique if key != primary),
            tuple(foreign),
            tuple(self._checks.get(name, {}).values()),
            parent,
            partition_key,
            comment=comment or None,
        )
