"""German tax identification numbers, judged by the checksum of python-stdnum."""

from __future__ import annotations

import pytest
from stdnum.iso7064 import mod_11_10

from anonymizer.identifiers import de_steuer_id
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["de_steuer_id"])
def test_pseudonyms_are_test_numbers_that_pass_the_public_checksum(like: str):
    for number in made(de_steuer_id, like):
        assert mod_11_10.is_valid(number.replace(" ", ""))
        counts = sorted(number.replace(" ", "")[:10].count(digit) for digit in "0123456789")
        assert counts == [0, 1, 1, 1, 1, 1, 1, 1, 1, 2]
        assert number[0] == "0"


def test_numbers_with_no_or_several_repeated_digits_are_refused():
    for body in ("1234567890", "1122345678", "1111234567"):
        assert accepted(de_steuer_id, mod_11_10_number(body)) == [False]


def mod_11_10_number(body: str) -> str:
    return body + mod_11_10.calc_check_digit(body)
