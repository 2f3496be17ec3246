"""A few lines for the end of a run: what was replaced, what was proved, what was not looked at."""

from __future__ import annotations

from typing import Any

from anonymizer.model.result import Outcome, RunResult
from anonymizer.report._facts import facts

SUFFIX = ".txt"


def render(result: RunResult) -> str:
    """Plain text, some ten lines."""
    told = facts(result)
    totals = told["totals"]
    lines = [
        f"{told['kind']} {told['source']}",
        f"{totals['columns']} columns in {totals['tables']} tables: {totals['replaced']} replaced, "
        f"{totals['kept']} kept; {totals['values_replaced']:,} values replaced",
        f"key: {told['key']}; pseudonyms version {told['algorithm']}, scope {told['scope']}",
    ]
    lines += [f"purpose: {told['purpose']}"] if told["purpose"] else []
    lines += [_kept_apart(domain) for domain in told["domains"] if domain["forecast"]]
    lines += [
        f"may be somebody's: {row['values']:,} values of {row['column']}, accepted at {row['place']}: {row['why']}"
        for row in told["issued"]
    ]
    lines += [f"warning: {warning}" for warning in result.warnings]
    if result.checks:
        passed = sum(check.outcome is Outcome.PASSED for check in result.checks)
        lines.append(f"{passed} of {len(result.checks)} checks passed; {told['verdict']}")
    lines += [f"failed: {check.check}: {check.promise}" for check in result.checks if check.outcome is Outcome.FAILED]
    lines += [f"not verified: {name}" for name in told["not_verified"]]
    if result.seconds:
        lines.append("; ".join(f"{stage} {seconds:.1f} s" for stage, seconds in result.seconds.items()))
    return "\n".join(lines) + "\n"


def _kept_apart(domain: dict[str, Any]) -> str:
    forecast = domain["forecast"]
    words = f"kept unique: {', '.join(forecast['columns'])}: {forecast['values']:,} values, "
    words += f"{domain['capacity']:,} pseudonyms" + (f" of {domain['width']} characters" if domain["width"] else "")
    if forecast["moved"]:
        words += f"; {forecast['moved']:,} would have shared one and were given others"
    return words
