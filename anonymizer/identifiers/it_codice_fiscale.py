"""Italian tax code of a person (codice fiscale).

Form: three letters of the surname and three of the name, two digits of the year, a letter for the month, two digits of
the day (40 more for women), a letter and three digits of the place of birth, and a check letter. Codes with letters in
the place of digits (omocodia) are not read; the 31st counts as a day of every month.
Source: Ministerial Decree of 23 December 1976 (Gazzetta Ufficiale 345 of 1976); https://www.agenziaentrate.gov.it/
Range: places of birth that begin with N to Y: municipalities have A to M and foreign states Z,
https://it.wikipedia.org/wiki/Codice_catastale (not confirmed by the issuer that it never uses the others).

>>> is_valid(pa.array(["AAAAAA00A01N000U", "AAAAAA00A01N000V"])).to_pylist()
[True, False]
>>> from_index(np.array([0], np.uint64), pa.array(["AAAAAA00A01N000U"])).to_pylist()
['AAAAAA00A01N000U']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters
from anonymizer.identifiers._checked import LETTERS, D, Scheme

NAME = "Italian tax code"
CATEGORY = "national_id"
REACHABLE = False

_ODD_DIGITS = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)
_ODD = dict(zip(LETTERS, (*_ODD_DIGITS, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23), strict=True))
_ODD |= dict(zip(D, _ODD_DIGITS, strict=True))
_EVEN = {sign: number for signs in (LETTERS, D) for number, sign in enumerate(signs)}
_MONTHS = "ABCDEHLMPRST"
_DAYS = {*range(1, 32), *range(41, 72)}


def _scheme(first_of_place: str) -> Scheme:
    places = [*[LETTERS] * 6, D, D, _MONTHS, D[:8], D, first_of_place, D, D, D]
    weights = [tuple((_EVEN if place % 2 else _ODD)[sign] for sign in signs) for place, signs in enumerate(places)]
    day = [
        tuple(0 for _ in signs) if place not in (9, 10) else 10 ** (10 - place) for place, signs in enumerate(places)
    ]
    return Scheme("", places, ((26, weights), (80, day)), lambda rest, number: LETTERS[rest] if number in _DAYS else "")


_NUMBERS = _scheme(LETTERS)
_UNISSUED = _scheme("NOPQRSTUVWXY")
_BEFORE_PLACE = 26**6 * 100 * len(_MONTHS) * len(_DAYS)
CAPACITY = _BEFORE_PLACE * 12_000
SPACE = _BEFORE_PLACE * 26_000


def _read(values: pa.Array) -> characters.Compact:
    return characters.compact(values, 17)


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    return characters.verdict(values, _NUMBERS.fits(_read(values)))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: without punctuation, in capitals."""
    return _read(values).text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    return _NUMBERS.rank(_read(values))


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    return characters.write_characters(like, _UNISSUED.from_rank(index, _read(like)))


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    return characters.write_characters(like, _NUMBERS.from_rank(rank, _read(like)))
