"""SQLite: files are read as they lie and written anew; scripts keep every byte that is no replaced value."""

from __future__ import annotations

import hashlib
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer import stores
from anonymizer.contracts import Rows
from anonymizer.errors import InternalError, SourceError, TargetError
from anonymizer.model.schema import TableName, TypeFamily
from anonymizer.stores import sqlite_dump, sqlite_file
from anonymizer.stores._input import FileInput
from anonymizer.stores._sqlite import rows as _sqlite_rows
from anonymizer.stores._sqlite import schema as _sqlite_schema
from anonymizer.stores._sqlite.cells import from_arrow, to_arrow

SHELL = shutil.which("sqlite3")
needs_shell = pytest.mark.skipif(SHELL is None, reason="not verified: there is no sqlite3 on the path")

Change = Callable[[Rows], Rows]


def make(path: Path, script: str, **settings_: str | int) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        for name, value in settings_.items():
            connection.execute(f"PRAGMA {name} = '{value}'").fetchall()
        connection.executescript(script)
        connection.commit()
    return path


def rewrite(path: Path, change: Change = lambda rows: rows, wanted: list[str] | None = None) -> Path:
    """A whole run over all columns, or over those of the `wanted` names."""
    target = path.with_name(f"safe {path.name}")
    source = stores.recognise(FileInput(path)).open_source(FileInput(path))
    columns = {
        table.name: names
        for table in source.schema().tables
        if (names := [c.name for c in table.columns if not c.generated and (wanted is None or c.name in wanted)])
    }
    sink = (sqlite_file if isinstance(source, sqlite_file.SqliteSource) else sqlite_dump).open_sink(source, target)
    try:
        for part in source.parts(columns):
            sink.write(change(part) if isinstance(part, Rows) else part)
        sink.close()
    except BaseException:
        sink.abort()
        raise
    return target


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def shell(path: Path, command: str) -> str:
    assert SHELL is not None
    return subprocess.run([SHELL, str(path), command], capture_output=True, check=True).stdout.decode()


def columns_set(table: str, **values: list[str | None]) -> Change:
    """Put these values into the columns of a table that has one batch."""

    def change(rows: Rows) -> Rows:
        if rows.table.name != table:
            return rows
        names = rows.batch.schema.names
        new = [pa.array(values.get(name, rows.batch[name].to_pylist()), pa.string()) for name in names]
        return Rows(rows.table, pa.RecordBatch.from_arrays(new, names=names), rows.frame)

    return change


