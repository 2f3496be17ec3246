"""What a reader of one written database offers to the checks, and how they get one.

The readers know the formats' definitions and nothing of the code that wrote the result. They give the rows with every
stored column as Arrow `string` (null for NULL), and all that stands outside the rows as text.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from anonymizer.contracts import Input
from anonymizer.errors import AnonymizerError, InternalError
from anonymizer.model.schema import Schema, TableName

BLOCK = 4 << 20
"""Bytes of rows that are handled at a time."""

ROW_ID, STORAGE = "(rowid)", "(storage class)"
"""Columns that SQLite keeps beside the declared ones: names that no declared column has."""

_READERS = {
    "PostgreSQL plain dump": "_pg_plain",
    "PostgreSQL custom archive": "_pg_archive",
    "PostgreSQL directory archive": "_pg_archive",
    "PostgreSQL tar archive": "_pg_archive",
    "Parquet folder": "_parquet",
    "tables in memory": "_tables",
    "ODBC database": "_odbc",
    "SQL Server package": "_bacpac",
    "SQL Server script": "_mssql_script",
    "SQL Server script folder": "_mssql_folder",
    "SQLite file": "_sqlite",
    "SQLite dump": "_sqlite_dump",
    "MySQL dump": "_mysql_dump",
    "mydumper folder": "_mydumper",
    "MySQL script folder": "_mydumper",
    "MySQL tab folder": "_mysql_tab",
    "CSV folder": "_csv",
}


class Unreadable(Exception):
    """A database cannot be read as what it should be. The message is a sentence without any value."""

    def __init__(self, reader: Reader, sentence: str) -> None:
        super().__init__(sentence)
        self.reader = reader


@dataclass(frozen=True, slots=True)
class Text:
    """A piece outside the rows: statements, entries of a table of contents, settings."""

    place: str
    """Where it stands, for people."""
    data: bytes
    fixed: bool = True
    """It has to be the same in the result; statistics and search indexes, for one, are made anew."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some consecutive rows of one table."""

    table: TableName
    columns: tuple[str, ...]
    batch: Callable[[], pa.RecordBatch]
    """All columns, each Arrow `string`."""
    data: bytes | None = None
    """The same rows as they stand, where that is one piece of text: equal data are equal rows."""
    rows: int | None = None
    """How many, where that is known without taking them apart."""
    order: tuple[str, ...] = ()
    """Columns by which the rows are stored; when they change, the rows of two databases no longer run in parallel."""

    outside: Callable[[], Text] | None = None
    """Text among the rows that is no value: comments, casts, what follows them."""

    def count(self) -> int:
        """How many rows."""
        return int(self.batch().num_rows) if self.rows is None else self.rows


Part = Text | Block


class Reader:
    """Reads one database from its first part to its last, as often as asked. Every method may raise Unreadable."""

    kind = ""
    """The NAME of the store that wrote it."""

    def __init__(self, source: Input, schema: Schema) -> None:
        self.source = source
        self.schema = schema
        self._exact = {table.name: table.name for table in schema.tables}
        self._bare: dict[str, list[TableName]] = {}
        for table in schema.tables:
            self._bare.setdefault(table.name.name.lower(), []).append(table.name)

    def parts(self) -> Iterator[Part]:
        """Everything, in stored order; a table without rows may come as an empty block or not at all."""
        raise NotImplementedError

    def tables(self) -> tuple[TableName, ...]:
        """The tables that have a place for rows."""
        return tuple(dict.fromkeys(part.table for part in self.parts() if isinstance(part, Block)))

    def rows(self, table: TableName) -> Iterator[pa.RecordBatch]:
        """All rows of one table, in stored order."""
        for part in self.parts():
            if isinstance(part, Block) and part.table == table:
                yield part.batch()

    def text(self) -> Iterator[Text]:
        """Everything outside the rows."""
        for part in self.parts():
            if isinstance(part, Text):
                yield part

    def raw(self) -> Iterator[bytes]:
        """Overlapping blocks of stored bytes that are neither rows nor text: free pages and the like."""
        return iter(())

    def close(self) -> None:
        """Let go of everything; private copies vanish."""

    def failed(self, sentence: str) -> Unreadable:
        """The error to raise."""
        return Unreadable(self, sentence)

    def named(self, schema: str, name: str) -> TableName:
        """The table of the plan that is meant, by its full name or a bare one that is unique; else just that name."""
        exact = self._exact.get(TableName(schema, name))
        if exact is not None:
            return exact
        found = self._bare.get(name.lower(), [])
        if len(found) == 1 and not (schema and found[0].schema and found[0].schema.lower() != schema.lower()):
            return found[0]
        return TableName(schema, name)

    @contextmanager
    def stream(self) -> Iterator[BinaryIO]:
        """The decompressed bytes; what goes wrong while reading them becomes Unreadable."""
        try:
            with self.source.open() as stream:
                yield stream
        except (AnonymizerError, OSError, EOFError) as error:
            raise self.failed(f"cannot be read to its end ({type(error).__name__})") from None


def open_reader(source: Input, kind: str, schema: Schema, work: Path | None = None) -> Reader:
    """The reader for a kind of database, as the stores name it. Raises InternalError for a kind without one.

    `work` is a private folder for what cannot be read where it lies; without one, that is unreadable.
    """
    if kind not in _READERS:
        raise InternalError(f"there is no verifier for a {kind}; nothing of it may be published")
    module = importlib.import_module(f"anonymizer.verify.{_READERS[kind]}")
    reader: Reader = module.reader(source, schema, work)
    reader.kind = kind
    return reader
