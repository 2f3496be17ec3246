"""Numbers that a checksum accepts, counted: the place of each among them in order, and the number at a place.

A checksum reads signs from the left and remembers a small state, as a rest modulo 11. So many tails are accepted after
each state; the numbers before a given one are those with a smaller sign at some place, and their tails add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anonymizer.identifiers._characters import Flags, Numbers
from anonymizer.identifiers._written import Bytes

Steps = NDArray[np.int64]
"""[states, signs]: the state after each sign."""


class Ranking(NamedTuple):
    """The accepted numbers of one length."""

    steps: tuple[Steps, ...]
    """For each place."""
    before: tuple[NDArray[np.uint64], ...]
    """For each place, [states, signs]: accepted tails of this state that begin with a smaller sign."""
    space: int
    """How many numbers are accepted."""

    def rank(self, signs: Bytes) -> Numbers:
        """uint8 [n, places], accepted -> uint64 [n] below `space`, in the order of the numbers."""
        state = np.zeros(len(signs), np.int64)
        rank = np.zeros(len(signs), np.uint64)
        for place, (steps, before) in enumerate(zip(self.steps, self.before, strict=True)):
            sign = np.minimum(signs[:, place], steps.shape[1] - 1)
            rank += before[state, sign]
            state = steps[state, sign]
        return rank

    def signs(self, rank: Numbers) -> Bytes:
        """The inverse: uint64 [n] below `space` -> uint8 [n, places]."""
        state = np.zeros(len(rank), np.int64)
        rest = rank.astype(np.uint64)
        result = np.empty((len(self.steps), len(rank)), np.uint8).T
        for place, (steps, before) in enumerate(zip(self.steps, self.before, strict=True)):
            sign = np.full(len(rank), -1, np.int64)
            for column in before.T:
                sign += column[state] <= rest
            rest -= before[state, sign]
            state = steps[state, sign]
            result[:, place] = sign
        return result


def ranking(steps: Sequence[Steps], accepted: Flags) -> Ranking:
    """From the steps of each place and the final states that are accepted; state 0 comes first."""
    tails = accepted.astype(np.uint64)
    before = []
    for step in reversed(steps):
        sums = np.cumsum(tails[step], axis=1, dtype=np.uint64)
        before.append(np.concatenate([np.zeros((len(step), 1), np.uint64), sums[:, :-1]], axis=1))
        tails = sums[:, -1]
    return Ranking(tuple(steps), tuple(reversed(before)), int(tails[0]))


def weighted_sums(weights: Sequence[int], modulus: int) -> list[Steps]:
    """The steps of a sum of ten digits times their weights, modulo something: the state is the rest."""
    states = np.arange(modulus)[:, None]
    return [(states + weight * np.arange(10)) % modulus for weight in weights]
