"""Tables in memory: safe ones come back in the types that they came in, under the pseudonyms of any other source."""

from __future__ import annotations

import datetime as dt
import decimal
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anonymizer
from anonymizer import api
from anonymizer.errors import FindingsError, SettingError, SourceError, TargetError, VerificationFailed
from anonymizer.model.result import Outcome
from anonymizer.stores._arrow import frames
from tests.fix_key import known_secret

NAMES = ["Zed", "Anneleen", "Wolfgang", "Marie"]
MAILS = [f"{name.lower()}.claes@mail{n}.be" for n, name in enumerate(NAMES)]


@pytest.fixture(scope="module")
def key() -> anonymizer.Secret:
    return known_secret()


def rules(folder: Path, text: str) -> Path:
    path = folder / "rules.yaml"
    path.write_text(f"format: 1\ntables:\n{text}")
    return path


def customers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [4, 3, 2, 1],
            "email": MAILS,
            "town": pd.Categorical(["Gent", "Brugge", "Gent", None], ["unused", "Gent", "Brugge"], ordered=True),
            "born": pd.to_datetime(["1980-05-09", None, "1975-01-02", "1999-12-31"]).tz_localize("Europe/Brussels"),
            "visits": pd.array([1, None, 3, 4], "Int64"),
            "active": pd.array([True, None, False, True], "boolean"),
            "score": [1.5, np.nan, 2.5, 3.5],
            "day": [dt.date(2020, 1, 2), None, dt.date(2021, 3, 4), dt.date(2022, 5, 6)],
            "amount": [decimal.Decimal("1.50"), None, decimal.Decimal("2.50"), decimal.Decimal("3.50")],
            "photo": [b"\x89PNG zed", None, b"", b"x"],
            "nick": pd.Series(["zeddy", None, np.nan, "mimi"], dtype=object),
            "phones": [["+32 470 12 34 56"], [], None, ["+32 471 12 34 56", "+32 472 12 34 56"]],
        }
    ).set_index("id")


RULES = """\
  customer:
    columns: {email: email, town: city, born: birth_date, photo: photo, nick: username, phones: phone}
    keep: [id, visits, active, score, day, amount]
"""


def test_a_frame_comes_back_with_its_index_order_and_types(key: anonymizer.Secret, tmp_path: Path):
    old = customers()
    before = old.copy(deep=True)
    result = anonymizer.run_tables({"customer": old}, rules(tmp_path, RULES), key)
    new = result.tables["customer"]
    pd.testing.assert_frame_equal(old, before)
    pd.testing.assert_index_equal(new.index, old.index)
    assert list(new.columns) == list(old.columns)
    kept = ["visits", "active", "score", "day", "amount"]
    pd.testing.assert_frame_equal(new[kept], old[kept])
    assert [kind for name, kind in new.dtypes.items() if name != "town"] == [
        kind for name, kind in old.dtypes.items() if name != "town"
    ]
    assert new["town"].dtype.ordered
    assert len(new["town"].cat.categories) == 2
    assert new["town"].iloc[0] == new["town"].iloc[2] != new["town"].iloc[1]
    for name in ("email", "town", "born", "nick", "phones"):
        assert (new[name].isna() == old[name].isna()).all()
        assert not set(map(str, new[name].dropna())) & (set(map(str, old[name].dropna())) - {"[]"})
    assert new["nick"].iloc[1] is None
    assert np.isnan(new["nick"].iloc[2])
    assert all(moment.hour == 0 for moment in new["born"].dropna())
    assert isinstance(new["photo"].iloc[0], bytes)
    assert all(check.outcome is Outcome.PASSED for check in result.run.checks)


