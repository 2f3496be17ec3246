"""Reports tell everything that a run knows, and nothing that a page could be tricked into running."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from anonymizer import registry, report
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
        "in.sql", "out.sql", "PostgreSQL plain dump", plan, counts, checks, "file", "0.1", "2026-01-01T00:00:00"
    )


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
    assert "default-src &#39;none&#39;" in page
    assert not re.search(r"(src|href)=|https?://|url\(", page)


def test_html_report_names_what_was_not_verified_beside_the_verdict(result: RunResult):
    page = html_report.render(result)
    assert page.index("Not verified: survivors") < page.index("What was proved")
    assert "acme.rules.yaml:12" in page
    assert "needed for taxes" in page


def test_a_failed_or_missing_check_is_never_a_published_verdict(result: RunResult):
    failed = replace(result, checks=(CheckResult("keys", "Keys hold", Outcome.FAILED),))
    for withheld in (failed, replace(result, checks=())):
        assert json.loads(json_report.render(withheld))["verdict"] == "withheld"
        assert "Withheld" in html_report.render(withheld)
    assert "failed: keys" in text_report.render(failed)


def test_json_report_tells_who_decided_and_how_many_values_changed(result: RunResult):
    told = json.loads(json_report.render(result))
    column = told["tables"][0]["columns"][0]
    assert column["values_replaced"] == 7
    assert column["decided"][0] == {"by": "rule file", "place": "acme.rules.yaml:12", "says": "as email"}
    assert told["totals"] == {
        "tables": 1, "columns": 2, "replaced": 1, "kept": 1, "values_replaced": 7, "categories": {"email": 1},
    }  # fmt: skip


def test_text_report_says_what_was_not_verified(result: RunResult):
    assert "not verified: survivors" in text_report.render(result)
    assert "1 of 2 checks passed" in text_report.render(result)
