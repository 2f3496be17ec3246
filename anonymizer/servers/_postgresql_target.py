"""A PostgreSQL database as a target: filled beside the wanted one, compared, and put in its place by renaming."""

from __future__ import annotations

import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from anonymizer import stores
from anonymizer import verify as proof
from anonymizer.contracts import Input, Sink, Source, Store, WorkFolder
from anonymizer.errors import SourceError, TargetError
from anonymizer.model.result import CheckResult
from anonymizer.model.schema import Schema
from anonymizer.servers._postgresql_connection import Login, connect, identity, told, version_of
from anonymizer.servers._postgresql_dump import dump_stream
from anonymizer.servers._postgresql_statements import bare, is_about_roles, reaches_beyond
from anonymizer.servers._postgresql_tools import connection_arguments, environment, program, refusal
from anonymizer.stores._sql.text import POSTGRES, Kind, SqlText

if TYPE_CHECKING:
    import psycopg

_MARK = re.compile(r".{1,30}__anonymizer_[0-9a-f]{16}(?:_old)?\Z", re.DOTALL)
_SET_ASIDE = "_old"
"""Behind such a name: what was the target, and empty."""
_COMMENT = "'being filled by anonymizer; dropped if its run was killed'"
_PLAIN = "PostgreSQL plain dump"
_PUBLIC = re.compile(rb"\A(\s*CREATE\s+SCHEMA\s+)(?=\"?public\"?\s*;)", re.IGNORECASE)
"""A new database has this schema already; some dumps make it."""
_POLICY = re.compile(
    rb"CREATE\s+POLICY\s+(\S+)\s.*?\sTO\s+(.+?)(?:\s+(?:USING|WITH\s+CHECK)\s*\(.*)?\s*;", re.I | re.DOTALL
)
_NEWER = re.compile(rb"SET\s+(transaction_timeout|default_table_access_method)\b", re.IGNORECASE)
_SINCE = {b"transaction_timeout": 17, b"default_table_access_method": 12}
"""Settings that pg_dump writes for any server, and the version that knows them."""
_IN_ONE_TRANSACTION = 1000
"""Tables that one transaction may make: a server keeps about 6400 locks if it was not told otherwise."""
_NOT_OURS = """n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = {0}.tableoid AND d.objid = {0}.oid AND d.deptype = 'e')"""
_OWN = """
    SELECT (SELECT count(*) FROM pg_db_role_setting WHERE setdatabase = d.oid) + (d.datacl IS NOT NULL)::int
         + (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_event_trigger)
         + (SELECT count(*) FROM pg_foreign_server) + (SELECT count(*) FROM pg_extension WHERE extname <> 'plpgsql')
    FROM pg_database d WHERE datname = current_database()
"""
"""Settings, rights, publications and extensions: a database in its place would not have them."""
_USED = f"""
    SELECT (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE {_NOT_OURS.format("c")})
         + (SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE {_NOT_OURS.format("p")})
         + (SELECT count(*) FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE {_NOT_OURS.format("t")})
         + (SELECT count(*) FROM pg_namespace n WHERE nspname <> 'public' AND {_NOT_OURS.format("n")})
         + (SELECT count(*) FROM pg_largeobject_metadata)
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
        self._left_out: set[str] = set()
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
        _require_equal(result.schema(), opened.schema(), self._login, self._left_out)
        before, after = (made, result.kind), (landed, _PLAIN, opened.schema())
        return (proof.verify_conversion(result.schema(), names, before, after, self._work.path),)

    def publish(self) -> None:
        """Put the new database into the place of the wanted one."""
        self._refuse_used()
        old = _staging_name(self._name) + _SET_ASIDE
        with told(self._login, TargetError, f"putting the new database into the place of {self._name}"):
            there = self._exists(self._name)
            self._run("GRANT CONNECT, TEMPORARY ON DATABASE {} TO PUBLIC", self._staged)
            if there:
                self._keep_owner()
                self._run("ALTER DATABASE {} RENAME TO {}", self._name, old)
            try:
                if there:  # nobody can have written to it between this look and its end
                    self._refuse_used(old)
                self._run("ALTER DATABASE {} RENAME TO {}", self._staged, self._name)
            except BaseException:
                if there:
                    self._run("ALTER DATABASE {} RENAME TO {}", old, self._name)
                raise
            self._staged = ""
            self._run("COMMENT ON DATABASE {} IS NULL", self._name)
            if there:
                self._run("DROP DATABASE {}", old)

    def _keep_owner(self) -> None:
        """Whoever owns the empty database will own the one in its place, if this user may give it away."""
        from psycopg.errors import InsufficientPrivilege

        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s"
        for (name,) in self._admin.execute(owner, (self._name,)).fetchall():
            with suppress(InsufficientPrivilege):
                self._run("ALTER DATABASE {} OWNER TO {}", self._staged, name)

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

    def _refuse_used(self, name: str = "") -> None:
        """`name`: that which the wanted database has at this moment."""
        with told(self._login, TargetError, "looking for the database"):
            if not self._exists(name or self._name):
                return
        connection, _ = connect(self._login.to(name or self._name), TargetError, autocommit=True)
        with closing(connection), told(self._login, TargetError, "looking into the database"):
            if identity(connection) == getattr(self._source.input, "identity", None):
                raise TargetError(f"{self._login.address} is the source; name another target")
            used, own = ((connection.execute(query).fetchone() or (0,))[0] for query in (_USED, _OWN))
        if used:
            raise TargetError(f"{self._login.address} is not empty; drop it first or name another database")
        if own:
            raise TargetError(
                f"{self._login.address} has settings, rights, publications or extensions of its own, which the database"
                " that takes its place would not have; drop it first or name another database"
            )

    def _stage(self) -> None:
        name = _staging_name(self._name)
        with told(self._login, TargetError, "making a new database"):
            self._admin.execute("SELECT set_config('application_name', %s, false)", (_session_of(name),))
            self._stack.callback(self._drop_staged)
            self._staged = name
            self._create(name)
            self._run("COMMENT ON DATABASE {} IS " + _COMMENT, name)
            self._run("REVOKE ALL ON DATABASE {} FROM PUBLIC", name)  # nobody looks in before it is published

    def _create(self, name: str) -> None:
        """Sorting as the source does, if the server can."""
        from psycopg import Error

        made, locale = (
            "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' ",
            getattr(self._source.input, "locale", ""),
        )
        if locale:
            try:
                self._run(made + locale.replace("{", "{{").replace("}", "}}"), name)
                return
            except Error as failed:
                if failed.sqlstate in (None, "42501"):
                    raise
            self.warnings += (f"{self._login.address}: its server lacks the source's locale; texts may sort otherwise",)
        self._run(made, name)

    def _drop_staged(self) -> None:
        if self._staged:
            with suppress(Exception):  # the next run drops it
                self._admin.cancel()
                force = " WITH (FORCE)" if self._server >= 13 else ""
                self._run("DROP DATABASE IF EXISTS {}" + force, self._staged)

    def _drop_abandoned(self) -> None:
        """What killed runs into this target left, unless a session belongs to them: an old target comes back."""
        sessions = {row[0] for row in self._admin.execute("SELECT application_name FROM pg_stat_activity").fetchall()}
        stem = f"{self._name[:30]}__anonymizer_"
        known = "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database"
        for name, said in self._admin.execute(known).fetchall():
            if not _MARK.match(name) or _session_of(name.removesuffix(_SET_ASIDE)) in sessions:
                continue
            ours = f"'{said}'" == _COMMENT
            aside = name.endswith(_SET_ASIDE) and name.startswith(stem)
            if aside and not self._exists(self._name):
                self._run("ALTER DATABASE {} RENAME TO {}", name, self._name)
            elif ours or (aside and self._is_empty(name)):
                self._run("DROP DATABASE IF EXISTS {}", name)

    def _is_empty(self, name: str) -> bool:
        connection, _ = connect(self._login.to(name), TargetError, autocommit=True)
        with closing(connection):
            return not (connection.execute(_USED).fetchone() or (1,))[0]

    def _load(self, made: Input) -> None:
        few = len(self._source.schema().tables) <= _IN_ONE_TRANSACTION
        command = [
            program("psql", self._server),
            *(("--single-transaction",) if few else ()),  # rows then lie in their order, which `verify` may ask for
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
            raise TargetError(f"{self._login.address} does not take the result: {why}; nothing was published")
        with told(self._login, TargetError, "analysing"):
            connection, _ = connect(self._login.to(self._staged), TargetError, autocommit=True)
            with closing(connection):
                connection.execute("ANALYZE")

    def _script(self, made: Input) -> Iterator[bytes]:
        """The result as a script, without owners, privileges, and what lies outside the one database."""
        plain = stores.recognise(made).NAME == _PLAIN
        left_out = connections = 0
        with made.open() if plain else self._restored() as stream:
            for piece in SqlText(stream, POSTGRES):
                data = bytes(piece.data)
                if piece.kind in (Kind.STATEMENT, Kind.COMMAND):
                    connections += data.startswith((b"\\c ", b"\\connect "))
                    said = bare(data)
                    if connections > 1 or reaches_beyond(said):
                        raise TargetError(
                            f"line {piece.line} of the dump reaches beyond one database; dump one with pg_dump"
                        )
                    if is_about_roles(said) or self._is_unknown(data):
                        left_out += not data.startswith((b"\\", b"SET"))
                        continue
                yield _PUBLIC.sub(rb"\1IF NOT EXISTS ", data)
        if left_out:
            self.warnings += (f"{self._login.address}: {left_out} statements about owners and roles were left out",)

    def _is_unknown(self, statement: bytes) -> bool:
        """Whether it is a setting that the server does not know yet, or a policy for roles that it does not have."""
        setting, policy = _NEWER.match(statement), _POLICY.fullmatch(statement)
        if setting is not None:
            return _SINCE[setting[1].lower()] > self._server
        if policy is None:
            return False
        named = {name.strip().strip(b'"').decode() for name in policy[2].split(b",")}
        known = {row[0] for row in self._admin.execute("SELECT rolname FROM pg_roles").fetchall()}
        if named <= known | {"PUBLIC", "public"}:
            return False
        self._left_out.add(f"policy {policy[1].decode().strip(chr(34))}")
        return True

    @contextmanager
    def _restored(self) -> Iterator[BinaryIO]:
        command = [program("pg_restore", self._server), "--no-owner", "--no-privileges", "--file=-", str(self.path)]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            try:
                yield cast(BinaryIO, process.stdout)
                if process.wait():
                    raise TargetError("pg_restore cannot read the result's archive; install a newer PostgreSQL client")
            finally:
                process.kill()

    def _dumped_again(self) -> Input:
        login = self._login.to(self._staged)
        try:
            return stores.spool_pipe(dump_stream(login, self._server), self._work, str(self._login.address))
        except SourceError as error:
            raise TargetError(str(error)) from None


def _staging_name(name: str) -> str:
    return f"{name[:30]}__anonymizer_{secrets.token_hex(8)}"


def _session_of(name: str) -> str:
    """How the session of the run that made a new database calls itself: all users of a server can see that."""
    return f"anonymizer {name[-16:]}"


def _require_equal(before: Schema, after: Schema, login: Login, left_out: set[str]) -> None:
    """Tables, columns, keys and whatever else was defined have to be there."""
    missing = [str(table.name) for table in before.tables if table.name not in after]
    missing += [
        f"{table.name}.{column.name}"
        for table in before.tables
        if table.name in after
        for column in table.columns
        if column.name not in {other.name for other in after.table(table.name).columns}
    ]
    missing += [thing for thing in before.others if thing not in after.others and thing not in left_out]
    missing += [
        f"a key of {table.name}"
        for table in before.tables
        if table.name in after and set(map(frozenset, table.keys)) - set(map(frozenset, after.table(table.name).keys))
    ]
    if missing:
        raise TargetError(f"{login.address} lacks {', '.join(missing[:5])} after loading; nothing was published")
