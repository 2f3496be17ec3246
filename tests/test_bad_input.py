"""Bad input gets one sentence and its exit code, and leaves neither a target nor a work file behind."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from anonymizer import api
from anonymizer.api import Tick
from anonymizer.workspace import Interrupted, signals_as_exceptions

SECRET = "Wilhelmina"
"""Stands for a person's data in every source below: no message may ever hold it."""

DUMP = f"""\
-- PostgreSQL database dump
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
CREATE TABLE public.client (
    id integer NOT NULL,
    voornaam character varying(40),
    email character varying(80)
);
COPY public.client (id, voornaam, email) FROM stdin;
1	{SECRET}	{SECRET.lower()}@firm-test.be
2	Joris	joris@firm-test.be
\\.
ALTER TABLE ONLY public.client ADD CONSTRAINT client_pkey PRIMARY KEY (id);
-- PostgreSQL database dump complete
"""
RULES = """\
format: 1
packs: [personal]
tables:
  public.client:
    columns:
      voornaam: first_name
      email: email
    keep: [id]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A source and its rules, alone in a folder."""
    (tmp_path / "dump.sql").write_text(DUMP, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    return tmp_path


def anonymizer(folder: Path, *arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "anonymizer", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False, env=environment(), **options)  # type: ignore[call-overload, no-any-return]


def environment() -> dict[str, str]:
    return {
        **{k: v for k, v in os.environ.items() if k != "ANONYMIZER_KEY"},
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def refused(folder: Path, code: int, *arguments: str, says: Sequence[str] = (), **options: object) -> str:
    """Run, and check the exit code, the sentence, and that nothing is left behind."""
    before = names(folder)
    done = anonymizer(folder, *arguments, **options)
    message = done.stderr.decode()
    assert done.returncode == code, message
    for words in says:
        assert words in message
    assert "Traceback" not in message
    assert SECRET.lower() not in (message + done.stdout.decode(errors="replace")).lower()
    assert names(folder) == before, "something was left behind"
    return message


RUN = ("run", "dump.sql", "safe.sql", "-r", "rules.yaml", "--quiet")


def test_good_input_for_comparison(folder: Path):
    done = anonymizer(folder, *RUN)
    assert done.returncode == 0, done.stderr.decode()
    assert names(folder) == {"dump.sql", "rules.yaml", "safe.sql"}
    assert SECRET.lower() not in (folder / "safe.sql").read_text().lower()
    assert (folder / "safe.sql").stat().st_mode & 0o077 == 0


SPOILT: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "truncated in its rows": (lambda dump: dump[: dump.index(b"Joris")], 4, "truncated"),
    "truncated in a statement": (lambda dump: dump[: dump.index(b"ADD CONSTRAINT")], 4, "truncated"),
    "in another encoding than it says": (lambda dump: dump.replace(b"Joris", b"Jo\xebl"), 4, "public.client"),
    "with an unknown statement": (lambda dump: dump.replace(b"ALTER TABLE", b"FROBNICATE TABLE"), 4, "line 13"),
    "with a statement that carries rows": (
        lambda dump: dump + b"UPDATE public.client SET voornaam = 'Wilhelmina';\n",
        4,
        "UPDATE",
    ),
    "with an unknown type": (lambda dump: dump.replace(b"integer NOT NULL", b"zorgcode NOT NULL"), 4, "zorgcode"),
    "with a row of too few columns": (lambda dump: dump.replace(b"\tjoris@firm-test.be", b""), 4, "public.client"),
    "with a column that nobody decided on": (
        lambda dump: dump.replace(b"email character", b"rrn text,\n    email character").replace(
            b"(id, voornaam,", b"(id, rrn, voornaam,"
        ).replace(b"1\t", b"1\t\\N\t").replace(b"2\t", b"2\t\\N\t"),
        1,
        "public.client.rrn",
    ),
    "that is empty": (lambda dump: b"", 4, "dump.sql"),
    "that is no database": (lambda dump: b"\x00\x01\x02" * 100, 4, "dump.sql"),
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILT)
def test_a_dump_is_refused(how: str, folder: Path):
    spoil, code, says = SPOILT[how]
    dump = folder / "dump.sql"
    dump.write_bytes(spoil(dump.read_bytes()))
    refused(folder, code, *RUN, says=[says])


def test_a_missing_source_is_named(folder: Path):
    refused(folder, 4, "run", "nowhere.sql", "safe.sql", "-r", "rules.yaml", says=["nowhere.sql"])


def test_without_rules_undecided_columns_stop_the_run_and_masking_lets_it_go_on(folder: Path):
    dump = folder / "dump.sql"
    dump.write_text(DUMP.replace("email", "xyzzy").replace("@firm-test.be", " 12 q"), encoding="utf-8")
    done = anonymizer(folder, "run", "dump.sql", "safe.sql", "--assume", "masked", "--quiet")
    assert done.returncode == 0, done.stderr.decode()


def test_a_mistake_in_the_rules_is_told_with_its_line(folder: Path):
    (folder / "rules.yaml").write_text(RULES.replace("voornaam: first_name", "voornaam: frist_name"), encoding="utf-8")
    refused(folder, 3, *RUN, says=["rules.yaml", "frist_name"])
    (folder / "rules.yaml").write_text(RULES.replace("keep:", "keeep:"), encoding="utf-8")
    refused(folder, 3, *RUN, says=["rules.yaml:8", "keep"])


KEPT_TEXT = DUMP.replace("email character varying(80)", "email character varying(80),\n    remark text").replace(
    "(id, voornaam, email)", "(id, voornaam, email, remark)"
).replace("a@firm-test.be", f"a@firm-test.be\tmail {SECRET.lower()}@firm-test.be").replace(
    "joris@firm-test.be", "joris@firm-test.be\t\\N"
)  # fmt: skip


def test_a_result_that_still_holds_an_original_is_withheld(folder: Path):
    (folder / "dump.sql").write_text(KEPT_TEXT, encoding="utf-8")
    (folder / "rules.yaml").write_text(RULES.replace("[id]", "[id, remark]"), encoding="utf-8")
    refused(folder, 5, *RUN, says=["withheld", "public.client.remark", "public.client.email"])


def test_the_report_of_a_withheld_result_says_so(folder: Path):
    (folder / "dump.sql").write_text(KEPT_TEXT, encoding="utf-8")
    (folder / "rules.yaml").write_text(RULES.replace("[id]", "[id, remark]"), encoding="utf-8")
    assert anonymizer(folder, *RUN, "--report", "report").returncode == 5
    assert names(folder) == {
        "dump.sql",
        "rules.yaml",
        "report",
        *(f"report/report{s}" for s in (".html", ".json", ".txt")),
    }
    for document in (folder / "report").iterdir():
        told = document.read_text(encoding="utf-8")
        assert "withheld" in told.lower()
        assert SECRET.lower() not in told.lower()


def test_what_could_not_be_verified_is_withheld_until_somebody_accepts_it(folder: Path):
    with sqlite3.connect(folder / "keys.db") as connection:
        connection.execute("CREATE TABLE login (mail TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID")
        connection.executemany(
            "INSERT INTO login VALUES (?, ?)", [(f"{SECRET.lower()}{n}@x-test.be", n) for n in range(9)]
        )
    connection.close()
    rules = "format: 1\ntables:\n  login: {columns: {mail: email}, keep: [n]}\n"
    (folder / "rules.yaml").write_text(rules, encoding="utf-8")
    run = ("run", "keys.db", "safe.db", "-r", "rules.yaml", "--quiet")
    refused(folder, 5, *run, says=["could not look at everything", "login", "--accept-unverified"])
    accepted = anonymizer(folder, *run, "--accept-unverified")
    assert accepted.returncode == 0, accepted.stderr.decode()
    assert "not verified: kept_columns" in accepted.stdout.decode()
    assert (folder / "safe.db").exists()


def test_a_missing_key_file_is_named(folder: Path):
    refused(folder, 2, *RUN, "--key-file", "no.key", says=["no.key"])


def test_a_key_file_that_others_can_read_is_refused(folder: Path):
    assert anonymizer(folder, "key", "new", "project.key").returncode == 0
    (folder / "project.key").chmod(0o644)
    message = refused(folder, 2, *RUN, "--key-file", "project.key", says=["project.key", "chmod 600"])
    assert (folder / "project.key").read_text().strip() not in message


def test_a_key_on_the_command_line_is_not_an_option(folder: Path):
    refused(folder, 2, *RUN, "--key", "00112233445566778899aabbccddeeff")


def test_an_existing_target_is_never_overwritten(folder: Path):
    (folder / "safe.sql").write_text("precious")
    refused(folder, 4, *RUN, says=["safe.sql", "exists"])
    assert (folder / "safe.sql").read_text() == "precious"


def test_the_source_is_never_the_target(folder: Path):
    refused(folder, 4, "run", "dump.sql", "dump.sql", "-r", "rules.yaml", says=["dump.sql"])
    assert (folder / "dump.sql").read_text(encoding="utf-8") == DUMP


def test_a_target_that_cannot_be_written_is_named(folder: Path):
    refused(folder, 4, "run", "dump.sql", "nowhere/safe.sql", "-r", "rules.yaml", says=["nowhere"])
    refused(folder, 4, "run", "dump.sql", "rules.yaml/safe.sql", "-r", "rules.yaml", says=["rules.yaml"])


def test_a_full_disk_stops_the_run_and_leaves_nothing(folder: Path):
    enlarge(folder, rows=20_000)

    def small_files_only() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    refused(folder, 4, *RUN, preexec_fn=small_files_only)


def enlarge(folder: Path, rows: int) -> None:
    more = "".join(f"{n}\tJoris\tjoris{n}@firm-test.be\n" for n in range(3, rows))
    (folder / "dump.sql").write_text(DUMP.replace("\\.\n", more + "\\.\n", 1), encoding="utf-8")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_the_middle_stops_the_run_and_leaves_nothing(number: signal.Signals, code: int, folder: Path):
    enlarge(folder, rows=400_000)
    before = names(folder)
    command = [sys.executable, "-m", "anonymizer", *RUN]
    running = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, env=environment())
    deadline = time.monotonic() + 60
    while running.poll() is None and not any(p.stat().st_size > 100_000 for p in folder.glob(".safe.sql.*/safe.sql")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    running.send_signal(number)
    message = running.communicate(timeout=60)[1].decode()
    assert running.returncode == code, message
    assert names(folder) == before


def test_a_signal_that_some_library_dropped_still_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(folder)
    before = names(folder)

    def dropping(tick: Tick) -> None:
        if tick.stage == "verify":
            with suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Interrupted), signals_as_exceptions():
        api.run("dump.sql", "safe.sql", Path("rules.yaml"), progress=dropping)
    assert names(folder) == before


