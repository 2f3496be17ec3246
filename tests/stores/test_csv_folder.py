"""CSV files: every dialect is told or refused, kept cells keep their bytes, and no file in the folder is left over."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import lzma
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import zstandard
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from anonymizer import api, stores
from anonymizer.contracts import Rows, Source
from anonymizer.errors import AnonymizerError, SourceError, TargetError
from anonymizer.model.schema import TableName, TypeFamily
from anonymizer.stores import csv_folder
from anonymizer.stores._csv import reading as _csv_reading
from anonymizer.stores._csv.index import Dialect, index_of
from anonymizer.stores._input import spool_pipe
from anonymizer.verify._reader import Block, Text, open_reader
from anonymizer.workspace import Workspace

Row = tuple[str | None, ...]
Change = Callable[[pa.Array], pa.Array]

HEADER = ("person_id", "full_name", "note")
PEOPLE: list[Row] = [
    ("1", "Zoë Claes", "first\nline; and, more|of\tit"),
    ("2", 'Jef "Big" Maes', None),
    ("3", "O'Hara", ""),
    ("4", "back\\slash", "NULL"),
    ("5", "Ann", " spaces "),
    ("6", "Bo", "x"),
]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "work").mkdir()
    with Workspace(tmp_path / "work" / "target") as opened:
        yield opened


def opened(path: Path, workspace: Workspace) -> Source:
    source = stores.open_input(str(path), workspace)
    assert stores.recognise(source) is csv_folder
    return csv_folder.open_source(source)


def everything(source: Source) -> dict[TableName, list[str]]:
    return {table.name: [column.name for column in table.columns] for table in source.schema().tables}


def contents(source: Source) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {str(table.name): [] for table in source.schema().tables}
    for part in source.parts(everything(source)):
        if isinstance(part, Rows):
            found[str(part.table)] += zip(*(column.to_pylist() for column in part.batch.columns), strict=True)
    return found


def written(source: Source, target: Path, change: Change = lambda values: values) -> Path:
    sink = csv_folder.open_sink(source, target)
    for part in source.parts(everything(source)):
        if isinstance(part, Rows):
            batch = pa.RecordBatch.from_arrays(list(map(change, part.batch.columns)), names=part.batch.schema.names)
            part = Rows(part.table, batch, part.frame)
        sink.write(part)
    sink.close()
    return target


def as_verified(source: Source, path: Path, workspace: Workspace) -> dict[str, list[Row]]:
    """The rows as the verifier's own reader gives them."""
    found: dict[str, list[Row]] = {str(table.name): [] for table in source.schema().tables}
    reader = open_reader(stores.open_input(str(path), workspace), csv_folder.NAME, source.schema())
    for part in reader.parts():
        if isinstance(part, Block):
            found[str(part.table)] += zip(*(column.to_pylist() for column in part.batch().columns), strict=True)
    return found


def files(path: Path) -> dict[str, bytes]:
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def cell(value: str | None, delimiter: str = ",", always: bool = False, quote: str = '"') -> str:
    """As RFC 4180 says."""
    if value is None:
        return ""
    if always or not value or any(sign in value for sign in (delimiter, quote, "\n", "\r")):
        return quote + value.replace(quote, quote * 2) + quote
    return value


def text_of(rows: list[Row], delimiter: str = ",", end: str = "\n", always: bool = False) -> str:
    lines = [delimiter.join(cell(value, delimiter, always) for value in row) for row in (HEADER, *rows)]
    return end.join((*lines, ""))


def folder_of(path: Path, contents: Mapping[str, str | bytes]) -> Path:
    for name, data in contents.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def package(*resources: dict[str, Any]) -> str:
    return json.dumps({"resources": list(resources)})


# --- dialects ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("always", [False, True], ids=["sparse", "quoted"])
def test_a_dialect_is_told_and_kept_byte_for_byte(
    always: bool, delimiter: str, end: str, encoding: str, tmp_path: Path, workspace: Workspace
):
    data = text_of(PEOPLE, delimiter, end, always).encode(encoding)
    source = opened(folder_of(tmp_path / "in", {"people.csv": data}), workspace)
    assert contents(source) == {"people": PEOPLE}
    assert files(written(source, workspace.path / "out")) == {"people.csv": data}
    assert as_verified(source, workspace.path / "out", workspace) == {"people": PEOPLE}
    louder = written(source, workspace.path / "louder", lambda values: pc.binary_join_element_wise(values, '," é', ""))
    again = opened(louder, workspace)
    assert contents(again)["people"][0] == ('1," é', 'Zoë Claes," é', 'first\nline; and, more|of\tit," é')
    assert as_verified(again, louder, workspace) == contents(again)


