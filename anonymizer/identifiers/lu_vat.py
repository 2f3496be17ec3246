"""Luxembourg VAT number (numéro d'identification TVA).

Form: LU and eight digits; the last two are the first six modulo 89.
Source: https://pfi.public.lu/ (Administration de l'enregistrement); https://ec.europa.eu/taxation_customs/vies/
Range: none is known; pseudonyms begin with 9, far beyond the numbers that are handed out one after another at
present.

>>> is_valid(pa.array(["LU90000537", "LU90000538"])).to_pylist()
[True, False]
>>> from_index(np.array([5], np.uint64), pa.array(["LU90000032"])).to_pylist()
['LU90000537']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "Luxembourg VAT number"
CATEGORY = "vat_number"
CAPACITY = 100_000
SPACE = 999_999
REACHABLE = True


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool; the LU is needed."""
    formed = characters.compact(values, 11).where(10, "LU99999999")
    digits = characters.compact(values, 11).digits(2, 10)
    right = characters.number(digits[:, :6]) % np.uint64(89) == characters.number(digits[:, 6:])
    return characters.verdict(values, formed & right & digits.any(axis=1))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the eight digits."""
    return characters.compact(values, 11).without_prefix("LU").text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    return characters.number(characters.compact(values, 11).digits(2, 8)) - np.uint64(1)


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    return _written(np.uint64(900_000) + index.astype(np.uint64), like)


def _written(body: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    check = body % np.uint64(89)
    return characters.write_digits(like, characters.joined(characters.decimal(body, 6), characters.decimal(check, 2)))


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    return _written(rank.astype(np.uint64) + np.uint64(1), like)
