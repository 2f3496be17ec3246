"""`anonymizer detect`: what is personal here?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anonymizer.cli._group import EXIT_CODES, LOG, QUIET, commands
from anonymizer.cli.progress import progress
from anonymizer.errors import SettingError

if TYPE_CHECKING:
    from anonymizer.api import Detection


@commands.command(epilog=EXIT_CODES)
@click.argument("source")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write a rule file for people to review.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@click.option("--assume", type=click.Choice(["masked"]), help="What to propose for columns that need a review.")
@QUIET
@LOG
def detect(source: str, output: Path | None, form: str, assume: str | None, quiet: bool, log_format: str) -> None:
    """Find the columns of SOURCE that hold personal data."""
    from anonymizer import api

    if output is not None and output.exists():
        raise SettingError(f"{output} exists; people may have edited it: remove it or name another file")
    with progress(quiet, log_format) as report:
        found = api.detect(source, progress=report)
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
        output.write_text(rulefile.write_rules(found.rules(masked), comments, found.proposed), encoding="utf-8")
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
    """Personal columns, most certain first; those to review; one line for the rest; relations to confirm."""
    from anonymizer.rulefile import write_relation

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
    lines.append(f"{len(shown)} columns shown; {rest} columns are not personal")
    if found.proposed:
        lines.append(f"\n{len(found.proposed)} relations that nobody declared; confirm them in the rule file")
        lines += [f"{write_relation(one.relation):70}  {one.words}" for one in found.proposed]
    return "\n".join(lines)
