"""The JSON Schema (draft 2020-12) of rule files and packs, for editors that check while one types.

It refuses nothing that the reader takes; the reader is stricter, since it sees names, relations and included files.
"""

from __future__ import annotations

from typing import Any

from anonymizer.model.finding import CATEGORIES, NOT_PERSONAL
from anonymizer.model.schema import TypeFamily
from anonymizer.rulefile import rules

_NAME = {"type": ["string", "number", "boolean", "null"], "description": "A name; `on` and `null` are names too."}
_VALUE = {"type": ["string", "number", "boolean", "null"]}
_TEXT = {"type": "string", "pattern": r"\S"}
_FINDING = {"type": ["string", "number"], "description": "Eight hexadecimal digits, as a withheld run names it."}
_NAMES = {"type": "array", "items": _NAME}
_DATE = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
_CATEGORY = {"enum": [*CATEGORIES, *NOT_PERSONAL]}
_SPARED = {**_NAMES, "description": "Values that stay: names of test accounts. Needs a reason."}
_WHY = {**_TEXT, "description": "The reason, for auditors: it reaches the report."}


def json_schema() -> dict[str, Any]:
    """One schema for both: what has the key `pack` is a pack, anything else a rule file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "anonymizer rule file or rule pack",
        "type": "object",
        "if": {"required": ["pack"]},
        "then": _pack(),
        "else": _rule_file(),
        "$defs": {"decision": _decision(), "words": _words(), "table": _table()},
    }


def _object(properties: dict[str, Any], required: tuple[str, ...] = (), about: str = "") -> dict[str, Any]:
    """A mapping with these keys only."""
    schema = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return {**schema, "description": about} if about else schema


def _decision() -> dict[str, Any]:
    replaced = {
        "type": "object",
        "required": ["as"],
        "properties": {"as": _NAME, "why": _WHY, "category": _CATEGORY, "keep": False, "except": _SPARED},
        "additionalProperties": _VALUE,
        "description": "A replacement, its parameters, and the reason.",
    }
    kept = _object({"keep": {"const": True}, "why": _WHY, "category": _CATEGORY}, ("keep", "why"), "Kept as it is.")
    name = {
        "type": ["string", "null"],
        "not": {"const": "keep"},
        "description": "The name of a replacement: `anonymizer list transforms`.",
    }
    return {"anyOf": [name, replaced, kept]}


def _words() -> dict[str, Any]:
    return {
        "type": "object",
        "propertyNames": {"pattern": "^[a-z]{2}$"},
        "additionalProperties": _NAMES,
        "description": "Language (two letters) -> words; case, accents and punctuation do not matter.",
    }


def _table() -> dict[str, Any]:
    keep = {
        "anyOf": [_NAMES, _object({"columns": _NAMES, "why": _WHY}, rules.KEEP_KEYS)],
        "description": "Columns that are not personal.",
    }
    properties = {
        "subject": {**_TEXT, "description": "Whom the rows are about: customer, employee, candidate …"},
        "rows": {"enum": list(rules.ROWS), "description": "none: the table is emptied."},
        "columns": {"type": ["object", "null"], "additionalProperties": {"$ref": "#/$defs/decision"}},
        "keep": keep,
        "undecided": {**_NAMES, "description": "A person has to decide on these; no run until then."},
        "why": _WHY,
    }
    return {**_object(properties), "type": ["object", "null"]}


def _domain() -> dict[str, Any]:
    properties = {
        "width": {"type": "integer", "minimum": 1, "description": "The most characters of a pseudonym."},
        "unique": {"type": "boolean", "description": "Whether a column of the domain is a key."},
    }
    return _object(properties, about="What holds for these values in all databases of the scope.")


def _rule_file() -> dict[str, Any]:
    purpose = {"text": _TEXT, "instruction": _TEXT, "expires": _DATE}
    pseudonyms = {
        "version": {"enum": list(rules.VERSIONS), "description": "Of the pseudonym algorithm."},
        "mode": {"enum": list(rules.MODES), "description": "irreversible: a fresh key for each run, never stored."},
        "locales": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]{2}(_[A-Z]{2})?$"}},
    }
    accepted = _object({"finding": _FINDING, "why": _WHY, "until": _DATE}, rules.ACCEPTED_KEYS)
    properties = {
        "format": {"enum": list(rules.FORMATS), "description": "Of this file."},
        "database": _NAME,
        "scope": {**_NAME, "description": "What shares a key: databases of one scope may be joined."},
        "purpose": _object(purpose, about="What the copy is for, on whose instruction, and until when."),
        "packs": {**_NAMES, "description": "Rule packs, a project's own beside this file or shipped ones."},
        "pseudonyms": _object(pseudonyms),
        "domains": {"type": ["object", "null"], "additionalProperties": _domain()},
        "tables": {"type": ["object", "null"], "additionalProperties": {"$ref": "#/$defs/table"}},
        "relations": {
            "type": ["array", "null"],
            "items": {"type": "string", "pattern": r"\..*->.*\."},
            "description": "Foreign keys that the database does not declare: a.b -> c.d, a.(x, y) -> c.(p, q).",
        },
        "accepted": {"type": "array", "items": accepted},
        "include": {**_NAMES, "description": "Rule files, relative to this one."},
    }
    return _object(properties, ("format",), "What happens to every column of a database.")


def _pack() -> dict[str, Any]:
    recogniser = _object(
        {
            "names": {"$ref": "#/$defs/words"},
            "tables": {"$ref": "#/$defs/words"},
            "types": {"type": "array", "items": {"enum": [family.value for family in TypeFamily]}},
            "values": {**_NAMES, "description": "Identifiers whose values count: `anonymizer list identifiers`."},
            "confidence": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            "then": {"$ref": "#/$defs/decision"},
        }
    )
    by_category = {"type": "object", "propertyNames": _CATEGORY}
    abbreviations = {
        "type": "object",
        "propertyNames": {"pattern": "^[a-z]{2}$"},
        "additionalProperties": {"type": "object", "additionalProperties": _NAME},
        "description": "Language (two letters) -> abbreviation -> the words that it stands for.",
    }
    properties = {
        "pack": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]*$"},
        "version": {"type": "integer", "minimum": 1},
        "about": _TEXT,
        "defaults": {**by_category, "additionalProperties": {"$ref": "#/$defs/decision"}},
        "recognise": {**by_category, "additionalProperties": {"type": "array", "items": recogniser}},
        "abbreviations": abbreviations,
    }
    return _object(properties, ("pack", "version", "about"), "How columns are recognised, and what happens to them.")
