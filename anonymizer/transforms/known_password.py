"""Passwords: the stored form of one known password, so that testers can log in as anybody.

Technique (ISO/IEC 20889): suppression.

Every row gets a hash that the application accepts for the password in the rule file. That password is public: it must
not be one that anybody uses, and the copy must not be reachable from outside. Salts come from the key and the column;
one hash per column and scheme. `hash` names the scheme:

    bcrypt ($2b$; `prefix: 2y` for PHP, `2a` for Java), argon2id, pbkdf2_sha256 (Django), scrypt (Werkzeug),
    aspnet_v3 and aspnet_v2 (ASP.NET Identity), ssha (LDAP), sha512_crypt, md5, sha1, sha256, plain
    like: the scheme of each value, which is the default; a value of no known scheme becomes !removed

In binary columns digests and ASP.NET hashes are bytes, all others the bytes of their text.

Example: {as: known_password, hash: bcrypt, password: test1234} makes every value $2b$10$…, a hash of test1234

Never reached: a pepper, which applications add from their settings; passwords that another system checks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel, Parameters
from anonymizer.errors import RuleError
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms._cells import narrowed, refuse, visible
from anonymizer.transforms._password_hashes import (
    BCRYPT,
    DIGESTS,
    LEAST_COST,
    MOST_COST,
    SCHEMES,
    Scheme,
    hashed,
    written,
)

NAME = "known_password"
CATEGORIES: tuple[str, ...] = ("password_or_secret",)
TECHNIQUE = "suppression"
PARAMETERS: Mapping[str, str] = {
    "password": "The password of everybody, `anonymizer` if not given; it stands in the rule file, so invent one.",
    "hash": f"How the application stores it: {', '.join(SCHEMES)}, or like (the default), the scheme of each value.",
    "prefix": "Of bcrypt: 2b (the default), 2y for PHP, 2a for Java.",
    "salt": "Of md5, sha1 and sha256: what the application puts before every password.",
}

_USUAL_PASSWORD = "anonymizer"
_LIKE = "like"
_LONGEST = 72
"""Bytes of a password that bcrypt takes."""
_DUMMY = "!removed"


class _Form(NamedTuple):
    """How a scheme is told: the pattern of its text, and of its bytes in hexadecimal where it has bytes."""

    scheme: Scheme
    text: str
    binary: str | None = None


def _forms() -> Sequence[_Form]:
    costs = {cost: f"{cost:02d}" for cost in range(LEAST_COST, MOST_COST)}
    costs[MOST_COST] = "(?:1[0-9]|2[0-9]|3[01])"
    bcrypts = [
        _Form(Scheme("bcrypt", prefix, cost), rf"^\${prefix}\${digits}\$[./0-9A-Za-z]{{53}}$")
        for prefix in BCRYPT
        for cost, digits in costs.items()
    ]
    base64 = "[A-Za-z0-9+/]"
    return (
        *bcrypts,
        _Form(Scheme("argon2id"), r"^\$argon2id\$"),
        _Form(Scheme("pbkdf2_sha256"), r"^pbkdf2_sha256\$[0-9]+\$[^$]+\$[A-Za-z0-9+/=]+$"),
        _Form(Scheme("scrypt"), r"^scrypt:[0-9]+:[0-9]+:[0-9]+\$[^$]+\$[0-9a-f]+$"),
        _Form(Scheme("ssha"), r"^\{SSHA\}"),
        _Form(Scheme("sha512_crypt"), r"^\$6\$"),
        # 01 and three zero bytes, in base64 and in hexadecimal; 49 bytes that begin with 00
        _Form(Scheme("aspnet_v3"), rf"^AQAAAA{base64}{{50,}}={{0,2}}$", r"^01000000[0-9a-f]{64,}$"),
        _Form(Scheme("aspnet_v2"), rf"^A[A-P]{base64}{{64}}==$", r"^00[0-9a-f]{96}$"),
        _Form(Scheme("md5"), "^[0-9a-fA-F]{32}$", "^[0-9a-f]{32}$"),
        _Form(Scheme("sha1"), "^[0-9a-fA-F]{40}$", "^[0-9a-f]{40}$"),
        _Form(Scheme("sha256"), "^[0-9a-fA-F]{64}$", "^[0-9a-f]{64}$"),
    )


_FORMS = _forms()


def kernel(binding: Binding) -> Kernel:
    """Text and binary columns. Raises RuleError for other types, keys, narrow columns and unknown schemes."""
    where = f"{binding.table.name}.{binding.column.name}"
    if binding.column.family not in (TypeFamily.TEXT, TypeFamily.BINARY):
        raise RuleError(f"{where}: type {binding.column.type} holds no password; give it `password_or_secret`")
    if binding.domain.unique:
        raise RuleError(f"{where} is a key and cannot hold one password in all rows; give it `password_or_secret`")
    writing = _Writing(narrowed(binding), where)
    if writing.scheme is not None:
        return visible(writing.one(writing.scheme))
    return visible(writing.like)


class _Writing:
    """The known password as one column stores it."""

    def __init__(self, binding: Binding, where: str) -> None:
        self._where, self._width = where, binding.domain.width
        self._binary = binding.column.family is TypeFamily.BINARY
        refuse(binding, mistake(binding.parameters))
        self._password = str(binding.parameters.get("password", _USUAL_PASSWORD))
        self.scheme = _scheme(binding.parameters)
        """None: the scheme of each value."""
        self._fixed = str(binding.parameters.get("salt") or "")
        self._salt = binding.keys.derive("known password", binding.domain.name, where)
        if self.scheme is not None:
            self._need_width(self.scheme)

    def one(self, scheme: Scheme) -> Kernel:
        """Everything becomes that."""
        cell = self._cell(scheme)
        return lambda values: pa.array([cell] * len(values), pa.string())

    def like(self, values: pa.Array) -> pa.Array:
        """Each value becomes what it is: of the same scheme."""
        shown = values
        if self._binary:
            shown = pc.utf8_slice_codeunits(values, 2)
        # Most bcrypt costs and prefixes occur nowhere: one glance at all values finds the few forms that do.
        result = pa.array([self._as_cell(_DUMMY)] * len(values), pa.string())
        left = np.ones(len(values), bool)
        for form in _FORMS:
            if not left.any():
                break
            mine = left & self._matches(form, shown)
            if mine.any():
                cell = self._cell(form.scheme._replace(salt=self._fixed if form.scheme.name in DIGESTS else ""))
                result = pc.if_else(pa.array(mine), cell, result)
                left &= ~mine
        return result

    def _matches(self, form: _Form, shown: pa.Array) -> np.ndarray:
        pattern = form.text
        if self._binary:
            pattern = form.binary or _in_hexadecimal(form)
        found = pc.match_substring_regex(shown, pattern)
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)

    def _cell(self, scheme: Scheme) -> str:
        stored = hashed(scheme, self._password, self._salt)
        text = "\\x" + stored.hex() if self._binary else written(scheme, stored)
        return text if self._fits(text) else self._as_cell(_DUMMY)

    def _as_cell(self, text: str) -> str:
        if not self._binary:
            return text if self._width is None else text[: max(self._width, 1)]
        return "\\x" + text.encode().hex()[: None if self._width is None else 2 * self._width]

    def _fits(self, cell: str) -> bool:
        return self._width is None or self._length(cell) <= self._width

    def _length(self, cell: str) -> int:
        return (len(cell) - 2) // 2 if self._binary else len(cell)

    def _need_width(self, scheme: Scheme) -> None:
        stored = hashed(scheme, self._password, self._salt)
        needed = len(stored) if self._binary else len(written(scheme, stored))
        if self._width is not None and self._width < needed:
            raise RuleError(
                f"{self._where}: {scheme.name} of this password has {needed} characters and the column "
                f"{self._width}; name the scheme that the application writes there, or write `hash: like`"
            )


def _in_hexadecimal(form: _Form) -> str:
    """The text's beginning as bytes: all that can be told of a text scheme in a binary column."""
    name = form.scheme.name
    if name == "bcrypt":
        return f"^24{form.scheme.prefix.encode().hex()}24" + _cost_in_hexadecimal(form.scheme.cost) + "24"
    beginnings = {"argon2id": "$argon2id$", "pbkdf2_sha256": "pbkdf2_sha256$", "scrypt": "scrypt:", "ssha": "{SSHA}"}
    return "^" + beginnings.get(name, "$6$").encode().hex()


