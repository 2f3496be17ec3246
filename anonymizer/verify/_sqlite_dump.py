"""Reads what sqlite3's `.dump` writes, and SQLite scripts like it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from anonymizer.contracts import Input
from anonymizer.model.schema import Schema
from anonymizer.verify._reader import Part, Reader
from anonymizer.verify._sql_script import SQLITE, Script


class DumpReader(Reader):
    """INSERTs are the rows, every other statement is text."""

    def parts(self) -> Iterator[Part]:
        with self.stream() as stream:
            yield from Script(self, stream, SQLITE, self.schema.encoding).parts()


def reader(source: Input, schema: Schema, work: Path | None) -> Reader:
    """Opened when it is first read."""
    return DumpReader(source, schema)
