"""Belgian bis numbers, judged by python-stdnum."""

from __future__ import annotations

import pyarrow as pa
import pytest
from stdnum.be import bis

from anonymizer.identifiers import be_bis_number
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["be_bis_number"])
def test_pseudonyms_pass_the_public_checksum_with_a_serial_that_is_never_issued(like: str):
    for number in made(be_bis_number, like):
        assert bis.is_valid(number)
        assert bis.compact(number)[6:9] in ("000", "999")
        assert bis.compact(number)[2] in ("23" if like.startswith("8527") else "45")


def test_a_national_number_is_no_bis_number():
    assert accepted(be_bis_number, "85.07.30-000.61", "85.47.30-000.50") == [False, True]


def test_the_birth_date_comes_out_without_what_is_added_to_the_month():
    days, male = be_bis_number.split(pa.array(["85.47.30-000.50", "852730 000 07"]))
    assert [str(day) for day in days.astype("M8[D]")] == ["1985-07-30", "1985-07-30"]
    assert not male.any()
