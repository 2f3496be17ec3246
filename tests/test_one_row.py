"""A table with one row proves little by numbers, so a column left as it was must never pass for replaced."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from anonymizer import api, planning
from anonymizer.errors import VerificationFailed

DUMP = """\
-- PostgreSQL database dump
CREATE TABLE public.person (id integer, voornaam text, familienaam text, functie text, geboren date, nota text);
COPY public.person (id, voornaam, familienaam, functie, geboren, nota) FROM stdin;
1	Wilhelmina	Vandersteen	Boekhouder	1971-03-04	belt terug
\\.
-- PostgreSQL database dump complete
"""
RULES = """\
format: 1
tables:
  public.person:
    columns:
      voornaam: first_name
      familienaam: last_name
      functie: job_title
      geboren: birth_date
      nota: free_text
    keep: [id]
"""


@pytest.mark.parametrize("left", ["voornaam", "familienaam", "functie", "geboren", "nota"])
def test_a_column_that_no_transform_touched_is_withheld(left: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "dump.sql").write_text(DUMP, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    bind = planning.bind

    def forgetful(*arguments):
        kernels = bind(*arguments)
        next(iter(kernels.values()))[left] = lambda values: values
        return kernels

    monkeypatch.setattr(planning, "bind", forgetful)
    with pytest.raises(VerificationFailed, match=f"public.person.{left}"):
        api.run(tmp_path / "dump.sql", tmp_path / "safe.sql", tmp_path / "rules.yaml")
    assert not (tmp_path / "safe.sql").exists()


@pytest.fixture(autouse=True)
def one_key_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a fresh key, once in some hundred runs a first name would come out as itself."""
    monkeypatch.setenv(api.KEY_VARIABLE, hashlib.sha256(b"a key for tests alone").hexdigest())


def test_a_table_with_one_row_comes_out_when_all_is_replaced(tmp_path: Path):
    (tmp_path / "dump.sql").write_text(DUMP, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    assert api.run(tmp_path / "dump.sql", tmp_path / "safe.sql", tmp_path / "rules.yaml").published
