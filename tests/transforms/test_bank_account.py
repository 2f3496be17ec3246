"""Bank accounts in all forms become accounts that do not exist."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from stdnum import bic
from stdnum.be import ogm_vcs

from anonymizer.transforms import bank_account
from tests.transforms.bindings import bind


def mapped(*values: str | None, **binding: Any) -> list[str | None]:
    return list(bank_account.kernel(bind("bank_account", **binding))(pa.array(values, pa.string())).to_pylist())


def test_bank_codes_become_test_codes_of_the_same_country():
    (result,) = mapped("ZZZZBEBB")
    assert bic.is_valid(result)
    assert (result[4:6], result[7]) == ("BE", "0")


def test_structured_references_stay_valid_and_different():
    numbers = [f"{body:010d}{body % 97 or 97:02d}" for body in range(1, 3000)]
    references = [f"+++{number[:3]}/{number[3:7]}/{number[7:]}+++" for number in numbers]
    result = mapped(*references)
    assert len(set(result)) == len(references)
    assert all(ogm_vcs.is_valid(reference) for reference in result)


def test_other_accounts_keep_their_look():
    (result,) = mapped("P 12.34.567")
    assert [sign.isdigit() for sign in result] == [sign.isdigit() for sign in "P 12.34.567"]
