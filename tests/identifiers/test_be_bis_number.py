"""Belgian bis numbers, judged by python-stdnum."""

from __future__ import annotations

import numpy as np
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


def test_the_sex_is_known_where_40_was_added_to_the_month():
    numbers = pa.array(["85.47.30-000.50", "852730 000 07"])
    assert be_bis_number.sex_is_known(numbers).tolist() == [True, False]
    assert [bis.get_gender(number) is not None for number in numbers.to_pylist()] == [True, False]


def test_any_rank_keeps_what_is_known_of_the_sex():
    like = pa.array(["85.47.30-000.50", "852730 000 07"] * 50)
    ranks = np.arange(100, dtype=np.uint64) * np.uint64(be_bis_number.SPACE // 250)  # born before 1960
    numbers = be_bis_number.from_rank(ranks, like)
    assert all(bis.is_valid(number) for number in numbers.to_pylist())
    assert be_bis_number.sex_is_known(numbers).tolist() == [True, False] * 50
