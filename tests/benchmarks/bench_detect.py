"""How good detection is: a table of shares per labelled database, and how well the confidence is calibrated.

    python -m tests.benchmarks.bench_detect SAMPLES [-v]

SAMPLES is the folder that ANONYMIZER_SAMPLES names: one folder per database with labels.csv (table, column, label,
why) and columns.csv (table, column, type, counts), and score.py beside them, whose figures these are. Every database
is judged twice: by names and types alone, from columns.csv; and with sampled values, from each dump of it that some
store reads. The figures are means over databases, ambiguous labels left out.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from anonymizer import stores
from anonymizer.detect import find, sample_of
from anonymizer.errors import AnonymizerError
from anonymizer.model.finding import Finding, Verdict
from anonymizer.model.rules import Pack
from anonymizer.model.schema import Column, Schema, Table, TableName, TypeFamily
from anonymizer.rulefile import find_packs, shipped_packs
from anonymizer.stores import open_input
from anonymizer.workspace import Workspace

ROWS = 1000
FIGURES = ("missed", "overdone", "review", "category")
SMALLEST_SHARE = 0.9
"""A dump is scored when it has this share of the labelled columns: some folders hold variants of a database."""
FAMILIES: Sequence[tuple[str, TypeFamily]] = (
    (r"\[\]$", TypeFamily.ARRAY),
    (r"^(bit|bool|boolean|flag)\b|^tinyint\(1\)", TypeFamily.BOOLEAN),
    (r"^(big|small|tiny|medium)?(int|integer|serial)\b|^year\b|identity", TypeFamily.INTEGER),
    (r"^(decimal|numeric|(small)?money|float|double|real)\b", TypeFamily.NUMBER),
    (r"^date\b", TypeFamily.DATE),
    (r"^(small)?datetime|^timestamp", TypeFamily.TIMESTAMP),
    (r"^time\b", TypeFamily.TIME),
    (r"^(bytea|(var)?binary|image)\b|blob", TypeFamily.BINARY),
    (r"^xml\b", TypeFamily.XML),
    (r"^jsonb?\b", TypeFamily.JSON),
    (r"^(uniqueidentifier|uuid)\b", TypeFamily.UUID),
    (r"^tsvector\b", TypeFamily.SEARCH),
    (r"^geo(graphy|metry)\b", TypeFamily.GEOMETRY),
    (r"^enum\b", TypeFamily.ENUM),
)


def declared(name: str, text: str) -> Column:
    """A column from its declaration in any engine's words."""
    plain = re.sub(r'[\[\]"](?!\])', "", text.lower()).strip()
    family = next((family for pattern, family in FAMILIES if re.search(pattern, plain)), TypeFamily.TEXT)
    length = re.search(r"char\w*\s*\(\s*(\d+)", plain)
    return Column(name, text, family, int(length[1]) if length and family is TypeFamily.TEXT else None)


def by_declaration(folder: Path, packs: tuple[Pack, ...]) -> tuple[Finding, ...]:
    """Findings from names and types alone."""
    tables: dict[str, list[Column]] = {}
    with (folder / "columns.csv").open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            tables.setdefault(row["table"], []).append(declared(row["column"], row["type"]))
    schema = Schema(tuple(Table(TableName("", name), tuple(columns)) for name, columns in tables.items()))
    return find(schema, {}, packs)


def by_values(folder: Path, packs: tuple[Pack, ...]) -> Iterator[tuple[str, tuple[Finding, ...]]]:
    """Findings with sampled values, for every dump in the folder that some store reads."""
    for path in sorted(folder.iterdir()):
        if path.suffix in (".csv", ".md", ".py") or path.is_dir():
            continue
        with Workspace(None) as workspace:
            try:
                opened = open_input(str(path), workspace)
                source = stores.recognise(opened).open_source(opened)
                schema, samples = source.schema(), sample_of(source.sample(ROWS), ROWS)
            except AnonymizerError:
                continue
            yield path.name, find(schema, samples, packs)


def key(table: str, column: str) -> tuple[str, str]:
    """What makes a column of a variant the labelled one: `last_name` is `LastName`."""
    return re.sub(r"\W|_", "", table.split(".")[-1].lower()), re.sub(r"\W|_", "", column.lower())


