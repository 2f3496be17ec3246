"""MySQL and MariaDB scripts: every way to write rows, rules of quotation, definitions, and what is refused."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer import api
from anonymizer.contracts import Rows
from anonymizer.errors import SourceError, TargetError
from anonymizer.model.result import Outcome
from anonymizer.model.schema import Schema, TableName, TypeFamily
from anonymizer.stores import mysql_dump, pg_plain, sqlite_dump
from anonymizer.stores._mysql.text import MysqlText
from anonymizer.stores._sql.script_sink import ScriptSink
from anonymizer.verify._reader import Block, Text, open_reader

SECRET = "Wilhelmina"
TABLE = "CREATE TABLE t (a int, b varchar(80), c blob);\n"


class Script:
    """A script in memory."""

    name, path = "script.sql", Path("/nonexistent")

    def __init__(self, text: str | bytes) -> None:
        self.data = text.encode() if isinstance(text, str) else text

    def head(self, size: int) -> bytes:
        return self.data[:size]

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)


def schema(text: str | bytes) -> Schema:
    return mysql_dump.open_source(Script(text)).schema()  # type: ignore[arg-type]


def cells(text: str | bytes) -> list[dict[str, str | None]]:
    """All rows with all columns, by the store."""
    source = mysql_dump.open_source(Script(text))  # type: ignore[arg-type]
    wanted = {t.name: [c.name for c in t.columns if not c.generated] for t in source.schema().tables}
    return [row for part in source.parts(wanted) if isinstance(part, Rows) for row in part.batch.to_pylist()]


def proved(text: str | bytes) -> list[dict[str, str | None]]:
    """The same by the verifier's own reader."""
    reader = open_reader(Script(text), mysql_dump.NAME, schema(text))  # type: ignore[arg-type]
    return [row for part in reader.parts() if isinstance(part, Block) for row in part.batch().to_pylist()]


def rewritten(text: str | bytes, folder: Path, column: str = "", change: Callable[[str], str | None] = str) -> bytes:
    """The result with one column changed."""
    source = mysql_dump.open_source(Script(text))  # type: ignore[arg-type]
    wanted = {t.name: [c.name for c in t.columns if not c.generated] for t in source.schema().tables}
    target = folder / "out.sql"
    target.unlink(missing_ok=True)
    sink = ScriptSink(target)
    for part in source.parts(wanted):
        if isinstance(part, Rows) and column in part.batch.schema.names:
            place = part.batch.schema.get_field_index(column)
            old = part.batch.column(place).to_pylist()
            new = pa.array([None if cell is None else change(cell) for cell in old], pa.string())
            part = Rows(part.table, part.batch.set_column(place, column, new), part.frame)
        sink.write(part)
    sink.close()
    return target.read_bytes()


def refused(text: str | bytes) -> str:
    with pytest.raises(SourceError) as fault:
        cells(text)
    assert SECRET not in str(fault.value)
    return str(fault.value)


# --- rows -------------------------------------------------------------------------------------------------------

