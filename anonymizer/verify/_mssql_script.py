"""Reads SQL Server scripts: batches between lines that say GO, INSERT … VALUES as rows, every other text as text.

Source: Microsoft's Transact-SQL reference ("Constants", "CAST and CONVERT", "INSERT", "GO"). A batch that begins with
CREATE or ALTER of a procedure, function, trigger or view is text to its end.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from anonymizer.contracts import Input
from anonymizer.model.schema import Schema, TableName
from anonymizer.verify._reader import BLOCK, Block, Part, Reader, Text

_READ = 1 << 20
_STR = r"N?'(?:[^']++|'')*+'"
_COMMENT = r"--[^\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/"
_NAME = r'(?:\[(?:[^\]]|\]\])*\]|"(?:[^"]|"")*"|[A-Za-z_@#\u0080-\uffff][\w@#$]*)'
_SPECIAL = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\[(?:[^\]]|\]\])*\]|--[^\n]*|/\*|(?<![\w@#$])INSERT(?![\w@#$])"""
    r"""|^[ \t]*GO(?:[ \t]+\d+)?[ \t]*(?:--[^\n]*)?\r?$|['"\[]""",
    re.IGNORECASE | re.MULTILINE,
)
_HEAD = re.compile(
    r"INSERT\s*(?:\bINTO\b\s*)?(" + _NAME + r"(?:\s*\.\s*(?:" + _NAME + r")?)*)\s*(?:WITH\s*\([\w\s,]*\)\s*)?"
    r"(?:\((\s*" + _NAME + r"(?:\s*,\s*" + _NAME + r")*\s*)\))?\s*VALUES\s*(?=\()",
    re.IGNORECASE,
)
_INNER = r"[^'()\-/]++|" + _STR + "|" + _COMMENT + r"|[-/]"
_DEEP = r"\((?:" + _INNER + r"|\((?:" + _INNER + r"|\((?:" + _INNER + r")*+\))*+\))*+\)"
_ROW = re.compile(r"\((?:" + _INNER + "|" + _DEEP + r")*+\)")
_GAP = re.compile(r"(?:\s++|" + _COMMENT + r")*+,(?:\s++|" + _COMMENT + r")*+(?=\()")
_TOKEN = re.compile(_STR + "|" + _COMMENT + r"|[(),]|[^'(),\-/N]++|[-/N]")
_OPEN = re.compile(r"[\s,]*\(")
_CELL = re.compile(
    r"\s*(?:[Nn]?'((?:[^']++|'')*+)'|([Cc][Aa][Ss][Tt]\s*\((?:[^'()]++|'(?:[^']++|'')*+'|\([^'()]*\))*+\)|[^'(),]++))"
    r"\s*([,)])"
)
_CAST = re.compile(
    r"CAST\s*\(\s*("
    + _STR
    + r"|0x[0-9A-F]*|NULL|[-+$.0-9E]+)\s+AS\s+\[?(\w+)\]?\s*(?:\(\s*\w+\s*(?:,\s*\d+\s*)?\))?\s*\)\Z",
    re.IGNORECASE,
)
_SPACE = r"(?:\s|" + _COMMENT + r")"
_MODULE = re.compile(
    r"(?:[\ufeff;]|" + _SPACE + r")*(?:CREATE|ALTER)" + _SPACE + r"+(?:OR" + _SPACE + r"+ALTER" + _SPACE + r"+)?"
    r"(?:PROC|PROCEDURE|FUNCTION|TRIGGER|VIEW)\b",
    re.IGNORECASE,
)
_UNSPOKEN = re.compile(_STR + "|" + _COMMENT)
_GRANTING = re.compile(r"\b(?:GRANT|DENY|REVOKE)\b(?:(?!\b(?:TO|FROM)\b)[^;'])*\Z", re.IGNORECASE)
_BULK = re.compile(r"\bBULK" + _SPACE + r"+\Z", re.IGNORECASE)
_TRIVIAL = re.compile(r"(?:[\s;\ufeff]|^[ \t]*GO[ \t]*(?:\r?$))*\Z", re.IGNORECASE | re.MULTILINE)
_BEFORE = re.compile(r"^(?=[ \t]*SET[ \t]+IDENTITY_INSERT\b)|^[ \t]*GO[ \t]*\r?\n", re.IGNORECASE | re.MULTILINE)
_VERB = re.compile(
    r"(?:CREATE|ALTER|DROP|GRANT|SET|EXEC|EXECUTE|PRINT|DECLARE|IF|USE)\b"
    r"(?:\s+(?:TABLE|VIEW|PROCEDURE|PROC|FUNCTION|TRIGGER|DATABASE|INDEX|TYPE|USER|LOGIN)\b)?",
    re.IGNORECASE,
)
_EDGE = re.compile(r"/\*|\*/")


