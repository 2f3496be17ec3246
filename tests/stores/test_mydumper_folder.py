"""Folders of mydumper: the same files come out, myloader loads them, and nothing of a file goes missing unnoticed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from anonymizer import api
from anonymizer.errors import SourceError, VerificationFailed
from anonymizer.model.result import Outcome
from anonymizer.stores import mydumper_folder, open_input, recognise
from anonymizer.stores._sql.joined import _MARK, _WORD
from anonymizer.workspace import Workspace
from tests.fix_key import write_key
from tests.fix_mariadb import MariaDb

DEFINITION = (
    "CREATE TABLE `klant` (`id` int NOT NULL, `naam` varchar(40), `nota` text, PRIMARY KEY (`id`)) ENGINE=InnoDB;\n"
)
HEAD = "/*!40101 SET NAMES binary*/;\n"
FILES = {
    "metadata": "Started dump at: 2026-01-01 10:00:00\n",
    "winkel-schema-create.sql": "CREATE DATABASE `winkel`;\n",
    "winkel.klant-schema.sql": DEFINITION,
    "winkel.klant.00000.sql": HEAD + "INSERT INTO `klant` VALUES\n(1,'Els Peeters','a'),\n(2,'Jan Maes','b');\n",
    "winkel.klant.00001.sql": HEAD + "INSERT INTO `klant` VALUES\n(3,'Piet Aerts','c');\n",
    "winkel.klant-schema-triggers.sql": "SET character_set_client = utf8mb4;\nCREATE TRIGGER t BEFORE INSERT ON klant "
    "FOR EACH ROW BEGIN \n IF NEW.nota IS NULL THEN SET NEW.nota = ''; END IF; \nEND;\n",
}
RULES = """format: 1
tables:
  klant: {columns: {naam: full_name}, keep: [id, nota]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "winkel"
    made.mkdir()
    for name, text in FILES.items():
        (made / name).write_text(text, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    write_key(tmp_path / "key")
    return made


def run(folder: Path) -> Path:
    beside = folder.parent
    api.run(folder, beside / "veilig", beside / "rules.yaml", beside / "key")
    return beside / "veilig"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_files_come_out_with_other_names_of_people_in_them(folder: Path):
    before, after = contents(folder), contents(run(folder))
    assert before.keys() == after.keys()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"winkel.klant.00000.sql", "winkel.klant.00001.sql"}
    assert not [name for name in (b"Peeters", b"Maes", b"Aerts") if name in b"".join(after.values())]
    assert after["winkel.klant.00001.sql"].endswith(b",'c');\n")


def test_no_text_in_a_row_begins_another_file(folder: Path):
    (folder / "winkel.klant.00001.sql").write_text(
        "INSERT INTO `klant` VALUES\n(3,'Piet Aerts','\n-- 0123456789abcdef0123456789abcdef 00000000\n');\n"
    )
    after = contents(run(folder))
    assert after.keys() == FILES.keys()
    assert b"\n-- 0123456789abcdef0123456789abcdef 00000000\n" in after["winkel.klant.00001.sql"]
    assert (_MARK % (_WORD, 0))[:36].strip() not in b"".join(after.values())


@pytest.mark.parametrize("cut", [1, 2, 5, 20])
def test_a_file_that_is_cut_off_is_refused_by_its_name(folder: Path, cut: int):
    file = folder / "winkel.klant.00000.sql"
    file.write_bytes(file.read_bytes().rstrip()[:-cut])
    with pytest.raises(SourceError, match=r"winkel\.klant\.00000\.sql ends within a statement"):
        run(folder)
    assert not (folder.parent / "veilig").exists()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("ander.klant-schema.sql", DEFINITION, "2 databases"),
        ("winkel.klant.00002.dat", "1\tEls\n", "winkel.klant.00002.dat is no file that can be read"),
        ("metadata", "[`winkel`.`klant`]\ndata_checksum = 1234\n", "checksums of the rows"),
        ("winkel-schema-post.sql", "CALL vul();\n", "not understood"),
        ("winkel.klant-schema-triggers.sql", "INSERT INTO klant VALUES (9,'x','y');\n", "not understood"),
    ],
)
def test_what_cannot_be_read_as_one_database_is_refused(folder: Path, name: str, text: str, says: str):
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=says):
        run(folder)


def test_a_name_in_a_trigger_withholds_the_result(folder: Path):
    trigger = FILES["winkel.klant-schema-triggers.sql"].replace("''", "'van Els Peeters'")
    (folder / "winkel.klant-schema-triggers.sql").write_text(trigger, encoding="utf-8")
    with pytest.raises(VerificationFailed, match=r"winkel\.klant-schema-triggers\.sql: holds 1 values of klant\.naam"):
        run(folder)


@pytest.mark.parametrize("options", [(), ("--compress", "--rows=3"), ("--complete-insert", "--triggers", "--routines")])
def test_what_mydumper_writes_is_loaded_by_myloader_after_it_was_made_safe(
    options: tuple[str, ...], mariadb: MariaDb, tmp_path: Path
):
    if shutil.which("mydumper") is None:
        assert "CI" not in os.environ, "mydumper is missing"
        pytest.skip("mydumper is not installed")
    shop = mariadb.fresh("dumper")
    rows = ",".join(f"({n},'Persoon {n} {name}','x')" for n, name in enumerate(("Peeters", "Maes", "Aerts") * 4))
    shop.load(f"{DEFINITION}INSERT INTO klant VALUES {rows}; CREATE VIEW alle AS SELECT id FROM klant;".encode())
    shop.load(b"CREATE TRIGGER t BEFORE INSERT ON klant FOR EACH ROW SET NEW.nota = COALESCE(NEW.nota, '-');")
    login = ["-S", str(mariadb.socket), "-u", "root"]
    subprocess.run(
        ["mydumper", *login, "-B", "dumper", "-o", tmp_path / "dumper", *options], check=True, capture_output=True
    )
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    write_key(tmp_path / "key")
    with Workspace(tmp_path) as work:
        assert recognise(open_input(str(tmp_path / "dumper"), work)) is mydumper_folder
    result = api.run(tmp_path / "dumper", tmp_path / "veilig", tmp_path / "rules.yaml", tmp_path / "key")
    assert {check.outcome for check in result.checks} <= {Outcome.PASSED, Outcome.NOT_APPLICABLE}
    again = mariadb.fresh("geladen")
    subprocess.run(
        ["myloader", *login, "-B", "geladen", "-d", tmp_path / "veilig", "-o"], check=True, capture_output=True
    )
    assert again.query("SELECT count(*), count(DISTINCT naam), min(nota) FROM klant") == [["12", "12", "x"]]
    assert again.query("SELECT count(*) FROM alle") == [["12"]]
    assert again.query("SELECT count(*) FROM klant WHERE naam LIKE 'Persoon%'") == [["0"]]
