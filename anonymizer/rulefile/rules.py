"""Rule file text -> `model.RuleFile`, with every file that it includes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from anonymizer.model.rules import Accepted, Action, Decision, DomainRules, Place, Relation, RuleFile, TableRules
from anonymizer.model.schema import TableName
from anonymizer.rulefile._decisions import read_decision
from anonymizer.rulefile._relations import parse_relation
from anonymizer.rulefile._yaml import Document, Mistakes, read_text, scalar

TOP_KEYS = (
    "format", "database", "scope", "purpose", "packs", "pseudonyms", "domains", "tables", "relations", "accepted",
    "include",
)  # fmt: skip
INCLUDED_KEYS = ("format", "tables", "relations", "accepted", "include")
"""What an included file may say; the rest is said once, in the file that includes it."""
TABLE_KEYS = ("subject", "rows", "columns", "keep", "undecided", "why")
KEEP_KEYS = ("columns", "why")
PURPOSE_KEYS = ("text", "instruction", "expires")
PSEUDONYM_KEYS = ("version", "locales", "mode")
MODES = ("linkable", "irreversible")
DOMAIN_KEYS = ("width", "unique")
ACCEPTED_KEYS = ("finding", "why", "until")
ROWS = ("all", "none")
FORMATS = (1,)
"""Versions of the language that this program reads."""
VERSIONS = (1,)
"""Versions of the pseudonym algorithm that this program knows."""
LOCALE = re.compile(r"(nl|fr|de|en)(_[A-Z]{2})?\Z")

_FINDING = re.compile(r"[0-9a-f]{8}\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)


def read_rules(path: Path) -> RuleFile:
    """The rule file at `path`, included files followed. Raises RuleError with a line per mistake."""
    rules, mistakes = read_as_far_as_possible(path)
    mistakes.refuse()
    return rules


def read_as_far_as_possible(path: Path) -> tuple[RuleFile, Mistakes]:
    """What can be understood of the rule file, and its mistakes: only for looking for further ones.

    Raises RuleError for what is no YAML.
    """
    reading = _Reading(Mistakes())
    reading.read(path, ())
    reading.refuse_ambiguous_tables()
    understood = RuleFile(
        file=str(path),
        tables=reading.tables,
        relations=tuple(reading.relations),
        accepted=tuple(reading.accepted),
        **reading.head,
    )
    return understood, reading.mistakes


class _Reading:
    """What was read so far, of one rule file and of those that it includes."""

    def __init__(self, mistakes: Mistakes) -> None:
        self.mistakes = mistakes
        self.tables: dict[TableName, TableRules] = {}
        self.relations: list[Relation] = []
        self.accepted: list[Accepted] = []
        self.head: dict[str, Any] = {}

    def read(self, path: Path, above: tuple[Path, ...]) -> None:
        """One file; `above` are the files that include it, resolved."""
        document = Document(str(path), read_text(path), self.mistakes)
        if document.root is None:
            self.mistakes.add(Place(document.file), "is empty; `anonymizer detect SOURCE -o FILE` writes a first one")
            return
        what, known = ("an included file", INCLUDED_KEYS) if above else ("the rule file", TOP_KEYS)
        fields = document.fields(document.root, what, known, required=("format",))
        if (node := fields.get("format")) is not None and document.whole(node, "format", 1) not in FORMATS:
            document.wrong(node, "format must be 1; a later program wrote this file")
        if not above:
            self._read_head(document, fields)
        if (node := fields.get("tables")) is not None and not _is_empty(node):
            for name, key, value in document.items(node, "tables"):
                self._read_table(document, name, key, value)
        if (relations := fields.get("relations")) is not None and not _is_empty(relations):
            for node in document.elements(relations, "relations"):
                self._read_relation(document, node)
        for node in document.elements(fields.get("accepted"), "accepted"):
            self._read_accepted(document, node)
        if (node := fields.get("domains")) is not None and not _is_empty(node):
            self.head["domains"] = dict(_read_domains(document, node))
        for name, node in document.names(fields.get("include"), "include"):
            self._include(document, node, path, name, above)

    def _read_accepted(self, document: Document, node: yaml.Node) -> None:
        parts = document.fields(node, "an accepted finding", ACCEPTED_KEYS, required=ACCEPTED_KEYS)
        finding = document.name(parts["finding"], "finding") if "finding" in parts else None
        why, until = document.text(parts.get("why"), "why"), _read_date(document, parts.get("until"), "until")
        if finding is not None and not _FINDING.match(finding):
            document.wrong(parts["finding"], "finding must be eight hexadecimal digits, as a withheld run names it")
        elif finding is not None and why and until:
            self.accepted.append(Accepted(finding, why, until, document.place(node)))

    def _include(self, document: Document, node: yaml.Node, path: Path, name: str, above: tuple[Path, ...]) -> None:
        included = path.parent / name
        chain = (*above, path.resolve())
        if included.resolve() in chain:
            document.wrong(node, f"{name} includes itself; remove the line that closes the circle")
        elif not included.is_file():
            document.wrong(node, f"{name} is not there; names are relative to this file")
        else:
            self.read(included, chain)

    def _read_head(self, document: Document, fields: Mapping[str, yaml.Node]) -> None:
        for key in ("database", "scope"):
            if (node := fields.get(key)) is not None:
                self.head[key] = document.name(node, key)
        if (node := fields.get("purpose")) is not None:
            parts = document.fields(node, "purpose", PURPOSE_KEYS)
            self.head["purpose"] = document.text(parts.get("text"), "text")
            document.text(parts.get("instruction"), "instruction")
            self.head["expires"] = _read_date(document, parts.get("expires"), "expires")
        self.head["packs"] = tuple(name for name, _ in document.names(fields.get("packs"), "packs"))
        if (node := fields.get("pseudonyms")) is not None:
            parts = document.fields(node, "pseudonyms", PSEUDONYM_KEYS)
            self.head["version"] = document.whole(parts.get("version"), "version", VERSIONS[-1])
            if self.head["version"] not in VERSIONS:
                document.wrong(parts["version"], f"this program makes pseudonyms of version {VERSIONS[-1]} only")
            mode = document.choice(parts.get("mode"), "mode of the pseudonyms", MODES, MODES[0])
            self.head["irreversible"] = mode == "irreversible"
            locales = document.names(parts.get("locales"), "locales")
            for locale, place in locales:
                if not LOCALE.match(locale):
                    document.wrong(place, f"{locale} is no locale; write language and country, such as nl_BE")
            if locales:
                self.head["locales"] = tuple(locale for locale, _ in locales)

    # --- tables -------------------------------------------------------------------------------------------------

    def _read_table(self, document: Document, text: str, key: yaml.Node, node: yaml.Node) -> None:
        try:
            name = TableName.parse(text)
        except ValueError:
            document.wrong(key, f"{text} is not a table's name; write schema.table, odd names in double quotes")
            return
        if name in self.tables:
            document.wrong(key, f"table {name} has a section already, at {self.tables[name].place}")
            return
        what = f"table {name}"
        fields = {} if _is_empty(node) else document.fields(node, what, TABLE_KEYS)
        why = document.text(fields.get("why"), f"the reason of {what}")
        rows = document.choice(fields.get("rows"), f"rows of {what}", ROWS, "all")
        columns = _read_columns(document, fields, what, why if rows == "all" else None)
        subject = document.text(fields.get("subject"), f"subject of {what}")
        self.tables[name] = TableRules(name, columns, rows, why, subject, document.place(key))

    def refuse_ambiguous_tables(self) -> None:
        """`customer` and `crm.customer` in one rule file: nobody can tell whether these are two tables."""
        with_schema = {name.name: name for name in self.tables if name.schema}
        for name, rules in self.tables.items():
            if not name.schema and name.name in with_schema and rules.place is not None:
                other = with_schema[name.name]
                self.mistakes.add(rules.place, f"{name} and {other} may be one table; write both with their schema")

    # --- relations ----------------------------------------------------------------------------------------------

    def _read_relation(self, document: Document, node: yaml.Node) -> None:
        text = document.name(node, "a relation")
        if text is None:
            return
        try:
            self.relations.append(parse_relation(text, document.place(node)))
        except ValueError as wrong:
            document.wrong(node, str(wrong))


def _read_columns(
    document: Document, fields: Mapping[str, yaml.Node], what: str, why: str | None
) -> dict[str, Decision]:
    """Column -> decision. `why`, the table's reason, is that of the kept columns that have none of their own."""
    columns: dict[str, Decision] = {}

    def decide(name: str, decision: Decision, node: yaml.Node) -> None:
        if name in columns:
            document.wrong(node, f"column {name} of {what} is decided twice, first at {columns[name].place}")
        else:
            columns[name] = decision

    node = fields.get("columns")
    if node is not None and not _is_empty(node):
        for name, key, value in document.items(node, f"columns of {what}"):
            decision = read_decision(document, value, f"column {name}", document.place(key))
            if decision is not None:
                decide(name, decision, key)
    kept = fields.get("keep")
    if isinstance(kept, yaml.MappingNode):
        parts = document.fields(kept, f"keep of {what}", KEEP_KEYS, required=KEEP_KEYS)
        why = document.text(parts.get("why"), f"the reason to keep columns of {what}") or why
        kept = parts.get("columns")
    for name, node in document.names(kept, f"keep of {what}"):
        decide(name, Decision(Action.KEEP, why=why, place=document.place(node)), node)
    for name, node in document.names(fields.get("undecided"), f"undecided of {what}"):
        decide(name, Decision(Action.UNDECIDED, place=document.place(node)), node)
    return columns


def _is_empty(node: yaml.Node) -> bool:
    """A key without a value, as it stands while a person writes."""
    return isinstance(node, yaml.ScalarNode) and scalar(node) is None


def _read_domains(document: Document, node: yaml.Node) -> Iterator[tuple[str, DomainRules]]:
    for name, key, value in document.items(node, "domains"):
        parts = document.fields(value, f"domain {name}", DOMAIN_KEYS)
        width = document.whole(parts["width"], "width", 0) if "width" in parts else None
        if width is not None and width < 1:
            document.wrong(parts["width"], f"width of domain {name} must be a number of characters from 1 on")
        unique = document.value(parts["unique"], "unique") if "unique" in parts else False
        if not isinstance(unique, bool):
            document.wrong(parts["unique"], f"unique of domain {name} must be true or false")
        yield name, DomainRules(width, unique is True, document.place(key))


def _read_date(document: Document, node: yaml.Node | None, what: str) -> str | None:
    text = document.name(node, what) if node is not None else None
    if text is None or node is None:
        return None
    try:
        if _DATE.match(text):
            date.fromisoformat(text)
            return text
    except ValueError:
        pass
    document.wrong(node, f"{what} must be a date such as 2027-01-31")
    return None
