"""What happens to each column, decided by whom: made once per run, before the first row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from anonymizer.model.rules import Accepted, Action, Place, Scalar
from anonymizer.model.schema import Column, ColumnName, Schema, Table, TableName


@dataclass(frozen=True, slots=True)
class Limits:
    """What CHECK constraints leave of a column's values: one of `values`, or what lies between two bounds."""

    values: tuple[str, ...] = ()
    low: float | str | None = None
    """The smallest number or day (YYYY-MM-DD)."""
    high: float | str | None = None
    past: bool = False
    """Days lie before the day on which the row is written."""


@dataclass(frozen=True, slots=True)
class Domain:
    """The values that must agree under one key: by default all columns of a category.

    `width` is the narrowest column of the domain in characters (None: no limit) and `unique` tells whether any of
    its columns is a key on its own: both hold for the domain as a whole, so that one value has one pseudonym in all
    of its columns.
    """

    name: str
    width: int | None = None
    unique: bool = False
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    limits: Limits = Limits()
    """What all of its columns allow, where the transform knows of values no more than their form."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One voice in a decision, strongest first: the rule file, a pack, a detector, an option."""

    name: str
    says: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """The decision on one column. `transform` and `domain` are set exactly when the action is REPLACE."""

    name: ColumnName
    column: Column
    action: Action
    category: str = "none"
    transform: str | None = None
    domain: str | None = None
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    capacity: int | None = None
    """How many distinct pseudonyms the transform can give; None: practically unlimited."""
    policy: str = "deterministic"
    """Who shares a pseudonym, in ENISA's words; see `planning.policies`."""
    by: str | None = None
    """The column of the same table that the policy looks at."""
    why: str | None = None
    layers: tuple[Layer, ...] = ()
    """Who decided, first; what was overridden, after."""
    spared: tuple[str, ...] = ()
    """Values that stay as they are in all columns of the domain."""


@dataclass(frozen=True, slots=True)
class TablePlan:
    """The decisions on one table; `rows` is "all" or "none" (the table is emptied)."""

    table: Table
    columns: tuple[ColumnPlan, ...]
    rows: str = "all"
    why: str | None = None

    @property
    def replaced(self) -> tuple[ColumnPlan, ...]:
        """The columns whose values change."""
        return tuple(column for column in self.columns if column.action is Action.REPLACE)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Whether the pseudonyms of one domain can stay apart where its values are keys; known before the first row.

    `values` counts the different values of the unique `columns`, `expected` the pairs of them that would share a
    pseudonym by chance (the birthday bound: n * (n - 1) / 2 / capacity), `moved` those that did and were given others.
    `moved` values lose what their first pseudonyms agreed with in other databases and in other columns.
    """

    domain: str
    transform: str
    columns: tuple[ColumnName, ...]
    values: int
    capacity: int | None
    width: int | None
    expected: float
    moved: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Every table of the schema, partitions included (they repeat their root's decisions)."""

    schema: Schema
    tables: Mapping[TableName, TablePlan]
    domains: Mapping[str, Domain]
    scope: str
    version: int
    locales: tuple[str, ...]
    irreversible: bool = False
    """Whether the key of a run has to be a fresh one that is never stored."""
    rule_file: str | None = None
    purpose: str | None = None
    """What the copy is made for."""
    relations: tuple[tuple[ColumnName, ColumnName], ...] = ()
    """Undeclared relations that people confirmed: referencing column, referenced column."""
    joined: Mapping[ColumnName, ColumnName] = field(default_factory=dict)
    """Column -> root of the relation, declared or confirmed, that it takes part in."""
    accepted: Mapping[str, Accepted] = field(default_factory=dict)
    """Findings of the verifier that people let pass, by name, those whose time is over left out."""
    warnings: tuple[str, ...] = ()
    """What people should know before the run; names only."""
    forecasts: tuple[Forecast, ...] = ()
    """One for each domain that has to stay unique and could run short of pseudonyms."""

    @property
    def touched(self) -> dict[TableName, tuple[str, ...]]:
        """Tables whose rows change, and the columns that a source must decode for it: those that are replaced or that
        a policy looks at, all of them if the table is emptied."""
        result: dict[TableName, tuple[str, ...]] = {}
        for name, table in self.tables.items():
            if table.rows == "none":
                result[name] = tuple(c.column.name for c in table.columns if not c.column.generated)
            elif table.replaced:
                looked_at = [c.by for c in table.replaced if c.by is not None]
                result[name] = tuple(dict.fromkeys([*(c.column.name for c in table.replaced), *looked_at]))
        return result
