"""Bank identifier codes, judged by python-stdnum."""

from __future__ import annotations

import pyarrow as pa
import pytest
from stdnum import bic as public

from anonymizer.identifiers import bic
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["bic"])
def test_pseudonyms_are_well_formed_test_codes_of_the_same_country(like: str):
    for number in made(bic, like):
        assert public.is_valid(number)
        assert number[4:6] == "BE"
        assert number[7] == "0"


def test_small_letters_and_countries_that_do_not_exist_are_refused():
    assert accepted(bic, "zzzzbea0", "ZZZZQZA0", "ZZZZBEA0XX", "ZZZZBEA0XXX") == [False, False, False, True]


def test_branches_are_one_bank():
    assert bic.compact(pa.array(["ZZZZBEA0", "ZZZZBEB1ABC"])).to_pylist() == ["ZZZZBE", "ZZZZBE"]
