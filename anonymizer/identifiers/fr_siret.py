"""French establishment number (SIRET).

Form: the SIREN of the company, four digits for the establishment and one check digit: all fourteen pass the Luhn
test.
Source: https://www.insee.fr/en/metadonnees/definition/c1841
Range: 0 in front, as for the SIREN (not confirmed by the issuer). Index: SIREN's index times 10,000 plus the four
digits.

>>> is_valid(pa.array(["000 000 067 00017", "000 000 067 00018"])).to_pylist()
[True, False]
>>> from_index(np.array([50001], np.uint64), pa.array(["000 000 018 00002"])).to_pylist()
['000 000 067 00017']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters
from anonymizer.identifiers import fr_siren

NAME = "French establishment number (SIRET)"
CATEGORY = "company_id"
ESTABLISHMENTS = 10_000
CAPACITY = fr_siren.CAPACITY * ESTABLISHMENTS
SPACE = fr_siren.SPACE * ESTABLISHMENTS
REACHABLE = False


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool. The post office's numbers, whose digits only add up to a multiple of five, count as invalid."""
    read = characters.compact(values, 15)
    digits = read.digits(0, 14)
    right = (characters.luhn(digits) == 0) & (characters.luhn(digits[:, :9]) == 0) & digits[:, :9].any(axis=1)
    return characters.verdict(values, read.where(14) & right)


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the digits alone."""
    return characters.compact(values, 15).text()


def split(values: pa.Array) -> tuple[pa.Array, NDArray[np.uint64]]:
    """Valid values -> the SIREN as nine digits, and the number of the establishment."""
    read = characters.compact(values, 14)
    return characters.rows_as_text(read.codes[:, :9]), characters.number(read.digits(9, 13))


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    digits = characters.compact(values, 15).digits(0, 13)
    siren = characters.number(digits[:, :8]) - np.uint64(1)
    return siren * np.uint64(ESTABLISHMENTS) + characters.number(digits[:, 9:])


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    siren, establishment = np.divmod(index.astype(np.uint64), np.uint64(ESTABLISHMENTS))
    body = characters.joined(fr_siren.digits_of_rank(siren), characters.decimal(establishment, 4))
    return characters.write_digits(like, characters.joined(body, characters.luhn_digit(body)))


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    return from_index(rank, like)
