"""Number plates: their forms, and signs that no plate has."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest

from anonymizer.identifiers import number_plate
from tests.identifiers.judging import accepted

UNISSUED = {
    "1-ABC-234": r"[567]-[A-Z]{3}-[0-9]{3}",
    "ABC-123": r"[A-Z]{3}-000",
    "123-ABC": r"000-[A-Z]{3}",
    "AB-123-CD": r"[IOU][A-Z]-[0-9]{3}-[A-Z]{2}",
    "12-XYZ-3": r"[0-9]{2}-[CQ]{3}-[0-9]",
    "x-123-yz": r"[cq]-[0-9]{3}-[cq]{2}",
    "GG HH 01": r"[CQ]{2} [CQ]{2} [0-9]{2}",
}


@pytest.mark.parametrize("like", UNISSUED)
def test_pseudonyms_have_signs_that_no_plate_of_the_form_has(like: str):
    plates = number_plate.from_index(np.arange(1_600, dtype=np.uint64), pa.array([like] * 1_600)).to_pylist()
    assert len(set(plates)) == 1_600
    assert all(re.fullmatch(UNISSUED[like], plate) for plate in plates)
    assert accepted(number_plate, *plates) == [True] * 1_600


def test_codes_of_another_form_are_no_plates():
    assert accepted(number_plate, "1ABC234", "1-ABCD-23", "12-34-56", "AB-CD-EF", "", "2024-01-31") == [False] * 6
