"""CHECK constraints: a result that its database would refuse is withheld, and what nobody can judge here is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from anonymizer import api
from anonymizer.errors import VerificationFailed
from anonymizer.model.result import CheckResult, Outcome
from tests.fix_key import write_key

HEADS = {
    "postgres": "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n"
    "SET standard_conforming_strings = on;\n",
    "mysql": "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n/*!40101 SET NAMES utf8mb4 */;\n",
    "sqlite": "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n",
}
ENDS = {
    "postgres": "--\n-- PostgreSQL database dump complete\n--\n",
    "mysql": "-- Dump completed on 2026-01-01\n",
    "sqlite": "COMMIT;\n",
}
RULES = "format: 1\ntables:\n  {table}:\n    columns: {{mail: email}}\n    keep: [id, state]\n"


def constraints(tmp_path: Path, dialect: str, check: str) -> CheckResult:
    table = "public.p" if dialect == "postgres" else "p"
    rows = "".join(f"INSERT INTO {table} VALUES ({n}, 'jan{n}@acme.be', 'on');\n" for n in range(20))
    text = f"CREATE TABLE {table} (id integer NOT NULL, mail varchar(80), state varchar(9), CHECK {check});\n{rows}"
    (tmp_path / "s.sql").write_text(HEADS[dialect] + text + ENDS[dialect])
    (tmp_path / "rules.yaml").write_text(RULES.format(table=table))
    result = api.run(tmp_path / "s.sql", tmp_path / "o.sql", tmp_path / "rules.yaml", write_key(tmp_path / "key"))
    return next(check for check in result.checks if check.check == "constraints")


BROKEN = [
    ("postgres", "(((mail)::text ~~ '%@acme.be'::text))"),
    ("postgres", "((mail)::text ~ '^jan'::text)"),
    ("postgres", "(((mail)::text = ANY ((ARRAY['jan1@acme.be'::character varying])::text[])) OR (id <> 1))"),
    ("mysql", "(`mail` like _utf8mb4'%@acme.be')"),
    ("mysql", "(`mail` like '%@ACME.be')"),
    ("sqlite", "(mail LIKE '%@acme.be')"),
    ("sqlite", "(instr(mail, 'acme') > 0 AND id < 100)"),
]


@pytest.mark.parametrize(("dialect", "check"), BROKEN)
def test_a_result_that_breaks_a_check_is_withheld_with_its_table(dialect: str, check: str, tmp_path: Path):
    with pytest.raises(VerificationFailed, match=r"constraints: (public\.)?p, CHECK 1: \d+ rows do not fulfil it"):
        constraints(tmp_path, dialect, check)
    assert not (tmp_path / "o.sql").exists()


@pytest.mark.parametrize(
    ("dialect", "check"),
    [
        ("postgres", "(((mail)::text ~ '^[^@]+@[^@]+$'::text))"),
        ("postgres", "(length((mail)::text) > 3)"),
        ("mysql", "(char_length(`mail`) > 3)"),
        ("sqlite", "(mail LIKE '%@%' AND length(mail) < 80)"),
    ],
)
def test_a_check_that_the_pseudonyms_fulfil_is_judged_and_passes(dialect: str, check: str, tmp_path: Path):
    result = constraints(tmp_path, dialect, check)
    assert (result.outcome, result.detail, result.examined) == (Outcome.PASSED, (), 20)


@pytest.mark.parametrize(
    ("dialect", "check"),
    [
        ("postgres", "(public.is_mail((mail)::text))"),
        ("mysql", "(`mail` <> sha2(`mail`, 256))"),
        ("sqlite", "(mail LIKE '%@other.be' OR id < 5)"),
    ],
)
def test_a_check_that_cannot_be_judged_is_named_in_the_notes(dialect: str, check: str, tmp_path: Path):
    result = constraints(tmp_path, dialect, check)
    assert result.outcome is Outcome.PASSED
    assert [note.partition(": ")[2] for note in result.detail] == [
        "cannot be judged here; only loading the result tells"
    ]


def test_checks_of_columns_that_stay_are_not_looked_at(tmp_path: Path):
    result = constraints(tmp_path, "sqlite", "(state IN ('on', 'off'))")
    assert (result.outcome, result.detail, result.examined) == (Outcome.PASSED, (), 0)


def test_days_in_another_form_than_iso_are_not_judged_as_texts(tmp_path: Path):
    rows = "".join(f"INSERT INTO p VALUES ({n}, '{n + 10}/08/1948');\n" for n in range(15))
    text = f"CREATE TABLE p (id integer, born date CHECK (born < '2007-01-01'));\n{rows}"
    (tmp_path / "s.sql").write_text(HEADS["sqlite"] + text + ENDS["sqlite"])
    (tmp_path / "rules.yaml").write_text("format: 1\ntables:\n  p:\n    columns: {born: birth_date}\n    keep: [id]\n")
    result = api.run(tmp_path / "s.sql", tmp_path / "o.sql", tmp_path / "rules.yaml", write_key(tmp_path / "key"))
    assert [check.detail for check in result.checks if check.check == "constraints"] == [
        ("p, CHECK 1: cannot be judged here; only loading the result tells",)
    ]


def test_a_key_on_the_first_characters_of_a_column_has_to_hold(tmp_path: Path):
    rows = ",".join(f"({n},'{chr(97 + n // 26)}{chr(97 + n % 26)}x{n}@acme.be')" for n in range(600))
    table = "CREATE TABLE `p` (`id` int NOT NULL, `mail` varchar(80), UNIQUE KEY `m` (`mail`(2)));\n"
    text = f"{table}INSERT INTO `p` VALUES {rows};\n"
    (tmp_path / "s.sql").write_text(HEADS["mysql"] + text + ENDS["mysql"])
    (tmp_path / "rules.yaml").write_text("format: 1\ntables:\n  p:\n    columns: {mail: email}\n    keep: [id]\n")
    with pytest.raises(VerificationFailed, match=r'keys: p \("mail, first 2"\): \d+ key values stand more than once'):
        api.run(tmp_path / "s.sql", tmp_path / "o.sql", tmp_path / "rules.yaml", write_key(tmp_path / "key"))
