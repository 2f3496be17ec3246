"""The verifier's readers for SQL Server: every row and every text, however the bytes are cut."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.model.schema import Column, Schema, Table, TableName, TypeFamily
from anonymizer.verify import _bacpac, _mssql_script
from anonymizer.verify._reader import Block, Reader, Text, Unreadable, open_reader
from tests.packages import Declared, Made, package
from tests.verify.world import BACPAC, MSSQL_SCRIPT, Input, bacpac, mssql_script, source

NAME = TableName("dbo", "t")
SCHEMA = Schema(
    (Table(NAME, (Column("a", "int IDENTITY", TypeFamily.INTEGER), Column("b", "nvarchar", TypeFamily.TEXT))),)
)


def read(reader: Reader) -> tuple[dict[TableName, list[tuple[str | None, ...]]], list[bytes]]:
    """All rows by table, and all texts."""
    rows: dict[TableName, list[tuple[str | None, ...]]] = {}
    texts = []
    for part in reader.parts():
        if isinstance(part, Block):
            batch = part.batch()
            assert batch.num_rows == part.count()
            rows.setdefault(part.table, []).extend(tuple(row.values()) for row in batch.to_pylist())
        elif isinstance(part, Text):
            texts.append(part.data)
    return rows, texts


def script(text: str, encoding: str = "utf-8") -> Reader:
    return open_reader(Input("script", data=text.encode(encoding)), MSSQL_SCRIPT, SCHEMA)


def test_all_forms_of_inserts_are_rows_and_code_is_text():
    rows, texts = read(
        script(
            "INSERT t (a, [B]) VALUES (1, N'it''s; GO\nGO\n'), (2, NULL)\n  , -- it's\n (3, CAST(N'x' AS nvarchar(9)))"
            "\nGO\n"
            "insert into dbo.T values (0x0A, CAST(0x0000A6F301149AFB AS DateTime));INSERT t VALUES ($1.50, 'y')\n"
            "GRANT INSERT ON t TO p\ngo\nCREATE TRIGGER x ON t AFTER INSERT AS INSERT t VALUES (9, 'code')\nGO 2\n"
            "INSERT t VALUES ('b only')\n/* INSERT t VALUES (8, 'no') /* nested */ */"
        )
    )
    assert rows == {
        NAME: [
            ("1", "it's; GO\nGO\n"), ("2", None), ("3", "x"),
            ("\\x0a", "2017-01-06T16:47:05.370"), ("1.50", "y"), ("b only",),
        ]
    }  # fmt: skip
    assert [b"code" in text for text in texts].count(True) == 1


def test_comments_between_rows_are_looked_at_and_a_comment_about_grants_hides_no_rows():
    text = "-- grant select, insert on t\nINSERT t VALUES (1, '--') -- x\n, /* Jan Maes */ (2, '/*')\nGO\n"
    rows, texts = read(script(text))
    assert rows == {NAME: [("1", "--"), ("2", "/*")]}
    assert [text for text in texts if b"Jan Maes" in text] == [b"-- x\n/* Jan Maes */"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_script_is_read_in_its_encoding(encoding: str):
    assert read(script("INSERT t (b) VALUES (N'Zoë 漢 😀')", encoding))[0] == {NAME: [("Zoë 漢 😀",)]}


@pytest.mark.parametrize("read_size", [2, 7, 64])
def test_where_the_bytes_are_cut_does_not_matter(read_size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    whole = Input("whole", data=mssql_script(source()))
    packed = bacpac(source(), tmp_path / "x.bacpac")
    expected = [read(open_reader(whole, MSSQL_SCRIPT, SCHEMA)), read(open_reader(packed, BACPAC, SCHEMA))]
    monkeypatch.setattr(_mssql_script, "_READ", read_size)
    monkeypatch.setattr(_bacpac, "_READ", read_size)
    monkeypatch.setattr(_bacpac, "_ROWS", 3)
    assert [read(open_reader(whole, MSSQL_SCRIPT, SCHEMA)), read(open_reader(packed, BACPAC, SCHEMA))] == expected
    assert list(expected[0][0].values()) == [[tuple(row) for row in rows] for rows in source().tables.values()]
    assert expected[0][0].keys() == expected[1][0].keys()
    assert list(expected[0][0].values()) == list(expected[1][0].values())


_CELLS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=9)


@given(st.lists(st.tuples(_CELLS, st.sampled_from(["GO", "\nGO\n", "--", "/*", "'", "[", "),("])), max_size=9))
@settings(deadline=None)
def test_a_value_with_any_character_is_read_as_it_was(rows: list[tuple[str | None, ...]]):
    def literal(cell: str | None) -> str:
        return "NULL" if cell is None else "N'" + cell.replace("'", "''") + "'"

    text = "".join(f"INSERT t (a, b) VALUES ({literal(row[0])}, {literal(row[1])})\nGO\n" for row in rows)
    assert read(script("\ufeff" + text, "utf-16-le"))[0].get(NAME, []) == rows


@given(st.datetimes(datetime(1753, 1, 1)))
def test_a_date_in_hexadecimal_digits_is_told_to_the_tick(moment: datetime):
    days = (moment.date() - datetime(1900, 1, 1).date()).days
    ticks = (moment.hour * 3600 + moment.minute * 60 + moment.second) * 300
    data = days.to_bytes(4, "big", signed=True) + ticks.to_bytes(4, "big")
    expected = moment.replace(microsecond=0).isoformat(timespec="milliseconds")
    assert _mssql_script._moment("datetime", data) == expected


@pytest.mark.parametrize(
    "text", ["INSERT t VALUES (1, 'a", "INSERT t SELECT 1", "/* INSERT", "INSERT t VALUES (1), (1, 2)", "PRINT 'x"]
)
def test_a_script_that_is_cut_off_or_not_understood_cannot_be_read(text: str):
    with pytest.raises(Unreadable):
        read(script(text))


@given(place=st.floats(0, 1), junk=st.binary(min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_damaged_package_cannot_be_read_or_reads_to_its_end(
    place: float, junk: bytes, tmp_path_factory: pytest.TempPathFactory
):
    path = tmp_path_factory.mktemp("damaged") / "x.bacpac"
    package(path, [Made("t", [Declared("a", "int"), Declared("b", "datetime")], [[("1", None), (None, None)]])])
    whole = path.read_bytes()
    at = int(place * len(whole))
    path.write_bytes(whole[:at] + junk + whole[at + len(junk) :])
    try:
        rows, _ = read(open_reader(Input("x", path), BACPAC, SCHEMA))
    except Unreadable:
        return
    assert set(rows) <= {NAME}


def test_a_package_whose_model_was_changed_cannot_be_read(tmp_path: Path):
    path = package(tmp_path / "x.bacpac", [Made("t", [Declared("a", "int")])], {"model.xml": b"<DataSchemaModel/>"})
    with pytest.raises(Unreadable, match="checksum"):
        read(open_reader(Input("x", path), BACPAC, SCHEMA))
