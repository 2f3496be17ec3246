"""A SQLite database as one file that may be read as immutable, whatever it lies in.

Immutable reading misses what stands in a write-ahead log or in the journal of an interrupted transaction, and SQLite
opens no compressed file and no pipe. In these cases a copy is made in the private work folder and SQLite puts the last
transactions into the copy. Source: SQLite documentation, "Database File Format" and "Write-Ahead Logging".
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from anonymizer.contracts import Input
from anonymizer.errors import SourceError
from anonymizer.stores._output import open_output
from anonymizer.workspace import Workspace

MAGIC = b"SQLite format 3\0"

_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
_LOG_MAGICS = (bytes.fromhex("377f0682"), bytes.fromhex("377f0683"))
_LOG_HEADER_BYTES = 32
_SUFFIXES = ("-wal", "-journal")


class Image:
    """The file to read: `path` itself or a copy, which is gone with the work folder. Raises SourceError."""

    def __init__(self, source: Input) -> None:
        self._source = source
        self._state = _state(source.path)
        self.path = self._readable()
        with source.open() as stream:
            header = stream.read(100)
        self.write_ahead = header[18:19] == b"\2"
        """Whether programs that open the database keep a write-ahead log."""
        self._require_whole()

    @property
    def uri(self) -> str:
        """The address under which SQLite reads the database and touches nothing else."""
        return self.path.absolute().as_uri() + "?mode=ro&immutable=1"

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for reading. What SQLite says of the source, which may quote it, becomes a SourceError."""
        try:
            connection = sqlite3.connect(self.uri, uri=True, isolation_level=None, check_same_thread=False)
            with closing(connection):
                yield connection
        except sqlite3.Error as error:
            raise unreadable(self._source.name, code(error)) from None

    def require_unchanged(self) -> None:
        """Raises SourceError if somebody wrote to the source since it was opened."""
        if _state(self._source.path) != self._state:
            raise SourceError(f"{self._source.name} was changed while it was read; stop the program that uses it")

    def _readable(self) -> Path:
        path = self._source.path
        plain = path.is_file() and _begins_with(path, MAGIC)
        logs = [suffix for suffix in _SUFFIXES if plain and _holds_transactions(_beside(path, suffix))]
        if plain and not logs:
            return path
        copy = self._private_folder() / f".source-{secrets.token_hex(4)}.sqlite"
        if not plain:
            with self._source.open() as stream, open_output(copy) as output:
                shutil.copyfileobj(stream, output, 1 << 20)
            return copy
        for suffix in ("", *logs):
            with _beside(path, suffix).open("rb") as file, open_output(_beside(copy, suffix)) as output:
                shutil.copyfileobj(file, output, 1 << 20)
        self.require_unchanged()
        try:
            with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
                connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        except sqlite3.Error as error:
            raise unreadable(self._source.name, code(error)) from None
        return copy

    def _private_folder(self) -> Path:
        scratch = getattr(self._source, "scratch", None)
        if isinstance(scratch, Path) and scratch.is_dir():
            return scratch
        workspace = Workspace().__enter__()
        weakref.finalize(self, workspace.__exit__, None, None, None)
        return workspace.path

    def _require_whole(self) -> None:
        """The header knows how many pages there are, if the last writer was SQLite 3.7 or later."""
        with self.path.open("rb") as file:
            header = file.read(100)
        page = int.from_bytes(header[16:18], "big")
        pages = int.from_bytes(header[28:32], "big")
        known = header[24:28] == header[92:96]
        size = self.path.stat().st_size
        if len(header) < 100 or (known and size < pages * (65536 if page == 1 else page)):
            raise SourceError(f"{self._source.name} is truncated; make or copy it again")


def code(error: Exception) -> str:
    """The name of a SQLite result code: all of an error that surely quotes no value."""
    return str(getattr(error, "sqlite_errorname", type(error).__name__))


def unreadable(name: str, result: str) -> SourceError:
    """The error of a source that SQLite cannot read, by the name of the result code."""
    return SourceError(
        f"{name}: SQLite cannot read the database ({result}); make the copy again or repair it by .recover"
    )


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _state(path: Path) -> list[tuple[int, int]]:
    """Size and time of change of the file and of what belongs to it."""
    files = [file for file in (path, *(_beside(path, suffix) for suffix in _SUFFIXES)) if file.is_file()]
    return [(status.st_size, status.st_mtime_ns) for status in (file.stat() for file in files)]


def _begins_with(path: Path, *starts: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(16).startswith(starts)


def _holds_transactions(log: Path) -> bool:
    if not log.is_file() or log.stat().st_size <= _LOG_HEADER_BYTES:
        return False
    return _begins_with(log, *_LOG_MAGICS, _JOURNAL_MAGIC)
