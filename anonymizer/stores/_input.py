"""Reading a source: a file, a folder or a pipe, decompressed on the way, as often as it is asked for.

Compression is told by content: gzip, zstd and xz, in one or several frames, and zip archives that hold one file. One
layer is taken off. Whatever is wrong with the bytes is a SourceError that names the source, never an error of a
decompression library.

A pipe can be read only once, so it is kept in the work folder, encrypted (AES-CTR) under a key that lives in memory.
"""

from __future__ import annotations

import io
import lzma
import os
import secrets
import stat
import sys
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from isal import igzip

from anonymizer.contracts import WorkFolder
from anonymizer.errors import SourceError
from anonymizer.stores._output import open_output

PIPE = "-"
_BUFFER = 1 << 20
_BLOCK = 16
"""Bytes of an AES block."""


# --- what can be read -------------------------------------------------------------------------------------------


class _Input(ABC):
    """What contracts.Input promises, for everything that begins as one stream of bytes."""

    identity: object = None
    """Of a live database, whose dump this is: the same however it was reached."""

    def __init__(self, path: Path, name: str, scratch: Path | None) -> None:
        self.path = path
        self.name = name
        self.scratch = scratch
        """The private work folder, for stores that need a file of their own; None: there is no run."""
        with self._stored_stream() as stored:
            magic = stored.read(8)
            if not magic:
                raise SourceError(f"{name} is empty; make the dump again")
            self._unpack = _unpacker(magic, stored)

    @property
    def compressed(self) -> bool:
        """Whether `open` decompresses."""
        return self._unpack is not None

    def head(self, size: int) -> bytes:
        """The first bytes, decompressed."""
        with self.open() as stream:
            return stream.read(size)

    def open(self) -> BinaryIO:
        """A fresh buffered stream from the first decompressed byte; seekable if nothing is compressed."""
        stored = self._stored_stream()
        if self._unpack is None:
            return stored
        try:
            return _buffered(self.name, self._unpack(stored), stored)
        except _DAMAGE:
            stored.close()
            raise _damaged(self.name) from None

    @abstractmethod
    def _stored(self) -> Any:
        """A fresh raw stream of the bytes as they are stored."""

    def _stored_stream(self) -> BinaryIO:
        return _buffered(self.name, self._stored())


class FileInput(_Input):
    """A file; raises SourceError when it is missing, unreadable or empty."""

    def __init__(self, path: Path, name: str | None = None, scratch: Path | None = None) -> None:
        super().__init__(path, name or str(path), scratch)

    def _stored(self) -> Any:
        return _open_file(self.path, self.name)


class FolderInput:
    """A folder: of a directory archive, or of files that are tables."""

    compressed = False

    def __init__(self, path: Path, name: str | None = None, scratch: Path | None = None) -> None:
        self.path = path
        self.name = name or str(path)
        self.scratch = scratch

    def head(self, size: int) -> bytes:
        """Nothing: a folder has no bytes of its own."""
        return b""

    def open(self) -> BinaryIO:
        """Raises SourceError."""
        raise SourceError(f"{self.name} is a folder; name a file")


class _SpooledInput(_Input):
    """A pipe that was kept, encrypted, in the work folder."""

    def __init__(self, file: Path, key: bytes, name: str, scratch: Path) -> None:
        self._file = file
        self._key = key
        super().__init__(scratch / "pipe", name, scratch)

    def _stored(self) -> Any:
        return _Decrypting(_open_file(self._file, self.name), self._key)


def open_input(argument: str, work: WorkFolder) -> FileInput | FolderInput | _SpooledInput:
    """The source that `argument` names: a file, a folder, "-" for standard input, or a named pipe.

    Raises SourceError when it is missing, unreadable or empty.
    """
    if argument == PIPE:
        return spool_pipe(sys.stdin.buffer, work)
    path = Path(argument)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise _unreadable(argument, error) from None
    if stat.S_ISDIR(mode):
        return FolderInput(path, argument, work.path)
    if stat.S_ISREG(mode):
        return FileInput(path, argument, work.path)
    with _open_file(path, argument) as stream:
        return spool_pipe(stream, work, argument)


def spool_pipe(stream: Any, work: WorkFolder, name: str = "standard input") -> _SpooledInput:
    """Keep all that comes through a pipe, so that it can be read any number of times.

    `stream` is binary and readable. Raises SourceError when nothing comes, TargetError when the disk is full.
    """
    key = secrets.token_bytes(32)
    file = work.path / f".pipe-{secrets.token_hex(4)}"
    encryptor = _cipher(key, 0).encryptor()
    output = open_output(file)
    try:
        while block := stream.read(_BUFFER):
            output.write(encryptor.update(block))
        output.close()
    except OSError as error:
        raise _unreadable(name, error) from None
    finally:
        output.discard()
    return _SpooledInput(file, key, name, work.path)


