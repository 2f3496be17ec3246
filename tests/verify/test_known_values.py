"""How known values are told: fingerprints, words and numbers, and what chance allows."""

from __future__ import annotations

import base64
import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.model.plan import ColumnPlan, TablePlan
from anonymizer.model.rules import Action
from anonymizer.model.schema import Column, ColumnName, Table, TableName, TypeFamily
from anonymizer.verify._comparison import chance_bound
from anonymizer.verify._fingerprint import Fingerprinter, flat, sliced
from anonymizer.verify._known import Known, Label, Pattern, patterns
from anonymizer.verify._pairs import Pairs
from anonymizer.verify._scan import Hits, _look
from anonymizer.verify._tokens import tokens

PRINTS = Fingerprinter()


@settings(deadline=None)
@given(st.lists(st.none() | st.text(st.characters(blacklist_categories=["Cs"])), max_size=20))
def test_equal_texts_have_equal_fingerprints_and_different_ones_differ(values: list[str | None]):
    prints = PRINTS.cells(pa.array(["x", *values], pa.string())[1:]).tolist()
    assert len(set(prints)) == len(set(values))
    assert all((value is None) == (number == 0) for value, number in zip(values, prints, strict=True))


def test_fingerprints_differ_from_process_to_process():
    assert Fingerprinter().cells(pa.array(["a"])) != Fingerprinter().cells(pa.array(["a"]))


def test_a_value_longer_than_a_slice_is_taken_whole():
    long = "x" * (3 << 18)
    values = pa.array(["a", long, long + "y", "b"])
    assert [len(part) for part in sliced(values)] == [1, 1, 1, 1]
    assert len(set(PRINTS.cells(values).tolist())) == 4
    assert flat(values)[0][-1] == 2 * len(long) + 3


def found(pattern: str, text: str, category: str = "email", code: bool = False) -> bool:
    known = Known(PRINTS)
    known.add(Pattern(Label("t.c", category, code), pa.array([pattern])))
    known.seal()
    hits = Hits()
    hits.take(_look(known, pa.array(["before", None, text])))
    return bool(len(hits.distinct()[0]))


@pytest.mark.parametrize(
    ("pattern", "text", "category", "code"),
    [
        ("jan.claes@mail.be", "JAN.CLAES@MAIL.BE", "email", False),
        ("jan.claes@mail.be", '{"to":"jan.claes@mail.be"}', "email", False),
        ("Jérôme Noël", "met jerome  noel today", "full_name", False),
        ("Jérôme Noël", "JE\u0301RO\u0302ME NOE\u0308L", "full_name", False),
        ("Jan van den Berg", "Jan van den\u00a0Berg’s", "full_name", False),
        ("0470 12 34 56", "gsm0470/12.34.56", "phone", True),
        ("+32 (0)470 12 34 56", "+320470123456", "phone", True),
        ("BE71 0961 2345 6769", "iban=be71096123456769;", "iban", True),
        ("Kerkstraat 12", "(kerkstraat 12)", "street_address", False),
        ("Pass-Word99", "pass word99", "password_or_secret", False),
        ("Мария Иванова", "Мария Иванова", "full_name", False),
        ("0470 12 34 56", "0470–12–34‑56", "phone", True),
        ("0470 12 34 56", "<p>0470<b>123456</b></p>", "phone", True),
        ("0470 12 34 56", "٠٤٧٠ ١٢٣٤٥٦", "phone", True),
        ("jan.claes@mail.be", "write to jan.claes at mail.be please", "email", False),
        ("jan.claes@mail.be", "jan.claes (at) mail dot be", "email", False),
        ("jan.claes@mail.be", "jan.claes[at]mail[dot]be", "email", False),
        ("jan.claes@mail.be", "YW1GdUxtTnNZV1Z6UUcxaGFXd3VZbVU9", "email", False),
    ],
)
def test_a_value_is_found_however_it_is_written(pattern: str, text: str, category: str, code: bool):
    assert found(pattern, text, category, code)


