"""Folders of MySQL scripts: rows whose definitions stand in another file, and the same files as the result."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from anonymizer import api
from anonymizer.errors import SourceError
from anonymizer.model.result import Outcome
from anonymizer.stores import mysql_folder, open_input
from anonymizer.workspace import Workspace
from tests.fix_key import write_key
from tests.fix_mariadb import MariaDb

FILES = {
    "data/klant.sql": "SET NAMES utf8mb4;\nINSERT INTO `klant` VALUES (1,'Zoë Peeters','a\\'b'),(2,'Jan Maes',NULL);\n"
    "-- Dump completed on 2026-01-01\n",
    "z_schema.sql": "CREATE TABLE `klant` (`id` int NOT NULL, `naam` varchar(60), `nota` text, PRIMARY KEY (`id`))"
    " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\nDELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END//\n",
    "leeg.sql": "",
}
RULES = "format: 1\ntables:\n  klant: {columns: {naam: full_name}, keep: [id, nota]}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "winkel"
    for name, text in FILES.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    write_key(tmp_path / "key")
    return made


def run(folder: Path) -> dict[str, bytes]:
    beside = folder.parent
    result = api.run(folder, beside / "veilig", beside / "rules.yaml", beside / "key")
    assert {check.outcome for check in result.checks} <= {Outcome.PASSED}
    made = beside / "veilig"
    return {path.relative_to(made).as_posix(): path.read_bytes() for path in made.rglob("*") if path.is_file()}


def test_the_same_files_come_out_and_only_the_names_in_the_rows_change(folder: Path):
    after = {name: data.decode() for name, data in run(folder).items()}
    assert after.keys() == FILES.keys()
    assert {name for name in FILES if FILES[name] != after[name]} == {"data/klant.sql"}
    rows = after["data/klant.sql"]
    assert not [name for name in ("Peeters", "Maes") if name in rows]
    assert rows.startswith("SET NAMES utf8mb4;\nINSERT INTO `klant` VALUES (1,'")
    assert rows.endswith("',NULL);\n-- Dump completed on 2026-01-01\n")


def test_compressed_files_stay_compressed(folder: Path):
    (folder / "data/klant.sql.gz").write_bytes(gzip.compress((folder / "data/klant.sql").read_bytes()))
    (folder / "data/klant.sql").unlink()
    assert b"Maes" not in gzip.decompress(run(folder)["data/klant.sql.gz"])


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("klant.csv", "1,Els", r"klant\.csv is no script; take it out"),
        ("data/b.sql", "\n\nINSERT INTO onbekend VALUES (1);\n", r"data/b\.sql line 3"),
        ("data/b.sql", "\nLOAD DATA INFILE 'x' INTO TABLE klant;\n", r"data/b\.sql line 2"),
        ("a.sql", "INSERT INTO klant VALUES (3,'Piet", r"line \d+"),
    ],
)
def test_what_cannot_be_read_is_refused_by_file_and_line(name: str, text: str, says: str, folder: Path):
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=says):
        run(folder)
    assert not (folder.parent / "veilig").exists()


def test_a_folder_with_rows_beside_its_scripts_is_no_folder_of_scripts(folder: Path, tmp_path: Path):
    (folder / "z_schema.txt").write_text("1\tEls Maes\t\\N\n")
    with Workspace(tmp_path) as work:
        assert not mysql_folder.recognises(open_input(str(folder), work))


def test_a_real_delivery_of_two_files_loads_as_one_database(mariadb: MariaDb, samples: Path, tmp_path: Path):
    made = tmp_path / "mywind"
    made.mkdir()
    for name in ("schema.sql", "data.sql"):
        (made / name).write_bytes((samples / "mywind" / name).read_bytes())
    key = write_key(tmp_path / "key")
    assert api.run(made, tmp_path / "veilig", key_file=key, assume_masked=True).plan.touched
    counts = []
    for folder in (made, tmp_path / "veilig"):
        shop = mariadb.fresh(f"mywind_{folder.name}")
        for name in ("schema.sql", "data.sql"):
            text = (folder / name).read_text(encoding="utf-8").replace("`northwind`", f"`{shop.name}`")
            shop.tool("mariadb", shop.name, stdin=text.encode())
        counts.append([shop.query(f"SELECT count(*) FROM {table}") for table in ("customers", "orders", "employees")])
    assert counts[0] == counts[1]
    assert counts[0][0] == [["29"]]
