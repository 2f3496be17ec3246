"""Parquet: a folder of files that are tables, or one file.

Which files are which table says `_parquet.layout`; keys and widths come from `datapackage.json`, where there is one.
Values of all Arrow types travel as text and back (`_arrow.values`). A table in which nothing is replaced is copied byte
for byte; of the others the Arrow schema with its metadata, row groups, compression and the values of all other columns
are the same, and statistics are made of the new values.

Memory is that of one row group: it has to be written as a whole. A column that stands in the names of folders
(`year=2024`) decides where a row lies and cannot be replaced.

Source of the format: the Apache Parquet specification (parquet.thrift, LogicalTypes.md).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from anonymizer.contracts import Input, Rows, Source, Verbatim
from anonymizer.errors import InternalError, SourceError, TargetError
from anonymizer.model.schema import Column, ForeignKey, Schema, Table, TableName
from anonymizer.stores._arrow.schema import columns_of, texts, with_texts
from anonymizer.stores._output import Output, is_compressed, open_output
from anonymizer.stores._parquet.file import ENCRYPTED, MAGIC, Writer, batches, opened, reading
from anonymizer.stores._parquet.layout import SUFFIXES, Located, TableFile, table_name, tables_of
from anonymizer.stores._parquet.package import FILE, Resource, read_datapackage
from anonymizer.stores._thinning import BatchThinning

NAME = "Parquet folder"

_SAMPLED_GROUPS = 16
_COPY = 1 << 20


def recognises(source: Input) -> bool:
    """By the first four bytes; of a folder, by those of a file in it that is named like a Parquet file."""
    if not source.path.is_dir():
        return source.head(4) in (MAGIC, ENCRYPTED)
    for path in source.path.rglob("*"):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            with _stream(path, path.name) as stream:
                if stream.read(4) in (MAGIC, ENCRYPTED):
                    return True
    return False


def open_source(source: Input) -> ParquetSource:
    """Raises SourceError for a folder that holds anything else."""
    return ParquetSource(source)


def open_sink(source: Source, target: Path) -> ParquetSink:
    """A new folder, or a new file, at `target`."""
    if not isinstance(source, ParquetSource):
        raise InternalError("the result of Parquet files needs Parquet files as its source")
    return ParquetSink(source, target)


def _stream(path: Path, name: str) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise SourceError(f"{name} cannot be read ({reason}); check that the folder is complete") from None


# --- source -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where rows lie, all their typed columns, and the text of the wanted ones."""

    file: TableFile
    group: int
    typed: pa.RecordBatch
    before: pa.RecordBatch
    columns: tuple[str, ...]
    """All that the plan asked for of this table."""


