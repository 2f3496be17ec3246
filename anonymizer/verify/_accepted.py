"""Findings that people looked at and let pass, named in the rule file so that the next run does not stop at them.

A finding is known values of one column of the source that stand in one place of the result. Its name is made of the
names of both, of the check and of how many values there are, rounded up to a power of ten, never of the values: what
grows beyond that has another name, and stops a run again. Lines do not count, since another key's result has others.
"""

from __future__ import annotations

import hashlib
import re

from anonymizer.model.plan import Plan
from anonymizer.model.result import Outcome

_DIGITS = 8
_LINE = re.compile(r"^line [0-9]+ ")


def judged(plan: Plan, found: Outcome, check: str, place: str, of: str, words: str, count: int) -> tuple[Outcome, str]:
    """The outcome of a finding that stands against a result, and its words with its name; PASSED if it is accepted."""
    at_most = 10 ** len(str(count - 1)) if count > 1 else 1
    name = hashlib.sha256("\0".join((check, _LINE.sub("", place), of, str(at_most))).encode()).hexdigest()[:_DIGITS]
    if (accepted := plan.accepted.get(name)) is None:
        return found, f"{words} [finding {name}]"
    return Outcome.PASSED, f"{words} [{name}, accepted at {accepted.place} until {accepted.until}: {accepted.why}]"