def test_what_a_killed_run_left_is_removed_by_the_next(folder: Path):
    enlarge(folder, rows=400_000)
    command = [sys.executable, "-m", "anonymizer", *RUN]
    running = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL, env=environment())
    deadline = time.monotonic() + 60
    while running.poll() is None and not any(folder.glob(".safe.sql.*/safe.sql")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    running.kill()
    running.wait()
    assert any(folder.glob(".safe.sql.*")), "the run ended before it could be killed"
    (folder / "dump.sql").write_text(DUMP, encoding="utf-8")
    assert anonymizer(folder, *RUN).returncode == 0
    assert names(folder) == {"dump.sql", "rules.yaml", "safe.sql"}


def test_a_pipe_goes_in_and_out(folder: Path):
    done = anonymizer(folder, "run", "-", "-", "-r", "rules.yaml", "--quiet", input=DUMP.encode())
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.startswith(b"-- PostgreSQL database dump\n")
    assert done.stdout.endswith(b"-- PostgreSQL database dump complete\n")
    assert SECRET.encode() not in done.stdout
    assert names(folder) == {"dump.sql", "rules.yaml"}


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".xz"])
def test_compressed_dumps_go_in_and_out(suffix: str, folder: Path):
    packed = f"safe.sql{suffix}"
    assert anonymizer(folder, "run", "dump.sql", packed, "-r", "rules.yaml", "--quiet").returncode == 0
    assert not (folder / packed).read_bytes().startswith(b"--")
    done = anonymizer(folder, "run", packed, "twice.sql", "-r", "rules.yaml", "--quiet")
    assert done.returncode == 0, done.stderr.decode()
    assert (folder / "twice.sql").read_text(encoding="utf-8").startswith("-- PostgreSQL database dump\n")
    (folder / packed).write_bytes((folder / packed).read_bytes()[:-20])
    refused(folder, 4, "run", packed, "thrice.sql", "-r", "rules.yaml", says=[packed])


def test_a_script_that_does_not_show_its_server_is_told_how_to(folder: Path):
    standard = (
        "CREATE TABLE klant (id INTEGER PRIMARY KEY, voornaam VARCHAR(40));\nINSERT INTO klant VALUES (1, 'Els');\n"
    )
    (folder / "dump.sql").write_text(standard, encoding="utf-8")
    refused(folder, 4, "detect", "dump.sql", says=["does not show which server", "SET NAMES utf8mb4;"])
    for line in ("PRAGMA foreign_keys=OFF;", "SET NAMES utf8mb4;", "SET client_encoding = 'UTF8';", "GO"):
        (folder / "dump.sql").write_text(f"{line}\n{standard}", encoding="utf-8")
        assert b"voornaam" in anonymizer(folder, "detect", "dump.sql").stdout, line
