"""MySQL and MariaDB: `mysql://user@host:port/database` or `mariadb://…`, by the servers' own command line programs.

As a source the database is dumped once, by mariadb-dump or mysqldump with `--single-transaction`, and kept encrypted in
the work folder as a pipe is. Nothing is written to it: our own session is `READ ONLY`, which the server enforces; the
dump tool, which cannot be told so, sends nothing but SELECT, SHOW and settings of its session. Tables of engines
without transactions (MyISAM, Aria, MEMORY) are in no snapshot: such a source is refused until the address says
`?snapshot=lock` (nobody writes to any of its tables while it is dumped) or `?snapshot=none` (nobody does anyway).

As a target a staging database `<name>__anonymizer_<16 hex digits>` takes the result; what it then holds is dumped and
compared with what was written. Publishing moves all tables by one RENAME TABLE into the target, then makes triggers,
views, routines and events there. If that fails, all of it is dropped from the target again, which was empty. Only a
killed process (kill -9) between the two leaves tables without their triggers and views, and the next run refuses a
target that is not empty. A staging database that nobody works on is dropped by the next run into the same target.
Accounts, rights and global settings of a dump stay out.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from anonymizer import verify as proof
from anonymizer.contracts import Input, Sink, Source, Store, WorkFolder
from anonymizer.errors import SettingError, SourceError, TargetError
from anonymizer.model.address import Address
from anonymizer.model.result import CheckResult
from anonymizer.servers._mysql_client import Access, Refusal, Session, quoted
from anonymizer.servers._mysql_script import Script
from anonymizer.servers._mysql_tools import Dump, load
from anonymizer.stores import mysql_dump, open_input, spool_pipe

NAME = "MySQL or MariaDB database"
SCHEMES = ("mysql", "mariadb")
KINDS = (mysql_dump.NAME,)

_READS_ONLY = "SET SESSION TRANSACTION READ ONLY"
_STAYS = "SET SESSION wait_timeout = 2147483, lock_wait_timeout = 60, foreign_key_checks = 0"
_WAITS = 120
"""Seconds that cleaning up waits for a statement of ours that still runs."""
_NO_SNAPSHOT = (
    "SELECT HEX(t.TABLE_NAME) FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON"
    " e.ENGINE = t.ENGINE WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE <> 'VIEW'"
    " AND COALESCE(e.TRANSACTIONS, 'NO') <> 'YES'"
)
_OBJECTS = (
    "SELECT HEX(IF(TABLE_TYPE = 'VIEW', 'VIEW', 'TABLE')), HEX(TABLE_NAME) FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA = DATABASE() UNION ALL"
    " SELECT HEX(ROUTINE_TYPE), HEX(ROUTINE_NAME) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()"
    " UNION ALL SELECT HEX('TRIGGER'), HEX(TRIGGER_NAME) FROM information_schema.TRIGGERS"
    " WHERE TRIGGER_SCHEMA = DATABASE() UNION ALL"
    " SELECT HEX('EVENT'), HEX(EVENT_NAME) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()"
)
_KNOWN = (
    "SELECT HEX(SCHEMA_NAME), HEX(DEFAULT_CHARACTER_SET_NAME), HEX(DEFAULT_COLLATION_NAME)"
    " FROM information_schema.SCHEMATA"
)


# --- source -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Live:
    """Which database a dump is of, and how it was made."""

    database: str
    mark: str
    """A user lock that is held on the source's server as long as the source is open."""
    charset: tuple[str, str]
    """Its default character set and collation."""


@contextmanager
def open_source(address: Address, work: WorkFolder, rows: int | None = None) -> Iterator[Input]:
    """See contracts.Server. A sample is the first rows of each table."""
    access = Access(address)
    mark = f"anonymizer {secrets.token_hex(8)}"
    try:
        session = Session(access, _READS_ONLY)
        try:
            session.ask(_STAYS, f"USE {quoted(address.database)}", f"SELECT HEX(CONCAT(GET_LOCK('{mark}', 0)))")
            options = _snapshot(session, address)
            if rows is not None:
                options += (f"--where=1 LIMIT {rows}",)
            charset = session.ask("SELECT HEX(@@character_set_database), HEX(@@collation_database)")[0]
            with Dump(access, _is_mariadb(session), address.database, *options).open() as stream:
                found = spool_pipe(stream, work, str(address))
            found.identity = Live(address.database, mark, (charset[0], charset[1]))
            yield found
        finally:
            session.close()
    except Refusal as refusal:
        raise access.fault(SourceError, refusal, "reading") from None


