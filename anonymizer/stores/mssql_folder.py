"""Folders of SQL Server scripts: SSDT projects, scripts that belong together, and data files for their BULK INSERT.

The scripts are read as if they were one (`_sql.joined`), definitions first and rows last, each in its own encoding,
and are written as the same files. A data file is one that a BULK INSERT of the scripts names. Project files and other
text pass as they stand, and the verifier looks for personal values in them. All else is refused by its name: what a
build makes, and what version control keeps, may hold the data once more.

Source: Microsoft's "SQL Server Data Tools", ":r" of "sqlcmd utility".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from functools import partial
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from anonymizer.contracts import Input, Rows, Verbatim
from anonymizer.errors import SourceError
from anonymizer.model.schema import Schema, Table, TableName
from anonymizer.stores import mssql_script
from anonymizer.stores._input import FileInput
from anonymizer.stores._sql.joined import Begin, Form, JoinedInput, SplitSink, names_below
from anonymizer.stores._thinning import BatchThinning
from anonymizer.stores._tsql import bulk_rows as _bulk_rows
from anonymizer.stores._tsql.bulk import BulkInsert, take_out
from anonymizer.stores._tsql.text import Piece, TsqlText
from anonymizer.stores._tsql.tokens import Token
from anonymizer.stores._utf16 import codec_of_mark, open_text

NAME = "SQL Server script folder"

_SCRIPT = (".sql", ".sql.gz", ".sql.zst", ".sql.xz")
_TEXT = tuple(
    """.sqlproj .refactorlog .xml .dbmdl .projitems .shproj .sln .user .md .txt .json .yml .yaml .ps1 .cmd .bat .sh
    .gitignore .gitattributes .editorconfig license readme""".split()
)
_FORM = Form(b"\nGO\n-- %s %08d\nGO\n", b"")
"""Each file is a batch of its own."""


def recognises(source: Input) -> bool:
    """A folder with a script for SQL Server in it."""
    if not source.path.is_dir():
        return False
    scripts = (name for name in names_below(source) if name.lower().endswith(_SCRIPT))
    return any(mssql_script.recognises(_file(source, name)) for name in scripts if _size(source, name))


def open_source(source: Input) -> MssqlFolderSource:
    """Looks at the names of the files only. Raises SourceError for files that are no text."""
    return MssqlFolderSource(source)


def open_sink(source: MssqlFolderSource, target: Path) -> SplitSink:
    """Writes a folder."""
    return SplitSink(target, source.joined)


class MssqlFolderSource(mssql_script.MssqlScriptSource):
    """The scripts as one, then the data files, then other text; see contracts.Source."""

    kind = NAME

    def __init__(self, source: Input) -> None:
        self._folder = source
        self._codecs: dict[str, str] = {}
        names = names_below(source)
        scripts = [name for name in names if name.lower().endswith(_SCRIPT)]
        for name in scripts:
            if _size(source, name):
                self._codecs[name] = _codec(_file(source, name))
        self._others = [name for name in names if name not in scripts]
        self._included = {Path(name).name.lower() for name in scripts}
        self.joined = JoinedInput(source, sorted(scripts, key=self._rank), _FORM, self._codecs)
        self._bulks: list[BulkInsert] = []
        super().__init__(self.joined)

    def schema(self) -> Schema:
        """See contracts.Source. Every statement is checked on the way, and the name of every file."""
        if self._schema is None:
            self._bulks = []
            with self.joined.placed():
                schema = super().schema()
            self._check_files()
            for bulk in self._bulks:
                self._table(schema, bulk)
        return super().schema()

    def sample(self, rows: int) -> Iterator[Rows]:
        """See contracts.Source."""
        with self.joined.placed():
            yield from super().sample(rows)
        for bulk in self._bulks:
            table, thinning = self._table(self.schema(), bulk), BatchThinning(rows)
            for block in self._blocks(bulk, table):
                if isinstance(block, _bulk_rows.Rows):
                    thinning.feed(_bulk_rows.read(block, bulk, table, mssql_script.stored_columns(table))[0])
            for batch in thinning.batches():
                yield Rows(table.name, batch)

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """See contracts.Source."""
        with self.joined.placed():
            yield from super().parts(columns)
        for bulk in self._bulks:
            yield from self._data(bulk, columns)
        for name in self._texts():
            yield Verbatim((self._folder.path / name).read_bytes(), Begin(name))

    # --- scripts

    def _script(self) -> Iterator[Piece]:
        with closing(self.joined.open()) as stream:
            yield from TsqlText(stream, included=self._included)

    def _statements(self, tokens: Sequence[Token]) -> Sequence[Token]:
        rest, found = take_out(tokens, "utf-8")
        self._bulks += found
        return rest

    def _rank(self, name: str) -> tuple[int, str]:
        """Types before tables, tables before what belongs to them, rows last."""
        with suppress(SourceError):  # reading all of them will tell where
            return self._rank_of_text(name), name
        return 3, name

    def _rank_of_text(self, name: str) -> int:
        rank = 2
        if name not in self._codecs:
            return rank
        with closing(open_text(_file(self._folder, name), self._codecs[name])) as stream:
            for piece in TsqlText(stream, included=self._included):
                if piece.marks is not None:
                    return 3
                words = [token.upper for token in piece.tokens]
                for what, better in (("TABLE", 1), ("TYPE", 0)):
                    if any(pair == ("CREATE", what) for pair in pairwise(words)):
                        rank = min(rank, better)
        return rank

    # --- data files

    def _data(self, bulk: BulkInsert, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        table = self._table(self.schema(), bulk)
        yield Verbatim(b"", Begin(self._path(bulk)))
        wanted = columns.get(table.name)
        for block in self._blocks(bulk, table):
            if isinstance(block, bytes):
                yield Verbatim(block)
            elif wanted is None:
                yield Verbatim(block.data[: len(block.data) - block.added])
            else:
                batch, frame = _bulk_rows.read(block, bulk, table, tuple(wanted))
                yield Rows(table.name, batch, frame, partial(self._defaulted, bulk, table, batch))

    def _blocks(self, bulk: BulkInsert, table: Table) -> Iterator[bytes | _bulk_rows.Rows]:
        name = self._path(bulk)
        if not _size(self._folder, name):
            return iter(())
        stream = open_text(_file(self._folder, name), self._codecs.get(name, ""))
        return _bulk_rows.blocks(stream, bulk, len(table.columns), name)

    @staticmethod
    def _defaulted(bulk: BulkInsert, table: Table, batch: pa.RecordBatch) -> tuple[str, ...]:
        given = [] if bulk.keeps_nulls else [name for name in batch.schema.names if table.column(name).default]
        return tuple(name for name in given if batch.column(name).null_count)

    def _table(self, schema: Schema, bulk: BulkInsert) -> Table:
        wanted = ((bulk.table[-2] if len(bulk.table) > 1 else "") or "dbo").lower(), bulk.table[-1].lower()
        for table in schema.tables:
            if (table.name.schema.lower(), table.name.name.lower()) == wanted:
                return table
        raise SourceError(f"line {bulk.line} of the scripts: BULK INSERT is into a table that they do not define")

    def _path(self, bulk: BulkInsert) -> str:
        return next(name for name in self._others if Path(name).name.lower() == bulk.file)

    def _texts(self) -> list[str]:
        data = {bulk.file for bulk in self._bulks}
        return [name for name in self._others if Path(name).name.lower() not in data]

    def _check_files(self) -> None:
        """Every file is one that can be read as what it is, and every one that is named is there."""
        there = [Path(name).name.lower() for name in self._others]
        for bulk in self._bulks:
            if there.count(bulk.file) != 1 or sum(other.file == bulk.file for other in self._bulks) != 1:
                said = "not in the folder" if bulk.file not in there else "there, or named, more than once"
                raise SourceError(f"{self._folder.name}: {bulk.file}, which a BULK INSERT reads, is {said}")
            if bulk.wide:
                self._codecs[self._path(bulk)] = "utf-16-le"
        for name in self._texts():
            head = _head(self._folder, name)
            if not name.lower().endswith(_TEXT) or (b"\0" in head and not codec_of_mark(head)):
                what = "no script, project file or data file of a BULK INSERT"
                raise SourceError(f"{self._folder.name}: {name} is {what}; take it away")


def _file(source: Input, name: str) -> FileInput:
    return FileInput(source.path / name, f"{source.name}/{name}", getattr(source, "scratch", None))


def _size(source: Input, name: str) -> int:
    return (source.path / name).stat().st_size


def _head(source: Input, name: str) -> bytes:
    with (source.path / name).open("rb") as stream:
        return stream.read(1 << 16)


def _codec(source: Input) -> str:
    """What a script is to be read from; "" if it is UTF-8."""
    codec = codec_of_mark(source.head(2)) or mssql_script.codec_of_text(source)
    return "" if codec == "utf-8" else codec
