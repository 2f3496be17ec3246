"""city, postcode, region, country and street_address: places that belonged together do so afterwards."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest

from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.transforms import city, country, postcode, region, street_address
from tests.transforms.bindings import bind

CITY, CODE, REGION, STREET = (module.kernel(bind(module.NAME)) for module in (city, postcode, region, street_address))
BELGIAN = [row for row in Vocabulary.load("towns.be").rows if row[3] == "nl"]


def one(kernel, value: str) -> str:
    return kernel(pa.array([value])).to_pylist()[0]


def test_every_belgian_postcode_still_belongs_to_its_town_and_province():
    codes, dutch, french, provinces = (pa.array([row[column] for row in BELGIAN]) for column in (0, 1, 2, 4))
    table = {(row[0], row[1], row[4]) for row in BELGIAN}
    moved = set(zip(*(k(v).to_pylist() for k, v in ((CODE, codes), (CITY, dutch), (REGION, provinces))), strict=True))
    assert moved <= table
    in_french = {(row[0], row[2]) for row in BELGIAN}
    assert set(zip(CODE(codes).to_pylist(), CITY(french).to_pylist(), strict=True)) <= in_french | {
        (row[0], row[1]) for row in BELGIAN
    }


def test_no_town_and_no_province_stays_where_it_was():
    for row in Vocabulary.load("towns.be").rows:
        assert one(CITY, row[1]) != row[1]
    for name in {row[4] for row in Vocabulary.load("towns.be").rows}:
        assert one(REGION, name) != name


def test_a_town_is_the_same_in_any_spelling():
    for spelling in ("sint-niklaas", "SINT-NIKLAAS", "Sint Niklaas", "St-Niklaas", "St. Niklaas"):
        assert one(CITY, spelling).lower() == one(CITY, "Sint-Niklaas").lower()
    assert one(CITY, "Ghent") == one(CITY, "Gent")


def test_a_postcode_keeps_its_form():
    assert one(CODE, "B-9000") == f"B-{one(CODE, '9000')}"
    assert re.fullmatch(r"\d{4} [A-Z]{2}", one(CODE, "1012 AB"))
    assert re.fullmatch(r"[A-Z]{2}\d[A-Z] \d[A-Z]{2}", one(CODE, "SW1A 1AA"))
    assert one(postcode.kernel(bind("postcode", TypeFamily.INTEGER)), "9000") == one(CODE, "9000")


def test_a_key_of_postcodes_stays_a_key():
    codes = [str(code) for code in range(1000, 10000)]
    result = postcode.kernel(bind("postcode", unique=True))(pa.array(codes)).to_pylist()
    assert sorted(result) == codes


def test_an_address_on_one_line_agrees_with_one_in_four_columns():
    street, number, code, town = one(STREET, "Kerkstraat"), one(STREET, "12"), one(CODE, "9000"), one(CITY, "Gent")
    assert one(STREET, "Kerkstraat 12") == f"{street} {number}"
    assert one(STREET, "Kerkstraat 12, 9000 Gent") == f"{street} {number}, {code} {town}"
    assert one(STREET, "Kerkstraat 12\n9000 Gent") == f"{street} {number}\n{code} {town}"
    assert one(STREET, "12, Kerkstraat") == f"{number}, {street}"
    assert one(STREET, "KERKSTRAAT 12") == f"{street.upper()} {number}"


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("Kerkstraat 12 bus 3", r"\S+ \d+ bus \d"),
        ("Kerkstraat 12A", r"\S+ \d+[A-Z]"),
        ("Kerkstraat 12-14", r"\S+ \d+-\d+"),
        ("Avenue Louise 54/2", r".+ \d+/\d"),
        ("rue Neuve 5 bte 2", r".+ \d+ bte \d"),
        ("12, rue de la Loi", r"\d+, .+"),
        ("12 bus 4", r"\d+ bus \d"),
        ("Rue du 11 Novembre 15", r"\D+ \d+"),
    ],
)
def test_house_numbers_and_boxes_keep_their_place(address: str, form: str):
    result = one(STREET, address)
    assert re.fullmatch(form, result)
    assert "11 " not in result


@pytest.mark.parametrize(
    ("address", "language"), [("Kerkstraat", "nl"), ("Rue Haute", "fr"), ("Hohe Gasse", "de"), ("High Street", "en")]
)
def test_a_street_stays_in_its_language(address: str, language: str):
    assert one(STREET, address) in Vocabulary.load("streets", language).entries.to_pylist()


@pytest.mark.parametrize("width", [4, 8, 12, 20, 30])
def test_narrow_addresses_get_shorter(width: int):
    kernel = street_address.kernel(bind("street_address", width=width))
    for address in ("Kerkstraat 12 bus 3, 9000 Gent", "12, rue de la Loi", "Kerkstraat"):
        result = one(kernel, address)
        assert 0 < len(result) <= width


def test_a_country_keeps_its_written_form():
    kernel = country.kernel(bind("country"))
    row = next(row for row in Vocabulary.load("countries").rows if row[0] == one(kernel, "BE"))
    assert [one(kernel, name) for name in ("BEL", "België", "Belgique", "Belgien", "Belgium")] == row[1:]
    assert row[0] != "BE"
    assert re.fullmatch("[A-Z]{2}", one(kernel, "US"))
