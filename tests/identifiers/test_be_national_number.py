"""Belgian national numbers, judged by python-stdnum."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from stdnum.be import nn

from anonymizer.identifiers import _belgian_register as register
from anonymizer.identifiers import be_national_number
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["be_national_number"])
def test_pseudonyms_pass_the_public_checksum_with_a_serial_that_is_never_issued(like: str):
    for number in made(be_national_number, like):
        assert nn.is_valid(number)
        assert nn.compact(number)[6:9] in ("000", "999")


def test_a_wrong_check_digit_month_or_day_is_refused():
    assert accepted(be_national_number, "85.07.30-000.61", "85.07.30-000.62", "85.13.30-000.36", "85.07.32-000.98") == [
        True, False, False, False,
    ]  # fmt: skip


def test_a_date_and_sex_go_in_and_come_out_again_in_both_centuries():
    days = np.arange(np.datetime64("1900-01-01"), np.datetime64("2025-01-01"), 97).astype(np.int64)
    male = days % 2 == 0
    numbers = be_national_number.join(days, male, pa.array(["85.07.30-000.61"] * len(days)))
    assert all(be_national_number.is_valid(numbers).to_pylist())
    back, men = be_national_number.split(numbers)
    assert back.tolist() == days.tolist()
    assert men.tolist() == male.tolist()
    for number, day, man in zip(numbers.to_pylist(), days.astype("M8[D]").tolist(), male.tolist(), strict=True):
        assert nn.get_birth_date(number) == day
        assert nn.get_gender(number) == ("M" if man else "F")


def test_an_unknown_month_and_day_are_accepted_and_count_as_the_first():
    body = 850_000_001
    number = f"{body}{97 - body % 97:02d}"
    assert accepted(be_national_number, number) == [True]
    days, _ = be_national_number.split(pa.array([number]))
    assert str(days.astype("M8[D]")[0]) == "1985-01-01"


def test_date_sex_and_serial_can_be_changed_one_without_the_other():
    numbers = pa.array(["85.07.30-000.61", "85.07.30-000.61"])
    parts = be_national_number.parts(numbers)
    assert not parts.male.any()
    day = np.array([np.datetime64("1990-02-03").astype(np.int64)] * 2)
    moved = be_national_number.from_parts(parts._replace(slot=register.slots(day)), numbers)
    men = be_national_number.from_parts(parts._replace(male=~parts.male, serial=parts.serial + np.uint64(21)), numbers)
    assert [nn.get_birth_date(number).isoformat() for number in moved.to_pylist()] == ["1990-02-03"] * 2
    assert [nn.get_gender(number) for number in men.to_pylist()] == ["M"] * 2
    assert [nn.compact(number)[6:9] for number in men.to_pylist()] == ["043"] * 2
    assert be_national_number.rank(men).tolist() == be_national_number.parts(men).rank().tolist()


def test_slots_of_days_are_those_of_numbers_with_these_birth_dates():
    days = np.arange(np.datetime64("1900-01-01"), np.datetime64("2050-01-01"), 13).astype(np.int64)
    numbers = be_national_number.join(days, days % 2 == 0, pa.array(["85.07.30-000.61"] * len(days)))
    assert be_national_number.parts(numbers).slot.tolist() == register.slots(days).tolist()
