"""Parquet: what is not replaced is the same file, or the same value of the same type, whatever that type is."""

from __future__ import annotations

import datetime as dt
import decimal
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from anonymizer import stores
from anonymizer.contracts import Rows
from anonymizer.errors import InternalError, SourceError, TargetError
from anonymizer.model.schema import TableName, TypeFamily
from anonymizer.stores import parquet_folder, sqlite_file
from anonymizer.stores._arrow.values import Misfit, element_of, family_of, from_text, replaced, to_text
from anonymizer.stores._input import FileInput, FolderInput

D = decimal.Decimal
WORDS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=9)
ALPHABET = st.sampled_from(["", "a", "Zoë", '"q"', "{x}", "NULL", "back\\slash", "a,b", " "])
MOMENTS = st.integers(-(2**40), 2**40)


def whole(bits: int, signed: bool) -> st.SearchStrategy[int]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else st.integers(0, 2**bits - 1)


def scaled(precision: int, scale: int) -> st.SearchStrategy[D]:
    limit = 10**precision - 1
    with decimal.localcontext(prec=80):
        return st.integers(-limit, limit).map(lambda units: D(units).scaleb(-scale, decimal.Context(prec=80)))


PLAIN: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.string(): WORDS,
    pa.large_string(): WORDS,
    pa.dictionary(pa.int32(), pa.string()): ALPHABET,
    **{getattr(pa, f"int{bits}")(): whole(bits, True) for bits in (8, 16, 32, 64)},
    **{getattr(pa, f"uint{bits}")(): whole(bits, False) for bits in (8, 16, 32, 64)},
    pa.float16(): st.floats(width=16, allow_nan=False).map(np.float16),
    pa.float32(): st.floats(width=32, allow_nan=False),
    pa.float64(): st.floats(allow_nan=False),
    pa.decimal128(5, 2): scaled(5, 2),
    pa.decimal128(38, 30): scaled(38, 30),
    pa.decimal256(60, 9): scaled(60, 9),
    pa.bool_(): st.booleans(),
    pa.date32(): st.dates(),
    pa.date64(): st.dates(),
    **{pa.timestamp(unit): MOMENTS for unit in ("ms", "us", "ns")},
    **{pa.timestamp("us", zone): MOMENTS for zone in ("UTC", "+05:30", "America/New_York")},
    pa.time32("ms"): st.integers(0, 86_399_999),
    pa.time64("us"): st.integers(0, 86_399_999_999),
    pa.binary(): st.binary(max_size=9),
    pa.large_binary(): st.binary(max_size=9),
    pa.binary(4): st.binary(min_size=4, max_size=4),
    pa.duration("ms"): st.integers(-(2**40), 2**40),
    pa.null(): st.none(),
    pa.uuid(): st.uuids().map(lambda value: value.bytes),
    pa.json_(): st.sampled_from(["{}", '{"a":[1,null]}', "[]"]),
}
_PERSON = pa.struct([("name", pa.string()), ("born", pa.date32()), ("share", pa.decimal128(9, 3))])
NESTED: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.list_(pa.string()): st.lists(ALPHABET | st.none(), max_size=3),
    pa.large_list(pa.int16()): st.lists(whole(16, True) | st.none(), max_size=3),
    pa.list_(pa.int32(), 2): st.lists(whole(32, True) | st.none(), min_size=2, max_size=2),
    pa.list_(pa.list_(pa.binary())): st.lists(st.lists(st.binary(max_size=3), max_size=2), max_size=2),
    _PERSON: st.fixed_dictionaries({"name": ALPHABET | st.none(), "born": st.dates(), "share": scaled(9, 3)}),
    pa.map_(pa.string(), pa.int64()): st.dictionaries(ALPHABET, whole(64, True), max_size=3).map(
        lambda entries: list(entries.items())
    ),
}
TYPES = PLAIN | NESTED


def array(kind: pa.DataType, values: list[Any]) -> pa.Array:
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, pa.array(values, kind.storage_type))
    return pa.array(values, kind)


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """A few columns of any types, one of them called `name` and of texts."""
    rows = draw(st.integers(0, 12))
    kinds = [pa.string(), *draw(st.lists(st.sampled_from(list(TYPES)), max_size=5))]
    columns = [
        array(kind, draw(st.lists(TYPES[kind] | st.none(), min_size=rows, max_size=rows)))
        for kind in kinds
    ]  # fmt: skip
    fields = [pa.field(f"c{n}", kind, metadata={"unit": "x"} if n % 2 else None) for n, kind in enumerate(kinds)]
    fields[0] = pa.field("name", pa.string())
    pairs = draw(st.none() | st.just({"pandas": "{}", "made by": "tests"}))
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata=pairs))


