"""One self-contained page for an auditor: verdict, checks, and every column's decision with who took it and why.

Nothing is loaded from anywhere: the content security policy allows the page's own style and its one small script, by
their hashes. Every text is escaped by the template.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from anonymizer.model.result import RunResult
from anonymizer.report._facts import facts, not_verified

SUFFIX = ".html"

_HERE = Path(__file__).parent


def render(result: RunResult) -> str:
    """The whole page."""
    style = (_HERE / "_page.css").read_text(encoding="utf-8")
    script = (_HERE / "_page.js").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((_HERE / "_page.html.j2").read_text(encoding="utf-8"))
    told: dict[str, Any] = facts(result)
    return template.render(
        **told,
        not_verified=not_verified(result),
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'",
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
