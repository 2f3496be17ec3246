"""A private MariaDB for the tests: one server per test process, a fresh database per test.

The programs are Debian's package `mariadb-server` (or lie in the folder that MARIADBTOOLS names). The server keeps its
data in a private folder, listens on a socket in it only, and is stopped when the tests end. Where the programs are
missing these tests are not verified, but where CI is set that is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest

_PLACES = (os.environ.get("MARIADBTOOLS", ""), "/usr/sbin", "/usr/bin", "/usr/local/bin")
_SERVER = (
    "--skip-networking --skip-log-bin --innodb-flush-log-at-trx-commit=0 --innodb-log-file-size=16M"
    " --innodb-flush-method=nosync --innodb-doublewrite=0"
).split()
_STARTS_IN = 60


def program(name: str) -> str:
    """Where a program of MariaDB lies; "" if nowhere."""
    return next((str(Path(place) / name) for place in _PLACES if place and (Path(place) / name).exists()), "")


@dataclass(frozen=True)
class MariaDb:
    """One database on the private server."""

    socket: Path
    name: str

    def tool(self, name: str, *arguments: str | Path, stdin: bytes | None = None) -> bytes:
        """Run a client program; raises AssertionError with what it says on standard error."""
        command = [program(name), "--no-defaults", "-S", str(self.socket), *map(str, arguments)]
        done = subprocess.run(command, input=stdin, capture_output=True, check=False)
        assert done.returncode == 0, f"{name} failed: {done.stderr.decode(errors='replace')[-2000:]}"
        return done.stdout

    def load(self, script: bytes, *options: str) -> None:
        """Run a script with the client; any error stops and fails."""
        self.tool("mariadb", "--default-character-set=utf8mb4", *options, self.name, stdin=script)

    def dump(self, *options: str) -> bytes:
        """What mariadb-dump writes of this database."""
        return self.tool("mariadb-dump", *options, self.name)

    def query(self, sql: str) -> list[list[str]]:
        """Rows as text; NULL is "NULL", bytes below the blank are escaped."""
        out = self.tool(
            "mariadb", "--default-character-set=utf8mb4", "-N", "-B", self.name, stdin=sql.encode()
        ).decode()
        return [line.split("\t") for line in out.splitlines()]

    def fresh(self, name: str) -> MariaDb:
        """Another database on the same server, empty."""
        self.tool("mariadb", "-e", f"DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return self.sibling(name)

    def sibling(self, name: str) -> MariaDb:
        """Another database on the same server."""
        return replace(self, name=name)

    def tables(self) -> dict[str, tuple[list[str], list[list[str]]]]:
        """Table -> its columns and, sorted, all of its rows; each cell is NULL or its text in hexadecimal."""
        found: dict[str, tuple[list[str], list[list[str]]]] = {}
        for table, column in self.query(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t"
            " USING (table_schema, table_name) WHERE c.table_schema = database() AND t.table_type = 'BASE TABLE'"
            " ORDER BY c.table_name, c.ordinal_position"
        ):
            found.setdefault(table, ([], []))[0].append(column)
        selects = []
        for number, (table, (columns, _)) in enumerate(found.items()):
            cells = [f"IF({_quoted(c)} IS NULL, 'NULL', HEX(CAST({_quoted(c)} AS BINARY)))" for c in columns]
            selects.append(f"SELECT {number}, {', '.join(cells)} FROM {_quoted(table)}")
        tables = list(found.values())
        for number, *row in self.query(";".join(selects)) if selects else ():
            tables[int(number)][1].append(row)
        for _, rows in tables:
            rows.sort()
        return found


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


@contextmanager
def server() -> Iterator[MariaDb]:
    """A running server; yields a connection without a database of its own."""
    folder = Path(tempfile.mkdtemp(prefix="anonymizer-mariadb-"))
    as_root = ["--user=root"] if os.geteuid() == 0 else []
    data, socket = folder / "data", folder / "socket"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = None
    try:
        install = [program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--skip-test-db", *as_root]
        install += ["--auth-root-authentication-method=normal", "--innodb-log-file-size=16M"]
        subprocess.run(install, check=True, **quiet)
        command = [program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--socket={socket}", *_SERVER, *as_root]
        running = subprocess.Popen([*command, f"--pid-file={folder / 'pid'}"], **quiet)
        client = MariaDb(socket, "")
        ends = time.monotonic() + _STARTS_IN
        while subprocess.run(
            [program("mariadb-admin"), "--no-defaults", "-S", str(socket), "ping"], check=False, **quiet
        ).returncode:
            assert running.poll() is None, "MariaDB did not start"
            assert time.monotonic() < ends, "MariaDB does not answer"
            time.sleep(0.1)
        yield client
    finally:
        if running is not None:
            running.terminate()
            running.wait()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """This process's private server."""
    if sys.platform == "win32":
        pytest.skip("not verified: the private MariaDB needs a POSIX system")
    if not program("mariadbd"):
        assert not os.environ.get("CI"), "the package mariadb-server is missing"
        pytest.skip("not verified: the package mariadb-server is not installed")
    with server() as running:
        yield running


_numbers = count(1)


@pytest.fixture
def mysql(mariadb: MariaDb) -> MariaDb:
    """A fresh, empty database."""
    return mariadb.fresh(f"test_{next(_numbers)}")
