"""Arrow tables in memory: a source and a sink for the Python API. Nothing is written to disk.

There is no format to recognise, so this is no plug-in; it keeps the promises of contracts.Source and contracts.Sink.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from anonymizer.contracts import Input, Rows, Verbatim
from anonymizer.errors import InternalError, SourceError
from anonymizer.model.schema import ForeignKey, Schema, Table, TableName
from anonymizer.stores._arrow.schema import columns_of, texts, with_texts
from anonymizer.stores._thinning import BatchThinning

NAME = "tables in memory"

_ROWS = 65_536


@dataclass(slots=True)
class TablesInput:
    """Tables under their names, where a store's input has a path."""

    tables: Mapping[TableName, pa.Table]
    described: Mapping[TableName, str] = field(default_factory=dict)
    """What stands outside the rows: names and types of the columns."""
    name: str = NAME
    path: Path = Path("(tables in memory)")

    def head(self, size: int) -> bytes:
        """Nothing: tables have no bytes of their own."""
        return b""

    def open(self) -> BinaryIO:
        """Raises SourceError."""
        raise SourceError(f"{NAME} are no file; use the functions for tables")


class TablesSource:
    """See contracts.Source."""

    kind = NAME

    def __init__(
        self,
        tables: TablesInput,
        keys: Mapping[TableName, tuple[str, ...]],
        references: Mapping[TableName, tuple[ForeignKey, ...]],
    ) -> None:
        self.input: Input = tables
        self.tables = tables.tables
        self._schema = Schema(
            tuple(
                Table(name, columns_of(name, table.schema, {}), keys.get(name, ()), (), references.get(name, ()))
                for name, table in tables.tables.items()
            )
        )

    def schema(self) -> Schema:
        """See contracts.Source."""
        return self._schema

    def sample(self, rows: int) -> Iterator[Rows]:
        """See contracts.Source."""
        for name, table in self.tables.items():
            thinned = BatchThinning(rows)
            for batch in table.to_batches(_ROWS):
                thinned.feed(batch)
            for batch in thinned.batches():
                yield Rows(name, texts(name, batch.schema.names, batch.columns))

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """See contracts.Source."""
        for name, table in self.tables.items():
            wanted = tuple(columns.get(name, ()))
            if not wanted or not table.num_rows:
                yield Verbatim(place=name)
                continue
            for batch in table.to_batches(_ROWS):
                yield Rows(name, texts(name, wanted, [batch.column(each) for each in wanted]), batch)


class TablesSink:
    """See contracts.Sink; `tables` is the result, complete after `close`."""

    def __init__(self, source: TablesSource) -> None:
        self._source = source.tables
        self._old: dict[TableName, list[pa.RecordBatch]] = {}
        self._new: dict[TableName, list[pa.RecordBatch]] = {}
        self._done = False
        self._whole: list[TableName] = []

    def write(self, part: Verbatim | Rows) -> None:
        """See contracts.Sink."""
        if isinstance(part, Verbatim):
            self._whole.append(part.place)
        else:
            self._old.setdefault(part.table, []).append(part.frame)
            self._new.setdefault(part.table, []).append(part.batch)

    @property
    def tables(self) -> Mapping[TableName, pa.Table]:
        """Raises InternalError for a result that was not closed."""
        if not self._done:
            raise InternalError("the tables were not written completely; do not use them")
        return {name: self._source[name] if name in self._whole else self._table(name) for name in self._source}

    def _table(self, name: TableName) -> pa.Table:
        source, new = self._source[name], self._new[name]
        if not sum(batch.num_rows for batch in new):
            return source.schema.empty_table()
        result = source
        for column in new[0].schema.names:
            place = source.schema.get_field_index(column)
            own = source.schema.field(place)
            pieces = [
                (old.select([column]), after.select([column])) for old, after in zip(self._old[name], new, strict=True)
            ]
            if pa.types.is_dictionary(own.type) and len(pieces) > 1:  # one dictionary for the whole column
                old = pa.Table.from_batches([old for old, _ in pieces]).unify_dictionaries().combine_chunks()
                after = pa.Table.from_batches([after for _, after in pieces]).combine_chunks()
                pieces = [(old.to_batches()[0], after.to_batches()[0])]
            chunks = [
                with_texts(name, old, texts(name, [column], old.columns), after).column(0) for old, after in pieces
            ]
            result = result.set_column(place, own, pa.chunked_array(chunks, own.type))
        return result

    def close(self) -> None:
        """See contracts.Sink."""
        self._done = True

    def abort(self) -> None:
        """See contracts.Sink."""
        self._new.clear()
