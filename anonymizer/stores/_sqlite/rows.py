"""Rows of SQLite tables: in pieces of bounded size, as columns, whole or as a sample."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from anonymizer.errors import SourceError
from anonymizer.model.schema import quote_name
from anonymizer.stores._sqlite.cells import Cell
from anonymizer.stores._sqlite.schema import Storage, StoredTable, quote

BLOCK_BYTES = 4 << 20
"""About how much of a table is in memory at a time."""
_ROWS_FIRST, _ROWS_MAX = 8, 1 << 16
_SAMPLE_RANGES = 16
"""In how many places of a table a sample is taken."""
_SAMPLE_LENGTH = 4096
"""Characters or bytes of a value that a sample shows."""


def name_list(columns: Sequence[str]) -> str:
    """The names as SQL text."""
    return ", ".join(map(quote, columns))


def blocks(cursor: sqlite3.Cursor) -> Iterator[Sequence[Sequence[Cell]]]:
    """The rows of a query as columns, about BLOCK_BYTES at a time."""
    count = _ROWS_FIRST
    while rows := cursor.fetchmany(count):
        yield tuple(zip(*rows, strict=True))
        looked_at = rows[:: len(rows) // 16 + 1]
        size = sum(len(cell) if isinstance(cell, str | bytes) else 8 for row in looked_at for cell in row)
        count = max(1, min(count * 4, _ROWS_MAX, BLOCK_BYTES * len(looked_at) // max(size, 1)))


def sample_queries(
    connection: sqlite3.Connection, table: StoredTable, names: Sequence[str], rows: int
) -> Iterator[str]:
    """Queries for about `rows` rows in all, of the table's beginning, middle and end."""
    name = quote(table.name)
    most = _SAMPLE_LENGTH
    columns = map(quote, names)
    shown = ", ".join(f"iif(length({column}) > {most}, substr({column}, 1, {most}), {column})" for column in columns)
    few = connection.execute(f"SELECT count(*) <= {rows} FROM (SELECT 1 FROM {name} LIMIT {rows + 1})").fetchone()[0]
    if few:
        yield f"SELECT {shown} FROM {name}"
    elif table.storage is Storage.ROWID:
        key, ranges = quote(table.key[0]), min(_SAMPLE_RANGES, rows)
        each = rows // ranges
        low, high = connection.execute(f"SELECT min({key}), max({key}) FROM {name}").fetchone()
        last = f"SELECT {key} FROM {name} ORDER BY {key} DESC LIMIT 1 OFFSET {each - 1}"
        starts = [low + (high - low) * number // ranges for number in range(ranges - 1)]
        after = low
        for start in (*starts, connection.execute(last).fetchone()[0]):
            span = f"FROM {name} WHERE {key} >= {max(start, after)} ORDER BY {key} LIMIT {each}"
            end = connection.execute(f"SELECT max({key}) FROM (SELECT {key} {span})").fetchone()[0]
            if end is None:
                break
            yield f"SELECT {shown} {span}"
            after = end + 1
    else:  # no row numbers to jump to: every so many rows, the last included
        total = connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        step = -(-total // rows)
        numbered = f'SELECT *, row_number() OVER () AS "sample number" FROM {name}'
        yield f'SELECT {shown} FROM ({numbered}) WHERE ("sample number" - {total}) % {step} = 0'


@contextmanager
def text_errors(connection: sqlite3.Connection, table: StoredTable, names: Sequence[str]) -> Iterator[None]:
    """Raise SourceError with the place of a text that is not valid; the driver's own message quotes it."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "Could not decode" not in str(error):
            raise
        place = _invalid_text(connection, table, names)
        raise SourceError(f"{place}: the text is not valid in the database's encoding; correct it there") from None


def _invalid_text(connection: sqlite3.Connection, table: StoredTable, names: Sequence[str]) -> str:
    connection.text_factory = bytes
    number = quote(table.key[0]) if table.storage is Storage.ROWID else "NULL"
    for name in names:
        column = quote(name)
        for row, text in connection.execute(
            f"SELECT {number}, {column} FROM {quote(table.name)} WHERE typeof({column}) = 'text'"
        ):
            try:
                text.decode()
            except UnicodeDecodeError:
                return f"{quote_name(table.name)}.{quote_name(name)}" + ("" if row is None else f", row {row}")
    return quote_name(table.name)