EVERYTHING = """
CREATE TABLE "odd name"(id INTEGER PRIMARY KEY, a NVARCHAR(40) UNIQUE, b, c AS (upper(a)) STORED, d AS (length(a)),
    CHECK (length(a) < 9 /* not ) this */));
INSERT INTO "odd name" VALUES (7, 'x', 1), (3, 'y', 1.5), (-5, 'zé', x'00ff'), (9, NULL, NULL), (10, 'q', '12');
CREATE TABLE keyed(x TEXT, y INT REFERENCES "odd name", z REAL, PRIMARY KEY (y, x)) WITHOUT ROWID;
INSERT INTO keyed VALUES ('b', 3, 1e300), ('a', 7, -0.0), ('a', 3, 0.1), ('c''', 99, 9e999);
CREATE TABLE numbered(x TEXT PRIMARY KEY, rowid INT);
INSERT INTO numbered VALUES ('x', 1), ('a', 2); DELETE FROM numbered WHERE x = 'x';
INSERT INTO numbered VALUES ('q', 9);
CREATE TABLE tree(id INTEGER PRIMARY KEY DESC, parent INT REFERENCES tree(ID)); INSERT INTO tree VALUES (5, 5), (1, 5);
CREATE UNIQUE INDEX whole ON numbered(rowid);
CREATE UNIQUE INDEX expression ON numbered(lower(x));
CREATE UNIQUE INDEX partial ON numbered(x) WHERE rowid > 1;
CREATE VIRTUAL TABLE words USING fts5(a, b, prefix='2 3');
INSERT INTO words(words, rank) VALUES ('rank', 'bm25(10.0, 5.0)');
INSERT INTO words(rowid, a, b) VALUES (4, 'hello vanished', 'jan'), (9, 'bye', 'piet');
DELETE FROM words WHERE rowid = 4; INSERT INTO words VALUES ('again', 'x');
CREATE VIRTUAL TABLE found USING fts5(a, content='odd name', content_rowid=id);
INSERT INTO found(found) VALUES ('rebuild');
CREATE VIRTUAL TABLE older USING fts4(a, b);
INSERT INTO older(docid, a, b) VALUES (8, 'an apple', 'b'), (2, 'pear', 'c');
CREATE VIRTUAL TABLE terms USING fts4aux(older);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, 'row');
CREATE VIRTUAL TABLE boxes USING rtree(id, x1, x2, +note); INSERT INTO boxes VALUES (1, 0.1, 0.3, 'n'), (2, 5, 6, NULL);
CREATE TABLE counted(id INTEGER PRIMARY KEY AUTOINCREMENT, v);
INSERT INTO counted(v) VALUES (1), (2), (3); DELETE FROM counted WHERE id > 1;
CREATE VIEW shown AS SELECT * FROM counted;
CREATE TRIGGER noted AFTER INSERT ON counted BEGIN INSERT INTO numbered VALUES ('boom', new.id * 1000); END;
CREATE TABLE strict(a TEXT, n INT) STRICT; INSERT INTO strict VALUES ('1', 2);
CREATE TABLE empty(x);
ANALYZE;
"""
ROW_TABLES = ("odd name", "keyed", "numbered", "tree", "words", "older", "boxes", "counted", "strict", "empty")
STATE = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1, 2"


@pytest.fixture(params=["UTF-8", "UTF-16le", "UTF-16be"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """One of everything that SQLite has."""
    return make(
        tmp_path / "all.db", EVERYTHING, encoding=request.param, page_size=8192, auto_vacuum=2, application_id=77,
        user_version=5,
    )  # fmt: skip


# --- files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [None, []], ids=["decoded", "copied"])
def test_a_new_file_has_the_same_rows_row_numbers_structure_and_settings(wanted: list[str] | None, database: Path):
    result = rewrite(database, wanted=wanted)
    for table in ROW_TABLES:
        if table != "empty":
            number = "" if table == "keyed" else "_rowid_, "
            rows = f'SELECT {number}*, (SELECT group_concat(typeof(name)) FROM pragma_table_info(?)) FROM "{table}"'
            rows = rows.replace("?", f"'{table}'")
            assert query(result, rows) == query(database, rows), table
    assert query(result, STATE) == query(database, STATE)
    assert query(result, "SELECT name, seq FROM sqlite_sequence") == [("counted", 3)]
    for name in ("page_size", "encoding", "auto_vacuum", "application_id", "user_version"):
        assert query(result, f"PRAGMA {name}") == query(database, f"PRAGMA {name}")
    assert query(result, "PRAGMA integrity_check") == [("ok",)]
    assert query(result, "PRAGMA foreign_key_check") == query(database, "PRAGMA foreign_key_check")


def test_statistics_are_not_copied_since_they_hold_values(database: Path):
    assert query(database, "SELECT count(*) > 0 FROM sqlite_stat1") == [(1,)]
    assert query(rewrite(database), "SELECT name FROM sqlite_master WHERE name LIKE 'sqlite_stat%'") == []


def test_full_text_search_finds_the_new_words_and_no_trace_of_the_old_ones(database: Path):
    def change(rows: Rows) -> Rows:
        if rows.table.name not in ("words", "older", "odd name"):
            return rows
        new = pa.array([None if v is None else f"fresh{n}" for n, v in enumerate(rows.batch["a"].to_pylist())])
        return Rows(rows.table, rows.batch.set_column(0, "a", new), rows.frame)

    result = rewrite(database, change, wanted=["a"])
    assert query(result, "SELECT rowid FROM words WHERE words MATCH 'fresh1'") == [(10,)]
    assert query(result, "SELECT rowid FROM words WHERE words MATCH 'bye'") == []
    assert query(result, "SELECT rowid FROM older WHERE older MATCH 'fresh0'") == [(2,)]
    assert query(result, "SELECT rowid FROM found WHERE found MATCH 'fresh0'") == [(-5,)]
    assert query(result, 'SELECT c, d FROM "odd name" WHERE id = -5') == [("FRESH0", 6)]
    data = result.read_bytes()
    for word in ("vanished", "hello", "again", "apple"):
        for encoding in ("utf-8", "utf-16le", "utf-16be"):
            assert word.encode(encoding) not in data


def test_triggers_do_not_fire_while_rows_are_written(database: Path):
    assert query(rewrite(database), "SELECT count(*) FROM numbered WHERE x = 'boom'") == [(0,)]


def test_nothing_deleted_or_replaced_is_left_in_free_pages(tmp_path: Path):
    path = make(tmp_path / "a.db", "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT); CREATE INDEX i ON t(name);")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA secure_delete = OFF").fetchall()
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(n, f"Wilhelmina-{n}") for n in range(3000)])
        connection.execute("DELETE FROM t WHERE id >= 1500")
        connection.commit()
    assert b"Wilhelmina-2999" in path.read_bytes()

    def change(rows: Rows) -> Rows:
        return Rows(rows.table, pa.RecordBatch.from_pydict({"name": ["x"] * rows.batch.num_rows}), rows.frame)

    assert b"Wilhelmina" not in rewrite(path, change, wanted=["name"]).read_bytes()


