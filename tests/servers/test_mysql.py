"""MySQL and MariaDB live, on a private server: read only as a source; as a target all of the result, or nothing."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

import pytest

from anonymizer import api
from anonymizer.errors import SettingError, SourceError, TargetError, VerificationFailed
from anonymizer.model.address import Address
from anonymizer.model.result import Outcome
from anonymizer.servers import _mysql_client, _mysql_tools
from anonymizer.servers import mysql as live
from anonymizer.servers._mysql_script import Script
from anonymizer.workspace import Workspace
from tests.fix_key import write_key
from tests.fix_mariadb import MariaDb

HEX = "0123456789abcdef"
SHOP = """
CREATE TABLE land (code char(2) NOT NULL PRIMARY KEY, naam varchar(60) NOT NULL);
INSERT INTO land VALUES ('BE','België'),('NL','Nederland');
CREATE TABLE klant (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, voornaam varchar(60) NOT NULL, achternaam varchar(80) NOT NULL,
  email varchar(120) NOT NULL UNIQUE, land char(2), pasfoto mediumblob, punten decimal(9,2), geboren date,
  volledig varchar(150) AS (concat(voornaam,' ',achternaam)) STORED, gezien timestamp NULL,
  CONSTRAINT van FOREIGN KEY (land) REFERENCES land (code)
);
CREATE TABLE bestelling (nr bigint NOT NULL PRIMARY KEY, klant_id int unsigned NOT NULL, klant_email varchar(120),
  CONSTRAINT door FOREIGN KEY (klant_id) REFERENCES klant (id) ON DELETE CASCADE);
CREATE VIEW actieven AS SELECT id, email FROM klant WHERE land <> ';';
CREATE VIEW aantal AS SELECT count(*) n FROM actieven;
"""
PROGRAMS = """
DELIMITER //
CREATE TRIGGER bij BEFORE INSERT ON bestelling FOR EACH ROW BEGIN
  -- it's a comment
  IF NEW.klant_email IS NULL THEN SET NEW.klant_email = 'geen@firma.example'; END IF;