def opened(path: Path) -> parquet_folder.ParquetSource:
    found = FolderInput(path) if path.is_dir() else FileInput(path)
    assert stores.recognise(found) is parquet_folder
    return parquet_folder.open_source(found)


def rewritten(path: Path, target: Path, change: Callable[[Rows], Rows], wanted: list[str] | None = None) -> Path:
    """A whole run over the wanted columns of all tables, or over all columns."""
    source = opened(path)
    columns = {
        table.name: [column.name for column in table.columns if wanted is None or column.name in wanted]
        for table in source.schema().tables
    }
    sink = parquet_folder.open_sink(source, target)
    try:
        for part in source.parts(columns):
            sink.write(change(part) if isinstance(part, Rows) else part)
        sink.close()
    except BaseException:
        sink.abort()
        raise
    return target


def beside(path: Path) -> Path:
    return path.with_name(f"{path.name} new")


def with_values(column: str, new: Callable[[list[str | None]], list[str | None]]) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        place = rows.batch.schema.get_field_index(column)
        values = pa.array(new(rows.batch.column(place).to_pylist()), pa.string())
        return Rows(rows.table, rows.batch.set_column(place, column, values), rows.frame)

    return change


def same(rows: Rows) -> Rows:
    return rows


turned = with_values("name", lambda values: [None if value is None else f"{value}!" for value in values])


