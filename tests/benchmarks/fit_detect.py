"""Fit the weights of `anonymizer/detect/_unknown.py`: what a column is whose name no pack knows.

    python -m tests.benchmarks.fit_detect SAMPLES          # writes anonymizer/detect/weights.json

Part of the packs' phrases is hidden, by a hash of each phrase, so that columns of known label have unknown names, as
those of a database that nobody looked at. A logistic model with a quadratic penalty is fitted by Newton's method, every
database weighing the same. Cross-validation leaves out one database at a time: none is judged by a model that saw it.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from anonymizer.contracts import Exhibit
from anonymizer.detect import _unknown, evidence_of
from anonymizer.detect._weigh import NOT_PERSONAL_BELOW, opinion
from anonymizer.model.rules import Pack
from anonymizer.model.schema import Schema
from anonymizer.rulefile import find_packs, shipped_packs
from tests.benchmarks.judging import Judged, labelled_databases

HIDDEN, SEEDS = 0.3, (1, 2, 3)
PENALTY = 2.0
Example = tuple[str, frozenset[str], bool]
"""Database, features of one column, whether it is personal."""


def forgetful(packs: Sequence[Pack], seed: int, share: float = HIDDEN) -> tuple[Pack, ...]:
    """The packs without that share of their phrases and abbreviations."""

    def kept(phrase: str) -> bool:
        return hashlib.sha256(f"{seed} {phrase}".encode()).digest()[0] >= 256 * share

    return tuple(
        replace(
            pack,
            recognisers=tuple(
                replace(entry, phrases=tuple(filter(kept, entry.phrases)))
                for entry in pack.recognisers
                if not entry.phrases or any(map(kept, entry.phrases))
            ),
            abbreviations={short: full for short, full in pack.abbreviations.items() if kept(short)},
        )
        for pack in packs
    )


def examples(databases: Sequence[Judged], packs: tuple[Pack, ...]) -> Iterator[Example]:
    """Every labelled column of unknown name."""
    for database in databases:
        for columns, exhibit in _exhibits(database, packs):
            opinions = {name: opinion(items) for name, items in evidence_of(exhibit).items()}
            around = _unknown.surroundings(exhibit)
            for column in exhibit.table.columns:
                label = columns.get(column.name)
                if label is not None and _unknown.is_unknown(column, opinions[column.name]):
                    features = around | _unknown.of_column(exhibit, column, opinions)
                    yield database.database, _unknown.crossed(features), label


def _exhibits(database: Judged, packs: tuple[Pack, ...]) -> Iterator[tuple[Mapping[str, bool], Exhibit]]:
    schema: Schema = database.schema
    for table in schema.tables:
        labels = {
            column.name: truth for column in table.columns if (truth := database.personal(table, column)) is not None
        }
        yield labels, Exhibit(schema, table, database.samples.get(table.name, {}), packs)


def fit(some: Sequence[Example]) -> dict[str, float]:
    """Weights of all features, by Newton's method."""
    names = sorted({feature for _, features, _ in some for feature in features})
    place = {name: index + 1 for index, name in enumerate(names)}
    matrix = np.zeros((len(some), len(names) + 1))
    matrix[:, 0] = 1
    for row, (_, features, _) in enumerate(some):
        matrix[row, [place[feature] for feature in features]] = 1
    truth = np.array([label for *_, label in some], float)
    sizes = {name: sum(database == name for database, *_ in some) for name in {database for database, *_ in some}}
    share = np.array([len(some) / len(sizes) / sizes[database] for database, *_ in some])
    penalty = np.full(len(names) + 1, PENALTY)
    penalty[0] = 0.01
    weights = np.zeros(len(names) + 1)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-matrix @ weights))
        slope = matrix.T @ (share * (truth - chance)) - penalty * weights
        curve = (matrix * (share * chance * (1 - chance))[:, None]).T @ matrix + np.diag(penalty)
        weights += np.linalg.solve(curve, slope)
    return {"base": round(float(weights[0]), 3)} | {
        name: round(float(weights[index]), 3) for name, index in place.items()
    }


def chance(weights: Mapping[str, float], features: frozenset[str]) -> float:
    return float(1 / (1 + np.exp(-weights["base"] - sum(weights.get(feature, 0.0) for feature in features))))


def main() -> None:
    """Fit, cross-validate, write."""
    packs = find_packs(shipped_packs())
    databases = list(labelled_databases(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
    some = [each for seed in SEEDS for each in examples(databases, forgetful(packs, seed))]
    names = sorted({database for database, *_ in some})
    judged = []
    for name in names:
        weights = fit([each for each in some if each[0] != name])
        judged += [(chance(weights, features), label) for database, features, label in some if database == name]
    out = sys.stdout.write
    out(f"{len(some)} columns of unknown name in {len(names)} databases, {sum(label for *_, label in some)} personal\n")
    for low, high in ((0, 0.05), (0.05, 0.1), (0.1, 0.2), (0.2, 0.32), (0.32, 0.5), (0.5, 0.7), (0.7, 1.01)):
        bin_ = [label for p, label in judged if low <= p < high]
        out(f"  left-out chance {low:.2f} to {high:.2f}: {len(bin_):5d} columns, {np.mean(bin_ or [0]):.1%} personal\n")
    weights = fit(some)
    origin = (
        f"tests/benchmarks/fit_detect.py: {len(some)} columns of unknown name in {len(names)} labelled databases "
        f"({', '.join(names)}), {HIDDEN:.0%} of the phrases hidden, penalty {PENALTY}; review from {NOT_PERSONAL_BELOW}"
    )
    text = json.dumps({"origin": origin, "weights": weights}, indent=1, ensure_ascii=False)
    _unknown.WEIGHTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
