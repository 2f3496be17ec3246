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


def test_words_that_say_what_a_number_is_for_stay_and_the_number_is_the_one_it_is_alone():
    (fixed, mobile) = mapped("02/123 45 67", "0401 23 45 67")
    for before, after in {
        "tel. 02/123 45 67": f"tel. {fixed}",
        "Tél.: 02/123 45 67": f"Tél.: {fixed}",
        "0401 23 45 67 (gsm)": f"{mobile} (gsm)",
        "GSM 0401 23 45 67, thuis 02/123 45 67": f"GSM {mobile}, thuis {fixed}",
        "0401 23 45 67 na 18u": f"{mobile} na 18u",
        "0401 23 45 67 après 18h30": f"{mobile} après 18h30",
        "0401 23 45 67 tussen 9:00 en 17:30": f"{mobile} tussen 9:00 en 17:30",
        "0401 23 45 67 / 02/123 45 67": f"{mobile} / {fixed}",
    }.items():
        assert mapped(before) == [after]


def test_a_range_of_numbers_is_that_of_its_first_number():
    fixed, foreign = mapped("02/123.45.67", "+31 20 123 4567")
    for rest in ("-68", " - 68", "/68", "-168"):
        for number, becomes in (("02/123.45.67", fixed), ("+31 20 123 4567", foreign)):
            (found,) = mapped(number + rest)
            assert found.startswith(becomes)
            assert re.sub("[0-9]", "0", found[len(becomes) :]) == re.sub("[0-9]", "0", rest)


def test_an_extension_and_a_link_keep_their_word():
    assert re.fullmatch(r"ext\. [0-9]{2}", mapped("ext. 12")[0])
    assert mapped("ext. 12") != ["ext. 12"]
    (number,) = mapped("+3221234567")
    assert mapped("tel:+3221234567") == [f"tel:{number}"]
    assert re.fullmatch("mailto:[a-z]{3}.[a-z]", mapped("mailto:jan@x")[0])


def test_a_name_beside_a_number_does_not_stay():
    for value in ("0401 23 45 67 Jan Peeters", "Jan Peeters 02/123 45 67 thuis", "ext 12 Peeters", "tel Jan: 12"):
        (result,) = mapped(value)
        assert not re.search("Jan|Peeters", result)
        assert not re.search(r"\b12\b", result)


def test_an_extension_never_becomes_a_number_that_calls_for_help():
    results = mapped(*(f"tel {number:03d}" for number in range(1000)))
    assert not [text for text in results if text[4] in "01" or text.endswith((" 911", " 999"))]


def test_words_stay_the_same_whatever_batch_they_stand_in():
    values = ["tel. 02/123 45 67", "02/123 45 67", "ext 12", "6f1c9a52-0c39-4c0e-9a3c-1d2f6b7a8e90", "tel", "", None]
    assert mapped(*values) == [mapped(value)[0] for value in values]


def test_a_zero_width_sign_does_not_make_another_number():
    (number,) = mapped("0401 23 45 67")
    assert mapped("\u202a0401 23 45 67\u202c", "0401\u200b 23 45 67") == [number, number]
