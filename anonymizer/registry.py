"""Plug-ins are found by folder: every module of a family's package whose name fits is one, in alphabetical order.

Any failure to load stops the program: a detector, check or identifier that is silently missing is a leak.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from anonymizer.errors import InternalError

FAMILIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "stores": ("", ("NAME", "recognises", "open_source", "open_sink")),
    "servers": ("", ("NAME", "SCHEMES", "KINDS", "open_source", "open_target")),
    "conversions": ("", ("NAME", "SUFFIXES", "DIALECT", "DIGITS", "names", "Writer")),
    "identifiers": ("", ("NAME", "CATEGORY", "CAPACITY", "REACHABLE", "is_valid", "from_index")),
    "transforms": ("", ("NAME", "CATEGORIES", "TECHNIQUE", "PARAMETERS", "kernel", "capacity")),
    "detect": ("by_", ("examine",)),
    "verify": ("check_", ("PROMISE", "check")),
    "report": ("", ("SUFFIX", "render")),
}
"""Family -> prefix of its plug-ins' module names, and the names that each must define."""


@cache
def load(family: str) -> dict[str, ModuleType]:
    """Name -> module, sorted by name. Modules whose names start with an underscore are shared helpers.

    Raises InternalError when a plug-in cannot be imported or lacks a promised name.
    """
    prefix, promised = FAMILIES[family]
    package = importlib.import_module(f"anonymizer.{family}")
    plugins: dict[str, ModuleType] = {}
    for name in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        if name.startswith("_") or not name.startswith(prefix):
            continue
        try:
            module = importlib.import_module(f"anonymizer.{family}.{name}")
        except Exception as error:
            raise InternalError(
                f"anonymizer/{family}/{name}.py does not load ({type(error).__name__}); mend or remove it"
            ) from error
        missing = [wanted for wanted in promised if not hasattr(module, wanted)]
        if missing:
            raise InternalError(f"anonymizer/{family}/{name}.py does not define {', '.join(missing)}")
        plugins[name] = module
    return plugins
