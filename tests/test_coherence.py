"""One person stays one: within a row, in three tables, in two databases and two formats."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Mapping
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
import stdnum.be.nn

from anonymizer import api
from anonymizer.pseudonyms.vocabulary import Vocabulary

FIRST = {"f": "An Els Sofie Marie Nathalie Julie".split(), "m": "Jan Piet Karel Marc Jean Luc".split()}
LAST = ["Peeters", "Janssens", "Dubois", "Lambert", "Maes", "Willems", "Dupont", "Claes"]
TOWNS = [("9000", "Gent"), ("2000", "Antwerpen"), ("4000", "Liège"), ("5000", "Namur"), ("8000", "Brugge")]

CRM = """CREATE TABLE customer (id integer PRIMARY KEY, first_name character varying(40),
  last_name character varying(40), gender character(1), birth_date date, national_number character varying(15),
  email character varying(80), postcode character varying(10), city character varying(60));
CREATE TABLE login (id integer PRIMARY KEY, login character varying(60), email character varying(80));
CREATE TABLE visitor (id integer PRIMARY KEY, full_name character varying(90), born date);
"""
HR = """CREATE TABLE werknemer (nr integer PRIMARY KEY, naam text, rijksregister text, mail text, gsm text);
CREATE TABLE badge (nr integer PRIMARY KEY, houder text, gebruiker text);
"""
CRM_RULES = """format: 1
scope: acme
domains:
  email: {width: 80}
  full_name: {width: 90}
  first_name: {width: 40}
  last_name: {width: 40}
  username: {width: 60}
tables:
  customer:
    columns: {first_name: first_name, last_name: last_name, birth_date: birth_date, national_number: national_id,
              email: email, postcode: postcode, city: city}
    keep: {columns: [id, gender], why: "sex is needed by the test"}
  login: {columns: {login: username, email: email}, keep: [id]}
  visitor: {columns: {full_name: full_name, born: birth_date}, keep: [id]}
"""
HR_RULES = (
    CRM_RULES[: CRM_RULES.index("tables:")]
    + """tables:
  werknemer:
    columns: {naam: full_name, rijksregister: national_id, mail: email, gsm: phone}
    keep: [nr]
  badge: {columns: {houder: full_name, gebruiker: username}, keep: [nr]}
