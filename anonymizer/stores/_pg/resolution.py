"""From drafts to tables: inherited columns, keys of partitions, and what each column's type comes down to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from anonymizer.errors import SourceError
from anonymizer.model.schema import Column, ForeignKey, Table, TableName, TypeFamily, quote_name
from anonymizer.stores._pg.table import ColumnDraft, TableDraft
from anonymizer.stores._pg.tokens import Cursor
from anonymizer.stores._pg.types import TypeMeaning, builtin, without_array


@dataclass(slots=True)
class TypeDraft:
    """A type that the dump defines: `base` for a domain, `labels` for an enum, `columns` for a composite."""

    kind: str
    base: str = ""
    path: tuple[str, ...] = ()
    labels: list[str] = field(default_factory=list)
    columns: list[ColumnDraft] = field(default_factory=list)
    nullable: bool = True
    default: str | None = None
    checks: list[str] = field(default_factory=list)


_Found = tuple[TypeMeaning, tuple[TypeDraft, ...]]
"""The meaning of a type, and the domains it goes through, outermost first."""


class Resolution:
    """Resolves the drafts of one dump."""

    def __init__(self, tables: Mapping[TableName, TableDraft], types: Mapping[TableName, TypeDraft]) -> None:
        self._tables = tables
        self._types = types
        self._meanings: dict[tuple[str, tuple[str, ...]], _Found | None] = {}

    def tables(self) -> tuple[Table, ...]:
        """All tables, in the order of their drafts. Raises SourceError for a type that nobody defines."""
        return tuple(self._table(draft) for draft in self._tables.values())

    def columns(self, draft: TableDraft) -> list[ColumnDraft]:
        """Inherited columns first, then the table's own; a column named in both is one."""
        parents = list(draft.inherits)
        if draft.partition_of is not None and not any(column.type for column in draft.columns):
            parents.append(draft.partition_of)
        columns: dict[str, ColumnDraft] = {}
        for parent in parents:
            if parent in self._tables:
                for column in self.columns(self._tables[parent]):
                    columns.setdefault(column.name, replace(column, comment=None))
        if draft.of_type:
            composite = self._find_type(draft.of_type, draft.path)
            columns.update({column.name: replace(column) for column in (composite.columns if composite else ())})
        for column in draft.columns:
            inherited = columns.get(column.name)
            if inherited is not None:
                column = replace(
                    column,
                    type=column.type or inherited.type,
                    path=column.path if column.type else inherited.path,
                    nullable=column.nullable and inherited.nullable,
                    default=column.default if column.default is not None else inherited.default,
                    generated=column.generated or (inherited.generated and not column.type),
                )
            columns[column.name] = column
        return list(columns.values())

    def _table(self, draft: TableDraft) -> Table:
        columns: list[Column] = []
        checks = list(draft.checks)
        for column in self.columns(draft):
            meaning, domains = self._meaning_of(column, draft.name)
            defaults = (column.default, *(domain.default for domain in domains))
            columns.append(
                Column(
                    column.name,
                    column.type,
                    meaning.family,
                    meaning.length,
                    column.nullable and all(domain.nullable for domain in domains),
                    next((default for default in defaults if default is not None), None),
                    column.generated,
                    meaning.labels,
                    meaning.element,
                    column.comment,
                )
            )
            checks += [_of_column(check, column.name) for domain in domains for check in domain.checks]
        table = Table(
            draft.name,
            tuple(columns),
            draft.primary_key,
            tuple(dict.fromkeys(draft.unique)),
            tuple(self._complete(key) for key in draft.foreign_keys),
            tuple(checks),
            draft.partition_of,
            draft.partition_key,
            draft.comment,
        )
        return self._with_keys_of_root(table)

    def _with_keys_of_root(self, table: Table) -> Table:
        """A partition has its parent's constraints beside its own."""
        parent = self._tables.get(table.partition_of) if table.partition_of else None
        if parent is None or parent.name == table.name:
            return table
        whole = self._table(parent)
        primary_key = table.primary_key or whole.primary_key
        own = {(key.columns, key.references) for key in table.foreign_keys}
        keys = [key for key in whole.foreign_keys if (key.columns, key.references) not in own]
        return replace(
            table,
            columns=tuple(replace(c, nullable=c.nullable and c.name not in primary_key) for c in table.columns),
            primary_key=primary_key,
            unique=tuple(dict.fromkeys(table.unique + whole.unique)),
            foreign_keys=table.foreign_keys + tuple(keys),
            checks=tuple(dict.fromkeys(table.checks + whole.checks)),
        )

    def _complete(self, key: ForeignKey) -> ForeignKey:
        """REFERENCES without columns means the primary key."""
        if key.referenced or key.references not in self._tables:
            return key
        return replace(key, referenced=self._tables[key.references].primary_key)

    def _meaning_of(self, column: ColumnDraft, table: TableName) -> _Found:
        found = self._meaning(column.type, column.path)
        if found is None:
            raise SourceError(
                f"{table}.{quote_name(column.name)} has the type {column.type or '(none)'}, which is neither built in"
                " nor defined in the dump: dump again with the whole schema"
            )
        return found

    def _meaning(self, declared: str, path: tuple[str, ...]) -> _Found | None:
        """The meaning of a type, and the domains it goes through, outermost first."""
        key = (declared, path)
        if key not in self._meanings:
            self._meanings[key] = None  # a type that is defined by itself has no meaning
            self._meanings[key] = self._find_meaning(declared, path)
        return self._meanings[key]

    def _find_meaning(self, declared: str, path: tuple[str, ...]) -> _Found | None:
        element = without_array(declared)
        if element is not None:
            inner = self._meaning(element, path)
            if inner is None:
                return None
            return TypeMeaning(TypeFamily.ARRAY, None, inner[0].labels, inner[0].element or inner[0].family), ()
        cursor = Cursor(declared, declared)
        name = cursor.name() if cursor.next.kind in ("word", "quoted") else ()
        draft = self._find_type(name, path) if name else None
        if draft is None:
            if len(name) > 1 and name[-2] != "pg_catalog":  # an extension's type in some schema
                declared = name[-1] + declared[cursor.next.start :]
            meaning = builtin(declared)
            if meaning is None and any(table in self._tables for table in _candidates(name, path)):
                meaning = TypeMeaning(TypeFamily.OTHER)  # a table's row type
            return (meaning, ()) if meaning is not None else None
        if draft.kind == "enum":
            return TypeMeaning(TypeFamily.ENUM, None, tuple(draft.labels)), ()
        if draft.kind == "domain":
            inner = self._meaning(draft.base, draft.path)
            return (inner[0], (draft, *inner[1])) if inner is not None else None
        return TypeMeaning(TypeFamily.OTHER), ()

    def _find_type(self, name: tuple[str, ...], path: tuple[str, ...]) -> TypeDraft | None:
        return next((self._types[known] for known in _candidates(name, path) if known in self._types), None)


def _candidates(name: tuple[str, ...], path: tuple[str, ...]) -> list[TableName]:
    """Where a type of that name may be defined."""
    if len(name) > 1:
        return [TableName(name[-2], name[-1])]
    return [TableName(schema, name[0]) for schema in (*path, "public") if name]


def _of_column(check: str, column: str) -> str:
    """A domain's CHECK as it holds for a column."""
    return re.sub(r"\bVALUE\b", quote_name(column).replace("\\", r"\\"), check)
