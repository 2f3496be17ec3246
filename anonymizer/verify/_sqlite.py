"""Reads an SQLite database file, by SQLite itself, without touching the folder in which it lies.

A file with a write-ahead log or a hot journal beside it, a compressed one and one that came through a pipe are copied
into the private work folder of the run first, readable by its owner alone. The copy vanishes with the reader, and when
the run is killed, with its work folder.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import pyarrow as pa

from anonymizer.contracts import Input
from anonymizer.errors import AnonymizerError
from anonymizer.model.schema import Schema
from anonymizer.verify._reader import ROW_ID, STORAGE, Block, Part, Reader, Text

_MAGIC = b"SQLite format 3\0"
_ROWS = 10_000
_READ, _OVERLAP = 1 << 20, 200
_SETTINGS = ("encoding", "application_id", "user_version", "page_size", "auto_vacuum")
_CLASSES = {int: "i", float: "r", str: "t", bytes: "b", type(None): "n"}
_SIDE_FILES = ("-wal", "-journal")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class FileReader(Reader):
    """Ordinary tables are rows; definitions, settings and sequences are text; shadow tables and statistics likewise,
    but they are made anew in the result and need not be the same."""

    def __init__(self, source: Input, schema: Schema, work: Path | None) -> None:
        super().__init__(source, schema)
        self._work = work
        self._copies: Path | None = None
        self._connection: sqlite3.Connection | None = None
        self._path: Path = source.path

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._copies is not None:
            shutil.rmtree(self._copies, ignore_errors=True)
            self._copies = None

    def parts(self) -> Iterator[Part]:
        try:
            yield from self._parts(self._opened())
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise self.failed(f"is not a database that SQLite can read ({type(error).__name__})") from None
        except (OSError, AnonymizerError) as error:
            raise self.failed(f"cannot be read to its end ({type(error).__name__})") from None

    def raw(self) -> Iterator[bytes]:
        wide = self._opened().execute("PRAGMA encoding").fetchone()[0].startswith("UTF-16")
        with self._path.open("rb") as file:
            tail = b""
            while data := file.read(_READ):
                yield tail + data
                if wide:  # letters of two bytes are read as one
                    yield (tail + data).replace(b"\0", b"")
                tail = data[-_OVERLAP:]

    # --- opening

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._needs_copy():
                self._path = self._copied()
                mode = "mode=rw"
            else:
                mode = "mode=ro&immutable=1"
            self._connection = sqlite3.connect(f"file:{quote(str(self._path))}?{mode}", uri=True)
        return self._connection

    def _needs_copy(self) -> bool:
        path = self.source.path
        if not path.is_file() or any(_beside(path, side).exists() for side in _SIDE_FILES):
            return True
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) != _MAGIC

    def _copied(self) -> Path:
        if self._work is None:
            raise self.failed("needs a private folder to be copied to, and there is none")
        self._copies = self._work / f"verify-{secrets.token_hex(8)}"
        self._copies.mkdir(mode=0o700)
        copy = self._copies / "database"
        with self.source.open() as stream:
            _write_private(stream, copy)
        for side in _SIDE_FILES:
            if self.source.path.is_file() and _beside(self.source.path, side).exists():
                with _beside(self.source.path, side).open("rb") as stream:
                    _write_private(stream, _beside(copy, side))
        return copy

    # --- reading

    def _parts(self, connection: sqlite3.Connection) -> Iterator[Part]:
        for setting in _SETTINGS:
            value = connection.execute(f"PRAGMA {setting}").fetchone()[0]
            yield Text(f"PRAGMA {setting}", f"{setting} {value}".encode())
        objects = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY rowid").fetchall()
        kinds = {name: kind for _, name, kind, *_ in connection.execute("PRAGMA table_list") if kind}
        made_anew = {name for name, kind in kinds.items() if kind == "shadow"}
        for kind, name, sql in sorted(objects, key=lambda row: (row[0], row[1])):
            statistics = name.startswith("sqlite_stat")
            if sql and not statistics:
                yield Text(f"definition of {kind} {name}", sql.encode(), fixed=name not in made_anew)
        for kind, name, _ in objects:
            if kind != "table" or kinds.get(name) == "virtual":
                continue
            if name.startswith("sqlite_") or name in made_anew:
                yield from self._as_text(connection, name)
            else:
                yield from self._rows(connection, name)

    def _as_text(self, connection: sqlite3.Connection, name: str) -> Iterator[Text]:
        sequence = name == "sqlite_sequence"
        order = " ORDER BY 1" if sequence else ""
        cursor = connection.execute(f"SELECT * FROM {_quoted(name)}{order}")
        while rows := cursor.fetchmany(_ROWS):
            text = "\n".join("\t".join(str(_text(cell)) for cell in row) for row in rows)
            yield Text(f"table {name}", text.encode("utf-8", "replace"), fixed=sequence)

    def _rows(self, connection: sqlite3.Connection, name: str) -> Iterator[Block]:
        described = connection.execute(f"PRAGMA table_xinfo({_quoted(name)})").fetchall()
        columns = tuple(row[1] for row in described if row[6] == 0)
        keys = [row[1] for row in sorted(described, key=lambda row: row[5]) if row[5]]
        alias = [row[1] for row in described if row[5] and row[2].upper() == "INTEGER"] if len(keys) == 1 else []
        row_id = next((n for n in ("rowid", "_rowid_", "oid") if n not in {c.lower() for c in columns}), None)
        try:
            connection.execute(f"SELECT {row_id} FROM {_quoted(name)} LIMIT 0")
        except sqlite3.OperationalError:
            row_id = None
        listed = ", ".join([row_id or "NULL", *map(_quoted, columns)])
        by = row_id or ", ".join(map(_quoted, keys)) or "1"
        order = tuple(alias if row_id else keys)
        cursor = connection.execute(f"SELECT {listed} FROM {_quoted(name)} ORDER BY {by}")
        table, names = self.named("", name), (*columns, ROW_ID, STORAGE)
        given = False
        while rows := cursor.fetchmany(_ROWS):
            yield Block(table, names, partial(_batch, rows, names), order=order)
            given = True
        if not given:
            yield Block(table, names, partial(_batch, [], names), order=order)


def _batch(rows: list[tuple[Any, ...]], names: tuple[str, ...]) -> pa.RecordBatch:
    if not rows:
        return pa.RecordBatch.from_arrays([pa.array([], pa.string()) for _ in names], names=list(names))
    row_ids, *columns = zip(*rows, strict=True)
    classes = ["".join(row) for row in zip(*[map(_CLASSES.__getitem__, map(type, c)) for c in columns], strict=True)]
    arrays = [_strings(column) for column in (*columns, row_ids)]
    return pa.RecordBatch.from_arrays([*arrays, pa.array(classes, pa.string())], names=list(names))


def _strings(column: tuple[Any, ...]) -> pa.Array:
    kinds = set(map(type, column)) - {type(None)}
    if kinds <= {str}:
        return pa.array(column, pa.string())
    if kinds == {int}:
        return pa.array(column, pa.int64()).cast(pa.string())
    return pa.array([None if cell is None else _text(cell) for cell in column], pa.string())


def _text(cell: object) -> str:
    if isinstance(cell, bytes):
        return "\\x" + cell.hex()
    return repr(cell) if isinstance(cell, float) else str(cell)


def _write_private(stream: BinaryIO, path: Path) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        shutil.copyfileobj(stream, file, _READ)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def reader(source: Input, schema: Schema, work: Path | None) -> Reader:
    """Opened when it is first read."""
    return FileReader(source, schema, work)
