"""SQLite database files, read as they lie and written as new files.

The source is opened read-only and as immutable: nothing beside it is made or changed. What immutable reading would miss
(a write-ahead log or a journal with the last transactions) and what SQLite cannot open (a compressed file, a pipe) is
first put together as a copy in the private work folder, readable by its owner alone and gone with it.

The result is a new file, so that no page of it ever held a real value: tables first, with their row numbers, each row
inserted once with its final values, then indexes, full-text indexes, views and triggers. Statistics (`sqlite_stat…`)
hold samples of values and are not copied; `ANALYZE` makes them again. The bytes of a database file depend on its
history, so the result equals the source in rows, order and structure, not in bytes.

A replaced value keeps its storage class where its text allows: an integer that is replaced by digits stays an integer,
a blob a blob. Full-text and R-tree tables are read and written through themselves; a full-text index over another
table is made again from the new rows.

Source of the file format: SQLite documentation, "Database File Format".
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from anonymizer.contracts import Input, Rows, Source, Verbatim
from anonymizer.errors import InternalError, SourceError, TargetError
from anonymizer.model.schema import Schema, TableName, quote_name
from anonymizer.stores._output import is_compressed, open_output
from anonymizer.stores._sqlite.cells import Cell, from_arrow, to_arrow
from anonymizer.stores._sqlite.image import MAGIC, Image, code, unreadable
from anonymizer.stores._sqlite.rows import blocks, name_list, sample_queries, text_errors
from anonymizer.stores._sqlite.schema import (
    Storage,
    StoredTable,
    check_expressions,
    quote,
    read_schema,
    stored_tables,
)

NAME = "SQLite file"


def recognises(source: Input) -> bool:
    """By the first 16 bytes."""
    return source.head(len(MAGIC)) == MAGIC


def open_source(source: Input) -> SqliteSource:
    """Raises SourceError for a file that is shorter than it says."""
    return SqliteSource(source)


def open_sink(source: Source, target: Path) -> SqliteSink:
    """A new database at `target`; compressed at the end if its suffix asks for it."""
    if not isinstance(source, SqliteSource):
        raise InternalError("the result of a SQLite file needs a SQLite file as its source")
    return SqliteSink(source, target)


# --- source -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the rows of a batch lie in the source, and their cells in the wanted columns."""

    table: StoredTable
    wanted: tuple[str, ...]
    keys: Sequence[Sequence[Cell]]
    """One per column of the table's key."""
    cells: Sequence[Sequence[Cell]]
    """One per wanted column."""
    batch: pa.RecordBatch


class SqliteSource:
    """Reads one database file; see contracts.Source."""

    kind = NAME

    def __init__(self, source: Input) -> None:
        self.input = source
        self.image = Image(source)

    def schema(self) -> Schema:
        """See contracts.Source."""
        with self.image.connection() as connection:
            return read_schema(connection)

    def sample(self, rows: int) -> Iterator[Rows]:
        """See contracts.Source. Long values are cut off."""
        with self.image.connection() as connection:
            stored = {table.name: table for table in stored_tables(connection)}
            for described in read_schema(connection).tables:
                table, names = stored[described.name.name], [column.name for column in described.columns]
                with text_errors(connection, table, names):
                    for sql in sample_queries(connection, table, names, rows):
                        for cells in blocks(connection.execute(sql)):
                            yield Rows(described.name, _batch(names, cells))

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """See contracts.Source."""
        with self.image.connection() as connection:
            for table in stored_tables(connection):
                wanted = tuple(columns.get(TableName("", table.name), ()))
                if not set(wanted) <= set(table.columns):
                    raise InternalError(f"{quote_name(table.name)}: a computed column cannot be replaced")
                if wanted and table.has_rows:
                    with text_errors(connection, table, wanted):
                        yield from _rows(connection, table, wanted)
                elif table.has_rows:
                    yield Verbatim(place=table)
        self.image.require_unchanged()


def _rows(connection: sqlite3.Connection, table: StoredTable, wanted: tuple[str, ...]) -> Iterator[Rows]:
    key = name_list(table.key)
    sql = f"SELECT {key}, {name_list(wanted)} FROM {quote(table.name)} ORDER BY {key}"
    for columns in blocks(connection.execute(sql)):
        keys, cells = columns[: len(table.key)], columns[len(table.key) :]
        batch = _batch(wanted, cells)
        yield Rows(TableName("", table.name), batch, _Frame(table, wanted, keys, cells, batch))