def test_a_replaced_value_keeps_its_storage_class_where_its_text_allows(tmp_path: Path):
    path = make(tmp_path / "a.db", "CREATE TABLE t(a, b, c, d, e INT);INSERT INTO t VALUES (1, 2.5, x'00', '7', 8);")
    change = columns_set("t", a=["12"], b=["3"], c=["\\x0aff"], d=["9"], e=["word"])
    result = rewrite(path, change)
    assert query(result, "SELECT a, b, c, d, e FROM t") == [(12, 3.0, b"\x0a\xff", "9", "word")]


def test_a_replaced_row_number_takes_its_row_along(tmp_path: Path):
    path = make(
        tmp_path / "a.db", "CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'a'), (2, 'b');"
    )
    assert query(rewrite(path, columns_set("t", id=["20", "10"])), "SELECT * FROM t") == [(10, "b"), (20, "a")]


CELLS = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.binary(max_size=12),
)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=30))
@settings(deadline=None, max_examples=40)
def test_every_cell_comes_back_with_its_class_and_every_bit(tmp_path_factory: pytest.TempPathFactory, rows):
    folder = tmp_path_factory.mktemp("cells")
    path = make(folder / "a.db", "CREATE TABLE t(a, b)")
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
        connection.commit()
    sql = "SELECT rowid, typeof(a), a, typeof(b), b FROM t"
    assert repr(query(rewrite(path, wanted=["b"]), sql)) == repr(query(path, sql))


@given(st.lists(CELLS, max_size=20), st.data())
def test_only_changed_cells_are_made_anew(cells, data):
    old = to_arrow(cells)
    assert [cell is None for cell in cells] == [value is None for value in old.to_pylist()]
    changes = data.draw(st.lists(st.booleans(), min_size=len(cells), max_size=len(cells)))
    new = pa.array(
        [v if v is None or not c else f"new {v}" for v, c in zip(old.to_pylist(), changes, strict=True)], pa.string()
    )
    for cell, again, text, was_changed in zip(
        cells, from_arrow(cells, old, new), new.to_pylist(), changes, strict=True
    ):
        if cell is None or not was_changed:
            assert again is cell or again == cell
        else:
            assert again == (text.encode() if isinstance(cell, bytes) else text)


