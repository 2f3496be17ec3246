"""PostgreSQL directory archives: `pg_dump --format=directory`, read and written without PostgreSQL.

A folder with the table of contents in `toc.dat` and a file per table, plain or compressed as its suffix says. The
table of contents names the files and holds no offsets, so it is copied as it stands.

Source: PostgreSQL's src/bin/pg_dump/pg_backup_directory.c.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from anonymizer.contracts import Input, Source
from anonymizer.errors import SourceError, TargetError
from anonymizer.stores._output import Output, open_output
from anonymizer.stores._pg import toc as _pg_toc
from anonymizer.stores._pg.archive import ArchiveSink, ArchiveSource, Member, Opening
from anonymizer.stores._pg.codec import SUFFIXES, Writer, compressing, decompressed
from anonymizer.stores._pg.toc import MAGIC, Algorithm, Entry, Format, Toc

NAME = "PostgreSQL directory archive"

_TOC = "toc.dat"
_FILE_NAME = re.compile(r"[\w-][\w.-]*", re.ASCII)
_READ = 1 << 20


def recognises(source: Input) -> bool:
    """See contracts.Store."""
    toc = source.path / _TOC
    if not toc.is_file():
        return False
    with _open(toc) as stream:
        return stream.read(len(MAGIC)) == MAGIC


def open_source(source: Input) -> Source:
    """See contracts.Store."""
    return _DirectorySource(source)


def open_sink(source: Source, target: Path) -> ArchiveSink:
    """See contracts.Store."""
    return _DirectorySink(target)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise SourceError(f"{path} cannot be read ({reason}); check that the archive is complete") from None


class _DirectorySource(ArchiveSource):
    kind = NAME

    def _read_toc(self) -> Toc:
        with _open(self.input.path / _TOC) as stream:
            toc = _pg_toc.read(stream)
            if toc.header.format != Format.TAR or stream.read(1):  # pg_dump calls both formats tar in this file
                raise SourceError(_pg_toc.DAMAGED)
        return toc

    def members(self) -> Iterator[Member]:
        """The table of contents, then the tables in its order. Raises SourceError for a file that it does not name."""
        folder = self.input.path
        files = [_File(folder / _TOC, None, "")]
        files += [_File(*_find(folder, entry)) for entry in self.toc.entries if entry.file]
        unknown = {path.name for path in folder.iterdir()} - {file.key for file in files}
        if unknown or len({file.key for file in files}) < len(files):
            raise SourceError(
                f"{self.input.name} holds files that its table of contents does not name, or names twice "
                f"({', '.join(sorted(unknown)[:3])}); leave only what pg_dump wrote"
            )
        yield from files


class _DirectorySink(ArchiveSink):
    def __init__(self, target: Path) -> None:
        super().__init__()
        self._target = target
        self._file: _NewFile | None = None
        try:
            target.mkdir(mode=0o700)
        except OSError as error:
            raise TargetError(f"{target.name} cannot be made ({os.strerror(error.errno or 0)})") from None

    def _begin(self, opening: Opening) -> Writer:
        path = self._target / opening.key
        self._file = _NewFile(path)
        algorithm = SUFFIXES.get(path.suffix, Algorithm.NONE) if opening.recoded else Algorithm.NONE
        return compressing(self._file, algorithm, file=True)

    def _complete(self) -> None:
        self._file = None

    def abort(self) -> None:
        """See contracts.Sink."""
        if self._file is not None:
            self._file.discard()


def _find(folder: Path, entry: Entry) -> tuple[Path, Entry, str]:
    """The entry's file, and the suffix that tells its compression."""
    name = (entry.file or b"").decode("ascii", "replace")
    for suffix in SUFFIXES:
        path = folder / (name + suffix)
        if _FILE_NAME.fullmatch(name) and path.is_file():
            return path, entry, suffix
    raise SourceError(f"{folder} is not complete: the data of its entry {entry.dump_id} is missing; dump again")


class _File(Member):
    """One file of the folder."""

    def __init__(self, path: Path, entry: Entry | None, suffix: str) -> None:
        self.key = path.name
        self.entry = entry
        self._path = path
        self._suffix = suffix

    def stored(self) -> Iterator[Any]:
        """The file's bytes, once it is known that none are missing."""
        if self.entry is not None:
            end = b"\n"
            for piece in self.text():
                end = (end + piece[-8:])[-8:]
            whole = b"\n\\.\n" in end if self.entry.copy_stmt else end.endswith(b"\n\n\n")
            if not whole:
                raise SourceError(f"{self.key} is truncated: its end mark is missing; dump the database again")
        return self._pieces()

    def text(self) -> Iterator[bytes]:
        """The table's COPY text."""
        return decompressed(self._pieces(), SUFFIXES[self._suffix], self.key)

    def _pieces(self) -> Iterator[bytes]:
        with _open(self._path) as stream:
            while piece := stream.read(_READ):
                yield piece


class _NewFile:
    """A file under another name until it is complete, since an output compresses by its name's suffix."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._output: Output = open_output(self._part)
        self.closed = False

    def write(self, data: Any, /) -> None:
        """Append."""
        if not self._output.closed:  # a compressor that is let go may still want to write
            self._output.write(data)

    def flush(self) -> None:
        """Nothing: there is nobody to read it yet."""

    def close(self) -> None:
        """Complete the file."""
        if not self.closed and not self._output.closed:
            self._output.close()
            self._part.rename(self._path)
        self.closed = True

    def discard(self) -> None:
        """Let go of the file; never raises."""
        self._output.discard()
