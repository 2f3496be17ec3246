"""How much replaced values are like the source's own: the same but for case and signs, with a little added or left out,
or those of other rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anonymizer.verify._fingerprint import U64, Fingerprinter, flat
from anonymizer.verify._tokens import Mask, Tokens, tokens

_LOWER = np.arange(256, dtype=np.uint8)
_LOWER[ord("A") : ord("Z") + 1] += 32
_ENDS = 3
_TELLING = 4
"""Letters and digits that a value must have for likeness to say anything."""
_VALUES = 1 << 14


def same_but_for_signs(old: pa.Array, new: pa.Array, prints: Fingerprinter) -> Mask:
    """Cells that agree in all letters and digits, whatever their case and the signs around and between them.

    Only those that agree in their first or last three letters are looked at.
    """
    alike = np.zeros(len(old), bool)
    rows = np.flatnonzero(_edges_agree(old, new))
    if len(rows):
        a, b = (tokens(values.take(pa.array(rows)), prints) for values in (old, new))
        alike[rows] = _whole(a, len(rows)) == _whole(b, len(rows))
        alike[rows[_whole(a, len(rows)) == 0]] = False
    return alike


def _edges_agree(old: pa.Array, new: pa.Array) -> Mask:
    (a, left), (b, right) = flat(old), flat(new)
    if not len(left) or not len(right):
        return np.zeros(len(old), bool)
    shorter = np.minimum(np.diff(a), np.diff(b))
    first, last = shorter > 0, shorter > 0
    for step in range(_ENDS):
        inside = shorter > step
        place_a, place_b = np.where(inside, a[:-1] + step, 0), np.where(inside, b[:-1] + step, 0)
        first = first & (~inside | (_LOWER[left[place_a]] == _LOWER[right[place_b]]))
        place_a, place_b = np.where(inside, a[1:] - 1 - step, 0), np.where(inside, b[1:] - 1 - step, 0)
        last = last & (~inside | (_LOWER[left[place_a]] == _LOWER[right[place_b]]))
    agree: Mask = first | last
    return agree


def _whole(cut: Tokens, cells: int) -> U64:
    """Fingerprint of all letters and digits of each cell; 0 where there are none."""
    found = np.zeros(cells, np.uint64)
    first = _first(cut)
    found[cut.cell[first]] = cut.code(first, cut.last[first])
    return found


def _first(cut: Tokens) -> npt.NDArray[np.int64]:
    first: npt.NDArray[np.int64] = np.flatnonzero(np.diff(cut.cell, prepend=-1) != 0)
    return first


def nearly_the_same(old: pa.Array, new: pa.Array, prints: Fingerprinter) -> tuple[int, int]:
    """Of some cells, how many hold the old value with something added to it or a little left out; and how many told."""
    a, b = tokens(old, prints), tokens(new, prints)
    first_a, first_b = _first(a), _first(b)
    lengths = np.zeros((2, len(old)), np.int64)
    lengths[0, a.cell[first_a]] = a.length(first_a, a.last[first_a])
    lengths[1, b.cell[first_b]] = b.length(first_b, b.last[first_b])
    told = (lengths[0] >= _TELLING) & (lengths[1] >= _TELLING)
    near = np.zeros(len(old), bool)
    for inner, outer, mine, other in ((a, b, lengths[0], lengths[1]), (b, a, lengths[1], lengths[0])):
        # a part of the old value says something when it is most of it
        fit = told & (mine <= other) & ((mine * 4 >= other * 3) | (inner is a))
        whole = _whole(inner, len(old))
        every = np.arange(len(outer))
        every = every[fit[outer.cell] & (outer.start + mine[outer.cell] <= outer.end[outer.last])]
        begins = outer.stretch(outer.start[every], mine[outer.cell[every]]) == whole[outer.cell[every]]
        near[outer.cell[every[begins]]] = True
        ends = _first(outer)
        ends = ends[fit[outer.cell[ends]]]
        from_end = outer.end[outer.last[ends]] - mine[outer.cell[ends]]
        near[outer.cell[ends]] |= outer.stretch(from_end, mine[outer.cell[ends]]) == whole[outer.cell[ends]]
    return int(np.count_nonzero(near)), int(np.count_nonzero(told))


class Overlap:
    """Which of a column's distinct new values are old values of the same column: followed in a sample of both.

    The sample holds all values whose fingerprint is below a limit, so that it finds the same ones on both sides.
    """

    def __init__(self) -> None:
        self.old: U64 = np.zeros(0, np.uint64)
        self.chance: npt.NDArray[np.float64] = np.zeros(0)
        """How likely each old value is as a pseudonym."""
        self.new: U64 = np.zeros(0, np.uint64)
        self.same: U64 = np.zeros(0, np.uint64)
        """Values that are their own pseudonym."""
        self._below = 1 << 64

    def add(self, old: U64, new: U64, chance: npt.NDArray[np.float64]) -> None:
        """Some rows without NULL."""
        limit = np.uint64(self._below - 1)
        chosen = old <= limit
        gathered, place = np.unique(np.concatenate([self.old, old[chosen]]), return_index=True)
        self.old, self.chance = gathered, np.concatenate([self.chance, chance[chosen]])[place]
        self.new = np.union1d(self.new, new[new <= limit])
        self.same = np.union1d(self.same, old[chosen & (old == new)])
        while max(len(self.old), len(self.new)) > _VALUES:
            self._below //= 2
            limit = np.uint64(self._below - 1)
            kept = self.old <= limit
            self.old, self.chance = self.old[kept], self.chance[kept]
            self.new, self.same = self.new[self.new <= limit], self.same[self.same <= limit]

    def moved(self) -> int:
        """Sampled old values that came out as the pseudonym of another."""
        return len(np.setdiff1d(np.intersect1d(self.old, self.new), self.same))

    def expected(self) -> float:
        """How many of them chance makes likely."""
        drawn = len(self.new) * ((1 << 64) / self._below)
        return float(np.minimum(self.chance * drawn, 1.0).sum())

    def is_a_permutation(self) -> bool:
        """The new values are the old ones, each and all."""
        return len(self.old) > 0 and np.array_equal(self.old, self.new)