def test_a_table_larger_than_a_block_is_read_and_sampled_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_sqlite_rows, "BLOCK_BYTES", 4000)
    path = make(tmp_path / "a.db", "CREATE TABLE t(v TEXT); CREATE TABLE k(v TEXT PRIMARY KEY) WITHOUT ROWID;")
    with closing(sqlite3.connect(path)) as connection:
        for table in "tk":
            connection.executemany(f"INSERT INTO {table} VALUES (?)", [(f"value {n:05}",) for n in range(2000)])
        connection.execute("UPDATE t SET rowid = rowid * 1000 + 5000000 WHERE rowid > 1000")
        connection.commit()
    source = sqlite_file.open_source(FileInput(path))
    parts = list(source.parts({TableName("", "t"): ["v"]}))
    assert len(parts) > 5
    assert all(part.batch.num_rows <= 300 for part in parts if isinstance(part, Rows))
    for name in "tk":
        sampled = [v for part in source.sample(100) if part.table.name == name for v in part.batch["v"].to_pylist()]
        assert 50 <= len(sampled) <= 100
        assert len(set(sampled)) == len(sampled)
        assert "value 01999" in sampled
        assert min(sampled) < "value 00050"
    assert query(rewrite(path), "SELECT rowid, v FROM t") == query(path, "SELECT rowid, v FROM t")


def test_a_sample_cuts_long_values_off(tmp_path: Path):
    path = make(
        tmp_path / "a.db", "CREATE TABLE t(v, b); INSERT INTO t VALUES (printf('%.*c', 9000, 'x'), zeroblob(9000));"
    )
    (rows,) = sqlite_file.open_source(FileInput(path)).sample(5)
    assert [len(rows.batch[name][0].as_py()) for name in "vb"] == [4096, 2 + 2 * 4096]


# --- reading what lies there -------------------------------------------------------------------------------------


@pytest.fixture
def with_log(tmp_path: Path) -> Path:
    """A database in the middle of its work: the last rows are in the write-ahead log only."""
    (tmp_path / "live").mkdir()
    path = make(tmp_path / "live" / "a.db", "CREATE TABLE t(v)")
    copy = tmp_path / "copy"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("PRAGMA wal_autocheckpoint = 0").fetchall()
        connection.execute("INSERT INTO t VALUES ('only in the log')")
        connection.commit()
        copy.mkdir()
        for file in ("a.db", "a.db-wal"):
            shutil.copy(path.with_name(file), copy)
    return copy / "a.db"


def fingerprint(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        file.name: (file.stat().st_mtime_ns, hashlib.sha256(file.read_bytes()).hexdigest()) for file in folder.iterdir()
    }


def test_rows_in_a_write_ahead_log_are_read_and_the_folder_is_not_touched(with_log: Path, tmp_path: Path):
    assert query_immutable(with_log) == 0
    before = fingerprint(with_log.parent)
    source = sqlite_file.open_source(FileInput(with_log))
    (rows,) = source.sample(10)
    assert rows.batch["v"].to_pylist() == ["only in the log"]
    assert fingerprint(with_log.parent) == before
    target = tmp_path / "safe.db"
    sink = sqlite_file.open_sink(source, target)
    for part in source.parts({}):
        sink.write(part)
    sink.close()
    assert not list(tmp_path.glob("safe.db-*"))
    assert query(target, "PRAGMA journal_mode") == [("wal",)]
    assert query(target, "SELECT v FROM t") == [("only in the log",)]


