"""What other detectors find in the labelled databases, judged as our own is.

    PEERS=/path/to/python python -m tests.benchmarks.bench_peers [SAMPLES]

PEERS is the interpreter of a virtual environment (or of several, as in PATH) with some of the packages
`presidio-analyzer`, `scrubadub`, `DataProfiler` (with tensorflow) and `commonregex`; what does not run is left out.
Each peer gets up to 100 sampled values of a column; a column is personal when half of them are of one kind. Databases
without rows are left out, since none of these peers reads names of columns.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from anonymizer import detect
from anonymizer.model.finding import Finding, Verdict
from anonymizer.model.schema import ColumnName, TableName
from anonymizer.rulefile import find_packs, shipped_packs
from tests.benchmarks.judging import BY_VALUE, FIGURES, Judged, figures, labelled_databases

VALUES = 100
WORKER = Path(__file__).with_name("peers_worker.py")


def columns_of(databases: Sequence[Judged]) -> Iterator[dict[str, Any]]:
    for number, judged in enumerate(databases):
        for table, column in judged.schema.columns():
            values = judged.samples.get(table.name, {}).get(column.name)
            some = [] if values is None else values.drop_null().unique().slice(0, VALUES).to_pylist()
            yield {"database": number, "table": table.name.name, "column": column.name, "values": some}


def found_by(peer: str, columns: Sequence[dict[str, Any]]) -> list[str | None] | None:
    """The category that the peer gives each column, or None for the column; None where the peer is missing."""
    for interpreter in os.environ["PEERS"].split(os.pathsep):
        done = subprocess.run(
            [interpreter, str(WORKER), peer], input=json.dumps(columns).encode(), capture_output=True, check=False
        )
        if done.returncode == 0:
            categories: list[str | None] = json.loads(done.stdout.splitlines()[-1])
            return categories
    return None


def line(name: str, rows: Sequence[dict[str, float]]) -> str:
    means = {figure: sum(row[figure] for row in rows) / len(rows) for figure in FIGURES}
    return f"{name:42}" + "".join(f"  {figure} {means[figure]:6.1%}" for figure in FIGURES)


def main() -> None:
    samples = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["ANONYMIZER_SAMPLES"])
    databases = [judged for judged in labelled_databases(samples) if judged.kind == BY_VALUE and not judged.held_out]
    columns = list(columns_of(databases))
    print(f"{len(databases)} labelled databases with values, {len(columns)} columns; means over databases")
    packs = find_packs(shipped_packs())
    print(line("anonymizer", [figures(each, detect.find(each.schema, each.samples, packs)) for each in databases]))
    for peer in ("presidio", "scrubadub", "dataprofiler", "commonregex"):
        categories = found_by(peer, columns)
        if categories is None:
            print(f"{peer:42}  does not run here")
            continue
        findings: dict[int, list[Finding]] = {number: [] for number in range(len(databases))}
        for column, category in zip(columns, categories, strict=True):
            name = ColumnName(TableName("", column["table"]), column["column"])
            verdict = Verdict.NOT_PERSONAL if category is None else Verdict.PERSONAL
            findings[column["database"]].append(Finding(name, category or "none", verdict, 1.0, ()))
        print(line(peer, [figures(each, findings[number]) for number, each in enumerate(databases)]))


if __name__ == "__main__":
    main()
