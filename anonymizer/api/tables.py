"""pandas DataFrames and Arrow tables: the functions of the command line for data in memory.

    result = anonymizer.run_tables({"customer": customers}, rules=Path("rules.yaml"), key=Path("key"))
    result.tables["customer"]        # a DataFrame again, verified

The same rules and key give the same pseudonyms as in a dump. Nothing is written to disk, and nothing is given back
that a check stands against. `detect`, `plan`, `explain` and `preview` take such tables as their source too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from anonymizer import pipeline, planning, report
from anonymizer import verify as proof
from anonymizer.api.deciding import decided
from anonymizer.api.keys import keys_of, secret_of
from anonymizer.api.memory import Tables, given_back, in_memory, input_of, opened_again, source_of
from anonymizer.api.opening import Progress, Tick, silent
from anonymizer.api.running import Clock, require_passed, tell, withholding
from anonymizer.errors import SettingError
from anonymizer.model.plan import Plan
from anonymizer.model.result import CheckResult, RunResult
from anonymizer.model.schema import TableName
from anonymizer.pseudonyms.secret import KeyRing, Secret
from anonymizer.stores._arrow.tables import NAME, TablesSink

GIVEN = "given by the program"
"""How a report says that a key came as an object."""


@dataclass(frozen=True, slots=True)
class TablesResult:
    """What `run_tables` gives: the safe tables, each of the type that it came in, and all that a report tells."""

    tables: Mapping[str, Any]
    run: RunResult


def run_tables(
    tables: Mapping[str, Any] | Tables,
    rules: Path | None = None,
    key: Secret | Path | None = None,
    report_folder: Path | None = None,
    assume_masked: bool = False,
    accept_unverified: bool = False,
    progress: Progress = silent,
) -> TablesResult:
    """Replace and verify; what comes back has the types, index and order of what was given, which is not touched.

    `key` is a `Secret` or the path of a key file; without one, that of the environment, or a fresh one. `rules` is the
    path of a rule file; without one, detection decides. Raises VerificationFailed when a check stands against it.
    """
    given = _tables(tables)
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), Clock()
    stored = _secret(key)
    if report_folder is not None:
        report.refuse_unwritable(report_folder)
    source = source_of(given)
    made = decided(source, rules, assume_masked)
    keys, key_status = _keys(made, key, stored)
    kernels = planning.bind(made, keys)
    clock.lap("detect")
    planned, (made, moves) = made, planning.forecast(source, made, keys, kernels)
    if moves or made.domains != planned.domains:
        kernels = planning.bind(made, keys, moves)
    clock.lap("forecast")
    sink = TablesSink(source)

    def tick(table: TableName, rows: int) -> None:
        progress(Tick("replace", table, rows))

    counts = pipeline.replace(source, sink, made, kernels, tick)
    result = given_back(given, sink.tables, made)
    clock.lap("replace")
    progress(Tick("verify"))
    checks = proof.verify(made, source.input, input_of(Tables(result)), NAME)
    clock.lap("verify")
    told = RunResult(
        *(source.input.name, NAME, NAME, made, counts, checks, key_status, version("anonymizer"), started),
        seconds=clock.laps,
        warnings=made.warnings,
    )
    if withholding(told, accept_unverified):
        tell(told, report_folder)
        require_passed(told, accept_unverified)
    told = replace(told, published=True)
    tell(told, report_folder)
    return TablesResult(opened_again(result), told)


def verify_tables(
    source: Mapping[str, Any] | Tables,
    result: Mapping[str, Any] | Tables,
    rules: Path | None = None,
    assume_masked: bool = False,
) -> tuple[CheckResult, ...]:
    """The independent verifier alone, for a result that was made earlier under the same rules."""
    origin = source_of(_tables(source))
    made = decided(origin, rules, assume_masked)
    return proof.verify(made, origin.input, input_of(_tables(result)), NAME)


def _tables(given: object) -> Tables:
    found = in_memory(given)
    if found is None:
        raise SettingError("tables are given as a dictionary, name to table; for a file or database use `run`")
    return found


def _secret(key: Secret | Path | None) -> tuple[Secret, str]:
    if isinstance(key, Secret):
        return key, GIVEN
    if key is not None and not isinstance(key, Path):
        raise SettingError("a key is given as a Path of a key file or as a Secret, never as text, which gets printed")
    return secret_of(key)


def _keys(made: Plan, key: Secret | Path | None, stored: tuple[Secret, str]) -> tuple[KeyRing, str]:
    if made.irreversible and isinstance(key, Secret):
        raise SettingError("the rule file asks for irreversible pseudonyms, which know no stored key; leave it out")
    return keys_of(made, key if isinstance(key, Path) else None, stored)
