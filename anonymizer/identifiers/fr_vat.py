"""French VAT number (numéro de TVA intracommunautaire).

Form: FR, two check digits, and the SIREN; the check digits are (12 + 3 * (SIREN modulo 97)) modulo 97. The older keys
with letters count as invalid.
Source: https://www.impots.gouv.fr/ ("numéro de TVA intracommunautaire"); https://ec.europa.eu/taxation_customs/vies/
Range: a SIREN with 0 in front (not confirmed by the issuer).

>>> is_valid(pa.array(["FR 19 000 000 067", "FR 19 000 000 068"])).to_pylist()
[True, False]
>>> from_index(np.array([5], np.uint64), pa.array(["FR 66 000 000 018"])).to_pylist()
['FR 19 000 000 067']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters
from anonymizer.identifiers import fr_siren

NAME = "French VAT number"
CATEGORY = "vat_number"
CAPACITY = fr_siren.CAPACITY
SPACE = fr_siren.SPACE
REACHABLE = False


def _read(values: pa.Array) -> characters.Compact:
    return characters.compact(values, 14).without_prefix("FR")


def _check(siren: characters.Numbers) -> characters.Numbers:
    return (np.uint64(12) + np.uint64(3) * (siren % np.uint64(97))) % np.uint64(97)


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool; the FR is needed."""
    with_country = characters.compact(values, 14).where(13, "FR99999999999")
    digits = _read(values).digits(0, 11)
    siren = digits[:, 2:]
    right = characters.number(digits[:, :2]) == _check(characters.number(siren))
    return characters.verdict(values, with_country & right & (characters.luhn(siren) == 0) & siren.any(axis=1))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the eleven digits."""
    return _read(values).text()


def siren_of(values: pa.Array) -> pa.Array:
    """Valid values -> the SIREN in them, as nine digits."""
    return characters.rows_as_text(_read(values).codes[:, 2:11])


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    return characters.number(_read(values).digits(2, 10)) - np.uint64(1)


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`; the index is that of the SIREN."""
    siren = fr_siren.digits_of_rank(index)
    check = characters.decimal(_check(characters.number(siren)), 2)
    return characters.write_digits(like, characters.joined(check, siren))


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    return from_index(rank, like)
