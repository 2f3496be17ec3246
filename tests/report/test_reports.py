"""Reports tell everything that a run knows, and nothing that a page could be tricked into running."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from anonymizer import registry, report
from anonymizer.errors import TargetError
from anonymizer.model.plan import ColumnPlan, Domain, Layer, Plan, TablePlan
from anonymizer.model.result import CheckResult, Outcome, RunResult, TableCount
from anonymizer.model.rules import Action, Place
from anonymizer.model.schema import Column, ColumnName, Schema, Table, TableName, TypeFamily
from anonymizer.report import html_report, json_report, text_report

NAME = TableName("crm", "<script>alert(1)</script>")


@pytest.fixture
def result() -> RunResult:
    """One table, one column replaced and one kept, one check passed and one not verified."""
    mail, country = Column("email", "text", TypeFamily.TEXT), Column("country", "text", TypeFamily.TEXT)
    table = Table(NAME, (mail, country))
    columns = (
        ColumnPlan(
            ColumnName(NAME, "email"),
            mail,
            Action.REPLACE,
            "email",
            "email",
            "email",
            why="people are behind it",
            layers=(Layer("rule file", "as email", Place("acme.rules.yaml", 12)), Layer("detector", "personal")),
        ),
        ColumnPlan(ColumnName(NAME, "country"), country, Action.KEEP, "country", why="needed for taxes"),
    )
    plan = Plan(
        Schema((table,)), {NAME: TablePlan(table, columns)}, {"email": Domain("email", 60, True)}, "acme", 1, ()
    )
    checks = (
        CheckResult("row_counts", "Same rows", Outcome.PASSED, (), 7),
        CheckResult("survivors", "Nothing survives", Outcome.NOT_VERIFIED, ("a column was too large",), 3),
    )
    counts = {NAME: TableCount(7, {"email": 7})}
    return RunResult(
        "in.sql", "out.sql", "PostgreSQL plain dump", plan, counts, checks, "file", "0.1", "2026-01-01T00:00:00",
        published=True,
    )  # fmt: skip


def test_every_document_is_written_for_its_owner_alone(result: RunResult, tmp_path: Path):
    paths = report.write_all(result, tmp_path / "report")
    assert (
        {path.suffix for path in paths}
        == {".html", ".json", ".txt"}
        == {module.SUFFIX for module in registry.load("report").values()}
    )
    assert all(path.stat().st_mode & 0o077 == 0 for path in paths)


def test_html_report_escapes_names_and_loads_nothing(result: RunResult):
    page = html_report.render(result)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert not re.search(r"(src|href)=|https?://|url\(|\bstyle=|\bon\w+=", page)


def test_html_report_allows_its_own_style_and_script_and_nothing_else(result: RunResult):
    page = html_report.render(result)
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for tag in ("style", "script"):
        (inline,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"


def test_html_report_names_what_was_not_verified_beside_the_verdict(result: RunResult):
    page = html_report.render(result)
    published, unproved = re.findall(r"<h1>([^<]*)</h1>", page)
    assert (published, unproved) == ("Published", "Not verified: survivors")
    assert page.index("Not verified: survivors") < page.index("What was proved")
    assert "acme.rules.yaml:12" in page
    assert "needed for taxes" in page


def test_a_failed_or_missing_check_is_never_a_published_verdict(result: RunResult):
    failed = replace(result, checks=(CheckResult("keys", "Keys hold", Outcome.FAILED),))
    for withheld in (failed, replace(result, checks=()), replace(result, published=False)):
        assert "Not verified: nothing" not in html_report.render(replace(withheld, checks=()))
        assert json.loads(json_report.render(withheld))["verdict"] == "withheld"
        assert "Withheld" in html_report.render(withheld)
    assert "failed: keys" in text_report.render(failed)


def test_json_report_tells_who_decided_and_how_many_values_changed(result: RunResult):
    told = json.loads(json_report.render(result))
    column = told["tables"][0]["columns"][0]
    assert column["values_replaced"] == 7
    assert column["decided"][0] == {"by": "rule file", "place": "acme.rules.yaml:12", "says": "as email"}
    assert told["totals"] == {
        "tables": 1, "emptied": 0, "columns": 2, "replaced": 1, "kept": 1, "rows": 7, "values_replaced": 7,
    }  # fmt: skip
    assert told["categories"] == [
        {"category": "email", "columns": 1, "values_replaced": 7, "transforms": ["email"]},
    ]


def test_text_report_says_what_was_not_verified(result: RunResult):
    assert "not verified: survivors" in text_report.render(result)
    assert "1 of 2 checks passed" in text_report.render(result)


def test_text_report_ends_with_the_verdict(result: RunResult):
    assert "passed; published" in text_report.render(result)
    failed = replace(result, checks=(CheckResult("keys", "Keys hold", Outcome.FAILED),))
    assert "0 of 1 checks passed; withheld" in text_report.render(failed)


def test_what_was_kept_with_a_reason_is_listed_for_the_auditor(result: RunResult):
    (kept,) = json.loads(json_report.render(result))["kept_with_reason"]
    assert (kept["category"], kept["why"]) == ("country", "needed for taxes")
    page = html_report.render(result)
    assert page.index("needed for taxes") < page.index("Every decision")


def test_a_kept_column_about_people_without_a_reason_stands_out(result: RunResult):
    table = result.plan.tables[NAME]
    columns = (table.columns[0], replace(table.columns[1], why=None))
    plan = replace(result.plan, tables={NAME: replace(table, columns=columns)})
    assert "no reason given" in html_report.render(replace(result, plan=plan))
    assert "no reason given" not in html_report.render(result)


def test_rows_of_partitions_are_counted_with_their_table(result: RunResult):
    table = result.plan.schema.table(NAME)
    part = replace(table, name=TableName("crm", "part"), partition_of=NAME)
    schema = Schema((table, part))
    plan = replace(result.plan, schema=schema, tables={**result.plan.tables, part.name: TablePlan(part, ())})
    counts = {NAME: TableCount(0, {}), part.name: TableCount(9, {"email": 8})}
    (told,) = json.loads(json_report.render(replace(result, plan=plan, counts=counts)))["tables"]
    assert told["rows_written"] == 9
    assert told["columns"][0]["values_replaced"] == 8


def test_a_domain_tells_its_capacity_and_its_columns(result: RunResult):
    table = result.plan.tables[NAME]
    columns = (replace(table.columns[0], capacity=803), table.columns[1])
    plan = replace(result.plan, tables={NAME: replace(table, columns=columns)})
    told = json.loads(json_report.render(replace(result, plan=plan)))
    assert told["domains"] == [
        {
            "domain": "email",
            "columns": [str(columns[0].name)],
            "capacity": 803,
            "width": 60,
            "unique": True,
            "forecast": None,
        }
    ]
    page = html_report.render(replace(result, plan=plan))
    assert "803" in page
    assert "kept unique, 60 characters" in page


def test_each_replacement_that_was_used_is_explained_with_its_technique_and_file(result: RunResult):
    (used,) = json.loads(json_report.render(result))["replacements"]
    assert (used["transform"], used["technique"], used["file"]) == (
        "email", "pseudonymization", "anonymizer/transforms/email.py",
    )  # fmt: skip
    assert used["says"]


def test_kinds_of_number_that_could_be_somebodys_are_named(result: RunResult):
    assert json.loads(json_report.render(result))["reachable"] == []
    table = result.plan.tables[NAME]
    columns = (replace(table.columns[0], category="national_id", transform="national_id"), table.columns[1])
    plan = replace(result.plan, tables={NAME: replace(table, columns=columns)})
    told = json.loads(json_report.render(replace(result, plan=plan)))["reachable"]
    wanted = {
        name
        for name, module in registry.load("identifiers").items()
        if module.REACHABLE and module.CATEGORY == "national_id"
    }
    assert {row["identifier"] for row in told} == wanted


def test_every_report_is_the_same_for_the_same_result(result: RunResult):
    for module in registry.load("report").values():
        assert module.render(result) == module.render(result)


def test_a_folder_that_cannot_be_written_is_named(result: RunResult, tmp_path: Path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(TargetError, match="file"):
        report.write_all(result, tmp_path / "file" / "report")


def test_a_report_never_writes_through_a_link_that_lies_in_its_place(result: RunResult, tmp_path: Path):
    precious = tmp_path / "precious"
    precious.write_text("kept", encoding="utf-8")
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.html").symlink_to(precious)
    report.write_all(result, tmp_path / "report")
    assert precious.read_text(encoding="utf-8") == "kept"


def test_a_table_without_replaced_columns_and_a_run_without_rules_are_told(result: RunResult):
    page = html_report.render(replace(result, plan=replace(result.plan, tables={}, domains={}), counts={}))
    assert "Nothing: the rules keep every column." in page
    assert "no person reviewed them" in page
