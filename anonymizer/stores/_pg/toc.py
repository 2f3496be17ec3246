"""Header and table of contents of a PostgreSQL archive: read, and written again byte for byte.

An archive of pg_dump (custom, directory or tar) begins with a header and a list of entries, one per database object:
its definition as SQL, who owns it, what it depends on, and where its data lies. Custom archives hold an offset per
entry, the others a file name. All numbers are a sign byte and `int_size` bytes, least significant first; a string is
its length and its bytes, -1 standing for NULL.

Source: PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c (ReadHead, ReadToc), pg_backup_custom.c and pg_backup_tar.c,
versions 1.12 (PostgreSQL 9.0) to 1.16 (PostgreSQL 17 and 18). What is read is written again and compared, so a layout
that is not the known one is refused and never guessed at.
"""

from __future__ import annotations

import enum
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from anonymizer.errors import SourceError

MAGIC = b"PGDMP"
DAMAGED = "the archive's table of contents is damaged or truncated; dump the database again"

_OLDEST, _NEWEST = (1, 12), (1, 16)
_TABLE_ACCESS_METHOD, _COMPRESSION_ALGORITHM, _RELATION_KIND = (1, 14), (1, 15), (1, 16)
"""Versions since which entries name a table access method, the header an algorithm, entries a kind of relation."""

_LONGEST_TEXT = 1 << 30
"""PostgreSQL's own limit to one piece of text."""


class Format(enum.IntEnum):
    """The archive's format; toc.dat of a directory says TAR too."""

    CUSTOM = 1
    TAR = 3


class Algorithm(enum.IntEnum):
    """How data is compressed, as the header of version 1.15 and later says it."""

    NONE = 0
    GZIP = 1
    LZ4 = 2
    ZSTD = 3


class DataState(enum.IntEnum):
    """What a custom archive knows of the place of an entry's data."""

    NOT_SET = 1
    """There is data, but pg_dump wrote to a pipe and could not come back to say where."""
    SET = 2
    NO_DATA = 3


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the entries; `compression` is an Algorithm since 1.15 and a level of zlib before."""

    version: tuple[int, int, int]
    int_size: int
    offset_size: int
    format: int
    compression: int
    created: tuple[int, ...]
    """Seconds, minutes, hours, day, month (0 to 11), year - 1900, daylight saving: local time of the dump."""
    database: bytes | None
    server_version: bytes | None
    dump_version: bytes | None

    @property
    def algorithm(self) -> Algorithm:
        """How the data of a custom archive is compressed. Raises SourceError for an algorithm not known."""
        if self.version[:2] < _COMPRESSION_ALGORITHM:
            return Algorithm.GZIP if self.compression else Algorithm.NONE
        try:
            return Algorithm(self.compression)
        except ValueError:
            raise SourceError(
                f"the archive is compressed by an unknown algorithm (number {self.compression}); "
                "dump again with --compress=gzip"
            ) from None


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of the database. Texts are in the archive's encoding; None is NULL."""

    dump_id: int
    had_dumper: int
    """1 when the entry has data in the archive."""
    catalog: bytes | None
    object_id: bytes | None
    tag: bytes | None
    desc: bytes | None
    """The kind of object: TABLE, TABLE DATA, INDEX …"""
    section: int
    defn: bytes | None
    drop_stmt: bytes | None
    copy_stmt: bytes | None
    namespace: bytes | None
    tablespace: bytes | None
    table_access_method: bytes | None
    relation_kind: int
    owner: bytes | None
    with_oids: bytes | None
    dependencies: tuple[bytes, ...]
    state: int = DataState.NO_DATA
    position: int = 0
    """Byte offset of the data in a custom archive, where `state` is SET."""
    file: bytes | None = None
    """Name of the data's file in the other formats, without a suffix for compression; empty without data."""


@dataclass(frozen=True, slots=True)
class Toc:
    """Header and entries in the archive's order; `size` is the bytes they take, which never depends on offsets."""

    header: Header
    entries: tuple[Entry, ...]
    size: int


class IntCodec:
    """Numbers and strings with the header's sizes."""

    def __init__(self, int_size: int) -> None:
        self.int_size = int_size
        self.size = 1 + int_size
        """Bytes that a number takes."""

    def number(self, value: int) -> bytes:
        """Sign byte and magnitude."""
        return bytes([value < 0]) + abs(value).to_bytes(self.int_size, "little")

    def string(self, value: bytes | None) -> bytes:
        """Length and bytes; None is length -1."""
        return self.number(-1) if value is None else self.number(len(value)) + value

    def value(self, data: bytes | memoryview, at: int = 0) -> int:
        """The number that begins at byte `at`."""
        magnitude = int.from_bytes(data[at + 1 : at + self.size], "little")
        return -magnitude if data[at] else magnitude


def read(stream: BinaryIO) -> Toc:
    """Read header and table of contents from the archive's first byte on; leaves the stream right behind them.

    Raises SourceError for other versions, for damage and truncation, and for what is not an archive.
    """
    reader = _Reader(stream)
    header = _read_header(reader)
    count = reader.number()
    if count < 0:
        raise SourceError(DAMAGED)
    toc = Toc(header, tuple(_read_entry(reader, header) for _ in range(count)), reader.position)
    if write(toc) != reader.seen.getvalue():
        raise SourceError(DAMAGED)
    return toc


