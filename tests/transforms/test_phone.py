"""Telephone numbers stay telephone numbers, and nobody answers."""

from __future__ import annotations

import re
from typing import Any

import phonenumbers
import pyarrow as pa

from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import phone
from tests.transforms.bindings import bind


def mapped(*values: str | None, **binding: Any) -> list[str | None]:
    return list(phone.kernel(bind("phone", **binding))(pa.array(values, pa.string())).to_pylist())


def rings(number: str, region: str = "BE") -> bool:
    return bool(phonenumbers.is_valid_number(phonenumbers.parse(number, region)))


def test_all_written_forms_of_a_number_agree_and_stay():
    values = ["+32 401 23 45 67", "0401/23.45.67", "0032401234567", "+32 (0)401 234567", "401 23 45 67"]
    result = mapped(*values)
    assert len({re.sub("[^0-9]", "", number)[-9:] for number in result}) == 1
    for before, after in zip(values, result, strict=True):
        assert [sign.isdigit() for sign in before] == [sign.isdigit() for sign in after]
    assert mapped("401234567", "32401234567", family=TypeFamily.INTEGER) == [
        re.sub("[^0-9]", "", number)[-9:] if size == 9 else re.sub("[^0-9]", "", number)[-11:]
        for number, size in ((result[0], 9), (result[0], 11))
    ]


def test_different_belgian_mobile_numbers_stay_different_and_ring_nowhere():
    numbers = [f"04{front}{rest:06d}" for front in range(70, 100) for rest in range(0, 1_000_000, 9973)]
    result = mapped(*numbers, unique=True)
    assert len(set(result)) == len(numbers)
    assert not any(rings(number) for number in result[::37])


def test_other_belgian_numbers_ring_nowhere():
    assert not any(
        rings(number) for number in mapped(*(f"0{zone}/12.34.{end}" for zone in (2, 3, 9) for end in range(10, 99)))
    )


def test_numbers_without_a_country_are_read_in_the_first_locale():
    (dutch,) = mapped("06-12345678", locales=("nl_NL", "nl_BE"))
    (international,) = mapped("+31 6 12345678")
    assert re.sub("[^0-9]", "", dutch)[1:] == re.sub("[^0-9]", "", international)[2:]
    assert not rings(international)


def test_numbers_inside_text_are_replaced_where_they_stand():
    (alone,) = mapped("0401/23.45.67")
    first, second = mapped("GSM: 0401/23.45.67 (Jan)", "02/012.34.56 - 0401/23.45.67 ext 3")
    assert re.fullmatch(r"[A-Z]{3}: " + re.escape(alone) + r" \([A-Z][a-z]{2}\)", first)
    assert f" - {alone} " in second
    assert "Jan" not in first


def test_short_internal_numbers_stay_short():
    (result,) = mapped("204")
    assert re.fullmatch("[0-9]{3}", result)


def test_an_internal_number_never_becomes_one_that_calls_for_help():
    every = [f"{number:03d}" for number in range(1000)]
    assert not [number for number in mapped(*every) if number[0] in "01" or number in ("911", "999")]


def test_spaces_and_dashes_of_word_processors_are_those_of_keyboards():
    plain = mapped("+32 470 12 34 56", "0470-12-34-56")
    assert mapped("+32\u00a0470\u202f12\u00a034\u00a056", "0470\u201312\u201334\u201356") == plain
