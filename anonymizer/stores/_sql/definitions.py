"""What a script defines beside tables, named for people: "view crm.v_customer"."""

from __future__ import annotations

import re

_NAME = r"""(?:"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[(?:[^\]]|\]\])*\]|[\w$]+)"""
_DEFINED = re.compile(
    rf"""\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(?:CREATE|ALTER)\s+(?:OR\s+(?:REPLACE|ALTER)\s+)?
    (?:ALGORITHM\s*=\s*\w+\s+)?(?:DEFINER\s*=\s*\S+\s+)?(?:SQL\s+SECURITY\s+\w+\s+)?(?:CONSTRAINT\s+)?
    (?:CLUSTERED\s+|NONCLUSTERED\s+|FULLTEXT\s+|SPATIAL\s+)*
    (?P<kind>MATERIALIZED\s+VIEW|VIEW|FUNCTION|PROCEDURE|PROC|AGGREGATE|TRIGGER|EVENT\s+TRIGGER|EVENT|RULE|POLICY|INDEX)\s+
    (?:CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?(?!ON\b)(?P<name>{_NAME}(?:\s*\.\s*{_NAME})?)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_QUOTES = str.maketrans("", "", '"`[]')


def defined(statement: str) -> str | None:
    """The kind and name of what a statement defines, if that is no table, type or setting.

    >>> defined("CREATE OR REPLACE VIEW crm.v_customer AS SELECT 1")
    'view crm.v_customer'
    """
    match = _DEFINED.match(statement)
    if match is None:
        return None
    kind = " ".join(match["kind"].lower().split()).replace("proc", "procedure").replace("procedureedure", "procedure")
    return f"{kind} {match['name'].translate(_QUOTES)}"