def test_a_replaced_cell_keeps_its_quotes_and_gets_them_where_it_needs_some(tmp_path: Path, workspace: Workspace):
    data = 'id,"name",city\n1,"Ann",Gent\n2,Bo,\n3,"","x,y"\n4,,\n\n'
    source = opened(folder_of(tmp_path / "in", {"t.csv": data}), workspace)
    new = {"Ann": 'A"n', "Bo": "B,o", "": "null", "Gent": "", "x,y": "z", "1": "1"}

    def change(values: pa.Array) -> pa.Array:
        return pa.array([new.get(value, value) if value is not None else None for value in values.to_pylist()])

    result = files(written(source, workspace.path / "out", change))
    assert result == {"t.csv": b'id,"name",city\n1,"A""n",""\n2,"B,o",\n3,"null","z"\n4,,\n\n'}


def test_null_is_written_without_quotes_and_an_empty_string_with_them(tmp_path: Path, workspace: Workspace):
    data = 'id,name\n1,"Ann"\n2,Bo\n'
    source = opened(folder_of(tmp_path / "in", {"t.csv": data}), workspace)
    gone = written(source, workspace.path / "null", lambda values: pa.nulls(len(values), pa.string()))
    assert files(gone) == {"t.csv": b"id,name\n,\n,\n"}
    empty = written(source, workspace.path / "empty", lambda values: pa.array([""] * len(values)))
    assert files(empty) == {"t.csv": b'id,name\n"",""\n"",""\n'}


@pytest.mark.parametrize("data", [
    "id,name\n1,Ann\n2,Bo", 'id,name\r\n1,"a\nb"\n2,"a\r\nb"\r\n', "\n\nid,name\n\n1,Ann\n\n\n2,Bo\n\n",
    "sep=;\nid;name\n1;Ann\n2;x,y\n", "id,name,\n1,Ann,\n2,Bo,\n", ",id,name\n0,1,Ann\n1,2,Bo\n",
    'id,path\n1,"C:\\dir\\"\n2,"D:\\"\n', 'id,said\n1,"he said \\"no\\", twice"\n2,"a\\\\"\n', "id\n1\n\n3\n",
    'id\tsize\n1\t5" disk\n2\t"\n', "1\tAnn\\tLee\t\\N\n2\t\\N\tx\\\\y\n3\t\ta\\\tb\n", "id;price\n1;1,5\n2;2,25\n",
], ids=range(12))  # fmt: skip
def test_an_odd_file_is_read_by_both_sides_alike_and_comes_back(data: str, tmp_path: Path, workspace: Workspace):
    path = folder_of(tmp_path / "in", {"odd.csv": data})
    source = opened(path, workspace)
    assert files(written(source, workspace.path / "out")) == files(path)
    rows = contents(source)
    assert rows["odd"]
    assert as_verified(source, path, workspace) == rows
    upper = opened(written(source, workspace.path / "upper", pc.utf8_upper), workspace)
    assert contents(upper)["odd"] == [tuple(v.upper() if v is not None else v for v in row) for row in rows["odd"]]


def test_escapes_mean_what_mysql_writes(tmp_path: Path, workspace: Workspace):
    path = folder_of(tmp_path / "in", {"t.tsv": "1\tAnn\\tLee\t\\N\n2\t\\N\tx\\\\y\n3\t\ta\\\tb\n"})
    rows = [("1", "Ann\tLee", None), ("2", None, "x\\y"), ("3", "", "a\tb")]
    assert contents(opened(path, workspace)) == {"t": rows}


def test_a_backslash_before_a_quote_may_come_late(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(_csv_reading, "HEAD_BYTES", 64)
    rows = "".join(f'{n},"note {n}"\n' for n in range(50)) + '50,"he said \\"no\\""\n'
    source = opened(folder_of(tmp_path / "in", {"t.csv": "id,note\n" + rows}), workspace)
    assert contents(source)["t"][-1] == ("50", 'he said "no"')


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".xz"])
def test_a_compressed_file_is_a_table_like_any_other(suffix: str, tmp_path: Path, workspace: Workspace):
    packed = {".gz": gzip.compress, ".zst": zstandard.compress, ".xz": lzma.compress}[suffix](text_of(PEOPLE).encode())
    source = opened(folder_of(tmp_path / "in", {f"people.csv{suffix}": packed}), workspace)
    assert contents(source) == {"people": PEOPLE}
    out = written(source, workspace.path / "out")
    assert contents(opened(out, workspace)) == {"people": PEOPLE}
    assert files(out)[f"people.csv{suffix}"][:2] == packed[:2]
    assert as_verified(source, out, workspace) == {"people": PEOPLE}


