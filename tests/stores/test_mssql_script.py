"""SQL Server scripts: every constant of SSMS is understood, and nothing that could carry rows passes unread."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer import stores
from anonymizer.contracts import Rows
from anonymizer.errors import SourceError, TargetError
from anonymizer.model.schema import Schema, TableName, TypeFamily
from anonymizer.stores import mssql_script
from anonymizer.stores._input import FileInput
from anonymizer.stores._tsql.text import TsqlText

TABLE = """\
CREATE TABLE [dbo].[klant](
	[id] [int] IDENTITY(1,1) NOT NULL,
	[naam] [nvarchar](40) NOT NULL,
	[geboren] [datetime] NULL,
	[saldo] [money] NULL,
	[foto] [varbinary](max) NULL,
 CONSTRAINT [PK_klant] PRIMARY KEY CLUSTERED
(
	[id] ASC
)WITH (PAD_INDEX = OFF) ON [PRIMARY]
) ON [PRIMARY] TEXTIMAGE_ON [PRIMARY]
GO
"""
KLANT = TableName("dbo", "klant")
COLUMNS = ["id", "naam", "geboren", "saldo", "foto"]


def opened(tmp_path: Path, script: str | bytes, encoding: str = "utf-8") -> mssql_script.MssqlScriptSource:
    path = tmp_path / "script.sql"
    path.write_bytes(script if isinstance(script, bytes) else script.encode(encoding))
    return mssql_script.open_source(FileInput(path))


def rows(source: mssql_script.MssqlScriptSource, table: TableName = KLANT) -> list[tuple[str | None, ...]]:
    found: list[tuple[str | None, ...]] = []
    columns = [column.name for column in source.schema().table(table).columns if not column.generated]
    for part in source.parts({table: columns}):
        if isinstance(part, Rows):
            found += zip(*(column.to_pylist() for column in part.batch.columns), strict=True)
    return found


def rewritten(
    tmp_path: Path, source: mssql_script.MssqlScriptSource, changes: dict[str, str | None], table: TableName = KLANT
) -> bytes:
    """The script with every value of some columns replaced."""
    target = tmp_path / "target.sql"
    target.unlink(missing_ok=True)
    sink = mssql_script.open_sink(source, target)
    for part in source.parts({table: list(changes)}):
        if isinstance(part, Rows):
            columns = [pa.array([value] * part.batch.num_rows, pa.string()) for value in changes.values()]
            part = Rows(table, pa.RecordBatch.from_arrays(columns, names=list(changes)), part.frame)
        sink.write(part)
    sink.close()
    return target.read_bytes()


# --- what is read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("constant", "value"),
    [
        ("N'O''Hara'", "O'Hara"),
        ("'two\nlines; GO\nGO\n'", "two\nlines; GO\nGO\n"),
        ("NULL", None),
        ("DEFAULT", None),
        ("-12.50", "-12.50"),
        ("1E+5", "1E+5"),
        ("$20.00", "20.00"),
        ("0x", "\\x"),
        ("0xDEADBEEF", "\\xdeadbeef"),
        ("CAST(N'2016-05-04T00:00:00.000' AS DateTime)", "2016-05-04T00:00:00.000"),
        ("CAST(N'08:30:00' AS Time(0))", "08:30:00"),
        ("CAST(1.00 AS Decimal(18, 2))", "1.00"),
        ("CAST(NULL AS [nvarchar](max))", None),
        ("CAST(0x0000A6F301149AFB AS DateTime)", "2017-01-06T16:47:05.370"),
        ("CAST(0x9BA40000 AS SmallDateTime)", "2009-02-02T00:00:00"),
        ("CAST(0x5B950A AS Date)", "1900-01-01"),
        ("CAST(0x0700000000005B950A AS DateTime2)", "1900-01-01T00:00:00.0000000"),
    ],
)
def test_every_constant_of_ssms_reads_as_the_database_prints_it(constant: str, value: str | None, tmp_path: Path):
    script = TABLE + f"INSERT [dbo].[klant] ([id], [naam]) VALUES (1, {constant})\nGO\n"
    assert rows(opened(tmp_path, script)) == [("1", value, None, None, None)]


def test_tables_keys_types_and_comments_are_known(tmp_path: Path):
    script = (
        "CREATE TYPE [dbo].[Naam] FROM [nvarchar](50) NOT NULL\nGO\n"
        + TABLE
        + "CREATE TABLE verkoop.[order line] (\n  nr int PRIMARY KEY,\n"
        "  klant INT NULL REFERENCES klant (ID) ON DELETE SET NULL,\n"
        "  code char(5) COLLATE Latin1_General_CI_AS DEFAULT ('x') UNIQUE, wie dbo.Naam, totaal AS (nr * 2)"
        " PERSISTED,\n"
        "  v rowversion, CHECK (nr > 0)\n)\nGO\n"
        "ALTER TABLE verkoop.[order line] WITH NOCHECK ADD CONSTRAINT fk FOREIGN KEY(klant)\nREFERENCES"
        " [dbo].[klant] ([id])\n"
        "GO\nCREATE UNIQUE NONCLUSTERED INDEX ix ON [dbo].[klant] ([naam] ASC) INCLUDE ([saldo])\nGO\n"
        "EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'naam van de klant' , @level0type=N'SCHEMA',"
        "@level0name=N'dbo', @level1type=N'TABLE',@level1name=N'klant', @level2type=N'COLUMN',@level2name=N'naam'\nGO\n"
    )
    schema: Schema = opened(tmp_path, script).schema()
    klant, line = schema.tables
    assert klant.primary_key == ("id",)
    assert klant.unique == (("naam",),)
    assert klant.column("naam").comment == "naam van de klant"
    assert klant.column("naam").length == 40
    assert klant.column("foto").family is TypeFamily.BINARY
    assert line.name == TableName("verkoop", "order line")
    assert line.primary_key == ("nr",)
    assert line.unique == (("code",),)
    assert {(key.columns, key.references, key.referenced) for key in line.foreign_keys} == {
        (("klant",), KLANT, ("id",))
    }
    assert (line.column("wie").family, line.column("wie").length) == (TypeFamily.TEXT, 50)
    assert line.column("totaal").generated
    assert line.column("v").generated
    assert line.checks == ("nr > 0",)


def test_rows_may_be_many_in_a_statement_without_a_list_and_with_comments(tmp_path: Path):
    script = TABLE + (
        "SET IDENTITY_INSERT klant ON;\n"
        "insert into Klant (ID, Naam) values (1, N'a'), -- it's one\n (2, 'b') /* (3, 'x') */ , (3, '--');\n"
        "INSERT dbo.\"klant\" VALUES (N'd', NULL, 1, 0x00)\n"
        "INSERT\n\t[dbo].[klant] ([id],\n\t[naam]) VALUES (5, N'')\nSET IDENTITY_INSERT klant OFF\n"
    )
    assert [row[:2] for row in rows(opened(tmp_path, script))] == [
        ("1", "a"), ("2", "b"), ("3", "--"), (None, "d"), ("5", ""),
    ]  # fmt: skip


def test_what_stands_in_code_is_no_row(tmp_path: Path):
    script = TABLE + (
        "CREATE OR ALTER PROCEDURE p AS\nBEGIN\n  INSERT INTO klant (naam) VALUES ('code')\nEND\nGO\n"
        "GRANT SELECT, INSERT ON klant TO lezer\nGO 1\n"
        "/* CREATE VIEW */ INSERT klant (id, naam) VALUES (1, 'row')\nGO\n"
        "CREATE TRIGGER t ON klant AFTER INSERT AS INSERT log VALUES ('code')\ngo\n"
    )
    source = opened(tmp_path, script)
    assert rows(source) == [("1", "row", None, None, None)]
    assert rewritten(tmp_path, source, {"naam": "X"}) == script.replace("'row'", "'X'").encode()


# --- what is written --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("N'Jan'", "O'X", "N'O''X'"),
        ("'Jan'", "Jan2", "'Jan2'"),
        ("'Jan'", "Zoë", "N'Zoë'"),
        ("NULL", "a", "'a'"),
        ("N'Jan'", None, "NULL"),
        ("12", "34", "34"),
        ("$12.00", "34.5", "34.5"),
        ("0xFF", "\\x00aa", "0x00aa"),
        ("CAST(N'2016-05-04' AS Date)", "2016-05-05", "CAST(N'2016-05-05' AS Date)"),
        (
            "CAST(0x0000A6F301149AFB AS DateTime)",
            "2017-01-07T00:00:00.000",
            "CAST('2017-01-07T00:00:00.000' AS DateTime)",
        ),
    ],
)
def test_a_replaced_value_is_written_in_the_kind_of_its_predecessor(
    before: str, value: str | None, after: str, tmp_path: Path
):
    script = TABLE + "INSERT [dbo].[klant] ([id], [naam]) VALUES (1,  {} )\r\nGO\r\n"
    source = opened(tmp_path, script.format(before))
    assert rewritten(tmp_path, source, {"naam": value}).decode() == script.format(after)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-16-be"])
def test_the_encoding_and_the_line_ends_stay(codec: str, tmp_path: Path):
    script = TABLE.replace("\n", "\r\n") + "INSERT klant (id, naam) VALUES (1, N'Zoë\r\n')\r\nGO\r\n-- é"
    if codec == "utf-16-be":
        script = "\ufeff" + script
    source = opened(tmp_path, script, codec)
    assert rows(source)[0][1] == "Zoë\r\n"
    assert rewritten(tmp_path, source, {"naam": "Zoë\r\n"}) == script.encode(codec)
    assert rewritten(tmp_path, source, {"naam": "Él"}) == script.replace("Zoë\r\n'", "Él'").encode(codec)


def test_a_cast_in_a_code_page_is_understood(tmp_path: Path):
    script = TABLE + "INSERT klant (id, naam) VALUES (1, CAST('Zoë é' AS varchar(9)))\n"
    source = opened(tmp_path, script, "cp1252")
    assert rows(source)[0][1] == "Zoë é"
    assert rewritten(tmp_path, source, {"naam": "Jo"}) == script.replace("Zoë é", "Jo").encode("cp1252")


def test_the_marks_of_windows_are_those_of_its_code_page(tmp_path: Path):
    script = TABLE + "INSERT klant (id, naam) VALUES (1, '€ ’')\n"
    assert rows(opened(tmp_path, script, "cp1252"))[0][1] == "€ ’"
    undefined = TABLE.encode() + b"INSERT klant (id, naam) VALUES (1, 'M\x81nchen')\n"
    source = opened(tmp_path, undefined)
    assert rewritten(tmp_path, source, {"saldo": None}) == undefined
    assert rewritten(tmp_path, source, {"naam": "x"}) == undefined.replace(b"M\x81nchen", b"x")


def test_a_letter_that_the_code_page_does_not_have_loses_its_accent_or_stops_the_run(tmp_path: Path):
    source = opened(tmp_path, TABLE + "INSERT klant (id, naam) VALUES (1, 'Zoë')\n", "cp1252")
    assert b"N'Lecki'" in rewritten(tmp_path, source, {"naam": "Lęcki"})
    with pytest.raises(TargetError, match=r"dbo\.klant\.naam"):
        rewritten(tmp_path, source, {"naam": "漢"})


def test_who_gives_a_script_without_its_data_files_is_asked_for_the_folder(tmp_path: Path):
    with pytest.raises(SourceError, match=r"line \d+: BULK INSERT reads rows from a file; give the folder"):
        opened(tmp_path, TABLE + "BULK INSERT klant FROM 'c:\\geheim.csv'\n").schema()


# --- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "BULK INSERT klant FROM 'c:\\geheim.csv'",
        "INSERT INTO klant SELECT 1, 'geheim'",
        "INSERT INTO klant (id, naam) EXEC p 'geheim'",
        "INSERT klant DEFAULT VALUES",
        "INSERT INTO onbekend (a) VALUES ('geheim')",
        "INSERT INTO klant (id, geheim) VALUES (1, 'a')",
        "INSERT INTO klant (id, naam) VALUES (1, 'geheim' + 'x')",
        "INSERT INTO klant (id, naam) VALUES (1, UPPER('geheim'))",
        "INSERT INTO klant (id, naam) VALUES (1, 'geheim'), (2)",
        "SELECT 'geheim' AS naam INTO kopie",
        "UPDATE klant SET naam = 'geheim'",
        "MERGE klant USING x ON 1 = 1 WHEN NOT MATCHED THEN INSERT VALUES ('geheim');",
        "EXEC('INSERT klant VALUES (''geheim'')')",
        "EXEC sp_executesql N'INSERT klant VALUES (''geheim'')'",
        "EXECUTE dbo.vul_klant 'geheim'",
        "geheim_proc 'x'",
        ":r geheim.sql",
        "!!type geheim.txt",
        "CREATE LOGIN jan WITH PASSWORD = N'geheim'",
        "CREATE TABLE x (a geheim)",
        "CREATE STATISTICS s ON klant (naam) WITH STATS_STREAM = 0x01",
        "GO geheim",
        "USE [ander]\nGO\nINSERT klant (id, naam) VALUES (1, 'geheim')",
        "SET IDENTITY_INSERT klant ON\nINSERT klant (id, naam) VALUES (1, 'geheim')",
    ],
)
def test_what_could_carry_rows_is_refused_by_line_and_without_its_content(statement: str, tmp_path: Path):
    source = opened(tmp_path, "USE [shop]\nGO\n" + TABLE + statement + "\nGO\n")
    with pytest.raises(SourceError) as refused:
        rows(source)
    assert "line 1" in str(refused.value)
    assert "geheim" not in str(refused.value).replace("the type geheim", "").replace("INTO onbekend", "")


@pytest.mark.parametrize(
    "statement",
    [
        "EXEC dbo.sp_executesql @statement = N'CREATE VIEW v AS SELECT 1 AS a'",
        "EXEC sp_MSforeachtable 'ALTER TABLE ? NOCHECK CONSTRAINT ALL'",
        "ALTER TABLE [dbo].[klant] ADD  CONSTRAINT [df]  DEFAULT (getdate()) FOR [geboren]",
        "ALTER DATABASE [shop] SET RECOVERY FULL",
        "IF EXISTS (SELECT * FROM sys.tables WHERE name = N'x') DROP TABLE x",
        ":setvar DatabaseName shop",
        "DELETE FROM klant",
        "ALTER TABLE klant ADD FOREIGN KEY (id) REFERENCES klant (id) ON UPDATE CASCADE ON DELETE NO ACTION",
        "PRINT 'INSERT INTO klant'",
        "CREATE INDEX ix ON klant (naam) WHERE naam > 'a' WITH (ONLINE = OFF)",
    ],
)
def test_what_cannot_carry_rows_passes_as_it_stands(statement: str, tmp_path: Path):
    script = TABLE + statement + "\nGO\n"
    source = opened(tmp_path, script)
    assert rows(source) == []
    assert rewritten(tmp_path, source, {"naam": "X"}) == script.encode()


def test_other_dialects_are_left_to_their_stores(tmp_path: Path):
    path = tmp_path / "dump.sql"
    for text in (
        "SET client_encoding = 'UTF8';\nCREATE TABLE public.t (id integer);\nCOPY public.t (id) FROM stdin;\n1\n\\.\n",
        "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE [t] (id INTEGER);\nCOMMIT;\n",
    ):
        path.write_text(text)
        assert not mssql_script.recognises(FileInput(path))
        assert stores.recognise(FileInput(path)) is not mssql_script


# --- anything ---------------------------------------------------------------------------------------------------

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_CELLS = st.one_of(
    st.none(), _TEXTS, st.sampled_from(["GO", "\nGO\n", "'", "''", "--", "/*", "*/", "),(", "INSERT", "[", '"', ";"])
)


@given(
    table=st.lists(st.lists(_CELLS, min_size=2, max_size=2), max_size=30), block=st.integers(300, 4000), data=st.data()
)
@settings(max_examples=60, deadline=None)
def test_any_text_comes_back_whatever_stands_in_it_and_wherever_blocks_end(
    table: list[list[str | None]], block: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
):
    script = "CREATE TABLE t (a nvarchar(max), b nvarchar(max))\nGO\n"
    for row in table:
        cells = ", ".join("NULL" if cell is None else "N'" + cell.replace("'", "''") + "'" for cell in row)
        ends = data.draw(st.sampled_from(["\n", ";\n", "\nGO\n", " ", "\r\nPRINT 'x'\r\n", " -- it's\n"]))
        script += f"INSERT [dbo].[t] ([a], [b]) VALUES ({cells}){ends}"
    folder = tmp_path_factory.mktemp("any")
    source = opened(folder, script.encode())
    name = TableName("dbo", "t")
    assert rows(source, name) == [tuple(row) for row in table]
    pieces = list(TsqlText(io.BytesIO(script.encode()), block))
    assert b"".join(bytes(piece.data) for piece in pieces) == script.encode()
    assert sum(len(piece.marks) for piece in pieces if piece.marks is not None) == len(table)


@given(cut=st.integers(0, 700), junk=st.binary(max_size=6), skip=st.integers(0, 6))
@settings(max_examples=150, deadline=None)
def test_a_damaged_script_is_refused_or_passes_byte_for_byte(
    cut: int, junk: bytes, skip: int, tmp_path_factory: pytest.TempPathFactory
):
    script = (
        TABLE + "INSERT klant (id, naam) VALUES (1, N'it''s'), (2, '')\nGO\nINSERT klant VALUES (3, NULL)\n"
    ).encode()
    damaged = script[:cut] + junk + script[cut + skip :]
    folder = tmp_path_factory.mktemp("damaged")
    source = opened(folder, damaged or b"-")
    try:
        target = rewritten(folder, source, {}) if KLANT not in source.schema() else _unchanged(folder, source)
    except SourceError:
        return
    assert target == (damaged or b"-")


def _unchanged(folder: Path, source: mssql_script.MssqlScriptSource) -> bytes:
    target = folder / "same.sql"
    sink = mssql_script.open_sink(source, target)
    names = [column.name for column in source.schema().table(KLANT).columns if not column.generated]
    for part in source.parts({KLANT: names}):
        sink.write(part)
    sink.close()
    return target.read_bytes()
