"""Sampled values, made ready for looking at: distinct, without null and blanks, bounded."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Exhibit

MOST = 1000
"""Distinct values of a column that are looked at."""
_LONGEST = 10_000
"""Characters of a value that are looked at."""


def distinct(values: pa.Array) -> pa.Array:
    """string [n] -> string [m], m at most MOST: the distinct values in order of appearance, trimmed, none blank."""
    trimmed = pc.utf8_trim_whitespace(pc.unique(values.drop_null()).slice(0, MOST))
    kept = trimmed.filter(pc.greater(pc.utf8_length(trimmed), 0))
    return pc.utf8_slice_codeunits(kept, 0, _LONGEST)


def columns(exhibit: Exhibit) -> Mapping[str, pa.Array]:
    """The distinct sampled values of every column that has any."""
    found = {name: distinct(values) for name, values in exhibit.sample.items()}
    return {name: values for name, values in found.items() if len(values)}


def share(values: pa.Array, pattern: str) -> float:
    """How many of the values (string, no nulls) match the regular expression (RE2) somewhere, 0 to 1."""
    return hits(values, pattern) / max(len(values), 1)


def hits(values: pa.Array, pattern: str) -> int:
    """How many of the values match."""
    return int(pc.sum(pc.match_substring_regex(values, pattern)).as_py() or 0)


def surprise(hit: int, miss: int, expected: float, chance: float, most: float) -> float:
    """Log-likelihood ratio of so many hits and misses, between -2 and `most`.

    `expected` is the share of hits in a column of the kind looked for, `chance` that in any other column.
    """
    ratio = hit * math.log(expected / chance) + miss * math.log((1 - expected) / (1 - chance))
    return max(-2.0, min(most, ratio))
