"""Results in another kind of database: types, keys and relations hold, real clients load it, and it is proved."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer import api, conversions, stores
from anonymizer import verify as proof
from anonymizer.conversions._definitions import default
from anonymizer.conversions._shapes import one_schema
from anonymizer.conversions._types import Kind, SqlType, arrow_type, fits, typed
from anonymizer.errors import TargetError
from anonymizer.model.result import Outcome
from anonymizer.model.schema import Column, Schema, Table, TableName, TypeFamily
from anonymizer.workspace import Workspace
from tests.fix_postgres import Database

ERP = Path(__file__).parent.parent.parent / "fixtures" / "erp"

SHOP = b"""
SET NAMES utf8mb4;
CREATE TABLE `country` (`code` char(2) NOT NULL, `name` varchar(40) NOT NULL, PRIMARY KEY (`code`));
INSERT INTO `country` VALUES ('BE','Belgi\xc3\xab'),('NL','Nederland');
CREATE TABLE `customer` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `first_name` varchar(40) DEFAULT NULL,
  `last_name` varchar(40) NOT NULL,
  `email` varchar(80) NOT NULL,
  `country` char(2) NOT NULL DEFAULT 'BE',
  `active` tinyint(1) NOT NULL DEFAULT 1,
  `level` enum('gold','silver') DEFAULT 'silver',
  `credit` decimal(10,2) NOT NULL DEFAULT 0.00,
  `huge` decimal(30,10) DEFAULT NULL,
  `serial` bigint(20) unsigned DEFAULT NULL,
  `ratio` double DEFAULT NULL,
  `seen` datetime DEFAULT NULL,
  `joined` date NOT NULL DEFAULT '2020-01-01',
  `opened` date NOT NULL,
  `lasting` time DEFAULT NULL,
  `logo` blob DEFAULT NULL,
  `made` timestamp NOT NULL DEFAULT current_timestamp(),
  PRIMARY KEY (`id`),
  UNIQUE KEY `email` (`email`),
  KEY `country` (`country`),
  CONSTRAINT `lives` FOREIGN KEY (`country`) REFERENCES `country` (`code`),
  CONSTRAINT `owed` CHECK (`credit` >= 0 and `credit` < 1000000)
);
INSERT INTO `customer` VALUES
(7,'Els','Peeters','els.peeters@telenet.be','BE',1,'gold',12.50,12345678901234567890.0123456789,18446744073709551615,1e-05,'2024-02-29 10:20:30','2024-01-01','2024-01-02','08:30:00',0x00ff5c0a,'2024-03-01 00:00:00'),
(9,NULL,'Janssens','janssens\\t\\\\x@skynet.be','NL',0,NULL,0.10,NULL,NULL,2.5,NULL,'0000-00-00','2024-01-02','100:00:00',NULL,'2024-03-01 10:00:00');
CREATE VIEW `v_customer` AS select 1 AS `one`;
"""  # noqa: E501 - the shape of a dump

RULES = """
format: 1
database: shop
packs: [personal]
tables:
  country: {keep: [code, name]}
  customer:
    columns: {first_name: first_name, last_name: last_name, email: email}
    keep: [id, country, active, level, credit, huge, serial, ratio, seen, joined, opened, lasting, logo, made]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.sql").write_bytes(SHOP)
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path / "shop.sql"


def test_a_mysql_dump_becomes_a_sqlite_file_with_types_keys_and_relations(shop: Path, tmp_path: Path):
    result = api.run(shop, tmp_path / "safe.sqlite", tmp_path / "rules.yaml")
    assert next(check for check in result.checks if check.check == "converted").outcome is Outcome.PASSED
    with sqlite3.connect(tmp_path / "safe.sqlite") as made:
        els = made.execute("SELECT * FROM customer WHERE id = 7").fetchone()
        assert els[4:11] == ("BE", 1, "gold", 12.5, "12345678901234567890.0123456789", "18446744073709551615", 1e-05)
        assert els[11:] == (
            "2024-02-29 10:20:30",
            "2024-01-01",
            "2024-01-02",
            "08:30:00",
            b"\x00\xff\\\n",
            "2024-03-01 00:00:00",
        )
        assert "peeters" not in str(els).lower()
        assert made.execute("PRAGMA foreign_key_check").fetchall() == []
        made.execute("INSERT INTO customer (last_name, email, opened) VALUES ('X', 'x@y.example', '2024-01-01')")
        assert made.execute("SELECT id, country, active, level FROM customer ORDER BY id").fetchall()[-1] == (
            10,
            "BE",
            1,
            "silver",
        )
        with pytest.raises(sqlite3.IntegrityError):
            made.execute("INSERT INTO customer (last_name, email, opened) VALUES ('X', 'x@y.example', '2024-01-01')")
        with pytest.raises(sqlite3.IntegrityError):
            made.execute("UPDATE customer SET credit = -1")


