"""PostgreSQL tar archives: `pg_dump --format=tar`, read and written without PostgreSQL.

A tar file with the table of contents first (`toc.dat`), a member of COPY text per table, and last `restore.sql`, the
same statements for psql, without rows. The table of contents names the members and holds no offsets, so it is copied
as it stands; a member that changes gets its new length.

Source: PostgreSQL's src/bin/pg_dump/pg_backup_tar.c and src/port/tar.c; POSIX.1-1988 "ustar Interchange Format".
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from anonymizer.contracts import Input, Source
from anonymizer.errors import SourceError
from anonymizer.stores._output import Output
from anonymizer.stores._pg import toc as _pg_toc
from anonymizer.stores._pg.archive import ArchiveSink, ArchiveSource, Member, Opening, SeekableFile
from anonymizer.stores._pg.codec import Writer
from anonymizer.stores._pg.toc import MAGIC, Entry, Format, Toc
from anonymizer.stores._sql.index import POSTGRES
from anonymizer.stores._sql.text import Kind, SqlText

NAME = "PostgreSQL tar archive"

_BLOCK = 512
_READ = 1 << 20
_TOC, _SCRIPT = "toc.dat", "restore.sql"
_SIZE, _CHECKSUM = slice(124, 136), slice(148, 156)
"""Where a header keeps the member's length and its own checksum."""
_TYPE = 156
_PLAIN_FILE = (0, ord("0"))
_TRUNCATED = "the tar archive is damaged or truncated; dump the database again"
_REPACKED = "the tar archive was not written by pg_dump, or packed anew; dump the database again with --format=tar"


def recognises(source: Input) -> bool:
    """See contracts.Store."""
    head = source.head(_BLOCK + len(MAGIC))
    return head.startswith(_TOC.encode() + b"\0") and head[_BLOCK:] == MAGIC


def open_source(source: Input) -> Source:
    """See contracts.Store."""
    return _TarSource(source)


def open_sink(source: Source, target: Path) -> ArchiveSink:
    """See contracts.Store."""
    return _TarSink(target)


@dataclass(frozen=True, slots=True)
class _Header:
    """A member's header as it lies in the archive; empty for the zero blocks that end the archive."""

    data: bytes

    def parse(self) -> tuple[str, int]:
        """The member's name and length. Raises SourceError for what pg_dump does not write."""
        data = self.data
        try:
            sound = int(data[_CHECKSUM].strip(b" \0"), 8) == _checksum(data)
            size = int.from_bytes(data[_SIZE][1:]) if data[_SIZE][0] & 0x80 else int(data[_SIZE].strip(b" \0"), 8)
        except ValueError:
            raise SourceError(_TRUNCATED) from None
        if not sound:
            raise SourceError(_TRUNCATED)
        if data[_TYPE] not in _PLAIN_FILE:
            raise SourceError(_REPACKED)
        return data[:100].split(b"\0")[0].decode("ascii", "replace"), size

    def resized(self, size: int) -> bytes:
        """The header of the same member with another length."""
        data = bytearray(self.data)
        data[_SIZE] = _number(size, 12)
        data[_CHECKSUM] = _number(_checksum(data), 8)
        return bytes(data)


def _checksum(header: bytes | bytearray) -> int:
    return sum(header[: _CHECKSUM.start]) + sum(b" " * 8) + sum(header[_CHECKSUM.stop :])


def _number(value: int, width: int) -> bytes:
    """Octal digits and a space, or the number itself behind a mark if those are too few: as PostgreSQL writes it."""
    if value < 8 ** (width - 1):
        return b"%0*o " % (width - 1, value)
    return b"\x80" + value.to_bytes(width - 1)


def _padding(size: int) -> bytes:
    return bytes(-size % _BLOCK)


