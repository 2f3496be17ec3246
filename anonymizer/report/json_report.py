"""The whole result as JSON (RFC 8259), for programs; the same facts as the other reports."""

from __future__ import annotations

import json

from anonymizer.model.result import RunResult
from anonymizer.report._facts import facts

SUFFIX = ".json"


def render(result: RunResult) -> str:
    """One JSON object; keys in a fixed order."""
    return json.dumps(facts(result), indent=2, ensure_ascii=False) + "\n"
