"""Relations as a rule file writes them: `a.b -> c.d`, or `a.(x, y) -> c.(p, q)` for a composite key."""

from __future__ import annotations

import re
from collections.abc import Sequence

from anonymizer.model.rules import Place, Relation
from anonymizer.model.schema import TableName, quote_name

_TOKEN = re.compile(r'\s*(->|[.(),]|"(?:[^"]|"")*"|(?:(?!->)[^.(),"\s])+)')


def parse_relation(text: str, place: Place | None = None) -> Relation:
    """The relation that `text` writes. Raises ValueError, which says what is wrong.

    >>> parse_relation('sales.line.(company, no) -> sales."order".(company, no)').referenced
    ('company', 'no')
    """
    tokens: list[str] = []
    position, text = 0, text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError("a relation reads table.column -> table.column, or table.(a, b) -> table.(c, d)")
        tokens.append(match[1])
        position = match.end()
    if tokens.count("->") != 1:
        raise ValueError("a relation reads table.column -> table.column, with one arrow")
    arrow = tokens.index("->")
    table, columns = _side(tokens[:arrow])
    references, referenced = _side(tokens[arrow + 1 :])
    if len(columns) != len(referenced):
        raise ValueError(f"the relation joins {len(columns)} columns to {len(referenced)}")
    return Relation(table, columns, references, referenced, place)


def write_relation(relation: Relation) -> str:
    """The inverse of `parse_relation`."""
    referencing = f"{_table(relation.table)}.{_columns(relation.columns)}"
    return f"{referencing} -> {_table(relation.references)}.{_columns(relation.referenced)}"


def _side(tokens: Sequence[str]) -> tuple[TableName, tuple[str, ...]]:
    """`[schema .] table . column` or `[schema .] table . ( column , column … )`."""
    cut = tokens.index("(") if "(" in tokens else len(tokens) - 1
    columns = tokens[cut:]
    if "(" in tokens:
        if tokens[-1] != ")" or any(token != "," for token in columns[2:-1:2]):
            raise ValueError("the columns of a composite key stand in brackets: table.(a, b)")
        columns = columns[1:-1:2]
    path = tokens[:cut]
    if len(path) not in (2, 4) or any(token != "." for token in path[1::2]):
        raise ValueError("each side of a relation names a table and its column: table.column")
    names = [_name(token) for token in path[::2]]
    table = TableName(names[0], names[1]) if len(names) == 2 else TableName("", names[0])
    return table, tuple(_name(token) for token in columns)


def _name(token: str) -> str:
    name = token[1:-1].replace('""', '"') if token.startswith('"') else token
    if not name or token in (".", "(", ")", ","):
        raise ValueError("a name is missing in the relation")
    return name


def _columns(names: Sequence[str]) -> str:
    quoted = [_quote(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"({', '.join(quoted)})"


def _table(table: TableName) -> str:
    return ".".join(_quote(part) for part in table if part)


def _quote(name: str) -> str:
    return f'"{name}"' if "->" in name and '"' not in name else quote_name(name)
