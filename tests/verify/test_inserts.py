"""Text among the rows of a script is looked through like any other, and every form of INSERT and COPY is read."""

from __future__ import annotations

import pytest

from anonymizer.model.schema import Column, Schema, Table, TableName, TypeFamily
from anonymizer.verify import verify
from anonymizer.verify._reader import Unreadable, open_reader
from tests.verify.test_readers import NO_TABLES, rows_of, script
from tests.verify.test_verify import small, table
from tests.verify.world import PLAIN, SQLITE_DUMP, Input, failed

MADE = small(table("customer", "id", "mail"), replaced={("customer", "mail"): ("email", "email")})
SECRET = "aline.maes@mail7.be"


def spoilt(old: str, new: str, encoding: str = "utf-8") -> set[str]:
    """Names of the checks that fail."""
    made = small(
        table("customer", "id", "mail"), replaced={("customer", "mail"): ("email", "email")},
        schema=Schema(MADE.schema.tables, encoding=encoding),
    )  # fmt: skip
    pair = [Input(name, data=text.encode(encoding)) for name, text in (("source", old), ("target", new))]
    return failed(verify(made, *pair, PLAIN))


@pytest.mark.parametrize("form", [
    "INSERT INTO customer (id, mail) VALUES (1, '{0}'), -- was {1}\n (2, NULL);",
    "INSERT INTO customer (id, mail) VALUES (1, '{0}') /* was {1} */, (2, NULL);",
    "INSERT INTO customer (id, mail) VALUES (1, '{0}'), (2, NULL) -- was {1}\n;",
    "INSERT INTO customer (id, mail) VALUES (1, '{0}'::text /* was {1} */), (2, NULL);",
    "INSERT INTO customer (id, mail) VALUES (1, '{0}' /* was {1} */), (2, NULL);",
    "INSERT INTO customer (id, mail) VALUES (1, /* was {1} */ '{0}'), (2, NULL);",
    "INSERT INTO customer (id, mail) VALUES (1::\"{1}\", '{0}'), (2, NULL);",
    "INSERT INTO customer (id, mail) VALUES (1, '{0}'), (2, NULL) /* {1} */ ON CONFLICT DO NOTHING;",
    "INSERT INTO customer (id, mail) VALUES (1, '{0}'), (2, NULL)"
    " ON CONFLICT (id) DO UPDATE SET mail = '{1}';",
    "INSERT INTO customer (id, mail) VALUES (1, '{0}'), (2, NULL) RETURNING '{1}';",
    "INSERT INTO customer (id, mail) VALUES (1, '{0}'), (2, NULL); -- {1}\nSELECT 1;",
    "COMMENT ON TABLE customer IS U&'{2}'; INSERT INTO customer VALUES (1, '{0}');",
    "COMMENT ON TABLE customer IS U&'{3}' UESCAPE '!'; INSERT INTO customer VALUES (1, '{0}');",
    "COMMENT ON TABLE customer IS E'{4}'; INSERT INTO customer VALUES (1, '{0}');",
])  # fmt: skip
def test_a_value_beside_the_rows_of_an_insert_is_found(form: str):
    unicode = "".join(f"\\{ord(letter):04x}" for letter in SECRET)
    hexadecimal = "".join(f"\\x{ord(letter):02x}" for letter in SECRET)

    def dump(mail: str, word: str) -> str:
        return form.format(mail, word, unicode, unicode.replace("\\", "!"), hexadecimal)

    if "{1}" in form:
        assert spoilt(dump(SECRET, "n"), dump("zed1@m.example", "n")) == set()
    assert "structure" in spoilt(dump(SECRET, SECRET), dump("zed1@m.example", SECRET))


def test_text_in_another_encoding_is_looked_through_in_that_encoding():
    name = "Zoé Müller"
    made = small(
        table("customer", "id", "name"), replaced={("customer", "name"): ("full_name", "full_name")},
        schema=Schema((table("customer", "id", "name"),), encoding="latin-1"),
    )  # fmt: skip
    text = "COMMENT ON TABLE customer IS 'ask Zoé Müller';\nINSERT INTO customer VALUES (1, '{}');"
    pair = [Input("dump", data=text.format(value).encode("latin-1")) for value in (name, "Zed Wennebrook")]
    assert "structure" in failed(verify(made, *pair, PLAIN))


