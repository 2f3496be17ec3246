"""Stores: one file per dump format or database, source and sink together.

    pg_plain, pg_custom, pg_directory, pg_tar       PostgreSQL            `_pg`
    mysql_dump, mysql_folder, mysql_tab_folder, mydumper_folder
                                                    MySQL and MariaDB     `_mysql`
    mssql_script, mssql_folder, bacpac              SQL Server            `_tsql`, `_bacpac`
    sqlite_file, sqlite_dump                        SQLite                `_sqlite`
    csv_folder, parquet_folder                      tables in files       `_csv`, `_parquet`
    odbc                                            live databases        `_odbc`

Folders with an underscore are what a family shares; `_sql` is for the scripts of all of them, `_arrow` for tables in
memory, which the Python API takes. Files as such are read by `_input` (files, folders, pipes, decompressed) and written
by `_output` (new private files, compressed). `recognise` tells by its content which store a source belongs to.
"""

from __future__ import annotations

import codecs
import re
from types import ModuleType
from typing import TYPE_CHECKING

from anonymizer import registry
from anonymizer.contracts import Input
from anonymizer.errors import SourceError
from anonymizer.stores._input import is_dump, is_packed, members_of, open_input, spool_pipe
from anonymizer.stores._output import open_output

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["engine_of", "open_input", "open_output", "recognise", "spool_pipe"]

_HEAD = 1 << 16


def recognise(source: Input) -> ModuleType:
    """The store that the source's content belongs to. Raises SourceError when it is none, or more than one."""
    stores = registry.load("stores")
    fitting = [module for module in stores.values() if module.recognises(source)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        kinds = " and ".join(module.NAME for module in fitting)
        raise SourceError(f"{source.name} looks like {kinds} at once; make the dump again with the database's own tool")
    known = ", ".join(module.NAME for module in stores.values())
    raise SourceError(f"{source.name} {_what_it_is(source)}; what can be read: {known}")


def engine_of(kind: str) -> ModuleType | None:
    """The store of scripts of that kind, if it has their engine: `load` makes a database, LOADED, of a script."""
    return next((s for s in registry.load("stores").values() if kind == s.NAME and hasattr(s, "load")), None)


def _what_it_is(source: Input) -> str:
    """What is known of a source that no store reads, and what to do."""
    if source.path.is_dir():
        return "is a folder without a dump that can be read"
    dumps = [name for name in members_of(source) if is_dump(name)]
    if dumps:
        return f"holds several files; name one of them, as {source.path.name}/{dumps[0]}"
    head = source.head(_HEAD)
    return next((words for fits, words in _KNOWN if fits(head)), "is no dump or database that can be read")


def _text(head: bytes) -> str:
    return head.decode(
        "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "latin-1", "replace"
    )


_STATEMENT = re.compile(r"(?im)^\s*(?:create\s+table|insert\s+into|create\s+database|drop\s+table)\b")
_KNOWN: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (
        lambda head: head.startswith((b"TAPE", b"MSSQLBAK")),
        "is a SQL Server backup (.bak), which only SQL Server can read; restore it there (a container will do), export"
        " a package by `sqlpackage /Action:Export` or Export Data-tier Application, and use that .bacpac as the source",
    ),
    (
        lambda head: b"<mysqldump " in head[:200],
        "is what mysqldump writes with --xml; dump again without that option",
    ),
    (
        lambda head: _STATEMENT.search(_text(head)) is not None,
        "is a script that does not show which server it is for; put a first line before it that does: `PRAGMA"
        " foreign_keys=OFF;` for SQLite, `SET NAMES utf8mb4;` for MySQL and MariaDB, `SET client_encoding = 'UTF8';`"
        " for PostgreSQL, `GO` for SQL Server",
    ),
    (is_packed, "holds a compressed file or an archive; unpack it first"),
)
