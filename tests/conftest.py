"""Fixtures by subject, for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fix_postgres import database, postgres

__all__ = ["database", "postgres", "samples"]


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real databases that ANONYMIZER_SAMPLES names; without it such a test is not verified."""
    folder = os.environ.get("ANONYMIZER_SAMPLES")
    if not folder:
        pytest.skip("not verified: ANONYMIZER_SAMPLES names no folder")
    return Path(folder)
