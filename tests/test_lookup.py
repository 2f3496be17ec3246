"""Where is this person in my copy? Whoever has the key can tell, and every question is noted; the answer is not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from anonymizer import planning
from anonymizer.errors import SettingError
from anonymizer.model.rules import RuleFile

KEY = "8f1c2a77b5e04d3396cc10fd42ab9e7715d36e80c4f2915ab8e7036d1f24c95a"
RULES = """format: 1
scope: acme
domains:
  email: {width: 60, unique: true}
tables:
  customer:
    columns:
      name: full_name
      email: email
      code: permute
    keep: [id]
"""
ROWS = [("1", "Jan Peeters", "jan.peeters@firm.be", "4711"), ("2", "An Maes", "Jan.Peeters@FIRM.be", "4712")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "rules.yaml").write_text(RULES)
    rows = "".join("\t".join(row) + "\n" for row in ROWS)
    (tmp_path / "source.sql").write_text(
        "CREATE TABLE customer (id integer PRIMARY KEY, name text, email character varying(60) UNIQUE, code integer);\n"
        f"COPY customer (id, name, email, code) FROM stdin;\n{rows}\\.\n"
    )
    done = cli(tmp_path, "run", "source.sql", "safe.sql", "-r", "rules.yaml", "--key-file", "key", "--quiet")
    assert done.returncode == 0, done.stderr
    return tmp_path


def cli(folder: Path, *arguments: str, value: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "anonymizer", *arguments]
    return subprocess.run(command, cwd=folder, input=value, capture_output=True, text=True, check=False)


def safe(folder: Path) -> list[list[str]]:
    return [line.split("\t") for line in (folder / "safe.sql").read_text().splitlines() if "\t" in line]


def asked(folder: Path, category: str, value: str, *more: str) -> str:
    done = cli(folder, "lookup", category, "-r", "rules.yaml", "--key-file", "key", *more, value=value + "\n")
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n")


def test_a_customer_is_found_by_name_without_the_source(folder: Path):
    assert asked(folder, "full_name", "Jan Peeters") == safe(folder)[0][1]
    assert asked(folder, "full_name", "JAN PEETERS") == safe(folder)[0][1].upper()


def test_with_the_source_each_spelling_of_a_key_is_found_where_it_went(folder: Path):
    answers = [asked(folder, "email", row[2], "--source", "source.sql") for row in ROWS]
    assert answers == [row[2] for row in safe(folder)]
    assert asked(folder, "customer.code", "4711", "--source", "source.sql") == safe(folder)[0][3]


def test_each_lookup_is_noted_without_the_value_and_its_pseudonym(folder: Path):
    answer = asked(folder, "full_name", "Jan Peeters")
    log = folder / "lookups.jsonl"
    (note,) = [json.loads(line) for line in log.read_text().splitlines()]
    assert set(note) == {"time", "user", "category", "scope"}
    assert (note["category"], note["scope"]) == ("full_name", "acme")
    assert log.stat().st_mode & 0o077 == 0
    assert not any(word in log.read_text() for word in ("Jan", "Peeters", *answer.split()))


def test_without_the_key_there_is_no_answer(folder: Path):
    done = cli(folder, "lookup", "full_name", "-r", "rules.yaml", value="Jan Peeters\n")
    assert done.returncode == 2
    assert "needs the key" in done.stderr
    assert "Peeters" not in done.stdout + done.stderr
    assert not (folder / "lookups.jsonl").exists()


@pytest.mark.parametrize(("category", "says"), [
    ("e-mail", "did you mean email?"), ("permute", "give --source"),
])  # fmt: skip
def test_a_question_without_an_answer_is_told_in_one_sentence(folder: Path, category: str, says: str):
    done = cli(folder, "lookup", category, "-r", "rules.yaml", "--key-file", "key", value="Jan\n")
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_irreversible_pseudonyms_know_no_stored_key(folder: Path):
    rules = folder / "rules.yaml"
    rules.write_text(RULES + "pseudonyms: {version: 1, locales: [nl_BE], mode: irreversible}\n")
    refused = cli(folder, "run", "source.sql", "x.sql", "-r", "rules.yaml", "--key-file", "key", "--quiet")
    assert refused.returncode == 2
    assert "irreversible" in refused.stderr
    results = []
    for name in ("one.sql", "two.sql"):
        done = cli(folder, "run", "source.sql", name, "-r", "rules.yaml", "--quiet")
        assert "irreversible" in done.stdout
        results.append((folder / name).read_text())
    assert results[0] != results[1]
    asked = cli(folder, "lookup", "full_name", "-r", "rules.yaml", "--key-file", "key", value="Jan\n")
    assert asked.returncode == 2
    assert "nothing can be looked up" in asked.stderr


def test_a_value_typed_in_the_place_of_the_category_is_not_repeated(tmp_path: Path):
    with pytest.raises(SettingError) as caught:
        planning.plan_of_one(RuleFile("r.yaml", {}), "els.claes@telenet.be")
    assert "claes" not in str(caught.value)
    assert "email" in str(caught.value)
