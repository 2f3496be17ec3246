"""Which statements of a dump may run in a new database: those that stay within it.

A list of what is known to stay within, not of what reaches beyond: whatever else a statement is about stops the load.
Source: PostgreSQL manual, "SQL Commands"; the sources of pg_dump for what it writes.
"""

from __future__ import annotations

import re

_QUOTED = re.compile(
    rb"[eE]'(?:[^'\\\\]|\\\\.|'')*'|'[^']*'|\"[^\"]*\"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|(?P<line>--[^\n]*)|(?P<block>/\*)",
    re.DOTALL,
)
_EDGE = re.compile(rb"/\*|\*/")

_ROLES = re.compile(
    rb"""(?:ALTER\s+(?:DEFAULT\s+PRIVILEGES|DATABASE)\b | ALTER\s[^;]*\sOWNER\s+TO\s[^;]*;\s*\Z | GRANT\b | REVOKE\b
    |CREATE\s+DATABASE\b | DROP\s+DATABASE\b | COMMENT\s+ON\s+(?:EXTENSION|DATABASE)\b | \\c(?:onnect)?\b
    |(?:SET\s+(?:SESSION\s+|LOCAL\s+)?|RESET\s+)(?:ROLE|SESSION\s+AUTHORIZATION)\b | SECURITY\s+LABEL\b)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_KIND = (
    rb"(?:OR\s+REPLACE\s+|UNIQUE\s+|TEMP(?:ORARY)?\s+|GLOBAL\s+|LOCAL\s+|UNLOGGED\s+|RECURSIVE\s+|DEFAULT\s+|CONSTRAINT\s+"
    rb"|TRUSTED\s+|PROCEDURAL\s+|MATERIALIZED\s+|FOREIGN\s+)*"
    rb"(?:ACCESS\s+METHOD|AGGREGATE|CAST|COLLATION|CONVERSION|DATA\s+WRAPPER|DOMAIN|EXTENSION|FUNCTION|INDEX|LANGUAGE"
    rb"|LARGE\s+OBJECT|OPERATOR|POLICY|PROCEDURE|ROUTINE|RULE|SCHEMA|SEQUENCE|SERVER|STATISTICS|TABLE|TEXT\s+SEARCH"
    rb"|TRANSFORM|TRIGGER|TYPE|USER\s+MAPPING|VIEW%s)\b"
)
_OTHERS = (
    rb"SET\s+(?:SESSION\s+|LOCAL\s+)?(?!ROLE\b|SESSION\b)|SELECT\b|COPY\b|INSERT\b|(?:ABORT|ANALY[SZ]E|BEGIN|CLUSTER"
    rb"|COMMIT|DISCARD|END|IMPORT\s+FOREIGN\s+SCHEMA|LOCK|REFRESH\s+MATERIALIZED\s+VIEW|REINDEX|RELEASE|RESET|ROLLBACK"
    rb"|SAVEPOINT|SHOW|START\s+TRANSACTION|TRUNCATE|VACUUM)\b|\\|;|\Z"
)
_DEFINED, _DESCRIBED = _KIND % b"", _KIND % b"|COLUMN|CONSTRAINT"
_WITHIN = re.compile(
    rb"(?:CREATE|ALTER|DROP)\s+" + _DEFINED + rb"|COMMENT\s+ON\s+" + _DESCRIBED + b"|" + _OTHERS, re.IGNORECASE
)


def bare(statement: bytes) -> bytes:
    """The statement with a blank for each of its comments.

    >>> bare(b"CREATE /* a /* b */ */ ROLE x; -- y")
    b'CREATE   ROLE x;'
    """
    kept, at = [], 0
    while found := _QUOTED.search(statement, at):
        end = found.end()
        if found["block"]:
            end = _comment_end(statement, found.start())
        kept.append(statement[at : found.start()])
        kept.append(b" " if found["line"] or found["block"] else found[0])
        at = end
    return b"".join((*kept, statement[at:])).strip()


def _comment_end(statement: bytes, start: int) -> int:
    depth = 0
    for edge in _EDGE.finditer(statement, start):
        depth += 1 if edge[0] == b"/*" else -1
        if not depth:
            return edge.end()
    return len(statement)


def is_about_roles(statement: bytes) -> bool:
    """Whether a bare statement says whose a thing is and who may do what: a test copy belongs to whoever makes it."""
    return _ROLES.match(statement) is not None


def reaches_beyond(statement: bytes) -> bool:
    """Whether a bare statement may do something outside of the database that it runs in."""
    return not is_about_roles(statement) and _WITHIN.match(statement) is None
