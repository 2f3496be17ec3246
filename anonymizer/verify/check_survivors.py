"""No whole value of the source's replaced columns stands anywhere in the result.

Every column of every table is looked through, kept ones too, whatever its type: whole cells and stretches within them,
whatever the case, accents and signs between words. A hit fails, with three exceptions that are stated: a pseudonym may
equal another row's original where the source itself lies in the range from which pseudonyms come; a number may equal a
number by chance; a login or secret that is a plain word may also be a word of the program.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from anonymizer.model.plan import ColumnPlan
from anonymizer.model.result import CheckResult
from anonymizer.model.rules import Action
from anonymizer.model.schema import ColumnName
from anonymizer.verify._comparison import PRIVATE_ADDRESSES, Watcher, alone, chance_bound, outcome
from anonymizer.verify._known import PRIVATE_ADDRESS
from anonymizer.verify._scan import NUMBER, PLAIN_WORD, Hits

PROMISE = (
    "No e-mail address, telephone or other number, full name, street with number, login or secret of the source "
    "stands anywhere in the rows of the result."
)

_WORDS_ALLOWED = 2


class Watch(Watcher):
    """Looks at the rows of the whole result after the pass has gathered what to look for."""

    def result(self) -> CheckResult:
        scan = self.run.scan()
        plans = {column.name: column for table in self.plan.tables.values() for column in table.columns}
        problems: list[str] = []
        notes: list[str] = []
        for column, hits in scan.columns.items():
            for failed, words in self._judged(column, plans.get(column), hits):
                (problems if failed else notes).append(words)
        raw, _, kinds = scan.raw.distinct()
        telling = int(np.count_nonzero(kinds == 0)) if len(raw) else 0
        if telling:
            problems.append(f"the file outside its rows: {telling} values of the source")
        examined = sum(hits.cells for hits in scan.columns.values())
        return outcome("survivors", PROMISE, problems, examined, notes)

    def _judged(self, column: ColumnName, plan: ColumnPlan | None, hits: Hits) -> Iterator[tuple[bool, str]]:
        prints, labels, kinds = hits.distinct()
        if not len(prints):
            return
        replaced = plan is not None and plan.action is Action.REPLACE
        for number in np.unique(labels):
            label = self.run.known.labels[number]
            mine = labels == number
            count = int(np.count_nonzero(mine))
            allowed = self._by_chance(hits, label.category, plan) if replaced and plan is not None else 0
            if not np.any(mine & (kinds != NUMBER)):
                allowed += self._numbers_by_chance(hits)
            if not np.any(mine & (kinds != PLAIN_WORD)):
                allowed += _WORDS_ALLOWED
            where = f"{column} ({'replaced' if replaced else 'kept'})"
            words = f"{where}: {count} distinct values of {label.column} ({label.category})"
            yield count > allowed, words + (f", within what chance allows ({allowed})" if count <= allowed else "")

    def _by_chance(self, hits: Hits, category: str, plan: ColumnPlan) -> int:
        """A pseudonym may be another row's original, if both lie in the same range."""
        drawn_from = plan.capacity if plan.category == category else None
        if drawn_from == 1:
            return 1  # one value for all, which a row of the source may have held
        if category == PRIVATE_ADDRESS and plan.category == "ip_address":
            drawn_from = PRIVATE_ADDRESSES
        return chance_bound(hits.cells * self.run.known.counts.get(category, 0) / drawn_from) if drawn_from else 0

    def _numbers_by_chance(self, hits: Hits) -> int:
        """Two numbers of the same length may be equal."""
        lengths = self.run.known.number_lengths
        share = float(sum(int(count) / 10.0**length for length, count in enumerate(lengths) if count))
        return chance_bound(hits.numbers * share)


check = partial(alone, Watch)
