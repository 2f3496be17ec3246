"""SQL Server packages: .bacpac (schema and data) and .dacpac (schema alone), as SqlPackage and SSMS write them.

A zip of model.xml (the schema), Origin.xml (where it comes from, the checksum of model.xml, how many rows) and one or
more parts of rows for each table. The same package comes out with other rows: every member that is no data part, and
every row in which nothing changes, keeps its bytes, and model.xml its checksum. Origin.xml comes last, since it says
how many rows there are. A package with deployment scripts is refused: they could carry rows. Logins in a model have
random passwords, which SqlPackage makes up when it exports.

What no test here can show without SQL Server: that SqlPackage imports the result.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
import shutil
import weakref
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from anonymizer.contracts import Input, Rows, Verbatim
from anonymizer.errors import InternalError, SourceError
from anonymizer.model.schema import Schema, TableName
from anonymizer.stores._bacpac import rows as _bacpac_rows
from anonymizer.stores._bacpac.model import Model, read_model
from anonymizer.stores._bacpac.rows import ROW_BYTES_MAX, PartFrame, RowReader
from anonymizer.stores._output import Output, open_output
from anonymizer.stores._thinning import BatchThinning
from anonymizer.workspace import Workspace

NAME = "SQL Server package"

_BLOCK_BYTES = 2 << 20
_MODEL, _ORIGIN = "model.xml", "Origin.xml"
_OTHERS = frozenset({_MODEL, _ORIGIN, "DacMetadata.xml", "[Content_Types].xml", "_rels/.rels"})
_SCRIPTS = ("predeploy.sql", "postdeploy.sql", "refactor.xml", "RefactorLog.xml")
_PART = re.compile(r"Data/(?P<table>[^/]+)/[^/]+\.BCP\Z", re.IGNORECASE)
_CHECKSUM = re.compile(rb'<Checksum Uri="/model\.xml">\s*([0-9A-Fa-f]{64})\s*</Checksum>')
_ROW_COUNT = re.compile(rb"(<TableRowCountTotalTag>\s*)(\d+)(\s*</TableRowCountTotalTag>)")
_XML_BYTES_MAX = 1 << 30
_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError)
"""All that zipfile raises for bytes that are not what they should be."""
_DAMAGED = "the package is damaged or truncated; export the database again"


def recognises(source: Input) -> bool:
    """A zip that holds model.xml and Origin.xml or, while it is compressed once more, begins with such a member."""
    if not source.head(4).startswith(b"PK\3\4"):
        return False
    try:
        with source.open() as stream:
            if stream.seekable():
                names = zipfile.ZipFile(stream).namelist()
                return _MODEL in names and (_ORIGIN in names or "DacMetadata.xml" in names)
    except _DAMAGE:
        pass
    return source.head(64)[30:].startswith(_MODEL.encode())


def open_source(source: Input) -> BacpacSource:
    """Raises SourceError for what is no whole package."""
    return BacpacSource(source)


def open_sink(source: BacpacSource, target: Path) -> BacpacSink:
    """Writes a package, compressed once more if the target's suffix says so."""
    return BacpacSink(target)


@dataclass(frozen=True, slots=True)
class _Begin:
    """A member begins: its name, and the date that the source gives it."""

    name: str
    date: tuple[int, int, int, int, int, int]


