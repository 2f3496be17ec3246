"""Folders that `mysqldump --tab` writes: for each table a script that defines it, and a file of its rows.

The scripts are read as if they were one, the files of rows after them, in their default form (`_mysql.tab_rows`), and
all are written as the same files, compressed as they were. Text is written in the character set of its own column: it
is read as UTF-8 where all values of a column are that, else as MySQL's latin1.

Source: MySQL manual, "mysqldump", `--tab`; "mysqlimport".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from anonymizer.contracts import Input, Rows, Verbatim
from anonymizer.errors import SourceError
from anonymizer.model.schema import Schema, Table, TableName
from anonymizer.stores import mysql_dump
from anonymizer.stores._input import FileInput
from anonymizer.stores._mysql import tab_rows
from anonymizer.stores._mysql.literals import kind_of
from anonymizer.stores._sql.joined import Begin, Form, JoinedInput, SplitSink, names_below
from anonymizer.stores._thinning import BatchThinning

NAME = "MySQL tab folder"

_FILE = re.compile(r"(?P<stem>.+)\.(?P<kind>sql|txt)(?:\.gz|\.zst|\.xz)?\Z", re.IGNORECASE)
_FORM = Form(b"\nDELIMITER ;\n-- %s %08d\n", b"")


def recognises(source: Input) -> bool:
    """A folder with a MySQL script that has a file of rows beside it."""
    if not source.path.is_dir():
        return False
    found = [match for name in names_below(source) if (match := _FILE.match(name)) and "/" not in name]
    rows = {match["stem"] for match in found if match["kind"].lower() == "txt"}
    scripts = (match[0] for match in found if match["kind"].lower() == "sql" and match["stem"] in rows)
    return any(mysql_dump.recognises(_file(source, name)) for name in scripts if (source.path / name).stat().st_size)


def open_source(source: Input) -> MysqlTabSource:
    """Looks at the names of the files only. Raises SourceError for one that is none of the two."""
    return MysqlTabSource(source)


def open_sink(source: MysqlTabSource, target: Path) -> SplitSink:
    """Writes a folder."""
    return SplitSink(target, source.joined)


class MysqlTabSource(mysql_dump.MysqlDumpSource):
    """The scripts as one, then the rows; see contracts.Source."""

    kind = NAME

    def __init__(self, source: Input) -> None:
        self._folder = source
        scripts, self._data = [], {}
        for name in names_below(source):
            match = _FILE.match(name)
            if match is None or "/" in name:
                raise SourceError(f"{source.name}: {name} is neither a script nor rows; take it out of the folder")
            if match["kind"].lower() == "sql":
                scripts.append(name)
            else:
                self._data[name] = match["stem"]
        self.joined = JoinedInput(source, scripts, _FORM)
        self._readings: dict[str, tab_rows.Reading] = {}
        super().__init__(self.joined)

    def schema(self) -> Schema:
        """See contracts.Source. All rows are read on the way."""
        if self._schema is None:
            with self.joined.placed():
                schema = super().schema()
            self._schema = None  # until the rows are known to be the tables'
            self._readings = {name: self._reading_of(name, _table(schema, stem)) for name, stem in self._data.items()}
            self._schema = schema
        return self._schema

    def sample(self, rows: int) -> Iterator[Rows]:
        """See contracts.Source."""
        schema = self.schema()
        with self.joined.placed():
            yield from super().sample(rows)
        for name, reading in self._readings.items():
            thinning, stored = BatchThinning(rows), _stored(schema.table(reading.table), reading.columns)
            for block in self._blocks(name):
                thinning.feed(tab_rows.read(block, reading, stored)[0])
            for batch in thinning.batches():
                yield Rows(reading.table, batch)

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """See contracts.Source."""
        self.schema()
        with self.joined.placed():
            yield from super().parts(columns)
        for name, reading in self._readings.items():
            yield Verbatim(b"", Begin(name))
            wanted = tuple(columns.get(reading.table, ()))
            for block in self._blocks(name):
                if wanted:
                    yield Rows(reading.table, *tab_rows.read(block, reading, wanted))
                else:
                    yield Verbatim(block.data)

    def _blocks(self, name: str) -> Iterator[tab_rows.Rows]:
        if not (self._folder.path / name).stat().st_size:
            return iter(())
        return tab_rows.blocks(_file(self._folder, name).open(), name)

    def _reading_of(self, name: str, table: Table) -> tab_rows.Reading:
        """Which cells the rows have, and in what character sets."""
        reading = self._reading_with(table, [column.name for column in table.columns], ())
        for number, block in enumerate(self._blocks(name)):
            if not number:
                reading = self._reading_with(table, self._cells(name, table, block.starts.shape[1]), ())
            others = tab_rows.latin1_columns(block, reading).difference(reading.codecs)
            if others:
                reading = self._reading_with(table, reading.columns, {*reading.codecs, *others})
        return reading

    @staticmethod
    def _reading_with(table: Table, columns: Sequence[str], latin1: Collection[str]) -> tab_rows.Reading:
        kinds = tuple(kind_of(table.column(name)) for name in columns)
        computed = tuple(name for name in columns if table.column(name).generated)
        return tab_rows.Reading(table.name, tuple(columns), kinds, dict.fromkeys(latin1, "cp1252"), computed)

    def _cells(self, name: str, table: Table, count: int) -> list[str]:
        """The columns of so many cells: some servers leave out what they compute."""
        every = [column.name for column in table.columns]
        stored = [column.name for column in table.columns if not column.generated]
        for columns in (every, stored):
            if len(columns) == count:
                return columns
        raise SourceError(
            f"{name} line 1: the row has {count} cells and {table.name} {len(every)} columns; dump again with --tab and"
            " without options for fields and lines"
        )


def _stored(table: Table, columns: Sequence[str]) -> list[str]:
    return [name for name in columns if not table.column(name).generated]


def _table(schema: Schema, stem: str) -> Table:
    alike = [table for table in schema.tables if table.name.name.lower() == stem.lower()]
    found = [table for table in alike if table.name.name == stem] or alike
    if len(found) == 1:
        return found[0]
    raise SourceError(f"{stem}.txt holds rows of a table that no script of the folder defines; dump again")


def _file(source: Input, name: str) -> FileInput:
    return FileInput(source.path / name, f"{source.name}/{name}", getattr(source, "scratch", None))
