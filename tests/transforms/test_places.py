"""city, postcode, region and country: places that belonged together do so afterwards."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer.contracts import Kernel
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.gazetteer import SIZES, gazetteer
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.transforms import city, country, postcode, region, street_address
from tests.transforms.bindings import OTHER_KEYS, bind, kept_apart

CITY, CODE, REGION, STREET = (module.kernel(bind(module.NAME)) for module in (city, postcode, region, street_address))
BOOK = gazetteer()
NAMES = BOOK.names.slice(0, len(BOOK.people)).to_pylist()
COUNTRY = np.array(BOOK.country.to_pylist())
GROUP = BOOK.group[BOOK.area_of_slot[BOOK.slot_of_row]]
GROUPS: dict[tuple[str, str], set[int]] = {}
for _of, _name, _group in zip(COUNTRY.tolist(), NAMES, GROUP.tolist(), strict=True):
    GROUPS.setdefault((_of, _name), set()).add(_group)
LOCALES = {"be": ("nl_BE", "fr_BE"), "nl": ("nl_NL",), "fr": ("fr_FR",), "de": ("de_DE",), "lu": ("fr_LU",)}


def one(kernel: Kernel, value: str) -> str:
    return kernel(pa.array([value])).to_pylist()[0]


def listed(of: str) -> list[tuple[str, str]]:
    """Postcode and town, of each row of one country's list."""
    rows = np.flatnonzero(of == COUNTRY)
    return [(f"{BOOK.code[BOOK.slot_of_row[row]]:0{SIZES[of]}d}", NAMES[row]) for row in rows]


def groups_of(name: str, of: str) -> set[int]:
    """In which provinces of a country a town of that name lies."""
    return GROUPS.get((of, name), set())


# --- coherence ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", LOCALES)
def test_99_of_100_people_live_in_a_town_of_their_postcode_afterwards(of: str):
    pairs = listed(of)
    codes_of = Counter(name for _, name in pairs)
    people = BOOK.people[of == COUNTRY] / np.array([codes_of[name] for _, name in pairs])
    chosen = np.random.default_rng(7).choice(len(pairs), 3_000, p=people / people.sum())
    codes, towns = (pa.array([pairs[row][part] for row in chosen]) for part in (0, 1))
    moved = zip(
        postcode.kernel(bind("postcode", locales=LOCALES[of]))(codes).to_pylist(),
        city.kernel(bind("city", locales=LOCALES[of]))(towns).to_pylist(),
        strict=True,
    )
    rows = np.flatnonzero(of == COUNTRY)
    others = BOOK.names.take(pa.array(rows + len(NAMES))).to_pylist()
    table = {*pairs, *((code, other) for (code, _), other in zip(pairs, others, strict=True))}
    assert np.mean([pair in table for pair in moved]) >= 0.99


def test_a_town_and_its_postcode_stay_in_their_province():
    rows = np.flatnonzero(COUNTRY == "be")
    codes = pa.array([f"{code:04d}" for code in BOOK.code[BOOK.slot_of_row[rows]]])
    province = {code: GROUP[row] for code, row in zip(codes.to_pylist(), rows, strict=True)}
    assert all(
        province[new] == province[old] for old, new in zip(codes.to_pylist(), CODE(codes).to_pylist(), strict=True)
    )
    for name in ("Gent", "Liège", "Hasselt", "Ixelles", "Mons"):
        assert groups_of(one(CITY, name), "be") & groups_of(name, "be")


@pytest.mark.parametrize(
    ("town", "of"), [("Lyon", "fr"), ("Chicago", "us"), ("Manchester", "gb"), ("Sevilla", "es"), ("Toronto", "ca")]
)
def test_a_foreign_town_stays_in_its_country_and_region(town: str, of: str):
    image = one(CITY, town)
    assert image != town
    assert groups_of(image, of) & groups_of(town, of)


