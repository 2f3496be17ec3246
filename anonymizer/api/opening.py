"""Opening a source: its kind told by its content or its address, and a private work folder for the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from anonymizer import servers, stores
from anonymizer.api.memory import Tables, in_memory, source_of
from anonymizer.contracts import Input, Source
from anonymizer.errors import SourceError
from anonymizer.model.schema import TableName
from anonymizer.stores import open_input
from anonymizer.stores._arrow import tables as _arrow_tables
from anonymizer.workspace import Workspace

PIPE = "-"

Origin = str | Path | Mapping[str, Any] | Tables
"""A file, a folder, a pipe, the address of a live database, or tables in memory."""


@dataclass(frozen=True, slots=True)
class Tick:
    """How far the work has come: its stage ("detect", "replace", "verify"), and while replacing the table at hand,
    rows just written, bytes written so far and, where it can be told, how many bytes there will be."""

    stage: str
    table: TableName | None = None
    rows: int = 0
    written: int = 0
    expected: int | None = None


Progress = Callable[[Tick], None]


def silent(tick: Tick) -> None:
    """No progress is shown."""


@contextmanager
def database(argument: str | Path, workspace: Workspace, rows: int | None = None) -> Iterator[Input]:
    """What `argument` names: a file, a folder, a pipe, or the address of a live database.

    With `rows` some of the rows of each table are enough.
    """
    if servers.is_address(str(argument)):
        with servers.open_source(str(argument), workspace, rows) as live:
            yield live
    else:
        yield open_input(str(argument), workspace)


@contextmanager
def opened(
    source: Origin, target: Path | None = None, rows: int | None = None
) -> Iterator[tuple[Source, ModuleType, Workspace]]:
    """The source, its store, and a private work folder, beside `target` if given, that is gone afterwards.

    With `rows` some of the rows of each table are enough.
    """
    tables = in_memory(source)
    if tables is not None:
        with Workspace(target) as workspace:
            yield source_of(tables), _arrow_tables, workspace
        return
    assert isinstance(source, str | Path)
    with Workspace(target) as workspace, database(source, workspace, rows) as found:
        try:
            store = stores.recognise(found)
            yield store.open_source(found), store, workspace
        except SourceError as error:
            raise SourceError(str(error) if found.name in str(error) else f"{found.name}: {error}") from None
