"""masked, permute, other_personal and health: a value of the same type and form, whatever the type."""

from __future__ import annotations

import ipaddress
import re
import uuid
from datetime import date, datetime
from functools import cache

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.errors import RuleError
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import health, masked, other_personal, permute
from tests.transforms.bindings import bind

MASK, PERMUTE = masked.kernel(bind("masked")), permute.kernel(bind("permute"))


def one(kernel, value: str) -> str:
    return kernel(pa.array([value])).to_pylist()[0]


@cache
def of(family: TypeFamily, **more):
    return masked.kernel(bind("masked", family, **more))


def form(text: str) -> str:
    return re.sub("[0-9]", "9", re.sub("[a-z]", "a", re.sub("[A-Z]", "A", text)))


@settings(deadline=None)
@given(st.lists(st.from_regex(r"[A-Za-z0-9 ./_-]{1,24}", fullmatch=True), min_size=1, max_size=20, unique=True))
def test_text_keeps_its_form_and_a_permuted_key_stays_unique(values: list[str]):
    for kernel in (MASK, PERMUTE):
        result = kernel(pa.array(values)).to_pylist()
        assert [form(value) for value in result] == [form(value) for value in values]
    assert len(set(result)) == len(values)


def test_case_and_accents_make_no_other_value_outside_a_key():
    assert one(MASK, "AB-12").lower() == one(MASK, "ab-12")
    assert len(one(MASK, "Zoë-Éq")) == 6
    assert one(MASK, "Zoë-Éq").isascii()


@pytest.mark.parametrize(
    "numbers", [range(10), range(10, 100), range(100, 1000), range(-128, 128), range(32000, 33000)]
)
def test_whole_numbers_are_permuted_within_digits_sign_and_type(numbers: range):
    for family in (TypeFamily.TEXT, TypeFamily.INTEGER):
        kernel = permute.kernel(bind("permute", family))
        result = [int(text) for text in kernel(pa.array([str(number) for number in numbers])).to_pylist()]
        assert len(set(result)) == len(numbers)
        for before, after in zip(numbers, result, strict=True):
            assert len(str(before)) == len(str(after))
            assert (before < 0) == (after < 0)
            for bound in (2**7, 2**15):
                assert (-bound <= before < bound) == (-bound <= after < bound)


@pytest.mark.parametrize("number", [2**31 - 1, -(2**31), 2**32 - 1, 2**63 - 1, -(2**63), 10**18])
def test_the_largest_numbers_still_fit_their_type(number: int):
    after = int(one(permute.kernel(bind("permute", TypeFamily.INTEGER)), str(number)))
    for bound in (2**31, 2**63):
        if -bound <= number < bound:
            assert -bound <= after < bound


def test_text_and_integer_agree():
    assert one(PERMUTE, "4711") == one(permute.kernel(bind("permute", TypeFamily.INTEGER)), "4711")
    assert one(MASK, "4711") == one(of(TypeFamily.INTEGER), "4711")


def test_leading_zeros_stay():
    assert re.fullmatch("00[1-9]", one(PERMUTE, "007"))
    codes = [f"{number:04d}" for number in range(10_000)]
    assert sorted(PERMUTE(pa.array(codes)).to_pylist()) == codes


@pytest.mark.parametrize("value", ["12.50", "-3.1", "0.05", "100", "12345678901234567890.12"])
def test_a_number_keeps_digits_and_decimals(value: str):
    assert form(one(of(TypeFamily.NUMBER), value)) == form(value)


