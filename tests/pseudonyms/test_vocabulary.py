"""The word lists are what they say they are, and never change silently."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pytest

from anonymizer.errors import InternalError
from anonymizer.pseudonyms.token import tokens, words
from anonymizer.pseudonyms.vocabulary import FOLDER, LANGUAGES, Vocabulary, below, languages
from anonymizer.pseudonyms.written_form import compact

FILES = sorted(FOLDER.glob("*.txt"))
DIGEST = "f5d1c16b4cd6f53401dcb6535bb0c7feefd756db74aaeaa5df04e867bd5f6850"
"""Of all lists together. Every pseudonym depends on them: a change needs a new version of the algorithm."""


def entries(name: str, language: str) -> list[str]:
    return Vocabulary.load(name, language).entries.to_pylist()


def test_the_word_lists_are_those_of_this_version():
    digest = hashlib.sha256()
    for path in FILES:
        digest.update(f"{path.name}\0{path.read_text('utf-8')}".encode())
    assert digest.hexdigest() == DIGEST


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_list_names_source_and_licence_and_fits_latin_1(path):
    lines = path.read_text("utf-8").splitlines()
    assert lines[0].startswith("# source: ")
    assert lines[1].startswith("# licence: ")
    rows = [line for line in lines if not line.startswith("#")]
    assert rows
    assert len(rows) == len(set(rows))
    if not path.stem.startswith("known_"):
        for row in rows:
            assert row == row.strip()
            row.upper().encode("latin-1")


@pytest.mark.parametrize("language", LANGUAGES)
def test_invented_names_are_none_of_the_real_ones(language: str):
    real = {name for other in LANGUAGES for name in compact(pa.array(entries("known_surnames", other))).to_pylist()}
    real |= {name for other in LANGUAGES for name in compact(pa.array(entries("first_names", other))).to_pylist()}
    invented = set(compact(pa.array(entries("surnames", language))).to_pylist())
    assert not invented & real
    assert len(invented) == len(entries("surnames", language)) >= {"nl": 10_000, "fr": 10_000}.get(language, 4_000)
    assert sum(len(name) <= 6 for name in invented) >= 300
    assert len(entries("streets", language)) >= {"nl": 5_000, "fr": 5_000}.get(language, 2_500)


def test_a_pick_fits_the_width_and_every_entry_is_picked():
    names = Vocabulary.load("first_names", "nl_BE")
    hashes = np.arange(0, 2**64, 2**64 // 20_000, dtype=np.uint64)
    assert set(names.pick(hashes).to_pylist()) == set(names.entries.to_pylist())
    for width in (3, 5, 8):
        picked = names.pick(hashes, width).to_pylist()
        assert max(map(len, picked)) <= width
        assert len(set(picked)) == names.fitting(width)
    with pytest.raises(InternalError):
        names.pick(hashes, 1)


def test_contains_knows_every_spelling():
    names = Vocabulary.load("first_names", "fr")
    keys = compact(pa.array(["JÉRÔME", "jerome", "xyzzy"]))
    assert names.contains(keys).to_pylist() == [True, True, False]


def test_a_missing_list_is_an_error():
    with pytest.raises(InternalError, match=r"nothing\.txt"):
        Vocabulary.load("nothing")


def test_locales_without_lists_give_dutch_and_french():
    assert languages(()) == ("nl", "fr")
    assert languages(("pl_PL",)) == ("nl", "fr")
    assert languages(("de_DE", "en_GB", "de_AT")) == ("de", "en")


def test_below_is_below():
    hashes = np.array([0, 2**63, 2**64 - 1], np.uint64)
    assert below(hashes, 10).tolist() == [0, 5, 9]
    assert below(hashes, np.array([1, 2, 3], np.uint64)).tolist() == [0, 1, 2]


@pytest.mark.parametrize("width", [1, 2, 6, 12])
def test_tokens_have_their_width_and_begin_with_a_letter(width: int):
    hashes = np.random.default_rng(1).integers(0, 2**63, 1_000).astype(np.uint64)
    made = tokens(hashes, width).to_pylist()
    assert not set("".join(made)) & set("01lo")
    for some in (made, words(hashes, width).to_pylist()):
        assert {len(word) for word in some} == {width}
        assert all(word[0].isalpha() for word in some)
