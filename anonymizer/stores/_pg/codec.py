"""Compression inside PostgreSQL archives: zlib and gzip, LZ4 frames, Zstandard frames; streamed both ways.

Custom archives hold a zlib stream, an LZ4 frame or a Zstandard frame per table; directories hold files with the
suffixes of the usual tools. Source: PostgreSQL's src/bin/pg_dump/compress_gzip.c, compress_lz4.c, compress_zstd.c.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Protocol, cast

import pyarrow as pa
import zstandard
from isal import isal_zlib

from anonymizer.errors import SourceError
from anonymizer.stores._pg.toc import Algorithm

SUFFIXES = {"": Algorithm.NONE, ".gz": Algorithm.GZIP, ".lz4": Algorithm.LZ4, ".zst": Algorithm.ZSTD}
"""Suffix of a data file in a directory archive -> how it is compressed, in the order in which pg_restore looks."""

_BLOCK = 1 << 20
_DAMAGE: tuple[type[Exception], ...] = (isal_zlib.error, EOFError, OSError, pa.ArrowException)  # type: ignore[assignment]
"""What the decompressors raise for bytes that are not what they should be."""
_ZLIB, _GZIP, _EITHER = 15, 31, 47
"""zlib's window-bits argument: 2 ** 15 bytes of window, +16 for gzip's wrapper, +32 to take both when reading."""
_ISAL_LEVEL = 2
"""Of 0 to 3: near zlib's level 3 in size at several times its speed."""
_ZSTD_LEVEL = 3
"""pg_dump's own default."""


class Writer(Protocol):
    """Takes bytes until it is closed."""

    def write(self, data: Any, /) -> Any: ...

    def close(self) -> None: ...


def decompressed(pieces: Iterable[bytes], algorithm: Algorithm, what: str) -> Iterator[bytes]:
    """The content of a compressed stream that comes in pieces, in pieces of at most some megabytes.

    Raises SourceError, naming `what`, when the stream is damaged or ends early.
    """
    try:
        if algorithm is Algorithm.NONE:
            yield from pieces
        elif algorithm is Algorithm.GZIP:
            yield from _inflated(pieces)
        else:
            yield from _unframed(pieces, algorithm)
    except _DAMAGE:
        raise SourceError(f"the data of {what} is damaged or truncated; dump the database again") from None


def compressing(target: Writer, algorithm: Algorithm, file: bool) -> Writer:
    """A writer that compresses into `target`, and closes it when it is closed itself.

    `file` asks for gzip's own wrapper, as files have it, where a custom archive has zlib's.
    """
    if algorithm is Algorithm.NONE:
        return target
    if algorithm is Algorithm.GZIP:
        return _Deflater(target, _GZIP if file else _ZLIB)
    if algorithm is Algorithm.ZSTD:
        return zstandard.ZstdCompressor(_ZSTD_LEVEL).stream_writer(cast(BinaryIO, target))
    framed: Writer = pa.CompressedOutputStream(pa.PythonFile(target, "w"), "lz4")
    return framed


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    inflater = isal_zlib.decompressobj(wbits=_EITHER)
    for piece in pieces:
        while True:
            if inflater.eof and piece:  # a file may be several gzip members
                inflater = isal_zlib.decompressobj(wbits=_EITHER)
            data = inflater.decompress(piece, _BLOCK)
            if data:
                yield data
            piece = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            if not piece and len(data) < _BLOCK:
                break
    if not inflater.eof:
        raise EOFError


def _unframed(pieces: Iterable[bytes], algorithm: Algorithm) -> Iterator[bytes]:
    compressed = pa.PythonFile(io.BufferedReader(PieceStream(pieces)), "r")
    with pa.CompressedInputStream(compressed, "lz4" if algorithm is Algorithm.LZ4 else "zstd") as stream:
        while data := stream.read(_BLOCK):
            yield data


class PieceStream(io.RawIOBase):
    """Pieces of bytes as a readable file."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


class _Deflater:
    def __init__(self, target: Writer, wbits: int) -> None:
        self._target = target
        self._deflater = isal_zlib.compressobj(_ISAL_LEVEL, wbits=wbits)

    def write(self, data: Any, /) -> None:
        self._target.write(self._deflater.compress(data))

    def close(self) -> None:
        self._target.write(self._deflater.flush())
        self._target.close()
