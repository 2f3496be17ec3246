"""Progress of a run, on standard error: a line that is written over on a terminal, plain or JSON lines elsewhere."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from anonymizer.api import Tick


@contextmanager
def progress(quiet: bool, form: str) -> Iterator[Callable[[Tick], None]]:
    """A bar on a terminal, plain or JSON lines elsewhere, nothing when quiet; always on standard error."""
    if quiet:
        yield lambda tick: None
        return
    meter = _Meter(form, sys.stderr.isatty() and form == "text")
    yield meter
    meter.finish()


class _Meter:
    """Rows, MB/s and time left, told at most ten times a second on a terminal, every five seconds elsewhere."""

    def __init__(self, form: str, terminal: bool) -> None:
        self._form, self._terminal = form, terminal
        self._stage, self._rows, self._started, self._told = "", 0, 0.0, 0.0

    def __call__(self, tick: Tick) -> None:
        now = time.monotonic()
        if tick.stage != self._stage:
            self.finish()
            self._stage, self._rows, self._started, self._told = tick.stage, 0, now, 0.0
        self._rows += tick.rows
        if now - self._told >= (0.1 if self._terminal else 5.0):
            self._told = now
            self._tell(tick, now - self._started)

    def _tell(self, tick: Tick, elapsed: float) -> None:
        facts: dict[str, Any] = {"stage": tick.stage, "rows": self._rows}
        if tick.table is not None:
            facts["table"] = str(tick.table)
        if tick.written and elapsed > 0:
            facts["mb_per_s"] = round(tick.written / elapsed / 1e6, 1)
        if tick.written and tick.expected and tick.written < tick.expected:
            facts["seconds_left"] = round(elapsed * (tick.expected / tick.written - 1))
        if self._form == "json":
            click.echo(json.dumps(facts), err=True)
            return
        words = [facts["stage"], *([f"{self._rows:,} rows"] if self._rows else []), facts.get("table", "")]
        if "mb_per_s" in facts:
            words.append(f"{facts['mb_per_s']} MB/s")
        if "seconds_left" in facts:
            words.append(f"{facts['seconds_left']} s left")
        line = "  ".join(filter(None, words))
        click.echo(f"\r\x1b[K{line}" if self._terminal else line, nl=not self._terminal, err=True)

    def finish(self) -> None:
        """End the line of the stage that is over."""
        if self._stage and self._terminal:
            click.echo("\r\x1b[K", nl=False, err=True)
