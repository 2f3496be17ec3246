"""Proves that a database of another kind holds the rows of a verified result, whatever their order.

Each value is brought to one form by the type that its column had (numbers without superfluous noughts, times in UTC,
truth values as 0 and 1), and the rows of each table are compared as a multiset of keyed fingerprints.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.result import CheckResult, Outcome
from anonymizer.model.schema import Schema, Table, TableName, TypeFamily
from anonymizer.verify._fingerprint import Fingerprinter
from anonymizer.verify._reader import Block, Reader

PROMISE = "The converted database holds the same rows as the verified result."

_ZONED = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?([+-]\d\d(:?\d\d)?|Z)$"


@dataclass(slots=True)
class _Sum:
    """The rows of one table in any order: how many, and two sums of their fingerprints."""

    rows: int = 0
    plain: int = 0
    squared: int = 0

    def add(self, prints: np.ndarray) -> None:
        self.rows += len(prints)
        self.plain = (self.plain + int(prints.sum(dtype=np.uint64))) & (2**64 - 1)
        self.squared = (self.squared + int((prints * prints).sum(dtype=np.uint64))) & (2**64 - 1)


def compare(
    schema: Schema,
    names: Mapping[TableName, TableName],
    result: Reader,
    converted: Reader,
    single: Collection[str] = (),
) -> CheckResult:
    """`names`: each table of `schema`, but for partitions, as the converted database names it.

    `single`: declared types whose numbers have single precision, so that servers write them with more or fewer digits.
    """
    prints = Fingerprinter()
    back = {converted.named(*name): table for table, name in names.items()}

    def of_target(name: TableName) -> Table | None:
        found = back.get(converted.schema.root(name).name if name in converted.schema else name)
        return None if found is None else schema.table(found)

    before = _sums(result, lambda name: schema.root(name) if name in schema else None, prints, single)
    after = _sums(converted, of_target, prints, single)
    wrong = [
        f"{table}: {after.get(table, _Sum()).rows} rows, not the {before.get(table, _Sum()).rows} of the result"
        if after.get(table, _Sum()).rows != before.get(table, _Sum()).rows
        else f"{table}: some rows differ from those of the result"
        for table in names
        if before.get(table, _Sum()) != after.get(table, _Sum())
    ]
    examined = sum(found.rows for found in after.values())
    return CheckResult("converted", PROMISE, Outcome.FAILED if wrong else Outcome.PASSED, tuple(wrong), examined)


def _sums(
    reader: Reader, of: Callable[[TableName], Table | None], prints: Fingerprinter, single: Collection[str]
) -> dict[TableName, _Sum]:
    sums: dict[TableName, _Sum] = {}
    for part in reader.parts():
        if not isinstance(part, Block):
            continue
        table = of(part.table)
        if table is None:
            raise reader.failed(f"holds rows of {part.table}, which nobody expects")
        batch = part.batch()
        if not batch.num_rows:
            continue
        columns = [column for column in table.columns if not column.generated]
        cells = [
            prints.cells(_plain(_column(batch, column.name), column.family, column.type.lower() in single))
            for column in columns
        ]
        found = sums.setdefault(table.name, _Sum())
        found.add(prints.together(cells) if cells else np.zeros(batch.num_rows, np.uint64))
    return sums


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    """A column that some rows do not list has no value in them."""
    return batch.column(name) if name in batch.schema.names else pa.nulls(batch.num_rows, pa.string())


def _plain(values: pa.Array, family: TypeFamily, single: bool = False) -> pa.Array:
    """One form of each value, whichever database wrote it; `string` -> `string`."""
    if single:
        return values.cast(pa.float32()).cast(pa.string())
    if family in (TypeFamily.INTEGER, TypeFamily.NUMBER):
        return _number(values)
    if family is TypeFamily.BOOLEAN:
        lower = pc.utf8_lower(values)
        lower = pc.replace_substring_regex(lower, r"^(t|true)$", "1")
        return pc.replace_substring_regex(lower, r"^(f|false)$", "0")
    if family in (TypeFamily.DATE, TypeFamily.TIMESTAMP, TypeFamily.TIME):
        return _time(values)
    if family in (TypeFamily.UUID, TypeFamily.BINARY):
        return pc.utf8_lower(values)
    return values


def _number(values: pa.Array) -> pa.Array:
    values = pc.replace_substring_regex(pc.utf8_lower(values), r"^([+-]?)inf(inity)?$", r"\1inf")
    odd = pc.fill_null(pc.match_substring_regex(values, r"^[+-]?[\d.]+[eE][+-]?\d+$"), False)
    if pc.any(odd, min_count=0).as_py():
        spelled = pa.array([format(Decimal(v), "f") for v in values.filter(odd).to_pylist()], pa.string())
        values = pc.replace_with_mask(values, odd, spelled)
    values = pc.replace_substring_regex(values, r"^\+?(-?)0*(\d)", r"\1\2")
    values = pc.replace_substring_regex(values, r"^(-?\d+\.\d*?)0+$", r"\1")
    values = pc.replace_substring_regex(values, r"^(-?\d+)\.$", r"\1")
    return pc.replace_substring_regex(values, r"^-0$", "0")


def _time(values: pa.Array) -> pa.Array:
    slashed = pc.fill_null(pc.match_substring_regex(values, r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}\b"), False)
    if pc.any(slashed, min_count=0).as_py():
        values = pc.replace_substring_regex(values, r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})\b", r"\1-0\2-0\3")
        values = pc.replace_substring_regex(values, r"^(\d{4})-0?(\d\d)-0?(\d\d)\b", r"\1-\2-\3")
    values = pc.replace_substring_regex(values, r"^(\d{4}-\d\d-\d\d)T", r"\1 ")
    zoned = pc.fill_null(pc.match_substring_regex(values, _ZONED), False)
    if pc.any(zoned, min_count=0).as_py():
        moments = values.filter(zoned).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
        values = pc.replace_with_mask(values, zoned, moments.cast(pa.string()))
    values = pc.replace_substring_regex(values, r"(:\d\d\.\d*?)0+$", r"\1")
    values = pc.replace_substring_regex(values, r"(:\d\d)\.$", r"\1")
    return pc.replace_substring_regex(values, r"^(\d{4}-\d\d-\d\d) 00:00:00$", r"\1")
