"""ch_ahv, gb_nhs, it_codice_fiscale and pl_pesel, judged by python-stdnum."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from stdnum.ch import ssn
from stdnum.gb import nhs
from stdnum.it import codicefiscale
from stdnum.pl import pesel

from anonymizer.identifiers import ch_ahv, gb_nhs, it_codice_fiscale, pl_pesel
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made, some


@pytest.mark.parametrize("like", WRITTEN_FORMS["ch_ahv"])
def test_swiss_numbers_have_the_public_check_digit(like: str):
    assert all(ssn.is_valid(number) for number in made(ch_ahv, like))
    assert accepted(ch_ahv, "756.0000.0000.19", "756.0000.0000.18", "755.0000.0000.19") == [True, False, False]


@pytest.mark.parametrize("like", WRITTEN_FORMS["gb_nhs"])
def test_nhs_numbers_are_of_the_range_for_tests(like: str):
    for number in made(gb_nhs, like):
        assert nhs.is_valid(number)
        assert number.startswith("999")


@pytest.mark.parametrize("like", WRITTEN_FORMS["it_codice_fiscale"])
def test_italian_codes_name_a_place_that_does_not_exist(like: str):
    for number in made(it_codice_fiscale, like):
        compact = codicefiscale.compact(number)
        assert codicefiscale.calc_check_digit(compact[:-1]) == compact[-1]
        assert "N" <= compact[11] <= "Y"


def test_italian_codes_without_a_day_or_with_another_letter_are_refused():
    codes = ["AAAAAA00A01N000U", "AAAAAA00A01N000V", "AAAAAA00F01N000U", "AAAAAA00A00N000T", "AAAAAA00A32N000U"]
    assert accepted(it_codice_fiscale, *codes) == [True, False, False, False, False]


@pytest.mark.parametrize("like", ["85022912345", "00610100006", "00610100013"])
def test_polish_numbers_are_of_people_yet_to_be_born_and_of_the_same_sex(like: str):
    for number in made(pl_pesel, like):
        assert pesel.is_valid(number)
        assert 2200 <= pesel.get_birth_date(number).year <= 2299
        assert pesel.get_gender(number) == pesel.get_gender(like)


def test_polish_dates_of_all_centuries_are_read():
    like = pa.array(["00610100006"] * 502)
    numbers = pl_pesel.from_rank(some(pl_pesel.SPACE, 500), like[: len(some(pl_pesel.SPACE, 500))])
    assert {pesel.get_birth_date(number).year // 100 for number in numbers.to_pylist()} == {18, 19, 20, 21, 22}
    assert accepted(pl_pesel, "00013200003", "00130100003", "85022900002", "85023000000") == [False] * 4


def test_the_whole_space_of_swiss_numbers_has_its_ends():
    ends = np.array([0, ch_ahv.SPACE - 1], np.uint64)
    numbers = ch_ahv.from_rank(ends, pa.array(["756.0000.0000.19"] * 2)).to_pylist()
    assert [ssn.is_valid(number) for number in numbers] == [True, True]
