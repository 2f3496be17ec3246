"""UUIDs, judged by the standard library."""

from __future__ import annotations

import uuid as public

import numpy as np
import pyarrow as pa
import pytest

from anonymizer.identifiers import uuid
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["uuid"])
def test_pseudonyms_are_random_uuids(like: str):
    for number in made(uuid, like):
        assert public.UUID(number).version == 4
        assert public.UUID(number).variant == public.RFC_4122


def test_random_bits_go_in_and_all_122_of_them_count():
    words = np.zeros((124, 2), np.uint64)
    for bit in range(122):
        words[bit, bit // 64] = np.uint64(1) << np.uint64(bit % 64)
    made_of_bits = uuid.from_words(words, pa.array(["0" * 12 + "4" + "0" * 19] * 124))
    assert len(made_of_bits.unique()) >= 117  # six bits are the version and the variant


def test_a_name_in_front_and_capitals_stay():
    value = "urn:uuid:00000000-0000-4000-8000-00000000000A"
    assert accepted(uuid, value) == [True]
    new = uuid.from_index(np.array([255], np.uint64), pa.array([value]))[0].as_py()
    assert new == "urn:uuid:00000000-0000-4000-8000-0000000000FF"
