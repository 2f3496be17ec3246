"""Which statements and psql commands may stand in a dump: those that cannot carry rows, and those that are read.

A list of what is known to be harmless, not of what is harmful: anything else stops the run. Source: PostgreSQL manual,
"SQL Commands"; the sources of pg_dump for what it writes.
"""

from __future__ import annotations

import re

from anonymizer.errors import SourceError

_HARMLESS = re.compile(
    rb"""(?:
    ABORT | ALTER | ANALY[ZS]E | BEGIN | CHECKPOINT | CLUSTER | COMMENT\s+ON | COMMIT | CREATE | DISCARD | DROP | END
    | GRANT | IMPORT\s+FOREIGN\s+SCHEMA | LOCK | REASSIGN\s+OWNED | REFRESH\s+MATERIALIZED\s+VIEW | REINDEX | RELEASE
    | RESET | REVOKE | ROLLBACK | SAVEPOINT | SECURITY\s+LABEL | SET | SHOW | START\s+TRANSACTION | TRUNCATE | VACUUM
    )(?![\w$])|(?:;)""",
    re.IGNORECASE | re.VERBOSE,
)

_CALLS = re.compile(
    rb"""SELECT\s+(?:pg_catalog\s*\.\s*)?
    (?:setval|set_config|pg_restore_relation_stats|pg_extension_config_dump|binary_upgrade_\w+)
    \s*\((?:[^'"();$]|'(?:[^']|'')*'|"[^"]*"|\((?:[^'"();$]|'(?:[^']|'')*')*\))*\)\s*;?\s*""",
    re.IGNORECASE | re.VERBOSE,
)
"""One call and nothing behind it; what stands in its brackets are constants, names and at most one inner call."""
_ROWS_IN_QUERY = re.compile(
    rb"CREATE\s+MATERIALIZED\s+VIEW\b(?:(?!\bFROM\b).)*\Z|CREATE\s+MATERIALIZED\s+VIEW\b.*?\bAS\s*\(?\s*VALUES\b",
    re.IGNORECASE | re.DOTALL,
)
_PASSWORD = re.compile(
    rb"(?:CREATE|ALTER)\s+(?:ROLE|USER|GROUP|SUBSCRIPTION|SERVER)\b.*\bpassw(?:or)?d\b"
    rb"|(?:CREATE|ALTER)\s+USER\s+MAPPING\b.*\bOPTIONS\b"
    rb"|ALTER\s+(?:DATABASE|ROLE|USER|SYSTEM)\b.*\bSET\s+\"?\w+\"?\.",
    re.IGNORECASE | re.DOTALL,
)
_LARGE_OBJECT = re.compile(
    rb"SELECT\s+(?:pg_catalog\s*\.\s*)?(?:lo_\w+|lowrite|loread)\s*\(|ALTER\s+LARGE\s+OBJECT\b", re.IGNORECASE
)
_STATISTICS = re.compile(
    rb"SELECT\s+(?:\*\s+FROM\s+)?(?:pg_catalog\s*\.\s*)?pg_restore_(?:attribute|extended)_stats", re.I
)

COPY = re.compile(rb"COPY\b", re.IGNORECASE)
COPY_FROM_STDIN = re.compile(
    rb"COPY\s+(?P<table>[^()\s].*?)\s*(?P<columns>\(.*\))?\s*FROM\s+STDIN\s*;", re.IGNORECASE | re.DOTALL
)
"""The only form of COPY that is read: text format, no options."""

_COMMANDS = re.compile(
    rb"\\(?:connect|c|encoding|restrict|unrestrict|echo|qecho|warn|set|unset|pset|timing|x|a|t|q)(?![\w$])[^\\`]*"
    rb"|\\\.\s*"
)
"""The whole line: behind another backslash more commands or statements could follow, in backquotes a program."""
_ENCODING = re.compile(
    rb"(?:SET\s+(?:SESSION\s+|LOCAL\s+)?(?:client_encoding\s*(?:=|\bTO\b)|NAMES)"
    rb"|SELECT\s+(?:pg_catalog\.)?set_config\s*\(\s*'client_encoding'\s*,|\\encoding\b)\s*['\"]?([\w-]+)",
    re.IGNORECASE,
)
_NAMED = re.compile(
    rb"(?:CALL|CREATE|DECLARE|DELETE|DO|EXECUTE|FETCH|INSERT|LISTEN|LOAD|MERGE|NOTIFY|PREPARE|SELECT|TABLE|UPDATE|VALUES"
    rb"|WITH)\b",
    re.IGNORECASE,
)
"""What a message may repeat: any other word could be a value."""


def holds_secret(statement: bytes) -> bool:
    """Whether a definition names a password or a token."""
    return _PASSWORD.match(statement.lstrip()) is not None


def check_statement(statement: bytes, line: int) -> None:
    """Raise SourceError for a statement that could carry rows and is not read."""
    if _LARGE_OBJECT.match(statement):
        raise SourceError(
            f"line {line}: the dump holds large objects, which are not supported: dump again with --no-blobs"
        )
    if _STATISTICS.match(statement):
        raise SourceError(
            f"line {line}: the dump holds statistics with values in them: dump again with --no-statistics"
        )
    if _PASSWORD.match(statement):
        raise SourceError(
            f"line {line}: the statement may hold a password or a token: dump again without roles, user mappings and"
            " settings"
        )
    if COPY.match(statement):
        if COPY_FROM_STDIN.fullmatch(statement):
            return
        raise SourceError(
            f"line {line}: COPY with options or from a file is not supported: make the dump again with pg_dump"
        )
    if _CALLS.fullmatch(statement):
        return
    if not _HARMLESS.match(statement) or _ROWS_IN_QUERY.match(statement):
        named = _NAMED.match(statement)
        what = named[0].decode().upper() if named else "the statement"
        raise SourceError(
            f"line {line}: {what} could carry rows and is not understood here: make the dump again with pg_dump"
        )


def check_command(command: bytes, line: int) -> None:
    """Raise SourceError for a psql command that could bring rows in."""
    if not _COMMANDS.fullmatch(command):
        name = re.match(rb"\\[a-z]*", command)
        raise SourceError(
            f"line {line}: the psql command {name[0].decode() if name else ''} could bring in rows from elsewhere:"
            " make the dump again with pg_dump"
        )


def stated_encoding(text: bytes) -> str | None:
    """The encoding that a SET client_encoding, SET NAMES or \\encoding names; None for any other text."""
    match = _ENCODING.match(text)
    return match[1].decode() if match else None
