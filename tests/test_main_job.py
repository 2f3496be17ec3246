"""The main job on the synthetic ERP: dump in, safe dump out, restored by the real clients, the same in every form."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from anonymizer import api
from anonymizer.model.result import Outcome, RunResult
from anonymizer.pseudonyms.secret import Secret
from tests import snapshots
from tests.fix_key import write_key
from tests.fix_postgres import Database

ERP = Path(__file__).parent.parent / "fixtures" / "erp"
RULES = ERP / "erp.rules.yaml"
FORMS = {"plain": "erp.sql", "archive": "erp.dump", "sqlite": "erp.sqlite"}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One key for all runs of this module."""
    file = tmp_path_factory.mktemp("key") / "project.key"
    return write_key(file)


@pytest.fixture(scope="module")
def safe(key: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, RunResult]]:
    """The ERP made safe once in each of its forms."""
    folder = tmp_path_factory.mktemp("safe")
    made = {}
    for form, name in FORMS.items():
        target = folder / name
        made[form] = target, api.run(ERP / name, target, RULES, key, report_folder=folder / f"{form}-report")
    return made


@pytest.fixture(scope="module")
def restored(safe: dict[str, tuple[Path, RunResult]], postgres: Database) -> dict[str, tuple]:
    """What each form holds: columns and rows before and after, read by the real clients."""
    taken = {}
    for form, (target, _) in safe.items():
        before, after = ERP / FORMS[form], target
        if form == "sqlite":
            taken[form] = snapshots.of_sqlite(before), snapshots.of_sqlite(after)
            continue
        pair = []
        for dump in (before, after):
            postgres.tool("psql", "-X", "-q", "-c", "DROP DATABASE IF EXISTS erp WITH (FORCE)")
            postgres.tool("psql", "-X", "-q", "-c", "CREATE DATABASE erp TEMPLATE template0")
            database = postgres.sibling("erp")
            (database.restore_plain if form == "plain" else database.restore_archive)(dump)
            pair.append(snapshots.of_postgres(database))
        taken[form] = tuple(pair)
    return taken


def column(snapshot: tuple, table: str, name: str) -> list[str | None]:
    """One column of a snapshot; tables are called by their bare name."""
    columns, rows = snapshot
    full = next(t for t in columns if t.split(".")[-1] == table)
    index = columns[full].index(name)
    return [row[index] for row in rows[full]]


@pytest.mark.parametrize("form", FORMS)
def test_every_check_passes_and_the_report_is_written(form: str, safe: dict[str, tuple[Path, RunResult]]):
    target, result = safe[form]
    assert [c.check for c in result.checks if c.outcome is Outcome.FAILED] == []
    assert any(c.outcome is Outcome.PASSED for c in result.checks)
    names = {path.name for path in (target.parent / f"{form}-report").iterdir()}
    assert {"report.html", "report.json"} <= names


@pytest.mark.parametrize("form", FORMS)
def test_no_original_mail_phone_name_or_number_survives(form: str, restored: dict[str, tuple], safe: dict):
    before, after = restored[form]
    wanted = {("customer", c) for c in ("email", "phone", "mobile", "street", "vatnumber", "iban", "companyname")}
    wanted |= {("employee", c) for c in ("email", "rijksregisternummer", "gsm", "rekeningnummer", "wachtwoordhash")}
    wanted |= {("contact", "name"), ("candidate", "naamkandidaat"), ("device", "adminpassword")}
    wanted |= {("invoice2024", "billingaddress"), ("invoice", "billingaddress"), ("order", "deliveryname")}
    originals = snapshots.values(*before, wanted) | snapshots.full_names(*before)
    assert len(originals) > 1000
    raw = safe[form][0].read_bytes() if form != "archive" else b""
    assert snapshots.survivors(originals, raw + snapshots.as_bytes(after[1])) == 0


@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_personal_is_untouched(form: str, restored: dict[str, tuple]):
    (_, old), (_, new) = restored[form]
    for table in old:
        assert len(old[table]) == len(new[table])
        if table.split(".")[-1] in ("country", "vat_rate", "system_parameter", "product", "order_line", "department"):
            assert old[table] == new[table]


