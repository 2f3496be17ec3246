"""Which statements may stand between the rows of a script: those that cannot carry rows, secrets or code to be run.

A statement begins with a word of a known list; within it, words that could bring in rows stop the run. Sources:
Microsoft's "Transact-SQL reference, Statements" and "Reserved Keywords": none of these words can be a bare name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from anonymizer.errors import SourceError
from anonymizer.stores._tsql.tokens import Token

_STATEMENTS = frozenset(
    """ALTER BEGIN CHECKPOINT COMMIT CREATE DBCC DECLARE DELETE DENY DISABLE DROP ELSE ENABLE END EXEC EXECUTE GRANT IF
    PRINT RAISERROR RECONFIGURE RETURN REVERT REVOKE ROLLBACK SAVE SELECT SET TRUNCATE UPDATE USE WAITFOR WHILE WITH ;
    : THROW""".split()
)
"""What a batch, and the text behind rows, may begin with."""
_ROWS = frozenset(
    """BULK MERGE INTO OPENROWSET OPENQUERY OPENDATASOURCE OPENXML WRITETEXT UPDATETEXT RESTORE LOAD STATS_STREAM SEND
    RECEIVE""".split()
)
"""Words of statements that bring rows, or values of rows, in another way than INSERT … VALUES."""
_SECRETS = frozenset("PASSWORD SECRET KEY_SOURCE IDENTITY_VALUE DECRYPTION".split())
_GRANTS = ("GRANT", "DENY", "REVOKE")
_PROCEDURES = frozenset(
    """sp_addextendedproperty sp_updateextendedproperty sp_dropextendedproperty sp_addrolemember sp_addrole sp_addtype
    sp_bindefault sp_bindrule sp_unbindefault sp_unbindrule sp_dboption sp_dbcmptlevel sp_fulltext_database
    sp_fulltext_table sp_fulltext_column sp_fulltext_catalog sp_tableoption sp_indexoption sp_changedbowner
    sp_changeobjectowner sp_grantdbaccess sp_revokedbaccess sp_adduser sp_db_vardecimal_storage_format sp_configure
    sp_settriggerorder sp_droprolemember sp_updatestats sp_recompile sp_refreshview sp_autostats""".split()
)
"""System procedures that define or set something; any other could carry rows or run code."""
_EVERY_TABLE = re.compile(
    rb"[nN]?'\s*(?:ALTER\s+TABLE\s+\?\s+(?:WITH\s+(?:NO)?CHECK\s+)?(?:NO)?CHECK\s+CONSTRAINT\s+ALL"
    rb"|ALTER\s+TABLE\s+\?\s+(?:ENABLE|DISABLE)\s+TRIGGER\s+ALL)\s*;?\s*'",
    re.IGNORECASE,
)
_MODULE = re.compile(
    rb"[nN]?'(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)*(?:CREATE|ALTER)\s+(?:OR\s+ALTER\s+)?"
    rb"(?:PROC|PROCEDURE|FUNCTION|TRIGGER|VIEW)\b",
    re.IGNORECASE,
)
"""What SSMS wraps into sp_executesql when it is told to check whether objects exist."""


def check(tokens: Sequence[Token]) -> None:
    """Raise SourceError for text between rows that could carry rows, or holds a secret."""
    if tokens and tokens[0].upper not in _STATEMENTS:
        raise _carries(tokens[0], "the statement")
    granting = False
    for place, token in enumerate(tokens):
        word = token.upper
        if word in _GRANTS:
            granting = True
        elif word in ("TO", "FROM", ";"):
            granting = False
        if granting:
            continue
        if word in _ROWS or (word == "INSERT" and not _follows(tokens, place, "OF")):
            raise _carries(token, word)
        if word == "UPDATE" and not (_follows(tokens, place, "ON") or _precedes(tokens, place, "STATISTICS")):
            raise _carries(token, word)
        if word in ("EXEC", "EXECUTE"):
            _check_call(tokens, place)
        if word in _SECRETS and (_precedes(tokens, place, "=") or _precedes(tokens, place, "BY")):
            raise SourceError(
                f"line {token.line}: the statement holds a password or another secret; make the script again without"
                " logins, credentials and keys"
            )


def _follows(tokens: Sequence[Token], place: int, word: str) -> bool:
    return place > 0 and tokens[place - 1].upper == word


def _precedes(tokens: Sequence[Token], place: int, word: str) -> bool:
    return place + 1 < len(tokens) and tokens[place + 1].upper == word


def _check_call(tokens: Sequence[Token], place: int) -> None:
    """A procedure that is called is one of the known ones."""
    token, place = tokens[place], place + 1
    if place < len(tokens) and tokens[place].upper == "AS":
        return
    if place + 1 < len(tokens) and tokens[place].text[:1] == b"@" and tokens[place + 1].upper == "=":
        place += 2
    name = b""
    while place < len(tokens) and (tokens[place].kind in ("word", "quoted") or tokens[place].upper == "."):
        if tokens[place].kind != "mark":
            if name and tokens[place - 1].upper != ".":
                break
            name = tokens[place].text.strip(b'[]"')
        place += 1
    called = name.decode("latin-1").lower()
    if called in _PROCEDURES:
        return
    argument = next((other.text for other in tokens[place : place + 3] if other.kind == "string"), b"")
    if called == "sp_executesql" and _MODULE.match(argument):
        return
    if called == "sp_msforeachtable" and _EVERY_TABLE.fullmatch(argument):
        return
    raise SourceError(
        f"line {token.line}: the procedure that is called could carry rows or run code that is not understood here;"
        " make the script again with SSMS"
    )


def _carries(token: Token, what: str) -> SourceError:
    if token.upper == "BULK":
        return SourceError(
            f"line {token.line}: BULK INSERT reads rows from a file; give the folder with the script and that file"
        )
    return SourceError(
        f"line {token.line}: {what} could carry rows and is not understood here; make the script again with SSMS"
        " (types of data to script: schema and data)"
    )