def _cost_in_hexadecimal(cost: int) -> str:
    return "3[1-3]3[0-9]" if cost == MOST_COST else f"303{cost}"


def mistake(parameters: Parameters) -> str | None:
    """See `contracts.Transform`."""
    password = parameters.get("password", _USUAL_PASSWORD)
    if password is None or isinstance(password, bool) or not str(password).strip():
        return "`password` is empty; write one that testers will type, such as `test1234`"
    if len(str(password).encode()) > _LONGEST or "\0" in str(password):
        return f"`password` has more than {_LONGEST} bytes, or a zero byte; write a shorter one"
    name, prefix = str(parameters.get("hash", _LIKE)), str(parameters.get("prefix", BCRYPT[1]))
    if name not in (*SCHEMES, _LIKE):
        return f"`hash` is none that is known; write one of {', '.join(SCHEMES)} or {_LIKE}"
    if prefix not in BCRYPT or ("prefix" in parameters and name != "bcrypt"):
        return f"`prefix` belongs to `hash: bcrypt` and is one of {', '.join(BCRYPT)}"
    if parameters.get("salt") is not None and name not in (*DIGESTS, _LIKE):
        return f"`salt` belongs to `hash: {', '.join(DIGESTS)}`; {name} has a salt in each hash"
    return None


def _scheme(parameters: Parameters) -> Scheme | None:
    """None: that of each value."""
    name = str(parameters.get("hash", _LIKE))
    if name == _LIKE:
        return None
    return Scheme(name, str(parameters.get("prefix", BCRYPT[1])), salt=str(parameters.get("salt") or ""))


def capacity(domain: Domain) -> int | None:
    """One."""
    return 1
