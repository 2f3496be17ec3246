"""A PostgreSQL database as a target: filled beside the wanted one, compared, and put in its place by renaming."""

from __future__ import annotations

import hashlib
import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING, Any

from anonymizer import stores
from anonymizer import verify as proof
from anonymizer.contracts import Input, Sink, Source, Store, Verbatim, WorkFolder
from anonymizer.errors import SourceError, TargetError
from anonymizer.model.result import CheckResult
from anonymizer.model.schema import Schema
from anonymizer.servers._postgresql_connection import Login, connect, identity, told, version_of
from anonymizer.servers._postgresql_dump import dump_stream
from anonymizer.servers._postgresql_tools import connection_arguments, environment, program, refusal

if TYPE_CHECKING:
    import psycopg

_MARK = re.compile(r".{1,30}__anonymizer_[0-9a-f]{16}\Z", re.DOTALL)
_PLAIN = "PostgreSQL plain dump"
_LEFT_OUT = re.compile(
    rb"""(?:\s+|--[^\n]*\n|/\*.*?\*/)*(?:
    ALTER\s+(?:DEFAULT\s+PRIVILEGES|DATABASE)\b | ALTER\s[^;]*\sOWNER\s+TO\s[^;]*;\s*\Z | GRANT\b | REVOKE\b
    |CREATE\s+DATABASE\b | DROP\s+DATABASE\b | SET\s+SESSION\s+AUTHORIZATION\b | COMMENT\s+ON\s+(?:EXTENSION|DATABASE)\b
    |\\c(?:onnect)?\b | SECURITY\s+LABEL\b)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
"""Whose database it is, and who may do what: a test copy belongs to whoever makes it."""
_USED = """
    SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                      AND d.deptype = 'e')
