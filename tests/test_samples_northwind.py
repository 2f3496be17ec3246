"""One database in five forms, one key, the same domains: the same people have the same pseudonyms in all of them.

Runs where the real databases are at hand (ANONYMIZER_SAMPLES); nothing of them is in this file but names of columns.
"""

from __future__ import annotations

import os
import re
import sqlite3
from itertools import combinations
from pathlib import Path

import pytest

from anonymizer import api, conversions, rulefile, stores
from anonymizer.errors import VerificationFailed
from anonymizer.stores import open_input
from anonymizer.workspace import Workspace
from tests.fix_key import write_key

FORMS = {
    "script of SQL Server": "instnwnd.sql",
    "package of SQL Server": "Northwind.bacpac",
    "plain dump of PostgreSQL": "northwind_pg.sql",
    "archive of PostgreSQL": "northwind_pgcustom.backup",
    "script of SQLite": "northwind_sqlite.sql",
}
COLUMNS = {
    ("customers", "customerid"): ("companyname", "contactname", "address", "city", "postalcode", "phone", "fax"),
    ("employees", "employeeid"): ("lastname", "firstname", "birthdate", "address", "homephone"),
    ("suppliers", "supplierid"): ("companyname", "contactname", "address", "city", "phone"),
    ("orders", "orderid"): ("shipname", "shipaddress", "shipcity", "shippostalcode"),
}
NARROWEST = """domains:
  city: {width: 15}
  company_name: {width: 20}
  first_name: {width: 10}
  full_name: {width: 30}
  job_title: {width: 25}
  last_name: {width: 10}
  phone: {width: 14}
  postcode: {width: 8}
  street_address: {width: 50}
"""
"""Of each domain, the narrowest column in any of the five."""

Cells = dict[tuple[str, str, str], str | None]


@pytest.fixture(scope="module")
def northwind() -> Path:
    folder = Path(os.environ.get("ANONYMIZER_SAMPLES", "/nowhere")) / "northwind"
    if not folder.is_dir():
        pytest.skip("ANONYMIZER_SAMPLES names no folder with northwind in it")
    return folder


def cells(file: Path) -> Cells:
    """Table, key and column -> value, dates without their midnight."""
    found: Cells = {}
    with sqlite3.connect(file) as database:
        tables = {
            plain(name): name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
        }
        for (table, key), columns in COLUMNS.items():
            names = {plain(row[1]): row[1] for row in database.execute(f'PRAGMA table_info("{tables[table]}")')}
            for column in columns:
                for number, value in database.execute(
                    f'SELECT "{names[key]}", "{names[column]}" FROM "{tables[table]}" ORDER BY rowid'
                ):
                    at_midnight = value if value is None else re.sub(r"[ T]00:00:00(\.0+)?$", "", value)
                    found[table, str(number).strip(), column] = at_midnight
    return found


def plain(name: str) -> str:
    return re.sub(r"[ _]", "", name.lower())


def as_it_was(source: Path, folder: Path) -> Path:
    target = folder / "original.sqlite"
    with Workspace(folder) as work:
        given = open_input(str(source), work)
        store = stores.recognise(given)
        if engine := stores.engine_of(store.NAME):
            engine.load(given, target)
        else:
            conversions.convert(store.open_source(given), conversions.of_suffix(target.name), target)
    return target


def made_safe(source: Path, folder: Path) -> Path:
    rules, target = folder / "rules.yaml", folder / "safe.sqlite"
    text = rulefile.write_rules(api.detect(source).rules(assume_masked=True))
    rules.write_text(re.sub(r"(?m)^domains:.*\n(?:  .*\n)*", "", text) + NARROWEST, encoding="utf-8")
    key = write_key(folder / "key")
    try:
        api.run(source, target, rules, key)
    except VerificationFailed as withheld:  # a comment holds the name of its author, who is a customer too
        (name,) = re.findall(r"\[finding ([0-9a-f]{8})\]", str(withheld))
        with rules.open("a", encoding="utf-8") as file:
            file.write(f'accepted: [{{finding: "{name}", why: "signed by its author", until: 2099-01-01}}]\n')
        api.run(source, target, rules, key)
    return target


def test_the_same_people_have_the_same_pseudonyms_in_five_forms(northwind: Path, tmp_path: Path):
    before, after = {}, {}
    for form, name in FORMS.items():
        folder = tmp_path / name
        folder.mkdir()
        before[form], result = (cells(made(northwind / name, folder)) for made in (as_it_was, made_safe))
        after[form] = dict(zip(before[form], result.values(), strict=True))  # keys that spell names have changed
    for one, other in combinations(FORMS, 2):
        alike = [cell for cell in before[one].keys() & before[other].keys() if before[one][cell] == before[other][cell]]
        assert len(alike) > 3_000
        different = {
            (table, column)
            for table, key, column in alike
            if after[one][table, key, column] != after[other][table, key, column]
        }
        assert different == set(), f"{one} and {other}"
        changed = sum(before[one][cell] != after[one][cell] for cell in alike if before[one][cell] is not None)
        assert changed > 0.95 * sum(before[one][cell] is not None for cell in alike)
