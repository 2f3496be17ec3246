"""British VAT numbers, judged by python-stdnum."""

from __future__ import annotations

import pytest
from stdnum.gb import vat

from anonymizer.identifiers import gb_vat
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["gb_vat"])
def test_pseudonyms_pass_the_public_checksum_below_the_issued_range(like: str):
    for number in made(gb_vat, like):
        assert vat.is_valid(number)
        assert 100_000 <= int(vat.compact(number)[:7]) < 1_000_000


def test_both_checksums_are_accepted():
    candidates = (f"9000000{check:02d}" for check in range(97))
    newer = next(candidate for candidate in candidates if vat.checksum(candidate) == 42)
    assert accepted(gb_vat, "GB" + newer, newer) == [True, False]
