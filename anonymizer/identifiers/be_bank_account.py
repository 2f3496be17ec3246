"""Belgian bank account number of before the IBAN, which still is the inside of every Belgian IBAN.

Form: three digits of the bank, seven of the account, and the rest of those ten modulo 97, written 97 for 0; as
123-1234567-89.
Source: https://www.nbb.be/en/payments-and-securities/payment-standards/bank-identification-codes
Range: ninety-five bank codes, in runs of five and more, that the list of 1 January 2026 gives to no bank. New banks
get codes now and then: compare the list when a database leaves the house much later.

>>> is_valid(pa.array(["151-0000005-35", "151-0000005-36"])).to_pylist()
[True, False]
>>> from_index(np.array([5], np.uint64), pa.array(["151-0000000-30"])).to_pylist()
['151-0000005-35']
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.identifiers import _characters as characters

NAME = "Belgian bank account number"
CATEGORY = "bank_account"
_UNASSIGNED = np.concatenate(
    [
        np.arange(first, last + 1)
        for first, last in (
            (151, 170), (177, 184), (215, 219), (516, 520), (526, 537), (614, 623), (710, 718), (766, 771), (807, 816),
            (818, 822), (854, 858),
        )
    ]
).astype(np.uint64)  # fmt: skip
_ACCOUNTS = np.uint64(10_000_000)
CAPACITY = len(_UNASSIGNED) * 10_000_000
SPACE = 10**10 - 1
REACHABLE = False


def check_digits(body: characters.Numbers) -> characters.Numbers:
    """uint64 [n], the first ten digits -> uint64 [n]: the last two."""
    return (body + np.uint64(96)) % np.uint64(97) + np.uint64(1)


def is_valid(values: pa.Array) -> pa.Array:
    """string -> bool."""
    read = characters.compact(values, 13)
    digits = read.digits(0, 12)
    body = characters.number(digits[:, :10])
    right = characters.number(digits[:, 10:]) == check_digits(body)
    return characters.verdict(values, read.where(12) & right & (body > 0))


def compact(values: pa.Array) -> pa.Array:
    """string -> string: the twelve digits."""
    return characters.compact(values, 13).text()


def digits_of_index(index: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """uint64 [n], of which the rest modulo CAPACITY counts -> uint8 [n, 12]."""
    bank, account = np.divmod(index.astype(np.uint64) % np.uint64(CAPACITY), _ACCOUNTS)
    return _with_check(_UNASSIGNED[bank.astype(np.int64)] * _ACCOUNTS + account)


def _with_check(body: characters.Numbers) -> NDArray[np.uint8]:
    return characters.joined(characters.decimal(body, 10), characters.decimal(check_digits(body), 2))


def rank(values: pa.Array) -> NDArray[np.uint64]:
    """See `contracts.Identifier`."""
    return characters.number(characters.compact(values, 13).digits(0, 10)) - np.uint64(1)


def from_index(index: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier.from_index`."""
    return characters.write_digits(like, digits_of_index(index))


def from_rank(rank: NDArray[np.uint64], like: pa.Array) -> pa.Array:
    """See `contracts.Identifier`."""
    return characters.write_digits(like, _with_check(rank.astype(np.uint64) + np.uint64(1)))
