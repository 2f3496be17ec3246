"""PostgreSQL custom archives: `pg_dump --format=custom`, read and written without PostgreSQL.

After the table of contents comes a block per table: a byte for its kind, the entry's number, and chunks, each a
length and so many bytes, up to a chunk of length 0. Chunks together are one compressed stream of COPY text. The table
of contents says at which byte each block begins; since every number has a fixed size, it is written twice: before the
blocks, and again once their places are known, as pg_dump does.

Source: PostgreSQL's src/bin/pg_dump/pg_backup_custom.c.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from anonymizer.contracts import Input, Source
from anonymizer.errors import InternalError, SourceError, TargetError
from anonymizer.stores._output import Output
from anonymizer.stores._pg import toc as _pg_toc
from anonymizer.stores._pg.archive import ArchiveSink, ArchiveSource, Member, Opening, SeekableFile
from anonymizer.stores._pg.codec import Writer, compressing, decompressed
from anonymizer.stores._pg.toc import MAGIC, DataState, Entry, Format, IntCodec, Toc

NAME = "PostgreSQL custom archive"

_FORMAT_AT = 10
"""Byte of the header that tells the format."""
_TABLE_BLOCK = 1
"""Kind of a block that holds a table's data; 3 are large objects."""
_READ = 1 << 20
_TRUNCATED = "the archive is damaged or truncated; dump the database again"


def recognises(source: Input) -> bool:
    """See contracts.Store."""
    head = source.head(_FORMAT_AT + 1)
    return head.startswith(MAGIC) and head[_FORMAT_AT:] == bytes([Format.CUSTOM])


def open_source(source: Input) -> Source:
    """See contracts.Store."""
    return _CustomSource(source)


def open_sink(source: Source, target: Path) -> ArchiveSink:
    """See contracts.Store."""
    assert isinstance(source, _CustomSource)
    return _CustomSink(source.toc, target)


class _CustomSource(ArchiveSource):
    kind = NAME

    def _read_toc(self) -> Toc:
        with self.input.open() as stream:
            return _pg_toc.read(stream)

    def members(self) -> Iterator[Member]:
        """The blocks in the order in which they lie in the file, then the table of contents where it is repeated."""
        codec = IntCodec(self.toc.header.int_size)
        expected = {entry.dump_id: entry for entry in self.toc.entries if _has_data(entry)}
        places = {}
        with self.input.open() as stream:
            cursor = _Cursor(stream, self.toc.size)
            while expected and cursor.more():
                place, head = cursor.position, cursor.take(1 + codec.size)
                entry = expected.pop(codec.value(head, 1), None)
                if head[0] != _TABLE_BLOCK or entry is None:
                    raise SourceError(_TRUNCATED)
                places[entry.dump_id] = place
                block = _Block(cursor, bytes(head), entry, self.toc)
                yield block
                for _ in block.stored():
                    pass
            if expected:
                raise SourceError(_TRUNCATED)
            if cursor.more():
                again = _pg_toc.write_entries(_placed(self.toc, places, DataState.NOT_SET))
                if cursor.take(len(again)) != again or cursor.more():
                    raise SourceError(_TRUNCATED)
                yield _TocAgain()


class _CustomSink(ArchiveSink):
    def __init__(self, toc: Toc, target: Path) -> None:
        super().__init__()
        self._toc = toc
        self._places: dict[int, int] = {}
        self._repeats_toc = False
        self._file = SeekableFile(target)
        self._file.output.write(_pg_toc.write(toc))

    def _begin(self, opening: Opening) -> Writer:
        output, header = self._file.output, self._toc.header
        if opening.key is None:
            self._repeats_toc = True
            return _Stored(output)
        self._places[opening.key] = output.tell()
        if not opening.recoded:
            return _Stored(output)
        codec = IntCodec(header.int_size)
        output.write(bytes([_TABLE_BLOCK]) + codec.number(opening.key))
        return compressing(_Chunks(output, codec), header.algorithm, file=False)

    def _complete(self) -> None:
        output = self._file.output
        if set(self._places) != {entry.dump_id for entry in self._toc.entries if _has_data(entry)}:
            raise InternalError("not every table of the archive was written; do not use the result")
        if max(self._places.values(), default=0) >> 8 * self._toc.header.offset_size:
            raise TargetError("the archive grows past what its offsets can express; dump again with a newer pg_dump")
        if self._repeats_toc:
            output.write(_pg_toc.write_entries(_placed(self._toc, self._places, DataState.NOT_SET)))
        output.seek(0)
        output.write(_pg_toc.write(_placed(self._toc, self._places, DataState.SET)))
        self._file.close()

    def abort(self) -> None:
        """See contracts.Sink."""
        self._file.discard()


