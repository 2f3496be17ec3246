"""Folders of SQL Server scripts: the same files come out, in their own encodings, the rows of data files among them."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer import api
from anonymizer.errors import SourceError, VerificationFailed
from anonymizer.model.result import Outcome
from anonymizer.model.schema import Column, Table, TableName, TypeFamily
from anonymizer.stores import mssql_folder, open_input, recognise
from anonymizer.stores._tsql import bulk as _tsql_bulk
from anonymizer.stores._tsql import bulk_rows as _bulk_rows
from anonymizer.stores._tsql.tokens import tokens_of
from anonymizer.workspace import Workspace
from tests.fix_key import write_key

KLANT = (
    "CREATE TABLE [dbo].[Klant] (\n  [Id] INT IDENTITY (1, 1) NOT NULL PRIMARY KEY,\n  [Naam] [dbo].[Naam] NOT NULL,\n"
    "  [Nota] NVARCHAR (MAX) NULL,\n  [Kort] AS ([Naam] + N'!')\n)"
)
FILES: dict[str, bytes] = {
    "Winkel.sqlproj": b'<?xml version="1.0" encoding="utf-8"?>\r\n<Project><Name>Winkel</Name></Project>',
    "dbo/Tables/Klant.sql": KLANT.encode(),
    "dbo/Types/Naam.sql": b"\xef\xbb\xbfCREATE TYPE [dbo].[Naam] FROM NVARCHAR (80) NOT NULL;",
    "dbo/Views/Alle.sql": b"CREATE VIEW [dbo].[Alle] AS SELECT Id FROM dbo.Klant",
    "Scripts/Oud.sql": "INSERT INTO Klant (Naam, Nota) VALUES ('Zoë Peeters', 'é')\nGO\n".encode("cp1252"),
    "Scripts/Nieuw.sql": b"\xff\xfe" + "INSERT INTO dbo.Klant (Naam) VALUES (N'Łukasz Maes')\nGO".encode("utf-16-le"),
    "Scripts/Na.sql": b":r .\\Oud.sql\r\n:r \"Nieuw.sql\"\r\n",
}  # fmt: skip
BULK = "BULK INSERT [dbo].[Klant] FROM '$(Pad)Klant.dat' WITH (CODEPAGE = '65001', {})"
RULES = """format: 1
tables:
  dbo.Klant: {columns: {Naam: full_name}, keep: [Id, Nota]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "Winkel"
    put(made, FILES)
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    write_key(tmp_path / "key")
    return made


def put(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def run(folder: Path) -> dict[str, bytes]:
    beside = folder.parent
    result = api.run(folder, beside / "veilig", beside / "rules.yaml", beside / "key")
    assert {check.outcome for check in result.checks} <= {Outcome.PASSED}
    made = beside / "veilig"
    return {path.relative_to(made).as_posix(): path.read_bytes() for path in made.rglob("*") if path.is_file()}


def bulk(folder: Path, data: bytes, options: str = "KEEPIDENTITY") -> None:
    put(folder, {"Scripts/Laad.sql": BULK.format(options).encode(), "data/Klant.dat": data})


def test_a_project_comes_out_with_the_same_files_in_their_own_encodings(folder: Path):
    after = run(folder)
    assert after.keys() == FILES.keys()
    assert {name for name in FILES if FILES[name] != after[name]} == {"Scripts/Oud.sql", "Scripts/Nieuw.sql"}
    old, new = after["Scripts/Oud.sql"].decode("cp1252"), after["Scripts/Nieuw.sql"].decode("utf-16")
    assert old.endswith(", 'é')\nGO\n")
    assert new.startswith("INSERT INTO dbo.Klant (Naam) VALUES (N'")
    assert "Peeters" not in old
    assert "Maes" not in new


def test_a_person_in_a_script_and_in_a_data_file_is_one_person(folder: Path):
    bulk(folder, "7\tZoë Peeters\t\tZoë Peeters!\n".encode())
    after = run(folder)
    name = after["data/Klant.dat"].decode().split("\t")[1]
    assert name != "Zoë Peeters"
    assert f"'{name}'" in after["Scripts/Oud.sql"].decode("cp1252")


def test_what_a_data_file_says_in_a_computed_column_is_emptied_where_a_column_is_replaced(folder: Path):
    bulk(folder, b"7\tEls Aerts\tgeen\tEls Aerts!\r\n8\tJan Claes\t\0\tJan Claes!\r\n")
    lines = run(folder)["data/Klant.dat"].decode().split("\r\n")
    assert [line.split("\t")[2:] for line in lines] == [["geen", ""], ["\0", ""], []]


def test_a_data_file_without_a_replaced_column_keeps_every_byte(folder: Path):
    data = b"1\tEls\t a \tEls!\n2\t\xc3\xa9\t\t"
    bulk(folder, data)
    (folder.parent / "rules.yaml").write_text("format: 1\ntables:\n  dbo.Klant: {keep: [Id, Naam, Nota]}\n")
    assert run(folder)["data/Klant.dat"] == data


@pytest.mark.parametrize(
    ("options", "data"),
    [
        ("FIELDTERMINATOR = '|', ROWTERMINATOR = '|\\n'", "7|Els Aerts|a||\n8|Jan Claes|||\n"),
        ("FIELDTERMINATOR = '+|', ROWTERMINATOR = '&|\\n', FIRSTROW = 2", "Id+|Naam&|\n7+|Els Aerts+|een\ntwee+|&|\n"),
        ("DATAFILETYPE = 'widechar'", "\ufeff7\tEls Aerts\tŁódź\t\r\n8\tJan Claes\t\t\r\n"),
        ("FIELDTERMINATOR = ';', ROWTERMINATOR = '0x0a'", "7;Els Aerts;een\ntwee;"),
    ],
)
def test_only_the_names_change_in_a_data_file_of_any_form(options: str, data: str, folder: Path):
    codec = "utf-16-le" if "widechar" in options else "utf-8"
    bulk(folder, data.encode(codec), options)
    after = run(folder)["data/Klant.dat"].decode(codec)
    names = [name for name in ("Els Aerts", "Jan Claes") if name in data]
    assert not [name for name in names if name in after]
    separator = next(mark for mark in ("+|", "|", ";", "\t") if mark in data)
    cells = [cell.partition("\n")[0] for cell in after.split(separator)]
    before = [cell.partition("\n")[0] for cell in data.split(separator)]
    changed = [old for old, new in zip(before, cells, strict=True) if old != new]
    assert changed == names


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"7\tEls\n8\tJan\ta\t\n", "row 1 or a later one does not have the 4 cells"),
        (b"7\tEls\ta\tb\tc\n8\tJan\ta\t\n", "row 1 or a later one does not have the 4 cells"),
        (b"7\tEls\ta\t\n8\tJan", "row 2 does not have the 4 cells"),
        (b"7\t\xff\xfe\ta\t\n", "not what CODEPAGE says"),
    ],
)
def test_a_data_file_that_does_not_fit_its_table_is_refused(data: bytes, says: str, folder: Path):
    bulk(folder, data)
    with pytest.raises(SourceError, match=says):
        run(folder)
    assert not (folder.parent / "veilig").exists()


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("bin/Winkel.dacpac", b"PK\3\4", r"bin/Winkel\.dacpac is no script, project file or data file"),
        (".git/HEAD", b"ref: main", r"\.git/HEAD is no script"),
        ("los.csv", b"1,Els", r"los\.csv is no script"),
        ("foto.xml", b"<a>\0\0", r"foto\.xml is no script"),
        ("Scripts/Laad.sql", b"\n\nBULK INSERT Klant FROM 'C:\\weg.dat'", r"weg\.dat, which a BULK INSERT"),
        ("Scripts/X.sql", b"GO\nBULK INSERT Klant FROM 'a' WITH (FORMAT = 'CSV')", r"X\.sql line 2: BULK INSERT"),
        ("Scripts/X.sql", b"\n\nMERGE INTO Klant USING x ON 1 = 1", r"X\.sql line 3: the statement could carry rows"),
        ("Scripts/X.sql", b"GO\n:r elders.sql\n", r"X\.sql line 2: a command of sqlcmd"),
        ("Scripts/X.sql", b"INSERT INTO Klant SELECT * FROM Oud", r"X\.sql line 1: INSERT without plain VALUES"),
    ],
)  # fmt: skip
def test_what_could_hold_the_data_once_more_is_refused_by_file_and_line(
    name: str, data: bytes, says: str, folder: Path
):
    put(folder, {name: data})
    with pytest.raises(SourceError, match=says):
        run(folder)


