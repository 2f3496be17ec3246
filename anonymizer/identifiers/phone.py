"""Telephone number, of any country.

Form: ITU-T E.164: + or 00, country code and national number, 15 digits at most; or the national number, mostly with a
0 in front; with spaces and punctuation anywhere. National forms are read as Belgian unless another country is named.
Source: ITU-T E.164; https://www.bipt.be/ and https://www.acm.nl/ (numbering plans); the metadata of libphonenumber
Range: numbers set aside for fiction: France 01 99 00, 02 61 91, 03 53 01, 04 65 71, 05 36 49 and 06 39 98 (ARCEP),
United Kingdom 020 7946 0, 01632 960 and 07700 900 (Ofcom), North America 555-0100 to 0199 (NANPA). Elsewhere
beginnings that the numbering plan, as libphonenumber knows it, gives to nobody: Belgium 040 to 044 for mobile numbers
and 02 0, 02 1, 03 0, 03 1 for others (not confirmed by BIPT), and for countries that are not listed below national
numbers that begin with 00.

>>> is_valid(pa.array(["+32 (0)40 12 34 56 7", "0401/23.45.67", "123"])).to_pylist()
[True, True, False]
>>> from_index(np.array([7], np.uint64), pa.array(["+32 (0)41 00 00 00 1"])).to_pylist()
['+32 (0)40 00 00 00 7']
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters
from anonymizer.identifiers._written import flat_bytes

NAME = "telephone number"
CATEGORY = "phone"
CAPACITY = 1_000
"""That many British ones; 50 million Belgian mobile numbers. An index beyond what a range holds wraps around."""
REACHABLE = False

BELGIUM = 32
_REGIONS = ("BE", "NL", "FR", "LU", "DE", "GB", "US")
_MOST_DIGITS = 18
_AHEAD = 6
"""Digits that are looked at to find the country: 00, three of a country code, and a 0 behind it."""
_ZERO = np.uint8(ord("0"))
_FEWEST, _LONGEST = 4, 14
"""Digits of a national number that is replaced here; fewer are internal extensions."""
_AREAS = (
    "201 202 212 213 214 215 216 303 305 312 313 314 315 404 405 407 408 412 414 415 416 502 503 504 505 507 508 512"
)
_NORTH_AMERICA = " ".join(f"{area}55501" for area in _AREAS.split())
_PLANS: dict[int, tuple[tuple[int, str, str], ...]] = {
    32: ((9, "4", "40 41 42 43 44"), (8, "", "20 21 30 31"), (0, "", "10 11")),
    31: ((9, "6", "60 69"), (9, "", "27 28 37 39")),
    33: (
        (9, "1", "19900"),
        (9, "2", "26191"),
        (9, "3", "35301"),
        (9, "4", "46571"),
        (9, "5", "53649"),
        (9, "", "63998"),
    ),
    34: ((9, "6", "75 76 77"), (9, "7", "75 76 77"), (9, "", "89 99")),
    39: ((10, "3", "30"), (9, "", "10"), (10, "", "10")),
    41: ((9, "7", "70"), (9, "", "20 30")),
    43: ((0, "6", "60 63"), (0, "", "20 30")),
    44: ((10, "7", "7700900"), (10, "2", "2079460"), (10, "", "1632960")),
    48: ((9, "", "10 20 30"),),
    49: ((0, "1", "14"), (0, "", "31")),
    351: ((9, "9", "90 94 95"), (9, "", "20 31")),
    352: ((9, "6", "60 63 64"), (0, "", "10 11")),
    1: ((10, "", _NORTH_AMERICA),),
    598: ((0, "", "01"),),
    800: ((0, "", "01"),),
    881: ((0, "", "44"),),
    992: ((0, "", "62"),),
}
"""Country code -> plans: how many digits (0: any), how national numbers begin, how never-issued ones do."""
_ELSEWHERE = (0, "", "00")
_WITH_TRUNK_ZERO = (32, 31, 33, 41, 43, 44, 49)
"""Countries whose national form has a 0 in front, which some people leave in the international one."""
_HAS_TRUNK_ZERO = np.isin(np.arange(1000), _WITH_TRUNK_ZERO)
_ONE_DIGIT = (1, 7)
_TWO_DIGITS = {
    *(20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60, 61),
    *(62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98),
}
_CODE_LENGTH = np.array(
    [1 if code // 10 in _ONE_DIGIT else 2 if code in _TWO_DIGITS else 3 for code in range(100)], np.int64
)
"""The first two digits after + -> how many digits the country code has."""


class Numbers(NamedTuple):
    """The telephone numbers of a column, taken apart."""

    digits: NDArray[np.uint8]
    """[n, 18]: all digits, right-aligned."""
    country: NDArray[np.int64]
    """[n]: country code, 0 where the value is no telephone number."""
    national: NDArray[np.int64]
    """[n]: how many of the last digits are the national number."""


def parse(values: pa.Array, country: int = BELGIUM) -> Numbers:
    """Take the values apart; national forms belong to `country`."""
    read = characters.compact(values, _MOST_DIGITS, " .-/()+")
    lengths = np.where(read.lengths > _MOST_DIGITS, 0, np.maximum(read.lengths, 0))
    aligned = np.zeros((_MOST_DIGITS, len(lengths)), np.uint8).T
    for length in np.flatnonzero(np.bincount(lengths)).tolist():
        rows = slice(None) if (lengths == length).all() else np.flatnonzero(lengths == length)
        aligned[rows, _MOST_DIGITS - length :] = read.codes[rows, :length] - _ZERO
    has_letters = np.zeros(len(lengths), dtype=bool)
    for place in range(_MOST_DIGITS):
        has_letters |= aligned[:, place] > 9
    lengths[has_letters] = 0
    ahead = [read.codes[:, place] - _ZERO for place in range(_AHEAD)]
    plus = _has_plus(values)
    double_zero = ~plus & (ahead[0] == 0) & (ahead[1] == 0)
    bare = ~plus & (ahead[0] > 0) & (lengths > 9)
    for place, digit in enumerate(str(country)):
        bare &= ahead[place] == int(digit)
    international = plus | double_zero | bare
    first, second, third, fourth = (
        np.where(double_zero, ahead[place + 2], ahead[place]).astype(np.int64) for place in range(4)
    )
    front = np.minimum(first * 10 + second, 99)
    width = _CODE_LENGTH[front]
    code = np.where(width == 1, first, np.where(width == 2, front, front * 10 + third))
    after = np.where(width == 1, second, np.where(width == 2, third, fourth))
    code = np.where(international, code, country)
    start = np.where(international, width + 2 * double_zero, 0)
    trunk = (np.where(international, after, first) == 0) & _HAS_TRUNK_ZERO[np.minimum(code, 999)]
    national = lengths - start - trunk
    ok = (lengths > 0) & (national >= _FEWEST) & (national <= _LONGEST)
    return Numbers(aligned, np.where(ok, code, 0), np.where(ok, national, 0))


def _has_plus(values: pa.Array) -> NDArray[np.bool_]:
    """Which values begin with +, perhaps after spaces and brackets."""
    data, offsets = flat_bytes(values)
    first = np.append(data, 0)[offsets[:-1]]
    if ((first == ord(" ")) | (first == ord("("))).any():
        found = pc.fill_null(pc.match_substring_regex(values, r"^[\s(]*\+"), False)
        return np.asarray(found.to_numpy(zero_copy_only=False))
    return np.asarray(first == ord("+"))


def _plans(numbers: Numbers) -> list[tuple[slice | NDArray[np.int64], int, tuple[str, ...]]]:
    """For each kind of number in the column: its rows, how many digits it has, and how never-issued ones begin."""
    flat = numbers.digits.T.reshape(-1)
    count = len(numbers.national)
    first = flat[(_MOST_DIGITS - np.maximum(numbers.national, 1)) * count + np.arange(count)].astype(np.int64)
    kind = (numbers.country * 100 + numbers.national) * 10 + first
    result = []
    for each in np.flatnonzero(np.bincount(kind)).tolist():
        country, length, digit = each // 1000, each // 10 % 100, str(each % 10)
        if country:
            candidates = (*_PLANS.get(country, ()), _ELSEWHERE)
            chosen = next(new for size, old, new in candidates if size in (0, length) and digit.startswith(old))
            beginnings = tuple(text[: max(length - 1, 1)] for text in chosen.split())
            here = kind == each
            result.append((slice(None) if here.all() else np.flatnonzero(here), length, beginnings))
    return result


def compact(values: pa.Array, country: int = BELGIUM) -> pa.Array:
    """string -> string: the country code in three digits and the national number; "" where there is none."""
    return identity(parse(values, country))


def identity(numbers: Numbers) -> pa.Array:
    """What `compact` gives, for numbers that were taken apart."""
    result = pa.array([""]).take(pa.array(np.zeros(len(numbers.country), np.int8)))
    for length in np.flatnonzero(np.bincount(numbers.national)).tolist():
        if length:
            here = numbers.national == length
            rows = slice(None) if here.all() else np.flatnonzero(here)
            code = characters.decimal(numbers.country[rows].astype(np.uint64), 3)
            text = characters.rows_as_text(characters.joined(code, numbers.digits[rows, -length:]) + _ZERO)
            if here.all():
                return text
            result = pc.replace_with_mask(result, pa.array(here), text)
    return result


def belgian_mobile(numbers: Numbers) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
    """Which numbers are Belgian mobile ones, and their rank below 50 million: different for different issued ones."""
    mobile = (numbers.country == BELGIUM) & (numbers.national == 9) & (numbers.digits[:, -9] == 4)
    rank = (numbers.digits[:, -8] % 5).astype(np.uint64) * np.uint64(10**7) + characters.number(numbers.digits[:, -7:])
    return mobile, rank


def from_index(index: NDArray[np.uint64], like: pa.Array, country: int = BELGIUM) -> pa.Array:
    """See `contracts.Identifier.from_index`; country code and trunk prefix stay, and what `parse` does not read."""
    return written(index, parse(like, country), like)


def written(index: NDArray[np.uint64], numbers: Numbers, like: pa.Array) -> pa.Array:
    """What `from_index` gives, for numbers that were taken apart."""
    digits = numbers.digits.copy(order="K")
    for rows, length, beginnings in _plans(numbers):
        free = length - len(beginnings[0])
        which, rest = np.divmod(index[rows].astype(np.uint64), np.uint64(10**free))
        fronts = np.array([[int(sign) for sign in beginning] for beginning in beginnings], np.uint8)
        digits[rows, -length : _MOST_DIGITS - free] = fronts[(which % np.uint64(len(beginnings))).astype(np.int64)]
        if free:
            digits[rows, -free:] = characters.decimal(rest, free)
    return characters.write_digits(like, digits)


def is_unissued(values: pa.Array, country: int = BELGIUM) -> NDArray[np.bool_]:
    """bool [n]: the number is in a range that `from_index` writes to."""
    numbers = parse(values, country)
    result = np.zeros(len(values), dtype=bool)
    for rows, length, beginnings in _plans(numbers):
        size = len(beginnings[0])
        front = numbers.digits[rows, -length : _MOST_DIGITS - length + size]
        for beginning in beginnings:
            result[rows] |= (front == np.array([int(sign) for sign in beginning], np.uint8)).all(axis=1)
    return result


@lru_cache(maxsize=65_536)
def _is_assignable(text: str) -> bool:
    text = text.lstrip(" (")
    if text.startswith("00"):
        text = "+" + text[2:]
    # Without + or 0 in front it may be any number: only one country is tried.
    regions: tuple[str | None, ...] = (None,) if text[0] == "+" else _REGIONS if text[0] == "0" else _REGIONS[:1]
    for region in regions:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(text, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool: libphonenumber, trying seven countries for national forms. Slow: for samples."""
    numbers = parse(values)
    possible = pa.array(numbers.country > 0)
    encoded = pc.if_else(possible, values, None).dictionary_encode()
    known = pa.array([_is_assignable(text) for text in encoded.dictionary.to_pylist()], pa.bool_())
    known = pc.fill_null(known.take(encoded.indices), False)
    marked = pc.fill_null(pc.match_substring_regex(values, r"^[\s(]*[+0]"), False)
    ours = pc.and_(pa.array(is_unissued(values)), marked)
    return pc.if_else(values.is_valid(), pc.and_(possible, pc.or_(known, ours)), None)
