"""The numbers that detection has to reach on the labelled databases; without them this is not verified."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.bench_detect import FIGURES, SMALLEST_SHARE, as_json, by_declaration, by_values, scorer
from tests.detect.builders import packs

REQUIRED = {"missed": 0.01, "overdone": 0.02, "review": 0.05}


def test_the_labelled_databases_are_judged_as_well_as_promised(samples: Path, tmp_path: Path):
    score, figures = scorer(samples), []
    for labels in sorted(samples.glob("*/labels.csv")):
        for findings in (
            by_declaration(labels.parent, packs()),
            *(found for _, found in by_values(labels.parent, packs())),
        ):
            listed, share = as_json(findings, labels)
            if share >= SMALLEST_SHARE:
                (tmp_path / "found.json").write_text(listed, encoding="utf-8")
                figures.append(score.score(str(labels), str(tmp_path / "found.json")))
    means = {figure: sum(row[figure] for row in figures) / len(figures) for figure in FIGURES}
    assert means["category"] >= 0.95
    assert all(means[figure] <= most for figure, most in REQUIRED.items()), means
