"""The phrases of all packs in one index, and the reading of a column's name with it.

The index is made once per set of packs; a name is read in time proportional to its number of words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from anonymizer.detect import _words
from anonymizer.model.finding import NOT_PERSONAL
from anonymizer.model.rules import Pack, Recogniser
from anonymizer.model.schema import Column, TypeFamily

DESCRIBES_ANYWHERE = 0.98
"""Entries of `none` from this confidence on ("type", "id") count wherever they stand, the others only at the end."""

Phrase = tuple[str, ...]
"""The words of a phrase in alphabetical order: "date naissance" and "naissance date" are one phrase."""


@dataclass(frozen=True, slots=True)
class Match:
    """The words from `start` to `end` of a name are a phrase that packs know."""

    start: int
    end: int
    phrase: Phrase


class Phrases:
    """What packs know of names."""

    def __init__(self, recognisers: Sequence[Recogniser], abbreviations: Mapping[str, str] | None = None) -> None:
        self.names: dict[Phrase, list[Recogniser]] = {}
        self.of_tables = [recogniser for recogniser in recognisers if not recogniser.phrases]
        """Recognisers without names: they hold for every column of such a table."""
        spelt = {text: _words.split(text) for r in recognisers for text in (*r.phrases, *r.tables)}
        glued = {"".join(words): text for text, words in sorted(spelt.items(), key=lambda item: len(item[1]))}
        self._vocabulary = _words.Vocabulary(
            {word for words in spelt.values() for word in words} | glued.keys(),
            {short: tuple(full.split()) for short, full in (abbreviations or {}).items()},
            _merely_said_not_to_be(recognisers),
        )
        phrases = {text: tuple(sorted(self._vocabulary.expanded(words))) for text, words in spelt.items()}
        phrases = {text: phrases[glued["".join(words)]] for text, words in spelt.items()}
        self._glued = {joined: phrases[text] for joined, text in glued.items()}
        self._contexts: dict[Recogniser, frozenset[Phrase]] = {}
        for recogniser in recognisers:
            for phrase in dict.fromkeys(phrases[text] for text in recogniser.phrases):
                self.names.setdefault(phrase, []).append(recogniser)
            self._contexts[recogniser] = frozenset(phrases[text] for text in recogniser.tables)
        holders: set[Phrase] = set().union(*self._contexts.values())
        self.holders = frozenset(holders)
        """Phrases that tell whose data a column or table holds: persons, firms, products, settings."""
        self.people = frozenset().union(*(self._contexts[r] for r in recognisers if r.category == "full_name"))
        """Those of them that mean a person."""
        self.owners = self.people.union(*(self._contexts[r] for r in recognisers if r.category == "company_name"))
        """Those that mean a person or a firm."""
        self.catalogues = frozenset().union(*(self._contexts[r] for r in recognisers if r.category == "none"))
        """Those that mean an entry of a reference list."""
        self._longest = max((len(phrase) for phrase in (*self.names, *holders)), default=1)

    def words(self, name: str) -> tuple[str, ...]:
        """A name's words as far as packs know them, compounds taken apart."""
        return self._vocabulary.split(name)

    def table_words(self, name: str) -> tuple[str, ...]:
        """The words of a table's name; one without separators (`FSALAR`, `POLMAST`) is cut where that helps."""
        words = self.words(name)
        if self.holders_in(words):
            return words
        cut = [self.terse(word) or (word,) for word in words]
        return tuple(piece for pieces in cut for piece in pieces)

    def knows(self, words: Sequence[str]) -> bool:
        """Whether every word stands in some phrase."""
        return all(self._vocabulary.singular(word) for word in words)

    def terse(self, name: str, prefixes: Collection[str] = ()) -> tuple[str, ...]:
        """The words of a name without separators, cut into known words and abbreviations; () where that fails.

        Each of `prefixes` may stand before them and then says nothing.
        """
        return self._vocabulary.terse(name, tuple(sorted(prefixes)))

    def read(self, words: Sequence[str]) -> list[Match]:
        """The known phrases in a name, longest first where they overlap; in the order of the name."""
        return self._windows(words, self.names)

    def holders_in(self, words: Sequence[str]) -> list[Match]:
        """The phrases that tell whose data it is, in the order of the name."""
        return self._windows(words, self.holders)

    def _windows(self, words: Sequence[str], known: dict[Phrase, list[Recogniser]] | frozenset[Phrase]) -> list[Match]:
        free = [True] * len(words)
        found: list[Match] = []
        for length in range(min(len(words), self._longest + 1), 0, -1):
            for start in range(len(words) - length + 1):
                end = start + length
                if not all(free[start:end]):
                    continue
                phrase = self._phrase(words[start:end], known)
                if phrase is not None:
                    found.append(Match(start, end, phrase))
                    free[start:end] = [False] * length
        return sorted(found, key=lambda match: match.start)

    def _phrase(
        self, window: Sequence[str], known: dict[Phrase, list[Recogniser]] | frozenset[Phrase]
    ) -> Phrase | None:
        phrase = tuple(sorted(window))
        if phrase in known:
            return phrase
        glued = self._glued.get("".join(window))
        return glued if glued in known else None

    def holds(self, recogniser: Recogniser, holder: Phrase | None) -> bool:
        """Whether the entry speaks of what `holder` holds; one without tables speaks of anything."""
        return not recogniser.tables or holder in self._contexts[recogniser]

    def describes(self, phrase: Phrase) -> bool:
        """Whether the phrase, as "type" and "count" do, says something about another column."""
        return any(r.category == "none" and not r.tables for r in self.names.get(phrase, ()))


