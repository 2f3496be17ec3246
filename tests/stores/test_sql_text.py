"""A script is cut where its statements end, wherever a block of it ends, and nothing of it gets lost."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer.errors import SourceError
from anonymizer.stores._sql.text import POSTGRES, SQLITE, Dialect, Kind, SqlText

STATEMENTS = [
    "SELECT 1;",
    "COMMENT ON TABLE t IS 'a;b -- c /* d';",
    "COMMENT ON TABLE t IS E'a\\';b';",
    'CREATE TABLE "a;b""c" (x date\'2020-01-01\');',
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $body$ BEGIN; COPY t FROM stdin; $x$ ; $x$ ' END; $body$;",
    "CREATE FUNCTION g(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a > 1 THEN 2 END; SELECT ';'; END;",
    "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; NOTIFY x;);",
    "SELECT a$b$c, $1 /* one /* ; two */ ; */ -- ; three\n, 4 / 2 - 1;",
    "ALTER TABLE t /**/ OWNER TO a;",
]
GAPS = ["", "\n", "\n\n-- comment; 'with quote\n", " /* a; /* b */ ' */\r\n"]


def pieces(text: bytes, dialect: Dialect = POSTGRES, block: int = 4096) -> list[tuple[str, str]]:
    return [(p.kind.name, bytes(p.data).decode("latin-1")) for p in SqlText(io.BytesIO(text), dialect, block)]


def kinds(text: str, kind: Kind, dialect: Dialect = POSTGRES, block: int = 4096) -> list[str]:
    return [data for name, data in pieces(text.encode("latin-1"), dialect, block) if name == kind.name]


@given(st.lists(st.tuples(st.sampled_from(STATEMENTS), st.sampled_from(GAPS)), max_size=6), st.integers(1, 200))
def test_statements_end_where_postgresql_says_however_the_file_is_read(parts, block):
    text = "".join(statement + gap for statement, gap in parts)
    found = pieces(text.encode(), block=block)
    assert "".join(data for _, data in found) == text
    assert [data for kind, data in found if kind == "STATEMENT"] == [statement for statement, _ in parts]


@given(st.lists(st.text("ab\t\\N.;'", max_size=5), max_size=8), st.integers(1, 50), st.sampled_from(["\n", "\r\n"]))
def test_copy_data_end_at_their_end_mark_only(rows, block, end):
    rows = [row for row in rows if row != "\\."]
    text = f"COPY t (a) FROM stdin;{end}" + "".join(row + end for row in rows) + f"\\.{end}SELECT 1;"
    found = pieces(text.encode(), block=block)
    assert "".join(data for _, data in found) == text
    assert "".join(data for kind, data in found if kind == "COPY_DATA") == "".join(row + end for row in rows)
    assert all(data.endswith("\n") for kind, data in found if kind == "COPY_DATA")
    assert found[-1] == ("STATEMENT", "SELECT 1;")


@pytest.mark.parametrize("block", [1, 3, 4096])
def test_the_end_mark_may_be_the_last_of_the_file(block):
    assert kinds("COPY t FROM stdin;\na\n\\.", Kind.COPY_DATA, block=block) == ["a\n"]
    assert kinds("copy t from STDIN;\n\\.", Kind.COPY_END, block=block) == ["\\."]


def test_commands_of_psql_are_lines():
    text = "\\connect db\nSELECT 1;\n\\restrict x\n"
    assert kinds(text, Kind.COMMAND) == ["\\connect db\n", "\\restrict x\n"]


@given(
    st.lists(st.tuples(st.integers(0, 1), st.text("a';\n(),-/*", max_size=6)), max_size=12),
    st.integers(1, 300),
    st.sampled_from([POSTGRES, SQLITE]),
)
def test_inserts_of_one_table_come_together_and_are_whole(rows, block, dialect):
    texts = [
        f"INSERT INTO t{table} (a, \"b\") VALUES (1, '{value.replace(chr(39), chr(39) * 2)}');\n"
        for table, value in rows
    ]
    found = pieces("".join(texts).encode(), dialect, block)
    assert "".join(data for _, data in found) == "".join(texts)
    runs = [data for kind, data in found if kind != "SPACE"]
    assert all(kind in ("INSERTS", "SPACE") for kind, _ in found)
    for run in runs:
        assert run.endswith(");")
        assert len({part[:13] for part in texts if part[:-1] in run and run.startswith(part[:13])}) == 1


def test_a_long_run_of_inserts_is_one_piece_of_a_block():
    text = "".join(f"INSERT INTO t VALUES ({number}, 'it''s; fine');\n" for number in range(1000))
    assert len(kinds(text, Kind.INSERTS, block=1 << 20)) == 1


def test_strange_quotations_among_inserts_do_not_confuse_it():
    text = (
        "INSERT INTO t VALUES (1, 'a');\nINSERT INTO t VALUES (2, E'it\\'s; (');\nINSERT INTO t VALUES (3, $$;'$$);\n"
        "INSERT INTO t VALUES (4, 'b' -- it's; here\n);\nSELECT 1;\nINSERT INTO t VALUES (5, \"c;'\");"
    )
    assert "".join(kinds(text, Kind.INSERTS)).count("INSERT") == 5
    assert kinds(text, Kind.STATEMENT) == ["SELECT 1;"]


def test_backslashes_escape_once_standard_strings_are_off():
    text = "SET standard_conforming_strings = off;\nSELECT 'a\\';b';\n"
    text += "SET standard_conforming_strings TO 'on';\nSELECT '\\';"
    assert len(kinds(text, Kind.STATEMENT)) == 4
    inserts = "SET standard_conforming_strings = off;\n" + "INSERT INTO t VALUES ('a\\'b;', 'c\\\\');\n" * 3
    assert "".join(kinds(inserts, Kind.INSERTS)).count("INSERT") == 3


def test_sqlite_triggers_end_at_their_end_and_names_may_be_bracketed():
    trigger = (
        "CREATE TRIGGER x AFTER INSERT ON t BEGIN UPDATE u SET a = CASE WHEN 1 THEN 2 END; DELETE FROM [v;w]; END;"
    )
    text = trigger + "\nCREATE TABLE `a;b` (c, [d'e]);\nINSERT INTO [t x] VALUES('$$;');\n/* one /* two */\nSELECT 1;"
    found = pieces(text.encode(), SQLITE)
    assert [data for kind, data in found if kind == "STATEMENT"] == [
        trigger,
        "CREATE TABLE `a;b` (c, [d'e]);",
        "SELECT 1;",
    ]


def test_a_byte_order_mark_is_no_statement():
    assert pieces(b"\xef\xbb\xbfSELECT 1;")[1] == ("STATEMENT", "SELECT 1;")


def test_every_piece_knows_its_line():
    text = b"-- one\n\nSELECT 3\n;\nCOPY t FROM stdin;\na\nb\n\\.\n"
    text += b"INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\n\\q\n"
    found = {p.kind: p.line for p in SqlText(io.BytesIO(text), POSTGRES)}
    assert found[Kind.COPY_DATA] == 6
    assert found[Kind.COPY_END] == 8
    assert found[Kind.INSERTS] == 9
    assert found[Kind.COMMAND] == 11


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("SELECT 1;\nSELECT 'secret", "line 2: .*a quotation"),
        ("SELECT 1;\nSELECT secret", "line 2: .*a statement"),
        ("SELECT $x$ secret; $y$", "line 1: .*a quotation"),
        ("COPY t FROM stdin;\nsecret\nsecret\n", "line 1: .*COPY data"),
        ("COPY t FROM stdin;\nsecret\n\\", "line 1: .*COPY data"),
        ("SELECT 1; /* secret", "line 1: .*a comment"),
        ("CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; SELECT 2", "line 1: .*a statement"),
        ("INSERT INTO t VALUES (1, 'a');\nINSERT INTO t VALUES (2, 'sec", "line 2: .*a quotation"),
    ],
)
@pytest.mark.parametrize("block", [5, 4096])
def test_a_truncated_script_says_where_and_in_the_middle_of_what(text, what, block):
    with pytest.raises(SourceError, match=what + ".*truncated") as error:
        pieces(text.encode(), block=block)
    assert "secret" not in str(error.value)


def test_a_command_in_the_middle_of_a_statement_is_refused():
    with pytest.raises(SourceError, match="line 2: a psql command"):
        pieces(b"SELECT\n1 \\gset\n;")


def test_text_behind_a_copy_statement_is_refused():
    with pytest.raises(SourceError, match="line 1: text after a COPY"):
        pieces(b"COPY t FROM stdin; SELECT 1;\n\\.\n")