ROW = {"a": "1", "b": 'O\'Hara "x" \\ \n', "c": "\\x00ff"}
SHAPES = {
    "extended": r"INSERT INTO `t` VALUES (1,'O\'Hara \"x\" \\ \n',0x00FF),(2,NULL,NULL);",
    "one row a statement": r"INSERT INTO t VALUES (1,'O''Hara \"x\" \\ \n',x'00ff');"
    "INSERT INTO t VALUES (2,NULL,NULL);",
    "complete": r"INSERT  IGNORE INTO `t` (`a`, `b`, `c`) VALUES (1,'O\'Hara \"x\" \\ \n',0x00FF),(2,NULL,NULL);",
    "in another order": r"REPLACE INTO t (c, B, a) VALUES (0x00ff,'O\'Hara \"x\" \\ \n',1),(NULL,NULL,2);",
    "delayed": r"INSERT DELAYED IGNORE INTO t VALUES(1,'O\'Hara \"x\" \\ \n',_binary 0x00FF) , (2,NULL,NULL) ;",
    "without INTO": r"insert t value (1,'O\'Hara \"x\" \\ \n',_binary '\0" + "\udcff" + r"'),(2,null,\N);",
    "double quotes": r"""INSERT INTO t VALUES (1,"O'Hara ""x\" \\ \n",0x00FF),(2,NULL,NULL);""",
    "with comments": "INSERT INTO t VALUES # first\n(1,/* b */ 'O\\'Hara \"x\" \\\\ \\n', 0x00FF), -- one\n"
    "(2,NULL,NULL);",
    "with a clause": r"INSERT INTO t VALUES (1,'O\'Hara \"x\" \\ \n',0x00FF),(2,NULL,NULL) ON DUPLICATE KEY UPDATE"
    " `b` = VALUES(`b`);",
    "with a prefix": r"INSERT INTO t VALUES (1,_utf8mb4'O\'Hara \"x\" \\ \n',0x00FF),(2,NULL,NULL);",
    "national": r"INSERT INTO t VALUES (1,N'O\'Hara \"x\" \\ \n',0x00FF),(2,NULL,NULL);",
    "of a database": r"USE shop; INSERT INTO shop.`T` VALUES (1,'O\'Hara \"x\" \\ \n',0x00FF),(2,NULL,NULL);",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_rows_are_read_in_every_shape_and_come_back_byte_for_byte(shape: str, tmp_path: Path):
    text = TABLE.replace("int", "int", 1) + SHAPES[shape]
    if shape == "of a database":
        text = "CREATE DATABASE shop;\nUSE shop;\n" + text
    data = text.encode("utf-8", "surrogateescape")
    expected = [ROW, {"a": "2", "b": None, "c": None}]
    assert [{name: row[name] for name in ROW} for row in cells(data)] == expected
    assert [{name: row[name] for name in ROW} for row in proved(data)] == expected
    assert rewritten(data, tmp_path) == data


@pytest.mark.parametrize("shape", SHAPES)
def test_a_changed_text_is_the_only_difference_in_every_shape(shape: str, tmp_path: Path):
    text = TABLE + SHAPES[shape]
    if shape == "of a database":
        text = "CREATE DATABASE shop;\nUSE shop;\n" + text
    data = text.encode("utf-8", "surrogateescape")
    result = rewritten(data, tmp_path, "b", lambda _: "D'Arc \\ 'é'\n")
    assert rb"'D\'Arc \\ \'" + "é".encode() + rb"\'\n'" in result
    assert [row["b"] for row in cells(result)] == ["D'Arc \\ 'é'\n", None]
    assert [(row["a"], row["c"]) for row in proved(result)] == [("1", "\\x00ff"), ("2", None)]


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        ("0x00FF", "\\x0a", "0x0a"),
        ("0x00FF", "\\x", "''"),
        ("_binary 'ab'", "\\x6363", "0x6363"),
        ("x'00ff'", "\\x01", "0x01"),
        ("NULL", "\\x01", "NULL"),
    ],
)
def test_bytes_are_written_as_bytes(old: str, new: str, written: str, tmp_path: Path):
    data = f"{TABLE}INSERT INTO t VALUES (1,'x',{old});"
    assert rewritten(data, tmp_path, "c", lambda _: new).decode().endswith(f"(1,'x',{written});")


def test_a_number_stays_bare_and_a_quoted_number_quoted(tmp_path: Path):
    data = "CREATE TABLE t (a int, b decimal(9,2));INSERT INTO t VALUES (1,1.50),('2','-2.5'),(NULL,NULL);"
    result = rewritten(data, tmp_path, "b", lambda cell: cell.replace("5", "7")).decode()
    assert result.endswith("(1,1.70),('2','-2.7'),(NULL,NULL);")


def test_without_backslash_escapes_a_backslash_is_itself(tmp_path: Path):
    for mode in ("NO_BACKSLASH_ESCAPES", "no_auto_value_on_zero,NO_BACKSLASH_ESCAPES"):
        data = f"/*!40101 SET @OLD=@@SQL_MODE, SQL_MODE='{mode}' */;\n{TABLE}"
        data += "INSERT INTO t VALUES (1,'a\\',''),(2,'\\n','');"
        assert [row["b"] for row in cells(data)] == ["a\\", "\\n"]
        assert [row["b"] for row in proved(data)] == ["a\\", "\\n"]
        assert b"(1,'it''s\\',''),(2," in rewritten(data, tmp_path, "b", lambda c: c.replace("a", "it's"))
        again = data + "SET SQL_MODE=@OLD;INSERT INTO t VALUES (3,'\\'','');"
        assert [row["b"] for row in cells(again)] == ["a\\", "\\n", "'"]
        assert [row["b"] for row in proved(again)] == ["a\\", "\\n", "'"]


def test_under_ansi_quotes_double_quotes_hold_names():
    data = 'SET sql_mode=\'ANSI\';\nCREATE TABLE "My ""T" ("a" int);\nINSERT INTO "My ""T" ("a") VALUES (1);'
    assert schema(data).tables[0].name == TableName("", 'My "T')
    assert cells(data) == proved(data) == [{"a": "1"}]


def test_ansi_names_are_read_where_no_mode_was_stated():
    data = 'CREATE TABLE "t" ("a" int, "b" varchar(9) COMMENT \'x\', PRIMARY KEY ("a"));\n'
    data += 'INSERT INTO "t" VALUES (1,\'x"y\');'
    assert schema(data).tables[0].primary_key == ("a",)
    assert cells(data) == proved(data) == [{"a": "1", "b": 'x"y'}]


