"""The main job on CSV files: detect, run, verify; one person is one pseudonym there and in a database."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from anonymizer import api, rulefile
from anonymizer.errors import SettingError, SourceError, TargetError, VerificationFailed
from anonymizer.model.result import Outcome
from tests import snapshots

FIRST = "Aline Bertrand Céline Dieter Elodie Floris Griet Hubert".split()
LAST = "Maesfranckx Oudenhovere Pieterbroeck Quaghebeur Roosenbergh Stappaerts Tielemansen Uyttersproot".split()
COLUMNS = ("id", "first_name", "last_name", "email", "phone", "birth_date", "amount", "remark")
PEOPLE = [
    (
        str(n),
        first,
        last,
        f"{first.lower().replace('é', 'e')}.{last.lower()}@mail{n}.be",
        f"+32 47{n % 10} {n % 90 + 10} 12 34",
        f"19{n % 60 + 30}-0{n % 9 + 1}-1{n % 9}",
        f"{n}.25",
        f'called; said "{n}",\nagain' if n % 3 else None,
    )
    for n, (first, last) in enumerate(((first, last) for first in FIRST for last in LAST), 1)
]
VISITS = [(str(n), PEOPLE[n * 7 % len(PEOPLE)][3], f"2024-01-{n % 28 + 1:02d}") for n in range(1, 90)]
NAMED = {"first_name": 1, "last_name": 2, "email": 3, "phone": 4, "birth_date": 5}


@pytest.fixture(autouse=True)
def one_key_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two databases share it."""
    monkeypatch.setenv(api.KEY_VARIABLE, hashlib.sha256(b"a key for tests alone").hexdigest())


