"""Reads SQL Server packages: model.xml and its companions as text, the data parts as rows.

A row is taken apart cell by cell, by rules written down here once more. Sources: packages made by SqlPackage, and the
[MS-TDS] specification for numbers and dates. A package whose model.xml is not what Origin.xml's checksum says cannot
be read.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import unquote
from uuid import UUID
from xml.etree import ElementTree

import pyarrow as pa

from anonymizer.contracts import Input
from anonymizer.model.schema import Schema, TableName
from anonymizer.verify._reader import Block, Part, Reader, Text

_ROWS = 2000
_READ = 1 << 20
_TAG = "{http://schemas.microsoft.com/sqlserver/dac/Serialization/2012/02}"
_DAMAGE = (zipfile.BadZipFile, zlib.error, KeyError, RuntimeError, NotImplementedError, ElementTree.ParseError)
_COUNTS = re.compile(rb"<TableRowCountTotalTag>\s*\d+\s*</TableRowCountTotalTag>")

_Value = Callable[[bytes], str]


class _Cell(NamedTuple):
    """Bytes of the length in front, of the value where it has no length, what NULL is, and how to print a value."""

    front: int
    width: int
    null: int
    value: _Value


class PackageReader(Reader):
    """Members in the package's order, Origin.xml last."""

    def parts(self) -> Iterator[Part]:
        with self._package() as package:
            model = package.read("model.xml")
            origin = package.read("Origin.xml")
            if hashlib.sha256(model).hexdigest().upper().encode() not in origin.upper():
                raise self.failed("has a model.xml that is not what its checksum says")
            root = ElementTree.fromstring(model)
            cells = _tables(root)
            for member in package.infolist():
                if member.filename == "model.xml":
                    yield from _objects(root, model)
                elif member.filename.lower().startswith("data/"):
                    yield from self._rows(package, member, cells)
                elif member.filename != "Origin.xml" and not member.filename.endswith("/"):
                    yield Text(member.filename, package.read(member))
            yield Text("Origin.xml", _COUNTS.sub(b"", origin))

    @contextmanager
    def _package(self) -> Iterator[zipfile.ZipFile]:
        with self.stream() as stream, _with_positions(stream, getattr(self.source, "scratch", None)) as file:
            try:
                with zipfile.ZipFile(file) as package:
                    yield package
            except _DAMAGE as error:
                raise self.failed(f"is no whole package ({type(error).__name__})") from None

    def _rows(
        self, package: zipfile.ZipFile, member: zipfile.ZipInfo, tables: dict[str, dict[str, _Cell]]
    ) -> Iterator[Block]:
        folder = unquote(member.filename.split("/")[1])
        if folder not in tables:
            raise self.failed("holds rows of a table that its model does not define")
        cells = tables[folder]
        schema, _, name = folder.partition(".")
        table = next((t for t in self._exact if f"{t.schema}.{t.name}" == folder), TableName(schema, name))
        with package.open(member) as stream:
            for rows, data in self._blocks(stream, tuple(cells.values()), table):
                batch = partial(self._batch, table, rows, cells)
                yield Block(table, tuple(cells), batch, data, len(rows))

    def _blocks(
        self, stream: Any, cells: tuple[_Cell, ...], table: TableName
    ) -> Iterator[tuple[list[list[bytes | None]], bytes]]:
        """Rows, as many at a time as a block has, with their bytes."""
        text, at, ended = b"", 0, False
        rows: list[list[bytes | None]] = []
        start = 0
        while True:
            row, end = _row(text, at, cells)
            if row is None:
                if ended:
                    break
                more = stream.read(max(_READ, len(text) - start))
                ended = not more
                text, at, start = text[start:] + more, at - start, 0
                continue
            if end == at:
                raise self.failed(f"has rows of {table} without any column")
            rows.append(row)
            at = end
            if len(rows) == _ROWS:
                yield rows, text[start:at]
                rows, start = [], at
        if at < len(text):
            raise self.failed(f"has a row of {table} that does not end")
        if rows:
            yield rows, text[start:at]

    def _batch(self, table: TableName, rows: list[list[bytes | None]], cells: dict[str, _Cell]) -> pa.RecordBatch:
        arrays = []
        for (name, cell), column in zip(cells.items(), zip(*rows, strict=True), strict=True):
            try:
                values = [None if raw is None else cell.value(raw) for raw in column]
            except (ValueError, struct.error, OverflowError, IndexError):
                raise self.failed(f"has values of {table}.{name} that are not of their type") from None
            arrays.append(pa.array(values, pa.string()))
        return pa.RecordBatch.from_arrays(arrays, names=list(cells))