def test_where_the_blocks_are_cut_does_not_matter(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    long = [(str(n), f"Person {n}", "long " * (n * 37 % 211) + "\n,") for n in range(200)]
    path = folder_of(tmp_path / "in", {"people.csv": text_of(long, end="\r\n")})
    for size in (1, 7, 64, 1000):
        monkeypatch.setattr(_csv_reading, "BLOCK_BYTES", size)
        source = opened(path, workspace)
        assert contents(source) == {"people": long}
        assert files(written(source, workspace.path / f"out-{size}")) == files(path)


def test_a_cell_of_megabytes_is_read(tmp_path: Path, workspace: Workspace):
    rows: list[Row] = [("1", "Ann", "line,\n" * 2_000_000), ("2", "Bo", "x")]
    path = folder_of(tmp_path / "in", {"people.csv": text_of(rows)})
    source = opened(path, workspace)
    assert contents(source) == {"people": rows}
    assert as_verified(source, path, workspace) == {"people": rows}


# --- refusals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "words"), [
    ("id,name\n1,Ann Secretperson\n2,Bo,more\n", "line 3: the row has 3 values instead of 2"),
    ("id,name\n1,Ann\n2\n3,Bo Secretperson\n", "line 3: the row has 1 values instead of 2"),
    ('id,name\n1,"Ann Secretperson\n2,Bo\n', "line 2: a quoted value never ends"),
    ('id,name\n1,"Ann" Secretperson\n2,"Bo"\n', "line 2: a quote stands where none may"),
    ("id,name\n1,Ann\rSecretperson\n2,Bo\n", "line 2: a carriage return"),
    ("a;b,c;d\n1;2,3;4\n", "comma and by semicolon"),
    ("Jan,Secretperson\nPiet,Maes\nJoris,Claes\n", "first line names the columns"),
    ("id,name,name\n1,Ann,Secretperson\n2,Bo,Maes\n", "two columns alike"),
    ("1,Secretperson\0,x\n2,b,c\n", "binary"),
], ids=range(9))  # fmt: skip
def test_what_could_be_read_in_two_ways_is_refused_with_its_line(
    data: str, words: str, tmp_path: Path, workspace: Workspace
):
    path = folder_of(tmp_path / "in", {"sub/people.csv": data})
    with pytest.raises(SourceError, match=words) as refused:
        opened(path, workspace).schema()
    assert "people.csv" in str(refused.value)
    assert "Secretperson" not in str(refused.value)


def test_a_first_person_is_never_taken_for_a_header(tmp_path: Path, workspace: Workspace):
    data = "Jan,Maes,jan@firm-test.be\nPiet,Claes,piet@firm-test.be\n"
    source = opened(folder_of(tmp_path / "in", {"people.csv": data}), workspace)
    assert [column.name for column in source.schema().tables[0].columns] == ["field1", "field2", "field3"]
    assert len(contents(source)["people"]) == 2


@pytest.mark.parametrize(
    "stray", ["contract.pdf", "README", "a/b/c/deep.csv", "photo.jpg", ".hidden", "~lock.people.csv#"]
)
def test_a_file_that_is_no_table_is_refused_by_its_name(stray: str, tmp_path: Path, workspace: Workspace):
    path = folder_of(tmp_path / "in", {"people.csv": text_of(PEOPLE), stray: "id,name\n1,x\n"})
    with pytest.raises(SourceError, match=stray):
        opened(path, workspace)


def test_two_files_of_one_table_name_are_refused(tmp_path: Path, workspace: Workspace):
    path = folder_of(tmp_path / "in", {"people.csv": text_of(PEOPLE), "people.tsv": text_of(PEOPLE, "\t")})
    with pytest.raises(SourceError, match="people twice"):
        opened(path, workspace)


def test_a_value_that_needs_quotes_is_not_written_where_there_are_none(tmp_path: Path, workspace: Workspace):
    source = opened(folder_of(tmp_path / "in", {"t.tsv": 'id\tsize\n1\t5" disk\n2\t3" disk\n'}), workspace)
    with pytest.raises(TargetError, match=r"id in .*t\.tsv: a new value"):
        written(source, workspace.path / "out", lambda values: pa.array(["a\tb"] * len(values)))


