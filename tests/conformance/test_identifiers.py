"""Every file of `identifiers/` keeps the promises of `contracts.Identifier`."""

from __future__ import annotations

import importlib
import re
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer import registry
from anonymizer.identifiers import _eleven_test
from anonymizer.model.finding import CATEGORIES
from tests.identifiers.judging import WRITTEN_FORMS, made, some

IDENTIFIERS = registry.load("identifiers")
EVERY = pytest.mark.parametrize("identifier", IDENTIFIERS.values(), ids=IDENTIFIERS.keys())
EVERY_FORM = pytest.mark.parametrize(
    ("name", "like"), [(name, like) for name in IDENTIFIERS for like in WRITTEN_FORMS[name]]
)
RANKED = [name for name in IDENTIFIERS if hasattr(IDENTIFIERS[name], "SPACE")]
RANKED_FORM = pytest.mark.parametrize(
    ("name", "like"), [(name, like) for name in RANKED for like in WRITTEN_FORMS[name]]
)
JUDGES = {
    "be_enterprise_number": "be.vat",
    "bic": "bic",
    "ch_ahv": "ch.ssn",
    "credit_card": "luhn",
    "de_vat": "de.vat",
    "es_nif": "es.nif",
    "fr_nir": "fr.nir",
    "fr_siren": "fr.siren",
    "fr_siret": "fr.siret",
    "fr_vat": "fr.tva",
    "gb_nhs": "gb.nhs",
    "gb_vat": "gb.vat",
    "lu_vat": "lu.tva",
    "nl_bsn": "nl.bsn",
    "nl_vat": "nl.btw",
    "pl_pesel": "pl.pesel",
}
"""Identifier -> the module of python-stdnum that accepts every number that it ranks."""
LENGTH_CHANGES = ("ipv4", "ipv6", "url")
JUNK = [
    "",
    " ",
    "-",
    "/",
    ".",
    "+",
    "0",
    "00",
    "x" * 300,
    "9" * 40,
    "é",
    "\U0001f600",
    "１２３",
    "\x00",
    "BE",
    "IBAN",
    ":",
    "http://",
]


@EVERY
def test_the_docstring_names_form_source_and_range_and_shows_an_example(identifier: ModuleType):
    manual = identifier.__doc__ or ""
    for heading in ("Form:", "Source:", "Range:", ">>> is_valid(", ">>> from_index("):
        assert f"\n{heading}" in manual, heading
    assert re.search(r"https?://|RFC|ISO", manual)
    assert identifier.CATEGORY in CATEGORIES
    assert isinstance(identifier.REACHABLE, bool)
    assert identifier.CAPACITY > 0


@EVERY
def test_nulls_stay_null_and_junk_is_refused_without_an_error(identifier: ModuleType):
    verdicts = identifier.is_valid(pa.array([*JUNK, None, *JUNK], pa.string()))
    assert verdicts.type == pa.bool_()
    assert verdicts.to_pylist() == [False] * len(JUNK) + [None] + [False] * len(JUNK)
    for empty in (pa.array([], pa.string()), pa.nulls(3, pa.string())):
        assert identifier.is_valid(empty).null_count == len(empty)


@EVERY
@settings(deadline=None)
@given(values=st.lists(st.none() | st.text(max_size=70) | st.text("0123456789 -./+BEGNLX", max_size=40), max_size=40))
def test_no_text_whatever_raises(identifier: ModuleType, values: list[str | None]):
    verdicts = identifier.is_valid(pa.array(values, pa.string()))
    assert [verdict is None for verdict in verdicts.to_pylist()] == [value is None for value in values]


@EVERY_FORM
def test_pseudonyms_are_valid_and_all_different(name: str, like: str):
    identifier = IDENTIFIERS[name]
    numbers = made(identifier, like)
    assert len(set(numbers)) == len(numbers)
    assert identifier.is_valid(pa.array(numbers)).to_pylist() == [True] * len(numbers)


@EVERY_FORM
def test_pseudonyms_keep_the_written_form(name: str, like: str):
    if name in LENGTH_CHANGES:
        return
    shape = re.sub(r"[0-9A-Z]", "9", like, flags=re.IGNORECASE)
    for number in made(IDENTIFIERS[name], like):
        assert re.sub(r"[0-9A-Z]", "9", number, flags=re.IGNORECASE) == shape
        assert not (like.islower() and number.lower() != number)


@EVERY
def test_mixed_written_forms_nulls_and_slices_make_no_difference(identifier: ModuleType):
    forms = WRITTEN_FORMS[identifier.__name__.rpartition(".")[2]]
    likes = [forms[row % len(forms)] for row in range(60)]
    indices = np.resize(some(identifier.CAPACITY, 60), 60)
    together = identifier.from_index(indices, pa.array(["x", *likes, "y"]).slice(1, 60)).to_pylist()
    alone = [identifier.from_index(indices[row : row + 1], pa.array([likes[row]]))[0].as_py() for row in range(60)]
    assert together == alone
    spread = [value for number in together for value in (number, None, number + " §")]
    assert identifier.is_valid(pa.array([*spread, None]).slice(3)).to_pylist()[:3] == [True, None, False]


