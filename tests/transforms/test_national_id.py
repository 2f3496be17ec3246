"""National numbers stay well formed, agree with birth dates, and are nobody's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from stdnum.be import nn
from stdnum.nl import bsn

from anonymizer.contracts import Binding
from anonymizer.errors import RuleError
from anonymizer.identifiers import be_national_number
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import birth_date, national_id
from tests.transforms.bindings import bind


def mapped(*values: str | None, **binding: Any) -> list[str | None]:
    return list(national_id.kernel(bind("national_id", **binding))(pa.array(values, pa.string())).to_pylist())


DAYS = np.arange(np.datetime64("1930-01-01"), np.datetime64("2024-12-31"), 61)
NUMBERS = be_national_number.join(
    DAYS.astype(np.int64), np.arange(len(DAYS)) % 2 == 1, pa.array(["85.07.30-000.61"] * len(DAYS))
)


def test_the_date_in_a_number_becomes_what_the_birth_date_becomes_and_the_sex_stays():
    dates = birth_date.kernel(bind("birth_date", TypeFamily.DATE))(pa.array(np.datetime_as_string(DAYS)))
    for before, after, date in zip(NUMBERS.to_pylist(), mapped(*NUMBERS.to_pylist()), dates.to_pylist(), strict=True):
        assert nn.is_valid(after)
        assert nn.compact(after)[6:9] in ("000", "999")
        assert str(nn.get_birth_date(after)) == date
        assert nn.get_gender(after) == nn.get_gender(before)


def test_the_date_follows_the_settings_of_the_birth_date_domain():
    plain = bind("national_id")
    domains = {"birth_date": Domain("birth_date", parameters={"shift": "30 days"})}
    near = Binding(plain.keys, plain.domain, plain.column, plain.table, {}, domains, plain.locales)
    before, _ = be_national_number.split(NUMBERS)
    after, _ = be_national_number.split(national_id.kernel(near)(NUMBERS))
    assert np.abs(after - before).min() > 0
    assert np.abs(after - before).max() <= 30


def test_written_forms_of_one_number_agree():
    assert (
        len(
            {
                value.translate(str.maketrans("", "", " .-"))
                for value in mapped("85.07.30-000.61", "85073000061", "850730 000 61")
            }
        )
        == 1
    )


def test_a_column_of_integers_that_lost_its_zeros_maps_like_text():
    text = be_national_number.join(np.array([11000]), np.array([True]), pa.array(["00000000000"]))[0].as_py()
    born_2000 = be_national_number.join(np.array([10960]), np.array([False]), pa.array(["00000000000"]))[0].as_py()
    for number in (text, born_2000):
        (as_text,) = mapped(number)
        assert mapped(number.lstrip("0"), family=TypeFamily.INTEGER) == [as_text.lstrip("0")]


def test_the_issued_range_keeps_different_numbers_different_and_the_date_and_sex():
    serials = np.arange(1, 999)
    days = np.full(len(serials), 5689)
    same_day = be_national_number.join(days, serials % 2 == 1, pa.array(["85073000061"] * len(serials)), serials)
    result = mapped(*same_day.to_pylist(), range="issued")
    assert len(set(result)) == len(serials)
    assert all(nn.is_valid(number) for number in result)
    assert {nn.get_gender(number) for number in result[::2]} == {"M"}
    assert len({number[:6] for number in result}) == 1


def test_without_coherence_the_date_is_another_one():
    assert mapped("85.07.30-000.61", coherent=False) != mapped("85.07.30-000.61")
    assert all(nn.is_valid(number) for number in mapped(*NUMBERS.to_pylist(), coherent=False))


def test_other_countries_keep_their_kind():
    dutch, british = mapped("9000.00.090", "QQ 12 34 56 C")
    assert bsn.is_valid(dutch)
    assert british.startswith("QQ ")


def test_what_is_no_number_keeps_its_look_and_never_becomes_a_valid_one():
    wrong = [f"850730{number:05d}" for number in range(3000)]
    wrong = [number for number in wrong if not nn.is_valid(number)]
    result = mapped("AB-1234", *wrong)
    assert result[0][2] == "-"
    assert not any(be_national_number.is_valid(pa.array(result)).to_pylist())


def test_unknown_settings_are_refused_before_the_first_row():
    for parameters in ({"range": "all"}, {"coherent": "no"}):
        with pytest.raises(RuleError):
            national_id.kernel(bind("national_id", **parameters))