def query_immutable(path: Path) -> int:
    with closing(sqlite3.connect(path.absolute().as_uri() + "?immutable=1", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM t").fetchone()[0])


def test_a_write_ahead_database_without_a_log_is_read_in_place(tmp_path: Path):
    path = make(tmp_path / "a.db", "PRAGMA journal_mode = WAL; CREATE TABLE t(v); INSERT INTO t VALUES (1);")
    assert {file.name for file in tmp_path.iterdir()} == {"a.db"}
    source = sqlite_file.open_source(FileInput(path))
    assert source.image.path == path
    assert [part.batch["v"].to_pylist() for part in source.sample(5)] == [["1"]]
    assert {file.name for file in tmp_path.iterdir()} == {"a.db"}


def test_a_transaction_that_was_interrupted_is_undone_in_a_copy(tmp_path: Path):
    path = make(tmp_path / "a.db", "CREATE TABLE t(v); INSERT INTO t VALUES ('committed');")
    copy = tmp_path / "copy"
    copy.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1").fetchall()
        connection.execute("BEGIN")
        connection.execute("UPDATE t SET v = 'never committed'")
        connection.executemany("INSERT INTO t VALUES (?)", [("y" * 3000,) for _ in range(200)])
        for file in ("a.db", "a.db-journal"):
            shutil.copy(path.with_name(file), copy)
        connection.execute("ROLLBACK")
    before = fingerprint(copy)
    (rows,) = sqlite_file.open_source(FileInput(copy / "a.db")).sample(10)
    assert rows.batch["v"].to_pylist() == ["committed"]
    assert fingerprint(copy) == before


def test_a_source_that_changes_while_it_is_read_is_refused(tmp_path: Path):
    path = make(tmp_path / "a.db", "CREATE TABLE t(v); INSERT INTO t VALUES (1);")
    parts = sqlite_file.open_source(FileInput(path)).parts({})
    next(parts)
    make(path, "INSERT INTO t VALUES (2)")
    with pytest.raises(SourceError, match=r"a\.db was changed while it was read"):
        list(parts)


def test_text_that_is_not_valid_is_named_by_its_place_and_not_quoted(tmp_path: Path):
    path = make(
        tmp_path / "a.db", "CREATE TABLE t(ok, v); INSERT INTO t VALUES (1, 'a'), (2, CAST(x'4a6fffeb' AS TEXT));"
    )
    with pytest.raises(SourceError, match=r"t\.v, row 2: the text is not valid") as refused:
        rewrite(path)
    assert "Jo" not in str(refused.value)
    assert query(rewrite(path, wanted=["ok"]), "SELECT hex(v) FROM t") == [("61",), ("4A6FFFEB",)]


def test_new_values_that_break_a_constraint_are_refused_by_the_name_of_the_table(tmp_path: Path):
    path = make(
        tmp_path / "a.db",
        "CREATE TABLE t(v UNIQUE, w CHECK (w IN ('a', 'b')), x);"
        "INSERT INTO t VALUES ('1', 'a', 'one'), ('2', 'b', 'two'); CREATE UNIQUE INDEX ix ON t(x);",
    )
    for column, value, words in [("v", "same", "t: .*UNIQUE"), ("w", "c", "CHECK"), ("x", "same", "ix: .*UNIQUE")]:
        with pytest.raises(TargetError, match=words) as refused:
            rewrite(path, columns_set("t", **{column: [value, value]}))
        assert "same" not in str(refused.value)
        assert not path.with_name("safe a.db").exists()


def test_rows_of_the_source_that_break_a_constraint_are_copied_as_they_are(tmp_path: Path):
    path = make(
        tmp_path / "a.db",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(w CHECK (w IN ('a')), p REFERENCES p);"
        "PRAGMA ignore_check_constraints = ON; INSERT INTO t VALUES ('z', 99);",
    )
    assert query(rewrite(path), "SELECT * FROM t") == [("z", 99)]


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ("CREATE VIRTUAL TABLE v USING fts5(a, content='')", "v: a full-text index without content"),
        ("CREATE VIRTUAL TABLE v USING fts4(a, languageid='l')", "v: full-text tables with a languageid"),
        ("CREATE TABLE v(rowid, _rowid_, oid)", "v: the columns rowid, _rowid_ and oid"),
    ],
)
def test_what_cannot_be_written_again_is_refused_by_name(definition: str, words: str, tmp_path: Path):
    path = make(tmp_path / "a.db", definition)
    with pytest.raises(SourceError, match=words):
        sqlite_file.open_source(FileInput(path)).schema()


def test_an_index_that_needs_a_collation_of_another_program_is_refused_by_name(tmp_path: Path):
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.create_collation("HOUSE", lambda a, b: (a > b) - (a < b))
        connection.executescript("CREATE TABLE t(v); CREATE INDEX special ON t(v COLLATE HOUSE);")
    with pytest.raises(SourceError, match=r"special cannot be made again \(SQLITE_ERROR"):
        rewrite(path)