def as_json(findings: Sequence[Finding], labels: Path) -> tuple[str, float]:
    """The findings as score.py reads them, named as the labels name them; and the share of labels found."""
    with labels.open(encoding="utf-8-sig", newline="") as lines:
        named = {key(row["table"], row["column"]): (row["table"], row["column"]) for row in csv.DictReader(lines)}
    listed = []
    for finding in findings:
        own = (finding.column.table.name, finding.column.column)
        table, column = named.get(key(*own), own)
        listed.append(
            {"table": table, "column": column, "category": finding.category, "verdict": finding.verdict.value}
        )
    met = {key(finding.column.table.name, finding.column.column) for finding in findings} & named.keys()
    return json.dumps(listed), len(met) / len(named)


def calibration(findings: Sequence[Finding], labels: Path) -> Iterator[tuple[float, bool]]:
    """Confidence and whether the verdict is right, for every labelled, unambiguous column that has a verdict."""
    with labels.open(encoding="utf-8-sig", newline="") as lines:
        truth = {
            key(row["table"], row["column"]): row["label"] not in ("none", "system_parameter")
            for row in csv.DictReader(lines)
            if not (row["why"] or "").startswith("AMBIGUOUS")
        }
    for finding in findings:
        right = truth.get(key(finding.column.table.name, finding.column.column))
        if right is not None and finding.verdict is not Verdict.REVIEW:
            yield finding.confidence, right == (finding.verdict is Verdict.PERSONAL)


def scorer(samples: Path) -> ModuleType:
    """score.py of the samples' folder."""
    spec = importlib.util.spec_from_file_location("score", samples / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Print the two tables and the calibration."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("samples", type=Path, nargs="?", default=os.environ.get("ANONYMIZER_SAMPLES"))
    options.add_argument("-v", "--verbose", action="store_true", help="name the columns that are wrong")
    chosen = options.parse_args()
    if chosen.samples is None:
        tell("detection: not verified, ANONYMIZER_SAMPLES names no folder")
        return
    packs, score = find_packs(shipped_packs()), scorer(chosen.samples)
    rows: dict[str, list[dict[str, float]]] = {"names and types alone": [], "with values": []}
    judged: list[tuple[float, bool]] = []
    for labels in sorted(chosen.samples.glob("*/labels.csv")):
        readings = [("names and types alone", labels.parent.name, by_declaration(labels.parent, packs))]
        readings += [("with values", f"{labels.parent.name}/{n}", f) for n, f in by_values(labels.parent, packs)]
        for kind, name, findings in readings:
            listed, share = as_json(findings, labels)
            if share < SMALLEST_SHARE:
                continue
            with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8", delete=False) as file:
                file.write(listed)
            figures = score.score(str(labels), file.name)
            Path(file.name).unlink()
            rows[kind].append(figures)
            judged += calibration(findings, labels)
            show(f"{name} ({kind})", figures, chosen.verbose)
    for kind, figures in rows.items():
        if figures:
            mean = {figure: sum(row[figure] for row in figures) / len(figures) for figure in FIGURES}
            show(f"MEAN OF {len(figures)}, {kind}", mean, False)
    show_calibration(judged)


def show(name: str, figures: dict[str, float], verbose: bool) -> None:
    """One line, and if wished what is wrong."""
    tell(f"{name[:62]:62} " + "  ".join(f"{figure} {figures[figure]:6.1%}" for figure in FIGURES))
    if verbose:
        for wrong in ("_missed", "_overdone", "_wrong"):
            for line in figures.get(wrong, ()):  # type: ignore[attr-defined]
                tell(f"    {wrong[1:]:9}{line}")


def show_calibration(judged: Sequence[tuple[float, bool]]) -> None:
    """Of the verdicts at some confidence, how many are right."""
    for low, high in ((0.0, 0.7), (0.7, 0.85), (0.85, 0.95), (0.95, 0.99), (0.99, 1.01)):
        some = [right for confidence, right in judged if low <= confidence < high]
        if some:
            tell(f"confidence {low:.2f} to {min(high, 1):.2f}: {len(some):5d}, {sum(some) / len(some):.1%} right")


def tell(line: str) -> None:
    """To standard output."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
