"""Card numbers become numbers that no issuer has."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from stdnum import luhn

from anonymizer.transforms import credit_card
from tests.transforms.bindings import bind


def mapped(*values: str | None, **binding: Any) -> list[str | None]:
    return list(credit_card.kernel(bind("credit_card", **binding))(pa.array(values, pa.string())).to_pylist())


def test_numbers_pass_the_luhn_test_and_keep_their_groups():
    spaced, plain = mapped("9999 0000 0000 0004", "9999000000000004")
    assert spaced.replace(" ", "") == plain != "9999000000000004"
    assert [len(group) for group in spaced.split()] == [4, 4, 4, 4]
    assert luhn.is_valid(plain)
    assert plain.startswith("9999")


def test_a_number_that_is_mostly_hidden_keeps_its_look_and_loses_its_digits():
    (result,) = mapped("**** **** **** 1234")
    assert result.startswith("**** **** **** ")
    assert not result.endswith("1234")
