"""What sampled values give away."""

from __future__ import annotations

import uuid

import numpy as np
import pyarrow as pa
import pytest

from anonymizer.detect import by_rows, by_shape, by_spelling, by_value, by_vocabulary, find
from anonymizer.errors import RuleError
from anonymizer.identifiers import be_national_number, iban
from anonymizer.model.finding import Verdict
from anonymizer.model.rules import Pack, Recogniser
from anonymizer.model.schema import Schema, TableName
from tests.detect.builders import categories, column, detect, exhibit, table, values

NAMES = "Emma Lucas Marie Thomas Julie Louis Sarah Noah Laura Arthur Charlotte Victor".split()
MAILS = [f"{name.lower()}@voorbeeld.example" for name in NAMES]


def verdict(kind: str = "varchar", **sample: list[str | None]) -> tuple[Verdict, str]:
    """The finding on one column whose name says nothing."""
    found = detect(table("x", f"c17 {kind}"), samples={"x": values(c17=sample["of"])})["x.c17"]
    return found.verdict, found.category


def test_mail_addresses_are_found_whatever_the_column_is_called():
    assert verdict(of=[*MAILS, None, ""]) == (Verdict.PERSONAL, "email")


def test_numbers_with_the_checksum_of_a_country_are_found():
    numbers = be_national_number.from_index(
        np.arange(40, dtype=np.uint64) * 977, pa.array(["00.01.01-000.05"] * 40)
    ).to_pylist()
    assert verdict(of=numbers) == (Verdict.PERSONAL, "national_id")
    accounts = iban.from_index(np.arange(40, dtype=np.uint64), pa.array(["BE00 0000 0000 0000"] * 40)).to_pylist()
    assert verdict(of=accounts) == (Verdict.PERSONAL, "iban")


def test_consecutive_numbers_are_not_taken_for_identifiers():
    assert verdict("int", of=[str(100_000_000 + n) for n in range(300)])[0] is Verdict.NOT_PERSONAL


def test_telephone_numbers_are_told_from_dates():
    assert verdict(of=[f"+32 470 00 0{n} 1{n}" for n in range(10)]) == (Verdict.PERSONAL, "phone")
    assert verdict(of=[f"0{n}/0{n}/2020" for n in range(1, 9)])[0] is Verdict.NOT_PERSONAL


def test_addresses_of_the_net_are_found():
    assert verdict(of=[f"192.0.2.{n}" for n in range(20)]) == (Verdict.PERSONAL, "ip_address")
    assert verdict(of=[f"2001:db8::{n:x}" for n in range(20)]) == (Verdict.PERSONAL, "ip_address")
    assert verdict(of=[f"02:00:5e:00:53:{n:02x}" for n in range(16, 40)]) == (Verdict.PERSONAL, "mac_address")
    assert verdict(of=["Mozilla/5.0 (X11; Linux)", "Mozilla/5.0 (Windows NT)"] * 3) == (Verdict.PERSONAL, "user_agent")


def test_universally_unique_identifiers_are_not_personal():
    assert verdict(of=[str(uuid.UUID(int=n * 7919)) for n in range(50)])[0] is Verdict.NOT_PERSONAL


def test_versions_and_prices_are_not_addresses():
    assert verdict(of=["1.2.3", "1.2.4", "2.0.0"])[0] is Verdict.NOT_PERSONAL
    assert verdict(of=["12:30", "13:45", "09:15"])[0] is Verdict.NOT_PERSONAL


def test_first_names_and_full_names_are_found_by_word_lists():
    assert verdict(of=NAMES) == (Verdict.PERSONAL, "first_name")
    assert verdict(of=[f"{name} Zzyzx" for name in NAMES])[1] == "full_name"


