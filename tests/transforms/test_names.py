"""first_name, last_name, full_name and person_name tell of one person, wherever the names stand."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.pseudonyms.vocabulary import LANGUAGES, Vocabulary
from anonymizer.pseudonyms.written_form import compact
from anonymizer.transforms import first_name, full_name, last_name, person_name
from tests.transforms.bindings import bind

FIRST = first_name.kernel(bind("first_name"))
LAST = last_name.kernel(bind("last_name"))
FULL = full_name.kernel(bind("full_name"))
ANY = person_name.kernel(bind("person_name"))


def one(kernel, value: str) -> str:
    return kernel(pa.array([value])).to_pylist()[0]


def test_a_full_name_is_made_of_the_pseudonyms_of_its_parts():
    first, last = one(FIRST, "Jan"), one(LAST, "van der Aa")
    assert one(FULL, "Jan van der Aa") == f"{first} {last}"
    assert one(FULL, "van der Aa, Jan") == f"{last}, {first}"
    assert one(FULL, "Aa, Jan van der") == f"{last}, {first}"
    assert one(FULL, "VAN DER AA Jan") == f"{last.upper()} {first}"
    assert one(FULL, "Dr. Jan van der Aa") == f"Dr. {first} {last}"
    assert one(FULL, "Mevr. van der Aa") == f"Mevr. {last}"
    assert one(FULL, "jan van der aa") == f"{first} {last}".lower()
    assert one(ANY, "Jan van der Aa") == one(FULL, "Jan van der Aa")


@pytest.mark.parametrize(
    "spelling", ["van der Aa", "Van Der Aa", "vanderaa", "VAN DER AA", "Van-der-Aa", " van  der Aa "]
)
def test_one_surname_has_one_pseudonym_however_it_is_spelled(spelling: str):
    assert one(LAST, spelling).lower() == one(LAST, "van der Aa").lower()


def test_initials_are_those_of_the_pseudonym():
    for name in ("Jan", "Marie", "Piet", "Zoë", "Élise", "Wannes"):
        initial = one(FIRST, f"{name[0]}.")
        if name[0].isascii():
            assert initial == f"{one(FIRST, name)[0]}."
    assert one(FULL, "J. Peeters") == f"{one(FIRST, 'Jan')[0]}. {one(LAST, 'Peeters')}"
    assert one(FULL, "Peeters J.") == f"{one(LAST, 'Peeters')} {one(FIRST, 'Jan')[0]}."
    assert len(one(ANY, "J.P.")) == 4


def test_sex_and_language_follow_the_first_name():
    sexes = {
        (language, row[0]): row[1] for language in LANGUAGES for row in Vocabulary.load("first_names", language).rows
    }
    by_sex: dict[str, set[str]] = {"f": set(), "m": set()}
    for (_, name), sex in sexes.items():
        for one_sex in "fm" if sex == "x" else sex:
            by_sex[one_sex].add(name)
    for name, sex in {
        "Marieke": "f",
        "Anke": "f",
        "Pieter": "m",
        "Wouter": "m",
        "Geneviève": "f",
        "Guillaume": "m",
    }.items():
        assert one(FIRST, name) in by_sex[sex]


def test_a_dutch_surname_stays_dutch_and_a_french_one_french():
    lists = {language: set(Vocabulary.load("surnames", language).entries.to_pylist()) for language in ("nl", "fr")}
    for name in ("Janssens", "Vandenbroucke", "Verhaegen", "Hermans"):
        assert one(LAST, name) in lists["nl"]
    for name in ("Dubois", "Lefebvre", "Rousseau", "Dumortier"):
        assert one(LAST, name) in lists["fr"]


def test_a_name_never_becomes_itself():
    for kernel, name in ((FIRST, "first_names"), (LAST, "known_surnames")):
        for language in LANGUAGES:
            entries = Vocabulary.load(name, language).entries
            assert not set(zip(compact(entries).to_pylist(), compact(kernel(entries)).to_pylist(), strict=True)) & {
                (key, key) for key in compact(entries).to_pylist()
            }


def test_a_replaced_full_name_is_nobody_s_because_its_surname_is_invented():
    invented = {name for language in LANGUAGES for name in Vocabulary.load("surnames", language).entries.to_pylist()}
    surnames = Vocabulary.load("known_surnames", "nl").entries
    assert {name.lower() for name in LAST(surnames).to_pylist()} <= {name.lower() for name in invented}


def test_several_given_names_map_one_by_one():
    assert one(FIRST, "Jan Piet") == f"{one(FIRST, 'Jan')} {one(FIRST, 'Piet')}"
    assert one(FULL, "Jan Piet Peeters") == f"{one(FIRST, 'Jan Piet')} {one(LAST, 'Peeters')}"


def test_a_firm_in_a_column_of_names_maps_as_a_firm():
    from anonymizer.transforms import company_name

    firm = one(company_name.kernel(bind("company_name")), "Peeters & Zonen NV")
    assert one(FULL, "Peeters & Zonen NV") == firm
    assert firm.endswith(" NV")


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.sampled_from("Jan JAN jan J. Peeters PEETERS van der De Dr. Mr. , X Zoë Jean-Pierre É. 'T".split()),
        min_size=1,
    ),
    st.sampled_from([None, 3, 10, 20]),
)
def test_any_order_of_tokens_gives_a_name(tokens: list[str], width: int | None):
    value = " ".join(tokens)
    result = one(full_name.kernel(bind("full_name", width=width)), value)
    assert result.strip() == result != ""
    assert width is None or len(result) <= width


def test_every_sign_of_language_is_used_where_nothing_tells_one():
    unknown = pa.array([f"Xq{letter}{vowel}zz" for letter in "bcdfghjklmnp" for vowel in "aeiou"])
    picked = set(LAST(unknown).to_pylist())
    for language in ("nl", "fr"):
        assert picked & set(Vocabulary.load("surnames", language).entries.to_pylist())
