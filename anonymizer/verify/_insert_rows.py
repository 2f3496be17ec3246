"""The cells of INSERT … VALUES lists, and apart from them all the text that is no value.

A string gives its content, NULL gives null, and any other expression its own text, without a cast behind it: enough to
compare two databases of one kind cell by cell. Comments, casts and what follows the rows are no values: they are
handed over to be looked through as text. Sources: PostgreSQL's manual, chapter 4.1 and INSERT; SQLite's, "Literal
Values".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

_PLAIN = r"'(?P<plain>[^'\\]*(?:''[^'\\]*)*)'"
_FAST = re.compile(r"\s*(?:" + _PLAIN + r"|(?P<bare>[-+]?[.\w]+(?:[-+]\d+)?))\s*(?P<mark>[,)])")
"""By far the most cells: a string without a prefix, or one word or number."""
_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<escaped>\b[Ee]'(?:[^'\\]|\\.|'')*')"""
    r"""|(?P<prefix>\b(?:[NnXxBb]|[Uu]&))?'(?P<plain>(?:[^']|'')*)'|"(?:[^"]|"")*"|(?P<tag>\$\w*\$).*?(?P=tag)"""
    r"""|[(),\[\];]|[^'"(),\[\];$/\-ENXBUenxbu]+|.""",
    re.DOTALL,
)
_ESCAPING = re.compile(_TOKEN.pattern.replace("(?:[^']|'')*", r"(?:[^'\\]|\\.|'')*"), re.DOTALL)
"""The same where a backslash escapes in every string."""
_GAP = re.compile(r"\s*(,\s*)?(?=\()")
_NAME = r'(?:"(?:[^"]|"")*"|[^\W\d][\w$]*)'
_CAST = re.compile(
    rf"(?:\s*::\s*{_NAME}(?:\.{_NAME})*(?:\s+(?:varying|precision|with(?:out)?\s+time\s+zone))?"
    r"(?:\s*\([\d,\s]*\))?(?:\s*\[\d*\])*)+\s*\Z",
    re.IGNORECASE,
)
_UESCAPE = re.compile(r"\s*UESCAPE\s*'(.)'", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))|''", re.DOTALL)
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Form:
    """How the cells of a script are written."""

    encoding: str
    sqlite: bool = False
    """X'…' is a blob and reads as `\\x…`."""
    backslashes: bool = False
    """A backslash escapes in every string: standard_conforming_strings is off."""


class Inserts(NamedTuple):
    """What stands behind VALUES in some INSERTs into one table."""

    batch: pa.RecordBatch
    outside: str
    """All that is no row's value; empty when there is nothing but commas."""


def read(lists: list[bytes], columns: tuple[str, ...], listed: bool, form: Form) -> Inserts:
    """The rows as columns of Arrow `string`, and the text beside them.

    `columns` are those of each row; without any they are numbered. Where they were not `listed` by the statement, a
    row may have fewer cells and the others are null. Raises ValueError when a row does not fit.
    """
    rows: list[list[str | None]] = []
    outside: list[str] = []
    for text in lists:
        _Statement(text.decode(form.encoding), form, rows, outside).read()
    width = max(map(len, rows), default=0)
    names = columns or tuple(str(n) for n in range(width))
    if width > len(names) or (rows and listed and min(map(len, rows)) < len(names)):
        raise ValueError("another number of cells")
    for row in rows:
        if len(row) < len(names):
            row.extend([None] * (len(names) - len(row)))
    cells = zip(*rows, strict=True) if rows else [() for _ in names]
    batch = pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in cells], names=list(names))
    return Inserts(batch, "\n".join(piece for piece in outside if piece.strip(" \t\r\n,;")))


