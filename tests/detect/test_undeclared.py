"""Foreign keys that nobody declared are proposed from names and values, and nothing changes until a person confirms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from anonymizer import rulefile
from anonymizer.detect import find
from anonymizer.detect.undeclared import propose
from anonymizer.model.rules import RuleFile
from anonymizer.model.schema import ForeignKey, Schema, Table, TableName
from tests.detect.builders import packs, table, values

CUSTOMER = table("customer", "id int", "name", primary=("id",))


def found(*tables: Table, samples: Mapping[str, Mapping[str, Sequence[str | None]]] | None = None) -> dict[str, str]:
    """`a.b -> c.d`: why."""
    schema = Schema(tables)
    sampled = {TableName("", name): values(**columns) for name, columns in (samples or {}).items()}
    proposed = propose(schema, sampled, find(schema, sampled, packs()), limit=1000)
    return {rulefile.write_relation(one.relation): one.words for one in proposed}


@pytest.mark.parametrize(
    ("referenced", "column"),
    [
        (CUSTOMER, "customer_id int"),
        (CUSTOMER, "CustomerID int"),
        (CUSTOMER, "fk_customer int"),
        (CUSTOMER, "fk_customer_id int"),
        (CUSTOMER, "old_customer_id int"),
        (CUSTOMER, "cust_id int"),
        (table("clients", "id int", primary=("id",)), "id_client int"),
        (table("klanten", "nr int", primary=("nr",)), "klant_nr int"),
        (table("klant", "nr int", primary=("nr",)), "klantnr int"),
        (table("Kunden", "KundenNr int", primary=("KundenNr",)), "KundenNr int"),
        (table("adresses", "id_adresse int", primary=("id_adresse",)), "id_adresse int"),
        (table("categories", "category_id int", primary=("category_id",)), "category_id int"),
        (table("users", "id int", primary=("id",)), "created_by int"),
        (table("acc_years", "id int", primary=("id",)), "id_year int"),
    ],
)
def test_a_name_in_four_languages_says_what_it_points_at(referenced: Table, column: str):
    key = referenced.primary_key[0]
    name = column.split()[0]
    orders = table("orders", "order_no int", column, primary=("order_no",))
    assert found(referenced, orders) == {f"orders.{name} -> {referenced.name.name}.{key}": "name alone"}


def test_a_parent_points_at_another_row_of_its_own_table():
    staff = table("employees", "employee_id int", "reports_to int", "parent_id int", primary=("employee_id",))
    assert list(found(staff)) == [
        "employees.reports_to -> employees.employee_id", "employees.parent_id -> employees.employee_id",
    ]  # fmt: skip


@pytest.mark.parametrize("column", ["id int", "code", "paid bool", "customer_id bool", "amount int", "customer_name"])
def test_other_names_propose_nothing(column: str):
    assert not found(CUSTOMER, table("orders", column))


def test_what_is_declared_is_not_proposed_again():
    keys = [ForeignKey(("customer_id",), CUSTOMER.name, ("id",))]
    assert not found(CUSTOMER, table("orders", "customer_id int", keys=keys))


def test_values_that_the_key_does_not_hold_contradict_the_name():
    orders = table("orders", "customer_id int")
    ids = [str(n) for n in range(1, 41)]
    data = {"customer": {"id": ids}, "orders": {"customer_id": ids[:30]}}
    assert found(CUSTOMER, orders, samples=data) == {"orders.customer_id -> customer.id": "name, 100 % of 30 values"}
    data["orders"] = {"customer_id": [str(n) for n in range(500, 530)]}
    assert not found(CUSTOMER, orders, samples=data)


def test_nulls_and_the_zero_that_stands_for_none_are_no_values():
    data = {"customer": {"id": ["1", "2", "3"]}, "orders": {"customer_id": ["1", None, "0", "3"]}}
    assert list(found(CUSTOMER, table("orders", "customer_id int"), samples=data).values()) == [
        "name, 100 % of 2 values"
    ]


def test_small_numbers_do_not_make_everything_a_reference():
    small = [str(n) for n in range(1, 31)]
    data = {"customer": {"id": small}, "orders": {"quantity": small}}
    assert not found(CUSTOMER, table("orders", "quantity int"), samples=data)


def test_a_code_that_another_key_holds_is_found_without_a_name():
    codes = [f"K{n * 7919 % 10007:05d}" for n in range(40)]
    klant = table("klant", "code", primary=("code",))
    data = {"klant": {"code": codes}, "bestelling": {"wie": codes[:25]}}
    assert found(klant, table("bestelling", "wie"), samples=data) == {
        "bestelling.wie -> klant.code": "values, 100 % of 25 values"
    }


def test_a_mail_address_used_as_a_key_elsewhere_is_a_natural_key():
    mails = [f"jan{n}.peeters@bakkerij.example" for n in range(30)]
    customer = table("customer", "id int", "email", primary=("id",))
    data = {"customer": {"id": list(map(str, range(30))), "email": mails}, "login": {"cust_email": mails[:20]}}
    assert found(customer, table("login", "cust_email"), samples=data) == {
        "login.cust_email -> customer.email": "name, 100 % of 20 values"
    }


def test_text_and_number_are_one_key_where_the_values_are():
    data = {"customer": {"id": [str(n) for n in range(1, 41)]}, "import": {"customer_id": ["0012", "7", "33"]}}
    assert list(found(CUSTOMER, table("import", "customer_id"), samples=data)) == ["import.customer_id -> customer.id"]


def test_a_composite_key_is_proposed_whole():
    orders = table("orders", "company int", "no int", primary=("company", "no"))
    line = table("line", "company int", "order_no int", "no int", primary=("company", "order_no", "no"))
    assert found(orders, line) == {"line.(company, order_no) -> orders.(company, no)": "name alone"}


def test_a_column_beside_the_name_of_its_table_points_anywhere():
    assert not found(CUSTOMER, table("note", "customer_id int", "customer_type"))


def test_proposals_are_comments_until_the_sign_is_taken_away(tmp_path: Path):
    orders = table("orders", "customer_id int")
    schema = Schema((CUSTOMER, orders))
    text = rulefile.write_rules(RuleFile("x", {}), proposed=propose(schema, {}))
    line = "  # - orders.customer_id -> customer.id   # name alone\n"
    assert line in text
    assert line in rulefile.format_rules(text)
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    assert rulefile.read_rules(file).relations == ()
    file.write_text(text.replace("# - ", "- "))
    (relation,) = rulefile.read_rules(file).relations
    assert rulefile.write_relation(relation) == "orders.customer_id -> customer.id"
