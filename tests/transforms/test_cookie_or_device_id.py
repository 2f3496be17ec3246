"""Identifiers of browsers and devices keep their look."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pyarrow as pa

from anonymizer.transforms import cookie_or_device_id
from tests.transforms.bindings import bind


def mapped(*values: str | None, **binding: Any) -> list[str | None]:
    return list(
        cookie_or_device_id.kernel(bind("cookie_or_device_id", **binding))(pa.array(values, pa.string())).to_pylist()
    )


def test_hexadecimal_stays_hexadecimal_in_its_case():
    lower, upper = mapped("0123456789abcdef" * 2, "0123456789ABCDEF" * 2)
    assert re.fullmatch("[0-9a-f]{32}", lower.replace("-", ""))
    assert re.fullmatch("[0-9A-F]{32}", upper)
    (forty,) = mapped("0123456789" * 2 + "abcdef0123" * 2)
    assert re.fullmatch("[0-9a-f]{40}", forty)


def test_a_uuid_becomes_a_random_uuid_in_any_spelling():
    plain, braced = mapped("00000000-0000-4000-8000-00000000000a", "{00000000-0000-4000-8000-00000000000A}")
    assert uuid.UUID(plain).version == 4
    assert uuid.UUID(plain) == uuid.UUID(braced)
    assert braced == braced.upper()


def test_the_marks_of_an_analytics_cookie_stay():
    (result,) = mapped("GA1.2.1234567890.1600000000")
    assert re.fullmatch(r"GA1\.2\.[0-9]{10}\.[0-9]{10}", result)
    assert "1234567890" not in result


def test_different_values_of_a_key_stay_different_however_short():
    values = [f"{number:x}" for number in range(2000)]
    assert len(set(mapped(*values, unique=True))) == len(values)
