"""A safe, working copy of a customer's database: personal data found, replaced consistently, proved gone.

The folder tree is the architecture; imports point downwards:

    cli/           parses options, prints, exits
    api/           detect(), plan(), run(), preview(), verify(), explain(): what the command line does
    planning/      schema + findings + rules -> one plan: a decision for each column
    pipeline       source -> transforms -> sink, batch by batch
    servers/       one file per kind of live database: its dump as a source, loading a result into it
    conversions/   one file per kind of database that every result can be written to
    stores/        one file per dump format: how it is recognised, read and written
    detect/        one file per way of noticing personal data
    transforms/    one file per replacement that a rule file can name
    verify/        one file per check of the written result, with readers of its own
    report/        one file per output document
    identifiers/   one file per kind of number: form, checksum, the range that nobody has
    pseudonyms/    key, keyed functions, vocabularies
    rulefile/      rule files and rule packs, read and written
    workspace      the private work folder, and publishing out of it
    registry       finds the plug-ins of a folder; any failure stops the program
    contracts      what stores, transforms, identifiers, detectors, checks and reports promise
    model/         the data that all of them talk about
    errors         everything that can go wrong, and its exit code
"""

from __future__ import annotations

from typing import Any

__all__ = ["Detection", "detect", "explain", "lookup", "plan", "preview", "run", "verify"]


def __getattr__(name: str) -> Any:
    """The functions of `anonymizer.api`, imported when first asked for so that `--help` stays quick."""
    if name in __all__:
        from anonymizer import api

        return getattr(api, name)
    raise AttributeError(name)
