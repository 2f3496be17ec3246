"""How a name or a comment is read with the phrases of the packs, and what evidence that gives.

A word that describes ("type", "count", "verified") makes the personal word beside it not count: "phone type" is not a
phone. Words before a phrase mostly qualify it ("billing address"), words after it mostly name another thing ("email
campaign"), so those cost more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from anonymizer.detect._phrases import Match, Phrase, Phrases, fits
from anonymizer.detect._weigh import weight
from anonymizer.model.finding import Evidence
from anonymizer.model.rules import Recogniser
from anonymizer.model.schema import Column, Table

DESCRIBES_ANYWHERE = 0.98
"""Entries of `none` from this confidence on ("type", "id") count wherever they stand, the others only at the end."""
_CLEAR = 0.8
"""Confidence from which on a name needs no table to be understood."""
_NEUTRAL = frozenset(
    "entity data info master table tbl tab detail details record list base main history hist archive bak backup old "
    "new all header view dim fact tmp temp copy test log tabel gegevens lijst fiche fichier liste daten stamm".split()
)
"""Words of a table's name that change nothing in what it holds."""
_NUMBERS = frozenset("number nr num no numero nummer nbr".split())
"""Such a word leaves "phone number" a phone, and makes "customer number" no name."""
_NAMES = frozenset("full_name first_name last_name person_name company_name free_text".split())
_UNSURE = -1.5
_UNKNOWN_AFTER = -1.2
_UNKNOWN_BEFORE = -0.3


class TableReading(NamedTuple):
    """What a table's name says."""

    holder: Phrase | None
    """Whose or what data it holds; None when no pack knows."""
    people: bool
    """Whether any of its words means a person."""
    sure: bool = True
    """False when unknown words follow: `account_move` may hold no accounts."""


def read_table(phrases: Phrases, table: Table) -> TableReading:
    """What the table holds: the last known word of its name, or the first one if that describes ("types client")."""
    found = phrases.holders_in(phrases.words(table.name.name))
    if not found:
        return TableReading(None, False)
    head = found[0] if phrases.describes(found[0].phrase) else found[-1]
    words = phrases.words(table.name.name)
    people = any(match.phrase in phrases.people for match in found)
    return TableReading(head.phrase, people, all(word in _NEUTRAL for word in words[found[-1].end :]))


def read(
    phrases: Phrases, column: Column, words: Sequence[str], table: TableReading, silent: Collection[str] = ()
) -> tuple[Evidence, ...]:
    matches = phrases.read(words)
    """The evidence in a column's words; `silent` ones are repeated all over its table."""
    silent = frozenset(silent)
    loud = [m for m in matches if phrases.describes(m.phrase) or not silent.issuperset(words[m.start : m.end])]
    matches = loud if any(not phrases.describes(m.phrase) for m in loud) else matches
    readings = [
        (match, recogniser) for match in matches for recogniser in _speaking(phrases, match, column, words, table)
    ]
    personal = [(m, r) for m, r in readings if r.category != "none"]
    personal = [(m, r) for m, r in personal if not _qualifies(phrases, words, m, r, silent)]
    last = max((m.end for m, _ in personal), default=0)
    against = [
        (m, r)
        for m, r in readings
        if r.category == "none" and (m.start >= last or (not r.tables and r.confidence >= DESCRIBES_ANYWHERE))
    ]
    if against:
        m, r = max(against, key=lambda reading: reading[1].confidence)
        return (Evidence("none", weight("none", r.confidence), _named(words, m), source(r)),)
    if not personal:
        return ()
    best = max(personal, key=lambda reading: (reading[1].confidence, reading[0].end))[0]
    cost = _cost(phrases, words, matches, best, silent)
    unsure = _UNSURE if not table.sure and not phrases.holders_in([*words[: best.start], *words[best.end :]]) else 0.0
    return tuple(
        Evidence(
            r.category,
            weight(r.category, r.confidence) + cost + (unsure if r.tables else 0.0),
            _named(words, m),
            source(r),
        )
        for m, r in personal
        if m is best
    )


def _speaking(
    phrases: Phrases, match: Match, column: Column, words: Sequence[str], table: TableReading
) -> list[Recogniser]:
    """The entries that apply: those that name this holder, or else those that name none.

    A list of what people have (`employee_skill`) is not a catalogue as far as notes and addresses are concerned.
    """
    rest = [*words[: match.start], *words[match.end :]]
    own = phrases.holders_in(rest)
    holder = own[-1].phrase if own else table.holder
    candidates = [r for r in phrases.names[match.phrase] if fits(r, column)]
    special = [r for r in candidates if r.tables and phrases.holds(r, holder)]
    general = [r for r in candidates if not r.tables]
    if not own and table.people and all(r.category == "none" for r in special):
        special = [] if any(r.confidence >= _CLEAR for r in general) else special
    return special or general


def _qualifies(
    phrases: Phrases, words: Sequence[str], match: Match, recogniser: Recogniser, silent: Collection[str]
) -> bool:
    """Whether the phrase only says whose thing the last words name: "customer newsletter", "client number"."""
    others = {*words[: match.start], *words[match.end :]}
    if recogniser.category in _NAMES and others & _NUMBERS:
        return True
    after = [word for word in words[match.end :] if word not in silent]
    return match.phrase in phrases.people and bool(after)


def _cost(
    phrases: Phrases, words: Sequence[str], matches: Sequence[Match], best: Match, silent: Collection[str] = ()
) -> float:
    """What the words that nobody knows take from the weight of a reading."""
    known = {index for match in (*matches, *phrases.holders_in(words)) for index in range(match.start, match.end)}
    unknown = [i for i, word in enumerate(words) if i not in known and word not in silent and word not in _NUMBERS]
    before = sum(i < best.start for i in unknown)
    after = len(unknown) - before
    return _UNKNOWN_BEFORE * min(before, 2) + _UNKNOWN_AFTER * min(after, 2)


def _named(words: Sequence[str], match: Match) -> str:
    return f"column name: “{' '.join(words[match.start : match.end])}”"


def source(recogniser: Recogniser) -> str:
    return str(recogniser.place) if recogniser.place else "by_name"
