"""Files, folders and pipes are read decompressed and again and again; results are written privately and completely."""

from __future__ import annotations

import errno
import gzip
import io
import lzma
import os
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer import stores
from anonymizer.errors import SourceError, TargetError
from anonymizer.stores import _output
from anonymizer.stores._input import FileInput, open_input, spool_pipe
from anonymizer.stores._output import open_output
from anonymizer.workspace import Workspace

DATA = b"".join(b"%d\tsome text %d\n" % (n, n * n % 977) for n in range(60_000))
SUFFIXES = [".gz", ".zst", ".xz", ".zip"]


def zipped(data: bytes, *more: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("dump.sql", *more):
            archive.writestr(name, data)
    return file.getvalue()


PACKERS = {".gz": gzip.compress, ".zst": zstandard.compress, ".xz": lzma.compress, ".zip": zipped}


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path / "target") as opened:
        yield opened


def read(path: Path) -> bytes:
    with FileInput(path).open() as stream:
        return stream.read()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_compression_is_told_by_content_not_by_name(suffix: str, tmp_path: Path):
    path = tmp_path / "misleading.sql"
    path.write_bytes(PACKERS[suffix](DATA))
    source = FileInput(path)
    assert source.compressed
    assert source.head(9) == DATA[:9]
    assert read(path) == DATA
    assert source.open().read(3) == DATA[:3]


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".xz"])
def test_several_frames_are_one_source(suffix: str, tmp_path: Path):
    path = tmp_path / "dump"
    path.write_bytes(PACKERS[suffix](b"first, ") + PACKERS[suffix](b"second"))
    assert read(path) == b"first, second"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_wherever_a_compressed_file_is_cut_off_it_is_refused_by_name(suffix: str, tmp_path: Path):
    whole = PACKERS[suffix](DATA)
    path = tmp_path / "dump.packed"
    cuts = {*range(6, 40), *range(40, len(whole), len(whole) // 53), *range(len(whole) - 30, len(whole))}
    for cut in sorted(cuts):
        path.write_bytes(whole[:cut])
        with pytest.raises(SourceError, match=r"dump\.packed is compressed and damaged"):
            read(path)


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zip"])
def test_a_damaged_byte_is_noticed(suffix: str, tmp_path: Path):
    whole = bytearray(PACKERS[suffix](DATA))
    whole[len(whole) // 2] ^= 0xFF
    path = tmp_path / "dump"
    path.write_bytes(whole)
    with pytest.raises(SourceError, match="damaged"):
        read(path)


def test_an_archive_of_several_files_is_not_taken_for_one(tmp_path: Path):
    path = tmp_path / "many.zip"
    path.write_bytes(zipped(b"x", "second.sql"))
    assert not FileInput(path).compressed
    with pytest.raises(SourceError, match=r"several files; name one of them, as many\.zip/dump\.sql"):
        stores.recognise(FileInput(path))


def test_only_one_layer_of_compression_is_taken_off(tmp_path: Path):
    path = tmp_path / "twice"
    path.write_bytes(gzip.compress(gzip.compress(DATA)))
    with pytest.raises(SourceError, match="unpack it first"):
        stores.recognise(FileInput(path))


def test_a_missing_an_empty_and_an_unreadable_source_are_named(workspace: Workspace, tmp_path: Path):
    (tmp_path / "empty.sql").touch()
    with pytest.raises(SourceError, match=r"empty\.sql is empty"):
        open_input(str(tmp_path / "empty.sql"), workspace)
    with pytest.raises(SourceError, match=r"nowhere\.sql cannot be read \(No such file"):
        open_input(str(tmp_path / "nowhere.sql"), workspace)
    with pytest.raises(SourceError, match="cannot be read"):
        open_input("null\0byte", workspace)


def test_a_folder_has_no_bytes_of_its_own(workspace: Workspace, tmp_path: Path):
    source = open_input(str(tmp_path), workspace)
    assert source.head(100) == b""
    with pytest.raises(SourceError, match="is a folder"):
        source.open()
    with pytest.raises(SourceError, match="is a folder without a dump"):
        stores.recognise(source)


# --- pipes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", *SUFFIXES])
def test_a_pipe_can_be_read_twice_and_is_never_on_the_disk_in_the_clear(suffix: str, workspace: Workspace):
    stored = PACKERS[suffix](DATA) if suffix else DATA
    source = spool_pipe(io.BytesIO(stored), workspace)
    for _ in range(2):
        with source.open() as stream:
            assert stream.read() == DATA
    on_disk = [file.read_bytes() for file in workspace.path.iterdir()]
    assert any(len(data) == len(stored) for data in on_disk)
    assert not any(stored[:64] in data or stored[-64:] in data for data in on_disk)
    assert not source.path.exists()


@given(st.binary(min_size=1, max_size=200), st.data())
@settings(max_examples=60, deadline=None)
def test_an_encrypted_pipe_can_be_read_from_any_position(data: bytes, draw: st.DataObject):
    with Workspace() as workspace:
        source = spool_pipe(io.BytesIO(b"-" + data), workspace)
        with source.open() as stream:
            for _ in range(3):
                position = draw.draw(st.integers(0, len(data) + 1))
                size = draw.draw(st.integers(0, 40))
                stream.seek(position)
                assert stream.read(size) == (b"-" + data)[position : position + size]


def test_standard_input_is_a_source(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DATA)))
    source = open_input("-", workspace)
    assert source.name == "standard input"
    assert source.head(len(DATA)) == DATA


def test_an_empty_pipe_is_refused(workspace: Workspace):
    with pytest.raises(SourceError, match="standard input is empty"):
        spool_pipe(io.BytesIO(), workspace)


@pytest.mark.skipif(sys.platform == "win32", reason="not applicable: named pipes of POSIX")
def test_a_named_pipe_is_a_source(workspace: Workspace, tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[DATA])
    writer.start()
    source = open_input(str(pipe), workspace)
    writer.join()
    assert source.head(len(DATA)) == DATA
    assert source.name == str(pipe)


# --- what it is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"TAPE\0\0\3\0", "SQL Server backup"),
        (b"MSSQLBAK\1", "SQL Server backup"),
        (b"\x7fELF\2\1\1\0\0", "no dump or database"),
    ],
)
def test_what_is_known_but_not_supported_is_called_by_its_name(content: bytes, words: str, tmp_path: Path):
    path = tmp_path / "source"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=words) as refused:
        stores.recognise(FileInput(path))
    assert "klant" not in str(refused.value)
    assert "SQLite file" in str(refused.value)


