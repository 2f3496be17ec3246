"""Names that another table lists are one thing with that list, whatever the column is called."""

from __future__ import annotations

import pyarrow as pa

from anonymizer import detect, rulefile
from anonymizer.model.schema import Column, Schema, Table, TableName, TypeFamily

CLIENTS, ORDERS = TableName("", "clients"), TableName("", "orders")
FIRMS = [f"Bakkerij Nummer {chr(65 + n)}" for n in range(20)]


def column(name: str) -> Column:
    return Column(name, "varchar(80)", TypeFamily.TEXT, 80)


SCHEMA = Schema(
    (
        Table(CLIENTS, (column("company_name"), column("contact_name"))),
        Table(ORDERS, (column("ship_name"), column("ship_address"))),
    )
)


def categories(ship_names: list[str]) -> dict[str, str]:
    samples = {
        CLIENTS: {"company_name": pa.array(FIRMS), "contact_name": pa.array([f"Jan Peeters{n}" for n in range(20)])},
        ORDERS: {"ship_name": pa.array(ship_names), "ship_address": pa.array(["Dorp 1"] * len(ship_names))},
    }
    found = detect.find(SCHEMA, samples, rulefile.find_packs(rulefile.shipped_packs()))
    return {str(finding.column): finding.category for finding in found}


def test_a_shipping_name_that_is_a_customers_name_is_replaced_as_that():
    assert categories(FIRMS * 3)["orders.ship_name"] == "company_name"


def test_other_names_stay_what_their_own_column_says():
    own = categories([f"Piet Janssens{n}" for n in range(30)])["orders.ship_name"]
    assert own != "company_name"
