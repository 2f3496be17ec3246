"""Belgian enterprise number (ondernemingsnummer, numéro d'entreprise), which is the Belgian VAT number after BE.

Form: ten digits, the first 0 or 1, the last two 97 minus the rest of the first eight modulo 97; as 0123.456.789,
BE0123456789 or BE 0123.456.789, and in nine digits, without the first, in data older than 2005.
Source: Royal Decree of 24 June 2003 on the enterprise number; https://economie.fgov.be/en/themes/enterprises
Range: 00, 01 and 12 to 19 in front. Numbers from the registers before 2003 begin with 02 to 09; those are used up,
and the first number with a 1 was issued on 19 September 2023:
https://news.economie.fgov.be/228778-ondernemingsnummers-beginnen-nu-ook-met-het-cijfer-1
Not confirmed by the issuer: that 00 and 01 never were issued, and how many years 12 is away.

A pseudonym with a 1 in front loses it where the original is written in nine digits, and then is valid with the 1
alone.

>>> is_valid(pa.array(["BE 1900.000.069", "BE 1900.000.060"])).to_pylist()
[True, False]
>>> from_index(np.array([9000000], np.uint64), pa.array(["BE 0000.000.097"])).to_pylist()
['BE 1900.000.069']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "Belgian enterprise number"
CATEGORY = "company_id"
CAPACITY = 10_000_000
SPACE = 20_000_000
REACHABLE = False

_BLOCK = np.uint64(1_000_000)
_UNISSUED = np.array([0, 1, 12, 13, 14, 15, 16, 17, 18, 19], np.uint64)
"""The first two digits of numbers that are not issued: as many as the others, 02 to 11."""
_PLACE = np.array([0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9], np.uint64)
"""First two digits -> their place among the unissued ones, or among the others."""


def _read(values: pa.Array) -> tuple[characters.Compact, characters.Flags]:
    """Ten digits per value: without BE, nine digits with a 0 in front; and which of them were nine."""
    read = characters.compact(values, 12, " .-/()").without_prefix("BE")
    short = read.lengths == 9
    if not short.any():
        return read, short
    codes = read.codes.copy()
    codes[short, 1:] = read.codes[short, :-1]
    codes[short, 0] = ord("0")
    return characters.Compact(codes, np.where(short, 10, read.lengths)), short


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool. Nine digits are valid with a 0 or with a 1 in front."""
    read, short = _read(values)
    digits = read.digits(0, 10)
    body, check = characters.number(digits[:, :8]), characters.number(digits[:, 8:])
    right = check == 97 - body % 97
    if short.any():
        right |= short & (check == 97 - (body + np.uint64(10_000_000)) % 97)
    return characters.verdict(values, read.where(10, "0999999999", "1999999999") & right)


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the ten digits."""
    return _read(values)[0].text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`; nine digits are the number with the 1 in front where only that is right."""
    read, short = _read(values)
    body = characters.number(read.digits(0, 8))
    if short.any():
        body[short & (characters.number(read.digits(8, 10)) != 97 - body % 97)] += np.uint64(10_000_000)
    return body


def issued_rank(values: pa.Array) -> NDArray[np.uint64]:
    """Valid values -> uint64 below CAPACITY: different for different issued numbers, and for different others."""
    block, rest = np.divmod(characters.number(_read(values)[0].digits(0, 8)), _BLOCK)
    return _PLACE[block.astype(np.int64)] * _BLOCK + rest


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    block, rest = np.divmod(index.astype(np.uint64), _BLOCK)
    return from_rank(_UNISSUED[block.astype(np.int64)] * _BLOCK + rest, like)


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`; a nine-digit form leaves out the first digit, which its check digits tell."""
    body = rank.astype(np.uint64)
    check = np.uint64(97) - body % np.uint64(97)
    return characters.write_digits(like, characters.joined(characters.decimal(body, 8), characters.decimal(check, 2)))
