"""`anonymizer run`, and looking at it before and after: `preview`, `verify`, `explain`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anonymizer.cli._group import EXIT_CODES, KEY, LOG, QUIET, RULES, commands
from anonymizer.cli.progress import progress

if TYPE_CHECKING:
    from anonymizer.model.result import RunResult


@commands.command(epilog=EXIT_CODES)
@click.argument("source")
@click.argument("target")
@RULES
@KEY
@click.option("--report", "folder", type=click.Path(path_type=Path), help="Folder for the report (HTML, JSON, text).")
@click.option("--assume", type=click.Choice(["masked"]), help="Mask the columns that nobody decided on.")
@click.option("--accept-unverified", is_flag=True, help="Publish although a check could not look at everything.")
@click.option("--dry-run", is_flag=True, help="Decide and check everything, read and write no row.")
@QUIET
@LOG
def run(
    source: str,
    target: str,
    rules: Path | None,
    key_file: Path | None,
    folder: Path | None,
    assume: str | None,
    accept_unverified: bool,
    dry_run: bool,
    quiet: bool,
    log_format: str,
) -> None:
    """Write to TARGET a safe copy of SOURCE: replace, write, verify, publish. `-` is a pipe.

    The key comes from --key-file or from the variable ANONYMIZER_KEY; without one, a fresh key is made, used and
    forgotten, and no later run can repeat the pseudonyms.
    """
    from anonymizer import api

    with progress(quiet, log_format) as report:
        result = api.run(
            source,
            target,
            rules=rules,
            key_file=key_file,
            report_folder=folder,
            assume_masked=assume == "masked",
            accept_unverified=accept_unverified,
            dry_run=dry_run,
            progress=report,
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
@RULES
@KEY
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
@RULES
@click.option("--assume", type=click.Choice(["masked"]), help="As the run that made TARGET had it.")
def verify(source: str, target: str, rules: Path | None, assume: str | None) -> None:
    """Prove that TARGET holds nothing of SOURCE's personal data and everything else: the independent verifier."""
    from anonymizer import api
    from anonymizer.errors import VerificationFailed

    checks = api.verify(source, target, rules, assume == "masked")
    for check in checks:
        click.echo(f"{check.outcome.value:14} {check.check:16} {check.promise}")
        for line in check.detail:
            click.echo(f"{'':14} {line}")
    short = sum(check.outcome.value in ("failed", "not verified") for check in checks)
    if short:
        raise VerificationFailed(
            f"{short} of {len(checks)} checks failed or could not look at everything; do not use {target}"
        )


@commands.command(epilog=EXIT_CODES)
@click.argument("source")
@click.argument("column", metavar="TABLE.COLUMN")
@RULES
def explain(source: str, column: str, rules: Path | None) -> None:
    """Say what happens to TABLE.COLUMN of SOURCE, why, who decided and what was overridden."""
    from anonymizer import api
    from anonymizer.model.rules import Action

    plan = api.explain(source, column, rules)
    click.echo(f"{plan.name}: {plan.column.type}")
    if plan.layers and plan.layers[0].name == "option":
        click.echo("  undecided: a run stops here, or masks it with --assume masked")
    elif plan.action is Action.KEEP:
        click.echo(f"  kept as it is{f': {plan.why}' if plan.why else ''}")
    else:
        parameters = "".join(f", {key}: {value}" for key, value in plan.parameters.items())
        click.echo(f"  replaced as {plan.transform}{parameters}, in domain {plan.domain}")
        if plan.why:
            click.echo(f"  why: {plan.why}")
    for index, layer in enumerate(plan.layers):
        lead = "decided by" if index == 0 else "heard"
        click.echo(f"  {lead} {layer.name}{f' ({layer.place})' if layer.place else ''}: {layer.says}")