def test_two_whole_names_are_enough_and_two_titles_of_books_are_not():
    people = ["VAN DEN BROECK Jan", "Mevr. Els Peeters-Janssens", "Jean-Pierre Dubois"]
    assert verdict(of=people) == (Verdict.PERSONAL, "full_name")
    assert verdict(of=people[:2])[0] is not Verdict.NOT_PERSONAL
    assert verdict(of=["Oorlog en vrede", "De naam van de roos", "Max Havelaar"])[0] is Verdict.NOT_PERSONAL


def test_products_are_not_taken_for_names():
    of = "Stoel Tafel Lamp Kast Bureau Kruk Zetel Plank Spiegel Tapijt Vaas Klok".split()
    assert verdict(of=of)[0] is Verdict.NOT_PERSONAL
    assert by_vocabulary.examine(exhibit(table("x", "c"), c=of))["c"] == ()


def test_dates_spread_like_births_speak_for_a_birth_date_and_a_time_of_day_against_it():
    births = [f"{1940 + n}-0{1 + n % 9}-1{n % 9}" for n in range(50)]
    stamps = [f"2024-01-{n + 10} 13:4{n % 9}:12" for n in range(20)]
    of = table("x", "a date", "b timestamp")
    found = by_shape.examine(exhibit(of, a=births, b=stamps))
    assert found["a"][0].weight > 0 > found["b"][0].weight


@pytest.mark.parametrize(
    "secret",
    ["$2b$12$" + "a" * 53, "$argon2id$v=19$m=65536,t=3,p=4$" + "c" * 20, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.abc",
     "-----BEGIN RSA PRIVATE KEY-----\nMIIE", "pbkdf2_sha256$260000$abcdefgh$" + "x" * 20],
)  # fmt: skip
def test_secrets_are_found_by_their_shape(secret: str):
    assert verdict(of=[secret + str(n) for n in range(5)]) == (Verdict.PERSONAL, "password_or_secret")


def test_documents_with_people_in_them_are_found():
    notes = [f"belde terug op maandag, wil graag antwoord via {mail} voor de levering" for mail in MAILS]
    assert verdict(of=notes) == (Verdict.PERSONAL, "free_text")
    assert verdict("jsonb", of=[f'{{"mail": "{mail}"}}' for mail in MAILS]) == (Verdict.PERSONAL, "free_text")


def test_a_few_codes_for_many_rows_are_not_names():
    found = detect(table("x", "contact"), samples={"x": values(contact=["Ja", "Nee"] * 100)})["x.contact"]
    assert found.verdict is not Verdict.PERSONAL


def test_values_outweigh_an_unknown_name_but_not_a_settings_table_of_one_row():
    of = table("parameters", "value")
    assert categories(of, samples={"parameters": values(value=["info@eigenfirma.example"])}) == {}


def test_a_pack_that_names_an_unknown_identifier_is_refused_with_its_place():
    pack = Pack("p", 1, "p.yaml", (Recogniser("national_id", ("x",), values=("xx_nothing",)),), {})
    of = table("x", "c")
    with pytest.raises(RuleError, match="no identifier called xx_nothing"):
        find(Schema((of,)), {TableName("", "x"): values(c=["1"])}, (pack,))


def test_empty_columns_and_long_values_are_no_mistake():
    of = table("x", "a", "b", column("c bytea"))
    sample = values(a=[None, None], b=["x" * 1_000_000], c=["\\x25504446", "\\x2550"])
    assert len(detect(of, samples={"x": sample})) == 3
    assert by_value.examine(exhibit(of, a=[None])) == {}


def test_a_quarter_of_addresses_or_account_numbers_is_for_a_person_to_look_at():
    accounts = iban.from_index(np.arange(5, dtype=np.uint64), pa.array(["BE00 0000 0000 0000"] * 5)).to_pylist()
    phones = [f"+32 470 00 0{n} 1{n}" for n in range(5)]
    for some in (MAILS[:5], accounts, phones):
        of = [*some, *(f"levering {'abcdefghijklmno'[n]}" for n in range(15))]
        assert verdict(of=of)[0] is not Verdict.NOT_PERSONAL, some[0]


