"""The words of Transact-SQL: strings, names, comments, numbers, and a cursor over them.

Source: Microsoft's "Transact-SQL Syntax Conventions", "Constants", "Database Identifiers" and "Slash Star (Block
Comment)": block comments nest, a quote in a string and a bracket in a name are doubled, no backslash escapes anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from anonymizer.errors import SourceError

NAME = rb'(?:\[(?:[^\]]++|\]\])*+\]|"(?:[^"]++|"")*+"|[A-Za-z_@#\x80-\xff][\w@#$\x80-\xff]*+)'
STRING = rb"[nN]?'(?:[^']++|'')*+'"
TOKEN = re.compile(
    rb"(?P<space>(?:[ \t\r\f\v]|\xef\xbb\xbf)+)|(?P<newline>\n)|(?P<comment>--[^\n]*+)|(?P<block>/\*)|(?P<string>"
    + STRING
    + rb")"
    rb'|(?P<quoted>\[(?:[^\]]++|\]\])*+\]|"(?:[^"]++|"")*+")'
    rb"|(?P<word>[A-Za-z_@#\x80-\xff][\w@#$\x80-\xff]*+)"
    rb"|(?P<number>0[xX][0-9A-Fa-f]*+|(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++)?)"
    rb"|(?P<open>['\"\[])|(?P<mark>.)",
    re.DOTALL,
)
"""One token; `open` is a quotation without its end."""

_COMMENT_MARK = re.compile(rb"/\*|\*/")


def comment_end(data: bytes, start: int) -> int:
    """Where the block comment that begins at `start` ends; 0 if it does not end here."""
    depth = 0
    for mark in _COMMENT_MARK.finditer(data, start):
        depth += 1 if mark[0] == b"/*" else -1
        if not depth:
            return mark.end()
    return 0


class Token(NamedTuple):
    """A token that means something: no space and no comment."""

    kind: str
    """string, quoted, word, number or mark."""
    text: bytes
    line: int

    @property
    def upper(self) -> str:
        """A bare word or mark in capitals; "" for anything else."""
        return self.text.decode("latin-1").upper() if self.kind in ("word", "mark") else ""


def unquoted(name: bytes, encoding: str) -> str:
    """What a name means: `[a]]b]` is `a]b`."""
    text = name.decode(encoding, "replace")
    if text[:1] == "[":
        return text[1:-1].replace("]]", "]")
    return text[1:-1].replace('""', '"') if text[:1] == '"' else text


def tokens_of(text: bytes, line: int = 1) -> list[Token]:
    """The tokens of a whole text. Raises SourceError for a quotation or comment without end."""
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        assert match is not None  # any byte is a mark
        kind, position = str(match.lastgroup), match.end()
        if kind == "block":
            position = comment_end(text, match.start())
        if kind == "open" or not position:
            raise SourceError(f"line {line}: a quotation or comment does not end; make the script again")
        if kind in ("string", "quoted", "word", "number", "mark"):
            found.append(Token(kind, match[0], line))
        line += text.count(b"\n", match.start(), position)
    return found


class Cursor:
    """Reads tokens one after the other."""

    def __init__(self, tokens: Sequence[Token], encoding: str) -> None:
        self._tokens = tokens
        self._encoding = encoding
        self.at = 0

    @property
    def end(self) -> bool:
        """Whether all is read."""
        return self.at >= len(self._tokens)

    @property
    def line(self) -> int:
        """The line of the next token, or of the last one."""
        return self._tokens[min(self.at, len(self._tokens) - 1)].line if self._tokens else 1

    def peek(self, ahead: int = 0) -> Token | None:
        """A token further on."""
        place = self.at + ahead
        return self._tokens[place] if place < len(self._tokens) else None

    def sees(self, *words: str) -> bool:
        """Whether these bare words or marks come next."""
        return all((token := self.peek(ahead)) is not None and token.upper == word for ahead, word in enumerate(words))

    def accept(self, *words: str) -> bool:
        """Take these words if they come next."""
        if self.sees(*words):
            self.at += len(words)
            return True
        return False

    def expect(self, *words: str) -> None:
        """Take these words. Raises SourceError when others come."""
        if not self.accept(*words):
            raise self.fault()

    def next(self) -> Token:
        """Take one token. Raises SourceError at the end."""
        token = self.peek()
        if token is None:
            raise self.fault()
        self.at += 1
        return token

    def fault(self) -> SourceError:
        """The error for a definition that is not understood."""
        return SourceError(f"line {self.line}: the definition is not understood; make the script again with SSMS")

    def sees_name(self) -> bool:
        """Whether a name comes next."""
        token = self.peek()
        return token is not None and token.kind in ("word", "quoted")

    def name(self) -> str:
        """One name."""
        token = self.next()
        if token.kind not in ("word", "quoted"):
            raise self.fault()
        return unquoted(token.text, self._encoding)

    def dotted(self) -> tuple[str, ...]:
        """A name of one to four parts; left-out parts are empty."""
        parts = [self.name()]
        while self.accept("."):
            parts.append("" if self.sees(".") else self.name())
        return tuple(parts)

    def string(self) -> str:
        """A string's content."""
        token = self.next()
        if token.kind != "string":
            raise self.fault()
        return token.text.decode(self._encoding, "replace").split("'", 1)[1][:-1].replace("''", "'")

    def group(self) -> str:
        """What stands between brackets, as text; the brackets are taken."""
        self.expect("(")
        start, depth = self.at, 1
        while depth:
            word = self.next().upper
            depth += (word == "(") - (word == ")")
        return self.text(start, self.at - 1)

    def text(self, start: int, end: int) -> str:
        """The tokens from one place to another, as text."""
        return " ".join(token.text.decode(self._encoding, "replace") for token in self._tokens[start:end])
