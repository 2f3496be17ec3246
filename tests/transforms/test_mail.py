"""email and username: names in an address agree with the person, and no address can be reached."""

from __future__ import annotations

import re
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.errors import RuleError
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.written_form import compact
from anonymizer.transforms import email, first_name, full_name, last_name, username
from tests.transforms.bindings import bind, kept_apart

MAIL = email.kernel(bind("email"))
LOGIN = username.kernel(bind("username"))
FULL = full_name.kernel(bind("full_name"))


def one(kernel, value: str) -> str:
    return kernel(pa.array([value])).to_pylist()[0]


def key(transform, name: str) -> str:
    return compact(transform.kernel(bind(transform.NAME))(pa.array([name]))).to_pylist()[0]


FIRST, LAST = key(first_name, "Jan"), key(last_name, "Peeters")


@pytest.mark.parametrize(
    ("local", "names"),
    [
        ("jan.peeters", f"{FIRST}.{LAST}"),
        ("jan_peeters", f"{FIRST}_{LAST}"),
        ("peeters.jan", f"{LAST}.{FIRST}"),
        ("jan-peeters", f"{FIRST}-{LAST}"),
        ("janpeeters", f"{FIRST}{LAST}"),
        ("peetersj", f"{LAST}{FIRST[0]}"),
        ("peeters.j", f"{LAST}.{FIRST[0]}"),
        ("an.peeters-janssens", f"{key(first_name, 'An')}.{LAST}-{key(last_name, 'Janssens')}"),
        ("janvandenberg", f"{FIRST}{key(last_name, 'van den Berg')}"),
        ("jp", f"{FIRST[0]}{LAST[0]}"),
        ("jp.peeters", f"{FIRST[0]}{key(first_name, 'Pol')[0]}.{LAST}"),
        ("Jan.Peeters", f"{FIRST}.{LAST}"),
        ("jan.peeters1980", f"{FIRST}.{LAST}"),
        ("j.peeters", f"{FIRST[0]}.{LAST}"),
        ("jpeeters", f"{FIRST[0]}{LAST}"),
        ("peeters", LAST),
        ("jan", FIRST),
        ("jan.van.der.aa", f"{FIRST}.van.der.{key(last_name, 'van der Aa').removeprefix('vander')}"),
        ("zoë.peeters", f"{key(first_name, 'Zoë')}.{LAST}"),
    ],
)
def test_the_names_in_an_address_and_a_login_are_those_of_the_columns(local: str, names: str):
    assert re.fullmatch(rf"{names}\.\w{{10}}@\w+\.example", one(MAIL, f"{local}@firm.be"))
    assert re.fullmatch(rf"{names}\.\w{{10}}", one(LOGIN, local))


@pytest.mark.parametrize("local", ["info", "x4711", "12345", "noreply"])
def test_an_address_without_a_name_gets_a_token_alone(local: str):
    assert re.fullmatch(r"\w{10}@\w+\.example", one(MAIL, f"{local}@firm.be"))


def test_one_domain_becomes_one_reserved_domain():
    hosts = [one(MAIL, f"{local}@firm.be").split("@")[1] for local in ("a", "b", "jan.peeters")]
    assert len(set(hosts)) == 1
    assert hosts[0].endswith(".example")
    assert one(MAIL, "a@other.be").split("@")[1] != hosts[0]


def test_case_and_spaces_do_not_make_another_address_and_come_back():
    lower = one(MAIL, "jan.peeters@firm.be")
    assert one(MAIL, "JAN.PEETERS@FIRM.BE") == lower.upper()
    assert one(MAIL, "Jan.Peeters@firm.be") == lower
    assert one(MAIL, " jan.peeters@firm.be ") == lower


def test_in_a_key_spellings_of_one_address_stay_apart():
    spellings = pa.array(["jan.peeters@firm.be", "Jan.Peeters@firm.be", "JAN.PEETERS@FIRM.BE", "jan.peeters@firm.be "])
    keyed = kept_apart(email, bind("email", unique=True), spellings)
    assert len(set(keyed(spellings).to_pylist())) == len(spellings)
    assert one(keyed, spellings[0]) == one(MAIL, spellings[0])


def test_a_list_of_addresses_maps_address_by_address():
    first, second = one(MAIL, "jan.peeters@firm.be"), one(MAIL, "info@firm.be")
    assert one(MAIL, "jan.peeters@firm.be; info@firm.be") == f"{first};{second}"
    assert one(MAIL, "Jan Peeters <jan.peeters@firm.be>, info@firm.be") == f"{first},{second}"
    array = email.kernel(bind("email", TypeFamily.ARRAY, element=TypeFamily.TEXT))
    assert one(array, "{jan.peeters@firm.be,info@firm.be,NULL}") == f"{{{first},{second},NULL}}"


def test_a_login_that_is_an_address_maps_as_the_address():
    assert one(LOGIN, "jan.peeters@firm.be") == one(MAIL, "jan.peeters@firm.be")


def test_the_domain_of_a_windows_login_stays_and_its_user_is_the_one_of_other_logins():
    assert one(LOGIN, "KANTOOR\\jan.peeters") == "KANTOOR\\" + one(LOGIN, "jan.peeters")
    narrow = username.kernel(bind("username", width=20))
    assert len(one(narrow, "BRUSSELS-OFFICE\\jan.peeters")) <= 20


def test_a_login_of_digits_stays_one():
    assert re.fullmatch(r"[1-9]\d{4}", one(LOGIN, "47110"))