class _TarSource(ArchiveSource):
    kind = NAME

    def _read_toc(self) -> Toc:
        with self.input.open() as stream:
            _, size = _Header(stream.read(_BLOCK)).parse()
            toc = _pg_toc.read(stream)
        if toc.header.format != Format.TAR or toc.size != size:
            raise SourceError(_pg_toc.DAMAGED)
        return toc

    def members(self) -> Iterator[Member]:
        """The members in the order in which they lie in the file, and last the zero blocks that end it."""
        expected: dict[str, Entry | None] = {_TOC: None}
        for entry in self.toc.entries:
            if entry.file:
                expected[entry.file.decode("ascii", "replace")] = entry
        expected[_SCRIPT] = None
        with self.input.open() as stream:
            while any(head := _exactly(stream, _BLOCK)):
                name, size = _Header(head).parse()
                if name not in expected:
                    raise SourceError(_REPACKED)
                member = _TarMember(stream, _Header(head), expected.pop(name), size, name == _SCRIPT)
                yield member
                for _ in member.rest():
                    pass
            expected.pop(_SCRIPT, None)  # old versions wrote none in some cases
            if expected:
                raise SourceError(_TRUNCATED)
            yield _End(head, stream)


class _TarSink(ArchiveSink):
    def __init__(self, target: Path) -> None:
        super().__init__()
        self._file = SeekableFile(target)

    def _begin(self, opening: Opening) -> Writer:
        return _NewMember(self._file.output, opening.key)

    def _complete(self) -> None:
        self._file.close()

    def abort(self) -> None:
        """See contracts.Sink."""
        self._file.discard()


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise SourceError(_TRUNCATED)
    return data


class _TarMember(Member):
    """One member; `rest` passes over what was not read."""

    def __init__(self, stream: BinaryIO, header: _Header, entry: Entry | None, size: int, is_script: bool) -> None:
        self.key = header
        self.entry = entry
        self._stream = stream
        self._left = size
        self._padding = len(_padding(size))
        self._is_script = is_script

    def stored(self) -> Iterator[Any]:
        """The member's bytes, without header and padding."""
        return self._script() if self._is_script else self.text()

    def text(self) -> Iterator[bytes]:
        """The same: nothing is compressed."""
        while self._left:
            piece = _exactly(self._stream, min(self._left, _READ))
            self._left -= len(piece)
            yield piece

    def rest(self) -> Iterator[bytes]:
        """What is left of the member, and its padding."""
        yield from self.text()
        if any(_exactly(self._stream, self._padding)):
            raise SourceError(_TRUNCATED)
        self._padding = 0

    def _script(self) -> Iterator[bytes]:
        """The script for psql, once it is known that it holds no rows. It is as long as the table of contents."""
        script = b"".join(self.text())
        for piece in SqlText(io.BytesIO(script), POSTGRES):
            if piece.kind in (Kind.INSERTS, Kind.COPY_DATA):
                raise SourceError(f"{_SCRIPT} holds rows in line {piece.line}, which pg_dump never does; dump again")
        yield script


class _End(Member):
    """The zero blocks at the archive's end."""

    key = _Header(b"")
    entry = None

    def __init__(self, first: bytes, stream: BinaryIO) -> None:
        self._first = first
        self._stream = stream

    def stored(self) -> Iterator[Any]:
        """All that is left, which has to be zeros."""
        yield self._first
        while piece := self._stream.read(_READ):
            if piece.strip(b"\0"):
                raise SourceError(_REPACKED)
            yield piece

    def text(self) -> Iterator[bytes]:
        """Nothing."""
        return iter(())


class _NewMember:
    """Writes header, content and padding; the header once more if the length turns out to be another."""

    def __init__(self, output: Output, header: _Header) -> None:
        self._output = output
        self._header = header
        self._start = output.tell()
        output.write(header.data)

    def write(self, data: Any, /) -> None:
        """Append content."""
        self._output.write(data)

    def close(self) -> None:
        """Complete the member."""
        if not self._header.data:
            return
        output, end = self._output, self._output.tell()
        size = end - self._start - _BLOCK
        if size != self._header.parse()[1]:
            output.seek(self._start)
            output.write(self._header.resized(size))
            output.seek(end)
        output.write(_padding(size))
