"""Writes CSV files: into a folder, into a zip archive, or the one that there is."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anonymizer.contracts import Rows, Verbatim
from anonymizer.errors import InternalError, TargetError
from anonymizer.stores._csv import text as _csv_text
from anonymizer.stores._csv.files import is_table
from anonymizer.stores._output import ArchiveOutput, Output, open_archive, open_output
from anonymizer.stores._utf16 import Encoder

_UNFINISHED = ".unfinished"
"""A file that is in the folder until everything else is: a result that was not completed is refused by its name."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Where what follows belongs: the file's place, and its codec if it is in UTF-16."""

    path: str
    wide: str = ""


class CsvSink:
    """A contracts.Sink. `only_file` is the name of the source if it is one file."""

    def __init__(self, target: Path, only_file: str) -> None:
        self._target = target
        self._only_file = only_file
        self._archive: ArchiveOutput | None = None
        self._file: Any = None
        self._encoder: Encoder | None = None
        if target.suffix.lower() == ".zip":
            self._archive = open_archive(target)
        elif only_file:
            self._file = open_output(target)
        else:
            if is_table(target.name):
                raise TargetError(f"the result of several files is a folder or a .zip; give {target.name} another name")
            try:
                target.mkdir(mode=0o700)
            except OSError as error:
                raise TargetError(f"{target.name} cannot be made ({os.strerror(error.errno or 0)})") from None
            open_output(target / _UNFINISHED).close()

    def write(self, part: Verbatim | Rows) -> None:
        """See contracts.Sink."""
        if isinstance(part, Verbatim):
            if isinstance(part.place, Begin):
                self._begin(part.place)
            data: Any = part.data
        elif isinstance(part.frame, _csv_text.Frame):
            data = _csv_text.write(part.frame, part.batch)
        else:
            raise InternalError(f"{part.table}: rows that were read for looking at cannot be written")
        if memoryview(data).nbytes:
            self._file.write(self._encoder.encode(data) if self._encoder is not None else data)

    def _begin(self, begin: Begin) -> None:
        self._encoder = Encoder(begin.wide) if begin.wide else None
        if self._archive is not None:
            self._archive.begin(begin.path or self._only_file)
            self._file = self._archive
        elif begin.path:
            self._complete()
            path = self._target / begin.path
            try:
                for folder in reversed(path.relative_to(self._target).parents):
                    (self._target / folder).mkdir(mode=0o700, exist_ok=True)
            except OSError as error:
                raise TargetError(f"{begin.path} cannot be made ({os.strerror(error.errno or 0)})") from None
            self._file = open_output(path)

    def _complete(self) -> None:
        if isinstance(self._file, Output):
            self._file.close()
        self._file = None

    def close(self) -> None:
        """See contracts.Sink."""
        self._complete()
        if self._archive is not None:
            self._archive.close()
        elif not self._only_file:
            (self._target / _UNFINISHED).unlink()

    def abort(self) -> None:
        """See contracts.Sink."""
        with suppress(Exception):
            if self._archive is not None:
                self._archive.discard()
            elif isinstance(self._file, Output):
                self._file.discard()
