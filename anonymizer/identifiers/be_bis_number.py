"""Belgian bis number: of people who deal with Belgian social security and are not in the national register.

Form: as the national number, YYMMDD-SSS-CC, with 20 added to the month, or 40 where the sex was known on issue.
Source: Royal Decree of 8 February 1991 on the bis register; https://www.ksz-bcss.fgov.be/
Sex: only 40 in the month says that it was known; with 20 the parity of the serial number means nothing, and `split` and
`parts` tell it nevertheless. Pseudonyms keep the 20 or 40 and the parity.
Range: serial 000 and 999, as for the national number (not confirmed by the issuer). One number per birth date from
1900 to 2024 and sex.

>>> is_valid(pa.array(["85.47.30-000.50", "85.47.30-000.51"])).to_pylist()
[True, False]
>>> from_index(np.array([62512], np.uint64), pa.array(["00.41.01-000.63"])).to_pylist()
['85.47.30-000.50']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _belgian_register as register
from anonymizer.identifiers._characters import Flags, verdict

NAME = "Belgian bis number"
CATEGORY = "national_id"
CAPACITY = 2 * register.DAYS
FIRST_DAY = int(register.FIRST_DAY)
SPACE = register.SPACE
REACHABLE = False


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    return verdict(values, register.is_valid(values, (20, 40)))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the digits alone."""
    return register.read(values).text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    return register.parts(values).rank()


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`; the 20 or 40 in the month is that of `like`."""
    return register.from_index(index, like, keep_month_of=20)


def split(values: pa.Array) -> tuple[NDArray[np.int64], Flags]:
    """Valid values -> days since 1970-01-01 (int64) and true for men (bool); unknown months and days count as 1."""
    return register.split(values)


def serials(values: pa.Array) -> NDArray[np.int64]:
    """Valid values -> the serial number, int64 [n]."""
    return register.serials(values)


def join(days: NDArray[np.int64], male: Flags, like: pa.Array, serial: NDArray[np.int64] | None = None) -> pa.Array:
    """The never-issued numbers of these birth dates (days since 1970-01-01) and sexes, written as `like`.

    A serial that is given is taken instead: such a number may be somebody's.
    """
    never = np.where(male, register.MALE, register.FEMALE)
    return register.join(days, never if serial is None else serial, like, keep_month_of=20)


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    return register.from_parts(register.parts_of_rank(rank), like, keep_month_of=20)


def parts(values: pa.Array) -> register.Parts:
    """Valid values -> the date as it is written, the sex and the serial number, to be permuted each alone."""
    return register.parts(values)


def from_parts(parts: register.Parts, like: pa.Array) -> pa.Array:
    """The inverse of `parts`, in the written form of `like`; the 20 or 40 in the month is form."""
    return register.from_parts(parts, like, keep_month_of=20)


def sex_is_known(values: pa.Array) -> Flags:
    """Valid values -> bool [n]: 40 was added to the month."""
    return np.asarray(register.read(values).digits(2, 3)[:, 0] >= 4)