@contextmanager
def _with_positions(stream: BinaryIO, folder: Path | None) -> Iterator[BinaryIO]:
    """The stream itself or, where it has no positions, a copy without a name in the work folder."""
    if stream.seekable():
        yield stream
        return
    with tempfile.TemporaryFile(dir=folder) as copy:
        shutil.copyfileobj(stream, copy, _READ)
        copy.seek(0)
        yield copy


def _row(data: bytes, at: int, cells: tuple[_Cell, ...]) -> tuple[list[bytes | None] | None, int]:
    """One row and where it ends; None when it is not all here."""
    size = len(data)
    if at >= size:
        return None, at
    row: list[bytes | None] = []
    for front, width, null, _ in cells:
        if front:
            length = int.from_bytes(data[at : at + front], "little")
            at += front
            if length == null:
                if at > size:
                    return None, at
                row.append(None)
                continue
        else:
            length = width
        end = at + length
        if end > size:
            return None, at
        row.append(data[at:end])
        at = end
    return row, at


# --- the model --------------------------------------------------------------------------------------------------


def _objects(root: ElementTree.Element, model: bytes) -> Iterator[Text]:
    """Each object of the model, its escapes taken away; and what the model says of itself."""
    yield Text("model.xml", model[: model.find(b"<Model>")])
    for place, element in enumerate(root.iter(f"{_TAG}Model").__next__(), 1):
        kind = re.sub(r"\W", "", element.get("Type", ""))
        text = unescape(ElementTree.tostring(element, "unicode"))
        yield Text(f"model.xml, object {place} ({kind})", text.encode("utf-8", "surrogatepass"))


def _property(element: ElementTree.Element, name: str, default: str = "") -> str:
    for item in element.findall(f"{_TAG}Property"):
        if item.get("Name") == name:
            return item.get("Value", default)
    return default


