"""Live databases by ODBC: read in one state, loaded in one transaction, nothing changed when anything goes wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anonymizer import api, servers, verify
from anonymizer.errors import SettingError, SourceError, TargetError, VerificationFailed
from anonymizer.model.result import Outcome, RunResult
from anonymizer.stores import odbc
from anonymizer.workspace import Workspace
from tests import snapshots
from tests.fix_key import write_key
from tests.fix_mariadb import MariaDb
from tests.fix_postgres import Database
from tests.test_mysql_main_job import fill

ERP = Path(__file__).parents[2] / "fixtures" / "erp"
Address = Callable[[Any], str]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    write_key(tmp_path / "project.key")
    return tmp_path / "project.key"


@pytest.fixture
def pair(postgres: Database) -> Iterator[tuple[Database, Database]]:
    """Two empty databases on one PostgreSQL."""
    names = ("odbc_source", "odbc_target")
    for name in names:
        postgres.tool("psql", "-X", "-q", "-c", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        postgres.tool("psql", "-X", "-q", "-c", f"CREATE DATABASE {name} TEMPLATE template0")
    yield postgres.sibling(names[0]), postgres.sibling(names[1])
    for name in names:
        postgres.tool("psql", "-X", "-q", "-c", f"DROP DATABASE {name} WITH (FORCE)")


def same_tables(source: Database, target: Database, folder: Path) -> None:
    """Create the source's tables in the target, as an application's own scripts would."""
    target.restore_plain(source.dump(folder / "definitions.sql", "--schema-only"))


def execute(database: Database, sql: str) -> None:
    database.tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql)


def rules(folder: Path, text: str) -> Path:
    path = folder / "rules.yaml"
    path.write_text(f"format: 1\nscope: test\n{text}", "utf-8")
    return path


def passed(result: RunResult) -> None:
    assert {check.check: check.outcome for check in result.checks} == {
        check.check: Outcome.PASSED for check in result.checks
    }
    assert result.published


# --- the whole way ----------------------------------------------------------------------------------------------


def test_a_live_erp_becomes_a_safe_one_with_the_same_people_as_its_dump(
    pair: tuple[Database, Database], database: Database, by_odbc: Address, key: Path, tmp_path: Path
):
    source, target = pair
    source.restore_plain(ERP / "erp.sql")
    same_tables(source, target, tmp_path)
    before = snapshots.of_postgres(source)
    passed(api.run(by_odbc(source), by_odbc(target), ERP / "erp.rules.yaml", key))
    api.run(ERP / "erp.sql", tmp_path / "safe.sql", ERP / "erp.rules.yaml", key)
    database.restore_plain(tmp_path / "safe.sql")
    assert sorted_rows(snapshots.of_postgres(target)) == sorted_rows(snapshots.of_postgres(database))
    assert snapshots.of_postgres(source) == before
    counters = "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2"
    assert target.query(counters) == source.query(counters)


def sorted_rows(snapshot: Any) -> Any:
    columns, rows = snapshot
    return columns, {table: sorted(map(str, found)) for table, found in rows.items()}


def test_the_definitions_of_the_target_are_as_they_were(
    pair: tuple[Database, Database], by_odbc: Address, key: Path, tmp_path: Path
):
    source, target = pair
    source.restore_plain(ERP / "erp.sql")
    same_tables(source, target, tmp_path)
    options = ("--schema-only", "--restrict-key=x")
    before = target.dump(tmp_path / "before", *options).read_text()
    passed(api.run(by_odbc(source), by_odbc(target), ERP / "erp.rules.yaml", key))
    assert target.dump(tmp_path / "after", *options).read_text() == before


CIRCLE = """
CREATE TABLE member (email text PRIMARY KEY, name varchar(60) NOT NULL, mentor text REFERENCES member, club int);
CREATE TABLE club (id int PRIMARY KEY, chair text NOT NULL REFERENCES member, city varchar(40));
ALTER TABLE member ADD FOREIGN KEY (club) REFERENCES club;
CREATE TABLE visit (email text, note text);
CREATE FUNCTION louder() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.note = 'changed'; RETURN NEW; END$$;
CREATE TRIGGER loud BEFORE INSERT ON visit FOR EACH ROW EXECUTE FUNCTION louder();
"""
CIRCLE_ROWS = """
ALTER TABLE visit DISABLE TRIGGER ALL;
INSERT INTO member SELECT 'person' || n || '@firm-test.be', 'Person ' || n, NULL, NULL FROM generate_series(1, 300) n;
INSERT INTO club SELECT n, 'person' || n * 10 || '@firm-test.be', 'Gent' FROM generate_series(1, 20) n;
UPDATE member SET club = length(name), mentor = 'person1@firm-test.be' WHERE email <> 'person1@firm-test.be';
INSERT INTO visit SELECT 'person' || n % 300 + 1 || '@firm-test.be', repeat('x', n * 37 % 1900) FROM
    generate_series(1, 900) n;
