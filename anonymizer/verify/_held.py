"""Whether two databases of one kind hold the same texts, in any order: a written script, and what a server made of it.

Compared are the rows of each table and, of each column that holds text, bytes or documents, all values together;
numbers and dates have other spellings in the dumps of other tools, so of them only the nulls are counted.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Input
from anonymizer.model.schema import Column, Schema, TableName, TypeFamily
from anonymizer.verify._fingerprint import Fingerprinter
from anonymizer.verify._reader import Block, Reader, Unreadable, open_reader

_EXACT = (TypeFamily.TEXT, TypeFamily.BINARY, TypeFamily.XML)
Held = dict[tuple[TableName, str], tuple[int, int, int]]
"""Of each column: rows, nulls and the sum of its values' fingerprints."""


def differences(written: Input, held: Input, kind: str, schema: Schema, work: Path) -> tuple[str, ...]:
    """Sentences about the tables that `held`, a dump in UTF-8, holds otherwise than `written` says; none: alike."""
    prints = Fingerprinter()
    readers = (
        open_reader(written, kind, schema, work),
        open_reader(held, kind, replace(schema, encoding="utf-8"), work),
    )
    try:
        expected, found = (_held(reader, schema, prints) for reader in readers)
    except Unreadable as error:
        return (f"what the server holds {error}",)
    finally:
        for reader in readers:
            reader.close()
    named = sorted({key for key in {**expected, **found} if expected.get(key) != found.get(key)})
    return tuple(f"{table}.{column} is not what was written" for table, column in named)


def _held(reader: Reader, schema: Schema, prints: Fingerprinter) -> Held:
    found: Held = {}
    for part in reader.parts():
        if not isinstance(part, Block):
            continue
        batch = part.batch()
        declared = {column.name: column for column in schema.table(part.table).columns} if part.table in schema else {}
        for name, values in zip(batch.schema.names, batch.columns, strict=True):
            rows, nulls, total = found.get((part.table, name), (0, 0, 0))
            more = _sum(values, declared.get(name), prints)
            found[part.table, name] = rows + len(values), nulls + values.null_count, (total + more) % (1 << 64)
    return {key: counts for key, counts in found.items() if counts[0]}


def _sum(values: pa.Array, column: Column | None, prints: Fingerprinter) -> int:
    if column is None or column.family not in _EXACT or column.type.lower().startswith("binary"):
        return 0
    if column.family is TypeFamily.TEXT:
        values = pc.utf8_rtrim(values, characters=" ")  # as CHAR comes back
    return int(np.add.reduce(prints.cells(values), dtype=np.uint64))