"""


class Database:
    """A contracts.Target."""

    warnings: tuple[str, ...] = ()

    def __init__(self, login: Login, source: Source, kind: str, work: WorkFolder, stack: ExitStack) -> None:
        self.path = work.path / "result"
        self._work = work
        self._source = source
        self._kind = kind
        self._name = login.address.database
        self._stack = stack
        self._staged = ""
        self._admin, self._login = self._administration(login)
        self._server = version_of(self._admin)
        program("psql", self._server)  # better now than after the work
        with told(self._login, TargetError, "looking at the server"):
            self._drop_abandoned()
        self._refuse_used()

    # --- what a run does with it --------------------------------------------------------------------------------

    def sink(self, store: Store, source: Source) -> Sink:
        """Into the work folder first."""
        return store.open_sink(source, self.path)

    def written(self) -> Input:
        """What psql will load."""
        return stores.open_input(str(self.path), self._work)

    def proofs(self) -> tuple[CheckResult, ...]:
        """Load it, dump it again, compare."""
        self._stage()
        made = self.written()
        self._load(made)
        result = stores.recognise(made).open_source(made)
        landed = self._dumped_again()
        opened = stores.recognise(landed).open_source(landed)
        names = {table.name: table.name for table in result.schema().tables if table.partition_of is None}
        _require_equal(result.schema(), opened.schema(), self._login)
        before, after = (made, result.kind), (landed, _PLAIN, opened.schema())
        return (proof.verify_conversion(result.schema(), names, before, after, self._work.path),)

    def publish(self) -> None:
        """Put the new database into the place of the wanted one."""
        self._refuse_used()
        old = _staging_name(self._name)
        with told(self._login, TargetError, f"putting the new database into the place of {self._name}"):
            there = self._exists(self._name)
            if there:
                self._run("ALTER DATABASE {} RENAME TO {}", self._name, old)
            try:
                self._run("ALTER DATABASE {} RENAME TO {}", self._staged, self._name)
            except BaseException:
                if there:
                    self._run("ALTER DATABASE {} RENAME TO {}", old, self._name)
                raise
            self._staged = ""
            if there:
                self._run("DROP DATABASE {}", old)

    # --- the server ---------------------------------------------------------------------------------------------

    def _administration(self, login: Login) -> tuple[psycopg.Connection[Any], Login]:
        """A connection to another database than the wanted one, which no rename could be done from."""
        try:
            connection, known = connect(login.to("postgres"), TargetError, autocommit=True)
        except TargetError:
            connection, known = connect(login.to("template1"), TargetError, autocommit=True)
        self._stack.callback(connection.close)
        return connection, known.to(login.address.database)

    def _run(self, statement: str, *names: str) -> None:
        from psycopg import sql

        self._admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _exists(self, name: str) -> bool:
        return self._admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None

    def _refuse_used(self) -> None:
        with told(self._login, TargetError, "looking for the database"):
            if not self._exists(self._name):
                return
        connection, _ = connect(self._login, TargetError, autocommit=True)
        with closing(connection), told(self._login, TargetError, "looking into the database"):
            if identity(connection) == getattr(self._source.input, "identity", None):
                raise TargetError(f"{self._login.address} is the source; name another target")
            used = (connection.execute(_USED).fetchone() or (0,))[0]
        if used:
            raise TargetError(f"{self._login.address} is not empty; drop it first or name another database")

    def _stage(self) -> None:
        name = _staging_name(self._name)
        with told(self._login, TargetError, "making a new database"):
            self._admin.execute("SELECT pg_advisory_lock(%s)", (_lock_of(name),))
            self._stack.callback(self._drop_staged)
            self._staged = name
            self._run("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name)

    def _drop_staged(self) -> None:
        if self._staged:
            with suppress(Exception):  # the next run drops it
                self._admin.cancel()
                self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", self._staged)

    def _drop_abandoned(self) -> None:
        """New databases of runs that were killed: nobody holds their lock."""
        for (name,) in self._admin.execute("SELECT datname FROM pg_database WHERE NOT datistemplate").fetchall():
            if not _MARK.match(name):
                continue
            free = self._admin.execute("SELECT pg_try_advisory_lock(%s)", (_lock_of(name),)).fetchone()
            if free and free[0]:
                self._run("DROP DATABASE IF EXISTS {}", name)
                self._admin.execute("SELECT pg_advisory_unlock(%s)", (_lock_of(name),))

    def _load(self, made: Input) -> None:
        command = [
            program("psql", self._server),
            *("--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=sqlstate", "--file=-"),
            *connection_arguments(self._login.to(self._staged).conninfo),
        ]
        log = self._work.path / ".load"
        with log.open("wb") as said:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=environment(self._login.password, PGOPTIONS="-c client_min_messages=error"),
            )
        assert process.stdin is not None
        try:
            with suppress(BrokenPipeError):  # psql says why it ended
                for block in self._script(made):
                    process.stdin.write(block)
                process.stdin.close()
            process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            with suppress(OSError):
                process.stdin.close()
        if process.returncode:
            why = refusal(log.read_bytes())
            raise TargetError(f"{self._login.address} does not take the result: {why}; nothing was changed")
        with told(self._login, TargetError, "analysing"):
            connection, _ = connect(self._login.to(self._staged), TargetError, autocommit=True)
            with closing(connection):
                connection.execute("ANALYZE")

    def _script(self, made: Input) -> Iterator[bytes]:
        """The result as a script, without owners and privileges."""
        store = stores.recognise(made)
        if store.NAME != _PLAIN:
            yield from self._restored()
            return
        for part in store.open_source(made).parts({}):
            assert isinstance(part, Verbatim)
            if not _LEFT_OUT.match(bytes(part.data[:4096])):
                yield bytes(part.data)

    def _restored(self) -> Iterator[bytes]:
        command = [program("pg_restore", self._server), "--no-owner", "--no-privileges", "--no-comments", "--file=-"]
        with subprocess.Popen(
            [*command, str(self.path)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout is not None
            while block := process.stdout.read(1 << 20):
                yield block
        if process.returncode:
            raise TargetError("pg_restore cannot read the result's archive; install a newer PostgreSQL client")

    def _dumped_again(self) -> Input:
        login = self._login.to(self._staged)
        try:
            return stores.spool_pipe(dump_stream(login, self._server), self._work, str(self._login.address))
        except SourceError as error:
            raise TargetError(str(error)) from None


def _staging_name(name: str) -> str:
    return f"{name[:30]}__anonymizer_{secrets.token_hex(8)}"


def _lock_of(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def _require_equal(before: Schema, after: Schema, login: Login) -> None:
    """Tables, columns, keys and whatever else was defined have to be there."""
    missing = [str(table.name) for table in before.tables if table.name not in after]
    missing += [
        f"{table.name}.{column.name}"
        for table in before.tables
        if table.name in after
        for column in table.columns
        if column.name not in {other.name for other in after.table(table.name).columns}
    ]
    missing += [thing for thing in before.others if thing not in after.others]
    missing += [
        f"a key of {table.name}"
        for table in before.tables
        if table.name in after and set(map(frozenset, table.keys)) - set(map(frozenset, after.table(table.name).keys))
    ]
    if missing:
        raise TargetError(f"{login.address} lacks {', '.join(missing[:5])} after loading; nothing was changed")