def test_a_mysql_dump_becomes_a_script_that_psql_loads(shop: Path, tmp_path: Path, database: Database):
    api.run(shop, tmp_path / "safe.pgsql", tmp_path / "rules.yaml")
    database.restore_plain(tmp_path / "safe.pgsql")
    assert database.query("SELECT id, active, level, credit, huge, serial, joined, logo FROM customer ORDER BY 1") == [
        "7 t gold 12.50 12345678901234567890.0123456789 18446744073709551615 2024-01-01 \\x00ff5c0a".split(),
        ["9", "f", "", "0.10", "", "", "0000-00-00", ""],
    ]
    types = dict(database.query("SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
                                " WHERE attrelid = 'customer'::regclass AND attnum > 0"))  # fmt: skip
    assert types["credit"] == "numeric(10,2)"
    assert types["seen"] == "timestamp without time zone"
    assert types["opened"] == "date"
    assert types["joined"] == "text", "it holds a date that there is not"
    database.query("INSERT INTO customer (last_name, email, opened) VALUES ('X', 'x@y.example', '2024-01-01')")
    assert database.query("SELECT max(id) FROM customer") == [["10"]]
    assert database.query("SELECT count(*) FROM pg_constraint WHERE conrelid = 'customer'::regclass"
                          " AND contype IN ('p', 'u', 'f', 'c')")[0][0] >= "4"  # fmt: skip


def test_what_does_not_come_over_is_named_before_a_row_is_read(shop: Path, tmp_path: Path):
    told = api.run(shop, tmp_path / "safe.sqlite", tmp_path / "rules.yaml", dry_run=True).warnings
    assert "view v_customer: left out" in told
    assert not (tmp_path / "safe.sqlite").exists()
    told = api.run(shop, tmp_path / "safe.sqlite", tmp_path / "rules.yaml").warnings
    assert any(line.startswith("customer.joined") and "became text" in line for line in told)


def test_people_are_the_same_whatever_kind_they_are_written_to(tmp_path: Path):
    rules, key = ERP / "erp.rules.yaml", tmp_path / "key"
    key.write_text(hashlib.sha256(b"a key for tests alone").hexdigest())
    key.chmod(0o600)
    api.run(ERP / "erp.sql", tmp_path / "safe.sqlite", rules, key)
    api.run(ERP / "erp.sql", tmp_path / "safe.sql", rules, key)
    script = (tmp_path / "safe.sql").read_text()
    with sqlite3.connect(tmp_path / "safe.sqlite") as made:
        names = [row[0] for row in made.execute("SELECT last_name FROM customer WHERE last_name IS NOT NULL")]
    assert len(names) > 5
    assert all(name in script for name in names)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE customer SET credit = credit + 1 WHERE id = 7",
        "UPDATE customer SET seen = NULL",
        "DELETE FROM customer WHERE id = 9",
        "INSERT INTO country VALUES ('FR', 'x')",
        "UPDATE customer SET logo = x'00'",
        "UPDATE customer SET first_name = '' WHERE first_name IS NULL",
        "UPDATE customer SET last_name = (SELECT last_name FROM customer WHERE id = 9)",
    ],
)
def test_a_conversion_that_lost_or_changed_something_is_noticed(shop: Path, tmp_path: Path, damage: str):
    made = tmp_path / "made.sqlite"
    with Workspace() as workspace:
        result = stores.open_input(str(shop), workspace)
        opened = stores.recognise(result).open_source(result)
        names, _ = conversions.convert(opened, conversions.of_suffix("x.sqlite"), made)

        def verdict() -> Outcome:
            landed = stores.open_input(str(made), workspace)
            schema = stores.recognise(landed).open_source(landed).schema()
            converted = landed, "SQLite file", schema
            return proof.verify_conversion(
                opened.schema(), names, (result, opened.kind), converted, workspace.path
            ).outcome

        assert verdict() is Outcome.PASSED
        with sqlite3.connect(made) as connection:
            connection.execute(damage)
        connection.close()
        assert verdict() is Outcome.FAILED


