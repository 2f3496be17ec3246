"""What the command line does, as functions: detect, plan, run, lookup, preview, verify, explain.

Here the families meet: stores read and write, detect finds, planning decides, pipeline replaces, verify proves,
report tells. Nothing here prints; every function raises the errors of `anonymizer.errors`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pyarrow as pa

from anonymizer import detect as detection
from anonymizer import pipeline, planning, report, rulefile, stores
from anonymizer import verify as proof
from anonymizer.contracts import ByRow, Source
from anonymizer.errors import InternalError, RuleError, SettingError, SourceError, TargetError, VerificationFailed
from anonymizer.model.finding import Finding, ProposedRelation
from anonymizer.model.plan import ColumnPlan, Plan
from anonymizer.model.result import CheckResult, Outcome, RunResult
from anonymizer.model.rules import Pack, RuleFile
from anonymizer.model.schema import Schema, TableName, split_name
from anonymizer.pseudonyms.secret import KeyRing, Secret
from anonymizer.stores import open_input
from anonymizer.workspace import Workspace, publish

KEY_VARIABLE = "ANONYMIZER_KEY"
PIPE = "-"
FRESH = "fresh, unstored"
"""How a report says that a key was made for one run and forgotten."""
IRREVERSIBLE = "fresh, unstored: irreversible, as the rule file asks"
SAMPLE_ROWS = 1000
"""Rows per table that detection looks at."""


@dataclass(frozen=True, slots=True)
class Tick:
    """How far the work has come: its stage ("detect", "replace", "verify"), and while replacing the table at hand,
    rows just written, bytes written so far and, where it can be told, how many bytes there will be."""

    stage: str
    table: TableName | None = None
    rows: int = 0
    written: int = 0
    expected: int | None = None


Progress = Callable[[Tick], None]


def _silent(tick: Tick) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found in a source, and the packs that helped to find it."""

    kind: str
    schema: Schema
    findings: tuple[Finding, ...]
    packs: tuple[Pack, ...]
    proposed: tuple[ProposedRelation, ...] = ()
    """Relations that nobody declared, for a person to confirm."""

    def rules(self, assume_masked: bool = False) -> RuleFile:
        """The rule file that these findings propose; see `rulefile.write_rules` for its text."""
        return planning.propose(self.schema, self.findings, self.packs, assume_masked)


@contextmanager
def _opened(source: str | Path, target: Path | None = None) -> Iterator[tuple[Source, ModuleType, Workspace]]:
    """The source, its store, and a private work folder that is gone afterwards."""
    with Workspace(target) as workspace:
        opened = open_input(str(source), workspace)
        try:
            store = stores.recognise(opened)
            yield store.open_source(opened), store, workspace
        except SourceError as error:
            raise SourceError(str(error) if opened.name in str(error) else f"{opened.name}: {error}") from None


# --- what is personal here? -------------------------------------------------------------------------------------


def detect(source: str | Path, packs: Sequence[str] | None = None, progress: Progress = _silent) -> Detection:
    """Find the columns that hold personal data; `packs` defaults to all that are shipped."""
    with _opened(source) as (opened, _, _):
        return _detect(opened, _packs(packs), progress, relations=True)


def _packs(names: Sequence[str] | None, beside: Path | None = None) -> tuple[Pack, ...]:
    return rulefile.find_packs(rulefile.shipped_packs() if names is None else names, beside)


def _detect(
    source: Source, packs: tuple[Pack, ...], progress: Progress = _silent, relations: bool = False
) -> Detection:
    progress(Tick("detect"))
    schema = source.schema()
    samples = detection.sample_of(source.sample(SAMPLE_ROWS), SAMPLE_ROWS)
    findings = detection.find(schema, samples, packs)
    proposed = detection.propose_relations(schema, samples, findings, SAMPLE_ROWS) if relations else ()
    return Detection(source.kind, schema, findings, packs, proposed)


# --- what will happen? ------------------------------------------------------------------------------------------


def plan(source: str | Path, rules: Path | None = None, assume_masked: bool = False, explain: bool = False) -> Plan:
    """The decision on every column. Without `rules`, detection decides; raises FindingsError for undecided columns.

    With `explain` detection looks as well where there are rules, so that the plan tells what it would have said.
    """
    with _opened(source) as (opened, _, _):
        return _plan(opened, rules, assume_masked, explain)


def _plan(source: Source, rules: Path | None, assume_masked: bool, explain: bool = False) -> Plan:
    if not source.schema().tables:
        raise SourceError(f"{source.input.name} holds no table; is it whole, and does its -wal file lie beside it?")
    if rules is None:
        found = _detect(source, _packs(None))
        made = planning.make(found.schema, found.rules(assume_masked), found.findings, found.packs, assume_masked)
        return replace(made, rule_file=None)
    written = rulefile.read_rules(rules)
    modules = planning.transforms()
    required = {name: getattr(module, "REQUIRED", ()) for name, module in modules.items()}
    mistakes = rulefile.lint(written, {name: module.PARAMETERS for name, module in modules.items()}, required)
    if mistakes:
        raise RuleError("\n".join(mistakes))
    packs = _packs(written.packs, rules.parent)
    findings = _detect(source, packs).findings if explain else ()
    return planning.make(source.schema(), written, findings, packs, assume_masked)