# --- streams ----------------------------------------------------------------------------------------------------


def _open_file(path: Path, name: str) -> Any:
    try:
        return path.open("rb", buffering=0)
    except OSError as error:
        raise _unreadable(name, error) from None


def _buffered(name: str, *streams: Any) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Guarded(name, streams), _BUFFER))


class _Guarded(io.RawIOBase):
    """A stream whose errors are SourceErrors; the first of `streams` is read, all are closed in their order."""

    def __init__(self, name: str, streams: tuple[Any, ...]) -> None:
        self._name = name
        self._streams = streams

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return len(self._streams) == 1 and bool(self._streams[0].seekable())

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if not self.seekable():
            raise io.UnsupportedOperation("a compressed source has no positions")
        return int(self._streams[0].seek(offset, whence))

    def readinto(self, buffer: Any) -> int:
        try:
            return self._streams[0].readinto(buffer) or 0
        except _DAMAGE as error:
            if len(self._streams) == 1 and isinstance(error, OSError):
                raise _unreadable(self._name, error) from None
            raise _damaged(self._name) from None

    def close(self) -> None:
        if not self.closed:
            for stream in self._streams:
                with suppress(*_DAMAGE):  # reading went well, or failed already
                    stream.close()
        super().close()


class _Decrypting(io.RawIOBase):
    """Reads what `spool_pipe` wrote, from any position."""

    def __init__(self, file: Any, key: bytes) -> None:
        self._file = file
        self._key = key
        self._decryptor = _cipher(key, 0).decryptor()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        position = int(self._file.seek(offset, whence))
        self._decryptor = _cipher(self._key, position // _BLOCK).decryptor()
        self._decryptor.update(bytes(position % _BLOCK))
        return position

    def readinto(self, buffer: Any) -> int:
        block = self._file.read(len(buffer))
        buffer[: len(block)] = self._decryptor.update(block)
        return len(block)

    def close(self) -> None:
        self._file.close()
        super().close()


def _cipher(key: bytes, block: int) -> Cipher[CTR]:
    """AES in counter mode from that block on. The key serves one file, so the counter may start at nought."""
    return Cipher(AES(key), CTR(block.to_bytes(_BLOCK, "big")))


# --- compression ------------------------------------------------------------------------------------------------

_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException, zipfile.BadZipFile, NotImplementedError)
"""All that the decompressors raise for bytes that are not what they should be."""

_UNPACKERS: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b\x08": lambda stream: igzip.IGzipFile(fileobj=stream, mode="rb"),  # type: ignore[no-untyped-call]
    b"\x28\xb5\x2f\xfd": lambda stream: pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd"),
    b"\xfd7zXZ\x00": lambda stream: lzma.LZMAFile(stream),  # noqa: SIM115
}
"""First bytes -> what decompresses. Sources: RFC 1952; RFC 8878; the .xz file format, 2.1.1.1."""

_ZIP = b"PK\x03\x04"


def is_packed(head: bytes) -> bool:
    """Whether these first bytes are those of a compressed file."""
    return head.startswith((*_UNPACKERS, _ZIP))


def _unpacker(magic: bytes, stored: Any) -> Callable[[Any], Any] | None:
    """What decompresses the stream; None if nothing needs to."""
    if magic.startswith(_ZIP):
        return _unzip if _is_one_file(stored) else None
    return next((unpack for start, unpack in _UNPACKERS.items() if magic.startswith(start)), None)


def _is_one_file(stored: Any) -> bool:
    try:
        members = zipfile.ZipFile(stored).infolist()
    except _DAMAGE:
        return True  # opening it will say that it is damaged
    return len(members) == 1 and not members[0].is_dir()


def _unzip(stored: Any) -> Any:
    archive = zipfile.ZipFile(stored)
    member = archive.infolist()[0]
    if member.flag_bits & 1:
        raise NotImplementedError  # under a password
    return archive.open(member)


def _damaged(name: str) -> SourceError:
    return SourceError(f"{name} is compressed and damaged or truncated; make or copy it again")


def _unreadable(name: str, error: Exception) -> SourceError:
    number = getattr(error, "errno", None)
    reason = os.strerror(number) if number else type(error).__name__
    return SourceError(f"{name} cannot be read ({reason}); check the path and its permissions")
