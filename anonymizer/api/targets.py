"""Where a run puts its result: a file or folder, a pipe, a live database. Nothing is there before `publish`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anonymizer import servers
from anonymizer.api.opening import PIPE
from anonymizer.contracts import Input, Sink, Source, Store, Target
from anonymizer.errors import SettingError, TargetError
from anonymizer.stores import open_input
from anonymizer.workspace import Workspace, publish


def file_of(source: str | Path, target: str | Path) -> Path | None:
    """The file or folder that the target is; None for a pipe or an address. Raises TargetError if it is there."""
    if str(target) == PIPE or servers.is_address(str(target)):
        return None
    final = Path(target)
    if str(source) != PIPE and Path(source).exists() and final.exists() and Path(source).samefile(final):
        raise TargetError(f"{final} is the source; name another target")
    if final.exists() or final.is_symlink():
        raise TargetError(f"{final} exists; remove it first or name another target")
    return final


@contextmanager
def open_target(target: str | Path, source: Source, workspace: Workspace) -> Iterator[Target]:
    """The target of a run of `source`; what was not published is gone afterwards. Raises SettingError, TargetError."""
    if servers.is_address(str(target)):
        with servers.open_target(str(target), source, workspace) as live:
            yield live
        return
    final = None if str(target) == PIPE else Path(target)
    _refuse_other_kind(source.kind, final)
    yield _Pipe(workspace) if final is None else _File(final, workspace)


class _Written:
    """A result in the work folder."""

    warnings: tuple[str, ...] = ()

    def __init__(self, path: Path, workspace: Workspace) -> None:
        self.path = path
        self._workspace = workspace

    def sink(self, store: Store, source: Source) -> Sink:
        return store.open_sink(source, self.path)

    def written(self) -> Input:
        return open_input(str(self.path), self._workspace)


class _File(_Written):
    def __init__(self, final: Path, workspace: Workspace) -> None:
        super().__init__(workspace.path / final.name, workspace)
        self._final = final

    def publish(self) -> None:
        publish(self.path, self._final)


class _Pipe(_Written):
    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.path / "result", workspace)

    def publish(self) -> None:
        if self.path.is_dir():
            raise SettingError("a folder cannot be written to a pipe; name a target folder")
        try:
            with self.path.open("rb") as result:
                while block := result.read(1 << 20):
                    sys.stdout.buffer.write(block)
            sys.stdout.buffer.flush()
        except OSError as error:
            raise TargetError(f"the pipe was closed before the result was written ({type(error).__name__})") from None


def _refuse_other_kind(kind: str, target: Path | None) -> None:
    if target is None:
        return
    wanted = {".sqlite": "SQLite file", ".sqlite3": "SQLite file", ".db": "SQLite file", ".parquet": "Parquet folder"}
    other = wanted.get(target.suffix.lower(), kind)
    if other != kind:
        raise SettingError(f"the result of a {kind} is a {kind}, not a {other}; give {target.name} another suffix")