@settings(deadline=None)
@given(st.lists(st.dates(date(1900, 1, 1)), min_size=1, max_size=20, unique=True))
def test_dates_stay_dates_of_their_decade_and_unique(days: list[date]):
    result = of(TypeFamily.DATE)(pa.array([day.isoformat() for day in days])).to_pylist()
    after = [date.fromisoformat(text) for text in result]
    assert [day.year // 10 for day in after] == [day.year // 10 for day in days]
    assert len(set(after)) == len(days)


@settings(deadline=None)
@given(st.datetimes(datetime(1900, 1, 1)))
def test_timestamps_and_times_stay_valid(moment: datetime):
    text = moment.isoformat(sep=" ")
    assert datetime.fromisoformat(one(of(TypeFamily.TIMESTAMP), text)).year // 10 == moment.year // 10
    assert form(one(of(TypeFamily.TIMESTAMP), text + "+02")) == form(text + "+02")
    datetime.fromisoformat("2000-01-01 " + one(of(TypeFamily.TIME), text[11:]))


def test_what_is_no_date_stays_or_becomes_a_fixed_one():
    kernel = of(TypeFamily.DATE)
    assert one(kernel, "infinity") == "infinity"
    assert one(kernel, "0000-00-00") == "0000-00-00"
    assert one(kernel, "May 17th") == "2000-01-01"


WRITTEN = ["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%y", "%Y/%m/%d", "%m.%d.%Y %H:%M:%S", "%Y%m%d"]


@settings(deadline=None)
@given(st.datetimes(datetime(1931, 1, 1), datetime(2029, 12, 31)), st.sampled_from(WRITTEN), st.booleans())
def test_a_date_in_any_form_becomes_another_that_exists(moment: datetime, written: str, short: bool):
    text = moment.strftime(written)
    text = re.sub(r"\b0(?=[1-9][-/.])", "", text) if short else text
    orders = (
        {written}
        if written[1] in "Y"
        else {written, written.replace("%d", "%x").replace("%m", "%d").replace("%x", "%m")}
    )
    families = (
        [TypeFamily.TIMESTAMP] if written == "%Y%m%d" else [TypeFamily.TIMESTAMP, TypeFamily.DATE, TypeFamily.TEXT]
    )
    for family in families:
        result = one(of(family), text)
        assert form(result) == form(text) or (family is not TypeFamily.TEXT and short)
        assert result != text
        for order in orders:  # nobody told which of them it is
            if moment.day <= 12 or order == written:
                assert datetime.strptime(result, order).year % 100 // 10 == moment.year % 100 // 10


@pytest.mark.parametrize("text", ["45/67/1990", "00/12/2001", "12/2001", "1/2/3", "192.168.10.20", "1992/13/40"])
def test_a_text_that_only_looks_like_a_date_keeps_its_form(text: str):
    assert form(one(MASK, text)) == form(text)
    assert one(MASK, text) != text


@pytest.mark.parametrize("family", [TypeFamily.UUID, TypeFamily.TEXT])
def test_a_uuid_becomes_another_of_version_4(family: TypeFamily):
    result = one(of(family), "6f1c9a52-0c39-1c0e-9a3c-1d2f6b7a8e90")
    assert uuid.UUID(result).version == 4
    assert one(of(family), "6F1C9A52-0C39-1C0E-9A3C-1D2F6B7A8E90") == result.upper()
    assert one(of(TypeFamily.TEXT), "{6f1c9a52-0c39-1c0e-9a3c-1d2f6b7a8e90}") == f"{{{result}}}"


def test_enum_labels_change_places():
    labels = ("red", "green", "blue")
    kernel = of(TypeFamily.ENUM, labels=labels)
    result = kernel(pa.array(labels)).to_pylist()
    assert sorted(result) == sorted(labels)
    assert all(before != after for before, after in zip(labels, result, strict=True))


@pytest.mark.parametrize(
    ("value", "expected"), [("t", "f"), ("f", "f"), ("true", "false"), ("TRUE", "FALSE"), ("1", "0"), ("0", "0")]
)
def test_a_boolean_becomes_false_in_its_form(value: str, expected: str):
    assert one(of(TypeFamily.BOOLEAN), value) == expected


@pytest.mark.parametrize(
    ("family", "value", "expected"),
    [
        (TypeFamily.JSON, '{"name": "x"}', "{}"),
        (TypeFamily.JSON, ' ["x"]', "[]"),
        (TypeFamily.JSON, '"x"', "null"),
        (TypeFamily.XML, "<a/>", "<removed/>"),
        (TypeFamily.BINARY, "\\x0102", "\\x"),
    ],
)
def test_documents_are_emptied(family: TypeFamily, value: str, expected: str):
    assert one(of(family), value) == expected


def test_network_addresses_become_documentation_addresses():
    kernel = of(TypeFamily.NETWORK)
    reserved = [ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
    assert any(ipaddress.ip_address(one(kernel, "81.4.5.6")) in net for net in reserved)
    assert ipaddress.ip_address(one(kernel, "2a02::1")) in ipaddress.ip_network("2001:db8::/32")
    assert one(kernel, "08:00:2b:01:02:03").startswith("00:00:5e:00:53:")
    ipaddress.ip_network(one(of(TypeFamily.NETWORK, type_name="cidr"), "10.1.0.0/16"))


def test_what_has_no_replacement_becomes_null_or_is_refused():
    assert one(of(TypeFamily.OTHER), "(1,2)") is None
    with pytest.raises(RuleError, match=r"t\.c: type other has no replacement"):
        of(TypeFamily.OTHER, nullable=False)


ARRAYS = {
    "{}": "{}",
    "{1,22,NULL}": r"\{\d,\d\d,NULL\}",
    '{ab,"c d","NULL",null}': r'\{[a-z]{2},"[a-z] [a-z]","[A-Z]{4}",null\}',
    '{{a,b},{"x\\"y",""}}': r'\{\{[a-z],[a-z]\},\{"[a-z]\\"[a-z]",""\}\}',
    "[0:1]={a,b}": r"\[0:1\]=\{[a-z],[a-z]\}",
}


@pytest.mark.parametrize("value", list(ARRAYS))
def test_arrays_go_element_by_element(value: str):
    result = one(of(TypeFamily.ARRAY, element=TypeFamily.TEXT), value)
    assert re.fullmatch(ARRAYS[value] if value != "{}" else r"\{\}", result)


def test_an_element_maps_as_a_value_alone():
    assert one(of(TypeFamily.ARRAY, element=TypeFamily.TEXT), "{AB-1}") == f"{{{one(MASK, 'AB-1')}}}"


def test_health_and_other_personal_are_masked():
    for module in (health, other_personal):
        assert form(one(module.kernel(bind(module.NAME)), "B01AC06")) == "A99AA99"


def test_a_date_is_one_date_in_every_form_that_begins_with_the_year():
    kernel = of(TypeFamily.TIMESTAMP)
    iso, midnight, slashes = kernel(pa.array(["2002-08-04", "2002-08-04 00:00:00", "2002/8/4"])).to_pylist()
    assert date.fromisoformat(iso) == datetime.strptime(slashes, "%Y/%m/%d").date()
    assert midnight == f"{iso} 00:00:00"
    assert iso != "2002-08-04"