@pytest.mark.parametrize("codes", [["M", "V", "X"], ["m", "f"], ["Homme", "Femme"], ["männlich", "weiblich", "divers"]])
def test_both_sexes_and_nothing_else_are_a_sex(codes: list[str]):
    assert verdict(of=codes * 20) == (Verdict.PERSONAL, "gender")
    assert verdict(of=[*codes, "pallet"] * 20)[1] != "gender"


def test_groups_of_blood_are_health():
    assert verdict(of=["A+", "O-", "AB pos", "B+"] * 10) == (Verdict.PERSONAL, "health")
    assert verdict(of=["A", "B", "O", "C"] * 10)[1] != "health"


def test_the_one_row_of_a_table_of_firms_is_the_owner_of_the_database():
    of = table("firma", "id int", "naam varchar 60", "email varchar 80", "telefoon varchar 20")
    one = {"naam": ["Drukkerij De Zwaan NV"], "email": ["info@dezwaan.example"], "telefoon": ["+32 2 555 01 02"]}
    assert {*by_rows.examine(exhibit(of, **one))} == {"id", "naam", "email", "telefoon"}
    assert categories(of, samples={"firma": values(**one)}) == {}
    two = {name: [*some, *some] for name, some in one.items()}
    assert by_rows.examine(exhibit(of, **two)) == {}
    person = table("firma", "id int", "voornaam varchar 60", "familienaam varchar 80", "telefoon varchar 20")
    assert by_rows.examine(exhibit(person, voornaam=["Els"], familienaam=["Aerts"], telefoon=["+32 2 555 01 02"])) == {}


def test_dates_in_text_are_no_texts_of_people():
    days = [f"2024{month:02}{day:02}" for month in range(1, 13) for day in (1, 17, 28)]
    of = table("klant", "id int", "naam varchar 60", "begda varchar 8", "xqz varchar 8")
    found = detect(of, samples={"klant": values(begda=days, xqz=days)})
    assert found["klant.xqz"].verdict is Verdict.NOT_PERSONAL


@pytest.mark.parametrize("titles", [["Mr.", "Ms.", "Sr."], ["Dhr.", "Mevr."], ["Herr Dr.", "Frau"], ["M.", "Mme"]])
def test_titles_of_courtesy_tell_the_sex_and_no_profession(titles: list[str]):
    people = table("customer", "title", "last_name")
    samples = {"customer": {"title": pa.array(titles * 3), "last_name": pa.array(["Maes"] * 3 * len(titles))}}
    assert categories(people, samples=samples)["title"] == "gender"


FIRMS = ["Alfreds Futterkiste", "Blondel père et fils", "Around the Horn", "Königlich Essen", "Wilman Kala", "Folk och"]
CODES = ["ALFKI", "BLONP", "AROUT", "KONIG", "WILMK", "FOLKO"]


def spelt(owner: str, codes: list[str], names: list[str]) -> bool:
    of = table(owner, "code varchar", "name varchar", "city varchar", primary=("code",))
    return "code" in by_spelling.examine(exhibit(of, code=codes, name=names, city=["Gent"] * len(codes)))


def test_keys_that_spell_the_names_of_their_rows_are_personal():
    assert spelt("customers", CODES, FIRMS)
    assert not spelt("customers", CODES, FIRMS[::-1])
    assert not spelt("customers", ["C001", "C002", "C003", "C004", "C005", "C006"], FIRMS)
    assert not spelt("customers", CODES[:4], FIRMS[:4])  # too few
    assert not spelt("products", CODES, FIRMS)


def test_a_key_that_spells_names_is_called_personal_wherever_it_is_referenced():
    of = table("customers", "CustomerID varchar", "CompanyName varchar", primary=("CustomerID",))
    samples = {"customers": {"CustomerID": pa.array(CODES), "CompanyName": pa.array(FIRMS)}}
    assert categories(of, samples=samples)["CustomerID"] == "other_personal"
