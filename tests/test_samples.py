"""The whole way on real databases: detect, run, restore with the real client, compare with the hand-made labels.

They lie in the folder that ANONYMIZER_SAMPLES names; without it these tests are not verified.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from anonymizer import api
from anonymizer.errors import VerificationFailed
from anonymizer.model.result import Outcome
from tests import snapshots
from tests.fix_key import write_key
from tests.fix_mariadb import MariaDb
from tests.fix_postgres import Database, programs

PLAIN = {
    "pagila/pagila.sql": "pagila/labels.csv",
    "northwind/northwind_pg.sql": "northwind/labels.csv",
    "chinook/Chinook_PostgreSql.sql": "chinook/labels.csv",
    "_unlabelled/world_latin1_pg.sql": None,
}
ARCHIVES = {
    "northwind/northwind_pgcustom.backup": "northwind/labels.csv",
    "pagila/dvdrental_v1.16.dump": "pagila/labels.csv",
}
MYSQL = {
    "chinook/Chinook_MySql.sql": "chinook/labels.csv",
    "galette/galette_mysql.sql": None,
    "fitforfun/FitForFunDB.sql": "fitforfun/labels.csv",
}
SQLITE = {"chinook/Chinook_Sqlite.sqlite": "chinook/labels.csv", "_unlabelled/wal_database.db": None}


def safe_copy(source: Path, target: Path) -> set[str]:
    """Run the main job with one key for ever; returns the names of the tables that it may have touched."""
    key = target.with_suffix(".key")
    write_key(key)
    result = api.run(source, target, key_file=key, assume_masked=True)
    failed = [check.check for check in result.checks if check.outcome is not Outcome.PASSED]
    assert not [check for check in result.checks if check.outcome is Outcome.FAILED], failed
    return {f"{name.schema}.{name.name}" if name.schema else name.name for name in result.plan.touched}


def compare(before: tuple, after: tuple, touched: set[str], labels: Path | None, whole: bytes) -> None:
    """The promises, seen from outside."""
    (columns, old), (columns_after, new) = before, after
    assert columns == columns_after
    assert {t: len(rows) for t, rows in old.items()} == {t: len(rows) for t, rows in new.items()}
    assert old != new or not touched
    changed = {table for table in old if old[table] != new[table]}
    assert changed <= touched, "a table without personal data changed"
    for table, names in columns.items():
        for index, name in enumerate(names):
            nulls = [row[index] is None for row in old[table]], [row[index] is None for row in new[table]]
            if key_changed(old[table], new[table]):  # rows by key stand in another order
                nulls = sorted(nulls[0]), sorted(nulls[1])
            assert nulls[0] == nulls[1], f"{table}.{name}: NULL is not where it was"
    if labels is not None:
        originals = snapshots.values(columns, old, snapshots.labelled(labels)) | snapshots.full_names(columns, old)
        originals -= kept_by_label(labels, columns, old)
        assert originals
        assert snapshots.survivors(originals, whole + snapshots.as_bytes(new)) == 0


def key_changed(old: list[tuple], new: list[tuple]) -> bool:
    """Whether the first column tells rows apart and was replaced."""
    keys = {row[0] for row in old}
    return len(keys) == len(old) and keys != {row[0] for row in new}


def kept_by_label(labels: Path, columns: dict, rows: dict) -> set[str]:
    """Values that also stand in columns labelled as public (a composer, an actor): they are somebody else's."""
    public = snapshots.labelled(labels, ["none", "system_parameter"])
    values = snapshots.values(columns, rows, public)
    if "actor" in {snapshots.fold(t) for t in columns}:
        actor = next(t for t in columns if snapshots.fold(t) == "actor")
        values |= snapshots.full_names({actor: columns[actor]}, rows)
    return values


