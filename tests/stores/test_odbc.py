"""A live database by ODBC gives the same tables, types and texts as its dump, in bounded pieces."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from anonymizer import api, servers, stores
from anonymizer.contracts import Rows, Verbatim
from anonymizer.errors import SourceError
from anonymizer.model.schema import Schema, TableName
from anonymizer.stores import mysql_dump, odbc, pg_plain
from anonymizer.stores._odbc.dialect import in_order
from anonymizer.stores._odbc.link import OdbcInput
from anonymizer.stores.odbc import OdbcSource
from anonymizer.workspace import Workspace
from tests.conformance.examples import COLUMNS, ROWS
from tests.conformance.examples import pg_plain as pg_example
from tests.fix_mariadb import MariaDb
from tests.fix_odbc import require_driver
from tests.fix_postgres import Database
from tests.test_mysql_main_job import fill

ERP = Path(__file__).parents[2] / "fixtures" / "erp" / "erp.sql"
Address = Callable[[Any], str]


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path / "target") as opened:
        yield opened


def everything(source: Any) -> dict[TableName, list[str]]:
    return {table.name: [c.name for c in table.columns if not c.generated] for table in source.schema().tables}


def contents(source: Any) -> dict[str, list[tuple[str | None, ...]]]:
    found: dict[str, list[tuple[str | None, ...]]] = {str(table.name): [] for table in source.schema().tables}
    for part in source.parts(everything(source)):
        if isinstance(part, Rows):
            assert all(kind == pa.string() for kind in part.batch.schema.types)
            found[str(part.table)] += zip(*(column.to_pylist() for column in part.batch.columns), strict=True)
    return found


def same_schema(live: Schema, dumped: Schema) -> None:
    assert {table.name for table in live.tables} == {table.name for table in dumped.tables}
    for table in dumped.tables:
        other = live.table(table.name)
        for field in fields(table):
            mine, its = getattr(other, field.name), getattr(table, field.name)
            if field.name == "columns":
                assert [(c.name, c) for c in mine if c not in its] == [(c.name, c) for c in its if c not in mine]
            unordered = field.name in ("unique", "foreign_keys", "checks")
            assert (sorted(map(str, mine)) == sorted(map(str, its))) if unordered else mine == its, (
                f"{table.name}.{field.name}: {mine} and {its}"
            )


# --- the promises of every store --------------------------------------------------------------------------------


@pytest.fixture
def example(database: Database, by_odbc: Address, request: pytest.FixtureRequest, work: Workspace) -> Iterator[Any]:
    """The example of the conformance suite, live."""
    folder = work.path / "example"
    folder.mkdir()
    database.restore_plain(pg_example(folder, request))
    with servers.open_source(by_odbc(database), work) as opened:
        assert stores.recognise(opened) is odbc
        yield odbc.open_source(opened)


def test_all_rows_come_with_their_values_and_may_be_read_again(example: OdbcSource):
    expected = {f"public.{table}": rows for table, rows in ROWS.items()}
    assert contents(example) == expected
    assert contents(example) == expected


def test_only_the_asked_columns_come_in_the_asked_order(example: OdbcSource):
    asked = {TableName("public", "customer"): ["email", "id"]}
    parts = list(example.parts(asked))
    rows = [part for part in parts if isinstance(part, Rows)]
    assert {part.table.name for part in rows} == {"customer"}
    assert rows[0].batch.schema.names == ["email", "id"]
    assert all(part.place is not None for part in parts if isinstance(part, Verbatim))


def test_a_sample_is_spread_over_the_whole_table(example: OdbcSource):
    samples = {part.table.name: part for part in example.sample(20)}
    assert set(samples) == {"customer", "purchase"}
    numbers = sorted(map(int, samples["customer"].batch.column("id").to_pylist()))
    assert 10 <= len(numbers) <= 20
    assert numbers[0] <= 30
    assert numbers[-1] >= 270
    assert tuple(samples["customer"].batch.schema.names) == COLUMNS["customer"]
    assert samples["customer"].frame is None


def test_no_other_store_takes_an_open_connection_and_this_one_takes_no_file(example: OdbcSource, work: Workspace):
    assert isinstance(example.input, OdbcInput)
    assert example.input.head(100) == b""
    assert not odbc.recognises(stores.open_input(str(ERP), work))


# --- as the dump ------------------------------------------------------------------------------------------------

PG_TYPES = r"""
CREATE TYPE mood AS ENUM ('glad', 'it''s so');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN short AS varchar(5) CHECK (VALUE <> 'bad');
CREATE TABLE every (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a smallint, b numeric(12,4), c real, d double precision,
    e boolean, f char(6), g varchar(20), h text, i bytea, j date, k time(3), l timestamptz, m timestamp(0),
    n interval, o uuid, p json, q jsonb, r xml, s inet, t cidr, u macaddr, v int[], w text[], x mood, y pair,
    z short, aa point, ab bit(5), ac bit varying, ad tsvector, ae int4range, af money, ag "char", ah mood[],
    ai timetz, aj bigint GENERATED ALWAYS AS (a * 2) STORED
);
INSERT INTO every (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, ab, ac, ad, ae,
                   af, ag, ah, ai)
