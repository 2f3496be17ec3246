"""One known password in every form in which applications store passwords.

A `Scheme` is a form and its cost. `hashed` gives the stored text (or bytes in their own right, for binary columns) of
a password, with a salt that the caller chooses. Costs are low: the password is public, and testers log in often.

bcrypt          $2b$10$… as its authors write it; $2y$ for PHP, $2a$ for Java: one algorithm, three names
argon2id        PHC string, RFC 9106
pbkdf2_sha256   Django: pbkdf2_sha256$iterations$salt$base64
scrypt          Werkzeug: scrypt:32768:8:1$salt$hex, RFC 7914
aspnet_v3       ASP.NET Core Identity, base64 of 01, PRF, iterations, length of salt (32 bits each), salt, subkey
aspnet_v2       ASP.NET Identity, base64 of 00, salt of 16 bytes, subkey of 32: PBKDF2-HMAC-SHA1, 1000 iterations
ssha            LDAP, RFC 2307: {SSHA} and base64 of SHA-1 of password and salt, then the salt
sha512_crypt    $6$salt$…, U. Drepper, "Unix crypt using SHA-256 and SHA-512"
md5 sha1 sha256 hexadecimal; bytes in a binary column
plain           the password itself
"""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import argon2.low_level
import bcrypt

from anonymizer.transforms._sha512_crypt import ALPHABET, sha512_crypt

LEAST_COST, MOST_COST = 4, 10
BCRYPT = ("2a", "2b", "2y")
DIGESTS = ("md5", "sha1", "sha256")
BYTES = ("aspnet_v2", "aspnet_v3", *DIGESTS)
"""Schemes that are bytes in their own right, and text only where the column is text."""

_ARGON2 = {"time_cost": 2, "memory_cost": 19_456, "parallelism": 1, "hash_len": 32}
_ITERATIONS = 10_000
_SCRYPT = (32_768, 8, 1)
_PRF_SHA256 = 1


class Scheme(NamedTuple):
    """`prefix` and `cost` are bcrypt's; `salt` is what an application puts before the password of a digest."""

    name: str
    prefix: str = "2b"
    cost: int = MOST_COST
    salt: str = ""


@lru_cache(maxsize=256)
def hashed(scheme: Scheme, password: str, salt: bytes) -> bytes:
    """`salt`: 16 bytes. The bytes of the text, for `BYTES` the bytes themselves."""
    return SCHEMES[scheme.name](scheme, password.encode(), salt)


def _bcrypt(scheme: Scheme, password: bytes, salt: bytes) -> bytes:
    # The last of bcrypt's 22 signs of salt holds two bits only.
    signs = [ALPHABET[byte & 63] for byte in (*salt, *salt[:5])] + [".Oeu"[salt[5] & 3]]
    # $2b$ is what the library computes; for passwords shorter than 72 bytes the three names are one algorithm.
    done = bcrypt.hashpw(password, f"$2b${scheme.cost:02d}${''.join(signs)}".encode())
    return f"${scheme.prefix}$".encode() + done[4:]


def _argon2(scheme: Scheme, password: bytes, salt: bytes) -> bytes:
    return argon2.low_level.hash_secret(password, salt, **_ARGON2, type=argon2.low_level.Type.ID)


def _pbkdf2(scheme: Scheme, password: bytes, salt: bytes) -> bytes:
    letters = salt.hex()[:22].encode()
    key = hashlib.pbkdf2_hmac("sha256", password, letters, _ITERATIONS)
    return b"$".join((b"pbkdf2_sha256", str(_ITERATIONS).encode(), letters, base64.b64encode(key)))


def _scrypt(scheme: Scheme, password: bytes, salt: bytes) -> bytes:
    n, r, p = _SCRYPT
    letters = salt.hex()[:16].encode()
    key = hashlib.scrypt(password, salt=letters, n=n, r=r, p=p, maxmem=132 * n * r * p)
    return f"scrypt:{n}:{r}:{p}$".encode() + letters + b"$" + key.hex().encode()


def _aspnet_v3(scheme: Scheme, password: bytes, salt: bytes) -> bytes:
    head = b"\x01" + struct.pack(">III", _PRF_SHA256, _ITERATIONS, len(salt))
    return head + salt + hashlib.pbkdf2_hmac("sha256", password, salt, _ITERATIONS, 32)


def _aspnet_v2(scheme: Scheme, password: bytes, salt: bytes) -> bytes:
    return b"\x00" + salt + hashlib.pbkdf2_hmac("sha1", password, salt, 1000, 32)


def _ssha(scheme: Scheme, password: bytes, salt: bytes) -> bytes:
    salt = salt[:8]
    return b"{SSHA}" + base64.b64encode(hashlib.sha1(password + salt, usedforsecurity=False).digest() + salt)


def _sha512_crypt(scheme: Scheme, password: bytes, salt: bytes) -> bytes:
    return sha512_crypt(password, "".join(ALPHABET[byte & 63] for byte in salt)).encode()


def _digest(scheme: Scheme, password: bytes, salt: bytes) -> bytes:
    return hashlib.new(scheme.name, scheme.salt.encode() + password, usedforsecurity=False).digest()


def _plain(scheme: Scheme, password: bytes, salt: bytes) -> bytes:
    return password


SCHEMES: dict[str, Callable[[Scheme, bytes, bytes], bytes]] = {
    "bcrypt": _bcrypt,
    "argon2id": _argon2,
    "pbkdf2_sha256": _pbkdf2,
    "scrypt": _scrypt,
    "aspnet_v3": _aspnet_v3,
    "aspnet_v2": _aspnet_v2,
    "ssha": _ssha,
    "sha512_crypt": _sha512_crypt,
    **dict.fromkeys(DIGESTS, _digest),
    "plain": _plain,
}


def written(scheme: Scheme, stored: bytes) -> str:
    """What `hashed` gave, as a text column holds it."""
    if scheme.name in DIGESTS:
        return stored.hex()
    return (base64.b64encode(stored) if scheme.name in BYTES else stored).decode()
