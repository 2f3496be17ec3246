"""The command line: options in, sentences out, exit codes as documented in `anonymizer.errors`.

The only file that prints. Everything heavy is imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anonymizer.errors import AnonymizerError, FindingsError, SettingError

if TYPE_CHECKING:
    from anonymizer.api import Detection, Tick
    from anonymizer.model.result import RunResult

EXIT_CODES = """
\b
Exit codes: 0 done, 1 findings (undecided columns), 2 usage or settings, 3 rules invalid,
4 source or target cannot be read or written, 5 verification failed and the result was withheld, 6 internal error.
"""

_RULES = click.option(
    "-r", "--rules", type=click.Path(path_type=Path), help="Rule file; without it, detection decides."
)
_KEY = click.option("--key-file", type=click.Path(path_type=Path), help="Key file, readable by you alone; see key new.")
_QUIET = click.option("--quiet", is_flag=True, help="No progress.")
_LOG = click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="Form of the progress.")


def main() -> None:
    """Run the command line; every end is an exit code and, when it is not 0, one clear sentence."""
    from anonymizer.workspace import Interrupted, signals_as_exceptions

    try:
        with signals_as_exceptions():
            code = commands.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except AnonymizerError as error:
        click.echo(f"anonymizer: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("anonymizer: interrupted; nothing was published", err=True)
        sys.exit(130)
    except Interrupted as stop:
        click.echo("anonymizer: interrupted; nothing was published", err=True)
        sys.exit(stop.exit_code)
    except BrokenPipeError:
        sys.exit(4)
    except Exception as error:  # noqa: BLE001 - its message or traceback could quote a value
        click.echo(f"anonymizer: internal error, {_where(error)}; nothing was published", err=True)
        sys.exit(6)


def _where(error: BaseException) -> str:
    """Kind and place of a defect, without its message."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if "anonymizer" in file.parts:
            place = f" at {file.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return type(error).__name__ + place


@click.group(epilog=EXIT_CODES)
@click.version_option(package_name="anonymizer")
def commands() -> None:
    """Turn a customer's database into a safe one: find the personal data, replace it, prove that it is gone."""


# --- detect -----------------------------------------------------------------------------------------------------


@commands.command(epilog=EXIT_CODES)
@click.argument("source")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write a rule file for people to review.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@click.option("--assume", type=click.Choice(["masked"]), help="What to propose for columns that need a review.")
@_QUIET
@_LOG
def detect(source: str, output: Path | None, form: str, assume: str | None, quiet: bool, log_format: str) -> None:
    """Find the columns of SOURCE that hold personal data."""
    from anonymizer import api

    if output is not None and output.exists():
        raise SettingError(f"{output} exists; people may have edited it: remove it or name another file")
    with _progress(quiet, log_format) as progress:
        found = api.detect(source, progress=progress)
    if output is not None:
        _write_rules(found, output, assume == "masked")
    click.echo(_as_json(found) if form == "json" else _as_table(found))
    if output is not None:
        review = sum(finding.verdict == "review" for finding in found.findings)
        next_step = f"decide its {review} undecided columns" if review and not assume else "review it"
        click.echo(f"wrote {output}; {next_step}, then: anonymizer run {source} TARGET -r {output}", err=True)


def _write_rules(found: Detection, output: Path, masked: bool) -> None:
    from anonymizer import rulefile
    from anonymizer.model.finding import Verdict

    comments = {
        finding.column: f"{finding.confidence:.2f} {finding.category}: {'; '.join(finding.evidence)}"
        for finding in found.findings
        if finding.verdict is not Verdict.NOT_PERSONAL
    }
    try:
        output.write_text(rulefile.write_rules(found.rules(masked), comments), encoding="utf-8")
    except OSError as error:
        raise SettingError(f"{output} cannot be written ({error.strerror}); name another file") from None


def _as_json(found: Detection) -> str:
    return json.dumps(
        [
            {
                "table": str(finding.column.table),
                "column": finding.column.column,
                "category": finding.category,
                "verdict": finding.verdict.value,
                "confidence": round(finding.confidence, 3),
                "evidence": list(finding.evidence),
                "rule": finding.rule,
            }
            for finding in found.findings
        ],
        indent=2,
        ensure_ascii=False,
    )


def _as_table(found: Detection) -> str:
    """Personal columns, most certain first; then those to review; then one line for the rest."""
    order = {"personal": 0, "review": 1}
    shown = sorted(
        (f for f in found.findings if f.verdict in order),
        key=lambda f: (order[f.verdict], -f.confidence, f.column),
    )
    lines = [
        f"{f.verdict.value:9} {f.confidence:4.2f}  {f.category:20} {f.column!s:44} {'; '.join(f.evidence)}".rstrip()
        for f in shown
    ]
    rest = len(found.findings) - len(shown)
    return "\n".join([*lines, f"{len(shown)} columns shown; {rest} columns are not personal"])


# --- run, preview, verify, explain --------------------------------------------------------------------------------


