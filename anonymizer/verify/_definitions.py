"""The columns of CREATE TABLE, as far as rows without a column list need them: their names, in order.

Source: PostgreSQL's manual and SQLite's, CREATE TABLE. What a table inherits from others is not followed.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NAME = r'(?:"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|[A-Za-z_\x80-\xff][\w$\x80-\xff]*)'
_HEAD = re.compile(
    rf"CREATE\s+(?:(?:GLOBAL|LOCAL|TEMP|TEMPORARY|UNLOGGED|FOREIGN)\s+)*TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    rf"({_NAME}(?:\s*\.\s*{_NAME}){{0,2}})\s*\(",
    re.IGNORECASE,
)
_ADDED = re.compile(
    rf"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?({_NAME}(?:\s*\.\s*{_NAME}){{0,2}})\s+(?:ADD|DROP|RENAME)\s+"
    rf"(?!CONSTRAINT\b|PRIMARY\b|UNIQUE\b|CHECK\b|FOREIGN\b|EXCLUDE\b)",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|[(),\[\]]|[^'"`(),\[\]/-]+|.""", re.DOTALL
)
_COLUMN = re.compile(rf"\s*({_NAME})", re.DOTALL)
_NO_COLUMN = re.compile(r"\s*(?:CONSTRAINT|PRIMARY\s+KEY|UNIQUE|CHECK|FOREIGN\s+KEY|EXCLUDE|LIKE)\b", re.IGNORECASE)
_GENERATED = re.compile(r"\bGENERATED\s+ALWAYS\s+AS\s*\(|\bAS\s*\(", re.IGNORECASE)
_INHERITS = re.compile(r"\bINHERITS\s*\(", re.IGNORECASE)


class Definition(NamedTuple):
    """The columns as they are written, in order; none when they cannot be told."""

    table: str
    """As it is written, with its schema."""
    columns: tuple[str, ...]
    stored: tuple[str, ...]
    """Those that are not computed from others."""


def definition(statement: str) -> Definition | None:
    """What a statement says of a table's columns; None for any that defines or changes none.

    Bytes stand for characters, as in Latin-1: only names hold any beyond ASCII, and they are given back as they are.
    """
    head = _HEAD.match(statement)
    if head is None:
        changed = _ADDED.match(statement)
        return Definition(changed[1], (), ()) if changed else None
    items, rest = _items(statement, head.end())
    if _INHERITS.search(rest) or any(re.match(r"\s*LIKE\b", item, re.IGNORECASE) for item in items):
        return Definition(head[1], (), ())
    columns = [(_COLUMN.match(item), item) for item in items if not _NO_COLUMN.match(item)]
    named = [(match[1], item) for match, item in columns if match]
    stored = tuple(name for name, item in named if not _GENERATED.search(item))
    return Definition(head[1], tuple(name for name, _ in named), stored)


def _items(statement: str, position: int) -> tuple[list[str], str]:
    """What commas part up to the closing parenthesis, without comments and strings; and what stands behind it."""
    items, depth = [""], 1
    for token in _TOKEN.finditer(statement, position):
        piece = token[0]
        depth += (piece in ("(", "[")) - (piece in (")", "]"))
        if not depth:
            return items, statement[token.end() :]
        if piece == "," and depth == 1:
            items.append("")
        elif not piece.startswith(("--", "/*", "'")):
            items[-1] += piece
    return items, ""
