"""The private servers of the tests, reached by ODBC.

The drivers are Debian's packages unixodbc, odbc-postgresql, odbc-mariadb and libsqliteodbc. Where one is missing these
tests are not verified, but where CI is set that is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.fix_mariadb import MariaDb
from tests.fix_postgres import Database

POSTGRESQL, MARIADB = "PostgreSQL Unicode", "MariaDB Unicode"


def require_driver(driver: str) -> None:
    """Skip the test without the driver; fail where CI is set."""
    try:
        import pyodbc

        missing = "" if driver in pyodbc.drivers() else f"the ODBC driver {driver} is not installed"
    except ImportError:
        missing = "the package unixodbc is not installed"
    assert not (missing and os.environ.get("CI")), missing
    if missing:
        pytest.skip(f"not verified: {missing}")


def postgres_address(database: Database, user: str = "postgres") -> str:
    """The address of a database on the private PostgreSQL."""
    return f"odbc://{user}@{quote(str(database.socket), safe='')}/{database.name}?driver={quote(POSTGRESQL)}"


def mariadb_address(database: MariaDb) -> str:
    """The address of a database on the private MariaDB."""
    return f"odbc://root@/{database.name}?driver={quote(MARIADB)}&socket={quote(str(database.socket))}"


@pytest.fixture
def by_odbc() -> Callable[[Any], str]:
    """Database -> its address; the driver has to be there."""

    def address(database: Database | MariaDb) -> str:
        if isinstance(database, Database):
            require_driver(POSTGRESQL)
            return postgres_address(database)
        require_driver(MARIADB)
        return mariadb_address(database)

    return address
