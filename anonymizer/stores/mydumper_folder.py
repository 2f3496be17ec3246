"""Folders that mydumper writes for one MySQL or MariaDB database: a file of definitions and files of rows per table.

The files are read as if they were one script (`_sql.joined`), and written as the same files, compressed as they were.
What myloader splits by ";" at the end of a line, triggers, routines and views, passes as it stands.

Source: mydumper, docs/files.rst.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from anonymizer.contracts import Input, Rows, Verbatim
from anonymizer.errors import SourceError
from anonymizer.model.schema import Schema, TableName
from anonymizer.stores._input import FileInput
from anonymizer.stores._mysql.session import MYSQL
from anonymizer.stores._mysql.statements import check_statement
from anonymizer.stores._sql.joined import Begin, JoinedInput, SplitSink
from anonymizer.stores._sql.text import Kind, Piece
from anonymizer.stores.mysql_dump import MysqlDumpSource

NAME = "mydumper folder"

_PACKED = r"(?:\.gz|\.zst)?\Z"
_FILE = re.compile(r"(?P<stem>.+?)(?P<kind>-schema(?:-create|-post|-triggers|-view|-sequence)?)?\.sql" + _PACKED)
_METADATA = re.compile(r"metadata(?:\.header)?\Z")
_ORDER = ("-schema-create", "-schema-sequence", "-schema", None)
_AS_IT_STANDS = ("-schema-triggers", "-schema-view", "-schema-post")


def recognises(source: Input) -> bool:
    """A folder with the file `metadata` and definitions of tables beside it."""
    return source.path.is_dir() and {"metadata", "-schema"} <= _kinds(source.path)


def _kinds(folder: Path) -> set[str]:
    names = [path.name for path in folder.iterdir()]
    found = (_FILE.match(name) for name in names)
    return {match["kind"] or "" for match in found if match} | {name for name in names if _METADATA.match(name)}


def open_source(source: Input) -> MydumperSource:
    """Looks at the names of the files only. Raises SourceError for files that mydumper does not write."""
    return MydumperSource(source)


def open_sink(source: MydumperSource, target: Path) -> SplitSink:
    """Writes a folder."""
    return SplitSink(target, source.joined)


class MydumperSource(MysqlDumpSource):
    """The files as one script, then those that are none; see contracts.Source."""

    kind = NAME

    def __init__(self, source: Input) -> None:
        scripts, self._others = _files(source)
        self.joined = JoinedInput(source, scripts)
        super().__init__(self.joined)

    def schema(self) -> Schema:
        """See contracts.Source."""
        for name in self._others if self._schema is None else ():
            _check(name, self._text(name))
        with self.joined.placed():
            return super().schema()

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """See contracts.Source."""
        with self.joined.placed():
            yield from super().parts(columns)
        for name in self._others:
            yield Verbatim(self._text(name), Begin(name))

    def _text(self, name: str) -> bytes:
        path = self.joined.path / name
        if not path.stat().st_size:
            return b""
        with FileInput(path, f"{self.input.name}/{name}").open() as stream:
            return stream.read()


def _files(source: Input) -> tuple[list[str], list[str]]:
    """The files of the folder in the order in which they can be read: scripts, and what is none for other clients."""
    scripts: list[tuple[int, str]] = []
    others = []
    names = sorted(path.name for path in source.path.iterdir())
    views = {match["stem"] for name in names if (match := _FILE.match(name)) and match["kind"] == "-schema-view"}
    databases = set()
    for name in names:
        match = _FILE.match(name)
        if _METADATA.match(name):
            _refuse_checksums(source.path / name)
            others.append(name)
        elif match is None:
            raise SourceError(f"{source.name}: {name} is no file that can be read; dump again as SQL, without options")
        else:
            placeholder = match["kind"] == "-schema" and match["stem"] in views
            if placeholder or match["kind"] in _AS_IT_STANDS:
                others.append(name)
            else:
                scripts.append((_ORDER.index(match["kind"]), name))
            whole = match["kind"] in ("-schema-create", "-schema-post")
            databases.add(match["stem"] if whole else match["stem"].split(".")[0])
    if len(databases) > 1:
        raise SourceError(
            f"{source.name} holds {len(databases)} databases; put the files of each in a folder of its own"
        )
    return [name for _, name in sorted(scripts)], others


def _check(name: str, text: bytes) -> None:
    """As myloader splits it, each statement has to be one that carries no rows."""
    line = 1
    for statement in re.split(rb"(?<=;)\r?\n", text) if not _METADATA.match(name) else ():
        if statement.strip():
            check_statement(Piece(Kind.STATEMENT, statement, line, dialect=MYSQL))
        line += statement.count(b"\n") + 1


def _refuse_checksums(metadata: Path) -> None:
    """They are those of the source's rows."""
    if b"checksum" in metadata.read_bytes().lower():
        raise SourceError(f"{metadata.name} holds checksums of the rows; dump again without them")
