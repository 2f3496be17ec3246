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

_FIRST = "ABCEGHJKLMNOPRSTWXYZ"
_SECOND = "ABCEGHJKLMNPRSTWXYZ"
_NOT_USED = ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
_PAIRS = np.sort(
    [ord(a) * 256 + ord(b) for a in _FIRST for b in _SECOND if a + b not in _NOT_USED] + [ord("Q") * 256 + ord("Q")]
)
"""The letters in front, as one number."""
_IS_PAIR = np.isin(np.arange(256 * 256), _PAIRS)
SPACE = len(_PAIRS) * 4_000_000


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool; HMRC's example letters QQ count as valid."""
    read = characters.compact(values, 10)
    letters = _IS_PAIR[read.codes[:, 0].astype(np.int64) * 256 + read.codes[:, 1]]
    return characters.verdict(
        values,
        read.where(9, *(f"AA999999{suffix}" for suffix in "BCD"), "AA999999A")
        & letters
        & (read.codes[:, 8] <= ord("D")),
    )


def compact(values: pa.Array) -> pa.Array:
    """string -> string: without spaces, in capitals."""
    return characters.compact(values, 10).text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    codes = characters.compact(values, 10).codes
    pair = np.searchsorted(_PAIRS, codes[:, 0].astype(np.int64) * 256 + codes[:, 1]).astype(np.uint64)
    digits = characters.number(codes[:, 2:8] - np.uint8(ord("0")))
    return (pair * np.uint64(10**6) + digits) * np.uint64(4) + (codes[:, 8] - ord("A"))


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    body, suffix = np.divmod(index.astype(np.uint64), np.uint64(4))
    codes = np.full((len(index), 9), ord("Q"), np.uint8)
    codes[:, 2:8] = characters.decimal(body, 6) + np.uint8(ord("0"))
    codes[:, 8] = ord("A") + suffix
    return characters.write_characters(like, codes)


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    rest, suffix = np.divmod(rank.astype(np.uint64), np.uint64(4))
    pair, body = np.divmod(rest, np.uint64(10**6))
    letters = _PAIRS[pair.astype(np.int64)]
    codes = np.empty((len(rank), 9), np.uint8)
    codes[:, 0], codes[:, 1] = letters // 256, letters % 256
    codes[:, 2:8] = characters.decimal(body, 6) + np.uint8(ord("0"))
    codes[:, 8] = ord("A") + suffix
    return characters.write_characters(like, codes)
