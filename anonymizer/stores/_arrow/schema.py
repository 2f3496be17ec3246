"""Tables, columns and rows of Arrow schemas, as all stores see them: what Parquet files and tables in memory share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from anonymizer.errors import SourceError, TargetError
from anonymizer.model.schema import Column, ColumnName, TableName
from anonymizer.stores._arrow.values import Misfit, element_of, family_of, replaced, to_text


def columns_of(table: TableName, fields: Iterable[pa.Field], lengths: Mapping[str, int]) -> tuple[Column, ...]:
    """Raises SourceError for a type that cannot be handled, and for two columns of one name."""
    columns = tuple(_column(table, field, lengths.get(field.name)) for field in fields)
    seen: set[str] = set()
    for column in columns:
        if column.name in seen:
            raise SourceError(f"{ColumnName(table, column.name)} stands there twice; rename one of the columns")
        seen.add(column.name)
    return columns


def _column(table: TableName, field: pa.Field, length: int | None) -> Column:
    family = family_of(field.type)
    if family is None:
        raise SourceError(
            f"{ColumnName(table, field.name)} has the type {field.type}, which cannot be handled; cast it to another"
        )
    return Column(field.name, str(field.type), family, length, field.nullable, element=element_of(field.type))


def texts(table: TableName, names: Sequence[str], columns: Sequence[pa.Array]) -> pa.RecordBatch:
    """Typed columns -> `string`. Raises SourceError for what has no text."""
    found = []
    for name, values in zip(names, columns, strict=True):
        try:
            found.append(to_text(values))
        except Misfit as error:
            raise SourceError(f"{ColumnName(table, name)} {error}; correct it there") from None
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            raise SourceError(f"{ColumnName(table, name)} holds damaged values; make or copy it again") from None
    return pa.RecordBatch.from_arrays(found, names=list(names))


def with_texts(
    table: TableName, typed: pa.RecordBatch, before: pa.RecordBatch, after: pa.RecordBatch
) -> pa.RecordBatch:
    """`typed` with the columns of `after` in place of those of `before`, each in its own type. Raises TargetError."""
    for name in before.schema.names:
        place = typed.schema.get_field_index(name)
        if place < 0:
            if not before.column(name).equals(after.column(name)):
                raise TargetError(f"{ColumnName(table, name)} stands in the names of folders and cannot be replaced")
            continue
        try:
            new = replaced(typed.column(place), before.column(name), after.column(name))
        except Misfit as error:
            raise TargetError(f"{ColumnName(table, name)} {error}; change the rule of the column") from None
        if new.null_count and not typed.schema.field(place).nullable:
            raise TargetError(f"{ColumnName(table, name)} gets null, which it does not allow; change its rule")
        typed = typed.set_column(place, typed.schema.field(place), new)
    return typed
