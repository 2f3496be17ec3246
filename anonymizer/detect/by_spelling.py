"""Notices keys that spell whom they stand for: ALFKI for "Alfreds Futterkiste", PEEJAN for "Peeters Jan".

Looked for in tables of people and firms only, row by row: nearly all keys must begin as a name beside them does.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Exhibit
from anonymizer.detect._phrases import of
from anonymizer.detect._reading import read_exhibit
from anonymizer.model.finding import Evidence
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.written_form import compact

_KEY = r"^[A-Za-z]{3,9}[0-9]{0,3}$"
_LETTERS = 3
"""First letters that key and name share; that two words do so by chance is one case in thousands."""
_FEWEST = 5
_SHARE = 0.7
_WEIGHT = 20.0
"""More than the name of a key says against it."""


def examine(exhibit: Exhibit) -> Mapping[str, tuple[Evidence, ...]]:
    """Column -> that its keys spell names that stand beside them."""
    phrases = of(exhibit.packs)
    reading = read_exhibit(phrases, exhibit)
    if not reading.people and reading.holder not in phrases.owners:
        return {}
    texts = {
        column.name: exhibit.sample[column.name]
        for column in exhibit.table.columns
        if column.family is TypeFamily.TEXT and column.name in exhibit.sample
    }
    keyed = {column for key in exhibit.table.keys if len(key) == 1 for column in key}
    told = Evidence("other_personal", _WEIGHT, "keys that spell names of the same rows", "by_spelling")
    return {name: (told,) for name in keyed & texts.keys() if _spells(name, texts)}


def _spells(name: str, texts: Mapping[str, pa.Array]) -> bool:
    """Whether the keys of a column begin as the values of another column of their rows do."""
    keys = texts[name]
    fit = pc.fill_null(pc.match_substring_regex(keys, _KEY), False)
    if fit.true_count < max(_FEWEST, _SHARE * len(keys)):
        return False
    begins = pc.utf8_slice_codeunits(compact(keys.filter(fit)), 0, _LETTERS)
    if len(pc.unique(begins)) < _FEWEST:
        return False
    others = [
        pc.utf8_slice_codeunits(compact(pc.fill_null(values.filter(fit), "")), 0, _LETTERS)
        for other, values in texts.items()
        if other != name
    ]
    return any(pc.equal(begins, other).true_count >= _SHARE * len(begins) for other in others)