# --- one file, and what is none ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["people.csv", "people.CSV", "people.txt", "people.csv.gz", "people.csv.zip", "any.zip"]
)
def test_one_file_is_a_database_of_one_table(name: str, tmp_path: Path, workspace: Workspace):
    data = text_of(PEOPLE).encode()
    if name.endswith(".gz"):
        data = gzip.compress(data)
    elif name.endswith(".zip"):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("people.csv", data)
        data = packed.getvalue()
    folder = folder_of(tmp_path / "in", {name: data})
    source = opened(folder / name, workspace)
    assert contents(source) == {"people": PEOPLE}
    target = written(source, workspace.path / "safe.csv")
    assert target.read_bytes() == text_of(PEOPLE).encode()
    assert contents(opened(target, workspace)) == {"safe": PEOPLE}
    assert as_verified(source, target, workspace) == {"people": PEOPLE}
    packed_target = written(source, workspace.path / "safe.zip")
    assert contents(opened(packed_target, workspace)) == {"people": PEOPLE}
    assert as_verified(source, packed_target, workspace) == {"people": PEOPLE}


@pytest.mark.parametrize("data", [
    "-- a dump\nCREATE TABLE t (a int, b int);\nINSERT INTO t VALUES (1, 2);\n", "%PDF-1.7\n1,2\n", "\x00\x01,\x02\n",
    "Dear all,\nthis is a letter, to you.\n",
], ids=["SQL", "PDF", "binary", "letter"])  # fmt: skip
def test_another_kind_of_file_is_never_taken_for_a_table(data: str, tmp_path: Path, workspace: Workspace):
    folder = folder_of(tmp_path, {"a.csv": data, "a.txt": data, "a.sql": data})
    assert not csv_folder.recognises(stores.open_input(str(folder / "a.txt"), workspace))
    assert not csv_folder.recognises(stores.open_input(str(folder / "a.sql"), workspace))
    if "Dear" not in data:
        assert not csv_folder.recognises(stores.open_input(str(folder / "a.csv"), workspace))


# --- folders, parts and schemas ---------------------------------------------------------------------------------


def test_a_subfolder_is_a_schema_and_a_folder_of_parts_one_table(tmp_path: Path, workspace: Workspace):
    first, second = text_of(PEOPLE[:3]), text_of(PEOPLE[3:])
    path = folder_of(tmp_path / "in", {
        "crm/people.csv": text_of(PEOPLE), "visit/part-00000-ab.csv": first, "visit/part-00001-cd.csv": second,
        "log/seen/part-0.csv": first, "log/seen/part-1.csv": second.split("\n", 1)[1], "top.csv": text_of(PEOPLE),
    })  # fmt: skip
    source = opened(path, workspace)
    assert contents(source) == dict.fromkeys(["top", "crm.people", "log.seen", "visit"], PEOPLE)
    out = written(source, workspace.path / "out")
    assert files(out) == files(path)
    assert as_verified(source, out, workspace) == contents(source)


def test_types_are_told_from_all_values(tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_csv_reading, "BLOCK_BYTES", 100)
    kinds = {
        "whole": ("1", "-20", T.INTEGER), "exact": ("1", "2.50", T.NUMBER), "day": ("2020-01-31", "1999-12-01", T.DATE),
        "moment": ("2020-01-01 10:00:00", "2020-01-01T10:00:00.5Z", T.TIMESTAMP), "flag": ("true", "false", T.BOOLEAN),
        "key": ("0b6e7c52-9d53-4a0e-8a3b-6a3a6b1f0001", "0B6E7C52-9D53-4A0E-8A3B-6A3A6B1F0002", T.UUID),
        "zip_code": ("1000", "0999", T.TEXT), "word": ("a", "1", T.TEXT), "empty": (None, None, T.TEXT),
        "comma": ("1,5", "2,5", T.TEXT), "card": ("1234567890123456789", "1", T.TEXT),
        "other": ("2020-13-01", "", T.TEXT),
    }  # fmt: skip
    rows = [[kind[0] for kind in kinds.values()]] * 20 + [[kind[1] for kind in kinds.values()]]
    text = "".join(",".join(map(cell, row)) + "\n" for row in [list(kinds), *rows])
    source = opened(folder_of(tmp_path / "in", {"t.csv": text}), workspace)
    (table,) = source.schema().tables
    assert {column.name: column.family for column in table.columns} == {name: kind[2] for name, kind in kinds.items()}


T = TypeFamily


