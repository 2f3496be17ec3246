"""Pieces of definitions in Transact-SQL that stand in several statements: lists of columns, options, expressions."""

from __future__ import annotations

from anonymizer.stores._tsql.tokens import Cursor

_OPERATORS = frozenset("+ - * / % & | ^".split())
_SIGNS = frozenset("+ - ~".split())
_AFTER_COMPUTED = frozenset(", ) ; PERSISTED CONSTRAINT PRIMARY UNIQUE CHECK".split())


def listed_columns(cursor: Cursor) -> tuple[str, ...]:
    """Column names between brackets, without their order."""
    cursor.expect("(")
    names = []
    while not cursor.accept(")"):
        names.append(cursor.name())
        _ = cursor.accept("ASC") or cursor.accept("DESC")
        cursor.accept(",")
    return tuple(names)


def skip_options(cursor: Cursor) -> None:
    """WITH (…), ON filegroup, and what else may follow a key or an index."""
    while True:
        if cursor.accept("WITH"):
            if cursor.sees("("):
                cursor.group()
            else:  # WITH FILLFACTOR = 90
                cursor.next()
                cursor.expect("=")
                cursor.next()
        elif cursor.accept("ON"):
            cursor.name()
            if cursor.sees("("):
                cursor.group()
        elif cursor.accept("INCLUDE"):
            cursor.group()
        else:
            return


def default(cursor: Cursor) -> str:
    """The expression of a default: constants, names and calls, with operators between them."""
    start = cursor.at
    while True:
        if (token := cursor.peek()) is not None and token.upper in _SIGNS:
            cursor.next()
        if cursor.accept("NEXT", "VALUE", "FOR"):
            cursor.dotted()
        elif cursor.sees("("):
            cursor.group()
        else:
            cursor.next()
            while cursor.accept("."):
                cursor.next()
            if cursor.sees("("):
                cursor.group()
        if (token := cursor.peek()) is None or token.upper not in _OPERATORS:
            return cursor.text(start, cursor.at)
        cursor.next()


def skip_computed(cursor: Cursor) -> None:
    """Pass over the expression of a computed column."""
    while (token := cursor.peek()) is not None and token.upper not in _AFTER_COMPUTED:
        if token.upper == "(":
            cursor.group()
        else:
            cursor.next()
