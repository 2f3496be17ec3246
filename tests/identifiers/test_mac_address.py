"""Hardware addresses, judged by their own bits."""

from __future__ import annotations

import pyarrow as pa
import pytest

from anonymizer.identifiers import mac_address
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["mac_address"])
def test_pseudonyms_are_local_addresses_of_single_cards(like: str):
    for number in made(mac_address, like):
        assert int(number[1], 16) & 3 == 2


def test_mixed_punctuation_and_wrong_lengths_are_refused():
    assert accepted(mac_address, "02:00:00-00:00:01", "02:00:00:00:00", "0200.0000.001", "020000000001") == [
        False, False, False, True,
    ]  # fmt: skip


def test_a_rank_gives_the_address_back_but_for_its_two_marks():
    values = pa.array(["00:1b:44:11:3a:b7", "fe:ff:ff:ff:ff:ff"])
    assert mac_address.from_index(mac_address.issued_rank(values), values).to_pylist() == [
        "02:1b:44:11:3a:b7", "fe:ff:ff:ff:ff:ff",
    ]  # fmt: skip
