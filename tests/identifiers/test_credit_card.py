"""Payment card numbers, judged by python-stdnum."""

from __future__ import annotations

import pytest
from stdnum import luhn

from anonymizer.identifiers import credit_card
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["credit_card"])
def test_pseudonyms_pass_the_luhn_test_with_an_issuer_that_does_not_exist(like: str):
    for number in made(credit_card, like):
        assert luhn.is_valid("".join(filter(str.isdigit, number)))
        assert number.startswith("9999")


@pytest.mark.parametrize("length", range(13, 20))
def test_every_length_of_card_number_is_kept(length: int):
    for number in made(credit_card, "9" * length, 50):
        assert len(number) == length
        assert luhn.is_valid(number)


def test_too_short_too_long_and_all_zeros_are_refused():
    assert accepted(credit_card, "0" * 16, "9" * 12, "9" * 20) == [False] * 3
