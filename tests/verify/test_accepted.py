"""People may let a finding of the verifier pass: by name, with a reason, for a time, and for no more than they saw."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from anonymizer import api, planning, rulefile
from anonymizer.errors import RuleError, VerificationFailed
from anonymizer.model.result import Outcome
from anonymizer.stores import sqlite_dump
from tests.fix_key import write_key

HEAD = """PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE klant(id INTEGER PRIMARY KEY, naam TEXT, opmerking TEXT);
"""
NAMES = ("Annelies Vandecasteele", "Hugo Schockaert", "Mireille Delvaux", "Roger Poppe")
RULES = """format: 1
purpose: {text: "find a rounding error", expires: 2090-01-31}
tables:
  klant:
    columns:
      naam: full_name
      opmerking: {keep: true, category: free_text, why: "codes of ours"}
    keep: [id]
"""


def written(folder: Path, note: str = "-- made by Hugo Schockaert", kept: tuple[str, ...] = ()) -> Path:
    rows = [
        f"INSERT INTO klant VALUES({n},'{name}','{kept[n] if n < len(kept) else 'x'}');" for n, name in enumerate(NAMES)
    ]
    file = folder / "klanten.sql"
    file.write_text(HEAD + "\n".join(rows) + f"\n{note}\nDROP VIEW IF EXISTS oud;\nCOMMIT;\n", encoding="utf-8")
    assert sqlite_dump.NAME
    return file


def findings(folder: Path, source: Path, rules: str) -> list[str]:
    """The names of what withholds the result."""
    (folder / "rules.yaml").write_text(rules, encoding="utf-8")
    key = folder / "key"
    if not key.exists():
        write_key(key)
    with pytest.raises(VerificationFailed) as caught:
        api.run(source, folder / "veilig.sql", folder / "rules.yaml", key)
    assert not (folder / "veilig.sql").exists()
    assert not any(name in str(caught.value) for name in NAMES)
    return re.findall(r"finding ([0-9a-f]{8})", str(caught.value))


def accepting(*names: str, until: str = "2090-01-31") -> str:
    return (
        RULES + "accepted:\n" + "".join(f'  - {{finding: "{n}", why: "the author", until: {until}}}\n' for n in names)
    )


def test_a_name_in_a_comment_withholds_the_result_until_somebody_accepts_it(tmp_path: Path):
    source = written(tmp_path)
    (name,) = findings(tmp_path, source, RULES)
    (tmp_path / "rules.yaml").write_text(accepting(name), encoding="utf-8")
    result = api.run(source, tmp_path / "veilig.sql", tmp_path / "rules.yaml", tmp_path / "key")
    (structure,) = (check for check in result.checks if check.check == "structure")
    assert structure.outcome is Outcome.PASSED
    assert any("the author" in words and "rules.yaml:10" in words for words in structure.detail)
    text = (tmp_path / "veilig.sql").read_text(encoding="utf-8")
    assert [name for name in NAMES if name in text] == ["Hugo Schockaert"]


def test_what_was_accepted_once_is_not_accepted_for_another_column_or_for_many(tmp_path: Path):
    one = written(tmp_path, "", kept=("van Hugo Schockaert",))
    (name,) = findings(tmp_path, one, RULES)
    many = written(tmp_path, "", kept=("van Hugo Schockaert", "van Mireille Delvaux", "zie Roger Poppe"))
    (another,) = findings(tmp_path, many, accepting(name))
    assert another != name
    in_a_comment = written(tmp_path)
    assert name not in findings(tmp_path, in_a_comment, accepting(name, another))


def test_an_acceptance_that_is_over_does_not_count_and_is_named(tmp_path: Path):
    source = written(tmp_path)
    (name,) = findings(tmp_path, source, RULES)
    assert findings(tmp_path, source, accepting(name, until="2024-01-31")) == [name]
    rules = rulefile.read_rules(tmp_path / "rules.yaml")
    with api.opening.opened(source) as (origin, _, _):
        made = planning.make(origin.schema(), rules)
    assert made.accepted == {}
    assert any(f"finding {name} was accepted until 2024-01-31" in warning for warning in made.warnings)


def test_a_rule_file_whose_time_is_over_is_refused(tmp_path: Path):
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    rules = rulefile.read_rules(tmp_path / "rules.yaml")
    with api.opening.opened(written(tmp_path)) as (origin, _, _):
        assert planning.make(origin.schema(), rules, today=date(2090, 1, 31)).purpose == "find a rounding error"
        with pytest.raises(RuleError, match="may be used until 2090-01-31"):
            planning.make(origin.schema(), rules, today=date(2090, 2, 1))


def test_a_finding_is_named_by_its_eight_digits(tmp_path: Path):
    (tmp_path / "rules.yaml").write_text(accepting("structure"), encoding="utf-8")
    with pytest.raises(RuleError, match="eight hexadecimal digits"):
        rulefile.read_rules(tmp_path / "rules.yaml")


def test_a_finding_has_the_same_name_wherever_the_statement_stands(tmp_path: Path):
    (name,) = findings(tmp_path, written(tmp_path), RULES)
    assert findings(tmp_path, written(tmp_path, "\n\n-- made by Hugo Schockaert"), RULES) == [name]
