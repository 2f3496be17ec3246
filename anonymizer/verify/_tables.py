"""Reads tables in memory: the Arrow tables that the input holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Input
from anonymizer.model.schema import Schema
from anonymizer.verify._arrow_text import text
from anonymizer.verify._parquet import block
from anonymizer.verify._reader import Part, Reader, Text

_ROWS = 16_384


class TablesReader(Reader):
    """Rows, and the pairs of metadata and what else is said of a table as text."""

    def parts(self) -> Iterator[Part]:
        held: Any = self.source
        described: Mapping[Any, str] = held.described
        try:
            for name, table in held.tables.items():
                names = tuple(table.schema.names)
                yield Text(f"columns of {name}", described.get(name, str(table.schema)).encode("utf-8", "replace"))
                for number, (key, value) in enumerate(sorted((table.schema.metadata or {}).items())):
                    yield Text(f"metadata {number} of {name}", key + b" " + value)
                yield Text(f"unused categories of {name}", _unused(table), fixed=False)
                for batch in table.to_batches(_ROWS) or [pa.RecordBatch.from_pylist([], table.schema)]:
                    yield block(self, name, batch, names, [])
        except (pa.ArrowException, ValueError, TypeError) as error:
            raise self.failed(f"holds values that cannot be read ({type(error).__name__})") from None


def _unused(table: pa.Table) -> bytes:
    """What dictionaries hold and no row shows."""
    found = []
    for chunk in (chunk for column in table.columns for chunk in column.chunks if pa.types.is_dictionary(column.type)):
        used = pc.unique(chunk.indices).drop_null()
        every = pa.array(range(len(chunk.dictionary)), used.type)
        found.append(text(chunk.dictionary.filter(pc.invert(pc.is_in(every, value_set=used)))))
    return "\n".join(word for words in found for word in words.drop_null().to_pylist()).encode()


def reader(source: Input, schema: Schema, work: Path | None) -> Reader:
    """Of an input whose `tables` are Arrow tables under their names."""
    return TablesReader(source, schema)
