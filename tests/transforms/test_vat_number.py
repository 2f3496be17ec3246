"""VAT numbers become numbers that nobody has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from stdnum.be import vat as belgian
from stdnum.de import vat as german
from stdnum.fr import tva as french
from stdnum.gb import vat as british
from stdnum.lu import tva as luxembourgish
from stdnum.nl import btw as dutch
from stdnum.pl import nip as polish

from anonymizer.identifiers import eu_vat
from anonymizer.transforms import vat_number
from tests.transforms.bindings import bind


def mapped(*values: str | None, **binding: Any) -> list[str | None]:
    return list(vat_number.kernel(bind("vat_number", **binding))(pa.array(values, pa.string())).to_pylist())


NUMBERS = {
    "BE 1900.000.069": belgian,
    "NL 9000.00.004 B01": dutch,
    "FR 66 000 000 018": french,
    "DE900000006": german,
    "LU 900000 32": luxembourgish,
    "GB 010 0000 90": british,
}
"""Never-issued numbers, and who judges them."""


def test_numbers_stay_valid_numbers_of_their_country_in_their_written_form():
    for (before, judge), after in zip(NUMBERS.items(), mapped(*NUMBERS), strict=True):
        assert after != before
        assert judge.is_valid(after)
        assert [sign.isdigit() for sign in after] == [sign.isdigit() for sign in before]
        assert after[:2] == before[:2]


def test_other_countries_keep_their_letters():
    (result,) = mapped("IT00000000000")
    assert result.startswith("IT")
    assert result != "IT00000000000"


def test_small_letters_and_spaces_make_no_other_company():
    one, other = mapped("BE1900000069", "be 1900 000 069")
    assert other.upper().replace(" ", "") == one


def test_different_numbers_of_another_member_state_stay_different_and_valid():
    numbers = eu_vat.from_rank(np.arange(3_000, dtype=np.uint64) * 811, pa.array(["PL 100-000-00-06"] * 3_000))
    new = mapped(*numbers.to_pylist())
    assert len(set(new)) == 3_000
    assert all(polish.is_valid(number) for number in new)
    assert not set(new) & set(numbers.to_pylist())


def test_a_greek_number_is_the_same_with_either_prefix():
    one, other = mapped("EL 000000012", "GR000000012")
    assert one.replace(" ", "")[2:] == other[2:]