def test_values_of_computed_columns_are_left_to_the_database_in_rows_that_change(tmp_path: Path):
    table = "CREATE TABLE t (a int, b varchar(9), f varchar(20) GENERATED ALWAYS AS (concat(`b`,'!')) VIRTUAL);\n"
    data = table + "INSERT INTO t VALUES (1,'Jan','Jan!'),(2,'Piet','Piet!');"
    assert schema(data).tables[0].columns[2].generated
    assert rewritten(data, tmp_path) == data.encode()
    result = rewritten(data, tmp_path, "b", lambda cell: "Els" if cell == "Jan" else cell)
    assert result.decode() == table + "INSERT INTO t VALUES (1,'Els',DEFAULT),(2,'Piet','Piet!');"


def test_the_verifier_shows_values_of_computed_columns_and_comments_among_rows():
    data = (
        "CREATE TABLE t (a int, f varchar(20) AS (concat(`a`,'!')) STORED);\n"
        f"INSERT INTO t VALUES (1,'{SECRET}!') /* of Karel */,(2,DEFAULT);"
    )
    texts = [p for p in open_reader(Script(data), mysql_dump.NAME, schema(data)).parts() if isinstance(p, Text)]  # type: ignore[arg-type]
    assert any(SECRET.encode() in text.data and not text.fixed for text in texts)
    assert any(b"of Karel" in text.data for text in texts)


def test_bits_are_numbers(tmp_path: Path):
    data = "CREATE TABLE t (a bit(1), b bit(8));INSERT INTO t VALUES (b'1',0x05),('\\0','\x07'),(1,NULL);"
    expected = [{"a": "1", "b": "5"}, {"a": "0", "b": "7"}, {"a": "1", "b": None}]
    assert cells(data) == proved(data) == expected
    assert b"(0,0x05),(0," in rewritten(data, tmp_path, "a", lambda _: "0").replace(b"'\\0'", b"0")


def test_an_expression_is_kept_where_nobody_asks_for_it_and_refused_where_somebody_does(tmp_path: Path):
    data = "CREATE TABLE t (a int, p point, d datetime);"
    data += "INSERT INTO t VALUES (1,ST_GeomFromText('POINT(1 2)', 4326),now());"
    source = mysql_dump.open_source(Script(data))  # type: ignore[arg-type]
    (rows,) = [part for part in source.parts({TableName("", "t"): ["a"]}) if isinstance(part, Rows)]
    assert rows.batch.to_pydict() == {"a": ["1"]}
    assert [part.batch["p"].to_pylist() for part in source.sample(3)] == [[None]]
    assert "t.p, line 1" in refused(data)


# --- character sets ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "encoding", "codec"),
    [
        ("SET NAMES utf8mb4;", "utf-8", "utf-8"),
        ("", "utf-8", "utf-8"),
        ("", "cp1252", "cp1252"),
        ("/*!40101 SET NAMES latin1 */;", "cp1252", "cp1252"),
        ("/*!40101 SET NAMES binary*/;", "utf-8", "utf-8"),
        ("SET NAMES 'latin2';", "iso8859_2", "iso8859_2"),
        ("/*!40101 SET NAMES utf8 */;/*!50503 SET NAMES utf8mb4 */;", "utf-8", "utf-8"),
    ],
)
def test_text_is_read_and_written_in_the_stated_character_set(stated: str, encoding: str, codec: str, tmp_path: Path):
    data = f"{stated}{TABLE}INSERT INTO t VALUES (1,'Zoë Müller','');".encode(encoding)
    assert schema(data).encoding == codec
    assert [row["b"] for row in cells(data)] == [row["b"] for row in proved(data)] == ["Zoë Müller"]
    assert "(1,'Zoé',".encode(encoding) in rewritten(data, tmp_path, "b", lambda _: "Zoé")


def test_definitions_are_in_utf8_while_rows_are_in_latin1():
    data = b"SET NAMES latin1;/*!40101 SET @saved = @@character_set_client */;"
    data += b"/*!50503 SET character_set_client = utf8mb4 */;"
    data += "CREATE TABLE `café` (`naïf` varchar(9));/*!40101 SET character_set_client = @saved */;".encode()
    data += "INSERT INTO `café` (`naïf`) VALUES ('é');".encode("latin-1")
    assert str(schema(data).tables[0].name) == "café"
    assert cells(data) == proved(data) == [{"naïf": "é"}]


def test_bytes_that_windows_leaves_open_do_not_stop_latin1():
    data = b"SET NAMES latin1;" + TABLE.encode() + b"INSERT INTO t VALUES (1,'\x81\x80\xe9','');"
    assert [row["b"] for row in cells(data)] == [row["b"] for row in proved(data)] == ["\x81€é"]


