"""The rule packs that come with the program."""

from __future__ import annotations

import pytest

from anonymizer import registry
from anonymizer.detect import _words
from anonymizer.model.finding import CATEGORIES
from anonymizer.model.rules import Action
from tests.detect.builders import packs


def test_every_category_has_a_default_somewhere_and_a_kept_one_its_reason():
    defaults = {category: made for pack in packs() for category, made in pack.defaults.items()}
    assert set(CATEGORIES) <= set(defaults)
    for category, made in defaults.items():
        assert made.action is Action.REPLACE or made.why, category


def test_every_default_names_a_replacement_that_exists():
    known = {module.NAME for module in registry.load("transforms").values()}
    named = {made.transform for pack in packs() for made in pack.defaults.values() if made.transform}
    assert named <= known


def test_every_identifier_that_a_pack_names_exists():
    named = {name for pack in packs() for r in pack.recognisers for name in r.values}
    assert named <= set(registry.load("identifiers"))


def test_every_category_is_recognised_by_some_entry():
    assert set(CATEGORIES) <= {r.category for pack in packs() for r in pack.recognisers}


@pytest.mark.parametrize("pack", packs(), ids=lambda pack: pack.name)
def test_every_phrase_has_a_word_left_once_it_is_split(pack):
    for recogniser in pack.recognisers:
        for phrase in (*recogniser.phrases, *recogniser.tables):
            left = _words.split(phrase)
            assert left, phrase
            assert len("".join(left)) >= 2, f"{phrase} says nothing once it is split"