@pytest.mark.parametrize("name", [name for name in IDENTIFIERS if hasattr(IDENTIFIERS[name], "issued_rank")])
def test_an_issued_rank_is_below_the_capacity_and_different_for_different_pseudonyms(name: str):
    ranks = IDENTIFIERS[name].issued_rank(pa.array(made(IDENTIFIERS[name], WRITTEN_FORMS[name][0])))
    assert len(np.unique(ranks)) == len(ranks)
    assert int(ranks.max()) < IDENTIFIERS[name].CAPACITY


@RANKED_FORM
def test_every_rank_is_a_valid_number_of_the_same_form_and_comes_back_from_it(name: str, like: str):
    identifier = IDENTIFIERS[name]
    ranks = some(identifier.SPACE, 2_000)
    likes = identifier.from_index(np.zeros(len(ranks), np.uint64), pa.array([like] * len(ranks)))
    numbers = identifier.from_rank(ranks, likes)
    assert identifier.is_valid(numbers).to_pylist() == [True] * len(ranks)
    assert identifier.rank(numbers).tolist() == ranks.tolist()
    assert identifier.from_rank(ranks, numbers).equals(numbers)
    assert identifier.from_rank(identifier.rank(likes), likes).equals(likes)
    if name not in LENGTH_CHANGES:
        assert {len(number) for number in numbers.to_pylist()} == {len(like)}
    if name in JUDGES:
        refused = [number for number in numbers.to_pylist() if not judged(name, number)]
        assert not refused


def judged(name: str, number: str) -> bool:
    return bool(importlib.import_module(f"stdnum.{JUDGES[name]}").is_valid(re.sub(r"[ .-]", "", number)))


@settings(deadline=None, max_examples=30)
@given(data=st.data())
@pytest.mark.parametrize("name", RANKED)
def test_ranks_of_mixed_written_forms_are_those_of_each_value_alone(name: str, data: st.DataObject):
    identifier, forms = IDENTIFIERS[name], WRITTEN_FORMS[name]
    drawn = data.draw(st.lists(st.tuples(st.integers(0, identifier.SPACE - 1), st.sampled_from(forms)), min_size=1))
    ranks = np.array([rank for rank, _ in drawn], np.uint64)
    numbers = identifier.from_rank(ranks, pa.array([form for _, form in drawn]))
    assert identifier.rank(numbers).tolist() == ranks.tolist()
    for row in range(len(drawn)):
        assert identifier.from_rank(ranks[row : row + 1], pa.array([drawn[row][1]]))[0] == numbers[row]


@pytest.mark.parametrize("name", RANKED)
def test_all_written_forms_of_a_number_have_one_rank(name: str):
    identifier = IDENTIFIERS[name]
    ranks = some(identifier.SPACE, 40)
    spellings = [identifier.from_rank(ranks, pa.array([form] * len(ranks))) for form in WRITTEN_FORMS[name]]
    assert {tuple(identifier.rank(spelling).tolist()) for spelling in spellings} == {tuple(ranks.tolist())}


@EVERY
def test_small_capacities_are_counted_right(identifier: ModuleType):
    if identifier.CAPACITY > 100_000:
        return
    form = WRITTEN_FORMS[identifier.__name__.rpartition(".")[2]][0]
    everything = identifier.from_index(
        np.arange(identifier.CAPACITY, dtype=np.uint64), pa.array([form] * identifier.CAPACITY)
    )
    assert len(everything.unique()) == identifier.CAPACITY


def test_the_spaces_of_checksums_are_counted_right():
    assert IDENTIFIERS["gb_vat"]._numbers().space == IDENTIFIERS["gb_vat"].SPACE
    assert IDENTIFIERS["nl_vat"]._numbers().space - 1 == IDENTIFIERS["nl_vat"].SPACE
    for name in ("ch_ahv", "es_nif", "gb_nhs", "it_codice_fiscale"):
        assert IDENTIFIERS[name]._NUMBERS.space == IDENTIFIERS[name].SPACE
    assert IDENTIFIERS["gb_nhs"]._UNISSUED.space == IDENTIFIERS["gb_nhs"].CAPACITY
    assert IDENTIFIERS["it_codice_fiscale"]._UNISSUED.space == IDENTIFIERS["it_codice_fiscale"].CAPACITY
    assert _eleven_test.numbers().space - 1 == IDENTIFIERS["nl_bsn"].SPACE
    everything = pa.array([f"LU{number:08d}" for number in range(0, 10**8, 101)])
    valid = everything.filter(IDENTIFIERS["lu_vat"].is_valid(everything))
    assert len(np.unique(IDENTIFIERS["lu_vat"].rank(valid))) == len(valid) > 0
