"""Spanish tax and identity number of a person (DNI of Spaniards, NIE of foreigners, both a NIF).

Form: eight digits, or X, Y or Z and seven digits, and a letter: the rest of the number (X, Y, Z as 0, 1, 2) modulo 23.
Source: https://www.interior.gob.es/opencms/es/servicios-al-ciudadano/tramites-y-gestiones/dni/calculo-del-digito-de-control-del-nif-nie/
Range: none is known to be never issued; pseudonyms keep the first sign and could be somebody's.

>>> is_valid(pa.array(["00000014-Z", "X0000001-R", "00000014-A"])).to_pylist()
[True, True, False]
>>> from_index(np.array([13], np.uint64), pa.array(["00000001-R"])).to_pylist()
['00000014-Z']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters
from anonymizer.identifiers._checked import D, Scheme

NAME = "Spanish DNI or NIE"
CATEGORY = "national_id"
REACHABLE = True
CAPACITY = 9_999_999
"""Numbers that begin with one sign."""

_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_PLACE = 10_000_000
_FIRST = tuple(digit * _PLACE for digit in (*range(10), 0, 1, 2))
_WEIGHTS = (_FIRST, *(10**power for power in range(6, -1, -1)))
_NUMBERS = Scheme("", [D + "XYZ", *[D] * 7], ((23, _WEIGHTS),), lambda rest: _LETTERS[rest], nonzero=8)
SPACE = 129_999_999


def _read(values: pa.Array) -> characters.Compact:
    return characters.compact(values, 10)


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
    first = rank(like) + np.uint64(1) - (rank(like) + np.uint64(1)) % np.uint64(_PLACE)
    return from_rank(first + index.astype(np.uint64), like)


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    return characters.write_characters(like, _NUMBERS.from_rank(rank, _read(like)))
