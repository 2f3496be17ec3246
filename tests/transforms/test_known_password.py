"""Testers log in with the password in the rule file: the applications' own libraries say so."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct

import argon2
import bcrypt
import pyarrow as pa
import pytest
from django.conf import settings
from django.contrib.auth.hashers import check_password as django_accepts
from werkzeug.security import check_password_hash as werkzeug_accepts

from anonymizer.errors import RuleError
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms import known_password
from anonymizer.transforms._password_hashes import SCHEMES
from anonymizer.transforms._sha512_crypt import sha512_crypt
from tests.transforms.bindings import OTHER_KEYS, bind

PASSWORD = "test1234 é"
OLD = pa.array(["secret-of-mrs-X", "", None, "another"])

if not settings.configured:
    settings.configure(
        PASSWORD_HASHERS=[
            f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("PBKDF2", "Argon2", "BCrypt")
        ]
    )


def stored(scheme: str, password: str = PASSWORD, family: TypeFamily = TypeFamily.TEXT, **parameters: object) -> str:
    """What a column holds after the run; blanks and nulls stay, and there is one hash for all others."""
    kernel = known_password.kernel(bind("known_password", family, hash=scheme, password=password, **parameters))
    first, empty, null, last = kernel(OLD).to_pylist()
    assert (first, empty, null) == (last, "", None)
    return str(first)


def aspnet_accepts(text: str, password: str) -> bool:
    """As Microsoft.AspNetCore.Identity.PasswordHasher reads it."""
    data = base64.b64decode(text)
    if data[0] == 0:
        return len(data) == 49 and hashlib.pbkdf2_hmac("sha1", password.encode(), data[1:17], 1000, 32) == data[17:]
    prf, iterations, size = struct.unpack(">III", data[1:13])
    algorithm = {0: "sha1", 1: "sha256", 2: "sha512"}[prf]
    salt, subkey = data[13 : 13 + size], data[13 + size :]
    assert size >= 16
    assert len(subkey) >= 16
    return hmac.compare_digest(hashlib.pbkdf2_hmac(algorithm, password.encode(), salt, iterations, len(subkey)), subkey)


def ssha_accepts(text: str, password: str) -> bool:
    data = base64.b64decode(text.removeprefix("{SSHA}"))
    return hashlib.sha1(password.encode() + data[20:]).digest() == data[:20]


def argon2_accepts(text: str, password: str) -> bool:
    try:
        return argon2.PasswordHasher().verify(text, password)
    except argon2.exceptions.VerifyMismatchError:
        return False


ACCEPTS = {
    "bcrypt": lambda text, password: bcrypt.checkpw(password.encode(), text.encode()),
    "argon2id": argon2_accepts,
    "pbkdf2_sha256": lambda text, password: django_accepts(password, text),
    "scrypt": werkzeug_accepts,
    "aspnet_v3": aspnet_accepts,
    "aspnet_v2": aspnet_accepts,
    "ssha": ssha_accepts,
    "sha512_crypt": lambda text, password: sha512_crypt(password.encode(), text.split("$")[2]) == text,
    "md5": lambda text, password: hashlib.md5(password.encode()).hexdigest() == text,
    "sha1": lambda text, password: hashlib.sha1(password.encode()).hexdigest() == text,
    "sha256": lambda text, password: hashlib.sha256(password.encode()).hexdigest() == text,
    "plain": lambda text, password: password == text,
}


@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_the_application_accepts_the_password_and_no_other(scheme: str):
    text = stored(scheme)
    assert ACCEPTS[scheme](text, PASSWORD)
    assert not ACCEPTS[scheme](text, "secret-of-mrs-X")


@pytest.mark.parametrize("prefix", ["2a", "2b", "2y"])
def test_bcrypt_is_written_for_php_and_java_too(prefix: str):
    text = stored("bcrypt", prefix=prefix)
    assert text.startswith(f"${prefix}$10$")
    assert bcrypt.checkpw(PASSWORD.encode(), text.encode())


def test_django_accepts_what_it_might_have_written_itself():
    assert django_accepts(PASSWORD, "argon2" + stored("argon2id"))
    assert django_accepts(PASSWORD, "bcrypt$" + stored("bcrypt"))


@pytest.mark.parametrize(
    ("password", "salt", "expected"),
    [
        (
            "Hello world!",
            "saltstring",
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        )
    ],
)
def test_sha512_crypt_gives_what_the_C_library_gives(password: str, salt: str, expected: str):
    assert sha512_crypt(password.encode(), salt) == expected


def test_without_parameters_the_password_is_the_documented_one_and_the_scheme_that_of_each_value():
    mine = [stored(scheme, "of the customer") for scheme in SCHEMES if scheme != "plain"]
    mine += [stored("bcrypt", "of the customer", prefix="2y").replace("$10$", "$12$"), "hunter2"]
    result = known_password.kernel(bind("known_password"))(pa.array(mine)).to_pylist()
    for scheme, text in zip(ACCEPTS, result, strict=False):
        if scheme != "plain":
            assert ACCEPTS[scheme](text, "anonymizer"), scheme
    assert result[-2].startswith("$2y$10$")
    assert result[-1] == "!removed"


@pytest.mark.parametrize("scheme", [scheme for scheme in SCHEMES if scheme != "plain"])
def test_binary_columns_get_bytes_of_the_same_scheme(scheme: str):
    text = stored(scheme, "old", TypeFamily.BINARY)
    raw = scheme in ("md5", "sha1", "sha256", "aspnet_v2", "aspnet_v3")
    assert text == "\\x" + (_bytes(scheme) if raw else stored(scheme, "old").encode()).hex()
    like = known_password.kernel(bind("known_password", TypeFamily.BINARY, hash="like", password="new"))
    assert like(pa.array([text])).to_pylist() == [stored(scheme, "new", TypeFamily.BINARY)]


def _bytes(scheme: str) -> bytes:
    text = stored(scheme, "old")
    return base64.b64decode(text) if scheme.startswith("aspnet") else bytes.fromhex(text)


def test_a_digest_takes_the_salt_of_the_application():
    assert stored("md5", salt="pepper-") == hashlib.md5(f"pepper-{PASSWORD}".encode()).hexdigest()


def test_salts_depend_on_the_key():
    other = known_password.kernel(bind("known_password", keys=OTHER_KEYS, hash="bcrypt", password=PASSWORD))
    assert other(OLD).to_pylist()[0] != stored("bcrypt") == stored("bcrypt")


@pytest.mark.parametrize(
    ("binding", "advice"),
    [
        (bind("known_password", unique=True), "password_or_secret"),
        (bind("known_password", TypeFamily.INTEGER), "password_or_secret"),
        (bind("known_password", width=40, hash="bcrypt"), "60 characters"),
        (bind("known_password", hash="rot13"), "write one of bcrypt"),
        (bind("known_password", hash="md5", prefix="2y"), "belongs to `hash: bcrypt`"),
        (bind("known_password", hash="bcrypt", salt="x"), "has a salt in each hash"),
        (bind("known_password", password=""), "test1234"),
        (bind("known_password", password="x" * 73), "72 bytes"),
    ],
)
def test_what_cannot_work_is_refused_with_advice(binding, advice: str):
    with pytest.raises(RuleError, match=advice) as refused:
        known_password.kernel(binding)
    assert "t.c" in str(refused.value)