"""
)


class Person(NamedTuple):
    first: str
    last: str
    sex: str
    born: date
    number: str
    mail: str
    town: tuple[str, str]


def people() -> list[Person]:
    random = Random(5)
    found = []
    for n in range(120):
        sex = "fm"[n % 2]
        first, last = random.choice(FIRST[sex]), random.choice(LAST)
        born = date(1950, 1, 1) + timedelta(random.randrange(18_000))
        body = f"{born:%y%m%d}{random.randrange(1, 498) * 2 + (sex == 'm'):03d}"
        number = f"{body}{97 - int(('2' if born.year >= 2000 else '') + body) % 97:02d}"
        assert stdnum.be.nn.is_valid(number)
        found.append(
            Person(first, last, sex, born, number, f"{first}.{last}{n}@firma.be".lower(), random.choice(TOWNS))
        )
    return found


PEOPLE = people()


def crm_dump(folder: Path) -> Path:
    rows: dict[str, list[str]] = {"customer": [], "login": [], "visitor": []}
    for n, p in enumerate(PEOPLE):
        dotted = f"{p.number[:2]}.{p.number[2:4]}.{p.number[4:6]}-{p.number[6:9]}.{p.number[9:]}"
        rows["customer"].append(
            f"{n}\t{p.first}\t{p.last}\t{p.sex}\t{p.born}\t{dotted}\t{p.mail}\t{p.town[0]}\t{p.town[1]}"
        )
        rows["login"].append(f"{n}\t{p.first[0].lower()}.{p.last.lower()}\t{p.mail.upper()}")
        rows["visitor"].append(f"{n}\t{p.last.upper()}, {p.first}\t{p.born}")
    columns = {
        "customer": "id, first_name, last_name, gender, birth_date, national_number, email, postcode, city",
        "login": "id, login, email",
        "visitor": "id, full_name, born",
    }
    path = folder / "crm.sql"
    copies = "".join(f"COPY {t} ({columns[t]}) FROM stdin;\n" + "\n".join(rows[t]) + "\n\\.\n" for t in rows)
    path.write_text(CRM + copies, encoding="utf-8")
    return path


def hr_database(folder: Path) -> Path:
    path = folder / "hr.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(HR)
        for n, p in enumerate(PEOPLE):
            database.execute(
                "INSERT INTO werknemer VALUES (?, ?, ?, ?, ?)",
                (n, f"{p.first} {p.last}", p.number, p.mail, f"+32 470 {n:02d} 11 22"),
            )
            database.execute(
                "INSERT INTO badge VALUES (?, ?, ?)", (n, f"{p.last.upper()} {p.first}", f"{p.first}.{p.last}".lower())
            )
        database.commit()
    return path


@pytest.fixture(scope="module")
def safe(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[tuple[str, ...]]]:
    """Table -> rows, of both results under one key."""
    folder = tmp_path_factory.mktemp("coherence")
    key = folder / "key"
    key.write_text("8f1c2a77b5e04d3396cc10fd42ab9e7715d36e80c4f2915ab8e7036d1f24c95a")
    key.chmod(0o600)
    (folder / "crm.yaml").write_text(CRM_RULES)
    (folder / "hr.yaml").write_text(HR_RULES)
    api.run(crm_dump(folder), folder / "crm_safe.sql", folder / "crm.yaml", key)
    api.run(hr_database(folder), folder / "hr_safe.sqlite", folder / "hr.yaml", key)
    found: dict[str, list[tuple[str, ...]]] = {}
    dump = (folder / "crm_safe.sql").read_text()
    for table, block in re.findall(r"COPY (\w+) .*? FROM stdin;\n(.*?)\\\.", dump, re.S):
        found[table] = [tuple(line.split("\t")) for line in block.splitlines()]
    with closing(sqlite3.connect(folder / "hr_safe.sqlite")) as database:
        for table in ("werknemer", "badge"):
            found[table] = [tuple(map(str, row)) for row in database.execute(f"SELECT * FROM {table} ORDER BY nr")]
    assert {len(rows) for rows in found.values()} == {len(PEOPLE)}
    return found


def letters(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub("[^a-z]", "", plain)


def names(safe: Mapping[str, list[tuple[str, ...]]]) -> list[tuple[str, str]]:
    return [(row[1], row[2]) for row in safe["customer"]]


def test_nobody_keeps_a_name_a_number_or_an_address(safe):
    for person, row in zip(PEOPLE, safe["customer"], strict=True):
        assert (person.first, person.last) != (row[1], row[2])
        assert person.number not in re.sub("[^0-9]", "", row[5])
        assert row[6].endswith(".example")


def test_the_names_in_a_mail_and_a_login_are_those_of_the_name_columns(safe):
    for (first, last), customer, login in zip(names(safe), safe["customer"], safe["login"], strict=True):
        mail, token = customer[6].rpartition("@")[0].rpartition(".")[::2]
        assert letters(mail) == letters(first) + letters(last)
        assert token
        assert login[2].lower() == customer[6]
        assert letters(login[1].rpartition(".")[0]) == letters(first)[0] + letters(last)


def test_a_name_has_the_sex_that_the_gender_column_and_the_national_number_tell(safe):
    sexes: dict[str, set[str]] = {}
    for language in ("nl", "fr", "de", "en"):
        for row in Vocabulary.load("first_names", language).rows:
            sexes.setdefault(letters(row[0]), set()).add(row[1])
    for row in safe["customer"]:
        assert {row[3], "x"} & sexes[letters(row[1])]
        number = re.sub("[^0-9]", "", row[5])
        assert stdnum.be.nn.is_valid(number)
        assert int(number[6:9]) % 2 == (row[3] == "m")


def test_a_birth_date_is_that_of_the_national_number_in_both_databases(safe):
    for customer, visitor, worker in zip(safe["customer"], safe["visitor"], safe["werknemer"], strict=True):
        number = re.sub("[^0-9]", "", customer[5])
        assert stdnum.be.nn.get_birth_date(number).isoformat() == customer[4] == visitor[2]
        assert worker[2] == number


def test_a_postcode_is_one_of_its_town(safe):
    towns: dict[str, set[str]] = {}
    for row in Vocabulary.load("towns.be").rows:
        towns.setdefault(row[2], set()).update(letters(name) for name in row[3:5] if name)
    for person, row in zip(PEOPLE, safe["customer"], strict=True):
        assert letters(row[8]) in towns[row[7]]
        assert row[7:9] != person.town


def test_a_person_in_three_tables_two_databases_and_two_formats_is_one(safe):
    for (first, last), customer, visitor, worker, badge in zip(
        names(safe), safe["customer"], safe["visitor"], safe["werknemer"], safe["badge"], strict=True
    ):
        assert visitor[1] == f"{last.upper()}, {first}"
        assert worker[1] == f"{first} {last}"
        assert badge[1] == f"{last.upper()} {first}"
        assert worker[3] == customer[6]
        assert letters(badge[2].rpartition(".")[0]) == letters(first) + letters(last)