def _merely_said_not_to_be(recognisers: Sequence[Recogniser]) -> frozenset[str]:
    """Words that are known for what is not personal alone, and not as ones that describe ("status", "date")."""
    against, others = set[str](), set[str]()
    for recogniser in recognisers:
        shy = recogniser.category == "none" and recogniser.confidence < DESCRIBES_ANYWHERE
        for words in map(_words.split, (*recogniser.phrases, *recogniser.tables)):
            (against if shy and len(words) == 1 else others).update(words)
    return frozenset(against - others)


def fits(recogniser: Recogniser, column: Column) -> bool:
    """Whether the column's type is one of those that the entry names; an array counts as its elements."""
    if not recogniser.types:
        return True
    family = column.element if column.family is TypeFamily.ARRAY and column.element else column.family
    return family in recogniser.types or column.family in recogniser.types or (
        family in (TypeFamily.OTHER, TypeFamily.ENUM) and TypeFamily.TEXT in recogniser.types
        and recogniser.category not in NOT_PERSONAL
    )  # fmt: skip


def of(packs: Sequence[Pack]) -> Phrases:
    """The index of these packs; made once."""
    abbreviations = {short: full for pack in packs for short, full in pack.abbreviations.items()}
    return _of(tuple(pack.recognisers for pack in packs), tuple(sorted(abbreviations.items())))


@lru_cache(maxsize=4)
def _of(recognisers: tuple[tuple[Recogniser, ...], ...], abbreviations: tuple[tuple[str, str], ...]) -> Phrases:
    return Phrases([recogniser for pack in recognisers for recogniser in pack], dict(abbreviations))


def repeated_affixes(names: Sequence[Sequence[str]]) -> Iterator[str]:
    """Words with which at least half of a table's names begin or end: `nom_adh, prenom_adh, ddn_adh`.

    They say nothing of a single column. Tables of fewer than four columns have none.
    """
    if len(names) < 4:
        return
    for end in (0, -1):
        counts: dict[str, int] = {}
        for words in names:
            if len(words) > 1:
                counts[words[end]] = counts.get(words[end], 0) + 1
        yield from (word for word, count in counts.items() if 2 * count >= len(names))
