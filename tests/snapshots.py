"""What a database holds, seen through its real client: for tests that compare before and after."""

from __future__ import annotations

import csv
import re
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

import ahocorasick_rs

from tests.fix_postgres import Database

Snapshot = dict[str, list[tuple[str | None, ...]]]
"""Table, in lower case and without its schema where that is `public` -> rows, in the order of the dump."""

_TABLES = """
SELECT n.nspname, c.relname, string_agg(a.attname, ',' ORDER BY a.attnum),
    coalesce((SELECT 'ORDER BY ' || string_agg(k::text, ',') FROM pg_index i, unnest(i.indkey) k
              WHERE i.indrelid = c.oid AND i.indisprimary), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
GROUP BY 1, 2, c.oid ORDER BY 1, 2
"""


def of_postgres(database: Database) -> tuple[dict[str, list[str]], Snapshot]:
    """Columns and rows of every table, through COPY, by primary key: the server puts rows where there is room."""
    columns, rows = {}, {}
    for schema, table, names, order in database.query(_TABLES):
        name = f"{schema}.{table}"
        query = f'COPY (SELECT * FROM "{schema}"."{table}" {order}) TO STDOUT'
        out = database.tool("psql", "-X", "-c", query).decode()
        columns[name] = names.split(",") if names else []
        rows[name] = [tuple(None if c == r"\N" else c for c in line.split("\t")) for line in out.split("\n")[:-1]]
    return columns, rows


def of_sqlite(path: Path) -> tuple[dict[str, list[str]], Snapshot]:
    """Columns and rows of every table, by rowid where there is one; a write-ahead log beside the file is read."""
    connection = sqlite3.connect(path)
    columns, rows = {}, {}
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    for (table,) in tables.fetchall():
        cursor = connection.execute(f'SELECT * FROM "{table}"')
        columns[table] = [c[0] for c in cursor.description]
        rows[table] = [tuple(None if c is None else _text(c) for c in row) for row in cursor]
    connection.close()
    return columns, rows


def _text(cell: object) -> str:
    return cell.hex() if isinstance(cell, bytes) else str(cell)


STRICT = (
    "email phone full_name street_address national_id vat_number company_id iban bank_account credit_card "
    "password_or_secret"
).split()
"""Labels whose values may not survive anywhere."""


def labelled(labels: Path, categories: Iterable[str] = STRICT) -> set[tuple[str, str]]:
    """(table, column) of hand-made labels in these categories, folded by `fold`; doubtful ones left out."""
    with labels.open(encoding="utf-8-sig", newline="") as lines:
        return {
            (fold(row["table"]), fold(row["column"]))
            for row in csv.DictReader(lines)
            if row["label"] in set(categories) and not row["why"].startswith("AMBIGUOUS")
        }


def fold(name: str) -> str:
    """Names as they agree between dialects: no schema, no case, no underscores or spaces."""
    return re.sub(r"[_ ]", "", name.split(".")[-1]).lower()


def values(columns: Mapping[str, list[str]], rows: Snapshot, wanted: set[tuple[str, str]]) -> set[str]:
    """The distinct values of the wanted columns that are long enough to be told from chance."""
    found: set[str] = set()
    for table, names in columns.items():
        for index, name in enumerate(names):
            if (fold(table), fold(name)) in wanted:
                found |= {value for row in rows[table] if (value := row[index]) is not None and len(value) >= 6}
    return found


def full_names(columns: Mapping[str, list[str]], rows: Snapshot) -> set[str]:
    """First and last names of the same row, joined."""
    found: set[str] = set()
    for table, names in columns.items():
        folded = [fold(name) for name in names]
        for first, last in (("firstname", "lastname"), ("voornaam", "familienaam"), ("prenom", "nom")):
            if first in folded and last in folded:
                i, j = folded.index(first), folded.index(last)
                found |= {f"{row[i]} {row[j]}" for row in rows[table] if row[i] and row[j]}
    return found


def survivors(originals: set[str], text: bytes) -> int:
    """How many distinct originals occur anywhere in the text, whatever their case."""
    if not originals:
        return 0
    patterns = sorted({value.lower().encode() for value in originals})
    matcher = ahocorasick_rs.BytesAhoCorasick(patterns)
    return len(
        {match[0] for match in matcher.find_matches_as_indexes(text.decode("utf-8", "replace").lower().encode())}
    )


def as_bytes(rows: Snapshot) -> bytes:
    """All cells, one a line."""
    return "\n".join(cell for table in rows.values() for row in table for cell in row if cell is not None).encode()