def _snapshot(session: Session, address: Address) -> tuple[str, ...]:
    """What the dump tool is told about the snapshot."""
    wanted = address.options.get("snapshot", "")
    if wanted not in ("", "lock", "none"):
        raise SettingError(f"{address}: snapshot is lock or none")
    outside = [row[0] for row in session.ask(_NO_SNAPSHOT)]
    if outside and not wanted:
        raise SourceError(
            f"{address}: {len(outside)} tables, {outside[0]!r} for one, have an engine without transactions, so no"
            " snapshot holds them; write ?snapshot=lock behind the address to lock all tables against writing while"
            " they are dumped, or ?snapshot=none if nobody writes to them"
        )
    return ("--lock-tables",) if outside and wanted == "lock" else ("--single-transaction", "--skip-lock-tables")


def _is_mariadb(session: Session) -> bool:
    return "mariadb" in session.ask("SELECT HEX(VERSION())")[0][0].lower()


# --- target -----------------------------------------------------------------------------------------------------


@contextmanager
def open_target(address: Address, source: Source, kind: str, work: WorkFolder) -> Iterator[LiveTarget]:
    """See contracts.Server."""
    access = Access(address)
    try:
        target = LiveTarget(access, source, work)
        try:
            yield target
        finally:
            target.close()
    except Refusal as refusal:
        raise access.fault(TargetError, refusal, "writing") from None


