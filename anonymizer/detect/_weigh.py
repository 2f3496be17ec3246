"""From evidence to a verdict: log-odds per category, added up, made a probability, held against two thresholds.

Every category starts at its prior; "not personal" starts at zero. Evidence adds to the category that it names (a
negative weight speaks against it). Softmax makes probabilities of the sums. The two thresholds and the stretch of the
confidence are the result of tests/benchmarks/bench_detect.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from anonymizer.model.finding import NOT_PERSONAL, Evidence, Verdict

PRIOR = math.log(0.02 / 0.98)
"""Log-odds of one category of personal data for a column of which nothing is known."""
PERSONAL_FROM = 0.50
NOT_PERSONAL_BELOW = 0.32
"""Below the first and from the second on, a person has to decide."""
ANY = "personal"
"""Evidence for or against personal data of every category at once."""


def logit(probability: float) -> float:
    """Log-odds.

    >>> round(logit(0.5), 3), round(logit(0.9), 3)
    (0.0, 2.197)
    """
    return math.log(probability / (1 - probability))


def weight(category: str, confidence: float) -> float:
    """The weight that alone makes `category` as likely as `confidence`."""
    return logit(confidence) - (0.0 if category == "none" else PRIOR)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What all evidence together says of one column. `probabilities` holds every category with any evidence."""

    probabilities: Mapping[str, float]
    evidence: tuple[Evidence, ...]

    @property
    def personal(self) -> float:
        """The probability that the column is about a person."""
        return sum(p for category, p in self.probabilities.items() if category not in NOT_PERSONAL)

    def leads(self, category: str) -> bool:
        """Whether no other category of personal data is likelier, so far as there is evidence for this one."""
        chance = self.probabilities.get(category, 0.0)
        return chance > 0 and all(p <= chance for c, p in self.probabilities.items() if c not in NOT_PERSONAL)

    @property
    def verdict(self) -> Verdict:
        """Three-way."""
        if self.personal >= PERSONAL_FROM:
            return Verdict.PERSONAL
        return Verdict.NOT_PERSONAL if self.personal < NOT_PERSONAL_BELOW else Verdict.REVIEW

    @property
    def category(self) -> str:
        """The likeliest category that agrees with the verdict; for one in review the likeliest personal one."""
        kept = self.verdict is Verdict.NOT_PERSONAL
        candidates = {c: p for c, p in self.probabilities.items() if (c in NOT_PERSONAL) == kept}
        return max(candidates, key=lambda c: (candidates[c], c), default="none")

    @property
    def confidence(self) -> float:
        """The probability that the verdict is right; for a column in review, that it is personal."""
        chance = self.personal if self.verdict is not Verdict.NOT_PERSONAL else 1 - self.personal
        return min(0.999, max(0.001, chance))


def opinion(evidence: Iterable[Evidence]) -> Opinion:
    """Add up. Evidence of the category ANY shifts all personal categories that have evidence of their own."""
    evidence = tuple(evidence)
    sums: dict[str, float] = {"none": 0.0}
    for item in evidence:
        if item.category != ANY:
            sums[item.category] = sums.get(item.category, 0.0 if item.category == "none" else PRIOR) + item.weight
    shift = sum(item.weight for item in evidence if item.category == ANY)
    scores = {c: s + (0.0 if c in NOT_PERSONAL else shift) for c, s in sums.items()}
    top = max(scores.values())
    powers = {category: math.exp(score - top) for category, score in scores.items()}
    whole = sum(powers.values())
    return Opinion({category: power / whole for category, power in powers.items()}, evidence)
