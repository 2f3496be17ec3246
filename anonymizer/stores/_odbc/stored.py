"""A table of a live database and its columns, as its rows are read and written."""

from __future__ import annotations

from dataclasses import dataclass

from anonymizer.model.schema import Table, TableName


@dataclass(frozen=True, slots=True)
class Cell:
    """A column that rows have a value for, with the type in which the dialect writes it."""

    name: str
    type: str
    characters: int | None = None
    """Most characters of its text, for a driver that takes whole arrays; None: too many for that."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One table, and how its rows are read and written."""

    table: Table
    cells: tuple[Cell, ...]
    identity: bool = False
    """Numbers its rows itself."""

    @property
    def name(self) -> TableName:
        """The table's name."""
        return self.table.name

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns that rows have a value for."""
        return tuple(cell.name for cell in self.cells)

    def order(self) -> tuple[str, ...]:
        """The key in whose order rows are read: the primary key, or the first unique one without NULLs."""
        for key in self.table.keys:
            if all(self.table.column(name).nullable is False for name in key) or key == self.table.primary_key:
                return key
        return ()
