"""The two tools that move whole databases: the dump tool as a stream, and the client that loads a script."""

from __future__ import annotations

import io
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any, BinaryIO, cast

from anonymizer.errors import AnonymizerError, SourceError, TargetError
from anonymizer.servers._mysql_client import Access, Refusal, listen, stop

_DUMP = (
    "--quick --hex-blob --tz-utc --no-tablespaces --skip-dump-date --default-character-set=utf8mb4"
    " --loose-column-statistics=0 --loose-set-gtid-purged=OFF --max-allowed-packet=1G"
    " --skip-no-data --skip-no-create-info"
).split()
"""`loose`: MySQL's own tool knows them and needs them for servers other than its own; MariaDB's does not.

The last two stand against a section [mysqldump] of an option file that would leave something out.
"""
_BEGINS = "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0, unique_checks = 0"
"""As scripts expect it that say nothing else; a strict mode would refuse zero dates."""
_CHANGED = frozenset((1264, 1265, 1292, 1300, 1366, 1406, 1411, 1048, 1062, 3140, 4025))
"""Warnings that say that a value or a row is not as it was given."""
_BLOCK = 1 << 20


class Dump:
    """A database as its server's dump tool writes it, made anew at each `open`; `fault` is what a failure raises."""

    def __init__(
        self,
        access: Access,
        mariadb: bool,
        database: str,
        *options: str,
        events: bool = True,
        fault: type[AnonymizerError] = SourceError,
    ) -> None:
        wanted = ["--routines", "--triggers", "--events"] if events else ["--skip-triggers"]
        self._command = access.dumper(mariadb, *_DUMP, *wanted, *options, "--", database)
        self._access, self._fault = access, fault

    def open(self) -> BinaryIO:
        """A fresh stream; reading to the end tells whether the tool failed."""
        return cast(BinaryIO, io.BufferedReader(_Stream(self._access, self._command, self._fault), _BLOCK))


class _Stream(io.RawIOBase):
    """What a tool writes; its failure is that of the last read."""

    def __init__(self, access: Access, command: list[str], fault: type[AnonymizerError]) -> None:
        self._access, self._fault = access, fault
        self._refusals: list[Refusal] = []
        self._process = access.start(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self._listener = _listener(self._process.stderr, self._refusals, set())

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        output = cast(IO[bytes], self._process.stdout)
        block = output.read(len(buffer))
        buffer[: len(block)] = block
        if not block and self._process.wait():
            self._listener.join()
            numbered = [refusal for refusal in self._refusals if refusal.number]  # others may be about options of ours
            refusal = (numbered or self._refusals or [Refusal(0)])[0]
            raise self._access.fault(self._fault, refusal, "dumping")
        return len(block)

    def close(self) -> None:
        if not self.closed:
            self._process.kill() if self._process.poll() is None else None
            self._listener.join()  # no stream may be closed while a thread reads it
            stop(self._process)
        super().close()


def load(access: Access, database: str, blocks: Iterator[bytes], charset: str) -> None:
    """Run a script in one database; any error, and any warning that a value was changed, is a TargetError."""
    command = access.client(
        "--show-warnings", f"--init-command={_BEGINS}", f"--default-character-set={charset}", f"--database={database}"
    )
    refusals: list[Refusal] = []
    warnings: set[int] = set()
    process = access.start(command, stdin=subprocess.PIPE, stderr=subprocess.STDOUT)
    listener = _listener(process.stdout, refusals, warnings)
    try:
        said = cast(IO[bytes], process.stdin)
        with suppress(BrokenPipeError):  # it ended: it has said why
            for block in blocks:
                said.write(block)
            said.close()
        failed = process.wait()
        listener.join()
    except BaseException:
        process.kill()
        raise
    finally:
        listener.join()
        stop(process)
    if failed or refusals:
        raise access.fault(TargetError, refusals[0] if refusals else Refusal(0), "loading")
    if changed := warnings & _CHANGED:
        raise TargetError(
            f"{access.address}: the server changed values or left out rows as it took them (warning {min(changed)});"
            " check the types and character sets of the columns"
        )


def _listener(stream: IO[bytes] | None, refusals: list[Refusal], warnings: set[int]) -> threading.Thread:
    thread = threading.Thread(target=listen, args=(stream, refusals, warnings), daemon=True)
    thread.start()
    return thread
