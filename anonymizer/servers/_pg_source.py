"""A live PostgreSQL database as an input: the dump that pg_dump makes of one snapshot, anew at each reading."""

from __future__ import annotations

import io
import secrets
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from anonymizer.errors import SourceError
from anonymizer.servers._pg_login import Login
from anonymizer.servers._pg_tools import takes, tool

if TYPE_CHECKING:
    import psycopg

_BUFFER = 1 << 20
_HEAD = 1 << 16
_READ_ONLY = (
    "SET default_transaction_read_only = on",
    "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "SET LOCAL datestyle = ISO",
    "SET LOCAL intervalstyle = postgres",
    "SET LOCAL extra_float_digits = 3",
    "SET LOCAL bytea_output = hex",
    "SET LOCAL synchronize_seqscans = off",
    "SET LOCAL row_security = off",
)
"""The settings are those that pg_dump makes, so that values look alike."""
_DUMPED = """
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
                    AND d.objid = c.oid AND d.deptype = 'e')"""
_HIDDEN = f"""
    SELECT n.nspname, c.relname, pg_catalog.row_security_active(c.oid) {_DUMPED} AND c.relkind IN ('r', 'p', 'S')
    AND (pg_catalog.row_security_active(c.oid) OR NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND
         CASE c.relkind WHEN 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
         ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END))
    ORDER BY 3, 1, 2"""
_TABLES = f"""
    SELECT n.nspname, c.relname,
    (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid
     AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
    pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int, c.reltuples::float8
    {_DUMPED} AND c.relkind = 'r' ORDER BY 1, 2"""
_WHOLE_PAGES = 1024
"""Tables up to 8 MB are read whole for a sample; of larger ones about a quarter of that at least, spread evenly."""
_SPARE = 4
"""How many times more rows are drawn than wanted: pages are filled unevenly."""


@dataclass(frozen=True, slots=True)
class Locale:
    """The encoding of a database and how it sorts, as CREATE DATABASE names them."""

    encoding: str
    collate: str
    ctype: str
    provider: str
    """c: the operating system's, i: ICU's, b: built in."""
    name: str | None
    """The locale of a provider other than the operating system."""