def table(columns: tuple[str, ...], rows: list[tuple[str | None, ...]], delimiter: str, end: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerows([columns, *(["" if cell is None else cell for cell in row] for row in rows)])
    return text.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two tables, in two dialects and encodings."""
    path = tmp_path / "export"
    (path / "crm").mkdir(parents=True)
    (path / "crm" / "person.csv").write_bytes(table(COLUMNS, PEOPLE, ";", "\r\n").encode("cp1252"))
    (path / "visit.tsv").write_bytes(table(("id", "email", "day"), VISITS, "\t", "\n").encode("utf-16"))
    return path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The same people in a database."""
    path = tmp_path / "people.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        types = {"id": "INTEGER PRIMARY KEY", "birth_date": "DATE", "amount": "NUMERIC"}
        columns = ", ".join(f"{name} {types.get(name, 'TEXT')}" for name in COLUMNS)
        connection.execute(f"CREATE TABLE person ({columns})")
        connection.executemany(f"INSERT INTO person VALUES ({', '.join('?' * len(COLUMNS))})", PEOPLE)
        connection.commit()
    return path


def detected(source: Path) -> Path:
    """What `detect -o` writes."""
    rules = source.with_suffix(".rules.yaml")
    found = api.detect(source)
    rules.write_text(rulefile.write_rules(found.rules(assume_masked=True)), encoding="utf-8")
    return rules


def read(path: Path, delimiter: str, encoding: str) -> list[list[str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_people_have_one_pseudonym_in_a_csv_folder_and_in_a_database(folder: Path, database: Path, tmp_path: Path):
    safe, safe_database = tmp_path / "safe", tmp_path / "safe.sqlite"
    result = api.run(folder, safe, detected(folder))
    api.run(database, safe_database, detected(database))
    assert [check.check for check in result.checks if check.outcome is not Outcome.PASSED] == []
    header, *rows = read(safe / "crm" / "person.csv", ";", "cp1252")
    assert tuple(header) == COLUMNS
    with closing(sqlite3.connect(safe_database)) as connection:
        stored = connection.execute("SELECT * FROM person ORDER BY id").fetchall()
    for name, place in NAMED.items():
        pseudonyms = [row[place] for row in rows]
        assert pseudonyms == [row[place] for row in stored], name
        assert len(set(pseudonyms)) > 1
        assert not set(pseudonyms) & {person[place] for person in PEOPLE if name in ("email", "phone")}
    assert [(row[0], row[6]) for row in rows] == [(person[0], person[6]) for person in PEOPLE]
    new_mail = dict(zip([person[3] for person in PEOPLE], [row[3] for row in rows], strict=True))
    visits = read(safe / "visit.tsv", "\t", "utf-16")[1:]
    assert [tuple(row) for row in visits] == [(n, new_mail[mail], day) for n, mail, day in VISITS]
    originals = {value for person in PEOPLE for value in (person[3], person[4], f"{person[1]} {person[2]}")}
    texts = [(safe / "crm" / "person.csv").read_text("cp1252"), (safe / "visit.tsv").read_text("utf-16")]
    assert snapshots.survivors(originals, "".join(texts).encode()) == 0


def test_what_is_kept_stays_byte_for_byte(folder: Path, tmp_path: Path):
    rules = tmp_path / "keep.yaml"
    keep = ", ".join(name for name in COLUMNS if name != "birth_date")
    rules.write_text(
        "format: 1\ntables:\n"
        '  visit: {keep: [id, email, day], why: "a test"}\n'
        f"  crm.person: {{columns: {{birth_date: birth_date}}, keep: [{keep}], why: a test}}\n"
    )
    api.run(folder, tmp_path / "safe", rules)
    assert (tmp_path / "safe" / "visit.tsv").read_bytes() == (folder / "visit.tsv").read_bytes()
    old, new = ((path / "crm" / "person.csv").read_text("cp1252") for path in (folder, tmp_path / "safe"))
    assert old != new
    born = re.compile(r"(?<=;)19\d\d-\d\d-\d\d(?=;)")
    assert born.sub("", old) == born.sub("", new)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "safe").rglob("*") if path.is_file()} == {0o600} or (
        os.name == "nt"
    )


def test_an_archive_becomes_a_folder_or_an_archive_and_one_file_a_file(folder: Path, tmp_path: Path):
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*.?sv")):
            packed.write(path, path.relative_to(folder).as_posix())
    api.run(archive, tmp_path / "safe", assume_masked=True)
    api.run(archive, tmp_path / "safe.zip", assume_masked=True)
    api.run(folder, tmp_path / "other", assume_masked=True)
    with zipfile.ZipFile(tmp_path / "safe.zip") as packed:
        for name in ("crm/person.csv", "visit.tsv"):
            assert (
                (tmp_path / "safe" / name).read_bytes() == packed.read(name) == (tmp_path / "other" / name).read_bytes()
            )
        assert sorted(packed.namelist()) == ["crm/person.csv", "visit.tsv"]
    api.run(folder / "crm" / "person.csv", tmp_path / "one.csv", assume_masked=True)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "safe" / "crm" / "person.csv").read_bytes()
    assert all(check.outcome is Outcome.PASSED for check in api.verify(archive, tmp_path / "other", assume_masked=True))


def test_a_target_of_another_kind_is_refused(folder: Path, database: Path, tmp_path: Path):
    with pytest.raises(TargetError, match="is a folder or a"):
        api.run(folder, tmp_path / "safe.csv", assume_masked=True)
    with pytest.raises(SettingError, match="not a CSV folder"):
        api.run(database, tmp_path / "safe.csv", assume_masked=True)
    with pytest.raises(SettingError, match="folder cannot be written to a pipe"):
        api.run(folder, "-", assume_masked=True)


def test_a_person_in_the_description_of_the_files_is_found(folder: Path, tmp_path: Path):
    described = {
        "contributors": [{"title": "Aline Maesfranckx", "email": PEOPLE[0][3]}],
        "resources": [
            {"name": "crm.person", "path": "crm/person.csv", "encoding": "cp1252"},
            {"name": "visit", "path": "visit.tsv"},
        ],
    }
    (folder / "datapackage.json").write_text(json.dumps(described))
    with pytest.raises(VerificationFailed, match=r"structure: datapackage\.json: holds 1 values of crm\.person\.email"):
        api.run(folder, tmp_path / "safe", assume_masked=True)
    assert not (tmp_path / "safe").exists()