def test_one_person_has_one_pseudonym_in_a_frame_a_parquet_file_and_a_database(tmp_path: Path):
    secret = anonymizer.Secret.fresh()
    secret.write(tmp_path / "key")
    said = rules(tmp_path, "  person: {columns: {email: email, name: first_name, born: birth_date}}\n")
    born = ["1980-05-09", "1975-01-02", "1999-12-31", "1960-06-06"]
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        connection.execute("CREATE TABLE person (email TEXT, name TEXT, born DATE)")
        connection.executemany("INSERT INTO person VALUES (?, ?, ?)", zip(MAILS, NAMES, born, strict=True))
        connection.commit()
    table = pa.table({"email": MAILS, "name": NAMES, "born": pa.array(map(dt.date.fromisoformat, born))})
    pq.write_table(table, tmp_path / "person.parquet")
    frame = pd.DataFrame({"email": MAILS, "name": pd.Categorical(NAMES), "born": pd.to_datetime(born)})
    anonymizer.run(tmp_path / "a.sqlite", tmp_path / "b.sqlite", said, tmp_path / "key")
    anonymizer.run(tmp_path / "person.parquet", tmp_path / "b.parquet", said, tmp_path / "key")
    of_table = anonymizer.run_tables({"person": table}, said, tmp_path / "key").tables["person"]
    of_frame = anonymizer.run_tables({"person": frame}, said, secret).tables["person"]
    with closing(sqlite3.connect(tmp_path / "b.sqlite")) as connection:
        stored = connection.execute("SELECT email, name, born FROM person").fetchall()
    of_file = pq.read_table(tmp_path / "b.parquet")
    assert of_file.equals(of_table)
    assert [tuple(map(str, row.values())) for row in of_file.to_pylist()] == stored
    days = of_frame.assign(born=of_frame["born"].dt.strftime("%Y-%m-%d"))
    assert list(days.itertuples(index=False, name=None)) == stored


def test_rows_join_as_before_along_keys_and_references_that_are_told(key: anonymizer.Secret, tmp_path: Path):
    customer = pd.DataFrame({"code": ["K-17", "K-18", "K-19"], "email": MAILS[:3]})
    sale = pa.table({"buyer": ["K-19", "K-17", None], "amount": [1, 2, 3]})
    tables = anonymizer.Tables(
        {"customer": customer, "sale": sale}, {"customer": ["code"]}, {"sale.buyer": "customer.code"}
    )
    said = rules(tmp_path, "  customer: {columns: {code: masked, email: email}}\n  sale: {columns: {buyer: masked},"
                 " keep: [amount]}\n")  # fmt: skip
    new = anonymizer.run_tables(tables, said, key).tables
    codes = new["customer"]["code"].tolist()
    assert len(set(codes)) == 3
    assert new["sale"]["buyer"].to_pylist() == [codes[2], codes[0], None]
    assert not set(codes) & {"K-17", "K-18", "K-19"}


def test_arrow_tables_and_readers_come_back_as_such(key: anonymizer.Secret, tmp_path: Path):
    words = pa.array(["Gent", None, "Brugge", "Gent"]).dictionary_encode()
    field = pa.field("town", words.type, metadata={"unit": "x"})
    chunks = pa.chunked_array([words.slice(0, 2), words.slice(2)])
    schema = pa.schema([field, pa.field("n", pa.int8())], metadata={"made by": "tests"})
    table = pa.Table.from_arrays([chunks, pa.chunked_array([[1, 2, 3], [4]], pa.int8())], schema=schema)
    said = rules(tmp_path, "  a: {columns: {town: city}, keep: [n]}\n  b: {columns: {town: city}, keep: [n]}\n")
    new = anonymizer.run_tables({"a": table, "b": table.to_reader()}, said, key).tables
    assert new["a"].schema.equals(schema, check_metadata=True)
    assert isinstance(new["b"], pa.RecordBatchReader)
    assert new["b"].schema.equals(schema, check_metadata=True)
    assert new["b"].read_all().equals(new["a"])
    assert new["a"]["n"].equals(table["n"])
    towns = new["a"]["town"].to_pylist()
    assert towns[1] is None
    assert towns[0] == towns[3] != towns[2]
    assert not {"Gent", "Brugge"} & {word for chunk in new["a"]["town"].chunks for word in chunk.dictionary.to_pylist()}


def test_a_long_frame_is_replaced_in_pieces(key: anonymizer.Secret, tmp_path: Path):
    mails = [f"{NAMES[n % 4]}.Claes{n}@Mail.be" for n in range(70_000)]
    said = rules(tmp_path, "  a: {columns: {email: email}}\n")
    new = anonymizer.run_tables({"a": pd.DataFrame({"email": mails})}, said, key).tables["a"]["email"]
    few = anonymizer.run_tables({"a": pd.DataFrame({"email": mails[-9:]})}, said, key).tables["a"]["email"]
    assert new.nunique() == 70_000
    assert new.iloc[-9:].tolist() == few.tolist()


