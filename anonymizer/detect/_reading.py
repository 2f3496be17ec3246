"""How a name or a comment is read with the phrases of the packs, and what evidence that gives.

A word that describes ("type", "count", "verified") makes the personal word beside it not count: "phone type" is not a
phone. Words before a phrase mostly qualify it ("billing address"), words after it mostly name another thing ("email
campaign"), so those cost more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from anonymizer.contracts import Exhibit
from anonymizer.detect._phrases import DESCRIBES_ANYWHERE, Match, Phrase, Phrases, fits, repeated_affixes
from anonymizer.detect._terse import words_of
from anonymizer.detect._weigh import weight
from anonymizer.model.finding import NOT_PERSONAL, Evidence
from anonymizer.model.rules import Recogniser
from anonymizer.model.schema import Column, Table

_CATALOGUE = 0.975
_CERTAIN = 0.99
"""Confidence from which on what a table holds is nobody, whoever owns it."""
_CLEAR = 0.8
"""Confidence from which on a name needs no table to be understood."""
_NEUTRAL = frozenset(
    "entity data info master table tbl tab detail details record list base main history hist archive bak backup old "
    "varchar int decimal datetime attribute value values field fields extra meta new all header view dim fact tmp temp "
    "copy test log tabel gegevens lijst fiche fichier liste daten stamm".split()
)
"""Words of a table's name that change nothing in what it holds."""
_NUMBERS = frozenset("number nr num no numero nummer nbr".split())
"""Such a word leaves "phone number" a phone, and makes "customer number" no name."""
_KEY_WORDS = frozenset("id ids nr no number num nummer numero code key fk ref uid".split())
_FORMS = frozenset("text tekst texte txt str string value val waarde valeur wert raw".split())
"""Such a word after a phrase says how it is stored."""
_CODED = frozenset("gender country other_personal health job_title".split())
_CODES = frozenset("code cd pct percentage ind".split())
_NAMES = frozenset("full_name first_name last_name person_name company_name free_text".split())
_WHO = frozenset("full_name person_name company_name".split())
_TO_DO_OR_TO_CALL = frozenset("by door par von durch name names naam namen nom noms nm".split())
"""Words of phrases that name somebody whatever stands before: "email approved by", "email name"."""
_WHICH = frozenset(
    (word,)
    for word in (
        "domicilie domicile verblijf zetel siege wohnsitz postal fixe principal gesch geschlecht"
        " user utilisateur gebruiker benutzer"
    ).split()
)
"""Such words behind what somebody has tell which one is meant: "mail principal", "city user"."""
_WHOLE = 2.0
"""What a word against personal data weighs more when it is the whole name: "reference", not "customer reference"."""
_PERSON = ("person",)
_OF_PEOPLE = frozenset("first_name last_name birth_date gender national_id".split())
"""Two columns of these make a table one of people."""
_TELLING = weight("first_name", 0.8)
_UNSURE = -2.5
_UNKNOWN_AFTER = -1.2
_KNOWN_AFTER = -3.0
_UNKNOWN_BEFORE = -0.3


class TableReading(NamedTuple):
    """What a table's name says."""

    holder: Phrase | None
    """Whose or what data it holds; None when no pack knows."""
    people: bool
    """Whether any of its words means a person."""
    settings: tuple[Recogniser, ...] = ()
    """The entries that speak of all its columns: it holds settings of the software or of the firm that owns the
    database; those of its users are not meant."""
    sure: bool = True
    """False when unknown words follow: `account_move` may hold no accounts."""
    linked: bool = False
    """Whether its rows point at people, or at firms: what stands in them is not the owner's own."""
    whole: tuple[Recogniser, ...] = ()
    """The entries that speak of all its columns of some types: amounts of a payslip."""


def read_table(phrases: Phrases, table: Table) -> TableReading:
    """What the table holds: the last known word of its name, or the first one if that describes ("types client")."""
    words = phrases.table_words(table.name.name)
    found = phrases.holders_in(words)
    if not found:
        return TableReading(None, False)
    head = found[0] if phrases.describes(found[0].phrase) else found[-1]
    people = any(match.phrase in phrases.people for match in found)
    told = tuple(entry for entry in phrases.of_tables if phrases.holds(entry, head.phrase))
    settings = () if people else tuple(entry for entry in told if entry.category in NOT_PERSONAL)
    whole = tuple(entry for entry in told if entry.category not in NOT_PERSONAL)
    sure = all(word in _NEUTRAL for word in words[found[-1].end :])
    return TableReading(head.phrase, people, settings, sure, whole=whole)


def points_at_people(phrases: Phrases, exhibit: Exhibit) -> bool:
    """Whether its rows point at people: by a foreign key, or by a column such as `patient_id`."""
    return _points_at(phrases, exhibit, phrases.people)


