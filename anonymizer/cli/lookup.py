"""`anonymizer lookup`: where is this person in my copy?"""

from __future__ import annotations

import getpass
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from anonymizer.cli._group import EXIT_CODES, KEY, RULES, commands
from anonymizer.errors import SettingError


@commands.command(epilog=EXIT_CODES)
@click.argument("category")
@RULES
@KEY
@click.option("--source", help="The database that was copied: needed for TABLE.COLUMN, and where keys had to move.")
@click.option("--log", type=click.Path(path_type=Path), help="Where the lookup is noted; lookups.jsonl beside the key.")
def lookup(category: str, rules: Path | None, key_file: Path | None, source: str | None, log: Path | None) -> None:
    """Say which pseudonym a value has: CATEGORY (or a domain of the rule file) tells what kind of value it is.

    The value is asked for, or read from standard input; it is never an argument. Every lookup is noted with time,
    user, category and scope, never with the value or its pseudonym.
    """
    from anonymizer import api, rulefile

    value = (
        click.prompt("value", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    )
    if not value.strip():
        raise SettingError("no value was given; type it at the prompt or pipe one line in")
    pseudonym = api.lookup(category, value, rules, key_file, source)
    written = rulefile.read_rules(rules) if rules else None
    scope = written.scope if written else "default"
    if source is None and written and category in written.domains and written.domains[category].unique:
        click.echo(
            f"note: {category} is a key; a value that had to move, so that the key stays one, has another pseudonym in"
            " the copy: --source tells it",
            err=True,
        )
    _note(log or (key_file.parent if key_file else Path()) / "lookups.jsonl", category, scope)
    click.echo(pseudonym)


def _note(log: Path, category: str, scope: str) -> None:
    """No lookup without its note: raises SettingError when it cannot be written."""
    note = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "user": getpass.getuser(),
        "category": category,
        "scope": scope,
    }
    try:
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as file:
            file.write(json.dumps(note) + "\n")
    except OSError as error:
        raise SettingError(f"{log} cannot be written ({error.strerror}); name another file with --log") from None