def test_detect_plan_explain_and_preview_take_tables_too(key: anonymizer.Secret):
    tables = {"customer": customers(), "rate": pa.table({"code": ["A"], "rate": [0.21]})}
    found = {f"{finding.column}": finding.category for finding in api.detect(tables).findings}
    assert found["customer.email"] == "email"
    assert found["customer.phones"] == "phone"
    made = api.plan(tables, assume_masked=True)
    assert "email" in [column.column.name for column in next(iter(made.tables.values())).replaced]
    assert api.explain(tables, "customer.email").transform == "email"
    pure = {"customer": pd.DataFrame({"email": MAILS})}
    (shown,) = api.preview(pure).values()
    assert not set(shown["email"].to_pylist()) & set(MAILS)


def test_an_emptied_frame_keeps_no_category_and_no_row(key: anonymizer.Secret, tmp_path: Path):
    said = rules(tmp_path, "  customer: {rows: none, why: test}\n")
    new = anonymizer.run_tables({"customer": customers()}, said, key).tables["customer"]
    assert len(new) == 0
    assert list(new.columns) == list(customers().columns)
    assert list(new["town"].cat.categories) == []


def test_a_replaced_index_is_the_index_again(key: anonymizer.Secret, tmp_path: Path):
    one = customers()[["visits", "email"]].set_index("email")
    two = customers().reset_index()[["id", "visits", "email"]].set_index(["id", "email"])
    said = rules(tmp_path, "  one: {columns: {email: email}, keep: [visits]}\n"
                 "  two: {columns: {email: email}, keep: [id, visits]}\n")  # fmt: skip
    new = anonymizer.run_tables({"one": one, "two": two}, said, key).tables
    assert new["one"].index.name == "email"
    assert new["one"].index.dtype == one.index.dtype
    assert not set(new["one"].index) & set(MAILS)
    assert new["two"].index.names == ["id", "email"]
    assert list(new["two"].index.get_level_values("email")) == list(new["one"].index)
    assert not set(new["two"].index.levels[1]) & set(MAILS)


def test_notes_that_hang_on_a_frame_are_left_out(key: anonymizer.Secret, tmp_path: Path):
    frame = pd.DataFrame({"email": MAILS})
    frame.attrs["owner"] = MAILS[0]
    new = anonymizer.run_tables({"a": frame}, rules(tmp_path, "  a: {columns: {email: email}}\n"), key).tables["a"]
    assert new.attrs == {}
    assert frame.attrs


def test_nothing_comes_back_that_a_check_stands_against(key: anonymizer.Secret, tmp_path: Path):
    frame = pd.DataFrame({"email": MAILS, "login": MAILS})
    said = rules(
        tmp_path, "  a: {columns: {email: email}, keep: [{login: test}]}\n".replace("[{login: test}]", "[login]")
    )
    with pytest.raises(VerificationFailed, match=r"a\.login") as failed:
        anonymizer.run_tables({"a": frame}, said, key)
    assert "claes" not in str(failed.value)


@pytest.mark.parametrize(
    ("tables", "error", "words"),
    [
        ({"a": pd.DataFrame({"mixed": [1, "zed"]})}, SourceError, r"a\.mixed holds values of several types"),
        ({"a": pd.DataFrame({5: [1]})}, SourceError, "need names that are texts"),
        ({"a": pd.DataFrame([[1, 2]], columns=["x", "x"])}, SourceError, "each another one"),
        ({"a": pa.table([[1], [2]], ["x", "x"])}, SourceError, r"a\.x stands there twice"),
        ({"a": [1, 2]}, SettingError, "a is a list; give a pandas.DataFrame"),
        ({"a.b.c": pd.DataFrame({"x": [1]})}, SettingError, "is no name of a table"),
        ("a.parquet", SettingError, "given as a dictionary"),
    ],
)
def test_what_is_no_table_is_refused_with_its_name(tables: object, error: type[Exception], words: str):
    with pytest.raises(error, match=words) as refused:
        anonymizer.run_tables(tables)  # type: ignore[arg-type]
    assert "zed" not in str(refused.value)


def test_keys_and_references_must_be_there():
    tables = {"a": pd.DataFrame({"x": [1]})}
    for keys, references in (({"a": "y"}, {}), ({"b": "x"}, {}), ({}, {"a.x": "b.x"}), ({}, {"x": "a.x"})):
        with pytest.raises(SettingError):
            anonymizer.run_tables(anonymizer.Tables(tables, keys, references))


