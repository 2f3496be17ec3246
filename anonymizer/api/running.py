"""The main job: replace, write, verify, publish."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from anonymizer import pipeline, planning, report
from anonymizer import verify as proof
from anonymizer.api.deciding import decided
from anonymizer.api.keys import keys_of, secret_of
from anonymizer.api.opening import Progress, Tick, opened, silent
from anonymizer.api.targets import file_of, open_target
from anonymizer.errors import InternalError, VerificationFailed
from anonymizer.model.result import CheckResult, Outcome, RunResult
from anonymizer.model.schema import TableName
from anonymizer.workspace import heed_signals


def run(
    source: str | Path,
    target: str | Path,
    rules: Path | None = None,
    key_file: Path | None = None,
    report_folder: Path | None = None,
    assume_masked: bool = False,
    dry_run: bool = False,
    accept_unverified: bool = False,
    progress: Progress = silent,
) -> RunResult:
    """Replace, write, verify, publish. The target appears only after every check passed.

    A check that could not look at everything withholds the result too, unless `accept_unverified`; then the report
    names it. A report tells of what was published and of what was withheld. Raises VerificationFailed for the latter.
    """
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), Clock()
    stored = secret_of(key_file)
    final = file_of(source, target)
    if report_folder is not None:
        report.refuse_unwritable(report_folder)
    with (
        opened(source, final) as (origin, store, workspace),
        open_target(target, origin, workspace) as destination,
    ):
        made = decided(origin, rules, assume_masked)
        keys, key_status = keys_of(made, key_file, stored)
        kernels = planning.bind(made, keys)
        clock.lap("detect")
        planned, (made, moves) = made, planning.forecast(origin, made, keys, kernels)
        if moves or made.domains != planned.domains:
            kernels = planning.bind(made, keys, moves)
        clock.lap("forecast")
        notes = (*getattr(origin.input, "notes", ()), *made.warnings)
        result = RunResult(
            *(origin.input.name, str(target), store.NAME, made, {}, (), key_status, version("anonymizer"), started),
            warnings=(*notes, *destination.warnings),
        )
        if dry_run:
            return result
        sink = destination.sink(store, origin)
        counts = pipeline.replace(origin, sink, made, kernels, _meter(origin.input.path, destination.path, progress))
        clock.lap("replace")
        heed_signals()
        progress(Tick("verify"))
        checks = proof.verify(made, origin.input, destination.written(), store.NAME, workspace.path)
        result = replace(result, counts=counts, checks=checks)
        if not withholding(result, accept_unverified):  # nothing unproved goes further
            result = replace(result, checks=(*checks, *destination.proofs()))
        clock.lap("verify")
        result = replace(result, seconds=clock.laps, warnings=(*notes, *destination.warnings))
        if withholding(result, accept_unverified):
            tell(result, report_folder)
            require_passed(result, accept_unverified)
        heed_signals()
        destination.publish()
        result = replace(result, published=True)
        tell(result, report_folder)
    return result


def tell(result: RunResult, folder: Path | None) -> None:
    """Write the report, if one is wanted."""
    if folder is not None:
        report.write_all(result, folder)


def _meter(source: Path, partial: Path, progress: Progress) -> pipeline.Progress:
    """The result grows to about the size of the source, unless one of them is compressed."""
    comparable = source.is_file() and source.suffix == partial.suffix
    expected = source.stat().st_size if comparable else None

    def tick(table: TableName, rows: int) -> None:
        written = partial.stat().st_size if partial.is_file() else 0
        heed_signals()
        progress(Tick("replace", table, rows, written, expected))

    return tick


class Clock:
    """Wall seconds of each stage."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, stage: str) -> None:
        now = time.monotonic()
        self.laps[stage] = round(now - self._since, 3)
        self._since = now


def withholding(result: RunResult, accept_unverified: bool) -> list[CheckResult]:
    """The checks that stand against publishing; none of a run without any would be no proof, so there must be some."""
    if not result.checks:
        raise InternalError("no check ran; the result is not verified and must not be used")
    standing = [Outcome.FAILED] if accept_unverified else [Outcome.FAILED, Outcome.NOT_VERIFIED]
    return [check for check in result.checks if check.outcome in standing]


def require_passed(result: RunResult, accept_unverified: bool) -> None:
    """Raises VerificationFailed, which names what stands against publishing."""
    found = withholding(result, accept_unverified)
    if not found:
        return
    lines = [f"{check.check}: {'; '.join(check.detail[:5])}" for check in found]
    failed = sum(check.outcome is Outcome.FAILED for check in found)
    said, advice = (
        f"{failed} of {len(result.checks)} checks failed",
        "change the rules of the columns named and run again",
    )
    if any("[finding " in words for check in found for words in check.detail):
        advice += ", or let a finding pass by its name under `accepted` of the rule file"
    if not failed:
        said = f"{len(found)} of {len(result.checks)} checks could not look at everything"
        advice = "change the rules, or accept it with --accept-unverified, which the report will tell"
    raise VerificationFailed("\n".join((f"{said}, the result was withheld; {advice}", *lines)))