END//
CREATE PROCEDURE tel(OUT n int) BEGIN SELECT count(*) INTO n FROM klant; END//
CREATE FUNCTION dubbel(n int) RETURNS int DETERMINISTIC RETURN 2 * n//
CREATE EVENT opruimen ON SCHEDULE EVERY 1 DAY DO DELETE FROM bestelling WHERE nr < 0//
DELIMITER ;
"""
PEOPLE = 60
FIRST, LAST = ("Jan", "Zoë", "Piet", "Els", "Karel"), ("Peeters", "D'Haese", "van den Berg", "Müller", "Claes", "Maes")


def filled(database: MariaDb, engine: str = "InnoDB") -> MariaDb:
    rows, orders = [], []
    for n in range(1, PEOPLE + 1):
        first, last = FIRST[n % 5], LAST[n % 6].replace("'", "''")
        mail, born = f"klant.{n}@firma-{n % 7}.be", f"19{n % 60 + 30}-0{n % 9 + 1}-1{n % 9}"
        rows.append(
            f"({n},'{first}','{last}','{mail}','{('BE', 'NL')[n % 2]}',0x00ff27{n:02d},{n}.50,'{born}',"
            "'2024-05-06 07:08:09')"
        )
        orders.append(f"({n * 1000000007},{n},'{mail}')")
    names = "id,voornaam,achternaam,email,land,pasfoto,punten,geboren,gezien"
    database.load(
        f"SET NAMES utf8mb4; SET default_storage_engine={engine}; {SHOP} INSERT INTO klant ({names}) VALUES"
        f" {','.join(rows)}; INSERT INTO bestelling VALUES {','.join(orders)};\n{PROGRAMS}".encode(),
        "--comments",
    )
    return database


def address(database: MariaDb, name: str = "", more: str = "") -> str:
    return f"mysql:///{name or database.name}?socket={database.socket}{more}"


def databases(server: MariaDb) -> set[str]:
    return {row[0] for row in server.sibling("mysql").query("SHOW DATABASES")}


@pytest.fixture
def shop(mysql: MariaDb) -> MariaDb:
    return filled(mysql)


@pytest.fixture
def goal(mysql: MariaDb) -> Iterator[str]:
    """The name of a database that does not exist yet."""
    name = f"veilig_{mysql.name}"
    before = databases(mysql)
    yield name
    mysql.tool("mariadb", "-e", f"DROP DATABASE IF EXISTS {name}")
    assert databases(mysql) <= before, "something was left behind"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "project.key"
    return write_key(file)


class Memory:
    """A script in memory."""

    name, path = "script.sql", Path("/nonexistent")

    def __init__(self, text: str) -> None:
        self.data = text.encode()

    def head(self, size: int) -> bytes:
        return self.data[:size]

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)


def keyed(tables: dict, table: str, name: str) -> dict[str, str]:
    columns, rows = tables[table]
    return {row[0]: row[columns.index(name)] for row in rows}


def check_safe(before: dict, target: MariaDb) -> None:
    """All rows are there and join, no person is, and what acts in the database acts."""
    after = target.tables()
    assert {table: len(rows) for table, (_, rows) in after.items()} == {t: len(rows) for t, (_, rows) in before.items()}
    for table, name in (("klant", "land"), ("klant", "pasfoto"), ("klant", "punten"), ("bestelling", "klant_id")):
        if name != "pasfoto":
            assert keyed(before, table, name) == keyed(after, table, name)
    for table, name in (("klant", "email"), ("klant", "achternaam"), ("bestelling", "klant_email")):
        assert not set(keyed(before, table, name).values()) & set(keyed(after, table, name).values())
    mails, owners = keyed(after, "klant", "email"), keyed(after, "bestelling", "klant_id")
    assert {order: mails[owners[order]] for order in owners} == keyed(after, "bestelling", "klant_email")
    assert target.query("CALL tel(@n); SELECT @n, dubbel(4); SELECT n FROM aantal") == [
        [str(PEOPLE), "8"], [str(PEOPLE)]]  # fmt: skip
    assert [row[1] for row in target.query("SHOW EVENTS")] == ["opruimen"]
    body = target.query("SELECT action_statement FROM information_schema.triggers WHERE trigger_schema = database()")
    assert "it's a comment" in body[0][0]
    target.query("INSERT INTO bestelling (nr, klant_id) VALUES (5, 1)")
    assert target.query("SELECT klant_email FROM bestelling WHERE nr = 5") == [["geen@firma.example"]]
    target.query("DELETE FROM klant WHERE id = 1")
    assert target.query("SELECT count(*) FROM bestelling WHERE klant_id = 1") == [["0"]]


# --- ways -------------------------------------------------------------------------------------------------------


def test_a_live_database_becomes_a_safe_live_one(shop: MariaDb, goal: str, key: Path):
    before = shop.tables()
    result = api.run(address(shop), address(shop, goal), key_file=key, assume_masked=True)
    assert result.published
    assert {check.outcome for check in result.checks} == {Outcome.PASSED}
    check_safe(before, shop.sibling(goal))
    assert shop.tables() == before
    made = "SELECT default_character_set_name FROM information_schema.schemata WHERE schema_name = database()"
    assert shop.sibling(goal).query(made) == [["utf8mb4"]]


def test_live_to_file_to_live_is_the_same_as_directly(shop: MariaDb, goal: str, key: Path, tmp_path: Path):
    dump = tmp_path / "veilig.sql"
    api.run(address(shop), dump, key_file=key, assume_masked=True)
    loaded = shop.fresh(f"{shop.name}_geladen")
    loaded.load(dump.read_bytes(), "--comments")
    check_safe(shop.tables(), loaded)
    assert "klant.1@" not in dump.read_text(encoding="utf-8")
    shop.tool("mariadb", "-e", f"DROP DATABASE {loaded.name}")
    raw = tmp_path / "winkel.sql"
    raw.write_bytes(shop.dump("--routines", "--events", "--databases"))
    api.run(raw, address(shop, goal), key_file=key, assume_masked=True)
    api.run(address(shop), again := tmp_path / "nogmaals.sql", key_file=key, assume_masked=True)
    assert again.read_bytes() == dump.read_bytes()
    mails = "SELECT email FROM klant ORDER BY id"
    assert all(row[0] in dump.read_text(encoding="utf-8") for row in shop.sibling(goal).query(mails))
    check_safe(shop.tables(), shop.sibling(goal))


def test_an_empty_database_that_exists_is_taken_with_its_character_set(shop: MariaDb, goal: str, key: Path):
    shop.tool("mariadb", "-e", f"CREATE DATABASE {goal} CHARACTER SET latin1")
    api.run(address(shop), address(shop, goal), key_file=key, assume_masked=True)
    check_safe(shop.tables(), shop.sibling(goal))
    assert shop.sibling(goal).query("SELECT @@character_set_database") == [["latin1"]]


@pytest.mark.parametrize("shape", ["--skip-extended-insert", "--complete-insert", "--skip-hex-blob", "--compact"])
def test_dump_files_of_every_shape_go_into_a_live_database(
    shape: str, shop: MariaDb, goal: str, key: Path, tmp_path: Path
):
    source = tmp_path / "winkel.sql"
    source.write_bytes(shop.dump("--routines", "--events", shape, "--default-character-set=utf8mb4"))
    api.run(source, address(shop, goal), key_file=key, assume_masked=True)
    check_safe(shop.tables(), shop.sibling(goal))


def test_what_is_no_plain_table_comes_over_too(mysql: MariaDb, goal: str, key: Path):
    mysql.query(
        "CREATE TABLE boom (id int PRIMARY KEY, ouder int, tekst varchar(40), FULLTEXT KEY z (tekst),"
        " FOREIGN KEY (ouder) REFERENCES boom (id)); INSERT INTO boom VALUES (2, NULL, 'x'), (1, 2, 'y');"
        "CREATE TABLE deel (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3; INSERT INTO deel VALUES (1), (2);"
        "CREATE TABLE prijs (id int PRIMARY KEY, bedrag int) WITH SYSTEM VERSIONING; INSERT INTO prijs VALUES (1, 5);"
        "CREATE TABLE geldig (id int, van date, tot date, PERIOD FOR duur (van, tot));"
        "CREATE SEQUENCE nummer START WITH 5; SELECT nextval(nummer); CREATE TABLE leeg (id int);"
        "CREATE VIEW een AS SELECT id FROM boom; CREATE VIEW twee AS SELECT * FROM een"
    )
    api.run(address(mysql), address(mysql, goal), key_file=key, assume_masked=True)
    target = mysql.sibling(goal)
    assert target.query("SELECT * FROM twee ORDER BY id") == [["1"], ["2"]]
    assert target.query("SELECT nextval(nummer) > 5") == [["1"]]
    kinds = target.query("SELECT table_type, count(*) FROM information_schema.tables WHERE table_schema = database()"
                         " GROUP BY 1 ORDER BY 1")  # fmt: skip
    assert kinds == [["BASE TABLE", "4"], ["SEQUENCE", "1"], ["SYSTEM VERSIONED", "1"], ["VIEW", "2"]]
    with pytest.raises(AssertionError, match="1452"):
        target.query("INSERT INTO boom VALUES (3, 99, 'z')")


# --- the source is only read -------------------------------------------------------------------------------------


def test_the_server_refuses_a_write_through_the_source_session(shop: MariaDb):
    access = _mysql_client.Access(Address.parse(address(shop)))
    session = _mysql_client.Session(access, live._READS_ONLY)
    try:
        for write in ("DELETE FROM klant", "DROP TABLE bestelling", "CREATE TABLE x (a int)", "UPDATE land SET code=1"):
            with pytest.raises(_mysql_client.Refusal) as refusal:
                session.ask(f"USE {shop.name}", write)
            assert refusal.value.number == 1792, write
    finally:
        session.close()
    assert len(shop.query("SELECT id FROM klant")) == PEOPLE


def test_the_server_hears_nothing_but_reading_from_a_source(shop: MariaDb, tmp_path: Path):
    log = shop.socket.parent / "heard.log"
    shop.query(f"SET GLOBAL general_log_file='{log}'; SET GLOBAL general_log=1")
    try:
        api.detect(address(shop))
    finally:
        shop.query("SET GLOBAL general_log=0")
    heard = re.findall(r"\t +\d+ (?:Query|Init DB)\t(.*)", log.read_text(encoding="utf-8", errors="replace"))
    reading = re.compile(
        r"SELECT|SHOW|SET (?:SESSION|NAMES|TIME_ZONE|@@?|SQL_QUOTE_SHOW_CREATE|OPTION|GLOBAL general_log|STATEMENT)|USE"
        r"|START TRANSACTION|/\*M?!\d+ (?:SET|SELECT|SHOW)|SAVEPOINT|ROLLBACK|RELEASE|UNLOCK|COMMIT|" + shop.name,
        re.IGNORECASE,
    )
    assert len(heard) > 20
    assert [each for each in heard if not reading.match(each)] == []
    writing = re.compile(
        r"\b(?:INTO|INSERT|UPDATE|DELETE|CREATE(?! TABLE `| VIEW| PROC| FUNC| EVENT| TRIG)|DROP|ALTER)\b"
    )
    assert [each for each in heard if writing.search(each) and not each.upper().startswith(("SHOW", "SELECT"))] == []


def test_tables_outside_of_the_snapshot_are_asked_about(mysql: MariaDb, tmp_path: Path):
    filled(mysql).query("CREATE TABLE oud (id int, naam varchar(30)) ENGINE=MyISAM; INSERT INTO oud VALUES (1, 'x')")
    with pytest.raises(SourceError, match=r"1 tables, 'oud' for one.*snapshot=lock"):
        api.detect(address(mysql))
    for choice in ("lock", "none"):
        found = api.detect(address(mysql, more=f"&snapshot={choice}"))
        assert {str(table.name) for table in found.schema.tables} == {"klant", "land", "bestelling", "oud"}
    with pytest.raises(SettingError, match="lock or none"):
        api.detect(address(mysql, more="&snapshot=maybe"))


def test_the_kept_dump_cannot_be_read_by_others(shop: MariaDb, tmp_path: Path):
    with Workspace() as workspace, live.open_source(Address.parse(address(shop)), workspace) as source:
        kept = b"".join(file.read_bytes() for file in workspace.path.rglob("*") if file.is_file())
        assert b"klant.7@firma" not in kept
        with source.open() as stream:
            assert b"klant.7@firma" in stream.read()


# --- passwords and faults ----------------------------------------------------------------------------------------


@pytest.fixture
def guarded(shop: MariaDb) -> Iterator[MariaDb]:
    shop.query("CREATE USER lezer@localhost IDENTIFIED BY 'hunter2 geheim'; GRANT ALL ON *.* TO lezer@localhost")
    yield shop
    shop.query("DROP USER lezer@localhost")


def test_a_password_comes_from_the_environment_an_option_file_or_a_prompt(
    guarded: MariaDb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    by_user = address(guarded).replace("mysql://", "mariadb://lezer@localhost")
    monkeypatch.delenv("MYSQL_PWD", raising=False)
    with pytest.raises(SourceError, match=r"lezer@localhost.*error 1045.*MYSQL_PWD") as fault:
        api.detect(by_user)
    monkeypatch.setenv("MYSQL_PWD", "wrong hunter3")
    with pytest.raises(SourceError, match="1045") as fault:
        api.detect(by_user)
    assert "hunter" not in str(fault.value)
    monkeypatch.setenv("MYSQL_PWD", "hunter2 geheim")
    assert api.detect(by_user).schema.tables
    monkeypatch.delenv("MYSQL_PWD")
    options = tmp_path / "my.cnf"
    options.write_text("[client]\npassword='hunter2 geheim'\n")
    assert api.detect(f"{by_user}&defaults-extra-file={options}").schema.tables
    asked: list[str] = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or "hunter2 geheim")
    started: list[list[str]] = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda command, **more: started.append(command) or popen(command, **more))
    assert api.detect(by_user).schema.tables
    assert len(asked) == 1
    assert started
    assert not [each for command in started for each in command if "hunter2" in each]


def test_faults_are_sentences_with_a_number_and_no_data(shop: MariaDb, tmp_path: Path):
    with pytest.raises(SourceError, match=r"mysql:///nergens: reading failed \(error 1049\); check the name"):
        api.detect(address(shop, "nergens"))
    with pytest.raises(SourceError, match=r"error 200[23]"):
        api.detect(f"mysql:///winkel?socket={tmp_path / 'none'}")
    with pytest.raises(SettingError, match="option that is not known"):
        api.detect(address(shop, more="&init-command=DROP"))
    with pytest.raises(SettingError, match="names no database"):
        api.detect(f"mysql://localhost?socket={shop.socket}")


def test_a_user_who_may_not_see_the_routines_gets_no_dump_without_them(shop: MariaDb):
    shop.query(f"CREATE USER klein@localhost; GRANT SELECT ON {shop.name}.klant TO klein@localhost")
    try:
        with pytest.raises(SourceError, match=r"dumping failed"):
            api.detect(address(shop).replace("mysql://", "mysql://klein@localhost"))
    finally:
        shop.query("DROP USER klein@localhost")


# --- the target --------------------------------------------------------------------------------------------------


def test_the_source_itself_and_what_is_not_empty_are_no_targets(shop: MariaDb, mariadb: MariaDb, key: Path):
    before = shop.tables()
    for target in (address(shop), address(shop).replace("mysql://", "mariadb://root@localhost")):
        with pytest.raises(TargetError, match="is the source"):
            api.run(address(shop), target, key_file=key, assume_masked=True)
    other = mariadb.fresh("vol")
    for thing in (
        "TABLE a (a int)",
        "VIEW b AS SELECT 1",
        "PROCEDURE c() SELECT 1",
        "EVENT d ON SCHEDULE EVERY 1 DAY DO SET @a = 1",
    ):
        other = mariadb.fresh("vol")
        other.query(f"CREATE {thing}")
        with pytest.raises(TargetError, match="is not empty"):
            api.run(address(shop), address(other), key_file=key, assume_masked=True)
    assert shop.tables() == before
    mariadb.tool("mariadb", "-e", "DROP DATABASE vol")


def test_results_of_other_kinds_are_refused(mysql: MariaDb, tmp_path: Path, key: Path):
    dump = tmp_path / "a.sql"
    dump.write_text("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t (a);\nCOMMIT;\n")
    with pytest.raises(SettingError, match="a SQLite dump cannot be written to that server, which takes a MySQL dump"):
        api.run(dump, address(mysql, "veilig"), key_file=key, assume_masked=True)


def test_a_withheld_result_leaves_nothing(shop: MariaDb, goal: str, key: Path, monkeypatch: pytest.MonkeyPatch):
    def withheld(*_: object) -> None:
        assert [name for name in databases(shop) if name.startswith(f"{goal}__anonymizer_")]
        raise VerificationFailed("withheld")

    monkeypatch.setattr("anonymizer.api.running.require_passed", withheld)
    monkeypatch.setattr("anonymizer.api.running.withholding", lambda *_: [1])
    with pytest.raises(VerificationFailed):
        api.run(address(shop), address(shop, goal), key_file=key, assume_masked=True)
    assert goal not in databases(shop)


PAIR = "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SET @a = 1;\n"
MARKED = "/*!40101 SET NAMES utf8mb4 */;\nCREATE TABLE t (id int PRIMARY KEY, naam varchar(40)) ENGINE=InnoDB;\n"


@pytest.mark.parametrize("exists", [False, True])
def test_when_publishing_fails_the_target_is_as_before(
    exists: bool, mysql: MariaDb, goal: str, key: Path, tmp_path: Path
):
    if exists:
        mysql.tool("mariadb", "-e", f"CREATE DATABASE {goal}")
    dump = tmp_path / "twee.sql"
    dump.write_text(
        f"{MARKED}INSERT INTO t VALUES (1,'a');CREATE VIEW v AS SELECT 1;"
        f"CREATE FUNCTION f() RETURNS int RETURN 1;{PAIR}{PAIR}"
    )
    with pytest.raises(TargetError, match=r"loading failed \(error 1537 at line 4\)"):
        api.run(dump, address(mysql, goal), key_file=key, assume_masked=True)
    assert (goal in databases(mysql)) is exists
    if exists:
        assert mysql.sibling(goal).query(mysql_objects(goal)) == []


def mysql_objects(name: str) -> str:
    return (
        f"SELECT table_name FROM information_schema.tables WHERE table_schema='{name}' UNION SELECT routine_name FROM"
        f" information_schema.routines WHERE routine_schema='{name}' UNION SELECT event_name FROM"
        f" information_schema.events WHERE event_schema='{name}'"
    )


def test_a_dump_may_be_closed_while_a_thread_still_listens_to_its_tool(shop: MariaDb, monkeypatch: pytest.MonkeyPatch):
    def slowly(stream: IO[bytes], refusals: list[_mysql_client.Refusal], warnings: set[int]) -> None:
        time.sleep(0.2)
        _mysql_client.listen(stream, refusals, warnings)  # an error here fails the test

    monkeypatch.setattr(_mysql_tools, "listen", slowly)
    access = _mysql_client.Access(Address.parse(address(shop)))
    _mysql_tools.Dump(access, True, shop.name).open().close()
    with pytest.raises(TargetError, match="loading failed"):
        _mysql_tools.load(access, shop.name, iter([b"nonsense;"]), "utf8mb4")


def test_what_a_killed_run_left_is_removed_unless_somebody_works_on_it(shop: MariaDb, goal: str, key: Path):
    left, busy = f"{goal}__anonymizer_{HEX}", f"{goal}__anonymizer_{HEX[::-1]}"
    mine = f"{goal}__anonymizer_mine"
    shop.tool("mariadb", "-e", f"CREATE DATABASE {left}; CREATE DATABASE {busy}; CREATE DATABASE {mine}")
    access = _mysql_client.Access(Address.parse(address(shop)))
    session = _mysql_client.Session(access, f"SELECT HEX(CONCAT(GET_LOCK('anonymizer {HEX[::-1]}', 0)))")
    try:
        api.run(address(shop), address(shop, goal), key_file=key, assume_masked=True)
        assert {left, busy, mine} & databases(shop) == {busy, mine}
    finally:
        session.close()
        shop.tool("mariadb", "-e", f"DROP DATABASE {busy}; DROP DATABASE {mine}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_nothing_for_long(
    number: signal.Signals, shop: MariaDb, goal: str, key: Path, tmp_path: Path
):
    dump = tmp_path / "wachten.sql"
    dump.write_text(f"{MARKED}INSERT INTO t VALUES (1,'a');\nCREATE FUNCTION f() RETURNS int RETURN 1;\n")
    command = [sys.executable, "-m", "anonymizer", "run", str(dump), address(shop, goal), "--assume", "masked"]
    no_functions = _mysql_client.Access(Address.parse(address(shop, "mysql")))
    held = _mysql_client.Session(no_functions, "LOCK TABLES mysql.proc READ")  # loading the function waits for it
    try:
        running = subprocess.Popen(
            [*command, "--key-file", str(key)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": str(tmp_path)},
        )
        until = time.monotonic() + 60
        while not [name for name in databases(shop) if name.startswith(f"{goal}__")]:
            assert running.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        running.send_signal(number)
        if number == signal.SIGKILL:
            running.wait(60)
    finally:
        held.close()
    running.wait(60)
    if number == signal.SIGTERM:
        assert running.returncode == 128 + signal.SIGTERM
    else:  # what it left goes with the next run
        assert [name for name in databases(shop) if name.startswith(f"{goal}__")]
        time.sleep(1)
        api.run(address(shop), address(shop, goal), key_file=key, assume_masked=True)
    assert [name for name in databases(shop) if name.startswith(f"{goal}__")] == []


def test_no_code_of_a_dump_runs_while_it_is_loaded(mysql: MariaDb, goal: str, key: Path, tmp_path: Path):
    mysql.query("CREATE TABLE precious (id int); INSERT INTO precious VALUES (7)")
    dump = tmp_path / "code.sql"
    there = f"`{mysql.name}`.precious"
    dump.write_text(
        f"{MARKED}CREATE FUNCTION f() RETURNS int MODIFIES SQL DATA RETURN 1;\n"
        f"CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW DELETE FROM {there};\nINSERT INTO t VALUES (1,'a');\n"
    )
    api.run(dump, address(mysql, goal), key_file=key, assume_masked=True)
    assert mysql.query("SELECT id FROM precious") == [["7"]]
    made = mysql.sibling(goal)
    assert made.query("SELECT count(*) FROM t") == [["1"]]
    assert {row[0] for row in made.query(mysql_objects(goal))} == {"t", "f"}
    triggers = f"SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema='{goal}'"
    assert made.query(triggers) == [["x"]]


def test_what_somebody_else_put_into_a_new_target_stays_when_publishing_fails(
    mysql: MariaDb, goal: str, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    dump = tmp_path / "twee.sql"
    dump.write_text(f"{MARKED}INSERT INTO t VALUES (1,'a');\n")
    made = live.LiveTarget._create

    def with_another(self: live.LiveTarget, name: str) -> None:
        made(self, name)
        if name == goal:
            mysql.sibling(goal).query("CREATE TABLE precious (id int)")
            monkeypatch.setattr(live.LiveTarget, "_load", fails)

    def fails(*_: object) -> None:
        raise TargetError("no")

    monkeypatch.setattr(live.LiveTarget, "_create", with_another)
    with pytest.raises(TargetError):
        api.run(dump, address(mysql, goal), key_file=key, assume_masked=True)
    assert mysql.query(mysql_objects(goal)) == [["precious"]]


def test_what_a_killed_run_left_goes_even_where_the_target_is_refused(shop: MariaDb, goal: str, key: Path):
    left = f"{goal}__anonymizer_{HEX}"
    shop.tool("mariadb", "-e", f"CREATE DATABASE {left}; CREATE DATABASE {goal}; CREATE TABLE {goal}.t (a int)")
    with pytest.raises(TargetError, match="a run that was killed may have half filled it"):
        api.run(address(shop), address(shop, goal), key_file=key, assume_masked=True)
    assert left not in databases(shop)


def test_a_login_without_the_right_to_events_is_told_so_and_not_of_options(shop: MariaDb, goal: str, key: Path):
    shop.tool(
        "mariadb",
        "-e",
        f"CREATE USER lezer@localhost; GRANT SELECT ON {shop.name}.* TO lezer@localhost",
    )
    try:
        with pytest.raises(SourceError, match=r"error 1(044|142).*EVENT"):
            api.run(address(shop).replace("///", "//lezer@localhost/"), address(shop, goal), key_file=key)
    finally:
        shop.tool("mariadb", "-e", "DROP USER lezer@localhost")


# --- nothing but the target is written ---------------------------------------------------------------------------


def test_a_dump_with_databases_and_settings_touches_only_the_target(
    mysql: MariaDb, goal: str, key: Path, tmp_path: Path
):
    mysql.query("CREATE TABLE t (id int); INSERT INTO t VALUES (7)")
    dump = tmp_path / "met.sql"
    dump.write_text(
        f"DROP DATABASE IF EXISTS `{mysql.name}`;CREATE DATABASE `{mysql.name}`;\nUSE `{mysql.name}`;\n"
        "SET GLOBAL max_connections=77;\nSET @@GLOBAL.max_connections=78;\n"
        f"{MARKED}INSERT INTO t VALUES (1,'Jan'),(2,'Piet');\nALTER DATABASE `{mysql.name}` CHARACTER SET latin1;\n"
    )
    api.run(dump, address(mysql, goal), key_file=key, assume_masked=True)
    assert mysql.query("SELECT id FROM t") == [["7"]]
    assert mysql.query("SELECT @@character_set_database, @@max_connections < 77 OR @@max_connections > 78") == [
        ["utf8mb4", "1"]]  # fmt: skip
    assert mysql.sibling(goal).query("SELECT id FROM t") == [["1"], ["2"]]
    assert mysql.sibling(goal).query("SELECT @@character_set_database") == [["latin1"]]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO elders.t VALUES (1,'a');",
        "DROP TABLE IF EXISTS `elders`.`t`;",
        "DROP TABLE a, elders . b;",
        "DROP VIEW v, elders.w;",
        "CREATE TABLE `elders`.`t` (a int);",
        "CREATE TABLE t (a int, FOREIGN KEY (a) REFERENCES `elders`.`u` (a));",
        "ALTER TABLE elders.t ADD b int;",
        "TRUNCATE elders.t;",
        "DELETE FROM `elders`.t;",
        "LOCK TABLES `a` WRITE, `elders`.`b` WRITE;",
        "CREATE INDEX i ON elders.t (a);",
        "CREATE VIEW elders.v AS SELECT 1;",
        "CREATE DEFINER=`root`@`localhost` PROCEDURE elders.p() SELECT 1;",
        "CREATE /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER x BEFORE INSERT ON elders.t FOR EACH ROW SET @a=1 */;",
        "USE een;USE twee;",
        "USE winkel;CREATE VIEW v AS SELECT * FROM winkel.klant;",
        "-- Host: localhost    Database: winkel\nCREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW"
        " DELETE FROM `winkel`.`klant`;",
        "RENAME TABLE t TO elders.t;",
    ],
)
def test_a_statement_that_reaches_into_another_database_is_refused(statement: str):
    script = Script(Memory(statement), "utf-8")  # type: ignore[arg-type]
    with pytest.raises(TargetError, match="line "):
        list(script.contents("staging", []))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE `a` (`b` decimal(3,1) DEFAULT 1.5, c varchar(9) DEFAULT 'x.y' CHECK (`b` > .5)); -- a.b",
        "CREATE VIEW v AS SELECT `a`.`b` AS `b` FROM `a`;",
        "ALTER TABLE `a` ADD CONSTRAINT `b` FOREIGN KEY (`c`) REFERENCES `d` (`e`);",
        "DO SETVAL(`s`, 9, 0);",
    ],
)
def test_a_statement_of_the_database_itself_is_sent_as_it_stands(statement: str):
    script = Script(Memory(statement), "utf-8")  # type: ignore[arg-type]
    sent = [*script.contents("staging", ["a"]), *script.definitions("staging", ["a"])]
    assert b"".join(sent).decode() == statement.removesuffix(" -- a.b")


@pytest.mark.parametrize(
    "setting",
    [
        "SET STATEMENT max_statement_time=1 FOR DELETE FROM elders.t;",
        "SET @a = f();",
        "SET @a = (SELECT count(*) FROM elders.t);",
        "/*!50003 SET @a = elders.f() */;",
        "SET SESSION sql_mode = CONCAT(@@sql_mode, f());",
        "SET NAMES utf8 , @a = f();",
    ],
)
def test_a_setting_that_could_run_something_is_refused(setting: str):
    script = Script(Memory(setting), "utf-8")  # type: ignore[arg-type]
    with pytest.raises(TargetError, match="more than names and values"):
        list(script.contents("staging", []))


@pytest.mark.parametrize(
    "setting",
    [
        "SET NAMES utf8mb4;",
        "/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;",
        "/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;",
        "SET SQL_MODE=IFNULL(@OLD_SQL_MODE, '');",
        "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES');",
        'SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";',
        "SET time_zone = '+00:00';",
        "SET NAMES 'utf8' COLLATE 'utf8_general_ci';",
        "SET character_set_client = utf8mb4;",
        "SET foreign_key_checks = 0, unique_checks = off;",
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;",
        "SET @@session.sql_notes := 0;",
    ],
)
def test_the_settings_that_tools_write_are_sent(setting: str):
    script = Script(Memory(setting), "utf-8")  # type: ignore[arg-type]
    assert b"".join(script.contents("staging", [])).decode() == setting


@pytest.mark.parametrize(
    "statement", ["GRANT SELECT ON *.* TO a@b;", "FLUSH PRIVILEGES;", "SET @@SESSION.SQL_LOG_BIN= 0;",
                  "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'a:1-9';", "CHANGE MASTER TO MASTER_LOG_FILE='x';"]
)  # fmt: skip
def test_a_statement_for_the_whole_server_is_left_out(statement: str):
    script = Script(Memory(statement), "utf-8")  # type: ignore[arg-type]
    assert b"".join(script.contents("staging", [])) == b""


def test_a_value_that_the_server_changed_stops_the_run(mysql: MariaDb, goal: str, key: Path, tmp_path: Path):
    dump = tmp_path / "ascii.sql"
    dump.write_text(
        "/*!40101 SET NAMES utf8mb4 */;\n"
        "CREATE TABLE t (id int PRIMARY KEY, opmerking varchar(40) CHARACTER SET ascii);\n"
        "INSERT INTO t VALUES (1,'café');\n"
    )
    rules = tmp_path / "rules.yaml"
    rules.write_text("format: 1\ntables:\n  t:\n    keep: [id, opmerking]\n")
    with pytest.raises(TargetError, match=r"changed values.*warning 1366") as fault:
        api.run(dump, address(mysql, goal), rules=rules, key_file=key)
    assert "caf" not in str(fault.value)
    assert goal not in databases(mysql)


def test_the_servers_rows_are_compared_with_the_written_ones(
    mysql: MariaDb, goal: str, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    dump = tmp_path / "a.sql"
    dump.write_text(f"{MARKED}INSERT INTO t VALUES (1,'Jan Peeters'),(2,'Els Maes');\n")
    load = live.load

    def loses_one(access: object, database: str, blocks: Iterator[bytes], charset: str) -> None:
        load(access, database, iter([*blocks, b"\nDELETE FROM t WHERE id = 2;\n"]), charset)

    monkeypatch.setattr("anonymizer.servers.mysql.load", loses_one)
    with pytest.raises(VerificationFailed, match=r"converted: t: 1 rows, not the 2 of the result"):
        api.run(dump, address(mysql, goal), key_file=key, assume_masked=True)
