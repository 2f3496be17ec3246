"""Labelled schemas of software that does not exist, to judge detection by names that nobody tuned it to.

A `.schema` file holds one database: `[table]` lines and below each its columns, `name type label`. The label is a
category, with `/` before others that count as right too; `?` before it means that a careful person could say otherwise,
so that the column is left out of the score (the words of samples/LABELLING.md). `pk` and `fk=table` are keys; `~kind`
names how values are made (values.py) where the label does not say it. The labels were decided before the first run.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from anonymizer.model.schema import ForeignKey, Schema, Table, TableName
from tests.detect.held_out.values import column_of

HERE = Path(__file__).parent
ROWS = 80


@dataclass(frozen=True, slots=True)
class Label:
    """What a person says of one column; `right` are the categories that count as right, the first one first."""

    table: str
    column: str
    right: tuple[str, ...]
    ambiguous: bool


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
    from tests.benchmarks.judging import declared

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
                tuple(declared(c[0], c[1]) for c in columns),
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
