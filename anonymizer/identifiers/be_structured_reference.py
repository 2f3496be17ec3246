"""Belgian structured payment reference (gestructureerde mededeling, communication structurée).

Form: +++123/4567/89012+++ or ***…***: ten digits and their rest modulo 97, written 97 for 0.
Source: https://febelfin.be/ (standard "gestructureerde mededeling")
Range: all. A reference names a payment only to the creditor beside whose account it stands: alone it reaches nobody.

>>> is_valid(pa.array(["+++010/8068/17183+++", "+++010/8068/17184+++"])).to_pylist()
[True, False]
>>> from_index(np.array([108068171], np.uint64), pa.array(["+++000/0000/00097+++"])).to_pylist()
['+++010/8068/17183+++']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "Belgian structured reference"
CATEGORY = "other_personal"
CAPACITY = 10_000_000_000
SPACE = CAPACITY
REACHABLE = False


def _read(values: pa.Array) -> characters.Compact:
    return characters.compact(values, 13, " .-/+*")


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    read = _read(values)
    digits = read.digits(0, 12)
    body, check = characters.number(digits[:, :10]), characters.number(digits[:, 10:])
    return characters.verdict(values, read.where(12) & (check == (body + np.uint64(96)) % np.uint64(97) + 1))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the twelve digits."""
    return _read(values).text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    return characters.number(_read(values).digits(0, 10))


issued_rank = rank


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    body = index.astype(np.uint64)
    check = (body + np.uint64(96)) % np.uint64(97) + np.uint64(1)
    return characters.write_digits(like, characters.joined(characters.decimal(body, 10), characters.decimal(check, 2)))


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    return from_index(rank, like)
