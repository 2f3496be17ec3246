"""Every file of `identifiers/` keeps the promises of `contracts.Identifier`."""

from __future__ import annotations

import re
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer import registry
from anonymizer.model.finding import CATEGORIES
from tests.identifiers.judging import WRITTEN_FORMS, made, some

IDENTIFIERS = registry.load("identifiers")
EVERY = pytest.mark.parametrize("identifier", IDENTIFIERS.values(), ids=IDENTIFIERS.keys())
EVERY_FORM = pytest.mark.parametrize(
    ("name", "like"), [(name, like) for name in IDENTIFIERS for like in WRITTEN_FORMS[name]]
)
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


@EVERY
def test_a_rank_is_below_the_capacity_and_different_for_different_pseudonyms(identifier: ModuleType):
    if not hasattr(identifier, "rank"):
        return
    numbers = made(identifier, WRITTEN_FORMS[identifier.__name__.rpartition(".")[2]][0])
    ranks = identifier.rank(pa.array(numbers))
    assert len(np.unique(ranks)) == len(numbers)
    assert int(ranks.max()) < identifier.CAPACITY


@EVERY
def test_small_capacities_are_counted_right(identifier: ModuleType):
    if identifier.CAPACITY > 100_000:
        return
    form = WRITTEN_FORMS[identifier.__name__.rpartition(".")[2]][0]
    everything = identifier.from_index(
        np.arange(identifier.CAPACITY, dtype=np.uint64), pa.array([form] * identifier.CAPACITY)
    )
    assert len(everything.unique()) == identifier.CAPACITY
