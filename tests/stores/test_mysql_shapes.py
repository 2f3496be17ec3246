"""Dumps in the words of every program that writes them: read alike by store and verifier, safe, and loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from anonymizer import api
from anonymizer.contracts import Rows
from anonymizer.errors import SourceError
from anonymizer.model.result import Outcome
from anonymizer.stores import mysql_dump, open_input, recognise
from anonymizer.workspace import Workspace
from tests.fix_mariadb import MariaDb
from tests.stores.mysql_shapes import ONLY_MYSQL, SHAPES
from tests.stores.test_mysql_dump import proved, rewritten, schema

NAMES, MAILS = ["D'Haese; van", "Müller \\ (zoon)"], ["jan.dhaese@firma-een.be", "els.muller@firma-twee.be"]


def people(file: Path) -> list[dict[str, str | None]]:
    """The rows of klant, by the store; expressions are left alone."""
    with Workspace() as workspace:
        source = mysql_dump.open_source(open_input(str(file), workspace))
        (name,) = [table.name for table in source.schema().tables]
        parts = source.parts({name: ["id", "achternaam", "email"]})
        return [row for part in parts if isinstance(part, Rows) for row in part.batch.to_pylist()]


@pytest.mark.parametrize("tool", SHAPES)
def test_the_people_are_read_and_every_byte_comes_back(tool: str, tmp_path: Path):
    data = SHAPES[tool].encode()
    file = tmp_path / "winkel.sql"
    file.write_bytes(data)
    with Workspace() as workspace:
        assert recognise(open_input(str(file), workspace)) is mysql_dump
    assert [str(table.name) for table in schema(data).tables] == ["klant"]
    assert [(row["id"], row["achternaam"], row["email"]) for row in people(file)] == [
        (str(n), *each) for n, each in enumerate(zip(NAMES, MAILS, strict=True), 1)
    ]
    assert [row["email"] for row in proved(data)] == MAILS
    assert schema(data).tables[0].primary_key == ("id",)
    if tool not in ("Adminer", "phpMyAdmin"):  # write expressions
        assert rewritten(data, tmp_path) == data


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("tool", SHAPES)
def test_the_people_are_replaced_and_all_checks_pass(tool: str, line_end: str, tmp_path: Path):
    source, target = tmp_path / "winkel.sql", tmp_path / "veilig.sql"
    source.write_bytes(SHAPES[tool].replace("\n", line_end).encode())
    result = api.run(source, target, assume_masked=True)
    assert [check.check for check in result.checks if check.outcome is not Outcome.PASSED] == []
    for before, after in zip(people(source), people(target), strict=True):
        assert before["id"] == after["id"]
        assert before["achternaam"] != after["achternaam"]
        assert before["email"] != after["email"]
    text = target.read_text(encoding="utf-8")
    assert not [value for value in MAILS if value in text]


def test_a_form_that_is_not_read_is_told_by_name(tmp_path: Path):
    xml = tmp_path / "a.xml"
    xml.write_text('<?xml version="1.0"?>\n<mysqldump xmlns:xsi="x">\n<database name="winkel">\n')
    with Workspace() as workspace, pytest.raises(SourceError, match="--xml"):
        recognise(open_input(str(xml), workspace))


@pytest.mark.parametrize("tool", [tool for tool in SHAPES if tool not in ONLY_MYSQL])
def test_the_safe_dump_loads_as_its_source_does(tool: str, mysql: MariaDb, tmp_path: Path):
    source, target = tmp_path / "winkel.sql", tmp_path / "veilig.sql"
    source.write_bytes(SHAPES[tool].replace("`winkel`", f"`{mysql.name}`").encode())
    mysql.load(source.read_bytes())
    before = mysql.tables()
    api.run(source, target, assume_masked=True)
    mysql.fresh(mysql.name).load(target.read_bytes())
    after = mysql.tables()
    assert before.keys() == after.keys() == {"klant"}
    kept = [name for name in before["klant"][0] if name in ("id", "geheim")]
    for name in kept:
        place = before["klant"][0].index(name)
        assert [row[place] for row in before["klant"][1]] == [row[place] for row in after["klant"][1]], name
