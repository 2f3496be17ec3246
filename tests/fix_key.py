"""The one key of tests that run whole databases: with a fresh one, one run in thousands would meet chance."""

from __future__ import annotations

import hashlib
from pathlib import Path

from anonymizer.pseudonyms.secret import Secret


def known_secret() -> Secret:
    return Secret.from_text(hashlib.sha256(b"a key for tests alone").hexdigest())


def write_key(file: Path) -> Path:
    known_secret().write(file)
    return file
