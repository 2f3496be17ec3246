"""Reads CSV files: in a folder, in a zip archive, or one alone.

The rows are taken apart by Arrow's own reader of CSV, block by block, and in rare dialects (escapes, comments, several
characters as delimiter) cell by cell. Names and numbers of columns are the plan's: the dialect is the one under which
the file has them. Header lines, comments, the list of the files and `datapackage.json` are text.
"""

from __future__ import annotations

import codecs
import io
import json
import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

import pyarrow as pa
import zstandard
from isal import igzip
from pyarrow import csv as arrow_csv

from anonymizer.contracts import Input
from anonymizer.errors import AnonymizerError
from anonymizer.model.schema import Schema, TableName
from anonymizer.verify import _csv_cells
from anonymizer.verify._csv_cells import Form, Misfit, split_rows
from anonymizer.verify._reader import BLOCK, Block, Part, Reader, Text

_PACKAGE = "datapackage.json"
_PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zX": "xz"}
_DAMAGE = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zstandard.ZstdError, zipfile.BadZipFile)
_HEAD = 1 << 20
_MARK = "\ufeff"
_STATED = re.compile("sep=(.)\r?\n")


class CsvReader(Reader):
    """Every file is a table, or a part of one, or the description of all."""

    def parts(self) -> Iterator[Part]:
        try:
            yield from self._parts()
        except Misfit as error:
            raise self.failed(str(error)) from None
        except (*_DAMAGE, AnonymizerError, pa.ArrowException, LookupError) as error:
            raise self.failed(f"cannot be read to its end ({type(error).__name__})") from None

    def _parts(self) -> Iterator[Part]:
        paths = self._paths()
        if not paths:
            (table,) = self.schema.tables
            yield from self._file("", table.name, {})
            return
        yield Text("list of the files", "\n".join(paths).encode())
        if _PACKAGE in paths:
            with self._open(_PACKAGE) as stream:
                data = stream.read()
            yield Text(_PACKAGE, data)
            listed = _listed(json.loads(data.decode("utf-8-sig")))
            files = [(path, self.named(*name), given) for path, name, given in listed]
        else:
            files = [(path, self._table_of(path), {}) for path in paths]
        if sorted(path for path, _, _ in files) != [path for path in paths if path != _PACKAGE]:
            raise Misfit("holds files that are no tables")
        for path, table_name, given in files:
            yield from self._file(path, table_name, given)

    def _table_of(self, path: str) -> TableName:
        """`crm/people.csv.gz` is crm.people, unless the folder is a table in parts."""
        *folder, file = path.split("/")
        for named in ([*folder, _stem(file)], [*folder[:-1], *map(_stem, folder[-1:])]):
            if len(named) in (1, 2):
                found = TableName(*named) if len(named) == 2 else TableName("", *named)
                if found in self.schema:
                    return found
        raise Misfit("holds a file that is no table")

    # --- files

    def _paths(self) -> list[str]:
        if self.source.path.is_dir():
            found = [Path(folder) / name for folder, _, names in os.walk(self.source.path) for name in names]
            return sorted(path.relative_to(self.source.path).as_posix() for path in found)
        with self.stream() as stream:
            if stream.read(4) != b"PK\x03\x04":
                return []
        with self.stream() as stream, zipfile.ZipFile(stream) as archive:
            return sorted(name for name in archive.namelist() if not name.endswith("/"))

    @contextmanager
    def _open(self, path: str) -> Iterator[BinaryIO]:
        """The file's bytes, decompressed."""
        if not path:
            with self.stream() as stream:
                yield stream
        elif self.source.path.is_dir():
            with (self.source.path / path).open("rb") as stream, unpacked(stream) as plain:
                yield plain
        else:
            with self.stream() as stored, zipfile.ZipFile(stored) as archive:
                with archive.open(path) as head:
                    magic = head.read(4)
                with archive.open(path) as member, unpacked(cast(BinaryIO, member), magic) as plain:
                    yield plain

    # --- one file

    def _file(self, path: str, table: TableName, given: dict[str, Any]) -> Iterator[Part]:
        columns = tuple(column.name for column in self.schema.table(table).columns) if table in self.schema else ()
        codec, escapes = self._codec(path, given)
        form = self._form(path, codec, escapes, given, len(columns))
        place = path or "the file"
        header = True
        for chunk, comments in self._chunks(path, codec, form):
            for comment in comments:
                yield Text(f"comment in {place}", comment.encode())
            if header:
                header = False
                before, chunk = _before(chunk)
                first, rest, row = _csv_cells.first_row(chunk, form)
                names = tuple(cell or f"field{number}" for number, cell in enumerate(row, 1))
                if names == columns:
                    before, chunk = before + first, rest
                if before:
                    yield Text(f"header of {place}", before.encode())
            if chunk:
                yield Block(table, columns, partial(_batch, chunk, columns, form), chunk.encode())

    def _chunks(self, path: str, codec: str, form: Form) -> Iterator[tuple[str, list[str]]]:
        """The text in pieces of whole rows, without its comments."""
        with self._open(path) as stream:
            text = io.TextIOWrapper(cast(Any, stream), codec, newline="")
            before, rest = _before(text.read(BLOCK))
            while True:
                more = text.read(max(BLOCK, len(rest)))
                rest += more
                chunk, rest, comments = split_rows(rest, form, final=not more)
                if chunk or comments or (before and not more):
                    yield before + chunk, comments
                    before = ""
                if not more:
                    text.detach()
                    return

    def _codec(self, path: str, given: dict[str, Any]) -> tuple[str, bool]:
        """The text's encoding, and whether it holds a backslash before a quote."""
        stated = str(given.get("encoding") or "")
        with self._open(path) as stream:
            head = stream.read(512)
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return ("utf-16-le" if head[:1] == b"\xff" else "utf-16-be"), True
        even, odd = head[: len(head) & ~1 : 2].count(0), head[1::2].count(0)
        if len(head) > 3 and bool(even) != bool(odd) and max(even, odd) > len(head) // 4:
            return ("utf-16-le" if odd else "utf-16-be"), True
        escapes, tail = False, b""
        decoders = {name: _decoder(name) for name in ((stated,) if stated else ("utf-8", "cp1252", "latin-1"))}
        with self._open(path) as stream:
            data = b"whatever"
            while data:
                data = stream.read(_HEAD)
                escapes = escapes or b'\\"' in tail + data
                tail = data[-1:]
                for name in list(decoders):
                    try:
                        decoders[name].decode(data, not data)
                    except UnicodeDecodeError:
                        del decoders[name]
        for name in decoders:
            return ("utf-8" if name in ("utf-8", "utf8", "UTF-8") else name), escapes
        raise Misfit(f"holds {path or 'text'} in another encoding than it states")

    def _form(self, path: str, codec: str, escapes: bool, given: dict[str, Any], columns: int) -> Form:
        """How the file is written: as stated, or as it has the right number of columns."""
        if "dialect" in given:
            return Form.stated(given)
        missing = Form.stated(given).missing
        with self._open(path) as stream:
            head = io.TextIOWrapper(cast(Any, stream), codec, newline="")
            text = head.read(_HEAD)
            more = head.read(1)
            head.detach()
        stated = _STATED.match(text.removeprefix(_MARK))
        text = _before(text)[1]
        for form in _csv_cells.candidates(stated[1] if stated else "", text, escapes, missing):
            try:
                whole = split_rows(text, form, final=not more)[0]
                if _csv_cells.width(whole, form) != columns:
                    continue
                if escapes:
                    for chunk, _ in self._chunks(path, codec, form):
                        _csv_cells.width(_before(chunk)[1], form, columns)
            except Misfit:
                continue
            return form
        raise Misfit(f"holds {path or 'a file'} whose rows do not have its {columns} columns")