def _batch(names: Sequence[str], cells: Sequence[Sequence[Cell]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([to_arrow(column) for column in cells], names=list(names))


# --- sink -------------------------------------------------------------------------------------------------------

_KEPT = ("page_size", "encoding", "auto_vacuum", "application_id", "user_version")
"""Settings of a database file; some can be set only while it is empty."""


class SqliteSink:
    """Writes one new database file; see contracts.Sink."""

    def __init__(self, source: SqliteSource, target: Path) -> None:
        self._source = source
        self._target = target
        self._closed = False
        self._file = target.with_name(f".{target.stem}.unpacked") if is_compressed(target) else target
        open_output(self._file).close()  # new, and private before anything is in it
        self._connection = sqlite3.connect(
            self._file.absolute().as_uri(), uri=True, isolation_level=None, check_same_thread=False
        )
        self._create_tables()

    def write(self, part: Verbatim | Rows) -> None:
        """See contracts.Sink."""
        if isinstance(part, Verbatim):
            table: StoredTable = part.place
            with self._errors(table.name):
                self._connection.execute(_copy(table, {}) + f" ORDER BY {name_list(table.key)}")
        elif part.batch.num_rows:
            frame: _Frame = part.frame
            cells = [
                from_arrow(cells, old, new)
                for cells, old, new in zip(frame.cells, frame.batch.columns, part.batch.columns, strict=True)
            ]
            self._write_rows(frame, cells)

    def _write_rows(self, frame: _Frame, cells: Sequence[Sequence[Cell]]) -> None:
        """Every row is fetched from the source by its key: only the wanted cells pass through here."""
        table = frame.table
        places = {name: f"?{number}" for number, name in enumerate(frame.wanted, 1)}
        found = " AND ".join(f"{quote(name)} = ?{number}" for number, name in enumerate(table.key, len(places) + 1))
        with self._errors(table.name):
            done = self._connection.executemany(
                f"{_copy(table, places)} WHERE {found}", zip(*cells, *frame.keys, strict=True)
            )
            if done.rowcount != frame.batch.num_rows:
                raise InternalError(f"{table.name}: not every row was written; do not use the result")

    def close(self) -> None:
        """See contracts.Sink. Raises TargetError when the new rows break what the database promises of them."""
        self._create_others()
        with self._errors("the finished database"):
            self._connection.execute("COMMIT")
            self._require_sound()
            self._connection.execute("DETACH DATABASE original")
            if self._source.image.write_ahead:
                self._connection.execute("PRAGMA journal_mode = WAL").fetchall()
            self._connection.close()
        if self._file != self._target:
            with self._file.open("rb") as file, open_output(self._target) as output:
                shutil.copyfileobj(file, output, 1 << 20)
            self._file.unlink()
        self._closed = True

    def abort(self) -> None:
        """See contracts.Sink. The file goes: what SQLite had written of it could look whole."""
        with suppress(sqlite3.Error):
            self._connection.close()
        if not self._closed:
            with suppress(OSError):
                self._file.unlink(missing_ok=True)

    def _create_tables(self) -> None:
        with self._source.image.connection() as original:
            kept = {name: original.execute(f"PRAGMA {name}").fetchone()[0] for name in _KEPT}
            self._tables = stored_tables(original)
        with self._errors("the new database"):
            for name, value in kept.items():
                self._connection.execute(f"PRAGMA {name} = '{value}'")
            for setting in _WHILE_WRITING:
                self._connection.execute(f"PRAGMA {setting}").fetchall()
            self._connection.execute("ATTACH DATABASE ? AS original", [self._source.image.uri])
            self._connection.execute("BEGIN")
        # a virtual table may look at the table that it indexes
        for table in sorted(self._tables, key=lambda table: bool(table.module)):
            with self._errors(quote_name(table.name)):
                self._connection.execute(table.sql)

    def _create_others(self) -> None:
        """What is made of the rows, and what must not act while they are written."""
        self._create("index")
        self._create("view")
        for table in self._tables:
            name = quote(table.name)
            with self._errors(quote_name(table.name)):
                if table.storage is Storage.REBUILT:
                    self._connection.execute(f"INSERT INTO main.{name} ({name}) VALUES ('rebuild')")
                if table.module == "fts5":
                    config = quote(f"{table.name}_config")
                    self._connection.execute(
                        f"INSERT OR REPLACE INTO main.{config} SELECT * FROM original.{config} WHERE k <> 'version'"
                    )
        self._create("trigger")
        self._copy_sequences()

    def _copy_sequences(self) -> None:
        """The row numbers that AUTOINCREMENT gave out last, be their rows there or not."""
        run = self._connection.execute
        with self._errors("sqlite_sequence"):
            if run("SELECT 1 FROM original.sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
                new = dict(run("SELECT name, seq FROM main.sqlite_sequence"))
                old = run("SELECT name, seq FROM original.sqlite_sequence ORDER BY rowid")
                numbers = [(name, max(number or 0, new.get(name) or 0)) for name, number in old]
                run("DELETE FROM main.sqlite_sequence")
                self._connection.executemany("INSERT INTO main.sqlite_sequence (name, seq) VALUES (?, ?)", numbers)

    def _create(self, kind: str) -> None:
        own = {table.name for table in self._tables}
        for name, table, sql in self._connection.execute(
            "SELECT name, tbl_name, sql FROM original.sqlite_master WHERE type = ? AND sql IS NOT NULL ORDER BY rowid",
            [kind],
        ).fetchall():
            if kind != "index" or table in own:  # shadow tables bring their own
                with self._errors(quote_name(name)):
                    self._connection.execute(sql)

    def _require_sound(self) -> None:
        self._connection.execute("PRAGMA ignore_check_constraints = OFF")
        found = _problems(self._connection)
        if not found:
            return
        with self._source.image.connection() as original:
            broken = found - _problems(original)
        if broken.pop(_CHECK_FAILED, 0):  # which SQLite does not look for where it may not write
            broken.update(f"CHECK of {quote_name(table.name)}" for table in self._tables if self._checks_broken(table))
        if broken:
            raise TargetError(
                f"constraints do not hold for the new values: {'; '.join(sorted(broken)[:5])}; change the rules of the"
                " columns in them"
            )

    def _checks_broken(self, table: StoredTable) -> bool:
        """Whether more rows than in the source fail the table's own CHECK constraints."""
        failing = " OR ".join(f"NOT ({expression})" for expression in check_expressions(table.sql))
        counts = [
            self._connection.execute(f"SELECT count(*) FROM {schema}.{quote(table.name)} WHERE {failing}").fetchone()[0]
            for schema in (("main", "original") if failing else ())
        ]
        return bool(counts) and counts[0] > counts[1]

    @contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        """Turn what SQLite says, which may quote values, into errors that name `what`."""
        try:
            yield
        except sqlite3.Error as error:
            name = code(error)
        else:
            return
        if name.startswith("SQLITE_CONSTRAINT"):
            raise TargetError(f"{what}: the new values break a constraint ({name}); change the rules of its columns")
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_TOOBIG", "SQLITE_CANTOPEN")):
            raise TargetError(f"{what} cannot be written ({name}); free space on the target's disk and run again")
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise unreadable(self._source.input.name, name)
        raise SourceError(
            f"{what} cannot be made again ({name}); it may need a module, collation or function of the program that"
            " uses the database: drop it from a copy of the source"
        )


_WHILE_WRITING = (
    "journal_mode = OFF",
    "synchronous = OFF",
    "foreign_keys = OFF",
    "ignore_check_constraints = ON",
    "cache_size = -32768",
)
"""Nobody uses the file before it is published, so a half-written one needs no way back. A row of the source that breaks
a constraint is copied all the same."""


def _copy(table: StoredTable, places: Mapping[str, str]) -> str:
    """The statement that copies rows of a table with some columns from elsewhere; row numbers are kept."""
    columns = (table.row_number, *table.columns) if table.row_number else table.columns
    values = ", ".join(places.get(name, quote(name)) for name in columns)
    return (
        f"INSERT INTO main.{quote(table.name)} ({name_list(columns)}) SELECT {values} FROM original.{quote(table.name)}"
    )


_CHECK_FAILED = "CHECK constraint failed"


def _problems(connection: sqlite3.Connection) -> Counter[str]:
    """What SQLite's own check says of the main database, without "ok" and without the tables of failed CHECKs."""
    lines = (line for (line,) in connection.execute("PRAGMA main.quick_check") if line != "ok")
    return Counter(_CHECK_FAILED if line.startswith(_CHECK_FAILED) else line for line in lines)
