"""Test accounts keep their names: those that a rule file spares, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from anonymizer import api
from anonymizer.errors import RuleError

SCHEMA = """CREATE TABLE login (id integer PRIMARY KEY, name character varying(40) UNIQUE);
CREATE TABLE audit (id integer PRIMARY KEY, who character varying(40));
"""
RULES = """format: 1
tables:
  login:
    columns: {{name: {{as: username, except: [admin, tester]{why}}}}}
    keep: [id]
  audit:
    columns: {{who: username}}
    keep: [id]
"""


def run(folder: Path, why: str = ", why: our own test accounts") -> list[list[str]]:
    logins = ["admin", "jpeeters", "tester", "amaes", "administrator"]
    rows = "".join(f"{n}\t{name}\n" for n, name in enumerate(logins))
    audit = "".join(f"{n}\t{name}\n" for n, name in enumerate(["admin", "amaes", "jpeeters"]))
    (folder / "source.sql").write_text(
        f"{SCHEMA}COPY login (id, name) FROM stdin;\n{rows}\\.\nCOPY audit (id, who) FROM stdin;\n{audit}\\.\n"
    )
    (folder / "rules.yaml").write_text(RULES.format(why=why))
    api.run(folder / "source.sql", folder / "safe.sql", folder / "rules.yaml")
    return [line.split("\t") for line in (folder / "safe.sql").read_text().splitlines() if "\t" in line]


def test_a_test_account_keeps_its_name_in_every_column_of_the_domain_and_nobody_else_does(tmp_path: Path):
    rows = run(tmp_path)
    login, audit = [name for _, name in rows[:5]], [name for _, name in rows[5:]]
    assert (login[0], login[2]) == ("admin", "tester")
    assert not {"jpeeters", "amaes", "administrator"} & set(login)
    assert audit == ["admin", login[3], login[1]]


def test_sparing_needs_a_reason(tmp_path: Path):
    with pytest.raises(RuleError, match=r"rules\.yaml:4: column name spares values without a reason"):
        run(tmp_path, why="")


def test_a_key_that_is_permuted_stays_one_when_some_of_its_values_are_spared(tmp_path: Path):
    rows = "".join(f"{number}\n" for number in range(100, 1000))
    (tmp_path / "source.sql").write_text(
        f"CREATE TABLE public.t (id bigint PRIMARY KEY);\nCOPY public.t (id) FROM stdin;\n{rows}\\.\n"
    )
    (tmp_path / "rules.yaml").write_text(
        'format: 1\ntables:\n  public.t: {columns: {id: {as: permute, except: ["500", "501"], why: our own}}}\n'
    )
    api.run(tmp_path / "source.sql", tmp_path / "safe.sql", tmp_path / "rules.yaml")
    after = [line for line in (tmp_path / "safe.sql").read_text().splitlines() if line.isdigit()]
    assert sorted(after) == [str(number) for number in range(100, 1000)]
    assert after[400:402] == ["500", "501"]