def test_tables_of_two_schemas_keep_apart_where_there_are_none():
    tables = [TableName("public", "t"), TableName("crm", "t"), TableName("crm", "T"), TableName("crm", "u")]
    names = one_schema(Schema(tuple(Table(name, (Column("n", "int", TypeFamily.INTEGER),)) for name in tables)))
    assert [names[name].name for name in tables] == ["t", "crm_t", "crm_T_2", "u"]


def test_a_name_that_postgresql_would_cut_off_is_refused():
    long = Schema((Table(TableName("", "t" * 64), ()),))
    with pytest.raises(TargetError, match="too long"):
        conversions.losses(long, conversions.of_suffix("x.pgsql"))


@given(st.lists(st.none() | st.binary(max_size=9)))
def test_bytes_come_back_from_their_digits(values: list[bytes | None]):
    texts = pa.array([None if value is None else "\\x" + value.hex() for value in values], pa.string())
    assert typed(texts, SqlType(Kind.BINARY)).to_pylist() == values
    assert typed(texts.slice(1), SqlType(Kind.BINARY)).to_pylist() == values[1:]


@pytest.mark.parametrize(
    ("value", "kind", "fitting"),
    [
        ("9223372036854775807", SqlType(Kind.BIGINT), True),
        ("9223372036854775808", SqlType(Kind.BIGINT), False),
        ("12.34", SqlType(Kind.DECIMAL, 4, 2), True),
        ("12.345", SqlType(Kind.DECIMAL, 4, 2), False),
        ("NaN", SqlType(Kind.DECIMAL, 38, 9), False),
        ("2024-02-30", SqlType(Kind.DATE), False),
        ("2024-02-29 10:00:00", SqlType(Kind.DATE), False),
        ("2024-02-29 10:00:00.1234567", SqlType(Kind.TIMESTAMP), False),
        ("infinity", SqlType(Kind.TIMESTAMP), False),
        ("2024-02-29 10:00:00+02", SqlType(Kind.TIMESTAMP_TZ), True),
        ("24:00:00", SqlType(Kind.TIME), False),
        ("yes", SqlType(Kind.BOOLEAN), False),
        ("\\x0", SqlType(Kind.BINARY), False),
        ("{bad", SqlType(Kind.JSON), False),
        ("0000", SqlType(Kind.UUID), False),
    ],
)
def test_a_value_fits_a_type_or_does_not(value: str, kind: SqlType, fitting: bool):
    assert fits(pa.array([value, None]), kind) is fitting
    if fitting and kind.kind not in (Kind.UUID, Kind.JSON):
        assert typed(pa.array([value]), kind).type == arrow_type(kind)


@pytest.mark.parametrize(
    ("written", "family", "kind", "source", "meant"),
    [
        ("'x'::character varying", TypeFamily.TEXT, SqlType(Kind.TEXT), "PostgreSQL plain dump", "'x'"),
        ("((0))", TypeFamily.INTEGER, SqlType(Kind.BIGINT), "SQL Server script", "0"),
        ("((1))", TypeFamily.BOOLEAN, SqlType(Kind.BOOLEAN), "SQL Server package", "TRUE"),
        ("(getdate())", TypeFamily.TIMESTAMP, SqlType(Kind.TIMESTAMP), "SQL Server script", "CURRENT_TIMESTAMP"),
        ("nextval('s'::regclass)", TypeFamily.INTEGER, SqlType(Kind.BIGINT), "PostgreSQL plain dump", None),
        ("'0000-00-00'", TypeFamily.DATE, SqlType(Kind.DATE), "MySQL dump", None),
    ],
)
def test_a_default_is_said_in_the_target_or_left_out(
    written: str, family: TypeFamily, kind: SqlType, source: str, meant: str | None
):
    assert default(Column("c", "t", family, default=written), kind, source, "postgres") == meant


