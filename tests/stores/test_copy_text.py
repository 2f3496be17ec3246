"""COPY text: what is read is what PostgreSQL would read, and what did not change keeps its bytes."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer.errors import InternalError, SourceError, TargetError
from anonymizer.stores._pg.copy_text import read, write

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
AWKWARD = st.one_of(TEXT, st.text("\\\b\f\n\r\t\v.N'\"x01é", max_size=8), st.none())
ESCAPES = {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


def written(value: str | None) -> str:
    """What COPY TO writes for a value."""
    return "\\N" if value is None else "".join(ESCAPES.get(letter, letter) for letter in value)


def lines(rows: list[list[str | None]], end: str = "\n") -> str:
    return "".join("\t".join(map(written, row)) + end for row in rows)


def columns(rows: list[list[str | None]], names: list[str]) -> dict[str, list[str | None]]:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def batch(**values: list[str | None]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({name: pa.array(column, pa.string()) for name, column in values.items()})


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str | None]]]:
    names = [f"c{number}" for number in range(draw(st.integers(1, 4)))]
    return names, draw(st.lists(st.lists(AWKWARD, min_size=len(names), max_size=len(names)), max_size=6))


@given(tables(), st.sampled_from(["\n", "\r\n"]))
def test_every_value_that_postgresql_can_write_is_read_back(table, end):
    names, rows = table
    found, _ = read(lines(rows, end).encode(), names, names)
    assert found.to_pydict() == columns(rows, names)


@given(tables(), st.randoms(use_true_random=False), st.sampled_from(["\n", "\r\n"]))
def test_rows_that_come_back_unchanged_keep_every_byte(table, random, end):
    names, rows = table
    wanted = random.sample(names, random.randint(0, len(names)))
    text = lines(rows, end).encode()
    found, frame = read(text, names, wanted)
    assert found.schema.names == wanted
    assert found.num_rows == len(rows)
    assert bytes(write(frame, found)) == text


@given(tables(), st.data())
def test_changed_values_land_in_their_places_and_nothing_else_changes(table, data):
    names, rows = table
    wanted = data.draw(st.permutations(names))[: data.draw(st.integers(1, len(names)))]
    changed = [[data.draw(AWKWARD) if name in wanted else row[at] for at, name in enumerate(names)] for row in rows]
    _, frame = read(lines(rows).encode(), names, wanted)
    values = columns(changed, names)
    result = bytes(write(frame, batch(**{name: values[name] for name in wanted})))
    assert result.decode() == (lines(changed) if rows else "")


@pytest.mark.parametrize(
    ("escaped", "meaning"),
    [
        (rb"a\tb", "a\tb"),
        (rb"\\N", "\\N"),
        (rb"\\x4a", "\\x4a"),
        (rb"\x4a\x4", "J\x04"),
        (rb"\101\60", "A0"),
        (rb"\303\251", "é"),
        (rb"\q\'\.", "q'."),
        (rb"\xyz", "xyz"),
        (rb"a\N", "aN"),
        (rb"\\\\\t\\", "\\\\\t\\"),
        (rb"", ""),
        (rb"\N", None),
    ],
)
def test_every_way_to_escape_a_value_is_understood_and_kept(escaped, meaning):
    text = b"1\t" + escaped + b"\n2\tx\n"
    found, frame = read(text, ["id", "name"], ["name"])
    assert found["name"].to_pylist() == [meaning, "x"]
    assert bytes(write(frame, batch(name=[meaning, "y"]))) == b"1\t" + escaped + b"\n2\ty\n"


def test_a_table_of_one_column_may_hold_empty_strings():
    found, frame = read(b"\n\nx\n", ["a"], ["a"])
    assert found["a"].to_pylist() == ["", "", "x"]
    assert bytes(write(frame, batch(a=["", "y", ""]))) == b"\ny\n\n"


def test_a_table_without_columns_has_rows_all_the_same():
    found, frame = read(b"\n\n", [], [])
    assert found.num_rows == 2
    assert bytes(write(frame, found)) == b"\n\n"


def test_no_rows_are_no_bytes():
    found, frame = read(b"", ["a", "b"], ["b"])
    assert found.num_rows == 0
    assert bytes(write(frame, found)) == b""


def test_an_emptied_batch_writes_no_row():
    found, frame = read(b"1\t2\n", ["a", "b"], ["a", "b"])
    assert bytes(write(frame, found.slice(0, 0))) == b""


def test_rows_that_got_lost_on_the_way_are_an_error_of_ours():
    found, frame = read(b"1\t2\n3\t4\n", ["a", "b"], ["a"])
    with pytest.raises(InternalError):
        write(frame, found.slice(0, 1))


def test_a_column_that_the_lines_do_not_have_is_null_and_stays_so():
    found, frame = read(b"1\t2\n", ["a", "b"], ["missing", "b"])
    assert found.to_pydict() == {"missing": [None], "b": ["2"]}
    assert bytes(write(frame, batch(missing=[None], b=["3"]))) == b"1\t3\n"


@given(st.lists(st.one_of(st.none(), st.text(st.characters(codec="latin-1", exclude_characters="\0"))), max_size=6))
def test_values_in_another_encoding_are_utf_8_outside_and_keep_their_bytes(values):
    rows = [[value, "é"] for value in values]
    text = lines(rows).encode("latin-1")
    found, frame = read(text, ["a", "b"], ["a"], "latin_1")
    assert found["a"].to_pylist() == values
    assert bytes(write(frame, found)) == text
    other = batch(a=[None if value is None else "ü" + value for value in values])
    if values:
        assert bytes(write(frame, other)) == lines([[v, "é"] for v in other["a"].to_pylist()]).encode("latin-1")


def test_japanese_survives_its_encoding():
    text = "1\t山田\n2\t\\N\n3\tabc\n".encode("euc_jp")
    found, frame = read(text, ["id", "name"], ["name"], "euc_jp")
    assert found["name"].to_pylist() == ["山田", None, "abc"]
    assert bytes(write(frame, batch(name=["東京", None, "x"]))).decode("euc_jp") == "1\t東京\n2\t\\N\n3\tx\n"


def test_a_pseudonym_that_the_encoding_cannot_express_loses_its_accents():
    _, frame = read(b"a\nb\n", ["name"], ["name"], "latin_1")
    assert bytes(write(frame, batch(name=["Ńowak é", "Zoë"]))) == "Nowak é\nZoë\n".encode("latin-1")


def test_a_pseudonym_that_cannot_be_expressed_at_all_stops_the_run():
    _, frame = read(b"a\n", ["name"], ["name"], "latin_1", "crm.person")
    with pytest.raises(TargetError, match=r"^crm\.person\.name: .*latin_1.*UTF8") as error:
        write(frame, batch(name=["Дмитрий"]))
    assert "Дмитрий" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"1\tsecret\n2\n", 8),
        (b"1\tsecret\tmore\n2\ttwo\n", 7),
        (b"1\tsecret\n2\ttwo", 8),
        (b"1\tsecret\n\n", 8),
        (b"1\tsecret\n2\ttwo\\\n", 8),
        (b"1\tone\r\n2\tsecret\n", 7),
        (b"1\tone\n2\tsecret\xff\n", 8),
    ],
)
def test_damaged_rows_are_refused_by_table_and_line_and_never_quoted(text, line):
    with pytest.raises(SourceError, match=rf"crm\.person.* line {line}\b") as error:
        read(text, ["id", "name"], ["name"], "utf-8", "crm.person", 7)
    assert "secret" not in str(error.value)
