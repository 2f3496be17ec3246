"""SQL Server packages: every type reads as the server prints it and is written back; the tests encode themselves."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer import stores
from anonymizer.contracts import Rows
from anonymizer.errors import SourceError, TargetError
from anonymizer.model.schema import TableName, TypeFamily
from anonymizer.stores import bacpac
from anonymizer.stores._input import FileInput
from anonymizer.verify import _bacpac as proof
from tests.packages import Declared, Made, cell, element, package, relation, script

TABLE = TableName("dbo", "Klant & zn.")

TYPES = {
    Declared("a", "tinyint"): ("0", "255"),
    Declared("b", "smallint"): ("-32768", "7"),
    Declared("c", "int"): ("-2147483648", "2147483647"),
    Declared("d", "bigint"): ("-9223372036854775808", "12"),
    Declared("e", "bit"): ("0", "1"),
    Declared("f", "real"): ("1.5", "-0.1"),
    Declared("g", "float", properties={"Precision": "53"}): ("0.1", "-2.5"),
    Declared("h", "decimal", properties={"Precision": "38", "Scale": "10"}): (
        "-1234567890123456789012345678.0000000001",
        "0.0000000000",
    ),
    Declared("i", "numeric", properties={"Precision": "5"}): ("-99999", "3"),
    Declared("j", "money"): ("-922337203685477.5808", "1.0500"),
    Declared("k", "smallmoney"): ("-214748.3648", "0.0001"),
    Declared("l", "date"): ("0001-01-01", "9999-12-31"),
    Declared("m", "time", properties={"Scale": "7"}): ("00:00:00.0000001", "23:59:59.9999999"),
    Declared("n", "time"): ("00:00:00", "23:59:59"),
    Declared("o", "datetime"): ("1753-01-01 00:00:00.003", "9999-12-31 23:59:59.997"),
    Declared("p", "smalldatetime"): ("1900-01-01 00:01:00", "2079-06-06 23:59:00"),
    Declared("q", "datetime2", properties={"Scale": "3"}): ("0001-01-01 00:00:00.001", "2024-02-29 12:30:45.678"),
    Declared("r", "datetimeoffset", properties={"Scale": "7"}): (
        "2024-01-01 00:30:00.0000001+02:00",
        "2024-12-31 23:00:00.0000000-05:30",
    ),
    Declared("s", "uniqueidentifier"): (
        "00112233-4455-6677-8899-AABBCCDDEEFF",
        "FFFFFFFF-0000-4000-8000-000000000000",
    ),
    Declared("t", "char", properties={"Length": "5"}): ("abcde", "a"),
    Declared("u", "nchar", properties={"Length": "5"}): ("漢字", "é"),
    Declared("v", "varchar", properties={"Length": "20"}): ("", "O'Hara\n"),
    Declared("w", "nvarchar", properties={"Length": "20"}): ("Zoë 😀", "Łęcki"),
    Declared("x", "nvarchar", properties={"IsMax": "True"}): ("x" * 5000, ""),
    Declared("y", "text"): ("tekst", "é"),
    Declared("z", "ntext"): ("nt", ""),
    Declared("aa", "xml"): ("<a>é</a>", "<b />"),
    Declared("ab", "binary", properties={"Length": "3"}): ("\\x000102", "\\xffffff"),
    Declared("ac", "varbinary", properties={"Length": "9"}): ("\\x", "\\x00ff"),
    Declared("ad", "varbinary", properties={"IsMax": "True"}): ("\\x00", "\\xab"),
    Declared("ae", "image"): ("\\x0011", "\\x"),
    Declared("af", "hierarchyid"): ("\\x58", "\\x5ac0"),
    Declared("ag", "geography"): ("\\xe6100000", "\\x00"),
    Declared("ah", "sql_variant"): ("\\x3801070000", "\\x00"),
    Declared("ai", "sysname"): ("naam", "b"),
}
"""Each type, with values as SQL Server prints them."""
VARIANTS = [
    Declared(c.name, c.type, nullable, c.properties) for c in TYPES for nullable in (True, False)
]  # fmt: skip


def opened(path: Path) -> bacpac.BacpacSource:
    return bacpac.open_source(FileInput(path))


def single(folder: Path, column: Declared, *parts: list[str | None]) -> Path:
    """A package of one table: a number and the column, each list a part of its own."""
    number = Declared("nr", "int", False)
    last = Declared("slot", "nvarchar", True, {"Length": "9"})
    rows = [[(str(n), value, f"r{n}") for n, value in enumerate(part)] for part in parts]
    return package(folder / "one.bacpac", [Made(TABLE.name, [number, column, last], rows)])


def contents(source: bacpac.BacpacSource, column: str) -> list[str | None]:
    return [
        value
        for part in source.parts({TABLE: [column]})
        if isinstance(part, Rows)
        for value in part.batch.column(0).to_pylist()
    ]


def rewritten(source: bacpac.BacpacSource, target: Path, column: str, values: list[str | None]) -> Path:
    """The package with other values in one column."""
    target.unlink(missing_ok=True)
    sink = bacpac.open_sink(source, target)
    left = list(values)
    for part in source.parts({TABLE: [column]}):
        if isinstance(part, Rows):
            taken, left = left[: part.batch.num_rows], left[part.batch.num_rows :]
            batch = pa.RecordBatch.from_arrays([pa.array(taken, pa.string())], names=[column])
            part = Rows(part.table, batch, part.frame)
        try:
            sink.write(part)
        except TargetError:
            sink.abort()
            raise
    sink.close()
    return target


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# --- values -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", VARIANTS, ids=lambda c: f"{c.type} {'NULL' if c.nullable else 'NOT NULL'}")
def test_a_type_reads_as_the_server_prints_it_and_its_values_may_change_places(column: Declared, tmp_path: Path):
    values: list[str | None] = [*next(v for c, v in TYPES.items() if c.name == column.name)]
    if column.nullable:
        values += [None]
    source = opened(single(tmp_path, column, values, values[::-1]))
    assert contents(source, column.name) == values + values[::-1]
    other = rewritten(source, tmp_path / "other.bacpac", column.name, values[::-1] + values)
    expected = members(single(tmp_path, column, values[::-1], values))
    assert members(other) == expected
    plan = opened(other).schema()
    read = [block.batch() for block in proof.reader(FileInput(other), plan, None).parts() if hasattr(block, "batch")]
    assert [v for batch in read for v in batch[column.name].to_pylist()] == values[::-1] + values


_ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=15)


@given(
    old=st.lists(st.none() | _ANY, min_size=1, max_size=20), new=st.lists(st.none() | _ANY, min_size=20, max_size=20)
)
@settings(max_examples=60, deadline=None)
def test_any_text_may_take_the_place_of_any_other(
    old: list[str | None], new: list[str | None], tmp_path_factory: pytest.TempPathFactory
):
    folder = tmp_path_factory.mktemp("text")
    column = Declared("naam", "nvarchar", True, {"IsMax": "True"})
    source = opened(single(folder, column, old))
    assert contents(source, "naam") == old
    other = rewritten(source, folder / "other.bacpac", "naam", new[: len(old)])
    assert members(other) == members(single(folder, column, new[: len(old)]))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (Declared("a", "tinyint"), "256"),
        (Declared("a", "int"), "geheim"),
        (Declared("a", "smallmoney"), "9999999.0"),
        (Declared("a", "decimal", properties={"Precision": "4", "Scale": "1"}), "12345.6"),
        (Declared("a", "nvarchar", properties={"Length": "3"}), "geheim"),
        (Declared("a", "datetime2"), "geheim"),
        (Declared("a", "time"), "25:00:00"),
        (Declared("a", "uniqueidentifier"), "geheim"),
        (Declared("a", "varbinary", properties={"Length": "3"}), "geheim"),
        (Declared("a", "nvarchar", False, {"Length": "3"}), None),
        (Declared("a", "bit"), "geheim"),
    ],
    ids=lambda value: value.type if isinstance(value, Declared) else "",
)
def test_a_value_that_does_not_fit_its_type_stops_the_run_unnamed(column: Declared, value: str | None, tmp_path: Path):
    first = {"nvarchar": "abc", "uniqueidentifier": "0" * 32, "datetime2": "2024-01-01 00:00:00", "time": "01:00:00"}
    old = first.get(column.type, "\\x00" if column.type == "varbinary" else "1")
    source = opened(single(tmp_path, column, [old]))
    with pytest.raises(TargetError, match=r"dbo\.") as refused:
        rewritten(source, tmp_path / "other.bacpac", "a", [value])
    assert "geheim" not in str(refused.value)


# --- the schema -------------------------------------------------------------------------------------------------


def test_alias_types_computed_columns_keys_checks_and_comments_are_known(tmp_path: Path):
    def of(name: str) -> str:
        return relation(name, "[dbo].[t]")

    column = element("SqlIndexedColumnSpecification", "", relation("Column", "[dbo].[t].[naam]"))
    alias = relation("Type", "[nvarchar]").replace("<References ", '<References ExternalSource="BuiltIns" ')
    contents = {
        ("SqlUserDefinedDataType", "[dbo].[Naam]"): '<Property Name="Length" Value="50" />' + alias,
        ("SqlExtendedProperty", "[SqlColumn].[dbo].[t].[naam].[MS_Description]"): (
            script("Value", "N'naam van de klant'") + relation("Host", "[dbo].[t].[naam]")
        ),
        ("SqlCheckConstraint", "[dbo].[c]"): script("CheckExpressionScript", "[nr]>(0)") + of("DefiningTable"),
        ("SqlDefaultConstraint", "[dbo].[d]"): (
            script("DefaultExpressionScript", "(getdate())") + relation("ForColumn", "[dbo].[t].[op]")
        ),
        ("SqlIndex", "[dbo].[t].[i]"): (
            '<Property Name="IsUnique" Value="True" />' + relation("ColumnSpecifications", column) + of("IndexedObject")
        ),
    }
    objects = "".join(element(*names, content) for names, content in contents.items())
    columns = [Declared("nr", "int", False), Declared("som", "", computed=True), Declared("naam", "dbo.Naam")]
    made = Made("t", [*columns, Declared("op", "datetime")], [[("1", "Jan", None)]], "nr")
    path = package(tmp_path / "x.bacpac", [made], objects=objects)
    source = opened(path)
    (table,) = source.schema().tables
    assert table.primary_key == ("nr",)
    assert table.unique == (("naam",),)
    assert table.checks == ("[nr]>(0)",)
    naam = table.column("naam")
    assert (naam.family, naam.length, naam.comment) == (TypeFamily.TEXT, 50, "naam van de klant")
    assert table.column("op").default == "(getdate())"
    assert table.column("som").generated
    (rows,) = [part.batch.to_pydict() for part in source.parts({table.name: ["naam"]}) if isinstance(part, Rows)]
    assert rows == {"naam": ["Jan"]}


def test_a_dacpac_is_a_schema_without_rows(tmp_path: Path):
    path = package(tmp_path / "x.dacpac", [Made("t", [Declared("a", "int")])])
    assert stores.recognise(FileInput(path)) is bacpac
    assert list(opened(path).sample(5)) == []
    assert [str(table.name) for table in opened(path).schema().tables] == ["dbo.t"]


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (Declared("a", "json"), "json"),
        (Declared("a", "vector"), "vector"),
        (Declared("a", "dbo.Punt"), "Punt"),
        (Declared("a", "cursor"), "cursor"),
    ],
)
def test_a_type_that_is_not_understood_is_refused_by_name(column: Declared, words: str, tmp_path: Path):
    path = package(tmp_path / "x.bacpac", [Made("t", [column])])
    with pytest.raises(SourceError, match=rf"dbo\.t\.a: .*{words}"):
        opened(path).schema()


# --- the package ------------------------------------------------------------------------------------------------


def test_when_rows_are_dropped_origin_says_how_many_are_left_and_the_checksum_holds(tmp_path: Path):
    source = opened(single(tmp_path, Declared("a", "int"), ["1", "2"], ["3"]))
    target = tmp_path / "empty.bacpac"
    sink = bacpac.open_sink(source, target)
    for part in source.parts({TABLE: ["a"]}):
        sink.write(Rows(part.table, part.batch.slice(0, 0), part.frame) if isinstance(part, Rows) else part)
    sink.close()
    found = members(target)
    assert b"<TableRowCountTotalTag>0<" in found["Origin.xml"]
    assert hashlib.sha256(found["model.xml"]).hexdigest().upper().encode() in found["Origin.xml"]
    assert {len(data) for name, data in found.items() if name.startswith("Data/")} == {0}
    assert contents(opened(target), "a") == []


@pytest.mark.parametrize(
    "extra",
    [
        {"postdeploy.sql": b"INSERT t VALUES ('geheim')"},
        {"Data/dbo.geheim/TableData-000-00000.BCP": b"\0"},
        {"Data/geheim.txt": b"geheim"},
        {"geheim.bin": b"geheim"},
        {"model.xml": b"<geheim/>"},
        {"Origin.xml": b"<geheim/>"},
    ],
)
def test_a_package_with_what_is_not_known_is_refused_without_its_content(extra: dict[str, bytes], tmp_path: Path):
    path = package(tmp_path / "x.bacpac", [Made("t", [Declared("a", "int")])], extra)
    with pytest.raises(SourceError) as refused:
        opened(path).schema()
    assert "geheim" not in str(refused.value)


@given(place=st.floats(0, 1), junk=st.binary(min_size=1, max_size=9), cut=st.booleans())
@settings(max_examples=150, deadline=None)
def test_damaged_rows_are_refused_or_come_back_as_they_are(
    place: float, junk: bytes, cut: bool, tmp_path_factory: pytest.TempPathFactory
):
    folder = tmp_path_factory.mktemp("damaged")
    columns = [Declared(c.name, c.type, c.nullable, c.properties) for c in TYPES]
    rows = [[values[n] for values in TYPES.values()] for n in (0, 1)]
    data = b"".join(cell(column, value) for row in rows for column, value in zip(columns, row, strict=True))
    at = int(place * len(data))
    data = data[:at] + junk + (b"" if cut else data[at + len(junk) :])
    path = package(folder / "x.bacpac", [Made("t", columns)], {"Data/dbo.t/TableData-000-00000.BCP": data})
    source, target = opened(path), folder / "y.bacpac"
    sink = bacpac.open_sink(source, target)
    try:
        for part in source.parts({TableName("dbo", "t"): [column.name for column in columns]}):
            sink.write(part)
    except SourceError:
        sink.abort()
        return
    sink.close()
    assert members(target) == members(path)