def _points_at(phrases: Phrases, exhibit: Exhibit, whom: Collection[Phrase]) -> bool:
    table: Table = exhibit.table
    for key in table.foreign_keys:
        if key.references in exhibit.schema:
            other = read_table(phrases, exhibit.schema.table(key.references))
            if other.people or other.holder in whom:
                return True
    for column in table.columns:
        words = phrases.words(column.name)
        if _KEY_WORDS.intersection(words) and any(m.phrase in whom for m in phrases.holders_in(words)):
            return True
    return False


def read_exhibit(phrases: Phrases, exhibit: Exhibit) -> TableReading:
    """What a table holds, by its name and, where its columns tell more, by these.

    Whatever has first names or dates of birth beside family names holds people. A table that points at people holds no
    settings: "constants" of a patient are none.
    """
    reading = read_table(phrases, exhibit.table)
    if reading.settings and points_at_people(phrases, exhibit):
        reading = reading._replace(settings=())
    if reading.whole and not reading.people and not points_at_people(phrases, exhibit):
        reading = reading._replace(whole=())
    if reading.holder in phrases.catalogues and _points_at(phrases, exhibit, phrases.owners):
        reading = reading._replace(linked=True)
    if reading.settings or (reading.people and reading.holder in phrases.people) or _PERSON not in phrases.people:
        return reading
    names = words_of(phrases, [column.name for column in exhibit.table.columns])
    silent = repeated_affixes(list(names.values()))
    told = {
        item.category
        for column in exhibit.table.columns
        for item in read(phrases, column, names[column.name], reading, tuple(silent))
        if item.weight >= _TELLING
    }
    return TableReading(_PERSON, True, whole=reading.whole) if len(told & _OF_PEOPLE) > 1 else reading


class _Reading(NamedTuple):
    """One entry of a pack that speaks of some words of a name."""

    match: Match
    entry: Recogniser


def read(
    phrases: Phrases, column: Column, words: Sequence[str], table: TableReading, silent: Collection[str] = ()
) -> tuple[Evidence, ...]:
    """The evidence in a column's words; `silent` ones are repeated all over its table.

    Either one piece of evidence that the column is not personal, or one for each category that the strongest phrase
    may mean.
    """
    matches = _audible(phrases, words, phrases.read(words), frozenset(silent))
    readings = [
        _Reading(match, entry) for match in matches for entry in _speaking(phrases, match, column, words, table)
    ]
    personal = [r for r in readings if r.entry.category != "none" and not _qualifies(phrases, words, r, silent)]
    whose = {r.match for r in personal if any(_is_of(other, r) for other in personal)}
    personal = [r for r in personal if r.match not in whose]
    last = max((_to_its_code(words, reading) for reading in personal), default=0)
    against = [
        reading
        for reading in readings
        if reading.entry.category == "none"
        and not (reading.match.phrase in phrases.people and reading.match.end - reading.match.start < len(words))
        and (
            reading.match.start >= last or (not reading.entry.tables and reading.entry.confidence >= DESCRIBES_ANYWHERE)
        )
    ]
    if against:
        strongest_none = max(against, key=lambda reading: reading.entry.confidence)
        return (_evidence(words, strongest_none, _WHOLE if _is_whole(phrases, words, strongest_none, silent) else 0.0),)
    if not personal:
        return _of_catalogue(phrases, words)
    costs = {r.match: _cost(phrases, words, matches, whose, r.match, frozenset(silent)) for r in personal}
    best = max(personal, key=lambda r: (_weight(r) + costs[r.match], r.match.end)).match
    cost = costs[best]
    unsure = _UNSURE if not table.sure and not phrases.holders_in([*words[: best.start], *words[best.end :]]) else 0.0
    strongest: dict[str, _Reading] = {}
    for reading in sorted(personal, key=lambda reading: reading.entry.confidence):
        if reading.match is best:
            strongest[reading.entry.category] = reading
    return tuple(_evidence(words, r, cost + (unsure if r.entry.tables else 0.0)) for r in strongest.values())


def _to_its_code(words: Sequence[str], reading: _Reading) -> int:
    """Where a phrase ends, a code of it included: "marital status code" tells what "marital status" does."""
    end = reading.match.end
    coded = reading.entry.category in _CODED and words[end : end + 1] and words[end] in _CODES
    return end + 1 if coded else end


def _is_whole(phrases: Phrases, words: Sequence[str], reading: _Reading, silent: Collection[str]) -> bool:
    """Whether nothing else stands in the name but words of the table, or of a list of things: "vehicle model"."""
    rest = [*words[: reading.match.start], *words[reading.match.end :]]
    things = {word for match in phrases.holders_in(rest) if match.phrase not in phrases.owners for word in match.phrase}
    return all(word in silent or word in things for word in rest)


