"""CREATE TABLE in parts that every dialect of the targets shares: names, defaults, checks, keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from anonymizer.conversions._expressions import dialect_of, translated
from anonymizer.conversions._shapes import Shape, Spread
from anonymizer.conversions._types import Kind, SqlType, fits
from anonymizer.model.schema import Column, ColumnName, TableName, TypeFamily

_NUMBERS = (Kind.BIGINT, Kind.DECIMAL, Kind.DOUBLE)
LARGEST = 2**63 - 1
_TIMES = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMP_TZ)


def quoted(name: str) -> str:
    """A name as the SQL standard quotes it."""
    return '"' + name.replace('"', '""') + '"'


def listed(names: Sequence[str]) -> str:
    """Quoted and parted by commas."""
    return ", ".join(quoted(name) for name in names)


def literal(text: str) -> str:
    """A string as the SQL standard quotes it."""
    return "'" + text.replace("'", "''") + "'"


def spread_of(shape: Shape, column: Column) -> Spread:
    """What the column's values need room for."""
    return shape.spreads[shape.columns.index(column)]


def is_identity(shape: Shape, column: Column, kind: SqlType) -> bool:
    """Whether it is a whole number that is a table's own key: targets count it on."""
    return (
        shape.primary_key == (column.name,)
        and kind.kind is Kind.BIGINT
        and spread_of(shape, column).greatest < LARGEST
        and not any(column.name in key.columns for key in shape.table.foreign_keys)
    )


def default(column: Column, becomes: SqlType, source: str, target: str) -> str | None:
    """The column's default in the target's dialect; None where there is none or it cannot be said there."""
    if column.default is None or column.default.strip().lower() == "null":
        return None
    found = translated(column.default, dialect_of(source), target)
    if found is None and column.family is TypeFamily.TEXT:
        return None
    if found is None or "CURRENT_" in found.upper():
        return "CURRENT_TIMESTAMP" if found and becomes.kind in _TIMES else None
    value = found.strip("()")
    if value.startswith("'"):
        value = value[1:-1].replace("''", "'")
    if not fits(pa.array([value.lower() if becomes.kind is Kind.BOOLEAN else value]), becomes):
        return None
    if becomes.kind is Kind.BOOLEAN:
        return "TRUE" if value.lower() in ("1", "t", "true") else "FALSE"
    return value if becomes.kind in _NUMBERS else literal(value)


def checks(shape: Shape, source: str, target: str) -> Iterator[str]:
    """The CHECK constraints that mean the same in the target, and the labels of enums."""
    numbers = [c.name for c, kind in zip(shape.columns, shape.types, strict=True) if kind.kind in _NUMBERS]
    for check in shape.table.checks:
        found = translated(check, dialect_of(source), target, numbers)
        if found is not None and not found.strip("()").isidentifier():
            yield found
    for column in shape.columns:
        if column.labels and column.family is TypeFamily.ENUM and spread_of(shape, column).labelled:
            yield f"{quoted(column.name)} IN ({', '.join(literal(label) for label in column.labels)})"


def unsaid(shapes: Sequence[Shape], source: str, target: str) -> Iterator[str]:
    """Defaults and checks that are left out, one line each."""
    for shape in shapes:
        for column, becomes in zip(shape.columns, shape.types, strict=True):
            said = is_identity(shape, column, becomes) or default(column, becomes, source, target)
            if column.default and column.default.lower() != "null" and not said:
                yield f"{ColumnName(shape.table.name, column.name)}: its default is left out"
        there = len(list(foreign_keys(shape, shapes, str)))
        if there < len(shape.table.foreign_keys):
            lost = len(shape.table.foreign_keys) - there
            yield f"{shape.table.name}: {lost} foreign keys do not fit and are left out"
        lost = (
            len(shape.table.checks)
            + sum(bool(c.labels) and c.family is TypeFamily.ENUM for c in shape.columns)
            - len(list(checks(shape, source, target)))
        )
        if lost:
            yield f"{shape.table.name}: {lost} CHECK constraints are left out"


def _kinds(shape: Shape, columns: Sequence[str]) -> list[Kind]:
    kinds = {column.name: kind.kind for column, kind in zip(shape.columns, shape.types, strict=True)}
    return [kinds[column] for column in columns]


def foreign_keys(shape: Shape, shapes: Sequence[Shape], name: Callable[[TableName], str]) -> Iterator[str]:
    """`FOREIGN KEY (…) REFERENCES …` for each whose target is a key of a table that is there."""
    for key in shape.table.foreign_keys:
        other = next((other for other in shapes if other.table.name == key.references), None)
        if other is None or not all(map(shape.stored, key.columns)):
            continue
        referenced = key.referenced or other.table.primary_key
        if not all(map(other.stored, referenced)) or _kinds(shape, key.columns) != _kinds(other, referenced):
            continue
        if any(set(referenced) == set(unique) for unique in (other.primary_key, *other.table.unique)) and all(
            map(other.stored, referenced)
        ):
            yield f"FOREIGN KEY ({listed(key.columns)}) REFERENCES {name(other.name)} ({listed(referenced)})"
