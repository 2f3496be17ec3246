"""PostgreSQL behind ODBC: each value is the text that its type's own output function prints, as in a dump.

Rows are read in one REPEATABLE READ, READ ONLY transaction. A result is loaded in one transaction: triggers that would
fire are switched off, foreign keys in a circle are deferred, and both are as they were before it commits.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from anonymizer.errors import SourceError
from anonymizer.model.schema import Column, TableName, TypeFamily, quote_name
from anonymizer.stores._odbc.dialect import SAMPLE_CHARACTERS, Dialect
from anonymizer.stores._odbc.keys import Keys
from anonymizer.stores._odbc.link import Link
from anonymizer.stores._odbc.stored import Cell, Stored
from anonymizer.stores._pg.types import TypeMeaning, builtin

_SESSION = (
    "SET client_encoding = 'UTF8'",
    "SET datestyle = 'ISO'",
    "SET intervalstyle = 'postgres'",
    "SET extra_float_digits = 3",
    "SET search_path = ''",
    "SET row_security = off",  # an error rather than rows that are silently missing
    "SET statement_timeout = 0",
    "SET bytea_output = 'hex'",
)
_OWN = r"n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'"

_COLUMNS = rf"""
SELECT n.nspname, c.relname, CAST(c.relkind AS text), a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
       CAST(a.atttypid AS text), a.atttypmod, CAST(a.attnotnull AS int), CAST(a.attgenerated <> '' AS int),
       CAST(a.attidentity <> '' AS int), pg_catalog.pg_get_expr(d.adbin, d.adrelid),
       pg_catalog.col_description(c.oid, a.attnum), pg_catalog.obj_description(c.oid, 'pg_class')
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND {_OWN}
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.objid = c.oid AND e.deptype = 'e')
ORDER BY n.nspname, c.relname, a.attnum"""

_TYPES = """
SELECT CAST(t.oid AS text), pg_catalog.format_type(t.oid, -1), t.typname, CAST(t.typtype AS text),
       CAST(t.typbasetype AS text), CAST(t.typelem AS text), CAST(t.typcategory AS text),
       pg_catalog.format_type(t.typbasetype, t.typtypmod)
FROM pg_catalog.pg_type t"""

_LABELS = "SELECT CAST(enumtypid AS text), enumlabel FROM pg_catalog.pg_enum ORDER BY enumtypid, enumsortorder"

_DOMAIN_CHECKS = """
SELECT CAST(k.contypid AS text), pg_catalog.pg_get_constraintdef(k.oid)
FROM pg_catalog.pg_constraint k WHERE k.contypid <> 0 AND k.contype = 'c' ORDER BY k.contypid, k.conname"""

_CONSTRAINTS = rf"""
SELECT CAST(k.oid AS text), CAST(k.contype AS text), k.conname, n.nspname, c.relname, a.attname, fn.nspname,
       fc.relname, fa.attname, CASE WHEN k.contype = 'c' THEN pg_catalog.pg_get_expr(k.conbin, k.conrelid) END
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS u (attnum, place) ON true
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
LEFT JOIN pg_catalog.pg_class fc ON fc.oid = k.confrelid
LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace
LEFT JOIN pg_catalog.pg_attribute fa ON fa.attrelid = k.confrelid AND fa.attnum = k.confkey[u.place]
WHERE k.contype IN ('p', 'f', 'c') AND {_OWN}
ORDER BY k.contype, k.conname, k.oid, u.place"""

_UNIQUE = rf"""
SELECT CAST(i.indexrelid AS text), n.nspname, c.relname, a.attname
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS u (attnum, place)
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
WHERE i.indisunique AND NOT i.indisprimary AND i.indpred IS NULL AND i.indexprs IS NULL
  AND u.place <= i.indnkeyatts AND {_OWN}
