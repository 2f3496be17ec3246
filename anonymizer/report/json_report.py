"""The whole result as JSON (RFC 8259), for programs; the same facts as the other reports.

`format` is the version of the structure: keys may be added under one version, never renamed or removed.
"""

from __future__ import annotations

import json

from anonymizer.model.result import RunResult
from anonymizer.report._facts import facts

SUFFIX = ".json"


def render(result: RunResult) -> str:
    """One JSON object; keys in a fixed order, numbers finite."""
    return json.dumps(facts(result), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
