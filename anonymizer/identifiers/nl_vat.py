"""Dutch VAT number (btw-identificatienummer).

Form: NL, nine digits, B, two digits. Legal persons: the nine digits pass the 11-test. Sole traders, since 2020: the
whole number, with NL, B and all, passes ISO 7064 MOD 97-10.
Source: https://www.belastingdienst.nl/ ("btw-identificatienummer"); https://ec.europa.eu/taxation_customs/vies/
Range: nine digits that pass the 11-test and begin with 9; those of legal persons begin with 8, and sole traders' are
not made of 11-tested numbers any more (not confirmed by the issuer). B and the two digits stay.

>>> is_valid(pa.array(["NL 9000.00.090 B01", "NL900000091B01"])).to_pylist()
[True, False]
>>> from_index(np.array([8], np.uint64), pa.array(["NL 9000.00.004 B01"])).to_pylist()
['NL 9000.00.090 B01']
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters
from anonymizer.identifiers import _eleven_test as eleven_test
from anonymizer.identifiers._ranking import Ranking, ranking

NAME = "Dutch VAT number"
CATEGORY = "vat_number"
CAPACITY = eleven_test.CAPACITY
SPACE = 9_927_835_122
REACHABLE = True


def _read(values: pa.Array) -> characters.Compact:
    return characters.compact(values, 15).without_prefix("NL")


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    read = _read(values)
    rows = len(read.lengths)
    front = np.tile(np.frombuffer(b"NL", np.uint8), (rows, 1))
    whole = np.concatenate([front, read.codes[:, :12]], axis=1)
    formed = read.where(12, "999999999B99")
    right = eleven_test.passes(np.where(formed[:, None], read.digits(0, 9), 0))
    right |= characters.mod_97(whole) == 1
    return characters.verdict(
        values,
        formed & right & (read.codes[:, 10:12] != ord("0")).any(axis=1) & (read.codes[:, :9] != ord("0")).any(axis=1),
    )


def compact(values: pa.Array) -> pa.Array:
    """string -> string: without NL and punctuation."""
    return _read(values).text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    read = _read(values)
    return _numbers().rank(characters.joined(read.digits(0, 9), read.digits(10, 12))) - np.uint64(1)


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    suffix = _read(like).digits(10, 12)
    return characters.write_digits(
        like, characters.joined(eleven_test.with_nine_in_front(index.astype(np.uint64)), suffix)
    )


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    return characters.write_digits(like, _numbers().signs(rank.astype(np.uint64) + np.uint64(1)))


@cache
def _numbers() -> Ranking:
    """The eleven digits; the first number, nine zeros and B73, is none.

    The state is the 11-test's rest, whether another digit than 0 was read, and what was read, NL and B with it, modulo
    97. State number = (11-test * 2 + another than 0) * 97 + rest; from the B on the test is passed (0) or not (1), and
    zeros count anew.
    """
    eleven, seen, rest = (part.reshape(-1, 1) for part in np.unravel_index(np.arange(11 * 2 * 97), (11, 2, 97)))
    digit = np.arange(10)
    rest_of_nl = int(characters.mod_97(np.frombuffer(b"NL", np.uint8)[None, :])[0])
    steps = []
    for place in range(11):
        test = (eleven + eleven_test.WEIGHTS[place] * digit) % 11 if place < 9 else eleven + 0 * digit
        nonzero = np.maximum(seen, digit > 0)
        start = rest_of_nl if place == 0 else rest
        following = (start * 10 + digit) % 97
        if place == 8:
            test, nonzero = np.where((test == 0) & (nonzero > 0), 0, 1), 0 * nonzero
            following = (following * 100 + 11) % 97
        steps.append((test * 2 + nonzero) * 97 + following)
    return ranking(steps, (((eleven == 0) | (rest == 1)) & (seen == 1))[:, 0])