def explain(source: str | Path, column: str, rules: Path | None = None) -> ColumnPlan:
    """What happens to TABLE.COLUMN, why, and who decided. Raises SettingError when there is no such column."""
    with _opened(source) as (opened, _, _):
        try:
            *table, name = split_name(column)
            found = planning.located(opened.schema(), TableName(*table) if len(table) == 2 else TableName("", *table))
        except (TypeError, ValueError):
            found = None
        made = _plan(opened, rules, assume_masked=True, explain=True)
        for plan in made.tables[found].columns if found else ():
            if plan.column.name == name:
                return plan
        raise SettingError(f"the source has no column {column}; write it as TABLE.COLUMN")


# --- the main job -----------------------------------------------------------------------------------------------


def run(
    source: str | Path,
    target: str | Path,
    rules: Path | None = None,
    key_file: Path | None = None,
    report_folder: Path | None = None,
    assume_masked: bool = False,
    dry_run: bool = False,
    accept_unverified: bool = False,
    progress: Progress = _silent,
) -> RunResult:
    """Replace, write, verify, publish. The target appears only after every check passed.

    A check that could not look at everything withholds the result too, unless `accept_unverified`; then the report
    names it. A report tells of what was published and of what was withheld. Raises VerificationFailed for the latter.
    """
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), _Clock()
    stored = _secret(key_file)
    final = None if str(target) == PIPE else Path(target)
    _refuse_target(source, final)
    if report_folder is not None:
        report.refuse_unwritable(report_folder)
    with _opened(source, final) as (opened, store, workspace):
        _refuse_other_kind(store.NAME, final)
        made = _plan(opened, rules, assume_masked)
        keys, key_status = _keys(made, key_file, stored)
        kernels = planning.bind(made, keys)
        clock.lap("detect")
        made, moves = planning.forecast(opened, made, keys, kernels)
        kernels = planning.bind(made, keys, moves) if moves else kernels
        clock.lap("forecast")
        result = RunResult(
            source=opened.input.name,
            target=str(target),
            kind=store.NAME,
            plan=made,
            counts={},
            checks=(),
            key=key_status,
            version=version("anonymizer"),
            started=started,
            warnings=made.warnings,
        )
        if dry_run:
            return result
        partial = workspace.path / (final.name if final else "result")
        sink = store.open_sink(opened, partial)
        counts = pipeline.replace(opened, sink, made, kernels, _meter(opened.input.path, partial, progress))
        clock.lap("replace")
        progress(Tick("verify"))
        checks = proof.verify(made, opened.input, open_input(str(partial), workspace), store.NAME, workspace.path)
        clock.lap("verify")
        result = replace(result, counts=counts, checks=checks, seconds=clock.laps)
        if _withholding(result, accept_unverified):
            _tell(result, report_folder)
            _require_passed(result, accept_unverified)
        _publish(partial, final)
        result = replace(result, published=True)
        _tell(result, report_folder)
    return result


def _tell(result: RunResult, folder: Path | None) -> None:
    if folder is not None:
        report.write_all(result, folder)


def _meter(source: Path, partial: Path, progress: Progress) -> pipeline.Progress:
    """The result grows to about the size of the source, unless one of them is compressed."""
    comparable = source.is_file() and source.suffix == partial.suffix
    expected = source.stat().st_size if comparable else None

    def tick(table: TableName, rows: int) -> None:
        written = partial.stat().st_size if partial.is_file() else 0
        progress(Tick("replace", table, rows, written, expected))

    return tick


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, stage: str) -> None:
        now = time.monotonic()
        self.laps[stage] = round(now - self._since, 3)
        self._since = now


def _secret(key_file: Path | None) -> tuple[Secret, str]:
    if key_file is not None:
        return Secret.from_file(key_file), "file"
    if KEY_VARIABLE in os.environ:
        return Secret.from_environment(KEY_VARIABLE), "environment"
    return Secret.fresh(), FRESH


def _keys(made: Plan, key_file: Path | None, stored: tuple[Secret, str]) -> tuple[KeyRing, str]:
    """The keys of a plan, and how its report says where they are from."""
    if made.irreversible and key_file is not None:
        raise SettingError(
            f"the rule file asks for irreversible pseudonyms, which know no stored key; leave {key_file} out"
        )
    secret, status = (Secret.fresh(), IRREVERSIBLE) if made.irreversible else stored
    return KeyRing(secret, made.scope, made.version), status


def _refuse_target(source: str | Path, target: Path | None) -> None:
    if target is None:
        return
    if str(source) != PIPE and Path(source).exists() and target.exists() and Path(source).samefile(target):
        raise TargetError(f"{target} is the source; name another target")
    if target.exists() or target.is_symlink():
        raise TargetError(f"{target} exists; remove it first or name another target")


