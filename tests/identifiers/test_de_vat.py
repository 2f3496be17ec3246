"""German VAT numbers, judged by python-stdnum."""

from __future__ import annotations

import pytest
from stdnum.de import vat

from anonymizer.identifiers import de_vat
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["de_vat"])
def test_pseudonyms_pass_the_public_checksum(like: str):
    for number in made(de_vat, like):
        assert vat.is_valid(number)


def test_the_country_is_needed():
    assert accepted(de_vat, "900000006", "DE900000007") == [False, False]
