"""The verifier's own reader of live databases: what it sees, and what it does not let pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anonymizer import api, servers, verify
from anonymizer.errors import VerificationFailed
from anonymizer.model.result import Outcome
from anonymizer.model.schema import TableName
from anonymizer.stores import odbc
from anonymizer.verify._reader import Text, Unreadable, open_reader
from anonymizer.workspace import Workspace
from tests.fix_key import write_key
from tests.fix_mariadb import MariaDb
from tests.fix_postgres import Database
from tests.stores.test_odbc import MARIA_TYPES, PG_TYPES, contents

Address = Callable[[Any], str]

TABLES = """
CREATE TABLE firm (id int PRIMARY KEY, name varchar(40) NOT NULL, city varchar(40));
CREATE TABLE person (email varchar(60) NOT NULL, name varchar(40), born date, firm int REFERENCES firm (id),
    id int PRIMARY KEY);
"""
ROWS = TABLES + (
    "INSERT INTO firm VALUES (1, 'Bakkerij Peeters', 'Gent'), (2, 'Garage Claes', 'Aalst'), (3, 'Apotheek', 'Gent');"
    + "".join(
        f"INSERT INTO person VALUES ('person{n}@firm-test.be', 'Person {n}', '19{n % 80 + 10}-02-03', {n % 3 + 1},{n});"
        for n in range(1, 120)
    )
    + "UPDATE person SET name = NULL WHERE id = 50;"
)
RULES = """format: 1
scope: test
tables:
  {}firm: {{columns: {{name: company_name}}, keep: [id, city], why: "no person"}}
  {}person: {{columns: {{email: email, name: full_name}}, keep: [id, born, firm], why: "no person"}}