def _refuse_other_kind(kind: str, target: Path | None) -> None:
    if target is None:
        return
    wanted = {".sqlite": "SQLite file", ".sqlite3": "SQLite file", ".db": "SQLite file", ".parquet": "Parquet folder"}
    wanted |= dict.fromkeys((".csv", ".tsv"), "CSV folder")
    other = wanted.get(target.suffix.lower(), kind)
    if other != kind:
        raise SettingError(f"the result of a {kind} is a {kind}, not a {other}; give {target.name} another suffix")


def _withholding(result: RunResult, accept_unverified: bool) -> list[CheckResult]:
    """The checks that stand against publishing; none of a run without any would be no proof, so there must be some."""
    if not result.checks:
        raise InternalError("no check ran; the result is not verified and must not be used")
    withholding = [Outcome.FAILED] if accept_unverified else [Outcome.FAILED, Outcome.NOT_VERIFIED]
    return [check for check in result.checks if check.outcome in withholding]


def _require_passed(result: RunResult, accept_unverified: bool) -> None:
    found = _withholding(result, accept_unverified)
    if not found:
        return
    lines = [f"{check.check}: {'; '.join(check.detail[:5])}" for check in found]
    failed = sum(check.outcome is Outcome.FAILED for check in found)
    said, advice = (
        f"{failed} of {len(result.checks)} checks failed",
        "change the rules of the columns named and run again",
    )
    if not failed:
        said = f"{len(found)} of {len(result.checks)} checks could not look at everything"
        advice = "change the rules, or accept it with --accept-unverified, which the report will tell"
    raise VerificationFailed("\n".join((f"{said}, the result was withheld; {advice}", *lines)))


def _publish(partial: Path, target: Path | None) -> None:
    if target is not None:
        publish(partial, target)
        return
    if partial.is_dir():
        raise SettingError("a folder cannot be written to a pipe; name a target folder")
    try:
        with partial.open("rb") as result:
            while block := result.read(1 << 20):
                sys.stdout.buffer.write(block)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise TargetError(f"the pipe was closed before the result was written ({type(error).__name__})") from None


# --- looking it up ----------------------------------------------------------------------------------------------


def lookup(
    wanted: str, value: str, rules: Path | None = None, key_file: Path | None = None, source: str | Path | None = None
) -> str:
    """The pseudonym that `value` has under a key: "where is this customer in my copy?"

    `wanted` is a category or a domain, or TABLE.COLUMN when a source is given. With the source, its schema and its
    collisions count as they did in the run; without, what the rule file says of the domain. Nothing is logged here.
    Raises SettingError without a stored key, and where more than value and key decide.
    """
    secret, status = _secret(key_file)
    if status == FRESH:
        raise SettingError(f"a lookup needs the key of the copy; name it with --key-file or in {KEY_VARIABLE}")
    written = rulefile.read_rules(rules) if rules else RuleFile("(no rule file)", {})
    if written.irreversible:
        raise SettingError(f"{rules} asks for irreversible pseudonyms: no key was kept, and nothing can be looked up")
    keys = KeyRing(secret, written.scope, written.version)
    if source is None:
        return planning.pseudonym(planning.plan_of_one(written, wanted), wanted, value, keys)
    with _opened(source) as (opened, _, _):
        made = _plan(opened, rules, assume_masked=False)
        made, moves = planning.forecast(opened, made, keys, planning.bind(made, keys))
        return planning.pseudonym(made, wanted, value, keys, moves)


# --- looking at it ----------------------------------------------------------------------------------------------


def preview(
    source: str | Path, rules: Path | None = None, key_file: Path | None = None, rows: int = 5
) -> Mapping[TableName, pa.RecordBatch]:
    """A few rows of each touched table as they will look: the replaced columns only, so nothing real is shown."""
    with _opened(source) as (opened, _, _):
        made = _plan(opened, rules, assume_masked=False)
        kernels = planning.bind(made, KeyRing(_secret(key_file)[0], made.scope, made.version))
        shown: dict[TableName, pa.RecordBatch] = {}
        for part in opened.sample(rows):
            if part.table in shown or part.table not in kernels or made.tables[part.table].rows == "none":
                continue
            few = part.batch.slice(0, rows)
            columns = {
                name: kernel(few, name) if isinstance(kernel, ByRow) else kernel(few.column(name))
                for name, kernel in kernels[part.table].items()
            }
            shown[part.table] = pa.RecordBatch.from_pydict(columns)
        return shown


def verify(
    source: str | Path, target: str | Path, rules: Path | None = None, assume_masked: bool = False
) -> tuple[CheckResult, ...]:
    """The independent verifier alone: proves a result that was written earlier under the same rules."""
    with _opened(source) as (opened, store, workspace):
        made = _plan(opened, rules, assume_masked)
        try:
            written = open_input(str(target), workspace)
            other = stores.recognise(written).NAME
        except SourceError as error:
            raise TargetError(str(error)) from None
        if other != store.NAME:
            raise SettingError(
                f"{target} is a {other} and {source} a {store.NAME}; a result has the kind of its source"
            )
        return proof.verify(made, opened.input, written, store.NAME, workspace.path)
