"""The verifier's own readers: every row and every text, in every format, however the bytes are cut."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.model.schema import Column, Schema, Table, TableName, TypeFamily
from anonymizer.verify import _copy_rows, _pg_archive, _reader, _sql_script
from anonymizer.verify._reader import Block, Reader, Text, Unreadable, open_reader
from anonymizer.workspace import Workspace
from tests.fix_postgres import Database
from tests.verify.world import PLAIN, SQLITE, SQLITE_DUMP, Input, plain, source

ROOT = Path(__file__).parent.parent.parent
ERP = ROOT / "fixtures" / "erp"
NO_TABLES = Schema(())
SECRET = b"zed.claes@mail.be"


def rows_of(reader: Reader) -> dict[TableName, list[dict[str, str | None]]]:
    """Everything that a reader gives, table by table."""
    found: dict[TableName, list[dict[str, str | None]]] = {}
    for part in reader.parts():
        if isinstance(part, Block):
            found.setdefault(part.table, []).extend(part.batch().to_pylist())
    return found


def script(text: str, kind: str = PLAIN, schema: Schema = NO_TABLES) -> Reader:
    return open_reader(Input("script", data=text.encode(schema.encoding)), kind, schema)


CELLS = st.none() | st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)


@settings(deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, st.sampled_from(["\\", "\\N", "\\.", "a\\tb", "\n\t\r", "x\\\\"])), max_size=8))
def test_a_value_with_any_character_is_read_as_it_was(rows: list[tuple[str | None, ...]]):
    def escaped(cell: str | None) -> str:
        if cell is None:
            return "\\N"
        for plain_form, escape in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
            cell = cell.replace(plain_form, escape)
        return cell

    data = "".join("\t".join(map(escaped, row)) + "\n" for row in rows).encode()
    batch = _copy_rows.batch(data, ("a", "b", "c"), "utf-8")
    assert [tuple(row.values()) for row in batch.to_pylist()] == rows


def test_numbered_escapes_are_read_too():
    assert _copy_rows.batch(b"\\101\\x42\\q\n", ("a",), "utf-8").to_pydict() == {"a": ["ABq"]}


@pytest.mark.parametrize("read_size", [1, 7, 64])
@pytest.mark.parametrize("inserts", [False, True])
def test_where_the_bytes_are_cut_does_not_matter(read_size: int, inserts: bool, monkeypatch: pytest.MonkeyPatch):
    whole = Input("whole", data=plain(source(), inserts))
    expected = rows_of(open_reader(whole, PLAIN, NO_TABLES))
    texts = [text.data for text in open_reader(whole, PLAIN, NO_TABLES).text()]
    monkeypatch.setattr(_sql_script, "_READ", read_size)
    monkeypatch.setattr(_sql_script, "BLOCK", 100)
    again = open_reader(whole, PLAIN, NO_TABLES)
    assert rows_of(again) == expected
    assert [text.data for text in again.text()] == texts


def test_look_alikes_in_strings_comments_and_function_bodies_are_not_rows():
    text = """
    -- COPY fake (a) FROM stdin;
    /* INSERT INTO fake VALUES (1); /* nested; */ ; */
    CREATE FUNCTION f() RETURNS void AS $body$ BEGIN INSERT INTO fake VALUES (1); END; $body$ LANGUAGE plpgsql;
    CREATE FUNCTION g() RETURNS void BEGIN ATOMIC INSERT INTO fake VALUES (1); SELECT CASE WHEN true THEN 1 END; END;
    COMMENT ON TABLE t IS 'it''s; INSERT INTO fake VALUES (1);';
    COMMENT ON TABLE t IS E'it\\'s; INSERT INTO fake VALUES (1);';
    \\echo INSERT INTO fake VALUES (1);
    INSERT INTO real VALUES (1, 'a;b', E'c\\'d', NULL, now(), ARRAY['x,y', 'z'], '5'::integer), (2,'','','','','','');
    """
    assert list(rows_of(script(text)).values()) == [[
        {"0": "1", "1": "a;b", "2": "c'd", "3": None, "4": "now()", "5": "ARRAY['x,y', 'z']", "6": "5"},
        {"0": "2", "1": "", "2": "", "3": "", "4": "", "5": "", "6": ""},
    ]]  # fmt: skip


def test_inserts_in_triggers_of_sqlite_are_not_rows():
    text = """CREATE TRIGGER [a;b] AFTER INSERT ON t
    BEGIN INSERT INTO fake VALUES(1); SELECT CASE 1 WHEN 1 THEN 2 END; END;
    INSERT INTO `real` VALUES('a\\', X'C0FFEE', 1.5, NULL);"""
    assert rows_of(script(text, SQLITE_DUMP)) == {
        TableName("", "real"): [{"0": "a\\", "1": "\\xc0ffee", "2": "1.5", "3": None}]
    }


def test_another_encoding_is_read_by_its_name():
    schema = Schema((Table(TableName("public", "t"), (Column("a", "text", TypeFamily.TEXT),)),), encoding="latin-1")
    rows = rows_of(script("COPY public.t (a) FROM stdin;\nRené\n\\.\nINSERT INTO t VALUES ('Zoë');", schema=schema))
    assert rows == {TableName("public", "t"): [{"a": "René"}, {"a": "Zoë"}]}


@pytest.mark.parametrize("text", [
    "COPY public.t (a, b) FROM stdin;\n1\t2\n", "COPY public.t (a, b) FROM stdin;\n1\n\\.\n",
    "INSERT INTO t (a, b) VALUES (1);",
])  # fmt: skip
def test_rows_that_are_cut_off_or_do_not_fit_are_unreadable(text: str):
    with pytest.raises(Unreadable, match=r"public\.t"):
        rows_of(script(text))


# --- archives ---------------------------------------------------------------------------------------------------


def test_an_archive_holds_the_same_rows_as_the_plain_dump():
    plain_rows = rows_of(open_reader(Input("erp.sql", ERP / "erp.sql"), PLAIN, NO_TABLES))
    archive = open_reader(Input("erp.dump", ERP / "erp.dump"), "PostgreSQL custom archive", NO_TABLES)
    assert rows_of(archive) == plain_rows
    assert any(b"CREATE TABLE crm.customer" in text.data for text in archive.text())


@pytest.mark.parametrize("form", [
    "custom --compress=0", "custom --compress=gzip", "custom --compress=lz4", "custom --compress=zstd",
    "custom --inserts", "directory --compress=0", "directory --compress=gzip", "directory --compress=lz4",
    "directory --compress=zstd", "tar", "tar --inserts",
])  # fmt: skip
def test_every_form_of_archive_is_read(form: str, restored_erp: Database, tmp_path: Path):
    name, *options = form.split()
    made = tmp_path / "archive"
    restored_erp.dump(made, f"--format={name}", *options)
    expected = rows_of(open_reader(Input("erp.sql", ERP / "erp.sql"), PLAIN, NO_TABLES))
    reader = open_reader(Input("archive", made), f"PostgreSQL {name} archive", NO_TABLES)
    found = rows_of(reader)
    for table, rows in expected.items():
        if "--inserts" in options:
            assert len(found[table]) == len(rows)
        else:
            assert found[table] == rows
    assert sum(b"CREATE TABLE" in text.data for text in reader.text()) >= len(expected)


@pytest.fixture(scope="module")
def restored_erp(postgres: Database) -> Iterator[Database]:
    """The synthetic ERP in a database of its own."""
    postgres.tool("psql", "-X", "-q", "-c", "CREATE DATABASE verify_erp TEMPLATE template0")
    database = postgres.sibling("verify_erp")
    database.restore_plain(ERP / "erp.sql")
    yield database
    postgres.tool("psql", "-X", "-q", "-c", "DROP DATABASE verify_erp WITH (FORCE)")


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0, max_value=169_000))
def test_a_damaged_archive_is_unreadable_and_never_a_crash(cut: int):
    data = (ERP / "erp.dump").read_bytes()[:cut]
    with pytest.raises(Unreadable):
        rows_of(open_reader(Input("cut", data=data), "PostgreSQL custom archive", NO_TABLES))


def texts_of(reader: Reader) -> bytes:
    return b"\n".join(text.data for text in reader.text())


@pytest.mark.parametrize("where", ["behind the end", "as another member", "between the members", "in a name"])
def test_nothing_hides_in_a_tar_archive(where: str, restored_erp: Database, tmp_path: Path):
    made = tmp_path / "archive.tar"
    restored_erp.dump(made, "--format=tar")
    data = bytearray(made.read_bytes())
    if where == "behind the end":
        data += b"\0" * 512 + SECRET.ljust(512, b"\0")
    elif where == "as another member":
        with tarfile.open(made, "a") as archive:
            member = tarfile.TarInfo("notes.txt")
            member.size = len(SECRET)
            archive.addfile(member, io.BytesIO(SECRET))
        data = bytearray(made.read_bytes())
    elif where == "between the members":
        size = int(data[124:136].rstrip(b" \0"), 8)
        assert size % 512
        data[512 + size : 512 + size + 4] = SECRET[:4]
    else:
        with tarfile.open(made, "a") as archive:
            archive.addfile(tarfile.TarInfo(SECRET.decode()))
        data = bytearray(made.read_bytes())
    reader = open_reader(Input("archive", data=bytes(data)), "PostgreSQL tar archive", NO_TABLES)
    if where in ("as another member", "in a name"):
        assert SECRET in texts_of(reader)
    else:
        with pytest.raises(Unreadable):
            rows_of(reader)


@pytest.mark.parametrize("where", ["another file", "beside a table's file", "a link", "behind the contents",
                                   "behind a compressed file"])  # fmt: skip
def test_nothing_hides_in_a_directory_archive(where: str, restored_erp: Database, tmp_path: Path):
    made = tmp_path / "archive"
    restored_erp.dump(made, "--format=directory", "--compress=gzip")
    table = next(path for path in made.iterdir() if path.name.endswith(".dat.gz"))
    if where == "another file":
        (made / "notes.txt").write_bytes(SECRET)
    elif where == "beside a table's file":
        (made / table.name.removesuffix(".gz")).write_bytes(SECRET)
    elif where == "a link":
        (made / "notes.txt").symlink_to(table)
    else:
        file = table if where == "behind a compressed file" else made / "toc.dat"
        file.write_bytes(file.read_bytes() + SECRET)
    reader = open_reader(Input("archive", made), "PostgreSQL directory archive", NO_TABLES)
    if where == "another file":
        assert SECRET in texts_of(reader)
    else:
        with pytest.raises(Unreadable):
            rows_of(reader)


def test_a_value_across_two_pieces_of_a_long_text_is_whole_in_one_of_them(
    restored_erp: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    made = tmp_path / "archive"
    restored_erp.dump(made, "--format=directory", "--compress=0")
    (made / "notes.txt").write_bytes(b"x" * 995 + SECRET + b"y" * 995)
    monkeypatch.setattr(_pg_archive, "_READ", 1000)
    reader = open_reader(Input("archive", made), "PostgreSQL directory archive", NO_TABLES)
    assert any(SECRET in text.data for text in reader.text())


# --- SQLite -----------------------------------------------------------------------------------------------------


def test_a_write_ahead_log_is_read_and_the_folder_stays_as_it_is(tmp_path: Path):
    writer = sqlite3.connect(tmp_path / "live.db")
    writer.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (a); INSERT INTO t VALUES ('in the log');")
    folder = tmp_path / "delivered"
    folder.mkdir()
    for side in ("", "-wal"):
        shutil.copy(tmp_path / f"live.db{side}", folder)
    writer.close()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    work = tmp_path / "work"
    work.mkdir()
    reader = open_reader(Input("live.db", folder / "live.db"), SQLITE, NO_TABLES, work)
    before_umask = os.umask(0)
    try:
        rows = rows_of(reader)
    finally:
        os.umask(before_umask)
    assert [row["a"] for row in rows[TableName("", "t")]] == ["in the log"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    copies = list(work.rglob("*"))
    assert copies
    assert [path for path in copies if path.stat().st_mode & 0o77] == []
    reader.close()
    assert list(work.iterdir()) == []


@pytest.mark.parametrize("source", ["wal", "gzip", "pipe"])
def test_what_has_to_be_copied_is_unreadable_without_a_private_folder(source: str, tmp_path: Path):
    path = tmp_path / "a.db"
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1);")
    connection.close()
    if source == "wal":
        Path(f"{path}-wal").touch()
    data = gzip.compress(path.read_bytes()) if source == "gzip" else path.read_bytes()
    given = Input("a.db", path) if source == "wal" else Input("a.db", data=data)
    reader = open_reader(given, SQLITE, NO_TABLES)
    with pytest.raises(Unreadable, match="private folder"):
        rows_of(reader)
    reader.close()


def test_storage_classes_row_numbers_and_settings_of_sqlite_are_seen(tmp_path: Path):
    path = tmp_path / "a.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE t (a); INSERT INTO t (rowid, a) VALUES (5, 1), (7, '1'), (9, X'0A'), (11, 1.5);"
    )
    connection.close()
    reader = open_reader(Input("a.db", path), SQLITE, NO_TABLES)
    (batch,) = reader.rows(TableName("", "t"))
    assert batch.column("a").to_pylist() == ["1", "1", "\\x0a", "1.5"]
    assert batch.column(_reader.STORAGE).to_pylist() == ["i", "t", "b", "r"]
    assert batch.column(_reader.ROW_ID).to_pylist() == ["5", "7", "9", "11"]
    assert any(text.place == "PRAGMA user_version" for text in reader.text())
    reader.close()


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_what_is_left_in_free_pages_can_be_read_in_every_encoding(encoding: str, tmp_path: Path):
    path = tmp_path / "a.db"
    connection = sqlite3.connect(path)
    connection.executescript(f"PRAGMA encoding='{encoding}'; PRAGMA secure_delete=OFF; CREATE TABLE t (a);")
    connection.executemany("INSERT INTO t VALUES (?)", [(f"{SECRET.decode()} {n}",) for n in range(500)])
    connection.commit()
    connection.execute("DROP TABLE t")
    connection.commit()
    connection.close()
    reader = open_reader(Input("a.db", path), SQLITE, NO_TABLES)
    assert any(SECRET in data for data in reader.raw())
    reader.close()


def test_a_file_that_is_no_database_is_unreadable(tmp_path: Path):
    path = tmp_path / "a.db"
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    reader = open_reader(Input("a.db", path), SQLITE, NO_TABLES)
    with pytest.raises(Unreadable):
        rows_of(reader)
    reader.close()


def test_a_damaged_compressed_stream_is_unreadable():
    class Broken(Input):
        def open(self):  # type: ignore[no-untyped-def]
            import io

            return gzip.open(io.BytesIO(gzip.compress(plain(source()))[:-40]))

    with pytest.raises(Unreadable):
        rows_of(open_reader(Broken("broken.gz"), PLAIN, NO_TABLES))


def test_every_part_is_a_text_or_a_block_of_strings():
    for part in open_reader(Input("x", data=plain(source())), PLAIN, NO_TABLES).parts():
        assert isinstance(part, Text) or set(part.batch().schema.types) == {pa.string()}


def test_a_copy_that_a_killed_run_left_goes_with_the_next_run(tmp_path: Path):
    database = tmp_path / "a.db"
    connection = sqlite3.connect(database)
    connection.executescript("CREATE TABLE t (a); INSERT INTO t VALUES ('secret');")
    connection.close()
    Path(f"{database}-wal").touch()
    script = (
        "import sys, time; from pathlib import Path; from anonymizer.model.schema import Schema\n"
        "from anonymizer.verify._reader import open_reader; from anonymizer.workspace import Workspace\n"
        "from tests.verify.world import Input\n"
        "folder = Path(sys.argv[1])\n"
        "with Workspace(folder / 'safe.db') as workspace:\n"
        "    reader = open_reader(Input('a', folder / 'a.db'), 'SQLite file', Schema(()), workspace.path)\n"
        "    list(reader.parts()); print('read', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"read\n"
        run.kill()
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent != tmp_path]
    assert any(b"secret" in path.read_bytes() for path in left)
    with Workspace(tmp_path / "safe.db"):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"a.db", "a.db-wal"}
