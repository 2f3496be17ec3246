"""One self-contained page for an auditor: verdict, checks, and every column's decision with who took it and why.

Nothing is loaded from anywhere: the content security policy allows the page's own style and its one small script, by
their hashes. Every text is escaped by the template.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from anonymizer.model.result import RunResult
from anonymizer.report._facts import facts

SUFFIX = ".html"

_HERE = Path(__file__).parent


def render(result: RunResult) -> str:
    """The whole page."""
    style = (_HERE / "_page.css").read_text(encoding="utf-8")
    script = (_HERE / "_page.js").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = _number
    template = environment.from_string((_HERE / "_page.html.j2").read_text(encoding="utf-8"))
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return template.render(**facts(result), style=style, script=script, policy=policy)


def _digest(text: str) -> str:
    """How a policy names an inline text: its SHA-256 in Base64 (W3C Content Security Policy Level 3, 2.3.1)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _number(value: int) -> str:
    """Digits in groups of three, with a space as ISO 80000-1 asks; what is beyond counting as a power of ten."""
    if value >= 10**12:
        return f"10^{len(str(value)) - 1}"
    return f"{value:,}".replace(",", "\u202f")
