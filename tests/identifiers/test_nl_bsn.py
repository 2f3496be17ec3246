"""Dutch citizen service numbers, judged by python-stdnum."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from stdnum.nl import bsn

from anonymizer.identifiers import nl_bsn
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["nl_bsn"])
def test_pseudonyms_pass_the_public_checksum_and_begin_with_nine(like: str):
    for number in made(nl_bsn, like):
        assert bsn.is_valid(number)
        assert number[0] == "9"


def test_neighbouring_indices_give_different_numbers_whatever_the_front():
    indices = np.arange(200_000, dtype=np.uint64)
    assert len(nl_bsn.from_index(indices, pa.array(["900000004"] * len(indices))).unique()) == len(indices)


def test_eight_digits_and_zeros_are_no_number():
    assert accepted(nl_bsn, "90000004", "000000000") == [False, False]
