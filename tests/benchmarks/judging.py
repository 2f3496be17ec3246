"""Labelled databases, and how well findings agree with their labels: the words and figures of samples/LABELLING.md."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from anonymizer import stores
from anonymizer.detect import sample_of
from anonymizer.errors import AnonymizerError
from anonymizer.model.finding import NOT_PERSONAL, Finding, Verdict
from anonymizer.model.schema import Column, Schema, Table, TableName, TypeFamily
from anonymizer.stores import open_input
from anonymizer.workspace import Workspace
from tests.detect import held_out

ROWS = 1000
FIGURES = ("missed", "overdone", "review", "category")
BY_NAME, BY_VALUE = "names and types alone", "with values"
SMALLEST_SHARE = 0.9
"""A dump is judged when it has this share of the labelled columns: some folders hold variants of a database."""
_NAMES = {"first_name", "last_name", "full_name", "person_name"}


@dataclass(frozen=True, slots=True)
class Label:
    """What a person says of one column: the right categories, the first one first."""

    right: tuple[str, ...]
    ambiguous: bool

    @property
    def personal(self) -> bool:
        return self.right[0] not in NOT_PERSONAL


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled database, read in one way."""

    database: str
    name: str
    kind: str
    held_out: bool
    schema: Schema
    samples: Mapping[TableName, Mapping[str, pa.Array]]
    labels: Mapping[tuple[str, str], Label]

    def label(self, table: str, column: str) -> Label | None:
        return self.labels.get(key(table, column))

    def personal(self, table: Table, column: Column) -> bool | None:
        """The truth; None where there is no label or a careful person could say otherwise."""
        label = self.label(table.name.name, column.name)
        return None if label is None or label.ambiguous else label.personal


def key(table: str, column: str) -> tuple[str, str]:
    """What makes a column of a variant the labelled one: `last_name` is `LastName`."""
    return re.sub(r"\W|_", "", table.split(".")[-1].lower()), re.sub(r"\W|_", "", column.lower())


def labelled_databases(samples: Path | None) -> Iterator[Judged]:
    """Every labelled database by name alone and with values: those in the folder, then the held-out schemas."""
    for file in sorted(samples.glob("*/labels.csv")) if samples else ():
        labels = _labels(file)
        yield Judged(file.parent.name, file.parent.name, BY_NAME, False, _declared(file.parent), {}, labels)
        for name, schema, rows in _dumps(file.parent):
            met = {key(table.name.name, column.name) for table, column in schema.columns()} & labels.keys()
            if len(met) >= SMALLEST_SHARE * len(labels):
                yield Judged(file.parent.name, f"{file.parent.name}/{name}", BY_VALUE, False, schema, rows, labels)
    for name in held_out.names():
        made = held_out.load(name)
        labels = {key(each.table, each.column): Label(each.right, each.ambiguous) for each in made.labels}
        yield Judged(name, name, BY_NAME, True, made.schema, {}, labels)
        yield Judged(name, name, BY_VALUE, True, made.schema, made.samples, labels)


def _labels(file: Path) -> dict[tuple[str, str], Label]:
    found = {}
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            why = row["why"] or ""
            others = re.search(r"ALT=(\S+)", why)
            right = (row["label"].strip(), *(others[1].strip(".;,").split("/") if others else ()))
            found[key(row["table"], row["column"])] = Label(right, why.startswith("AMBIGUOUS"))
    return found


_FAMILIES: Sequence[tuple[str, TypeFamily]] = (
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
    (r"^(inet|cidr|macaddr)", TypeFamily.NETWORK),
    (r"^geo(graphy|metry)\b", TypeFamily.GEOMETRY),
    (r"^enum\b", TypeFamily.ENUM),
)


def declared(name: str, text: str) -> Column:
    """A column from its declaration in any engine's words."""
    plain = re.sub(r'[\[\]"](?!\])', "", text.lower()).strip()
    family = next((family for pattern, family in _FAMILIES if re.search(pattern, plain)), TypeFamily.TEXT)
    length = re.search(r"char\w*\s*\(\s*(\d+)", plain)
    return Column(name, text, family, int(length[1]) if length and family is TypeFamily.TEXT else None)


def _declared(folder: Path) -> Schema:
    tables: dict[str, list[Column]] = {}
    with (folder / "columns.csv").open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            tables.setdefault(row["table"], []).append(declared(row["column"], row["type"]))
    return Schema(tuple(Table(TableName("", name), tuple(columns)) for name, columns in tables.items()))


def _dumps(folder: Path) -> Iterator[tuple[str, Schema, dict[TableName, dict[str, pa.Array]]]]:
    for path in sorted(folder.iterdir()):
        if path.suffix in (".csv", ".md", ".py") or path.is_dir():
            continue
        with Workspace(None) as workspace:
            try:
                opened = open_input(str(path), workspace)
                source = stores.recognise(opened).open_source(opened)
                yield path.name, source.schema(), sample_of(source.sample(ROWS), ROWS)
            except AnonymizerError:
                continue


def figures(judged: Judged, findings: Sequence[Finding]) -> dict[str, float]:
    """The shares that the specification names; a labelled column that is not found counts as not personal."""
    found = {key(finding.column.table.name, finding.column.column): finding for finding in findings}
    counted = [(label, found.get(place)) for place, label in judged.labels.items() if not label.ambiguous]
    personal = [(label, finding) for label, finding in counted if label.personal]
    met = [(label, f) for label, f in personal if f is not None and f.verdict is not Verdict.NOT_PERSONAL]
    overdone = sum(
        f is not None and f.verdict is Verdict.PERSONAL for label, f in counted if not label.personal
    )  # fmt: skip
    return {
        "missed": 1 - len(met) / len(personal) if personal else 0.0,
        "overdone": overdone / max(len(counted) - len(personal), 1),
        "review": sum(f is not None and f.verdict is Verdict.REVIEW for _, f in counted) / max(len(counted), 1),
        "category": sum(is_right(label, f) for label, f in met) / max(len(met), 1),
    }


def is_right(label: Label, finding: Finding) -> bool:
    """Whether the category is a right one; kinds of people's names are near enough to each other."""
    return finding.category in label.right or (finding.category in _NAMES and label.right[0] in _NAMES)


def mistakes(judged: Judged, findings: Sequence[Finding]) -> Iterator[str]:
    """One line for every column that is missed, overdone, left to a person, or of a wrong category."""
    for finding in findings:
        name = f"{finding.column.table.name}.{finding.column.column}"
        label = judged.label(finding.column.table.name, finding.column.column)
        if label is None or label.ambiguous:
            continue
        told = f"{name}={label.right[0]} got {finding.category} {finding.confidence:.2f}: {'; '.join(finding.evidence)}"
        if finding.verdict is Verdict.REVIEW:
            yield f"review   {told}"
        elif label.personal != (finding.verdict is Verdict.PERSONAL):
            yield f"{'missed  ' if label.personal else 'overdone'} {told}"
        elif label.personal and not is_right(label, finding):
            yield f"wrong    {told}"


def verdicts(judged: Judged, findings: Sequence[Finding]) -> Iterator[tuple[float, bool]]:
    """Confidence, and whether the verdict is right, for every column with a verdict and a clear label."""
    for finding in findings:
        label = judged.label(finding.column.table.name, finding.column.column)
        if label is not None and not label.ambiguous and finding.verdict is not Verdict.REVIEW:
            yield finding.confidence, label.personal == (finding.verdict is Verdict.PERSONAL)
