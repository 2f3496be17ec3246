"""How good detection is: every labelled database, the means, how far the confidence holds, what each signal is worth.

    python -m tests.benchmarks.bench_detect [SAMPLES] [-v] [--quick]

SAMPLES is the folder that ANONYMIZER_SAMPLES names: one folder per database with labels.csv and columns.csv, and dumps
of some. Every database is judged by names and types alone and, where there are rows, with values; beside them the
schemas of tests/detect/held_out. The figures are means over databases, ambiguous labels left out.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from unittest import mock

from anonymizer import detect
from anonymizer.detect import _unknown, neighbours, relations, same_values
from anonymizer.model.rules import Pack
from anonymizer.rulefile import find_packs, shipped_packs
from tests.benchmarks.fit_detect import forgetful
from tests.benchmarks.judging import FIGURES, Judged, figures, labelled_databases, mistakes, verdicts

SIGNALS = tuple(
    "by_name by_comment by_type by_key by_rows by_value by_vocabulary by_shape "
    "neighbours _unknown same_values relations".split()
)
FORGOTTEN = 0.25


def means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {figure: sum(row[figure] for row in rows) / len(rows) for figure in FIGURES}


def by_kind(databases: Sequence[Judged], packs: Sequence[Pack]) -> dict[str, dict[str, float]]:
    """The means of each kind of reading, of the samples and of the held-out schemas."""
    rows: dict[str, list[dict[str, float]]] = {}
    for each in databases:
        found = figures(each, detect.find(each.schema, each.samples, packs))
        rows.setdefault(group(each), []).append(found)
    return {name: means(some) for name, some in rows.items()}


def group(judged: Judged) -> str:
    return f"{'held-out schemas' if judged.held_out else 'labelled databases'}, {judged.kind}"


@contextmanager
def without(signal: str) -> Iterator[None]:
    """Detection while one signal says nothing."""
    if signal.startswith("by_"):
        module = getattr(__import__(f"anonymizer.detect.{signal}").detect, signal)
        patch = mock.patch.object(module, "examine", return_value={})
    else:
        module, name, nothing = {
            "neighbours": (neighbours, "_lifted", lambda name, seen, others, plain, lists_places: []),
            "_unknown": (_unknown, "evidence", lambda exhibit, opinions: {}),
            "same_values": (same_values, "join", lambda samples, opinions: dict(opinions)),
            "relations": (relations, "join", lambda schema, opinions, kept: dict(opinions)),
        }[signal]
        patch = mock.patch.object(module, name, nothing)
    with patch:
        yield


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("samples", type=Path, nargs="?", default=os.environ.get("ANONYMIZER_SAMPLES"))
    options.add_argument("-v", "--verbose", action="store_true", help="name the columns that are wrong")
    options.add_argument("--quick", action="store_true", help="without the effect of each signal")
    chosen = options.parse_args()
    if chosen.samples is None:
        tell("ANONYMIZER_SAMPLES names no folder: only the held-out schemas are judged")
    packs, databases = find_packs(shipped_packs()), list(labelled_databases(chosen.samples))
    judged: list[tuple[float, bool]] = []
    rows: dict[str, list[dict[str, float]]] = {}
    for each in databases:
        findings = detect.find(each.schema, each.samples, packs)
        rows.setdefault(group(each), []).append(figures(each, findings))
        judged += verdicts(each, findings)
        show(f"{each.name} ({each.kind})", rows[group(each)][-1])
        if chosen.verbose:
            for line in mistakes(each, findings):
                tell(f"    {line}")
    for name, some in rows.items():
        show(f"MEAN OF {len(some)} {name}", means(some))
    show_calibration(judged)
    if not chosen.quick:
        show_mutations(databases, packs)


def show_calibration(judged: Sequence[tuple[float, bool]]) -> None:
    """Of the verdicts at some confidence, how many are right: ten bins."""
    tell("\nconfidence     verdicts    right   mean confidence")
    edges = (0.0, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1.01)
    for low, high in pairwise(edges):
        some = [(confidence, right) for confidence, right in judged if low <= confidence < high]
        if some:
            share, stated = sum(r for _, r in some) / len(some), sum(c for c, _ in some) / len(some)
            tell(f"{low:.2f} to {min(high, 1):.2f}   {len(some):8d}   {share:6.1%}   {stated:15.1%}")


def show_mutations(databases: Sequence[Judged], packs: Sequence[Pack]) -> None:
    """What is lost without each signal, and when packs have forgotten part of their phrases."""
    tell("")
    for signal in SIGNALS:
        with without(signal):
            for name, mean in by_kind(databases, packs).items():
                show(f"without {signal}: {name}", mean)
    for seed in (11, 12):
        for name, mean in by_kind(databases, forgetful(packs, seed, FORGOTTEN)).items():
            show(f"{FORGOTTEN:.0%} of the phrases forgotten ({seed}): {name}", mean)


def show(name: str, mean: Mapping[str, float]) -> None:
    tell(f"{name[:76]:76} " + "  ".join(f"{figure} {mean[figure]:6.1%}" for figure in FIGURES))


def tell(line: str) -> None:
    """To standard output."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