# --- values -----------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_value_of_any_type_becomes_text_and_is_had_back(data: st.DataObject):
    kind = data.draw(st.sampled_from(list(TYPES)))
    values = array(kind, data.draw(st.lists(TYPES[kind] | st.none(), max_size=6)))
    for part in (values, values.slice(len(values) // 2)):
        text = to_text(part)
        assert text.type == pa.string()
        assert text.is_null().to_pylist() == part.is_null().to_pylist()
        back = from_text(text, kind)
        assert back.type == kind
        assert back.to_pylist() == part.to_pylist()


@pytest.mark.parametrize(
    ("kind", "value", "text", "family"),
    [
        (pa.decimal128(20, 8), D("0.00000001"), "0.00000001", TypeFamily.NUMBER),
        (pa.float64(), 3.0, "3", TypeFamily.NUMBER),
        (pa.bool_(), True, "true", TypeFamily.BOOLEAN),
        (pa.date64(), dt.date(1980, 5, 9), "1980-05-09", TypeFamily.DATE),
        (pa.timestamp("ns"), dt.datetime(2024, 5, 6, 7, 8, 9), "2024-05-06 07:08:09", TypeFamily.TIMESTAMP),
        (
            pa.timestamp("ms", "Europe/Brussels"),
            dt.datetime(2024, 5, 6, 22, tzinfo=dt.UTC),
            "2024-05-07 00:00:00+02:00",
            TypeFamily.TIMESTAMP,
        ),
        (pa.time64("us"), dt.time(7, 8, 9, 500_000), "07:08:09.5", TypeFamily.TIME),
        (pa.binary(), b"\x00\xff", "\\x00ff", TypeFamily.BINARY),
        (pa.list_(pa.int8()), [1, None], "{1,NULL}", TypeFamily.ARRAY),
        (pa.list_(pa.string()), ['a "b"', None], '{"a \\"b\\"",NULL}', TypeFamily.ARRAY),
        (_PERSON, {"name": "x", "born": None, "share": None}, '{"name":"x","born":null,"share":null}', TypeFamily.JSON),
        (pa.duration("s"), dt.timedelta(seconds=5), "5", TypeFamily.OTHER),
        (pa.binary(2), b"ab", "\\x6162", TypeFamily.OTHER),
    ],
    ids=str,
)
def test_text_is_what_a_database_would_print(kind: pa.DataType, value: Any, text: str, family: TypeFamily):
    assert to_text(pa.array([value], kind)).to_pylist() == [text]
    assert family_of(kind) is family


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
@pytest.mark.parametrize("start", [0, 2, 3])
def test_the_text_of_a_slice_is_fit_for_every_function(kind: pa.DataType, start: int):
    text = to_text(pa.array(["AB", "CD", "EF", "GH"]).cast(kind).slice(start))
    assert pc.ascii_lower(text).to_pylist() == ["ab", "cd", "ef", "gh"][start:]


def test_a_uuid_is_written_with_its_dashes_and_a_list_tells_its_elements():
    one = uuid.UUID(int=7)
    values = array(pa.uuid(), [one.bytes])
    assert to_text(values).to_pylist() == [str(one)]
    assert element_of(pa.list_(pa.date32())) is TypeFamily.DATE
    assert element_of(_PERSON) is None


@pytest.mark.parametrize(
    ("kind", "text"),
    [(pa.int8(), "128"), (pa.uint64(), "-1"), (pa.bool_(), "maybe"), (pa.date32(), "soon"),
     (pa.time32("s"), "25:00:00"),
     (pa.decimal128(5, 2), "1234.00"), (pa.decimal128(5, 2), "1.001"), (pa.binary(), "\\xq0"), (pa.binary(2), "\\x00"),
     (pa.uuid(), "\\x00"), (pa.list_(pa.int8()), "{1,2"), (pa.list_(pa.int8()), "{x}"), (pa.null(), "x"),
     (pa.list_(pa.int8(), 2), "{1}"), (_PERSON, "[]"), (_PERSON, '{"name": 5}'), (pa.timestamp("s"), "2024-13-01")],
    ids=str,
)  # fmt: skip
def test_a_value_that_does_not_fit_its_type_is_refused_and_never_quoted(kind: pa.DataType, text: str):
    with pytest.raises(Misfit) as refused:
        from_text(pa.array([text]), kind)
    assert text not in str(refused.value).replace(str(kind), "")


def test_what_is_no_number_stays_so_and_unchanged_values_are_not_converted():
    nan = float("nan")
    old = pa.array([1.5, nan, None, 2.5])
    before = to_text(old)
    assert before.to_pylist() == ["1.5", None, None, "2.5"]
    new = replaced(old, before, pa.array(["9.5", None, None, "2.5"]))
    assert str(new.to_pylist()) == str([9.5, nan, None, 2.5])


def test_a_new_dictionary_holds_no_old_value_not_even_an_unused_one():
    old = pa.DictionaryArray.from_arrays(pa.array([1, 0, 1, None], pa.int8()), pa.array(["b", "a", "unused"]))
    new = replaced(old, to_text(old), pa.array(["X", "Y", "X", None]))
    assert new.type == old.type
    assert new.dictionary.to_pylist() == ["Y", "X"]
    assert new.to_pylist() == ["X", "Y", "X", None]


# --- files ------------------------------------------------------------------------------------------------------

fresh_folder = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@fresh_folder
@given(
    tables(),
    st.integers(1, 20),
    st.sampled_from(["none", "snappy", "zstd", "gzip", "brotli", "lz4"]),
    st.booleans(),
    st.sampled_from(["1.0", "2.4", "2.6"]),
)
def test_any_table_comes_back_with_only_the_replaced_values_changed(
    tmp_path_factory: pytest.TempPathFactory,
    table: pa.Table,
    group: int,
    compression: str,
    store_schema: bool,
    version: str,
):
    folder = tmp_path_factory.mktemp("any")
    path = folder / "person.parquet"
    options = {"compression": {"name": compression}, "store_schema": store_schema, "version": version}
    try:
        pq.write_table(table, path, row_group_size=group, **options)
    except pa.ArrowInvalid:
        reject()  # an old version of the format does not hold nanoseconds
    copied = rewritten(path, folder / "copied.parquet", same, wanted=[])
    assert copied.read_bytes() == path.read_bytes()
    rebuilt = pq.ParquetFile(rewritten(path, folder / "rebuilt.parquet", same))
    original = pq.ParquetFile(path)
    assert rebuilt.read().equals(original.read(), check_metadata=True)
    changed = pq.ParquetFile(rewritten(path, folder / "changed.parquet", turned, wanted=["name"]))
    for other in (rebuilt, changed):
        assert other.schema_arrow.equals(original.schema_arrow, check_metadata=True)
        assert other.schema.equals(original.schema)
        assert other.metadata.metadata == original.metadata.metadata
        assert groups(other) == groups(original)
    expected = original.read()
    words = pa.array([None if word is None else f"{word}!" for word in expected["name"].to_pylist()], pa.string())
    kept = changed.read().drop_columns("name")
    assert kept.equals(expected.drop_columns("name"), check_metadata=True)
    assert changed.read()["name"].to_pylist() == words.to_pylist()


def groups(file: pq.ParquetFile) -> list[tuple[Any, ...]]:
    about = file.metadata
    return [
        (
            about.row_group(g).num_rows,
            about.row_group(g).column(c).compression,
            about.row_group(g).column(c).is_stats_set,
        )
        for g in range(about.num_row_groups)
        for c in range(about.num_columns)
    ]


def test_field_numbers_columns_that_may_not_be_null_and_old_timestamps_stay(tmp_path: Path):
    fields = [
        pa.field("name", pa.string(), nullable=False, metadata={"PARQUET:field_id": "7"}),
        pa.field("seen", pa.timestamp("ns"), metadata={"PARQUET:field_id": "9"}),
    ]
    table = pa.table([["a", "b"], pa.array([1, None], pa.timestamp("ns"))], schema=pa.schema(fields))
    pq.write_table(table, tmp_path / "t.parquet", use_deprecated_int96_timestamps=True, store_schema=False)
    assert not opened(tmp_path).schema().tables[0].column("name").nullable
    new = pq.ParquetFile(rewritten(tmp_path, beside(tmp_path), turned) / "t.parquet")
    assert new.schema.equals(pq.ParquetFile(tmp_path / "t.parquet").schema)
    assert new.schema.column(1).physical_type == "INT96"
    assert new.schema_arrow.field("name").metadata == {b"PARQUET:field_id": b"7"}


def test_statistics_are_those_of_the_new_values(tmp_path: Path):
    pq.write_table(pa.table({"name": ["aaron", "zed"]}), tmp_path / "t.parquet")
    new = rewritten(tmp_path, beside(tmp_path), with_values("name", lambda values: ["x"] * len(values)))
    found = pq.ParquetFile(new / "t.parquet").metadata.row_group(0).column(0).statistics
    assert (found.min, found.max) == ("x", "x")
    assert b"aaron" not in (new / "t.parquet").read_bytes()


def test_one_nulled_value_in_a_column_that_allows_none_is_refused(tmp_path: Path):
    schema = pa.schema([pa.field("name", pa.string(), nullable=False)])
    pq.write_table(pa.table([["a"]], schema=schema), tmp_path / "t.parquet")
    target = beside(tmp_path)
    with pytest.raises(TargetError, match=r"t\.name"):
        rewritten(tmp_path, target, with_values("name", lambda values: [None] * len(values)))
    assert not target.exists()


def test_text_that_is_not_utf_8_is_named_by_its_column(tmp_path: Path):
    raw = pa.array([b"ok", b"\xff\xfe"])
    pq.write_table(pa.table({"name": raw.view(pa.string())}), tmp_path / "t.parquet")
    with pytest.raises(SourceError, match=r"t\.name holds text that is not UTF-8"):
        rewritten(tmp_path, beside(tmp_path), same)


# --- folders ----------------------------------------------------------------------------------------------------


def write(path: Path, **columns: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def test_files_parts_partitions_and_schemas_become_tables(tmp_path: Path):
    write(tmp_path / "customer.parquet", id=[1])
    write(tmp_path / "visit" / "part-0.parquet", at=["x"])
    write(tmp_path / "visit" / "part-1.parquet", at=["y"])
    write(tmp_path / "crm" / "person.parquet", name=["a"])
    write(tmp_path / "crm" / "firm.parquet", name=["a"])
    write(tmp_path / "crm" / "sale" / "year=2024" / "land=be%20nl" / "0.parquet", amount=[1.5])
    write(tmp_path / "crm" / "sale" / "year=2025" / "land=__HIVE_DEFAULT_PARTITION__" / "0.parquet", amount=[2.5])
    (tmp_path / "visit" / "_SUCCESS").touch()
    tables_ = {str(table.name): table for table in opened(tmp_path).schema().tables}
    assert sorted(tables_) == ["crm.firm", "crm.person", "crm.sale", "customer", "visit"]
    sale = tables_["crm.sale"]
    assert sale.partition_key == ("year", "land")
    assert [column.type for column in sale.columns] == ["double", "int64", "string"]
    rows = [part.batch.to_pylist() for part in opened(tmp_path).parts({sale.name: ["amount", "year", "land"]})
            if isinstance(part, Rows)]  # fmt: skip
    assert rows == [
        [{"amount": "1.5", "year": "2024", "land": "be nl"}],
        [{"amount": "2.5", "year": "2025", "land": None}],
    ]
    new = rewritten(tmp_path, beside(tmp_path), same)
    written = {str(file.relative_to(new)) for file in new.rglob("*") if file.is_file()}
    there = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.parquet")}
    assert written == there


def test_a_column_in_the_path_is_not_written_otherwise(tmp_path: Path):
    write(tmp_path / "sale" / "city=Gent" / "0.parquet", amount=[1.5])
    write(tmp_path / "other.parquet", x=[1])
    with pytest.raises(TargetError, match=r"sale\.city stands in the names of folders"):
        rewritten(tmp_path, beside(tmp_path), lambda rows: with_values("city", lambda v: ["x"])(rows)
                  if rows.table.name == "sale" else rows)  # fmt: skip


@pytest.mark.parametrize("name", ["notes.txt", "customer.parquet.bak", "in/side.csv", ".hidden", "in/datapackage.json"])
def test_a_file_that_nobody_would_look_at_is_refused_by_name(tmp_path: Path, name: str):
    write(tmp_path / "customer.parquet", id=[1])
    write(tmp_path / "in" / "person.parquet", id=[1])
    (tmp_path / name).write_text("zed.claes@mail.be")
    with pytest.raises(SourceError, match=name.rpartition("/")[2].replace(".", r"\.")) as refused:
        opened(tmp_path)
    assert "zed" not in str(refused.value)


@pytest.mark.parametrize("other", ["a.pq", "a/part-0.parquet"])
def test_two_tables_of_one_name_are_refused(tmp_path: Path, other: str):
    write(tmp_path / "a.parquet", id=[1])
    write(tmp_path / other, id=[1])
    with pytest.raises(SourceError, match="rename one of them"):
        opened(tmp_path)


@pytest.mark.parametrize("inside", ["year=2024/0.parquet", "part-0.parquet"])
def test_a_folder_of_parts_is_one_table_and_verified_under_another_name(tmp_path: Path, inside: str):
    write(tmp_path / "person.parquet" / inside, email=MAILS[:9])
    write(tmp_path / "person.parquet" / inside.replace("0.", "1."), email=MAILS[9:])
    keep = ", keep: [year]" if "year" in inside else ""
    (tmp_path / "rules.yaml").write_text(f"format: 1\ntables:\n  person: {{columns: {{email: email}}{keep}}}\n")
    code, said = run(tmp_path / "person.parquet", tmp_path / "safe")
    assert code == 0, said
    assert pq.read_table(tmp_path / "safe").num_rows == len(MAILS)


def test_parts_that_disagree_an_encrypted_and_a_packed_file_are_refused(tmp_path: Path):
    write(tmp_path / "visit" / "part-0.parquet", at=["x"])
    write(tmp_path / "visit" / "part-1.parquet", at=[1])
    with pytest.raises(SourceError, match=r"part-1\.parquet has other columns"):
        opened(tmp_path).schema()
    secret = tmp_path / "secret.parquet"
    secret.write_bytes(b"PARE" + bytes(20) + b"PARE")
    with pytest.raises(SourceError, match="is encrypted"):
        opened(secret).schema()


def test_keys_of_a_data_package_are_those_of_the_tables(tmp_path: Path):
    write(tmp_path / "a.parquet", id=[1], code=["x"])
    (tmp_path / "datapackage.json").write_text(
        '{"resources": [{"name": "A", "path": "./a.parquet", "schema": {"primaryKey": "id", "uniqueKeys": [["code"]],'
        ' "foreignKeys": [{"fields": "id", "reference": {"resource": "", "fields": "id"}}]}}]}'
    )
    (table,) = opened(tmp_path).schema().tables
    assert (table.primary_key, table.unique) == (("id",), (("code",),))
    assert table.foreign_keys[0].references == TableName("", "a")
    for wrong in ("{", '{"resources": 5}', '{"resources": [{"path": "a.parquet", "schema": {"primaryKey": "no"}}]}'):
        (tmp_path / "datapackage.json").write_text(wrong)
        with pytest.raises(SourceError, match=r"datapackage\.json"):
            opened(tmp_path).schema()


def test_a_sink_of_another_kind_and_a_packed_target_are_refused(tmp_path: Path):
    path = write(tmp_path / "a.parquet", id=[1])
    with pytest.raises(TargetError, match="compressed in itself"):
        parquet_folder.open_sink(opened(path), tmp_path / "b.parquet.gz")
    with pytest.raises(InternalError):
        sqlite_file.open_sink(opened(path), tmp_path / "b.sqlite")


# --- the main job -----------------------------------------------------------------------------------------------

MAILS = [f"zed.claes{n}@mail.be" for n in range(60)]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    write(folder / "customer.parquet", id=list(range(60)), email=MAILS, score=[n / 7 for n in range(60)])
    write(folder / "sale" / "year=2024" / "0.parquet", id=list(range(5)), customer_email=MAILS[:5])
    write(folder / "rate.parquet", code=["A", "B"], rate=[D("0.21"), D("0.06")])
    (folder.parent / "rules.yaml").write_text(
        "format: 1\ntables:\n  customer: {columns: {email: email}, keep: [id, score]}\n"
        "  sale: {columns: {customer_email: email}, keep: [id, year]}\n  rate: {keep: [code, rate]}\n"
    )
    return folder


def run(shop: Path, target: Path, *options: str) -> tuple[int, str]:
    """Exit code, and all that is said."""
    command = [sys.executable, "-m", "anonymizer", "run", str(shop), str(target), *options]
    if "-r" not in options:
        command += ["-r", str(shop.parent / "rules.yaml")]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_a_folder_is_replaced_verified_and_published_and_the_rest_is_the_same_file(shop: Path, tmp_path: Path):
    code, said = run(shop, tmp_path / "safe")
    assert code == 0, said
    assert "checks passed; published" in said
    customer, sale = (pq.read_table(tmp_path / "safe" / name) for name in ("customer.parquet", "sale"))
    mails = customer["email"].to_pylist()
    assert len(set(mails)) == 60
    assert not set(mails) & set(MAILS)
    assert sale["customer_email"].to_pylist() == mails[:5]
    original = pq.read_table(shop / "customer.parquet")
    assert customer.drop_columns("email").equals(original.drop_columns("email"), check_metadata=True)
    assert (tmp_path / "safe" / "rate.parquet").read_bytes() == (shop / "rate.parquet").read_bytes()
    assert all(b"zed.claes" not in file.read_bytes() for file in (tmp_path / "safe").rglob("*.parquet"))


def test_one_file_is_a_source_of_its_own(shop: Path, tmp_path: Path):
    rules = tmp_path / "one.yaml"
    rules.write_text("format: 1\ntables:\n  customer: {columns: {email: email}, keep: [id, score]}\n")
    code, said = run(shop / "customer.parquet", tmp_path / "safe.parquet", "-r", str(rules))
    assert code == 0, said
    assert pq.read_table(tmp_path / "safe.parquet")["id"].to_pylist() == list(range(60))
    assert b"zed.claes" not in (tmp_path / "safe.parquet").read_bytes()


def test_an_emptied_table_keeps_its_columns_and_no_row(shop: Path, tmp_path: Path):
    rules = tmp_path / "emptied.yaml"
    rules.write_text((tmp_path / "rules.yaml").read_text().replace(
        "customer: {columns: {email: email}, keep: [id, score]}", "customer: {rows: none, why: test}"))  # fmt: skip
    code, said = run(shop, tmp_path / "safe", "-r", str(rules))
    assert code == 0, said
    new, old = (pq.read_table(folder / "customer.parquet") for folder in (tmp_path / "safe", shop))
    assert new.num_rows == 0
    assert new.schema.equals(old.schema, check_metadata=True)


@pytest.mark.parametrize("place", ["metadata", "file name", "package", "column comment"])
def test_a_value_outside_the_rows_withholds_the_result(shop: Path, tmp_path: Path, place: str):
    table = pq.read_table(shop / "customer.parquet")
    if place == "metadata":
        pq.write_table(table.replace_schema_metadata({"owner": MAILS[7]}), shop / "customer.parquet")
    elif place == "column comment":
        field = table.schema.field("score").with_metadata({"comment": f"of {MAILS[7]}"})
        pq.write_table(table.cast(table.schema.set(2, field)), shop / "customer.parquet")
    elif place == "file name":
        (shop / "sale" / "year=2024" / "0.parquet").rename(shop / "sale" / "year=2024" / f"0 {MAILS[7]}.parquet")
    else:
        (shop / "datapackage.json").write_text(f'{{"resources": [], "contributors": [{{"email": "{MAILS[7]}"}}]}}')
    code, said = run(shop, tmp_path / "safe")
    assert code == 5, said
    assert "structure" in said
    assert MAILS[7] not in said
    assert not (tmp_path / "safe").exists()


def test_a_column_in_the_path_cannot_be_replaced_by_a_rule(shop: Path, tmp_path: Path):
    rules = (
        (tmp_path / "rules.yaml").read_text().replace("email}, keep: [id, year]", "email, year: masked}, keep: [id]")
    )
    (tmp_path / "rules.yaml").write_text(rules)
    code, said = run(shop, tmp_path / "safe")
    assert code == 3
    assert "sale.year decides in which partition a row lies" in said


def test_a_number_that_its_type_cannot_hold_stops_the_run(tmp_path: Path):
    pq.write_table(pa.table({"code": pa.array(range(9), pa.int8())}), tmp_path / "t.parquet")
    (tmp_path / "rules.yaml").write_text("format: 1\ntables:\n  t: {columns: {code: {as: set, value: 300}}}\n")
    code, said = run(tmp_path / "t.parquet", tmp_path / "safe.parquet")
    assert code == 4
    assert "t.code gets a value that is no int8" in said
    assert not (tmp_path / "safe.parquet").exists()


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.floats(0, 1), flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(1, 255)), max_size=4))
def test_a_damaged_file_is_one_sentence_without_a_value(
    tmp_path_factory: pytest.TempPathFactory, cut: float, flips: list[tuple[float, int]]
):
    folder = tmp_path_factory.mktemp("damaged")
    path = write(folder / "customer.parquet", id=list(range(60)), email=MAILS, more=[[mail] for mail in MAILS])
    data = bytearray(path.read_bytes())
    for place, change in flips:
        data[int(place * len(data))] ^= change
    path.write_bytes(data[: 4 + int(cut * len(data))] if not flips else data)
    said = ""
    try:
        rewritten(path, folder / "new.parquet", same)
    except (SourceError, TargetError) as error:
        said = str(error)
    assert "zed" not in said
    assert said == "" or "customer" in said


