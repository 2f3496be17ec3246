"""`make bench`: every benchmark in turn; each prints ratios measured in one run on this machine."""

from __future__ import annotations

import importlib
import pkgutil

from tests import benchmarks

for name in sorted(info.name for info in pkgutil.iter_modules(benchmarks.__path__) if info.name.startswith("bench_")):
    importlib.import_module(f"tests.benchmarks.{name}").main()
