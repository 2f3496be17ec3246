"""One open ODBC connection: statements, rows in bounded memory, and errors that quote nothing.

A driver's message may hold data or a host's details; only its SQLSTATE and the server's own error number leave here.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from anonymizer.errors import AnonymizerError, SettingError, SourceError, TargetError
from anonymizer.model.schema import TableName

_NATIVE = re.compile(r"\((-?\d+)\)(?: \(SQL\w+\))?\s*$")
_BYTES = 4 << 20
"""About so many bytes of rows are fetched at a time."""
_FETCH_FIRST, _FETCH_MAX = 200, 20_000


def driver_manager() -> Any:
    """The module pyodbc. Raises SettingError where the system has no ODBC driver manager."""
    try:
        import pyodbc
    except ImportError:
        raise SettingError(
            "ODBC needs the driver manager unixODBC, which is not installed: apt-get install unixodbc"
        ) from None
    pyodbc.pooling = False  # a session's settings and its transaction must end with it
    return pyodbc


def code(error: Any) -> str:
    """What of a driver's error may be told: SQLSTATE and the server's own number."""
    state = error.args[0] if error.args and re.fullmatch(r"\w{5}", str(error.args[0])) else "HY000"
    native = _NATIVE.search(str(error.args[1])) if len(error.args) > 1 else None
    return f"SQLSTATE {state}, error {native[1]}" if native else f"SQLSTATE {state}"


class Link:
    """An open connection in a transaction of its own; `name` is how messages name the database."""

    def __init__(self, connection: Any, name: str, side: type[AnonymizerError]) -> None:
        self.connection = connection
        self.name = name
        self._side = side
        self._pyodbc = driver_manager()

    def fault(self, what: str, error: Any, advice: str = "") -> AnonymizerError:
        """The error to raise for one of the driver's."""
        return self._side(f"{self.name}: {what} ({code(error)}){advice}")

    def refused(self, sentence: str) -> AnonymizerError:
        """An error of our own making."""
        return self._side(f"{self.name}: {sentence}")

    def run(self, sql: str, *values: object) -> None:
        """Run a statement without a result."""
        self.rows(sql, *values)

    def rows(self, sql: str, *values: object, what: str = "a statement failed") -> list[tuple[Any, ...]]:
        """All rows of a small result."""
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql, *values)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        except self._pyodbc.Error as error:
            raise self.fault(what, error) from None
        finally:
            self._close(cursor)

    def catalogue(self, function: str, **arguments: Any) -> list[Any]:
        """The rows of one of ODBC's catalogue functions."""
        cursor = self.connection.cursor()
        try:
            return list(getattr(cursor, function)(**arguments).fetchall())
        except self._pyodbc.Error as error:
            raise self.fault(f"the driver does not tell of its {function}", error) from None
        finally:
            self._close(cursor)

    def stream(self, sql: str, names: Sequence[str], what: str) -> Iterator[pa.RecordBatch]:
        """The rows of a result as Arrow strings, a few megabytes at a time."""
        cursor = self.connection.cursor()
        count = _FETCH_FIRST
        try:
            cursor.execute(sql)
            while rows := cursor.fetchmany(count):
                columns = [to_arrow(column) for column in zip(*rows, strict=True)]
                batch = pa.RecordBatch.from_arrays(columns, names=list(names))
                yield batch
                count = max(1, min(_FETCH_MAX, 4 * count, len(rows) * _BYTES // max(batch.nbytes, 1)))
        except self._pyodbc.Error as error:
            raise self.fault(f"{what} cannot be read", error) from None
        finally:
            self._close(cursor)

    def insert(self, sql: str, rows: Sequence[Sequence[object]], widths: Sequence[int] | None) -> None:
        """Run one statement with many rows of values, sent as whole arrays if the widths of their columns are given.

        Raises what the driver raises.
        """
        cursor = self.connection.cursor()
        try:
            if widths is not None:  # as texts; the driver's own guess is a number's digits without sign and point
                cursor.fast_executemany = True
                cursor.setinputsizes([(self._pyodbc.SQL_WVARCHAR, width, 0) for width in widths])
            cursor.executemany(sql, rows)
        finally:
            self._close(cursor)

    @property
    def errors(self) -> type[Exception]:
        """What the driver raises."""
        error: type[Exception] = self._pyodbc.Error
        return error

    def close(self) -> None:
        """Take back what was not committed, and hang up."""
        with suppress(self._pyodbc.Error):
            self.connection.rollback()
        with suppress(self._pyodbc.Error):
            self.connection.close()

    def _close(self, cursor: Any) -> None:
        with suppress(self._pyodbc.Error):
            cursor.close()


def to_arrow(column: Iterable[Any]) -> pa.Array:
    """Cells as the driver gives them -> Arrow string, as `contracts` writes values."""
    cells = list(column)
    kinds = set(map(type, cells)) - {type(None)}
    if kinds <= {str}:
        return pa.array(cells, pa.string())
    if kinds == {int}:
        return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())
    if kinds == {float}:
        return pa.array(cells, pa.float64()).cast(pa.string())
    return pa.array([None if cell is None else _text(cell) for cell in cells], pa.string())


def _text(cell: Any) -> str:
    if isinstance(cell, bytes | bytearray):
        return "\\x" + cell.hex()
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, Decimal):
        return format(cell, "f")
    return repr(cell) if isinstance(cell, float) else str(cell)


@dataclass(slots=True)
class OdbcInput:
    """A database behind an open connection, as long as it is open. No store but `odbc` knows it; it has no bytes."""

    name: str
    link: Link
    dialect: str
    """Name of the dialect that its server speaks."""
    notes: tuple[str, ...] = ()
    """What the report should say of how it was read."""
    pairing: dict[TableName, str] = field(default_factory=dict)
    """Tables whose keys do not give the order in which rows came, once a sink knows; in a target with the column that
    numbers them until it is published, or the temporary table that lists their keys, in a source with ""."""
    path: Path = Path("/nonexistent/odbc")

    def head(self, size: int) -> bytes:
        """See contracts.Input: it has none."""
        return b""

    def open(self) -> BinaryIO:
        """See contracts.Input: it has none."""
        return io.BytesIO()


__all__ = ["Link", "OdbcInput", "SourceError", "TargetError", "code", "driver_manager", "to_arrow"]
