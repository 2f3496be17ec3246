"""What a column is whose name says nothing: how likely it is personal, told by its type, its table and its values.

A logistic model over a few yes/no features. Its weights stand in `weights.json` with where they come from; they are
fitted by `python -m tests.benchmarks.fit_detect` on labelled databases from which part of the packs' phrases was
hidden, so that there are columns of unknown names whose label is known. No database is judged by a model that saw it
when the figures are made.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Exhibit
from anonymizer.detect import _samples
from anonymizer.detect._phrases import of
from anonymizer.detect._reading import points_at_people, read_exhibit
from anonymizer.detect._weigh import NOT_PERSONAL_BELOW, PRIOR, Opinion
from anonymizer.model.finding import NOT_PERSONAL, Evidence, Verdict
from anonymizer.model.schema import Column, TypeFamily

WEIGHTS = Path(__file__).with_name("weights.json")
_STRONGEST = 3.5
"""Evidence against personal data up to this weight comes from a word that merely describes: "reason", "path"."""
_MOST = 0.49
"""A name that says nothing never decides: at most a person has to look."""
_QUANTITY = (
    r"^(19|20|99)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$|^0{8}$|^[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}$|"
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}|^[0-9]{1,3}([.,:][0-9]{1,4}){1,2}$"
)
_FAMILIES = {
    TypeFamily.BINARY: "binary",
    TypeFamily.JSON: "open",
    TypeFamily.XML: "open",
    TypeFamily.ARRAY: "open",
    TypeFamily.OTHER: "open",
    TypeFamily.NETWORK: "open",
    TypeFamily.GEOMETRY: "open",
    TypeFamily.DATE: "date",
    TypeFamily.TIMESTAMP: "time",
    TypeFamily.INTEGER: "number",
    TypeFamily.NUMBER: "number",
    TypeFamily.ENUM: "enum",
}
_GUESS = {"binary": "document_or_blob", "date": "birth_date", "number": "salary_or_finance", "long": "free_text"}
"""The likeliest category where nothing but the type is known."""


def evidence(exhibit: Exhibit, opinions: Mapping[str, Opinion]) -> Mapping[str, Evidence]:
    """Column -> what its surroundings say, for those columns of the table of which nothing much is known."""
    found: dict[str, Evidence] = {}
    unsure = [
        column
        for column in exhibit.table.columns
        if is_unknown(column, opinions[column.name]) and not _are_quantities(exhibit.sample.get(column.name))
    ]
    if not unsure:
        return found
    around = surroundings(exhibit)
    for column in unsure:
        features = around | of_column(exhibit, column, opinions)
        chance = min(_MOST, probability(features))
        if chance >= NOT_PERSONAL_BELOW / 4:
            told, guess = opinions[column.name].evidence, _guess(features)
            against = sum(item.weight for item in told if item.category == "none")
            known = PRIOR + sum(item.weight for item in told if item.category == guess)
            odds = chance / (1 - chance) - _odds_of_others(opinions[column.name], guess)
            if odds > 0:
                words = "its name says nothing; " + _why(features)
                found[column.name] = Evidence(guess, max(0.0, math.log(odds) + against - known), words, "unknown")
    return found


def _odds_of_others(opinion: Opinion, guess: str) -> float:
    """What speaks for other categories of personal data already."""
    chances = opinion.probabilities
    others = sum(chance for category, chance in chances.items() if category not in (*NOT_PERSONAL, guess))
    return others / chances["none"]


def is_unknown(column: Column, opinion: Opinion) -> bool:
    """Whether nothing speaks for personal data, and nothing but a describing word against it."""
    if column.family in (TypeFamily.BOOLEAN, TypeFamily.UUID, TypeFamily.TIME, TypeFamily.INTERVAL, TypeFamily.SEARCH):
        return False
    against = [item.weight for item in opinion.evidence if item.category == "none"]
    return opinion.verdict is Verdict.NOT_PERSONAL and all(weight <= _STRONGEST for weight in against)


def _are_quantities(sampled: pa.Array | None) -> bool:
    """Dates, times, versions and prices, written as text: no number of anybody is so short in so many parts."""
    values = _samples.distinct(sampled) if sampled is not None else ()
    return len(values) > 0 and _samples.share(values, _QUANTITY) > 0.9


def surroundings(exhibit: Exhibit) -> frozenset[str]:
    """The features of the table."""
    phrases = of(exhibit.packs)
    reading = read_exhibit(phrases, exhibit)
    found = set()
    if reading.people:
        found.add("people table")
    elif points_at_people(phrases, exhibit):
        found.add("linked table")
    if reading.settings:
        found.add("settings table")
    elif reading.holder in phrases.catalogues - phrases.owners:
        found.add("catalogue")
    elif reading.holder is None:
        found.add("unknown table")
    return frozenset(found)


def of_column(exhibit: Exhibit, column: Column, opinions: Mapping[str, Opinion]) -> frozenset[str]:
    """The features of the column itself: type, neighbours, values."""
    found = {_kind(column)}
    if any(item.category == "none" and item.weight > 0 for item in opinions[column.name].evidence):
        found.add("describing word")
    personal = sum(opinion.verdict is Verdict.PERSONAL for opinion in opinions.values())
    found |= {f"{least} personal columns" for least in (1, 3, 6) if personal >= least}
    if 2 * personal >= len(opinions):
        found.add("most columns personal")
    if any(column.name in key for key in exhibit.table.keys):
        found.add("key")
    return frozenset(found | _of_values(exhibit.sample.get(column.name)))


def _kind(column: Column) -> str:
    if column.family is TypeFamily.TEXT:
        if column.length is None or column.length >= 100:
            return "long"
        return "middle" if column.length >= 20 else "short" if column.length >= 8 else "tiny"
    return _FAMILIES.get(column.family, "other")


def _of_values(sampled: pa.Array | None) -> set[str]:
    values = _samples.distinct(sampled) if sampled is not None else ()
    if sampled is None or not len(values):
        return {"no values"}
    filled = len(sampled) - sampled.null_count
    found = set()
    if 5 * len(values) <= filled:
        found.add("few values")
    if 10 * len(values) >= 9 * filled:
        found.add("distinct values")
    if _samples.share(values, r"\pL[ ,.'-]+\pL") > 0.5:
        found.add("several words")
    if _samples.share(values, r"^[0-9 .,/+-]+$") > 0.8:
        found.add("digits")
    if float(pc.mean(pc.utf8_length(values)).as_py()) <= 4:
        found.add("short values")
    return found


def _guess(features: frozenset[str]) -> str:
    return next((category for kind, category in _GUESS.items() if kind in features), "other_personal")


def _why(features: frozenset[str]) -> str:
    told = ("people table", "linked table", "6 personal columns", "3 personal columns", "1 personal columns")
    words = {
        "people table": "its table is about people",
        "linked table": "its table points at people",
        "6 personal columns": "it stands among personal columns",
        "3 personal columns": "it stands among personal columns",
        "1 personal columns": "it stands beside a personal column",
    }
    return next((words[each] for each in told if each in features), "its type has room for personal data")


def probability(features: frozenset[str]) -> float:
    """How likely a column of these features is personal."""
    weights = _weights()
    score = weights["base"] + sum(weights.get(feature, 0.0) for feature in crossed(features))
    return 1 / (1 + math.exp(-score))


def crossed(features: frozenset[str]) -> frozenset[str]:
    """The features, and each kind of type in a table about people: what a text says depends on both."""
    about = {"people table", "linked table"} & features
    kinds = {"long", "middle", "short", "tiny", "binary", "open", "date", "time", "number"} & features
    return features | {f"{kind} in {table}" for kind in kinds for table in about}


@cache
def _weights() -> Mapping[str, float]:
    return dict(json.loads(WEIGHTS.read_text(encoding="utf-8"))["weights"])
