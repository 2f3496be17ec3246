"""French social security numbers, judged by python-stdnum."""

from __future__ import annotations

import pytest
from stdnum.fr import nir

from anonymizer.identifiers import fr_nir
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["fr_nir"])
def test_pseudonyms_pass_the_public_checksum_with_an_order_number_that_is_never_issued(like: str):
    for number in made(fr_nir, like):
        assert nir.is_valid(number)
        assert nir.compact(number)[10:13] == "000"


def test_corsican_departments_have_their_own_checksum():
    for department in ("2A", "2B"):
        body = f"10001{department}001000"
        assert accepted(fr_nir, body + nir.calc_check_digits(body), body + "00") == [True, False]
