"""Logging in to PostgreSQL, and saying what went wrong without repeating what the server said.

libpq finds passwords itself: PGPASSWORD, ~/.pgpass, a service file. Where there is none and somebody sits at the
terminal, it is asked for; the tools that are started get it by their environment, never on their command line.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from anonymizer.errors import SettingError, SourceError, TargetError
from anonymizer.model.address import Address

if TYPE_CHECKING:
    import psycopg

_OPTIONS = frozenset(
    """host port service user passfile connect_timeout sslmode sslnegotiation sslrootcert sslcert sslkey sslcrl
    sslcrldir ssl_min_protocol_version channel_binding require_auth gssencmode krbsrvname target_session_attrs
    keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout""".split()
)
"""Parameters of libpq that an address may give: none that holds a secret or changes what a session does."""
_WAIT_SECONDS = 15
_SESSION = (
    "SET statement_timeout = 0",
    "SET lock_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    "SET client_min_messages = error",
    "SET search_path = ''",
)
_REASONS = (
    ("authentication failed", "the password or the way to log in is refused; check the user, PGPASSWORD and ~/.pgpass"),
    ("no password supplied", "a password is needed; give it by PGPASSWORD or ~/.pgpass, or run in a terminal"),
    ("no pg_hba.conf entry", "the server lets this user not in from here; ask for an entry in its pg_hba.conf"),
    ("could not translate host name", "there is no such host; check its name"),
    ("name or service not known", "there is no such host; check its name"),
    ("failed to resolve host", "there is no such host; check its name"),
    ("connection refused", "nothing listens there; check host and port, and that the server runs"),
    ("no such file or directory", "no server has its socket there; check the folder, and that the server runs"),
    ("timeout", "the server does not answer; check host, port and firewall"),
    ("too many", "the server has no connection left; try again later"),
    ("starting up", "the server is starting; try again in a moment"),
    ("shutting down", "the server is shutting down"),
    ("does not exist", "there is no such database or user; check both names"),
    ("ssl", "no encrypted connection came about; check sslmode and the certificates"),
)
"""What libpq's message holds -> what is said instead of it: the message itself may quote anything."""

Failure = type[SourceError] | type[TargetError]


@dataclass(frozen=True, slots=True)
class Login:
    """How to reach one server as one user."""

    address: Address
    failure: Failure
    """What is raised when it cannot be reached."""
    parameters: dict[str, str]
    """For libpq, without the password and the database."""
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    """PGPASSWORD, if it was asked for."""

    @classmethod
    def of(cls, address: Address, failure: Failure) -> Login:
        """Raises SettingError for an option that is not passed on."""
        unknown = sorted(set(address.options) - _OPTIONS)
        if unknown:
            raise SettingError(
                f"{address}: the option {unknown[0][:40]} is not passed on to the server; known are "
                + ", ".join(sorted(_OPTIONS))
            )
        given = {"host": address.host, "port": address.port, "user": address.user, **address.options}
        parameters = {"connect_timeout": str(_WAIT_SECONDS), "application_name": "anonymizer"}
        parameters |= {name: str(value) for name, value in given.items() if value}
        return cls(address, failure, parameters)

    def conninfo(self, database: str) -> str:
        """The connection string, for the command line of tools too: it holds no password."""
        from psycopg.conninfo import make_conninfo

        return make_conninfo(**self.parameters, **({"dbname": database} if database else {}))

    def environment(self) -> dict[str, str]:
        """For the tools that are started; their messages come in English."""
        return {**os.environ, "LC_MESSAGES": "C", **self.secrets}

    def connect(self, database: str | None = None) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection in autocommit mode to the address's database or another one. Raises SourceError, TargetError."""
        import psycopg
        from psycopg.conninfo import make_conninfo

        info = self.conninfo(self.address.database if database is None else database)
        while True:
            try:
                full = make_conninfo(info, password=self.secrets.get("PGPASSWORD"))  # stays in this process
                connection = psycopg.connect(full, autocommit=True, prepare_threshold=None)
                for setting in _SESSION:
                    connection.execute(setting.encode())
                return connection
            except psycopg.Error as error:
                needed = error.pgconn is not None and bool(error.pgconn.needs_password)
                if self.secrets or not needed or not sys.stdin.isatty():
                    self._refused(error)
            self._ask()

    def _ask(self) -> None:
        import getpass

        self.secrets["PGPASSWORD"] = getpass.getpass(f"Password for {self.address}: ")

    def _refused(self, error: psycopg.Error) -> NoReturn:
        said = str(error).lower()
        reason = next((words for part, words in _REASONS if part in said), "check the address")
        code = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
        raise self.failure(f"{self.address} cannot be reached{code}: {reason}") from None

    def failed(self, doing: str, error: psycopg.Error) -> SourceError | TargetError:
        """The error to raise when the server does not do what it was asked."""
        code = error.sqlstate
        if code is None or code.startswith("08") or code in ("57P01", "57P02", "57P03"):
            return self.failure(f"{self.address}: the connection was lost while {doing}; run again")
        if code == "42501":
            return self.failure(f"{self.address}: the user lacks a privilege for {doing} (SQLSTATE {code}); grant it")
        return self.failure(f"{self.address}: {doing} failed (SQLSTATE {code}); the server's log says why")
