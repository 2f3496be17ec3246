"""Loading a script into a fresh database, statement by statement, and proving that the database holds its rows.

Nothing leads out of that database: statements about databases are left out, those about the whole server are refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from anonymizer.errors import TargetError
from anonymizer.servers._pg_login import Login
from anonymizer.stores._sql_text import POSTGRES, Kind, Piece, SqlText

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

_COPY = re.compile(rb"COPY\s+(?P<table>[^()\s].*?)\s*(?P<columns>\(.*\))?\s*FROM\s+STDIN\s*;", re.I | re.DOTALL)
_WHOLE_DATABASE = re.compile(
    rb"(?:CREATE|ALTER|DROP|COMMENT\s+ON|SECURITY\s+LABEL\b.*?\bON)\s+DATABASE\b"
    rb"|(?:GRANT|REVOKE)\b[^;']*?\bON\s+DATABASE\b",
    re.IGNORECASE | re.DOTALL,
)
"""What `pg_dump --create` writes besides the content."""
_WHOLE_SERVER = re.compile(
    rb"(?:CREATE|ALTER|DROP)\s+(?:ROLE|USER(?!\s+MAPPING)|GROUP|TABLESPACE|SUBSCRIPTION|SYSTEM)\b"
    rb"|GRANT\s+(?:(?!\bON\b)[^;])+;\s*\Z",
    re.IGNORECASE,
)
_OF_ROLES = re.compile(
    rb"ALTER\s.*\bOWNER\s+TO\s+\S+\s*;|(?:GRANT|REVOKE|ALTER\s+DEFAULT\s+PRIVILEGES|CREATE\s+POLICY"
    rb"|SET\s+SESSION\s+AUTHORIZATION|COMMENT\s+ON\s+EXTENSION)\b",
    re.IGNORECASE | re.DOTALL,
)
_SETTING = re.compile(rb"SET\s", re.IGNORECASE)
_EXTENSION = re.compile(rb"CREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?\"?([\w-]+)", re.IGNORECASE)
_FOR_READING = re.compile(
    rb"SET\s+(?:client_encoding|search_path)\b|SELECT\s+pg_catalog\.set_config\('search_path'", re.IGNORECASE
)
_SPELLING = (
    "datestyle = ISO",
    "intervalstyle = postgres",
    "extra_float_digits = 3",
    "bytea_output = hex",
    "synchronize_seqscans = off",
)
"""As pg_dump sets them."""
_LACKING = ("42704", "42501", "0LP01", "22023")
"""SQLSTATE: no such role or setting, no privilege for it."""
_OLD_SERVER = ("42601", "42704", "42703", "42883")


@dataclass(slots=True)
class Loaded:
    """What became of a script."""

    left_out: int = 0
    """Statements about owners and privileges that the server does not take."""


def load(script: BinaryIO, connection: Connection, login: Login) -> Loaded:
    """Execute the script. Raises TargetError for the first statement that fails, without quoting it."""
    import psycopg

    done, connected = Loaded(), False
    pieces = iter(SqlText(script, POSTGRES))
    for piece in pieces:
        if piece.kind is Kind.COMMAND:
            connects = bytes(piece.data).startswith((b"\\c ", b"\\connect "))
            if connects and connected:
                raise TargetError(f"line {piece.line} leads to a second database; dump one database with pg_dump")
            connected = connected or connects
            continue
        if piece.kind not in (Kind.STATEMENT, Kind.INSERTS):
            continue
        statement = bytes(piece.data)
        try:
            copied = _COPY.fullmatch(statement) if piece.kind is Kind.STATEMENT else None
            if copied is not None:
                _fill(connection, copied, pieces)
            elif piece.kind is Kind.INSERTS or not _left_out(statement, piece.line):
                connection.execute(statement)
        except psycopg.Error as error:
            if error.sqlstate not in _LACKING or not (_OF_ROLES.match(statement) or _SETTING.match(statement)):
                raise _failed(statement, piece.line, error, login) from None
            done.left_out += _SETTING.match(statement) is None
    if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        raise TargetError("the script does not end its last transaction; make the dump again with pg_dump")
    return done


def _fill(connection: Connection, copied: re.Match[bytes], pieces: Iterator[Piece]) -> None:
    """Rows into a table whose file is new in the transaction: then they lie in the order in which they come.

    A table from an earlier transaction may have room in earlier pages, where PostgreSQL puts rows first.
    """
    import psycopg

    table = copied["table"]
    with connection.transaction(), connection.cursor() as cursor:
        row = cursor.execute(b"SELECT NOT EXISTS (SELECT FROM ONLY " + table + b")").fetchone()
        if row == (True,):
            with suppress(psycopg.DatabaseError), connection.transaction():  # partitioned, or foreign keys lead to it
                cursor.execute(b"TRUNCATE ONLY " + table)
        with cursor.copy(copied[0]) as copy:
            for data in _copied(pieces):
                copy.write(data)


def _copied(pieces: Iterator[Piece]) -> Iterator[bytes]:
    """The lines of the block that begins here."""
    for piece in pieces:
        if piece.kind is Kind.COPY_DATA:
            yield bytes(piece.data)
        elif piece.kind is Kind.COPY_END:
            return


def _left_out(statement: bytes, line: int) -> bool:
    if _WHOLE_SERVER.match(statement):
        raise TargetError(f"line {line} changes the whole server; dump one database with pg_dump, without roles")
    return _WHOLE_DATABASE.match(statement) is not None


def _failed(statement: bytes, line: int, error: psycopg.Error, login: Login) -> TargetError:
    code = error.sqlstate
    if code is None or code.startswith("08") or code in ("57P01", "57P02", "57P03"):
        return TargetError(str(login.failed("the result was being loaded", error)))
    extension = _EXTENSION.match(statement)
    if extension:
        return TargetError(
            f"{login.address}: the extension {extension[1].decode()} cannot be made there (SQLSTATE {code}); install it"
            " on that server, or ask its administrator to"
        )
    old = "; the server may be older than the source's" if code in _OLD_SERVER else ""
    return TargetError(
        f"{login.address}: line {line} of the result does not load (SQLSTATE {code}){old}; the server's log says why"
    )


# --- proof ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Held:
    """The rows that a script holds of one table."""

    columns: bytes
    """In brackets; empty for all."""
    digest: bytes = b""


def prove(script: Callable[[], AbstractContextManager[BinaryIO]], connection: Connection, login: Login) -> None:
    """Read the rows again from the server: it must hold those of the script's COPY blocks.

    Where the texts differ, the script may spell a value otherwise than the server (0.50, the keys of a jsonb in another
    order), or the rows may lie in another order: then both are compared as the server spells them, and sorted.
    Raises TargetError.
    """
    import psycopg

    try:
        for setting in _SPELLING:
            connection.execute(f"SET {setting}".encode())
        with script() as stream:
            tables = _written(stream, connection)
        doubtful = {table: held for table, held in tables.items() if held.digest != _digest(connection, held, table)}
        if doubtful:
            with script() as stream:
                _copy_aside(stream, connection, doubtful)
        for number, (table, held) in enumerate(doubtful.items()):
            aside = b"pg_temp.written_%d" % number
            if _digest(connection, held, aside, by_value=True) != _digest(connection, held, table, by_value=True):
                name = table.decode(connection.info.encoding, "replace")
                raise TargetError(f"{login.address} does not hold the rows that were written to {name}; run again")
    except psycopg.Error as error:
        raise login.failed("the loaded rows were being read again", error) from None


def _digest(connection: Connection, held: _Held, table: bytes, by_value: bool = False) -> bytes:
    """Of the rows of a table as COPY text, in the order in which they lie or in that of their values."""
    digest = hashlib.blake2b(digest_size=32)
    rows = table + b" " + held.columns
    if held.columns and (by_value or _is_root(connection, table)):  # the rows of a partitioned table lie elsewhere
        columns = held.columns[1:-1]
        rows = b"(SELECT %s FROM %s ORDER BY ROW(%s)::text)" % (columns, table, columns)
    with connection.cursor() as cursor, cursor.copy(b"COPY " + rows + b" TO STDOUT") as copy:
        for data in copy:
            digest.update(data)
    return digest.digest()


def _copy_aside(script: BinaryIO, connection: Connection, tables: dict[bytes, _Held]) -> None:
    """The rows of some tables into tables of this session alone."""
    numbers = {table: number for number, table in enumerate(tables)}
    for table, held in tables.items():
        connection.execute(
            b"CREATE TEMP TABLE written_%d AS SELECT %s FROM %s WITH NO DATA"
            % (numbers[table], held.columns[1:-1], table)
        )
    pieces = iter(SqlText(script, POSTGRES))
    for piece in pieces:
        copied = _COPY.fullmatch(bytes(piece.data)) if piece.kind is Kind.STATEMENT else None
        if copied is None or copied["table"] not in numbers:
            continue
        into = b"COPY pg_temp.written_%d %s FROM STDIN" % (numbers[copied["table"]], copied["columns"] or b"")
        with connection.cursor() as cursor, cursor.copy(into) as copy:
            for data in _copied(pieces):
                copy.write(data)


def _is_root(connection: Connection, table: bytes) -> bool:
    row = connection.execute(
        b"SELECT relkind = 'p' FROM pg_catalog.pg_class WHERE oid = '%s'::regclass" % table.replace(b"'", b"''")
    )
    return row.fetchone() == (True,)


def _written(script: BinaryIO, connection: Connection) -> dict[bytes, _Held]:
    """Table, as the script calls it -> its rows. A script with rows in INSERT statements has none.

    The script's encoding and search path are set, so that its names can be used as they stand.
    """
    tables: dict[bytes, _Held] = {}
    digests: dict[bytes, Any] = {}
    pieces = iter(SqlText(script, POSTGRES))
    for piece in pieces:
        if piece.kind is Kind.INSERTS:
            return {}
        if piece.kind is not Kind.STATEMENT:
            continue
        statement = bytes(piece.data)
        copy = _COPY.fullmatch(statement)
        if copy is None:
            if _FOR_READING.match(statement):
                connection.execute(statement)
            continue
        table = copy["table"]
        held = tables.setdefault(table, _Held(copy["columns"] or _every_column(connection, table)))
        digest = digests.setdefault(table, hashlib.blake2b(digest_size=32))
        for data in _copied(pieces):
            digest.update(data)
        held.digest = digest.digest()
    return tables


def _every_column(connection: Connection, table: bytes) -> bytes:
    """Those that COPY fills when none is named."""
    row = connection.execute(
        b"SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_catalog.pg_attribute"
        b" WHERE attrelid = '%s'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
        % table.replace(b"'", b"''")
    ).fetchone()
    return f"({row[0]})".encode(connection.info.encoding) if row and row[0] else b""
