"""A column of particles may hold what it held: it names nobody."""

from __future__ import annotations

from pathlib import Path

from anonymizer import api
from tests.fix_key import write_key

DUMP = """\
-- PostgreSQL database dump
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
CREATE TABLE public.persoon (
    voornaam character varying(40),
    tussenvoegsel character varying(20),
    achternaam character varying(40)
);
COPY public.persoon (voornaam, tussenvoegsel, achternaam) FROM stdin;
Sara	van der	Vries
Joris	de	Meer
Els	van	Dam
Kees	van 't	Hof
\\.
-- PostgreSQL database dump complete
"""


def test_particles_stay_in_a_result_that_passes_all_checks(tmp_path: Path):
    source, target = tmp_path / "dump.sql", tmp_path / "safe.sql"
    source.write_text(DUMP, encoding="utf-8")
    result = api.run(source, target, key_file=write_key(tmp_path / "key"), assume_masked=True)
    assert result.published
    rows = [line.split("\t") for line in target.read_text("utf-8").splitlines() if line.count("\t") == 2]
    assert [row[1] for row in rows] == ["van der", "de", "van", "van 't"]
    assert {row[2] for row in rows}.isdisjoint({"Vries", "Meer", "Dam", "Hof"})


def test_a_name_that_is_no_particle_may_not_stay(tmp_path: Path):
    source, target = tmp_path / "dump.sql", tmp_path / "safe.sql"
    source.write_text(DUMP.replace("van 't\tHof", "Wilhelmina\tHof"), encoding="utf-8")
    api.run(source, target, key_file=write_key(tmp_path / "key"), assume_masked=True)
    assert "Wilhelmina" not in target.read_text("utf-8")
