"""Several files of SQL as one script, and the script that comes of it as the same files again.

Before each file the script has a comment with a word that nobody can guess, so that no text in a file is taken for the
beginning of another one.
"""

from __future__ import annotations

import io
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from anonymizer.contracts import Input, Rows, Verbatim
from anonymizer.errors import InternalError, SourceError, TargetError
from anonymizer.stores._input import FileInput
from anonymizer.stores._output import Output, open_output
from anonymizer.stores._script_sink import written

_WORD = secrets.token_hex(16).encode()
_MARK = b"\n-- %s %08d\n"
_BEGINS = re.compile(rb"\n-- %s ([0-9]{8})\n" % _WORD)
_LONGEST = len(_WORD) + 16


@dataclass(frozen=True, slots=True)
class Begin:
    """The `place` of a Verbatim that is a whole file of that name."""

    name: str


class JoinedInput:
    """A contracts.Input: the files one after the other."""

    compressed = True
    """It has no positions."""

    def __init__(self, folder: Input, names: Sequence[str]) -> None:
        self.path, self.name = folder.path, folder.name
        self.scratch = getattr(folder, "scratch", None)
        self.names = tuple(names)

    def head(self, size: int) -> bytes:
        """The first bytes."""
        with self.open() as stream:
            return stream.read(size)

    def open(self) -> BinaryIO:
        """A fresh stream."""
        return cast(BinaryIO, io.BufferedReader(_Joined(self._streams()), 1 << 20))

    def _streams(self) -> Iterator[tuple[str, Any]]:
        for number, name in enumerate(self.names):
            yield "", io.BytesIO(_MARK % (_WORD, number))
            if (self.path / name).stat().st_size:
                stated = f"{self.name}/{name}"
                yield stated, FileInput(self.path / name, stated, self.scratch).open()


class _Joined(io.RawIOBase):
    """Reads one stream after the other, and closes each when it ends. Raises SourceError for a file that is cut off."""

    def __init__(self, streams: Iterator[tuple[str, Any]]) -> None:
        self._streams = streams
        self._name: str = ""
        self._current: Any = None
        self._name, self._current = next(streams, ("", None))
        self._last = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self._current is not None:
            if count := self._current.readinto(buffer) or 0:
                self._last = bytes(buffer[:count]).rstrip()[-1:] or self._last
                return int(count)
            self._current.close()
            if self._name and self._last not in (b";", b"/"):
                raise SourceError(f"{self._name} ends within a statement: it is truncated; make the dump again")
            self._name, self._current = next(self._streams, ("", None))
        return 0

    def close(self) -> None:
        if not self.closed and self._current is not None:
            self._current.close()
        super().close()


class SplitSink:
    """A contracts.Sink that writes the files of a folder."""

    def __init__(self, target: Path, source: JoinedInput) -> None:
        self._target, self._names = target, source.names
        self._file: Output | None = None
        self._held = b""
        try:
            target.mkdir(mode=0o700)
        except OSError as error:
            raise TargetError(f"{target.name} cannot be made ({os.strerror(error.errno or 0)})") from None

    def write(self, part: Verbatim | Rows) -> None:
        """See contracts.Sink."""
        if isinstance(part, Verbatim) and isinstance(part.place, Begin):
            self._take(self._held, last=True)
            self._begin(part.place.name)
            self._put(part.data)
            self._held = b""
            return
        data = written(part)
        if memoryview(data).nbytes:
            self._take(self._held + bytes(data))

    def _take(self, data: bytes, last: bool = False) -> None:
        """What may be the beginning of a mark waits for what comes next."""
        at = 0
        for mark in _BEGINS.finditer(data):
            self._put(data[at : mark.start()])
            at = mark.end()
            self._begin(self._names[int(mark[1])])
        end = len(data) if last else max(at, len(data) - _LONGEST)
        self._put(data[at:end])
        self._held = data[end:]

    def _put(self, data: bytes) -> None:
        if data:
            if self._file is None:
                raise InternalError("the result does not begin with a file; it must not be used")
            self._file.write(data)

    def _begin(self, name: str) -> None:
        self._complete()
        self._file = open_output(self._target / name)

    def _complete(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def close(self) -> None:
        """See contracts.Sink."""
        self._take(self._held, last=True)
        self._complete()

    def abort(self) -> None:
        """See contracts.Sink."""
        with suppress(Exception):
            if self._file is not None:
                self._file.discard()