def _of_catalogue(phrases: Phrases, words: Sequence[str]) -> tuple[Evidence, ...]:
    """A column called after an entry of a reference list ("category", "payment method") says which one it is."""
    holders = phrases.holders_in(words)
    if not holders or holders[-1].end < len(words) or holders[-1].phrase not in phrases.catalogues - phrases.owners:
        return ()
    named = " ".join(words[holders[-1].start :])
    return (Evidence("none", weight("none", _CATALOGUE), f"column name: “{named}”", "by_name"),)


def _audible(phrases: Phrases, words: Sequence[str], matches: list[Match], silent: frozenset[str]) -> list[Match]:
    """The phrases without those that every column of the table repeats, unless nothing personal is left then."""
    heard = [m for m in matches if phrases.describes(m.phrase) or not silent.issuperset(words[m.start : m.end])]
    return heard if any(not phrases.describes(match.phrase) for match in heard) else matches


def _evidence(words: Sequence[str], reading: _Reading, cost: float = 0.0) -> Evidence:
    match, entry = reading
    named = " ".join(words[match.start : match.end])
    return Evidence(entry.category, _weight(reading) + cost, f"column name: “{named}”", source(entry))


def _weight(reading: _Reading) -> float:
    return weight(reading.entry.category, reading.entry.confidence)


def _speaking(
    phrases: Phrases, match: Match, column: Column, words: Sequence[str], table: TableReading
) -> list[Recogniser]:
    """The entries that apply: those that name this holder, or else those that name none.

    A list of what people have (`employee_skill`) is not a catalogue as far as notes and addresses are concerned.
    """
    rest = [*words[: match.start], *words[match.end :]]
    own = [found.phrase for found in phrases.holders_in(rest) if not phrases.describes(found.phrase)]
    candidates = [entry for entry in phrases.names[match.phrase] if fits(entry, column)]
    holders: set[Phrase | None] = {own[-1]} if own else {table.holder}
    if table.settings:
        holders.add(table.holder)
    special = [entry for entry in candidates if entry.tables and any(phrases.holds(entry, each) for each in holders)]
    general = [entry for entry in candidates if not entry.tables]
    if not own and (table.people or table.linked) and all(_is_doubtful(entry) for entry in special):
        special = [] if any(entry.confidence >= _CLEAR for entry in general) else special
    return special or general


def _is_doubtful(entry: Recogniser) -> bool:
    """Whether an entry says that a column is not personal, but not for certain."""
    return entry.category == "none" and entry.confidence < _CERTAIN


def _qualifies(phrases: Phrases, words: Sequence[str], reading: _Reading, silent: Collection[str]) -> bool:
    """Whether the phrase only says whose thing the last words name: "customer newsletter", "client number"."""
    match, entry = reading
    others = {word for word in (*words[: match.start], *words[match.end :]) if word not in silent}
    if others and _NUMBERS.issuperset(words[match.start : match.end]):
        return True
    if entry.category in _NAMES and _NUMBERS.intersection([*words[: match.start], *words[match.end :]]):
        return True
    if entry.category not in _NAMES and entry.category != "username":
        return False  # an address is one, whoever lives there
    return match.phrase in phrases.people and any(word not in silent for word in words[match.end :])


def _is_of(thing: _Reading, whose: _Reading) -> bool:
    """Whether the first is what somebody has and the second only tells who: "telephone pere", "gemeente domicilie"."""
    if thing.match.end > whose.match.start or thing.entry.category in _WHO:
        return False
    if whose.entry.category in _WHO:
        return _TO_DO_OR_TO_CALL.isdisjoint(whose.match.phrase)
    return whose.match.phrase in _WHICH


def _cost(
    phrases: Phrases,
    words: Sequence[str],
    matches: Sequence[Match],
    whose: Collection[Match],
    of: Match,
    silent: frozenset[str],
) -> float:
    """What the other words take from the weight of a reading: those after it mostly name something else."""
    owners = [*whose, *(match for match in phrases.holders_in(words) if match.phrase in phrases.owners)]
    holders = {index for match in owners for index in range(match.start, match.end)}
    known = {index for match in matches for index in range(match.start, match.end)}
    others = [
        index
        for index, word in enumerate(words)
        if not of.start <= index < of.end and index not in holders and word not in silent | _NUMBERS | _FORMS | _CODES
    ]
    before = sum(index < of.start and index not in known for index in others)
    after = [index in known for index in others if index >= of.end]
    return (
        _UNKNOWN_BEFORE * min(before, 2)
        + _UNKNOWN_AFTER * min(after.count(False), 2)
        + _KNOWN_AFTER * min(sum(after), 1)
    )


def source(recogniser: Recogniser) -> str:
    return str(recogniser.place) if recogniser.place else "by_name"