def test_a_data_package_states_names_types_keys_and_missing_values(tmp_path: Path, workspace: Workspace):
    people = {
        "name": "crm.people", "path": "p.csv", "encoding": "windows-1252", "title": "All people",
        "dialect": {"delimiter": ";", "header": False, "commentChar": "#", "quoteChar": "'"},
        "schema": {
            "fields": [
                {"name": "id", "type": "integer", "constraints": {"required": True}},
                {"name": "name", "type": "string", "constraints": {"maxLength": 20, "unique": True}},
                {"name": "sex", "constraints": {"enum": ["m", "f"]}, "description": "as told"},
                {"name": "boss", "type": "integer"},
                {"name": "since", "type": "date", "format": "%d/%m/%Y"},
            ],
            "primaryKey": "id", "missingValues": ["", "NULL", "-"],
            "foreignKeys": [{"fields": "boss", "reference": {"resource": "", "fields": "id"}}],
        },
    }  # fmt: skip
    visits = {
        "name": "visit", "path": ["v1.csv", "v2.csv"],
        "schema": {
            "fields": [{"name": "n", "type": "integer"}, {"name": "person", "type": "integer"}],
            "foreignKeys": [{"fields": ["person"], "reference": {"resource": "crm.people", "fields": ["id"]}}],
        },
    }  # fmt: skip
    data = "# export of it's day\n1;'Zo\xeb; it''s';m;NULL;01/02/2020\n#x;y\n2;Bo;f;1;-\n3;'NULL';'';-;\n".encode(
        "cp1252"
    )
    path = folder_of(tmp_path / "in", {
        "datapackage.json": package(people, visits), "p.csv": data, "v1.csv": "n,person\n1,1\n", "v2.csv": "2,1\n",
    })  # fmt: skip
    source = opened(path, workspace)
    rows = [("1", "Zoë; it's", "m", None, "01/02/2020"), ("2", "Bo", "f", "1", None), ("3", "NULL", "", None, None)]
    assert contents(source) == {"crm.people": rows, "visit": [("1", "1"), ("2", "1")]}
    one, two = source.schema().tables
    assert one.primary_key == ("id",)
    assert one.unique == (("name",),)
    assert not one.column("id").nullable
    assert one.column("name").length == 20
    assert one.column("sex").labels == ("m", "f")
    assert one.column("since").family is T.TEXT
    assert one.foreign_keys[0].references == one.name == two.foreign_keys[0].references
    out = written(source, workspace.path / "out")
    assert files(out) == files(path)
    assert as_verified(source, out, workspace) == contents(source)
    upper = opened(written(source, workspace.path / "up", pc.utf8_upper), workspace)
    assert contents(upper)["crm.people"][0][:2] == ("1", "ZOË; IT'S")
    reader = open_reader(stores.open_input(str(out), workspace), csv_folder.NAME, source.schema())
    texts = {text.place: text.data for text in reader.parts() if isinstance(text, Text)}
    assert texts["datapackage.json"] == (path / "datapackage.json").read_bytes()
    assert texts["header of v1.csv"] == b"n,person\n"
    assert b"v2.csv" in texts["list of the files"]
    assert any(place == "comment in p.csv" for place in texts)


def test_delimiters_and_line_ends_of_several_characters_can_be_stated(tmp_path: Path, workspace: Workspace):
    """As SQL Server's samples are written for BULK INSERT, in UTF-16 without and with a mark."""
    fields = [{"name": name} for name in ("id", "name", "text")]
    dialect = {"delimiter": "+|", "lineTerminator": "&|\r\n", "quoteChar": "", "header": False}
    described = {"name": "t", "path": "t.csv", "dialect": dialect, "schema": {"fields": fields}}
    text = '1+|Zoë "Z" Claes+|two\nlines & | more&|\r\n2++|+|&|\r\n'
    rows = [("1", 'Zoë "Z" Claes', "two\nlines & | more"), ("2+", None, None)]
    for number, (stated, data) in enumerate((
        ("utf-16le", text.encode("utf-16-le")), ("utf-16", text.encode("utf-16")), ("utf-8", text.encode()),
        (None, codecs.BOM_UTF16_BE + text.encode("utf-16-be")),
    )):  # fmt: skip
        encoding = {} if stated is None else {"encoding": stated}
        path = folder_of(tmp_path / f"in{number}", {"datapackage.json": package(described | encoding), "t.csv": data})
        source = opened(path, workspace)
        assert contents(source) == {"t": rows}
        assert files(written(source, workspace.path / f"out{number}")) == files(path)
        assert as_verified(source, path, workspace) == {"t": rows}
        upper = written(source, workspace.path / f"upper{number}", pc.utf8_upper)
        assert contents(opened(upper, workspace))["t"][0][1] == 'ZOË "Z" CLAES'


