"""The words of a PostgreSQL statement: enough to read definitions, without a grammar.

Source: PostgreSQL manual, "Lexical Structure".
"""

from __future__ import annotations

import re
from typing import NamedTuple

from anonymizer.errors import SourceError

_TOKEN = re.compile(
    r"""(?P<space>\s+ | --[^\n]*)
    | (?P<comment>/\*)
    | (?P<dollar>\$(?:[A-Za-z_\x80-\U0010ffff][\w]*)?\$)
    | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*')
    | (?P<unicode>[uU]&'(?:[^']|'')*')
    | (?P<string>(?:[bBxXnN])?'(?:[^']|'')*')
    | (?P<quoted>(?:[uU]&)?"(?:[^"]|"")*")
    | (?P<number>\d[\w.]*|\.\d[\w.]*)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][\w$]*)
    | (?P<mark>::|.)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_MARK = re.compile(r"/\*|\*/")
_BACKSLASH = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{1,3}|.)", re.DOTALL)
_UNICODE = re.compile(r"\\(\\|[0-9A-Fa-f]{4}|\+[0-9A-Fa-f]{6})")
_CONTROL = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Token(NamedTuple):
    """One word, quoted name, string, number or mark; `text` is folded or unquoted, the span is that in the source."""

    kind: str
    """"word" (lower case), "quoted", "string", "number", "mark" or "end"."""
    text: str
    start: int
    end: int


def tokens(sql: str) -> list[Token]:
    """All tokens of the text, space and comments aside, with an "end" token last.

    Raises ValueError for a quotation or comment that does not end.
    """
    found: list[Token] = []
    position, size = 0, len(sql)
    while position < size:
        match = _TOKEN.match(sql, position)
        assert match is not None  # the last alternative takes any character
        kind, text, start, position = match.lastgroup, match[0], position, match.end()
        if kind == "space":
            continue
        if kind == "comment":
            position = comment_end(sql, start)
        elif kind == "dollar":
            end = sql.find(text, position)
            if end < 0:
                raise ValueError("a dollar quotation does not end")
            found.append(Token("string", sql[position:end], start, end + len(text)))
            position = end + len(text)
        elif kind in ("mark", "number"):
            if text in ("'", '"'):
                raise ValueError("a quotation does not end")
            found.append(Token(kind, text, start, position))
        elif kind == "word":
            found.append(Token("word", text.lower(), start, position))
        elif kind == "quoted":
            found.append(Token("quoted", _name(text), start, position))
        else:
            found.append(Token("string", literal(text), start, position))
    found.append(Token("end", "", size, size))
    return found


def comment_end(sql: str, start: int) -> int:
    """Where the comment that begins at `start` ends; such comments nest. Raises ValueError."""
    depth = 0
    for mark in _COMMENT_MARK.finditer(sql, start):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return mark.end()
    raise ValueError("a comment does not end")


def literal(text: str) -> str:
    """What a string constant means: plain, E'..', U&'..', N'..'; bit strings keep their digits."""
    prefix, _, body = text.partition("'")
    body = body[:-1].replace("''", "'")
    if prefix in ("e", "E"):
        return _BACKSLASH.sub(_backslash, body)
    return _UNICODE.sub(_unicode, body) if prefix.endswith("&") else body


def _name(text: str) -> str:
    name = text[text.index('"') + 1 : -1].replace('""', '"')
    return _UNICODE.sub(_unicode, name) if text[0] in "uU" else name


def _backslash(escape: re.Match[str]) -> str:
    text = escape[1]
    if text[0] in "xuU" and len(text) > 1:
        return chr(int(text[1:], 16))
    if text[0] in "01234567":
        return chr(int(text, 8) & 0xFF)
    return _CONTROL.get(text, text)


def _unicode(escape: re.Match[str]) -> str:
    return "\\" if escape[1] == "\\" else chr(int(escape[1].lstrip("+"), 16))


class Cursor:
    """Walks over the tokens of one statement; what does not fit raises SourceError naming the place."""

    def __init__(self, sql: str, place: str) -> None:
        self.sql = sql
        self.place = place
        try:
            self._tokens = tokens(sql)
        except ValueError as fault:
            raise SourceError(f"{place}: {fault}: the dump is damaged; make it again") from None
        self._at = 0

    @property
    def next(self) -> Token:
        """The token to come; of kind "end" for ever at the end."""
        return self._tokens[self._at]

    def peek(self, ahead: int) -> Token:
        """The token so many places after the next."""
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def take(self) -> Token:
        """Step over the next token."""
        token = self._tokens[self._at]
        if token.kind != "end":
            self._at += 1
        return token

    def sees(self, *words: str) -> bool:
        """Whether these words or marks come next."""
        for ahead, word in enumerate(words):
            token = self.peek(ahead)
            if token.text != word or token.kind not in ("word", "mark"):
                return False
        return True

    def accept(self, *words: str) -> bool:
        """Step over these words or marks if they come next."""
        if self.sees(*words):
            self._at += len(words)
            return True
        return False

    def accept_any(self, *words: str) -> str | None:
        """Step over one of these words if it comes next."""
        return self.take().text if self.next.kind == "word" and self.next.text in words else None

    def expect(self, *words: str) -> None:
        """Step over these words, or raise SourceError."""
        if not self.accept(*words):
            raise self.fault()

    def fault(self) -> SourceError:
        """The error that this statement is not understood here."""
        return SourceError(f"{self.place}: the statement is not understood: check that the dump is from PostgreSQL")

    def identifier(self) -> str:
        """A name, folded to lower case unless quoted."""
        token = self.take()
        if token.kind not in ("word", "quoted"):
            raise self.fault()
        return token.text

    def name(self) -> tuple[str, ...]:
        """A dotted name."""
        parts = [self.identifier()]
        while self.accept("."):
            parts.append(self.identifier())
        return tuple(parts)

    def names(self) -> tuple[str, ...]:
        """A parenthesised list of names."""
        self.expect("(")
        found = [self.identifier()]
        while self.accept(","):
            found.append(self.identifier())
        self.expect(")")
        return tuple(found)

    def skip_parentheses(self) -> str:
        """Step over a balanced pair of parentheses and return the text between them."""
        self.expect("(")
        start, depth = self._tokens[self._at - 1].end, 1
        while depth:
            token = self.take()
            if token.kind == "end":
                raise self.fault()
            if token.kind == "mark":
                depth += (token.text == "(") - (token.text == ")")
        return self.sql[start : token.start].strip()

    def skip_expression(self, *stops: str) -> str:
        """Step over tokens up to one of the words or marks outside parentheses, or the end; return the text."""
        start = end = self.next.start
        depth = 0
        while self.next.kind != "end":
            token = self.next
            if not depth and token.kind in ("word", "mark") and token.text in stops:
                break
            if token.kind == "mark":
                depth += (token.text in "([") - (token.text in ")]")
                if depth < 0:
                    break
            end = self.take().end
        return self.sql[start:end]
