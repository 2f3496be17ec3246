"""The cells of INSERT … VALUES lists.

A string gives its content, NULL gives null, and any other expression its own text, without a cast behind it: enough to
compare two databases of one kind cell by cell.
"""

from __future__ import annotations

import re

import pyarrow as pa

_TOKEN = re.compile(
    r"""(?P<escaped>\b[Ee]'(?:[^'\\]|\\.|'')*')|(?P<prefix>\b(?:[NnXxBb]|[Uu]&))?'(?P<plain>(?:[^']|'')*)'"""
    r"""|"(?:[^"]|"")*"|[(),\[\]]|[^'"(),\[\]ENXBUenxbu]+|.""",
    re.DOTALL,
)
_CAST = re.compile(r"\s*::.*\Z", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|u([0-9A-Fa-f]{4})|(.))|''", re.DOTALL)
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def batch(lists: list[bytes], columns: tuple[tuple[str, ...], ...], encoding: str, hex_blobs: bool) -> pa.RecordBatch:
    """What follows VALUES in some INSERTs into one table, as columns of Arrow `string`.

    `hex_blobs`: X'…' is a blob and reads as `\\x…`. The first of `columns` that has as many names as the first row has
    cells is taken; where there are none (the table is unknown), they are numbered.
    Raises ValueError when a row has another number of cells.
    """
    rows: list[list[str | None]] = []
    for text in lists:
        rows.extend(_rows(text.decode(encoding), hex_blobs))
    width = len(rows[0]) if rows else 0
    names = next((names for names in columns if len(names) == width), columns[0])
    names = names or tuple(str(n) for n in range(width))
    if any(len(row) != len(names) for row in rows):
        raise ValueError("another number of cells")
    cells = zip(*rows, strict=True) if rows else [() for _ in names]
    return pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in cells], names=list(names))


def _rows(text: str, hex_blobs: bool) -> list[list[str | None]]:
    rows: list[list[str | None]] = []
    row: list[str | None] = []
    raw: list[str] = []
    literal: str | None = None
    depth = 0
    for token in _TOKEN.finditer(text):
        piece = token[0]
        if depth == 0:
            if piece == "(":
                depth, row, raw, literal = 1, [], [], None
            continue
        if depth == 1 and piece in (",", ")"):
            row.append(_cell("".join(raw), literal))
            raw, literal = [], None
            if piece == ")":
                rows.append(row)
                depth = 0
            continue
        depth += (piece in "([") - (piece in ")]") if len(piece) == 1 else 0
        if token["plain"] is not None or token["escaped"] is not None:
            literal = _string(token, hex_blobs) if not "".join(raw).strip() else None
        raw.append(piece)
    return rows


def _string(token: re.Match[str], hex_blobs: bool) -> str:
    if token["escaped"] is not None:
        return _ESCAPE.sub(_unescaped, token["escaped"][2:-1])
    text = token["plain"].replace("''", "'")
    return "\\x" + text.lower() if hex_blobs and (token["prefix"] or "") in ("X", "x") else text


def _unescaped(match: re.Match[str]) -> str:
    if match[1] or match[3]:
        return chr(int(match[1] or match[3], 16))
    if match[2]:
        return chr(int(match[2], 8))
    return _LETTERS.get(match[4], match[4]) if match[4] else "'"


def _cell(raw: str, literal: str | None) -> str | None:
    stripped = raw.strip()
    if literal is not None:
        behind = stripped[stripped.rfind("'") + 1 :]
        if not behind or _CAST.match(behind):
            return literal
    bare = _CAST.sub("", stripped)
    return None if bare.upper() == "NULL" else bare
