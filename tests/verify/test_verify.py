"""The verifier as a whole, and what single checks allow, refuse and admit not to have seen."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from anonymizer import registry, verify
from anonymizer.errors import InternalError, SourceError
from anonymizer.model.plan import ColumnPlan, Domain, Plan, TablePlan
from anonymizer.model.result import CheckResult, Outcome
from anonymizer.model.rules import Action
from anonymizer.model.schema import Column, ColumnName, ForeignKey, Schema, Table, TableName, TypeFamily
from anonymizer.verify import _comparison
from tests.verify import world
from tests.verify.world import PLAIN, SQLITE, Input, checked, failed, plain, right_result, source

T = TypeFamily


def small(*tables: Table, replaced: dict[tuple[str, str], tuple[str, str]], **more: object) -> Plan:
    """A plan; `replaced`: table and column -> category and transform."""
    plans = {}
    for table in tables:
        columns = []
        for column in table.columns:
            name = ColumnName(table.name, column.name)
            decided = replaced.get((table.name.name, column.name))
            columns.append(
                ColumnPlan(name, column, Action.REPLACE, *decided, domain=decided[1])
                if decided
                else ColumnPlan(name, column, Action.KEEP)
            )
        plans[table.name] = TablePlan(table, tuple(columns))
    domains = {transform: Domain(transform) for _, transform in replaced.values()}
    made = Plan(Schema(tables), plans, domains, "test", 1, ())
    return replace(made, **more)  # type: ignore[arg-type]


def table(name: str, *columns: str, **more: object) -> Table:
    made = tuple(Column(column, "text", T.TEXT) for column in columns)
    return Table(TableName("public", name), made, **more)  # type: ignore[arg-type]


def dump(**rows: list[str]) -> Input:
    """A plain dump of tables given as `name="columns"` and lines of cells parted by `|`."""
    text = ""
    for name, (columns, *lines) in rows.items():
        text += f"COPY public.{name} ({columns}) FROM stdin;\n" + "".join(f"{x}\n" for x in lines) + "\\.\n"
    return Input("dump", data=text.replace("|", "\t").encode())


def by_name(results: tuple[CheckResult, ...]) -> dict[str, CheckResult]:
    return {result.check: result for result in results}


# --- the whole --------------------------------------------------------------------------------------------------


def test_every_check_of_the_folder_gives_one_result_with_its_promise():
    results = checked(source(), right_result(source()))
    modules = registry.load("verify")
    assert [f"check_{result.check}" for result in results[1:]] == list(modules)
    assert all(result.promise == modules[f"check_{result.check}"].PROMISE for result in results[1:])


@pytest.mark.parametrize("name", registry.load("verify"))
def test_a_check_says_alone_what_it_says_among_the_others(name: str):
    old = source()
    new = right_result(old)
    new.set("customer", "email", 4, old.column("customer", "email")[4])
    new.set("order", "amount", 4, "0.00")
    made = world.plan()
    pair = [Input("x", data=plain(w)) for w in (old, new)]
    together = by_name(verify.verify(made, pair[0], pair[1], PLAIN))
    readers = [verify.open_reader(file, PLAIN, made.schema) for file in pair]
    alone = registry.load("verify")[name].check(made, *readers)
    assert alone == together[name.removeprefix("check_")]


def test_a_target_that_is_cut_off_is_a_failed_check_and_not_a_crash():
    whole = plain(right_result(source()))
    cut = Input("target", data=whole[: whole.index(b"Zed5")])
    (result,) = verify.verify(world.plan(), Input("source", data=plain(source())), cut, PLAIN)
    assert (result.check, result.outcome) == ("readable", Outcome.FAILED)


def test_a_source_that_cannot_be_read_is_an_error():
    whole = plain(source())
    cut = Input("source", data=whole[: whole.index(b"second order")])
    with pytest.raises(SourceError, match="source"):
        verify.verify(world.plan(), cut, Input("target", data=whole), PLAIN)


def test_a_check_that_breaks_stops_everything_and_quotes_nothing(monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        raise ValueError("a value of the database")

    monkeypatch.setattr(_comparison.Comparison, "_learn", broken)
    with pytest.raises(InternalError, match="must not be used") as caught:
        checked(source(), right_result(source()))
    assert "a value" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_kind_without_a_verifier_is_refused():
    with pytest.raises(InternalError, match="no verifier"):
        verify.verify(world.plan(), Input("a", data=b""), Input("b", data=b""), "a card index")


def test_an_empty_result_fails():
    results = verify.verify(world.plan(), Input("s", data=plain(source())), Input("t", data=b""), PLAIN)
    assert {"row_counts", "structure"} <= failed(results)


# --- what chance allows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("capacity", "passes"), [(None, False), (10**9, False), (20, True)])
def test_a_pseudonym_may_be_another_rows_original_only_where_the_range_is_small(capacity: int | None, passes: bool):
    old = source()
    new = right_result(old)
    new.set("customer", "phone", 4, old.column("customer", "phone")[5])
    limits = {"phone": capacity} if capacity else {}
    result = by_name(checked(old, new, world.plan(capacity=limits)))["survivors"]
    assert (result.outcome is Outcome.PASSED) is passes
    assert any("public.customer.phone" in line for line in result.detail)


def test_a_column_whose_constant_stood_in_the_source_already_is_not_a_failure():
    old = source()
    old.set("login", "password", 3, "!removed")
    new = right_result(old)
    assert "replaced" not in failed(checked(old, new))


def test_one_first_name_that_stays_the_same_is_chance_and_all_of_them_are_not():
    old = source()
    new = right_result(old)
    new.set("customer", "first_name", 2, old.column("customer", "first_name")[2])
    result = by_name(checked(old, new))["replaced"]
    assert result.outcome is Outcome.PASSED
    assert "1 cells" in result.detail[0]
    for row, name in enumerate(old.column("customer", "first_name")):
        new.set("customer", "first_name", row, name)
    assert "replaced" in failed(checked(old, new))


def test_one_national_number_that_is_put_back_fails_though_its_range_is_small():
    made = small(table("t", "nn"), replaced={("t", "nn"): ("national_id", "national_id")})
    made = limited(made, 90_000)
    numbers = [f"7{n}.05.1{n}-00{n}.3{n}" for n in range(8)]
    pseudonyms = [f"9{n}.01.2{n}-99{n}.5{n}" for n in range(8)]
    old = dump(t=["nn", *numbers])
    assert failed(verify.verify(made, old, dump(t=["nn", *pseudonyms]), PLAIN)) == set()
    assert "replaced" in failed(verify.verify(made, old, dump(t=["nn", *pseudonyms[:7], numbers[7]]), PLAIN))


def test_a_source_that_lies_in_the_range_of_pseudonyms_may_keep_what_chance_allows():
    made = limited(small(table("t", "nn"), replaced={("t", "nn"): ("national_id", "national_id")}), 100)
    numbers = [f"70051{n:03d}" for n in range(60)]
    old, new = dump(t=["nn", *numbers]), dump(t=["nn", numbers[0], *reversed(numbers[1:])])
    result = by_name(verify.verify(made, old, new, PLAIN))["replaced"]
    assert result.outcome is Outcome.PASSED
    assert "chance allows" in result.detail[0]


def limited(made: Plan, capacity: int) -> Plan:
    """The plan with so many pseudonyms for each replaced column."""
    tables = {
        name: replace(plan, columns=tuple(
            replace(column, capacity=capacity) if column.action is Action.REPLACE else column
            for column in plan.columns
        ))
        for name, plan in made.tables.items()
    }  # fmt: skip
    return replace(made, tables=tables)


@pytest.mark.parametrize("text", ["hers", "call her back about the invoice"])
def test_a_text_that_is_put_back_among_constants_fails_also_where_it_stood_twice(text: str):
    made = limited(small(table("t", "note"), replaced={("t", "note"): ("free_text", "free_text")}), 1)
    others = [f"note {n}" for n in range(40)]
    old = dump(t=["note", text, *others, text])
    assert failed(verify.verify(made, old, dump(t=["note", *["[...]"] * 42]), PLAIN)) == set()
    assert "replaced" in failed(verify.verify(made, old, dump(t=["note", *["[...]"] * 41, text]), PLAIN))


def test_names_that_chance_gives_to_other_rows_pass():
    made = small(table("t", "first"), replaced={("t", "first"): ("first_name", "first_name")})
    names = [f"{a}{b}" for a in ("Jan", "Piet", "Lot", "Mar") for b in ("a", "e", "ine", "ke", "je")]
    old = dump(t=["first", *names])
    new = dump(t=["first", names[3], names[7], *[f"Zed{n}" for n in range(18)]])
    assert failed(verify.verify(made, old, new, PLAIN)) == set()


@pytest.mark.parametrize(("number", "fails"), [("901", False), ("902", True)])
def test_a_number_and_the_same_number_as_text_are_one_value(number: str, fails: bool):
    text, whole = Column("no", "text", T.TEXT), Column("no", "integer", T.INTEGER)
    tables = [Table(TableName("public", name), (column,)) for name, column in (("a", text), ("b", whole))]
    made = small(*tables, replaced={(name, "no"): ("none", "permute") for name in ("a", "b")})
    old, new = dump(a=["no", "123"], b=["no", "123"]), dump(a=["no", "901"], b=["no", number])
    assert ("consistency" in failed(verify.verify(made, old, new, PLAIN))) is fails


@pytest.mark.parametrize("member", ["zed1@m.example", '"zed1@m.example"'])
def test_a_member_of_an_array_and_the_same_value_alone_are_one_value(member: str):
    columns = Column("mail", "text", T.TEXT), Column("mail", "text[]", T.ARRAY)
    tables = [Table(TableName("public", name), (column,)) for name, column in zip("ab", columns, strict=True)]
    made = small(*tables, replaced={(name, "mail"): ("email", "email") for name in "ab"})
    old = dump(a=["mail", "jan@m1.be", "els@m2.be"], b=["mail", "{els@m2.be,jan@m1.be}", "{}", "{NULL,els@m2.be}"])
    lists = [f"{{zed2@m.example,{member}}}", "{}", "{NULL,zed2@m.example}"]
    right = dump(a=["mail", "zed1@m.example", "zed2@m.example"], b=["mail", *lists])
    wrong = dump(a=["mail", "zed3@m.example", "zed2@m.example"], b=["mail", *lists])
    assert failed(verify.verify(made, old, right, PLAIN)) == set()
    assert "consistency" in failed(verify.verify(made, old, wrong, PLAIN))


def references(*kept: str) -> CheckResult:
    """`survivors` for 4,000 telephone numbers that are replaced beside references that are kept."""
    made = small(table("t", "phone", "reference"), replaced={("t", "phone"): ("phone", "phone")})
    rows = [f"04{7 + n % 3}{n * 7919 % 10**6:06d}9|04{7 + n % 3}{n * 104729 % 10**7:07d}" for n in range(4_000)]
    old = dump(t=["phone,reference", *rows, *(f"047{n:07d}|{text}" for n, text in enumerate(kept))])
    after = [f"9{n:09d}|{row.split('|')[1]}" for n, row in enumerate(rows)]
    new = dump(t=["phone,reference", *after, *(f"8{n:09d}|{text}" for n, text in enumerate(kept))])
    return by_name(verify.verify(made, old, new, PLAIN))["survivors"]


def test_some_references_look_like_telephone_numbers_and_by_chance_are_some():
    found = references()
    assert found.outcome is Outcome.PASSED
    assert "within what chance allows" in " ".join(found.detail)


def test_one_telephone_number_alone_in_a_column_is_no_chance():
    made = small(table("t", "phone", "note"), replaced={("t", "phone"): ("phone", "phone")})
    rows = [f"0470{n:06d}|ok" for n in range(300)]
    old, new = (
        dump(t=["phone,note", "0470999999|0470 99 99 99", *rows]) for rows in (rows, [f"9{row}" for row in rows])
    )
    new = Input("dump", data=(new.data or b"").replace(b"0470999999\t", b"1111111111\t"))
    assert by_name(verify.verify(made, old, new, PLAIN))["survivors"].outcome is Outcome.FAILED


@pytest.mark.parametrize("kept", [["bel 0470000000"], [f"047{n:07d}" for n in range(60)]])
def test_a_telephone_number_in_a_text_and_many_among_references_are_no_chance(kept: list[str]):
    assert references(*kept).outcome is Outcome.FAILED


LOGINS = small(
    table("login", "name"), table("role", "title"), replaced={("login", "name"): ("username", "username")}
)  # fmt: skip


def logins(name: str, title: str, comment: str = "") -> dict[str, CheckResult]:
    """The checks of a right result in which one login is `name`, and a kept cell and a comment hold something."""
    text = f"COMMENT ON TABLE role IS '{comment}';\n".encode()
    old = dump(login=["name", name, "jpeeters7"], role=["title", title])
    new = dump(login=["name", "zed1zed1", "zed2zed2"], role=["title", title])
    pair = [Input("dump", data=text + (made.data or b"")) for made in (old, new)]
    return by_name(verify.verify(LOGINS, *pair, PLAIN))


def test_a_login_that_is_a_word_of_the_program_may_stand_anywhere():
    results = logins("administrator", "Administrator", "for the administrator")
    assert results["survivors"].outcome is results["structure"].outcome is Outcome.PASSED
    assert "words that name nobody" in results["survivors"].detail[0]


@pytest.mark.parametrize(("name", "title"), [("jpeeters8", "JPeeters8"), ("maesfranckx", "by Maesfranckx today")])
def test_a_login_in_a_kept_column_fails(name: str, title: str):
    assert logins(name, title)["survivors"].outcome is Outcome.FAILED


@pytest.mark.parametrize("comment", ["see maesfranckx", "Maesfranckx"])
def test_a_login_that_is_one_word_fails_in_a_comment(comment: str):
    assert logins("maesfranckx", "clerk", comment)["structure"].outcome is Outcome.FAILED


def test_a_single_word_that_is_a_whole_kept_cell_is_not_verified_and_many_fail():
    assert logins("florida", "Florida")["survivors"].outcome is Outcome.NOT_VERIFIED
    names = ["florida", "georgia", "montana"]
    old = dump(login=["name", *names], role=["title", *names])
    new = dump(login=["name", "zed1zed1", "zed2zed2", "zed3zed3"], role=["title", *names])
    assert "survivors" in failed(verify.verify(LOGINS, old, new, PLAIN))


def test_values_that_are_too_short_are_counted_and_compared_in_their_rows():
    results = logins("jan", "clerk")
    assert results["survivors"].detail == (
        "public.login.name: up to 1 values are too short to be looked for in other places",
    )
    old = dump(login=["name", "jan", "els"], role=["title", "x"])
    new = dump(login=["name", "zed1zed1", "els"], role=["title", "x"])
    assert "replaced" in failed(verify.verify(LOGINS, old, new, PLAIN))


# --- keys -------------------------------------------------------------------------------------------------------


ORDERS = (
    table("customer", "company", "no", primary_key=("company", "no")),
    table(
        "order", "company", "customer_no",
        foreign_keys=(ForeignKey(("company", "customer_no"), TableName("public", "customer"), ("company", "no")),),
    ),
)  # fmt: skip
PERMUTED = {("customer", "no"): ("none", "permute"), ("order", "customer_no"): ("none", "permute")}


@pytest.mark.parametrize(
    ("customers", "orders", "broken"),
    [
        (["1|B7", "1|A7", "2|B7"], ["1|B7", "2|B7", "9|C7"], set()),
        (["1|B7", "1|A7", "2|B7"], ["1|A7", "2|B7", "9|C7"], {"foreign_keys", "consistency"}),
        (["1|B7", "1|B7", "2|B7"], ["1|B7", "2|B7", "9|C7"], {"keys", "foreign_keys"}),
        (["1|B7", "1|A7", "2|B7"], ["1|B7", "2|B7", "1|A7"], {"foreign_keys", "kept_columns"}),
    ],
)
def test_composite_keys_join_the_same_rows_or_fail(customers: list[str], orders: list[str], broken: set[str]):
    made = small(*ORDERS, replaced=PERMUTED)
    old = dump(customer=["company, no", "1|A1", "1|A2", "2|A1"], order=["company, customer_no", "1|A1", "2|A1", "9|A3"])
    new = dump(customer=["company, no", *customers], order=["company, customer_no", *orders])
    assert failed(verify.verify(made, old, new, PLAIN)) >= broken
    assert bool(broken) == bool(failed(verify.verify(made, old, new, PLAIN)))


def test_a_confirmed_relation_is_checked_like_a_declared_one():
    pair = (ColumnName(TableName("public", "ticket"), "login"), ColumnName(TableName("public", "staff"), "login"))
    names = {("staff", "login"): ("other_personal", "masked"), ("ticket", "login"): ("other_personal", "masked2")}
    made = small(table("staff", "login"), table("ticket", "login"), replaced=names, relations=(pair,))
    old = dump(staff=["login", "abc", "def"], ticket=["login", "abc", "abc"])
    right = dump(staff=["login", "xyz", "uvw"], ticket=["login", "xyz", "xyz"])
    wrong = dump(staff=["login", "xyz", "uvw"], ticket=["login", "rst", "rst"])
    assert failed(verify.verify(made, old, right, PLAIN)) == set()
    assert failed(verify.verify(made, old, wrong, PLAIN)) == {"foreign_keys"}


def test_a_key_is_unique_across_the_partitions_of_its_table():
    root = table("visit", "mail", unique=(("mail",),))
    parts = [table(f"visit_{n}", "mail", partition_of=root.name) for n in (1, 2)]
    made = small(root, *parts, replaced={(t.name.name, "mail"): ("none", "masked") for t in (root, *parts)})
    old = dump(visit_1=["mail", "aaa", "bbb"], visit_2=["mail", "ccc"])
    right = dump(visit_1=["mail", "xxx", "yyy"], visit_2=["mail", "zzz"])
    wrong = dump(visit_1=["mail", "xxx", "yyy"], visit_2=["mail", "xxx"])
    assert failed(verify.verify(made, old, right, PLAIN)) == set()
    assert failed(verify.verify(made, old, wrong, PLAIN)) == {"keys"}


def test_rows_that_lie_in_the_order_of_a_replaced_key_are_not_verified_rather_than_passed(tmp_path: Path):
    files = []
    for name, ids in (("source.db", (1, 2, 3)), ("target.db", (30, 10, 20))):
        connection = sqlite3.connect(tmp_path / name)
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, note TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", zip(ids, "abc", strict=True))
        connection.commit()
        connection.close()
        files.append(Input(name, tmp_path / name))
    columns = (Column("id", "INTEGER", T.INTEGER), Column("note", "TEXT", T.TEXT))
    made = small(Table(TableName("", "t"), columns, primary_key=("id",)), replaced={("t", "id"): ("none", "permute")})
    results = by_name(verify.verify(made, *files, SQLITE))
    assert results["kept_columns"].outcome is Outcome.NOT_VERIFIED
    assert "t" in results["kept_columns"].detail[0]
    assert results["row_counts"].outcome is Outcome.PASSED


def test_a_storage_class_that_changed_in_a_kept_column_is_noticed(tmp_path: Path):
    files = []
    for name, value in (("source.db", 7), ("target.db", "7")):
        connection = sqlite3.connect(tmp_path / name)
        connection.execute("CREATE TABLE t (mail, kept)")
        connection.execute("INSERT INTO t VALUES (?, ?)", (f"{name}@x.example", value))
        connection.commit()
        connection.close()
        files.append(Input(name, tmp_path / name))
    made = small(
        Table(TableName("", "t"), (Column("mail", "", T.TEXT), Column("kept", "", T.OTHER))),
        replaced={("t", "mail"): ("email", "email")},
    )
    assert failed(verify.verify(made, *files, SQLITE)) == {"kept_columns"}


def test_tables_that_lie_mixed_in_a_script_are_paired_though_one_of_them_is_emptied():
    lines = [
        "INSERT INTO customer (mail) VALUES ('{}');", "INSERT INTO log (text) VALUES ('{}');",
        "INSERT INTO customer (mail) VALUES ('{}');", "INSERT INTO log (text) VALUES ('{}');",
    ]  # fmt: skip
    made = small(table("customer", "mail"), table("log", "text"), replaced={("customer", "mail"): ("email", "email")})
    tables = {**made.tables, TableName("public", "log"): replace(made.tables[TableName("public", "log")], rows="none")}
    made = replace(made, tables=tables)
    old = "\n".join(lines).format("a@mail1.be", "x", "b@mail2.be", "y")
    new = "\n".join([lines[0], lines[2]]).format("zed1@m.example", "zed2@m.example")
    results = verify.verify(made, Input("old", data=old.encode()), Input("new", data=new.encode()), PLAIN)
    assert failed(results) == set()
    assert "row_counts" in failed(
        verify.verify(made, Input("o", data=old.encode()), Input("n", data=old.encode()), PLAIN)
    )


@pytest.mark.parametrize(
    ("cells", "survivor"),
    [
        ("jan.claes@mail7.be|x|x", "jan.claes@mail7.be"),
        ("x|met jan.claes@mail7.be today|x", "JAN.CLAES@mail7.be"),
        ("x|+32 470 12 34 56|x", "0470123456"),
        ("x|BE71 0961 2345 6769|x", "be71096123456769"),
        ("x|x|Maesfranckx7", "by maesfranckx7"),
    ],
)
@pytest.mark.parametrize("where", ["kept", "text"])
def test_what_stood_in_an_emptied_table_is_looked_for_like_what_was_replaced(cells: str, survivor: str, where: str):
    made = small(
        table("login", "name"), table("log", "mail", "note", "name"), table("kept", "remark"),
        replaced={("login", "name"): ("username", "username")},
    )  # fmt: skip
    name = TableName("public", "log")
    made = replace(made, tables={**made.tables, name: replace(made.tables[name], rows="none")})
    text = f"COMMENT ON TABLE kept IS '{survivor if where == 'text' else 'x'}';\n".encode()
    kept = ["remark", survivor if where == "kept" else "x"]
    old = dump(login=["name", "zed7zed7"], log=["mail, note, name", cells], kept=kept)
    new = dump(login=["name", "zed1zed1"], log=["mail, note, name"], kept=kept)
    pair = [Input("dump", data=text + (side.data or b"")) for side in (old, new)]
    results = by_name(verify.verify(made, *pair, PLAIN))
    assert results["survivors" if where == "kept" else "structure"].outcome is Outcome.FAILED
    harmless = dump(login=["name", "zed7zed7"], log=["mail, note, name", "x|0012345678|x"], kept=["remark", "12345678"])
    right = dump(login=["name", "zed1zed1"], log=["mail, note, name"], kept=["remark", "12345678"])
    passed = by_name(verify.verify(made, harmless, right, PLAIN))["survivors"]
    assert passed.outcome is Outcome.PASSED
    assert "public.log (emptied): of 2 columns" in passed.detail[-1]


def test_a_table_that_the_plan_does_not_know_has_to_be_the_same():
    made = small(table("customer", "mail"), replaced={("customer", "mail"): ("email", "email")})
    old, same, other = (dump(unknown=["a", *rows]) for rows in (["1", "2"], ["1", "2"], ["1", "3"]))
    assert failed(verify.verify(made, old, same, PLAIN)) == set()
    assert failed(verify.verify(made, old, other, PLAIN)) == {"kept_columns"}