def test_a_computed_column_is_never_taken_for_one_with_values_of_its_own(database: Path):
    with pytest.raises(InternalError, match="computed"):
        list(sqlite_file.open_source(FileInput(database)).parts({TableName("", "odd name"): ["a", "c"]}))


def test_a_compressed_result_is_a_compressed_database(tmp_path: Path):
    path = make(tmp_path / "a.db", "CREATE TABLE t(v); INSERT INTO t VALUES ('x');")
    source = sqlite_file.open_source(FileInput(path))
    sink = sqlite_file.open_sink(source, tmp_path / "safe.db.gz")
    for part in source.parts({}):
        sink.write(part)
    sink.close()
    assert {file.name for file in tmp_path.iterdir()} == {"a.db", "safe.db.gz"}
    (rows,) = sqlite_file.open_source(FileInput(tmp_path / "safe.db.gz")).sample(5)
    assert rows.batch["v"].to_pylist() == ["x"]


# --- schema -----------------------------------------------------------------------------------------------------


def test_the_schema_is_what_sqlite_says_it_is(database: Path):
    schema = sqlite_file.open_source(FileInput(database)).schema()
    assert tuple(table.name.name for table in schema.tables) == ROW_TABLES
    odd = schema.table(TableName("", "odd name"))
    assert [(c.name, c.type, c.length, c.generated, c.nullable) for c in odd.columns] == [
        ("id", "INTEGER", None, False, False),
        ("a", "NVARCHAR(40)", 40, False, True),
        ("b", "", None, False, True),
        ("c", "", None, True, True),
        ("d", "", None, True, True),
    ]
    assert (odd.primary_key, odd.unique, odd.checks) == (("id",), (("a",),), ("length(a) < 9 /* not ) this */",))
    keyed = schema.table(TableName("", "keyed"))
    assert keyed.primary_key == ("y", "x")
    assert [(f.columns, f.references, f.referenced) for f in keyed.foreign_keys] == [(("y",), odd.name, ("id",))]
    assert [f.referenced for f in schema.table(TableName("", "tree")).foreign_keys] == [("id",)]
    assert schema.table(TableName("", "numbered")).unique == (("rowid",),)


@pytest.mark.parametrize(
    ("declared", "family"),
    [
        ("INTEGER", TypeFamily.INTEGER),
        ("unsigned big int", TypeFamily.INTEGER),
        ("VARCHAR(255)", TypeFamily.TEXT),
        ("DATETIME", TypeFamily.TIMESTAMP),
        ("date", TypeFamily.DATE),
        ("BOOLEAN", TypeFamily.BOOLEAN),
        ("NUMERIC(10,2)", TypeFamily.NUMBER),
        ("double precision", TypeFamily.NUMBER),
        ("BLOB", TypeFamily.BINARY),
        ("VARBINARY(16)", TypeFamily.BINARY),
        ("JSON", TypeFamily.JSON),
        ("uniqueidentifier", TypeFamily.UUID),
        ("POINT", TypeFamily.GEOMETRY),
        ("anything at all", TypeFamily.TEXT),
        ("", TypeFamily.TEXT),
    ],
)
def test_a_declared_type_means_what_programs_mean_by_it(declared: str, family: TypeFamily):
    assert _sqlite_schema.type_family(declared)[0] is family


# --- scripts ----------------------------------------------------------------------------------------------------

