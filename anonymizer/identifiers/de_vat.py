"""German VAT number (Umsatzsteuer-Identifikationsnummer).

Form: DE and nine digits, the first not 0, the last the check digit of ISO/IEC 7064 MOD 11,10.
Source: https://www.bzst.de/ ("USt-IdNr."); https://ec.europa.eu/taxation_customs/vies/
Range: none is known; pseudonyms begin with 9 and could be somebody's.

>>> is_valid(pa.array(["DE 900 000 055", "DE 900 000 056"])).to_pylist()
[True, False]
>>> from_index(np.array([5], np.uint64), pa.array(["DE 900 000 006"])).to_pylist()
['DE 900 000 055']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "German VAT number"
CATEGORY = "vat_number"
CAPACITY = 10_000_000
SPACE = 90_000_000
REACHABLE = True


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool; the DE is needed."""
    formed = characters.compact(values, 12).where(11, "DE999999999")
    digits = characters.compact(values, 12).digits(2, 11)
    right = characters.mod_11_10(digits[:, :8])[:, 0] == digits[:, 8]
    return characters.verdict(values, formed & right & (digits[:, 0] > 0))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the nine digits."""
    return characters.compact(values, 12).without_prefix("DE").text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    digits = characters.compact(values, 12).digits(2, 10)
    return characters.number(digits) - np.uint64(10_000_000)


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    body = characters.joined(characters.constant("9", len(index)), characters.decimal(index, 7))
    return characters.write_digits(like, characters.joined(body, characters.mod_11_10(body)))


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    body = characters.decimal(rank.astype(np.uint64) + np.uint64(10_000_000), 8)
    return characters.write_digits(like, characters.joined(body, characters.mod_11_10(body)))
