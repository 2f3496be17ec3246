"""Which files of a folder, of a zip archive or alone are tables, and which are not: nothing is left over.

Without a `datapackage.json` every file is a table under its own name, those of a subfolder are in a schema of its name,
and a subfolder of part files (`part-0.csv` …) is one table. With one, its resources are the tables. Any other file is
refused by name: it could be about people, and nobody would have looked at it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from anonymizer.contracts import Input
from anonymizer.errors import SourceError
from anonymizer.model.schema import TableName
from anonymizer.stores._csv.datapackage import FILE, Resource, read_package
from anonymizer.stores._input import FileInput, MemberInput, member_name, members_of

SUFFIXES = (".csv", ".tsv", ".tab", ".psv", ".txt")
_COMPRESSED = (".gz", ".zst", ".xz")
_LIKELY = {".tsv": b"\t", ".tab": b"\t", ".psv": b"|"}
_PART = re.compile(r"part[-_.]?\d+", re.IGNORECASE)
_MANY = 3
_PIPED = "table"
"""The name of a table that comes through a pipe."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the source; `path` is where it lies within it, "" for a source that is one file."""

    path: str
    input: Input

    @property
    def likely(self) -> bytes:
        """The delimiter that the name speaks for; empty if it does not."""
        return _LIKELY.get(_bare(self.input.name if not self.path else self.path)[1], b"")


@dataclass(frozen=True, slots=True)
class TableFiles:
    """The files that hold a table's rows, one after the other."""

    name: TableName
    files: tuple[File, ...]
    resource: Resource | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """All files of a source."""

    tables: tuple[TableFiles, ...]
    others: tuple[File, ...] = ()
    """What goes into the result as it stands."""


def _bare(name: str) -> tuple[str, str]:
    """A file's name without its suffix and the one that says how it is compressed; and the suffix in small letters.

    >>> _bare("crm/people.CSV.gz")
    ('crm/people', '.csv')
    """
    path = PurePosixPath(name)
    if path.suffix.lower() in _COMPRESSED or (path.suffix.lower() == ".zip" and PurePosixPath(path.stem).suffix):
        path = path.with_suffix("")
    return str(path.with_suffix("")), path.suffix.lower()


def is_table(name: str) -> bool:
    """Whether the name is one of a table's file."""
    return _bare(name)[1] in SUFFIXES


def unpacked(name: str) -> str:
    """The name without the suffix that says how the file is compressed.

    >>> unpacked("people.csv.gz")
    'people.csv'
    """
    stem, suffix = _bare(name)
    return stem + suffix


def file_name(source: Input) -> str:
    """The name of a source that is one file; within an archive of one, the name that it has there."""
    return member_name(source) or source.name


def paths_of(source: Input) -> tuple[str, ...]:
    """Where the files of a folder or an archive lie within it, in order; () for one file."""
    if not source.path.is_dir():
        return tuple(sorted(members_of(source)))
    found: list[str] = []
    try:
        for folder, folders, names in os.walk(source.path):
            names += [name for name in folders if (Path(folder) / name).is_symlink()]  # not looked into: refused
            found += [(Path(folder) / name).relative_to(source.path).as_posix() for name in names]
    except OSError as error:
        raise SourceError(f"{source.name} cannot be read ({os.strerror(error.errno or 0)})") from None
    return tuple(sorted(found))


def layout_of(source: Input) -> Layout:
    """Every file's part in the source. Raises SourceError for a file that has none."""
    paths = paths_of(source)
    if not paths:
        name = PurePosixPath(Path(file_name(source)).as_posix()).name
        _refuse_described(source)
        return Layout((TableFiles(TableName("", _bare(name)[0] if is_table(name) else _PIPED), (File("", source),)),))
    outside = next((path for path in paths if not _is_inside(path)), None)
    if outside is not None:
        raise SourceError(f"{source.name} holds a file whose path leads out of it; pack it anew")
    files = {path: File(path, _opened(source, path)) for path in paths if is_table(path) or path == FILE}
    _refuse(source, [path for path in paths if path not in files], FILE in files)
    if len(set(map(str.lower, paths))) < len(paths):
        raise SourceError(f"{source.name} holds files whose names differ by capitals alone; rename them")
    package = files.pop(FILE, None)
    if package is not None:
        with package.input.open() as stream:
            tables = _described(read_package(stream.read()), files)
    else:
        tables = _undescribed(files)
    taken = {file.path for table in tables for file in table.files}
    _refuse(source, [path for path in files if path not in taken], package is not None)
    names = [table.name for table in tables]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SourceError(f"{source.name} holds the table {twice} twice; rename or remove a file")
    return Layout(tables, (package,) if package is not None else ())


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return ".." not in parts and parts[0] != "/" and not re.search(r"[\\:\0]", path)


def _opened(source: Input, path: str) -> Input:
    name = f"{source.name}/{path}"
    scratch = getattr(source, "scratch", None)
    if source.path.is_dir():
        return FileInput(source.path / path, name, scratch)
    assert isinstance(source, FileInput)
    return MemberInput(source, path, scratch)


def _described(resources: Sequence[Resource], files: dict[str, File]) -> tuple[TableFiles, ...]:
    tables, taken = [], set()
    for resource in resources:
        for path in resource.paths:
            if path not in files or path in taken:
                state = "twice" if path in taken else "though it is not there"
                raise SourceError(f"{FILE} lists {path} {state}; correct it")
            if not is_table(path):
                raise SourceError(f"{FILE} lists {path}, which is no CSV file by its name; take it out of the folder")
            taken.add(path)
        tables.append(TableFiles(resource.name, tuple(files[path] for path in resource.paths), resource))
    return tuple(tables)


def _undescribed(files: dict[str, File]) -> tuple[TableFiles, ...]:
    folders: dict[str, list[str]] = {}
    for path in files:
        if is_table(path) and path.count("/") <= 2:
            folders.setdefault(str(PurePosixPath(path).parent), []).append(path)
    tables = []
    for folder, paths in sorted(folders.items()):
        names = [PurePosixPath(path).name for path in paths]
        if folder != "." and all(map(_PART.match, names)):
            schema, _, table = (_bare(folder)[0] if is_table(folder) else folder).rpartition("/")
            tables.append(TableFiles(TableName(schema, table), tuple(files[path] for path in paths)))
        elif "/" not in folder:
            schema = "" if folder == "." else folder
            for path in paths:
                name = _bare(PurePosixPath(path).name)[0]
                tables.append(TableFiles(TableName(schema, name), (files[path],)))
    return tuple(tables)


def _refuse(source: Input, left: list[str], described: bool) -> None:
    if left:
        named = ", ".join(left[:_MANY]) + (f" and {len(left) - _MANY} more" if len(left) > _MANY else "")
        reason = f"{FILE} does not list" if described else "are no tables by name and place"
        raise SourceError(f"{source.name} holds files that {reason}: {named}; take them out: nobody would check them")


def _refuse_described(source: Input) -> None:
    """A file whose types and keys stand beside it is read with them, as part of its folder."""
    beside = source.path.with_name(FILE)
    if source.path.is_file() and beside.is_file():
        try:
            resources = read_package(beside.read_bytes())
        except (OSError, SourceError):
            return
        if any(source.path.name in resource.paths for resource in resources):
            raise SourceError(f"{source.name} is described by {beside}; name the folder as the source")
