"""IP addresses become addresses that lead nowhere."""

from __future__ import annotations

import ipaddress
from typing import Any

import pyarrow as pa
import pytest

from anonymizer.errors import RuleError
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import ip_address
from tests.transforms.bindings import bind


def mapped(*values: str | None, **binding: Any) -> list[str | None]:
    return list(ip_address.kernel(bind("ip_address", **binding))(pa.array(values, pa.string())).to_pylist())


def test_public_addresses_become_reserved_ones():
    for value in mapped(*(f"8.8.{high}.{low}" for high in range(0, 256, 5) for low in range(0, 256, 51))):
        assert ipaddress.ip_address(value).is_reserved
    for value in mapped("2001:db8::1", "2a02:1810::1", "::1", "fe80::1"):
        assert ipaddress.ip_address(value) in ipaddress.ip_network("2001:db8::/32")


@pytest.mark.parametrize("network", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"])
def test_private_addresses_stay_private_and_different(network: str):
    inside = ipaddress.ip_network(network)
    addresses = [str(inside[place]) for place in range(1, inside.num_addresses, inside.num_addresses // 200)]
    result = mapped(*addresses)
    assert len(set(result)) == len(addresses)
    assert all(ipaddress.ip_address(value) in inside for value in result)


def test_networks_stay_networks_with_their_length():
    for value in mapped("8.8.4.0/24", "10.1.0.0/16", "2a02:1810::/32", family=TypeFamily.NETWORK, type_name="cidr"):
        ipaddress.ip_network(value)
    lengths = [value.partition("/")[2] for value in mapped("8.8.4.0/24", "10.1.2.3/16", "2a02::1/64")]
    assert lengths == ["24", "16", "64"]


def test_all_spellings_of_an_address_agree():
    assert len(set(mapped("2a02:1810::a", "2a02:1810:0:0:0:0:0:a"))) == 1


def test_everything_fits_a_column_for_the_longest_ipv4_address():
    for value in mapped("8.8.8.8", "8.8.8.8/32", "2a02::1", "::/0", width=15):
        assert len(value) <= 15
        ipaddress.ip_interface(value)


def test_a_column_too_narrow_for_an_address_is_refused_before_the_first_row():
    with pytest.raises(RuleError, match="15 characters"):
        ip_address.kernel(bind("ip_address", width=14))


def test_addresses_of_one_network_share_one_afterwards_and_stay_different():
    first, second = mapped(*(f"81.246.13.{n}" for n in range(256))), mapped(*(f"81.246.14.{n}" for n in range(256)))
    assert len({value.rpartition(".")[0] for value in first}) == 1
    assert len(set(first)) == 256
    assert {value.rpartition(".")[0] for value in first} != {value.rpartition(".")[0] for value in second}
    assert len({value.rsplit(".", 2)[0] for value in (*first, *second)}) == 1
    subnets = mapped(*(f"2a02:1810:1:{n:x}::{host}" for n in range(4) for host in range(1, 4)))
    assert len({ipaddress.ip_network(f"{value}/80", strict=False) for value in subnets}) == 1
    assert len({ipaddress.ip_network(f"{value}/96", strict=False) for value in subnets}) == 4
    assert len(set(subnets)) == 12


def test_addresses_in_lists_and_before_ports_map_as_they_do_alone():
    one, private, six = mapped("81.246.1.9", "10.0.0.1", "2a02:a03f::1")
    values = ["81.246.1.9:8080", "81.246.1.9, 10.0.0.1", "[2a02:a03f::1]:443", "81.246.1.9; Jan"]
    port, both, bracketed, worded = mapped(*values)
    assert (port, both, bracketed) == (f"{one}:8080", f"{one}, {private}", f"[{six}]:443")
    assert worded.startswith(f"{one}; ")
    assert "Jan" not in worded


def test_an_address_written_as_a_number_maps_as_it_does_with_points():
    number = str(int(ipaddress.ip_address("81.246.1.9")))
    for binding in ({}, {"family": TypeFamily.INTEGER, "type_name": "bigint"}):
        (new,) = mapped(number, **binding)
        assert str(ipaddress.ip_address(int(new))) == mapped("81.246.1.9")[0]
    (small,) = mapped(number, family=TypeFamily.INTEGER, type_name="int")
    assert ipaddress.ip_address(int(small)) in ipaddress.ip_network("10.0.0.0/8")