class ScriptReader(Reader):
    """Everything in one pass, in bounded memory as long as no batch of text alone is huge."""

    def parts(self) -> Iterator[Part]:
        with self.stream() as stream:
            yield from _Pass(self, stream, self.encoding()).parts()

    def encoding(self) -> str:
        """The codec of 8-bit text."""
        return self.schema.encoding


class _Pass:
    def __init__(self, reader: Reader, stream: BinaryIO, encoding: str) -> None:
        self._reader, self._stream = reader, stream
        head = stream.read(4)
        codec = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(head[:2], encoding)
        self._decoder = codecs.getincrementaldecoder(codec)()
        self._text = self._decoder.decode(head)
        self._at = 0
        """How much of the text is done with."""
        self._ended = False
        self._line = 1
        self._module = False
        self._fresh = True
        """The batch has only begun."""
        self._heads: dict[str, tuple[TableName, tuple[str, ...]]] = {}
        """What the INSERTs that were read already go to."""

    def parts(self) -> Iterator[Part]:
        """Texts, and rows of consecutive INSERTs into one table together."""
        rows: list[str] = []
        size = 0
        key: tuple[TableName, tuple[str, ...]] | None = None
        while self._at < len(self._text) or self._fill():
            text = self._until_insert()
            insert = self._insert()
            if not _TRIVIAL.match(text) and key:
                yield self._block(key, rows)
                rows, size, key = [], 0, None
            yield from self._texts(text)
            if insert is not None:
                found, listed = insert
                if key and (key != found or size > BLOCK):
                    yield self._block(key, rows)
                    rows, size = [], 0
                key = found
                yield from self._comments(listed)
                rows.append(listed)
                size += len(listed)
        if key:
            yield self._block(key, rows)

    def _fill(self) -> bool:
        """Read on; False at the end. All but one letter of what is done with is let go: a line may begin behind it."""
        if self._ended:
            return False
        kept = max(self._at - 1, 0)
        self._text, self._at = self._text[kept:], self._at - kept
        data = self._stream.read(max(_READ, len(self._text)))
        self._ended = not data
        try:
            self._text += self._decoder.decode(data, self._ended)
        except UnicodeError:
            raise self._reader.failed("is not valid in its encoding") from None
        return True

    def _take(self, end: int) -> str:
        text, self._at = self._text[self._at : end], end
        return text

    # --- text

    def _until_insert(self) -> str:
        position = self._at
        while True:
            found = _SPECIAL.search(self._text, position)
            if (
                found is None
                or found.end() > len(self._text) - 300
                or (found[0] == "/*" and not self._comment(found.start()))
            ):
                ahead = position - self._at
                if self._fill():
                    position = self._at + ahead
                    continue
                if found is None:
                    return self._take(len(self._text))
            mark = found[0]
            if mark in ("'", '"', "["):
                raise self._reader.failed("ends in the middle of a quotation")
            if mark == "/*":
                position = self._comment(found.start())
                if not position:
                    raise self._reader.failed("ends in the middle of a comment")
                continue
            position = found.end()
            if mark.strip()[:2].upper() == "GO":
                text = self._take(min(position + 1, len(self._text)))
                self._fresh, self._module = True, False
                return text
            if mark.upper() == "INSERT" and not self._is_text(found.start()):
                return self._take(found.start())

    def _is_text(self, start: int) -> bool:
        """Whether the INSERT there stands in a module, or in a list of permissions."""
        before = self._text[self._at : start]
        if self._fresh:
            self._module = _MODULE.match(before) is not None
        bulk = _BULK.search(before[-200:]) is not None
        return self._module or bulk or _GRANTING.search(_UNSPOKEN.sub("", before[-2000:])) is not None

    def _comment(self, start: int) -> int:
        depth = 0
        for edge in _EDGE.finditer(self._text, start):
            depth += 1 if edge[0] == "/*" else -1
            if not depth:
                return edge.end()
        return 0

    def _texts(self, text: str) -> Iterator[Text]:
        """A text, cut so that rows that are left out between its pieces do not join them."""
        cuts = [0, *(edge.end() for edge in _BEFORE.finditer(text)), len(text)]
        for start, end in pairwise(cuts):
            piece = text[start:end]
            if not _TRIVIAL.match(piece):
                line = self._line + piece[: len(piece) - len(piece.lstrip())].count("\n")
                verb = _VERB.match(piece.lstrip())
                words = f" ({' '.join(verb[0].upper().split())})" if verb else ""
                yield Text(f"line {line}{words}", piece.encode())
            self._line += piece.count("\n")

    def _comments(self, listed: str) -> Iterator[Text]:
        """Comments between rows and cells: they go with their rows, and may say what these say."""
        if "--" in listed or "/*" in listed:
            said = [mark[0] for mark in _UNSPOKEN.finditer(listed) if mark[0].startswith(("--", "/*"))]
            if said:
                yield Text(f"line {self._line} (comment between rows)", "\n".join(said).encode(), fixed=False)

    # --- rows

    def _insert(self) -> tuple[tuple[TableName, tuple[str, ...]], str] | None:
        """The INSERT that begins here: its table and columns, and its rows as text."""
        if self._text[self._at : self._at + 6].upper() != "INSERT" or self._module:
            return None
        self._fresh = False
        while True:
            head = _HEAD.match(self._text, self._at)
            end = self._rows_end(head.end()) if head else 0
            if end and (end < len(self._text) - 300 or self._ended):
                break
            if not self._fill():
                raise self._reader.failed("holds an INSERT that is not understood, or is truncated")
        assert head is not None  # or there would be no end
        rows = self._text[head.end() : end]
        self._line += self._text.count("\n", self._at, end)
        self._at = end
        if head[0] not in self._heads:
            self._heads[head[0]] = self._target(head)
        return self._heads[head[0]], rows

    def _target(self, head: re.Match[str]) -> tuple[TableName, tuple[str, ...]]:
        """The table and the listed columns of an INSERT."""
        table = self._table(head[1])
        columns = map(_plain, re.findall(_NAME, head[2])) if head[2] else ()
        spelled = self._spelled(table)
        return table, tuple(spelled.get(name.lower(), name) for name in columns)

    def _rows_end(self, position: int) -> int:
        while (row := _ROW.match(self._text, position)) is not None:
            gap = _GAP.match(self._text, row.end())
            if gap is None:
                return row.end()
            position = gap.end()
        return 0

    def _table(self, written: str) -> TableName:
        parts = [_plain(name) for name in re.findall(_NAME, written)]
        schema = parts[-2] if len(parts) > 1 and ".." not in re.sub(r"\s", "", written) else "dbo"
        return self._reader.named(schema, parts[-1])

    def _spelled(self, table: TableName) -> dict[str, str]:
        if table not in self._reader.schema:
            return {}
        return {column.name.lower(): column.name for column in self._reader.schema.table(table).columns}

    def _block(self, key: tuple[TableName, tuple[str, ...]], rows: list[str]) -> Block:
        table, columns = key
        stored: tuple[str, ...] = ()
        counted: tuple[str, ...] = ()
        if table in self._reader.schema:
            listed = [column for column in self._reader.schema.table(table).columns if not column.generated]
            stored = tuple(column.name for column in listed)
            counted = tuple(column.name for column in listed if "IDENTITY" not in column.type)
        text = "\n".join(rows)
        return Block(
            table, columns or stored, partial(self._batch, table, text, (columns, stored, counted)), text.encode()
        )

    def _batch(self, table: TableName, text: str, choices: tuple[tuple[str, ...], ...]) -> pa.RecordBatch:
        rows = _cells(text)
        names = next((names for names in choices if names and len(names) == len(rows[0])), ())
        if not names or any(len(row) != len(names) for row in rows):
            raise self._reader.failed(f"has rows of {table} that are not what the table's columns say")
        arrays = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, names=list(names))


