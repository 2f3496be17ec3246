"""British National Insurance numbers, judged by the published list of letters."""

from __future__ import annotations

import pytest

from anonymizer.identifiers import gb_nino
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["gb_nino"])
def test_pseudonyms_have_letters_that_are_never_issued(like: str):
    for number in made(gb_nino, like):
        assert number.upper().startswith("QQ")
        assert "Q" not in ISSUED


def test_letters_that_are_not_used_are_refused():
    assert accepted(gb_nino, "DA123456A", "AO123456A", "GB123456A", "QQ123456E", "QQ12345A") == [False] * 5


ISSUED = "ABCEGHJKLMNOPRSTWXYZ"
"""First letters, from the page that the identifier names."""
