"""INSERT statements: constants are read as the database would read them, and what did not change keeps its bytes."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer.errors import InternalError, SourceError, TargetError
from anonymizer.stores._sql import insert_text as _insert_text
from anonymizer.stores._sql.index import POSTGRES, SQLITE, Dialect
from anonymizer.stores._sql.insert_text import read, target, write

BACKSLASHES = Dialect("PostgreSQL", True, True)
NAMES = ["a", "b", "c"]


def batch(**values: list[str | None]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({name: pa.array(column, pa.string()) for name, column in values.items()})


def quoted(value: str | None) -> str:
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


VALUES = st.one_of(
    st.none(),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8),
    st.text("'\"();,\\-/*$E \n", max_size=8),
)
ROWS = st.lists(st.lists(VALUES, min_size=3, max_size=3), min_size=1, max_size=6)
HEADS = [
    "INSERT INTO t VALUES ",
    'insert into "odd;\'()".t (a, "b", c) values',
    "INSERT INTO t(a,b,c) OVERRIDING SYSTEM VALUE VALUES\n",
]


def statements(rows: list[list[str | None]], head: str, together: bool) -> str:
    texts = ["(" + ", ".join(map(quoted, row)) + ")" for row in rows]
    return head + ",\n  ".join(texts) + ";" if together else "\n".join(head + text + ";" for text in texts)


@given(ROWS, st.sampled_from(HEADS), st.booleans(), st.sampled_from([POSTGRES, SQLITE]))
def test_every_string_is_read_back_and_unchanged_rows_keep_every_byte(rows, head, together, dialect):
    text = statements(rows, head, together).encode()
    found, frame = read(text, NAMES, ["c", "a"], dialect=dialect)
    assert found.to_pydict() == {"c": [row[2] for row in rows], "a": [row[0] for row in rows]}
    assert bytes(write(frame, found)) == text


@given(ROWS, st.data(), st.sampled_from(HEADS), st.booleans())
def test_changed_values_land_in_their_places_and_nothing_else_changes(rows, data, head, together):
    changed = [[row[0], data.draw(VALUES), row[2]] for row in rows]
    _, frame = read(statements(rows, head, together).encode(), NAMES, ["b"])
    result = bytes(write(frame, batch(b=[row[1] for row in changed])))
    assert result.decode() == statements(changed, head, together)


@given(ROWS, st.booleans())
def test_the_index_and_the_exact_reader_agree(rows, together):
    text = statements(rows, HEADS[0], together).encode()
    found, _ = read(text, NAMES, NAMES)
    starts, ends, values = _insert_text._read_exactly(
        pa.py_buffer(text), 3, NAMES, [0, 1, 2], "utf-8", POSTGRES, "t", 1, False
    )
    assert [column.to_pylist() for column in values] == [column.to_pylist() for column in found.columns]
    assert (starts < ends).all()


@pytest.mark.parametrize(
    ("cell", "meaning", "dialect"),
    [
        ("'it''s'", "it's", POSTGRES),
        ("E'it\\'s\\n\\x41\\u00e9\\101'", "it's\nAéA", POSTGRES),
        ("N'x'", "x", POSTGRES),
        ("U&'\\0041\\+00004a\\\\'", "AJ\\", POSTGRES),
        ("B'0101'", "0101", POSTGRES),
        ("X'1f'", "00011111", POSTGRES),
        ("'a\\b'", "a\\b", POSTGRES),
        ("'a\\'b\\\\'", "a'b\\", BACKSLASHES),
        ("-12.50e3", "-12.50e3", POSTGRES),
        ("NULL", None, POSTGRES),
        ("Default", None, POSTGRES),
        ("TRUE", "t", POSTGRES),
        ("false", "f", POSTGRES),
        ("'2020-01-02'::date", "2020-01-02", POSTGRES),
        ("'x' :: \"Odd\".type(10, 2)[]", "x", POSTGRES),
        ("'x'::timestamp with time zone", "x", POSTGRES),
        ("12::bigint", "12", POSTGRES),
        ("/* a */ 'x' -- ','\n", "x", POSTGRES),
        ("true", "1", SQLITE),
        ("X'4A4b'", "\\x4a4b", SQLITE),
        ("'C:\\dir'", "C:\\dir", SQLITE),
        ("unistr('a\\u000ab')", "a\nb", SQLITE),
        ("replace('a\\nb''','\\n',char(10))", "a\nb'", SQLITE),
        ("replace(replace('a\\r\\nb','\\r',char(13)),'\\n',char(10))", "a\r\nb", SQLITE),
    ],
)
def test_every_kind_of_constant_means_what_the_database_says_and_is_kept(cell, meaning, dialect):
    text = f"INSERT INTO t VALUES (1, {cell}, 'z');\nINSERT INTO t VALUES (2, 'y', 'z');".encode()
    found, frame = read(text, NAMES, ["b"], dialect=dialect)
    assert found["b"].to_pylist() == [meaning, "y"]
    assert bytes(write(frame, found)) == text
    changed = bytes(write(frame, batch(b=[meaning, "q"])))
    assert changed == text.replace(b"'y'", b"'q'")


def test_a_number_stays_a_number_and_a_cast_stays_in_place():
    text = b"INSERT INTO t VALUES (12, '2020-01-02'::date, 'x''y');"
    _, frame = read(text, NAMES, NAMES)
    result = bytes(write(frame, batch(a=["-7"], b=["1999-12-31"], c=["O'Neil"])))
    assert result == b"INSERT INTO t VALUES (-7, '1999-12-31'::date, 'O''Neil');"


def test_backslashes_are_doubled_where_they_escape():
    text = rb"INSERT INTO t VALUES (1, 'a\\b', 'z');"
    found, frame = read(text, NAMES, ["b"], dialect=BACKSLASHES)
    assert found["b"].to_pylist() == ["a\\b"]
    assert bytes(write(frame, batch(b=["q\\'"]))) == rb"INSERT INTO t VALUES (1, 'q\\''', 'z');"


def test_a_blob_stays_a_blob():
    _, frame = read(b"INSERT INTO t VALUES (1, X'00FF', 'z');", NAMES, ["b"], dialect=SQLITE)
    assert bytes(write(frame, batch(b=["\\x0a"]))) == b"INSERT INTO t VALUES (1, X'0a', 'z');"


def test_an_expression_in_a_column_that_nobody_asks_for_passes():
    text = b"INSERT INTO t VALUES (1, concat('a', ARRAY[1,2], $x$,)$x$, \"c,\"), 'z'), (2, now(), 'y');"
    found, frame = read(text, NAMES, ["a", "c"])
    assert found.to_pydict() == {"a": ["1", "2"], "c": ["z", "y"]}
    assert bytes(write(frame, batch(a=["1", "2"], c=["z", "x"]))) == text.replace(b"'y'", b"'x'")


@pytest.mark.parametrize(
    "cell", ["now()", "'secret' || 'b'", "CAST('secret' AS text)", "$$secret$$", "(SELECT 'secret')"]
)
def test_an_expression_in_a_column_that_is_to_be_replaced_is_refused(cell):
    text = f"INSERT INTO t VALUES (1, 'x', 'z');\nINSERT INTO t VALUES (1, {cell}, 'z');".encode()
    with pytest.raises(SourceError, match=r"^t\.b, line 8: .*expression") as error:
        read(text, NAMES, ["b"], table="t", line=7)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("tail", "known"),
    [
        (" ON CONFLICT (a) DO NOTHING", True),
        (" ON CONFLICT DO UPDATE SET b = excluded.b RETURNING a", True),
        (" ON CONFLICT (a) DO UPDATE SET b = 'secret'", False),
        (" ON CONFLICT (a) DO UPDATE SET b = 12345", False),
    ],
)
def test_what_follows_the_rows_may_hold_no_value(tail, known):
    text = f"INSERT INTO t VALUES (1, 'x', 'z'){tail};".encode()
    if known:
        found, frame = read(text, NAMES, ["b"])
        assert bytes(write(frame, found)) == text
    else:
        with pytest.raises(SourceError, match="line 1") as error:
            read(text, NAMES, ["b"])
        assert "secret" not in str(error.value)


def test_a_row_with_another_number_of_values_is_refused():
    with pytest.raises(SourceError, match="as many values as columns"):
        read(b"INSERT INTO t VALUES (1, 'x', 'z'), (1, 'x');", NAMES, ["a"])


def test_an_emptied_batch_writes_nothing_and_lost_rows_are_an_error_of_ours():
    found, frame = read(b"INSERT INTO t VALUES (1, 'x', 'z'), (2, 'x', 'z');", NAMES, ["a"])
    assert bytes(write(frame, found.slice(0, 0))) == b""
    with pytest.raises(InternalError):
        write(frame, found.slice(0, 1))


def test_a_column_that_the_statement_leaves_out_is_null_and_stays_so():
    found, frame = read(b"INSERT INTO t (a) VALUES (1);", ["a"], ["b", "a"])
    assert found.to_pydict() == {"b": [None], "a": ["1"]}
    assert bytes(write(frame, batch(b=[None], a=["2"]))) == b"INSERT INTO t (a) VALUES (2);"


def test_another_encoding_is_utf_8_outside():
    text = "INSERT INTO t VALUES (1, 'é', 'ü');".encode("latin-1")
    found, frame = read(text, NAMES, ["b"], "latin_1")
    assert found["b"].to_pylist() == ["é"]
    assert bytes(write(frame, batch(b=["Ńa"]))).decode("latin-1") == "INSERT INTO t VALUES (1, 'Na', 'ü');"
    with pytest.raises(TargetError):
        write(frame, batch(b=["Дмитрий"]))
    with pytest.raises(SourceError, match="not valid utf-8"):
        read(text, NAMES, ["b"])


@pytest.mark.parametrize(
    ("text", "dialect", "table", "columns"),
    [
        ('INSERT INTO Public."T x" (A, "B ""q""") VALUES (1, 2);', POSTGRES, ("public", "T x"), ("a", 'B "q"')),
        ("insert into T values(1);", POSTGRES, ("t",), None),
        ("INSERT OR IGNORE INTO [T x](A,`b`) VALUES(1,2);", SQLITE, ("T x",), ("A", "b")),
        ("REPLACE INTO T VALUES(1);", SQLITE, ("T",), None),
    ],
)
def test_the_table_and_its_columns_are_named_as_the_database_folds_them(text, dialect, table, columns):
    assert target(text.encode(), dialect) == (table, columns)


def test_rows_out_of_a_query_are_no_rows_of_ours():
    with pytest.raises(ValueError, match="VALUES"):
        target(b"INSERT INTO t SELECT * FROM u;")


def test_a_national_string_keeps_its_mark_and_null_stays_null():
    text = b"INSERT INTO t (a) VALUES (N'Jan'), (NULL), (n'Piet');\n"
    found, frame = read(text, ["a"], ["a"])
    assert found.column("a").to_pylist() == ["Jan", None, "Piet"]
    written = bytes(write(frame, batch(a=["O'Neill", None, "Piet"])))
    assert written == b"INSERT INTO t (a) VALUES (N'O''Neill'), (NULL), (n'Piet');\n"
