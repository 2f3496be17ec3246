"""The structure of a database, in the words of the SQL standard."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

_PLAIN_NAME = re.compile(r"[^.\"\s,()]+\Z")
_NAME_PART = re.compile(r'"((?:[^"]|"")*)"|([^."]+)')


def quote_name(name: str) -> str:
    """A name as rule files, reports and messages write it: bare where it is unambiguous, else in double quotes."""
    return name if _PLAIN_NAME.match(name) else '"' + name.replace('"', '""') + '"'


def split_name(text: str) -> tuple[str, ...]:
    """The parts of a dotted name, the inverse of joining `quote_name` parts by dots.

    >>> split_name('crm."odd.name".id')
    ('crm', 'odd.name', 'id')
    """
    parts: list[str] = []
    position = 0
    while True:
        match = _NAME_PART.match(text, position)
        if match is None:
            raise ValueError(f"not a name: {text}")
        parts.append(match[1].replace('""', '"') if match[1] is not None else match[2])
        position = match.end()
        if position == len(text):
            return tuple(parts)
        if text[position] != ".":
            raise ValueError(f"not a name: {text}")
        position += 1


class TableName(NamedTuple):
    """A table's schema and name, exactly as the source spells them; schema is "" where a store has none."""

    schema: str
    name: str

    def __str__(self) -> str:
        return ".".join(quote_name(part) for part in self if part)

    @classmethod
    def parse(cls, text: str) -> TableName:
        """The inverse of `str`; raises ValueError for anything but one or two parts."""
        parts = split_name(text)
        if len(parts) > 2:
            raise ValueError(f"not a table name: {text}")
        return cls(parts[0], parts[1]) if len(parts) == 2 else cls("", parts[0])


class ColumnName(NamedTuple):
    """A column of a table."""

    table: TableName
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{quote_name(self.column)}"


class TypeFamily(enum.StrEnum):
    """What a declared type means to a replacement: how its literals look and what they may hold."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIME = "time"
    INTERVAL = "interval"
    UUID = "uuid"
    ENUM = "enum"
    JSON = "json"
    XML = "xml"
    BINARY = "binary"
    ARRAY = "array"
    NETWORK = "network"
    GEOMETRY = "geometry"
    SEARCH = "search"
    """Derived from other columns for searching: tsvector and its like."""
    OTHER = "other"
    """Understood as a type, but with no replacement of its own (ranges, composites, object identifiers …)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `type` is as declared; `family` and `length` are resolved through user-defined domains."""

    name: str
    type: str
    family: TypeFamily
    length: int | None = None
    """Most characters (text) that fit; None: no limit."""
    nullable: bool = True
    default: str | None = None
    generated: bool = False
    """Computed by the database (GENERATED ALWAYS AS): has no row data in a dump."""
    labels: tuple[str, ...] = ()
    """Enum labels, in order."""
    element: TypeFamily | None = None
    """Element family of an array."""
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns that reference a key of a table, position by position; may be self-referencing."""

    columns: tuple[str, ...]
    references: TableName
    referenced: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One base table: what holds rows. Views are text, not tables."""

    name: TableName
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    """Column sets under a UNIQUE constraint or a whole-table unique index on plain columns."""
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[str, ...] = ()
    """CHECK expressions, as SQL text."""
    partition_of: TableName | None = None
    partition_key: tuple[str, ...] = ()
    comment: str | None = None
    prefixes: tuple[tuple[str, int], ...] = ()
    """Columns of which the first so many characters are unique (MySQL's indexes on prefixes)."""

    def column(self, name: str) -> Column:
        """The column of that name; raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """Primary key and unique column sets: what tells rows apart."""
        return ((self.primary_key,) if self.primary_key else ()) + self.unique


@dataclass(frozen=True, slots=True)
class Schema:
    """All base tables of one source, in the source's own order."""

    tables: tuple[Table, ...]
    encoding: str = "utf-8"
    """Python codec name of the source's text."""
    others: tuple[str, ...] = ()
    """What else the database defines, each as its kind and name ("view crm.v_customer"): nothing that holds rows."""
    _by_name: dict[TableName, Table] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {table.name: table for table in self.tables})

    def __contains__(self, name: TableName) -> bool:
        return name in self._by_name

    def table(self, name: TableName) -> Table:
        """The table of that name; raises KeyError."""
        return self._by_name[name]

    def root(self, name: TableName) -> Table:
        """The partitioned table that a partition belongs to at the top, or the table itself: decisions hang there."""
        table = self._by_name[name]
        while table.partition_of is not None and table.partition_of in self._by_name:
            table = self._by_name[table.partition_of]
        return table

    def columns(self) -> Iterator[tuple[Table, Column]]:
        """Every column that needs a decision: those of all tables but partitions, which follow their root."""
        for table in self.tables:
            if table.partition_of is None:
                for column in table.columns:
                    yield table, column