def test_no_town_and_no_postcode_stays_where_it_was():
    names = pa.array(sorted(set(NAMES)))
    assert not [n for n, new in zip(names.to_pylist(), CITY(names).to_pylist(), strict=True) if n == new]
    for of, locales in LOCALES.items():
        codes = pa.array([code for code, _ in listed(of)])
        new = postcode.kernel(bind("postcode", locales=locales))(codes)
        assert not np.any(new.to_numpy(zero_copy_only=False) == codes.to_numpy(zero_copy_only=False))


def test_the_towns_that_lead_an_area_become_as_many_others():
    lead = BOOK.first_row[BOOK.first_slot]
    towns = pa.array(sorted({NAMES[row] for row in lead if COUNTRY[row] == "be"}))
    assert len(set(CITY(towns).to_pylist())) == len(towns) > 500


def test_another_key_moves_towns_elsewhere():
    towns = pa.array([name for _, name in listed("be")])
    other = city.kernel(bind("city", keys=OTHER_KEYS))(towns)
    assert np.mean(np.array(other.to_pylist()) == np.array(CITY(towns).to_pylist())) < 0.3


# --- written forms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spellings",
    [
        ("Sint-Niklaas", "sint-niklaas", "SINT-NIKLAAS", "Sint Niklaas", "St-Niklaas", "St. Niklaas"),
        ("Gent", "Ghent", "GENT", "Gent (centrum)"),
        ("Saint-Étienne", "ST ETIENNE", "St. Etienne"),
        ("Köln", "KOELN", "Cologne", "Keulen"),
        ("Frankfurt am Main", "Frankfurt"),
        ("Paris", "PARIS CEDEX 08", "Paris 8e", "Parijs"),
        ("Esch-sur-Alzette", "Esch/Alzette"),
        ("'s-Gravenhage", "Den Haag", "The Hague"),
        ("Hengelo", "Hengelo (Ov)"),
    ],
)
def test_a_town_is_the_same_in_any_spelling(spellings: tuple[str, ...]):
    assert len({one(CITY, spelling).lower() for spelling in spellings}) == 1


def test_a_town_with_two_names_is_one_town_in_two_languages():
    for dutch, french in (("Brussel", "Bruxelles"), ("Luik", "Liège"), ("Bergen", "Mons"), ("Gent", "Gand")):
        at = NAMES.index(one(CITY, french)) if dutch != "Gent" else NAMES.index(one(CITY, dutch))
        names = {NAMES[at], BOOK.names[at + len(NAMES)].as_py()}
        assert {one(CITY, dutch), one(CITY, french)} == names
    assert one(CITY, "Brussels") == one(CITY, "Brussel")


def test_a_town_of_brussels_is_named_in_its_language_and_in_that_of_the_plan_where_it_has_but_one_name():
    dutch, french = (city.kernel(bind("city", locales=locales)) for locales in (("nl_BE",), ("fr_BE", "nl_BE")))
    names = {NAMES[row]: BOOK.names[int(row) + len(NAMES)].as_py() for row in np.flatnonzero(COUNTRY == "be")}
    for town in ("Jette", "Anderlecht", "Evere", "Etterbeek", "Ganshoren", "Koekelberg"):
        assert one(dutch, town) == names[one(french, town)]
    for in_dutch, in_french in (("Schaarbeek", "Schaerbeek"), ("Laken", "Laeken"), ("Ukkel", "Uccle")):
        assert one(dutch, in_dutch) == one(french, in_dutch) == names[one(dutch, in_french)]
        assert one(dutch, in_french) == one(french, in_french)


def test_flemish_and_walloon_towns_are_named_as_their_region_names_them():
    french = city.kernel(bind("city", locales=("fr_BE",)))
    for town in ("Deurne", "Aalter", "Namur", "Dinant"):
        assert one(french, town) == one(CITY, town)
    assert one(CITY, "Lüttich") == one(CITY, "Liège")


def test_a_postcode_in_front_and_a_country_behind_go_with_the_town():
    town = one(CITY, "Brussel")
    assert one(CITY, "1000 Brussel") == f"{one(CODE, '1000')} {town}"
    assert one(CITY, "B-1000 BRUSSEL") == f"B-{one(CODE, '1000')} {town.upper()}"
    assert one(CITY, "8660 DE PANNE") == f"{one(CODE, '8660')} {one(CITY, 'DE PANNE')}"
    assert one(CITY, "1012 AB Amsterdam") == f"{one(CODE, '1012 AB')} {one(CITY, 'Amsterdam')}"