def _related(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    found = [item for item in element.findall(f"{_TAG}Relationship") if item.get("Name") == name]
    return [item for relation in found for entry in relation for item in entry]


def _names(text: str) -> list[str]:
    return [name.replace("]]", "]") for name in re.findall(r"\[((?:[^\]]|\]\])*)\]", text)]


def _tables(root: ElementTree.Element) -> dict[str, dict[str, _Cell]]:
    """Folder of the data parts -> column -> how its cells stand."""
    elements = list(root.iter(f"{_TAG}Element"))
    own = {element.get("Name", ""): element for element in elements if element.get("Type") == "SqlUserDefinedDataType"}
    tables: dict[str, dict[str, _Cell]] = {}
    for element in elements:
        if element.get("Type") != "SqlTable":
            continue
        columns = tables.setdefault(".".join(_names(element.get("Name", ""))), {})
        for column in _related(element, "Columns"):
            if column.get("Type") != "SqlSimpleColumn":
                continue
            (specifier,) = _related(column, "TypeSpecifier")
            (reference,) = _related(specifier, "Type")
            if reference.get("Name", "") in own:
                specifier = own[reference.get("Name", "")]
                (reference,) = _related(specifier, "Type")
            kind = _names(reference.get("Name", ""))[-1].lower()
            nullable = _property(column, "IsNullable", "True") != "False"
            columns[_names(column.get("Name", ""))[-1]] = _cell(kind, specifier, nullable)
    return tables


def _cell(kind: str, specifier: ElementTree.Element, nullable: bool) -> _Cell:
    scale, precision = int(_property(specifier, "Scale", "0")), int(_property(specifier, "Precision", "0"))
    length, unlimited = int(_property(specifier, "Length", "0")), _property(specifier, "IsMax") == "True"
    if kind == "float" and 0 < precision < 25:
        kind = "real"
    if kind in _FIXED:
        width, value = _FIXED[kind]
        return _Cell(1 if nullable else 0, width, 255, partial(_exactly, width, partial(value, scale)))
    if kind in _SHORT:
        width, value = _SHORT[kind]
        return _Cell(1, 0, 255, partial(_exactly, width, partial(value, scale)))
    text = partial(_text, kind in ("char", "nchar"))
    if kind == "char" and not nullable:
        return _Cell(0, 2 * max(length, 1), -1, text)
    if kind in ("text", "ntext"):
        return _Cell(4, 0, 2**32 - 1, text)
    if kind == "image":
        return _Cell(4, 0, 2**32 - 1, _binary)
    if kind == "sql_variant":
        return _Cell(4, 0, 0, _binary)
    if kind == "xml":
        return _Cell(8, 0, 2**64 - 1, text)
    if kind in ("geography", "geometry", "hierarchyid"):
        return _Cell(8, 0, 2**64 - 1, _binary)
    front = 8 if unlimited else 2
    if kind in ("char", "nchar", "varchar", "nvarchar", "sysname"):
        return _Cell(front, 0, 256**front - 1, text)
    if kind in ("binary", "varbinary", "timestamp", "rowversion"):
        return _Cell(front, 0, 256**front - 1, _binary)
    raise NotImplementedError


# --- values -----------------------------------------------------------------------------------------------------


def _exactly(width: int, value: _Value, raw: bytes) -> str:
    if len(raw) != width:
        raise ValueError
    return value(raw)


def _integer(signed: bool, scale: int, raw: bytes) -> str:
    return str(int.from_bytes(raw, "little", signed=signed))


def _floating(form: str, scale: int, raw: bytes) -> str:
    """The shortest digits that give the number back."""
    kind = pa.float32() if form == "<f" else pa.float64()
    return str(pa.array(struct.unpack(form, raw), kind).cast(pa.string())[0].as_py())


def _pointed(units: int, scale: int) -> str:
    digits = str(abs(units)).zfill(scale + 1)
    text = f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits
    return "-" + text if units < 0 else text


def _money(scale: int, raw: bytes) -> str:
    high, low = struct.unpack("<iI", raw)
    return _pointed(high * 2**32 + low, 4)


def _small_money(scale: int, raw: bytes) -> str:
    return _pointed(int.from_bytes(raw, "little", signed=True), 4)


def _number(scale: int, raw: bytes) -> str:
    units = int.from_bytes(raw[3:], "little")
    return _pointed(units if raw[2] else -units, raw[1])


def _day(raw: bytes) -> str:
    return (date.min + timedelta(days=int.from_bytes(raw, "little"))).isoformat()


def _clock(ticks: int, scale: int) -> str:
    seconds, fraction = divmod(ticks, 10_000_000)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return text + (f".{fraction:07d}"[: scale + 1] if scale else "")


def _date(scale: int, raw: bytes) -> str:
    return _day(raw)


def _time(scale: int, raw: bytes) -> str:
    return _clock(int.from_bytes(raw, "little"), scale)


def _datetime(scale: int, raw: bytes) -> str:
    days, parts = struct.unpack("<iI", raw)
    moment = datetime(1900, 1, 1) + timedelta(days=days, milliseconds=parts // 3 * 10 + (0, 3, 7)[parts % 3])
    return moment.isoformat(" ", "milliseconds")


def _small_datetime(scale: int, raw: bytes) -> str:
    days, minutes = struct.unpack("<HH", raw)
    return (datetime(1900, 1, 1) + timedelta(days=days, minutes=minutes)).isoformat(" ")


def _datetime2(scale: int, raw: bytes) -> str:
    return f"{_day(raw[5:])} {_clock(int.from_bytes(raw[:5], 'little'), scale)}"


def _offset(scale: int, raw: bytes) -> str:
    (minutes,) = struct.unpack("<h", raw[8:])
    days, ticks = divmod(int.from_bytes(raw[:5], "little") + minutes * 600_000_000, 864_000_000_000)
    day = date.min + timedelta(days=int.from_bytes(raw[5:8], "little") + days)
    hours, rest = divmod(abs(minutes), 60)
    return f"{day.isoformat()} {_clock(ticks, scale)}{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


def _bit(scale: int, raw: bytes) -> str:
    return "1" if raw[0] else "0"


def _guid(scale: int, raw: bytes) -> str:
    return str(UUID(bytes_le=raw)).upper()


def _text(padded: bool, raw: bytes) -> str:
    text = raw.decode("utf-16-le")
    return text.rstrip(" ") if padded else text


def _binary(raw: bytes) -> str:
    return "\\x" + raw.hex()


_FIXED: dict[str, tuple[int, Callable[[int, bytes], str]]] = {
    "tinyint": (1, partial(_integer, False)),
    "smallint": (2, partial(_integer, True)),
    "int": (4, partial(_integer, True)),
    "bigint": (8, partial(_integer, True)),
    "real": (4, partial(_floating, "<f")),
    "float": (8, partial(_floating, "<d")),
    "money": (8, _money),
    "smallmoney": (4, _small_money),
    "date": (3, _date),
    "time": (5, _time),
    "datetime": (8, _datetime),
    "smalldatetime": (4, _small_datetime),
    "datetime2": (8, _datetime2),
    "datetimeoffset": (10, _offset),
}
"""Without a length in front where NULL is not allowed."""
_SHORT: dict[str, tuple[int, Callable[[int, bytes], str]]] = {
    "bit": (1, _bit), "uniqueidentifier": (16, _guid), "decimal": (19, _number), "numeric": (19, _number),
}  # fmt: skip
"""Always with a length of one byte."""


def reader(source: Input, schema: Schema, work: Path | None) -> Reader:
    """Opened when it is first read."""
    return PackageReader(source, schema)
