"""The clients of MySQL and MariaDB: finding them, how they connect, a session that stays open, and their errors.

A password reaches the tools by MYSQL_PWD, by an option file, or from a prompt and then by the tools' environment:
never by their arguments. Of what they say on standard error nothing but numbers is ever used, since messages quote
data. Sources: MySQL manual, "mysql Client Options", "Using Option Files", "Server Error Message Reference".
"""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from anonymizer.errors import AnonymizerError, SettingError
from anonymizer.model.address import Address

_CLIENTS = ("mariadb", "mysql")
_DUMPERS = ("mariadb-dump", "mysqldump")
_PLACES = (
    "/usr/bin /usr/local/bin /usr/local/mysql/bin /opt/homebrew/bin /opt/homebrew/opt/mysql-client/bin"
    " /opt/homebrew/opt/mariadb/bin"
).split()
_PROGRAMS = ("MariaDB *", "MySQL/MySQL Server *")
"""Folders of Windows' installers below its folder of programs."""
_FILES = ("defaults-file", "defaults-extra-file", "defaults-group-suffix", "login-path")
"""Options that come before all others."""
_OPTIONS = (
    *_FILES,
    *"socket protocol ssl ssl-mode ssl-ca ssl-capath ssl-cert ssl-key ssl-cipher ssl-crl tls-version".split(),
    "ssl-verify-server-cert",
)
_QUIETLY = (
    "--batch --skip-column-names --comments --binary-mode --skip-reconnect --local-infile=0 --max-allowed-packet=1G"
).split()
_DENIED = (1045, 1698)
_ERROR = re.compile(rb"\bERROR (\d{4,5}) \(|\berror: (\d{4,5}):|\bError (\d{4,5}):|\((\d{4,5})\)\s*\Z", re.IGNORECASE)
_AT_LINE = re.compile(rb"ERROR \d+ \(\w+\) at line (\d+):")
_UNKNOWN = re.compile(rb"unknown (?:variable|option)", re.IGNORECASE)
_WARNING = re.compile(rb"(?:Warning|Error) \(Code (\d+)\)")
_ADVICE = {
    **dict.fromkeys(_DENIED, "check the user, and give the password by MYSQL_PWD or an option file (my.cnf)"),
    1049: "check the name of the database",
    1142: "let the user have SELECT, SHOW VIEW, TRIGGER, EVENT and LOCK TABLES on it, or CREATE and DROP to write",
    1227: "let the user have the privilege that this needs, such as SET USER for definers",
    1370: "let the user see its routines",
    1412: "a table was altered meanwhile; run again",
    1153: "raise max_allowed_packet on the server",
    1044: "the user has no rights on that database; ask for some, or name another user",
    2026: "check the options of TLS",
    **dict.fromkeys((2002, 2003, 2005), "check host, port and socket, and that the server runs"),
    **dict.fromkeys((2006, 2013), "the connection was lost; run again"),
}
_LINE_BYTES = 1 << 16


class Refusal(Exception):
    """A tool failed: the error number of server or client and the line of the script, each 0 if it gave none."""

    def __init__(self, number: int, line: int = 0, unknown_option: bool = False) -> None:
        super().__init__(str(number))
        self.number = number
        self.line = line
        self.unknown_option = unknown_option


@dataclass(slots=True)
class Access:
    """How the tools reach one server."""

    address: Address
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    def __post_init__(self) -> None:
        unknown = [key for key in self.address.options if key not in (*_OPTIONS, "snapshot")]
        if unknown:
            raise SettingError(
                f"the {self.address.scheme}:// address has an option that is not known; known are"
                f" {', '.join(_OPTIONS)} and snapshot; all others belong into an option file (my.cnf)"
            )
        if not self.address.database:
            raise SettingError(f"{self.address} names no database; write {self.address.scheme}://user@host/database")

    def arguments(self) -> list[str]:
        """What every tool is told about the connection."""
        said, options = self.address, self.address.options
        found = [_option(key, options[key]) for key in _FILES if key in options]
        if said.host:
            found.append(f"--host={said.host}")
        if said.port:
            found.append(f"--port={said.port}")
            if "protocol" not in options:
                found.append("--protocol=TCP")  # or "localhost" would be a socket, whatever the port
        if said.user:
            found.append(f"--user={said.user}")
        return found + [_option(key, options[key]) for key in _OPTIONS if key in options and key not in _FILES]

    def client(self, *more: str) -> list[str]:
        """The command line of a client that reads statements from its standard input and asks nothing."""
        return [_tool(_CLIENTS), *self.arguments(), *_QUIETLY, *more]

    def dumper(self, mariadb: bool, *more: str) -> list[str]:
        """The command line of the dump tool, that of the server's own maker if both are there."""
        return [_tool(_DUMPERS if mariadb else _DUMPERS[::-1]), *self.arguments(), *more]

    def start(self, command: list[str], stdin: int, stderr: int) -> subprocess.Popen[bytes]:
        """Run a tool in a session of its own, so that Ctrl-C does not reach it before us."""
        return subprocess.Popen(
            command, env=self.environment, start_new_session=True, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr
        )

    def fault(self, error: type[AnonymizerError], refusal: Refusal, doing: str) -> AnonymizerError:
        """The sentence about a refusal; `doing` says what failed."""
        if refusal.unknown_option:
            why, advice = "", "the installed client does not know an option of the address or of its option files"
        else:
            line = f" at line {refusal.line}" if refusal.line else ""
            why = f" (error {refusal.number}{line})" if refusal.number else ""
            advice = _ADVICE.get(refusal.number, "look the number up in the server's manual")
        return error(f"{self.address}: {doing} failed{why}; {advice}")