def test_every_type_can_be_masked_and_passes_every_check(tmp_path: Path):
    """But for a few that no other value fits, which are emptied or refused."""
    few = {pa.string(): "Zed Claes", pa.float64(): 12.5, pa.decimal128(9, 2): D("1234.50"), pa.bool_(): True,
           pa.date32(): dt.date(1980, 5, 9), pa.timestamp("us"): dt.datetime(2020, 5, 6, 7, 8, 9),
           pa.timestamp("ns", "Europe/Brussels"): dt.datetime(2020, 5, 6, 7, 8, 9, tzinfo=dt.UTC),
           pa.time64("us"): dt.time(7, 8, 9), pa.binary(): b"zed", pa.binary(4): b"zedc",
           pa.duration("s"): dt.timedelta(5), pa.list_(pa.string()): ["zed claes", None],
           pa.large_list(pa.int64()): [1234, 5678], _PERSON: {"name": "Zed", "born": None, "share": None},
           pa.map_(pa.string(), pa.int64()): [("zed", 1)], pa.uuid(): uuid.UUID(int=77).bytes,
           pa.json_(): '{"a": 1}', pa.dictionary(pa.int32(), pa.string()): "Zed"}  # fmt: skip
    names = {f"c{n}": kind for n, kind in enumerate(few)}
    table = pa.table({name: array(kind, [few[kind]] * 3 + [None]) for name, kind in names.items()})
    pq.write_table(table, tmp_path / "t.parquet")
    masked = ", ".join(f"{name}: masked" for name in names)
    (tmp_path / "rules.yaml").write_text(f"format: 1\ntables:\n  t: {{columns: {{{masked}}}}}\n")
    code, said = run(tmp_path / "t.parquet", tmp_path / "safe.parquet")
    assert code == 0, said
    new = pq.read_table(tmp_path / "safe.parquet")
    assert new.schema.equals(pq.read_table(tmp_path / "t.parquet").schema, check_metadata=True)
    unchanged = [str(few_kind) for few_kind, name in zip(few, names, strict=True)
                 if new[name].to_pylist()[0] == pq.read_table(tmp_path / "t.parquet")[name].to_pylist()[0]]  # fmt: skip
    assert unchanged == []
