"""Amounts become amounts nearby."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.errors import RuleError
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import salary_or_finance
from tests.transforms.bindings import bind


def mapped(*values: str | None, **binding: Any) -> list[str | None]:
    return list(
        salary_or_finance.kernel(bind("salary_or_finance", **binding))(pa.array(values, pa.string())).to_pylist()
    )


@settings(deadline=None)
@given(st.lists(st.decimals(Decimal("-9999999"), Decimal("9999999"), places=2), min_size=1))
def test_an_amount_moves_by_a_quarter_at_most_keeps_its_digits_and_its_sign(amounts: list[Decimal]):
    for before, text in zip(amounts, mapped(*map(str, amounts), family=TypeFamily.NUMBER), strict=True):
        after = Decimal(text)
        assert len(text) == len(str(before))
        assert (after != before) == (before != 0)
        assert abs(after - before) <= abs(before) / 4 + Decimal("0.01")
        assert after.is_signed() == before.is_signed()


def test_one_amount_moves_alike_whatever_its_decimals():
    whole, decimals, words = mapped("1250", "1250.00", "EUR 1.250,00")
    assert abs(Decimal(whole) - Decimal(decimals)) <= 1
    assert words.replace(".", "").replace(",", ".") == f"EUR {decimals}"


def test_the_spread_can_be_given():
    values = [str(number) for number in range(10_000, 90_000, 37)]
    for before, after in zip(values, mapped(*values, spread=5), strict=True):
        assert abs(int(after) - int(before)) <= 0.06 * int(before)


def test_different_amounts_of_a_key_stay_different():
    values = [str(number) for number in range(1000)]
    assert len(set(mapped(*values, unique=True))) == len(values)


def test_very_long_numbers_and_text_lose_their_digits_and_letters():
    for before in ("1" * 30, "n/a", "twee duizend"):
        assert mapped(before) != [before]


@pytest.mark.parametrize("spread", [0, 101, "much"])
def test_unknown_spreads_are_refused_before_the_first_row(spread: Any):
    with pytest.raises(RuleError, match="spread"):
        salary_or_finance.kernel(bind("salary_or_finance", spread=spread))


@pytest.mark.parametrize("value", ["2500 loonbeslag Marieke Claes", "0 (schuld Marieke Claes)", "Claes: EUR 2.500,00"])
def test_of_text_around_an_amount_no_word_stays(value: str):
    (result,) = mapped(value)
    assert not {"Marieke", "Claes", "loonbeslag"} & set(re.split(r"\W+", result))


@pytest.mark.parametrize("form", ["{} EUR", "€ {}", "{} bruto/maand", "ca. {} euro per jaar"])
def test_currencies_and_what_an_amount_is_paid_for_stay(form: str):
    (alone,), (written,) = mapped("2500"), mapped(form.format("2500"))
    assert written == form.format(alone)


def test_a_telephone_number_among_amounts_comes_out_as_none_that_is_near():
    (result,) = mapped("2500 GSM 0470123456")
    assert not result.endswith("0470123456")
    assert re.search(r"\d{10}$", result)
