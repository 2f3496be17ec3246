"""Which columns hold the values of which: keyed fingerprints of samples, compared as sorted arrays.

No value is kept, and the key is forgotten with the object. 123 and '123' are one value, and so are 007 and 7, and two
spellings of a UUID; blanks, and the 0 that stands for "none" in old databases, are no values.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.model.schema import ColumnName, TableName
from anonymizer.pseudonyms.prf import Prf

_NONE = pa.array(["", "0", "-1"])
_MOST_OUTSIDE = 0.5
"""A larger share of numbers than this outside the range of a key is none of it."""


class Overlap(NamedTuple):
    """Of `values` different values of one column, how many stand in the other; None: the samples cannot tell."""

    values: int
    shared: int | None

    @property
    def share(self) -> float:
        """0 to 1, or 0 where the samples cannot tell."""
        return (self.shared or 0) / max(self.values, 1)


class Fingerprints:
    """The samples of one database: `samples` as `detect.find` gets them, of at most `limit` rows a table."""

    def __init__(self, samples: Mapping[TableName, Mapping[str, pa.Array]], limit: int) -> None:
        self._samples, self._limit = samples, limit
        self._prf = Prf(secrets.token_bytes(16))
        self._made: dict[tuple[ColumnName, ...], NDArray[np.uint64]] = {}

    def known(self, name: ColumnName) -> bool:
        """Whether there are rows of the column's table."""
        return name.column in self._samples.get(name.table, {})

    def whole(self, table: TableName) -> bool:
        """Whether the sample surely is all that the table holds: a thinned one may be smaller than its limit."""
        return all(2 * len(values) < self._limit for values in self._samples.get(table, {}).values())

    def of(self, *names: ColumnName) -> NDArray[np.uint64]:
        """uint64, sorted: one for each different value, or each different combination of values, of one table."""
        if names not in self._made:
            columns = [self._samples.get(name.table, {}).get(name.column) for name in names]
            if any(column is None for column in columns):
                return np.zeros(0, np.uint64)
            plain = [_plain(column) for column in columns]
            filled = [pc.and_(column.is_valid(), pc.invert(pc.is_in(column, value_set=_NONE))) for column in plain]
            there = filled[0]
            for more in filled[1:]:
                there = pc.or_(there, more)
            prints = [self._prf(pc.fill_null(pc.filter(column, there), "")) for column in plain]
            spread = sum(p[:, 0] * np.uint64(2 * n + 1) for n, p in enumerate(prints))
            self._made[names] = np.unique(np.asarray(spread, np.uint64))
        return self._made[names]

    def is_key(self, *names: ColumnName) -> bool:
        """Whether no combination of values stands twice in the sample, and there are some."""
        column = self._samples.get(names[0].table, {}).get(names[0].column)
        prints = self.of(*names)
        return column is not None and len(prints) > 1 and len(prints) >= len(column) - column.null_count

    def overlap(self, referencing: tuple[ColumnName, ...], referenced: tuple[ColumnName, ...]) -> Overlap | None:
        """How many of the referencing columns' values the referenced ones hold; None where there are no values."""
        one, other = self.of(*referencing), self.of(*referenced)
        if not len(one) or not self.known(referenced[0]):
            return None
        shared = int(np.isin(one, other, assume_unique=True).sum())
        if self.whole(referenced[0].table) or shared == len(one):
            return Overlap(len(one), shared)
        if len(referencing) == 1 and self._outside(referencing[0], referenced[0]) > _MOST_OUTSIDE:
            return Overlap(len(one), 0)
        return Overlap(len(one), None)

    def _outside(self, referencing: ColumnName, referenced: ColumnName) -> float:
        """The share of whole numbers beyond those of the other column; 0 where they are no numbers."""
        one, other = (_numbers(self._samples[name.table][name.column]) for name in (referencing, referenced))
        if not len(one) or not len(other):
            return 0.0
        margin = (other.max() - other.min()) / max(len(other), 1) * 5
        return float(((one > other.max() + margin) | (one < other.min() - margin)).mean())

    def are_telling(self, name: ColumnName) -> bool:
        """Whether equal values can hardly be chance: words, or whole numbers that do not stand close together."""
        numbers, prints = _numbers(self._samples[name.table][name.column]), self.of(name)
        if len(numbers) < 0.5 * len(prints):
            return True
        return len(numbers) > 0 and bool(numbers.min() > 1000) and float(np.ptp(numbers)) > 20 * len(prints)


def _plain(values: pa.Array) -> pa.Array:
    """The form under which keys are compared."""
    trimmed = pc.utf8_trim_whitespace(values)
    plain = pc.replace_substring_regex(trimmed, r"^0+([0-9])", r"\1")
    bare = pc.utf8_lower(pc.replace_substring_regex(plain, r"[{}-]", ""))
    return pc.if_else(pc.match_substring_regex(bare, r"^[0-9a-f]{32}$"), bare, plain)


def _numbers(values: pa.Array) -> NDArray[np.float64]:
    whole = pc.fill_null(pc.match_substring_regex(values, r"^-?[0-9]{1,18}$"), False)
    numbers: NDArray[np.float64] = pc.unique(pc.filter(values, whole)).cast(pa.float64()).to_numpy()
    return numbers
