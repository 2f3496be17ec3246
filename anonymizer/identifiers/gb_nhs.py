"""British NHS number, of patients in England, Wales and the Isle of Man; CHI and H&C numbers have the same form.

Form: ten digits, mostly as 999 123 4560; the last makes the sum with the weights 10 9 8 7 6 5 4 3 2 1 a multiple of 11.
Source: https://www.datadictionary.nhs.uk/attributes/nhs_number.html; https://en.wikipedia.org/wiki/NHS_number
Range: 999 in front, which is for tests and demonstrations and never is issued to a patient.

>>> is_valid(pa.array(["999 000 0018", "999 000 0019"])).to_pylist()
[True, False]
>>> from_index(np.array([0], np.uint64), pa.array(["999 000 0018"])).to_pylist()
['999 000 0018']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters
from anonymizer.identifiers._checked import D, Scheme

NAME = "NHS number"
CATEGORY = "national_id"
REACHABLE = False
CAPACITY = 909_091
SPACE = 909_090_909


def _last(rest: int) -> str:
    return str((11 - rest) % 11)


_WEIGHTS = (10, 9, 8, 7, 6, 5, 4, 3, 2)
_NUMBERS = Scheme("", [D] * 9, ((11, _WEIGHTS),), _last, nonzero=9)
_UNISSUED = Scheme("", ["9", "9", "9", *[D] * 6], ((11, _WEIGHTS),), _last)


def _read(values: pa.Array) -> characters.Compact:
    return characters.compact(values, 11)


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
    return characters.write_characters(like, _UNISSUED.from_rank(index, _read(like)))


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    return characters.write_characters(like, _NUMBERS.from_rank(rank, _read(like)))
