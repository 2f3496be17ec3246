"""The rule file that detection writes names the country whose people a database holds."""

from __future__ import annotations

import pyarrow as pa
import pytest

from anonymizer import detect, planning, rulefile
from anonymizer.model.schema import Column, Schema, Table, TableName, TypeFamily
from anonymizer.rulefile import write_rules

CLIENTS = TableName("", "clients")
PACKS = rulefile.find_packs(rulefile.shipped_packs())
BELGIAN, DUTCH = "locales: [nl_BE, fr_BE]", "locales: [nl_NL]"


def rules(**columns: list[str | None]) -> str:
    schema = Schema((Table(CLIENTS, tuple(Column(name, "varchar(80)", TypeFamily.TEXT, 80) for name in columns)),))
    samples = {CLIENTS: {name: pa.array(cells, pa.string()) for name, cells in columns.items()}}
    findings = detect.find(schema, samples, PACKS)
    return write_rules(planning.propose(schema, findings, PACKS, locales=detect.locales_of(samples, findings)), {}, ())


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"postcode": ["1234 AB", "2511CV", "9712 HM", None]}, DUTCH),
        ({"telefoon": ["+31 6 12345678", "0031 20 1234567", "+31201234567", "06-12345678"]}, DUTCH),
        (
            {"ville": ["Lyon", "Marseille", "Toulouse", "Nantes"], "cp": ["69001", "13001", "31000", "44000"]},
            "[fr_FR]",
        ),
        (
            {"ort": ["Hamburg", "München", "Stuttgart", "Leipzig"], "plz": ["20095", "80331", "70173", "04109"]},
            "[de_DE]",
        ),
        ({"country": ["USA", "USA", "USA", "Belgium"], "phone": ["(206) 555-0100", "206-555-0101"] * 2}, BELGIAN),
        ({"land": ["Nederland"] * 4 + ["België"], "achternaam": ["Jansen"] * 5}, DUTCH),
        ({"land": ["Nederland"] * 5 + ["België"] * 4, "achternaam": ["Jansen"] * 9}, BELGIAN),
        ({"postcode": ["9000", "1000", "8500"], "gemeente": ["Gent", "Brussel", "Kortrijk"]}, BELGIAN),
        ({"telefoon": ["0475 12 34 56", "02 123 45 67", "09 123 45 67"]}, BELGIAN),
        ({"postcode": ["1234 AB", "2511CV"]}, BELGIAN),  # two are chance
    ],
)
def test_numbers_postcodes_towns_and_countries_tell_it(columns: dict[str, list[str | None]], said: str):
    assert said in rules(**columns)


def test_what_is_not_personal_tells_nothing():
    assert BELGIAN in rules(product_code=["1234 AB", "2511 CV", "9712 HM", "3011 AA"])
