"""What a CHECK allows: pseudonyms keep to it where the values did, so that the database takes its own rows back."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer import api
from anonymizer.model.plan import Limits
from anonymizer.model.rules import Action, Decision, RuleFile, TableRules
from anonymizer.model.schema import Column, ForeignKey, Schema, Table, TableName, TypeFamily
from anonymizer.planning import bind, make
from anonymizer.planning.limits import limits_of
from anonymizer.pseudonyms.secret import KeyRing, Secret
from tests.fix_key import write_key
from tests.fix_mariadb import MariaDb
from tests.fix_postgres import Database

PERSON = TableName("", "person")
KEYS = KeyRing(Secret(hashlib.sha256(b"limits").digest()), "limits")


FIRST_OF_DECADES = {"2000-01-01", "2010-01-01", "2020-01-01"}  # no day of their decade is earlier


def table(family: TypeFamily, *checks: str) -> Table:
    return Table(PERSON, (Column("a", family.value, family),), checks=checks)


@pytest.mark.parametrize(
    ("family", "check", "limits"),
    [
        (TypeFamily.TEXT, "(UPPER([a]) IN ('M', 'S'))", Limits(("M", "S"))),
        (TypeFamily.TEXT, "(upper([A])='S' OR upper([a])=N'M')", Limits(("M", "S"))),
        (TypeFamily.TEXT, "(((a)::text = ANY ((ARRAY['x'::varchar, 'y'::varchar])::text[])))", Limits(("x", "y"))),
        (TypeFamily.TEXT, "(`a` in (_utf8mb4'x',_utf8mb4'y') and 1 = 1)", Limits(("x", "y"))),
        (TypeFamily.TEXT, "a IS NULL OR a IN ('y', 'x', '')", Limits(("x", "y"))),
        (TypeFamily.INTEGER, "([a]>=(1) AND [a]<(4))", Limits(("1", "2", "3"))),
        (TypeFamily.INTEGER, "a BETWEEN -5 AND 7000", Limits((), -5.0, 7000.0)),
        (TypeFamily.NUMBER, "((a >= 6.5) AND ((200)::numeric >= a))", Limits((), 6.5, 200.0)),
        (TypeFamily.DATE, "(a > '1996-07-01'::date) AND (a <= CURRENT_DATE)", Limits((), "1996-07-02", None, True)),
        (TypeFamily.TIMESTAMP, "([a]<=dateadd(year,(-18),getdate()))", Limits((), None, None, True)),
    ],
)
def test_lists_and_bounds_are_read_as_each_database_prints_them(family: TypeFamily, check: str, limits: Limits):
    assert limits_of(table(family, check)) == {"a": limits}


@pytest.mark.parametrize(
    ("family", "check"),
    [
        (TypeFamily.NUMBER, "(a > 0)"),  # sign and number of digits stay
        (TypeFamily.TEXT, "a LIKE 'x%' OR a = 'y'"),
        (TypeFamily.TEXT, "a = 'x' OR b = 'y'"),
        (TypeFamily.TEXT, "length(a) > 3"),
        (TypeFamily.DATE, "a <= b"),
        (TypeFamily.TEXT, "not a known ( language"),
    ],
)
def test_other_conditions_are_left_to_the_verifier(family: TypeFamily, check: str):
    assert limits_of(table(family, check)) == {}


def replaced(of: Table, transform: str, values: list[str | None]) -> list[str | None]:
    rules = {of.name: TableRules(of.name, {"a": Decision(Action.REPLACE, transform)})}
    plan = make(Schema((of,)), RuleFile("rules", tables=rules))
    return bind(plan, KEYS)[of.name]["a"](pa.array(values, pa.string())).to_pylist()


@pytest.mark.parametrize("transform", ["masked", "other_personal", "health", "salary_or_finance", "noise"])
@given(values=st.lists(st.none() | st.decimals(6.5, 200, places=2)))
def test_amounts_stay_between_their_bounds(transform: str, values: list):
    of = table(TypeFamily.NUMBER, "a >= 6.5 AND a <= 200")
    parameters = {"spread": "25 %"} if transform == "noise" else {}
    rules = {of.name: TableRules(of.name, {"a": Decision(Action.REPLACE, transform, parameters=parameters)})}
    plan = make(Schema((of,)), RuleFile("rules", tables=rules))
    texts = pa.array([None if value is None else str(value) for value in values], pa.string())
    new = bind(plan, KEYS)[of.name]["a"](texts).to_pylist()
    assert all((one is None) == (other is None) for one, other in zip(values, new, strict=True))
    assert all(6.5 <= float(value) <= 200 for value in new if value is not None)


def test_days_stay_between_theirs_and_do_not_pass_the_present():
    days = [f"{year}-{month:02}-{day:02}" for year in range(1997, 2026) for month in (1, 6, 12) for day in (1, 9, 28)]
    new = replaced(table(TypeFamily.DATE, "a >= '1996-07-01' AND a <= CURRENT_DATE"), "other_personal", days)
    assert all("1996-07-01" <= day <= old for day, old in zip(new, days, strict=True))
    assert set(new) & {day for day, old in zip(new, days, strict=True) if day == old} <= FIRST_OF_DECADES


@given(st.sets(st.integers(20_000, 60_000), max_size=300))
def test_what_is_one_to_one_stays_so_between_bounds(numbers: set[int]):
    new = replaced(table(TypeFamily.INTEGER, "a BETWEEN 20000 AND 60000"), "masked", [str(n) for n in numbers])
    assert len(set(new)) == len(numbers)
    assert all(20_000 <= int(number or 0) <= 60_000 for number in new)


def test_each_value_of_a_list_becomes_another_one_of_it_as_it_is_written():
    of = table(TypeFamily.TEXT, "upper(a) IN ('SINGLE', 'MARRIED', 'WIDOWED')")
    new = replaced(of, "other_personal", ["SINGLE", "MARRIED", "WIDOWED", None, "single", ""])
    assert sorted(value or "" for value in new[:3]) == ["MARRIED", "SINGLE", "WIDOWED"]
    assert all(one != other for one, other in zip(new, ["SINGLE", "MARRIED", "WIDOWED"], strict=False))
    assert new[3:] == [None, (new[0] or "").lower(), ""]


def test_of_two_values_one_is_left_or_anybody_could_swap_them_back():
    new = replaced(table(TypeFamily.TEXT, "a IN ('positive', 'negative')"), "health", ["positive", "negative", None])
    assert new[0] == new[1]
    assert new[0] in ("positive", "negative")
    assert new[2] is None


def test_a_column_that_joins_a_limited_one_keeps_joining_it():
    code = Column("a", "text", TypeFamily.TEXT)
    parent = Table(PERSON, (code,), primary_key=("a",), checks=("a IN ('x', 'y', 'z')",))
    child = Table(TableName("", "child"), (code,), foreign_keys=(ForeignKey(("a",), PERSON, ("a",)),))
    decision = Decision(Action.REPLACE, "other_personal")
    rules = {name: TableRules(name, {"a": decision}) for name in (parent.name, child.name)}
    kernels = bind(make(Schema((parent, child)), RuleFile("rules", tables=rules)), KEYS)
    values = pa.array(["x", "y", "z"])
    assert kernels[parent.name]["a"](values) == kernels[child.name]["a"](values)


EMPLOYEES = """CREATE TABLE employee (
  id integer PRIMARY KEY,
  marital_status varchar(10) CHECK (marital_status IN ('single', 'married', 'widowed')),
  rate numeric(8,2) CHECK (rate BETWEEN 6.5 AND 200),
  children smallint CHECK (children >= 0 AND children <= 9),
  hired date CHECK (hired >= '1996-07-01' AND hired <= CURRENT_DATE),
  class character(3) CHECK (class IN ('A', 'BB')));
