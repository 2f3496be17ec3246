"""French VAT numbers, judged by python-stdnum."""

from __future__ import annotations

import pyarrow as pa
import pytest
from stdnum.fr import tva

from anonymizer.identifiers import fr_vat
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["fr_vat"])
def test_pseudonyms_pass_the_public_checksum(like: str):
    for number in made(fr_vat, like):
        assert tva.is_valid(number)


def test_the_company_number_in_it_is_found():
    assert fr_vat.siren_of(pa.array(["FR 66 000 000 018"])).to_pylist() == ["000000018"]
    assert accepted(fr_vat, "66000000018", "FR67000000018") == [False, False]