ODD = """
CREATE TABLE owner (code TEXT PRIMARY KEY, ref CHAR(36));
CREATE TABLE thing (
  id INTEGER PRIMARY KEY, short VARCHAR(3), num INTEGER, small SMALLINT, hex INTEGER, ratio DOUBLE, flag BOOLEAN,
  seen TIMESTAMP,
  doc JSON, born DATE, owner TEXT REFERENCES owner (code), number_of TEXT REFERENCES thing (id),
  CHECK (num = 3 OR num), CHECK (num > -10)
);
INSERT INTO owner VALUES (NULL, 'x'), (NULL, 'y'), ('a', 'z');
INSERT INTO thing VALUES
  (1, 'abcdef', 9223372036854775807, 70000, '0x10', 9e999, 't', '2024-01-01 10:00:00', '{"b":NaN}', '0000-01-01',
   'a', '1'),
  (2, 'abc', 3, 1, 16, 0.5, 5, '2024-01-01 10:00:00+02', '{}', '2024-02-29', 'nobody', NULL);
"""
ODD_RULES = """
format: 1
tables:
  owner: {keep: [code, ref]}
  thing: {keep: [id, short, num, small, hex, ratio, flag, seen, doc, born, owner, number_of]}
"""


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "odd.sqlite") as made:
        made.executescript(ODD)
        many = [(None, f"{n}") for n in range(20_000)]
        made.executemany("INSERT INTO owner VALUES (?, ?)", [(f"k{n}", ref) for n, (_, ref) in enumerate(many)])
    made.close()
    (tmp_path / "rules.yaml").write_text(ODD_RULES)
    return tmp_path / "odd.sqlite"


def test_what_sqlite_lets_in_and_postgresql_does_not_comes_over_as_text_and_is_named(
    odd: Path, tmp_path: Path, database: Database
):
    told = api.run(odd, tmp_path / "safe.pgsql", tmp_path / "rules.yaml").warnings
    database.restore_plain(tmp_path / "safe.pgsql")
    rows = database.query("SELECT short, num, small, hex, ratio, flag, seen, doc, born, owner FROM thing ORDER BY id")
    assert rows[0] == [
        "abcdef",
        str(2**63 - 1),
        "70000",
        "0x10",
        "Infinity",
        "t",
        "2024-01-01 10:00:00",
        '{"b":NaN}',
        "0000-01-01",
        "a",
    ]
    assert rows[1][5] == "5"
    for column in ("hex", "flag", "doc", "born"):
        assert any(line.startswith(f"thing.{column}: ") for line in told), column
    assert "owner: its primary key holds nulls, so it is none there" in told
    assert any("foreign keys do not fit" in line for line in told)
    with pytest.raises(AssertionError, match="check"):
        database.query("INSERT INTO thing (id, num) VALUES (9, -11)")


def test_a_type_has_to_fit_the_first_rows_as_well_as_the_last(odd: Path, tmp_path: Path):
    result = api.run(odd, tmp_path / "safe.parquet", tmp_path / "rules.yaml")
    assert result.published
    thing = pq.read_table(tmp_path / "safe.parquet" / "thing.parquet")
    assert thing["flag"].to_pylist() == ["t", "5"]
    assert thing["seen"].to_pylist() == ["2024-01-01 10:00:00", "2024-01-01 10:00:00+02"]
    assert thing.schema.field("num").type == pa.int64()


def test_a_parquet_folder_has_types_nulls_and_keys(shop: Path, tmp_path: Path):
    api.run(shop, tmp_path / "safe.parquet", tmp_path / "rules.yaml")
    customer = pq.read_table(tmp_path / "safe.parquet" / "customer.parquet")
    assert customer.schema.field("credit").type == pa.decimal128(10, 2)
    assert customer.schema.field("opened").type == pa.date32()
    assert customer["logo"].to_pylist() == [b"\x00\xff\\\n", None]
    assert customer["first_name"].null_count == 1
    package = json.loads((tmp_path / "safe.parquet" / "datapackage.json").read_text())
    schema = next(each["schema"] for each in package["resources"] if each["name"] == "customer")
    assert schema["primaryKey"] == ["id"]
    assert schema["foreignKeys"] == [{"fields": ["country"], "reference": {"resource": "country", "fields": ["code"]}}]


def test_numbers_that_are_none_come_over_as_text(odd: Path, tmp_path: Path):
    told = api.run(odd, tmp_path / "again.sql", tmp_path / "rules.yaml").published
    assert told
    (tmp_path / "d.sql").write_text(
        "CREATE TABLE public.t (id integer PRIMARY KEY, x double precision);\n"
        "COPY public.t (id, x) FROM stdin;\n1\tNaN\n2\t-Infinity\n3\t1.5\n\\.\n"
    )
    (tmp_path / "d.yaml").write_text("format: 1\ntables:\n  public.t: {keep: [id, x]}\n")
    assert api.run(tmp_path / "d.sql", tmp_path / "d.sqlite", tmp_path / "d.yaml").published
    with sqlite3.connect(tmp_path / "d.sqlite") as made:
        assert made.execute("SELECT x FROM t ORDER BY id").fetchall() == [("NaN",), ("-Infinity",), ("1.5",)]


