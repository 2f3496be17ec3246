"""No whole value of the source's replaced columns stands anywhere in the result.

Every column of every table is looked through, kept ones too, whatever its type: whole cells and stretches within them,
whatever the case, accents and signs between words, as they stand and as programs write them. A hit fails, with these
exceptions, all of them stated in the result:

- a pseudonym may equal another row's original where the source itself lies in the range from which pseudonyms come;
- a number may equal a number by chance, as often as numbers of that length and those first three digits do. Not so in
  a kept column of text if it is written as people write telephone numbers: with a 0 or + before it, or in groups;
  Of national numbers that may be somebody's (`range: issued`), as often as numbers of that year and those months do;
- a login or secret that is one word of letters may be a word of the program, or stand among other words by chance: a
  word that is no word of a language is one in ten million words of a text. Where it is a name, the invented names of a
  replaced column may hold it: those are drawn from some thousand;
- one or two cells of a kept column that are such a word and nothing else may be chance or a survivor: not verified;
- what people looked at and the rule file accepts by name, until its day.

Values that are too short to be told from chance are counted, and compared in their own rows alone. What stood in tables
that are emptied is looked for too, as far as it can be told what it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from anonymizer.model.plan import ColumnPlan
from anonymizer.model.result import CheckResult, Outcome
from anonymizer.model.rules import Action
from anonymizer.model.schema import ColumnName, TypeFamily
from anonymizer.verify._accepted import judged
from anonymizer.verify._comparison import PRIVATE_ADDRESSES, Watcher, alone, chance_bound, outcome
from anonymizer.verify._emptied import namesakes, undecided
from anonymizer.verify._known import PRIVATE_ADDRESS, SHORTEST_NUMBER, Label
from anonymizer.verify._scan import LONE_WORD, NUMBER, PHRASE, PROGRAM_WORD, WORD_IN_TEXT, WRITTEN_NUMBER, Hits

PROMISE = (
    "No e-mail address, telephone or other number, full name, street with number, login or secret of the source "
    "stands anywhere in the rows of the result."
)

_TEXTS = (TypeFamily.TEXT, TypeFamily.JSON, TypeFamily.XML, TypeFamily.ARRAY, TypeFamily.ENUM, TypeFamily.OTHER)
_LONE_WORDS = 2
"""Words that are whole cells of a kept column, which may be chance."""
_RARE_WORD = 1e-7
"""Share of the words of a text that a word has which is none of its language."""
_DATED, _SERIALS = 11, 998
"""Digits of a Belgian national number, and numbers that one birth date has; its first three are year and month."""
_DAYS_UNTIL_OCTOBER, _DAYS_FROM_OCTOBER, _DAYS_OF_A_MONTH = 273, 92, 30
_NAMES = 1000
"""Names from which pseudonyms are drawn."""
_NAMED = frozenset(
    "first_name last_name full_name person_name email username company_name street_address city region country "
    "job_title url".split()
)
"""Categories whose pseudonyms are made of names."""


class Watch(Watcher):
    """Looks at the rows of the whole result after the pass has gathered what to look for."""

    def result(self) -> CheckResult:
        scan = self.run.scan()
        plans = {column.name: column for table in self.plan.tables.values() for column in table.columns}
        said: dict[Outcome, list[str]] = {outcome: [] for outcome in Outcome}
        for column, hits in scan.columns.items():
            for found, words in self._judged(column, plans.get(column), hits):
                said[found].append(words)
        raw, labels, kinds = scan.raw.distinct()
        for number in np.unique(labels[kinds == PHRASE]) if len(raw) else ():
            label, place = self.run.known.labels[number], "the file outside its rows"
            telling = int(np.count_nonzero((kinds == PHRASE) & (labels == number)))
            words = f"{place}: {telling} values of {label.column} ({label.category})"
            found, words = judged(self.plan, Outcome.FAILED, "survivors", place, str(label.column), words, telling)
            said[found].append(words)
        said[Outcome.PASSED] += [
            f"{column}: up to {count} values are too short to be looked for in other places"
            for column, count in self.run.known.short.items()
        ]
        known_as = namesakes(self.plan)
        said[Outcome.PASSED] += [
            f"{name} (emptied): of {count} columns only addresses and numbers that show what they are are looked for"
            for name, table in self.plan.tables.items()
            if table.rows == "none" and (count := undecided(table, known_as))
        ]
        examined = sum(hits.cells for hits in scan.columns.values())
        unseen = said[Outcome.NOT_VERIFIED]
        return outcome("survivors", PROMISE, said[Outcome.FAILED], examined, said[Outcome.PASSED], unseen)

    def _judged(self, column: ColumnName, plan: ColumnPlan | None, hits: Hits) -> Iterator[tuple[Outcome, str]]:
        prints, labels, kinds = hits.distinct()
        if not len(prints):
            return
        replaced = plan is not None and plan.action is Action.REPLACE
        where = f"{column} ({'replaced' if replaced else 'kept'})"
        for number in np.unique(labels):
            label = self.run.known.labels[number]
            counts = np.bincount(kinds[labels == number], minlength=PROGRAM_WORD + 1).tolist()
            values = f"distinct values of {label.column} ({label.category})"
            if counts[PROGRAM_WORD]:
                yield Outcome.PASSED, f"{where}: {counts[PROGRAM_WORD]} {values}, words that name nobody"
            if not sum(counts[:PROGRAM_WORD]):
                continue
            found, count, said = self._weighed(hits, label, plan, counts)
            words = f"{where}: {count} {values}{said}"
            if found is Outcome.PASSED:
                yield found, words
            else:
                yield judged(
                    self.plan, found, "survivors", str(column), f"{label.column} {label.category}", words, count
                )

    def _weighed(
        self, hits: Hits, label: Label, plan: ColumnPlan | None, counts: Sequence[int]
    ) -> tuple[Outcome, int, str]:
        """Whether so many hits of each kind may be chance, how many stand against it, and why."""
        replaced = plan is not None and plan.action is Action.REPLACE
        allowed = self._by_chance(hits, label.category, plan) if replaced and plan is not None else 0
        in_form = counts[WRITTEN_NUMBER] if not replaced and _is_text(plan) else 0
        if in_form > allowed + (self._numbers_by_chance(hits, label, plan) if hits.are_codes else 0):
            return Outcome.FAILED, in_form, ", written as such"
        if not counts[PHRASE]:
            allowed += self._numbers_by_chance(hits, label, plan) if counts[NUMBER] + counts[WRITTEN_NUMBER] else 0
            allowed += self._words_by_chance(hits, label, plan) if counts[LONE_WORD] + counts[WORD_IN_TEXT] else 0
        count = sum(counts[:PROGRAM_WORD])
        if count <= allowed:
            return Outcome.PASSED, count, f", within what chance allows ({allowed})"
        if count <= allowed + min(counts[LONE_WORD], _LONE_WORDS) and not counts[PHRASE]:
            return Outcome.NOT_VERIFIED, count, ", single words that may be there by chance or not"
        return Outcome.FAILED, count, f"; chance allows {allowed}"

    def _by_chance(self, hits: Hits, category: str, plan: ColumnPlan) -> int:
        """A pseudonym may be another row's original, if both lie in the same range."""
        drawn_from = plan.capacity if plan.category == category else None
        if drawn_from == 1:
            return 1  # one value for all, which a row of the source may have held
        if category == PRIVATE_ADDRESS and plan.category == "ip_address":
            drawn_from = PRIVATE_ADDRESSES
        return chance_bound(hits.cells * self.run.known.counts.get(category, 0) / drawn_from) if drawn_from else 0

    def _numbers_by_chance(self, hits: Hits, label: Label, plan: ColumnPlan | None) -> int:
        """Two numbers of the same length and the same first three digits may be equal."""
        bins = self.run.known.bins.get(label)
        if hits.numbers is None or bins is None:
            return 0
        possible = 10.0 ** (np.arange(len(bins)) // 1000 + SHORTEST_NUMBER - 3)
        if plan is not None and plan.category == "national_id" and plan.parameters.get("range") == "issued":
            return _dated_by_chance(hits.numbers, bins)
        return chance_bound(float(np.sum(hits.numbers * np.minimum(bins / possible, 1))))

    def _words_by_chance(self, hits: Hits, label: Label, plan: ColumnPlan | None) -> int:
        """Two words may be equal."""
        words = self.run.known.words.get(label, 0)
        if plan is not None and plan.action is Action.REPLACE and plan.category in _NAMED:
            return chance_bound(words * min(hits.words / _NAMES, 1.0))
        return chance_bound(words * hits.words * _RARE_WORD)


def _dated_by_chance(numbers: npt.NDArray[np.int64], known: npt.NDArray[np.int64]) -> int:
    """The same for Belgian national numbers, which begin with a birth date: people of one year have few between them.

    Whole birth dates meet, and with them as many numbers as so many people of one day have in common: for that,
    people whose numbers begin alike may all be born within a month.
    """
    dated = slice((_DATED - SHORTEST_NUMBER) * 1000, (_DATED - SHORTEST_NUMBER + 1) * 1000)
    days = np.where(np.arange(1000) % 2, _DAYS_FROM_OCTOBER, _DAYS_UNTIL_OCTOBER)
    expected = float(np.sum(numbers[dated] * np.minimum(known[dated] / (days * _SERIALS), 1)))
    of_one_day = min(float(known[dated].max()) / _DAYS_OF_A_MONTH, _SERIALS)
    together = max(of_one_day**2 / _SERIALS, 1.0)
    return math.ceil(together * chance_bound(expected / together))


def _is_text(plan: ColumnPlan | None) -> bool:
    """Whether people may have written into the column what they wanted."""
    return plan is None or plan.column.family in _TEXTS


check = partial(alone, Watch)
