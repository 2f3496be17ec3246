"""Which statements of a MySQL script cannot carry rows, and which may hold a password.

Source: MySQL manual, "SQL Statements"; MariaDB Knowledge Base, "SQL Statements". What is not listed stops the run.
"""

from __future__ import annotations

import re

from anonymizer.errors import SourceError
from anonymizer.stores._mysql.session import Session, bare_code
from anonymizer.stores._sql.text import Piece

_NAME = rb"(?:''|[\w$.\x80-\xff]+)(?:\s*\.\s*(?:''|[\w$\x80-\xff]+))?"
_DEFINED = rb"""(?:OR\s+REPLACE\s+)?(?:ALGORITHM\s*=\s*\w+\s+)?
    (?:DEFINER\s*=\s*(?:''|\w+(?:\s*\(\s*\))?)(?:\s*@\s*(?:''|[\w.%-]+))?\s+)?(?:SQL\s+SECURITY\s+\w+\s+)?"""
_HARMLESS = re.compile(
    rb"""(?:
    (?:ALTER|CREATE)\s+"""
    + _DEFINED
    + rb"""(?:TEMPORARY\s+|ONLINE\s+|OFFLINE\s+|IGNORE\s+|UNIQUE\s+|FULLTEXT\s+|SPATIAL\s+|AGGREGATE\s+)*
      (?:TABLE|INDEX|DATABASE|SCHEMA|VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|SEQUENCE|ROLE)\b
    |DROP\s+(?:TEMPORARY\s+)?(?:TABLES?|INDEX|DATABASE|SCHEMA|VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|SEQUENCE|ROLE|USER
      |SERVER)\b
    |(?:ANALYZE|CHECK|OPTIMIZE|REPAIR|CHECKSUM)\s | BEGIN(?:\s+WORK)?\s*\Z | COMMIT\b | ROLLBACK\b | FLUSH\s | GRANT\s
    |REVOKE\s | LOCK\s+TABLES?\s | UNLOCK\s+TABLES?\b | SAVEPOINT\s | RELEASE\s+SAVEPOINT\s | SET\s | SHOW\s
    |START\s+(?:TRANSACTION|SLAVE|REPLICA)\b | STOP\s+(?:SLAVE|REPLICA)\b | TRUNCATE\s
    |CHANGE\s+(?:MASTER|REPLICATION\s+SOURCE)\s | INSTALL\s | RENAME\s+TABLES?\s
    |USE\s+"""
    + _NAME
    + rb"""\s*\Z | DELETE\s+FROM\s+"""
    + _NAME
    + rb"""\s*\Z
    |SELECT\s+\*\s+FROM\s+"""
    + _NAME
    + rb"""\s*\Z
    |SELECT\s+''(?:\s+AS)?(?:\s+''|\s+\w+)?\s*\Z | (?:DO|SELECT)\s+SETVAL\s*\([^()]*\)\s*\Z
    |PREPARE\s+s\s+FROM\s+@rocksdb_\w+\s*\Z | (?:EXECUTE|DEALLOCATE\s+PREPARE)\s+s\s*\Z
    |SELECT\s+COUNT\(\*\)\s+INTO\s+@rocksdb_\w+\s+FROM\s+INFORMATION_SCHEMA\.TABLES\b | \Z)""",
    re.IGNORECASE | re.VERBOSE,
)
_FROM_QUERY = re.compile(
    rb"CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMPORARY\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    + _NAME
    + rb"\s+(?:AS|SELECT)\b",
    re.IGNORECASE,
)
_HISTOGRAM = re.compile(rb"ANALYZE\s.*\bUSING\s+DATA\b", re.IGNORECASE | re.DOTALL)
_SECRET = re.compile(
    rb"\bIDENTIFIED\s+(?:BY|WITH|VIA)\b|\bPASSWORD\s*(?:\(|=|'|FOR\b)|\b(?:MASTER|SOURCE)_PASSWORD\b|^SET\s+PASSWORD\b"
    rb"|\bCONNECTION\s*=|^CREATE\s+(?:OR\s+REPLACE\s+)?SERVER\b",
    re.IGNORECASE,
)
_ROUTINE = re.compile(
    rb"(?:CREATE|ALTER)\s+" + _DEFINED + rb"(?:AGGREGATE\s+)?(?:TRIGGER|PROCEDURE|FUNCTION|EVENT)\b",
    re.IGNORECASE | re.VERBOSE,
)
_BLOCK = re.compile(rb"\b(?:BEGIN|CASE|END(?:\s+(?:IF|LOOP|WHILE|REPEAT|FOR|CASE))?)\b|;", re.IGNORECASE)
_VERB = re.compile(rb"[A-Za-z]+")
_VERBS = frozenset(
    "CALL CREATE DELETE DO EXECUTE HANDLER IMPORT INSERT LOAD MERGE PREPARE REPLACE SELECT SOURCE SYSTEM TABLE UPDATE"
    " VALUES WITH XA".split()
)
"""What a message may repeat: any other word could be a value."""


def check_statement(piece: Piece) -> None:
    """Raise SourceError for a statement that could carry rows and is not read, or that may hold a secret."""
    assert isinstance(piece.dialect, Session)
    code = bare_code(bytes(piece.data).removesuffix(piece.dialect.delimiter), piece.dialect)
    if _SECRET.search(code):
        raise SourceError(
            f"line {piece.line}: the statement may hold a password or a token: dump again without users, servers and"
            " connections"
        )
    if _HISTOGRAM.match(code):
        raise SourceError(f"line {piece.line}: a histogram holds values: dump again with --column-statistics=0")
    if not _HARMLESS.match(code) or _FROM_QUERY.match(code):
        verb = _VERB.match(code)
        word = verb[0].decode().upper() if verb else ""
        raise SourceError(
            f"line {piece.line}: {word if word in _VERBS else 'the statement'} could carry rows and is not understood"
            " here: make the dump again with mysqldump or mariadb-dump"
        )
    if b";" in code and not _ends_with_its_body(code):
        raise SourceError(
            f"line {piece.line}: several statements stand before one delimiter, and could carry rows: end each by its"
            " own"
        )


def _ends_with_its_body(code: bytes) -> bool:
    """Whether all semicolons lie within the body of one routine, trigger or event."""
    if not _ROUTINE.match(code):
        return not code.rstrip(b"; \t\r\n").count(b";")
    depth = 0
    for mark in _BLOCK.finditer(code):
        word = mark[0].upper()
        if word == b";":
            if not depth and code[mark.end() :].strip(b"; \t\r\n"):
                return False
        elif word in (b"BEGIN", b"CASE"):
            depth += 1
        elif word == b"END" or word.endswith(b"CASE"):
            depth = max(0, depth - 1)
    return True
