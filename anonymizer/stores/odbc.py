"""A live database behind an open ODBC connection: SQL Server, PostgreSQL, MariaDB and MySQL, others to look at.

The connection is opened by `servers.odbc`; this store knows no other input. Every cell travels as the text that the
server itself writes for it, so pseudonyms are the same as in a dump of the same database. Rows come in the order of a
key; tables come before those that reference them. The result can only go into another such database of the same kind.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from anonymizer.contracts import Input, Rows, Sink, Source, Verbatim
from anonymizer.errors import InternalError, SettingError
from anonymizer.model.schema import Schema, TableName
from anonymizer.stores._odbc.dialect import Dialect, in_order
from anonymizer.stores._odbc.dialects import dialect_of
from anonymizer.stores._odbc.link import Link, OdbcInput
from anonymizer.stores._odbc.stored import Stored
from anonymizer.stores._thinning import BatchThinning

NAME = "ODBC database"


def recognises(source: Input) -> bool:
    """Whether it is an open connection."""
    return isinstance(source, OdbcInput)


def open_source(source: Input) -> OdbcSource:
    """Reads nothing yet."""
    if not isinstance(source, OdbcInput):
        raise InternalError("an ODBC database is read through its connection only")
    return OdbcSource(source)


def open_sink(source: Source, target: Path) -> Sink:
    """There is no file that could hold the result. Raises SettingError."""
    raise SettingError(
        "what is read by ODBC can only be loaded into an empty database with the same tables: name an odbc:// or"
        " mssql:// address as the target"
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """All cells of some rows of a table."""

    stored: Stored
    batch: pa.RecordBatch


class OdbcSource:
    """Reads one database; see contracts.Source."""

    kind = NAME

    def __init__(self, source: OdbcInput) -> None:
        self.input = source
        self.link: Link = source.link
        self.dialect: Dialect = dialect_of(source.dialect)

    @cached_property
    def tables(self) -> tuple[Stored, ...]:
        """All base tables, referenced ones first. The connection sees one state, so they are asked for once."""
        return in_order(self.dialect.stored(self.link))

    def schema(self) -> Schema:
        """See contracts.Source."""
        return Schema(tuple(stored.table for stored in self.tables))

    def sample(self, rows: int) -> Iterator[Rows]:
        """See contracts.Source. Long values are cut off."""
        for stored in self.tables:
            if stored.cells:
                thinning = BatchThinning(rows)
                for batch in self.link.stream(self._sampling(stored, rows), stored.names, str(stored.name)):
                    thinning.feed(batch)
                for batch in thinning.batches():
                    yield Rows(stored.name, batch)

    def _sampling(self, stored: Stored, rows: int) -> str:
        counted = self.link.rows(f"SELECT COUNT(*) FROM {self.dialect.rows_of(stored)}")
        step = -(-int(counted[0][0]) // max(rows, 1))
        return self.dialect.sample(stored, max(step, 1)) or self.dialect.select(stored)

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """See contracts.Source. Untouched rows are Verbatim by their place, which holds their cells."""
        for stored in self.tables:
            wanted = list(columns.get(stored.name, ()))
            if not stored.cells:
                continue
            if not set(wanted) <= set(stored.names):
                raise InternalError(f"{stored.name}: a computed column cannot be replaced")
            for batch in self.link.stream(self.dialect.select(stored), stored.names, str(stored.name)):
                frame = Frame(stored, batch)
                yield Rows(stored.name, batch.select(wanted), frame) if wanted else Verbatim(place=frame)
