"""The work folder is private and always goes; a result appears whole or not at all; signals end a run tidily."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

import pytest

from anonymizer import workspace as module
from anonymizer.errors import TargetError
from anonymizer.workspace import Interrupted, Workspace, heed_signals, publish, signals_as_exceptions

posix = pytest.mark.skipif(sys.platform == "win32", reason="not applicable: modes and signals are those of POSIX")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """So that folders of other runs on this machine play no part."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_the_folder_lies_beside_the_target_and_goes_with_all_that_is_in_it(tmp_path: Path):
    with Workspace(tmp_path / "safe.sql") as workspace:
        assert workspace.path.parent == tmp_path
        assert workspace.path.name.startswith(".safe.sql.anonymizer-")
        (workspace.path / "deep").mkdir()
        (workspace.path / "deep" / "file").write_text("x")
    assert not list(tmp_path.iterdir())


def test_without_a_target_the_folder_is_a_temporary_one(own_temporary_folder: Path):
    with Workspace() as workspace:
        assert workspace.path.parent == own_temporary_folder
    assert not list(own_temporary_folder.iterdir())


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_only_the_owner_may_look_inside_whatever_the_umask_is(umask: int, tmp_path: Path):
    before = os.umask(umask)
    try:
        with Workspace(tmp_path / "safe.sql") as workspace:
            assert mode(workspace.path) == 0o700
            (workspace.path / "result").write_text("x")
            publish(workspace.path / "result", tmp_path / "safe.sql")
    finally:
        os.umask(before)
    assert mode(tmp_path / "safe.sql") == 0o600


def test_a_failure_removes_the_folder_too(tmp_path: Path):
    with pytest.raises(ZeroDivisionError), Workspace(tmp_path / "safe.sql"):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


def test_a_removal_that_a_signal_cuts_short_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    remove, calls = module._remove_tree, []

    def cut_short(path: Path) -> None:
        calls.append(path)
        if len(calls) == 1:
            raise Interrupted(signal.SIGINT)
        remove(path)

    monkeypatch.setattr(module, "_remove_tree", cut_short)
    with pytest.raises(Interrupted), Workspace(tmp_path / "safe.sql"):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["nowhere/safe.sql", "file/safe.sql"])
