"""The main job on MySQL: a database in a real MariaDB, dumped in every form, made safe, loaded again and compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from anonymizer import api
from anonymizer.contracts import Rows
from anonymizer.model.result import Outcome
from anonymizer.stores import mysql_dump, open_input
from anonymizer.stores._sql.script_sink import ScriptSink
from anonymizer.workspace import Workspace
from tests import snapshots
from tests.fix_key import write_key
from tests.fix_mariadb import MariaDb

FIRST = ("Jürgen", "Zoë", "Anne-Marie", "Lukas", "Noémie", "Bart", "Saïd", "O'Neill")
LAST = ("Van den Broeck", "D'Hondt", "Müller", "Peeters", "Lefèvre", "Claes", "De \\ Smet", 'Van "Rijn"')
PEOPLE = 120

SETUP = r"""
CREATE TABLE land (code char(2) NOT NULL PRIMARY KEY, naam varchar(40) NOT NULL);
INSERT INTO land VALUES ('BE','België'),('NL','Nederland'),('FR','France');
CREATE TABLE klant (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  voornaam varchar(40) NOT NULL COMMENT 'voornaam; van de klant', achternaam varchar(60) NOT NULL,
  email varchar(120) NOT NULL, telefoon varchar(30), geboortedatum date,
  land char(2) NOT NULL DEFAULT 'BE', status enum('actief','oud') NOT NULL DEFAULT 'actief',
  volledig varchar(110) GENERATED ALWAYS AS (concat(voornaam, ' ', achternaam)) VIRTUAL,
  pasfoto blob, vlag bit(1) NOT NULL DEFAULT b'0', nulpunt date DEFAULT '0000-00-00',
  UNIQUE KEY op_mail (email), KEY op_naam (achternaam(10)), CONSTRAINT van FOREIGN KEY (land) REFERENCES land (code)
) COMMENT='de ''klanten''';
CREATE TABLE bestelling (
  nr bigint NOT NULL PRIMARY KEY, klant_id int unsigned NOT NULL, klant_email varchar(120),
  bedrag decimal(10,2) unsigned,
  geplaatst datetime(3) NOT NULL, opties set('cadeau','spoed'), artikel varchar(50) NOT NULL DEFAULT 'boek',
  plaats point, CONSTRAINT door FOREIGN KEY (klant_id) REFERENCES klant (id) ON DELETE CASCADE
);
CREATE TABLE `rare ``naam` (`de sleutel` int NOT NULL PRIMARY KEY, `waarde` varchar(20) NOT NULL);
INSERT INTO `rare ``naam` VALUES (1, 'a;b'), (2, 'c''d');
CREATE VIEW actieven AS SELECT id, email FROM klant WHERE status <> ';';
DELIMITER //
CREATE TRIGGER bij BEFORE INSERT ON bestelling FOR EACH ROW BEGIN
  -- it's a comment
  IF NEW.bedrag IS NULL THEN SET NEW.bedrag = 0; END IF;
END//
CREATE PROCEDURE tel(OUT n int) BEGIN SELECT count(*) INTO n FROM klant; END//
CREATE EVENT opruimen ON SCHEDULE EVERY 1 DAY DO DELETE FROM bestelling WHERE bedrag < 0//
DELIMITER ;
"""

DUMPS: dict[str, tuple[list[str], list[str]]] = {
    "as it comes": ([], []),
    "with routines": (["--routines", "--events", "--triggers", "--add-drop-database"], []),
    "one row a statement": (["--skip-extended-insert", "--complete-insert"], []),
    "blobs in hexadecimal": (["--hex-blob", "--skip-quote-names", "--insert-ignore"], []),
    "compact": (["--compact", "--hex-blob"], ["--init-command=SET FOREIGN_KEY_CHECKS=0, sql_mode=''"]),
    "ansi": (["--compatible=ansi", "--default-character-set=utf8mb4"], []),
    "compact and ansi": (
        ["--compact", "--compatible=ansi", "--complete-insert"],
        ["--init-command=SET sql_mode='ANSI', FOREIGN_KEY_CHECKS=0"],
    ),
    "in latin1": (["--default-character-set=latin1", "--replace"], []),
    "by key, without comments": (["--order-by-primary", "--skip-comments", "--skip-add-locks", "--no-autocommit"], []),
}
"""What mariadb-dump is told, and the client that loads.