def _plain(name: str) -> str:
    if name[0] == "[":
        return name[1:-1].replace("]]", "]")
    return name[1:-1].replace('""', '"') if name[0] == '"' else name


def _cells(text: str) -> list[list[str | None]]:
    """The cells of rows: at once where all are plain constants, else token by token."""
    quick = None if "--" in text or "/*" in text else _plain_cells(text)
    return _any_cells(text) if quick is None else quick


def _plain_cells(text: str) -> list[list[str | None]] | None:
    rows: list[list[str | None]] = []
    position = 0
    while start := _OPEN.match(text, position):
        row: list[str | None] = []
        position = start.end()
        while True:
            cell = _CELL.match(text, position)
            if cell is None:
                return None
            string, other, mark = cell.groups()
            row.append(_value(other.rstrip()) if string is None else string.replace("''", "'"))
            position = cell.end()
            if mark == ")":
                break
        rows.append(row)
    return None if text[position:].strip() else rows


def _any_cells(text: str) -> list[list[str | None]]:
    rows: list[list[str | None]] = []
    row: list[str | None] = []
    raw: list[str] = []
    depth = 0
    for token in _TOKEN.finditer(text):
        piece = token[0]
        if depth == 0:
            if piece == "(":
                depth, row, raw = 1, [], []
        elif depth == 1 and piece in (",", ")"):
            row.append(_value("".join(raw).strip()))
            raw = []
            if piece == ")":
                rows.append(row)
                depth = 0
        elif piece[:2] not in ("--", "/*"):
            depth += (piece == "(") - (piece == ")")
            raw.append(piece)
    return rows