def test_a_postcode_keeps_its_form_and_is_of_the_country_that_the_form_tells():
    assert one(CODE, "B-9000") == f"B-{one(CODE, '9000')}"
    assert one(CODE, "BE-9000") == f"BE-{one(CODE, '9000')}"
    assert re.fullmatch(r"\d{4} [A-Z]{2}", one(CODE, "1012 AB"))
    assert one(CODE, "1012AB")[:4] == one(CODE, "1012 AB")[:4] != one(CODE, "1012")
    assert re.fullmatch(r"SW\d[A-Z] \d[A-Z]{2}", one(CODE, "SW1A 1AA"))
    assert re.fullmatch(r"90\d{3}-\d{4}", one(CODE, "90210-1234"))
    assert one(CODE, "D-10115") == f"D-{one(postcode.kernel(bind('postcode', locales=('de_DE',))), '10115')}"
    assert one(CODE, "10115") == one(CODE, "D-10115")[2:]  # no French one
    assert one(CODE, "L-1140") != f"L-{one(CODE, '1140')}"
    assert (one(CODE, "75380"), "75008") in {(new, "75008") for new, _ in listed("fr")}  # CEDEX
    assert one(postcode.kernel(bind("postcode", TypeFamily.INTEGER)), "9000") == one(CODE, "9000")


def test_four_digits_are_of_the_plans_country():
    for of in ("be", "nl", "lu"):
        kernel = postcode.kernel(bind("postcode", locales=LOCALES[of]))
        codes = {code for code, _ in listed(of)}
        assert all(new in codes for new in kernel(pa.array(sorted(codes))).to_pylist())


def test_a_zero_that_a_number_has_lost_is_no_other_postcode():
    german = postcode.kernel(bind("postcode", TypeFamily.INTEGER, locales=("de_DE",)))
    assert f"0{one(german, '1067')}" == one(postcode.kernel(bind("postcode", locales=("de_DE",))), "01067")


def test_a_key_of_postcodes_stays_a_key():
    codes = [str(code) for code in range(1000, 10000)]
    result = postcode.kernel(bind("postcode", unique=True))(pa.array(codes)).to_pylist()
    assert sorted(result) == codes


def test_a_key_of_towns_stays_a_key():
    towns = pa.array(sorted({name for of in LOCALES for _, name in listed(of)}))
    keyed = kept_apart(city, bind("city", unique=True), towns)
    assert len(set(keyed(towns).to_pylist())) == len(towns)


@pytest.mark.parametrize("width", [2, 4, 8, 12, 20])
def test_a_narrow_town_is_a_shorter_one_of_the_same_province(width: int):
    names = pa.array([name for _, name in listed("be") if len(name) <= width] or ["As"])
    result = city.kernel(bind("city", width=width))(names).to_pylist()
    assert all(0 < len(new) <= width for new in result)
    if width >= 8:
        alike = [
            bool(groups_of(new, "be") & groups_of(old, "be"))
            for old, new in zip(names.to_pylist()[::20], result[::20], strict=True)
        ]
        assert np.mean(alike) > 0.9


# --- regions and countries ----------------------------------------------------------------------------------------


def test_a_region_becomes_another_one_of_its_country_and_keeps_its_form():
    flemish = {row[2] for row in Vocabulary.load("regions").rows if row[0] == "be nl"}
    for name in flemish:
        assert one(REGION, name) in flemish - {name}
    assert one(REGION, "Henegouwen") != one(REGION, "Hainaut") != "Hainaut"
    assert re.fullmatch("[A-Z]{2}", one(REGION, "CA"))
    assert re.fullmatch("[A-Z]{2}", one(REGION, "TX"))


