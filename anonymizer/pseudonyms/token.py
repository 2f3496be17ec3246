"""Short words that look random: what keeps replaced mail addresses, logins and codes apart."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.pseudonyms.written_form import from_matrix

ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 signs that are hard to confuse: no l, o, 0 or 1."""
LONGEST = 12
_CONSONANTS = np.frombuffer(b"bdfghjklmnprstvwz", np.uint8)
_VOWELS = np.frombuffer(b"aeiou", np.uint8)
_SIGNS = np.frombuffer(ALPHABET.encode(), np.uint8)


def tokens(hashes: NDArray[np.uint64], width: int) -> pa.Array:
    """uint64 [n] -> string [n]: `width` signs (at most 12), the first a letter, from the low bits of each hash.

    There are 2 ** (5 * width - 1) of them.
    """
    if not 1 <= width <= LONGEST:
        raise ValueError(f"a token has 1 to {LONGEST} signs, not {width}")
    shifts = np.arange(width, dtype=np.uint64) * np.uint64(5)
    signs = ((hashes[:, None] >> shifts) & np.uint64(31)).astype(np.int64)
    signs[:, 0] &= 15
    return from_matrix(_SIGNS[signs])


def words(hashes: NDArray[np.uint64], width: int) -> pa.Array:
    """uint64 [n] -> string [n]: `width` letters (at most 12) that can be spoken, for columns too narrow for names."""
    rest = hashes.copy()
    letters = np.empty((len(rest), width), np.uint8)
    for place in range(width):
        alphabet = _CONSONANTS if place % 2 == 0 else _VOWELS
        letters[:, place] = alphabet[(rest % np.uint64(len(alphabet))).astype(np.int64)]
        rest //= np.uint64(len(alphabet))
    if width:
        letters[:, 0] -= 32
    return from_matrix(letters)
