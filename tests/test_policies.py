"""Who shares a pseudonym: everybody of one value, a table, a group of rows, one person, or nobody."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from anonymizer import api
from anonymizer.contracts import ByRow
from anonymizer.errors import RuleError, VerificationFailed
from anonymizer.model.result import Outcome

PEOPLE = [(n, name, "Peeters", f"{name.lower()}.peeters{n}@firm.be") for n, name in enumerate(["Jan", "An"] * 20)]
SCHEMA = """CREATE TABLE customer (id integer PRIMARY KEY, first_name text, last_name text, email text, city text);
CREATE TABLE visit (id integer PRIMARY KEY, customer_id integer REFERENCES customer (id), visitor text, email text);
"""
RULES = """format: 1
tables:
  customer:
    columns:
      first_name: {names}
      last_name: {names}
      email: {mail}
    keep: [id, city]
  visit:
    columns:
      visitor: {visitor}
      email: {visit_mail}
    keep: [id, customer_id]
"""


def plain(name: str) -> str:
    """As a mail address writes it."""
    return (
        unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode().replace(" ", "").replace("-", "")
    )


def per_person(transform: str, person: str) -> str:
    return f"{{as: {transform}, policy: per_person, person: {person}}}"


def source(folder: Path) -> Path:
    customers = "".join(f"{n}\t{first}\t{last}\t{mail}\tGent\n" for n, first, last, mail in PEOPLE)
    visits = "".join(
        f"{100 + n}\t{n % 40}\t{PEOPLE[n % 40][1]} {PEOPLE[n % 40][2]}\t{PEOPLE[n % 40][3]}\n" for n in range(80)
    )
    path = folder / "source.sql"
    path.write_text(
        f"{SCHEMA}COPY customer (id, first_name, last_name, email, city) FROM stdin;\n{customers}\\.\n"
        f"COPY visit (id, customer_id, visitor, email) FROM stdin;\n{visits}\\.\n"
    )
    return path


def run(folder: Path, names: str, mail: str, visitor: str, visit_mail: str) -> tuple[list[list[str]], list[list[str]]]:
    """The rows of customer and of visit in the result, after every check passed."""
    rules = folder / "rules.yaml"
    text = RULES.format(names="@", mail=mail, visitor=visitor, visit_mail=visit_mail)
    for transform in ("first_name", "last_name"):
        text = text.replace("@", names.replace("NAME", transform), 1)
    rules.write_text(text)
    target = folder / "safe.sql"
    result = api.run(source(folder), target, rules)
    assert all(check.outcome in (Outcome.PASSED, Outcome.NOT_APPLICABLE) for check in result.checks)
    rows = [line.split("\t") for line in target.read_text().splitlines() if "\t" in line]
    return rows[:40], rows[40:]


def test_per_person_gives_two_people_of_one_name_two_names_and_each_theirs_in_every_table(tmp_path: Path):
    by_id, by_customer = per_person("NAME", "id"), per_person("full_name", "customer_id")
    mail, visit_mail = per_person("email", "id"), per_person("email", "customer_id")
    customers, visits = run(tmp_path, by_id, mail, by_customer, visit_mail)
    assert len({(first, last) for _, first, last, _, _ in customers}) > 35
    of = {row[0]: row for row in customers}
    for _, customer, visitor, visitor_mail in visits:
        _, first, last, known_mail, city = of[customer]
        assert visitor == f"{first} {last}"
        assert visitor_mail == known_mail
        assert city == "Gent"
        assert known_mail.startswith(plain(f"{first}.{last}."))


def test_document_randomised_agrees_within_a_table_and_not_between_two(tmp_path: Path):
    document = "policy: document_randomised"
    customers, visits = run(
        tmp_path, f"{{as: NAME, {document}}}", f"{{as: email, {document}}}", f"{{as: full_name, {document}}}", "email"
    )
    assert {last for _, _, last, _, _ in customers}.__len__() == 1
    assert {visitor for _, _, visitor, _ in visits}.isdisjoint({f"{row[1]} {row[2]}" for row in customers})
    assert len({visitor for _, _, visitor, _ in visits}) == 2


def test_a_group_of_rows_is_a_document_of_its_own(tmp_path: Path):
    grouped = "{as: full_name, policy: document_randomised, group: customer_id}"
    _, visits = run(tmp_path, "NAME", "email", grouped, "email")
    by_customer: dict[str, set[str]] = {}
    for _, customer, visitor, _ in visits:
        by_customer.setdefault(customer, set()).add(visitor)
    assert all(len(names) == 1 for names in by_customer.values())
    assert len({name for names in by_customer.values() for name in names}) > 35


def test_fully_randomised_draws_anew_for_every_row_and_the_names_of_a_row_agree(tmp_path: Path):
    free = "policy: fully_randomised"
    customers, visits = run(
        tmp_path,
        f"{{as: NAME, {free}}}",
        f"{{as: email, {free}}}",
        f"{{as: full_name, {free}}}",
        f"{{as: email, {free}}}",
    )
    assert len({(first, last) for _, first, last, _, _ in customers}) > 35
    assert len({visitor for _, _, visitor, _ in visits}) > 70
    for _, first, last, mail, _ in customers:
        assert mail.startswith(plain(f"{first}.{last}."))


def test_a_policy_is_as_repeatable_as_the_key(tmp_path: Path):
    key = tmp_path / "key"
    key.write_text("8f1c2a77b5e04d3396cc10fd42ab9e7715d36e80c4f2915ab8e7036d1f24c95a")
    key.chmod(0o600)
    rules = tmp_path / "rules.yaml"
    free = "{as: NAME, policy: fully_randomised}"
    rules.write_text(
        RULES.format(names="@", mail="email", visitor="full_name", visit_mail="email")
        .replace("@", free.replace("NAME", "first_name"), 1)
        .replace("@", free.replace("NAME", "last_name"), 1)
    )
    api.run(source(tmp_path), tmp_path / "one.sql", rules, key)
    api.run(source(tmp_path), tmp_path / "two.sql", rules, key)
    assert (tmp_path / "one.sql").read_bytes() == (tmp_path / "two.sql").read_bytes()


@pytest.mark.parametrize(("visitor", "says"), [
    ("{as: full_name, policy: random}", "none of deterministic"),
    ("{as: full_name, policy: per_person}", "needs the column that names the person"),
    ("{as: full_name, policy: per_person, person: nobody}", "names the column nobody, which its table does not have"),
    ("{as: full_name, policy: per_person, person: custmer_id}", r"did you mean customer_id\?"),
    ("{as: full_name, group: id}", "the policy deterministic does not know"),
    ("{as: free_text, policy: fully_randomised}", "every policy is known by"),
])  # fmt: skip
def test_a_policy_that_cannot_be_is_told_with_its_line(tmp_path: Path, visitor: str, says: str):
    with pytest.raises(RuleError, match=says) as told:
        run(tmp_path, "NAME", "email", visitor, "email")
    assert "rules.yaml:11" in str(told.value)


def test_keys_keep_one_pseudonym_for_one_value(tmp_path: Path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("format: 1\ntables:\n  t:\n    columns: {mail: {as: email, policy: fully_randomised}}\n")
    dump = tmp_path / "t.sql"
    dump.write_text("CREATE TABLE t (mail text PRIMARY KEY);\nCOPY t (mail) FROM stdin;\na@b.be\n\\.\n")
    with pytest.raises(RuleError, match="is a key or joins one"):
        api.run(dump, tmp_path / "safe.sql", rules)


BORN = [date(1970, 1, 1) + timedelta(37 * n) for n in range(40)]
SEEN = [BORN[n % 40] + timedelta(9000 + 11 * n) for n in range(80)]


def shifted(tmp_path: Path) -> list[list[str]]:
    """The rows of two tables of dates, shifted person by person."""
    customers = "".join(f"{n}\t{day}\n" for n, day in enumerate(BORN))
    visits = "".join(f"{n}\t{n % 40}\t{day} 10:11:12\n" for n, day in enumerate(SEEN))
    (tmp_path / "s.sql").write_text(
        "CREATE TABLE customer (id integer PRIMARY KEY, since date);\n"
        "CREATE TABLE visit (id integer PRIMARY KEY, customer_id integer REFERENCES customer (id), at timestamp);\n"
        f"COPY customer (id, since) FROM stdin;\n{customers}\\.\n"
        f"COPY visit (id, customer_id, at) FROM stdin;\n{visits}\\.\n"
    )
    shift = "{as: shift, by: 90 days, policy: per_person, person: %s}"
    (tmp_path / "r.yaml").write_text(
        "format: 1\ntables:\n"
        f"  customer: {{columns: {{since: {shift % 'id'}}}, keep: [id]}}\n"
        f"  visit: {{columns: {{at: {shift % 'customer_id'}}}, keep: [id, customer_id]}}\n"
    )
    api.run(tmp_path / "s.sql", tmp_path / "safe.sql", tmp_path / "r.yaml")
    return [line.split("\t") for line in (tmp_path / "safe.sql").read_text().splitlines() if "\t" in line]


def test_the_dates_of_a_person_move_together_in_every_table_and_those_of_another_otherwise(tmp_path: Path):
    rows = shifted(tmp_path)
    moved = [(date.fromisoformat(row[1]) - old).days for row, old in zip(rows[:40], BORN, strict=True)]
    assert all(0 < abs(days) <= 90 for days in moved)
    assert len(set(moved)) > 15
    for row, old in zip(rows[40:], SEEN, strict=True):
        day, time = row[2].split(" ")
        assert time == "10:11:12"
        assert (date.fromisoformat(day) - old).days == moved[int(row[1])]


def test_a_date_that_moved_otherwise_than_its_person_withholds_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    right = ByRow.__call__

    def wrong(self: ByRow, batch: pa.RecordBatch, column: str, first_row: int = 0) -> pa.Array:
        values = right(self, batch, column, first_row).to_pylist()
        return pa.array(["2001-02-03 10:11:12", *values[1:]] if column == "at" else values, pa.string())

    monkeypatch.setattr(ByRow, "__call__", wrong)
    with pytest.raises(VerificationFailed, match="those of one person, are not all shifted"):
        shifted(tmp_path)
