"""Social Security numbers, judged by python-stdnum."""

from __future__ import annotations

import pytest
from stdnum.us import ssn

from anonymizer.identifiers import us_ssn
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["us_ssn"])
def test_pseudonyms_are_in_an_area_that_is_never_assigned(like: str):
    for number in made(us_ssn, like):
        assert ssn.compact(number)[:3] == "666"
        assert not ssn.is_valid(number)


def test_nine_bare_digits_are_not_taken_for_one():
    assert accepted(us_ssn, "666010006", "000-01-0001", "666-00-0001", "666-01-0000") == [False] * 4