class _Statement:
    """The rows of one statement, and what stands between and behind them."""

    def __init__(self, text: str, form: Form, rows: list[list[str | None]], outside: list[str]) -> None:
        self._text, self._form, self._rows, self._outside = text, form, rows, outside
        self._token = _ESCAPING if form.backslashes else _TOKEN

    def read(self) -> None:
        """Row after row as long as a comma stands between them. Raises ValueError."""
        position = self._row(0)
        while True:
            start, divided = position, False
            while (token := self._token.match(self._text, position)) is not None:
                if token[0] == "(" or not (token["comment"] or token[0].isspace() or (token[0] == "," and not divided)):
                    break
                divided = divided or token[0] == ","
                position = token.end()
            if not divided or token is None or token[0] != "(":
                self._outside.append(self._text[start:])
                return
            if position - start > 1:
                self._outside.append(self._text[start:position])
            position = self._row(position)

    def _row(self, position: int) -> int:
        """The row that begins here, and where it is over."""
        if self._text[position : position + 1] != "(":
            raise ValueError("no row")
        position, row, mark = position + 1, [], ","
        while mark == ",":
            fast = None if self._form.backslashes else _FAST.match(self._text, position)
            if fast is None:
                cell, mark, position = self._cell(position)
            else:
                plain, bare, mark = fast.groups()
                cell = plain.replace("''", "'") if bare is None else None if bare.upper() == "NULL" else bare
                position = fast.end()
            row.append(cell)
        self._rows.append(row)
        return position

    def _cell(self, position: int) -> tuple[str | None, str, int]:
        """Any cell, up to and with the comma or parenthesis behind it."""
        raw: list[str] = []
        literal: str | None = None
        behind = depth = 0
        while (token := self._token.match(self._text, position)) is not None:
            piece, position = token[0], token.end()
            if token["comment"]:
                self._outside.append(piece)
                raw.append(" ")
                continue
            if not depth and piece in (",", ")"):
                return *self._meaning("".join(raw), literal, behind), piece, position
            depth += (piece in ("(", "[")) - (piece in (")", "]"))
            if (token["plain"] is not None or token["escaped"]) and not "".join(raw).strip():
                ending = _UESCAPE.match(self._text, position) if (token["prefix"] or "")[:1] in ("U", "u") else None
                literal = self._string(token, ending[1] if ending else "\\")
                if ending:
                    piece, position = self._text[token.start() : ending.end()], ending.end()
                behind = len("".join(raw)) + len(piece)
            raw.append(piece)
        raise ValueError("a row that does not end")

    def _meaning(self, raw: str, literal: str | None, behind: int) -> tuple[str | None]:
        if literal is not None:
            rest = raw[behind:]
            if not rest.strip():
                return (literal,)
            if _CAST.match(rest):
                self._outside.append(rest)
                return (literal,)
        bare = raw.strip()
        if cast := _CAST.search(bare):
            self._outside.append(cast[0])
            bare = bare[: cast.start()]
        return (None if bare.upper() == "NULL" else bare,)

    def _string(self, token: re.Match[str], escape: str) -> str:
        if token["escaped"] is not None:
            return _ESCAPE.sub(_unescaped, token["escaped"][2:-1])
        prefix = (token["prefix"] or "").upper()
        if self._form.backslashes and prefix in ("", "N"):
            return _ESCAPE.sub(_unescaped, token["plain"])
        text = token["plain"].replace("''", "'")
        if prefix == "U&":
            mark = re.escape(escape)
            return re.sub(rf"{mark}(?:({mark})|\+([0-9A-Fa-f]{{6}})|([0-9A-Fa-f]{{4}}))", _code_point, text)
        return "\\x" + text.lower() if self._form.sqlite and prefix == "X" else text


def _code_point(match: re.Match[str]) -> str:
    return match[1] or chr(int(match[2] or match[3], 16))


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[3] or match[4]
    if code:
        return chr(int(code, 16))
    if match[2]:
        return chr(int(match[2], 8))
    return _LETTERS.get(match[5], match[5]) if match[5] else "'"