ORDER BY i.indexrelid, u.place"""

_PARTITIONS = r"""
SELECT n.nspname, c.relname, pn.nspname, p.relname
FROM pg_catalog.pg_inherits h
JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid AND c.relispartition
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class p ON p.oid = h.inhparent
JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace"""

_PARTITION_KEYS = """
SELECT n.nspname, c.relname, a.attname
FROM pg_catalog.pg_partitioned_table t
JOIN pg_catalog.pg_class c ON c.oid = t.partrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(t.partattrs) WITH ORDINALITY AS u (attnum, place)
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum
ORDER BY 1, 2, u.place"""

_TRIGGERS = rf"""
SELECT n.nspname, c.relname, t.tgname, CAST(t.tgenabled AS text)
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND {_OWN} ORDER BY 1, 2, 3"""

_RULES = rf"""
SELECT n.nspname, c.relname
FROM pg_catalog.pg_rewrite r
JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.relkind IN ('r', 'p')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {_OWN}"""

_NOT_DEFERRABLE = rf"""
SELECT n.nspname, c.relname, k.conname, fn.nspname, fc.relname
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class fc ON fc.oid = k.confrelid
JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace
WHERE k.contype = 'f' AND NOT k.condeferrable AND k.conparentid = 0 AND {_OWN}"""

_COUNTERS = rf"""
SELECT n.schemaname, n.sequencename, CAST(n.last_value AS text)
FROM pg_catalog.pg_sequences n WHERE n.last_value IS NOT NULL AND {_OWN.replace("nspname", "schemaname")}"""

_CHECK = re.compile(r"CHECK \((.*)\)(?: NOT VALID)?\Z", re.DOTALL)
_VALUE = re.compile(r"\bVALUE\b")
_ENABLE = {"O": "ENABLE", "A": "ENABLE ALWAYS"}


class PostgreSql(Dialect):
    """See the module."""

    name = "PostgreSQL"
    LOADS = True
    NUMBERS = True

    def __init__(self) -> None:
        super().__init__('"')
        self._restore: list[str] = []

    # --- SQL

    def rows_of(self, stored: Stored) -> str:
        return f"ONLY {self.named(stored.name)}"

    def read(self, cell: Cell) -> str:
        name = self.quoted(cell.name)
        return f"CASE WHEN {name} IS DISTINCT FROM NULL THEN pg_catalog.format('%s', {name}) END"

    def cut(self, expression: str) -> str:
        return f"pg_catalog.left({expression}, {SAMPLE_CHARACTERS})"

    def write(self, cell: Cell) -> str:
        return f"CAST(? AS {cell.type})"  # without a length: an explicit cast to a length would cut values off

    def sorting(self, stored: Stored) -> tuple[str, ...]:
        if not stored.order():
            return ("ctid",)
        families = {column.name: column.family for column in stored.table.columns}
        return tuple(
            f'CAST({self.quoted(name)} AS text) COLLATE pg_catalog."C"'  # another database may sort by another language
            if families[name] is TypeFamily.TEXT
            else self.quoted(name)
            for name in stored.order()
        )

    def sample(self, stored: Stored, step: int) -> str:
        columns = ", ".join(self.cut(self.read(cell)) for cell in stored.cells)
        numbered = f"SELECT *, row_number() OVER () AS anonymizer_row FROM {self.rows_of(stored)}"
        return f"SELECT {columns} FROM ({numbered}) AS numbered WHERE anonymizer_row % {step} = 0"

    def insert(self, stored: Stored, rows: int, numbered: str | None) -> str:
        return super().insert(stored, rows, numbered).replace(") VALUES (", ") OVERRIDING SYSTEM VALUE VALUES (", 1)

    # --- reading

    def open_source(self, link: Link) -> tuple[str, ...]:
        for setting in (
            *_SESSION,
            "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        ):
            link.run(setting)
        link.connection.commit()  # of the settings; the next statement begins the view
        objects = link.rows("SELECT 1 FROM pg_catalog.pg_largeobject_metadata LIMIT 1")
        return (f"{link.name}: its large objects are not copied",) if objects else ()

    def identity(self, link: Link) -> str:
        found = link.rows(
            "SELECT CAST(system_identifier AS text), pg_catalog.current_database() FROM pg_catalog.pg_control_system()"
        )
        return "/".join(found[0])

    def stored(self, link: Link) -> tuple[Stored, ...]:
        types, keys = _Types(link), Keys()
        _read_keys(link, keys)
        columns: dict[TableName, list[tuple[Column, Cell]]] = defaultdict(list)
        kinds: dict[TableName, tuple[str, str | None]] = {}
        for schema, table, kind, *column, comment in link.rows(_COLUMNS):
            name = TableName(schema, table)
            kinds[name] = kind, comment
            if column[0] is not None:
                columns[name].append(_column(name, column, types))
                for number, check in enumerate(types.checks(column[2], column[0])):
                    keys.check(name, f"{column[0]} {number}", check)
        by: dict[TableName, tuple[str, ...]] = defaultdict(tuple)
        for schema, table, column in link.rows(_PARTITION_KEYS):
            by[TableName(schema, table)] += (column,)
        parents = {TableName(*row[:2]): TableName(*row[2:]) for row in link.rows(_PARTITIONS)}
        found = []
        for name, (kind, comment) in kinds.items():
            table = keys.table(name, [column for column, _ in columns[name]], comment, parents.get(name), by[name])
            cells = tuple(cell for column, cell in columns[name] if not column.generated)
            found.append(Stored(table, () if kind == "p" else cells))
        return tuple(found)

    def counters(self, link: Link) -> list[tuple[str, ...]]:
        return [tuple(row) for row in link.rows(_COUNTERS)]

    # --- loading

    def open_target(self, link: Link) -> None:
        for setting in _SESSION:
            link.run(setting)

    def prepare(self, link: Link, tables: Sequence[Stored]) -> None:
        places = {stored.name: place for place, stored in enumerate(tables)}
        for schema, table in link.rows(_RULES):
            if TableName(schema, table) in places:
                raise link.refused(f"{TableName(schema, table)} has rewrite rules; drop them while it is loaded")
        for schema, table, trigger, state in link.rows(_TRIGGERS):
            change = f"ALTER TABLE {self.named(TableName(schema, table))} {{}} TRIGGER {self.quoted(trigger)}"
            link.rows(change.format("DISABLE"), what="a trigger cannot be switched off")
            self._restore.append(change.format(_ENABLE[state]))
        for schema, table, key, other_schema, other in link.rows(_NOT_DEFERRABLE):
            name, referenced = TableName(schema, table), TableName(other_schema, other)
            if places.get(referenced, -1) >= places.get(name, -1):
                change = f"ALTER TABLE {self.named(name)} ALTER CONSTRAINT {self.quoted(key)} {{}}"
                link.rows(change.format("DEFERRABLE INITIALLY DEFERRED"), what="a foreign key cannot be deferred")
                self._restore.append(change.format("NOT DEFERRABLE"))
        link.run("SET CONSTRAINTS ALL DEFERRED")

    def before(self, link: Link, stored: Stored, numbered: str | None) -> None:
        if numbered is not None:
            link.run(f"ALTER TABLE {self.named(stored.name)} ADD COLUMN {self.quoted(numbered)} bigint")

    def restore(self, link: Link, tables: Sequence[Stored], numbered: Mapping[TableName, str], origin: Link) -> None:
        link.rows("SET CONSTRAINTS ALL IMMEDIATE", what="the new values break a deferred constraint")
        for name, column in numbered.items():
            link.run(f"ALTER TABLE {self.named(name)} DROP COLUMN {self.quoted(column)}")
        for statement in self._restore:
            link.run(statement)

    def set_counters(self, link: Link, counters: Iterable[tuple[str, ...]]) -> None:
        for schema, name, last in counters:
            link.rows(
                "SELECT pg_catalog.setval(c.oid::regclass, CAST(? AS bigint)) FROM pg_catalog.pg_class c"
                " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                " WHERE c.relkind = 'S' AND n.nspname = CAST(? AS name) AND c.relname = CAST(? AS name)",
                last, schema, name,
            )  # fmt: skip


class _Types:
    """What the types of a database mean."""

    def __init__(self, link: Link) -> None:
        self._rows = {row[0]: row[1:] for row in link.rows(_TYPES)}
        self._labels: dict[str, list[str]] = defaultdict(list)
        for oid, label in link.rows(_LABELS):
            self._labels[oid].append(label)
        self._checks: dict[str, list[str]] = defaultdict(list)
        for oid, definition in link.rows(_DOMAIN_CHECKS):
            if check := _CHECK.match(definition):
                self._checks[oid].append(check[1])

    def base(self, oid: str) -> str:
        """A type without its domains."""
        _, _, kind, base, *_ = self._rows[oid]
        return self.base(base) if kind == "d" else oid

    def checks(self, oid: str, column: str) -> list[str]:
        """What the domains that a type goes through ask of a column's values."""
        found: list[str] = []
        while self._rows[oid][2] == "d":
            found += [_VALUE.sub(lambda _: quote_name(column), check) for check in self._checks[oid]]
            oid = self._rows[oid][3]
        return found

    def written(self, oid: str) -> str:
        """A type's name, without a length."""
        return str(self._rows[oid][0])

    def meaning(self, oid: str, declared: str) -> TypeMeaning | None:
        """None for a type that is not known."""
        _, name, kind, base, element, category, inner = self._rows[oid]
        if kind == "d":
            return self.meaning(base, inner)
        if kind == "e":
            return TypeMeaning(TypeFamily.ENUM, None, tuple(self._labels[oid]))
        if category == "A" and element != "0":
            of = self.meaning(self.base(element), self.written(self.base(element)))
            return of and TypeMeaning(TypeFamily.ARRAY, None, of.labels, of.element or of.family)
        known = builtin(declared) or builtin(name)
        return known or (TypeMeaning(TypeFamily.OTHER) if kind in "crm" else None)


def _column(table: TableName, row: Sequence[Any], types: _Types) -> tuple[Column, Cell]:
    name, declared, oid, _, required, generated, _, default, comment = row
    meaning = types.meaning(oid, declared)
    if meaning is None:
        raise SourceError(f"{table}.{name} has the type {declared}, which is not supported; leave the table out")
    column = Column(
        name,
        declared,
        meaning.family,
        meaning.length,
        not int(required),
        default,
        bool(int(generated)),
        meaning.labels,
        meaning.element,
        comment,
    )
    return column, Cell(name, types.written(types.base(oid)))


def _read_keys(link: Link, keys: Keys) -> None:
    for oid, kind, label, schema, table, column, other_schema, other, referenced, check in link.rows(_CONSTRAINTS):
        name = TableName(schema, table)
        if kind == "p":
            keys.primary(name, column)
        elif kind == "c":
            keys.check(name, oid, check)
        else:
            keys.foreign(name, oid, label, column, TableName(other_schema, other), referenced)
    for oid, schema, table, column in link.rows(_UNIQUE):
        keys.unique(TableName(schema, table), oid, column)
