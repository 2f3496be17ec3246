"""The tables of a source as another kind of database will hold them: names, columns, types, and what gets lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Rows, Source
from anonymizer.conversions._types import MOST_DIGITS, TEXT, Kind, SqlType, candidates, fits
from anonymizer.errors import TargetError
from anonymizer.model.schema import Column, ColumnName, Schema, Table, TableName, TypeFamily

_DEFAULT_SCHEMAS = ("", "public", "dbo", "main")
_AS_TEXT = {
    TypeFamily.ARRAY: "an array",
    TypeFamily.GEOMETRY: "a geometry",
    TypeFamily.INTERVAL: "an interval",
    TypeFamily.NETWORK: "a network address",
    TypeFamily.SEARCH: "a search index",
    TypeFamily.XML: "XML",
    TypeFamily.OTHER: "a type of its own",
}


_SLASHED = ("MySQL", "SQL Server")
_TO_ISO = (
    (r"^(\d{4})/(\d{1,2}/\d{1,2})\b", r"\1-\2"),
    (r"^(\d{4}-)(\d)([-/])", r"\10\2\3"),
    (r"^(\d{4}-\d\d)/", r"\1-"),
    (r"^(\d{4}-\d\d-)(\d)\b", r"\10\2"),
)


@dataclass(slots=True)
class Spread:
    """What the values of a column need room for."""

    longest: int = 0
    """Characters."""
    least: int = 0
    greatest: int = 0
    """Whole numbers, where all are."""
    nulls: bool = False
    labelled: bool = True
    """Whether all values are labels of the enum."""

    def fits_below(self, most: int) -> bool:
        """Whether all whole numbers are in a two's complement of that half range."""
        return -most <= self.least and self.greatest < most

    def look_at(self, values: pa.Array, whole: bool, labels: tuple[str, ...] = ()) -> None:
        """Some more values, each `string`."""
        self.nulls |= values.null_count > 0
        if labels:
            known = pc.is_in(values.drop_null(), value_set=pa.array(labels, pa.string()))
            self.labelled &= bool(pc.all(known, min_count=0).as_py())
        self.longest = max(self.longest, pc.max(pc.utf8_length(values)).as_py() or 0)
        if whole:
            ends = pc.min_max(values.cast(pa.int64())).as_py()
            self.least, self.greatest = min(self.least, ends["min"] or 0), max(self.greatest, ends["max"] or 0)


@dataclass(frozen=True, slots=True)
class Shape:
    """One table in the target. `columns` are those with values of their own, `types` what they become."""

    table: Table
    name: TableName
    columns: tuple[Column, ...]
    types: tuple[SqlType, ...]
    spreads: tuple[Spread, ...]

    @property
    def primary_key(self) -> tuple[str, ...]:
        """That of the table, unless a value of it is null, as SQLite and files allow."""
        nulls = {c.name for c, spread in zip(self.columns, self.spreads, strict=True) if spread.nulls}
        key = self.table.primary_key
        return key if all(map(self.stored, key)) and not nulls & set(key) else ()

    def stored(self, name: str) -> bool:
        """Whether it is one of the columns."""
        return any(column.name == name for column in self.columns)


def stored_columns(schema: Schema) -> dict[TableName, list[str]]:
    """Of every table, partitions too: the columns that have values of their own."""
    return {table.name: [c.name for c in table.columns if not c.generated] for table in schema.tables}


def rows_of(source: Source) -> Iterator[Rows]:
    """All rows of a source with all their stored columns; its days in the form of ISO 8601."""
    slashed = source.kind.startswith(_SLASHED)
    dates = {
        table.name: [c.name for c in table.columns if c.family in (TypeFamily.DATE, TypeFamily.TIMESTAMP)]
        for table in source.schema().tables
    }
    for part in source.parts(stored_columns(source.schema())):
        if isinstance(part, Rows) and part.batch.num_rows:
            yield replace(part, batch=_in_iso(part.batch, dates[part.table])) if slashed else part


def _in_iso(batch: pa.RecordBatch, dates: list[str]) -> pa.RecordBatch:
    """Days such as 2009/1/31, which these servers take as well."""
    for name in dates:
        if name in batch.schema.names:
            values = batch.column(name)
            for written, iso in _TO_ISO:
                values = pc.replace_substring_regex(values, written, iso)
            batch = batch.set_column(batch.schema.get_field_index(name), name, values)
    return batch


