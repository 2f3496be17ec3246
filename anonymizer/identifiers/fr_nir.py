"""French social security number (numéro d'inscription au répertoire, NIR).

Form: sex, YY, MM, department (two digits, 2A or 2B), commune (three), order (three), and a key of two digits: 97
minus the first thirteen modulo 97, with 19 for 2A and 18 for 2B.
Source: https://www.insee.fr/en/metadonnees/definition/c1409; https://xml.insee.fr/schema/nir.html
Range: order number 000; INSEE numbers the births of a month from 001 (not confirmed by the issuer).

>>> is_valid(pa.array(["1 00 01 01 006 000 50", "1 00 01 01 006 000 51"])).to_pylist()
[True, False]
>>> from_index(np.array([5], np.uint64), pa.array(["1 00 01 01 001 000 06"])).to_pylist()
['1 00 01 01 006 000 50']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "French social security number (NIR)"
CATEGORY = "national_id"
_SEXES, _YEARS, _MONTHS, _DEPARTMENTS, _COMMUNES = 2, 100, 12, 95, 899
_WRITTEN_DEPARTMENTS = 102
"""Two digits, 2A and 2B."""
CAPACITY = _SEXES * _YEARS * _MONTHS * _DEPARTMENTS * _COMMUNES
SPACE = 9 * 10_000 * _WRITTEN_DEPARTMENTS * 10**6
REACHABLE = False

_CORSICA = np.where(np.arange(256) == ord("A"), 19, 18).astype(np.uint64)


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool; the key is needed."""
    read = characters.compact(values, 16)
    formed = read.where(15, "9" * 15, "999992A99999999", "999992B99999999")
    digits = read.digits(0, 15)
    department = characters.number(digits[:, 5:7])
    department = np.where(digits[:, 6] > 9, _CORSICA[read.codes[:, 6]], department)
    body = characters.number(digits[:, :5]) * np.uint64(10**8) + department * np.uint64(10**6)
    body += characters.number(digits[:, 7:13])
    right = characters.number(digits[:, 13:]) == np.uint64(97) - body % np.uint64(97)
    return characters.verdict(values, formed & right & (digits[:, 0] > 0))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: without spaces."""
    return characters.compact(values, 16).text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    read = characters.compact(values, 16)
    digits = read.digits(0, 15)
    department = characters.number(digits[:, 5:7])
    corsican = digits[:, 6] > 9
    department[corsican] = np.uint64(100) + (read.codes[corsican, 6] == ord("B"))
    front = characters.number(digits[:, :5]) - np.uint64(10_000)
    return (front * np.uint64(_WRITTEN_DEPARTMENTS) + department) * np.uint64(10**6) + characters.number(
        digits[:, 7:13]
    )


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    rest = index.astype(np.uint64)
    parts: list[NDArray[np.uint8]] = []
    for size, first, width in (
        (_COMMUNES, 1, 3),
        (_DEPARTMENTS, 1, 2),
        (_MONTHS, 1, 2),
        (_YEARS, 0, 2),
        (_SEXES, 1, 1),
    ):
        rest, part = np.divmod(rest, np.uint64(size))
        parts.insert(0, characters.decimal(part + np.uint64(first), width))
    parts.append(characters.constant("000", len(index)))
    body = characters.joined(*parts)
    key = np.uint64(97) - characters.number(body) % np.uint64(97)
    digits = characters.joined(body, characters.decimal(key, 2))
    return characters.write_characters(like, digits + np.uint8(ord("0")))


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    front, rest = np.divmod(rank.astype(np.uint64), np.uint64(_WRITTEN_DEPARTMENTS * 10**6))
    department, end = np.divmod(rest, np.uint64(10**6))
    corsican = np.flatnonzero(department >= 100)
    letter = np.frombuffer(b"AB", np.uint8)[department[corsican].astype(np.int64) - 100]
    counted = department.copy()
    counted[corsican] = _CORSICA[letter]
    body = ((front + np.uint64(10_000)) * np.uint64(100) + counted) * np.uint64(10**6) + end
    codes = characters.joined(characters.decimal(body, 13), characters.decimal(np.uint64(97) - body % np.uint64(97), 2))
    codes = codes + np.uint8(ord("0"))
    codes[corsican, 5] = ord("2")
    codes[corsican, 6] = letter
    return characters.write_characters(like, codes)
