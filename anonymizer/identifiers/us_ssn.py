"""Social Security number of the United States.

Form: nine digits, AAA-GG-SSSS: area not 000, group not 00, serial not 0000. It has no checksum.
Source: https://www.ssa.gov/employer/randomization.html
Range: area 666, which the Social Security Administration says that it never assigns. (900-999 are not used here: they
are taxpayer numbers of people without a Social Security number.) Many validators refuse 666 for the same reason.

>>> is_valid(pa.array(["666-01-0006", "000-01-0001"])).to_pylist()
[True, False]
>>> from_index(np.array([5], np.uint64), pa.array(["666-01-0001"])).to_pylist()
['666-01-0006']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters
from anonymizer.identifiers._written import flat_bytes

NAME = "United States Social Security number"
CATEGORY = "national_id"
_SERIALS = 9_999
_GROUPS = 99
CAPACITY = _GROUPS * _SERIALS
SPACE = 899 * _GROUPS * _SERIALS
REACHABLE = False


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool: area 666 counts as valid; nine digits without hyphens or spaces could be any number."""
    read = characters.compact(values, 10, " -")
    _, offsets = flat_bytes(values)
    digits = read.digits(0, 9)
    apart = np.diff(offsets) == 11
    formed = (characters.number(digits[:, :3]) > 0) & (digits[:, 0] < 9) & digits[:, 3:5].any(axis=1)
    return characters.verdict(values, read.where(9) & apart & formed & digits[:, 5:].any(axis=1))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the digits alone."""
    return characters.compact(values, 10).text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    digits = characters.compact(values, 10).digits(0, 9)
    parts = [characters.number(digits[:, begin:end]) - np.uint64(1) for begin, end in ((0, 3), (3, 5), (5, 9))]
    return (parts[0] * np.uint64(_GROUPS) + parts[1]) * np.uint64(_SERIALS) + parts[2]


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    group, serial = np.divmod(index.astype(np.uint64), np.uint64(_SERIALS))
    digits = characters.joined(
        characters.constant("666", len(index)),
        characters.decimal(group + np.uint64(1), 2),
        characters.decimal(serial + np.uint64(1), 4),
    )
    return characters.write_digits(like, digits)


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    rest, serial = np.divmod(rank.astype(np.uint64), np.uint64(_SERIALS))
    area, group = np.divmod(rest, np.uint64(_GROUPS))
    parts = [characters.decimal(part + np.uint64(1), width) for part, width in ((area, 3), (group, 2), (serial, 4))]
    return characters.write_digits(like, characters.joined(*parts))