def test_a_sign_that_postgresql_does_not_store_is_told_with_its_column(tmp_path: Path):
    with sqlite3.connect(tmp_path / "nul.sqlite") as made:
        made.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)")
        made.execute("INSERT INTO t VALUES (1, ?)", ("a\0b",))
    made.close()
    (tmp_path / "rules.yaml").write_text("format: 1\ntables:\n  t: {keep: [id, x]}\n")
    with pytest.raises(TargetError, match=r"t\.x holds the character NUL"):
        api.run(tmp_path / "nul.sqlite", tmp_path / "safe.pgsql", tmp_path / "rules.yaml")
    assert not (tmp_path / "safe.pgsql").exists()


SCRIPT = """PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE land(code TEXT PRIMARY KEY, naam TEXT NOT NULL DEFAULT 'onbekend');
INSERT INTO land(code) VALUES('BE');
CREATE TABLE klant(id INTEGER PRIMARY KEY AUTOINCREMENT, naam TEXT, land TEXT DEFAULT 'BE' REFERENCES land(code));
INSERT INTO klant VALUES(null,'Annelies Vandecasteele','BE');
INSERT INTO klant(naam) VALUES('Hugo Schockaert'); INSERT INTO klant VALUES(17,'Mireille; Delvaux','BE');
INSERT INTO klant(naam) VALUES('Roger Poppe');
CREATE TABLE geteld(n INTEGER);
CREATE TRIGGER tel AFTER INSERT ON land BEGIN INSERT INTO geteld VALUES(1); SELECT 2; END;
INSERT INTO land VALUES('NL','Nederland');
CREATE VIEW namen AS SELECT naam FROM klant;
CREATE INDEX op_naam ON klant(naam);
COMMIT;
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "klanten.sql"
    file.write_text(SCRIPT, encoding="utf-8")
    return file


def test_numbers_and_defaults_that_sqlite_gives_to_the_rows_of_a_script_come_over(script: Path, tmp_path: Path):
    result = api.run(script, tmp_path / "veilig.db", assume_masked=True)
    assert result.published
    assert result.warnings == ()
    with sqlite3.connect(tmp_path / "veilig.db") as database:
        rows = database.execute("SELECT id, naam, land FROM klant ORDER BY id").fetchall()
        assert [(number, land) for number, _, land in rows] == [(1, "BE"), (2, "BE"), (17, "BE"), (18, "BE")]
        assert not {name for _, name, _ in rows} & {"Annelies Vandecasteele", "Hugo Schockaert", "Roger Poppe"}
        assert database.execute("SELECT code, naam FROM land").fetchall() == [("BE", "onbekend"), ("NL", "Nederland")]
        assert database.execute("SELECT count(*) FROM geteld").fetchall() == [(1,)]
        assert database.execute("SELECT count(*) FROM namen").fetchall() == [(4,)]


def test_they_come_over_into_parquet_as_well(script: Path, tmp_path: Path):
    api.run(script, tmp_path / "veilig.parquet", assume_masked=True)
    (file,) = (tmp_path / "veilig.parquet").rglob("klant*.parquet")
    assert pq.read_table(file).column("id").to_pylist() == [1, 2, 17, 18]


def test_a_script_that_sqlite_does_not_take_is_refused_with_its_line_and_leaves_nothing(script: Path, tmp_path: Path):
    text = SCRIPT.replace("VALUES('NL','Nederland')", "VALUES('BE','Vlaanderen')")
    script.write_text(text, encoding="utf-8")
    with pytest.raises(TargetError, match="line 11: SQLite does not take") as caught:
        api.run(script, tmp_path / "veilig.db", assume_masked=True)
    assert "Vlaanderen" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["klanten.sql"]


DEFAULTED = (
    "INSERT INTO `klant` (`id`,`naam`) VALUES (1,'Els Peeters')",
    "INSERT INTO `klant` VALUES (1,'Els Peeters',DEFAULT,'x')",
    "INSERT INTO `klant` VALUES (NULL,'Els Peeters','BE','x')",
)


@pytest.mark.parametrize("rows", DEFAULTED)
def test_values_that_only_the_database_knows_are_never_converted_to_null(rows: str, tmp_path: Path):
    table = "CREATE TABLE `klant` (`id` int NOT NULL AUTO_INCREMENT, `naam` varchar(40), `land` char(2) DEFAULT 'BE', "
    text = f"SET NAMES utf8mb4;\n{table}`nota` varchar(9), PRIMARY KEY (`id`)) ENGINE=InnoDB;\n{rows};\n"
    (tmp_path / "klant.sql").write_text(text, encoding="utf-8")
    with pytest.raises(TargetError, match="the script leaves values to the database"):
        api.run(tmp_path / "klant.sql", tmp_path / "klant.db", assume_masked=True)
    assert not (tmp_path / "klant.db").exists()


def test_a_column_without_a_default_that_the_script_does_not_name_is_null(tmp_path: Path):
    table = "CREATE TABLE `klant` (`id` int NOT NULL, `naam` varchar(40), `nota` varchar(9), PRIMARY KEY (`id`))"
    text = f"SET NAMES utf8mb4;\n{table} ENGINE=InnoDB;\nINSERT INTO `klant` (`id`,`naam`) VALUES (1,'Els Peeters');\n"
    (tmp_path / "klant.sql").write_text(text, encoding="utf-8")
    api.run(tmp_path / "klant.sql", tmp_path / "klant.db", assume_masked=True)
    with sqlite3.connect(tmp_path / "klant.db") as database:
        assert database.execute("SELECT id, nota FROM klant").fetchall() == [(1, None)]


SETS = """
SET NAMES utf8mb4;
CREATE TABLE `klant` (`id` int NOT NULL, `naam` varchar(40), `vlaggen` set('x','y','z'), `soort` enum('a','b'),
  `leverdatum` date, `moment` datetime, PRIMARY KEY (`id`)) ENGINE=InnoDB;
