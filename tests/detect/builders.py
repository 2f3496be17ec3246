"""Small schemas and samples, written out in one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import pyarrow as pa

from anonymizer.contracts import Exhibit
from anonymizer.detect import find
from anonymizer.model.finding import Finding, Verdict
from anonymizer.model.rules import Pack
from anonymizer.model.schema import Column, ForeignKey, Schema, Table, TableName, TypeFamily
from anonymizer.rulefile import find_packs, shipped_packs

FAMILIES = {
    "varchar": TypeFamily.TEXT,
    "int": TypeFamily.INTEGER,
    "numeric": TypeFamily.NUMBER,
    "bool": TypeFamily.BOOLEAN,
    "date": TypeFamily.DATE,
    "timestamp": TypeFamily.TIMESTAMP,
    "bytea": TypeFamily.BINARY,
    "inet": TypeFamily.NETWORK,
    "uuid": TypeFamily.UUID,
    "jsonb": TypeFamily.JSON,
    "tsvector": TypeFamily.SEARCH,
}


@cache
def packs() -> tuple[Pack, ...]:
    """All packs that come with the program."""
    return find_packs(shipped_packs())


def column(text: str, **more: object) -> Column:
    """`column("email varchar 100")`; the type is varchar when there is none."""
    name, kind, length = (*text.split(), "varchar", "")[:3] if " " in text else (text, "varchar", "")
    return Column(name, kind, FAMILIES[kind], int(length) if length.isdigit() else None, **more)  # type: ignore[arg-type]


def table(name: str, *columns: str | Column, keys: Sequence[ForeignKey] = (), primary: tuple[str, ...] = ()) -> Table:
    """`table("customer", "id int", "name")`."""
    made = tuple(column(each) if isinstance(each, str) else each for each in columns)
    return Table(TableName("", name), made, primary_key=primary, foreign_keys=tuple(keys))


def values(**columns: Sequence[str | None]) -> dict[str, pa.Array]:
    """A table's sample."""
    return {name: pa.array(some, pa.string()) for name, some in columns.items()}


def exhibit(of: Table, **columns: Sequence[str | None]) -> Exhibit:
    """What one detector sees of one table."""
    return Exhibit(Schema((of,)), of, values(**columns), packs())


def detect(*tables: Table, samples: Mapping[str, Mapping[str, pa.Array]] | None = None) -> dict[str, Finding]:
    """`table.column` -> finding."""
    named = {TableName("", name): columns for name, columns in (samples or {}).items()}
    return {f"{f.column.table.name}.{f.column.column}": f for f in find(Schema(tables), named, packs())}


def categories(*tables: Table, samples: Mapping[str, Mapping[str, pa.Array]] | None = None) -> dict[str, str]:
    """Column -> category of those called personal, for one table."""
    found = detect(*tables, samples=samples)
    return {
        name.split(".", 1)[1]: finding.category
        for name, finding in found.items()
        if finding.verdict is Verdict.PERSONAL
    }