"""
CIRCLE_RULES = """
tables:
  public.member: {columns: {email: email, name: full_name, mentor: email, club: {keep: true, why: number}}}
  public.club: {columns: {chair: email}, keep: [id, city], why: "no person"}
  public.visit: {columns: {email: email}, keep: [note], why: "no person"}
"""


def test_keys_that_change_circles_of_references_and_rows_without_a_key_are_loaded_and_proved(
    pair: tuple[Database, Database], by_odbc: Address, key: Path, tmp_path: Path
):
    source, target = pair
    execute(source, CIRCLE + CIRCLE_ROWS)
    execute(target, CIRCLE)
    passed(api.run(by_odbc(source), by_odbc(target), rules(tmp_path, CIRCLE_RULES), key))
    joined = (
        "SELECT m.club, count(*), count(DISTINCT m.email), count(o.email) FROM member m JOIN club c ON c.id = m.club"
        " LEFT JOIN member o ON o.email = m.mentor GROUP BY 1 ORDER BY 1"
    )
    assert target.query(joined) == source.query(joined)
    visits = "SELECT count(*), count(DISTINCT m.email), sum(length(note)) FROM visit v JOIN member m USING (email)"
    assert target.query(visits) == source.query(visits)
    assert target.query("SELECT count(*) FROM member WHERE email LIKE '%firm-test.be'") == [["0"]]
    later = api.verify(by_odbc(source), by_odbc(target), tmp_path / "rules.yaml")
    assert {check.outcome for check in later} == {Outcome.PASSED, Outcome.NOT_VERIFIED}, "nothing pairs the rows now"
    left = "SELECT count(*) FROM pg_attribute WHERE attname = 'anonymizer_row' UNION ALL"
    assert target.query(f"{left} SELECT count(*) FROM pg_constraint WHERE condeferrable") == [["0"], ["0"]]
    execute(target, "INSERT INTO visit VALUES ('new@example.com', 'n')")
    assert target.query("SELECT note FROM visit WHERE email = 'new@example.com'") == [["changed"]]


SHOP_RULES = """
tables:
  land: {keep: [code, naam], why: "list of countries"}
  klant:
    columns: {voornaam: first_name, achternaam: last_name, email: email, telefoon: phone, geboortedatum: birth_date,
      pasfoto: photo}
    keep: [id, land, status, vlag, nulpunt]
    why: "no person"
  bestelling:
    columns: {klant_email: email, plaats: {keep: true, why: "of the shop"}}
    keep: [nr, klant_id, bedrag, geplaatst, opties, artikel]
    why: "no person"
  "rare `naam": {keep: ["de sleutel", waarde], why: "no person"}