SELECT -3, 12345678.9, 0.1, 1e-300, true, 'ab', '', E'tab\t line\n\r back\\slash \'quoted\' é 漢字 😀', '\x00ff',
    '0044-03-15 BC', '12:00:00.1', '2024-07-01 12:00:00.123456+02', '-infinity', '1 year -3 days 04:05:06',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"b" :1, "b": "x?y"}', '{"z": [1, null]}', '<a b="c">d</a>', '10.1.2.3',
    '10.0.0.0/8', '08:00:2b:01:02:03', '{{1,NULL},{3,4}}', ARRAY['a,b', NULL, 'NULL', '"', ''], 'it''s so',
    '(,"x, y")', 'fine', '(1.5,-2)', B'10101', B'1', 'fat:2 rat', '[1,5)', 12.5, 'x', '{glad,NULL}', '01:02:03+04';
INSERT INTO every (c, d, y, h) VALUES ('NaN', 'Infinity', '(,)', repeat('long é ', 400000));
INSERT INTO every DEFAULT VALUES;
CREATE TABLE odd_key (k "char", n name, c char(3), v short, w text, PRIMARY KEY (k, n, c, v));
INSERT INTO odd_key SELECT chr(n), 'n' || n, 'c', 'É' || n, 'words' FROM generate_series(33, 120) n;
"""


def test_postgresql_tells_the_same_tables_and_values_as_its_dump(database: Database, by_odbc: Address, work: Workspace):
    database.restore_plain(ERP)
    (work.path / "types.sql").write_text(PG_TYPES, "utf-8")
    database.tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", work.path / "types.sql")
    dump = pg_plain.open_source(stores.open_input(str(database.dump(work.path / "dump.sql")), work))
    with servers.open_source(by_odbc(database), work) as opened:
        live = odbc.open_source(opened)
        same_schema(live.schema(), dump.schema())
        mine, its = contents(live), contents(dump)
        assert mine["public.every"] == its["public.every"]
        assert mine["public.odd_key"] == its["public.odd_key"]
        assert {table: sorted(map(str, rows)) for table, rows in mine.items()} == {
            table: sorted(map(str, rows)) for table, rows in its.items()
        }


def test_every_type_of_postgresql_survives_the_way_into_another_database(
    postgres: Database, database: Database, by_odbc: Address, work: Workspace
):
    (work.path / "types.sql").write_text(PG_TYPES, "utf-8")
    database.tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", work.path / "types.sql")
    postgres.tool("psql", "-X", "-q", "-c", "CREATE DATABASE every_type TEMPLATE template0")
    target = postgres.sibling("every_type")
    try:
        target.restore_plain(database.dump(work.path / "definitions.sql", "--schema-only"))
        copied(by_odbc(database), by_odbc(target), work)
        options = ("--data-only", "--restrict-key=x")
        before, after = (each.dump(work.path / each.name, *options).read_text() for each in (database, target))
        assert after == before
    finally:
        postgres.tool("psql", "-X", "-q", "-c", "DROP DATABASE every_type WITH (FORCE)")


def copied(source: str, target: str, work: Workspace) -> None:
    """All parts unchanged into the other database, and committed."""
    with servers.open_source(source, work) as opened:
        origin = odbc.open_source(opened)
        with servers.open_target(target, origin, origin.kind, work) as destination:
            sink = destination.sink(odbc, origin)
            for part in origin.parts(everything(origin)):
                sink.write(part)
            sink.close()
            destination.publish()


MARIA_TYPES = r"""
SET sql_mode = '';
CREATE TABLE every (
    id int NOT NULL AUTO_INCREMENT PRIMARY KEY, a tinyint, b tinyint(1), c bigint unsigned, d decimal(20,6), e float,
    f double, g char(5), h varchar(30), i text, j longtext, k binary(4), l varbinary(9), m longblob, n date, o time(2),
    p datetime(6), q timestamp(3) NULL, r year, s enum('it''s','b'), t set('x','y'), u json, v bit(9), w point,
    x uuid, y inet6, z bit(1), aa varchar(10) CHARACTER SET latin1, ab int GENERATED ALWAYS AS (a + 1) VIRTUAL,
    ac mediumtext COLLATE utf8mb4_bin, UNIQUE KEY (h, a)
);
INSERT INTO every (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, ac) VALUES
  (-1, 1, 18446744073709551615, -0.5, 1.1, 1e-300, 'ab', '', 'tab\t line\r\n back\\slash \'q\' é 漢字 😀', '?', 'ab',
   0x00ff, 0x0001, '0000-00-00', '-100:00:00.25', '2024-02-30 00:00:00.000001', '2024-07-01 10:00:00.5', 2024, 'it''s',
   'x,y', '{"a": [1, null]}', b'100000001', POINT(1.5, -2), 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '::1', b'1', 'é',
   'x'), (0, 0, 0, 0, 0, 0, '', 'b', '', '', '', '', '', '2024-01-02', '0', '0000-00-00', NULL, 0, 'b', '', '[]', b'0',
   NULL, NULL, NULL, b'0', '', '');
