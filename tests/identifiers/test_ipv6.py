"""IPv6 addresses, judged by the standard library."""

from __future__ import annotations

import ipaddress

import pyarrow as pa
import pytest

from anonymizer.identifiers import ipv6
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["ipv6"])
def test_pseudonyms_are_documentation_addresses_in_their_shortest_form(like: str):
    for number in made(ipv6, like):
        assert ipaddress.IPv6Interface(number).ip in ipaddress.IPv6Network("2001:db8::/32")
        assert str(ipaddress.IPv6Interface(number).ip) == number.partition("/")[0].lower()


def test_all_spellings_of_an_address_are_one():
    spellings = ["2001:db8::a", "2001:0DB8:0:0:0:0:0:000A", "2001:db8::a%eth0", " 2001:db8::a/64 "]
    assert set(ipv6.compact(pa.array(spellings)).to_pylist()) == {"2001:db8::a"}


def test_words_with_colons_are_no_addresses():
    assert accepted(ipv6, "abc:def", "12:30", "::g", "1::2::3", "2001:db8::a/129") == [False] * 5
