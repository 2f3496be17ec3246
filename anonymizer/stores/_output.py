"""Writing a result: a new private file, compressed as its name asks for, whose failures are TargetErrors.

Suffixes: `.gz`, `.zst`, `.xz` and `.zip` (one member; `ArchiveOutput` writes several). The same content gives the same
bytes: no times, no names of ours. Levels are the fast ones, since a dump is mostly moved and read once.
"""

from __future__ import annotations

import errno
import io
import lzma
import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import zstandard
from isal import igzip

from anonymizer.errors import TargetError

_BUFFER = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC, errno.EFBIG)


def _zip_member(file: io.BufferedWriter, name: str) -> Any:
    archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o600 << 16
    return _Zip(archive, archive.open(member, "w", force_zip64=True))


class _Zip:
    """One member of an archive, which ends with it."""

    def __init__(self, archive: zipfile.ZipFile, member: Any) -> None:
        self._archive, self._member = archive, member
        self.write = member.write

    def close(self) -> None:
        try:
            self._member.close()
        finally:
            self._archive.close()


_COMPRESSORS: dict[str, Callable[[io.BufferedWriter, str], Any]] = {
    ".gz": lambda file, name: igzip.IGzipFile("", "wb", 2, file, 0),  # type: ignore[no-untyped-call]
    ".zst": lambda file, name: zstandard.ZstdCompressor(level=3).stream_writer(file, closefd=False),
    ".xz": lambda file, name: lzma.LZMAFile(file, "wb", preset=1),  # noqa: SIM115
    ".zip": _zip_member,
}


def is_compressed(path: Path) -> bool:
    """Whether what is written to that name is compressed."""
    return path.suffix.lower() in _COMPRESSORS


class Output(io.BufferedIOBase):
    """A binary file being written. Once a write failed nothing more is accepted, and `close` fails as well.

    An uncompressed one can `seek` and `tell`. Every failure raises TargetError.
    """

    def __init__(self, path: Path, compress: bool = True) -> None:
        self._name = path.name
        self._failed = False
        self._layers: list[Any] = []
        """From the compressor down to the file: the order in which they are closed."""
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o600)
            file: Any = io.BufferedWriter(io.FileIO(descriptor, "wb"), _BUFFER)
        except OSError as error:
            raise self._failure(error) from None
        path.chmod(0o600)  # whatever the umask is
        self._layers.append(file)
        compressor = _COMPRESSORS.get(path.suffix.lower()) if compress else None
        if compressor is not None:
            self._layers.insert(0, compressor(file, path.stem))

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return len(self._layers) == 1

    def write(self, data: Any) -> int:
        """Take all of a bytes-like object; returns its number of bytes."""
        self._do(lambda: self._layers[0].write(data))
        return memoryview(data).nbytes

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._plain()
        return int(self._do(lambda: self._layers[0].seek(offset, whence)))

    def tell(self) -> int:
        self._plain()
        return int(self._do(lambda: self._layers[0].tell()))

    def flush(self) -> None:
        """Nothing: a compressor that is flushed compresses worse, and an unfinished result is of no use."""

    def close(self) -> None:
        """Complete the file. Raises TargetError, also when an earlier write failed."""
        if self.closed:
            return
        if self._failed:
            self.discard()
            raise TargetError(f"{self._name} was not written completely; do not use it")
        try:
            for layer in self._layers:
                self._do(layer.close)
        finally:
            self.discard()

    def discard(self) -> None:
        """Let go of the file without completing it; never raises."""
        if not self.closed and self._layers:
            raw = self._layers[-1].raw
            with suppress(OSError):
                raw.close()
            for layer in self._layers:  # what they still hold has nowhere to go
                with suppress(OSError, ValueError, zstandard.ZstdError, lzma.LZMAError):
                    layer.close()
        super().close()

    def _plain(self) -> None:
        if not self.seekable():
            raise io.UnsupportedOperation("a compressed output has no positions")

    def _do(self, step: Callable[[], Any]) -> Any:
        if self.closed or self._failed:
            raise TargetError(f"{self._name} was not written completely; do not use it")
        try:
            return step()
        except (OSError, zstandard.ZstdError, lzma.LZMAError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
            self._failed = True
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> TargetError:
        number = error.errno if isinstance(error, OSError) else None
        if number in _FULL:
            return TargetError(f"{self._name} cannot be written: the disk is full; free space and run again")
        reason = os.strerror(number) if number else type(error).__name__
        return TargetError(f"{self._name} cannot be written ({reason}); name another target")


def open_output(path: Path) -> Output:
    """A new file (0600) at `path`, which may not exist; compressed if its suffix is .gz, .zst, .xz or .zip."""
    return Output(path)


class ArchiveOutput:
    """A zip archive of several files, written one after the other; a file is compressed as its own name says too."""

    def __init__(self, path: Path) -> None:
        self._output = Output(path, compress=False)
        self._archive = zipfile.ZipFile(cast(Any, self._output), "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._layers: list[Any] = []
        """The file at hand, its compressor first."""

    def begin(self, name: str) -> None:
        """Complete the file at hand and begin the next one."""
        self._complete()
        member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        member.compress_type = zipfile.ZIP_DEFLATED
        member.external_attr = 0o600 << 16
        self._layers.append(self._archive.open(member, "w", force_zip64=True))
        suffix = Path(name).suffix.lower()
        if suffix in _COMPRESSORS and suffix != ".zip":
            self._layers.insert(0, _COMPRESSORS[suffix](self._layers[0], Path(name).stem))

    def write(self, data: Any) -> None:
        """Append to the file at hand. Raises TargetError."""
        self._layers[0].write(data)

    def close(self) -> None:
        """Complete the archive. Raises TargetError."""
        self._complete()
        self._archive.close()
        self._output.close()

    def discard(self) -> None:
        """Let go of the archive without completing it."""
        self._output.discard()

    def _complete(self) -> None:
        for layer in self._layers:
            layer.close()
        self._layers = []


def open_archive(path: Path) -> ArchiveOutput:
    """A new zip archive (0600) at `path`, which may not exist."""
    return ArchiveOutput(path)
