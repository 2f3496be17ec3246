"""Labelled schemas of software that does not exist, to judge detection by names that nobody tuned it to.

A `.schema` file holds one database: `[table]` lines and below each its columns, `name type label`. The label is a
category, with `/` before others that count as right too; `?` before it means that a careful person could say otherwise,
so that the column is left out of the score (the words of samples/LABELLING.md). `pk` and `fk=table` are keys; `~kind`
names how values are made (values.py) where the label does not say it. The labels were decided before the first run.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from anonymizer.model.finding import NOT_PERSONAL, Finding, Verdict
from anonymizer.model.schema import Column, ForeignKey, Schema, Table, TableName
from tests.detect.held_out.values import column_of

HERE = Path(__file__).parent
ROWS = 80
NAMES = {"first_name", "last_name", "full_name", "person_name"}


@dataclass(frozen=True, slots=True)
class Label:
    """What a person says of one column; `right` are the categories that count as right, the first one first."""

    table: str
    column: str
    right: tuple[str, ...]
    ambiguous: bool

    @property
    def personal(self) -> bool:
        return self.right[0] not in NOT_PERSONAL


@dataclass(frozen=True, slots=True)
class Database:
    """One labelled database, with made-up rows."""

    name: str
    schema: Schema
    samples: Mapping[TableName, Mapping[str, pa.Array]]
    labels: tuple[Label, ...]


def names() -> list[str]:
    """All labelled schemas, in alphabetical order."""
    return sorted(path.stem for path in HERE.glob("*.schema"))


def load(name: str) -> Database:
    """One labelled schema; the same rows each time."""
    from tests.benchmarks.bench_detect import declared

    lines = (HERE / f"{name}.schema").read_text(encoding="utf-8").splitlines()
    language = lines[0].split("language: ")[1][:2]
    tables: dict[str, list[list[str]]] = {}
    for line in lines[1:]:
        if line.startswith("["):
            tables[line.strip("[]")] = []
        elif line.strip() and not line.startswith("#"):
            tables[list(tables)[-1]].append(shlex.split(line))
    primary = {table: next((c[0] for c in columns if "pk" in c[3:]), None) for table, columns in tables.items()}
    made, samples, labels = [], {}, []
    for table, columns in tables.items():
        keys = [(c[0], word[3:]) for c in columns for word in c[3:] if word.startswith("fk=")]
        made.append(
            Table(
                TableName("", table),
                tuple(_column(declared(c[0], c[1])) for c in columns),
                primary_key=(primary[table],) if primary[table] else (),  # type: ignore[arg-type]
                foreign_keys=tuple(
                    ForeignKey((column,), TableName("", other), (str(primary[other]),)) for column, other in keys
                ),
            )
        )
        samples[TableName("", table)] = {
            c[0]: column_of(
                next((word[1:] for word in c[3:] if word.startswith("~")), c[2].lstrip("?").split("/")[0]),
                declared(c[0], c[1]), language, ROWS, f"{name}.{table}.{c[0]}", "pk" in c[3:],
            )
            for c in columns
        }  # fmt: skip
        labels += [Label(table, c[0], tuple(c[2].lstrip("?").split("/")), c[2].startswith("?")) for c in columns]
    return Database(name, Schema(tuple(made)), samples, tuple(labels))


def _column(column: Column) -> Column:
    return column


def figures(labels: tuple[Label, ...], findings: tuple[Finding, ...]) -> dict[str, float]:
    """The shares `missed`, `overdone`, `review` and `category` (right), as the specification defines them."""
    found = {(finding.column.table.name, finding.column.column): finding for finding in findings}
    judged = [(label, found[label.table, label.column]) for label in labels if not label.ambiguous]
    personal = [(label, f) for label, f in judged if label.personal]
    other = [f for label, f in judged if not label.personal]
    met = [(label, f) for label, f in personal if f.verdict is not Verdict.NOT_PERSONAL]
    return {
        "missed": (len(personal) - len(met)) / max(len(personal), 1),
        "overdone": sum(f.verdict is Verdict.PERSONAL for f in other) / max(len(other), 1),
        "review": sum(f.verdict is Verdict.REVIEW for _, f in judged) / max(len(judged), 1),
        "category": sum(is_right(label, f) for label, f in met) / max(len(met), 1),
    }


def is_right(label: Label, finding: Finding) -> bool:
    """Whether the category is one of the right ones; kinds of people's names are near enough to each other."""
    return finding.category in label.right or (finding.category in NAMES and label.right[0] in NAMES)


def mistakes(labels: tuple[Label, ...], findings: tuple[Finding, ...]) -> Iterator[str]:
    """One line for every column that is missed, overdone, left to a person or of a wrong category."""
    found = {(finding.column.table.name, finding.column.column): finding for finding in findings}
    for label in labels:
        finding = found[label.table, label.column]
        if label.ambiguous:
            continue
        place = f"{label.table}.{label.column}={label.right[0]} got {finding.category} {finding.confidence:.2f}"
        if finding.verdict is Verdict.REVIEW:
            yield f"review   {place}: {'; '.join(finding.evidence)}"
        elif label.personal != (finding.verdict is Verdict.PERSONAL):
            yield f"{'missed  ' if label.personal else 'overdone'} {place}: {'; '.join(finding.evidence)}"
        elif label.personal and not is_right(label, finding):
            yield f"wrong    {place}: {'; '.join(finding.evidence)}"
