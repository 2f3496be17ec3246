"""Rule files and rule packs, once read: who decided what, where it stands, and why."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from anonymizer.model.schema import TableName, TypeFamily

Scalar = str | int | float | bool | None

DETERMINISTIC = "deterministic"
"""The policy that holds where none is named."""
POLICIES: Mapping[str, str | None] = {
    DETERMINISTIC: None,
    "document_randomised": "group",
    "fully_randomised": None,
    "per_person": "person",
}
"""Who shares a pseudonym (see `planning.policies`) -> the parameter that names the column it looks at."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written: for error messages, `explain` and reports."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


class Action(enum.StrEnum):
    """What a decision says of a column."""

    KEEP = "keep"
    REPLACE = "replace"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to happen to a column. `transform` names a file of `transforms/` when the action is REPLACE."""

    action: Action
    transform: str | None = None
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    why: str | None = None
    category: str | None = None
    place: Place | None = None
    spared: tuple[str, ...] = ()
    """Values that stay as they are: names of test accounts, which are nobody's."""

    def __str__(self) -> str:
        return f"as {self.transform}" if self.action is Action.REPLACE else str(self.action)


@dataclass(frozen=True, slots=True)
class TableRules:
    """The rule file's section for one table; `rows` is "all" or "none" (the table is emptied)."""

    table: TableName
    columns: Mapping[str, Decision]
    rows: str = "all"
    why: str | None = None
    subject: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """An undeclared foreign key that people confirmed: `columns` join `referenced`, position by position."""

    table: TableName
    columns: tuple[str, ...]
    references: TableName
    referenced: tuple[str, ...]
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class DomainRules:
    """What holds for a domain in all databases of the scope, whichever columns each of them has."""

    width: int | None = None
    """The most characters of its pseudonyms; None: as many as they need."""
    unique: bool = False
    """Whether a column of it is a key, in any of the databases."""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding of the verifier that people looked at and let pass."""

    finding: str
    """As the verifier names it: eight hexadecimal digits."""
    why: str
    until: str
    """ISO date, the last day on which it counts."""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One project's rule file with everything it includes."""

    file: str
    tables: Mapping[TableName, TableRules]
    database: str | None = None
    scope: str = "default"
    """What shares a key; part of every key derivation."""
    version: int = 1
    """Version of the pseudonym algorithm."""
    locales: tuple[str, ...] = ("nl_BE", "fr_BE")
    irreversible: bool = False
    """Whether every run uses a fresh key that is never stored, so that nobody can link its result to anything."""
    packs: tuple[str, ...] = ()
    domains: Mapping[str, DomainRules] = field(default_factory=dict)
    """What is not written here follows from the schema, and so may differ between databases."""
    relations: tuple[Relation, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    purpose: str | None = None
    expires: str | None = None
    """ISO date, the last day on which the file may be used."""


@dataclass(frozen=True, slots=True)
class Recogniser:
    """One way in which a pack recognises a category of column.

    `phrases` are lower-case words joined by single spaces, as a column name reads once it is split ("first name",
    "voornaam"); `tables` likewise for the table's name (empty: any table); `types` are the families it fits (empty:
    any); `values` are names of files in `identifiers/` whose values count as evidence. `confidence` (0 to 1) is how
    sure a matching name alone makes it. `then` is what happens to such a column, where that is not what its pack says
    of the whole category.
    """

    category: str
    phrases: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    types: tuple[TypeFamily, ...] = ()
    values: tuple[str, ...] = ()
    confidence: float = 0.9
    place: Place | None = None
    then: Decision | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Pack:
    """A reviewed piece of knowledge: how columns are recognised, and what happens to each category by default."""

    name: str
    version: int
    file: str
    recognisers: tuple[Recogniser, ...]
    defaults: Mapping[str, Decision]
    """Category -> what happens to it, unless a rule file says otherwise."""
    abbreviations: Mapping[str, str] = field(default_factory=dict)
    """Word as names abbreviate it -> the words that it stands for, joined by single spaces."""
