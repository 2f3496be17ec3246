"""The database that a script for SQLite makes, by SQLite itself: numbers that it gives to rows, defaults, triggers.

Nothing beyond the new file is touched: no other file is attached, no extension loaded.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from anonymizer.contracts import Input
from anonymizer.errors import SourceError
from anonymizer.stores._sqlite.image import code

_REFUSED = (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)


def load(source: Input, path: Path) -> None:
    """Run a script that was verified, into a file that does not exist yet. Raises SourceError, naming the line."""
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.set_authorizer(_allowed)
        line, statement = 1, ""
        with closing(source.open()) as stream:
            for number, data in enumerate(stream, 1):
                try:
                    text = data.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError:
                    raise SourceError(f"line {number}: no UTF-8, which SQLite does not take as text") from None
                statement += text
                if text.rstrip().endswith(";") and sqlite3.complete_statement(statement):
                    _run(database, statement, line)
                    line, statement = number + 1, ""
        _run(database, statement, line)
        if database.in_transaction:
            _run(database, "COMMIT", line)
        if database.execute("PRAGMA integrity_check(1)").fetchall() != [("ok",)]:
            raise SourceError("the script makes a database that SQLite finds damaged")


def _run(database: sqlite3.Connection, statements: str, line: int) -> None:
    """Some statements that were written on the same lines."""
    try:
        if statements.count(";") < 2:
            database.execute(statements)
            return
        rest = statements
        while rest.strip():
            one, rest = _first(rest)
            database.execute(one)
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        raise SourceError(f"line {line}: SQLite does not take the statement there ({code(error)})") from None


def _first(statements: str) -> tuple[str, str]:
    """The first complete statement, and what follows."""
    end = statements.find(";")
    while end >= 0:
        if sqlite3.complete_statement(statements[: end + 1]):
            return statements[: end + 1], statements[end + 1 :]
        end = statements.find(";", end + 1)
    return statements, ""


def _allowed(action: int, *_: object) -> int:
    return sqlite3.SQLITE_DENY if action in _REFUSED else sqlite3.SQLITE_OK
