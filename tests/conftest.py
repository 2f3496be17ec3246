"""Fixtures by subject, for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.fix_mariadb import mariadb, mysql
from tests.fix_odbc import by_odbc
from tests.fix_postgres import database, postgres

__all__ = ["by_odbc", "database", "mariadb", "mysql", "postgres", "samples"]

# The same examples at every run where a red run must mean a change; new ones on every run of a developer.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("searching", deadline=None)
settings.load_profile("repeatable" if os.environ.get("CI") else "searching")


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real databases that ANONYMIZER_SAMPLES names; without it such a test is not verified."""
    folder = os.environ.get("ANONYMIZER_SAMPLES")
    if not folder:
        pytest.skip("not verified: ANONYMIZER_SAMPLES names no folder")
    return Path(folder)
