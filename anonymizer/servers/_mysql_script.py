"""What of a dump goes into a live database, statement by statement, so that nothing else on the server is touched.

Everything is written into the one database that the client was connected to: statements that choose or make a database
are left out, as are those for the whole server (accounts, replication, global settings); one that names another
database, or that is not known to stay within its own, stops the load. Triggers and routines come after the rows, and
settings call nothing, so none of the dump's code runs while it is loaded; what it does when an application calls it
later is its own. Source: MySQL manual, "SQL Statements".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from anonymizer.contracts import Input
from anonymizer.errors import TargetError
from anonymizer.servers._mysql_client import quoted
from anonymizer.stores._mysql.insert import target
from anonymizer.stores._mysql.session import Session, code_pattern
from anonymizer.stores._mysql.text import MysqlText
from anonymizer.stores._sql.text import Kind, Piece

_NAME = r'(?:`(?:[^`]|``)*`|"(?:[^"]|"")*"|[A-Za-z_$\x80-\xff][\w$\x80-\xff]*)'
_DEFINED = (
    r"(?:OR\s+REPLACE\s+)?(?:ALGORITHM\s*=\s*\w+\s+)?"
    rf"(?:DEFINER\s*=\s*(?:''|{_NAME})(?:\s*\(\s*\))?(?:\s*@\s*(?:''|{_NAME}|[\w.%-]+))?\s+)?(?:SQL\s+SECURITY\s+\w+\s+)?"
)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


_DATABASE = _words(rf"(?:USE|(?:CREATE|DROP)\s+(?:DATABASE|SCHEMA)(?:\s+IF\s+(?:NOT\s+)?EXISTS)?)\s+({_NAME}|[\w$]+)")
_ALTER_DATABASE = _words(
    rf"(ALTER\s+(?:DATABASE|SCHEMA)\s+)(?!(?:DEFAULT\s+)?(?:CHARACTER|CHARSET|COLLATE)\b)({_NAME}|[\w$]+)"
)
_OF_THE_SERVER = _words(
    r"SET\b.*(?:\bGLOBAL\b|\bPERSIST|\bSQL_LOG_BIN\b|\bGTID_|\bPASSWORD\b|\bDEFAULT\s+ROLE\b)|(?:GRANT|REVOKE|FLUSH|SHOW"
    r"|CHANGE|INSTALL|STOP|START\s+(?:SLAVE|REPLICA)|ANALYZE|CHECK|OPTIMIZE|REPAIR|CHECKSUM|PREPARE|EXECUTE|DEALLOCATE"
    r"|CREATE\s+(?:OR\s+REPLACE\s+)?(?:ROLE|USER|SERVER)|DROP\s+(?:ROLE|USER|SERVER)|SELECT\s+(?!SETVAL))\b|\Z"
)
_SETTING = _words(r"SET\b")
_WORD = r"(?:''|[-+]?[\w.]+|@@?[\w.$`]+)"
_VALUE = rf"(?:(?:IFNULL|COALESCE|CONCAT)\s*\(\s*{_WORD}(?:\s*,\s*{_WORD})*\s*\)|{_WORD})"
_ASSIGNED = rf"(?:(?:SESSION|LOCAL)\s+)?[@\w.$`]+\s*:?=\s*{_VALUE}"
_PLAIN_SETTING = _words(
    rf"SET\s+(?:{_ASSIGNED}(?:\s*,\s*{_ASSIGNED})*|NAMES\s+{_WORD}(?:\s+COLLATE\s+{_WORD})?"
    rf"|(?:CHARACTER\s+SET|CHARSET)\s+{_WORD}|(?:(?:SESSION|LOCAL)\s+)?TRANSACTION\s+[\w\s,]+)\Z"
)
"""As dump tools write them: no statement in it, no function but these of the server itself."""
_DEFINITION = _words(
    rf"(?:(?:CREATE|ALTER)\s+{_DEFINED}|DROP\s+)(?:AGGREGATE\s+)?(VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT)\b"
    rf"(?:\s+IF\s+(?:NOT\s+)?EXISTS)?\s+({_NAME})(\s*\.)?"
)
_TRIGGERS_TABLE = _words(rf"\bON\s+{_NAME}\s*\.")
_OF_TABLES = _words(
    r"(?:CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+)?(?:(?:TEMPORARY|ONLINE|OFFLINE|IGNORE|UNIQUE|FULLTEXT|SPATIAL)\s+)*"
    rf"(?P<what>TABLES?|INDEX|SEQUENCE)\b(?:\s+IF\s+(?:NOT\s+)?EXISTS)?\s+(?P<name>{_NAME})|LOCK\s+TABLES?\b|UNLOCK\b"
    r"|TRUNCATE\b|DELETE\b|(?:DO|SELECT)\s+SETVAL\b|BEGIN\b|COMMIT\b|ROLLBACK\b|SAVEPOINT\b|RELEASE\b"
    r"|START\s+TRANSACTION\b"
)
_QUALIFIED = re.compile(rf"{_NAME}\s*\.\s*{_NAME}")
_SAID = re.compile(rb"^-- (?:Host: .*?\s)?Database: `?([^`\s]+)", re.MULTILINE)
"""Where the first comments of a dump name its database."""


@dataclass(slots=True)
class Script:
    """One dump, to be loaded into a database of any name. `sources`: databases that it must not reach into."""

    source: Input
    encoding: str
    sources: set[str] = field(default_factory=set)

    def contents(self, database: str, tables: Collection[str]) -> Iterator[bytes]:
        """The tables of these names, and their rows; lines keep their numbers. Raises TargetError."""
        known = {name.lower() for name in tables}
        for piece in self._pieces():
            sent = bytes(piece.data)
            if piece.kind is Kind.STATEMENT:
                code = _code(piece)
                later = _DEFINITION.match(code) or _stands_in(_OF_TABLES.match(code), known)
                sent = self._statement(piece, code, database)
                sent = b"" if later else sent
            elif piece.kind is Kind.SPACE:
                sent = b""
            elif piece.kind is Kind.INSERTS and len(target(piece.data, self.encoding)[0]) > 1:
                raise _outside(piece)
            yield sent or b"\n" * bytes(piece.data).count(b"\n")

    def definitions(self, database: str, tables: Collection[str], events: bool = True) -> Iterator[bytes]:
        """Views, triggers, routines and events; of tables what stands in for a view, none of `tables`.

        Events would begin to work as soon as they are there.
        """
        known = {name.lower() for name in tables}
        for piece in self._pieces():
            sent = bytes(piece.data) if piece.kind is Kind.COMMAND else b""
            if piece.kind is Kind.STATEMENT:
                code = _code(piece)
                made, match = _OF_TABLES.match(code), _DEFINITION.match(code)
                begins = match is not None and match[1].upper() == "EVENT"
                if (made is None or _stands_in(made, known)) and (events or not begins):
                    sent = self._statement(piece, code, database)
            yield sent or b"\n" * bytes(piece.data).count(b"\n")

    def _pieces(self) -> Iterator[Piece]:
        with closing(self.source.open()) as stream:
            for piece in MysqlText(stream):
                if piece.kind is Kind.SPACE:
                    said = _SAID.findall(piece.data)
                    self.sources.update(name.decode("utf-8", "replace") for name in said)
                yield piece

    def _statement(self, piece: Piece, code: str, database: str) -> bytes:
        """What is sent in the place of one statement."""
        data = bytes(piece.data)
        if found := _DATABASE.match(code):
            self._named(_plain(found[1]), piece)
            return b""
        if found := _ALTER_DATABASE.match(code):
            self._named(_plain(found[2]), piece)
            assert isinstance(piece.dialect, Session)
            named = f"{found[1]}{quoted(database)}{code[found.end() :].encode('latin-1').decode('utf-8', 'replace')}"
            return named.encode() + piece.dialect.delimiter
        if _OF_THE_SERVER.match(code):
            return b""
        if not _SETTING.match(code):
            self._refuse_outside(piece, code)
        elif not _PLAIN_SETTING.match(code):
            raise TargetError(f"line {piece.line}: the setting is more than names and values; remove it")
        return data

    def _named(self, database: str, piece: Piece) -> None:
        self.sources.add(database)
        if len(self.sources) > 1:
            raise TargetError(
                f"line {piece.line}: the dump holds several databases, a live target takes one; dump them one by one"
            )

    def _refuse_outside(self, piece: Piece, code: str) -> None:
        reaching = any(re.search(_reaching(name), code, re.IGNORECASE) for name in self.sources)
        if found := _DEFINITION.match(code):
            on = _TRIGGERS_TABLE.search(code) if found[1].upper() == "TRIGGER" else None
            if found[3] or on or reaching or (code[:4].upper() == "DROP" and _QUALIFIED.search(code)):
                raise _outside(piece)
        elif not _OF_TABLES.match(code):
            raise TargetError(f"line {piece.line}: the statement is not known to stay in its database; remove it")
        elif reaching or _QUALIFIED.search(code):
            raise _outside(piece)


def _code(piece: Piece) -> str:
    """The statement without comments and delimiter, its strings emptied; bytes stand for characters, as in Latin-1."""
    session = piece.dialect
    assert isinstance(session, Session)

    def emptied(found: re.Match[bytes]) -> bytes:
        quotation: bytes | None = found["text"]
        if quotation is None:
            return b" "
        return quotation if quotation[:1] == b"`" or (session.ansi_quotes and quotation[:1] == b'"') else b"''"

    bare = bytes(piece.data).removesuffix(session.delimiter)
    return code_pattern(session.backslashes, session.ansi_quotes).sub(emptied, bare).strip().decode("latin-1")


def _stands_in(made: re.Match[str] | None, known: Collection[str]) -> bool:
    """Whether a statement is about a table that is none of `known`: it stands in for a view until that is made."""
    of_table = made is not None and made["what"] is not None and made["what"].upper().startswith("TABLE")
    return of_table and made is not None and _plain(made["name"]).lower() not in known


def _plain(name: str) -> str:
    text = name.encode("latin-1").decode("utf-8", "replace")
    return text[1:-1].replace(text[0] * 2, text[0]) if text[0] in '`"' else text


def _reaching(name: str) -> str:
    """A pattern of the name of a database before a dot, in text that is read as Latin-1."""
    plain = name.encode().decode("latin-1")
    return rf"(?:`{re.escape(plain.replace('`', '``'))}`|(?<![\w$`.]){re.escape(plain)}(?![\w$`]))\s*\."


def _outside(piece: Piece) -> TargetError:
    return TargetError(
        f"line {piece.line}: the statement names a database, so in a live target it could reach into another one; take"
        " the name out of it and run again"
    )
