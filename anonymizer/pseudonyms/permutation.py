"""Keyed bijections of the numbers below a size: what keeps unique values unique.

From one million on, it is FF1 of NIST SP 800-38G, whose second draft revision 1 (2025) asks for at least a million
values: four numerals of the smallest radix whose fourth power reaches the size, with cycle walking (section 3 of
Black and Rogaway, "Ciphers with Arbitrary Finite Domains") for the few results beyond it. Below a million it is not
FF1 but a stored shuffle: all numbers, sorted by their AES-CMAC.
"""

from __future__ import annotations

import math

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from numpy.typing import NDArray

from anonymizer.pseudonyms.prf import Prf

LARGEST = 10**18
FEWEST_FOR_FF1 = 10**6
_ROUNDS = 10


class Permutation:
    """A keyed bijection of [0, size)."""

    def __init__(self, key: bytes, size: int) -> None:
        """`key`: 16 bytes; `size`: 1 to 10^18. Below a million, a table of that size is made and kept."""
        if not 1 <= size <= LARGEST:
            raise ValueError(f"the size of a permutation is 1 to 10^18, not {size}")
        self.size = size
        self._table: NDArray[np.uint64] | None = None
        if size < FEWEST_FOR_FF1:
            order = Prf(key).of_numbers(np.arange(size, dtype=np.uint64))[:, 0]
            self._table = np.argsort(order, kind="stable").astype(np.uint64)
        else:
            self._cipher = Ff1(key, radix=_fourth_root(size), length=4)

    def __call__(self, numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """uint64 [n], each below size -> uint64 [n], each below size."""
        if len(numbers) and int(numbers.max()) >= self.size:
            raise ValueError("a number to permute is not below the permutation's size")
        if self._table is not None:
            return self._table[numbers.astype(np.int64)]
        result = self._cipher(numbers)
        beyond = np.flatnonzero(result >= self.size)
        while len(beyond):  # follow the cycle until it comes back inside: it does, and stays a bijection
            result[beyond] = self._cipher(result[beyond])
            beyond = beyond[result[beyond] >= self.size]
        return result


def ring(key: bytes, size: int) -> NDArray[np.uint64]:
    """Below a million: for each number the next one, once all stand on a ring in keyed order.

    A bijection of [0, size) under which no number stays, but for size 1.
    """
    order = Permutation(key, size)(np.arange(size, dtype=np.uint64))
    following = np.empty(size, np.uint64)
    following[order.astype(np.int64)] = np.roll(order, -1)
    return following


def _fourth_root(size: int) -> int:
    """The smallest whole number whose fourth power is at least `size`."""
    root = math.isqrt(math.isqrt(size - 1)) if size > 1 else 0
    return root + 1


class Ff1:
    """FF1 of NIST SP 800-38G over numeral strings, given as the numbers that they write, for whole columns.

    `radix ** length` is at most 2^64 - 1, and half a string, rounded up, at most 2^56.
    """

    def __init__(self, key: bytes, radix: int, length: int, tweak: bytes = b"") -> None:
        """`key`: 16, 24 or 32 bytes."""
        left = length // 2
        right = length - left
        if not (2 <= radix <= 1 << 16 and length >= 2 and radix**right <= 1 << 56):
            raise ValueError("radix or length are outside what this FF1 handles")
        self._encryptor = Cipher(AES(key), modes.ECB()).encryptor()
        self._moduli = (radix**left, radix**right)
        self._bytes = -(-((radix**right - 1).bit_length()) // 8)  # b: bytes that hold one half
        self._digest = 4 * -(-self._bytes // 4) + 4  # d: bytes of each round's result
        if self._digest > 16:
            raise ValueError("half a numeral string is too long for one block")
        fixed = bytes([1, 2, 1]) + radix.to_bytes(3, "big") + bytes([_ROUNDS, left % 256])
        fixed += length.to_bytes(4, "big") + len(tweak).to_bytes(4, "big")
        padded = tweak + bytes((-len(tweak) - self._bytes - 1) % 16) + bytes(1 + self._bytes)
        # Only the last block of the CBC-MAC differs from value to value: what is before it is done once.
        chain = self._encryptor.update(fixed)
        for begin in range(0, len(padded) - 16, 16):
            chain = self._encryptor.update(_xor(chain, padded[begin : begin + 16]))
        self._chain = int.from_bytes(_xor(chain, padded[-16:]), "big")

    def __call__(self, numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Encrypt: uint64 [n] below radix ** length -> the same."""
        modulus = np.uint64(self._moduli[1])
        left, right = self.halves(numbers // modulus, numbers % modulus)
        return left * modulus + right

    def halves(
        self, left: NDArray[np.uint64], right: NDArray[np.uint64]
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Encrypt strings given as their two halves, so that the whole may exceed 64 bits."""
        for round_number in range(_ROUNDS):
            modulus = self._moduli[round_number % 2]
            added = (left + self._round(round_number, right, modulus)) % np.uint64(modulus)
            left, right = right, added
        return left, right

    def _round(self, number: int, half: NDArray[np.uint64], modulus: int) -> NDArray[np.uint64]:
        """The first d bytes of the CBC-MAC of this round, modulo `modulus`."""
        constant = self._chain ^ (number << (8 * self._bytes))
        block = np.empty((len(half), 2), ">u8")
        block[:, 0] = np.uint64(constant >> 64)
        block[:, 1] = half ^ np.uint64(constant & ((1 << 64) - 1))
        encrypted = self._encryptor.update(block.view(np.uint8).reshape(-1).data)
        words = np.frombuffer(encrypted, ">u8").astype(np.uint64).reshape(-1, 2)
        divisor = np.uint64(modulus)
        if self._digest <= 8:
            return (words[:, 0] >> np.uint64(8 * (8 - self._digest))) % divisor
        more = self._digest - 8
        rest = words[:, 0] % divisor
        for _ in range(more):  # rest * 256 stays below 2^64, since the modulus is at most 2^56
            rest = (rest << np.uint64(8)) % divisor
        return (rest + (words[:, 1] >> np.uint64(64 - 8 * more)) % divisor) % divisor


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
