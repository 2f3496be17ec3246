"""French company number (SIREN).

Form: nine digits that pass the Luhn test (ISO/IEC 7812-1).
Source: https://www.insee.fr/en/metadonnees/definition/c2047
Range: 0 in front; those of public bodies begin with 1 or 2, all others with 3 to 9 (not confirmed by the issuer).

>>> is_valid(pa.array(["000 000 067", "000 000 068"])).to_pylist()
[True, False]
>>> from_index(np.array([5], np.uint64), pa.array(["000 000 018"])).to_pylist()
['000 000 067']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "French company number (SIREN)"
CATEGORY = "company_id"
CAPACITY = 9_999_999
SPACE = 99_999_999
REACHABLE = False


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    read = characters.compact(values, 10)
    digits = read.digits(0, 9)
    return characters.verdict(values, read.where(9) & (characters.luhn(digits) == 0) & digits.any(axis=1))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the digits alone."""
    return characters.compact(values, 10).text()


def digits_of_rank(rank: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """uint64 [n] below SPACE -> uint8 [n, 9]; those below CAPACITY begin with 0, and so are never issued."""
    body = characters.decimal(rank.astype(np.uint64) + np.uint64(1), 8)  # all zeros is no number
    return characters.joined(body, characters.luhn_digit(body))


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    return characters.number(characters.compact(values, 10).digits(0, 8)) - np.uint64(1)


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    return characters.write_digits(like, digits_of_rank(index))


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    return characters.write_digits(like, digits_of_rank(rank))
