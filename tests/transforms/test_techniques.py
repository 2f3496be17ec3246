"""shift, generalise and noise: what stays of dates and numbers, what never does, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.errors import RuleError
from anonymizer.model.schema import TypeFamily as T
from anonymizer.transforms import generalise, noise, shift
from anonymizer.transforms.shift import Offsets
from tests.transforms.bindings import KEYS, OTHER_KEYS, bind

dates = st.dates(date(1000, 1, 1), date(9000, 12, 31))
NO_DATES = ["infinity", "-infinity", "0000-00-00", "0001-01-01 00:00:00", "9999-12-31"]


def results(module, family: T, values: list[str], **more: object) -> list[str]:
    name = module.__name__.rpartition(".")[2]
    return module.kernel(bind(name, family, **more))(pa.array(values, pa.string())).to_pylist()


# --- shift ----------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.lists(dates, min_size=1, max_size=20), st.integers(1, 36_525))
def test_shifted_dates_stay_as_far_apart_as_they_were(days: list[date], by: int):
    result = [date.fromisoformat(text) for text in results(shift, T.DATE, [str(day) for day in days], by=f"{by} days")]
    moved = {new - old for old, new in zip(days, result, strict=True)}
    assert len(moved) == 1
    assert timedelta() < abs(moved.pop()) <= timedelta(by)


def test_a_shift_keeps_the_written_form_and_the_time_of_day():
    written = ["2024-05-17", "2024-05-17 10:11:12.5+02:30", "20240517", "17/05/2024", "17.05.2024 08:00", "2024/05/17"]
    result = results(shift, T.TEXT, written, by="2 weeks")
    day = date.fromisoformat(result[0])
    assert day != date(2024, 5, 17)
    assert result[1:] == [
        f"{day} 10:11:12.5+02:30", f"{day:%Y%m%d}", f"{day:%d/%m/%Y}", f"{day:%d.%m.%Y} 08:00", f"{day:%Y/%m/%d}",
    ]  # fmt: skip
    assert results(shift, T.TEXT, ["05/17/2024"], by="2 weeks", order="mdy") == [f"{day:%m/%d/%Y}"]


@pytest.mark.parametrize(("module", "more"), [(shift, {"by": 9}), (noise, {"spread": "9 days"}),
                                              (generalise, {"to": "year"})])  # fmt: skip
def test_what_stands_for_no_date_stays(module, more: dict[str, object]):
    assert results(module, T.TIMESTAMP, NO_DATES, **more) == NO_DATES


def test_each_person_and_each_key_has_an_offset_of_its_own_and_none_is_zero():
    persons = pa.array(range(50_000), pa.uint64()).to_numpy()
    days = Offsets(bind("shift", T.DATE, keys=KEYS, by="3 days"))(persons)
    assert set(days.tolist()) == {-3, -2, -1, 1, 2, 3}
    others = Offsets(bind("shift", T.DATE, keys=OTHER_KEYS, by="3 days"))(persons)
    assert 0.1 < (days == others).mean() < 0.25


# --- generalise -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "expected"),
    [("month", "2023-11-01"), ("quarter", "2023-10-01"), ("year", "2023-01-01"), ("decade", "2020-01-01")],
)
def test_a_date_becomes_the_first_day_of_its_period_at_midnight(to: str, expected: str):
    assert results(generalise, T.DATE, ["2023-11-17"], to=to) == [expected]
    assert results(generalise, T.TIMESTAMP, ["2023-11-17 10:11:12.345-05"], to=to) == [f"{expected} 00:00:00.000-05"]


@settings(max_examples=60, deadline=None)
@given(
    st.decimals(-(10**12), 10**12, allow_nan=False, places=2),
    st.integers(1, 10**6),
)
def test_a_number_becomes_the_lower_bound_of_its_class(number: Decimal, size: int):
    (result,) = results(generalise, T.NUMBER, [f"{number:f}"], to=size)
    assert Decimal(result) % size == 0
    assert 0 <= number - Decimal(result) < size
    assert result.endswith(".00")


@pytest.mark.parametrize(
    ("type_name", "least"), [("smallint", -32768), ("integer", -(2**31)), ("bigint", -(2**63 // 10))]
)
def test_no_class_leaves_the_integer_type(type_name: str, least: int):
    (result,) = results(generalise, T.INTEGER, [str(least)], type_name=type_name, to=1000)
    assert int(result) >= least - (type_name == "bigint") * 1000
    assert int(result) % 1000 == 0


def test_text_keeps_its_first_characters():
    assert results(generalise, T.TEXT, ["9000", "1", "Zoë"], first=2) == ["90", "1", "Zo"]
    assert results(generalise, T.TEXT, ["9000", "1", "Zoë"], first=2, filler="*") == ["90**", "1", "Zo*"]


def test_an_address_becomes_its_network():
    before = ["10.1.2.3", "10.1.2.3/16", "2001:db8:1:2::7", "fe80::1", "1:2:3:4:5:6:7:8"]
    assert results(generalise, T.NETWORK, before, to="/24") == [
        "10.1.2.0", "10.1.2.0/16", "2001:db8:1::", "fe80::", "1:2:3::",
    ]  # fmt: skip
    assert results(generalise, T.TEXT, ["10.1.2.3"], to="/8") == ["10.0.0.0"]


# --- noise ----------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(-(2**31) + 1, 2**31 - 1), st.integers(1, 100))
def test_noise_moves_every_number_but_zero_within_its_type_and_spread(number: int, spread: int):
    (result,) = results(noise, T.INTEGER, [str(number)], type_name="integer", spread=f"{spread} %")
    assert (int(result) == number) == (number == 0)
    assert abs(int(result)) < 2**31
    assert len(result) == len(str(number))
    assert abs(int(result) - number) <= abs(number) * spread / 100 + 1


def test_noise_does_not_move_all_small_numbers_alike():
    new = results(noise, T.INTEGER, [str(n) for n in range(1, 10)], type_name="smallint", spread="10 %")
    assert {int(after) - before for before, after in enumerate(new, 1)} == {-1, 1}
    assert set(map(int, new)) <= set(range(1, 10))


def test_noise_keeps_decimals_and_gives_one_number_one_result():
    first, again, zero = results(noise, T.NUMBER, ["1840.50", "1840.50", "0.00"], spread=10)
    assert first == again != "1840.50"
    assert first[-3] == "."
    assert zero == "0.00"


@settings(max_examples=40, deadline=None)
@given(dates, st.integers(1, 400))
def test_noise_moves_every_date_within_its_spread(day: date, spread: int):
    (result,) = results(noise, T.DATE, [str(day)], spread=f"{spread} days")
    assert timedelta() < abs(date.fromisoformat(result) - day) <= timedelta(spread)


# --- refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "family", "more", "advice"),
    [
        (shift, T.DATE, {}, "by: 90 days"),
        (shift, T.DATE, {"by": "90 moons"}, "by: 90 days"),
        (shift, T.DATE, {"by": "0 days"}, "by: 90 days"),
        (shift, T.DATE, {"by": "101 years"}, "by: 90 days"),
        (shift, T.INTEGER, {"by": "90 days"}, "masked"),
        (shift, T.TEXT, {"by": "90 days", "unique": True}, "permute"),
        (shift, T.DATE, {"by": "90 days", "order": "ymd"}, "dmy or mdy"),
        (noise, T.NUMBER, {}, "spread: 10 %"),
        (noise, T.NUMBER, {"spread": "30 days"}, "spread: 10 %"),
        (noise, T.NUMBER, {"spread": 101}, "spread: 10 %"),
        (noise, T.DATE, {"spread": "10 %"}, "spread: 90 days"),
        (noise, T.INTEGER, {"spread": 10, "unique": True}, "permute"),
        (noise, T.BOOLEAN, {"spread": 10}, "masked"),
        (generalise, T.NUMBER, {}, "needs `to` or `first`"),
        (generalise, T.NUMBER, {"to": 10, "first": 2}, "needs `to` or `first`"),
        (generalise, T.NUMBER, {"to": "month"}, "to: 1000"),
        (generalise, T.INTEGER, {"to": 1}, "to: 10"),
        (generalise, T.INTEGER, {"first": 2}, "write `to`"),
        (generalise, T.DATE, {"to": "fortnight"}, "month, quarter, year, decade"),
        (generalise, T.NETWORK, {"to": "/23"}, "/8, /16, /24"),
        (generalise, T.TEXT, {"first": 0}, "first: 2"),
        (generalise, T.TEXT, {"first": 2, "filler": "**"}, "one character"),
        (generalise, T.TEXT, {"to": 10, "filler": "*"}, "belongs to `first`"),
        (generalise, T.TEXT, {"first": 2, "unique": True}, "permute"),
        (generalise, T.JSON, {"to": 10}, "masked"),
    ],
)
def test_what_cannot_work_is_one_sentence_with_what_to_write(module, family: T, more: dict[str, object], advice: str):
    with pytest.raises(RuleError) as refused:
        results(module, family, ["1"], **more)
    assert advice in str(refused.value)
    assert str(refused.value).startswith("t.c")
    assert "\n" not in str(refused.value)
