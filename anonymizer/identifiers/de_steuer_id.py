"""German tax identification number (steuerliche Identifikationsnummer).

Form: eleven digits. Of the first ten, exactly one digit value occurs twice or three times; the last is the check
digit of ISO/IEC 7064 MOD 11,10.
Source: section 139b Abgabenordnung, https://www.gesetze-im-internet.de/ao_1977/__139b.html; https://www.bzst.de/
Range: 0 in front, which the tax offices' specification reserves for test numbers; issued ones never begin with 0.
Some validators therefore refuse pseudonyms: there is no range that they accept and that is never issued.

>>> is_valid(pa.array(["00 123 458 762", "00 123 458 763"])).to_pylist()
[True, False]
>>> from_index(np.array([5], np.uint64), pa.array(["00 123 456 785"])).to_pylist()
['00 123 458 762']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "German tax identification number"
CATEGORY = "national_id"
_ARRANGEMENTS = 362_880
"""Orders of nine different digits."""
CAPACITY = 9 * _ARRANGEMENTS
_DOUBLED, _TRIPLED = 45 * 362_880, 120 * 181_440
"""Numbers in which a given digit occurs twice, or three times: its places, and an order of eight or seven others."""
SPACE = 10 * (_DOUBLED + _TRIPLED)
REACHABLE = False
_MASKS = np.arange(1024)
_REPETITIONS = tuple(
    (times, _MASKS[[int(mask).bit_count() == times for mask in _MASKS]], first, each)
    for times, first, each in ((2, 0, _DOUBLED), (3, 10 * _DOUBLED, _TRIPLED))
)
"""How often a digit is repeated, where (as bits), the first rank, and how many ranks each digit has."""


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    read = characters.compact(values, 12)
    digits = read.digits(0, 11)
    counts = np.stack([(digits[:, :10] == digit).sum(axis=1) for digit in range(10)], axis=1)
    repeated = (counts > 1).sum(axis=1) == 1
    formed = read.where(11) & repeated & (counts.max(axis=1) <= 3)
    return characters.verdict(values, formed & (characters.mod_11_10(digits[:, :10])[:, 0] == digits[:, 10]))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the digits alone."""
    return characters.compact(values, 12).text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`: times repeated, repeated digit, its places, order of the others."""
    digits = characters.compact(values, 12).digits(0, 10).astype(np.int64)
    counts = np.stack([(digits == digit).sum(axis=1) for digit in range(10)], axis=1)
    repeated = counts.argmax(axis=1)
    result = np.zeros(len(digits), np.int64)
    for times, places, first, each in _REPETITIONS:
        rows = np.flatnonzero(counts.max(axis=1, initial=0) == times)
        here = digits[rows] == repeated[rows, None]
        masks = here @ (1 << np.arange(10))
        others = digits[rows][~here].reshape(len(rows), 10 - times)
        others -= others > repeated[rows, None]
        order = np.zeros(len(rows), np.int64)
        for place in range(10 - times):  # digits that are still free and smaller
            smaller = (others[:, :place] < others[:, place : place + 1]).sum(axis=1)
            order = order * (9 - place) + others[:, place] - smaller
        result[rows] = (
            first + (repeated[rows] * len(places) + np.searchsorted(places, masks)) * (each // len(places)) + order
        )
    return result.astype(np.uint64)


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`.

    After the 0 in front comes an arrangement of nine different digits: 0 again and all but one of the others.
    """
    missing, order = np.divmod(index.astype(np.int64), _ARRANGEMENTS)
    left = np.tile(np.arange(9, dtype=np.int64), (len(index), 1))
    left += left > (8 - missing)[:, None]
    rows = np.arange(len(index))
    places = [np.zeros(len(index), np.int64)]
    size = _ARRANGEMENTS
    for remaining in range(9, 0, -1):  # the digits of `order` in the factorial number system choose one after another
        size //= remaining
        choice, order = np.divmod(order, size)
        places.append(left[rows, choice])
        kept = np.arange(remaining)[None, :] != choice[:, None]
        left = left[kept].reshape(len(index), remaining - 1)
    body = np.stack(places, axis=1).astype(np.uint8)
    return characters.write_digits(like, characters.joined(body, characters.mod_11_10(body)))


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    body = np.empty((len(rank), 10), np.uint8)
    for times, places, first, each in _REPETITIONS:
        rows = np.flatnonzero((rank >= first) & (rank < first + 10 * each))
        repeated, rest = np.divmod(rank[rows].astype(np.int64) - first, each)
        place, order = np.divmod(rest, each // len(places))
        here = (places[place][:, None] >> np.arange(10)) & 1 == 1
        choices: list[NDArray[np.int64]] = []
        for remaining in range(times, 10):
            order, choice = np.divmod(order, remaining)
            choices.insert(0, choice)
        left = np.tile(np.arange(9, dtype=np.int64), (len(rows), 1))
        left += left >= repeated[:, None]
        others = np.empty((len(rows), 10 - times), np.int64)
        for number, choice in enumerate(choices):
            others[:, number] = left[np.arange(len(rows)), choice]
            left = left[np.arange(9 - number) != choice[:, None]].reshape(len(rows), 8 - number)
        written = np.repeat(repeated[:, None], 10, axis=1)
        written[~here] = others.reshape(-1)
        body[rows] = written
    return characters.write_digits(like, characters.joined(body, characters.mod_11_10(body)))