@pytest.mark.parametrize(("text", "words"), [
    ("{", "not valid JSON"), ("[]", "no resources"), (package({"path": "p.csv"}), "no name"),
    (package({"name": "p", "path": "q.csv"}), "q.csv though it is not there"),
    (package({"name": "p", "path": "../p.csv"}), "does not lie beside"),
    (package({"name": "p", "path": "https://firm-test.be/p.csv"}), "does not lie beside"),
    (package({"name": "p", "data": [[1]]}), "only files are read"),
    (package({"name": "p", "path": "p.csv", "dialect": {"skipInitialSpace": True}}), "skipInitialSpace"),
    (package({"name": "p", "path": "p.csv", "encoding": "ebcdic"}), "encoding is not supported"),
    (package({"name": "p", "path": "p.csv", "schema": {"fields": [{"name": "a", "type": "int"}]}}), "none of Table"),
    (package({"name": "p", "path": "p.csv", "schema": {"fields": [{"name": "a"}]}}), "1"),
    (package({"name": "p", "path": "p.csv", "schema": {"fields": [{"name": "id"}, {"name": "name"}],
                                                       "primaryKey": ["no"]}}), "a key of p"),
    (package({"name": "p", "path": "p.csv", "schema": {"fields": 3}}), "does not follow"),
], ids=range(13))  # fmt: skip
def test_a_data_package_that_does_not_fit_is_refused(text: str, words: str, tmp_path: Path, workspace: Workspace):
    path = folder_of(tmp_path / "in", {"datapackage.json": text, "p.csv": "id,name\n1,Secretperson\n"})
    with pytest.raises(SourceError, match=words) as refused:
        opened(path, workspace).schema()
    assert "Secretperson" not in str(refused.value)


def test_with_a_data_package_an_unlisted_file_is_refused(tmp_path: Path, workspace: Workspace):
    listed = package({"name": "p", "path": "p.csv"})
    path = folder_of(tmp_path / "in", {"datapackage.json": listed, "p.csv": text_of(PEOPLE), "q.csv": text_of(PEOPLE)})
    with pytest.raises(SourceError, match=r"does not list: q\.csv"):
        opened(path, workspace)
    with pytest.raises(SourceError, match="name the folder as the source"):
        opened(path / "p.csv", workspace)


# --- archives ---------------------------------------------------------------------------------------------------


_PACKED = {"b": "b.csv.gz", "crm.people": "crm/people.csv"}


def test_an_archive_of_tables_is_a_folder_and_may_become_an_archive_again(tmp_path: Path, workspace: Workspace):
    folder = folder_of(tmp_path / "in", {
        "crm/people.csv": text_of(PEOPLE), "b.csv.gz": gzip.compress(text_of(PEOPLE, ";").encode()),
        "datapackage.json": package(*({"name": name, "path": path} for name, path in _PACKED.items())),
    })  # fmt: skip
    archive = Path(shutil.make_archive(str(tmp_path / "all"), "zip", folder))
    source = opened(archive, workspace)
    assert contents(source) == {"b": PEOPLE, "crm.people": PEOPLE}
    out = written(source, workspace.path / "out")
    assert set(files(out)) == set(files(folder))
    for target in (out, written(source, workspace.path / "out.zip")):
        assert contents(opened(target, workspace)) == contents(source)
        assert as_verified(source, target, workspace) == contents(source)


def test_one_of_several_dumps_in_an_archive_is_named_behind_a_slash(tmp_path: Path, workspace: Workspace):
    archive = tmp_path / "dumps.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in ("a.sql", "old/b.sql"):
            packed.writestr(name, "PRAGMA foreign_keys=OFF;\nCREATE TABLE t (a text);\nINSERT INTO t VALUES('x');\n")
        packed.writestr("people.csv.gz", gzip.compress(text_of(PEOPLE).encode()))
        packed.writestr("letter.pdf", b"%PDF-1.7")
    with pytest.raises(SourceError, match=r"several files; name one of them, as dumps\.zip/a\.sql"):
        stores.recognise(stores.open_input(str(archive), workspace))
    for name in ("a.sql", "old/b.sql"):
        source = stores.open_input(str(archive / name), workspace)
        assert stores.recognise(source).NAME == "SQLite dump"
        assert stores.recognise(source).open_source(source).schema().tables[0].name == ("", "t")
    assert contents(opened(archive / "people.csv.gz", workspace)) == {"people": PEOPLE}
    with pytest.raises(SourceError, match=r"holds no c\.sql"):
        stores.open_input(str(archive / "c.sql"), workspace)


# --- whatever comes ---------------------------------------------------------------------------------------------