@pytest.mark.parametrize(
    ("pattern", "text", "category", "code"),
    [
        ("Jo Hansen", "Johansen", "full_name", False),
        ("Steve Murray", "Dave Steve; Murray Harris", "full_name", False),
        ("Steve Murray", "Dave Steve\nMurray Harris", "full_name", False),
        ("Madonna", "Madonna", "full_name", False),
        ("Kerkstraat", "Kerkstraat", "street_address", False),
        ("04701234", "99 04701234 99 8", "phone", True),
        ("0115102345", "2024-01-15 10:23:45", "phone", True),
        ("12345678", "1234567", "phone", True),
        ("abc", "abc", "password_or_secret", False),
    ],
)
def test_what_only_looks_alike_is_not_found(pattern: str, text: str, category: str, code: bool):
    assert not found(pattern, text, category, code)


@settings(deadline=None)
@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"]), max_size=30), max_size=10))
def test_any_text_has_tokens_of_its_own_cells_only(values: list[str]):
    cut = tokens(pa.array(values, pa.string()), PRINTS)
    assert np.all(cut.end > cut.start)
    assert np.all(np.diff(cut.cell) >= 0)
    assert np.all(cut.cell[cut.last] == cut.cell)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_bytes_that_are_no_text_are_looked_through_without_a_crash(data: bytes):
    hits = Hits()
    known = Known(PRINTS)
    known.add(Pattern(Label("t.c", "email", False), pa.array(["jan.claes@mail.be"])))
    known.seal()
    hits.take(_look(known, pa.array([data + b" jan.claes@mail.be"], pa.binary()).view(pa.string())))
    assert len(hits.distinct()[0]) == 1 or not data.endswith((b" ", b"\n"))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), max_size=60), st.integers(1, 10))
def test_rows_come_together_again_whether_they_fit_in_memory_or_not(rows: list[tuple[int, int]], budget: int):
    spread = np.uint64(0x9E3779B97F4A7C15)
    pairs = Pairs(2, budget)
    for first, second in rows:
        pairs.add(np.array([first], np.uint64) * spread, np.array([second], np.uint64))
    parts = [set(part[:, 0].tolist()) for part in pairs.partitions()]
    counted = sum(len(part) for part in pairs.partitions())
    pairs.close()
    assert counted == len(rows)
    assert sum(map(len, parts)) == len(set().union(*parts))


@pytest.mark.parametrize(("expected", "bound"), [(0, 0), (1e-7, 0), (0.01, 2), (1, 8)])
def test_chance_is_allowed_what_is_exceeded_once_in_100_000_times(expected: float, bound: int):
    assert chance_bound(expected) == bound


@settings(deadline=None)
@given(st.floats(0, 5000), st.floats(0, 5000))
def test_more_is_allowed_where_more_is_expected(a: float, b: float):
    low, high = sorted((a, b))
    assert chance_bound(low) <= chance_bound(high)


MAIL, NAME, PHONE = "jan.claes@mail.be", "Jérôme Noël", "+32 470 12 34 56"