def test_a_link_out_of_the_folder_is_refused(folder: Path):
    (folder.parent / "elders").mkdir()
    (folder / "elders").symlink_to(folder.parent / "elders")
    with pytest.raises(SourceError, match="holds a link, elders"):
        run(folder)


@pytest.mark.parametrize("name", ["Winkel.sqlproj", "dbo/Views/Alle.sql"])
def test_a_name_in_the_text_of_the_project_withholds_the_result(name: str, folder: Path):
    put(folder, {name: FILES[name] + b"\n-- voor Zo\xc3\xab Peeters"})
    with pytest.raises(VerificationFailed, match=rf"{name}.*holds 1 values of dbo\.Klant\.Naam"):
        run(folder)


def test_a_name_in_a_computed_column_is_found_where_nothing_else_of_its_table_is_replaced(folder: Path):
    put(folder, {"dbo/Tables/Log.sql": b"CREATE TABLE dbo.[Log] (Id int, Wat AS (Id))"})
    put(folder, {"Scripts/Log.sql": b"BULK INSERT dbo.[Log] FROM 'Log.dat'", "Log.dat": b"1\tLukasz Maes\r\n"})
    put(folder, {"Scripts/Nog.sql": b"INSERT dbo.Klant (Naam) VALUES ('Lukasz Maes')"})
    (folder.parent / "rules.yaml").write_text(RULES + "  dbo.Log: {keep: [Id]}\n")
    with pytest.raises(VerificationFailed, match=r"Log\.dat.*holds 1 values"):
        run(folder)


