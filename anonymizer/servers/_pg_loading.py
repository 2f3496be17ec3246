"""Loading a script into a fresh database, statement by statement, and proving that the database holds its rows.

Nothing leads out of that database: statements about databases are left out, those about the whole server are refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
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
            if piece.kind is Kind.STATEMENT and _COPY.fullmatch(statement):
                with connection.cursor() as cursor, cursor.copy(statement) as copy:
                    for data in _copied(pieces):
                        copy.write(data)
            elif piece.kind is Kind.INSERTS or not _left_out(statement, piece.line):
                connection.execute(statement)
        except psycopg.Error as error:
            if error.sqlstate not in _LACKING or not (_OF_ROLES.match(statement) or _SETTING.match(statement)):
                raise _failed(statement, piece.line, error, login) from None
            done.left_out += _SETTING.match(statement) is None
    if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        raise TargetError("the script does not end its last transaction; make the dump again with pg_dump")
    return done


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
    """The rows of one table, as COPY text."""

    columns: bytes
    rows: int = 0
    digest: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=32))
    countable: bool = True
    """Whether all its rows came by COPY with the same columns."""

    def feed(self, data: bytes) -> None:
        self.rows += data.count(b"\n")
        self.digest.update(data)


def prove(script: BinaryIO, connection: Connection, login: Login, exact: bool) -> None:
    """Read the rows again from the server: it must hold those of the script's COPY blocks, byte for byte.

    Without `exact`, as for scripts of other versions or other hands, values may be spelled otherwise (0.50 for 0.5);
    then as many rows must be there. Raises TargetError.
    """
    import psycopg

    try:
        for setting in ("datestyle = ISO", "intervalstyle = postgres", "extra_float_digits = 3", "bytea_output = hex"):
            connection.execute(f"SET {setting}".encode())
        connection.execute(b"SET synchronize_seqscans = off")
        for table, written in _written(script, connection).items():
            held = _Held(written.columns)
            root = _is_root(connection, table)  # its rows are in its partitions, in their order
            part = b"(SELECT " + (written.columns[1:-1] or b"*") + b" FROM " + table + b")"
            query = b"COPY " + (part if root else table + b" " + written.columns) + b" TO STDOUT"
            with connection.cursor() as cursor, cursor.copy(query) as copy:
                for data in copy:
                    held.feed(bytes(data))
            same = written.digest.digest() == held.digest.digest()
            if not same and ((exact and not root) or held.rows != written.rows):
                name = table.decode(connection.info.encoding, "replace")
                raise TargetError(f"{login.address} does not hold the rows that were written to {name}; run again")
    except psycopg.Error as error:
        raise login.failed("the loaded rows were being read again", error) from None


def _is_root(connection: Connection, table: bytes) -> bool:
    name = table.replace(b"'", b"''")
    row = connection.execute(b"SELECT relkind = 'p' FROM pg_catalog.pg_class WHERE oid = '" + name + b"'::regclass")
    return row.fetchone() == (True,)


def _written(script: BinaryIO, connection: Connection) -> dict[bytes, _Held]:
    """Table, as the script calls it -> its rows. Tables with rows in INSERT statements are left out.

    The script's encoding and search path are set, so that its names can be used as they stand.
    """
    tables: dict[bytes, _Held] = {}
    inserted = False
    pieces = iter(SqlText(script, POSTGRES))
    for piece in pieces:
        inserted = inserted or piece.kind is Kind.INSERTS
        if piece.kind is not Kind.STATEMENT:
            continue
        statement = bytes(piece.data)
        copy = _COPY.fullmatch(statement)
        if copy is None:
            if _FOR_READING.match(statement):
                connection.execute(statement)
            continue
        held = tables.setdefault(copy["table"], _Held(copy["columns"] or b""))
        held.countable = held.countable and held.columns == (copy["columns"] or b"")
        for data in _copied(pieces):
            held.feed(data)
    return {} if inserted else {table: held for table, held in tables.items() if held.countable}