def test_every_way_to_write_a_string_gives_the_same_value():
    text = (
        "INSERT INTO t VALUES ('d\\a', U&'d\\0061t\\+000061', U&'d!0061t' UESCAPE '!', E'\\x64\\u0061', $q$a, (b$q$, "
        "'x'::character varying(3)::text, 5::integer, now());"
    )
    (row,) = rows_of(script(text))[TableName("public", "t")]
    assert list(row.values()) == ["d\\a", "data", "dat", "da", "$q$a, (b$q$", "x", "5", "now()"]


def test_a_backslash_escapes_where_the_script_says_so():
    text = "SET standard_conforming_strings = off;\nINSERT INTO t VALUES ('it\\'s', '\\\\'), ('b', 'c');"
    rows = rows_of(script(text))[TableName("public", "t")]
    assert [list(row.values()) for row in rows] == [["it's", "\\"], ["b", "c"]]


# --- columns that are not listed --------------------------------------------------------------------------------

TABLE = """CREATE TABLE public.t (
    id integer NOT NULL, -- first, second
    "Odd, name" numeric(10,2) DEFAULT 1.0,
    both text GENERATED ALWAYS AS ((id || 'x')) STORED,
    note text CHECK (note IN ('a', 'b')),
    CONSTRAINT c PRIMARY KEY (id, "Odd, name")
);
"""


def test_copy_without_a_column_list_has_the_stored_columns_of_the_definition():
    rows = rows_of(script(TABLE + "COPY public.t FROM stdin;\n1\t2\tn\n\\.\n"))
    assert rows == {TableName("public", "t"): [{"id": "1", "Odd, name": "2", "note": "n"}]}


def test_insert_without_a_column_list_has_all_columns_and_may_leave_out_the_last_ones():
    rows = rows_of(script(TABLE + "INSERT INTO t VALUES (1, 2, DEFAULT, 'n');\nINSERT INTO t VALUES (2, 3);"))
    assert rows == {TableName("public", "t"): [
        {"id": "1", "Odd, name": "2", "both": "DEFAULT", "note": "n"},
        {"id": "2", "Odd, name": "3", "both": None, "note": None},
    ]}  # fmt: skip


def test_sqlite_has_no_cell_for_a_generated_column():
    rows = rows_of(script("CREATE TABLE t(a, b AS (a+1), c);\nINSERT INTO t VALUES(1,'x');", SQLITE_DUMP))
    assert rows == {TableName("", "t"): [{"a": "1", "c": "x"}]}


def test_a_table_named_with_its_database_is_the_same_table():
    schema = Schema((Table(TableName("public", "t"), (Column("a", "text", TypeFamily.TEXT),)),))
    for statement in ("INSERT INTO shop.public.t VALUES ('x');", "COPY shop.public.t FROM stdin;\nx\n\\.\n"):
        assert rows_of(script(statement, schema=schema)) == {TableName("public", "t"): [{"a": "x"}]}


def test_a_definition_that_is_changed_later_gives_way_to_the_plan():
    schema = Schema((Table(TableName("public", "t"), (Column("a", "text", TypeFamily.TEXT),)),))
    text = "CREATE TABLE t (a text, b text);\nALTER TABLE t DROP COLUMN b;\nCOPY t FROM stdin;\nx\n\\.\n"
    assert rows_of(script(text, schema=schema)) == {TableName("public", "t"): [{"a": "x"}]}


@pytest.mark.parametrize("text", [
    "INSERT INTO t (a, b) VALUES (1);", "INSERT INTO t (a) VALUES (1, 2);", "INSERT INTO t VALUES (1, 'x;",
])  # fmt: skip
def test_rows_that_do_not_fit_are_unreadable(text: str):
    with pytest.raises(Unreadable):
        rows_of(open_reader(Input("x", data=text.encode()), PLAIN, NO_TABLES))