@pytest.mark.parametrize("width", [16, 18, 20, 25, 30, 40, 60])
def test_forms_get_shorter_until_they_fit(width: int):
    kernel = email.kernel(bind("email", width=width))
    result = one(kernel, "christophe.van.den.broucke@bakkerij.be")
    assert len(result) <= width
    assert result.endswith(".example")


def test_a_column_too_narrow_for_any_address_is_refused_before_the_first_row():
    with pytest.raises(RuleError, match="needs 16 characters"):
        email.kernel(bind("email", width=15))


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=30), st.sampled_from([None, 16, 30]))
def test_nothing_that_looks_like_a_reachable_address_comes_out(text: str, width: int | None):
    value = f"{text}@firm.be"
    result = one(email.kernel(bind("email", width=width)), value)
    for address in re.split("[,;]", result):
        assert "@" not in address or address.lower().endswith(".example")


def test_a_narrow_key_of_logins_is_permuted():
    kernel = username.kernel(bind("username", width=6, unique=True))
    logins = [f"{a}{b}{c}" for a in "abcdefgh" for b in "xyz" for c in range(10)]
    result = kernel(pa.array(logins)).to_pylist()
    assert len(set(result)) == len(logins)
    assert all(re.fullmatch("[a-z]{2}[0-9]", login) for login in result)


def test_a_name_before_the_address_becomes_the_name_that_it_is_elsewhere():
    address, person = one(MAIL, "jan.peeters@firm.be"), one(FULL, "Jan Peeters")
    assert one(MAIL, "Jan Peeters <jan.peeters@firm.be>") == f"{person} <{address}>"
    assert one(MAIL, '"Peeters, Jan" <jan.peeters@firm.be>') == f'"{one(FULL, "Peeters, Jan")}" <{address}>'
    assert one(MAIL, "<jan.peeters@firm.be>") == f"<{address}>"
    narrow = email.kernel(bind("email", width=40))
    assert one(narrow, "Jan Peeters <jan.peeters@firm.be>") == one(narrow, "jan.peeters@firm.be")


def test_the_scheme_of_a_link_stays_and_its_address_is_that_of_the_address_alone():
    address = one(MAIL, "jan.peeters@firm.be")
    assert one(MAIL, "mailto:jan.peeters@firm.be") == f"mailto:{address}"
    assert one(MAIL, "MAILTO: jan.peeters@firm.be") == f"MAILTO: {address}"
    assert one(MAIL, "SMTP:jan.peeters@firm.be") == f"SMTP:{address}"


def test_a_zero_width_sign_or_another_space_does_not_make_another_address():
    address = one(MAIL, "jan.peeters@firm.be")
    for written in ("\ufeffjan.peeters@firm.be", "jan.\u200bpeeters@firm.be", "jan.peeters@firm.be\u00a0\u200b"):
        assert one(MAIL, written) == address
    assert one(LOGIN, "jan.\u200bpeeters") == one(LOGIN, "jan.peeters")
    key = email.kernel(bind("email", unique=True))
    plain, marked = key(pa.array(["jan.peeters@firm.be", "jan.\u200bpeeters@firm.be"])).to_pylist()
    assert plain != marked
    assert plain.split(".")[:2] == marked.split(".")[:2]
    assert plain.split("@")[1] == marked.split("@")[1]


def test_a_login_of_signs_that_nobody_sees_stays():
    values = ["\u200b", "\ufeff", "jan"]
    assert LOGIN(pa.array(values)).to_pylist()[:2] == values[:2]


def test_a_full_stop_behind_an_address_is_no_part_of_it():
    kernel = email.kernel(bind("email"))
    plain, ended = kernel(pa.array(["jan.peeters@bakker.example", "jan.peeters@bakker.example."])).to_pylist()
    assert ended.rstrip(".") == plain


def test_a_login_that_is_an_address_maps_as_one_though_other_logins_are_short():
    wide = bind("username", width=256)
    narrow = replace(wide, domain=replace(wide.domain, width=10))
    address = "matthieu.dupont@firm-test.be"
    assert one(username.kernel(narrow), address) == one(email.kernel(bind("email", width=256)), address)
    assert one(username.kernel(narrow), "mdupont") == one(username.kernel(bind("username", width=10)), "mdupont")
    assert len(one(username.kernel(bind("username", width=10)), address)) <= 10


@pytest.mark.parametrize(
    ("first", "last", "address"),
    [
        ("Hans", "Müller", "h.mueller@web.de"),
        ("Jürgen", "Schröder", "juergen.schroeder@gmx.de"),
        ("Jörg", "Bäcker", "joerg@x.de"),
    ],
)
def test_an_umlaut_in_a_name_is_that_of_the_address(first: str, last: str, address: str):
    safe = one(MAIL, address).split("@")[0].split(".")
    if address.startswith(first[0].lower() + "."):
        assert safe[0] == key(first_name, first)[0]
    else:
        assert safe[0] == key(first_name, first)
    if len(safe) > 2:
        assert safe[1] == key(last_name, last)


def test_a_surname_has_one_pseudonym_with_an_umlaut_and_without():
    names = ["Müller", "Mueller", "MUELLER", "Muller"]
    assert len({compact(pa.array([one(last_name.kernel(bind("last_name")), name)]))[0] for name in names}) == 1
    assert one(last_name.kernel(bind("last_name")), "Boer") != one(last_name.kernel(bind("last_name")), "Bor")
