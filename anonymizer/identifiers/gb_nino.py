"""British National Insurance number.

Form: two letters, six digits and a letter A to D. The letters are not D, F, I, Q, U or V, the second is not O, and
BG, GB, KN, NK, NT, TN and ZZ are not used.
Source: https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110
Range: QQ in front, which HMRC uses for examples and cannot issue, since Q is not among its letters.

>>> is_valid(pa.array(["qq 12 34 56 c", "qq 12 34 56 e"])).to_pylist()
[True, False]
>>> from_index(np.array([493826], np.uint64), pa.array(["qq 00 00 00 a"])).to_pylist()
['qq 12 34 56 c']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "British National Insurance number"
CATEGORY = "national_id"
CAPACITY = 4_000_000
REACHABLE = False

_FIRST = np.isin(np.arange(256), np.frombuffer(b"ABCEGHJKLMNOPRSTWXYZ", np.uint8))
_SECOND = np.isin(np.arange(256), np.frombuffer(b"ABCEGHJKLMNPRSTWXYZ", np.uint8))
_NOT_USED = ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool; HMRC's example letters QQ count as valid."""
    read = characters.compact(values, 10)
    letters = _FIRST[read.codes[:, 0]] & _SECOND[read.codes[:, 1]]
    for pair in _NOT_USED:
        letters &= (read.codes[:, :2] != np.frombuffer(pair.encode(), np.uint8)).any(axis=1)
    letters |= (read.codes[:, :2] == ord("Q")).all(axis=1)
    return characters.verdict(
        values,
        read.where(9, *(f"AA999999{suffix}" for suffix in "BCD"), "AA999999A")
        & letters
        & (read.codes[:, 8] <= ord("D")),
    )


def compact(values: pa.Array) -> pa.Array:
    """string -> string: without spaces, in capitals."""
    return characters.compact(values, 10).text()


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    body, suffix = np.divmod(index.astype(np.uint64), np.uint64(4))
    codes = np.full((len(index), 9), ord("Q"), np.uint8)
    codes[:, 2:8] = characters.decimal(body, 6) + np.uint8(ord("0"))
    codes[:, 8] = ord("A") + suffix
    return characters.write_characters(like, codes)
