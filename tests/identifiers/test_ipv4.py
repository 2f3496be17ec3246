"""IPv4 addresses, judged by the standard library."""

from __future__ import annotations

import ipaddress

import numpy as np
import pyarrow as pa
import pytest

from anonymizer.identifiers import ipv4
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["ipv4"])
def test_pseudonyms_are_addresses_that_are_reserved_for_ever(like: str):
    for number in made(ipv4, like):
        assert interface(number).is_reserved
        assert not interface(number).is_global


def interface(number: str) -> ipaddress.IPv4Address:
    """The address, whatever stands behind a slash."""
    return ipaddress.IPv4Interface(number).ip


def test_only_what_the_standard_library_accepts_is_accepted():
    values = ["1.2.3.4", "256.1.1.1", "1.2.3", "01.2.3.4", "1.2.3.4/33", "1.2.3.4.5", "255.255.255.255"]
    for value in values:
        try:
            ipaddress.IPv4Interface(value)
            assert accepted(ipv4, value) == [True]
        except ValueError:
            assert accepted(ipv4, value) == [False]


def test_addresses_and_numbers_are_each_others_inverse():
    numbers = np.array([0, 1, 2**32 - 1, 3_232_235_777], np.uint64)
    text = ipv4.written(numbers, pa.array(["1.1.1.1/24"] * 4))
    assert text.to_pylist() == ["0.0.0.0/24", "0.0.0.1/24", "255.255.255.255/24", "192.168.1.1/24"]
    assert ipv4.parse(text).tolist() == numbers.tolist()
    assert ipv4.prefix_lengths(text).tolist() == [24] * 4