INSERT INTO employee SELECT n, (ARRAY['single', 'married', 'widowed'])[n % 3 + 1], 6.5 + n * 1.07, n % 10,
  CURRENT_DATE - n * 47, (ARRAY['A', 'BB'])[n % 2 + 1] FROM generate_series(0, 180) n;
"""
EMPLOYEES_HERE = """CREATE TABLE employee (
  id integer PRIMARY KEY,
  marital_status varchar(10) CHECK (marital_status IN ('single', 'married', 'widowed')),
  rate decimal(8,2) CHECK (rate BETWEEN 6.5 AND 200),
  children smallint CHECK (children >= 0 AND children <= 9),
  hired date CHECK (hired >= '1996-07-01'),
  class character(3) CHECK (class IN ('A', 'BB')));
"""
ROWS = "".join(
    f"INSERT INTO employee VALUES ({n}, '{('single', 'married', 'widowed')[n % 3]}', {6.5 + n * 1.07:.2f}, {n % 10}, "
    f"'{date(2025, 1, 1) - timedelta(n * 47)}', '{('A', 'BB')[n % 2]}');\n"
    for n in range(181)
)
RULES = """format: 1
tables:
  public.employee:
    columns: {marital_status: other_personal, rate: salary_or_finance, children: other_personal,
      hired: other_personal, class: health}
    keep: [id]