def _wide(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


@pytest.mark.parametrize(
    ("pattern", "text", "category"),
    [
        (MAIL, "mailto:jan.claes%40mail.be?subject=x", "email"),
        (MAIL, "<a>jan.claes&#64;mail.be</a>", "email"),
        (MAIL, "jan.claes&#x40;mail.be", "email"),
        (MAIL, "jan.claes&commat;mail&period;be", "email"),
        (MAIL, "jan.claes=40mail.be", "email"),
        (MAIL, "jan.cla=\r\nes@mail.be", "email"),
        (MAIL, "basic " + base64.b64encode(f"login:{MAIL}".encode()).decode(), "email"),
        (MAIL, "x=" + base64.urlsafe_b64encode(MAIL.encode()).decode().rstrip("="), "email"),
        (MAIL, "jan.cl\u200baes@mail\u2060.be\ufeff", "email"),
        (MAIL, "jan.cl\u00adaes@mail.be", "email"),
        (MAIL, _wide(MAIL), "email"),
        (MAIL, MAIL.encode().hex(), "email"),
        (MAIL, "0x" + MAIL.encode().hex().upper(), "email"),
        (MAIL, "id " + MAIL.encode().hex().upper() + ";", "email"),
        (MAIL, "\\x" + MAIL.encode().hex().upper(), "email"),
        (MAIL, "\\x" + MAIL.encode("utf-16-le").hex(), "email"),
        (MAIL, '{"m": "' + "".join(f"\\u{ord(letter):04X}" for letter in MAIL) + '"}', "email"),
        (NAME, "J&eacute;r&ocirc;me No&euml;l", "full_name"),
        (NAME, "J=C3=A9r=C3=B4me No=C3=ABl", "full_name"),
        (NAME, "J%C3%A9r%C3%B4me%20No%C3%ABl", "full_name"),
        (NAME, "\U0001d40c " + _wide("Jerome Noel"), "full_name"),
        ("Ștefan Țiriac", '{"n": "\\u0218tefan \\u021airiac"}', "full_name"),
        ("Мария Иванова", json.dumps("Мария Иванова"), "full_name"),
        ("Anna \U0001f600 Smit", json.dumps("Anna \U0001f600 Smit"), "full_name"),
        (PHONE, "+32 (0)470 12 34 56", "phone"),
        (PHONE, "0032 (0) 470/12.34.56 ext. 12", "phone"),
        ("+32 (0)470 12 34 56", "0470/12 34 56", "phone"),
        ("+32 (0)470 12 34 56", "+32470123456", "phone"),
        ("+352 621 123 456", "0621123456", "phone"),
        ("+1 (212) 555-0147", "(212) 555-0147", "phone"),
        ("02 512 34 56 ext. 12", "02/512.34.56", "phone"),
        ("02 512 34 56 toestel 12", "+32 2 512 34 56", "phone"),
        ("02 512 34 56x12", "tel 025123456", "phone"),
        ("02 512 34 56 / 0470 12 34 56", "0470123456", "phone"),
        ("0470 12 34 56 (Jan)", "0470123456", "phone"),
        (MAIL, "JAN.CLAES (AT) MAIL.BE", "email"),
        (MAIL, "jan.claes AT mail DOT be", "email"),
        (MAIL, "jan (dot) claes (at) mail (dot) be", "email"),
        (MAIL, "jan.claes{at}mail.be", "email"),
        (MAIL, "id " + MAIL.encode("utf-16-le").hex(), "email"),
        (NAME, "name=J%C3%A9r%C3%B4me+No%C3%ABl&x=1", "full_name"),
        (NAME, "<tr><td>Jérôme</td>\n<td class='x'>Noël</td></tr>", "full_name"),
        (NAME, "Zoals eerder per telefoon afgesproken met Jérôme\nNoël sturen wij", "full_name"),
        (NAME, "> Zoals eerder per telefoon afgesproken met Jérôme\r\n> Noël sturen wij", "full_name"),
        ("BE 0403.170.701", "BE 403.170.701", "vat_number"),
        ("0403.170.701", "403170701", "company_id"),
    ],
)
def test_a_value_is_found_in_every_form_in_which_programs_write_it(pattern: str, text: str, category: str):
    known = Known(PRINTS)
    columns = (ColumnPlan(ColumnName(TableName("", "t"), "c"), Column("c", "text", TypeFamily.TEXT), Action.REPLACE,
                          category, category, category),)  # fmt: skip
    plan = TablePlan(Table(TableName("", "t"), ()), columns)
    for made in patterns(plan, pa.record_batch([pa.array([pattern])], ["c"])):
        known.add(made)
    known.seal()
    hits = Hits()
    hits.take(_look(known, pa.array(["before", None, text, "behind it"])))
    assert len(hits.distinct()[0])


@settings(deadline=None)
@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=12, max_size=40), st.sampled_from([0, 1, 2]))
def test_what_is_written_in_base64_or_hexadecimal_is_decoded_wherever_it_begins(text: str, glue: int):
    secret = f"jan.claes@mail.be {text}"
    for written in (base64.b64encode(secret.encode()).decode(), secret.encode().hex()):
        assert found(MAIL, f"{'(' * glue}{written}){text}")
