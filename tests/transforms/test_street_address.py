"""street_address: streets, house numbers, boxes and whole addresses."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest

from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.transforms import city, full_name, postcode, street_address
from tests.transforms.bindings import bind
from tests.transforms.test_places import one

CITY, CODE, STREET = (module.kernel(bind(module.NAME)) for module in (city, postcode, street_address))
NAME = full_name.kernel(bind("full_name"))


def test_an_address_on_one_line_agrees_with_one_in_four_columns():
    street, number, code, town = one(STREET, "Kerkstraat"), one(STREET, "12"), one(CODE, "9000"), one(CITY, "Gent")
    assert one(STREET, "Kerkstraat 12") == f"{street} {number}"
    assert one(STREET, "Kerkstraat 12, 9000 Gent") == f"{street} {number}, {code} {town}"
    assert one(STREET, "Kerkstraat 12\n9000 Gent") == f"{street} {number}\n{code} {town}"
    assert one(STREET, "Kerkstraat 12 - B-9000 GENT") == f"{street} {number} - B-{code} {town.upper()}"
    assert one(STREET, "Kerkstraat 12, 9000 Gent, België") == f"{street} {number}, {code} {town}, België"
    assert one(STREET, "Kerkstraat 12, Gent") == f"{street} {number}, {town}"
    assert one(STREET, "12, Kerkstraat") == f"{number}, {street}"
    assert one(STREET, "KERKSTRAAT 12") == f"{street.upper()} {number}"
    assert one(STREET, "9000 Gent") == f"{code} {town}"


def test_addresses_of_other_countries_come_apart_too():
    london, code = one(CITY, "London"), one(CODE, "NW1 6XE")
    street = one(STREET, "221B Baker Street")
    assert one(STREET, "221B Baker Street, London NW1 6XE") == f"{street}, {london} {code}"
    assert re.fullmatch(r"\d{3}[A-Z] .+ (Street|Road|Lane|Close|Drive|Way)", street)
    seat = one(STREET, "1600 Pennsylvania Ave, Washington, DC 20500")
    assert re.fullmatch(r"\d{4} [^,\d]+, [^,\d]+, DC 20\d{3}", seat)
    berlin, code = one(CITY, "Berlin"), one(CODE, "10115")
    assert one(STREET, "Hauptstr. 5, 10115 Berlin, Deutschland").endswith(
        f" {one(STREET, '5')}, {code} {berlin}, Deutschland"
    )


def test_whoever_is_named_in_an_address_is_the_same_person_as_elsewhere():
    person, street = one(NAME, "Jan Peeters"), one(STREET, "Kerkstraat 12")
    assert one(STREET, "c/o Jan Peeters") == f"c/o {person}"
    assert one(STREET, "c/o Jan Peeters, Kerkstraat 12, 9000 Gent").startswith(f"c/o {person}, {street}, ")
    assert one(STREET, "t.a.v. Jan Peeters\nKerkstraat 12") == f"t.a.v. {person}\n{street}"


def test_a_building_in_front_does_not_change_the_street():
    result = one(STREET, "Residentie Zonnebloem, Kerkstraat 12")
    assert result.endswith(f", {one(STREET, 'Kerkstraat 12')}")
    assert "Zonnebloem" not in result


@pytest.mark.parametrize("word", ["Postbus ", "PO Box ", "P.O. Box ", "BP ", "Postfach ", "Boîte postale "])
def test_a_post_box_has_more_digits_than_any_real_one(word: str):
    assert re.fullmatch(re.escape(word) + r"9\d{6}", one(STREET, f"{word}1234"))
    assert one(STREET, f"{word}1234, 9000 Gent").endswith(f", {one(CODE, '9000')} {one(CITY, 'Gent')}")


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("Kerkstraat 12 bus 3", r"\S+ \d\d bus \d"),
        ("Kerkstraat 12A", r"\S+ \d\d[A-Z]"),
        ("Kerkstraat 12-14", r"\S+ \d\d-\d+"),
        ("Avenue Louise 54/2", r".+ \d\d/\d"),
        ("rue Neuve 5 bte 2", r".+ \d bte \d"),
        ("12, rue de la Loi", r"\d\d, .+"),
        ("12 bus 4", r"\d\d bus \d"),
        ("bus 4", r"bus \d\d?"),
        ("Rue du 11 Novembre 15", r"\D+ \d\d"),
    ],
)
def test_house_numbers_and_boxes_keep_their_form(address: str, form: str):
    result = one(STREET, address)
    assert re.fullmatch(form, result)
    assert "11 " not in result


def test_a_house_number_becomes_another_of_as_many_digits():
    numbers = pa.array([str(number) for number in range(1, 10_000)])
    result = STREET(numbers).to_pylist()
    assert all(old != new and len(old) == len(new) for old, new in zip(numbers.to_pylist(), result, strict=True))


@pytest.mark.parametrize(
    ("address", "language"),
    [
        ("Kerkstraat", "nl"),
        ("Rue Haute", "fr"),
        ("Hohe Gasse", "de"),
        ("Hauptstr.", "de"),
        ("Kerkstr.", "nl"),
        ("High Street", "en"),
    ],
)
def test_a_street_stays_in_its_language(address: str, language: str):
    listed = Vocabulary.load("streets", language).entries.to_pylist()
    assert any(street.startswith(one(STREET, address).rstrip(".")) for street in listed)


def test_words_that_two_languages_share_are_of_the_plans_first():
    german = street_address.kernel(bind("street_address", locales=("de_DE", "nl_NL")))
    for kernel, language in ((german, "de"), (STREET, "nl")):
        assert one(kernel, "Lindenhof") in Vocabulary.load("streets", language).entries.to_pylist()


@pytest.mark.parametrize("width", [4, 8, 12, 20, 30])
def test_narrow_addresses_get_shorter(width: int):
    kernel = street_address.kernel(bind("street_address", width=width))
    for address in (
        "Kerkstraat 12 bus 3, 9000 Gent",
        "12, rue de la Loi",
        "Kerkstraat",
        "c/o Jan Peeters",
        "Postbus 1",
    ):
        result = one(kernel, address)
        assert 0 < len(result) <= width


def test_a_box_alone_becomes_another_one():
    boxes = pa.array([f"bus {number}" for number in range(300)])
    result = STREET(boxes).to_pylist()
    assert all(
        re.fullmatch(r"bus [1-9]\d?", new) and old != new for old, new in zip(boxes.to_pylist(), result, strict=True)
    )


# --- abbreviations --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("full", "abbreviated"),
    [
        ("Kerkstraat", ["Kerkstr.", "Kerkstr", "Kerk str.", "KERKSTR."]),
        ("Sint-Jansplein", ["St.-Jansplein", "St-Jansplein", "St. Jansplein", "Sint Jansplein", "St.-Janspl."]),
        ("Brusselsesteenweg", ["Brusselse stwg", "Brusselsestwg.", "Brusselse Steenweg"]),
        ("boulevard Anspach", ["bd Anspach", "Bd. Anspach", "Bvd Anspach", "BLD ANSPACH"]),
        ("avenue Louise", ["av. Louise", "Av Louise", "AVE LOUISE"]),
        ("rue Saint-Michel", ["r. Saint-Michel", "r Saint-Michel", "rue St-Michel", "rue St Michel", "R. ST.-MICHEL"]),
        ("chaussée de Wavre", ["ch. de Wavre", "chée de Wavre", "Chee de Wavre"]),
        ("place du Jeu", ["pl. du Jeu", "Pl du Jeu"]),
        ("Hauptstraße", ["Hauptstr.", "Hauptstrasse", "HAUPTSTR"]),
        ("Marsh Road", ["Marsh Rd", "Marsh Rd.", "MARSH RD"]),
    ],
)
def test_a_street_is_the_same_one_however_it_is_abbreviated(full: str, abbreviated: list[str]):
    kinds = {
        "straat": "str", "steenweg": "stwg", "plein": "pl", "straße": "str", "platz": "pl", "street": "st",
        "road": "rd", "avenue": "av", "boulevard": "bd", "chaussée": "ch", "chemin": "chem", "place": "pl",
        "allée": "all", "square": "sq", "rue": "r",
    }  # fmt: skip
    street = one(STREET, full).lower()
    forms = {street}
    for kind, short in kinds.items():
        forms |= {re.sub(rf"^{kind}\b|{kind}$", short + stop, street) for stop in ("", ".")}
    for written in abbreviated:
        assert one(STREET, written).lower() in forms
        assert one(STREET, f"{written} 5") == f"{one(STREET, written)} {one(STREET, '5')}"


def test_a_pseudonym_is_abbreviated_as_the_street_was_and_in_its_case():
    names = ("Kerk", "Molen", "Dorps", "School", "Kapel", "Beuken")
    streets = [text for name in names for text in (f"{name}straat", f"{name}str.", f"{name}str", f"{name}STR.".upper())]
    results = STREET(pa.array(streets)).to_pylist()
    for full, stopped, plain, capitals in zip(*(results[n::4] for n in range(4)), strict=True):
        assert stopped == re.sub("straat$", "str.", re.sub("steenweg$", "stwg.", re.sub("plein$", "pl.", full)))
        assert stopped.rstrip(".") == plain
        assert capitals == stopped.upper()
    assert any(result.endswith("str.") for result in results)


@pytest.mark.parametrize("word", ["nr", "nr.", "n°", "no", "nummer", "N°"])
def test_a_word_before_the_house_number_makes_no_other_street(word: str):
    kernel = street_address.kernel(bind("street_address"))
    plain, worded = kernel(pa.array(["Kerkstraat 12", f"Kerkstraat {word} 12"])).to_pylist()
    street, _, number = plain.rpartition(" ")
    assert worded == f"{street} {word} {number}"
