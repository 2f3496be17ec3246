"""What differs from one database to the next behind ODBC: names, catalogue, text of values, transactions, loading.

`Dialect` is what is left when nothing is known of a server: standard SQL and ODBC's own catalogue functions, enough to
look at a database. `_odbc.postgresql`, `_odbc.mysql` and `_odbc.mssql` know their servers, ask their catalogues and let
them write each value as text, so that a live database and its dump give the same text; only they can be loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from anonymizer.model.schema import TableName, TypeFamily
from anonymizer.stores._odbc.catalogue import read_catalogue
from anonymizer.stores._odbc.link import Link
from anonymizer.stores._odbc.stored import Cell, Stored

SAMPLE_CHARACTERS = 1 << 16
"""Longer values are cut off in samples."""


class Dialect:
    """A server of which nothing is known."""

    name = "ODBC"
    LOADS = False
    """Whether a result can be loaded in one transaction."""
    NUMBERS = False
    """Whether a column can be added and dropped within the transaction."""
    group = 50
    """Rows in one INSERT."""

    def __init__(self, quote: str = '"') -> None:
        self._quote = quote

    # --- SQL

    def quoted(self, name: str) -> str:
        """A name as SQL writes it."""
        return self._quote + name.replace(self._quote, self._quote * 2) + self._quote if self._quote else name

    def named(self, table: TableName) -> str:
        """A table's name as SQL writes it."""
        return ".".join(self.quoted(part) for part in table if part)

    def rows_of(self, stored: Stored) -> str:
        """What stands after FROM for a table's own rows."""
        return self.named(stored.name)

    def read(self, cell: Cell) -> str:
        """The expression that gives a column as text."""
        return self.quoted(cell.name)

    def cut(self, expression: str) -> str:
        """The beginning of a long text."""
        return expression

    def write(self, cell: Cell) -> str:
        """What stands for a value in VALUES."""
        return "?"

    def sorting(self, stored: Stored) -> tuple[str, ...]:
        """The expressions that rows are ordered by; the same in every database of the dialect."""
        return tuple(self.quoted(name) for name in stored.order())

    def select(self, stored: Stored) -> str:
        """All rows of a table, in order."""
        by = ", ".join(self.sorting(stored))
        columns = ", ".join(map(self.read, stored.cells))
        return f"SELECT {columns} FROM {self.rows_of(stored)}" + (f" ORDER BY {by}" if by else "")

    def any_row(self, stored: Stored) -> str:
        """One row of a table, if it has any."""
        return f"SELECT 1 FROM {self.rows_of(stored)} LIMIT 1"

    def sample(self, stored: Stored, step: int) -> str | None:
        """Every so many rows of a table, long values cut off; None if the dialect cannot choose them."""
        return None

    # --- reading

    def open_source(self, link: Link) -> tuple[str, ...]:
        """Begin one consistent, read-only view. Returns what people should know of it."""
        return (
            f"{link.name}: this kind of server ({self.name}) is read without a snapshot; what others change during the"
            " run may be seen in part",
        )

    def identity(self, link: Link) -> str:
        """The server and the database, the same however they are reached."""
        return link.name

    def stored(self, link: Link) -> tuple[Stored, ...]:
        """All base tables."""
        return read_catalogue(link)

    # --- loading

    def open_target(self, link: Link) -> None:
        """Session settings, before anything is read or written."""

    def prepare(self, link: Link, tables: Sequence[Stored]) -> None:
        """Switch off what must not act while rows are loaded. Raises TargetError for what cannot be loaded."""

    def before(self, link: Link, stored: Stored, numbered: str | None) -> None:
        """Before the first row of a table; `numbered`: a column to add for the rows' numbers."""

    def list_keys(self, link: Link, stored: Stored, key: Sequence[str], name: str) -> Stored | None:
        """A temporary table for the rows' numbers and their keys, where no column can be added; None: there is none."""
        return None

    def after(self, link: Link, stored: Stored) -> None:
        """After the last row of a table."""

    def insert(self, stored: Stored, rows: int, numbered: str | None) -> str:
        """The statement that inserts so many rows."""
        cells = ", ".join(map(self.write, stored.cells))
        names = ", ".join(map(self.quoted, [*stored.names, *([numbered] if numbered else [])]))
        one = f"({cells}{', ?' if numbered else ''})"
        return f"INSERT INTO {self.named(stored.name)} ({names}) VALUES {', '.join([one] * rows)}"

    def bulk(self, stored: Stored) -> list[int] | None:
        """The most characters of each column, where the driver takes whole arrays of values."""
        return None

    def restore(self, link: Link, tables: Sequence[Stored], numbered: Mapping[TableName, str], origin: Link) -> None:
        """Switch everything on again and check what was loaded; `origin` is the source. Raises TargetError."""

    def counters(self, link: Link) -> list[tuple[str, ...]]:
        """The numbers that were given out last, as the target's `set_counters` takes them."""
        return []

    def set_counters(self, link: Link, counters: Iterable[tuple[str, ...]]) -> None:
        """Go on counting where the source is."""


SORTABLE = frozenset(set(TypeFamily) - {TypeFamily.JSON, TypeFamily.XML, TypeFamily.GEOMETRY, TypeFamily.OTHER})
"""Families by which rows can be ordered in every dialect."""


def in_order(tables: Sequence[Stored]) -> tuple[Stored, ...]:
    """Referenced tables before those that reference them; within a circle as they come."""
    by_name = {stored.name: stored for stored in tables}
    done: dict[TableName, Stored] = {}

    for first in tables:
        stack = [(first.name, iter(first.table.foreign_keys))]
        open_ = {first.name}
        while stack:
            name, keys = stack[-1]
            if name in done:
                stack.pop()
                continue
            wanted = next(
                (k.references for k in keys if k.references in by_name and k.references not in done.keys() | open_),
                None,
            )
            if wanted is None:
                done[name] = by_name[name]
                stack.pop()
            else:
                open_.add(wanted)
                stack.append((wanted, iter(by_name[wanted].table.foreign_keys)))
    return tuple(done.values())
