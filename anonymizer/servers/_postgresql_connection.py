"""A connection to PostgreSQL, by psycopg: who we are, what is there, and errors in words of ours."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from anonymizer.errors import AnonymizerError, SettingError
from anonymizer.model.address import Address

if TYPE_CHECKING:
    import psycopg

_OPTIONS = frozenset(
    "host hostaddr port sslmode sslrootcert sslcert sslkey sslcrl connect_timeout service gssencmode channel_binding"
    " target_session_attrs krbsrvname".split()
)
READ_ONLY = "-c default_transaction_read_only=on"
"""What every session that reads a source begins with."""
_TIMEOUT = "15"
_WHY = (
    ("password authentication failed", "the password is not accepted"),
    ("no password supplied", "it asks for a password: set PGPASSWORD or put it into ~/.pgpass"),
    ("no pg_hba.conf entry", "it lets nobody in from here: see its pg_hba.conf"),
    ("role", "it knows no such user"),
    ("translate host name", "there is no such host"),
    ("Name or service not known", "there is no such host"),
    ("Connection refused", "nobody listens there"),
    ("No such file or directory", "nobody listens there"),
    ("timeout", "it does not answer"),
    ("too many clients", "it takes no more connections"),
    ("SSL", "the two cannot agree on SSL"),
)


@dataclass(frozen=True, slots=True)
class Login:
    """A database and how to get in; prints without the password, which came from a prompt if there is one."""

    address: Address
    conninfo: str
    password: str | None = None

    def __repr__(self) -> str:
        return f"Login({self.address}, redacted)"

    def to(self, database: str) -> Login:
        """Another database of the same server."""
        from psycopg.conninfo import make_conninfo

        other = replace(self.address, database=database)
        return Login(other, make_conninfo(self.conninfo, dbname=database), self.password)


def login_of(address: Address) -> Login:
    """Raises SettingError for an option that is not one of libpq's harmless ones, or without a database."""
    from psycopg.conninfo import make_conninfo

    unknown = sorted(set(address.options) - _OPTIONS)
    if unknown:
        raise SettingError(f"{address}: {unknown[0]} is no option here; known are {', '.join(sorted(_OPTIONS))}")
    if not address.database:
        raise SettingError(f"{address} names no database; write {address.scheme}://host/database")
    given = {"host": address.host, "port": address.port, "user": address.user, "dbname": address.database}
    stated: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    return Login(address, make_conninfo(**{"connect_timeout": _TIMEOUT, **stated, **address.options}))


def connect(login: Login, error: type[AnonymizerError], **options: Any) -> tuple[psycopg.Connection, Login]:
    """An open connection, and the login with the password that was asked for. Raises `error`."""
    import psycopg

    try:
        return psycopg.connect(login.conninfo, password=login.password, **options), login
    except psycopg.OperationalError as failed:
        said = str(failed)
    if "no password supplied" in said and login.password is None and sys.stdin is not None and sys.stdin.isatty():
        asked = Login(login.address, login.conninfo, getpass.getpass(f"Password for {login.address}: "))
        return connect(asked, error, **options)
    why = next((words for phrase, words in _WHY if phrase in said), "it refuses the connection")
    if f'database "{login.address.database}" does not exist' in said:
        why = "it has no such database"
    raise error(f"{login.address} cannot be reached: {why}")


@contextmanager
def told(login: Login, error: type[AnonymizerError], doing: str) -> Iterator[None]:
    """Errors of the server become `error`, with their SQLSTATE and nothing of their message."""
    import psycopg

    try:
        yield
    except psycopg.Error as failed:
        state = failed.sqlstate or "no SQLSTATE: the connection is lost"
        raise error(f"{login.address}: {doing} failed ({state}); see the server's log") from None


def identity(connection: psycopg.Connection) -> tuple[Any, ...]:
    """The same for one database, however it was reached."""
    row = connection.execute(
        "SELECT pg_postmaster_start_time(), oid FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    return tuple(row or ())


def version_of(connection: psycopg.Connection) -> int:
    """The server's major version."""
    return connection.info.server_version // 10000
