"""Web addresses lead to hosts that can never exist."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from anonymizer.transforms import email, url
from tests.transforms.bindings import bind


def mapped(*values: str | None, **binding: Any) -> list[str | None]:
    return list(url.kernel(bind("url", **binding))(pa.array(values, pa.string())).to_pylist())


def test_every_host_ends_in_example_and_nothing_of_the_address_is_left():
    values = [
        "https://www.shop.test/klant/jan?id=17#top",
        "http://jan:geheim@shop.test:8080/",
        "www.shop.test",
        "shop.test/a",
    ]
    for value in mapped(*values):
        assert urlsplit(value if "//" in value else f"//{value}").hostname.endswith(".example")
        assert not {"jan", "geheim", "klant", "17", "8080", "shop"} & set(value.replace("/", ".").split("."))


def test_scheme_and_www_stay_and_one_host_stays_one():
    first, second, third = mapped("https://www.shop.test/", "http://shop.test", "HTTPS://SHOP.TEST/a")
    host = second.removeprefix("http://")
    assert first == f"https://www.{host}/"
    assert third.lower().startswith(f"https://{host}/")


def test_a_site_and_its_mail_addresses_have_one_host():
    (site,) = mapped("https://www.shop.test")
    (address,) = email.kernel(bind("email"))(pa.array(["info@shop.test"])).to_pylist()
    assert site == f"https://www.{address.partition('@')[2]}"


def test_two_pages_stay_two_and_paths_of_files_become_tokens():
    first, second, file = mapped("http://shop.test/a", "http://shop.test/b", "/klanten/jan.png")
    assert first != second
    assert file.startswith("/")
    assert "jan" not in file


def test_narrow_columns_get_shorter_forms():
    for width in (9, 12, 20, 40):
        values = ["https://www.shop.test/abc", "s.be", "/a/b"]
        for before, after in zip(values, mapped(*values, width=width), strict=True):
            assert len(after) <= width
            assert after != before
