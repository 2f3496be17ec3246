"""Payment card number (primary account number).

Form: 13 to 19 digits that pass the Luhn test, the first not 0; the first eight name the issuer.
Source: ISO/IEC 7812-1, https://www.iso.org/standard/70484.html
Range: 9999 in front: 9 is for national standards bodies, each with its three-digit country code of ISO 3166-1, and no
country has 999, which ISO 3166-1 leaves to users (900 to 999).

>>> is_valid(pa.array(["9999 0000 0000 0053", "9999 0000 0000 0054"])).to_pylist()
[True, False]
>>> from_index(np.array([5], np.uint64), pa.array(["9999 0000 0000 0004"])).to_pylist()
['9999 0000 0000 0053']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "payment card number"
CATEGORY = "credit_card"
CAPACITY = 100_000_000
"""That many for thirteen digits; ten times as many for each digit more."""
_FREE = 11
SPACE = 10**_FREE
REACHABLE = False

_SHORTEST, _LONGEST = 13, 19
_DIGITS_OF_ISSUER = "9999"


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    read = characters.compact(values, _LONGEST + 1, " -.")
    right = np.zeros(len(values), dtype=bool)
    for length in range(_SHORTEST, _LONGEST + 1):
        formed = read.where(length)
        if formed.any():
            right |= formed & (characters.luhn(read.digits(0, length)) == 0)
    return characters.verdict(values, right & (read.codes[:, 0] != ord("0")))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the digits alone."""
    return characters.compact(values, _LONGEST + 1, " -.").text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`: the last eleven digits before the check digit; those in front are form."""
    read = characters.compact(values, _LONGEST + 1, " -.")
    result = np.zeros(len(values), np.uint64)
    for length in np.unique(read.lengths).tolist():
        rows = read.lengths == length
        result[rows] = characters.number(read.digits(length - 1 - _FREE, length - 1)[rows])
    return result


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`; an index beyond what the length of `like` holds wraps around."""
    lengths = characters.compact(like, _LONGEST + 1, " -.").lengths
    middle = characters.decimal(index, _LONGEST - 5)
    issuer = characters.constant(_DIGITS_OF_ISSUER, len(index))
    zeros = np.zeros_like(issuer)
    result = np.zeros((len(index), _LONGEST), np.uint8)
    for length in np.unique(lengths).tolist():
        rows = lengths == length
        body = characters.joined(zeros[rows, :0], issuer[rows], middle[rows, _LONGEST - length :])
        result[rows, _LONGEST - length :] = characters.joined(body, characters.luhn_digit(body))
    return characters.write_digits(like, result)


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    read = characters.compact(like, _LONGEST + 1, " -.")
    free = characters.decimal(rank, _FREE)
    result = np.zeros((len(rank), _LONGEST), np.uint8)
    for length in np.unique(read.lengths).tolist():
        rows = read.lengths == length
        body = characters.joined(read.digits(0, length - 1 - _FREE)[rows], free[rows])
        result[rows, _LONGEST - length :] = characters.joined(body, characters.luhn_digit(body))
    return characters.write_digits(like, result)
