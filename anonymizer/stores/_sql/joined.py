"""Several files of SQL as one script, and the script that comes of it as the same files again.

Before each file the script has a comment with a word that nobody can guess, so that no text in a file is taken for the
beginning of another one.
"""

from __future__ import annotations

import io
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from anonymizer.contracts import Input, Rows, Verbatim
from anonymizer.errors import InternalError, SourceError, TargetError
from anonymizer.stores._input import FileInput
from anonymizer.stores._output import Output, open_output
from anonymizer.stores._sql.script_sink import written
from anonymizer.stores._utf16 import Encoder, open_text

_WORD = secrets.token_hex(16).encode()
_MARK = b"\n-- %s %08d\n"
_LINE = re.compile(r"\bline (\d+)")


@dataclass(frozen=True, slots=True)
class Begin:
    """The `place` of a Verbatim that is a whole file of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class Form:
    """How files are told apart in the script that they make together."""

    mark: bytes = _MARK
    """Stands before each file, with a word and the file's number."""
    ends: bytes = b";/"
    """What a whole file ends with; b"": with anything."""


class JoinedInput:
    """A contracts.Input: the files one after the other, each in UTF-8 whose codec is told in `codecs`."""

    compressed = True
    """It has no positions."""

    def __init__(
        self, folder: Input, names: Sequence[str], form: Form | None = None, codecs: Mapping[str, str] | None = None
    ) -> None:
        self.path, self.name = folder.path, folder.name
        self.scratch = getattr(folder, "scratch", None)
        self.names = tuple(names)
        self.form = form or Form()
        self.codecs = codecs or {}
        self._begins: list[tuple[int, str]] = []
        """The first line of each file of the script that was read last."""

    def head(self, size: int) -> bytes:
        """The first bytes."""
        with self.open() as stream:
            return stream.read(size)

    def open(self) -> BinaryIO:
        """A fresh stream."""
        self._begins = []
        return cast(BinaryIO, io.BufferedReader(_Joined(self._streams(), self._begins, self.form.ends), 1 << 20))

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Errors tell the file and its line instead of the script's line."""
        try:
            yield
        except SourceError as error:
            raise SourceError(_LINE.sub(self._place, str(error))) from None

    def _place(self, told: re.Match[str]) -> str:
        line = int(told[1])
        first, name = next((each for each in reversed(self._begins) if each[0] <= line), (1, self.name))
        return f"{name} line {line - first + 1}"

    def _streams(self) -> Iterator[tuple[str, Any]]:
        for number, name in enumerate(self.names):
            yield "", io.BytesIO(self.form.mark % (_WORD, number))
            if (self.path / name).stat().st_size:
                file = FileInput(self.path / name, f"{self.name}/{name}", self.scratch)
                yield name, open_text(file, self.codecs.get(name, ""))


def names_below(source: Input) -> list[str]:
    """All files below the folder, in the order of their names. Raises SourceError for a link."""
    found = []
    for folder, folders, files in os.walk(source.path):
        for name in (*folders, *files):
            if (Path(folder) / name).is_symlink():
                raise SourceError(f"{source.name} holds a link, {name}; put what it leads to in its place")
        found += [(Path(folder) / name).relative_to(source.path).as_posix() for name in files]
    return sorted(found)


class _Joined(io.RawIOBase):
    """Reads one stream after the other, and closes each when it ends. Raises SourceError for a file that is cut off."""

    def __init__(self, streams: Iterator[tuple[str, Any]], begins: list[tuple[int, str]], ends: bytes) -> None:
        self._streams, self._begins, self._ends = streams, begins, ends
        self._name: str = ""
        self._current: Any = None
        self._line = 1
        self._last = b""
        self._next()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self._current is not None:
            if count := self._current.readinto(buffer) or 0:
                data = bytes(buffer[:count])
                self._line += data.count(b"\n")
                self._last = data.rstrip()[-1:] or self._last
                return int(count)
            self._current.close()
            if self._name and self._ends and self._last not in self._ends:
                raise SourceError(f"{self._name} ends within a statement: it is truncated; make the dump again")
            self._next()
        return 0

    def _next(self) -> None:
        self._name, self._current = next(self._streams, ("", None))
        if self._name:
            self._begins.append((self._line, self._name))

    def close(self) -> None:
        if not self.closed and self._current is not None:
            self._current.close()
        super().close()


class SplitSink:
    """A contracts.Sink that writes the files of a folder."""

    def __init__(self, target: Path, source: JoinedInput) -> None:
        self._target, self._names, self._codecs = target, source.names, source.codecs
        self._mark = re.compile(source.form.mark.replace(b"%s", _WORD).replace(b"%08d", b"([0-9]{8})"))
        self._longest = len(source.form.mark % (_WORD, 0))
        self._file: Output | None = None
        self._encoder = Encoder("")
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
        for mark in self._mark.finditer(data):
            self._put(data[at : mark.start()])
            at = mark.end()
            self._begin(self._names[int(mark[1])])
        end = len(data) if last else max(at, len(data) - self._longest)
        self._put(data[at:end])
        self._held = data[end:]

    def _put(self, data: bytes) -> None:
        if data:
            if self._file is None:
                raise InternalError("the result does not begin with a file; it must not be used")
            self._file.write(self._encoder.encode(data))

    def _begin(self, name: str) -> None:
        self._complete()
        path = self._target / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file, self._encoder = open_output(path), Encoder(self._codecs.get(name, ""), str(path.name))

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
        shutil.rmtree(self._target, ignore_errors=True)  # `__init__` made it
