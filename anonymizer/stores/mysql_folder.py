"""Folders of scripts for one MySQL or MariaDB database: definitions in some files, rows in others.

The scripts are read as if they were one (`_sql.joined`), those with rows after those without, each group in the order
of its names, and are written as the same files, compressed as they were. Each has to be one that the client reads by
itself: settings of one file do not reach into the next, where the verifier reads them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from anonymizer.contracts import Input, Rows, Verbatim
from anonymizer.errors import SourceError
from anonymizer.model.schema import Schema, TableName
from anonymizer.stores import mydumper_folder, mysql_dump, mysql_tab_folder
from anonymizer.stores._input import FileInput
from anonymizer.stores._sql.joined import Form, JoinedInput, SplitSink, names_below

NAME = "MySQL script folder"

_SCRIPT = re.compile(r"\.sql(?:\.gz|\.zst|\.xz)?\Z", re.IGNORECASE)
_ROWS = re.compile(rb"^\s*+(?:INSERT|REPLACE)\b", re.IGNORECASE | re.MULTILINE)
_FORM = Form(b"\nDELIMITER ;\n-- %s %08d\n", b"")


def recognises(source: Input) -> bool:
    """A folder of scripts that mydumper did not write, nor `mysqldump --tab`, one of them at least for MySQL."""
    if not source.path.is_dir() or mydumper_folder.recognises(source) or mysql_tab_folder.recognises(source):
        return False
    scripts = (name for name in names_below(source) if _SCRIPT.search(name) and (source.path / name).stat().st_size)
    return any(mysql_dump.recognises(_file(source, name)) for name in scripts)


def open_source(source: Input) -> MysqlFolderSource:
    """Looks for rows in the files. Raises SourceError for a file that is no script."""
    return MysqlFolderSource(source)


def open_sink(source: MysqlFolderSource, target: Path) -> SplitSink:
    """Writes a folder."""
    return SplitSink(target, source.joined)


class MysqlFolderSource(mysql_dump.MysqlDumpSource):
    """The files as one script; see contracts.Source."""

    kind = NAME

    def __init__(self, source: Input) -> None:
        names = names_below(source)
        for name in names:
            if not _SCRIPT.search(name):
                raise SourceError(f"{source.name}: {name} is no script; take it out of the folder")
        self.joined = JoinedInput(source, sorted(names, key=lambda name: (_has_rows(source, name), name)), _FORM)
        super().__init__(self.joined)

    def schema(self) -> Schema:
        """See contracts.Source."""
        with self.joined.placed():
            return super().schema()

    def sample(self, rows: int) -> Iterator[Rows]:
        """See contracts.Source."""
        with self.joined.placed():
            yield from super().sample(rows)

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """See contracts.Source."""
        with self.joined.placed():
            yield from super().parts(columns)


def _file(source: Input, name: str) -> FileInput:
    return FileInput(source.path / name, f"{source.name}/{name}", getattr(source, "scratch", None))


def _has_rows(source: Input, name: str) -> bool:
    """Whether a line of it begins like rows."""
    if not (source.path / name).stat().st_size:
        return False
    kept = b""
    with _file(source, name).open() as stream:
        while block := stream.read(1 << 20):
            if _ROWS.search(kept + block):
                return True
            kept = block[-100:]
    return False
