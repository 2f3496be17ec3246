"""Made-up values for the labelled schemas: what Faker makes for a language, and plain codes and words for the rest."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from functools import cache

import pyarrow as pa
from faker import Faker
from stdnum import luhn

from anonymizer.model.schema import Column, TypeFamily

LOCALES = {"nl": "nl_BE", "fr": "fr_FR", "de": "de_DE", "en": "en_US"}
WORDS = {
    "nl": "standaard bureau technisch groot klein levering werkplaats binnen buiten verkoop aankoop algemeen".split(),
    "fr": "standard bureau technique grand petit livraison atelier interne externe vente achat general".split(),
    "de": "standard technik klein lieferung werkstatt innen aussen vertrieb einkauf allgemein betrieb".split(),
    "en": "standard office technical large small delivery workshop inside outside sales purchase general".split(),
}
THINGS = "filter pump cable table lamp valve screen paper course module gasket sensor plate holder bracket".split()
SENTENCES = {
    "nl": "Graag bellen na de middag, {} is niet thuis. Afspraak met {} verzet naar volgende week.",
    "fr": "Rappeler apres midi, {} est absent. Rendez-vous avec {} remis a la semaine prochaine.",
    "de": "Bitte nachmittags anrufen, {} ist nicht da. Termin mit {} auf naechste Woche verschoben.",
    "en": "Please call after noon, {} is not at home. Meeting with {} was moved to next week.",
}
DIAGNOSES = "asthma hypertension migraine diabetes eczema anaemia fracture influenza bronchitis arthritis".split()
CODES = {"gender": "MVX", "marital": "OGDW"}

Maker = Callable[[Faker, random.Random, str], str]


def _digits(count: int) -> Maker:
    return lambda fake, dice, language: "".join(dice.choices(string.digits, k=count))


def _code(fake: Faker, dice: random.Random, language: str) -> str:
    return f"{dice.choice('ABKX')}{dice.choice('RST')}{dice.randint(1, 4)}"


def _from(method: str) -> Maker:
    return lambda fake, dice, language: str(getattr(fake, method)()).replace("\n", " ")


def _number(fake: Faker, dice: random.Random, language: str) -> str:
    """A national number of the language's country."""
    if language == "nl":
        base = dice.randrange(400101001, 991231998)
        return f"{base:09}{97 - base % 97:02}"
    body = "".join(dice.choices("123456789", k=9))
    return body + luhn.calc_check_digit(body) if language == "de" else body


def _vat(fake: Faker, dice: random.Random, language: str) -> str:
    base = dice.randrange(4000000, 7999999)
    return {
        "nl": f"BE0{base:07}{97 - base % 97:02}",
        "fr": f"FR{dice.randint(10, 96)}{dice.randrange(10**8, 10**9)}",
        "de": f"DE{dice.randrange(10**8, 10**9)}",
        "en": f"{dice.randint(10, 98)}-{dice.randrange(10**6, 10**7)}",
    }[language]


def _sentence(personal: bool) -> Maker:
    def make(fake: Faker, dice: random.Random, language: str) -> str:
        if personal:
            return SENTENCES[language].format(fake.name(), fake.first_name())
        return " ".join(dice.choices(WORDS[language] + THINGS, k=dice.randint(6, 14)))

    return make


def _street(fake: Faker, dice: random.Random, language: str) -> str:
    return f"{fake.street_name()} {dice.randint(1, 240)}"


def _address(fake: Faker, dice: random.Random, language: str) -> str:
    return f"{_street(fake, dice, language)}, {fake.postcode()} {fake.city()}"


def _mixed(fake: Faker, dice: random.Random, language: str) -> str:
    return str(dice.choice([fake.first_name(), fake.phone_number(), _code(fake, dice, language), fake.city(), "1"]))


def _product(fake: Faker, dice: random.Random, language: str) -> str:
    return f"{dice.choice(WORDS[language])} {dice.choice(THINGS)} {dice.randint(1, 900)}"


def _hex(count: int) -> Maker:
    return lambda fake, dice, language: "".join(dice.choices("0123456789abcdef", k=count))


