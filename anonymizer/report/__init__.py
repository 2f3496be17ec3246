"""Reports: one file per output document, from one result. Names, decisions and counts; never a data value."""

from __future__ import annotations

import os
from pathlib import Path

from anonymizer import registry
from anonymizer.errors import TargetError
from anonymizer.model.result import RunResult

__all__ = ["refuse_unwritable", "write_all"]


def write_all(result: RunResult, folder: Path) -> tuple[Path, ...]:
    """Every document into `folder`, as `report` with its suffix, readable by its owner alone; raises TargetError."""
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for module in registry.load("report").values():
            path = folder / f"report{module.SUFFIX}"
            path.unlink(missing_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                file.write(module.render(result))
            written.append(path)
    except OSError as error:
        raise TargetError(f"the report cannot be written to {folder} ({error.strerror}); name another folder") from None
    return tuple(written)


def refuse_unwritable(folder: Path) -> None:
    """Raise TargetError, before any work is done, for a folder that `write_all` could not write to; makes nothing."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise TargetError(f"the report cannot be written to {folder}; name a folder that you can write to")
