"""Web addresses, judged by the standard library."""

from __future__ import annotations

from urllib.parse import urlsplit

import pyarrow as pa
import pytest

from anonymizer.identifiers import url
from tests.identifiers.judging import WRITTEN_FORMS, accepted, made


@pytest.mark.parametrize("like", WRITTEN_FORMS["url"])
def test_pseudonyms_have_hosts_that_can_never_be_registered(like: str):
    for number in made(url, like):
        assert urlsplit(number if "//" in number else "//" + number).hostname.endswith(".example")


def test_one_host_in_all_its_spellings_is_one():
    values = ["https://www.Shop.example/a", "http://user:pw@shop.example:80", "shop.example?q", "//shop.example#x"]
    assert set(url.compact(pa.array(values)).to_pylist()) == {"shop.example"}


def test_words_mail_addresses_and_sentences_are_no_web_addresses():
    assert accepted(url, "shop", "a@shop.example", "see https://shop.example", "http://", "file:///etc") == [False] * 5
