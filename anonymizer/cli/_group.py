"""The command itself, and the options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

EXIT_CODES = """
\b
Exit codes: 0 done, 1 findings (undecided columns), 2 usage or settings, 3 rules invalid,
4 source or target cannot be read or written, 5 verification failed and the result was withheld, 6 internal error.
"""

RULES = click.option("-r", "--rules", type=click.Path(path_type=Path), help="Rule file; without it, detection decides.")
KEY = click.option("--key-file", type=click.Path(path_type=Path), help="Key file, readable by you alone; see key new.")
QUIET = click.option("--quiet", is_flag=True, help="No progress.")
LOG = click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="Form of the progress.")


@click.group(epilog=EXIT_CODES)
@click.version_option(package_name="anonymizer")
def commands() -> None:
    """Turn a customer's database into a safe one: find the personal data, replace it, prove that it is gone."""