def test_raw_bytes_do_not_spoil_the_character_set_of_the_rest():
    data = f"/*!40101 SET NAMES binary*/;{TABLE}INSERT INTO t VALUES (1,'Zoë',_binary 'X');".encode().replace(
        b"X", b"\xff\\'\xfe"
    )
    assert cells(data) == proved(data) == [{"a": "1", "b": "Zoë", "c": "\\xff27fe"}]


@pytest.mark.parametrize("name", ["gbk", "sjis", "big5", "utf16"])
def test_a_character_set_in_which_a_byte_may_be_half_a_letter_is_refused(name: str):
    assert "utf8mb4" in refused(f"SET NAMES {name};{TABLE}INSERT INTO t VALUES (1,'{SECRET}','');")


def test_a_pseudonym_that_the_character_set_lacks_loses_its_accents_or_is_refused(tmp_path: Path):
    data = f"SET NAMES latin1;{TABLE}INSERT INTO t VALUES (1,'x','');"
    assert b"(1,'Lecki','')" in rewritten(data, tmp_path, "b", lambda _: "Łęcki".replace("Ł", "L"))
    with pytest.raises(TargetError):
        rewritten(data, tmp_path, "b", lambda _: "漢字")


# --- definitions ------------------------------------------------------------------------------------------------

CRM = """\
CREATE TABLE IF NOT EXISTS `klant` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'nummer; van de klant',
  `naam` varchar(60) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  `geslacht` enum('m','v','it''s') DEFAULT NULL,
  `talen` set('nl','fr') CHARACTER SET latin1 NOT NULL,
  `saldo` decimal(10,2) unsigned DEFAULT '0.00',
  `actief` tinyint(1) DEFAULT 1,
  `geboren` date DEFAULT '0000-00-00',
  `jaar` year(4) DEFAULT NULL,
  `gewijzigd` timestamp(6) NOT NULL DEFAULT current_timestamp(6) ON UPDATE current_timestamp(6),
  `plaats` point NOT NULL /*!80003 SRID 4326 */,
  `sleutel` uuid DEFAULT uuid(),
  `ip` inet6 DEFAULT NULL,
  `extra` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`extra`)),
  `json` json DEFAULT (json_object()),
  `foto` mediumblob,
  `ruw` varchar(20) CHARACTER SET binary DEFAULT NULL,
  `vlag` bit(1) NOT NULL DEFAULT b'0',
  `dubbel` int GENERATED ALWAYS AS (`id` * 2) STORED,
  `verborgen` int(11) INVISIBLE DEFAULT 3,
  PRIMARY KEY (`id`) USING BTREE,
  UNIQUE KEY `op_naam` (`naam`(20),`geboren` DESC) /*!80000 INVISIBLE */,
  FULLTEXT KEY `zoek` (`naam`) /*!50100 WITH PARSER `ngram` */,
  SPATIAL KEY `plek` (`plaats`),
  KEY `expr` ((lower(`naam`))),
  CONSTRAINT `c1` CHECK (`saldo` >= 0)
) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COMMENT='de ''klanten'''
/*!50100 PARTITION BY RANGE (id)
(PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB,
 PARTITION p1 VALUES LESS THAN MAXVALUE ENGINE = InnoDB) */;
CREATE TABLE factuur (id serial, klant_id int unsigned REFERENCES niets (x), Bedrag double precision, tekst text,
  FOREIGN KEY fk (klant_id) REFERENCES `KLANT` (`ID`) ON DELETE SET NULL ON UPDATE CASCADE);
"""


def test_a_definition_gives_types_lengths_keys_comments_and_labels():
    klant, factuur = schema(CRM).tables
    families = {column.name: column.family.value for column in klant.columns}
    assert families == {
        "id": "integer", "naam": "text", "geslacht": "enum", "talen": "enum", "saldo": "number", "actief": "boolean",
        "geboren": "date", "jaar": "enum", "gewijzigd": "timestamp", "plaats": "geometry", "sleutel": "uuid",
        "ip": "network", "extra": "json", "json": "json", "foto": "binary", "ruw": "binary", "vlag": "boolean",
        "dubbel": "integer", "verborgen": "integer",
    }  # fmt: skip
    assert klant.column("id").type == "int(10) unsigned"
    assert klant.column("id").comment == "nummer; van de klant"
    assert klant.column("id").default == "auto_increment"
    assert (klant.column("naam").length, klant.column("naam").nullable) == (60, False)
    assert klant.column("geslacht").labels == ("m", "v", "it's")
    assert klant.column("geboren").nullable
    assert klant.column("dubbel").generated
    assert klant.column("gewijzigd").default == "current_timestamp(6)"
    assert klant.primary_key == ("id",)
    assert klant.unique == (("naam", "geboren"),)
    assert klant.comment == "de 'klanten'"
    assert klant.partition_key == ("id",)
    assert [check.replace("`", "") for check in klant.checks] == ["json_valid(extra)", "saldo >= 0"]
    (key,) = factuur.foreign_keys
    assert (key.columns, key.references, key.referenced, key.name) == (("klant_id",), klant.name, ("id",), "fk")
    assert factuur.column("Bedrag").family is TypeFamily.NUMBER


