"""German tax identification number (steuerliche Identifikationsnummer).

Form: eleven digits. Of the first ten, exactly one digit value occurs twice or three times; the last is the check
digit of ISO/IEC 7064 MOD 11,10.
Source: section 139b Abgabenordnung, https://www.gesetze-im-internet.de/ao_1977/__139b.html; https://www.bzst.de/
Range: 0 in front, which the tax offices' specification reserves for test numbers; issued ones never begin with 0.
Some validators therefore refuse pseudonyms: there is no range that they accept and that is never issued.

>>> is_valid(pa.array(["00 123 458 762", "00 123 458 763"])).to_pylist()
[True, False]
>>> from_index(np.array([5], np.uint64), pa.array(["00 123 456 785"])).to_pylist()
['00 123 458 762']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "German tax identification number"
CATEGORY = "national_id"
_ARRANGEMENTS = 362_880
"""Orders of nine different digits."""
CAPACITY = 9 * _ARRANGEMENTS
REACHABLE = False


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    read = characters.compact(values, 12)
    digits = read.digits(0, 11)
    counts = np.stack([(digits[:, :10] == digit).sum(axis=1) for digit in range(10)], axis=1)
    repeated = (counts > 1).sum(axis=1) == 1
    formed = read.where(11) & repeated & (counts.max(axis=1) <= 3)
    return characters.verdict(values, formed & (characters.mod_11_10(digits[:, :10])[:, 0] == digits[:, 10]))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the digits alone."""
    return characters.compact(values, 12).text()


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`.

    After the 0 in front comes an arrangement of nine different digits: 0 again and all but one of the others.
    """
    missing, order = np.divmod(index.astype(np.int64), _ARRANGEMENTS)
    left = np.tile(np.arange(9, dtype=np.int64), (len(index), 1))
    left += left > (8 - missing)[:, None]
    rows = np.arange(len(index))
    places = [np.zeros(len(index), np.int64)]
    size = _ARRANGEMENTS
    for remaining in range(9, 0, -1):  # the digits of `order` in the factorial number system choose one after another
        size //= remaining
        choice, order = np.divmod(order, size)
        places.append(left[rows, choice])
        kept = np.arange(remaining)[None, :] != choice[:, None]
        left = left[kept].reshape(len(index), remaining - 1)
    body = np.stack(places, axis=1).astype(np.uint8)
    return characters.write_digits(like, characters.joined(body, characters.mod_11_10(body)))