class Session:
    """One connection that stays open until `close`; every statement is answered before the next is sent."""

    def __init__(self, access: Access, settings: str) -> None:
        self._count = 0
        try:
            self._connect(access, settings)
        except Refusal as refusal:
            if refusal.number not in _DENIED or "MYSQL_PWD" in access.environment or not sys.stdin.isatty():
                raise
            access.environment["MYSQL_PWD"] = getpass.getpass(f"Password for {access.address}: ")
            self._connect(access, settings)

    def _connect(self, access: Access, settings: str) -> None:
        command = access.client("--force", "--unbuffered", "--default-character-set=utf8mb4")
        self._process = access.start(command, stdin=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            self.ask(settings)
        except BaseException:
            self.close()
            raise

    def ask(self, *statements: str) -> list[list[str]]:
        """The rows of the statements, all of whose cells have to be HEX(…). Raises Refusal for the first error."""
        self._count += 1
        said, heard = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        end = f"anonymizer {self._count}"
        try:
            said.write("".join(f"{each};\n" for each in (*statements, f"SELECT '{end}'")).encode())
            said.flush()
        except OSError:
            pass  # it ended: it has said why
        rows, refused = [], None
        while (line := heard.readline()).rstrip(b"\r\n") != end.encode():
            if found := refusal_of(line):
                refused = refused or Refusal(found.number, unknown_option=found.unknown_option)
            elif not line:
                raise refused or Refusal(0)
            elif not refused:
                rows.append(line.decode("ascii", "replace").split())
        if refused:
            raise refused
        return [["" if cell == "NULL" else bytes.fromhex(cell).decode() for cell in row] for row in rows]

    def close(self) -> None:
        """End the connection, and with it all of its locks."""
        stop(self._process)


def refusal_of(line: bytes) -> Refusal | None:
    """What a line on standard error says by number; None for one that tells of no error."""
    if found := _ERROR.search(line):
        place = _AT_LINE.match(line)
        return Refusal(int(next(group for group in found.groups() if group)), int(place[1]) if place else 0)
    return Refusal(0, unknown_option=True) if _UNKNOWN.search(line) else None


def listen(stream: IO[bytes], refusals: list[Refusal], warnings: set[int]) -> None:
    """Read all that a tool says, keeping numbers only."""
    while line := stream.readline(_LINE_BYTES):
        if found := _WARNING.match(line):
            warnings.add(int(found[1]))
        elif refusal := refusal_of(line):
            refusals.append(refusal)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a tool: by the end of its input, or by force."""
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def quoted(name: str) -> str:
    """A name as statements hold it.

    >>> quoted("odd`name")
    '`odd``name`'
    """
    return "`" + name.replace("`", "``") + "`"


def _option(key: str, value: str) -> str:
    return f"--{key}={value}" if value else f"--{key}"


def _tool(names: Iterable[str]) -> str:
    """Where the first of these programs is that can be found; on PATH before anywhere else."""
    windows = [Path(os.environ.get("PROGRAMFILES", "C:/Program Files")).glob(f"{each}/bin") for each in _PROGRAMS]
    places = [*_PLACES, *(str(place) for found in windows for place in sorted(found, reverse=True))]
    for path in (None, os.pathsep.join(places)):
        for name in names:
            if found := shutil.which(name, path=path):
                return found
    raise SettingError(
        f"the program {' or '.join(names)} is not on PATH; install the clients of MariaDB (package mariadb-client) or"
        " of MySQL"
    )