"""


def without_triggers(database: MariaDb) -> None:
    for (trigger,) in database.query("SELECT trigger_name FROM information_schema.triggers WHERE event_object_schema"
                                     " = database()"):  # fmt: skip
        database.query(f"DROP TRIGGER {trigger}")


@pytest.fixture
def shops(mariadb: MariaDb) -> tuple[MariaDb, MariaDb]:
    """A filled MariaDB, and an empty one with the same tables."""
    source, target = mariadb.fresh("odbc_source"), mariadb.fresh("odbc_target")
    fill(source)
    target.load(source.dump("--no-data"))
    return source, target


def test_a_live_shop_becomes_a_safe_one_with_the_same_people_as_its_dump(
    shops: tuple[MariaDb, MariaDb], mysql: MariaDb, by_odbc: Address, key: Path, tmp_path: Path
):
    source, target = shops
    without_triggers(target)
    before = source.tables()
    decided = rules(tmp_path, SHOP_RULES)
    passed(api.run(by_odbc(source), by_odbc(target), decided, key))
    (tmp_path / "shop.sql").write_bytes(source.dump("--hex-blob"))
    api.run(tmp_path / "shop.sql", tmp_path / "safe.sql", decided, key)
    mysql.load((tmp_path / "safe.sql").read_bytes(), "--init-command=SET sql_mode=''")
    assert target.tables() == mysql.tables()
    assert source.tables() == before


def test_keys_that_change_are_loaded_and_proved_in_mariadb_too(
    mariadb: MariaDb, by_odbc: Address, key: Path, tmp_path: Path
):
    source, target = mariadb.fresh("odbc_source"), mariadb.fresh("odbc_target")
    tables = (
        "CREATE TABLE member (branch int, email varchar(80), name varchar(60), mentor varchar(80),"
        " PRIMARY KEY (branch, email), UNIQUE (email), FOREIGN KEY (mentor) REFERENCES member (email));"
        "CREATE TABLE visit (email varchar(80), note text, KEY both_columns (email));"
    )
    for database in (source, target):
        database.load(tables.encode())
    source.load(
        b"INSERT INTO member SELECT seq % 7, concat('person', seq, '@firm-test.be'), concat('Person ', seq),"
        b" 'person1@firm-test.be' FROM seq_1_to_500;"
        b"INSERT INTO visit SELECT concat('person', seq % 500 + 1, '@firm-test.be'), repeat('x', seq * 37 % 1900)"
        b" FROM seq_1_to_900;"
        b"SET foreign_key_checks = 0; UPDATE member SET mentor = 'gone@firm-test.be' WHERE email LIKE 'person5%'"
    )
    decided = rules(
        tmp_path,
        "tables:\n  member: {columns: {email: email, name: full_name, mentor: email}, keep: [branch], why: number}\n"
        "  visit: {columns: {email: email}, keep: [note], why: no person}\n",
    )
    passed(api.run(by_odbc(source), by_odbc(target), decided, key))
    orphans = "SELECT count(*) FROM member m LEFT JOIN member o ON o.email = m.mentor WHERE o.email IS NULL"
    assert target.query(orphans) == source.query(orphans) != [["0"]]
    joined = (
        "SELECT count(*), count(DISTINCT m.email, m.branch), sum(length(v.note)), count(DISTINCT o.email) FROM visit v"
        " JOIN member m USING (email) JOIN member o ON o.email = m.mentor"
    )
    assert target.query(joined) == source.query(joined)
    assert target.query("SELECT count(*) FROM member WHERE email LIKE '%firm-test.be'") == [["0"]]


def test_what_mariadb_cannot_switch_off_or_take_back_is_refused(
    shops: tuple[MariaDb, MariaDb], by_odbc: Address, key: Path, tmp_path: Path
):
    source, target = shops
    decided = rules(tmp_path, SHOP_RULES)
    with pytest.raises(TargetError, match="bestelling has triggers"):
        api.run(by_odbc(source), by_odbc(target), decided, key)
    without_triggers(target)
    target.query("ALTER TABLE `rare ``naam` ENGINE=MyISAM")
    with pytest.raises(TargetError, match="engine without transactions"):
        api.run(by_odbc(source), by_odbc(target), decided, key)
    assert not any(rows for _, rows in target.tables().values())


# --- nothing is written where nothing may be --------------------------------------------------------------------


def test_a_write_through_the_connection_of_a_source_fails(
    database: Database, mysql: MariaDb, by_odbc: Address, tmp_path: Path
):
    execute(database, "CREATE TABLE kept (id int)")
    mysql.query("CREATE TABLE kept (id int)")
    for each in (database, mysql):
        with Workspace() as work, servers.open_source(by_odbc(each), work) as opened:
            place = "public." if each is database else ""
            for statement in (f"INSERT INTO {place}kept VALUES (1)", f"CREATE TABLE {place}more (id int)"):
                with pytest.raises(SourceError, match="SQLSTATE 25006"):
                    opened.link.run(statement)
                opened.link.connection.rollback()
        assert each.query("SELECT count(*) FROM kept") == [["0"]]


def test_a_source_is_read_in_one_state_whatever_others_change_meanwhile(
    database: Database, mysql: MariaDb, by_odbc: Address
):
    for each in (database, mysql):
        each.query("CREATE TABLE person (id int PRIMARY KEY, name text)")
        each.query("INSERT INTO person VALUES (1, 'first')")
        with Workspace() as work, servers.open_source(by_odbc(each), work) as opened:
            source = odbc.open_source(opened)
            tables = {table.name: ["name"] for table in source.schema().tables}
            each.query("INSERT INTO person VALUES (2, 'second')")
            each.query("UPDATE person SET name = 'changed' WHERE id = 1")
            names = [part.batch.column("name").to_pylist() for part in source.parts(tables)]
        assert names == [["first"]]


PEOPLE = "CREATE TABLE person (id int PRIMARY KEY, name varchar(40) NOT NULL, email varchar(60));"
PEOPLE_ROWS = PEOPLE + (
    "INSERT INTO person SELECT n, 'Person ' || n, 'person' || n || '@firm-test.be' FROM generate_series(1, 3000) n;"
)
PEOPLE_RULES = """
tables:
  public.person: {columns: {name: full_name, email: email}, keep: [id], why: number}
