"""Plain PostgreSQL dumps: everything but the asked values comes out byte for byte, and nothing slips by unread."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from anonymizer.contracts import Rows
from anonymizer.errors import InternalError, SourceError
from anonymizer.model.schema import TableName
from anonymizer.stores import pg_plain
from anonymizer.stores._input import FileInput
from anonymizer.stores._pg.copy_text import read
from anonymizer.stores._sql import text as _sql_text
from tests.fix_postgres import Database

HEADER = "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n"
DUMP = (
    "-- PostgreSQL database dump\n"
    + HEADER
    + r'''
\restrict abc
SELECT pg_catalog.set_config('search_path', '', false);
CREATE SCHEMA crm;
CREATE FUNCTION crm.f() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
-- COPY crm.person (id) FROM stdin;
INSERT INTO crm.person VALUES (1); -- it's not a row
END;
$$;
CREATE TABLE crm.person (
    id integer NOT NULL,
    "First; ""name""" text,
    mail text,
    shout text GENERATED ALWAYS AS (upper(mail)) STORED
);
CREATE TABLE crm."dotted.name" (a text);
CREATE TABLE crm.empty (a text);
COPY crm.person (id, "First; ""name""", mail) FROM stdin;
1	Ann\tLee; 'x' -- /*	ann@example.org
2	\N	\\.
3	\\N	$$;$$
\.


COPY crm."dotted.name" (a) FROM stdin;

x
\.
COPY crm.empty (a) FROM stdin;
\.
INSERT INTO crm.person VALUES (4, 'it''s; (', 'dee@example.org');
INSERT INTO crm.person VALUES (5, NULL, 'eve@example.org');
INSERT INTO crm.person (mail, id) VALUES ('fay@example.org', 6), (NULL, 7) ON CONFLICT DO NOTHING;
ALTER TABLE ONLY crm.person ADD CONSTRAINT person_pkey PRIMARY KEY (id);
SELECT pg_catalog.setval('crm.s', 7, true);
\unrestrict abc
--
-- PostgreSQL database dump complete
--'''
)
PERSON = TableName("crm", "person")
FIRST = 'First; "name"'


def source(folder: Path, text: str | bytes) -> pg_plain.PgPlainSource:
    path = folder / "dump.sql"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return pg_plain.open_source(FileInput(path))


def rewritten(source: pg_plain.PgPlainSource, target: Path, columns, change=lambda batch: batch) -> bytes:
    sink = pg_plain.open_sink(source, target)
    for part in source.parts(columns):
        sink.write(Rows(part.table, change(part.batch), part.frame) if isinstance(part, Rows) else part)
    sink.close()
    return target.read_bytes()


def everything(source: pg_plain.PgPlainSource) -> dict[TableName, tuple[str, ...]]:
    return {table.name: pg_plain.stored_columns(table) for table in source.schema().tables}


def upper(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.compute.utf8_upper(c) for c in batch.columns], names=batch.schema.names)


@pytest.mark.parametrize("block", [7, 64, 1 << 20])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_unchanged_rows_give_the_dump_back_byte_for_byte(tmp_path, monkeypatch, block, end):
    monkeypatch.setattr(_sql_text, "BLOCK_BYTES", block)
    text = DUMP.replace("\n", end)
    found = source(tmp_path, text)
    assert rewritten(found, tmp_path / "out.sql", everything(found)) == text.encode()
    assert rewritten(found, tmp_path / "none.sql", {}) == text.encode()


@pytest.mark.parametrize("block", [7, 1 << 20])
def test_only_the_asked_values_change_in_copy_and_insert_alike(tmp_path, monkeypatch, block):
    monkeypatch.setattr(_sql_text, "BLOCK_BYTES", block)
    found = source(tmp_path, DUMP)
    result = rewritten(found, tmp_path / "out.sql", {PERSON: ("mail", FIRST)}, upper).decode()
    expected = DUMP
    for name in ("ann", "dee", "eve", "fay"):
        expected = expected.replace(f"{name}@example.org", f"{name.upper()}@EXAMPLE.ORG")
    expected = expected.replace(r"Ann\tLee; 'x'", r"ANN\tLEE; 'X'").replace("'it''s; ('", "'IT''S; ('")
    assert result == expected


def test_an_emptied_table_has_no_rows_left_and_the_rest_stands(tmp_path):
    found = source(tmp_path, DUMP)
    result = rewritten(found, tmp_path / "out.sql", {PERSON: ("id", FIRST, "mail")}, lambda batch: batch.slice(0, 0))
    assert b"example.org" not in result
    assert b"INSERT INTO crm.person VALUES (1); -- it's not a row" in result
    assert result.count(b"INSERT") == 1
    again = source(tmp_path, result)
    assert PERSON not in {rows.table for rows in again.sample(10)}


def test_the_schema_and_every_row_are_read(tmp_path):
    found = source(tmp_path, DUMP)
    person = found.schema().table(PERSON)
    assert [column.name for column in person.columns] == ["id", FIRST, "mail", "shout"]
    assert person.primary_key == ("id",)
    rows = [part for part in found.parts({PERSON: ("id", "mail")}) if isinstance(part, Rows)]
    assert {name: value for part in rows for name, value in zip(*part.batch.to_pydict().values(), strict=True)} == {
        "1": "ann@example.org",
        "2": "\\.",
        "3": "$$;$$",
        "4": "dee@example.org",
        "5": "eve@example.org",
        "6": "fay@example.org",
        "7": None,
    }


def test_a_sample_is_spread_over_the_whole_table(tmp_path, monkeypatch):
    monkeypatch.setattr(_sql_text, "BLOCK_BYTES", 500)
    head = HEADER + "CREATE TABLE t (a int, b text);\nCREATE TABLE u (a int, b text);\nCOPY t (b, a) FROM stdin;\n"
    copied = "".join(f"x\t{number}\n" for number in range(1000))
    inserted = "".join(f"INSERT INTO u VALUES ({number}, now());\n" for number in range(1000))
    found = source(tmp_path, head + copied + "\\.\n" + inserted)
    samples = {rows.table.name: rows for rows in found.sample(20)}
    for rows in samples.values():
        numbers = [int(value) for value in rows.batch["a"].to_pylist()]
        assert rows.frame is None
        assert rows.batch.schema.names == ["a", "b"]
        assert len(numbers) <= 20
        assert numbers == sorted(set(numbers))
        assert all(any(tenth <= number < tenth + 100 for number in numbers) for tenth in range(0, 1000, 100))
    assert set(samples["u"].batch["b"].to_pylist()) == {None}
    assert [r.batch.to_pydict() for r in found.sample(20)] == [r.batch.to_pydict() for r in found.sample(20)]


def test_bare_names_belong_to_the_search_path_in_force(tmp_path):
    text = HEADER + (
        "SET search_path = crm, pg_catalog;\nCREATE TABLE t (a text);\n"
        "SET search_path = sales;\nCREATE TABLE T (a text);\n"
        "COPY t FROM stdin;\nsold\n\\.\nSET search_path = crm, sales;\nINSERT INTO t VALUES ('met');\n"
    )
    found = source(tmp_path, text)
    rows = {rows.table: rows.batch["a"].to_pylist() for rows in found.sample(5)}
    assert rows == {TableName("sales", "t"): ["sold"], TableName("crm", "t"): ["met"]}


@pytest.mark.parametrize(
    ("name", "codec", "text"),
    [
        ("LATIN1", "latin_1", "café"),
        ("WIN1252", "cp1252", "€ café"),
        ("EUC_JP", "euc_jp", "山田"),
        ("LATIN9", "iso8859_15", "€"),
    ],
)
def test_the_stated_encoding_is_kept(tmp_path, name, codec, text):
    dump = (
        f"SET client_encoding = '{name}';\n"
        f'CREATE TABLE t (a text, "{text}" text);\nCOPY t (a, "{text}") FROM stdin;\n'
        f"{text}\t{text}\n\\.\n"
    ).encode(codec)
    found = source(tmp_path, dump)
    assert found.schema().encoding == codec
    assert found.schema().tables[0].columns[1].name == text
    assert [rows.batch["a"].to_pylist() for rows in found.sample(5)] == [[text]]
    assert rewritten(found, tmp_path / "out.sql", everything(found)) == dump


@pytest.mark.parametrize(("codec", "told"), [("utf-8", "utf-8"), ("latin-1", "latin_1")])
def test_sql_ascii_is_read_as_utf_8_if_it_is_that_and_else_as_latin_1(tmp_path, codec, told):
    dump = "SET client_encoding = 'SQL_ASCII';\nCREATE TABLE t (a text);\nCOPY t FROM stdin;\ncafé\n\\.\n".encode(codec)
    found = source(tmp_path, dump)
    assert found.schema().encoding == told
    assert [rows.batch["a"].to_pylist() for rows in found.sample(5)] == [["café"]]


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("INSERT INTO t SELECT 'secret';", "line 4: INSERT could carry rows"),
        ("UPDATE t SET a = 'secret';", "line 4: UPDATE"),
        ("DELETE FROM t WHERE a = 'secret';", "line 4: DELETE"),
        ("WITH x AS (SELECT 'secret') INSERT INTO t SELECT * FROM x;", "line 4: WITH"),
        ("CREATE TABLE u AS SELECT 'secret';", "line 4: "),
        ("CREATE TABLE u (a) AS VALUES ('secret');", "line 4: "),
        ("SELECT 'secret' INTO u;", "line 4: SELECT"),
        ("SELECT load_secret('secret');", "line 4: SELECT"),
        ("SELECT pg_catalog.lo_create('123');", "large objects.*--no-blobs"),
        ("SELECT * FROM pg_catalog.pg_restore_attribute_stats('version', '180000');", "--no-statistics"),
        ("COPY t FROM '/tmp/secret';", "line 4: COPY"),
        ("COPY t FROM stdin WITH (FORMAT csv);\nsecret\n\\.", "line 4: COPY"),
        ("COPY t FROM stdin CSV;\nsecret\n\\.", "line 4: COPY"),
        ("\\copy t from secret", r"line 4: the psql command \\copy"),
        ("\\i secret.sql", r"line 4: the psql command \\i"),
        ("\\! secret", "line 4: the psql command"),
        ("DO $$ BEGIN INSERT INTO t VALUES ('secret'); END $$;", "line 4: DO"),
        ("DO $$ BEGIN EXECUTE 'secret'; END $$;", "line 4: DO"),
        ("DO $$ BEGIN CREATE TABLE q AS SELECT 'secret'; END $$;", "line 4: DO"),
        ("CREATE MATERIALIZED VIEW q AS VALUES ('secret');", "line 4: CREATE"),
        ("CREATE MATERIALIZED VIEW q AS SELECT 'secret';", "line 4: CREATE"),
        ("SELECT setval('x', 1), query_to_xml('secret');", "line 4: SELECT"),
        ("CREATE USER MAPPING FOR a SERVER b OPTIONS (user 'c', passwd 'secret');", "line 4: .*password"),
        ("ALTER DATABASE d SET app.token = 'secret';", "line 4: .*password"),
        ("\\echo hi \\\\ INSERT INTO p VALUES ('secret');", "line 4: the psql command"),
        ("\\t \\! echo secret", "line 4: the psql command"),
        ("\\set q `echo secret`", "line 4: the psql command"),
        ("secret;", "line 4: the statement could carry rows"),
        ("CREATE ROLE someone PASSWORD 'secret';", "line 4: .*password"),
        ("COPY nowhere (a) FROM stdin;\nsecret\n\\.", "line 4: .*public.nowhere but not its definition"),
        ("INSERT INTO nowhere VALUES ('secret');", "line 4: .*public.nowhere but not its definition"),
        ("SET client_encoding = 'LATIN1';", "line 4: .*changes its encoding"),
        ("SET client_encoding = 'SJIS';", "SJIS is not supported: .*--encoding=UTF8"),
        ("CREATE TABLE t (b text);", "line 4: public.t is defined twice"),
        ("COPY t (a) FROM stdin;\nsecret\n", "line 4: .*COPY data.*truncated"),
        ("INSERT INTO t VALUES ('secret", "line 4: .*truncated"),
    ],
)
def test_what_could_carry_rows_and_is_not_understood_stops_the_run_without_quoting_it(tmp_path, statement, says):
    found = source(tmp_path, HEADER + "CREATE TABLE t (a text);\n" + statement + "\n")
    with pytest.raises(SourceError, match=says) as error:
        found.schema()
    assert "secret" not in str(error.value)


def test_a_dump_of_pg_dump_that_lost_its_end_is_truncated(tmp_path):
    for lost in (" complete\n--", "\\unrestrict abc", "SELECT pg_catalog.setval"):
        with pytest.raises(SourceError, match="truncated"):
            source(tmp_path, DUMP[: DUMP.index(lost)]).schema()


def test_rows_of_a_column_that_is_not_defined_are_refused(tmp_path):
    found = source(tmp_path, HEADER + "CREATE TABLE t (a text);\nCOPY t (a, b) FROM stdin;\nsecret\tx\n\\.\n")
    with pytest.raises(SourceError, match=r"line 4: the rows of public\.t have columns"):
        list(found.parts({TableName("public", "t"): ("a",)}))


def test_bytes_that_do_not_fit_the_encoding_are_refused_by_line(tmp_path):
    text = HEADER.encode() + b"CREATE TABLE t (a text);\nCOPY t (a) FROM stdin;\nfine\nsecret\xff\n\\.\n"
    with pytest.raises(SourceError, match=r"public\.t\.a, line 6: .*utf-8") as error:
        list(source(tmp_path, text).parts({TableName("public", "t"): ("a",)}))
    assert "secret" not in str(error.value)


def test_rows_for_looking_at_cannot_be_written(tmp_path):
    found = source(tmp_path, DUMP)
    sink = pg_plain.open_sink(found, tmp_path / "out.sql")
    with pytest.raises(InternalError):
        sink.write(next(iter(found.sample(1))))
    sink.abort()


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        (DUMP, True),
        ("\n\n/* about */\n\\c db;\nCREATE TABLE t (a int);", True),
        ("CREATE TABLE t (a serial, b character varying(3));", True),
        ("BEGIN;\nSET client_encoding = 'LATIN1';", True),
        ("CREATE TABLE t (a int);\nCOPY t (a) FROM stdin;\n1\n\\.\n", True),
        ("-- MySQL dump 10.13\n/*!40101 SET NAMES utf8 */;\nCREATE TABLE `t` (`a` int) ENGINE=InnoDB;", False),
        ("CREATE TABLE `t` (a serial);", False),
        ("USE [db]\nGO\nCREATE TABLE [dbo].[t] (a int)\nGO\n", False),
        ("CREATE TABLE dbo.t (a int IDENTITY(1,1), b NVARCHAR(4));\nGO\n", False),
        ("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t (a INTEGER);", False),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT);", False),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NULL);", False),
        ("about,a,bytea,column\n1,2,3,4\n", False),
        ("# Notes on character varying\n\nSET client_encoding\n", False),
        ("\0\0bytea", False),
    ],
)
def test_only_postgresql_scripts_are_recognised(tmp_path, text, ours):
    path = tmp_path / "some.file"
    path.write_text(text, encoding="utf-8")
    assert pg_plain.recognises(FileInput(path)) is ours