def test_compressed_scripts_are_read_and_written_compressed(folder: Path):
    (folder / "Scripts/Na.sql").unlink()
    put(folder, {"Scripts/Oud.sql.gz": gzip.compress(FILES["Scripts/Oud.sql"])})
    (folder / "Scripts/Oud.sql").unlink()
    assert b"Peeters" not in gzip.decompress(run(folder)["Scripts/Oud.sql.gz"])


def test_a_folder_of_scripts_for_another_database_is_not_taken(tmp_path: Path):
    put(tmp_path / "m", {"a.sql": b"CREATE TABLE `a` (b int) ENGINE=InnoDB;\n"})
    with Workspace(tmp_path / "out") as work:
        assert not mssql_folder.recognises(open_input(str(tmp_path / "m"), work))
        put(tmp_path / "s", {"a.sql": KLANT.encode()})
        assert recognise(open_input(str(tmp_path / "s"), work)) is mssql_folder


# --- rows of data files, cut anywhere

CELL = st.text(st.characters(exclude_characters="\t", exclude_categories=("Cs",)), max_size=6)
TABLE = Table(TableName("dbo", "t"), tuple(Column(name, "nvarchar(9)", TypeFamily.TEXT) for name in "abc"))


@given(st.lists(st.tuples(CELL, CELL, CELL.filter(lambda cell: "\n" not in cell)), min_size=1), st.integers(1, 40))
def test_cells_are_those_that_were_written_wherever_the_file_is_cut(rows: list[tuple[str, str, str]], size: int):
    (statement,) = _tsql_bulk.take_out(
        tokens_of(b"BULK INSERT t FROM 'f' WITH (CODEPAGE = '65001', ROWTERMINATOR = '0x0a')"), "utf-8"
    )[1]
    data = "".join("\t".join(row) + "\n" for row in rows).encode()
    read, written = [], b""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_bulk_rows, "BLOCK_BYTES", size)
        for block in _bulk_rows.blocks(io.BufferedReader(io.BytesIO(data)), statement, 3, "f"):  # type: ignore[arg-type]
            if isinstance(block, bytes):
                written += block
                continue
            batch, frame = _bulk_rows.read(block, statement, TABLE, ("a", "c"))
            read += list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
            written += bytes(_bulk_rows.write(frame, batch))
    assert written == data
    mark = "\ufeff" if data.startswith(b"\xef\xbb\xbf") else ""
    expected = [(a.removeprefix(mark) if n == 0 else a, c) for n, (a, _, c) in enumerate(rows)]
    assert read == [tuple(None if x == "" else "" if x == "\0" else x for x in row) for row in expected]