CELLS = st.none() | st.text(
    st.sampled_from("ab,;|\t\"\n\r\\'# éł漢N0")
    | st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"),
    max_size=8,
)
"""Any value, most of them with signs that mean something."""


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, dict[str, Any], list[Row]]:
    """A file's text, its description, and its rows."""
    columns = draw(st.integers(1, 4))
    rows = draw(st.lists(st.tuples(*[CELLS] * columns), max_size=6))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|", "+|"]))
    quote = draw(st.sampled_from(['"', "'"]))
    escape = draw(st.sampled_from(["", "\\"])) if len(delimiter) == 1 else ""
    comment = draw(st.sampled_from(["", "#"])) if len(delimiter) == 1 else ""
    ends = draw(st.lists(st.sampled_from(["\n", "\r\n"]), min_size=len(rows) + 1, max_size=len(rows) + 1))
    null = draw(st.sampled_from(["", "NULL", "\\N"] if not escape else ["", "NULL"]))
    header = draw(st.booleans())
    names = [f"c{number}" for number in range(columns)]
    lines = [delimiter.join(names) + ends[0]] if header else []
    for row, end in zip(rows, ends[1:], strict=True):
        if comment and draw(st.booleans()):
            lines.append(f"{comment} it's, \"so{delimiter}\n")
        written = [
            null if value is None else _drawn(draw, value, delimiter, quote, escape, comment, null) for value in row
        ]
        lines.append(delimiter.join(written) + end)
        if columns > 1 and draw(st.booleans()):
            lines.append(draw(st.sampled_from(["\n", "\r\n"])))
    text = "".join(lines)
    if rows and draw(st.booleans()) and not (columns == 1 and text.rstrip("\r\n") + ends[-1] != text):
        text = text.removesuffix("\r\n").removesuffix("\n") if text.endswith(ends[-1]) else text
    assume(not text.endswith("\r"))
    dialect: dict[str, Any] = {"delimiter": delimiter, "quoteChar": quote, "header": header}
    dialect |= {"escapeChar": escape} if escape else {}
    dialect |= {"commentChar": comment} if comment else {}
    schema = {"fields": [{"name": name} for name in names], "missingValues": [null]}
    return text, {"name": "t", "path": "t.csv", "dialect": dialect, "schema": schema}, rows


def _drawn(draw: st.DrawFn, value: str, delimiter: str, quote: str, escape: str, comment: str, null: str) -> str:
    signs = [delimiter, quote, "\n", "\r", *([escape] if escape else [])]
    if value == null or any(sign in value for sign in signs) or (comment and value.startswith(comment)):
        needed = True
    else:
        needed = draw(st.booleans())
    if delimiter == "+|" and value.endswith("+"):
        needed = True
    if not needed:
        return value
    if escape:
        return (
            quote + value.replace("\\", "\\\\").replace(quote, draw(st.sampled_from([quote * 2, "\\" + quote]))) + quote
        )
    return quote + value.replace(quote, quote * 2) + quote


CASES = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


@CASES
@given(
    table=tables(),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]),
    block=st.sampled_from([3, 1 << 22]),
)
def test_any_table_in_any_dialect_is_read_and_comes_back_byte_for_byte(
    table: tuple[str, dict[str, Any], list[Row]], codec: str, block: int, tmp_path_factory: pytest.TempPathFactory
):
    text, described, rows = table
    assume(text)
    folder = tmp_path_factory.mktemp("any")
    stated = {"encoding": "utf-16be"} if codec == "utf-16-be" else {}
    files_in = {"datapackage.json": package(described | stated), "t.csv": text.encode(codec)}
    path = folder_of(folder / "in", files_in)
    with pytest.MonkeyPatch.context() as patch, Workspace(folder / "x") as workspace:
        patch.setattr(_csv_reading, "BLOCK_BYTES", block)
        source = opened(path, workspace)
        assert contents(source) == {"t": rows}
        assert files(written(source, workspace.path / "out")) == files(path)
        assert as_verified(source, path, workspace) == {"t": rows}
        turned = written(source, workspace.path / "turned", lambda values: pc.utf8_reverse(values))
        expected = [tuple(value[::-1] if value is not None else None for value in row) for row in rows]
        assert contents(opened(turned, workspace)) == {"t": expected}
        assert as_verified(source, turned, workspace) == {"t": expected}
    shutil.rmtree(folder)


