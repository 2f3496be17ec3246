"""Where the key of a run is from."""

from __future__ import annotations

import os
from pathlib import Path

from anonymizer.errors import SettingError
from anonymizer.model.plan import Plan
from anonymizer.pseudonyms.secret import KeyRing, Secret

KEY_VARIABLE = "ANONYMIZER_KEY"
FRESH = "fresh, unstored"
"""How a report says that a key was made for one run and forgotten."""
IRREVERSIBLE = "fresh, unstored: irreversible, as the rule file asks"


def secret_of(key_file: Path | None) -> tuple[Secret, str]:
    """The secret from the file, from the environment or made now, and how a report says so."""
    if key_file is not None:
        return Secret.from_file(key_file), "file"
    if KEY_VARIABLE in os.environ:
        return Secret.from_environment(KEY_VARIABLE), "environment"
    return Secret.fresh(), FRESH


def keys_of(made: Plan, key_file: Path | None, stored: tuple[Secret, str]) -> tuple[KeyRing, str]:
    """The keys of a plan, and how its report says where they are from."""
    if made.irreversible and key_file is not None:
        raise SettingError(
            f"the rule file asks for irreversible pseudonyms, which know no stored key; leave {key_file} out"
        )
    secret, status = (Secret.fresh(), IRREVERSIBLE) if made.irreversible else stored
    return KeyRing(secret, made.scope, made.version), status


def stored_secret(key_file: Path | None) -> Secret:
    """The secret of an earlier run. Raises SettingError where none is named."""
    secret, status = secret_of(key_file)
    if status == FRESH:
        raise SettingError(f"a lookup needs the key of the copy; name it with --key-file or in {KEY_VARIABLE}")
    return secret