def _decoder(name: str) -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(name)()


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    if path.suffix.lower() in (".gz", ".zst", ".xz"):
        path = PurePosixPath(path.stem)
    return path.stem if path.suffix.lower() in (".csv", ".tsv", ".tab", ".psv", ".txt") else str(path)


@contextmanager
def unpacked(stream: BinaryIO, magic: bytes | None = None) -> Iterator[BinaryIO]:
    if magic is None:
        magic = stream.read(4)
        stream.seek(0)
    kind = next((kind for start, kind in _PACKED.items() if magic.startswith(start)), "")
    if kind == "gzip":
        yield cast(BinaryIO, igzip.IGzipFile(fileobj=stream, mode="rb"))  # type: ignore[no-untyped-call]
    elif kind == "zstd":
        yield cast(BinaryIO, io.BufferedReader(
            cast(Any, zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True))))  # fmt: skip
    elif kind == "xz":
        yield cast(BinaryIO, lzma.LZMAFile(stream))  # noqa: SIM115
    else:
        yield stream


def _before(text: str) -> tuple[str, str]:
    """The byte order mark and Excel's line about the delimiter; and the rest."""
    mark = _MARK if text.startswith(_MARK) else ""
    stated = _STATED.match(text, len(mark))
    end = stated.end() if stated else len(mark)
    return text[:end], text[end:]


def _listed(package: Any) -> list[tuple[str, tuple[str, str], dict[str, Any]]]:
    """Path, table and description of each file of a package."""
    found = []
    for resource in package["resources"]:
        paths = resource["path"] if isinstance(resource["path"], list) else [resource["path"]]
        schema, dot, name = resource["name"].partition(".")
        table = (schema, name) if dot and "." not in name else ("", resource["name"])
        found += [(str(PurePosixPath(path)), table, resource) for path in paths]
    return found


def _batch(text: str, columns: tuple[str, ...], form: Form) -> pa.RecordBatch:
    if not form.plain or text.startswith(_MARK):  # Arrow would take a letter of the first cell for a mark
        cells = _csv_cells.cells(text, form, len(columns))
        arrays = [pa.array([row[place] for row in cells], pa.string()) for place in range(len(columns))]
        return pa.RecordBatch.from_arrays(arrays, names=list(columns))
    data = text.encode() + b"\n" * (not text.endswith("\n"))  # a last empty cell would be taken for a quoted one
    names = [str(number) for number in range(len(columns))]
    table = arrow_csv.read_csv(
        pa.BufferReader(data),
        arrow_csv.ReadOptions(column_names=names, block_size=len(data) + 1, use_threads=False),
        arrow_csv.ParseOptions(
            delimiter=form.delimiter,
            quote_char=form.quote or False,
            double_quote=bool(form.quote),
            newlines_in_values=bool(form.quote),
            ignore_empty_lines=len(columns) > 1,
        ),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=list(form.missing),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    batches = table.combine_chunks().to_batches()
    columns_ = batches[0].columns if batches else [pa.array([], pa.string()) for _ in names]
    return pa.RecordBatch.from_arrays(columns_, names=list(columns))


def reader(source: Input, schema: Schema, work: Path | None) -> Reader:
    """Opened when it is first read."""
    return CsvReader(source, schema)