A strict mode does not take the values of computed columns that MariaDB itself dumps.
"""
NOT_PERSONAL = {
    "land": ("code",), "bestelling": ("nr", "klant_id", "bedrag", "geplaatst", "opties", "artikel"),
    "klant": ("id", "land", "status", "nulpunt"), "rare `naam": ("de sleutel",),
}  # fmt: skip
PERSONAL = {("klant", "voornaam"), ("klant", "achternaam"), ("klant", "email"), ("klant", "telefoon")}


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def fill(database: MariaDb) -> None:
    rows, orders = [], []
    for n in range(1, PEOPLE + 1):
        first, last = FIRST[n % len(FIRST)], LAST[n % len(LAST)]
        mail = f"klant.{n}@firma-{n % 7}.be"
        phone = "NULL" if n % 5 == 0 else f"'+32 47{n % 10} {n % 90 + 10} {n % 80 + 11} {n % 70 + 12}'"
        rows.append(
            f"({n},{quoted(first)},{quoted(last)},'{mail}',{phone},'19{n % 60 + 30}-0{n % 9 + 1}-1{n % 9}',"
            f"'{('BE', 'NL', 'FR')[n % 3]}','actief',0x00ff{n % 10}{n % 10}27,{n % 2},'0000-00-00')"
        )
        orders.append(
            f"({n * 1000000007},{n},'{mail}',{n}.25,'2024-0{n % 9 + 1}-11 10:11:12.345',"
            f"{('NULL', quoted('cadeau,spoed'))[n % 2]},'boek {n % 4}',POINT({n},{n}.5))"
        )
    names = "id,voornaam,achternaam,email,telefoon,geboortedatum,land,status,pasfoto,vlag,nulpunt"
    database.load(
        f"SET NAMES utf8mb4; SET sql_mode='';{SETUP}INSERT INTO klant ({names}) VALUES {','.join(rows)};"
        f"INSERT INTO bestelling VALUES {','.join(orders)};".encode()
    )


@pytest.fixture(scope="module")
def shop(mariadb: MariaDb) -> MariaDb:
    """The database that is to be made safe."""
    database = mariadb.fresh("winkel")
    fill(database)
    return database


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "project.key"
    return write_key(file)


def column(tables: dict, table: str, name: str) -> list[str]:
    columns, rows = tables[table]
    return [row[columns.index(name)] for row in rows]


def keyed(tables: dict, table: str, name: str) -> dict[str, str]:
    """The first column -> the named one."""
    columns, rows = tables[table]
    return {row[0]: row[columns.index(name)] for row in rows}


def test_a_dump_is_what_the_server_made_it_from(shop: MariaDb):
    assert len(shop.query("SELECT id FROM klant")) == PEOPLE


@pytest.mark.parametrize("form", DUMPS)
def test_every_value_of_a_dump_is_read_and_written_back_byte_for_byte(form: str, shop: MariaDb, tmp_path: Path):
    source = tmp_path / "winkel.sql"
    source.write_bytes(shop.dump(*DUMPS[form][0]))
    with Workspace() as workspace:
        opened = mysql_dump.open_source(open_input(str(source), workspace))
        wanted = {t.name: [c.name for c in t.columns if not c.generated] for t in opened.schema().tables}
        sink = ScriptSink(tmp_path / "again.sql")
        names = []
        for part in opened.parts(wanted):
            if isinstance(part, Rows) and part.table.name == "klant":
                names += part.batch["achternaam"].to_pylist()
            sink.write(part)
        sink.close()
    assert (tmp_path / "again.sql").read_bytes() == source.read_bytes()
    assert set(names) == set(LAST)
    assert len(names) == PEOPLE


@pytest.mark.parametrize("form", DUMPS)
def test_a_dump_comes_out_safe_loads_and_joins_as_before(
    form: str, shop: MariaDb, mariadb: MariaDb, key: Path, tmp_path: Path
):
    source, target = tmp_path / "winkel.sql", tmp_path / "veilig.sql"
    options, client = DUMPS[form]
    source.write_bytes(shop.dump(*options))
    result = api.run(source, target, key_file=key, assume_masked=True)
    assert [check.check for check in result.checks if check.outcome is not Outcome.PASSED] == []
    loaded = []
    for place, dump in (("voor", source), ("na", target)):
        database = mariadb.fresh(place)
        database.load(dump.read_bytes(), *client)
        loaded.append(database.tables())
    before, after = loaded
    assert {table: len(rows) for table, (_, rows) in before.items()} == {t: len(rows) for t, (_, rows) in after.items()}
    assert len(before["klant"][1]) == PEOPLE
    for table, names in NOT_PERSONAL.items():
        for name in names:
            assert keyed(before, table, name) == keyed(after, table, name), f"{table}.{name}"
    originals = {
        bytes.fromhex(value).decode()
        for table, name in PERSONAL
        for value in column(before, table, name)
        if value != "NULL"
    }
    for table, name in PERSONAL:
        assert not set(column(before, table, name)) & set(column(after, table, name)) - {"NULL"}, name
    mails, ordered = keyed(after, "klant", "email"), keyed(after, "bestelling", "klant_email")
    owners = keyed(after, "bestelling", "klant_id")
    assert [mails[owners[order]] for order in ordered] == list(ordered.values())
    assert len(set(mails.values())) == PEOPLE
    computed, first, last = (keyed(after, "klant", name) for name in ("volledig", "voornaam", "achternaam"))
    assert computed == {number: first[number] + "20" + last[number] for number in computed}
    long = {value for value in originals if "@" in value or value.startswith("+")}
    assert snapshots.survivors(long, target.read_bytes()) == 0


def test_routines_triggers_and_views_are_there_afterwards(shop: MariaDb, mariadb: MariaDb, key: Path, tmp_path: Path):
    source, target = tmp_path / "winkel.sql", tmp_path / "veilig.sql"
    source.write_bytes(shop.dump("--routines", "--events", "--triggers"))
    api.run(source, target, key_file=key, assume_masked=True)
    database = mariadb.fresh("na")
    database.load(target.read_bytes())
    assert database.query("SHOW TRIGGERS")[0][0] == "bij"
    assert [row[1] for row in database.query("SHOW EVENTS")] == ["opruimen"]
    assert database.query("CALL tel(@n); SELECT @n") == [[str(PEOPLE)]]
    assert len(database.query("SELECT * FROM actieven")) == PEOPLE


def test_one_person_has_one_pseudonym_in_every_form_of_the_dump(shop: MariaDb, key: Path, tmp_path: Path):
    found = []
    for form in ("as it comes", "one row a statement", "ansi"):
        source, target = tmp_path / f"{len(found)}.sql", tmp_path / f"{len(found)}-safe.sql"
        source.write_bytes(shop.dump(*DUMPS[form][0]))
        api.run(source, target, key_file=key, assume_masked=True)
        with Workspace() as workspace:
            opened = mysql_dump.open_source(open_input(str(target), workspace))
            (name,) = [table.name for table in opened.schema().tables if table.name.name == "klant"]
            found.append([
                row for part in opened.parts({name: ["email", "achternaam"]}) if isinstance(part, Rows)
                for row in part.batch.to_pylist()
            ])  # fmt: skip
    assert (found[0] == found[1], found[1] == found[2]) == (True, True)
