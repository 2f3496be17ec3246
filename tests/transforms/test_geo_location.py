"""Places become places nearby."""

from __future__ import annotations

import struct
from typing import Any

import pyarrow as pa
import pytest

from anonymizer.errors import RuleError
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import geo_location
from tests.transforms.bindings import bind


def mapped(*values: str | None, **binding: Any) -> list[str | None]:
    return list(geo_location.kernel(bind("geo_location", **binding))(pa.array(values, pa.string())).to_pylist())


def test_the_first_decimal_stays_and_the_others_are_drawn_by_value():
    values = [f"{50 + step / 10_000:.6f}" for step in range(0, 9000, 7)]
    result = mapped(*values, family=TypeFamily.NUMBER)
    for before, after in zip(values, result, strict=True):
        assert after != before
        assert after[:4] == before[:4]
        assert len(after) == len(before)


def test_pairs_points_and_shapes_in_text_keep_their_form():
    for value in mapped(
        "50.850346, 4.351721", "(4.351721,50.850346)", "SRID=4326;POINT(4.351721 50.850346)", "-33.456789"
    ):
        assert not {"850346", "351721", "456789"} & set(
            value.replace(",", ".").replace(")", ".").replace(" ", ".").split(".")
        )
    (point,) = mapped("POINT(4.351721 50.850346)")
    assert point.startswith("POINT(4.3")
    assert " 50.8" in point


def test_points_in_binary_form_move_within_their_tenth_of_a_degree():
    hexadecimal = "0101000020E6100000" + struct.pack("<dd", 4.351721, 50.850346).hex().upper()
    (result,) = mapped(hexadecimal, family=TypeFamily.GEOMETRY, type_name="geometry(Point,4326)")
    east, north = struct.unpack("<dd", bytes.fromhex(result[18:]))
    assert result[:18] == hexadecimal[:18]
    assert 4.3 <= east < 4.4
    assert 50.8 <= north < 50.9
    assert (east, north) != (4.351721, 50.850346)


def test_whole_microdegrees_keep_three_digits():
    (result,) = mapped("50850346", family=TypeFamily.INTEGER)
    assert result.startswith("508")
    assert result != "50850346"
    assert len(result) == 8


def test_coarse_places_stay_and_other_numbers_do_not():
    assert mapped("50.8", "4", "-120,5") == ["50.8", "4", "-120,5"]
    assert mapped("4711") != ["4711"]


@pytest.mark.parametrize("decimals", [4, -1, "two"])
def test_more_decimals_than_protect_are_refused(decimals: Any):
    with pytest.raises(RuleError, match="decimals"):
        geo_location.kernel(bind("geo_location", decimals=decimals))
