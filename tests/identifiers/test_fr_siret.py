"""French establishment numbers, judged by python-stdnum."""

from __future__ import annotations

import pyarrow as pa
import pytest
from stdnum.fr import siren, siret

from anonymizer.identifiers import fr_siret
from tests.identifiers.judging import WRITTEN_FORMS, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["fr_siret"])
def test_pseudonyms_pass_both_public_checksums(like: str):
    for number in made(fr_siret, like):
        assert siret.is_valid(number)
        assert siren.is_valid(siret.to_siren(number))


def test_company_and_establishment_come_out_again():
    company, establishment = fr_siret.split(pa.array(["000 000 018 00002"]))
    assert company.to_pylist() == ["000000018"]
    assert establishment.tolist() == [0]
