"""Loading a result into a live database: one transaction, committed only after the result was verified.

Rows whose order no kept key gives are numbered as they come, so that the proof can compare them one by one: in a column
that is added and dropped again within the transaction, or in a temporary table beside their keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import Any

import pyarrow as pa

from anonymizer.contracts import Rows, Verbatim
from anonymizer.errors import InternalError, TargetError
from anonymizer.model.schema import TableName
from anonymizer.stores._odbc.dialect import Dialect, in_order
from anonymizer.stores._odbc.link import Link, code
from anonymizer.stores._odbc.stored import Stored
from anonymizer.stores.odbc import Frame, OdbcSource

ROW_NUMBER = "anonymizer_row"
_LONG_ROW = 16 << 10
"""Rows of more bytes than this, on average, are sent one by one."""
_PARAMETERS_MAX = 2000
_NUMBER_WIDTH = 20


class OdbcSink:
    """Loads one database; see contracts.Sink. `commit` makes it visible to others, `abort` takes all of it back."""

    def __init__(self, source: OdbcSource, link: Link, dialect: Dialect) -> None:
        self._source, self._link, self._dialect = source, link, dialect
        self.tables = in_order(dialect.stored(link))
        self._by_name = {stored.name: stored for stored in self.tables}
        self._current: Stored | None = None
        self._row = 0
        self._listed: Stored | None = None
        self.numbered: dict[TableName, str] = {}
        """See `OdbcInput.pairing`."""
        require_same(link, source.tables, self.tables)
        require_empty(link, dialect, self.tables)
        dialect.prepare(link, self.tables)

    def write(self, part: Verbatim | Rows) -> None:
        """See contracts.Sink."""
        frame: Frame = part.frame if isinstance(part, Rows) else part.place
        replaced = tuple(part.batch.schema.names) if isinstance(part, Rows) else ()
        if self._current is None or self._current.name != frame.stored.name:
            self._next(self._by_name[frame.stored.name], frame.stored, replaced)
        batch = frame.batch
        if isinstance(part, Rows):
            if part.batch.num_rows == 0:
                return
            for name, values in zip(part.batch.schema.names, part.batch.columns, strict=True):
                batch = batch.set_column(batch.schema.names.index(name), name, values)
        self._insert(batch)

    def close(self) -> None:
        """See contracts.Sink. All rows are in; nobody else sees them."""
        if self._current is not None:
            self._dialect.after(self._link, self._current)
        self._current = None

    def abort(self) -> None:
        """See contracts.Sink."""
        with suppress(self._link.errors):
            self._link.connection.rollback()

    def commit(self) -> None:
        """Constraints and triggers as they were, counters as in the source, all of it visible. Raises TargetError."""
        try:
            self._dialect.restore(self._link, self.tables, self.numbered, self._source.link)
            self._dialect.set_counters(self._link, self._source.dialect.counters(self._source.link))
            self._link.connection.commit()
        except self._link.errors as error:
            self.abort()
            raise self._link.fault("the result cannot be committed", error, "; nothing was changed") from None
        except BaseException:
            self.abort()
            raise

    def _next(self, stored: Stored, original: Stored, replaced: tuple[str, ...]) -> None:
        self.close()
        key = original.order()
        unordered = not original.table.partition_of and (not key or set(key) & set(replaced))
        number = self._dialect.NUMBERS and unordered
        self._dialect.before(self._link, stored, ROW_NUMBER if number else None)
        self._listed = None
        if unordered and not number:
            self._listed = self._dialect.list_keys(self._link, stored, key, f"{ROW_NUMBER}_{len(self.numbered)}")
        if number or self._listed is not None:
            self.numbered[stored.name] = ROW_NUMBER if self._listed is None else self._listed.name.name
            self._source.input.pairing[stored.name] = ""
        self._current, self._row = stored, 0

    def _insert(self, batch: pa.RecordBatch) -> None:
        stored = self._current
        if stored is None:
            raise InternalError("rows without a table; do not use the result")
        columns: dict[str, list[Any]] = dict(
            zip(batch.schema.names, (column.to_pylist() for column in batch.columns), strict=True)
        )
        numbers = [str(row) for row in range(self._row, self._row + batch.num_rows)]
        self._row += batch.num_rows
        by_column = self._listed is None and stored.name in self.numbered
        rows = list(zip(*columns.values(), *([numbers] if by_column else []), strict=True))
        try:
            for statement, values, widths in self._chunks(
                stored, rows, batch.nbytes, ROW_NUMBER if by_column else None
            ):
                self._link.insert(statement, values, widths)
            if self._listed is not None:
                keys = list(zip(numbers, *(columns[name] for name in self._listed.names[1:]), strict=True))
                for statement, values, widths in self._chunks(self._listed, keys, 0, None):
                    self._link.insert(statement, values, widths)
        except self._link.errors as error:
            self._refuse(stored, error)

    def _chunks(
        self, stored: Stored, rows: list[tuple[Any, ...]], size: int, number: str | None
    ) -> Iterator[tuple[str, list[Any], list[int] | None]]:
        """Statements with their values, many rows in each but for long ones; or whole arrays and their widths."""
        single = self._dialect.insert(stored, 1, number)
        widths = self._dialect.bulk(stored)
        if widths is not None:
            yield single, rows, [*widths, *([_NUMBER_WIDTH] if number else [])]
            return
        group = min(self._dialect.group, _PARAMETERS_MAX // len(rows[0]))
        if group > 1 and size // len(rows) <= _LONG_ROW:
            whole = len(rows) - len(rows) % group
            if whole:
                together = [list(chain.from_iterable(rows[at : at + group])) for at in range(0, whole, group)]
                yield self._dialect.insert(stored, group, number), together, None
            rows = rows[whole:]
        if rows:
            yield single, rows, None

    def _refuse(self, stored: Stored, error: Exception) -> None:
        state = code(error)
        advice = "the new values break a constraint or do not fit; change the rules of its columns"
        if "SQLSTATE 08" in state:
            advice = "the connection was lost; run again"
        raise TargetError(f"{self._link.name}: rows of {stored.name} cannot be written ({state}): {advice}") from None


def require_same(link: Link, wanted: tuple[Stored, ...], there: tuple[Stored, ...]) -> None:
    """Raise TargetError, which names the differences, unless the target has the same tables and columns."""
    found = {stored.name: stored for stored in there}
    expected = {stored.name: stored for stored in wanted}
    problems = [f"{name} is missing" for name in expected if name not in found]
    problems += [f"{name} is not in the source" for name in found if name not in expected]
    for name in expected.keys() & found.keys():
        old, new = ({c.name: c for c in stored.table.columns} for stored in (expected[name], found[name]))
        problems += [f"{name}.{column} is missing" for column in old if column not in new]
        problems += [f"{name}.{column} is not in the source" for column in new if column not in old]
        problems += [
            f"{name}.{column} is {new[column].type} and not {old[column].type}"
            for column in old.keys() & new.keys()
            if (old[column].type, old[column].generated) != (new[column].type, new[column].generated)
        ]
    if problems:
        more = f" and {len(problems) - 8} more" if len(problems) > 8 else ""
        raise link.refused(
            f"its tables are not those of the source: {'; '.join(sorted(problems)[:8])}{more}; create the target from"
            " the same definitions as the source"
        )


def require_empty(link: Link, dialect: Dialect, tables: tuple[Stored, ...]) -> None:
    """Raise TargetError if one of the tables has rows."""
    for stored in tables:
        if stored.cells and link.rows(dialect.any_row(stored)):
            raise link.refused(f"{stored.name} has rows; a result is only loaded into empty tables")
