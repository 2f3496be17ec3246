"""Which dialect a server speaks, by what its driver says of it."""

from __future__ import annotations

from typing import Any

from anonymizer.stores._odbc.dialect import Dialect
from anonymizer.stores._odbc.link import driver_manager
from anonymizer.stores._odbc.mssql import SqlServer
from anonymizer.stores._odbc.mysql import MySql
from anonymizer.stores._odbc.postgresql import PostgreSql

_KNOWN = {
    "postgresql": PostgreSql,
    "mariadb": MySql,
    "mysql": MySql,
    "microsoft sql server": SqlServer,
}
_OTHER = "ODBC"


def spoken(connection: Any) -> str:
    """The name of the dialect behind a connection."""
    pyodbc = driver_manager()
    product = str(connection.getinfo(pyodbc.SQL_DBMS_NAME)).strip()
    if product.lower() in _KNOWN:
        return product
    quote = str(connection.getinfo(pyodbc.SQL_IDENTIFIER_QUOTE_CHAR) or "").strip()
    return f"{_OTHER} {quote}".strip()


def dialect_of(name: str) -> Dialect:
    """The dialect of that name; each call gives a fresh one."""
    known = _KNOWN.get(name.lower())
    return known() if known is not None else Dialect(name.removeprefix(_OTHER).strip())
