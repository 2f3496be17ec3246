"""The numbers that detection has to reach, on real databases with labels and on schemas that its packs never saw."""

from __future__ import annotations

import importlib.util
import json
import time
from pathlib import Path

import pytest

from anonymizer.detect import find
from anonymizer.model.schema import Schema, Table, TableName
from tests.benchmarks.bench_detect import SIGNALS, by_kind, group, means, without
from tests.benchmarks.judging import BY_NAME, BY_VALUE, FIGURES, Judged, figures, labelled_databases, verdicts
from tests.detect import held_out
from tests.detect.builders import column, packs, table

REQUIRED = {"missed": 0.01, "overdone": 0.02, "review": 0.05}


@pytest.fixture(scope="module")
def made() -> list[Judged]:
    return list(labelled_databases(None))


def test_the_labelled_databases_are_judged_as_well_as_promised(samples: Path):
    rows: dict[str, list[dict[str, float]]] = {}
    for each in labelled_databases(samples):
        if not each.held_out:
            rows.setdefault(each.kind, []).append(figures(each, find(each.schema, each.samples, packs())))
    for some in rows.values():
        mean = means(some)
        assert mean["category"] >= 0.95
        assert all(mean[figure] <= most for figure, most in REQUIRED.items()), mean


def test_the_figures_are_those_of_the_samples_own_judge(samples: Path, tmp_path: Path):
    spec = importlib.util.spec_from_file_location("score", samples / "score.py")
    assert spec is not None
    assert spec.loader is not None
    score = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(score)
    for each in labelled_databases(samples):
        if each.held_out or each.kind != BY_NAME:
            continue
        findings = find(each.schema, each.samples, packs())
        listed = [
            {"table": f.column.table.name, "column": f.column.column, "category": f.category, "verdict": f.verdict}
            for f in findings
        ]
        (tmp_path / "found.json").write_text(json.dumps(listed), encoding="utf-8")
        theirs = score.score(str(samples / each.database / "labels.csv"), str(tmp_path / "found.json"))
        ours = figures(each, findings)
        assert {figure: pytest.approx(ours[figure]) for figure in FIGURES} == {f: theirs[f] for f in FIGURES}


@pytest.mark.parametrize(("kind", "missed"), [(BY_NAME, 0.05), (BY_VALUE, 0.03)])
def test_schemas_of_software_that_does_not_exist_are_judged_well(made: list[Judged], kind: str, missed: float):
    rows = [figures(each, find(each.schema, each.samples, packs())) for each in made if each.kind == kind]
    mean = means(rows)
    assert mean["missed"] <= missed
    assert mean["overdone"] <= REQUIRED["overdone"]
    assert mean["review"] <= REQUIRED["review"]
    assert mean["category"] >= 0.95


def test_of_the_verdicts_at_some_confidence_at_least_so_many_are_right(made: list[Judged]):
    judged = [pair for each in made for pair in verdicts(each, find(each.schema, each.samples, packs()))]
    for low, high in ((0.7, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 0.99), (0.99, 1.01)):
        right = [right for confidence, right in judged if low <= confidence < high]
        assert len(right) > 20
        assert sum(right) / len(right) >= low - 0.02


@pytest.mark.parametrize("signal", ["by_name", "neighbours", "_unknown"])
def test_without_a_signal_something_is_lost(made: list[Judged], signal: str):
    def cost(rows: dict[str, dict[str, float]]) -> float:
        return sum(row["missed"] + row["overdone"] + 1 - row["category"] for row in rows.values())

    some = [each for each in made if each.database in ("nl_garage", "de_erp", "fr_immo", "en_forum", "en_saas")]
    with without(signal):
        lost = by_kind(some, packs())
    assert signal in SIGNALS
    assert cost(lost) > cost(by_kind(some, packs()))
    assert group(some[0]) in lost


def test_a_thousand_tables_are_judged_within_seconds():
    columns = (
        "id int",
        "naam",
        "voornaam",
        "email",
        "straat_nr",
        "bedrag numeric",
        "opmerkingen",
        "xyzcol",
        "datum date",
    )
    tables = tuple(table(f"tabel_{number:04}", *(column(each) for each in columns)) for number in range(1000))
    started = time.process_time()
    found = find(Schema(tables), {}, packs())
    assert len(found) == 9000
    assert time.process_time() - started < 10


def test_every_held_out_label_names_a_column_of_the_schema():
    for name in held_out.names():
        database = held_out.load(name)
        columns = {(table.name.name, column.name) for table, column in database.schema.columns()}
        assert len(database.labels) >= 70
        assert {(label.table, label.column) for label in database.labels} == columns


def test_two_tables_whose_names_differ_in_case_only_are_judged_each_for_itself():
    tables = (
        Table(TableName("", "Contact"), (column("naam"), column("voornaam"))),
        Table(TableName("", "CONTACT"), (column("code varchar 3"), column("omschrijving"))),
    )
    found = find(Schema(tables), {}, packs())
    assert [finding.column.table.name for finding in found] == ["Contact", "Contact", "CONTACT", "CONTACT"]
    assert [str(finding.verdict) for finding in found[:2]] == ["personal", "personal"]
