"""Which files of a folder are which table.

`customer.parquet`                       the table customer
`customer/part-0.parquet`                a part of the table customer: names that number the files of one table
`customer/year=2024/part-0.parquet`      the same, with the column year in the path (as Hive writes it)
`crm/customer.parquet`                   the table customer in the schema crm

A folder that itself holds such parts is one table. What is no Parquet file is refused by name, but for files that
programs write beside the data; those are not copied (`_metadata` repeats statistics of values).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa

from anonymizer.errors import SourceError
from anonymizer.model.schema import TableName
from anonymizer.stores._parquet.package import FILE

SUFFIXES = (".parquet", ".parq", ".pq")
_LEFT_OUT = ("_SUCCESS", "_metadata", "_common_metadata")
_PART = re.compile(
    r"(?:(?:part|data|chunk|file|output|batch|split|row|partition)s?(?:[-_.]?\d[\w.=-]*|[-_.][\w.=-]*)?|\d[\w.-]*"
    r"|[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f-]+[\w.-]*)",
    re.IGNORECASE,
)
_HIVE = re.compile(r"([^=]+)=(.*)", re.DOTALL)
_NULL = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class TableFile:
    """One Parquet file. `path` is relative to the folder, `partition` what its path says: column -> text or null."""

    path: Path
    partition: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Located:
    """One table's files, in the order of their paths."""

    name: TableName
    files: tuple[TableFile, ...]

    @property
    def partition_key(self) -> tuple[str, ...]:
        """Columns that stand in the path."""
        return tuple(name for name, _ in self.files[0].partition)

    def partition_type(self, column: str) -> pa.DataType:
        """int64 where all the paths say whole numbers, else string."""
        said = [dict(file.partition)[column] for file in self.files]
        numbers = all(text is None or re.fullmatch(r"-?(0|[1-9]\d{0,17})", text) for text in said)
        return pa.int64() if numbers and any(said) else pa.string()


def tables_of(folder: Path) -> tuple[Located, ...]:
    """Raises SourceError for a file that is no Parquet file, and for folders that make no sense."""
    if _is_table(folder):
        return (_located(folder, folder, TableName("", table_name(folder))),)
    tables = sorted(_tables(folder, folder, ""), key=lambda table: table.name)
    for one, next_one in pairwise(tables):
        if one.name == next_one.name:
            raise SourceError(f"{one.name} is both a file and a folder, or two files; rename one of them")
    return tuple(tables)


def table_name(path: Path) -> str:
    """Of a file, or of a folder of parts."""
    return path.stem if path.suffix.lower() in SUFFIXES else path.name


def _tables(root: Path, folder: Path, schema: str) -> Iterator[Located]:
    files, folders = _entries(root, folder)
    for file in files:
        yield Located(TableName(schema, table_name(file)), (TableFile(file.relative_to(root)),))
    for inner in folders:
        if _is_table(inner):
            yield _located(root, inner, TableName(schema, table_name(inner)))
        elif schema:
            raise SourceError(f"{inner.relative_to(root)} lies too deep to be a table of a schema; name its folder")
        else:
            yield from _tables(root, inner, inner.name)


def _is_table(folder: Path) -> bool:
    """Whether the files of a folder are parts of one table."""
    files, folders = _entries(folder, folder)
    if folders and all(_HIVE.fullmatch(inner.name) for inner in folders):
        return all(_PART.fullmatch(table_name(file)) for file in files)
    own = re.escape(table_name(folder))
    named = re.compile(rf"{own}[-_.]\d[\w.-]*", re.IGNORECASE)
    return bool(files) and not folders and all(
        _PART.fullmatch(table_name(file)) or named.fullmatch(table_name(file)) for file in files
    )  # fmt: skip


def _located(root: Path, folder: Path, name: TableName) -> Located:
    files = tuple(_parts(root, folder, ()))
    if len({tuple(column for column, _ in file.partition) for file in files}) > 1:
        raise SourceError(f"{name}: its files lie in folders of different columns; give them one layout")
    return Located(name, files)


def _parts(root: Path, folder: Path, partition: tuple[tuple[str, str | None], ...]) -> Iterator[TableFile]:
    files, folders = _entries(root, folder)
    for file in files:
        yield TableFile(file.relative_to(root), partition)
    for inner in folders:
        match = _HIVE.fullmatch(inner.name)
        if match is None:
            raise SourceError(f"{inner.relative_to(root)} is no folder of a partition (column=value); move it away")
        column, value = unquote(match[1]), unquote(match[2])
        yield from _parts(root, inner, (*partition, (column, None if value == _NULL else value)))


def _entries(root: Path, folder: Path) -> tuple[list[Path], list[Path]]:
    """Parquet files and folders. Raises SourceError for anything else."""
    files, folders = [], []
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if any(path.iterdir()):
                folders.append(path)
        elif path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
            files.append(path)
        elif path.name not in _LEFT_OUT and not (path.name == FILE and folder == root) and not _is_checksum(path):
            raise SourceError(
                f"{path.relative_to(root)} is no Parquet file and would not be looked at; move it out of the folder"
            )
    return files, folders


def _is_checksum(path: Path) -> bool:
    """As Hadoop writes one beside each file."""
    return path.name.startswith(".") and path.suffix == ".crc"
