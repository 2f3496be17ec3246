"""Rule files and rule packs: the language that people review, read and written.

    rules        rule file text -> model.RuleFile, with what it includes
    lint         what the plug-ins do not understand of rule files and packs
    packs        pack text -> model.Pack; where packs lie
    write        model.RuleFile -> canonical text; a person's text laid out anew with its comments
    schema       the JSON Schema of both, for editors
    _yaml        YAML text -> nodes that know their line; every mistake collected
    _decisions   what is said of one column or category
    _relations   `a.b -> c.d`
    _tree        YAML text -> entries with their comments
    _layout      entries -> text, the one canonical layout

A rule file says for every column of every table whether it is kept or what replaces it; README.md shows one. A pack is
the same language one level up:

    pack: personal
    version: 1
    about: "People and firms"
    defaults:                        # category: what happens to it
      first_name: first_name
      country: {keep: true, why: "a country alone points at nobody"}
    recognise:                       # category: how a column of it is told
      first_name:
        - names: {nl: [voornaam, vnaam], fr: [prenom], en: [first name], de: [vorname]}
          types: [text]
          confidence: 0.95
        - {names: {en: [name]}, tables: {en: [person]}, values: [], confidence: 0.6}

Every mistake of a file is told at once, each as `file:line: what is wrong`.
"""

from anonymizer.rulefile._relations import parse_relation, write_relation
from anonymizer.rulefile.lint import Grammar, lint, lint_packs, wrong_policy
from anonymizer.rulefile.packs import find_packs, read_pack, shipped_packs
from anonymizer.rulefile.rules import read_as_far_as_possible, read_rules
from anonymizer.rulefile.schema import json_schema
from anonymizer.rulefile.update import update_rules
from anonymizer.rulefile.write import format_rules, write_rules

__all__ = [
    "Grammar",
    "find_packs",
    "format_rules",
    "json_schema",
    "lint",
    "lint_packs",
    "parse_relation",
    "read_as_far_as_possible",
    "read_pack",
    "read_rules",
    "shipped_packs",
    "update_rules",
    "write_relation",
    "write_rules",
    "wrong_policy",
]