def survey(source: Source, names: Mapping[TableName, TableName], digits: int = MOST_DIGITS) -> tuple[Shape, ...]:
    """Read the source once and find the types that all values fit, one shape for each of `names`."""
    schema = source.schema()
    left = {
        (table.name, column.name): list(candidates(column, digits))
        for table in schema.tables
        if table.name in names
        for column in table.columns
    }
    spreads = {key: Spread() for key in left}
    labels = {(table.name, column.name): column.labels for table, column in schema.columns()}
    for part in rows_of(source):
        root = schema.root(part.table)
        _refuse_defaults(schema.table(part.table), part)
        for name, values in zip(part.batch.schema.names, part.batch.columns, strict=True):
            key = root.name, name
            left[key] = [option for option in left[key] if option == TEXT or fits(values, option)]
            spreads[key].look_at(values, left[key][0].kind is Kind.BIGINT, labels[key])
    shapes = []
    for table in schema.tables:
        if table.name in names:
            columns = tuple(column for column in table.columns if not column.generated)
            types = tuple(left[table.name, column.name][0] for column in columns)
            spread = tuple(spreads[table.name, column.name] for column in columns)
            shapes.append(Shape(table, names[table.name], columns, types, spread))
    return tuple(shapes)


def _refuse_defaults(table: Table, part: Rows) -> None:
    """Values that only the database knows would be null in the target."""
    columns = {column.name: column for column in table.columns}
    given = [name for name in part.defaulted() if columns[name].default is not None]
    for name, values in zip(part.batch.schema.names, part.batch.columns, strict=True):
        if name in given or (values.null_count and not columns[name].nullable):
            raise TargetError(
                f"{ColumnName(table.name, name)}: the script leaves values to the database and cannot be converted;"
                " load it into a database of its own kind and use that as the source"
            )


def one_schema(schema: Schema) -> dict[TableName, TableName]:
    """Names for a target that knows no schemas: that of the table, after that of its schema where two would agree."""
    roots = [
        table.name
        for table in schema.tables
        if table.partition_of is None and any(not column.generated for column in table.columns)
    ]
    seen: dict[str, int] = {}
    for name in roots:
        seen[name.name.lower()] = seen.get(name.name.lower(), 0) + 1
    found: dict[TableName, TableName] = {}
    taken: set[str] = set()
    for name in roots:
        wanted = name.name
        if seen[name.name.lower()] > 1 and name.schema not in _DEFAULT_SCHEMAS:
            wanted = f"{name.schema}_{name.name}"
        free, number = wanted, 1
        while free.lower() in taken:
            number += 1
            free = f"{wanted}_{number}"
        taken.add(free.lower())
        found[name] = TableName("", free)
    return found


def same_names(schema: Schema, default: str) -> dict[TableName, TableName]:
    """Names for a target that knows schemas; what has none, or the source's own usual one, goes to `default`."""
    return {
        table.name: TableName(table.name.schema or default, table.name.name)
        for table in schema.tables
        if table.partition_of is None
    }


def losses(schema: Schema, names: Mapping[TableName, TableName]) -> Iterator[str]:
    """What a conversion cannot carry over, one line each, known before a row is read."""
    moved: dict[str, int] = {}
    for table in schema.tables:
        if table.partition_of is None and table.name not in names:
            yield f"{table.name}: has no columns of its own, left out"
            continue
        if table.partition_of is not None:
            yield f"{table.name}: its rows go into {names[schema.root(table.name).name]}, without partitions"
            continue
        if names[table.name].name != table.name.name:
            yield f"{table.name} is named {names[table.name]}"
        elif names[table.name].schema and names[table.name].schema != table.name.schema:
            moved[names[table.name].schema] = moved.get(names[table.name].schema, 0) + 1
        for column in table.columns:
            if column.generated:
                yield f"{ColumnName(table.name, column.name)}: computed by the database, left out"
            elif column.family in _AS_TEXT:
                yield f"{ColumnName(table.name, column.name)}: {_AS_TEXT[column.family]}, becomes text"
            elif not column.type:
                yield f"{ColumnName(table.name, column.name)}: declared without a type, becomes text"
    yield from (f"{count} tables come into the schema {name}" for name, count in moved.items())
    yield from (f"{thing}: left out" for thing in schema.others)


def became_text(shapes: tuple[Shape, ...]) -> Iterator[str]:
    """The columns that became text because of their values, one line each."""
    for shape in shapes:
        for column, kind in zip(shape.columns, shape.types, strict=True):
            if kind == TEXT and next(candidates(column)) != TEXT:
                where = ColumnName(shape.table.name, column.name)
                yield f"{where}: holds values that no {column.family} of the target keeps as it is, so it became text"


def key_lost(shapes: tuple[Shape, ...]) -> Iterator[str]:
    """The tables whose primary key holds nulls, one line each."""
    for shape in shapes:
        if shape.table.primary_key and not shape.primary_key:
            yield f"{shape.table.name}: its primary key holds nulls, so it is none there"


def in_order(shape: Shape, batch: pa.RecordBatch) -> list[pa.Array]:
    """The columns of a batch in the order of the shape."""
    return [batch.column(column.name) for column in shape.columns]
