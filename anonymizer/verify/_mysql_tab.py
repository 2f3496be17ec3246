"""Reads folders of `mysqldump --tab`: the scripts as text, then the files of rows.

Source: MySQL manual, "LOAD DATA", "Field and Line Handling": what the defaults are, and what a backslash means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import pyarrow as pa

from anonymizer.contracts import Input
from anonymizer.model.schema import Column, Schema, Table, TypeFamily
from anonymizer.verify import _mydumper
from anonymizer.verify._reader import BLOCK, Block, Part, Reader, Text

_ROWS = re.compile(r"(?P<table>.+)\.txt(?:\.gz|\.zst|\.xz)?\Z", re.IGNORECASE)
_CELL = re.compile(rb"((?:[^\t\n\\]|\\.)*+)([\t\n])", re.DOTALL)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_MEANT = {b"0": b"\0", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"Z": b"\x1a"}
_BYTES = (TypeFamily.BINARY, TypeFamily.GEOMETRY)
_Cells = list[bytes]


class FolderReader(_mydumper.FolderReader):
    """Scripts in the order of their names, then the rows in that of theirs."""

    def parts(self) -> Iterator[Part]:
        paths = sorted(path for path in self.source.path.rglob("*") if path.is_file())
        yield from self._scripts([path for path in paths if not _ROWS.match(path.name)])
        for path in paths:
            if found := _ROWS.match(path.name):
                table = self.schema.table(self.named("", found["table"]))
                with self._opened(path) as stream:
                    left, more = b"", True
                    while more:
                        block = stream.read(BLOCK)
                        more = bool(block)
                        rows, left = _rows(left + block)
                        if rows:
                            yield self._block(table, rows, path.name)
                    if left:
                        raise self.failed(f"ends within a row in {path.name}")

    def _block(self, table: Table, rows: list[_Cells], place: str) -> Block:
        columns = _columns(table, len(rows[0]))
        if columns is None or any(len(row) != len(columns) for row in rows):
            raise self.failed(f"has rows of {table.name} that are not what the table's columns say in {place}")
        stored = [(number, column) for number, column in enumerate(columns) if not column.generated]
        computed = [number for number, column in enumerate(columns) if column.generated]
        return Block(
            table.name,
            tuple(column.name for _, column in stored),
            partial(_batch, rows, stored),
            b"\0\n".join(b"\0\t".join(row) for row in rows),
            len(rows),
            outside=partial(_texts, f"{place} (computed columns)", rows, computed) if computed else None,
        )


def _rows(data: bytes) -> tuple[list[_Cells], bytes]:
    """Whole rows of cells as they stand, and what is left."""
    rows: list[_Cells] = []
    row: _Cells = []
    done = 0
    for cell in _CELL.finditer(data):
        row.append(cell[1])
        if cell[2] == b"\n":
            rows.append(row)
            row, done = [], cell.end()
    return rows, data[done:]


def _columns(table: Table, count: int) -> list[Column] | None:
    """What the cells of a row are: all columns, or those that are not computed."""
    stored = [column for column in table.columns if not column.generated]
    return next((columns for columns in (list(table.columns), stored) if len(columns) == count), None)


def _batch(rows: list[_Cells], stored: list[tuple[int, Column]]) -> pa.RecordBatch:
    arrays = [pa.array([_value(row[number], column) for row in rows], pa.string()) for number, column in stored]
    return pa.RecordBatch.from_arrays(arrays, names=[column.name for _, column in stored])


def _value(cell: bytes, column: Column) -> str | None:
    if cell == rb"\N":
        return None
    said = _ESCAPE.sub(lambda escape: _MEANT.get(escape[1], escape[1]), cell) if b"\\" in cell else cell
    if column.family in _BYTES:
        return "\\x" + said.hex()
    if column.type.lower().startswith("bit"):
        return str(int.from_bytes(said, "big"))
    try:
        return said.decode()
    except UnicodeDecodeError:
        return said.decode("latin-1")


def _texts(place: str, rows: list[_Cells], columns: list[int]) -> Text:
    return Text(place, b"\n".join(row[column] for row in rows for column in columns), fixed=False)


def reader(source: Input, schema: Schema, work: object) -> Reader:
    """Opened when it is first read."""
    return FolderReader(source, schema)
