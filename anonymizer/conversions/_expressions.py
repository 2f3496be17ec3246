"""Defaults and CHECK constraints in the words of another database, where nothing can be meant otherwise there.

sqlglot reads and writes them; what holds more than literals, columns, comparisons of numbers and the present time is
left out and named, since functions, collations and casts differ between databases in ways that no parser tells.
"""

from __future__ import annotations

from collections.abc import Collection

_DIALECTS = {
    "PostgreSQL": "postgres",
    "MySQL": "mysql",
    "SQL Server": "tsql",
    "SQLite": "sqlite",
}


def dialect_of(kind: str) -> str:
    """sqlglot's name for the language of a store; that of the standard for files of data."""
    return next((dialect for start, dialect in _DIALECTS.items() if kind.startswith(start)), "")


def translated(expression: str, source: str, target: str, numbers: Collection[str] = ()) -> str | None:
    """SQL text in `target`'s dialect, or None where it cannot be said for sure. `numbers`: columns of numbers."""
    import sqlglot
    from sqlglot import expressions as e
    from sqlglot.errors import SqlglotError

    safe = (
        *(e.Literal, e.Boolean, e.Null, e.Neg, e.Paren, e.Column, e.Identifier, e.And, e.Or, e.Not, e.Is, e.In),
        *(e.EQ, e.NEQ, e.GT, e.GTE, e.LT, e.LTE, e.Between, e.CurrentTimestamp, e.CurrentDate),
    )
    try:
        tree = sqlglot.parse_one(expression, read=source or None)
    except SqlglotError:
        return None
    while isinstance(tree, e.Paren | e.Cast) and isinstance(
        tree.this, e.Literal | e.Paren | e.Cast | e.Neg | e.Boolean
    ):
        tree = tree.this
    nodes = list(tree.walk())
    if not all(isinstance(node, safe) for node in nodes):
        return None
    logic = [operand for node in nodes if isinstance(node, e.And | e.Or | e.Not) for operand in node.iter_expressions()]
    if any(isinstance(operand.unnest(), e.Literal | e.Column | e.Neg) for operand in logic):
        return None  # a number as a truth value
    columns = {node.name for node in nodes if isinstance(node, e.Column)}
    if columns and (not columns <= set(numbers) or any(isinstance(n, e.Literal) and n.is_string for n in nodes)):
        return None  # texts compare by the collation, which is another one there
    return str(tree.sql(dialect=target))
