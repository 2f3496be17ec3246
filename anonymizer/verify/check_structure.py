"""What stands outside the rows is the same as before, and free of the source's personal values.

A login or secret that is one word is looked for like any other, unless it names nobody: the words of SQL, the names in
the schema and the accounts that programs are delivered with.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import Counter
from functools import partial

import numpy as np

from anonymizer.model.result import CheckResult, Outcome
from anonymizer.verify._accepted import judged
from anonymizer.verify._comparison import Comparison, Watcher, alone, outcome
from anonymizer.verify._reader import Text
from anonymizer.verify._scan import PROGRAM_WORD

PROMISE = (
    "Definitions, comments, views, routines and settings are the same as in the source, and hold none of the values "
    "that were replaced."
)

_STATISTICS = re.compile(rb"\bpg_restore_(?:relation|attribute)_stats\b")
_RESTRICTION = re.compile(rb"^(\\(?:un)?restrict)\s+\w+\s*$", re.MULTILINE)
"""The word between which psql takes no commands: pg_dump draws another one for each dump."""
_NAMED = 5


class Watch(Watcher):
    """Compares the texts of both sides, and looks for known values in the target's."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison)
        self._key = secrets.token_bytes(16)
        self._old: list[tuple[bytes, str]] = []
        self._new: list[tuple[bytes, str]] = []
        self._examined = 0

    def text(self, old: Text | None, new: Text | None) -> None:
        for text, gathered in ((old, self._old), (new, self._new)):
            if text is None or not text.fixed or _STATISTICS.search(text.data):
                continue
            plain = b" ".join(_RESTRICTION.sub(rb"\1", text.data).split())
            if plain:
                gathered.append((hashlib.blake2b(plain, digest_size=16, key=self._key).digest(), text.place))
                self._examined += text is old

    def result(self) -> CheckResult:
        problems, accepted = self._differences(), list[str]()
        for place, hits in self.run.scan().texts.items():
            _, labels, kinds = hits.distinct()
            for number in np.unique(labels[kinds != PROGRAM_WORD]):
                label = self.run.known.labels[number]
                count = int(np.count_nonzero((labels == number) & (kinds != PROGRAM_WORD)))
                words = f"{place}: holds {count} values of {label.column} ({label.category})"
                found, words = judged(self.plan, Outcome.FAILED, "structure", place, str(label.column), words, count)
                (problems if found is Outcome.FAILED else accepted).append(words)
        return outcome("structure", PROMISE, problems, self._examined, accepted)

    def _differences(self) -> list[str]:
        if [digest for digest, _ in self._old] == [digest for digest, _ in self._new]:
            return []
        old, new = (Counter(digest for digest, _ in side) for side in (self._old, self._new))
        gone = [place for digest, place in self._old if digest in old - new]
        come = [place for digest, place in self._new if digest in new - old]
        if not gone and not come:
            return ["the texts outside the rows come in another order"]
        problems = [f"{place} of the source is not in the result" for place in gone[:_NAMED]]
        problems += [f"{place} of the result is not in the source" for place in come[:_NAMED]]
        more = len(gone) + len(come) - len(problems)
        return problems + ([f"{more} more texts outside the rows differ"] if more > 0 else [])


check = partial(alone, Watch)