class PgInput:
    """A contracts.Input: the plain dump of one snapshot, by pg_dump."""

    compressed = False

    def __init__(self, login: Login, connection: psycopg.Connection[tuple[Any, ...]], scratch: Path) -> None:
        self.name = str(login.address)
        self.path = scratch / "live"
        self.scratch = scratch
        self.mark = secrets.randbits(62)
        """The key of an advisory lock that the connection holds: who sees it in `pg_locks` sees this database."""
        self._login = login
        self._connection = connection
        self._head, self._headed = b"", 0
        self._running: list[subprocess.Popen[bytes]] = []
        (self.version,) = self._one("SELECT current_setting('server_version_num')::int / 10000")
        self._program = tool("pg_dump", self.version, SourceError)
        self.locale = self._begin()
        (self._snapshot,) = self._one("SELECT pg_catalog.pg_export_snapshot()")
        self._key = secrets.token_hex(16)

    # --- contracts.Input

    def head(self, size: int) -> bytes:
        """The first bytes."""
        if size > self._headed:
            self._headed = max(size, _HEAD)
            with self.definitions() as stream:
                self._head = stream.read(self._headed)
        return self._head[:size]

    def open(self) -> BinaryIO:
        """The whole dump. Raises SourceError, also when pg_dump fails on the way."""
        return self._dump()

    def definitions(self) -> BinaryIO:
        """The dump without rows; the whole one where only the rows tell which encoding they are in."""
        return self._dump() if self.locale.encoding == "SQL_ASCII" else self._dump("--schema-only")

    def sampled(self, rows: int) -> BinaryIO:
        """COPY blocks as the dump has them, of large tables only some pages: not fewer than `rows` rows, if it can."""
        self._require_connection()
        return cast(BinaryIO, io.BufferedReader(_Chunks(self._samples(rows)), _BUFFER))

    # --- the connection

    def close(self) -> None:
        """End what is still running, and the snapshot."""
        for process in self._running:
            process.kill()
            process.wait()
        self._connection.close()

    def _one(self, query: str) -> tuple[Any, ...]:
        row = self._connection.execute(query.encode()).fetchone()
        assert row is not None
        return row

    def _begin(self) -> Locale:
        for setting in _READ_ONLY:
            self._connection.execute(setting.encode())
        self._one(f"SELECT pg_catalog.pg_advisory_xact_lock_shared({self.mark})")
        new = {15: "datlocprovider, daticulocale", 16: "datlocprovider, daticulocale"}.get(
            self.version, "datlocprovider, datlocale" if self.version > 16 else "'c', NULL"
        )
        row = self._one(
            f"SELECT pg_catalog.pg_encoding_to_char(encoding), datcollate, datctype, {new}"
            " FROM pg_catalog.pg_database WHERE datname = current_database()"
        )
        self._connection.execute(f"SET LOCAL client_encoding = '{row[0]}'".encode())
        self._refuse_hidden()
        return Locale(*row)

    def _refuse_hidden(self) -> None:
        """Stop where the dump would fail, hold fewer rows, or be refused."""
        hidden = self._connection.execute(_HIDDEN.encode()).fetchall()
        if hidden:
            schema, table, secured = hidden[0]
            more = f" and {len(hidden) - 1} more" if len(hidden) > 1 else ""
            if any(row[2] for row in hidden):
                schema, table, secured = next(row for row in hidden if row[2])
            raise SourceError(
                f"{self.name}: "
                + (
                    f"row security hides rows of {schema}.{table}{more} from this user; log in as their owner or as a"
                    " role with BYPASSRLS"
                    if secured
                    else f"this user may not read {schema}.{table}{more}; grant SELECT on it, and USAGE on its schema,"
                    " or the role pg_read_all_data"
                )
            )
        if self._one("SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)")[0]:
            raise SourceError(
                f"{self.name} holds large objects, which are not supported: dump it with pg_dump --no-blobs and use"
                " that file"
            )

    def _require_connection(self) -> None:
        """The snapshot lives as long as its connection."""
        import psycopg

        try:
            self._one("SELECT 1")
        except psycopg.Error as error:
            raise self._login.failed("its snapshot was being read", error) from None

    # --- streams

    def _dump(self, *options: str) -> BinaryIO:
        self._require_connection()
        info = self._login.conninfo(self._login.address.database)
        command = [str(self._program), "--format=plain", "--no-password", f"--snapshot={self._snapshot}"]
        command += ["--no-subscriptions", *options]  # a copy must not take part in replication
        if takes(self._program, "--restrict-key"):
            command.append(f"--restrict-key={self._key}")  # else each dump has another one
        process = subprocess.Popen(
            [*command, f"--dbname={info}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may quote data
            env=self._login.environment(),
        )
        self._running = [each for each in self._running if each.poll() is None] + [process]
        return cast(BinaryIO, io.BufferedReader(_Piped(process, self._lost), _BUFFER))

    def _lost(self) -> SourceError:
        with suppress(SourceError):
            self._require_connection()
            return SourceError(
                f"{self.name}: pg_dump could not read the database to its end; run pg_dump yourself to see why"
            )
        return SourceError(f"{self.name}: the connection was lost while it was read; run again")

    def _samples(self, rows: int) -> Iterator[bytes]:
        import psycopg
        from psycopg import sql

        tables = self._connection.execute(_TABLES.encode()).fetchall()
        for schema, table, columns, pages, tuples in tables:
            listed = sql.SQL(", ").join(map(sql.Identifier, columns or ()))
            name = sql.Identifier(schema, table)
            head = sql.SQL("COPY {} ({}) FROM stdin;\n").format(name, listed)
            draw = sql.SQL("COPY (SELECT {} FROM ONLY {} {}) TO STDOUT").format(
                listed, name, sql.SQL(_drawn(rows, pages, tuples))
            )
            yield head.as_bytes(self._connection)
            try:
                with self._connection.cursor() as cursor, cursor.copy(draw) as copy:
                    for data in copy:
                        yield bytes(data)
            except psycopg.Error as error:
                raise self._login.failed("its tables were being sampled", error) from None
            yield b"\\.\n"


def _drawn(rows: int, pages: int, tuples: float) -> str:
    """The clause that draws some pages of a large table, the same ones at every run."""
    wanted = max(_WHOLE_PAGES // 4, _SPARE * rows * pages / tuples if tuples > 0 else _WHOLE_PAGES)
    if pages <= _WHOLE_PAGES or wanted >= pages:
        return ""
    return f"TABLESAMPLE SYSTEM ({100 * wanted / pages:.6f}) REPEATABLE (0)"


@contextmanager
def opened(login: Login, scratch: Path) -> Iterator[PgInput]:
    """The input over one snapshot, which lasts as long as the block."""
    import psycopg

    connection = login.connect()
    try:
        source = PgInput(login, connection, scratch)
    except psycopg.Error as error:
        connection.close()
        raise login.failed("making a snapshot", error) from None
    except BaseException:
        connection.close()
        raise
    try:
        yield source
    finally:
        source.close()


class _Piped(io.RawIOBase):
    """What a process writes; `failure` makes the error for one that fails."""

    def __init__(self, process: subprocess.Popen[bytes], failure: Callable[[], SourceError]) -> None:
        assert process.stdout is not None
        self._process, self._failure, self._pipe = process, failure, cast(Any, process.stdout).raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = int(self._pipe.readinto(buffer) or 0)
        if not size and self._process.wait():
            raise self._failure()
        return size

    def close(self) -> None:
        if not self.closed:
            self._process.kill()
            self._pipe.close()
            self._process.wait()
        super().close()


class _Chunks(io.RawIOBase):
    """Pieces of bytes, one after the other."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def close(self) -> None:
        cast(Any, self._chunks).close()
        super().close()