@pytest.mark.parametrize("name", PLAIN)
def test_a_real_plain_dump_comes_out_safe_and_restores(name: str, samples: Path, postgres: Database, tmp_path: Path):
    source, target = samples / name, tmp_path / "safe.sql"
    touched = safe_copy(source, target)
    taken = []
    for dump in (source, target):
        database = postgres.sibling("chinook") if "chinook" in name else postgres.sibling("sample")
        postgres.tool("psql", "-X", "-q", "-c", f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")
        if "chinook" in name:
            postgres.restore_plain(dump)
        else:
            postgres.tool("psql", "-X", "-q", "-c", f"CREATE DATABASE {database.name} TEMPLATE template0")
            database.restore_plain(dump)
        taken.append(snapshots.of_postgres(database))
        assert database.query("SELECT conname FROM pg_constraint WHERE NOT convalidated") == []
        postgres.tool("psql", "-X", "-q", "-c", f"DROP DATABASE {database.name} WITH (FORCE)")
    touched = {t if t in taken[0][0] else f"public.{t}" for t in touched}
    labels = PLAIN[name]
    compare(taken[0], taken[1], touched, labels and samples / labels, target.read_bytes())


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_real_archive_comes_out_safe_and_restores(name: str, samples: Path, postgres: Database, tmp_path: Path):
    source, target = samples / name, tmp_path / "safe.dump"
    touched = safe_copy(source, target)
    taken = []
    for archive in (source, target):
        postgres.tool("psql", "-X", "-q", "-c", "DROP DATABASE IF EXISTS sample WITH (FORCE)")
        postgres.tool("psql", "-X", "-q", "-c", "CREATE DATABASE sample TEMPLATE template0")
        database = postgres.sibling("sample")
        if "northwind" in name:  # made before pg_dump took the schema `public` for granted
            database.tool("psql", "-X", "-q", "-c", "DROP SCHEMA public")
        database.restore_archive(archive)
        taken.append(snapshots.of_postgres(database))
        assert database.query("SELECT conname FROM pg_constraint WHERE NOT convalidated") == []
    text = subprocess.run([programs() / "pg_restore", "-f", "-", target], capture_output=True, check=True).stdout
    labels = ARCHIVES[name]
    compare(taken[0], taken[1], touched, labels and samples / labels, text)


@pytest.mark.parametrize("name", SQLITE)
def test_a_real_sqlite_file_comes_out_safe(name: str, samples: Path, tmp_path: Path):
    folder = tmp_path / "source"
    folder.mkdir()
    for file in (samples / name).parent.glob(Path(name).name + "*"):
        shutil.copy(file, folder)
        (folder / file.name).chmod(0o644)
    source, target = folder / Path(name).name, tmp_path / "safe.db"
    as_delivered = {file.name: file.read_bytes() for file in folder.iterdir()}
    touched = safe_copy(source, target)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == as_delivered, "the source was touched"
    check = sqlite3.connect(target)
    assert check.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert check.execute("PRAGMA foreign_key_check").fetchall() == []
    check.close()
    labels = SQLITE[name]
    before, after = snapshots.of_sqlite(source), snapshots.of_sqlite(target)
    compare(before, after, touched, labels and samples / labels, target.read_bytes())


@pytest.mark.parametrize("name", MYSQL)
def test_a_real_mysql_dump_comes_out_safe_and_loads(name: str, samples: Path, mariadb: MariaDb, tmp_path: Path):
    source, target = samples / name, tmp_path / "safe.sql"
    safe_copy(source, target)
    taken = []
    for dump in (source, target):
        database = mariadb.fresh("sample")
        for other in ("Chinook", "FitForFunDB"):  # scripts that make their own
            database.query(f"DROP DATABASE IF EXISTS {other}")
        database.load(dump.read_bytes())
        made = [row[0] for row in database.query("SHOW DATABASES") if row[0] in ("Chinook", "FitForFunDB")]
        taken.append(mariadb.sibling(made[0] if made else "sample").tables())
    before, after = taken
    assert {table: (columns, len(rows)) for table, (columns, rows) in before.items()} == {
        table: (columns, len(rows)) for table, (columns, rows) in after.items()
    }
    labels = MYSQL[name]
    if labels is not None:
        columns = {table: names for table, (names, _) in before.items()}
        cells = {table: [tuple(map(_unhexed, row)) for row in rows] for table, (_, rows) in before.items()}
        originals = snapshots.values(columns, cells, snapshots.labelled(samples / labels))
        assert originals
        assert snapshots.survivors(originals, target.read_bytes()) == 0


def test_an_address_among_real_settings_withholds_the_result(samples: Path, tmp_path: Path):
    """The settings of this application hold name and mail of the employee who installed it."""
    with pytest.raises(VerificationFailed, match=r"hs_hr_config\.value \(kept\): 1 distinct values of hs_hr_employee"):
        safe_copy(samples / "orangehrm/orangehrm_4.10.1.sql", tmp_path / "safe.sql")
    assert not (tmp_path / "safe.sql").exists()


def _unhexed(cell: str) -> str | None:
    return None if cell == "NULL" else bytes.fromhex(cell).decode("utf-8", "replace")
