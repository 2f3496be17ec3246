"""The password hash of /etc/shadow: `$6$salt$hash`, 5000 rounds.

Source: U. Drepper, "Unix crypt using SHA-256 and SHA-512", version 0.6.

>>> sha512_crypt(b"Hello world!", "saltstring")[:30]
'$6$saltstring$svn8UoSVapNtMuq1'
"""

from __future__ import annotations

import hashlib

ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ROUNDS = 5000
_SIZE = 64


def sha512_crypt(password: bytes, salt: str) -> str:
    """`salt`: at most 16 signs of ALPHABET."""
    seed = salt.encode()
    other = _sha(password + seed + password)
    message = password + seed + _stretched(other, len(password))
    length = len(password)
    while length:
        message += other if length & 1 else password
        length >>= 1
    digest = _sha(message)
    p = _stretched(_sha(password * len(password)), len(password))
    s = _stretched(_sha(seed * (16 + digest[0])), len(seed))
    for round_ in range(_ROUNDS):
        step = p if round_ & 1 else digest
        step += s if round_ % 3 else b""
        step += p if round_ % 7 else b""
        digest = _sha(step + (digest if round_ & 1 else p))
    return f"$6${salt}${_written(digest)}"


def _sha(message: bytes) -> bytes:
    return hashlib.sha512(message).digest()


def _stretched(block: bytes, length: int) -> bytes:
    return (block * (length // _SIZE + 1))[:length]


def _written(digest: bytes) -> str:
    """Three bytes at a time, taken from the three thirds in turn, lowest six bits first."""
    signs = []
    a, b, c = 0, 21, 42
    for _ in range(21):
        signs.append(_signs(digest[a] << 16 | digest[b] << 8 | digest[c], 4))
        a, b, c = b + 1, c + 1, a + 1
    return "".join([*signs, _signs(digest[63], 2)])


def _signs(number: int, count: int) -> str:
    return "".join(ALPHABET[number >> 6 * place & 63] for place in range(count))
