"""Belgian enterprise numbers, judged by python-stdnum."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from stdnum.be import vat

from anonymizer.identifiers import be_enterprise_number
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["be_enterprise_number"])
def test_pseudonyms_pass_the_public_checksum_in_blocks_that_are_not_issued(like: str):
    for number in made(be_enterprise_number, like):
        assert vat.is_valid(number)
        assert vat.compact(number)[:2] in ("00", "01", *(str(block) for block in range(12, 20)))


def test_the_old_form_of_nine_digits_is_the_same_number_and_stays_nine_digits_long():
    values = pa.array(["BE 000.000.097", "0000.000.097"])
    assert be_enterprise_number.compact(values).to_pylist() == ["0000000097", "0000000097"]
    short, long = be_enterprise_number.from_index(np.array([9_000_000] * 2, np.uint64), values).to_pylist()
    assert long == "1900.000.069"
    assert short == "BE 900.000.069"
    assert accepted(be_enterprise_number, short, long) == [True, True]


def test_no_issued_number_shares_its_pseudonym_with_another():
    issued = np.random.default_rng(3).choice(np.arange(2_000_000, 12_000_000), 5_000, replace=False)
    numbers = [f"{body:08d}{97 - body % 97:02d}" for body in issued.tolist()]
    ranks = be_enterprise_number.issued_rank(pa.array(numbers))
    assert len(np.unique(ranks)) == len(numbers)
