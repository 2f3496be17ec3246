"""The 11-test of Dutch citizen service numbers, and its numbers that begin with 9."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from anonymizer.identifiers._characters import Flags, Numbers, constant, decimal, joined, weighted
from anonymizer.identifiers._ranking import Ranking, ranking, weighted_sums
from anonymizer.identifiers._written import Bytes

WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
CAPACITY = 9_000_000
SPACE = 90_909_090
"""Numbers that pass."""


@cache
def numbers() -> Ranking:
    """The numbers whose sum is a multiple of 11; the first one is all zeros, which does not pass."""
    return ranking(weighted_sums(WEIGHTS, 11), np.arange(11) == 0)


def passes(digits: Bytes) -> Flags:
    """uint8 [n, 9] -> bool [n]: the weighted sum is a multiple of 11, and not all digits are 0."""
    return np.asarray((weighted(digits, WEIGHTS) % 11 == 0) & digits.any(axis=1))


def with_nine_in_front(index: Numbers) -> Bytes:
    """uint64 [n] below CAPACITY -> uint8 [n, 9]: different numbers that pass and begin with 9.

    Of the ten values of the eighth digit at most one leaves a rest of 10, which no last digit can make up for. So the
    first seven digits have nine numbers each, whatever they are.
    """
    front, choice = np.divmod(index, np.uint64(9))
    first = joined(constant("9", len(index)), decimal(front, 6))
    rest = weighted(first, (9, 8, 7, 6, 5, 4, 3)) % 11
    impossible = (10 - rest) * 6 % 11  # 6 is the inverse of 2 modulo 11
    eighth: NDArray[np.int64] = choice.astype(np.int64)
    eighth = eighth + (eighth >= impossible)
    last = (rest + 2 * eighth) % 11
    return joined(first, eighth.astype(np.uint8)[:, None], last.astype(np.uint8)[:, None])
