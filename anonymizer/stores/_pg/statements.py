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
    (?:setval|pg_restore_relation_stats|pg_extension_config_dump|binary_upgrade_\w+)
    \s*\((?:[^'"();$]|'(?:[^']|'')*'|"[^"]*"|\((?:[^'"();$]|'(?:[^']|'')*')*\))*\)\s*;?\s*""",
    re.IGNORECASE | re.VERBOSE,
)
"""One call and nothing behind it; what stands in its brackets are constants, names and at most one inner call."""
_SETTING = re.compile(
    rb"""SELECT\s+(?:pg_catalog\s*\.\s*)?set_config\s*\(\s*
    '(?:search_path|client_encoding|standard_conforming_strings|check_function_bodies|client_min_messages|row_security
    |statement_timeout|lock_timeout|transaction_timeout|idle_in_transaction_session_timeout|default_tablespace
    |default_table_access_method|default_with_oids|session_replication_role|xmloption|bytea_output|datestyle
    |intervalstyle|timezone|extra_float_digits)'
    \s*,\s*'(?:[^']|'')*'\s*,\s*(?:true|false)\s*\)\s*;?\s*""",
    re.IGNORECASE | re.VERBOSE,
)
"""The settings of a session; any other may be an application's own, and hold anything."""
_ROWS_IN_QUERY = re.compile(
    rb"CREATE\s+MATERIALIZED\s+VIEW\b(?:(?!\bFROM\b).)*\Z|CREATE\s+MATERIALIZED\s+VIEW\b.*?\bAS\s*\(?\s*VALUES\b",
    re.IGNORECASE | re.DOTALL,
)
_SECRET = re.compile(
    rb"(?:CREATE|ALTER)\s+(?:ROLE|USER|GROUP|SERVER|SYSTEM|DATABASE)\b.*passw(?:or)?d"
    rb"|(?:CREATE|ALTER)\s+SUBSCRIPTION\b.*\bCONNECTION\b"
    rb"|(?:CREATE|ALTER)\s+USER\s+MAPPING\b.*\bOPTIONS\b"
    rb"|ALTER\s+(?:DATABASE|ROLE|USER|SYSTEM|FUNCTION|PROCEDURE|ROUTINE)\b.*\bSET\s+\"?\w+\"?\s*\."
    rb"|SET\s+(?:SESSION\s+|LOCAL\s+)?\"?\w+\"?\s*\.",
    re.IGNORECASE | re.DOTALL,
)
_FOREIGN = re.compile(rb"(?:CREATE|ALTER)\s+(?:SERVER|FOREIGN\s+(?:DATA\s+WRAPPER|TABLE))\b", re.IGNORECASE)
_OPTIONS = re.compile(rb"\bOPTIONS\s*\(((?:[^()']|'(?:[^']|'')*')*)\)?", re.IGNORECASE)
_OPTION = re.compile(rb"(?:(?:ADD|SET)\s+)?\"?(\w+)\"?\s+'(?:[^']|'')*'|DROP\s+\"?\w+\"?", re.IGNORECASE)
_PLAIN_OPTIONS = frozenset(
    b"""host hostaddr port dbname connect_timeout sslmode extensions fetch_size batch_size updatable truncatable
    use_remote_estimate fdw_startup_cost fdw_tuple_cost async_capable keep_connections parallel_commit parallel_abort
    analyze_sampling schema_name table_name column_name filename format header delimiter quote escape null encoding
    force_null force_not_null""".split()
)
"""Options of postgres_fdw and file_fdw that open nothing."""
_FILLED = re.compile(rb"ALTER\s+(?:FOREIGN\s+)?TABLE\b.*\bTYPE\b.*\bUSING\b.*['$]", re.IGNORECASE | re.DOTALL)
"""Every row gets a value that stands in the statement."""
_SCHEMA_ELEMENTS = re.compile(rb"CREATE\s+SCHEMA\b.*\b(?:CREATE|GRANT)\b", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(rb"""('(?:[^']|'')*'|"(?:[^"]|"")*"|(?P<tag>\$\w*\$).*?(?P=tag))|--[^\n]*|/\*.*?\*/""", re.DOTALL)
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

_NAMED_DATABASE = rb"(?:\"[^\"=:]*\"|[\w$.-]+)"
_COMMANDS = re.compile(
    rb"\\(?:connect|c)(?:\s+-reuse-previous=o(?:n|ff)\s+\"dbname='[^'\"=]*'\""
    rb"|(?:\s+" + _NAMED_DATABASE + rb"){0,4})\s*;?\s*"
    rb"|\\(?:encoding|restrict|unrestrict|unset|timing|x|a|t|q)(?:\s+'?[\w-]*'?)?\s*"
    rb"|\\set(?:\s+[A-Z_]+(?:\s+(?:'?\w+'?|:\w+))?)?\s*"
    rb"|\\pset(?:\s+\w+(?:\s+(?:'[^'\w]*'|\w+))?)?\s*"
    rb"|\\(?:echo|qecho|warn)(?![\w$])[^\\`]*"
    rb"|\\\.\s*"
)
"""The whole line: behind another backslash more commands or statements could follow, in backquotes a program.

\\set takes psql's own variables, which are in capitals, and \\connect no connection string: it could hold a password.
"""
_OWN_VARIABLES = frozenset(
    b"""AUTOCOMMIT COMP_KEYWORD_CASE ECHO ECHO_HIDDEN ENCODING FETCH_COUNT HIDE_TABLEAM HISTCONTROL
    IGNOREEOF ON_ERROR_ROLLBACK ON_ERROR_STOP QUIET SHOW_ALL_RESULTS SHOW_CONTEXT SINGLELINE SINGLESTEP
    VERBOSITY""".split()
)
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
    """Whether a definition names a password or a token, or could."""
    statement = _without_comments(statement).lstrip()
    if _SECRET.match(statement):
        return True
    return _FOREIGN.match(statement) is not None and not all(map(_is_plain, _OPTIONS.findall(statement)))


def _is_plain(options: bytes) -> bool:
    """Whether each of these options is known to open nothing."""
    names = [match[1] for match in _OPTION.finditer(options)]
    rest = _OPTION.sub(b"", options).replace(b",", b"").strip()
    return not rest and all(name is None or name.lower() in _PLAIN_OPTIONS for name in names)


def _without_comments(statement: bytes) -> bytes:
    if b"--" not in statement and b"/*" not in statement:
        return statement
    return _COMMENT.sub(lambda match: match[1] or b" ", statement)


def _without_strings(statement: bytes) -> bytes:
    return re.sub(rb"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", b"x", statement)


def check_statement(statement: bytes, line: int) -> None:
    """Raise SourceError for a statement that could carry rows and is not read."""
    statement = _without_comments(statement)
    if _LARGE_OBJECT.match(statement):
        raise SourceError(
            f"line {line}: the dump holds large objects, which are not supported: dump again with --no-blobs"
        )
    if _STATISTICS.match(statement):
        raise SourceError(
            f"line {line}: the dump holds statistics with values in them: dump again with --no-statistics"
        )
    if holds_secret(statement):
        raise SourceError(
            f"line {line}: the statement may hold a password or a token: dump again without roles, user mappings,"
            " subscriptions and settings"
        )
    if _FILLED.match(statement):
        raise SourceError(
            f"line {line}: ALTER TABLE … USING with a constant would fill rows: restore the dump and dump again"
        )
    if _SCHEMA_ELEMENTS.match(_without_strings(statement)):
        raise SourceError(
            f"line {line}: CREATE SCHEMA with other definitions in it is not understood: make the dump with pg_dump"
        )
    if COPY.match(statement):
        if COPY_FROM_STDIN.fullmatch(statement):
            return
        raise SourceError(
            f"line {line}: COPY with options or from a file is not supported: make the dump again with pg_dump"
        )
    if _CALLS.fullmatch(statement) or _SETTING.fullmatch(statement):
        return
    if not _HARMLESS.match(statement) or _ROWS_IN_QUERY.match(statement):
        named = _NAMED.match(statement)
        what = named[0].decode().upper() if named else "the statement"
        raise SourceError(
            f"line {line}: {what} could carry rows and is not understood here: make the dump again with pg_dump"
        )


def check_command(command: bytes, line: int) -> None:
    """Raise SourceError for a psql command that could bring rows in."""
    own = re.match(rb"\\set\s+(\S+)", command)
    if not _COMMANDS.fullmatch(command) or (own and own[1] not in _OWN_VARIABLES):
        name = re.match(rb"\\[a-z]*", command)
        raise SourceError(
            f"line {line}: the psql command {name[0].decode() if name else ''} could bring in rows or a password:"
            " make the dump again with pg_dump"
        )


def stated_encoding(text: bytes) -> str | None:
    """The encoding that a SET client_encoding, SET NAMES or \\encoding names; None for any other text."""
    match = _ENCODING.match(text)
    return match[1].decode() if match else None