def test_a_target_in_no_folder_is_named(place: str, tmp_path: Path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(TargetError, match=Path(place).parts[0]), Workspace(tmp_path / place):
        pass


KILLED = """
import os, sys
from pathlib import Path
from anonymizer.workspace import Workspace
workspace = Workspace(Path(sys.argv[1])).__enter__()
(workspace.path / "real values").write_text("x")
print("ready", flush=True)
sys.stdin.read()
os._exit(1)
"""


def run_that_hangs(target: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", KILLED, str(target)]
    root = Path(__file__).parents[1]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"ready"
    return process


def test_what_a_killed_run_left_goes_with_the_next_and_what_a_living_one_needs_stays(tmp_path: Path):
    living, killed = run_that_hangs(tmp_path / "a.sql"), run_that_hangs(tmp_path / "b.sql")
    try:
        killed.kill()
        killed.wait()
        with Workspace(tmp_path / "c.sql"):
            left = {path.name.split(".anonymizer-")[0] for path in tmp_path.iterdir()}
        assert left == {".a.sql", ".c.sql"}
        assert list(tmp_path.glob(".a.sql.*/real values"))
    finally:
        for process in (living, killed):
            process.kill()
            process.communicate()


def test_folders_of_other_names_are_never_removed(tmp_path: Path):
    others = ["data.anonymizer-0123456789abcdef", ".x.anonymizer-123", ".git", ".x.anonymizer-0123456789abcdef.bak"]
    for name in others:
        (tmp_path / name).mkdir()
        (tmp_path / name / ".anonymizer-lock").write_text("")
    with Workspace(tmp_path / "safe.sql"):
        pass
    assert {path.name for path in tmp_path.iterdir()} == set(others)


def test_a_link_with_the_name_of_a_work_folder_is_not_followed(tmp_path: Path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / ".anonymizer-lock").write_text("")
    link = tmp_path / ".x.anonymizer-0123456789abcdef"
    link.symlink_to(precious)
    with Workspace(tmp_path / "safe.sql"):
        pass
    assert (precious / ".anonymizer-lock").exists()


def test_a_file_is_published_by_its_final_name_and_a_folder_as_well(tmp_path: Path):
    with Workspace(tmp_path / "safe") as workspace:
        (workspace.path / "file").write_text("result")
        (workspace.path / "folder").mkdir()
        (workspace.path / "folder" / "toc.dat").write_text("result")
        publish(workspace.path / "file", tmp_path / "safe.sql")
        publish(workspace.path / "folder", tmp_path / "safe")
    assert (tmp_path / "safe.sql").read_text() == "result"
    assert (tmp_path / "safe" / "toc.dat").read_text() == "result"
    if sys.platform != "win32":
        assert mode(tmp_path / "safe") == 0o700
        assert mode(tmp_path / "safe" / "toc.dat") == 0o600


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
@pytest.mark.parametrize("result", ["file", "folder"])
def test_what_exists_is_never_overwritten(kind: str, result: str, tmp_path: Path):
    target = tmp_path / "safe"
    if kind == "file":
        target.write_text("precious")
    elif kind == "folder":
        target.mkdir()
    else:
        target.symlink_to(tmp_path / "nowhere")
    with Workspace(target) as workspace:
        partial = workspace.path / "safe"
        if result == "file":
            partial.write_text("result")
        else:
            partial.mkdir()
        with pytest.raises(TargetError, match=r"safe exists"):
            publish(partial, target)
        assert partial.exists()
    left = {"file": target.is_file, "folder": target.is_dir, "dangling link": target.is_symlink}
    assert left[kind]()
    assert kind != "file" or target.read_text() == "precious"


def test_a_file_system_without_links_publishes_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    with Workspace(tmp_path / "safe.sql") as workspace:
        (workspace.path / "result").write_text("result")
        publish(workspace.path / "result", tmp_path / "safe.sql")
        (workspace.path / "other").write_text("other")
        with pytest.raises(TargetError, match="exists"):
            publish(workspace.path / "other", tmp_path / "safe.sql")
        with pytest.raises(FileExistsError):  # it came into being after the first look
            module._publish_file(workspace.path / "other", tmp_path / "safe.sql")
    assert (tmp_path / "safe.sql").read_text() == "result"


def test_a_folder_that_vanished_is_named(tmp_path: Path):
    (tmp_path / "result").write_text("x")
    with pytest.raises(TargetError, match="cannot be published"):
        publish(tmp_path / "result", tmp_path / "vanished" / "safe.sql")


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_becomes_an_exception_with_its_exit_code(number: signal.Signals):
    before = signal.getsignal(number)
    with pytest.raises(Interrupted, match=number.name) as stopped, signals_as_exceptions():
        signal.raise_signal(number)
    assert stopped.value.exit_code == 128 + number
    assert signal.getsignal(number) is before


@posix
def test_no_signal_is_lost_while_python_compiles_a_module():
    def work(stopper: subprocess.Popen[bytes]) -> None:
        cast(IO[bytes], stopper.stdin).close()
        while stopper.poll() is None:
            compile(text, "module", "exec")

    text = "size = 2**64 - 1\n" * 2000  # constants that the compiler calculates
    stopping = f"read go; kill -TERM {os.getpid()}"  # a thread would wait for the compiler
    for _ in range(20):
        with (
            subprocess.Popen(["sh", "-c", stopping], stdin=subprocess.PIPE) as stopper,
            pytest.raises(Interrupted),
            signals_as_exceptions(),
        ):
            work(stopper)


@posix
def test_a_signal_whose_exception_was_dropped_still_stops_before_publishing():
    def work() -> None:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGHUP)
        heed_signals()

    with pytest.raises(Interrupted, match="SIGHUP"), signals_as_exceptions():
        work()
    heed_signals()  # the next run starts afresh


@posix
def test_further_signals_do_not_disturb_cleaning_up():
    cleaned = []

    def work() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGTERM)
            cleaned.append(True)

    with pytest.raises(Interrupted, match="SIGINT"), signals_as_exceptions():
        work()
    assert cleaned == [True]


def test_in_another_thread_signals_are_left_alone():
    outcomes = []

    def work() -> None:
        with signals_as_exceptions():
            outcomes.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert outcomes == ["done"]