def test_a_country_keeps_its_written_form():
    kernel = country.kernel(bind("country"))
    row = next(row for row in Vocabulary.load("countries").rows if row[0] == one(kernel, "BE"))
    assert [one(kernel, name) for name in ("BEL", "België", "Belgique", "Belgien", "Belgium")] == row[1:]
    assert row[0] != "BE"
    assert re.fullmatch("[A-Z]{2}", one(kernel, "US"))


# --- any value ----------------------------------------------------------------------------------------------------

_POOL = [
    "Gent",
    "GENT",
    "9000",
    "B-9000 Gent",
    "1012 AB",
    "St. Niklaas",
    "Paris Cedex 08",
    "Zürich",
    "ÎLE",
    "x",
    "Nowhere",
]
_POOL += [
    "90210-1234",
    "SW1A 1AA",
    "Kerkstraat 12 bus 3, 9000 Gent",
    "12, rue X",
    "c/o Jan Peeters",
    " ",
    "",
    "Postbus 12",
]
_POOL += ["Hauptstr. 5\n10115 Berlin", "bus 3", "0", "Gent, België", "Lyon 3e", "L-1140", "é9000", "12 b", "Ünter 9-9"]
VALUES = st.lists(st.one_of(st.none(), st.sampled_from(_POOL), st.text(max_size=25)), max_size=12)


@pytest.mark.parametrize("module", [city, postcode, region, street_address], ids=lambda module: module.NAME)
@given(values=VALUES)
def test_a_column_maps_as_each_of_its_values_does(module, values: list[str | None]):
    for width in (None, 15):
        kernel = module.kernel(bind(module.NAME, width=width))
        column = pa.array([value and value[:15] for value in values] if width else values, pa.string())
        result = kernel(column)
        result.validate(full=True)
        assert result.to_pylist() == [kernel(column.slice(row, 1)).to_pylist()[0] for row in range(len(column))]
        for old, new in zip(column.to_pylist(), result.to_pylist(), strict=True):
            assert (old is None) == (new is None)
            if width and old is not None:
                assert len(new) <= width


# --- a postcode and its town in one column ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "code", "town"),
    [
        ("9000 Gent", "9000", "Gent"),
        ("B-9000 Gent", "B-9000", "Gent"),
        ("9000 GENT", "9000", "GENT"),
        ("9000-Gent", "9000", "Gent"),
        ("9000, Gent", "9000", "Gent"),
        ("4000 Liège", "4000", "Liège"),
        ("F-75001 Paris", "F-75001", "Paris"),
        ("1012 AB Amsterdam", "1012 AB", "Amsterdam"),
        ("1012AB Amsterdam", "1012AB", "Amsterdam"),
        ("8660 DE PANNE", "8660", "DE PANNE"),
        ("D-10115 Berlin", "D-10115", "Berlin"),
    ],
)
def test_a_postcode_with_its_town_becomes_what_both_are_in_columns_of_their_own(written: str, code: str, town: str):
    between = written.removeprefix(code).removesuffix(town)
    expected = f"{one(CODE, code)}{between}{one(CITY, town)}"
    assert one(CODE, written) == expected
    assert one(CITY, written) == expected


def test_a_column_too_narrow_for_the_town_keeps_the_postcode_alone():
    narrow = postcode.kernel(bind("postcode", width=9))
    assert one(narrow, "9000 Gent") == one(CODE, "9000")


def test_a_postcode_of_letters_and_digits_is_not_taken_for_one_with_a_town():
    for written in ("1012 AB", "1012AB", "1012 ab", "SW1A 1AA", "NL-1012 AB"):
        assert re.sub("[A-Z]", "A", re.sub("[a-z]", "a", re.sub("[0-9]", "0", one(CODE, written)))) == (
            re.sub("[A-Z]", "A", re.sub("[a-z]", "a", re.sub("[0-9]", "0", written)))
        )
    assert one(CODE, "1012 AB")[:4] == one(CODE, "NL-1012 AB")[3:7]


def test_a_postcode_that_a_program_made_a_floating_number_is_that_postcode():
    kernel = postcode.kernel(bind("postcode"))
    plain, floating = kernel(pa.array(["9000", "9000.0"])).to_pylist()
    assert floating == f"{plain}.0"
