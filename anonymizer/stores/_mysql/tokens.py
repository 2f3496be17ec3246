"""The words of a MySQL definition: enough to read CREATE TABLE and ALTER TABLE, without a grammar.

Source: MySQL manual, "Schema Object Names" and "Literal Values".
"""

from __future__ import annotations

import re

from anonymizer.errors import SourceError
from anonymizer.stores._mysql.session import Session
from anonymizer.stores._pg.tokens import Cursor, Token

_TOKEN = r"""(?P<space>\s+)
    | (?P<string>(?:_[A-Za-z]\w*\s*|[nNbBxX])?{single})
    | (?P<double>{double})
    | (?P<back>`(?:[^`]|``)*`)
    | (?P<number>0x[0-9A-Fa-f]+\b|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w$]))
    | (?P<word>@{{0,2}}[\w$\x80-\U0010ffff]+)
    | (?P<mark>.)"""
_SINGLE = {True: r"'(?:[^'\\]|\\.|'')*'", False: r"'(?:[^']|'')*'"}
_DOUBLE = {True: r'"(?:[^"\\]|\\.|"")*"', False: r'"(?:[^"]|"")*"'}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONTROL = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "%": "\\%", "_": "\\_"}


def tokens(sql: str, session: Session) -> list[Token]:
    """All tokens of code without comments, with an "end" token last. Raises ValueError for a lost quote."""
    escapes = session.backslashes
    pattern = re.compile(
        _TOKEN.format(single=_SINGLE[escapes], double=_DOUBLE[escapes and not session.ansi_quotes]),
        re.VERBOSE | re.DOTALL,
    )
    found: list[Token] = []
    for match in pattern.finditer(sql):
        kind, text, start, end = match.lastgroup or "", match[0], match.start(), match.end()
        if kind == "space":
            continue
        if kind == "mark" and text in "'\"`":
            raise ValueError("a quotation does not end")
        if kind == "word":
            text = text.lower()
        elif kind == "back":
            kind, text = "quoted", text[1:-1].replace("``", "`")
        elif kind == "double" and session.ansi_quotes:
            kind, text = "quoted", text[1:-1].replace('""', '"')
        elif kind == "double":  # without ANSI_QUOTES a string, but where only a name can stand a name
            kind, text = "double", _meaning(text[1:-1].replace('""', '"'), escapes)
        elif kind == "string":
            text = _meaning(text[text.index("'") + 1 : -1].replace("''", "'"), escapes)
        found.append(Token(kind, text, start, end))
    found.append(Token("end", "", len(sql), len(sql)))
    return found


def _meaning(body: str, escapes: bool) -> str:
    return _ESCAPE.sub(lambda found: _CONTROL.get(found[1], found[1]), body) if escapes else body


class MysqlCursor(Cursor):
    """Walks over the tokens of one statement; names keep their case."""

    def __init__(self, sql: str, place: str, session: Session) -> None:
        self.sql = sql
        self.place = place
        try:
            self._tokens = tokens(sql, session)
        except ValueError as fault:
            raise SourceError(f"{place}: {fault}: the dump is damaged; make it again") from None
        self._at = 0

    def fault(self) -> SourceError:
        """The error that this statement is not understood here."""
        return SourceError(
            f"{self.place}: the definition is not understood: check that the dump is from MySQL or MariaDB"
        )

    def identifier(self) -> str:
        """A name as it is spelled."""
        token = self.take()
        if token.kind == "word":
            return self.sql[token.start : token.end]
        if token.kind in ("quoted", "double"):
            return token.text
        raise self.fault()

    def string(self) -> str:
        """What a string constant means."""
        token = self.take()
        if token.kind not in ("string", "double"):
            raise self.fault()
        return token.text