def write(toc: Toc) -> bytes:
    """Header and entries as they lie in an archive."""
    header, codec = toc.header, IntCodec(toc.header.int_size)
    out = io.BytesIO()
    out.write(MAGIC + bytes([*header.version, header.int_size, header.offset_size, header.format]))
    one_byte = header.version[:2] >= _COMPRESSION_ALGORITHM
    out.write(bytes([header.compression]) if one_byte else codec.number(header.compression))
    out.writelines(map(codec.number, header.created))
    out.writelines(map(codec.string, (header.database, header.server_version, header.dump_version)))
    out.write(write_entries(toc))
    return out.getvalue()


def write_entries(toc: Toc) -> bytes:
    """The entries alone, with their number before them."""
    codec = IntCodec(toc.header.int_size)
    fields = [field for entry in toc.entries for field in _entry_fields(entry, toc.header, codec)]
    return codec.number(len(toc.entries)) + b"".join(fields)


def _entry_fields(entry: Entry, header: Header, codec: IntCodec) -> Iterable[bytes]:
    version = header.version[:2]
    yield from map(codec.number, (entry.dump_id, entry.had_dumper))
    yield from map(codec.string, (entry.catalog, entry.object_id, entry.tag, entry.desc))
    yield codec.number(entry.section)
    yield from map(codec.string, (entry.defn, entry.drop_stmt, entry.copy_stmt, entry.namespace, entry.tablespace))
    if version >= _TABLE_ACCESS_METHOD:
        yield codec.string(entry.table_access_method)
    if version >= _RELATION_KIND:
        yield codec.number(entry.relation_kind)
    yield from map(codec.string, (entry.owner, entry.with_oids, *entry.dependencies, None))
    if header.format == Format.CUSTOM:
        yield bytes([entry.state]) + entry.position.to_bytes(header.offset_size, "little")
    else:
        yield codec.string(entry.file)


class _Reader:
    """Reads exactly what is asked for and remembers it; what is missing is a SourceError."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.seen = io.BytesIO()
        self.codec = IntCodec(4)

    @property
    def position(self) -> int:
        return self.seen.tell()

    def take(self, size: int) -> bytes:
        parts = []
        while size:
            part = self._stream.read(min(size, 1 << 20))
            if not part:
                raise SourceError(DAMAGED)
            parts.append(part)
            size -= len(part)
        data = b"".join(parts)
        self.seen.write(data)
        return data

    def number(self) -> int:
        return self.codec.value(self.take(self.codec.size))

    def string(self) -> bytes | None:
        length = self.number()
        if length > _LONGEST_TEXT:
            raise SourceError(DAMAGED)
        return None if length < 0 else self.take(length)

    def strings(self) -> tuple[bytes, ...]:
        """Strings up to the NULL that ends them."""
        found = []
        while (value := self.string()) is not None:
            found.append(value)
        return tuple(found)


def _read_header(reader: _Reader) -> Header:
    if reader.take(len(MAGIC)) != MAGIC:
        raise SourceError("the file is not a PostgreSQL archive: it does not begin with PGDMP")
    major, minor, revision, int_size, offset_size, kind = reader.take(6)
    if not _OLDEST <= (major, minor) <= _NEWEST:
        raise SourceError(
            f"the archive has version {major}.{minor}, and only 1.12 to 1.16 (PostgreSQL 9.0 to 18) are understood; "
            "dump again with a pg_dump of one of those"
        )
    if not (1 <= int_size <= 8 and 1 <= offset_size <= 8 and kind in (Format.CUSTOM, Format.TAR)):
        raise SourceError(DAMAGED)
    reader.codec = IntCodec(int_size)
    return Header(
        (major, minor, revision),
        int_size,
        offset_size,
        kind,
        reader.take(1)[0] if (major, minor) >= _COMPRESSION_ALGORITHM else reader.number(),
        tuple(reader.number() for _ in range(7)),
        reader.string(),
        reader.string(),
        reader.string(),
    )


def _read_entry(reader: _Reader, header: Header) -> Entry:
    version, custom = header.version[:2], header.format == Format.CUSTOM
    # Arguments are evaluated in the order written here, which is the order of the fields in the archive.
    return Entry(
        dump_id=reader.number(),
        had_dumper=reader.number(),
        catalog=reader.string(),
        object_id=reader.string(),
        tag=reader.string(),
        desc=reader.string(),
        section=reader.number(),
        defn=reader.string(),
        drop_stmt=reader.string(),
        copy_stmt=reader.string(),
        namespace=reader.string(),
        tablespace=reader.string(),
        table_access_method=reader.string() if version >= _TABLE_ACCESS_METHOD else None,
        relation_kind=reader.number() if version >= _RELATION_KIND else 0,
        owner=reader.string(),
        with_oids=reader.string(),
        dependencies=reader.strings(),
        state=reader.take(1)[0] if custom else DataState.NO_DATA,
        position=int.from_bytes(reader.take(header.offset_size), "little") if custom else 0,
        file=None if custom else reader.string(),
    )