@CASES
@given(
    rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5), style=st.sampled_from([",", ";", "\t", "|"]),
    cuts=st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3)), min_size=1, max_size=3), keep=st.booleans(),
)  # fmt: skip
def test_a_damaged_file_is_refused_with_its_place_or_read_by_both_sides_alike(
    rows: list[Row], style: str, cuts: list[tuple[int, bytes]], keep: bool, tmp_path_factory: pytest.TempPathFactory
):
    folder = tmp_path_factory.mktemp("damaged")
    data = text_of([(str(n), *row) for n, row in enumerate(rows)], style).encode()
    for place, junk in cuts:
        data = data[:place] + junk + data[place + len(junk) :] if keep else data[:place] + junk
    assume(data)
    path = folder_of(folder / "in", {"t.csv": data})
    with Workspace(folder / "x") as workspace:
        refusal, found = "", dict[str, list[Row]]()
        try:
            source = opened(path, workspace)
            found = contents(source)
        except SourceError as error:
            refusal = str(error)
        if refusal:
            assert "t.csv" in refusal
            shutil.rmtree(folder)
            return
        assert files(written(source, workspace.path / "out")) == files(path)
        assert as_verified(source, path, workspace) == found
    shutil.rmtree(folder)


@settings(max_examples=300, deadline=None)
@given(rows=st.lists(st.lists(CELLS.map(lambda value: value or ""), min_size=2, max_size=2), min_size=1, max_size=6))
def test_the_index_agrees_with_the_reader_of_python(rows: list[list[str]]):
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    data = out.getvalue().encode()
    index = index_of(data, Dialect(), 2)
    cells = [[data[a:b] for a, b in zip(*row, strict=True)] for row in zip(index.starts, index.ends, strict=True)]
    assert [[value.decode()[1:-1].replace('""', '"') for value in row] for row in cells] == rows
    assert list(csv.reader(io.StringIO(out.getvalue(), newline=""))) == rows
    with suppress(AnonymizerError):
        index_of(data[:-3], Dialect(), 2, final=False)


@pytest.mark.parametrize("name", ["../people.csv", "/etc/people.csv", "a\\b.csv", "crm/../../people.csv"])
def test_an_archive_cannot_write_outside_the_result(name: str, tmp_path: Path, workspace: Workspace):
    archive = tmp_path / "bad.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("a.csv", text_of(PEOPLE))
        packed.writestr(name, text_of(PEOPLE))
    with pytest.raises(SourceError, match="leads out of it"):
        opened(archive, workspace)


def test_a_link_to_another_folder_is_refused(tmp_path: Path, workspace: Workspace):
    folder_of(tmp_path / "other", {"b.csv": text_of(PEOPLE)})
    path = folder_of(tmp_path / "in", {"a.csv": text_of(PEOPLE)})
    (path / "crm").symlink_to(tmp_path / "other", target_is_directory=True)
    with pytest.raises(SourceError, match="crm"):
        opened(path, workspace)


def test_a_word_for_nothing_over_numbers_makes_no_header(tmp_path: Path, workspace: Workspace):
    path = folder_of(tmp_path / "in", {"a.csv": "unknown,Jan\n1,Piet\n2,Joris\n3,Korneel\n"})
    with pytest.raises(SourceError, match="first line names"):
        contents(opened(path, workspace))


def test_a_table_comes_through_a_pipe_and_a_letter_does_not(tmp_path: Path, workspace: Workspace):
    source = spool_pipe(io.BytesIO(text_of(PEOPLE).encode()), workspace)
    assert stores.recognise(source) is csv_folder
    assert contents(csv_folder.open_source(source)) == {"table": PEOPLE}
    letter = spool_pipe(io.BytesIO(b"Dear all,\nthis is a letter, to you.\n"), workspace)
    with pytest.raises(SourceError, match="no dump or database"):
        stores.recognise(letter)


def test_a_long_first_row_does_not_hide_the_header(tmp_path: Path, workspace: Workspace):
    rows: list[Row] = [(str(n), "Ann", "line\n" * (700_000 if n == 1 else 1)) for n in range(1, 9)]
    source = opened(folder_of(tmp_path / "in", {"people.csv": text_of(rows).replace("full_name", "Naam")}), workspace)
    assert contents(source) == {"people": rows}


def test_a_row_that_is_too_long_is_refused_by_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_csv_reading, "_ROW_BYTES_MAX", 1 << 20)
    made = tmp_path / "made.csv"
    made.write_bytes(b"id,naam\n1,Els\n2," + b"x" * (9 << 20) + b"\n")
    with pytest.raises(SourceError, match=r"line 3: the row is longer than 1 MB"):
        api.run(made, tmp_path / "veilig.csv", assume_masked=True)
    assert not (tmp_path / "veilig.csv").exists()
