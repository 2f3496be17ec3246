"""Spanish DNI and NIE, judged by python-stdnum."""

from __future__ import annotations

import pytest
from stdnum.es import dni, nie

from anonymizer.identifiers import es_nif
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["es_nif"])
def test_a_spaniard_keeps_a_dni_and_a_foreigner_an_nie(like: str):
    judge = nie if like.startswith("X") else dni
    assert all(judge.is_valid(number) for number in made(es_nif, like))


def test_wrong_letters_are_refused():
    assert accepted(es_nif, "00000014-Z", "00000014-A", "X0000001R", "X0000001T", "00000000T") == [
        True, False, True, False, False,
    ]  # fmt: skip