def _has_data(entry: Entry) -> bool:
    return bool(entry.had_dumper) and entry.state != DataState.NO_DATA


def _placed(toc: Toc, places: Mapping[int, int], state: DataState) -> Toc:
    """The table of contents with the places of the blocks, for the entries that are in this state; they become SET."""
    return replace(
        toc,
        entries=tuple(
            replace(entry, state=DataState.SET, position=places[entry.dump_id])
            if _has_data(entry) and entry.state == state
            else entry
            for entry in toc.entries
        ),
    )


class _TocAgain(Member):
    """The entries of the table of contents once more, at the very end, now with their places.

    So PostgreSQL 17 writes to a redirected standard output: it goes back to write them, but can only append.
    """

    key = None
    entry = None

    def stored(self) -> Iterator[Any]:
        """Nothing: the sink knows the places of its own blocks."""
        return iter(())

    def text(self) -> Iterator[bytes]:
        """Nothing."""
        return iter(())


class _Cursor:
    """The bytes after the table of contents, in views onto some megabyte at a time."""

    def __init__(self, stream: BinaryIO, start: int) -> None:
        self._stream = stream
        self._view = memoryview(b"")
        self.position = 0
        """Bytes taken from the archive's beginning."""
        self.take(start)

    def more(self) -> bool:
        """Whether anything follows."""
        if not self._view:
            self._view = memoryview(self._stream.read(_READ))
        return bool(self._view)

    def view(self, size: int) -> memoryview:
        """What is there to be read, at least `size` bytes. Raises SourceError."""
        while len(self._view) < size:
            more = self._stream.read(_READ)
            if not more:
                raise SourceError(_TRUNCATED)
            self._view = memoryview(bytes(self._view) + more)
        return self._view

    def take(self, size: int) -> memoryview:
        """The next `size` bytes."""
        taken = self.view(size)[:size]
        self._view = self._view[size:]
        self.position += size
        return taken


class _Block(Member):
    """A table's block; whatever of it was not read is passed over by reading `stored` once more."""

    def __init__(self, cursor: _Cursor, head: bytes, entry: Entry, toc: Toc) -> None:
        self.key = entry.dump_id
        self.entry = entry
        self._cursor = cursor
        self._head = head
        self._header = toc.header
        self._codec = IntCodec(toc.header.int_size)
        self._left = 0
        """Bytes of the current chunk that are still to come."""
        self._ended = False

    def stored(self) -> Iterator[Any]:
        """The block with its framing."""
        yield self._head
        while not self._ended:
            view = self._cursor.view(1 if self._left else self._codec.size)
            size, _ = self._walk(view)
            yield self._cursor.take(size)

    def text(self) -> Iterator[bytes]:
        """The table's COPY text."""
        return decompressed(self._payloads(), self._header.algorithm, f"entry {self.key}")

    def _payloads(self) -> Iterator[bytes]:
        while not self._ended:
            view = self._cursor.view(1 if self._left else self._codec.size)
            size, payloads = self._walk(view)
            self._cursor.take(size)
            if payloads:
                yield b"".join(payloads)

    def _walk(self, view: memoryview) -> tuple[int, list[memoryview]]:
        """How many bytes of the view belong to chunks of this block, and what those chunks hold."""
        payloads = []
        at, head, available = 0, self._codec.size, len(view)
        while True:
            end = min(at + self._left, available)
            if end > at:
                payloads.append(view[at:end])
            self._left -= end - at
            at = end
            if self._left or at + head > available:
                return at, payloads
            if view[at]:
                raise SourceError(_TRUNCATED)
            self._left = int.from_bytes(view[at + 1 : at + head], "little")
            at += head
            if not self._left:
                self._ended = True
                return at, payloads


class _Stored:
    """Passes on a block that is copied as it stands."""

    def __init__(self, output: Output) -> None:
        self.write = output.write

    def close(self) -> None:
        """Nothing: the block ends itself."""


class _Chunks:
    """Makes each write a chunk, and closing the end of the block."""

    def __init__(self, output: Output, codec: IntCodec) -> None:
        self._output = output
        self._codec = codec
        self.closed = False

    def write(self, data: Any, /) -> None:
        """One chunk; an empty one would end the block."""
        if self._output.closed or not (size := len(data)):  # a compressor that is let go may still want to write
            return
        self._output.write(self._codec.number(size))
        self._output.write(data)

    def flush(self) -> None:
        """Nothing: chunks are written at once."""

    def close(self) -> None:
        """End the block."""
        if not self.closed and not self._output.closed:
            self._output.write(self._codec.number(0))
        self.closed = True
