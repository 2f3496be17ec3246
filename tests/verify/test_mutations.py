"""The verifier against wrong results: each mutation spoils a right result in one way, and has to be noticed.

The mutation score is the share that is caught; it may not fall below 95 %, and what escapes is named.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from anonymizer.model.result import CheckResult
from anonymizer.verify import verify
from tests.verify import world
from tests.verify.world import COLUMNS, PLAIN, REPLACED, SQLITE, Input, World, checked, failed, right_result, source

Mutation = Callable[[World, World], None]
"""Spoils the second world, a right result of the first."""

OLD = source()


def _spoil(mutation: Mutation) -> World:
    result = right_result(OLD)
    mutation(OLD, result)
    return result


# --- on every replaced column -----------------------------------------------------------------------------------


def _cells(table: str, column: str, change: Callable[[int, str | None, str | None], str | None]) -> Mutation:
    def mutation(old: World, new: World) -> None:
        befores, afters = old.column(table, column), new.column(table, column)
        for row, (before, after) in enumerate(zip(befores, afters, strict=True)):
            new.set(table, column, row, change(row, before, after))

    return mutation


def _cased(text: str | None, how: Callable[[str], str]) -> str | None:
    return None if text is None else how(text)


def _column_mutations() -> dict[str, Mutation]:
    made: dict[str, Mutation] = {}
    for table, column in REPLACED:
        if table == "mail_out":
            continue
        name = f"{table}.{column}"
        rows = len(OLD.tables[table])
        befores = OLD.column(table, column)
        made[f"{name} forgotten"] = _cells(table, column, lambda row, old, new: old)
        made[f"{name} only lower-cased"] = _cells(table, column, lambda row, old, new: _cased(old, str.lower))
        made[f"{name} only upper-cased"] = _cells(table, column, lambda row, old, new: _cased(old, str.upper))
        made[f"{name} NULL came"] = _cells(table, column, lambda row, old, new: None if row == 4 else new)
        if column not in ("kind", "first_name", "last_name", "birth_date", "salary"):
            made[f"{name} one row forgotten"] = _cells(table, column, lambda row, old, new: old if row == 4 else new)
            made[f"{name} shuffled, not replaced"] = _cells(
                table, column, lambda row, old, new, b=befores, n=rows: b[(row + 1) % n] if new else new
            )
            made[f"{name} glued to a word"] = _cells(
                table, column, lambda row, old, new: f"was: {old}" if row == 1 else new
            )
        else:
            made[f"{name} half of the rows forgotten"] = _cells(
                table, column, lambda row, old, new, n=rows: old if row < n / 2 else new
            )
    return made


# --- on one place -----------------------------------------------------------------------------------------------


def _put(table: str, column: str, row: int, text: Callable[[World], str | None]) -> Mutation:
    return lambda old, new: new.set(table, column, row, text(old))


def _both(table: str, column: str, row: int, text: Callable[[World], str]) -> Mutation:
    """A kept cell that holds the value already in the source: the plan is wrong, not the run."""

    def mutation(old: World, new: World) -> None:
        old.set(table, column, row, text(old))
        new.set(table, column, row, text(old))

    return mutation


def _mail(old: World) -> str:
    return old.column("customer", "email")[2] or ""


def _phone(old: World) -> str:
    return old.column("customer", "phone")[3] or ""


def _full_name(old: World) -> str:
    return f"{old.column('customer', 'first_name')[5]} {old.column('customer', 'last_name')[5]}"


def _swap(table: str, column: str) -> Mutation:
    def mutation(old: World, new: World) -> None:
        cells = new.column(table, column)
        new.set(table, column, 0, cells[1])
        new.set(table, column, 1, cells[0])

    return mutation


def _shifted(column: str, by: Callable[[str], str]) -> Mutation:
    return _cells("customer", column, lambda row, old, new: _cased(old, by))


def _appended(column: str, sign: str) -> Mutation:
    return _cells("customer", column, lambda row, old, new: _cased(old, lambda text: text + sign))


def _prefixed(column: str, sign: str) -> Mutation:
    return _cells("customer", column, lambda row, old, new: _cased(old, lambda text: sign + text))


def _rotated(column: str) -> Mutation:
    def mutation(old: World, new: World) -> None:
        cells = old.column("customer", column)
        for row in range(len(cells)):
            new.set("customer", column, row, cells[(row + 1) % len(cells)])

    return mutation


def _text(**changes: Callable[[World], str]) -> Mutation:
    def mutation(old: World, new: World) -> None:
        for name, change in changes.items():
            setattr(new, name, change(old))

    return mutation


def _text_of_both(name: str, change: Callable[[World], str]) -> Mutation:
    def mutation(old: World, new: World) -> None:
        setattr(old, name, change(old))
        setattr(new, name, change(old))

    return mutation


def _drop_row(old: World, new: World) -> None:
    del new.tables["order"][3]


def _double_row(old: World, new: World) -> None:
    new.tables["country"].append(list(new.tables["country"][0]))


def _swap_rows(old: World, new: World) -> None:
    rows = new.tables["customer"]
    rows[0], rows[1] = rows[1], rows[0]


def _keep_emptied(old: World, new: World) -> None:
    new.tables["mail_out"] = [["1", "zed@x.example", "[removed]"]]


def _duplicate_key(old: World, new: World) -> None:
    new.set("customer", "iban", 1, new.column("customer", "iban")[0])


def _inconsistent(old: World, new: World) -> None:
    new.set("order", "customer_email", 8, "another@mail.example")
    new.set("customer", "email", 3, "third@mail.example")


ONE_PLACE: dict[str, tuple[Mutation, str]] = {
    "an e-mail address copied into another table": (_put("order", "remark", 0, _mail), "kept_columns"),
    "an e-mail address in a kept text": (_both("order", "remark", 0, lambda w: f"ask {_mail(w)}."), "survivors"),
    "an e-mail address in capitals": (_both("order", "remark", 0, lambda w: _mail(w).upper()), "survivors"),
    "a telephone number in other groups": (
        _both("order", "remark", 0, lambda w: "tel. " + _phone(w).replace(" ", "").replace("+32", "0032 ")),
        "survivors",
    ),
    "a telephone number in its national form": (
        _both("order", "remark", 0, lambda w: _phone(w).replace("+32 ", "0").replace(" ", "/", 1) + ", please"),
        "survivors",
    ),
    "a full name in a note": (_both("customer", "notes", 0, lambda w: f"met {_full_name(w)} today"), "survivors"),
    "a full name, last name first, in capitals": (
        _both("customer", "notes", 0, lambda w: " ".join(reversed(_full_name(w).upper().split()))),
        "survivors",
    ),
    "a full name without its accents": (
        _both("customer", "notes", 0, lambda w: f"Celine  {w.column('customer', 'last_name')[2]}!"),
        "survivors",
    ),
    "a street with its number in a note": (
        _both("customer", "notes", 1, lambda w: f"lives {w.column('customer', 'street')[6]}, second floor"),
        "survivors",
    ),
    "an account number without spaces": (
        _both("customer", "notes", 1, lambda w: (w.column("customer", "iban")[6] or "").replace(" ", "")),
        "survivors",
    ),
    "a password in a remark": (
        _both("order", "remark", 4, lambda w: f"pw={w.column('login', 'password')[2]}"),
        "survivors",
    ),
    "a login in a remark": (_both("order", "remark", 4, lambda w: f"by {w.column('login', 'name')[2]}"), "survivors"),
    "a value inside an array": (_both("customer", "tags", 4, lambda w: f"{{gold,{_mail(w)}}}"), "survivors"),
    "a value inside JSON that was replaced": (
        _put("customer", "settings", 4, lambda w: f'{{"reply": "{_mail(w)}"}}'),
        "survivors",
    ),
    "a value with JSON escapes": (
        _put("customer", "settings", 4, lambda w: '{"n": "' + _full_name(w).replace("e", "\\u0065") + '"}'),
        "survivors",
    ),
    "a value as bytes": (
        _both("order", "document", 1, lambda w: "\\x" + f"mail:{_mail(w)};".encode().hex()),
        "survivors",
    ),
    "a value in a comment": (_text_of_both("comment", lambda w: f"ask {_mail(w)}"), "structure"),
    "a value in a view": (
        _text_of_both("view", lambda w: f"SELECT 1 FROM customer WHERE email = '{_mail(w)}'"),
        "structure",
    ),
    "another comment": (_text(comment=lambda w: "something else"), "structure"),
    "another view": (_text(view=lambda w: "SELECT 1"), "structure"),
    "a row less": (_drop_row, "row_counts"),
    "a row more": (_double_row, "row_counts"),
    "two rows in the other order": (_swap_rows, "kept_columns"),
    "a row in an emptied table": (_keep_emptied, "row_counts"),
    "a kept cell changed": (_put("order", "amount", 2, lambda w: "0.01"), "kept_columns"),
    "a kept cell of an untouched table changed": (_put("country", "name", 1, lambda w: "Nederland"), "kept_columns"),
    "a NULL filled": (_put("customer", "phone", 2, lambda w: "+32 400 00 00 00"), "nulls"),
    "an empty text instead of NULL": (_put("customer", "phone", 2, lambda w: ""), "nulls"),
    "a kept NULL filled": (_put("order", "remark", 1, lambda w: "x"), "kept_columns"),
    "a key that stands twice": (_duplicate_key, "keys"),
    "a value that is too long": (_put("customer", "first_name", 0, lambda w: "Z" * 41), "keys"),
    "a label that is none": (_put("customer", "kind", 0, lambda w: "martian"), "keys"),
    "a date that is none": (_put("customer", "birth_date", 0, lambda w: "1999-13-41"), "keys"),
    "a number that is none": (_put("customer", "salary", 0, lambda w: "a lot"), "keys"),
    "a broken foreign key": (_put("order", "customer_email", 4, lambda w: "nobody@mail.example"), "foreign_keys"),
    "a foreign key to another row": (_swap("order", "customer_email"), "foreign_keys"),
    "pseudonyms that depend on the table": (_inconsistent, "consistency"),
    "an address that somebody has": (_put("customer", "email", 0, lambda w: "zed@realmail.be"), "reach"),
    "a network address that somebody has": (_put("login", "ip", 0, lambda w: "8.8.4.4"), "reach"),
    "birth dates moved by ten years": (
        _shifted("birth_date", lambda date: f"{int(date[:4]) + 28}{date[4:]}"),
        "shifts",
    ),
    "salaries multiplied by one factor": (
        _cells("customer", "salary", lambda row, old, new: f"{float(old or 0) * 1.01:.2f}"),
        "shifts",
    ),
    "surnames with a sign behind them": (_appended("last_name", "."), "replaced"),
    "surnames with a sign before them": (_prefixed("last_name", "("), "replaced"),
    "surnames with a letter behind them": (_appended("last_name", "x"), "replaced"),
    "surnames without their last letter": (
        _cells("customer", "last_name", lambda row, old, new: _cased(old, lambda t: t[:-1])),
        "replaced",
    ),
    "surnames with a word behind them": (_appended("last_name", " bv"), "replaced"),
    "surnames of the column's own other rows": (_rotated("last_name"), "replaced"),
    "one surname with a sign behind it": (
        _cells("customer", "last_name", lambda row, old, new: f"{old}-" if row == 4 else new),
        "replaced",
    ),
    "salaries moved by one amount": (_shifted("salary", lambda pay: f"{float(pay) + 100:.2f}"), "shifts"),
}  # fmt: skip
"""What is spoilt -> how, and the check that has to say so."""


def _outcome(mutation: Mutation) -> tuple[CheckResult, ...]:
    old = source()
    new = right_result(old)
    mutation(old, new)
    return checked(old, new)


@pytest.mark.parametrize("name", ONE_PLACE)
def test_a_result_that_is_wrong_in_one_place_is_not_published(name: str):
    mutation, check = ONE_PLACE[name]
    assert check in failed(_outcome(mutation))


def test_the_mutation_score_is_at_least_95_percent_and_what_escapes_is_named():
    mutations = {**_column_mutations(), **{name: mutation for name, (mutation, _) in ONE_PLACE.items()}}
    escaped = [name for name, mutation in mutations.items() if not failed(_outcome(mutation))]
    score = 1 - len(escaped) / len(mutations)
    assert len(mutations) > 100
    assert score >= 0.95, f"{score:.1%} of {len(mutations)} caught; escaped: {', '.join(escaped)}"


def test_no_value_of_the_database_stands_in_what_the_checks_say():
    values = {
        cell
        for table, rows in OLD.tables.items()
        for row in rows
        for column, cell in zip(COLUMNS[table], row, strict=True)
        if cell is not None and len(cell) >= 4 and (table, column) in REPLACED
    } - {"person", "company"}
    for mutation in {**_column_mutations(), **{name: made for name, (made, _) in ONE_PLACE.items()}}.values():
        for result in _outcome(mutation):
            for line in result.detail:
                assert not [value for value in values if value.lower() in line.lower()]


KINDS = [PLAIN, "INSERT", SQLITE, world.SQLITE_DUMP, world.MYSQL, world.MSSQL_SCRIPT, world.BACPAC, world.CSV]


@pytest.mark.parametrize("name", [
    "an e-mail address in a kept text", "a full name in a note", "a value in a view", "a row less",
    "a kept cell changed", "a NULL filled", "a key that stands twice", "a broken foreign key",
])  # fmt: skip
@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_result_is_noticed_in_every_format(name: str, kind: str, tmp_path: Path):
    mutation, check = ONE_PLACE[name]
    old = source()
    new = right_result(old)
    mutation(old, new)
    assert check in failed(in_format(kind, old, new, tmp_path))


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_result_passes_every_check_in_every_format(kind: str, tmp_path: Path):
    old = source()
    results = in_format(kind, old, right_result(old), tmp_path)
    assert [result for result in results if result.outcome.value != "passed"] == []
    assert all(
        result.examined
        for result in results
        if result.check not in ("readable", "generalised", "shifted", "constraints")
    )


def in_format(kind: str, old: World, new: World, folder: Path) -> tuple[CheckResult, ...]:
    """Verify a pair in one of the formats."""
    if kind == SQLITE:
        files = world.sqlite_file(old, folder / "source.db"), world.sqlite_file(new, folder / "target.db")
        return verify(world.plan(""), *files, SQLITE)
    if kind in (world.SQLITE_DUMP, world.MYSQL):
        written = world.sqlite_dump if kind == world.SQLITE_DUMP else world.mysql_dump
        pair = [Input(n, data=written(w)) for n, w in (("source", old), ("target", new))]
        return verify(world.plan(""), *pair, kind)
    if kind == world.MSSQL_SCRIPT:
        pair = [Input(n, data=world.mssql_script(w)) for n, w in (("source", old), ("target", new))]
        return verify(world.plan("dbo"), *pair, kind)
    if kind == world.CSV:
        files = world.csv_folder(old, folder / "source"), world.csv_folder(new, folder / "target")
        return verify(world.plan(""), *files, kind)
    if kind == world.BACPAC:
        files = world.bacpac(old, folder / "source.bacpac"), world.bacpac(new, folder / "target.bacpac")
        return verify(world.plan("dbo"), *files, kind)
    pair = [Input(n, data=world.plain(w, inserts=kind == "INSERT")) for n, w in (("source", old), ("target", new))]
    return verify(world.plan(), *pair, PLAIN)