class BacpacSource:
    """Reads one package; see contracts.Source."""

    kind = NAME

    def __init__(self, source: Input) -> None:
        self.input = source
        self._copy: Path | None = None
        self._model: Model | None = None

    def schema(self) -> Schema:
        """See contracts.Source."""
        return self._read_model().schema

    def sample(self, rows: int) -> Iterator[Rows]:
        """See contracts.Source."""
        model = self._read_model()
        thinnings = {table.name: BatchThinning(rows) for table in model.schema.tables}
        with self._package() as package:
            for member, table in self._members(package):
                if table is not None:
                    reader = self._reader(table)
                    for data, bounds in self._rows(package, member, reader, table):
                        chosen = bounds[:: max(1, len(bounds) // (4 * max(rows, 1)))]
                        thinnings[table].feed(reader.read(data, chosen, reader.names)[0])
        for name, thinning in thinnings.items():
            for batch in thinning.batches():
                yield Rows(name, batch)

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """See contracts.Source."""
        with self._package() as package:
            for member, table in self._members(package):
                yield Verbatim(place=_Begin(member.filename, member.date_time))
                if table is None or columns.get(table) is None:
                    yield from (Verbatim(piece) for piece in self._bytes(package, member))
                    continue
                reader = self._reader(table)
                wanted = tuple(columns[table])
                for data, bounds in self._rows(package, member, reader, table):
                    batch, frame = reader.read(data, bounds, wanted)
                    yield Rows(table, batch, frame)

    # --- the package --------------------------------------------------------------------------------------------

    def _read_model(self) -> Model:
        if self._model is None:
            with self._package() as package:
                names = package.namelist()
                if len(set(names)) < len(names):
                    raise SourceError(_DAMAGED)
                for script in _SCRIPTS[:2]:
                    if script in names:
                        raise SourceError(
                            f"the package holds {script}, a script that could carry rows; build it without that script"
                        )
                data = _whole(package, _MODEL)
                stated = _CHECKSUM.search(_whole(package, _ORIGIN)) if _ORIGIN in names else None
                if stated is None or stated[1].decode().upper() != hashlib.sha256(data).hexdigest().upper():
                    raise SourceError("model.xml is not what the package's checksum says; export the database again")
                model = read_model(data)
                _check_members(names, model)
                self._model = model
        return self._model

    @contextmanager
    def _package(self) -> Iterator[zipfile.ZipFile]:
        try:
            with self._seekable() as stream, closing(zipfile.ZipFile(stream)) as package:
                yield package
        except SourceError:
            raise
        except _DAMAGE:
            raise SourceError(_DAMAGED) from None

    def _seekable(self) -> BinaryIO:
        """The package as a file with positions; what is compressed once more is copied into the work folder."""
        if self._copy is not None:
            return self._copy.open("rb")
        stream = self.input.open()
        if stream.seekable():
            return stream
        copy = self._private_folder() / f".package-{secrets.token_hex(4)}"
        with stream, open_output(copy) as output:
            shutil.copyfileobj(stream, output, 1 << 20)
        self._copy = copy
        return copy.open("rb")

    def _private_folder(self) -> Path:
        scratch = getattr(self.input, "scratch", None)
        if isinstance(scratch, Path) and scratch.is_dir():
            return scratch
        workspace = Workspace().__enter__()
        weakref.finalize(self, workspace.__exit__, None, None, None)
        return workspace.path

    def _members(self, package: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, TableName | None]]:
        """The members in the package's order, Origin.xml last, and the table whose rows each holds."""
        tables = _table_folders(self._read_model())
        members = [member for member in package.infolist() if not member.filename.endswith("/")]
        for member in sorted(members, key=lambda member: member.filename == _ORIGIN):
            part = _PART.match(member.filename)
            yield member, tables[unquote(part["table"])] if part else None

    def _reader(self, table: TableName) -> RowReader:
        model = self._read_model()
        names = [column.name for column in model.schema.table(table).columns if not column.generated]
        return RowReader(names, model.cells[table], str(table))

    @staticmethod
    def _bytes(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
        with package.open(member) as stream:
            while piece := stream.read(_BLOCK_BYTES):
                yield piece

    def _rows(
        self, package: zipfile.ZipFile, member: zipfile.ZipInfo, reader: RowReader, table: TableName
    ) -> Iterator[tuple[bytes, Any]]:
        """Blocks of whole rows of a part, with where their cells begin."""
        rest = b""
        with package.open(member) as stream:
            while piece := stream.read(max(_BLOCK_BYTES, len(rest))):
                data = rest + piece
                bounds, end = reader.walk(data)
                if len(bounds):
                    yield data[:end], bounds
                rest = data[end:]
                if len(rest) > ROW_BYTES_MAX:
                    break
        if rest:
            raise SourceError(f"{table}: a data part ends in the middle of a row; export the database again")


def _whole(package: zipfile.ZipFile, name: str) -> bytes:
    member = package.getinfo(name) if name in package.namelist() else None
    if member is None or member.file_size > _XML_BYTES_MAX:
        raise SourceError(f"the package has no {name} that can be read; export the database again")
    return package.read(member)


def _table_folders(model: Model) -> dict[str, TableName]:
    """How the folder of each table's parts is called, percent signs decoded."""
    return {f"{table.name.schema}.{table.name.name}": table.name for table in model.schema.tables}


def _check_members(names: list[str], model: Model) -> None:
    """Raise SourceError for a member that is not known: it could carry rows."""
    folders = _table_folders(model)
    if len(folders) < len(model.schema.tables):
        raise SourceError("two tables of the package have names that cannot be told apart; export them one by one")
    for name in names:
        part = _PART.match(name)
        if part is None and name.lower().startswith("data/"):
            if not name.endswith("/"):
                raise SourceError("a data part of the package is not named as SqlPackage names it; export it again")
        elif part is not None and unquote(part["table"]) not in folders:
            raise SourceError("the package holds rows of a table that model.xml does not define; export it again")
        elif part is None and name not in _OTHERS and name not in _SCRIPTS and not name.endswith("/"):
            raise SourceError("the package holds a member that is not known and could carry rows; export it again")


class BacpacSink:
    """A contracts.Sink."""

    def __init__(self, target: Path) -> None:
        self._out: Output = open_output(target)
        file: Any = self._out if self._out.seekable() else _Forward(self._out)
        self._package = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3)
        self._member: Any = None
        self._origin: tuple[_Begin, bytearray] | None = None
        self._dropped = 0

    def write(self, part: Verbatim | Rows) -> None:
        """See contracts.Sink."""
        if isinstance(part, Rows):
            if not isinstance(part.frame, PartFrame):
                raise InternalError(f"{part.table}: rows that were read for looking at cannot be written")
            self._dropped += 0 if part.batch.num_rows else part.frame.batch.num_rows
            self._member.write(_bacpac_rows.write(part.frame, part.batch))
        elif isinstance(part.place, _Begin):
            self._begin(part.place)
        elif self._origin is not None:
            self._origin[1].extend(part.data)
        else:
            self._member.write(part.data)

    def close(self) -> None:
        """See contracts.Sink."""
        self._end_member()
        self._package.close()
        self._out.close()

    def abort(self) -> None:
        """See contracts.Sink."""
        with suppress(Exception):
            self._member.close()
        self._package.fp = None  # or closing it later would complete it
        self._out.discard()

    def _begin(self, place: _Begin) -> None:
        self._end_member()
        if place.name == _ORIGIN:
            self._origin = place, bytearray()
        else:
            self._member = self._open(place)

    def _end_member(self) -> None:
        if self._origin is not None:
            place, data = self._origin
            with self._open(place) as member:
                member.write(self._counted(bytes(data)))
            self._origin = None
        elif self._member is not None:
            self._member.close()
            self._member = None

    def _counted(self, origin: bytes) -> bytes:
        """Origin.xml with the number of rows that are left."""
        if not self._dropped:
            return origin
        return _ROW_COUNT.sub(lambda m: m[1] + b"%d" % max(0, int(m[2]) - self._dropped) + m[3], origin)

    def _open(self, place: _Begin) -> Any:
        member = zipfile.ZipInfo(place.name, place.date)
        member.compress_type = zipfile.ZIP_DEFLATED
        return self._package.open(member, "w", force_zip64=_is_part(place.name))


def _is_part(name: str) -> bool:
    return _PART.match(name) is not None


class _Forward(io.RawIOBase):
    """A file without positions, for an output that is compressed once more."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._output.write(data)
