"""Dutch citizen service number (burgerservicenummer, BSN; formerly sofinummer).

Form: nine digits whose sum with the weights 9 8 7 6 5 4 3 2 -1 is a multiple of 11.
Source: https://www.rvig.nl/bsn; Wet algemene bepalingen burgerservicenummer, https://wetten.overheid.nl/BWBR0022428/
Range: 9 in front, where Dutch government test numbers lie (not confirmed by the issuer that it never issues others).

>>> is_valid(pa.array(["9000.00.090", "9000.00.091"])).to_pylist()
[True, False]
>>> from_index(np.array([8], np.uint64), pa.array(["9000.00.004"])).to_pylist()
['9000.00.090']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters
from anonymizer.identifiers import _eleven_test as eleven_test

NAME = "Dutch citizen service number"
CATEGORY = "national_id"
CAPACITY = eleven_test.CAPACITY
SPACE = eleven_test.SPACE
REACHABLE = True


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    read = characters.compact(values, 10)
    return characters.verdict(values, read.where(9) & eleven_test.passes(read.digits(0, 9)))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the digits alone."""
    return characters.compact(values, 10).text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    digits = characters.compact(values, 10).digits(0, 9)
    return eleven_test.numbers().rank(digits) - np.uint64(1)


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    return characters.write_digits(like, eleven_test.with_nine_in_front(index.astype(np.uint64)))


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    return characters.write_digits(like, eleven_test.numbers().signs(rank.astype(np.uint64) + np.uint64(1)))