"""
TAMPERED = {
    "a kept value": ("UPDATE {}person SET born = '2000-01-01' WHERE id = 7", "kept_columns"),
    "a row gone": ("DELETE FROM {}person WHERE id = 7", "row_counts"),
    "a row more": ("INSERT INTO {}person VALUES ('x@y.example', NULL, NULL, 1, 500)", "row_counts"),
    "NULL for a value": ("UPDATE {}person SET name = NULL WHERE id = 7", "nulls"),
    "a value for NULL": ("UPDATE {}person SET name = 'Somebody' WHERE id = 50", "nulls"),
    "an original": ("UPDATE {}person SET email = 'person9@firm-test.be' WHERE id = 7", "survivors"),
    "a reachable address": ("UPDATE {}person SET email = 'info@company.be' WHERE id = 7", "reach"),
    "two rows exchanged": ("UPDATE {}person SET firm = 4 - firm WHERE firm <> 2", "kept_columns"),
}


@pytest.fixture(params=["postgresql", "mariadb"])
def pair(request: pytest.FixtureRequest, by_odbc: Address) -> tuple[str, str, str]:
    """The addresses of a filled database and of an empty one, and what stands before the names of tables."""
    if request.param == "postgresql":
        server: Database = request.getfixturevalue("postgres")
        for name in ("verify_source", "verify_target"):
            server.tool("psql", "-X", "-q", "-c", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            server.tool("psql", "-X", "-q", "-c", f"CREATE DATABASE {name} TEMPLATE template0")
        source: Any = server.sibling("verify_source")
        target: Any = server.sibling("verify_target")
        prefix = "public."
    else:
        other: MariaDb = request.getfixturevalue("mariadb")
        source, target = other.fresh("verify_source"), other.fresh("verify_target")
        prefix = ""
    for database, script in ((source, ROWS), (target, TABLES)):
        database.query(script)
    return by_odbc(source), by_odbc(target), prefix


@pytest.mark.parametrize("name", TAMPERED)
def test_what_does_not_belong_in_the_target_is_found_before_it_is_committed(
    pair: tuple[str, str, str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source, target, prefix = pair
    statement, check = TAMPERED[name]
    write_key(tmp_path / "key")
    (tmp_path / "rules.yaml").write_text(RULES.format(prefix, prefix), "utf-8")
    found: list[str] = []
    proved = verify.verify

    def tampered(plan: Any, before: Any, after: Any, *rest: Any) -> Any:
        clean = proved(plan, before, after, *rest)
        assert {result.outcome for result in clean} == {Outcome.PASSED}
        after.link.run(statement.format(prefix))
        results = proved(plan, before, after, *rest)
        found.extend(result.check for result in results if result.outcome is Outcome.FAILED)
        return results

    monkeypatch.setattr(verify, "verify", tampered)
    with pytest.raises(VerificationFailed):
        api.run(source, target, tmp_path / "rules.yaml", tmp_path / "key")
    assert check in found


def test_the_reader_and_the_store_read_the_same_texts_by_statements_of_their_own(
    database: Database, mysql: MariaDb, by_odbc: Address, tmp_path: Path
):
    (tmp_path / "types.sql").write_text(PG_TYPES, "utf-8")
    database.tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", tmp_path / "types.sql")
    mysql.load(b"SET NAMES utf8mb4;" + MARIA_TYPES.encode())
    for each, schema in ((database, "public"), (mysql, "")):
        with Workspace() as work, servers.open_source(by_odbc(each), work) as opened:
            store = odbc.open_source(opened)
            reader = open_reader(opened, odbc.NAME, store.schema())
            table = TableName(schema, "every")
            (batch,) = [batch for batch in reader.rows(table) if batch.num_rows]
            rows = list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
            assert rows == contents(store)[str(table)]


def test_definitions_are_told_and_what_could_hold_a_value_is_looked_through(
    database: Database, mysql: MariaDb, by_odbc: Address
):
    for each, schema in ((database, "public."), (mysql, "")):
        each.query("CREATE TABLE person (id int, name varchar(20) DEFAULT 'Piet')")
        each.query("CREATE VIEW jan AS SELECT 1 FROM person WHERE name = 'Jan'")
        with Workspace() as work, servers.open_source(by_odbc(each), work) as opened:
            reader = open_reader(opened, odbc.NAME, odbc.open_source(opened).schema())
            texts = {text.place: text for text in reader.parts() if isinstance(text, Text)}
        assert b" YES" in texts[f"definition of table {schema}person"].data
        assert b"'Jan'" in texts["view jan"].data
        assert b"'Piet'" in texts["defaults of table person"].data
        assert not texts["view jan"].fixed


def test_a_value_of_the_source_in_a_routine_of_the_target_withholds_the_result(
    pair: tuple[str, str, str], postgres: Database, mariadb: MariaDb, tmp_path: Path
):
    source, target, prefix = pair
    body = "CREATE FUNCTION who() RETURNS text "
    if prefix:
        postgres.sibling("verify_target").query(body + "LANGUAGE sql AS $$SELECT 'person7@firm-test.be'$$")
    else:
        mariadb.sibling("verify_target").query(body + "DETERMINISTIC RETURN 'person7@firm-test.be'")
    write_key(tmp_path / "key")
    (tmp_path / "rules.yaml").write_text(RULES.format(prefix, prefix), "utf-8")
    with pytest.raises(VerificationFailed, match=r"routine who: holds 1 values of .*person\.email"):
        api.run(source, target, tmp_path / "rules.yaml", tmp_path / "key")


def test_a_server_that_the_verifier_does_not_know_proves_nothing(database: Database, by_odbc: Address):
    with Workspace() as work, servers.open_source(by_odbc(database), work) as opened:
        schema = odbc.open_source(opened).schema()
        opened.dialect = "ODBC"
        with pytest.raises(Unreadable, match="does not know"):
            list(open_reader(opened, odbc.NAME, schema).parts())


def test_a_connection_that_is_lost_is_no_proof(database: Database, by_odbc: Address):
    database.query("CREATE TABLE person (id int PRIMARY KEY)")
    with Workspace() as work, servers.open_source(by_odbc(database), work) as opened:
        reader = open_reader(opened, odbc.NAME, odbc.open_source(opened).schema())
        database.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <>"
            " pg_backend_pid()"
        )
        with pytest.raises(Unreadable, match="cannot be read to its end"):
            list(reader.parts())