def _value(cell: str) -> str | None:
    """A constant's value; any other expression's own text."""
    kind = ""
    if cell[:1] in "Cc" and (cast := _CAST.match(cell)):
        cell, kind = cast[1], cast[2].lower()
    if cell[-1:] == "'" and re.fullmatch(_STR, cell):
        return cell.split("'", 1)[1][:-1].replace("''", "'")
    if cell.upper() in ("NULL", "DEFAULT"):
        return None
    if cell[:2].upper() == "0X":
        digits = cell[2:].lower()
        return _moment(kind, bytes.fromhex(digits)) or "\\x" + digits
    return cell.replace("$", "")


def _moment(kind: str, data: bytes) -> str | None:
    """A date in hexadecimal digits, as text."""
    if kind == "datetime" and len(data) == 8:
        ticks = int.from_bytes(data[4:], "big")
        thousandths = ticks // 3 * 10 + (0, 3, 7)[ticks % 3]
        day = datetime(1900, 1, 1) + timedelta(days=int.from_bytes(data[:4], "big", signed=True))
        return (day + timedelta(milliseconds=thousandths)).isoformat(timespec="milliseconds")
    if kind == "smalldatetime" and len(data) == 4:
        day = datetime(1900, 1, 1) + timedelta(days=int.from_bytes(data[:2], "big"))
        return (day + timedelta(minutes=int.from_bytes(data[2:], "big"))).isoformat()
    if kind == "date" and len(data) == 3:
        return (datetime(1, 1, 1) + timedelta(days=int.from_bytes(data, "little"))).date().isoformat()
    if kind in ("datetime2", "time") and data and data[0] <= 7:
        behind = len(data) - 3 if kind == "datetime2" else len(data)
        scale = data[0]
        seconds, fraction = divmod(int.from_bytes(data[1:behind], "little"), 10**scale)
        clock = (datetime(1, 1, 1) + timedelta(seconds=seconds)).time().isoformat()
        clock += f".{fraction:0{scale}d}" if scale else ""
        if kind == "time":
            return clock
        date = datetime(1, 1, 1) + timedelta(days=int.from_bytes(data[behind:], "little"))
        return f"{date.date().isoformat()}T{clock}"
    return None


def reader(source: Input, schema: Schema, work: Path | None) -> Reader:
    """Opened when it is first read."""
    return ScriptReader(source, schema)
