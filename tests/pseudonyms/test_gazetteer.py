"""The lists of towns are what the exchange of places takes for granted."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from anonymizer.pseudonyms.gazetteer import PEERS, SIZES, aliases, gazetteer, large_towns

BOOK = gazetteer()


def test_every_area_has_peers_and_most_have_ten():
    counts = np.unique(BOOK.peers, return_counts=True)[1]
    assert counts.min() >= 2
    assert np.mean(counts >= PEERS) > 0.95
    lone = np.bincount(BOOK.group)[BOOK.group] == 1
    for of in np.unique(BOOK.peers[~lone]).tolist()[:500]:
        assert len(np.unique(BOOK.group[of == BOOK.peers])) == 1


def test_the_first_town_of_an_area_goes_with_each_of_its_postcodes():
    first = BOOK.names.take(BOOK.first_row).to_numpy(zero_copy_only=False)
    lead = first[BOOK.first_slot][BOOK.area_of_slot]
    assert (first == lead).all()


def test_every_listed_country_has_its_postcodes_and_each_stands_once():
    country = BOOK.country.to_numpy(zero_copy_only=False)[BOOK.first_row]
    for name, size in SIZES.items():
        codes = BOOK.code[country == name]
        assert len(codes) == len(np.unique(codes)) > 1_000
        assert codes.max() < 10**size
        found = BOOK.postcodes[name]
        assert (BOOK.code[found.listed[codes]] == codes).all()
        assert (found.nearest >= 0).all()


def test_a_postcode_in_no_list_is_the_one_below_it():
    belgian = BOOK.postcodes["be"]
    assert belgian.listed[9001] == -1
    assert BOOK.code[belgian.nearest[9001]] == 9000
    assert belgian.nearest[1] == belgian.listed[1000]


def test_large_towns_are_named_in_both_languages():
    names = large_towns(1_000, ("be",)).to_pylist()
    assert {"Gent", "Gand", "Liège", "Luik", "Bruxelles", "Brussel"} <= set(names)
    assert len(names) < 50


def test_names_in_other_languages_are_none_of_their_country():
    further = aliases()
    assert pc.is_in("keulen", further.keys).as_py()
    assert len(further.keys) == len(further.town_keys) > 1_000
