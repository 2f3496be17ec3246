"""The sink of every SQL script: the parts one after the other, rows written into the frames that they came in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from anonymizer.contracts import Rows, Verbatim
from anonymizer.errors import InternalError
from anonymizer.stores._mysql import insert as _mysql_insert
from anonymizer.stores._mysql import tab_rows as _tab_rows
from anonymizer.stores._output import open_output
from anonymizer.stores._pg import copy_text as _copy_text
from anonymizer.stores._sql import insert_text as _insert_text
from anonymizer.stores._tsql import bulk_rows as _bulk_rows
from anonymizer.stores._tsql import rows as _tsql_rows


class ScriptSink:
    """A contracts.Sink."""

    def __init__(self, target: Path) -> None:
        self._out = open_output(target)

    def write(self, part: Verbatim | Rows) -> None:
        """See contracts.Sink."""
        self._out.write(written(part))

    def close(self) -> None:
        """See contracts.Sink."""
        self._out.close()

    def abort(self) -> None:
        """See contracts.Sink."""
        self._out.discard()


def written(part: Verbatim | Rows) -> Any:
    """The text of a part (bytes-like)."""
    if isinstance(part, Verbatim):
        return part.data
    if isinstance(part.frame, _copy_text.CopyFrame):
        return _copy_text.write(part.frame, part.batch)
    if isinstance(part.frame, _insert_text.InsertFrame):
        return _insert_text.write(part.frame, part.batch)
    if isinstance(part.frame, _mysql_insert.MysqlFrame):
        return _mysql_insert.write(part.frame, part.batch)
    if isinstance(part.frame, _tsql_rows.RowsFrame):
        return _tsql_rows.write(part.frame, part.batch)
    if isinstance(part.frame, _bulk_rows.BulkFrame):
        return _bulk_rows.write(part.frame, part.batch)
    if isinstance(part.frame, _tab_rows.TabFrame):
        return _tab_rows.write(part.frame, part.batch)
    raise InternalError(f"{part.table}: rows that were read for looking at cannot be written")
