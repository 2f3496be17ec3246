"""Account numbers of all registered countries, judged by python-stdnum and its copy of the registry."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from stdnum import iban as public
from stdnum import numdb

from anonymizer.identifiers import iban
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["iban"])
def test_pseudonyms_pass_the_public_checksum(like: str):
    for number in made(iban, like):
        assert public.is_valid(number.replace("IBAN", ""), check_country=False)


def registered() -> list[str]:
    """One value of zeros, and letters A where the registry has letters, for every country."""
    values = []
    for country in iban._COUNTRIES:
        _, properties = numdb.get("iban").info(country)[0]
        parts = re.findall(r"([0-9]+)!([nac])", properties["bban"])
        values.append(country + "00" + "".join(("A" if kind == "a" else "0") * int(size) for size, kind in parts))
    return values


@pytest.mark.parametrize("like", registered(), ids=lambda value: value[:2])
def test_pseudonyms_of_every_country_have_its_form_and_no_bank(like: str):
    numbers = made(iban, like, 60)
    assert len(set(numbers)) == len(numbers)
    for number in numbers:
        assert public.is_valid(number, check_country=False)
        assert number[:2] == like[:2]
        assert number[2] != number[3] or number[2:4].isdigit()
    if like[:2] != "BE":
        bank = iban._COUNTRIES[like[:2]][1]
        assert all(re.fullmatch("[0X]+", number[4 : 4 + bank]) for number in numbers)


@pytest.mark.parametrize("country", ["ES"])
def test_national_check_digits_are_right_where_they_can_be_judged(country: str):
    like = next(value for value in registered() if value[:2] == country)
    assert all(public.is_valid(number, check_country=True) for number in made(iban, like, 200))


def test_the_belgian_account_inside_is_found():
    belgian, accounts = iban.belgian_accounts(pa.array(["BE57 1510 0000 0535", "DE89000000000000000005"]))
    assert belgian.tolist() == [True, False]
    assert accounts.to_pylist() == ["151000000535"]


def test_unregistered_countries_wrong_lengths_and_wrong_national_digits_are_refused():
    wrong = public.calc_check_digits("BE00151000000536")
    assert accepted(iban, "ZZ57151000000535", "BE5715100000053", f"BE{wrong}151000000536", "BE57151000000535") == [
        False, False, False, True,
    ]  # fmt: skip
