"""first_name, last_name, full_name and person_name tell of one person, wherever the names stand."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.errors import RuleError
from anonymizer.pseudonyms.vocabulary import LANGUAGES, Vocabulary
from anonymizer.pseudonyms.written_form import compact, without_accents
from anonymizer.transforms import first_name, full_name, last_name, person_name, username
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
    assert one(FULL, "Aa, Jan van der") == f"{last.removeprefix('van der ')}, {first} van der"
    assert one(FULL, "VAN DER AA Jan") == f"{last.upper()} {first}"
    assert one(FULL, "Dr. Jan van der Aa") == f"Dr. {first} {last}"
    assert one(FULL, "Mevr. van der Aa") == f"Mevr. {last}"
    assert one(FULL, "jan van der aa") == f"{first} {last}".lower()
    assert one(ANY, "Jan van der Aa") == one(FULL, "Jan van der Aa")


@pytest.mark.parametrize(
    "spelling", ["van der Aa", "Van Der Aa", "vanderaa", "VAN DER AA", "Van-der-Aa", " van  der Aa "]
)
def test_one_surname_has_one_pseudonym_however_it_is_spelled(spelling: str):
    assert compact(LAST(pa.array([spelling]))) == compact(LAST(pa.array(["van der Aa"])))


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


def test_endings_tell_the_sex_of_names_that_no_list_knows():
    sexes: dict[str, set[str]] = {"f": set(), "m": set()}
    for language in LANGUAGES:
        for name, sex in Vocabulary.load("first_names", language).rows:
            for each in "fm" if sex == "x" else sex:
                sexes[each].add(name)
    assert set(FIRST(pa.array(["Zorbelina", "Quimvette", "Xandrosa"])).to_pylist()) <= sexes["f"]
    assert set(FIRST(pa.array(["Zorbelinus", "Quimvik", "Xandrobert"])).to_pylist()) <= sexes["m"]


def test_a_dutch_surname_stays_dutch_and_a_french_one_french():
    lists = {language: set(Vocabulary.load("surnames", language).entries.to_pylist()) for language in ("nl", "fr")}
    for name, particle in {"Janssens": "", "van den Broucke": "van den ", "Verhaegen": "", "Hermans": ""}.items():
        assert one(LAST, name).removeprefix(particle) in lists["nl"]
    for name, particle in {"du Bois": "du ", "Le Febvre": "Le ", "Rousseau": "", "du Mortier": "du "}.items():
        assert one(LAST, name).removeprefix(particle) in lists["fr"]


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("van den Berg", "van den [A-Z][a-z]+"),
        ("Vandenberg", "Vanden[a-z]+"),
        ("vandenberg", "vanden[a-z]+"),
        ("VAN DER AA", "VAN DER [A-Z]{3,}"),
        ("D'Hondt", "D'[A-Z][a-z]+"),
        ("de Smet", "de [A-Z][a-z]+"),
        ("von Stein", "von [A-Z][a-z]+"),
        ("Le Roux", "Le [A-Z][a-z]+"),
        ("McDonald", "Mc[A-Z][a-z]+"),
    ],
)
def test_particles_stay_as_they_are_written(written: str, form: str):
    plain = without_accents(LAST(pa.array([written]))).to_pylist()[0]
    assert re.fullmatch(form, plain)
    assert compact(LAST(pa.array([compact(pa.array([written])).to_pylist()[0]]))).to_pylist() == [
        compact(pa.array([plain])).to_pylist()[0]
    ]


def test_particles_give_way_where_the_column_is_narrow():
    assert len(one(last_name.kernel(bind("last_name", width=10)), "van den Berg")) <= 10


def test_double_names_map_half_by_half_and_keep_their_form():
    assert one(LAST, "Peeters-Janssens") == f"{one(LAST, 'Peeters')}-{one(LAST, 'Janssens')}"
    assert one(LAST, "van den Berg-Peeters") == f"{one(LAST, 'van den Berg')}-{one(LAST, 'Peeters')}"
    first = f"{one(FIRST, 'Jean')}-{one(FIRST, 'Pierre')}"
    assert one(FIRST, "Jean-Pierre") == first
    assert one(FIRST, "JEAN-PIERRE") == first.upper()
    assert one(FIRST, "jeanpierre") == first.replace("-", "").lower()
    assert one(FULL, "Jean-Pierre Peeters-Janssens") == f"{first} {one(LAST, 'Peeters-Janssens')}"
    assert one(FIRST, "Maria Magdalena") == f"{one(FIRST, 'Maria')} {one(FIRST, 'Magdalena')}"


def test_initials_titles_and_suffixes_keep_their_form():
    j, p = one(FIRST, "Jan")[0], one(FIRST, "Piet")[0]
    last = one(LAST, "Peeters")
    assert one(FIRST, "J.-P.") == f"{j}.-{p}."
    assert one(FIRST, "J") == j
    assert one(FULL, "J.P. Peeters") == f"{j}.{p}. {last}"
    assert one(FULL, "Jan Peeters Jr.") == f"{one(FIRST, 'Jan')} {last} Jr."
    assert one(FULL, "Jan Peeters III") == f"{one(FIRST, 'Jan')} {last} III"
    for title in ("Ms.", "Dr.", "Mr.", "Mevr.", "Mme", "Prof."):
        assert one(FULL, title) == title or not title.endswith(".")
        assert one(FIRST, title) == title or not title.endswith(".")


def test_capitals_before_other_letters_are_the_surname():
    assert one(FULL, "LAMBERT Karel") == f"{one(LAST, 'Lambert').upper()} {one(FIRST, 'Karel')}"
    assert one(FULL, "Karel LAMBERT") == f"{one(FIRST, 'Karel')} {one(LAST, 'Lambert').upper()}"


_SURNAMES = st.sampled_from(
    "Peeters|Janssens|Maes|Vandenberg|Desmet|Wouters|Hermans|Willems|Dubois|Lefebvre|Dekker|Claes|van den Berg|"
    "van der Meulen|De Smet|D'Hondt|Le Roux|Peeters-Maes|van de Velde|von Stein".split("|")
)
_GIVEN = st.sampled_from("Jan Piet Marie Sofie Koen Nathalie Jean-Pierre Marie-Claire Wouter Els".split())


@settings(deadline=None, max_examples=120)
@given(_GIVEN, _SURNAMES, st.sampled_from(["{f} {l}", "{l}, {f}", "{L} {f}", "{F} {L}", "{l} {f}"]))
def test_all_that_tells_of_one_person_agrees(first: str, last: str, form: str):
    expected = compact(pa.array([one(FIRST, first) + one(LAST, last)])).to_pylist()[0]
    whole = one(FULL, form.format(f=first, l=last, F=first.upper(), L=last.upper()))
    parts = sorted([one(FIRST, first).lower(), one(LAST, last).lower()])
    assert "".join(sorted(compact(pa.array([whole])).to_pylist()[0])) == "".join(sorted(expected))
    assert all(part in whole.lower() for part in parts)
    key = compact(pa.array([last])).to_pylist()[0] if "-" not in last else last.lower()
    login = one(username.kernel(bind("username")), f"{first.lower()}.{key}").rpartition(".")[0]
    assert compact(pa.array([login])).to_pylist()[0] == expected


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.sampled_from(["Jan Peeters", "J. Maes", "AA, Jan van der", "Mr. X", "-", "Jean-Pierre Roux", "12 a"]))
)
def test_a_column_maps_as_each_of_its_values_alone(values: list[str]):
    assert FULL(pa.array(values, pa.string())).to_pylist() == [one(FULL, value) for value in values]


def test_who_draws_anew_for_each_row_draws_the_first_letter_too_and_initials_agree_with_it():
    salts = np.random.default_rng(7).integers(0, 2**63, (300, 2)).astype(np.uint64)
    for name, kernel in (("Jan", FIRST), ("Peeters", LAST)):
        drawn = kernel(pa.array([name] * 300), salts).to_pylist()
        assert len({word[0] for word in drawn}) >= 5
    names = FULL(pa.array(["Jan Peeters"] * 300), salts).to_pylist()
    short = FULL(pa.array(["J. Peeters"] * 300), salts).to_pylist()
    logins = username.kernel(bind("username"))(pa.array(["j.peeters"] * 300), salts).to_pylist()
    for whole, initial, login in zip(names, short, logins, strict=True):
        plain = without_accents(pa.array([whole]), lower=True)[0].as_py()
        assert initial.lower().startswith(f"{plain[0]}. ")
        assert login.startswith(f"{plain[0]}.{plain.split(' ')[1]}")


@pytest.mark.parametrize("name", ["Jean-Pierre", "Jeanpierre", "Jan", "Dr.", "J.P."])
def test_a_wide_column_maps_as_one_without_a_width(name: str):
    wide, open_ = first_name.kernel(bind("first_name", width=40)), first_name.kernel(bind("first_name"))
    assert wide(pa.array([name])) == open_(pa.array([name]))


@pytest.mark.parametrize("nobody", ["-", "?", "--", "...", "/"])
def test_a_dash_in_the_place_of_a_name_stays_one(nobody: str):
    for transform in (first_name, last_name, full_name):
        assert transform.kernel(bind(transform.NAME))(pa.array([nobody, "Jan"])).to_pylist()[0] == nobody


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("Jan Peeters & Els Claes", "{Jan} {Peeters} & {Els} {Claes}"),
        ("Jan en Els Peeters", "{Jan} en {Els} {Peeters}"),
        ("PEETERS Jan et CLAES Els", "{PEETERS} {Jan} et {CLAES} {Els}"),
        ("Fam. Peeters", "Fam. {Peeters}"),
        ("Jan El Amrani", "{Jan} {El Amrani}"),
        ("El Amrani Jan", "{El Amrani} {Jan}"),
    ],
)
def test_two_people_in_one_cell_stay_two(written: str, form: str):
    first, last = first_name.kernel(bind("first_name")), last_name.kernel(bind("last_name"))
    names = {name: first(pa.array([name])).to_pylist()[0] for name in ("Jan", "Els")}
    names |= {
        name: last(pa.array([name])).to_pylist()[0] for name in ("Peeters", "Claes", "PEETERS", "CLAES", "El Amrani")
    }
    assert full_name.kernel(bind("full_name"))(pa.array([written])).to_pylist() == [form.format(**names)]


@pytest.mark.parametrize(
    ("apart", "joined", "front"),
    [
        ("D'Amico", "damico", "D'"),
        ("O'Brien", "OBRIEN", "O'"),
        ("'t Hooft", "thooft", "'t "),
        ("D'Hondt", "dhondt", "D'"),
    ],
)
def test_what_stands_before_an_apostrophe_stays(apart: str, joined: str, front: str):
    kernel = last_name.kernel(bind("last_name"))
    one, other = kernel(pa.array([apart, joined])).to_pylist()
    assert one.startswith(front)
    assert compact(pa.array([one])) == compact(pa.array([other]))


@pytest.mark.parametrize(
    ("written", "front", "end"),
    [
        ("v.d. Aa", "v.d. ", ""),
        ("v/d Aa", "v/d ", ""),
        ("Aa, van der", "", ", van der"),
        ("Aa,van der", "", ",van der"),
        ("Aa (van der)", "", " (van der)"),
        ("AA, VAN DER", "", ", VAN DER"),
    ],
)
def test_particles_that_are_shortened_or_stand_behind_are_those_of_the_same_person(written: str, front: str, end: str):
    whole, other = LAST(pa.array(["van der Aa", written])).to_pylist()
    assert (front + whole.removeprefix("van der ") + end).lower() == other.lower()


def test_a_name_never_becomes_itself():
    for kernel, name in ((FIRST, "first_names"), (LAST, "known_surnames")):
        for language in LANGUAGES:
            entries = Vocabulary.load(name, language).entries
            assert not set(zip(compact(entries).to_pylist(), compact(kernel(entries)).to_pylist(), strict=True)) & {
                (key, key) for key in compact(entries).to_pylist()
            }


def test_a_replaced_full_name_is_nobody_s_because_its_surname_is_invented():
    invented = {key for language in LANGUAGES for key in Vocabulary.load("surnames", language).keys.to_pylist()}
    surnames = Vocabulary.load("known_surnames", "nl").entries
    halves = [half for name in LAST(surnames).to_pylist() for half in name.partition(", ")[0].split("-")]
    keys = compact(pa.array(halves)).to_pylist()
    assert all({key[particle:] for particle in range(8)} & invented for key in keys)


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


# --- the order of a column ----------------------------------------------------------------------------------------


def test_names_that_could_be_read_either_way_follow_the_order_that_the_rule_states():
    surname_first = full_name.kernel(bind("full_name", order="last_first"))
    name_first = full_name.kernel(bind("full_name", order="first_last"))
    for first, last in (("Thomas", "Martin"), ("Martin", "Thomas"), ("Simon", "Laurent"), ("Xylo", "Quarkvimp")):
        new = one(FIRST, first), one(LAST, last)
        assert one(surname_first, f"{last} {first}") == f"{new[1]} {new[0]}"
        assert one(name_first, f"{first} {last}") == f"{new[0]} {new[1]}"
    assert one(surname_first, "van den Xylo Martin") == f"{one(LAST, 'van den Xylo')} {one(FIRST, 'Martin')}"
    assert one(surname_first, "MARTIN THOMAS") == one(surname_first, "Martin Thomas").upper()


def test_words_capitals_and_commas_that_tell_the_order_go_before_that_of_the_column():
    for order in ("last_first", "first_last"):
        kernel = full_name.kernel(bind("full_name", order=order))
        for name in (
            "Jan Peeters", "Peeters Jan", "J. Peeters", "Peeters J.", "Martin, Thomas", "MARTIN Thomas",
            "De Smet Karel", "Karel De Smet", "Peeters", "Jan", "Dr. Jan P. van der Aa", "Bakkerij Peeters BV",
        ):  # fmt: skip
            assert one(kernel, name) == one(FULL, name), name
    assert one(full_name.kernel(bind("full_name", order="last_first")), "Thomas MARTIN") == one(FULL, "Thomas MARTIN")


@pytest.mark.parametrize("module", [full_name, person_name])
def test_an_order_that_does_not_exist_is_refused_before_the_first_row(module):
    with pytest.raises(RuleError, match=r"t\.c.*last_first"):
        module.kernel(bind(module.NAME, order="backwards"))


# --- signs that nobody sees ---------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from(["Jan Peeters", "PEETERS, Jan", "Dr. Els van den Berg", "Zoë D'Hondt"]),
    st.sampled_from(list("\u200b\u200d\u200e\u00ad\u2060\ufeff")),
    st.integers(0, 20),
)
def test_a_zero_width_sign_does_not_make_another_person(name: str, sign: str, place: int):
    assert one(FULL, name[:place] + sign + name[place:]) == one(FULL, name)
    assert one(FIRST, f"{sign}Jan") == one(FIRST, f"J{sign}an") == one(FIRST, "Jan")
    assert one(LAST, f"Van\u00a0Damme{sign}") == one(LAST, "Van Damme")
    assert one(FIRST, "Jean\u2011Pierre") == one(FIRST, "Jean-Pierre")


def test_a_value_of_nothing_but_unseen_signs_stays():
    assert FULL(pa.array(["\u200b", " \ufeff", "", None])).to_pylist() == ["\u200b", " \ufeff", "", None]


def test_names_of_a_key_that_differ_in_an_unseen_sign_stay_different():
    kernel = full_name.kernel(bind("full_name", unique=True))
    plain, marked = kernel(pa.array(["Jan Peeters", "Jan\u200b Peeters"])).to_pylist()
    assert plain != marked
    assert plain.rsplit(" ", 1)[0] == marked.rsplit(" ", 1)[0]


def test_a_note_behind_a_name_makes_no_other_person():
    kernel = full_name.kernel(bind("full_name"))
    plain, noted = kernel(pa.array(["Jan Peeters", "Jan Peeters (zaakvoerder)"])).to_pylist()
    assert noted == plain


def test_every_sign_for_an_apostrophe_is_one():
    kernel = last_name.kernel(bind("last_name"))
    assert len(set(kernel(pa.array(["D'Hondt", "D’Hondt", "DʼHondt", "D′Hondt"])).to_pylist())) == 1


@pytest.mark.parametrize("particles", ["de", "van der", "Van 't", "v.d.", "in de", "von", "della", "d'"])
def test_particles_that_stand_alone_stay_and_so_do_those_in_the_surname_beside_them(particles: str):
    assert ANY(pa.array([particles, "Vries"])).to_pylist()[0] == particles
    assert ANY(pa.array(["Al", "Do"])).to_pylist() != ["Al", "Do"]


def test_a_particle_that_is_not_known_does_not_make_a_surname_lower_case():
    assert all(name[0].isupper() for name in LAST(pa.array(["della Rovere", "del Valle Saavedra"])).to_pylist())
