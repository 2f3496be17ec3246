"""Reads archives of pg_dump: custom, directory and tar, versions 1.12 to 1.16 (PostgreSQL 9.0 to 18).

Source: PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c (ReadHead, ReadToc), pg_backup_custom.c, pg_backup_tar.c and
pg_backup_directory.c.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import pyarrow as pa
import zstandard

from anonymizer.contracts import Input
from anonymizer.model.schema import Schema
from anonymizer.verify._reader import Part, Reader, Text
from anonymizer.verify._sql_script import POSTGRESQL, Script

_DATA, _LARGE_OBJECTS = 1, 3
_READ = 1 << 20
_OVERLAP = 400
_TAR_BLOCK = 512
_CUSTOM = 1
_ALGORITHMS = {0: "none", 1: "gzip", 2: "lz4", 3: "zstd"}
_SUFFIXES = {".gz": "gzip", ".lz4": "lz4", ".zst": "zstd"}


class _Damaged(Exception):
    """The bytes are not what an archive holds there."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of the table of contents."""

    number: int
    kind: str
    file: str
    copy: bytes
    """The COPY statement that its data follow; empty when the data are statements themselves."""
    text: bytes
    """All its strings, one a line."""


class _Bytes(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Contents:
    """Header and table of contents, read from the start of a stream."""

    def __init__(self, stream: _Bytes) -> None:
        self._stream = stream
        if self._take(5) != b"PGDMP":
            raise _Damaged
        self.version = (self._byte(), self._byte())
        self._byte()
        if not (1, 12) <= self.version <= (1, 16):
            raise _Damaged
        self._size, self._offset_size, self.format = self._byte(), self._byte(), self._byte()
        if self.version >= (1, 15):
            self.compression = _ALGORITHMS.get(self._byte(), "unknown")
        else:
            self.compression = "none" if self.number() == 0 else "gzip"
        for _ in range(7):
            self.number()
        self.names = tuple(self._string() for _ in range(3))
        self.entries = {entry.number: entry for entry in (self._entry() for _ in range(self.number()))}

    def number(self) -> int:
        """A sign byte and the number, least significant byte first."""
        sign = self._byte()
        value = int.from_bytes(self._take(self._size), "little")
        return -value if sign else value

    def _entry(self) -> _Entry:
        number = self.number()
        self.number()
        self._string()
        self._string()
        tag, kind = self._string(), self._string()
        section = self.number()
        definition, drop, copy = self._string(), self._string(), self._string()
        more = [self._string(), self._string()]
        if self.version >= (1, 14):
            more.append(self._string())
        if self.version >= (1, 16):
            more.append(b"%d" % self.number())
        more += [self._string(), self._string()]
        while (dependency := self._string(missing=b"\0")) != b"\0":
            more.append(dependency)
        file = b""
        if self.format == _CUSTOM:
            self._take(1 + self._offset_size)
        else:
            file = self._string()
        text = b"\n".join([tag, kind, b"%d" % section, definition, drop, copy, *more])
        return _Entry(number, kind.decode("latin-1"), file.decode("utf-8"), copy, text)

    def _byte(self) -> int:
        return self._take(1)[0]

    def _string(self, missing: bytes = b"") -> bytes:
        length = self.number()
        return missing if length < 0 else self._take(length)

    def _take(self, size: int) -> bytes:
        if size > 1 << 30:
            raise _Damaged
        data = self._stream.read(size)
        if len(data) != size:
            raise _Damaged
        return data


class _Chunks(io.RawIOBase):
    """The data of one entry of a custom archive: pieces with their length in front, a length of 0 ends them."""

    def __init__(self, stream: BinaryIO, contents: _Contents) -> None:
        self._stream, self._contents, self._left, self._over = stream, contents, 0, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        while not self._left and not self._over:
            self._left = self._contents.number()
            self._over = self._left == 0
        if self._over:
            return 0
        data = self._stream.read(min(self._left, len(view)))
        if not data:
            raise _Damaged
        self._left -= len(data)
        view[: len(data)] = data
        return len(data)

    def finish(self) -> None:
        """Read over what nobody asked for."""
        while self.read(_READ):
            pass


class _Inflated(io.RawIOBase):
    """A zlib or gzip stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._inflate = stream, zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        while not self._ready:
            data = self._stream.read(_READ)
            if self._inflate.unused_data or (self._inflate.eof and data) or not (self._inflate.eof or data):
                raise _Damaged
            if not data:
                return 0
            self._ready = self._inflate.decompress(data)
        size = min(len(view), len(self._ready))
        view[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size


def _plain(stream: BinaryIO, compression: str) -> BinaryIO:
    if compression == "none":
        return stream
    if compression == "gzip":
        return cast(BinaryIO, io.BufferedReader(_Inflated(stream), _READ))
    if compression == "zstd":
        return cast(BinaryIO, zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True))
    if compression == "lz4":
        return cast(BinaryIO, pa.CompressedInputStream(stream, "lz4"))
    raise _Damaged


class ArchiveReader(Reader):
    """Entries of the table of contents are text, their data are rows."""

    def parts(self) -> Iterator[Part]:
        try:
            if self.source.path.is_dir():
                yield from self._directory(self.source.path)
            else:
                with self.stream() as stream:
                    head = stream.read(5)
                    whole = cast(BinaryIO, io.BufferedReader(_Prefixed(head, stream), _READ))
                    yield from self._custom(whole) if head == b"PGDMP" else self._tar(whole)
        except (_Damaged, zlib.error, zstandard.ZstdError, pa.ArrowInvalid, EOFError) as error:
            raise self.failed(f"is damaged or truncated ({type(error).__name__})") from None
        except OSError as error:
            raise self.failed(f"cannot be read to its end ({type(error).__name__})") from None

    def _contents_as_text(self, contents: _Contents) -> Iterator[Part]:
        yield self._text("head of the archive", b"\n".join(contents.names))
        for entry in contents.entries.values():
            yield self._text(f"entry {entry.number} ({entry.kind})", entry.text)

    def _text(self, place: str, data: bytes, fixed: bool = True) -> Text:
        """Text is handed over in UTF-8."""
        encoding = self.schema.encoding
        is_utf8 = encoding.lower().replace("_", "-") in ("utf-8", "utf8")
        return Text(place, data if is_utf8 else data.decode(encoding, "replace").encode(), fixed)

    def _as_text(self, place: str, stream: _Bytes) -> Iterator[Part]:
        """What is not known to be rows, in pieces that overlap."""
        tail = b""
        while data := stream.read(_READ):
            yield self._text(place, tail + data)
            tail = data[-_OVERLAP:]

    def _rows(self, entry: _Entry, data: BinaryIO) -> Iterator[Part]:
        """The data as the script that pg_restore would make of it."""
        script = cast(BinaryIO, io.BufferedReader(_Prefixed(entry.copy, data), _READ))
        for part in Script(self, script, POSTGRESQL, self.schema.encoding).parts():
            if not isinstance(part, Text):
                yield part
            elif part.data.strip() != entry.copy.strip():
                yield Text(f"data of entry {entry.number}", part.data)

    def _custom(self, stream: BinaryIO) -> Iterator[Part]:
        contents = _Contents(stream)
        yield from self._contents_as_text(contents)
        while mark := stream.read(1):
            entry = contents.entries.get(contents.number())
            if mark[0] == _LARGE_OBJECTS:
                raise self.failed("holds large objects, which the verifier does not read")
            if mark[0] != _DATA or entry is None:
                raise _Damaged
            chunks = _Chunks(stream, contents)
            yield from self._rows(entry, _plain(cast(BinaryIO, io.BufferedReader(chunks, _READ)), contents.compression))
            chunks.finish()

    def _directory(self, folder: Path) -> Iterator[Part]:
        with _open_plain(folder, "toc.dat") as stream:
            contents = _Contents(stream)
            if stream.read(1):
                raise _Damaged
        yield from self._contents_as_text(contents)
        expected = {"toc.dat"}
        for entry in contents.entries.values():
            if entry.kind != "TABLE DATA" or not entry.file:
                continue
            with _open_plain(folder, entry.file) as stream:
                yield from self._rows(entry, stream)
            expected.add(entry.file)
        for path in sorted(folder.iterdir()):
            name = path.name.removesuffix(path.suffix) if path.suffix in _SUFFIXES else path.name
            if name not in expected:
                with _open_plain(folder, name) as stream:
                    yield from self._as_text("a file that is no table's data", stream)

    def _tar(self, stream: BinaryIO) -> Iterator[Part]:
        contents: _Contents | None = None
        by_file: dict[str, _Entry] = {}
        for member in _tar_members(stream):
            yield self._text("head of a member", member.head, fixed=False)
            if member.name == "toc.dat" and contents is None:
                contents = _Contents(member)
                by_file = {entry.file: entry for entry in contents.entries.values() if entry.file}
                yield from self._contents_as_text(contents)
                if member.read(1):
                    raise _Damaged
            elif contents is None:
                raise _Damaged
            elif member.name in by_file and by_file[member.name].kind == "TABLE DATA":
                yield from self._rows(by_file[member.name], cast(BinaryIO, member))
            else:
                yield from self._as_text("a member that is no table's data", member)


class _Member:
    """One file of a tar archive, read from the archive's own stream."""

    def __init__(self, stream: BinaryIO, head: bytes) -> None:
        self._stream, self.head = stream, head
        name, kind, size = head[:100].rstrip(b"\0"), head[156:157], head[124:136]
        if kind not in (b"0", b"\0") or sum(head[:148]) + sum(head[156:]) + 8 * 32 != _octal(head[148:156]):
            raise _Damaged
        self.name = name.decode("utf-8", "replace")
        self._left = int.from_bytes(size[1:], "big") if size[0] == 0x80 else _octal(size)
        self._padding = -self._left % _TAR_BLOCK

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the file."""
        data = self._stream.read(self._left if size < 0 else min(size, self._left))
        if not data and self._left and size:
            raise _Damaged
        self._left -= len(data)
        return data

    def finish(self) -> None:
        """Nothing may be left, and nothing stand behind it up to the next member."""
        if self._left or self._stream.read(self._padding).strip(b"\0"):
            raise _Damaged


def _tar_members(stream: BinaryIO) -> Iterator[_Member]:
    """The members one after the other; each must be read to its end. Behind the last one there are zeros only."""
    while (head := stream.read(_TAR_BLOCK)).strip(b"\0"):
        if len(head) != _TAR_BLOCK:
            raise _Damaged
        member = _Member(stream, head)
        yield member
        member.finish()
    if len(head) != _TAR_BLOCK:
        raise _Damaged
    while block := stream.read(_READ):
        if block.strip(b"\0"):
            raise _Damaged


def _octal(digits: bytes) -> int:
    try:
        return int(digits.strip(b" \0") or b"0", 8)
    except ValueError:
        raise _Damaged from None


class _Prefixed(io.RawIOBase):
    """Some bytes, then a stream."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._reads: list[Callable[[int], bytes]] = [io.BytesIO(head).read, stream.read]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        while self._reads:
            data = self._reads[0](len(view))
            if data:
                view[: len(data)] = data
                return len(data)
            self._reads.pop(0)
        return 0


@contextmanager
def _open_plain(folder: Path, name: str) -> Iterator[BinaryIO]:
    """A file of a directory archive, which may be compressed and then has a suffix; there may be no other beside it."""
    found = [(folder / (name + suffix), how) for suffix, how in (("", "none"), *_SUFFIXES.items())]
    found = [(path, how) for path, how in found if path.exists() or path.is_symlink()]
    if len(found) != 1 or not found[0][0].is_file() or found[0][0].is_symlink():
        raise _Damaged
    with found[0][0].open("rb") as stream:
        yield _plain(stream, found[0][1])


def reader(source: Input, schema: Schema, work: Path | None) -> Reader:
    """Opened when it is first read."""
    return ArchiveReader(source, schema)
