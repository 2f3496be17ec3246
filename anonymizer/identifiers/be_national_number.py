"""Belgian national number (rijksregisternummer, numéro de registre national).

Form: YYMMDD-SSS-CC: date of birth, a serial number that is odd for men and even for women, and 97 minus the rest of
the first nine digits (with a 2 in front for births from 2000 on) modulo 97. Month and day may be 00 where they are
unknown.
Source: Royal Decree of 3 April 1984 on the composition of the identification number; https://www.ibz.rrn.fgov.be/
Range: serial 000 and 999; the register issues 001 to 998 (not confirmed by the issuer that it never will). One number
per birth date from 1900 to 2024 and sex.

>>> is_valid(pa.array(["85.07.30-000.61", "85.07.30-000.62"])).to_pylist()
[True, False]
>>> from_index(np.array([62512], np.uint64), pa.array(["00.01.01-000.74"])).to_pylist()
['85.07.30-000.61']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _belgian_register as register
from anonymizer.identifiers._characters import Flags, verdict

NAME = "Belgian national number"
CATEGORY = "national_id"
CAPACITY = 2 * register.DAYS
FIRST_DAY = int(register.FIRST_DAY)
SPACE = register.SPACE
REACHABLE = False


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    return verdict(values, register.is_valid(values, (0,)))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the digits alone."""
    return register.read(values).text()


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    return register.parts(values).rank()


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    return register.from_index(index, like)


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
    return register.join(days, never if serial is None else serial, like)


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    return register.from_parts(register.parts_of_rank(rank), like)


def parts(values: pa.Array) -> register.Parts:
    """Valid values -> the date as it is written, the sex and the serial number, to be permuted each alone."""
    return register.parts(values)


def from_parts(parts: register.Parts, like: pa.Array) -> pa.Array:
    """The inverse of `parts`, in the written form of `like`."""
    return register.from_parts(parts, like)