INSERT INTO every (h, j) VALUES ('long', repeat('long é ', 400000));
INSERT INTO every () VALUES ();
CREATE TABLE no_key (name varchar(20), note varchar(20), KEY both_columns (note, name));
INSERT INTO no_key VALUES ('b', 'z'), ('a', 'y'), ('b', 'z'), (NULL, 'a');
"""


def test_mariadb_tells_the_same_tables_and_values_as_its_dump(mysql: MariaDb, by_odbc: Address, work: Workspace):
    fill(mysql)
    mysql.load(b"SET NAMES utf8mb4;" + MARIA_TYPES.encode())
    path = work.path / "dump.sql"
    path.write_bytes(mysql.dump("--hex-blob"))
    dump = mysql_dump.open_source(stores.open_input(str(path), work))
    with servers.open_source(by_odbc(mysql), work) as opened:
        live = odbc.open_source(opened)
        same_schema(live.schema(), dump.schema())
        mine, its = contents(live), contents(dump)
        assert mine.pop("no_key") == [("b", "z"), ("a", "y"), ("b", "z"), (None, "a")]  # as inserted, by no index
        del its["no_key"]
        assert mine == its


def test_every_type_of_mariadb_survives_the_way_into_another_database(
    mariadb: MariaDb, mysql: MariaDb, by_odbc: Address, work: Workspace
):
    mysql.load(b"SET NAMES utf8mb4;" + MARIA_TYPES.encode())
    target = mariadb.fresh("every_type")
    target.load(mysql.dump("--no-data"))
    copied(by_odbc(mysql), by_odbc(target), work)
    for table, (columns, rows) in mysql.tables().items():
        for old, new in zip(rows, target.tables()[table][1], strict=True):
            assert dict(zip(columns, new, strict=True)) == dict(zip(columns, old, strict=True))
    assert target.dump("--compact", "--hex-blob") == mysql.dump("--compact", "--hex-blob")


# --- servers that nobody knows ----------------------------------------------------------------------------------


@pytest.fixture
def by_sqlite_driver(tmp_path: Path, by_odbc: Address, monkeypatch: pytest.MonkeyPatch) -> str:
    """A data source of a kind of server without a dialect."""
    path = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE firm (id integer PRIMARY KEY, name varchar(40) NOT NULL);"
            "CREATE TABLE person (id integer PRIMARY KEY, email varchar(60) UNIQUE, born date, photo blob,"
            " firm integer REFERENCES firm (id));"
            "INSERT INTO firm VALUES (1, 'Bakkerij Peeters');"
        )
        rows = [(n, f"person{n}@firm-test.be", f"19{n % 80 + 10}-02-03", bytes([n % 256]), 1) for n in range(1, 200)]
        connection.executemany("INSERT INTO person VALUES (?, ?, ?, ?, ?)", rows)
        connection.commit()
    sources = tmp_path / "odbc.ini"
    sources.write_text(f"[shop]\nDriver=SQLite3\nDatabase={path}\n")
    monkeypatch.setenv("ODBCINI", str(sources))
    return "odbc:///shop"


def test_any_server_with_a_driver_can_be_looked_at(by_sqlite_driver: str, work: Workspace):
    require_driver("SQLite3")
    found = {str(finding.column): finding.category for finding in api.detect(by_sqlite_driver).findings}
    assert found["person.email"] == "email"
    with servers.open_source(by_sqlite_driver, work) as opened:
        source = odbc.open_source(opened)
        person = source.schema().table(TableName("", "person"))
        assert person.primary_key == ("id",)
        assert [key.references.name for key in person.foreign_keys] == ["firm"]
        assert contents(source)["person"][0] == ("1", "person1@firm-test.be", "1911-02-03", "\\x01", "1")
        assert "without a snapshot" in opened.notes[0]


def test_a_type_that_is_not_known_is_refused_by_name(database: Database, by_odbc: Address, work: Workspace):
    database.query("CREATE TABLE odd (id int, things pg_node_tree)")
    says = r"public\.odd\.things has the type pg_node_tree"
    with servers.open_source(by_odbc(database), work) as opened, pytest.raises(SourceError, match=says):
        odbc.open_source(opened).schema()


def test_referenced_tables_come_before_those_that_reference_them(example: OdbcSource):
    tables = example.tables
    names = [stored.name.name for stored in in_order(tuple(reversed(tables)))]
    assert names.index("customer") < names.index("purchase")


def test_every_character_comes_and_goes_as_it_is(
    postgres: Database, database: Database, mariadb: MariaDb, mysql: MariaDb, by_odbc: Address, work: Workspace
):
    characters = [chr(code) for code in range(1, 0x30000) if not 0xD800 <= code <= 0xDFFF]
    texts = ["".join(characters[at : at + 13]) for at in range(0, len(characters), 13)] + ["Último Pau-De-Arara"]
    texts += ["é" * 100_000 + "Ú", "😀Ú" * 50_000]
    table = "CREATE TABLE said (id int PRIMARY KEY, words text)"
    database.query(table)
    target = postgres.sibling("every_character")
    postgres.query("DROP DATABASE IF EXISTS every_character WITH (FORCE)")
    postgres.query("CREATE DATABASE every_character TEMPLATE template0")
    target.query(table)
    other = mariadb.fresh("every_character")
    for each in (mysql, other):
        each.query(table.replace("words text", "words longtext CHARACTER SET utf8mb4"))
    rows = [f"({number}, convert_from('\\x{text.encode().hex()}', 'utf8'))" for number, text in enumerate(texts)]
    (work.path / "rows.sql").write_text(f"INSERT INTO said VALUES {','.join(rows)}")
    database.restore_plain(work.path / "rows.sql")
    literals = [f"({number}, _utf8mb4 X'{text.encode().hex()}')" for number, text in enumerate(texts)]
    mysql.load(f"INSERT INTO said VALUES {','.join(literals)}".encode())
    for source, safe in ((database, target), (mysql, other)):
        with servers.open_source(by_odbc(source), work) as opened:
            read = [words for rows in contents(odbc.open_source(opened)).values() for _, words in rows]
        assert read == texts
        copied(by_odbc(source), by_odbc(safe), work)
        digests = "SELECT id, md5(words) FROM said ORDER BY id"
        assert safe.query(digests) == source.query(digests)