def test_keys_and_relations_that_follow_the_rows_count_as_well():
    tables = schema(
        "CREATE TABLE `a` (`id` int(11) NOT NULL, `mail` varchar(9), `b_id` int) ;\nINSERT INTO a VALUES (1,'x',1);\n"
        "CREATE TABLE `b` (`id` int(11) NOT NULL);\n"
        "ALTER TABLE `a`\n  ADD PRIMARY KEY (`id`),\n  ADD UNIQUE KEY `m` (`mail`),\n  ADD KEY `k` (`b_id`);\n"
        "ALTER TABLE `b` ADD PRIMARY KEY (`id`);\n"
        "ALTER TABLE `a` MODIFY `id` int(11) NOT NULL AUTO_INCREMENT, AUTO_INCREMENT=5;\n"
        "CREATE UNIQUE INDEX u USING BTREE ON b (id);\n"
        "ALTER TABLE `a` ADD CONSTRAINT `fk` FOREIGN KEY (`b_id`) REFERENCES `b` (`id`) ON DELETE CASCADE;\n"
        "/*!40000 ALTER TABLE `a` DISABLE KEYS */;\n"
    ).tables
    a, b = tables
    assert (a.primary_key, a.unique, b.unique) == (("id",), (("mail",),), (("id",),))
    assert a.foreign_keys[0].references == b.name
    assert a.column("id").default == "auto_increment"


def test_versioned_tables_are_tables():
    data = "CREATE TABLE `t` (`a` int, `b` text) ENGINE=InnoDB WITH SYSTEM VERSIONING PARTITION BY HASH (a);"
    assert [column.name for column in schema(data).tables[0].columns] == ["a", "b"]
    refused("CREATE TABLE t (a int) WITH x AS (SELECT 1) SELECT * FROM x;")


@pytest.mark.parametrize(
    "head", ["INSERT INTO `t;1` (`a;`, `b (`) VALUES (1,'x');", 'INSERT INTO `t;1` (`a;`, `b (`) VALUES (1,"x");']
)
def test_names_may_hold_what_ends_statements_and_rows(head: str, tmp_path: Path):
    data = f"CREATE TABLE `t;1` (`a;` int, `b (` text);\n{head}\n{head}"
    assert cells(data) == proved(data) == [{"a;": "1", "b (": "x"}] * 2
    assert rewritten(data, tmp_path) == data.encode()


def test_a_nul_in_a_text_of_another_character_set_stays(tmp_path: Path):
    data = f"SET NAMES latin1;{TABLE}INSERT INTO t VALUES (1,'Zo\\0\u00eb',''),(2,'x','');".encode("latin-1")
    assert [row["b"] for row in cells(data)] == [row["b"] for row in proved(data)] == ["Zo\0\u00eb", "x"]
    assert b"'\xe9\\0'" in rewritten(data, tmp_path, "b", lambda _: "\u00e9\0")


def test_texts_in_several_character_sets_as_they_are_stored_are_refused():
    data = f"/*!40101 SET NAMES binary*/;{TABLE}INSERT INTO t VALUES (1,'Zo\u00eb','');\n".encode()
    mixed = data + "INSERT INTO t VALUES (2,'Ren\u00e9','');".encode("latin-1")
    assert cells(data) == proved(data)
    assert "several character sets" in refused(mixed)


def test_texts_that_are_written_in_hexadecimal_are_texts():
    data = (
        "SET NAMES binary;CREATE TABLE t (a int, b varchar(9));INSERT INTO t VALUES (1,0x4a616e),(2,UNHEX('456c73'));"
    )
    assert cells(data) == proved(data) == [{"a": "1", "b": "Jan"}, {"a": "2", "b": "Els"}]


def test_stand_ins_for_views_are_no_tables():
    data = (
        "CREATE TABLE a (id int);\n/*!50001 CREATE TABLE `v` (\n  `id` tinyint NOT NULL\n) ENGINE=MyISAM */;\n"
        "/*!50001 CREATE VIEW `w` AS SELECT 1 AS `id`*/;\n/*!50001 DROP TABLE IF EXISTS `v`*/;\n"
        "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`root`@`localhost` SQL SECURITY DEFINER */\n"
        "/*!50001 VIEW `v` AS select `a`.`id` AS `id` from `a` where 'x' <> ';' */;\n"
    )
    assert [str(table.name) for table in schema(data).tables] == ["a"]


