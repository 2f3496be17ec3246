"""Luxembourg VAT numbers, judged by python-stdnum."""

from __future__ import annotations

import pytest
from stdnum.lu import tva

from anonymizer.identifiers import lu_vat
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["lu_vat"])
def test_pseudonyms_pass_the_public_checksum(like: str):
    for number in made(lu_vat, like):
        assert tva.is_valid(number)


def test_the_country_is_needed():
    assert accepted(lu_vat, "90000032", "LU90000033") == [False, False]
