"""Birth dates move a little, stay dates, and keep their written form."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.errors import RuleError
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import birth_date
from tests.transforms.bindings import bind


def mapped(*values: str | None, **binding: Any) -> list[str | None]:
    return list(birth_date.kernel(bind("birth_date", **binding))(pa.array(values, pa.string())).to_pylist())


@settings(deadline=None)
@given(st.lists(st.dates(datetime.date(1800, 1, 1), datetime.date(2199, 12, 31)), unique=True, min_size=1))
def test_every_date_becomes_another_date_within_four_years_and_no_two_become_one(dates: list[datetime.date]):
    result = [datetime.date.fromisoformat(text) for text in mapped(*map(str, dates), family=TypeFamily.DATE)]
    assert len(set(result)) == len(dates)
    for before, after in zip(dates, result, strict=True):
        assert 0 < abs((after - before).days) <= 1461


def test_no_date_up_to_2024_moves_into_the_future():
    dates = [datetime.date(2024, 12, 31) - datetime.timedelta(days) for days in range(2000)]
    assert max(mapped(*map(str, dates))) <= "2024-12-31"


@pytest.mark.parametrize(("shift", "days"), [("90 days", 90), ("2 weeks", 14), (30, 30), ("1 year", 365)])
def test_the_shift_can_be_given(shift: Any, days: int):
    dates = [datetime.date(1950, 1, 1) + datetime.timedelta(17 * step) for step in range(1000)]
    result = [datetime.date.fromisoformat(text) for text in mapped(*map(str, dates), shift=shift)]
    furthest = max(abs((after - before).days) for before, after in zip(dates, result, strict=True))
    assert days // 2 <= furthest <= days


def test_all_written_forms_of_a_date_agree():
    (new,) = mapped("1985-07-30")
    year, month, day = new.split("-")
    assert mapped(
        "30/07/1985", "30.07.1985", "30-07-1985", "1985/07/30", "19850730", "30/07/85", "07-30-1985",
        "1985-07-30 12:30:00+01",
    ) == [
        f"{day}/{month}/{year}", f"{day}.{month}.{year}", f"{day}-{month}-{year}", f"{year}/{month}/{day}",
        year + month + day, f"{day}/{month}/{year[2:]}", f"{month}-{day}-{year}", f"{new} 12:30:00+01",
    ]  # fmt: skip
    assert mapped("19850730", family=TypeFamily.INTEGER) == [year + month + day]
    assert mapped("1985-07-30 12:30:00", family=TypeFamily.TIMESTAMP) == [f"{new} 12:30:00"]


def test_the_order_of_day_and_month_can_be_given():
    (european,), (american,) = mapped("03/04/1985"), mapped("04/03/1985", order="mdy")
    assert american == "/".join([european[3:5], european[:2], european[6:]])


def test_forms_without_zeros_stay_so_and_fit_their_column():
    for width in (8, 9, 10):
        for value in mapped("1/2/1985", "9/9/1961", width=width):
            assert re.fullmatch(r"[1-9][0-9]?/[1-9][0-9]?/[0-9]{4}", value)
            assert len(value) <= width


def test_what_stands_for_no_date_stays():
    values = ["infinity", "-infinity", "0000-00-00", "0001-01-01", "9999-12-31", None, "", " "]
    assert mapped(*values) == values


def test_impossible_and_distant_dates_become_dates():
    for value in mapped("1985-02-31", "1985-00-00", "2985-07-30", "0985-07-30"):
        assert 1800 <= datetime.date.fromisoformat(value).year <= 2199


def test_a_year_alone_becomes_a_year_nearby():
    (year,) = mapped("1985")
    assert year != "1985"
    assert abs(int(year) - 1985) <= 5


@pytest.mark.parametrize("parameters", [{"shift": "soon"}, {"shift": 0}, {"shift": "200 years"}, {"order": "ymd"}])
def test_unknown_settings_are_refused_before_the_first_row(parameters: dict[str, Any]):
    with pytest.raises(RuleError, match=r"t\.c"):
        birth_date.kernel(bind("birth_date", **parameters))
