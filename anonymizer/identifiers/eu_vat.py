"""VAT numbers of the member states of the European Union that have no file of their own.

Form: the country (Greece is EL, or GR), and eight to twelve letters and digits, the last mostly a check sign. These
are the numbers of companies; those of private persons in Bulgaria, Czechia, Spain, Latvia and Lithuania, which are
their national numbers, Romanian ones of other lengths than eight digits, and Irish ones of before 2013 with a sign
other than a digit in second place are not read.
Source: https://ec.europa.eu/taxation_customs/vies/ (FAQ, structure of VAT numbers); checksums as in python-stdnum,
https://arthurdejong.org/python-stdnum/, which names the source of each
Range: none is known to be never issued; pseudonyms are valid numbers of the same country and could be somebody's.

>>> is_valid(pa.array(["ATU 0000 0024", "ATU 0000 0025", "PL 100 000 00 06"])).to_pylist()
[True, False, True]
>>> from_index(np.array([1], np.uint64), pa.array(["ATU 0000 0015"])).to_pylist()
['ATU 0000 0024']
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters
from anonymizer.identifiers._checked import DOUBLED, LETTERS, D, Scheme, Weight

NAME = "EU VAT number"
CATEGORY = "vat_number"
REACHABLE = True

_NOT_ZERO = D[1:]
_IRISH = "WABCDEFGHIJKLMNOPQRSTUV"
_ODD_IN_CYPRUS = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)
_ITALIAN_OFFICES = {*range(1, 101), 120, 121, 888, 999}


def _down(first: int, count: int) -> tuple[int, ...]:
    return tuple(range(first, first - count, -1))


def _up_to(modulus: int, target: int = 0, weight: int = 1) -> Callable[[int], str]:
    """The digit that brings the sum to `target`."""
    table = {(target - weight * digit) % modulus: str(digit) for digit in range(10)}
    return lambda rest: table.get(rest, "")


def _twice(first: int, second: int) -> str:
    """Bulgaria and Lithuania: the second sum decides where the first is 10."""
    return str((second if first == 10 else first) % 10)


def _scheme(
    front: str,
    places: Sequence[str],
    modulus: int,
    weights: Sequence[Weight],
    last: Callable[..., str],
    tail: int = 0,
) -> Scheme:
    zeros = next((place for place, signs in enumerate(places) if signs[0] != "0"), len(places))
    nonzero = len(places) if zeros == len(places) else 0
    return Scheme(front, places, ((modulus, weights),), last, tail, nonzero)


_LEGAL_BULGARIAN = ((11, (1, 2, 3, 4, 5, 6, 7, 8)), (11, (3, 4, 5, 6, 7, 8, 9, 10)))
_LEGAL_LITHUANIAN = ((11, (1, 2, 3, 4, 5, 6, 7, 8)), (11, (3, 4, 5, 6, 7, 8, 9, 1)))
_OTHER_LITHUANIAN = ((11, (1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2)), (11, (3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4)))
_LUHN = (1, DOUBLED) * 5
_GREEK = tuple(2**power for power in range(8, 0, -1))
SCHEMES: tuple[Scheme, ...] = (
    _scheme("ATU", [D] * 7, 10, (1, DOUBLED, 1, DOUBLED, 1, DOUBLED, 1), _up_to(10, 6)),
    Scheme("BG", [D] * 8, _LEGAL_BULGARIAN, _twice, nonzero=8),
    Scheme(
        "CY",
        [D] * 8,
        ((26, (_ODD_IN_CYPRUS, 1) * 4), (100, (10, 1, 0, 0, 0, 0, 0, 0))),
        lambda rest, front: "" if front == 12 else LETTERS[rest],
        nonzero=8,
    ),
    _scheme("CZ", [D[:9], *[D] * 6], 11, _down(8, 7), lambda rest: str(((11 - rest) % 11 or 1) % 10)),
    _scheme("DK", [_NOT_ZERO, *[D] * 6], 11, (2, 7, 6, 5, 4, 3, 2), _up_to(11)),
    _scheme("EE", [D] * 8, 10, (3, 7, 1, 3, 7, 1, 3, 7), _up_to(10)),
    *(_scheme(front, [D] * 8, 11, _GREEK, lambda rest: str(rest % 10)) for front in ("EL", "GR")),
    _scheme("ES", ["ABEH", *[D] * 7], 10, ((0,) * 4, *_LUHN[1::-1] * 3, DOUBLED), _up_to(10)),
    _scheme("FI", [D] * 7, 11, (7, 9, 10, 5, 8, 4, 2), _up_to(11)),
    _scheme("HU", [D] * 7, 10, (9, 7, 3, 1, 9, 7, 3), _up_to(10)),
    _scheme("IE", [D] * 7, 23, _down(8, 7), lambda rest: _IRISH[rest]),
    Scheme(
        "IT",
        [D] * 10,
        ((10, _LUHN), (1000, (0, 0, 0, 0, 0, 0, 0, 100, 10, 1))),
        lambda rest, office: _up_to(10)(rest) if office in _ITALIAN_OFFICES else "",
        nonzero=7,
    ),
    Scheme("LT", [*[D] * 7, "1"], _LEGAL_LITHUANIAN, _twice, nonzero=7),
    Scheme("LT", [*[D] * 10, "1"], _OTHER_LITHUANIAN, _twice, nonzero=10),
    _scheme("LV", ["456789", *[D] * 9], 11, (9, 1, 4, 8, 3, 10, 2, 5, 7, 6), _up_to(11, 3)),
    _scheme("MT", [_NOT_ZERO, *[D] * 6], 37, (3, 4, 6, 7, 8, 9, 10), _up_to(37)),
    _scheme("PL", [_NOT_ZERO, *[D] * 8], 11, (6, 5, 7, 2, 3, 4, 5, 6, 7), lambda rest: str(rest)),
    _scheme("PT", [_NOT_ZERO, *[D] * 7], 11, _down(9, 8), lambda rest: str((11 - rest) % 11 % 10)),
    _scheme("RO", [_NOT_ZERO, *[D] * 6], 11, (5, 3, 2, 1, 7, 5, 3, 2)[-7:], lambda rest: str(10 * rest % 11 % 10)),
    _scheme("SE", [_NOT_ZERO, *[D] * 8], 10, (DOUBLED[1:], *(1, DOUBLED) * 4), _up_to(10), tail=2),
    _scheme("SI", [_NOT_ZERO, *[D] * 6], 11, _down(8, 7), lambda rest: str((11 - rest) % 10) if rest else ""),
    _scheme("SK", [_NOT_ZERO, D, "234789", *[D] * 6], 11, [10**power for power in range(9, 0, -1)], _up_to(11)),
)
CAPACITY = 243_000
"""Of the smallest country, Malta."""
_LONGEST = 14


def _read(values: pa.Array) -> characters.Compact:
    return characters.compact(values, _LONGEST + 1)


def _each(read: characters.Compact) -> Iterator[tuple[Scheme, NDArray[np.int64], characters.Compact]]:
    """The schemes of a column, each with the rows that have its length and country, and these."""
    for scheme in SCHEMES:
        here = read.lengths == scheme.length
        for place in (0, 1):
            here &= read.codes[:, place] == ord(scheme.front[place])
        rows = np.flatnonzero(here)
        if len(rows) == len(here):
            yield scheme, rows, read
        elif len(rows):
            yield scheme, rows, characters.Compact(read.codes[rows], read.lengths[rows])


def schemes(values: pa.Array) -> NDArray[np.int64]:
    """int64 [n]: which of SCHEMES a value is valid by; -1 for none."""
    result = np.full(len(values), -1, np.int64)
    for scheme, rows, read in _each(_read(values)):
        result[rows[scheme.fits(read)]] = SCHEMES.index(scheme)
    return result


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool; the country is needed."""
    return characters.verdict(values, schemes(values) >= 0)


def compact(values: pa.Array) -> pa.Array:
    """string -> string: without punctuation, in capitals."""
    return _read(values).text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """Valid values -> uint64 [n], below the `space` of each value's scheme: different for different numbers of it."""
    result = np.zeros(len(values), np.uint64)
    for scheme, rows, read in _each(_read(values)):
        result[rows] = scheme.rank(read)
    return result


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """The inverse of `rank`, in the written form and by the scheme of `like`; what is too large a rank wraps around."""
    read = _read(like)
    codes = read.codes.copy(order="K")
    for scheme, rows, part in _each(read):
        codes[rows] = scheme.from_rank(rank[rows].astype(np.uint64) % np.uint64(scheme.space), part)
    return characters.write_characters(like, codes)


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    return from_rank(index, like)
