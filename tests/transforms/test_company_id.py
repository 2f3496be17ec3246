"""Company numbers become numbers that no company has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from stdnum.be import vat
from stdnum.fr import siren, siret, tva

from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import company_id, vat_number
from tests.transforms.bindings import bind


def mapped(*values: str | None, **binding: Any) -> list[str | None]:
    return list(company_id.kernel(bind("company_id", **binding))(pa.array(values, pa.string())).to_pylist())


def issued(count: int) -> list[str]:
    """Numbers of the issued form, which may or may not be somebody's: they only go in."""
    bodies = np.random.default_rng(11).choice(np.arange(2_000_000, 10_000_000), count, replace=False)
    return [f"{body:08d}{97 - body % 97:02d}" for body in bodies.tolist()]


def test_belgian_numbers_stay_valid_and_different_and_are_not_issued():
    numbers = issued(5000)
    result = mapped(*numbers, unique=True)
    assert len(set(result)) == len(numbers)
    assert all(vat.is_valid(number) and number[:2] in ("00", "01", *map(str, range(12, 20))) for number in result)


def test_a_company_has_one_number_as_company_and_as_payer_of_vat():
    (number,) = issued(1)
    (plain,) = mapped(number)
    spellings = pa.array([f"BE{number}", f"BE {number[:4]}.{number[4:7]}.{number[7:]}"])
    assert vat_number.kernel(bind("vat_number"))(spellings).to_pylist() == [
        f"BE{plain}",
        f"BE {plain[:4]}.{plain[4:7]}.{plain[7:]}",
    ]


def test_a_number_of_nine_digits_agrees_with_that_of_ten():
    (number,) = issued(1)
    long, short = mapped(number, number[1:])
    assert long[1:] == short


def test_a_column_of_integers_maps_like_text():
    (number,) = issued(1)
    assert mapped(number.lstrip("0"), family=TypeFamily.INTEGER) == [mapped(number)[0].lstrip("0")]


def test_siren_siret_and_vat_number_of_a_french_company_agree():
    head, place, payer = mapped("000 000 018", "00000001800002", "FR66000000018")
    assert siren.is_valid(head)
    assert siret.is_valid(place)
    assert tva.is_valid(payer)
    assert head.replace(" ", "") == place[:9] == payer[4:]


def test_a_mistyped_number_keeps_its_look_and_becomes_no_valid_one():
    wrong = [f"BE{body:08d}{(97 - body % 97) % 97 + 1:02d}" for body in range(4_000_000, 4_002_000)]
    wrong = [number for number in wrong if not vat.is_valid(number)]
    result = mapped(*wrong)
    assert all(number.startswith("BE") and not vat.is_valid(number) for number in result)