SAMPLES = {
    "pagila/pagila.sql": 46273,
    "northwind/northwind_pg.sql": 3362,
    "chinook/Chinook_PostgreSql.sql": 15607,
    "_unlabelled/world_latin1_pg.sql": 5302,
    "galette/galette_pg.sql": 1,
    "_unlabelled/osm_structure_pg.sql": 162,
}


@pytest.mark.parametrize("name", SAMPLES)
def test_real_dumps_come_back_byte_for_byte_with_every_column_read(name, samples, tmp_path):
    assert pg_plain.recognises(FileInput(samples / name))
    found = pg_plain.open_source(FileInput(samples / name))
    wanted = everything(found)
    assert sum(part.batch.num_rows for part in found.parts(wanted) if isinstance(part, Rows)) == SAMPLES[name]
    assert rewritten(found, tmp_path / "out.sql", wanted) == (samples / name).read_bytes()


def test_a_script_with_definitions_within_create_schema_is_refused(samples):
    script = FileInput(samples / "adventureworks/postgres_install.sql")
    assert pg_plain.recognises(script)
    with pytest.raises(SourceError, match="line 75: CREATE SCHEMA"):
        pg_plain.open_source(script).schema()


@pytest.mark.parametrize(
    "options", [(), ("--inserts",), ("--column-inserts", "--rows-per-insert=3"), ("--encoding=LATIN1",)]
)
def test_what_pg_dump_writes_is_read_as_the_server_prints_it_and_restores(database: Database, tmp_path, options):
    database.query(
        """CREATE TABLE t (id int PRIMARY KEY, s text, b bytea, n numeric, f boolean, d date, j jsonb, a text[],
            g text GENERATED ALWAYS AS (upper(s)) STORED);
        INSERT INTO t SELECT i, E'O''Neil \\\\ é\\t' || i || E'\\n"x"', decode('00ff', 'hex'), i * -1.50, i % 2 = 0,
            date '2000-01-01' + i, '{"a": "b''c"}', ARRAY['x,y', 'it''s', NULL] FROM generate_series(1, 10) i;
        INSERT INTO t (id) VALUES (11);"""
    )
    found = pg_plain.open_source(FileInput(database.dump(tmp_path / "in.sql", *options)))
    wanted = everything(found)
    printed = database.tool("psql", "-X", "-q", "-c", "COPY (SELECT s, b, n, d, j, a FROM t ORDER BY id) TO STDOUT")
    rows = [part.batch for part in found.parts(wanted) if isinstance(part, Rows)]
    names = ["s", "b", "n", "d", "j", "a"]
    assert pa.Table.from_batches(rows).select(names).to_pydict() == read(printed, names, names)[0].to_pydict()
    result = rewritten(found, tmp_path / "out.sql", {TableName("public", "t"): ("s", "a")}, upper)
    database.query("DROP TABLE t")
    assert result != (tmp_path / "in.sql").read_bytes()
    database.restore_plain(tmp_path / "out.sql")
    assert database.query("SELECT count(*), sum(n), count(s), bool_and(s = upper(s)) FROM t") == [
        ["11", "-82.50", "10", "t"]
    ]
