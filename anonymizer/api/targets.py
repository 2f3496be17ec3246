"""Where a run puts its result: a file or folder, a pipe, a live database. Nothing is there before `publish`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from anonymizer import conversions, servers, stores
from anonymizer import verify as proof
from anonymizer.api.opening import PIPE
from anonymizer.contracts import Input, Sink, Source, Store, Target
from anonymizer.errors import InternalError, SettingError, SourceError, TargetError
from anonymizer.model.result import CheckResult, Outcome
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


_KIND_OF_SUFFIX = {".csv": "CSV folder", ".tsv": "CSV folder", ".bacpac": "SQL Server package"}


def _refuse_other_kind(kind: str, target: Path | None) -> None:
    """A name that promises what the result is not."""
    other = _KIND_OF_SUFFIX.get(target.suffix.lower(), kind) if target else kind
    if other != kind:
        raise SettingError(f"the result of a {kind} is a {kind}, not a {other}; give {target} another suffix")


@contextmanager
def open_target(target: str | Path, source: Source, workspace: Workspace) -> Iterator[Target]:
    """The target of a run of `source`; what was not published is gone afterwards. Raises SettingError, TargetError."""
    if servers.is_address(str(target)):
        taken = servers.kinds(str(target))
        conversion = None if source.kind in taken else conversions.of_kind(taken[0])
        if source.kind not in taken and conversion is None:
            raise SettingError(
                f"a {source.kind} cannot be written to that server, which takes a {' or a '.join(taken)}"
            )
        kind = source.kind if conversion is None else conversion.NAME
        with servers.open_target(str(target), source, kind, workspace) as live:
            yield live if conversion is None else _Converted(conversion, live, source, workspace)
        return
    final = None if str(target) == PIPE else Path(target)
    plain = _Pipe(workspace) if final is None else _File(final, workspace)
    conversion = conversions.of_suffix(final.name) if final else None
    if conversion is None or source.kind == conversion.NAME:
        _refuse_other_kind(source.kind, final)
        yield plain
    else:
        yield _Converted(conversion, plain, source, workspace)


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

    def proofs(self) -> tuple[CheckResult, ...]:
        return ()


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
            reason = os.strerror(error.errno) if error.errno else type(error).__name__
            raise TargetError(f"standard output ended before the result was written ({reason})") from None


_LOADED = "The database is what its engine made of the verified script, and the engine finds it sound."


class _Converted(_Written):
    """A result of the source's kind that is verified as such, then written to a target of another kind."""

    def __init__(self, conversion: ModuleType, target: Target, source: Source, workspace: Workspace) -> None:
        super().__init__(workspace.path / ".converted-from", workspace)
        self._conversion = conversion
        self._target = target
        self._engine = stores.engine_of(source.kind)
        native = self._engine is not None and self._engine.LOADED == conversion.NAME
        self.warnings = () if native else conversions.losses(source.schema(), conversion)

    def proofs(self) -> tuple[CheckResult, ...]:
        made = self.written()
        if self._engine is not None:
            made = self._loaded(self._engine, made)
        result = stores.recognise(made).open_source(made)
        if result.kind == self._conversion.NAME:
            made.path.rename(self._target.path)
            return (CheckResult("converted", _LOADED, Outcome.PASSED), *self._target.proofs())
        names, lost = conversions.convert(result, self._conversion, self._target.path)
        landed = self._target.written()
        try:
            converted = landed, self._conversion.NAME, stores.recognise(landed).open_source(landed).schema()
        except SourceError as error:
            raise InternalError(f"the converted database cannot be read ({error}); it must not be used") from None
        self.warnings = (*self.warnings, *lost, *self._target.warnings)
        work = self._workspace.path
        same = proof.verify_conversion(result.schema(), names, (made, result.kind), converted, work)
        if same.outcome is not Outcome.PASSED:
            return (same,)
        return (same, *self._target.proofs())

    def _loaded(self, engine: ModuleType, script: Input) -> Input:
        """The database that the script makes: what the engine adds to its rows is converted as well."""
        path = self._workspace.path / ".loaded"
        try:
            engine.load(script, path)
        except SourceError as error:
            raise TargetError(f"the verified result cannot be loaded for conversion: {error}") from None
        return open_input(str(path), self._workspace)

    def publish(self) -> None:
        self._target.publish()
