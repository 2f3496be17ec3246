"""PostgreSQL: pg_dump makes the source, psql loads a verified result into a new database that is renamed at the end.

As a source: one snapshot, exported by a transaction that is read-only and repeatable, and pg_dump under it. The dump is
kept, compressed and encrypted, in the work folder, so that the server is read once. Owners and privileges are not
taken over: a test copy belongs to whoever made it. For detection a small dump is enough, with a sample of each table.

As a target: a new database beside the wanted one, filled by psql, compared row by row with the verified result, and
renamed at the end; the wanted one must be empty or not exist. What a killed run left is dropped by the next.

Source: PostgreSQL manual, "pg_dump", "psql", "Snapshot Synchronization Functions", "TABLESAMPLE".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from anonymizer.contracts import Input, Source, Target, WorkFolder
from anonymizer.errors import SourceError
from anonymizer.model.address import Address
from anonymizer.servers._postgresql_connection import READ_ONLY, connect, identity, login_of, told, version_of
from anonymizer.servers._postgresql_dump import dump_stream, sampled_dump
from anonymizer.servers._postgresql_target import Database
from anonymizer.stores import spool_pipe

NAME = "PostgreSQL"
SCHEMES = ("postgresql", "postgres")
KINDS = (
    "PostgreSQL plain dump",
    "PostgreSQL custom archive",
    "PostgreSQL directory archive",
    "PostgreSQL tar archive",
)
"""What a target takes, the usual one first."""


@contextmanager
def open_source(address: Address, work: WorkFolder, rows: int | None = None) -> Iterator[Input]:
    """See contracts.Server."""
    login = login_of(address)
    connection, login = connect(login, SourceError, options=READ_ONLY)
    with closing(connection), told(login, SourceError, "reading"):
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        snapshot = (connection.execute("SELECT pg_export_snapshot()").fetchone() or ("",))[0]
        reading = dump_stream(login, version_of(connection), snapshot)
        if rows is not None:
            reading = sampled_dump(login, version_of(connection), snapshot, connection, rows)
        found = spool_pipe(reading, work, str(address))
        found.identity = identity(connection)
    yield found


@contextmanager
def open_target(address: Address, source: Source, kind: str, work: WorkFolder) -> Iterator[Target]:
    """See contracts.Server."""
    with ExitStack() as stack:
        yield Database(login_of(address), source, kind, work, stack)
