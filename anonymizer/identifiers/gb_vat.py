"""VAT number of the United Kingdom and, with XI, of Northern Ireland.

Form: GB or XI and nine digits whose sum with the weights 8 7 6 5 4 3 2 10 1 is a multiple of 97, or, from 100 0000
on, a multiple plus 42; three more digits may name a branch.
Source: https://www.gov.uk/vat-eu-country-codes-vat-numbers-and-vat-in-other-languages
Range: 010 0000 to 099 9999 in front, which published descriptions of the scheme leave out (not confirmed by HMRC).

>>> is_valid(pa.array(["GB 010 0005 80", "GB 010 0005 81"])).to_pylist()
[True, False]
>>> from_index(np.array([5], np.uint64), pa.array(["GB 010 0000 90"])).to_pylist()
['GB 010 0005 80']
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters
from anonymizer.identifiers._ranking import Ranking, ranking, weighted_sums

NAME = "British VAT number"
CATEGORY = "vat_number"
CAPACITY = 900_000
SPACE = 19_583_120
REACHABLE = False

_WEIGHTS = (8, 7, 6, 5, 4, 3, 2)


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool; the GB or XI is needed."""
    read = characters.compact(values, 15)
    formed = read.where(11, "GB999999999", "XI999999999") | read.where(14, "GB999999999999", "XI999999999999")
    digits = read.digits(2, 11)
    rest = characters.weighted(digits, (*_WEIGHTS, 10, 1)) % 97
    right = (rest == 0) | ((rest == 42) & (digits[:, 0] > 0))
    return characters.verdict(values, formed & right & digits[:, :7].any(axis=1))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the nine or twelve digits."""
    return characters.compact(values, 15).without_prefix("GB", "XI").text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`: the nine digits; a branch is form."""
    return _numbers().rank(characters.compact(values, 15).digits(2, 11))


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`; a branch is written as 000."""
    body = characters.decimal(np.uint64(100_000) + index.astype(np.uint64), 7)
    check = (97 - characters.weighted(body, _WEIGHTS) % 97).astype(np.uint64)
    digits = characters.joined(body, characters.decimal(check, 2))
    branch = characters.compact(like, 15).lengths == 14
    with_branch = characters.joined(digits, characters.constant("000", len(index)))
    padded = characters.joined(characters.constant("000", len(index)), digits)
    return characters.write_digits(like, np.where(branch[:, None], with_branch, padded))


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    digits = _numbers().signs(rank)
    read = characters.compact(like, 15)
    branch = read.lengths == 14
    with_branch = characters.joined(digits, read.digits(11, 14))
    padded = characters.joined(characters.constant("000", len(rank)), digits)
    return characters.write_digits(like, np.where(branch[:, None], with_branch, padded))


@cache
def _numbers() -> Ranking:
    """The nine digits; the state is the rest, plus 97 after a 0 in front, plus 194 after another digit there.

    While all digits are 0 nothing is added: numbers whose first seven are 0 do not exist.
    """
    steps = []
    for place, sums in enumerate(weighted_sums((*_WEIGHTS, 10, 1), 97)):
        after_zeros = sums + (0 if place >= len(_WEIGHTS) else np.where(np.arange(10) == 0, 0, 97 if place else 194))
        steps.append(np.concatenate([after_zeros, sums + 97, sums + 194]))
    rest = np.arange(97)
    return ranking(steps, np.concatenate([rest < 0, rest == 0, (rest == 0) | (rest == 42)]))