MAKERS: dict[str, Maker] = {
    "first_name": _from("first_name"), "last_name": _from("last_name"), "full_name": _from("name"),
    "person_name": lambda f, d, g: d.choice([*string.ascii_uppercase, "van", "de", "le"]),
    "company_name": _from("company"), "company": _from("company"), "email": _from("email"),
    "phone": _from("phone_number"), "street_address": _street, "address": _address, "city": _from("city"),
    "postcode": _from("postcode"), "region": lambda f, d, g: f"{d.choice(WORDS[g])}-{f.city()}",
    "country": lambda f, d, g: d.choice(["Belgium", "France", "Germany", "Spain", "Italy", "Poland"]),
    "countrycode": lambda f, d, g: d.choice(["BE", "FR", "DE", "NL", "LU", "ES"]),
    "gender": lambda f, d, g: d.choice("MV"), "national_id": _number, "vat_number": _vat, "company_id": _vat,
    "iban": _from("iban"), "bank_account": _digits(12), "credit_card": _from("credit_card_number"),
    "username": _from("user_name"), "password_or_secret": _hex(40), "secret": _hex(32), "hash": _hex(64),
    "bcrypt": lambda f, d, g: "$2y$10$" + "".join(d.choices(string.ascii_letters, k=53)),
    "ip_address": _from("ipv4"), "mac_address": _from("mac_address"), "cookie_or_device_id": _hex(32),
    "host": lambda f, d, g: f"WS-{d.randint(100, 999)}", "url": _from("url"), "user_agent": _from("user_agent"),
    "free_text": _sentence(True), "sentence_personal": _sentence(True), "sentence": _sentence(False),
    "document_or_blob": lambda f, d, g: "\\x255044462d312e34" + "".join(d.choices("0123456789abcdef", k=40)),
    "photo": lambda f, d, g: "\\xffd8ffe0" + "".join(d.choices("0123456789abcdef", k=40)),
    "signature": lambda f, d, g: "\\x89504e47" + "".join(d.choices("0123456789abcdef", k=40)),
    "job_title": _from("job"), "health": lambda f, d, g: d.choice(DIAGNOSES),
    "other_personal": lambda f, d, g: d.choice(["single", "married", "widowed", f.license_plate()]),
    "salary_or_finance": lambda f, d, g: f"{d.uniform(900, 6000):.2f}",
    "lat": lambda f, d, g: f"{d.uniform(49, 52):.6f}", "lon": lambda f, d, g: f"{d.uniform(2, 7):.6f}",
    "json_personal": lambda f, d, g: f'{{"mail": "{f.email()}", "name": "{f.name()}"}}',
    "mixed_personal": _mixed, "contact": lambda f, d, g: d.choice([f.phone_number(), f.email()]),
    "path": lambda f, d, g: f"2024/{d.randint(1, 12):02}/{_hex(12)(f, d, g)}.pdf",
    "intdate": lambda f, d, g: f.date_of_birth(minimum_age=18, maximum_age=80).strftime("%Y%m%d"),
    "code": _code, "word": lambda f, d, g: d.choice(WORDS[g]), "product": _product,
    "key": lambda f, d, g: f"{d.choice(WORDS[g])}.{d.choice(THINGS)}.{d.randint(1, 40)}",
    "slug": lambda f, d, g: f"{d.choice(WORDS[g])}-{d.choice(THINGS)}",
    "setting": lambda f, d, g: d.choice(["1", "0", "true", "smtp.example.org", "30", "Europe/Brussels", "A4"]),
    "bank": lambda f, d, g: d.choice(["Bank North", "Bank South", "Savings Union"]),
    **{f"digits{n}": _digits(n) for n in (2, 4, 5, 7, 9, 11, 13)},
}  # fmt: skip


@cache
def _faker(language: str) -> Faker:
    return Faker(LOCALES[language])


def column_of(kind: str, column: Column, language: str, rows: int, seed: str, key: bool) -> pa.Array:
    """string [rows]: some values are null, unless the column is a key."""
    dice, fake = random.Random(seed), _faker(language)
    fake.seed_instance(seed)
    made = [_value(kind, column, fake, dice, language, row, key) for row in range(rows)]
    return pa.array([value if key or dice.random() > 0.1 else None for value in made], pa.string())


def _value(kind: str, column: Column, fake: Faker, dice: random.Random, language: str, row: int, key: bool) -> str:
    if column.family is TypeFamily.BOOLEAN:
        return dice.choice(["t", "f"])
    if column.family in (TypeFamily.DATE, TypeFamily.TIMESTAMP):
        if kind == "birth_date":
            return fake.date_of_birth(minimum_age=18, maximum_age=85).isoformat()
        day = fake.date_between("-2y", "today").isoformat()
        return (
            day if column.family is TypeFamily.DATE else f"{day} {dice.randint(7, 18):02}:{dice.randint(0, 59):02}:11"
        )
    if column.family is TypeFamily.TIME:
        return f"{dice.randint(7, 18):02}:30:00"
    if column.family is TypeFamily.UUID:
        return str(fake.uuid4())
    if column.family in (TypeFamily.INTEGER, TypeFamily.NUMBER) and kind in (
        "none",
        "system_parameter",
        "gender",
        *CODES,
    ):
        return str(row + 1) if key else str(dice.randint(1, 40 if column.family is TypeFamily.INTEGER else 900))
    value = MAKERS.get(kind, _code)(fake, dice, language)
    if column.family is TypeFamily.INTEGER and not value.isdigit():
        return str(dice.randint(1, 5))
    if key:
        value = f"{value}{row}"
    return value[: column.length] if column.length else value
