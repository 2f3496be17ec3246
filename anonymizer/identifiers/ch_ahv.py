"""Swiss social insurance number (AHV number, numéro AVS, AHVN13).

Form: 756, nine digits, and the check digit of EAN-13; as 756.1234.5678.97.
Source: https://www.zas.admin.ch/ ("AHV-Nummer"); https://www.bsv.admin.ch/
Range: none is known to be never issued: the numbers are drawn by lot, and pseudonyms could be somebody's.

>>> is_valid(pa.array(["756.0000.0000.19", "756.0000.0000.18"])).to_pylist()
[True, False]
>>> from_index(np.array([1], np.uint64), pa.array(["756.0000.0000.19"])).to_pylist()
['756.0000.0000.19']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters
from anonymizer.identifiers._checked import D, Scheme

NAME = "Swiss social insurance number"
CATEGORY = "national_id"
REACHABLE = True
CAPACITY = SPACE = 10**9

_OF_756 = 7 + 3 * 5 + 6
_NUMBERS = Scheme("756", [D] * 9, ((10, (3, 1, 3, 1, 3, 1, 3, 1, 3)),), lambda rest: str(-(rest + _OF_756) % 10))


def _read(values: pa.Array) -> characters.Compact:
    return characters.compact(values, 14)


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    return characters.verdict(values, _NUMBERS.fits(_read(values)))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: without punctuation, in capitals."""
    return _read(values).text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    return _NUMBERS.rank(_read(values))


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    return from_rank(index, like)


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    return characters.write_characters(like, _NUMBERS.from_rank(rank, _read(like)))