@commands.command(epilog=EXIT_CODES)
@click.argument("source")
@click.argument("target")
@_RULES
@_KEY
@click.option("--report", "folder", type=click.Path(path_type=Path), help="Folder for the report (HTML, JSON, text).")
@click.option("--assume", type=click.Choice(["masked"]), help="Mask the columns that nobody decided on.")
@click.option("--dry-run", is_flag=True, help="Decide and check everything, read and write no row.")
@_QUIET
@_LOG
def run(
    source: str,
    target: str,
    rules: Path | None,
    key_file: Path | None,
    folder: Path | None,
    assume: str | None,
    dry_run: bool,
    quiet: bool,
    log_format: str,
) -> None:
    """Write to TARGET a safe copy of SOURCE: replace, write, verify, publish. `-` is a pipe.

    The key comes from --key-file or from the variable ANONYMIZER_KEY; without one, a fresh key is made, used and
    forgotten, and no later run can repeat the pseudonyms.
    """
    from anonymizer import api

    with _progress(quiet, log_format) as progress:
        result = api.run(
            source,
            target,
            rules=rules,
            key_file=key_file,
            report_folder=folder,
            assume_masked=assume == "masked",
            dry_run=dry_run,
            progress=progress,
        )
    click.echo(_summary(result, folder, dry_run), err=target == "-")


def _summary(result: RunResult, folder: Path | None, dry_run: bool) -> str:
    from anonymizer.report import text_report

    lines = [text_report.render(result).rstrip()]
    if not dry_run:
        lines.append(f"safe copy: {result.target}")
    if folder is not None and not dry_run:
        lines.append(f"report:    {folder / 'report.html'}")
    return "\n".join(lines)


@commands.command(epilog=EXIT_CODES)
@click.argument("source")
@_RULES
@_KEY
@click.option("--rows", default=5, show_default=True, type=click.IntRange(1, 100))
def preview(source: str, rules: Path | None, key_file: Path | None, rows: int) -> None:
    """Show a few rows of SOURCE as they will look: replaced columns only, pseudonyms only."""
    from anonymizer import api

    for table, batch in api.preview(source, rules, key_file, rows).items():
        click.echo(f"{table}")
        columns = [[name, *("NULL" if v is None else v for v in batch.column(name).to_pylist())]
                   for name in batch.schema.names]  # fmt: skip
        for line in _aligned(columns):
            click.echo("  " + line)


def _aligned(columns: list[list[str]], limit: int = 40) -> Iterator[str]:
    cut = [[cell.replace("\n", " ")[:limit] for cell in column] for column in columns]
    widths = [max(map(len, column)) for column in cut]
    for row in zip(*cut, strict=True):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


@commands.command(epilog=EXIT_CODES)
@click.argument("source")
@click.argument("target")
@_RULES
def verify(source: str, target: str, rules: Path | None) -> None:
    """Prove that TARGET holds nothing of SOURCE's personal data and everything else: the independent verifier."""
    from anonymizer import api
    from anonymizer.errors import VerificationFailed

    checks = api.verify(source, target, rules)
    for check in checks:
        click.echo(f"{check.outcome.value:14} {check.check:16} {check.promise}")
        for line in check.detail:
            click.echo(f"{'':14} {line}")
    failed = sum(check.outcome.value == "failed" for check in checks)
    if failed:
        raise VerificationFailed(f"{failed} of {len(checks)} checks failed; do not use {target}")


@commands.command(epilog=EXIT_CODES)
@click.argument("source")
@click.argument("column", metavar="TABLE.COLUMN")
@_RULES
def explain(source: str, column: str, rules: Path | None) -> None:
    """Say what happens to TABLE.COLUMN of SOURCE, why, who decided and what was overridden."""
    from anonymizer import api
    from anonymizer.model.rules import Action

    plan = api.explain(source, column, rules)
    click.echo(f"{plan.name}: {plan.column.type}")
    if plan.action is Action.KEEP:
        click.echo(f"  kept as it is{f': {plan.why}' if plan.why else ''}")
    else:
        parameters = "".join(f", {key}: {value}" for key, value in plan.parameters.items())
        click.echo(f"  replaced as {plan.transform}{parameters}, in domain {plan.domain}")
        if plan.why:
            click.echo(f"  why: {plan.why}")
    for index, layer in enumerate(plan.layers):
        lead = "decided by" if index == 0 else "heard"
        click.echo(f"  {lead} {layer.name}{f' ({layer.place})' if layer.place else ''}: {layer.says}")


# --- rules, key, list ---------------------------------------------------------------------------------------------


@commands.group()
def rules() -> None:
    """Check and lay out rule files."""


