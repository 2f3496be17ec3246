"""Dutch VAT numbers, judged by python-stdnum."""

from __future__ import annotations

import pytest
from stdnum.iso7064 import mod_97_10
from stdnum.nl import bsn, btw

from anonymizer.identifiers import nl_vat
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["nl_vat"])
def test_pseudonyms_pass_the_public_checksum_and_keep_their_suffix(like: str):
    for number in made(nl_vat, like):
        assert btw.is_valid(number)
        assert number.endswith("B01")


def test_the_newer_numbers_of_sole_traders_are_accepted():
    fronts = (f"9{front:08d}B01" for front in range(1000))
    newer = next(front for front in fronts if mod_97_10.is_valid("NL" + front) and not bsn.is_valid(front[:9]))
    assert accepted(nl_vat, "NL" + newer, newer, "NL" + newer[:-1] + "2") == [True, True, False]
