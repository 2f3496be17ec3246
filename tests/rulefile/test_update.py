"""A rule file that people edited takes in what is new, and keeps every word of theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from anonymizer.errors import RuleError
from anonymizer.model.rules import Action, Decision, RuleFile, TableRules
from anonymizer.model.schema import ColumnName, TableName
from anonymizer.rulefile import read_rules, update_rules

WRITTEN = """\
# Decided with the customer in May.
format: 1
scope: acme
packs: [personal]
tables:
  crm.person:  # the register
    columns:
      # asked for by support
      first_name: {as: constant, text: "Jo", why: "demo"}
    keep: {columns: [id], why: "numbers only"}
  crm.country: {keep: [code, name]}  # ISO list
"""
PERSON, VISIT = TableName("crm", "person"), TableName("crm", "visit")


def proposal() -> RuleFile:
    keep = Decision(Action.KEEP)
    columns = {
        "id": keep,
        "first_name": Decision(Action.REPLACE, "first_name"),
        "email": Decision(Action.REPLACE, "email"),
        "status": keep,
        "xyz": Decision(Action.UNDECIDED, category="free_text"),
    }
    visit = {"id": keep, "remark": Decision(Action.REPLACE, "free_text")}
    return RuleFile(
        "found", {PERSON: TableRules(PERSON, columns), VISIT: TableRules(VISIT, visit)}, packs=("personal",)
    )


def updated(path: Path) -> tuple[str, tuple[ColumnName, ...]]:
    return update_rules(path, proposal(), {ColumnName(PERSON, "email"): "0.99 email: column name"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "acme.rules.yaml").write_text(WRITTEN, encoding="utf-8")
    return tmp_path / "acme.rules.yaml"


def test_decisions_comments_and_order_of_people_stay(path: Path):
    text, _ = updated(path)
    for words in ("# Decided with the customer in May.", "# the register", "# asked for by support", "# ISO list"):
        assert words in text
    assert text.index("crm.person") < text.index("crm.country") < text.index("crm.visit")
    path.write_text(text, encoding="utf-8")
    decisions = read_rules(path).tables[PERSON].columns
    assert decisions["first_name"].transform == "constant"
    assert decisions["id"].why == "numbers only"


def test_only_what_is_new_is_added_with_its_evidence(path: Path):
    text, added = updated(path)
    assert [str(name) for name in added] == [
        "crm.person.email",
        "crm.person.status",
        "crm.person.xyz",
        "crm.visit.id",
        "crm.visit.remark",
    ]
    assert "email: email  # 0.99 email: column name" in text
    path.write_text(text, encoding="utf-8")
    decisions = read_rules(path).tables[PERSON].columns
    assert decisions["xyz"].action is Action.UNDECIDED
    assert read_rules(path).tables[VISIT].columns["id"].action is Action.KEEP


def test_a_reason_is_not_lent_to_a_column_that_it_was_not_written_for(path: Path):
    text, _ = updated(path)
    path.write_text(text, encoding="utf-8")
    assert read_rules(path).tables[PERSON].columns["status"].action is Action.UNDECIDED


def test_nothing_is_added_twice(path: Path):
    text, _ = updated(path)
    path.write_text(text, encoding="utf-8")
    assert updated(path) == (text, ())


def test_a_table_of_an_included_file_is_updated_there(path: Path):
    main = path.with_name("main.rules.yaml")
    path.write_text(WRITTEN.replace("scope: acme\npacks: [personal]\n", ""), encoding="utf-8")
    main.write_text("format: 1\ninclude: [acme.rules.yaml]\n", encoding="utf-8")
    with pytest.raises(RuleError, match=r"update .*acme\.rules\.yaml"):
        updated(main)
