"""Notices sampled values that stand in lists of first names, surnames and towns (Dutch, French, English, German).

Titles of songs and names of products contain first names too, so a list says little of a column by itself; most of
its values must be in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Exhibit
from anonymizer.detect import _samples
from anonymizer.model.finding import Evidence
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.gazetteer import large_towns
from anonymizer.pseudonyms.vocabulary import LANGUAGES, Vocabulary
from anonymizer.pseudonyms.written_form import compact

_FEWEST = 4
"""Fewer distinct values than these say nothing, unless they are whole names."""
_FEWEST_NAMES = 2
_TITLE = r"^(?i:(?:dhr|mevr|mw|mej|mr|mrs|ms|dr|ir|ing|prof|herr|frau|hr|fr|m|mme|mlle)\.?\s+)+"
_MOST_WORDS = 7
_PARTICLES = pa.array("van vande vanden vander de den der von zu du des d la le ter ten t el al di da".split())
_TOWNS = ((50, ("be",)), (400, ("nl", "fr", "de")))
"""Towns with so many hundreds of inhabitants; names of villages are those of people and things."""


_MALE = pa.array(
    "m h man male homme mann mannelijk masculin mannlich maennlich männlich heer jongen garcon boy".split()
)
_FEMALE = pa.array("v f w vrouw female femme frau vrouwelijk féminin feminin weiblich dame meisje fille girl".split())
_NEITHER = pa.array("x u o d n ? - other unknown onbekend inconnu unbekannt divers autre anders".split())
_COURTESY = (
    r"^(?i:(?:dhr|heer|mevr?|mevrouw|mej|mejuffrouw|mr|mister|mrs|ms|mx|miss|madam|sir|dr|drs|ir|ing|prof|herrn?|frau|hr|fr"
    r"|m|mme|mlle|monsieur|madame|mademoiselle|sr|sra|srta|dott|me|ma?itre)\.?(?:\s+|$))+$"
)
_BLOOD = r"^(?i:(A|B|AB|O|0) ?(Rh)? ?([+-]|pos|neg|positief|negatief|positif|negatif|positiv|negativ))$"


def examine(exhibit: Exhibit) -> Mapping[str, tuple[Evidence, ...]]:
    """Column -> what word lists say of its sampled values."""
    textual = {column.name for column in exhibit.table.columns if column.family is TypeFamily.TEXT}
    return {
        name: (*_evidence(values), *_closed(values))
        for name, values in _samples.columns(exhibit).items()
        if name in textual and len(values) >= _FEWEST_NAMES
    }


def _closed(values: pa.Array) -> list[Evidence]:
    """Lists that are complete: both sexes and little else, groups of blood."""
    plain = pc.utf8_lower(values)
    male, female, neither = (pc.is_in(plain, value_set=words) for words in (_MALE, _FEMALE, _NEITHER))
    if male.true_count and female.true_count and pc.all(pc.or_(pc.or_(male, female), neither)).as_py():
        whole_words = pc.max(pc.utf8_length(plain)).as_py() > 1
        return [Evidence("gender", 6.0 if whole_words else 4.2, "values are the two sexes", "by_vocabulary")]
    if _samples.share(values, _COURTESY) == 1:
        return [Evidence("gender", 7.0, "values are titles of courtesy", "by_vocabulary")]
    if len(values) > _FEWEST_NAMES and _samples.share(values, _BLOOD) == 1:
        return [Evidence("health", 7.0, "values are groups of blood", "by_vocabulary")]
    return []


def _evidence(values: pa.Array) -> list[Evidence]:
    if len(values) < _FEWEST:
        return _whole_names(values)
    words = pc.utf8_split_whitespace(values)
    counts = pc.list_value_length(words).to_numpy(zero_copy_only=False)
    keys = compact(values)
    found: list[Evidence] = []

    def weigh(category: str, hits: pa.Array, chance: float, most: float, kind: str) -> None:
        hit = int(pc.sum(hits).as_py() or 0)
        weight = _samples.surprise(hit, len(values) - hit, expected=0.5, chance=chance, most=most)
        if weight > 0:
            found.append(Evidence(category, weight, f"values are {kind}", "by_vocabulary"))

    weigh("first_name", pc.is_in(keys, value_set=_first_names()), 0.06, 5.0, "first names")
    weigh("last_name", pc.is_in(keys, value_set=_surnames()), 0.06, 5.0, "surnames")
    weigh("city", pc.is_in(keys, value_set=_towns()), 0.06, 3.5, "towns")
    several = pa.array((counts >= 2) & (counts <= 4))
    edges = [compact(pc.list_element(pc.if_else(several, words, _PAIR), at)) for at in (0, 1)]
    named = pc.or_(pc.is_in(edges[0], value_set=_first_names()), pc.is_in(edges[1], value_set=_first_names()))
    weigh("full_name", pc.and_(several, named), 0.08, 5.0, "first names with other words")
    if not any(item.category == "full_name" for item in found):  # one sign, not two
        found += _whole_names(values)
    return found


def _whole_names(values: pa.Array) -> list[Evidence]:
    """A first name at one end, and a surname or its particle elsewhere: no chance, even in two values."""
    bare = pc.utf8_trim_whitespace(pc.replace_substring_regex(values, _TITLE, ""))
    words = pc.split_pattern_regex(bare, r"[\s,-]+")
    offsets = words.offsets.to_numpy() - words.offsets[0].as_py()
    keys = compact(words.flatten())
    first = np.asarray(pc.is_in(keys, value_set=_first_names()).to_numpy(zero_copy_only=False))
    known = pc.or_(pc.is_in(keys, value_set=_surnames()), pc.is_in(keys, value_set=_PARTICLES))
    surname = np.asarray(known.to_numpy(zero_copy_only=False)).astype(np.int64)
    begins, ends, counts = offsets[:-1], offsets[1:] - 1, np.diff(offsets)
    others = np.add.reduceat(surname, begins) if len(begins) else np.zeros(0, np.int64)
    whole = (first[begins] & (others > surname[begins])) | (first[ends] & (others > surname[ends]))
    whole &= (counts >= 2) & (counts <= _MOST_WORDS)
    hit = int(whole.sum())
    weight = _samples.surprise(hit, len(values) - hit, expected=0.5, chance=0.02, most=5.0)
    return [Evidence("full_name", weight, "values are whole names", "by_vocabulary")] if weight > 0 else []


_PAIR = pa.scalar(["", ""], pa.list_(pa.string()))


@cache
def _first_names() -> pa.Array:
    return _joined("first_names", LANGUAGES)


@cache
def _surnames() -> pa.Array:
    return _joined("known_surnames", LANGUAGES)


@cache
def _towns() -> pa.Array:
    towns = [large_towns(least, countries) for least, countries in _TOWNS]
    return pc.unique(compact(pa.concat_arrays(towns)))


def _joined(name: str, languages: tuple[str, ...]) -> pa.Array:
    return pc.unique(pa.concat_arrays([Vocabulary.load(name, language).keys for language in languages]))
