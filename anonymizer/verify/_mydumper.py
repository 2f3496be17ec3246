"""Reads folders of MySQL scripts, and those of mydumper, where what is neither rows nor tables is text.

Source: mydumper, docs/files.rst.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from anonymizer.contracts import Input
from anonymizer.model.schema import Schema
from anonymizer.verify._csv import unpacked
from anonymizer.verify._mysql_dump import DumpReader
from anonymizer.verify._reader import Block, Part, Reader, Text, Unreadable

_SPLIT_BY_LINES = re.compile(r"metadata|.*-schema-(?:triggers|post|view)\.sql(?:\.gz|\.zst)?\Z")
"""What is no script for the client: statements end with a line that ends with a semicolon."""


class FolderReader(Reader):
    """The files in the order of their names."""

    def parts(self) -> Iterator[Part]:
        yield from self._scripts(sorted(path for path in self.source.path.rglob("*") if path.is_file()))

    def _scripts(self, paths: list[Path]) -> Iterator[Part]:
        for path in paths:
            place = path.relative_to(self.source.path).as_posix()
            if _SPLIT_BY_LINES.match(path.name):
                with self._opened(path) as stream:
                    yield Text(place, stream.read())
                continue
            script = _FileReader(self, path)
            try:
                for part in script.parts():
                    yield part if isinstance(part, Block) else Text(f"{place}, {part.place}", part.data, part.fixed)
            except Unreadable as error:
                if error.reader is self:
                    raise
                raise self.failed(f"{error} in {place}") from None

    @contextmanager
    def _opened(self, path: Path) -> Iterator[BinaryIO]:
        try:
            with path.open("rb") as stored, unpacked(stored) as stream:
                yield stream
        except (OSError, EOFError, ValueError) as error:
            raise self.failed(f"cannot be read to its end ({type(error).__name__}) in {path.name}") from None


class _FileReader(DumpReader):
    """One file of the folder."""

    def __init__(self, folder: FolderReader, path: Path) -> None:
        super().__init__(folder.source, folder.schema)
        self._folder, self._path = folder, path

    @contextmanager
    def stream(self) -> Iterator[BinaryIO]:
        with self._folder._opened(self._path) as stream:
            yield stream


def reader(source: Input, schema: Schema, work: Path | None) -> Reader:
    """Opened when it is first read."""
    return FolderReader(source, schema)