# --- results ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", *SUFFIXES])
def test_a_result_is_compressed_as_its_name_says_and_always_to_the_same_bytes(suffix: str, tmp_path: Path):
    paths = [tmp_path / folder / f"safe.sql{suffix}" for folder in ("one", "two")]
    for path in paths:
        path.parent.mkdir()
        with open_output(path) as output:
            for start in range(0, len(DATA), 99_991):
                output.write(memoryview(DATA)[start : start + 99_991])
        assert read(path) == DATA
        if sys.platform != "win32":
            assert path.stat().st_mode & 0o777 == 0o600
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert bool(suffix) == (not paths[0].read_bytes().startswith(DATA[:20]))


def test_a_plain_result_can_go_back_to_fill_something_in(tmp_path: Path):
    with open_output(tmp_path / "safe") as output:
        output.write(b"????, rest")
        assert output.tell() == 10
        output.seek(0)
        output.write(b"head")
    assert (tmp_path / "safe").read_bytes() == b"head, rest"
    with open_output(tmp_path / "safe.gz") as output:
        assert not output.seekable()
        with pytest.raises(io.UnsupportedOperation):
            output.seek(0)


def test_a_result_never_takes_the_place_of_a_file(tmp_path: Path):
    (tmp_path / "safe.sql").write_text("precious")
    with pytest.raises(TargetError, match=r"safe\.sql cannot be written \(File exists\)"):
        open_output(tmp_path / "safe.sql")
    assert (tmp_path / "safe.sql").read_text() == "precious"


class FullDisk(io.RawIOBase):
    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        raise OSError(errno.ENOSPC, "full")


@pytest.mark.parametrize("suffix", ["", *SUFFIXES])
def test_a_full_disk_fails_the_result_for_good(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_output.io, "FileIO", lambda descriptor, mode: os.close(descriptor) or FullDisk())
    output = open_output(tmp_path / f"safe.sql{suffix}")

    def fill() -> None:
        for _ in range(8):
            output.write(os.urandom(1 << 20))
        output.close()

    with pytest.raises(TargetError, match="the disk is full"):
        fill()
    with pytest.raises(TargetError, match="not written completely"):
        output.write(b"more")
    if not output.closed:
        with pytest.raises(TargetError, match="not written completely"):
            output.close()
    output.discard()
    assert output.closed


def test_a_discarded_result_is_closed_and_discarding_twice_is_harmless(tmp_path: Path):
    for suffix in ("", *SUFFIXES):
        output = open_output(tmp_path / f"safe{suffix}")
        output.write(DATA)
        output.discard()
        output.discard()
        assert output.closed
