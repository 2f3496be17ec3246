"""Reads folders of SQL Server scripts: every script by itself, then the files that BULK INSERT names, and other text.

Source: Microsoft's "BULK INSERT (Transact-SQL)", "Specify field and row terminators", "Use character format".
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from anonymizer.contracts import Input
from anonymizer.model.schema import Column, Schema, TableName, TypeFamily
from anonymizer.verify._csv import unpacked
from anonymizer.verify._mssql_script import ScriptReader
from anonymizer.verify._reader import BLOCK, Block, Part, Reader, Text, Unreadable

_SCRIPT = re.compile(r"\.sql(?:\.gz|\.zst|\.xz)?\Z", re.IGNORECASE)
_QUIET = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_BULK = re.compile(
    r"""\bBULK\s+INSERT\s+(?P<table>(?:\[[^\]]*\]|"[^"]*"|[\w@#$.])+)\s+FROM\s+N?'(?P<file>[^']*)'
    (?:\s*WITH\s*\((?P<options>(?:[^()']|'[^']*')*)\))?""",
    re.IGNORECASE | re.VERBOSE,
)
_OPTION = re.compile(r"(\w+)\s*=\s*(?:'([^']*)'|(\w+))")
_NAME = re.compile(r'\[([^\]]*)\]|"([^"]*)"|([\w@#$]+)')
_ESCAPE = re.compile(r"\\([tnr0\\])")
_MEANT = {"t": "\t", "n": "\n", "r": "\r", "0": "\0", "\\": "\\"}
_PAGES = {"65001": "utf-8", "ACP": "cp1252", "RAW": "cp1252", "OEM": "cp850"}
_DIGITS = (TypeFamily.BINARY, TypeFamily.GEOMETRY, TypeFamily.OTHER)
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*\Z")


@dataclass(frozen=True, slots=True)
class _Data:
    """How a file of rows is to be read."""

    table: TableName
    field: str
    row: str
    codec: str
    first: int


class FolderReader(Reader):
    """Scripts in the order of their names, then everything else in that of its."""

    def parts(self) -> Iterator[Part]:
        folder = self.source.path
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        named: dict[str, _Data] = {}
        for path in paths:
            if not _SCRIPT.search(path.name) or not path.stat().st_size:
                continue
            place = path.relative_to(folder).as_posix()
            try:
                for part in _FileReader(self, path).parts():
                    if isinstance(part, Block):
                        yield part
                        continue
                    named.update(self._named(part.data.decode()))
                    yield Text(f"{place}, {part.place}", part.data, part.fixed)
            except Unreadable as error:
                if error.reader is self:
                    raise
                raise self.failed(f"{error} in {place}") from None
        for path in paths:
            if _SCRIPT.search(path.name):
                continue
            place = path.relative_to(folder).as_posix()
            if path.name.lower() in named:
                yield from self._rows(path, place, named[path.name.lower()])
            else:
                with self.opened(path) as stream:
                    data = stream.read()
                codec = _codec(data[:4])
                yield Text(place, data.decode(codec, "replace").encode() if codec else data)

    def _named(self, text: str) -> dict[str, _Data]:
        """The files that the BULK INSERT statements of a text read."""
        found = {}
        if "BULK" in text.upper():
            spoken = _QUIET.sub(lambda match: match[0] if match[0][0] == "'" else " ", text)
            for match in _BULK.finditer(spoken):
                said = {name.upper(): quoted or bare for name, quoted, bare in _OPTION.findall(match["options"] or "")}
                names = ["".join(parts) for parts in _NAME.findall(match["table"])]
                table = self.named(names[-2] if len(names) > 1 and names[-2] else "dbo", names[-1])
                page = said.get("CODEPAGE", "OEM").upper()
                wide = said.get("DATAFILETYPE", "char").lower() == "widechar"
                found[re.split(r"[\\/)]", match["file"])[-1].lower()] = _Data(
                    table,
                    _terminator(said.get("FIELDTERMINATOR", "\\t")),
                    _terminator(said.get("ROWTERMINATOR", "\\n")),
                    "utf-16" if wide else _PAGES.get(page, f"cp{page}"),
                    int(said.get("FIRSTROW", "1")),
                )
        return found

    def _rows(self, path: Path, place: str, data: _Data) -> Iterator[Part]:
        """Blocks of rows; what FIRSTROW leaves out is text."""
        columns = self.schema.table(data.table).columns
        with self.opened(path) as stream:
            decoder = codecs.getincrementaldecoder(data.codec)()
            text, ended, skipped, row = "", False, data.first - 1, data.row
            while not ended:
                block = stream.read(BLOCK)
                ended = not block
                try:
                    fresh = decoder.decode(block, ended)
                except UnicodeError:
                    raise self.failed(f"has other letters than its code page in {place}") from None
                if not text and not row.endswith("\r\n") and (own := row.replace("\n", "\r\n")) in fresh:
                    row = own
                text += fresh
                if ended and text and not text.endswith(row):
                    text += row
                while skipped and row in text:
                    line, _, text = text.partition(row)
                    yield Text(place, line.encode())
                    skipped -= 1
                cells, text = _split(text, data.field, row, len(columns))
                if cells:
                    yield self._block(data, columns, cells, place)
            if text:
                raise self.failed(f"has rows of {data.table} that are not what the table's columns say in {place}")

    def _block(self, data: _Data, columns: tuple[Column, ...], cells: list[list[str]], place: str) -> Block:
        cells[0][0] = cells[0][0].removeprefix("\ufeff")
        stored = [number for number, column in enumerate(columns) if not column.generated]
        computed = [number for number, column in enumerate(columns) if column.generated]
        outside: Callable[[], Text] | None = None
        if computed:
            # the server ignores them, a reader of the file does not
            outside = partial(_texts, f"{place} (computed columns)", cells, computed)
        names = tuple(columns[number].name for number in stored)
        digits = [columns[number].family in _DIGITS for number in stored]
        return Block(
            data.table,
            names,
            partial(_batch, cells, stored, names, digits),
            "\0\0".join("\0".join(row) for row in cells).encode(),
            len(cells),
            outside=outside,
        )

    @contextmanager
    def opened(self, path: Path) -> Iterator[BinaryIO]:
        """A file of the folder, decompressed."""
        try:
            with path.open("rb") as stored, unpacked(stored) as stream:
                yield stream
        except (OSError, EOFError, ValueError) as error:
            raise self.failed(f"cannot be read to its end ({type(error).__name__}) in {path.name}") from None


class _FileReader(ScriptReader):
    """One script of the folder."""

    def __init__(self, folder: FolderReader, path: Path) -> None:
        super().__init__(folder.source, folder.schema)
        self._folder, self._path = folder, path

    @contextmanager
    def stream(self) -> Iterator[BinaryIO]:
        with self._folder.opened(self._path) as stream:
            yield stream

    def encoding(self) -> str:
        decoder = codecs.getincrementaldecoder("utf-8")()
        windows = True
        with self.stream() as stream:
            try:
                while block := stream.read(BLOCK):
                    decoder.decode(block)
                decoder.decode(b"", True)
                return "utf-8"
            except UnicodeDecodeError:
                pass
        with self.stream() as stream:
            while block := stream.read(BLOCK):
                windows = windows and not any(byte in block for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D))
        return "cp1252" if windows else "latin-1"


def _split(text: str, field: str, row: str, columns: int) -> tuple[list[list[str]], str]:
    """The cells of whole rows, and what is left: every cell ends where its own mark comes next."""
    marks = [field] * (columns - 1) + [row]
    rows: list[list[str]] = []
    position = 0
    while True:
        cells, at = [], position
        for mark in marks:
            end = text.find(mark, at)
            if end < 0:
                return rows, text[position:]
            cells.append(text[at:end])
            at = end + len(mark)
        rows.append(cells)
        position = at


def _batch(cells: list[list[str]], stored: list[int], names: tuple[str, ...], digits: list[bool]) -> pa.RecordBatch:
    arrays = []
    for number, hexadecimal in zip(stored, digits, strict=True):
        values = [_value(row[number], hexadecimal) for row in cells]
        arrays.append(pa.array(values, pa.string()))
    return pa.RecordBatch.from_arrays(arrays, names=list(names))


def _value(cell: str, hexadecimal: bool) -> str | None:
    if not cell:
        return None
    said = "" if cell == "\0" else cell
    return f"\\x{said.lower()}" if hexadecimal and _HEX.match(said) else said


def _texts(place: str, cells: list[list[str]], columns: list[int]) -> Text:
    return Text(place, "\n".join(row[column] for row in cells for column in columns).encode(), fixed=False)


def _terminator(written: str) -> str:
    if written.lower().startswith("0x"):
        return bytes.fromhex(written[2:]).decode("latin-1")
    return _ESCAPE.sub(lambda escape: _MEANT[escape[1]], written)


def _codec(head: bytes) -> str:
    return {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(head[:2], "")


def reader(source: Input, schema: Schema, work: Path | None) -> Reader:
    """Opened when it is first read."""
    return FolderReader(source, schema)