@rules.command(epilog=EXIT_CODES)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def lint(files: tuple[Path, ...]) -> None:
    """Say every mistake of rule files, each with its line; exit 3 when there is one, 1 when columns are undecided."""
    from anonymizer import rulefile
    from anonymizer.errors import RuleError
    from anonymizer.model.rules import Action
    from anonymizer.planning import transforms

    mistakes, undecided = [], 0
    for file in files:
        try:
            read = rulefile.read_rules(file)
            rulefile.find_packs(read.packs, file.parent)
            mistakes += rulefile.lint(read, known_transforms=tuple(transforms()))
        except RuleError as error:
            mistakes.append(str(error))
            continue
        undecided += sum(d.action is Action.UNDECIDED for table in read.tables.values() for d in table.columns.values())
    if mistakes:
        raise RuleError("\n".join(mistakes))
    if undecided:
        raise FindingsError(f"{undecided} columns are undecided; decide them where the file lists them as undecided")
    click.echo(f"{len(files)} rule files are valid")


@rules.command(epilog=EXIT_CODES)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when the file would change.")
def fmt(file: Path, check: bool) -> None:
    """Lay a rule file out in the canonical way, keeping its comments."""
    from anonymizer import rulefile

    try:
        before = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{file} cannot be read ({type(error).__name__})") from None
    after = rulefile.format_rules(before)
    if check and after != before:
        raise FindingsError(f"{file} is not laid out canonically; run: anonymizer rules fmt {file}")
    if after != before:
        file.write_text(after, encoding="utf-8")
        click.echo(f"laid out {file}")


@rules.command()
def schema() -> None:
    """Print the JSON Schema of rule files, for editors."""
    from anonymizer import rulefile

    click.echo(json.dumps(rulefile.json_schema(), indent=2))


@commands.group()
def key() -> None:
    """Make keys."""


@key.command(epilog=EXIT_CODES)
@click.argument("file", type=click.Path(path_type=Path))
def new(file: Path) -> None:
    """Make a new key in FILE, readable by you alone. Whoever has it can find a pseudonym's original: guard it."""
    from anonymizer.pseudonyms.secret import Secret

    Secret.fresh().write(file)
    click.echo(f"wrote a new key to {file}; keep it away from every copy that you make with it")


@commands.command(name="list")
@click.argument("family", required=False)
def list_plugins(family: str | None) -> None:
    """List the plug-ins of every family (or of FAMILY): what each one is, and its file."""
    from anonymizer import registry

    if family is not None and family not in registry.FAMILIES:
        raise SettingError(f"there is no family called {family}; families are {', '.join(registry.FAMILIES)}")
    for name in registry.FAMILIES if family is None else (family,):
        click.echo(name)
        for plugin, module in registry.load(name).items():
            first = (module.__doc__ or "").strip().splitlines()[0]
            click.echo(f"  {plugin:26} {first}  (anonymizer/{name}/{plugin}.py)")


# --- progress -----------------------------------------------------------------------------------------------------


@contextmanager
def _progress(quiet: bool, form: str) -> Iterator[Callable[[Tick], None]]:
    """A bar on a terminal, plain or JSON lines elsewhere, nothing when quiet; always on standard error."""
    if quiet:
        yield lambda tick: None
        return
    meter = _Meter(form, sys.stderr.isatty() and form == "text")
    yield meter
    meter.finish()


class _Meter:
    """Rows, MB/s and time left, told at most ten times a second on a terminal, every five seconds elsewhere."""

    def __init__(self, form: str, terminal: bool) -> None:
        self._form, self._terminal = form, terminal
        self._stage, self._rows, self._started, self._told = "", 0, 0.0, 0.0

    def __call__(self, tick: Tick) -> None:
        now = time.monotonic()
        if tick.stage != self._stage:
            self.finish()
            self._stage, self._rows, self._started, self._told = tick.stage, 0, now, 0.0
        self._rows += tick.rows
        if now - self._told >= (0.1 if self._terminal else 5.0):
            self._told = now
            self._tell(tick, now - self._started)

    def _tell(self, tick: Tick, elapsed: float) -> None:
        facts: dict[str, Any] = {"stage": tick.stage, "rows": self._rows}
        if tick.table is not None:
            facts["table"] = str(tick.table)
        if tick.written and elapsed > 0:
            facts["mb_per_s"] = round(tick.written / elapsed / 1e6, 1)
        if tick.written and tick.expected and tick.written < tick.expected:
            facts["seconds_left"] = round(elapsed * (tick.expected / tick.written - 1))
        if self._form == "json":
            click.echo(json.dumps(facts), err=True)
            return
        words = [facts["stage"], *([f"{self._rows:,} rows"] if self._rows else []), facts.get("table", "")]
        if "mb_per_s" in facts:
            words.append(f"{facts['mb_per_s']} MB/s")
        if "seconds_left" in facts:
            words.append(f"{facts['seconds_left']} s left")
        line = "  ".join(filter(None, words))
        click.echo(f"\r\x1b[K{line}" if self._terminal else line, nl=not self._terminal, err=True)

    def finish(self) -> None:
        """End the line of the stage that is over."""
        if self._stage and self._terminal:
            click.echo("\r\x1b[K", nl=False, err=True)
