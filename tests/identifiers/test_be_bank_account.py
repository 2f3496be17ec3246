"""Belgian account numbers, judged by python-stdnum with the list of bank codes of the National Bank."""

from __future__ import annotations

import pytest
from stdnum import numdb
from stdnum.be import iban as belgian_iban

from anonymizer.identifiers import be_bank_account
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["be_bank_account"])
def test_pseudonyms_pass_the_public_checksum_at_a_bank_that_does_not_exist(like: str):
    for number in made(be_bank_account, like):
        assert not numdb.get("be/banks").info(number[:3])[0][1]
        digits = number.replace("-", "")
        assert belgian_iban._calc_check_digits(digits[:10]) == digits[10:]


def test_a_wrong_check_digit_is_refused():
    assert accepted(be_bank_account, "151-0000005-35", "151-0000005-36", "000-0000000-97") == [True, False, False]
