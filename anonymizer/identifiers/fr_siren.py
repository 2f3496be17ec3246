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
REACHABLE = False


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    read = characters.compact(values, 10)
    digits = read.digits(0, 9)
    return characters.verdict(values, read.where(9) & (characters.luhn(digits) == 0) & digits.any(axis=1))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the digits alone."""
    return characters.compact(values, 10).text()


def digits_of_index(index: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """uint64 [n] below CAPACITY -> uint8 [n, 9]."""
    body = characters.decimal(index.astype(np.uint64) + np.uint64(1), 8)  # all zeros is no number
    return characters.joined(body, characters.luhn_digit(body))


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    return characters.write_digits(like, digits_of_index(index))
