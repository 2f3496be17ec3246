"""Spelling does not make another person, and every spelling is put back."""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer.pseudonyms.written_form import (
    compact,
    digits_of,
    fixed_digits,
    flat_bytes,
    from_flat,
    from_matrix,
    normalise,
    restore_case,
    with_bytes,
    with_digits,
    without_accents,
    without_unseen,
)

texts = st.lists(st.one_of(st.none(), st.text(max_size=15)), max_size=10)


def array(values: list[str | None]) -> pa.Array:
    return pa.array(values, pa.string())


@pytest.mark.parametrize(
    "spellings",
    [
        ["Zoë", "zoe", "ZOE", " Zoë ", "ZOË", "Zoe\u0308"],
        ["De  Smet", "de smet", "DE\tSMET", "de\u00a0smet", "De\nSmet "],
        ["Straße", "STRASSE", "strasse"],
        ["Łukasz Đặng", "lukasz dang"],
        ["Œuvre", "oeuvre"],
    ],
    ids=lambda spellings: spellings[1],
)
def test_case_accents_and_spaces_do_not_make_another_value(spellings: list[str]):
    assert len(set(normalise(array(spellings)).to_pylist())) == 1


def test_a_name_is_one_in_a_column_a_login_and_a_mail_address():
    assert set(compact(array(["van der Aa", "Van Der Aa", "vander-aa", "VAN DER AA."])).to_pylist()) == {"vanderaa"}


@given(texts)
def test_normal_forms_are_normal_for_ever_and_keep_nulls(values: list[str | None]):
    once = normalise(array(values))
    assert normalise(once).to_pylist() == once.to_pylist()
    assert [value is None for value in once.to_pylist()] == [value is None for value in values]
    for value in once.to_pylist():
        assert value is None or value == value.strip(" ")
        assert value is None or "  " not in value


@given(texts)
def test_each_value_s_normal_form_is_its_own_whatever_stands_beside_it(values: list[str | None]):
    alone = [normalise(array([value])).to_pylist()[0] for value in values]
    assert normalise(array(values)).to_pylist() == alone
    assert compact(array(values)).to_pylist() == [compact(array([value])).to_pylist()[0] for value in values]


@given(texts)
def test_text_without_accents_has_no_combining_marks(values: list[str | None]):
    for value in without_accents(array(values)).to_pylist():
        assert value is None or not any(unicodedata.category(sign) == "Mn" for sign in value)


@given(texts, st.integers(0, 5), st.data())
def test_digits_are_replaced_one_for_one_and_nothing_else_changes(
    values: list[str | None], skip: int, data: st.DataObject
):
    column = array(values).slice(min(skip, len(values)))
    counts, digits = digits_of(column)
    plain = ["".join(sign for sign in value or "" if sign in "0123456789") for value in column.to_pylist()]
    assert counts.tolist() == [len(text) for text in plain]
    assert "".join(map(str, digits.tolist())) == "".join(plain)
    assert with_digits(column, digits).to_pylist() == column.to_pylist()
    new = np.array(data.draw(st.lists(st.integers(0, 9), min_size=len(digits), max_size=len(digits))), np.uint8)
    changed = with_digits(column, new)
    assert digits_of(changed)[1].tolist() == new.tolist()
    nines = with_digits(changed, np.full(len(digits), 9))
    assert nines.to_pylist() == with_digits(column, np.full(len(digits), 9)).to_pylist()


@given(st.lists(st.integers(0, 10**19), max_size=10), st.integers(1, 20))
def test_numbers_are_written_in_as_many_digits_as_asked(numbers: list[int], width: int):
    rows = fixed_digits(np.array(numbers, np.uint64), width)
    written = from_matrix(rows + np.uint8(48)).to_pylist()
    assert written == [str(number).zfill(width)[-width:] for number in numbers]


@given(texts, st.integers(0, 5))
def test_flat_bytes_and_back_is_the_same_column(values: list[str | None], skip: int):
    column = array(values).slice(min(skip, len(values)))
    data, offsets = flat_bytes(column)
    assert from_flat(data, offsets).to_pylist() == [value or "" for value in column.to_pylist()]
    assert with_bytes(column, data).to_pylist() == column.to_pylist()


@pytest.mark.parametrize(
    ("like", "expected"),
    [("JAN", "ÉLISE"), ("jan", "élise"), ("Jan", "Élise"), ("jAN", "Élise"), ("J", "Élise"), ("12", "Élise"),
     ("ZOË", "ÉLISE"), ("zoë", "élise")],
)  # fmt: skip
def test_a_pseudonym_takes_the_case_of_what_it_replaces(like: str, expected: str):
    assert restore_case(array(["Élise"]), array([like])).to_pylist() == [expected]
    mixed = restore_case(array(["Élise", "Els"]), array([like, "Jan"])).to_pylist()
    assert mixed == [expected, "Els"]


UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\ufeff\ufe0f"


@given(st.text("aZé-’œ 9", max_size=8), st.text(UNSEEN, max_size=3), st.integers(0, 8))
def test_signs_that_nobody_sees_go_and_nothing_else_does(text: str, unseen: str, place: int):
    assert without_unseen(array([text[:place] + unseen + text[place:], None])).to_pylist() == [text, None]


def test_a_hyphen_that_does_not_break_is_a_hyphen():
    assert without_unseen(array(["Jean\u2011Pierre", "a\u2013b"])).to_pylist() == ["Jean-Pierre", "a\u2013b"]
