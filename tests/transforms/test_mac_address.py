"""Hardware addresses become addresses that no card was sold with."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import mac_address
from tests.transforms.bindings import bind


def mapped(*values: str | None, **binding: Any) -> list[str | None]:
    return list(mac_address.kernel(bind("mac_address", **binding))(pa.array(values, pa.string())).to_pylist())


def test_addresses_are_local_ones_keep_their_form_and_stay_different():
    values = [f"00:00:5E:00:{high:02X}:{low:02X}" for high in range(0, 256, 8) for low in range(0, 256, 8)]
    result = mapped(*values, unique=True)
    assert len(set(result)) == len(values)
    assert all(int(value[:2], 16) & 3 == 2 and value == value.upper() for value in result)


def test_all_spellings_agree():
    result = mapped("00:00:5e:00:53:af", "00-00-5E-00-53-AF", "0000.5e00.53af", "00005e0053af")
    assert len({value.lower().translate(str.maketrans("", "", ":-.")) for value in result}) == 1
    assert [value[2] for value in result[:2]] == [":", "-"]


def test_the_type_for_hardware_addresses_is_taken():
    assert mapped("00:00:5e:00:53:af", family=TypeFamily.NETWORK, type_name="macaddr") == mapped("00:00:5e:00:53:af")
