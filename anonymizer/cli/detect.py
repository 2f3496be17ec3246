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
    from collections.abc import Mapping

    from anonymizer.api import Detection
    from anonymizer.model.finding import Finding
    from anonymizer.model.schema import ColumnName

STDOUT = Path("-")
_ORDER = {"personal": 0, "review": 1}


@commands.command(epilog=EXIT_CODES)
@click.argument("source")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write a rule file for people to review; - is stdout."
)
@click.option(
    "--update",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Add what is new to this rule file; its decisions, comments and order stay.",
)
@click.option("--format", "form", type=click.Choice(["table", "json", "sarif"]), default="table")
@click.option("--assume", type=click.Choice(["masked"]), help="What to propose for columns that need a review.")
@QUIET
@LOG
def detect(
    source: str, output: Path | None, update: Path | None, form: str, assume: str | None, quiet: bool, log_format: str
) -> None:
    """Find the columns of SOURCE that hold personal data."""
    from anonymizer import api

    if output is not None and update is not None:
        raise SettingError("--output writes a new rule file and --update adds to one; give one of them")
    if output is not None and output != STDOUT and output.exists():
        raise SettingError(f"{output} exists; people may have edited it: use --update {output}, or name another file")
    with progress(quiet, log_format) as report:
        found = api.detect(source, progress=report)
    text, added = _rules(found, update, assume == "masked") if output or update else ("", ())
    if output == STDOUT:
        click.echo(text, nl=False)
    else:
        if target := output or update:
            _write(target, text)
        click.echo(_shown(found, form, output or update))
    if update is not None:
        click.echo(f"{update}: {len(added)} columns added{''.join(f', {name}' for name in added[:20])}", err=True)
    elif output is not None:
        review = sum(finding.verdict == "review" for finding in found.findings)
        next_step = f"decide its {review} undecided columns" if review and not assume else "review it"
        click.echo(f"wrote {output}; {next_step}, then: anonymizer run {source} TARGET -r {output}", err=True)


def _rules(found: Detection, update: Path | None, masked: bool) -> tuple[str, tuple[ColumnName, ...]]:
    """The text of a new rule file, or of `update` with what is new; and the columns that were added to it."""
    from anonymizer import rulefile

    comments = {
        finding.column: f"{finding.confidence:.2f} {finding.category}: {'; '.join(finding.evidence)}"
        for finding in found.findings
        if finding.verdict in _ORDER
    }
    if update is None:
        return rulefile.write_rules(found.rules(masked), comments, found.proposed), ()
    return rulefile.update_rules(update, found.rules(masked), comments)


def _write(target: Path, text: str) -> None:
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingError(f"{target} cannot be written ({error.strerror}); name another file") from None


def _shown(found: Detection, form: str, rules: Path | None) -> str:
    if form == "json":
        return _as_json(found)
    return _as_sarif(found, rules) if form == "sarif" else _as_table(found)


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


def _certain_first(found: Detection) -> list[Finding]:
    """Personal columns, most certain first; then those to review, the likeliest first."""
    shown = [finding for finding in found.findings if finding.verdict in _ORDER]
    return sorted(shown, key=lambda f: (_ORDER[f.verdict], -f.confidence, f.column))


def _as_table(found: Detection) -> str:
    """Grouped by verdict, most certain first, review last; then the rest in one line, and relations to confirm."""
    from anonymizer.rulefile import write_relation

    lines, shown = [], _certain_first(found)
    for verdict, title in (("personal", "personal"), ("review", "a person has to decide")):
        group = [finding for finding in shown if finding.verdict == verdict]
        if group:
            lines.append(f"{title} ({len(group)})")
            lines += [f"  {_line(finding)}" for finding in group]
    rest = len(found.findings) - len(shown)
    lines.append(f"{len(shown)} columns shown; {rest} columns are not personal")
    if found.proposed:
        lines.append(f"\n{len(found.proposed)} relations that nobody declared; confirm them in the rule file")
        lines += [f"{write_relation(one.relation):70}  {one.words}" for one in found.proposed]
    return "\n".join(lines)


def _line(finding: Finding) -> str:
    told = f"{finding.verdict.value:9} {finding.confidence:4.2f}  {finding.category:20} {finding.column!s:44} "
    return (told + "; ".join(finding.evidence)).rstrip()


def _as_sarif(found: Detection, rules: Path | None) -> str:
    """SARIF 2.1.0: one result per personal or doubtful column, at its line of the rule file where there is one."""
    from importlib.metadata import version

    places = _lines(rules)
    shown = _certain_first(found)
    results = [
        {
            "ruleId": finding.category,
            "level": "warning" if finding.verdict == "personal" else "note",
            "message": {"text": f"{finding.column} is {_said(finding)}: {'; '.join(finding.evidence)}"},
            "rank": round(100 * finding.confidence, 1),
            "locations": [_location(finding, rules, places)],
        }
        for finding in shown
    ]
    tool = {
        "name": "anonymizer",
        "version": version("anonymizer"),
        "rules": [{"id": category} for category in sorted({finding.category for finding in shown})],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": tool}, "results": results}],
    }
    return json.dumps(log, indent=2, ensure_ascii=False)


def _said(finding: Finding) -> str:
    return finding.category if finding.verdict == "personal" else f"to be decided by a person, maybe {finding.category}"


def _lines(rules: Path | None) -> Mapping[ColumnName, int]:
    """Column -> its line in the rule file."""
    if rules is None or rules == STDOUT:
        return {}
    from anonymizer import rulefile
    from anonymizer.model.schema import ColumnName

    return {
        ColumnName(name, column): decision.place.line
        for name, table in rulefile.read_rules(rules).tables.items()
        for column, decision in table.columns.items()
        if decision.place is not None and decision.place.line is not None
    }


def _location(finding: Finding, rules: Path | None, places: Mapping[ColumnName, int]) -> dict[str, object]:
    location: dict[str, object] = {
        "logicalLocations": [{"fullyQualifiedName": str(finding.column), "kind": "member"}]
    }  # fmt: skip
    line = places.get(finding.column)
    if rules is not None and line is not None:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": rules.as_posix()},
            "region": {"startLine": line},
        }
    return location
