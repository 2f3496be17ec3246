"""Whoever has the copy, the program and every possible original, but not the key, learns nothing.

The attacker makes pseudonyms of all candidates, under a key of his own, and reads the copy backwards. Against a
function without a secret key, which anybody can compute, the same attack wins: so it is a test that can fail.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest

from anonymizer.pseudonyms.secret import KeyRing, Secret
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.transforms import birth_date, first_name, last_name, national_id, permute, phone
from tests.transforms.bindings import bind

PUBLIC = KeyRing(Secret.from_text("8f1c2a77b5e04d3396cc10fd42ab9e7715d36e80c4f2915ab8e7036d1f24c95a"), "test")


def first_names() -> pa.Array:
    return Vocabulary.load("first_names", "nl").entries


def surnames() -> pa.Array:
    return Vocabulary.load("known_surnames", "nl").entries


def birth_dates() -> pa.Array:
    return pa.array(np.arange(np.datetime64("1950-01-01"), np.datetime64("2005-01-01")).astype(str))


def national_numbers() -> pa.Array:
    """One for every day of ten years: all that a small domain has."""
    found = []
    for day in np.arange(np.datetime64("1980-01-01"), np.datetime64("1990-01-01")).astype(str).tolist():
        body = f"{day[2:4]}{day[5:7]}{day[8:]}001"
        found.append(f"{body}{97 - int(body) % 97:02d}")
    return pa.array(found)


def phones() -> pa.Array:
    return pa.array([f"+32 470 {n // 10000:02d} {n // 100 % 100:02d} {n % 100:02d}" for n in range(20_000)])


def codes() -> pa.Array:
    return pa.array([f"{n}" for n in range(1000, 10_000)])


DOMAINS = [
    (first_name, first_names, 200), (last_name, surnames, 200), (birth_date, birth_dates, 1461),
    (national_id, national_numbers, 1461), (phone, phones, 20_000), (permute, codes, 9_000),
]  # fmt: skip
"""Transform, all candidates, and among how many of them its manual says that an original hides: names of one sex and
language, days of four years, numbers of as many digits."""
every_domain = pytest.mark.parametrize(("transform", "candidates", "crowd"), DOMAINS)


def recovered(transform: ModuleType, candidates: pa.Array, key: KeyRing, guessed: KeyRing) -> float:
    """The share of the people whose original the attacker names, who expects the key to be `guessed`."""
    copy = transform.kernel(bind(transform.NAME, keys=key))(candidates).to_pylist()
    dictionary = dict(
        zip(
            transform.kernel(bind(transform.NAME, keys=guessed))(candidates).to_pylist(),
            candidates.to_pylist(),
            strict=True,
        )
    )
    hits = sum(dictionary.get(seen) == real for seen, real in zip(copy, candidates.to_pylist(), strict=True))
    return hits / len(candidates)


def by_chance(candidates: pa.Array, crowd: int) -> float:
    """What guessing at random in a crowd would find, and six deviations more."""
    expected = len(candidates) / crowd
    return (expected + 6 * max(expected, 1) ** 0.5) / len(candidates)


@every_domain
def test_a_dictionary_of_every_possible_original_finds_no_more_than_chance(
    transform: ModuleType, candidates: Callable[[], pa.Array], crowd: int
):
    every = candidates()
    for _ in range(3):
        key = KeyRing(Secret.fresh(), "test")
        assert recovered(transform, every, key, KeyRing(Secret.fresh(), "test")) <= by_chance(every, crowd)


@every_domain
def test_the_same_attack_wins_where_there_is_no_secret(
    transform: ModuleType, candidates: Callable[[], pa.Array], crowd: int
):
    every = candidates()
    shown = len(set(transform.kernel(bind(transform.NAME, keys=PUBLIC))(every).to_pylist()))
    found = recovered(transform, every, PUBLIC, PUBLIC)
    assert found >= 0.99 * shown / len(every)
    assert found > 5 * by_chance(every, crowd)


@every_domain
def test_the_copies_of_two_scopes_cannot_be_joined(
    transform: ModuleType, candidates: Callable[[], pa.Array], crowd: int
):
    every, secret = candidates(), Secret.fresh()
    one, other = KeyRing(secret, "acme"), KeyRing(secret, "globex")
    assert recovered(transform, every, one, other) <= by_chance(every, crowd)
