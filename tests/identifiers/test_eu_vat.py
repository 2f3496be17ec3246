"""VAT numbers of the European Union, judged by python-stdnum."""

from __future__ import annotations

import importlib

import numpy as np
import pyarrow as pa
import pytest

from anonymizer.identifiers import eu_vat
from anonymizer.identifiers._checked import Scheme
from tests.identifiers.judging import accepted, some

JUDGES = {
    row.split()[0]: row.split()[1]
    for row in (
        "ATU at.uid;BG bg.vat;CY cy.vat;CZ cz.dic;DK dk.cvr;EE ee.kmkr;EL gr.vat;GR gr.vat;ES es.nif;FI fi.alv;"
        "HU hu.anum;IE ie.vat;IT it.iva;LT lt.pvm;LV lv.pvn;MT mt.vat;PL pl.nip;PT pt.nif;RO ro.cf;SE se.vat;"
        "SI si.ddv;SK sk.dph"
    ).split(";")
}
EVERY = pytest.mark.parametrize("scheme", eu_vat.SCHEMES, ids=lambda scheme: f"{scheme.front}{scheme.length}")


def numbers(scheme: Scheme, ranks: np.ndarray) -> pa.Array:
    like = scheme.front + "".join(signs[0] for signs in scheme.places) + "0" + "01"[: scheme.tail]
    return eu_vat.from_rank(ranks, pa.array([like] * len(ranks)))


@EVERY
def test_all_ranks_are_numbers_that_the_country_would_accept(scheme: Scheme):
    ranks = some(scheme.space)
    made = numbers(scheme, ranks)
    judge = importlib.import_module(f"stdnum.{JUDGES[scheme.front]}")
    assert [number for number in made.to_pylist() if not judge.is_valid(number.replace("GR", "EL"))] == []
    assert all(eu_vat.is_valid(made).to_pylist())
    assert eu_vat.rank(made).tolist() == ranks.tolist()
    assert {eu_vat.SCHEMES[which] for which in eu_vat.schemes(made).tolist()} == {scheme}


@EVERY
def test_another_last_digit_is_refused(scheme: Scheme):
    for number in numbers(scheme, some(scheme.space, 20)).to_pylist():
        place = -1 - scheme.tail
        others = [number[:place] + sign + number[place:][1:] for sign in "0123456789" if sign != number[place]]
        judge = importlib.import_module(f"stdnum.{JUDGES[scheme.front]}")
        expected = [judge.is_valid(other.replace("GR", "EL")) for other in others]
        assert accepted(eu_vat, *others) == expected


def test_countries_mix_in_one_column():
    first = pa.array([numbers(scheme, np.array([7], np.uint64))[0].as_py() for scheme in eu_vat.SCHEMES] * 20)
    assert all(eu_vat.is_valid(first).to_pylist())
    assert len(eu_vat.rank(first).tolist()) == len(first)
    again = eu_vat.from_index(np.arange(len(first), dtype=np.uint64), first)
    assert [number[:2] for number in again.to_pylist()] == [number[:2] for number in first.to_pylist()]
    assert all(eu_vat.is_valid(again).to_pylist())


def test_a_number_of_no_member_state_is_refused():
    assert accepted(eu_vat, "XX12345678", "ATU00000015X", "CY12000000A", "IT00000000018", "PL0000000000") == [False] * 5
    assert min(scheme.space for scheme in eu_vat.SCHEMES) > eu_vat.CAPACITY