@pytest.mark.parametrize("form", FORMS)
def test_rows_join_as_before(form: str, restored: dict[str, tuple]):
    for table, name, parent, key in (
        ("order", "customer_email", "customer", "email"),
        ("ticket", "customer_no", "customer", "customer_no"),
        ("ticket", "handled_by", "employee", "login"),
        ("mail_out", "recipient", "customer", "email"),
    ):
        joins = []
        for snapshot in restored[form]:
            keys = {value: row for row, value in enumerate(column(snapshot, parent, key))}
            assert len(keys) == len(column(snapshot, parent, key)), f"{parent}.{key} is not unique any more"
            joins.append([keys.get(value) for value in column(snapshot, table, name)])
        assert joins[0] == joins[1], f"{table}.{name} no longer joins {parent}.{key}"


def test_a_value_is_replaced_alike_in_the_dump_the_archive_and_the_sqlite_file(restored: dict[str, tuple]):
    for table, name in (
        ("customer", "email"), ("customer", "last_name"), ("customer", "street"), ("customer", "iban"),
        ("customer", "mobile"), ("customer", "company_name"), ("employee", "rijksregisternummer"),
        ("employee", "geboortedatum"), ("candidate", "naam_kandidaat"), ("order", "delivery_address"),
    ):  # fmt: skip
        plain, archive, sqlite = (column(restored[form][1], table, name) for form in FORMS)
        assert plain == archive, f"{table}.{name}"
        assert sorted(filter(None, plain)) == sorted(v.replace("\n", "\\n") for v in sqlite if v), f"{table}.{name}"


def test_a_person_is_coherent_within_a_row(restored: dict[str, tuple]):
    after = restored["plain"][1]
    for born, number in zip(column(after, "employee", "geboortedatum"),
                            column(after, "employee", "rijksregisternummer"), strict=True):  # fmt: skip
        assert born is not None
        assert number is not None
        assert number[:8] == born[2:].replace("-", ".")


def test_two_runs_with_one_key_are_identical_and_another_key_gives_other_pseudonyms(
    safe: dict, key: Path, tmp_path: Path
):
    again, other, another_key = tmp_path / "again.sql", tmp_path / "other.sql", tmp_path / "other.key"
    Secret.fresh().write(another_key)
    api.run(ERP / "erp.sql", again, RULES, key)
    api.run(ERP / "erp.sql", other, RULES, another_key)
    assert digest(again) == digest(safe["plain"][0])
    assert digest(other) != digest(again)
    mails = [set(re.findall(rb"[\w.+-]+@[\w.-]+\.example", path.read_bytes())) for path in (again, other)]
    assert mails[0]
    assert not mails[0] & mails[1]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_report_holds_no_value_of_the_source(safe: dict[str, tuple[Path, RunResult]], restored: dict[str, tuple]):
    before = restored["plain"][0]
    wanted = {("customer", c) for c in ("email", "phone", "mobile", "street", "iban")}
    originals = snapshots.values(*before, wanted) | snapshots.full_names(*before)
    for form, (target, _) in safe.items():
        for document in (target.parent / f"{form}-report").iterdir():
            assert snapshots.survivors(originals, document.read_bytes()) == 0


def test_a_title_of_courtesy_stays_in_letters_to_pseudonyms(tmp_path: Path):
    rows = "".join(
        f"{n}\t{title}\t{first}\t{last}\n"
        for n, (title, first, last) in enumerate(
            [("Dhr.", "Jan", "Peeters"), ("Mevr.", "Els", "Claes"), ("Mr", "Tom", "Maes"), ("Mme", "Julie", "Dubois")]
        )
    )
    (tmp_path / "crm.sql").write_text(
        "CREATE TABLE public.klant (id integer PRIMARY KEY, aanspreking text, voornaam text, naam text);\n"
        f"COPY public.klant (id, aanspreking, voornaam, naam) FROM stdin;\n{rows}\\.\n"
    )
    assert api.run(tmp_path / "crm.sql", tmp_path / "safe.sql").published
    after = [line.split("\t") for line in (tmp_path / "safe.sql").read_text().splitlines() if "\t" in line]
    assert [row[1] for row in after] == ["Dhr.", "Mevr.", "Mr", "Mme"]
    assert not {"Peeters", "Claes", "Maes", "Dubois"} & {row[3] for row in after}
