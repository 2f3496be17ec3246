"""What pg_dump says of a database, as a compressed stream: all of it, or its definitions with a sample of the rows."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import zstandard

from anonymizer.errors import SourceError
from anonymizer.servers._postgresql_connection import READ_ONLY, Login, told
from anonymizer.servers._postgresql_tools import connection_arguments, environment, program, reason

if TYPE_CHECKING:
    import psycopg

_BLOCK = 1 << 20
_LEVEL = 1
_OURS = ("--no-owner", "--no-privileges", "--encoding=UTF8")


class _Compressed:
    """Blocks of text as one readable zstd stream: a spooled dump needs a fifth of the room."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
        self._done = False

    def read(self, size: int = -1) -> bytes:
        """Some bytes, whatever `size` is; b"" at the end."""
        while not self._done:
            block = next(self._blocks, None)
            if block is None:
                self._done = True
                return self._compressor.flush()
            if data := self._compressor.compress(block):
                return data
        return b""


def dump_stream(login: Login, server: int, snapshot: str = "") -> _Compressed:
    """The whole database as it was at that snapshot, or as it is."""
    return _Compressed(_dumped(login, server, snapshot, ()))


def _dumped(login: Login, server: int, snapshot: str, more: Sequence[str]) -> Iterator[bytes]:
    wanted = [*_OURS, *([f"--snapshot={snapshot}"] if snapshot else []), *more]
    command = [program("pg_dump", server), *wanted, *connection_arguments(login.conninfo)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(login.password, PGOPTIONS=READ_ONLY),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    said = bytearray()
    listener = threading.Thread(target=lambda errors: said.extend(errors.read(_BLOCK)), args=(process.stderr,))
    listener.start()
    try:
        while block := process.stdout.read(_BLOCK):
            yield block
        process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        listener.join()
        process.stdout.close()
        process.stderr.close()
    if process.returncode:
        raise SourceError(f"{login.address} {reason(bytes(said))}")


_TABLES = """
    SELECT c.oid, format('%I.%I', n.nspname, c.relname), greatest(c.reltuples, 0), pg_relation_size(c.oid),
           (SELECT array_agg(quote_ident(a.attname) ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                      AND d.deptype = 'e')
    ORDER BY 2
"""
_SMALL = 4 << 20
"""Bytes of a table that is read from its first row on rather than by pages drawn by lot."""


def sampled_dump(login: Login, server: int, snapshot: str, connection: psycopg.Connection, rows: int) -> _Compressed:
    """The definitions of all tables, and of each table some `rows` rows from pages all over it."""
    return _Compressed(_sampled(login, server, snapshot, connection, rows))


def _sampled(login: Login, server: int, snapshot: str, connection: psycopg.Connection, rows: int) -> Iterator[bytes]:
    yield from _dumped(login, server, snapshot, ("--section=pre-data",))
    with told(login, SourceError, "sampling"):
        for _, table, count, size, columns in connection.execute(_TABLES).fetchall():
            if not columns:
                continue
            drawn = ""
            if size > _SMALL and count > 0:
                share = min(100.0, max(100.0 * rows * 3 / count, 100.0 * 8192 * 30 / size))
                drawn = f" TABLESAMPLE SYSTEM ({share:.6f}) REPEATABLE (1)"
            names = ", ".join(columns)
            yield f"\nCOPY {table} ({names}) FROM stdin;\n".encode()
            query = f"COPY (SELECT {names} FROM ONLY {table}{drawn} LIMIT {rows}) TO STDOUT"
            with connection.cursor().copy(query) as copy:
                for block in copy:
                    yield bytes(block)
            yield b"\\.\n\n"
    yield from _dumped(login, server, snapshot, ("--section=post-data",))