@pytest.mark.parametrize("name", ["note.csv", "crm/person.csv"])
def test_what_was_changed_behind_the_back_of_the_verifier_is_found(name: str, folder: Path, tmp_path: Path):
    (folder / "note.csv").write_text("id,about\n1,the printer on floor 2\n2,the printer on floor 3\n")
    api.run(folder, tmp_path / "safe", assume_masked=True)
    path = tmp_path / "safe" / name
    data = path.read_bytes()
    for changed in (data.replace(b"printer", b"Printer", 1), data.replace(b"\r\n2;", b"\r\n2000;", 1)):
        if changed != data:
            path.write_bytes(changed)
            checks = api.verify(folder, tmp_path / "safe", assume_masked=True)
            assert any(check.outcome is Outcome.FAILED for check in checks)
    path.write_bytes(data + data[data.index(b"\n") + 1 :][: data[data.index(b"\n") + 1 :].index(b"\n") + 1])
    failed = {c.check for c in api.verify(folder, tmp_path / "safe", assume_masked=True) if c.outcome is Outcome.FAILED}
    assert failed & {"row_counts", "readable"}


def test_a_folder_with_a_letter_in_it_is_not_copied(folder: Path, tmp_path: Path):
    (folder / "letter to Aline.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(SourceError, match=r"letter to Aline\.pdf"):
        api.run(folder, tmp_path / "safe", assume_masked=True)
    assert not (tmp_path / "safe").exists()


def test_the_files_of_adventureworks_are_made_safe_with_a_schema_file(samples: Path, tmp_path: Path):
    """Without header, delimited by tabs or by `+|` and `&|`, as SQL Server's BULK INSERT takes them."""
    columns: dict[str, list[str]] = {}
    for row in csv.DictReader(io.StringIO((samples / "adventureworks" / "columns.csv").read_text("utf-8"))):
        columns.setdefault(row["table"].split(".")[-1], []).append(row["column"])
    folder = tmp_path / "aw"
    folder.mkdir()
    resources = []
    for path in sorted((samples / "adventureworks" / "csv").glob("*.csv")):
        data = path.read_bytes()
        if path.stem == "ProductReview":  # its values hold line ends that nothing tells from a row's
            continue
        (folder / path.name).write_bytes(data)
        dialect = {"header": False, "quoteChar": "", "delimiter": "\t", "lineTerminator": "\n"}
        if b"+|" in data:
            dialect |= {"delimiter": "+|", "lineTerminator": "&|\r\n" if b"&|\r\n" in data else "&|\n"}
        fields = [{"name": name} for name in columns[path.stem]]
        described = {"path": path.name, "encoding": "utf-8", "dialect": dialect, "schema": {"fields": fields}}
        resources.append({"name": path.stem, **described})
    (folder / "datapackage.json").write_text(json.dumps({"resources": resources}))
    result = api.run(folder, tmp_path / "safe", assume_masked=True)
    assert [check.check for check in result.checks if check.outcome is Outcome.FAILED] == []
    assert len(list((tmp_path / "safe").glob("*.csv"))) == len(resources)
    mails = [line.split("+|")[2] for line in (folder / "EmailAddress.csv").read_text("utf-8").splitlines()]
    assert len(mails) > 1000
    safe = b"".join(path.read_bytes() for path in (tmp_path / "safe").glob("*.csv"))
    assert snapshots.survivors(set(mails), safe) == 0


@pytest.mark.parametrize(("bad", "words"), [
    (lambda data: data[: len(data) // 2], b"person.csv, line "),
    (lambda data: data.replace(b";Aline;", b";Aline;;", 1), b"person.csv, line 2: the row has 9 values instead of 8"),
    (lambda data: data.replace(b'"called', b'called', 1), b"person.csv, line "),
    (lambda data: b"", b"person.csv is empty"),
    (lambda data: data.replace(b"Aline", b"Al\0ne", 1), b"person.csv: the file holds binary data"),
], ids=["truncated", "ragged", "quote", "empty", "binary"])  # fmt: skip
def test_a_damaged_file_ends_with_exit_code_4_and_its_place(
    bad: Callable[[bytes], bytes], words: bytes, folder: Path, tmp_path: Path
):
    path = folder / "crm" / "person.csv"
    path.write_bytes(bad(path.read_bytes()))
    command = [sys.executable, "-m", "anonymizer", "run", str(folder), str(tmp_path / "safe"), "--assume", "masked"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 4
    assert words in done.stderr
    assert snapshots.survivors({cell for person in PEOPLE for cell in person[1:5] if cell}, done.stderr) == 0
    assert [left.name for left in tmp_path.iterdir()] == [folder.name]