class ParquetSource:
    """Reads one folder or file; see contracts.Source."""

    kind = NAME

    def __init__(self, source: Input) -> None:
        self.input = source
        self.is_folder = source.path.is_dir()
        if self.is_folder:
            self._located = tables_of(source.path)
        else:
            self._located = (Located(TableName("", table_name(source.path)), (TableFile(Path()),)),)
        self._schema: Schema | None = None

    @contextmanager
    def opened(self, file: TableFile) -> Iterator[pq.ParquetFile]:
        """One of the files. Raises SourceError."""
        name = self.name_of(file)
        with _stream(self.input.path / file.path, name) if self.is_folder else self.input.open() as stream:
            yield opened(stream, name)

    def name_of(self, file: TableFile) -> str:
        """As messages call it."""
        return str(file.path) if self.is_folder else self.input.name

    def schema(self) -> Schema:
        """See contracts.Source. The parts of a table must have the same columns."""
        if self._schema is None:
            resources = read_datapackage(self.input.path) if self.is_folder else ()
            by_path = {_first_file(each): each for each in resources}
            said = {table.name: _said_of(table, by_path) for table in self._located}
            names = {each.name: table for table, each in said.items() if each is not None}
            self._schema = Schema(tuple(self._table(table, said[table.name], names) for table in self._located))
        return self._schema

    def _table(self, located: Located, said: Resource | None, names: Mapping[str, TableName]) -> Table:
        fields: list[pa.Field] | None = None
        for file in located.files:
            with self.opened(file) as opened_file:
                own = list(opened_file.schema_arrow)
            kinds = [(field.name, field.type, field.nullable) for field in own]
            if fields is not None and kinds != [(field.name, field.type, field.nullable) for field in fields]:
                raise SourceError(
                    f"{self.name_of(file)} has other columns or types than the first file of {located.name}; write the"
                    " parts with one schema, or give them different folders"
                )
            fields = own
        fields = fields or []
        paths = [pa.field(name, located.partition_type(name)) for name in located.partition_key]
        said = said or Resource("", ())
        columns = columns_of(located.name, [*fields, *paths], said.lengths)
        keys = tuple(
            ForeignKey(own, names[other] if other else located.name, referenced)
            for own, other, referenced in said.foreign_keys
            if not other or other in names
        )
        _require_known(located.name, columns, [*said.unique, said.primary_key, *(key.columns for key in keys)])
        return Table(
            located.name, columns, said.primary_key, said.unique, keys, partition_key=located.partition_key
        )  # fmt: skip

    def sample(self, rows: int) -> Iterator[Rows]:
        """See contracts.Source: from a few row groups, spread over all files."""
        for table, located in zip(self.schema().tables, self._located, strict=True):
            names = [column.name for column in table.columns]
            for file, groups in self._chosen(located, rows):
                with self.opened(file) as opened_file:
                    for group, wanted in groups:
                        thinned = BatchThinning(wanted)
                        for batch in batches(opened_file, group, self.name_of(file)):
                            thinned.feed(batch)
                        for batch in thinned.batches():
                            yield Rows(located.name, texts(located.name, names, _cells(located, file, batch, names)))

    def _chosen(self, located: Located, rows: int) -> Iterator[tuple[TableFile, list[tuple[int, int]]]]:
        """Row groups to look into, and how many rows of each."""
        every = []
        for file in located.files:
            with self.opened(file) as opened_file:
                about = opened_file.metadata
                every += [(file, g, about.row_group(g).num_rows) for g in range(about.num_row_groups)]
        every = [each for each in every if each[2]]
        count = min(len(every), _SAMPLED_GROUPS, rows)
        places = [place * (len(every) - 1) // max(count - 1, 1) for place in range(count)]
        left = rows
        for number, place in enumerate(places):
            file, group, size = every[place]
            wanted = min(left // (count - number), size)
            left -= wanted
            if wanted:
                yield file, [(group, wanted)]

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """See contracts.Source."""
        if self.is_folder and (self.input.path / FILE).is_file():
            yield Verbatim(place=TableFile(Path(FILE)))
        for table, located in zip(self.schema().tables, self._located, strict=True):
            wanted = tuple(columns.get(located.name, ()))
            if not set(wanted) <= {column.name for column in table.columns}:
                raise InternalError(f"{located.name}: a column is asked for that it does not have")
            for file in located.files:
                with self.opened(file) as opened_file:
                    if not wanted or not opened_file.metadata.num_rows:
                        yield Verbatim(place=file)
                        continue
                    for group in range(opened_file.metadata.num_row_groups):
                        for batch in batches(opened_file, group, self.name_of(file)):
                            before = texts(located.name, wanted, _cells(located, file, batch, wanted))
                            yield Rows(located.name, before, _Frame(file, group, batch, before, wanted))


def _first_file(resource: Resource) -> str:
    return resource.paths[0] if resource.paths else ""


def _said_of(table: Located, by_path: Mapping[str, Resource]) -> Resource | None:
    """What a package says of a table: under the path of one of its files, or of its folder."""
    for file in table.files:
        for path in (file.path, *file.path.parents):
            if path.as_posix() in by_path:
                return by_path[path.as_posix()]
    return None


def _require_known(table: TableName, columns: tuple[Column, ...], keys: list[tuple[str, ...]]) -> None:
    unknown = {name for key in keys for name in key} - {column.name for column in columns}
    if unknown:
        raise SourceError(f"{FILE} names columns that {table} does not have: {', '.join(sorted(unknown))}; correct it")


def _cells(located: Located, file: TableFile, batch: pa.RecordBatch, names: Collection[str]) -> list[pa.Array]:
    """Typed columns, those of the path among them."""
    said = dict(file.partition)
    return [
        batch.column(name)
        if name not in said
        else pa.array([said[name]] * batch.num_rows, pa.string()).cast(located.partition_type(name))
        for name in names
    ]


# --- sink -------------------------------------------------------------------------------------------------------


class ParquetSink:
    """Writes one new folder or file; see contracts.Sink."""

    def __init__(self, source: ParquetSource, target: Path) -> None:
        self._source = source
        self._target = target
        self._file: TableFile | None = None
        self._output: Output | None = None
        self._writer: Writer | None = None
        self._group = 0
        self._waiting: list[pa.RecordBatch] = []
        """Rows of the row group at hand."""
        self._made = False
        if source.is_folder:
            self._make(target, exist_ok=False)
        elif is_compressed(target):
            raise TargetError(
                f"{target.name}: a Parquet file is compressed in itself; name a target without the suffix"
            )
        elif target.exists():
            raise TargetError(f"{target.name} exists; name another target")
        self._made = True

    def write(self, part: Verbatim | Rows) -> None:
        """See contracts.Sink."""
        if isinstance(part, Verbatim):
            self._finish()
            self._copy(part.place)
            return
        frame: _Frame = part.frame
        if frame.file is not self._file:
            self._finish()
            self._begin(frame)
        elif frame.group != self._group:
            self._flush()
        self._group = frame.group
        if part.batch.num_rows:
            self._waiting.append(with_texts(part.table, frame.typed, frame.before, part.batch))

    def close(self) -> None:
        """See contracts.Sink."""
        self._finish()

    def abort(self) -> None:
        """See contracts.Sink. All goes: whole files of an unfinished folder could be taken for the result."""
        if self._writer is not None:
            self._writer.abandon()
        if self._output is not None:
            self._output.discard()
        if self._made and self._target.is_dir():
            shutil.rmtree(self._target, ignore_errors=True)
        elif self._made:
            self._target.unlink(missing_ok=True)

    def _begin(self, frame: _Frame) -> None:
        self._file, self._group = frame.file, frame.group
        self._output = self._new(frame.file)
        with self._source.opened(frame.file) as original:
            self._writer = Writer(original, frame.group, self._output, frame.columns, self._source.name_of(frame.file))

    def _flush(self) -> None:
        if self._writer is not None and self._waiting:
            self._writer.write(self._waiting)
        self._waiting = []

    def _finish(self) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()
        self._writer = self._output = self._file = None

    def _copy(self, file: TableFile) -> None:
        name = self._source.name_of(file)
        path = self._source.input.path / file.path
        with _stream(path, name) if self._source.is_folder else self._source.input.open() as stream:
            self._output = self._new(file)
            with reading(name):
                shutil.copyfileobj(stream, self._output, _COPY)
            self._output.close()
        self._output = None

    def _new(self, file: TableFile) -> Output:
        if not self._source.is_folder:
            return open_output(self._target)
        path = self._target / file.path
        for folder in reversed(path.relative_to(self._target).parents[:-1]):
            self._make(self._target / folder, exist_ok=True)
        return open_output(path)

    def _make(self, folder: Path, exist_ok: bool) -> None:
        try:
            folder.mkdir(mode=0o700, exist_ok=exist_ok)
        except OSError as error:
            raise TargetError(f"{folder.name} cannot be made ({os.strerror(error.errno or 0)})") from None
