"""The synthetic databases are what their generator makes, and hold what makes dumps hard."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from fixtures.erp import make
from tests.fix_postgres import Database

ERP = Path(make.__file__).parent


def test_the_committed_dump_is_what_the_seeded_generator_makes(database: Database, tmp_path: Path):
    make.load(database, make.tables())
    made = database.dump(tmp_path / "erp.sql", "--restrict-key=erp", "--no-owner").read_text(encoding="utf-8")
    assert without_versions(made) == without_versions((ERP / "erp.sql").read_text(encoding="utf-8"))


def without_versions(dump: str) -> list[str]:
    return [line for line in dump.split("\n") if not line.startswith("-- Dumped")]


def test_the_committed_sqlite_file_holds_what_the_seeded_generator_makes(tmp_path: Path):
    make.sqlite(make.tables(), tmp_path / "erp.sqlite")
    dumps = []
    for path in (tmp_path / "erp.sqlite", ERP / "erp.sqlite"):
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        dumps.append(list(connection.iterdump()))
        connection.close()
    assert dumps[0] == dumps[1]


def test_the_dump_holds_what_makes_dumps_hard():
    dump = (ERP / "erp.sql").read_text(encoding="utf-8")
    for hard in (
        "AS ENUM", "CREATE DOMAIN", "text[]", "jsonb", "bytea", "GENERATED ALWAYS AS (", "PARTITION BY RANGE",
        "CREATE VIEW", "CREATE MATERIALIZED VIEW", "CREATE TRIGGER", "CREATE SEQUENCE", "DEFERRABLE", "$$",
        "FOREIGN KEY (company, order_no)", "REFERENCES hr.employee(id)", "REFERENCES crm.customer(email)", "COMMENT ON",
    ):  # fmt: skip
        assert hard in dump, hard
