"""What a run did and what was checked; counts and names only, never a data value."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from anonymizer.model.plan import Plan
from anonymizer.model.schema import TableName


class Outcome(enum.StrEnum):
    """The state of a check. A check that did not look at everything is NOT_VERIFIED, never PASSED."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_VERIFIED = "not verified"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check of the written result. `detail` names tables, columns and counts."""

    check: str
    promise: str
    """What the check proves, in one sentence for people."""
    outcome: Outcome
    detail: tuple[str, ...] = ()
    examined: int = 0
    """How many rows or values were looked at."""


@dataclass(frozen=True, slots=True)
class TableCount:
    """Rows written and, per replaced column, how many values were replaced."""

    rows: int = 0
    replaced: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunResult:
    """Everything a report tells."""

    source: str
    target: str
    kind: str
    plan: Plan
    counts: Mapping[TableName, TableCount]
    checks: tuple[CheckResult, ...]
    key: str
    """How the key was had: "file", "environment" or "fresh, unstored"; never the key."""
    version: str
    """Version of the program."""
    started: str
    """ISO 8601, UTC."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall seconds per stage: detect, replace, verify."""
    warnings: tuple[str, ...] = ()
    published: bool = False
    """Whether the checks let the result be published."""

    @property
    def passed(self) -> bool:
        """No check failed."""
        return all(check.outcome is not Outcome.FAILED for check in self.checks)
