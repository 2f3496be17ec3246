"""The private work folder of a run, publishing from it, and signals: the one module with calls of one platform only.

The folder lies beside the target, so that publishing is a rename within one file system, or in the system's folder for
temporary files when there is no target. It is readable by its owner alone, and gone after success, failure and signals.
A file in it stays locked while the run lives: folders that nobody locks were left by a killed run, and the next run
removes them. Locks are `flock` on POSIX and `msvcrt.locking` on Windows, where access is as the parent folder grants it
and files cannot be locked by their mode.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType, TracebackType

from anonymizer.errors import TargetError

_MARK = re.compile(r"\..*\.anonymizer-[0-9a-f]{16}\Z", re.DOTALL)
"""Names of work folders; only these are ever removed."""
_LOCK = ".anonymizer-lock"
_ATTEMPTS = 10


class Interrupted(KeyboardInterrupt):
    """A signal asked the program to stop; not an Exception, so that only the command line catches it.

    A KeyboardInterrupt, because that alone gets through code in C that drops errors: of others that signal handlers
    raise while Python compiles a module, the compiler drops some (CPython, Python/ast_opt.c, `make_const`).
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.exit_code = 128 + number
        """As shells report a process that a signal ended."""


_asked: list[Interrupted] = []
"""The signal that has come, if any."""


@contextmanager
def signals_as_exceptions() -> Iterator[None]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into Interrupted; further ones are ignored, so that cleaning up ends.

    Signal handlers belong to the main thread: elsewhere, and on platforms without a signal, nothing happens.
    """
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]

    def stop(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        _asked.append(Interrupted(number))
        raise _asked[0]

    before = {}
    try:
        for number in numbers:
            with suppress(ValueError):  # not the main thread
                before[number] = signal.signal(number, stop)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _asked.clear()


def heed_signals() -> None:
    """Raise Interrupted if a signal has come and some code on the way dropped its exception; before anything final."""
    if _asked:
        raise _asked[0]


class Workspace:
    """A private folder (0700) that lives as long as the `with` block; `path` is where it is.

    Raises TargetError when the folder of the target does not exist or cannot be written.
    """

    path: Path

    def __init__(self, target: Path | None = None) -> None:
        self._parent = Path(tempfile.gettempdir()) if target is None else Path(os.path.abspath(target)).parent  # noqa: PTH100 - keeps links
        self._name = "temporary" if target is None else target.name
        self._lock = -1

    def __enter__(self) -> Workspace:
        for folder in {self._parent, Path(tempfile.gettempdir())}:
            _remove_abandoned(folder)
        try:
            self._create()
        except OSError as error:
            self._remove()
            if not self._parent.is_dir():
                raise TargetError(f"{self._parent} is no folder; make it first or name another target") from None
            reason = os.strerror(error.errno or 0)
            raise TargetError(
                f"{self._parent} cannot take the result ({reason}); make the folder writable or name another target"
            ) from None
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._remove()
        finally:
            self._remove()  # once more: a signal may have cut the first attempt short

    def _create(self) -> None:
        for _ in range(_ATTEMPTS):
            self.path = self._parent / f".{_cut(self._name)}.anonymizer-{secrets.token_hex(8)}"
            self.path.mkdir(mode=0o700)
            self.path.chmod(0o700)  # whatever the umask is
            with suppress(FileNotFoundError):  # another run took the folder for an abandoned one: try again
                lock = self.path / _LOCK
                self._lock = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
                if _try_lock(self._lock) is not False and lock.exists():
                    return
            self._remove()
        raise FileNotFoundError

    def _remove(self) -> None:
        lock, self._lock = self._lock, -1
        if sys.platform == "win32" and lock >= 0:  # an open file cannot be removed there
            os.close(lock)
            lock = -1
        if hasattr(self, "path"):
            _remove_tree(self.path)
        if lock >= 0:
            os.close(lock)


def _remove_abandoned(folder: Path) -> None:
    """Remove work folders of this user that no living run holds."""
    try:
        with os.scandir(folder) as entries:
            found = [Path(entry) for entry in entries if _MARK.match(entry.name) and _is_own_folder(entry)]
    except OSError:
        return  # creating the own folder there will say what is wrong
    for path in found:
        with suppress(OSError):  # a folder in use, or one that another run is removing at this moment
            try:
                lock = os.open(path / _LOCK, os.O_RDWR)
            except FileNotFoundError:
                path.rmdir()  # without a lock a folder is empty: just made, or almost removed
                continue
            try:
                abandoned = _try_lock(lock) is True
                if abandoned and sys.platform != "win32":
                    _remove_tree(path)
            finally:
                os.close(lock)
            if abandoned and sys.platform == "win32":
                _remove_tree(path)


def _is_own_folder(entry: os.DirEntry[str]) -> bool:
    if not entry.is_dir(follow_symlinks=False):
        return False
    return sys.platform == "win32" or entry.stat(follow_symlinks=False).st_uid == os.getuid()


def _cut(name: str) -> str:
    """As much of a file's name as leaves room for an ending: file systems count bytes."""
    return os.fsencode(name)[:150].decode("utf-8", "ignore")


def _remove_tree(path: Path) -> None:
    """Remove a work folder, its lock last: what is left of an interrupted removal can still be told from a live one."""
    with suppress(FileNotFoundError, NotADirectoryError):
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                elif entry.name != _LOCK:
                    Path(entry.path).unlink(missing_ok=True)
        (path / _LOCK).unlink(missing_ok=True)
        path.rmdir()


def _try_lock(descriptor: int) -> bool | None:
    """Take the lock without waiting: True if had, False if another process holds it, None where there are no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return None
    return True


# --- publishing -------------------------------------------------------------------------------------------------


def publish(partial: Path, target: Path) -> None:
    """Give the finished file or folder its final name: whole or not at all, and never over something that exists.

    Its content reaches the disk first; files come out readable by their owner alone. Raises TargetError.
    """
    try:
        _settle(partial)
        if os.path.lexists(target):
            raise FileExistsError
        if partial.is_dir() or sys.platform == "win32":
            partial.rename(target)  # fails on anything there is, but for an empty folder on POSIX
        else:
            _publish_file(partial, target)
        with suppress(OSError):  # not every file system or platform can flush a folder
            _flush(target.parent)
    except FileExistsError:
        raise TargetError(f"{target} exists; remove it first or name another target") from None
    except OSError as error:
        raise TargetError(
            f"{target} cannot be published ({os.strerror(error.errno or 0)}); nothing was written there"
        ) from None


def _publish_file(partial: Path, target: Path) -> None:
    try:
        os.link(partial, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: hold the name first, then put the file in its place
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            partial.replace(target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    else:
        partial.unlink()


def _settle(partial: Path) -> None:
    """Private modes, and everything on the disk."""
    for path in (partial, *(partial.rglob("*") if partial.is_dir() else ())):
        if not stat.S_ISLNK(path.lstat().st_mode):
            path.chmod(0o700 if path.is_dir() else 0o600)
            if path.is_file():
                _flush(path)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
