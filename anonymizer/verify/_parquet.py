"""Reads a folder of Parquet files, or one file, by pyarrow alone.

The files are found anew: a file whose path is that of a table of the plan belongs to it, with the columns that its path
tells (`year=2024`). Everything in a file that is no row is text: the file's key-value pairs, the names and types of its
columns, and which files there are. Statistics are looked through as the footer stores them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from anonymizer.contracts import Input
from anonymizer.errors import AnonymizerError
from anonymizer.model.schema import Schema, TableName
from anonymizer.verify._arrow_text import storage, texts
from anonymizer.verify._reader import STORAGE, Block, Part, Reader, Text

_ENDINGS = (".parquet", ".parq", ".pq")
_PACKAGE = "datapackage.json"
_UNREAD = ("_SUCCESS", "_metadata", "_common_metadata")
_ROWS = 16_384
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


class FolderReader(Reader):
    """One file after the other, in the order of their paths."""

    def __init__(self, source: Input, schema: Schema, work: Path | None) -> None:
        super().__init__(source, schema)
        self._folder = source.path.is_dir()

    def parts(self) -> Iterator[Part]:
        try:
            yield from self._files() if self._folder else self._single()
        except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
            raise self.failed(f"holds what is no whole Parquet file ({type(error).__name__})") from None
        except AnonymizerError as error:
            raise self.failed(f"cannot be read to its end ({type(error).__name__})") from None

    def _single(self) -> Iterator[Part]:
        with self.source.open() as stream:
            # the one table of the plan, whatever the file is called
            table = self.schema.tables[0].name if len(self.schema.tables) == 1 else TableName("", "(file)")
            yield from self._file(stream, PurePosixPath("file"), table)

    def _files(self) -> Iterator[Part]:
        root, found = self.source.path, []
        for folder, folders, names in os.walk(root):
            folders.sort()
            found += [Path(folder, name).relative_to(root).as_posix() for name in names]
        listed = []
        for path in sorted(found, key=lambda path: (str(self._table(PurePosixPath(path))), path.split("/"))):
            name = PurePosixPath(path)
            if name.suffix.lower() in _ENDINGS and not name.name.startswith("."):
                listed.append(path)
                with (root / path).open("rb") as stream:
                    yield from self._file(stream, name, self._table(name))
            elif path == _PACKAGE:
                yield Text(path, (root / path).read_bytes())
            elif name.name not in _UNREAD and not (name.name.startswith(".") and name.suffix == ".crc"):
                raise self.failed("holds a file that is no Parquet file")
        yield Text("names of files", "\n".join(listed).encode("utf-8", "surrogateescape"))

    def _table(self, path: PurePosixPath) -> TableName:
        """The table that a path belongs to: the longest beginning of it that names one."""
        folders = [part for part in path.parts[:-1] if "=" not in part]
        stem = path.stem
        for schema, name in (
            ("", stem) if not folders else (folders[-1], stem),
            *([("", folders[-1])] if len(folders) == 1 else []),
            *([(folders[-2], folders[-1])] if len(folders) == 2 else []),
        ):
            for spelled in (name, _bare(name)):
                if TableName(schema, spelled) in self.schema:
                    return TableName(schema, spelled)
        if len(self.schema.tables) == 1 and not folders:
            return self.schema.tables[0].name
        return TableName("/".join(folders), stem)

    def _file(self, stream: Any, path: PurePosixPath, table: TableName) -> Iterator[Part]:
        yield Text(f"footer of {path}", _footer(stream), fixed=False)
        with pq.ParquetFile(stream) as file:
            pairs = file.metadata.metadata or {}
            for number, (key, value) in enumerate(sorted(pairs.items())):
                yield Text(f"metadata {number} of {path}", key + b" " + value)
            yield Text(f"columns of {path}", str(file.schema_arrow).encode())
            said = [part.split("=", 1) for part in path.parts[:-1] if "=" in part]
            names = (*file.schema_arrow.names, *(unquote(column) for column, _ in said))
            given = False
            for batch in file.iter_batches(_ROWS):
                values = [None if unquote(value) == _NO_VALUE else unquote(value) for _, value in said]
                yield block(self, table, batch, names, values)
                given = True
            if not given:
                empty = pa.RecordBatch.from_pylist([], file.schema_arrow)
                yield block(self, table, empty, names, [None] * len(said))


def block(
    reader: Reader,
    table: TableName,
    batch: pa.RecordBatch | pa.Table,
    names: tuple[str, ...],
    constant: list[str | None],
) -> Block:
    """Rows of one table; the last of `names` are of columns with one value."""
    shown = (*names, *([] if storage(batch.slice(0, 0)) is None else [STORAGE]))
    return Block(table, shown, partial(_batch, reader, batch, names, constant), rows=batch.num_rows)


def _batch(
    reader: Reader, batch: pa.RecordBatch | pa.Table, names: tuple[str, ...], constant: list[str | None]
) -> pa.RecordBatch:
    try:
        found = texts(batch)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise reader.failed(f"holds values that cannot be read ({type(error).__name__})") from None
    columns = [*found, *(pa.array([value] * batch.num_rows, pa.string()) for value in constant)]
    letters = storage(batch, len(constant))
    if letters is not None:
        columns, names = [*columns, letters], (*names, STORAGE)
    return pa.RecordBatch.from_arrays(columns, names=list(names))


def _footer(stream: Any) -> bytes:
    """The end of a file as it is stored, uncompressed: statistics hold smallest and largest values.

    Not by pyarrow, which would end the program where that of a damaged file makes no sense.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(size - 8, 0))
    length = int.from_bytes(stream.read(4), "little")
    stream.seek(max(size - 8 - length, 0))
    footer: bytes = stream.read(min(length, size))
    stream.seek(0)
    return footer


def _bare(name: str) -> str:
    return name.rsplit(".", 1)[0] if name.lower().endswith(_ENDINGS) else name


def reader(source: Input, schema: Schema, work: Path | None) -> Reader:
    """Opened when it is first read."""
    return FolderReader(source, schema, work)
