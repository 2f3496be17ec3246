"""Registration number of a Belgian, French or Dutch vehicle (number plate).

Form: Belgium 1-ABC-234, before 2010 ABC-123 and 123-ABC; France AB-123-CD; the Netherlands six signs in three groups of
letters and digits, as 12-ABC-3; with hyphens, dots or spaces between the groups, which tell a plate from another code.
Source: https://mobilit.belgium.be/ (DIV); https://immatriculation.ants.gouv.fr/; https://www.rdw.nl/
Range: Belgium 5, 6 and 7 in front (1 came in 2010 and 2 in 2021, one after the other), and 000 in the older forms
(https://belgianlicenceplates.blogspot.com/2009/07/types-of-belgian-licence-plates.html). France: I, O or U, which are
never used (https://www.lagazettedescommunes.com/154001/). The Netherlands: C and Q alone, not used since sidecode 4
(https://www.nummerborden.info/info-nl-kentekens); of older plates with these letters it is not confirmed that none is
left. Belgian plates with a text of the owner's choice may have any form: so a pseudonym could be somebody's.

>>> is_valid(pa.array(["5-AAA-001", "IA-001-AA", "12-CCQ-3", "1-AAA-0001"])).to_pylist()
[True, True, True, False]
>>> from_index(np.array([1], np.uint64), pa.array(["1-ABC-234"])).to_pylist()
['5-AAA-001']
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "number plate"
CATEGORY = "other_personal"
CAPACITY = 1_600
"""Of the smallest, Dutch plates with four letters; an index beyond what a form holds wraps around."""
REACHABLE = True

_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DUTCH = "CQ"


class _Plate(NamedTuple):
    """One form: its groups (9 a digit, A a letter), and the signs of each place on plates that nobody has."""

    groups: str
    unissued: tuple[str, ...]


def _dutch(groups: str) -> _Plate:
    return _Plate(groups, tuple(_DUTCH if sign == "A" else _DIGITS for sign in groups.replace("-", "")))


_PLATES = (
    _Plate("9-AAA-999", ("567", *[_LETTERS] * 3, *[_DIGITS] * 3)),
    _Plate("AAA-999", (*[_LETTERS] * 3, *["0"] * 3)),
    _Plate("999-AAA", (*["0"] * 3, *[_LETTERS] * 3)),
    _Plate("AA-999-AA", ("IOU", _LETTERS, *[_DIGITS] * 3, _LETTERS, _LETTERS)),
    *(_dutch(groups) for groups in "AA-99-99 99-99-AA 99-AA-99 AA-99-AA AA-AA-99 99-AA-AA 99-AAA-9 9-AAA-99".split()),
    *(_dutch(groups) for groups in "AA-999-A A-999-AA AAA-99-A A-99-AAA 9-AA-999 999-AA-9".split()),
)
_PATTERNS = {"9": "[0-9]", "A": "[A-Za-z]", "-": "[ .-]"}
_FORM = f"^(?:{'|'.join(''.join(_PATTERNS[sign] for sign in plate.groups) for plate in _PLATES)})$"


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool: the form; a plate has no check digit."""
    return pc.match_substring_regex(values, _FORM)


def compact(values: pa.Array) -> pa.Array:
    """string -> string: letters and digits alone, in capitals."""
    return characters.compact(values, 8).text()


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    read = characters.compact(like, 8)
    codes = read.codes.copy(order="K")
    for plate in _PLATES:
        pattern = plate.groups.replace("-", "")
        rows = np.flatnonzero(read.where(len(pattern), pattern))
        rest = index[rows].astype(np.uint64)
        for place in range(len(pattern) - 1, -1, -1):
            signs = np.frombuffer(plate.unissued[place].encode(), np.uint8)
            rest, sign = np.divmod(rest, np.uint64(len(signs)))
            codes[rows, place] = signs[sign.astype(np.int64)]
    return characters.write_characters(like, codes)
