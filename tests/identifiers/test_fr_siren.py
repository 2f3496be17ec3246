"""French company numbers, judged by python-stdnum."""

from __future__ import annotations

import pytest
from stdnum.fr import siren

from anonymizer.identifiers import fr_siren
from tests.identifiers.judging import WRITTEN_FORMS, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["fr_siren"])
def test_pseudonyms_pass_the_public_checksum_and_begin_with_zero(like: str):
    for number in made(fr_siren, like):
        assert siren.is_valid(number)
        assert number[0] == "0"