"""


def test_a_database_takes_the_rows_back_that_its_own_checks_judge(tmp_path: Path, database: Database):
    database.tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", stdin=EMPLOYEES.encode())
    dump, safe, rules = tmp_path / "s.sql", tmp_path / "safe.sql", tmp_path / "rules.yaml"
    dump.write_bytes(database.tool("pg_dump"))
    rules.write_text(RULES)
    api.run(dump, safe, rules, write_key(tmp_path / "key"))
    database.tool("psql", "-X", "-q", "-c", "DROP TABLE employee")
    database.restore_plain(safe)
    assert database.tool("psql", "-X", "-At", "-c", "SELECT count(*) FROM employee") == b"181\n"


def test_mariadb_takes_the_rows_back_that_its_own_checks_judge(tmp_path: Path, mariadb: MariaDb):
    database = mariadb.fresh("limits")
    database.load((EMPLOYEES_HERE + ROWS).encode())
    dump, safe, rules = tmp_path / "s.sql", tmp_path / "safe.sql", tmp_path / "rules.yaml"
    dump.write_bytes(database.dump())
    rules.write_text(RULES.replace("public.", ""))
    api.run(dump, safe, rules, write_key(tmp_path / "key"))
    limited = mariadb.fresh("limited")
    limited.load(safe.read_bytes())
    assert limited.query("SELECT count(*) FROM employee") == [["181"]]
    assert limited.query("SELECT rate FROM employee") != database.query("SELECT rate FROM employee")


def test_sqlite_takes_the_rows_back_that_its_own_checks_judge(tmp_path: Path):
    source, safe, rules = tmp_path / "s.sqlite", tmp_path / "safe.sqlite", tmp_path / "rules.yaml"
    with closing(sqlite3.connect(source)) as link:
        link.executescript(EMPLOYEES_HERE + ROWS)
    rules.write_text(RULES.replace("public.", ""))
    api.run(source, safe, rules, write_key(tmp_path / "key"))
    with closing(sqlite3.connect(safe)) as link:
        link.execute("CREATE TABLE again AS SELECT * FROM employee")
        link.execute("DELETE FROM employee")
        link.execute("INSERT INTO employee SELECT * FROM again")
        assert link.execute("SELECT count(*) FROM employee").fetchone() == (181,)


def test_a_bound_beyond_which_there_is_no_day_stops_nothing(tmp_path: Path):
    dump = tmp_path / "dump.sql"
    dump.write_text(
        "SET client_encoding = 'UTF8';\n"
        "CREATE TABLE t (naam text, d date, CHECK ((d > '9999-12-31'::date) OR (d IS NULL)),"
        " CHECK ((d < '0001-01-01'::date) OR (d IS NULL)));\nINSERT INTO t VALUES ('Els', NULL);\n"
    )
    assert api.run(dump, tmp_path / "safe.sql", key_file=write_key(tmp_path / "k"), assume_masked=True).published


@pytest.mark.parametrize(
    "check",
    ["((e - s) <= 31)", "(e <= (s + '31 days'::interval))", "((NOT b) OR (n > 590))", "((n % 0.05) = (0)::numeric)"],
)
def test_a_condition_that_would_be_judged_as_another_is_named_instead(check: str, tmp_path: Path):
    dump = tmp_path / "dump.sql"
    rows = "".join(f"INSERT INTO t VALUES ('2020-01-0{n}', '2020-01-1{n}', true, 600.0{n});\n" for n in range(1, 6))
    dump.write_text(
        "SET client_encoding = 'UTF8';\nCREATE TABLE t (s date, e date, b boolean, n numeric(6,2),"
        f" CHECK ({check}));\n{rows}"
    )
    rules = tmp_path / "rules.yaml"
    rules.write_text("format: 1\ntables:\n  t: {columns: {s: masked, e: masked, n: masked}, keep: [b]}\n")
    result = api.run(dump, tmp_path / "safe.sql", rules, write_key(tmp_path / "k"))
    (said,) = [found for found in result.checks if found.check == "constraints"]
    assert "cannot be judged" in " ".join(said.detail)


def test_a_pattern_that_takes_for_ever_elsewhere_is_judged_at_once(tmp_path: Path):
    dump = tmp_path / "dump.sql"
    mails = "".join(f"INSERT INTO t VALUES ('{'a' * 40}{n}@firm-test.be');\n" for n in range(20))
    dump.write_text(
        "SET client_encoding = 'UTF8';\nCREATE TABLE t (mail text,"
        f" CHECK ((mail ~ '^([a-z0-9]+[.-]?)+@[a-z-]+\\.(be|com|example)$'::text)));\n{mails}"
    )
    assert api.run(dump, tmp_path / "safe.sql", key_file=write_key(tmp_path / "k"), assume_masked=True).published