INSERT INTO `klant` VALUES (1,'Els Peeters','x,z','a','2009/1/1','2009/1/31 10:20:30'),
(2,'Jan Maes','','','2009/12/3',NULL);
"""


def test_values_that_no_label_of_a_set_or_enum_is_come_over_without_its_constraint(tmp_path: Path, database: Database):
    (tmp_path / "klant.sql").write_text(SETS, encoding="utf-8")
    result = api.run(tmp_path / "klant.sql", tmp_path / "klant.pgsql", assume_masked=True)
    assert any("CHECK constraints are left out" in warning for warning in result.warnings)
    database.restore_plain(tmp_path / "klant.pgsql")
    assert database.query("SELECT vlaggen, soort FROM klant ORDER BY id") == [["x,z", "a"], ["", ""]]


def test_days_between_slashes_are_dates(tmp_path: Path, database: Database):
    (tmp_path / "klant.sql").write_text(SETS, encoding="utf-8")
    api.run(tmp_path / "klant.sql", tmp_path / "klant.pgsql", assume_masked=True)
    database.restore_plain(tmp_path / "klant.pgsql")
    found = database.query("SELECT pg_typeof(leverdatum)::text, leverdatum::text, moment::text FROM klant ORDER BY id")
    assert found == [["date", "2009-01-01", "2009-01-31 10:20:30"], ["date", "2009-12-03", ""]]


def test_a_table_without_columns_is_left_out_by_name_where_there_can_be_none(tmp_path: Path):
    tables = "CREATE TABLE public.leeg (\n);\nCREATE TABLE public.klant (\n    naam text\n);\n"
    script = "SET standard_conforming_strings = on;\n" + tables
    rows = "COPY public.klant (naam) FROM stdin;\nEls Peeters\nJan Maes\n\\.\n"
    head, foot = "--\n-- PostgreSQL database dump\n--\n\n", "\n--\n-- PostgreSQL database dump complete\n--\n"
    (tmp_path / "dump.sql").write_text(head + script + rows + foot)
    result = api.run(tmp_path / "dump.sql", tmp_path / "veilig.db", assume_masked=True)
    assert "public.leeg: has no columns of its own, left out" in result.warnings
    with sqlite3.connect(tmp_path / "veilig.db") as database:
        assert database.execute("SELECT count(*) FROM klant").fetchall() == [(2,)]