class LiveTarget:
    """See contracts.Target."""

    warnings: tuple[str, ...] = ()

    def __init__(self, access: Access, source: Source, work: WorkFolder) -> None:
        self._access, self._work = access, work
        self._name = access.address.database
        self._stem = f"{self._name[:32]}__anonymizer_"
        self._staging = self._stem + secrets.token_hex(8)
        self._staged = self._made = False
        self._moving: list[str] = []
        self.path: Path = work.path / "result.sql"
        identity = getattr(source.input, "identity", None)
        live = identity if isinstance(identity, Live) else None
        self._charset = live.charset if live else ("utf8mb4", "")
        self._script = Script(source.input, "utf-8", {live.database} if live else set())
        self._session = Session(access, _STAYS)
        try:
            self._abandoned = self._drop_abandoned()
            self._exists = self._refuse_unfit(live)
        except BaseException:
            self._session.close()
            raise

    def sink(self, store: Store, source: Source) -> Sink:
        """A file in the work folder, beside an empty staging database."""
        self._lock(self._session, self._staging)
        self._staged = True
        self._create(self._staging)
        return store.open_sink(source, self.path)

    def written(self) -> Input:
        """What will be loaded."""
        return open_input(str(self.path), self._work)

    def proofs(self) -> tuple[CheckResult, ...]:
        """Load it, dump it again, compare."""
        made = self.written()
        schema = mysql_dump.open_source(made).schema()
        self._script.source, self._script.encoding = made, schema.encoding
        known = [table.name.name for table in schema.tables]
        self._load(self._staging, self._script.contents(self._staging, known))
        self._load(self._staging, self._script.definitions(self._staging, known, events=False))
        options = ("--single-transaction", "--skip-lock-tables")
        dump = Dump(self._access, _is_mariadb(self._session), self._staging, *options, events=False, fault=TargetError)
        with dump.open() as stream:
            landed = spool_pipe(stream, self._work, str(self._access.address))
        names = {table.name: table.name for table in schema.tables if table.partition_of is None}
        before, after = (made, mysql_dump.NAME), (landed, mysql_dump.NAME, mysql_dump.open_source(landed).schema())
        return (proof.verify_conversion(schema, names, before, after, self._work.path),)

    def publish(self) -> None:
        """See contracts.Target."""
        self._session.ask(f"USE {quoted(self._staging)}")
        objects = self._objects(self._session)
        self._session.ask(*(f"DROP TRIGGER {quoted(name)}" for kind, name in objects if kind == "TRIGGER"))
        tables = [name for kind, name in objects if kind == "TABLE"]
        self._exists = self._refuse_unfit(None)
        if not self._exists:
            self._made = True
            try:
                self._create(self._name)
            except Refusal:
                self._made = False
                raise
        self._moving = tables
        here, there = quoted(self._staging), quoted(self._name)
        moves = (f"{here}.{quoted(name)} TO {there}.{quoted(name)}" for name in tables)
        if tables:
            self._session.ask(f"RENAME TABLE {', '.join(moves)}")
        self._load(self._name, self._script.definitions(self._name, tables))
        self._moving, self._made = [], False

    def close(self) -> None:
        """Drop the staging database and, unless it was published, what came into the target."""
        self._session.close()
        if not self._staged:
            return
        session = Session(self._access, _STAYS)
        try:
            self._lock(session, self._staging, _WAITS)  # had once our last statement ended
            self._take_back(session)
            with suppress(Refusal):  # the next run tries again
                session.ask(f"DROP DATABASE IF EXISTS {quoted(self._staging)}")
        finally:
            session.close()

    # --- steps

    def _refuse_unfit(self, live: Live | None) -> bool:
        """Whether the target's database exists. Raises TargetError if it is the source or not empty."""
        ask, name = self._session.ask, self._name
        folds = ask("SELECT HEX(CONCAT(@@lower_case_table_names))")[0][0] != "0"
        same = live is not None and (live.database == name or (folds and live.database.lower() == name.lower()))
        if live and same and ask(f"SELECT HEX(CONCAT(IS_USED_LOCK('{live.mark}')))")[0][0]:
            raise TargetError(f"{self._access.address} is the source; name another target")
        known = [row for row in ask(_KNOWN) if row[0] == name or (folds and row[0].lower() == name.lower())]
        if not known:
            return False
        ask(f"USE {quoted(name)}")
        if found := self._objects(self._session):
            killed = " (a run that was killed may have half filled it)" if self._abandoned else ""
            raise TargetError(
                f"{self._access.address} is not empty ({len(found)} tables, views or routines){killed}; drop it first,"
                " or name another database"
            )
        self._charset = known[0][1], known[0][2]
        return True

    def _objects(self, session: Session) -> list[tuple[str, str]]:
        return [(row[0], row[1]) for row in session.ask(_OBJECTS)]

    def _create(self, name: str) -> None:
        charset, collation = self._charset
        chosen = f" COLLATE {collation}" if collation else ""
        self._session.ask(f"CREATE DATABASE {quoted(name)} CHARACTER SET {charset}{chosen}")

    def _load(self, database: str, blocks: Iterator[bytes]) -> None:
        load(self._access, database, blocks, "latin1" if self._script.encoding == "cp1252" else "utf8mb4")

    def _lock(self, session: Session, name: str, seconds: int = 0) -> bool:
        """Take the user lock that says that somebody works on a staging database."""
        return session.ask(f"SELECT HEX(CONCAT(GET_LOCK('{_lock_name(name)}', {seconds})))")[0][0] == "1"

    def _drop_abandoned(self) -> bool:
        """Drop what killed runs left: staging databases of this target that nobody holds. -> whether there were any."""
        found = False
        mark = re.compile(re.escape(self._stem) + r"[0-9a-f]{16}\Z", re.IGNORECASE)
        for name in [row[0] for row in self._session.ask(_KNOWN) if mark.match(row[0])]:
            if self._lock(self._session, name):
                found = True
                with suppress(Refusal):
                    self._session.ask(f"DROP DATABASE {quoted(name)}")
                self._session.ask(f"SELECT HEX(CONCAT(RELEASE_LOCK('{_lock_name(name)}')))")
        return found

    def _take_back(self, session: Session) -> None:
        """Drop what an unfinished `publish` brought into the target, and the target if it made that."""
        if not (self._made or self._moving):
            return
        session.ask(f"USE {quoted(self._staging)}")
        left = self._objects(session)
        session.ask(f"USE {quoted(self._name)}")
        if not any(kind == "TABLE" for kind, _ in left):  # they moved
            made = {*left, *(("TABLE", name) for name in self._moving)}
            for kind, name in self._objects(session):
                if kind != "TRIGGER" and (kind == "EVENT" or (kind, name) in made or ("VIEW", name) in made):
                    session.ask(f"DROP {kind} IF EXISTS {quoted(name)}")
        if self._made and not self._objects(session):
            session.ask(f"DROP DATABASE {quoted(self._name)}")


def _lock_name(staging: str) -> str:
    """User locks have names of at most 64 characters, in any case; the database's own may hold quotes."""
    return f"anonymizer {staging[-16:].lower()}"