SCRIPT = """\
-- a script by hand; with a semicolon; and a 'quote
PRAGMA foreign_keys = off;
DROP TABLE IF EXISTS [Person];
CREATE TABLE [Person] (
    [Id] INTEGER PRIMARY KEY AUTOINCREMENT, /* the ; key */
    Name TEXT NOT NULL DEFAULT 'x;y',
    Photo BLOB, Born DATE
);
CREATE TABLE plain(a);
INSERT INTO Person VALUES (NULL, 'Ann; ''Lee''', X'FFD8', '1970-01-02'), (2, 'Bo', x'', date('now'));
INSERT OR IGNORE INTO person (id, name) VALUES (3, replace('two\\nlines','\\n',char(10)));
INSERT INTO "Person"(rowid, [Name]) VALUES (4, 'Cy');
INSERT INTO plain VALUES (1.50);
INSERT INTO sqlite_sequence VALUES ('Person', 40);
CREATE TRIGGER IF NOT EXISTS t AFTER INSERT ON plain BEGIN
    UPDATE plain SET a = CASE WHEN a > 1 THEN 'x;' END;
    DELETE FROM plain;
END;
SELECT * FROM [Person];
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "hand.sql"
    path.write_text(SCRIPT, encoding="utf-8", newline="\n")
    return path


def test_a_script_by_hand_keeps_all_but_the_replaced_values(script: Path):
    def change(rows: Rows) -> Rows:
        names = [f"new'{n}" for n in range(rows.batch.num_rows)]
        return Rows(rows.table, pa.RecordBatch.from_pydict({"Name": names}), rows.frame)

    assert rewrite(script, wanted=["Name", "Photo"]).read_text(encoding="utf-8") == SCRIPT
    script.with_name("safe hand.sql").unlink()
    expected = (
        SCRIPT.replace("'Ann; ''Lee'''", "'new''0'")
        .replace("'Bo'", "'new''1'")
        .replace("replace('two\\nlines','\\n',char(10))", "'new''0'")
        .replace("'Cy'", "'new''0'")
    )
    assert rewrite(script, change, wanted=["Name"]).read_text(encoding="utf-8") == expected


def test_an_expression_in_a_replaced_column_stops_the_run_by_its_line(script: Path):
    with pytest.raises(SourceError, match=r"Person\.Born, line 10"):
        rewrite(script, wanted=["Born"])


def test_a_blob_in_a_script_is_read_as_digits_and_written_as_a_blob(script: Path):
    change = columns_set("Person", Photo=["\\x0a0b", "\\xff"])

    def first_batch(rows: Rows) -> Rows:
        return change(rows) if rows.batch["Photo"].to_pylist() == ["\\xffd8", "\\x"] else rows

    assert "X'0a0b'" in rewrite(script, first_batch, wanted=["Photo"]).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE plain SET a = 'Wilhelmina';", "line 21: UPDATE could carry rows"),
        ("INSERT INTO plain SELECT 'Wilhelmina';", "line 21: INSERT could carry rows"),
        ("CREATE TABLE c AS SELECT 'Wilhelmina' AS a;", "line 21: CREATE could carry rows"),
        ("CREATE TABLE main.c /* x */ AS VALUES ('Wilhelmina');", "line 21: CREATE could carry rows"),
        ("ATTACH 'Wilhelmina.db' AS w;", "line 21: ATTACH could carry rows"),
        ("SELECT 'Wilhelmina';", "line 21: SELECT could carry rows"),
        ("DELETE FROM plain WHERE a = 'Wilhelmina';", "line 21: DELETE could carry rows"),
        ("WITH w AS (SELECT 'Wilhelmina') INSERT INTO plain SELECT * FROM w;", "line 21: WITH could carry rows"),
        (".import Wilhelmina.csv plain\n;", "line 21: the statement could carry rows"),
        ("Wilhelmina;", "line 21: the statement could carry rows"),
        ("PRAGMA temp_store_directory = '/Wilhelmina dir/x';", "line 21: PRAGMA could carry rows"),
        ("INSERT INTO nowhere VALUES ('Wilhelmina');", "line 21: rows of a table that is not defined"),
        ("INSERT INTO temp.plain VALUES ('Wilhelmina');", "line 21: rows of an attached or temporary"),
        ("INSERT INTO sqlite_stat4 VALUES ('Wilhelmina');", "line 21: statistics hold values"),
        ("INSERT INTO plain (b) VALUES ('Wilhelmina');", "line 21: rows of plain have columns"),
        ("CREATE TABLE broken (;", "line 21: SQLite does not accept the definition"),
        ("ROLLBACK; -- due to errors", "line 21: the dump was given up"),
        ("BEGIN;", "the transaction of line 21 never ends"),
        ("INSERT INTO plain VALUES ('Wilhelmina", "line 21: the dump ends in the middle"),
    ],
)
def test_a_statement_that_could_carry_rows_is_refused_by_its_line_and_not_quoted(
    statement: str, words: str, script: Path
):
    script.write_text(SCRIPT + "-- more\n" + statement + "\n", encoding="utf-8", newline="\n")
    with pytest.raises(SourceError, match=words) as refused:
        rewrite(script, wanted=["Name", "a"])
    assert "Wilhelmina" not in str(refused.value)


@needs_shell
def test_a_dump_of_the_real_shell_comes_back_byte_for_byte_and_loads_as_the_file_does(tmp_path: Path):
    virtual = r"CREATE VIRTUAL TABLE.*?;|(?:INSERT INTO|DELETE FROM) (?:words|found|older|boxes)\b.*?;|ANALYZE;"
    plain = re.sub(virtual, "", EVERYTHING, flags=re.DOTALL)
    path = make(tmp_path / "a.db", plain + "INSERT INTO empty VALUES ('two' || char(10) || 'lines');")
    dump = tmp_path / "a.sql"
    dump.write_text(shell(path, ".dump"), encoding="utf-8", newline="\n")
    source = sqlite_dump.open_source(FileInput(dump))
    of_file = sqlite_file.open_source(FileInput(path))
    assert source.schema() == of_file.schema()
    result = rewrite(dump)
    assert result.read_bytes() == dump.read_bytes()
    assert {r.table: r.batch.num_rows for r in source.sample(9)} == {
        r.table: r.batch.num_rows for r in of_file.sample(9)
    }
    (empty,) = (rows for rows in source.sample(9) if rows.table.name == "empty")
    assert empty.batch["x"].to_pylist() == ["two\nlines"]


@needs_shell
def test_the_real_shell_finds_no_fault_in_a_new_file(database: Path):
    result = rewrite(database)
    assert shell(result, "PRAGMA integrity_check") == "ok\n"
    assert shell(result, 'SELECT count(*) FROM "odd name"') == "5\n"


@needs_shell
def test_a_dump_with_the_pages_of_a_full_text_index_is_refused(database: Path, tmp_path: Path):
    dump = tmp_path / "a.sql"
    dump.write_text(shell(database, ".dump"), encoding="utf-8", newline="\n")
    with pytest.raises(SourceError, match="use the database file itself"):
        rewrite(dump)


def test_a_dump_by_python_is_recognised_and_comes_back_byte_for_byte(tmp_path: Path):
    path = make(tmp_path / "a.db", "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'it''s');")
    dump = tmp_path / "a.sql"
    with closing(sqlite3.connect(path)) as connection:
        dump.write_text("\n".join(connection.iterdump()), encoding="utf-8", newline="\n")
    assert rewrite(dump).read_bytes() == dump.read_bytes()


# --- real databases ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["chinook/Chinook_Sqlite.sqlite", "_unlabelled/employee_small.db", "_unlabelled/wal_database.db"]
)
def test_a_real_database_comes_back_whole(name: str, samples: Path, tmp_path: Path):
    for file in (samples / name).parent.glob(f"{Path(name).name}*"):
        shutil.copy(file, tmp_path)
    path = tmp_path / Path(name).name
    before = fingerprint(tmp_path)
    result = rewrite(path)
    assert {name: state for name, state in fingerprint(tmp_path).items() if not name.startswith("safe ")} == before
    assert query(result, "PRAGMA integrity_check") == [("ok",)]
    with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(result)) as new:
        assert list(new.iterdump()) == list(old.iterdump())


@pytest.mark.parametrize("name", ["northwind/northwind_sqlite.sql", "_unlabelled/paheko_1.3_sqlite.sql"])
def test_a_real_script_comes_back_byte_for_byte(name: str, samples: Path, tmp_path: Path):
    path = Path(shutil.copy(samples / name, tmp_path))
    assert rewrite(path).read_bytes() == path.read_bytes()