def test_tables_are_named_by_their_database_only_where_there_are_several():
    one = "CREATE DATABASE x;USE x;CREATE TABLE t (a int);INSERT INTO t VALUES (1);"
    two = one + "USE `y`;CREATE TABLE t (b int);INSERT INTO t VALUES (2);INSERT INTO x.t VALUES (3);"
    assert [str(table.name) for table in schema(one).tables] == ["t"]
    assert [str(table.name) for table in schema(two).tables] == ["x.t", "y.t"]
    assert cells(two) == proved(two) == [{"a": "1"}, {"b": "2"}, {"a": "3"}]


def test_an_unknown_type_stops_the_run():
    assert "zorgcode" in refused("CREATE TABLE t (a zorgcode(9));")


# --- routines, and what is refused ------------------------------------------------------------------------------

ROUTINES = """\
CREATE TABLE t (a int);
/*!50003 SET sql_mode = 'STRICT_TRANS_TABLES' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `tr` BEFORE INSERT ON `t` FOR EACH ROW BEGIN
  -- a comment; with it's quote
  IF NEW.a > 1 THEN SET NEW.a = CASE WHEN 1 THEN 2 ELSE 3 END; END IF;
  INSERT INTO log VALUES ('x;;y');
END */;;
DELIMITER //
CREATE DEFINER=`root`@`%` PROCEDURE `p`(IN x INT)
BEGIN
  DECLARE n INT DEFAULT 4 / 2;
  WHILE n DO SET n = n - 1; END WHILE;
  CASE x WHEN 1 THEN SELECT 1; ELSE BEGIN END; END CASE;
END //
DELIMITER $$
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t$$
DELIMITER ;
INSERT INTO t VALUES (1);
"""


def test_routines_triggers_and_events_pass_as_they_stand(tmp_path: Path):
    assert cells(ROUTINES) == proved(ROUTINES) == [{"a": "1"}]
    assert rewritten(ROUTINES, tmp_path) == ROUTINES.encode()


def test_the_pieces_are_the_script_however_it_is_read():
    for text in (ROUTINES, CRM, TABLE + SHAPES["extended"] + "-- the end", SHAPES["with comments"] + "\n/* x */"):
        whole = [(piece.kind, bytes(piece.data)) for piece in MysqlText(io.BytesIO(text.encode()))]
        assert b"".join(data for _, data in whole) == text.encode()
        for size in (1, 3, 17, 64, 1000):
            again = [(piece.kind, bytes(piece.data)) for piece in MysqlText(io.BytesIO(text.encode()), size)]
            assert b"".join(data for _, data in again) == text.encode()
            statements = [[d for kind, d in pieces if kind.name == "STATEMENT"] for pieces in (whole, again)]
            assert statements[0] == statements[1]


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE t SET b = '{SECRET}';",
        f"INSERT INTO t SET b = '{SECRET}';",
        f"INSERT INTO t SELECT '{SECRET}';",
        f"INSERT INTO t (a) VALUES ROW('{SECRET}');",
        f"INSERT INTO t VALUES (1,'x','') ON DUPLICATE KEY UPDATE b = '{SECRET}';",
        f"/*!50000 INSERT INTO t VALUES (1,'{SECRET}',''); */",
        f"/*!50000 INSERT INTO t VALUES (1,'{SECRET}','') */;",
        f"CREATE TABLE u AS SELECT '{SECRET}' AS x;",
        f"CREATE TABLE u (x int) ENGINE=InnoDB SELECT '{SECRET}';",
        f"CREATE TABLE u (x varchar(9)) REPLACE (SELECT '{SECRET}');",
        f"LOAD DATA INFILE '{SECRET}' INTO TABLE t;",
        f"CALL p('{SECRET}');",
        f"SET @s = '{SECRET}'; PREPARE q FROM @s; EXECUTE q;",
        f"SELECT '{SECRET}' INTO OUTFILE 'x';",
        f"ANALYZE TABLE t UPDATE HISTOGRAM ON b USING DATA '{SECRET}';",
        f"source {SECRET}.sql\nSELECT 1;",
        f"\\. {SECRET}.sql\n",
        f"\\! rm {SECRET}\n",
        f"system rm {SECRET}\n;",
        f"USE shop\nINSERT INTO t VALUES (1,'{SECRET}','');",
        f"USE shop INSERT INTO t VALUES (1,'{SECRET}','');",
        f"SET @a = 1 \\g INSERT INTO t VALUES (1,'{SECRET}','');",
        f"DELIMITER //\nSET @a = 1; INSERT INTO t VALUES (1,'{SECRET}','') //",
        f"DELIMITER //\nINSERT INTO t VALUES (1,'{SECRET}','') //",
        f"DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END; INSERT INTO t VALUES (1,'{SECRET}','') //",
        f"CREATE USER x IDENTIFIED BY '{SECRET}';",
        f"SET PASSWORD FOR x = '{SECRET}';",
        f"CREATE TABLE f (a int) ENGINE=FEDERATED CONNECTION='mysql://u:{SECRET}@h/d';",
        f"CHANGE MASTER TO MASTER_PASSWORD='{SECRET}';",
        f"INSERT INTO unknown VALUES ('{SECRET}');",
        f"INSERT INTO t (zzz) VALUES ('{SECRET}');",
        f"INSERT INTO t VALUES (1,'{SECRET}');",
        f"INSERT INTO t VALUES (1,'{SECRET}','' '');",
        f"INSERT INTO t VALUES (1,'{SECRET}','');DROP TABLE t;",
        f"INSERT INTO t VALUES (1,'{SECRET}','');ALTER TABLE t DROP COLUMN a;",
        f"INSERT INTO t VALUES (1,'{SECRET}','');RENAME TABLE t TO u;",
        f"SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES');INSERT INTO t VALUES (1,'{SECRET}','');",
        f"FROBNICATE '{SECRET}';",
        f"LOCK TABLES t WRITE;INSERT INTO t VALUES (1,'{SECRET}','');",
        f"-- MySQL dump 10.13\nINSERT INTO t VALUES (1,'{SECRET}','');",
        f"INSERT INTO t VALUES (1,'{SECRET}",
        f"/* {SECRET}",
        f"CREATE TABLE u (a int, b '{SECRET}');",
    ],
)  # fmt: skip
def test_what_could_carry_rows_or_secrets_and_is_not_understood_is_refused(statement: str):
    message = refused(TABLE + statement)
    assert "line " in message or "truncated" in message or "t.c" in message