def test_a_key_as_text_is_refused_and_not_repeated(tmp_path: Path):
    said = rules(tmp_path, "  a: {columns: {email: email}}\n")
    with pytest.raises(SettingError, match="never as text") as refused:
        anonymizer.run_tables({"a": pd.DataFrame({"email": MAILS})}, said, "0123456789abcdef" * 4)  # type: ignore[arg-type]
    assert "0123" not in str(refused.value)


def test_a_column_without_a_decision_stops_the_run(key: anonymizer.Secret, tmp_path: Path):
    said = rules(tmp_path, "  a: {columns: {email: email}}\n")
    with pytest.raises(FindingsError, match=r"a\.more"):
        anonymizer.run_tables({"a": pd.DataFrame({"email": MAILS, "more": MAILS})}, said, key)


def test_a_whole_number_that_its_type_cannot_hold_is_refused(key: anonymizer.Secret, tmp_path: Path):
    said = rules(tmp_path, "  a: {columns: {n: {as: set, value: 300}}}\n")
    with pytest.raises(TargetError, match=r"a\.n gets a value that is no int8"):
        anonymizer.run_tables({"a": pd.DataFrame({"n": np.arange(4, dtype=np.int8)})}, said, key)


SERIES = st.sampled_from(
    ["int8", "uint16", "int64", "float32", "float64", "bool", "str", "object", "Int32", "boolean", "string",
     "datetime64[ns]", "datetime64[s, UTC]", "timedelta64[ns]", "category", "int64[pyarrow]", "bytes", "date"]
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.lists(SERIES, min_size=1, max_size=5), st.integers(0, 9), st.booleans())
def test_a_column_of_any_type_goes_to_arrow_and_back(kinds: list[str], rows: int, missing: bool):
    frame = pd.DataFrame({f"c{n}": series(kind, rows, missing) for n, kind in enumerate(kinds)})
    name = frames.TableName("", "a")
    new = frames.back(frame, name, frames.to_arrow(frame, name), list(frame.columns))
    pd.testing.assert_frame_equal(new, frame)


def series(kind: str, rows: int, missing: bool) -> pd.Series:
    numbers = list(range(rows))
    if kind == "bytes":
        values: object = pd.Series([bytes([n]) for n in numbers], dtype=object)
    elif kind == "date":
        values = pd.Series([dt.date(2020, 1, 1 + n) for n in numbers], dtype=object)
    elif kind in ("str", "object", "string", "category"):
        values = pd.Series([f"w{n}" for n in numbers], dtype=object).astype(kind)
    else:
        truths = kind in ("bool", "boolean")
        values = pd.Series([n % 2 == 0 for n in numbers] if truths else numbers, dtype="bool" if truths else "int64")
        values = values.astype(kind)
    assert isinstance(values, pd.Series)
    if missing and rows and kind not in ("int8", "uint16", "int64", "bool"):
        values.iloc[0] = None
        values = values.cat.remove_unused_categories() if kind == "category" else values
    return values


def test_numbers_that_pandas_made_floats_agree_with_the_same_numbers_as_text(key: anonymizer.Secret, tmp_path: Path):
    frames_ = {
        "a": pd.DataFrame({"id": [1, 2], "nn": [85073003328.0, float("nan")], "pay": [2500.0, float("nan")]}),
        "b": pd.DataFrame({"id": [1], "nn": ["85.07.30-033.28"]}),
    }
    given = rules(
        tmp_path,
        "  a: {columns: {nn: national_id, pay: salary_or_finance}, keep: [id]}\n"
        "  b: {columns: {nn: national_id}, keep: [id]}\n",
    )
    safe = anonymizer.run_tables(anonymizer.Tables(frames_), rules=given, key=key).tables
    written = "".join(sign for sign in safe["b"]["nn"][0] if sign.isdigit())
    assert int(safe["a"]["nn"][0]) == int(written)
    assert np.isnan(safe["a"]["nn"][1])
    assert np.isnan(safe["a"]["pay"][1])


def test_views_of_text_with_nulls_in_them_are_replaced_too(key: anonymizer.Secret, tmp_path: Path):
    table = pa.table({"id": [1, 2], "mail": pa.array(["jan@bakker.example", None], pa.string_view())})
    given = rules(tmp_path, "  t: {columns: {mail: email}, keep: [id]}\n")
    safe = anonymizer.run_tables(anonymizer.Tables({"t": table}), rules=given, key=key).tables["t"]
    assert safe.schema == table.schema
    assert safe["mail"].to_pylist()[1] is None
    assert safe["mail"].to_pylist()[0] not in (None, "jan@bakker.example")
