"""The sink of every SQL script: the parts one after the other, rows written into the frames that they came in."""

from __future__ import annotations

from pathlib import Path

from anonymizer.contracts import Rows, Verbatim
from anonymizer.errors import InternalError
from anonymizer.stores import _copy_text, _insert_text, _mysql_insert
from anonymizer.stores._output import open_output


class ScriptSink:
    """A contracts.Sink."""

    def __init__(self, target: Path) -> None:
        self._out = open_output(target)

    def write(self, part: Verbatim | Rows) -> None:
        """See contracts.Sink."""
        if isinstance(part, Verbatim):
            self._out.write(part.data)
        elif isinstance(part.frame, _copy_text.CopyFrame):
            self._out.write(_copy_text.write(part.frame, part.batch))
        elif isinstance(part.frame, _insert_text.InsertFrame):
            self._out.write(_insert_text.write(part.frame, part.batch))
        elif isinstance(part.frame, _mysql_insert.MysqlFrame):
            self._out.write(_mysql_insert.write(part.frame, part.batch))
        else:
            raise InternalError(f"{part.table}: rows that were read for looking at cannot be written")

    def close(self) -> None:
        """See contracts.Sink."""
        self._out.close()

    def abort(self) -> None:
        """See contracts.Sink."""
        self._out.discard()