def test_the_line_of_a_fault_is_named():
    assert "line 4" in refused(TABLE + "\n\nUPDATE t SET a = 1;")


# --- recognition ------------------------------------------------------------------------------------------------

KNOWN = {
    "mysqldump": "-- MySQL dump 10.13  Distrib 8.0.32\n/*!40101 SET NAMES utf8 */;\nCREATE TABLE `k` (`id` int);\n"
    "-- Dump completed",
    "mariadb-dump": "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\nCREATE TABLE `k` (`id` int);\n"
    "-- Dump completed",
    "compact": "/*!40101 SET @saved_cs_client     = @@character_set_client */;\nCREATE TABLE `k` (`id` int);",
    "phpMyAdmin": '-- phpMyAdmin SQL Dump\n-- version 5.2.1\n\nSET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";\n'
    "START TRANSACTION;\nCREATE TABLE `k` (`id` int(11) NOT NULL) ENGINE=InnoDB;\nCOMMIT;",
    "HeidiSQL": "-- ------\n-- HeidiSQL Version:             12.6\n"
    "CREATE TABLE IF NOT EXISTS `k` (`id` int) ENGINE=MyISAM;\n"
    "/*!40000 ALTER TABLE `k` DISABLE KEYS */;\nINSERT INTO `k` (`id`) VALUES\n\t(1),\n\t(2);",
    "Adminer": "-- Adminer 4.8.1 MySQL 8.0.30 dump\n\nSET NAMES utf8;\nSET time_zone = '+00:00';\n"
    "DROP TABLE IF EXISTS `k`;\n"
    "CREATE TABLE `k` (\n  `id` int NOT NULL\n) ENGINE=InnoDB;\nINSERT INTO `k` (`id`) VALUES\n(1),\n(2)\n"
    "ON DUPLICATE KEY UPDATE `id` = VALUES(`id`);",
    "mydumper": "/*!40101 SET NAMES binary*/;\n/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n\n"
    "CREATE TABLE `k` (\n  `id` int\n);\n"
    "/*!40101 SET NAMES binary*/;\nINSERT INTO `k` VALUES\n(1)\n,(2);",
    "by hand": "# my shop\ncreate table k (id int unsigned auto_increment primary key) engine=innodb;",
}


@pytest.mark.parametrize("tool", KNOWN)
def test_what_every_program_writes_is_recognised_by_this_store_alone(tool: str, tmp_path: Path):
    script = Script(KNOWN[tool])
    assert mysql_dump.recognises(script)  # type: ignore[arg-type]
    assert not pg_plain.recognises(script)  # type: ignore[arg-type]
    assert not sqlite_dump.recognises(script)  # type: ignore[arg-type]
    assert [str(table.name) for table in schema(KNOWN[tool]).tables] == ["k"]
    assert rewritten(KNOWN[tool], tmp_path) == KNOWN[tool].encode()
    assert cells(KNOWN[tool]) == proved(KNOWN[tool])


@pytest.mark.parametrize(
    "text",
    [
        "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE `k` (`id` int);",
        "CREATE TABLE k (id integer PRIMARY KEY AUTOINCREMENT);",
        "SET client_encoding = 'UTF8';\nCREATE TABLE k (id integer);\nCOPY k (id) FROM stdin;\n",
        "CREATE TABLE [dbo].[k] ([id] [int])\nGO\n",
        "Dear all, we use ENGINE=InnoDB;",
    ],
)
def test_what_is_of_another_kind_is_not_recognised(text: str):
    assert not mysql_dump.recognises(Script(text))  # type: ignore[arg-type]


