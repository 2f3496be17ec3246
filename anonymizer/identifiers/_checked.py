"""Numbers of fixed length whose last sign is told by weighted sums of the others: most of the world's.

A `Scheme` says which signs each place may have, what they weigh, and which last sign goes with which sums; from that
follow the test, the number of valid numbers, and their ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from anonymizer.identifiers._characters import Compact, Flags, Numbers
from anonymizer.identifiers._ranking import Ranking, ranking
from anonymizer.identifiers._written import Bytes

D = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""Digit -> the sum of the digits of its double, as the Luhn test has it."""

Weight = int | tuple[int, ...]
"""Of one place: a factor of its digit, or the value of each sign that it may have."""


@dataclass(frozen=True, eq=False)
class Scheme:
    """One form of number, read without punctuation and in capitals."""

    front: str
    """Signs that all numbers begin with."""
    places: Sequence[str]
    """The signs that may follow, place by place."""
    sums: Sequence[tuple[int, Sequence[Weight]]]
    """Moduli, and the weights of the places."""
    last: Callable[..., str]
    """The rests of the sums -> the sign behind the places; anything else than one sign: there is no such number."""
    tail: int = 0
    """Digits behind it that say something else, and stay."""
    nonzero: int = 0
    """So many first places must not all have their first sign."""

    @property
    def length(self) -> int:
        """Letters and digits of a number."""
        return len(self.front) + len(self.places) + 1 + self.tail

    @cached_property
    def _values(self) -> list[NDArray[np.int64]]:
        """For each sum, [places, 256]: what an ASCII code adds."""
        tables = []
        for modulus, weights in self.sums:
            table = np.zeros((len(self.places), 256), np.int64)
            for place, (signs, weight) in enumerate(zip(self.places, weights, strict=True)):
                values = [weight * int(sign, 36) for sign in signs] if isinstance(weight, int) else weight
                for sign, value in zip(signs, values, strict=True):
                    table[place, ord(sign)] = value % modulus
            tables.append(table)
        return tables

    @cached_property
    def _number_of_sign(self) -> Bytes:
        """[places, 256]: ASCII code -> its number among the signs of the place, 255 where it has none."""
        table = np.full((len(self.places), 256), 255, np.uint8)
        for place, signs in enumerate(self.places):
            table[place, np.frombuffer(signs.encode(), np.uint8)] = np.arange(len(signs))
        return table

    @cached_property
    def _last_of_state(self) -> Bytes:
        """[states]: ASCII code of the last sign, 0 where there is none."""
        moduli = [modulus for modulus, _ in self.sums]
        signs = [self.last(*(int(rest) for rest in rests)) for rests in np.ndindex(*moduli)]
        return np.array([ord(sign) if len(sign) == 1 else 0 for sign in signs], np.uint8)

    @cached_property
    def _ranking(self) -> Ranking:
        moduli = [modulus for modulus, _ in self.sums]
        rests = np.unravel_index(np.arange(int(np.prod(moduli))), moduli)
        steps = []
        for place, signs in enumerate(self.places):
            codes = np.frombuffer(signs.encode(), np.uint8)
            following = [
                (rest[:, None] + table[place, codes]) % modulus
                for rest, table, modulus in zip(rests, self._values, moduli, strict=True)
            ]
            steps.append(np.asarray(np.ravel_multi_index(tuple(following), moduli)))
        return ranking(steps, self._last_of_state > 0)

    @cached_property
    def _first(self) -> int:
        """The first rank: those of numbers that `nonzero` rules out are before it."""
        if not self.nonzero:
            return 0
        state, ruled_out = 0, 0
        for place in range(self.nonzero):
            ruled_out = int(self._ranking.before[place][state, 1])
            state = int(self._ranking.steps[place][state, 0])
        return ruled_out

    @cached_property
    def space(self) -> int:
        """How many numbers are valid."""
        return self._ranking.space - self._first

    def fits(self, read: Compact) -> Flags:
        """bool [n]: these are valid numbers of the scheme."""
        fits: Flags = read.lengths == self.length
        for place, sign in enumerate(self.front):
            fits &= read.codes[:, place] == ord(sign)
        if not fits.any():
            return np.asarray(fits)
        start, end = len(self.front), len(self.front) + len(self.places)
        rests = [np.zeros(len(fits), np.int32) for _ in self.sums]
        seen = np.zeros(len(fits), dtype=bool)
        for place in range(len(self.places)):
            codes = read.codes[:, start + place]
            number = self._number_of_sign[place][codes]
            fits &= number < 255
            if place < self.nonzero:
                seen |= number > 0
            for rest, table in zip(rests, self._values, strict=True):
                rest += table[place].astype(np.int32)[codes]
        state = np.zeros(len(fits), np.int32)
        for rest, (modulus, _) in zip(rests, self.sums, strict=True):
            state = state * modulus + rest % modulus
        last = self._last_of_state[state]
        fits &= (read.codes[:, end] == last) & (last > 0)
        for place in range(end + 1, self.length):
            fits &= (read.codes[:, place] >= ord("0")) & (read.codes[:, place] <= ord("9"))
        if self.nonzero:
            fits &= seen
        return fits

    def rank(self, read: Compact) -> Numbers:
        """uint64 [n] below `space`, of valid numbers."""
        start = len(self.front)
        signs = [table[read.codes[:, start + place]] for place, table in enumerate(self._number_of_sign)]
        return self._ranking.rank(np.stack(signs).T) - np.uint64(self._first)

    def from_rank(self, rank: Numbers, like: Compact) -> Bytes:
        """The inverse: uint8 [n, width of `like`], ASCII codes of the numbers, ready to be written in their form."""
        codes = like.codes.copy(order="K")
        signs = self._ranking.signs(rank.astype(np.uint64) + np.uint64(self._first))
        state = np.zeros(len(rank), np.int64)
        start = len(self.front)
        for place, allowed in enumerate(self.places):
            number = signs[:, place]
            codes[:, start + place] = np.frombuffer(allowed.encode(), np.uint8)[number]
            state = self._ranking.steps[place][state, number]
        codes[:, start + len(self.places)] = self._last_of_state[state]
        return codes
