"""Any database as a folder of Parquet files, one for each table, with Arrow types for what all values fit.

A table of the source's usual schema is `<table>.parquet`, one of another schema `<schema>/<table>.parquet`. Keys stand
in `datapackage.json` beside them, in the words of the Data Package standard (Table Schema).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from anonymizer.conversions._shapes import Shape, in_order, same_names
from anonymizer.conversions._types import MOST_DIGITS, Kind, SqlType, arrow_type, typed
from anonymizer.errors import TargetError
from anonymizer.model.schema import Schema, TableName

NAME = "Parquet folder"
SUFFIXES = (".parquet",)
DIALECT = ""
DIGITS = MOST_DIGITS

_UNSAFE = set('/\\:*?"<>|\0')


def names(schema: Schema) -> dict[TableName, TableName]:
    """Raises TargetError for a name that no file can have."""
    found = same_names(schema, "")
    usual = {name.schema for name in found.values()}
    for name in found.values():
        if any(set(part) & _UNSAFE or part in (".", "..") for part in name):
            raise TargetError(f"{name}: no file can be named so; keep the database's kind")
    if len(usual) == 1:
        return {table: TableName("", name.name) for table, name in found.items()}
    return found


class Writer:
    """Writes rows as they come, one file for each table."""

    def __init__(self, shapes: Sequence[Shape], source: str, path: Path) -> None:
        self._shapes = shapes
        self._path = path
        path.mkdir(mode=0o700)
        self._files: dict[TableName, pq.ParquetWriter] = {}
        for shape in shapes:
            file = path / shape.name.schema / f"{shape.name.name}.parquet"
            file.parent.mkdir(mode=0o700, exist_ok=True)
            fields = [
                pa.field(column.name, _stored(kind), column.nullable)
                for column, kind in zip(shape.columns, shape.types, strict=True)
            ]
            self._files[shape.name] = pq.ParquetWriter(file, pa.schema(fields), compression="zstd")

    def write(self, shape: Shape, batch: pa.RecordBatch) -> None:
        """Rows of one table, all stored columns, each `string`."""
        writer = self._files[shape.name]
        columns = [
            typed(values, kind).cast(_stored(kind))
            for values, kind in zip(in_order(shape, batch), shape.types, strict=True)
        ]
        try:
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=writer.schema))
        except (pa.ArrowException, OSError) as error:
            raise TargetError(f"{shape.name} cannot be written as Parquet ({type(error).__name__})") from None

    def close(self) -> None:
        """All rows are there."""
        for file in self._files.values():
            file.close()
        package = {"resources": [_resource(shape, self._shapes) for shape in self._shapes]}
        (self._path / "datapackage.json").write_text(json.dumps(package, indent=2, ensure_ascii=False), "utf-8")

    def abort(self) -> None:
        """Never raises."""
        for file in self._files.values():
            file.close()


def _stored(kind: SqlType) -> pa.DataType:
    return arrow_type(kind) if kind.kind not in (Kind.UUID, Kind.JSON) else pa.string()


def _resource(shape: Shape, shapes: Sequence[Shape]) -> dict[str, object]:
    schema: dict[str, object] = {"fields": [{"name": column.name} for column in shape.columns]}
    if shape.primary_key:
        schema["primaryKey"] = list(shape.primary_key)
    if shape.table.unique:
        schema["uniqueKeys"] = [list(unique) for unique in shape.table.unique]
    keys = []
    for key in shape.table.foreign_keys:
        other = next((other for other in shapes if other.table.name == key.references), None)
        if other is not None:
            fields = list(key.referenced or other.table.primary_key)
            keys.append({"fields": list(key.columns), "reference": {"resource": str(other.name), "fields": fields}})
    if keys:
        schema["foreignKeys"] = keys
    path = "/".join(part for part in (shape.name.schema, f"{shape.name.name}.parquet") if part)
    return {"name": str(shape.name), "path": path, "schema": schema}