# --- whatever comes ---------------------------------------------------------------------------------------------

TEXTS = st.none() | st.text(st.sampled_from("aé'\"\\\n\r\t\0%_;,()#-/*`\x1aN漢 "), max_size=12)


def literal(text: str | None, escapes: bool, double: bool) -> str:
    if text is None:
        return "NULL"
    mark = '"' if double else "'"
    if escapes:
        for plain, escape in (("\\", "\\\\"), ("\0", "\\0"), ("\n", "\\n"), (mark, f"\\{mark}")):
            text = text.replace(plain, escape)
    else:
        text = text.replace(mark, mark * 2)
    return mark + text + mark


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6), st.booleans(), st.booleans(), st.booleans())
def test_any_text_is_read_by_both_readers_and_written_back(
    rows: list[tuple[str | None, str | None]], escapes: bool, double: bool, single: bool
):
    mode = "" if escapes else "SET sql_mode='NO_BACKSLASH_ESCAPES';"
    lists = [f"({literal(a, escapes, double)},{literal(b, escapes, False)})" for a, b in rows]
    joined = ";\nINSERT INTO t VALUES ".join(lists) if single else ",\n".join(lists)
    data = f"SET NAMES utf8mb4;{mode}CREATE TABLE t (a text, b text);\nINSERT INTO t VALUES {joined};\n"
    expected = [{"a": a, "b": b} for a, b in rows]
    assert cells(data) == expected
    assert proved(data) == expected
    source = mysql_dump.open_source(Script(data))  # type: ignore[arg-type]
    parts = list(source.parts({TableName("", "t"): ["b", "a"]}))
    from anonymizer.stores._mysql import insert as _mysql_insert

    turned = b""
    for part in parts:
        if isinstance(part, Rows):
            batch = pa.RecordBatch.from_arrays([part.batch["a"], part.batch["b"]], names=["b", "a"])
            turned += _mysql_insert.write(part.frame, batch).to_pybytes()
        else:
            turned += bytes(part.data)
    assert cells(turned) == proved(turned) == [{"a": b, "b": a} for a, b in rows]


def test_a_damaged_script_is_refused_or_comes_back_exactly(tmp_path: Path):
    whole = (CRM + ROUTINES.replace("CREATE TABLE t", TABLE + "CREATE TABLE tt") + SHAPES["complete"]).encode()
    whole = whole.replace(b"INSERT INTO t VALUES (1);", b"INSERT INTO tt VALUES (1);\n")
    assert rewritten(whole, tmp_path) == whole
    chance = random.Random(7)
    exact = 0
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(damaged))
            if chance.random() < 0.5:
                damaged[at] = chance.choice(b"'\"`\\;()#-/* \n,xX0N\xff")
            else:
                del damaged[at : at + chance.randint(1, 40)]
        if chance.random() < 0.3:
            damaged = damaged[: chance.randrange(len(damaged))]
        with suppress(SourceError):
            assert rewritten(bytes(damaged), tmp_path) == bytes(damaged)
            exact += 1
    assert exact > 20


def test_a_whole_run_takes_null_in_the_last_row(tmp_path: Path):
    rows = [f"({n},'Jan {n}',{'NULL' if n % 3 else 'x'!r},'jan{n}@firma.be')" for n in range(1, 80)]
    rows = [row.replace("'x'", f"'Bel hem terug, {n}'") for n, row in enumerate(rows)]
    data = "SET NAMES utf8mb4;CREATE TABLE klant (id int, naam varchar(40), opmerking text, email varchar(80));\n"
    source = tmp_path / "klant.sql"
    source.write_text(data + f"INSERT INTO klant VALUES {','.join(rows)},(99,NULL,NULL,NULL);\n", encoding="utf-8")
    result = api.run(source, tmp_path / "safe.sql", assume_masked=True)
    assert [check.check for check in result.checks if check.outcome is not Outcome.PASSED] == []
    assert cells((tmp_path / "safe.sql").read_bytes())[-1] == {
        "id": "99",
        "naam": None,
        "opmerking": None,
        "email": None,
    }


def test_the_verifier_gives_nulls_without_bytes_under_them():
    data = "CREATE TABLE t (a int, b varchar(9));INSERT INTO t VALUES (NULL,'x'),(1,NULL);"
    (block,) = [p for p in open_reader(Script(data), mysql_dump.NAME, schema(data)).parts() if isinstance(p, Block)]  # type: ignore[arg-type]
    for column in block.batch().columns:
        offsets = np.frombuffer(column.buffers()[1], np.int32)
        assert offsets[len(column)] - offsets[0] == 1
