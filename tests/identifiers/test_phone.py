"""Telephone numbers, judged by libphonenumber."""

from __future__ import annotations

import re

import numpy as np
import phonenumbers
import pyarrow as pa
import pytest

from anonymizer.identifiers import phone
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["phone"])
def test_pseudonyms_look_possible_and_cannot_be_rung(like: str):
    for number in made(phone, like):
        assert phonenumbers.is_possible_number(parsed(number))
        assert not phonenumbers.is_valid_number(parsed(number))


def parsed(number: str) -> phonenumbers.PhoneNumber:
    """As somebody in Belgium would dial it."""
    return phonenumbers.parse("+" + number[2:] if number.startswith("00") else number, "BE")


@pytest.mark.parametrize("country", sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
def test_no_pseudonym_of_any_country_is_assigned_but_to_fiction(country: int):
    fiction = {
        1: r"[2-9][0-9]{2}55501[0-9]{2}",
        33: r"(19900|26191|35301|46571|53649|63998)[0-9]{4}",
        44: r"2079460[0-9]{3}",
        888: r"[0-9]+",  # for disaster relief, withdrawn in 2021; libphonenumber accepts every number
    }
    for digits in range(6, 12):
        likes = pa.array([f"+{country}{front}{'5' * (digits - 1)}" for front in range(1, 10)])
        for number in phone.from_index(np.arange(9, dtype=np.uint64) * 7919, likes).to_pylist():
            number = number[1 + len(str(country)) :]
            if country in fiction and re.fullmatch(fiction[country], number):
                continue
            try:
                assert not phonenumbers.is_valid_number(phonenumbers.parse(f"+{country}{number}"))
            except phonenumbers.NumberParseException:
                continue  # what cannot be read cannot be rung


def test_all_written_forms_of_a_number_are_one():
    forms = ["+32 401 23 45 67", "0401/23.45.67", "0032401234567", "+32 (0)401 234567", "32401234567", "401 23 45 67"]
    assert len(set(phone.compact(pa.array(forms)).to_pylist())) == 1


def test_different_belgian_mobile_numbers_have_different_ranks():
    numbers = pa.array([f"04{rest}" for rest in range(50_000_000, 100_000_000, 9973)])
    mobile, ranks = phone.belgian_mobile(phone.parse(numbers))
    assert mobile.all()
    assert len(np.unique(ranks)) == len(numbers)
    assert ranks.max() < 50_000_000


def test_dates_amounts_and_names_are_no_numbers_that_can_be_rung():
    assert accepted(phone, "20240131", "12.50", "Jan 0401", "123", "+999 1234567") == [False] * 5