"""


def test_a_failure_half_way_leaves_the_target_empty_and_as_it_was(
    pair: tuple[Database, Database], by_odbc: Address, key: Path, tmp_path: Path
):
    source, target = pair
    execute(source, PEOPLE_ROWS)
    execute(target, PEOPLE + "ALTER TABLE person ADD CHECK (id < 2900)")
    with pytest.raises(TargetError, match=r"person cannot be written \(SQLSTATE 23514.*constraint") as refused:
        api.run(by_odbc(source), by_odbc(target), rules(tmp_path, PEOPLE_RULES), key)
    assert "Person" not in str(refused.value)
    assert target.query("SELECT count(*) FROM person") == [["0"]]


def test_a_result_that_does_not_pass_is_taken_back(
    pair: tuple[Database, Database], by_odbc: Address, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source, target = pair
    execute(source, PEOPLE_ROWS)
    execute(target, PEOPLE)
    seen: list[list[list[str]]] = []
    proved = verify.verify

    def tampered(plan: Any, before: Any, after: Any, *rest: Any) -> Any:
        seen.append(target.query("SELECT count(*) FROM person"))
        after.link.run("UPDATE public.person SET email = 'person7@firm-test.be' WHERE id = 2999")
        return proved(plan, before, after, *rest)

    monkeypatch.setattr(verify, "verify", tampered)
    with pytest.raises(VerificationFailed, match="withheld"):
        api.run(by_odbc(source), by_odbc(target), rules(tmp_path, PEOPLE_RULES), key)
    assert seen == [[["0"]]], "rows could be seen before they were verified"
    assert target.query("SELECT count(*) FROM person") == [["0"]]


KILLED = """
import sys, time
from pathlib import Path
from anonymizer import api, verify
def wait(*arguments):
    print("loaded", flush=True)
    time.sleep(60)
verify.verify = wait
api.run(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
"""


def test_a_run_that_is_killed_leaves_the_target_as_it_was(
    pair: tuple[Database, Database], by_odbc: Address, key: Path, tmp_path: Path
):
    source, target = pair
    execute(source, PEOPLE_ROWS)
    execute(target, PEOPLE)
    arguments = [by_odbc(source), by_odbc(target), str(rules(tmp_path, PEOPLE_RULES)), str(key)]
    with subprocess.Popen([sys.executable, "-c", KILLED, *arguments], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"loaded\n"
        run.kill()
    assert target.query("SELECT count(*) FROM person") == [["0"]]
    passed(api.run(by_odbc(source), by_odbc(target), tmp_path / "rules.yaml", key))
    assert target.query("SELECT count(*) FROM person") == [["3000"]]


def test_a_target_that_is_not_empty_or_the_source_itself_is_refused(
    pair: tuple[Database, Database], by_odbc: Address, key: Path, tmp_path: Path
):
    source, target = pair
    execute(source, PEOPLE_ROWS)
    execute(target, PEOPLE + "INSERT INTO person VALUES (1, 'here', NULL)")
    decided = rules(tmp_path, PEOPLE_RULES)
    with pytest.raises(TargetError, match="person has rows"):
        api.run(by_odbc(source), by_odbc(target), decided, key)
    with pytest.raises(TargetError, match="is the source"):
        api.run(by_odbc(source), by_odbc(source) + "&sslmode=disable", decided, key)
    assert target.query("SELECT name FROM person") == [["here"]]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("ALTER TABLE person DROP COLUMN email", r"public\.person\.email is missing"),
        ("ALTER TABLE person ADD COLUMN town text", r"public\.person\.town is not in the source"),
        ("ALTER TABLE person ALTER name TYPE varchar(30)", r"name is character varying\(30\) and not character var"),
        ("ALTER TABLE person RENAME TO people", r"public\.people is not in the source; public\.person is missing"),
    ],
)
def test_a_target_with_other_tables_is_refused_and_the_difference_is_named(
    pair: tuple[Database, Database], by_odbc: Address, key: Path, tmp_path: Path, change: str, named: str
):
    source, target = pair
    execute(source, PEOPLE_ROWS)
    execute(target, PEOPLE + change)
    with pytest.raises(TargetError, match=named):
        api.run(by_odbc(source), by_odbc(target), rules(tmp_path, PEOPLE_RULES), key)


def test_what_odbc_reads_and_what_it_loads_belong_together(
    pair: tuple[Database, Database], by_odbc: Address, key: Path, tmp_path: Path
):
    source, target = pair
    execute(source, PEOPLE_ROWS)
    execute(target, PEOPLE)
    decided = rules(tmp_path, PEOPLE_RULES)
    with pytest.raises(SettingError, match="empty database with the same tables"):
        api.run(by_odbc(source), tmp_path / "safe.sql", decided, key)
    assert not (tmp_path / "safe.sql").exists()
    dump = source.dump(tmp_path / "source.sql")
    with pytest.raises(SettingError, match="takes a ODBC database"):
        api.run(dump, by_odbc(target), decided, key)


def test_detection_looks_at_a_live_database(database: Database, by_odbc: Address):
    execute(database, PEOPLE_ROWS)
    found = {str(finding.column): finding.category for finding in api.detect(by_odbc(database)).findings}
    assert found["public.person.email"] == "email"
