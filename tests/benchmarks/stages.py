"""One run of the main job that writes the CPU seconds of each stage to stages.txt: source, target, rules."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from anonymizer import api


def main(source: str, target: str, rules: str) -> None:
    """Run, timing the stages by process time."""
    marks = {"detect": time.process_time()}
    started = time.process_time()

    def mark(tick: api.Tick) -> None:
        marks.setdefault(tick.stage, time.process_time())

    api.run(source, target, Path(rules), progress=mark)
    ended = time.process_time()
    stages = {
        "detect": marks["replace"] - started,
        "replace": marks["verify"] - marks["replace"],
        "verify": ended - marks["verify"],
    }
    Path("stages.txt").write_text("".join(f"{k} {max(v, 0.001):.3f}\n" for k, v in stages.items()))


if __name__ == "__main__":
    main(*sys.argv[1:])
