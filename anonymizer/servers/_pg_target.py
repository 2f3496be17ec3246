"""A live PostgreSQL database as a target: a staging database beside it, swapped into its place at the end."""

from __future__ import annotations

import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from anonymizer.contracts import Input, Sink, Source, Store, WorkFolder
from anonymizer.errors import SettingError, TargetError
from anonymizer.servers._pg_loading import load, prove
from anonymizer.servers._pg_login import Login
from anonymizer.servers._pg_source import Locale, PgInput
from anonymizer.servers._pg_tools import newest
from anonymizer.stores._input import FileInput, FolderInput

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

_PLAIN = "PostgreSQL plain dump"
KINDS = (_PLAIN, "PostgreSQL custom archive", "PostgreSQL directory archive", "PostgreSQL tar archive")
_MAINTENANCE = ("postgres", "template1")
"""Databases from which others are made and renamed."""
_STAGING = re.compile(r".{0,40}__anonymizer_[0-9a-f]{12}\Z", re.DOTALL)
_NAME_BYTES = 63
_EMPTY = """
    SELECT NOT EXISTS (
        SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_namespace
        WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
    ) AND NOT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)"""


class PgTarget:
    """A contracts.Target. The result lies in the work folder; the server sees it when it is written, to be verified."""

    def __init__(self, login: Login, connection: Connection, source: Source, work: WorkFolder) -> None:
        self.path = work.path / ("result.sql" if source.kind == _PLAIN else "result")
        self.warnings: tuple[str, ...] = ()
        self._login, self._connection, self._source, self._work = login, connection, source, work
        self._name = login.address.database
        stem = self._name.encode()[:40].decode(errors="ignore")
        self._staging = f"{stem}__anonymizer_{secrets.token_hex(6)}"
        self._made = False
        self._loaded: Connection | None = None

    # --- contracts.Target

    def sink(self, store: Store, source: Source) -> Sink:
        """Into the work folder."""
        return store.open_sink(source, self.path)

    def written(self) -> Input:
        """Load the result, and read its rows back from the server; then the file says what the server holds."""
        import psycopg

        try:
            self._make()
            self._loaded = connection = self._login.connect(self._staging)
            connection.execute(b"RESET search_path")
            with self._script() as script:
                done = load(script, connection, self._login)
            prove(self._script, connection, self._login)
            connection.execute(b"ANALYZE")
        except psycopg.Error as error:
            raise self._login.failed("the result was being loaded", error) from None
        if done.left_out:
            self._warn(
                f"{done.left_out} statements about owners and privileges were left out: their roles are not on the"
                " server, or this user may not act for them"
            )
        return self._input()

    def publish(self) -> None:
        """Rename the staging database; an empty one that has the name is dropped."""
        import psycopg

        assert self._loaded is not None
        self._loaded.close()
        try:
            replaced = _exists(self._connection, self._name)
            if replaced:
                _refuse_filled(self._login)
            self._do(f"GRANT CONNECT, TEMPORARY ON DATABASE {_quoted(self._staging)} TO PUBLIC")
            old = f"{self._staging[: -len('0' * 12)]}{secrets.token_hex(6)}"
            if replaced:
                self._keep_owner()
                self._rename(self._name, old)
            try:
                self._rename(self._staging, self._name)
            except BaseException:
                if replaced:
                    self._rename(old, self._name)
                raise
            self._made = False
            if replaced:
                with suppress(psycopg.Error):  # the next run tries again
                    self._do(f"DROP DATABASE IF EXISTS {_quoted(old)}")
        except psycopg.Error as error:
            if error.sqlstate == "55006":
                raise TargetError(f"{self._login.address} is in use; disconnect everybody from it, run again") from None
            raise self._login.failed("the result was being published", error) from None

    # --- the staging database

    def drop(self) -> None:
        """Take back what was not published, by another connection if the first one is lost."""
        if self._loaded is not None:
            self._loaded.close()
        if self._made:
            with suppress(TargetError), _maintenance(self._login) as fresh:
                _drop(fresh, self._staging)
        self._connection.close()

    def _do(self, command: str) -> None:
        self._connection.execute(command.encode())

    def _rename(self, name: str, other: str) -> None:
        self._do(f"ALTER DATABASE {_quoted(name)} RENAME TO {_quoted(other)}")

    def _warn(self, sentence: str) -> None:
        self.warnings += (f"{self._login.address}: {sentence}",)

    def _make(self) -> None:
        """As like the source's database as the server can; nobody else may connect before it is published."""
        import psycopg

        name = _quoted(self._staging)
        self._do(f"SELECT pg_catalog.pg_advisory_lock({_lock_of(self._staging)})")
        choices = [_as_source(self._source.input.locale)] if isinstance(self._source.input, PgInput) else []
        choices += ["ENCODING 'UTF8'", ""]
        for number, choice in enumerate(choices):
            self._made = True
            try:
                self._do(f"CREATE DATABASE {name} TEMPLATE template0 {choice}")
                break
            except psycopg.Error as error:
                if number == len(choices) - 1 or error.sqlstate in ("42501", "42P04", None):
                    raise self._login.failed("a database was being made", error) from None
        if number and len(choices) == 3:
            self._warn("the server lacks the locale of the source; texts may sort otherwise")
        self._do(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")

    def _keep_owner(self) -> None:
        """Whoever owned the empty database owns the one in its place, if this user may give it away."""
        import psycopg

        row = self._connection.execute(
            "SELECT pg_catalog.pg_get_userbyid(datdba) FROM pg_catalog.pg_database WHERE datname = %s", [self._name]
        ).fetchone()
        if row is not None:
            with suppress(psycopg.errors.InsufficientPrivilege):
                self._do(f"ALTER DATABASE {_quoted(self._staging)} OWNER TO {_quoted(row[0])}")

    def _input(self) -> Input:
        made = FolderInput if self.path.is_dir() else FileInput
        return made(self.path, str(self._login.address), self._work.path)

    @contextmanager
    def _script(self) -> Iterator[BinaryIO]:
        """The result as a script, by pg_restore if it is an archive."""
        if self._source.kind == _PLAIN:
            with self._input().open() as stream:
                yield stream
            return
        with _restored(self.path) as stream:
            yield stream


@contextmanager
def _restored(archive: Path) -> Iterator[BinaryIO]:
    program = newest("pg_restore", TargetError)
    command = [str(program), "--file=-", str(archive)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=1 << 20)
    assert process.stdout is not None
    try:
        yield process.stdout  # type: ignore[misc]
        if process.wait():
            raise TargetError("pg_restore could not read the archive that was written; install a newer pg_restore")
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


@contextmanager
def opened(login: Login, source: Source, work: WorkFolder) -> Iterator[PgTarget]:
    """The target; nothing is made on the server yet. Raises SettingError, TargetError."""
    if source.kind not in KINDS:
        raise SettingError(
            f"a PostgreSQL database cannot take the result of a {source.kind}; name a file as the target"
        )
    name = login.address.database
    if not name or name in (*_MAINTENANCE, "template0") or len(name.encode()) > _NAME_BYTES:
        raise SettingError(f"{login.address} names no database that could be made; write postgresql://host/NAME")
    with _maintenance(login) as connection:
        _refuse_source(login, connection, source.input)
        if _exists(connection, name):
            _refuse_filled(login)
        _require_right(login, connection)
        _drop_abandoned(connection)
        target = PgTarget(login, connection, source, work)
        try:
            yield target
        finally:
            target.drop()


@contextmanager
def _maintenance(login: Login) -> Iterator[Connection]:
    """A connection to a database other than the target. Raises TargetError."""
    import psycopg

    try:
        connection = login.connect(_MAINTENANCE[0])
    except TargetError:
        connection = login.connect(_MAINTENANCE[1])
    try:
        yield connection
    except psycopg.Error as error:
        raise login.failed("the target was being prepared", error) from None
    finally:
        connection.close()


def _refuse_source(login: Login, connection: Connection, source: Input) -> None:
    """The same database, however it is spelled: the source's connection holds a lock that nothing else has."""
    if not isinstance(source, PgInput):
        return
    found = connection.execute(
        "SELECT d.datname FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database"
        " WHERE l.locktype = 'advisory' AND l.classid::bigint << 32 | l.objid::bigint = %s",
        [source.mark],
    ).fetchone()
    if found is not None and found[0] == login.address.database:
        raise TargetError(f"{login.address} is the source; name another target")


def _refuse_filled(login: Login) -> None:
    with login.connect() as connection:
        row = connection.execute(_EMPTY.encode()).fetchone()
    if row is None or not row[0]:
        raise TargetError(f"{login.address} is not empty; drop it first or name another target")


def _require_right(login: Login, connection: Connection) -> None:
    row = connection.execute(
        b"SELECT rolcreatedb OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"
    ).fetchone()
    if row is None or not row[0]:
        raise TargetError(f"{login.address}: this user may not make databases; let it: ALTER ROLE … CREATEDB")


def _drop_abandoned(connection: Connection) -> None:
    """Staging databases of runs that were killed: their lock is free, as the run that made one holds it."""
    import psycopg

    for (name,) in connection.execute(b"SELECT datname::text FROM pg_catalog.pg_database").fetchall():
        if not _STAGING.match(name):
            continue
        row = connection.execute(f"SELECT pg_catalog.pg_try_advisory_lock({_lock_of(name)})".encode()).fetchone()
        if row is not None and row[0]:
            with suppress(psycopg.Error):  # somebody else's, or in use
                _drop(connection, name)
            connection.execute(f"SELECT pg_catalog.pg_advisory_unlock({_lock_of(name)})".encode())


def _drop(connection: Connection, name: str) -> None:
    force = "WITH (FORCE)" if connection.info.server_version >= 130000 else ""
    if not force:
        connection.execute(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = %s", [name]
        )
    connection.execute(f"DROP DATABASE IF EXISTS {_quoted(name)} {force}".encode())


def _exists(connection: Connection, name: str) -> bool:
    return connection.execute("SELECT FROM pg_catalog.pg_database WHERE datname = %s", [name]).fetchone() is not None


def _as_source(locale: Locale) -> str:
    provider = {"i": "LOCALE_PROVIDER icu ICU_LOCALE", "b": "LOCALE_PROVIDER builtin BUILTIN_LOCALE"}
    parts = ["ENCODING", locale.encoding, "LC_COLLATE", locale.collate, "LC_CTYPE", locale.ctype]
    if locale.provider in provider and locale.name:
        parts += [provider[locale.provider], locale.name]
    return " ".join(word if number % 2 == 0 else _literal(word) for number, word in enumerate(parts))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _lock_of(name: str) -> int:
    """The key of the advisory lock that a run holds on its staging database."""
    return int(name[-12:], 16)
