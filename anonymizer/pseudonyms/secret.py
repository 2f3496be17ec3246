"""The one secret of a scope, and the independent keys that are derived from it.

A secret is at least 128 bits from a cryptographic random generator. It shows itself to nobody: printing, formatting
and pickling it give "redacted" or refuse. Key files hold one line: 64 hexadecimal digits, or `anonymizer-key-1:` and
base64; they must be readable by their owner alone.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
import secrets
import stat
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from anonymizer.errors import SettingError

_PREFIX = "anonymizer-key-1:"
_FEWEST_BYTES = 16
_HINT = "make one with `anonymizer key new`"


class Secret:
    """At least 16 random bytes that never show themselves; `reveal` is the only way out."""

    __slots__ = ("_bytes",)

    def __init__(self, data: bytes, where: str = "the key") -> None:
        """Raises SettingError, naming `where`, when `data` is too short or plainly not random."""
        if len(data) < _FEWEST_BYTES:
            raise SettingError(f"{where} is shorter than 128 bits; {_HINT}")
        steps = {(b - a) % 256 for a, b in pairwise(data)}
        if len(set(data)) < 8 or len(steps) < 8 or all(32 <= byte < 127 for byte in data):
            raise SettingError(f"{where} is not random: it repeats, counts or is plain text; {_HINT}")
        self._bytes = bytes(data)

    @classmethod
    def fresh(cls) -> Secret:
        """256 new random bits."""
        return cls(secrets.token_bytes(32))

    @classmethod
    def from_text(cls, text: str, where: str = "the key") -> Secret:
        """The inverse of what `write` writes, or bare hexadecimal digits; raises SettingError."""
        text = text.strip()
        if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", text):
            return cls(bytes.fromhex(text), where)
        if text.startswith(_PREFIX):
            try:
                return cls(base64.b64decode(text.removeprefix(_PREFIX), validate=True), where)
            except binascii.Error:
                raise SettingError(f"{where} holds damaged base64; restore it from its backup") from None
        raise SettingError(f"{where} is neither hexadecimal digits nor a line with {_PREFIX!r}; {_HINT}")

    @classmethod
    def from_file(cls, path: Path) -> Secret:
        """Raises SettingError when the file is missing, readable by others (where modes exist) or holds no key."""
        try:
            with Path(path).open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read(4096)
        except OSError as error:
            raise SettingError(f"key file {path} cannot be read ({error.strerror}); {_HINT}") from None
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SettingError(f"key file {path} can be read by others than its owner; run `chmod 600 {path}`")
        try:
            text = content.decode("ascii")
        except UnicodeDecodeError:
            raise SettingError(f"key file {path} is not a line of text; {_HINT}") from None
        return cls.from_text(text, f"key file {path}")

    @classmethod
    def from_environment(cls, variable: str) -> Secret:
        """Raises SettingError when the variable is not set or holds no key."""
        text = os.environ.get(variable)
        if text is None:
            raise SettingError(f"environment variable {variable} is not set; set it, or give a key file")
        return cls.from_text(text, f"environment variable {variable}")

    def write(self, path: Path) -> None:
        """Make a new file, mode 0600, with the key in it; raises SettingError when it exists or cannot be made."""
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise SettingError(f"{path} exists; keys are never overwritten, choose another name") from None
        except OSError as error:
            raise SettingError(f"{path} cannot be written ({type(error).__name__}); choose another folder") from None
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(_PREFIX + base64.b64encode(self._bytes).decode("ascii") + "\n")

    def reveal(self) -> bytes:
        """The bytes themselves: for deriving keys, and for handing the secret to a worker process."""
        return self._bytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._bytes, other._bytes)

    def __hash__(self) -> int:
        return hash((Secret, self._bytes))

    def __repr__(self) -> str:
        return "Secret(redacted)"

    def __format__(self, specification: str) -> str:
        return format(repr(self), specification)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is never pickled")


class KeyRing:
    """Derives independent 128-bit keys from one secret (HKDF-SHA256, RFC 5869); the contract `Keys`."""

    __slots__ = ("_scope", "_secret", "_version")

    def __init__(self, secret: Secret, scope: str, version: int = 1) -> None:
        """`scope` and `version` (of the pseudonym algorithm) are part of every key."""
        self._secret, self._scope, self._version = secret, scope, version

    def derive(self, *labels: str) -> bytes:
        """16 bytes, a function of the secret, the scope, the version and the labels, in this order."""
        return _derive(self._secret, (str(self._version), self._scope, *labels))

    @property
    def identity(self) -> str:
        """16 hexadecimal digits that tell keys apart in reports and reveal nothing of them."""
        return self.derive("key identity")[:8].hex()

    def __repr__(self) -> str:
        return "KeyRing(redacted)"


@lru_cache(maxsize=4096)
def _derive(secret: Secret, labels: tuple[str, ...]) -> bytes:
    # Each label is preceded by its length, so that no two lists of labels read the same.
    texts = [label.encode() for label in labels]
    info = b"".join(len(text).to_bytes(4, "big") + text for text in texts)
    return HKDF(SHA256(), length=16, salt=b"anonymizer pseudonyms", info=info).derive(secret.reveal())
