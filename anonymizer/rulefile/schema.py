"""The JSON Schema (2020-12) of rule files and packs, for editors that check while one types."""

from __future__ import annotations

from typing import Any

from anonymizer.rulefile.packs import KNOWN_CATEGORIES, LANGUAGES, TYPES
from anonymizer.rulefile.rules import VERSIONS

_TEXT = {"type": ["string", "number", "boolean"]}
_TEXTS = {"type": "array", "items": _TEXT}
_DECISION = {
    "description": "What replaces the column, or why it is kept.",
    "oneOf": [
        {"type": "string", "description": "The name of a replacement; see `anonymizer list transforms`."},
        {
            "type": "object",
            "required": ["as"],
            "properties": {"as": {"type": "string"}, "why": {"type": "string"}, "keep": False},
            "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
        },
        {
            "type": "object",
            "required": ["keep"],
            "properties": {"keep": {"const": True}, "why": {"type": "string"}},
            "additionalProperties": False,
        },
    ],
}
_TABLE = {
    "type": ["object", "null"],
    "additionalProperties": False,
    "properties": {
        "subject": {"type": "string", "description": "Whom the rows are about: customer, employee, candidate …"},
        "columns": {"type": ["object", "null"], "additionalProperties": _DECISION},
        "keep": {**_TEXTS, "description": "Decided: not personal."},
        "undecided": {**_TEXTS, "description": "A person has to decide; the run stops until then."},
        "rows": {"enum": ["all", "none"], "description": "none empties the table."},
        "why": {"type": "string"},
    },
}


def json_schema() -> dict[str, Any]:
    """One schema for both: what begins with `pack` is a pack, anything else a rule file."""
    words = {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(LANGUAGES, _TEXTS)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "anonymizer rule file or pack",
        "if": {"required": ["pack"]},
        "then": _pack(words),
        "else": _rules(),
    }


def _rules() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["format"],
        "additionalProperties": False,
        "properties": {
            "format": {"const": 1},
            "database": {"type": "string"},
            "scope": {"type": "string", "description": "What shares a key; databases of one scope can be joined."},
            "purpose": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "text": {"type": "string"},
                    "instruction": {"type": "string"},
                    "expires": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
                },
            },
            "packs": _TEXTS,
            "pseudonyms": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"version": {"enum": list(VERSIONS)}, "locales": _TEXTS},
            },
            "tables": {"type": ["object", "null"], "additionalProperties": _TABLE},
            "relations": {"type": "array", "items": {"type": "string", "pattern": "->"}},
            "accepted": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"finding": _TEXT, "why": {"type": "string"}, "until": {"type": "string"}},
                },
            },
            "include": _TEXTS,
        },
    }


def _pack(words: dict[str, Any]) -> dict[str, Any]:
    recogniser = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "names": words,
            "tables": words,
            "types": {"type": "array", "items": {"enum": list(TYPES)}},
            "values": _TEXTS,
            "confidence": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        },
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "pack": {"type": "string"},
            "version": {"type": "integer"},
            "about": {"type": "string"},
            "defaults": {
                "type": "object",
                "propertyNames": {"enum": list(KNOWN_CATEGORIES)},
                "additionalProperties": _DECISION,
            },
            "recognise": {
                "type": "object",
                "propertyNames": {"enum": list(KNOWN_CATEGORIES)},
                "additionalProperties": {"type": "array", "items": recogniser},
            },
        },
    }
