"""What a MySQL script says about how its own text is to be read: quotation rules, character set, delimiter.

Followed are the settings that change where a string ends or what its bytes mean: `sql_mode` (ANSI_QUOTES,
NO_BACKSLASH_ESCAPES), `character_set_client`, user variables that keep them for later, and DELIMITER. Sources: MySQL
manual, "Server SQL Modes", "Connection Character Sets and Collations", "Comments", "mysql Client Commands"; MariaDB
Knowledge Base, "SQL_MODE", "Comment Syntax".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from anonymizer.errors import SourceError
from anonymizer.stores._sql.index import Dialect


@dataclass(frozen=True, slots=True)
class Session(Dialect):
    """The rules in force at one place of a script."""

    ansi_quotes: bool = False
    """Double quotes hold names, not strings."""
    charset: str = ""
    """What the client sends, in MySQL's name for it; "" when nothing was said."""
    delimiter: bytes = b";"
    """What ends a statement."""

    @property
    def double_strings(self) -> bool:
        """See Dialect."""
        return not self.ansi_quotes


MYSQL = Session("MySQL", False, backslashes=True, strange=b'"`#\\')
"""As a connection begins."""

_ANSI_MODES = frozenset("ANSI ANSI_QUOTES POSTGRESQL ORACLE MSSQL DB2 MAXDB".split())
_NO_BACKSLASHES = "NO_BACKSLASH_ESCAPES"
_VALUE = (
    rb"(?:'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`[^`]*`|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|[^,;'\"`()])+"
)
_ASSIGNMENT = re.compile(
    rb"\s*(?:(?:GLOBAL|PERSIST|PERSIST_ONLY|(?P<own>SESSION|LOCAL))\s+)?(?P<at>@@(?:\w+\s*\.\s*)?|@)?\s*"
    rb"(?P<name>`[^`]*`|[\w$.]+)\s*:?=\s*(?P<value>" + _VALUE + rb")",
    re.IGNORECASE | re.DOTALL,
)
_SET = re.compile(rb"\s*SET\b", re.IGNORECASE)
_SET_NAMES = re.compile(rb"\s*SET\s+(?:NAMES|CHARACTER\s+SET|CHARSET)\s*=?\s*['\"]?(\w+)", re.IGNORECASE)
_CURRENT = re.compile(rb"@@(?:(?:session|local)\s*\.\s*)?(\w+)\s*\Z", re.IGNORECASE)


@cache
def code_pattern(backslashes: bool, ansi_quotes: bool) -> re.Pattern[bytes]:
    """A quotation, a comment, or an edge of a comment that holds code."""
    single, double, back = quotations(backslashes, ansi_quotes)
    return re.compile(
        rb"(?P<text>" + b"|".join((single, double, back)) + rb")|(?P<comment>/\*(?!M?!)(?:[^*]++|\*(?!/))*+\*/"
        rb"|#[^\n]*+|--(?=\s|\Z)[^\n]*+)|(?P<edge>/\*M?!\d*|\*/)",
        re.DOTALL,
    )


def quotations(backslashes: bool, ansi_quotes: bool) -> tuple[bytes, bytes, bytes]:
    """Patterns of what stands in single quotes, in double quotes and in backquotes."""
    single = rb"'(?:[^'\\]++|\\.|'')*+'" if backslashes else rb"'(?:[^']++|'')*+'"
    double = rb'"(?:[^"\\]++|\\.|"")*+"' if backslashes and not ansi_quotes else rb'"(?:[^"]++|"")*+"'
    return single, double, rb"`(?:[^`]++|``)*+`"


def plain_code(statement: bytes, session: Session) -> bytes:
    """The statement as a server reads it: comments are blanks, conditional comments are what they hold."""
    pattern = code_pattern(session.backslashes, session.ansi_quotes)
    return pattern.sub(lambda found: found[0] if found["text"] is not None else b" ", statement).strip()


def bare_code(statement: bytes, session: Session) -> bytes:
    """The same with all quotations emptied, so that no word or mark of a value or name is taken for code."""
    pattern = code_pattern(session.backslashes, session.ansi_quotes)
    return pattern.sub(lambda found: b"''" if found["text"] is not None else b" ", statement).strip()


class SessionLog:
    """Follows the settings through a script."""

    def __init__(self) -> None:
        self.session = MYSQL
        self._saved: dict[bytes, Session] = {}
        """User variables and the session whose setting they hold."""

    def note(self, statement: bytes, line: int) -> None:
        """Take note of a statement. Raises SourceError for a sql_mode that cannot be told."""
        if not _SET.match(statement) and not statement.startswith((b"/*!", b"/*M!")):
            return
        code = plain_code(statement, self.session).removesuffix(self.session.delimiter)
        if not _SET.match(code):
            return
        if names := _SET_NAMES.match(code):
            self._charset(names[1].decode())
            return
        position = _SET.match(code).end()  # type: ignore[union-attr]
        while assignment := _ASSIGNMENT.match(code, position):
            self._assign(assignment, line)
            position = assignment.end()
            if code[position : position + 1] != b",":
                break
            position += 1

    def _charset(self, name: str) -> None:
        self.session = replace(self.session, charset="" if name.lower() == "default" else name.lower())

    def _assign(self, assignment: re.Match[bytes], line: int) -> None:
        name, value = assignment["name"].strip(b"`").lower(), assignment["value"].strip()
        at = assignment["at"] or b""
        current = _CURRENT.match(value)
        if at == b"@":
            if current is not None:
                self._saved[name] = self.session
            return
        if name == b"sql_mode":
            self._sql_mode(value, current is not None, line)
        elif name == b"character_set_client":
            if value.startswith(b"@") and current is None:
                self._charset(self._saved.get(value[1:].lower(), MYSQL).charset)
            elif current is None:
                self._charset(value.strip(b"'\"").decode("ascii", "replace"))

    def _sql_mode(self, value: bytes, unchanged: bool, line: int) -> None:
        if unchanged:
            return
        if value.startswith(b"@"):
            saved = self._saved.get(value[1:].lower(), MYSQL)
            self.session = replace(self.session, backslashes=saved.backslashes, ansi_quotes=saved.ansi_quotes)
            return
        if re.fullmatch(rb"'[\w, ]*'|\"[\w, ]*\"|\w+", value):
            modes = {mode.strip().upper() for mode in value.strip(b"'\"").decode().split(",")}
            self.session = replace(
                self.session, backslashes=_NO_BACKSLASHES not in modes, ansi_quotes=bool(modes & _ANSI_MODES)
            )
        elif re.search(rb"ANSI|BACKSLASH|ORACLE|MSSQL|POSTGRESQL|DB2|MAXDB", value, re.IGNORECASE):
            raise SourceError(f"line {line}: sql_mode is set by an expression: write the modes as one string")
