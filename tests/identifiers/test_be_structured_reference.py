"""Belgian structured references, judged by python-stdnum."""

from __future__ import annotations

import pytest
from stdnum.be import ogm_vcs

from anonymizer.identifiers import be_structured_reference
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["be_structured_reference"])
def test_pseudonyms_pass_the_public_checksum(like: str):
    for number in made(be_structured_reference, like):
        assert ogm_vcs.is_valid(number.strip("+*"))


def test_a_rest_of_zero_is_written_as_97():
    assert accepted(be_structured_reference, "+++000/0000/09797+++", "+++000/0000/09700+++") == [True, False]
