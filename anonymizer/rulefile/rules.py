"""Rule file text -> `model.RuleFile`, with every file that it includes."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from anonymizer.model.rules import Action, Decision, Place, Relation, RuleFile, TableRules
from anonymizer.model.schema import TableName, quote_name, split_name
from anonymizer.rulefile._yaml import Document, Entry, raise_all, suggestion

TOP = ("format", "database", "scope", "purpose", "packs", "pseudonyms", "tables", "relations", "accepted", "include")
TABLE = ("columns", "keep", "undecided", "rows", "why", "subject")
PURPOSE = ("text", "expires", "instruction")
PSEUDONYMS = ("version", "locales")
ACCEPTED = ("finding", "why", "until")
FORMAT, VERSIONS = "1", (1,)

_COMPOSITE = re.compile(r"(?P<table>.+)\.\((?P<columns>[^()]+)\)\Z")


def read_rules(path: Path) -> RuleFile:
    """The rule file at `path`. Raises RuleError with a line per mistake."""
    mistakes: list[str] = []
    found: dict[str, Any] = {"tables": {}, "relations": []}
    _read(path, mistakes, found, ())
    raise_all(mistakes)
    found["relations"] = tuple(found["relations"])
    return RuleFile(file=str(path), **found)


def _read(path: Path, mistakes: list[str], found: dict[str, Any], above: tuple[Path, ...]) -> None:
    document = Document(path, mistakes)
    if document.root is None:
        if not mistakes:
            mistakes.append(f"{path}: is empty; write one with `anonymizer detect SOURCE -o {path.name}`")
        return
    entries = {entry.key: entry for entry in document.entries(document.root, TOP, "the rule file")}
    if "format" not in entries:
        document.wrong(document.root, "the line `format: 1` is missing")
    elif document.text(entries["format"].value, "format") != FORMAT:
        document.wrong(entries["format"].value, f"this program reads format {FORMAT} only")
    for key, entry in entries.items():
        if key == "include":
            _include(document, entry, path, mistakes, found, above)
        elif key == "tables":
            _tables(document, entry, found["tables"])
        elif key == "relations":
            found["relations"] += [r for node in document.items(entry.value, key) if (r := _relation(document, node))]
        elif key == "accepted":
            for node in document.items(entry.value, key):
                list(document.entries(node, ACCEPTED, "an accepted finding"))
        elif above and key != "format":
            document.wrong(entry.value, f"{key} belongs in the file that includes this one")
        else:
            _head(document, entry, found)


def _include(
    document: Document, entry: Entry, path: Path, mistakes: list[str], found: dict[str, Any], above: tuple[Path, ...]
) -> None:
    for name in document.texts(entry.value, "include"):
        included = (path.parent / name).resolve()
        if included in (*above, path.resolve()):
            document.wrong(entry.value, f"{name} includes itself")
        else:
            _read(path.parent / name, mistakes, found, (*above, path.resolve()))


def _head(document: Document, entry: Entry, found: dict[str, Any]) -> None:
    if entry.key in ("database", "scope"):
        found[entry.key] = document.text(entry.value, entry.key)
    elif entry.key == "packs":
        found["packs"] = tuple(document.texts(entry.value, "packs"))
    elif entry.key == "purpose":
        for part in document.entries(entry.value, PURPOSE, "purpose"):
            text = document.text(part.value, part.key)
            if part.key in ("text", "expires"):
                found["purpose" if part.key == "text" else "expires"] = text
            if part.key == "expires" and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
                document.wrong(part.value, "expires is no date like 2027-01-31")
    elif entry.key == "pseudonyms":
        for part in document.entries(entry.value, PSEUDONYMS, "pseudonyms"):
            if part.key == "locales":
                found["locales"] = tuple(document.texts(part.value, "locales"))
            elif (version := int(document.number(part.value, "version"))) in VERSIONS:
                found["version"] = version
            else:
                document.wrong(part.value, f"this program knows version {VERSIONS[-1]} of the pseudonyms")


# --- tables -----------------------------------------------------------------------------------------------------


def _tables(document: Document, entry: Entry, tables: dict[TableName, TableRules]) -> None:
    for section in document.entries(entry.value, None, "tables"):
        try:
            name = TableName.parse(section.key)
        except ValueError:
            document.mistakes.append(f"{section.place}: {section.key} is no table name; write schema.table")
            continue
        if name in tables:
            document.mistakes.append(f"{section.place}: table {name} stands at {tables[name].place} already")
            continue
        tables[name] = _table(document, name, section)


def _table(document: Document, name: TableName, section: Entry) -> TableRules:
    columns: dict[str, Decision] = {}
    facts: dict[str, Any] = {}
    what = f"table {name}"
    entries = {entry.key: entry for entry in document.entries(section.value, TABLE, what)}
    for key in ("why", "subject", "rows"):
        if key in entries:
            facts[key] = document.text(entries[key].value, key)
    if facts.get("rows", "all") not in ("all", "none"):
        document.wrong(entries["rows"].value, "rows is neither all nor none")
    for entry in document.entries(entries["columns"].value, None, "columns") if "columns" in entries else ():
        columns[entry.key] = _decision(document, entry)
    for key, action in (("keep", Action.KEEP), ("undecided", Action.UNDECIDED)):
        for node in document.items(entries[key].value, f"{key} of {what}") if key in entries else ():
            column = document.text(node, f"a column of {what}")
            if column in columns:
                document.wrong(node, f"column {quote_name(column)} of {what} is decided twice")
            elif column:
                columns[column] = Decision(action, why=facts.get("why"), place=document.place(node))
    return TableRules(name, columns, place=section.place, **facts)


def _decision(document: Document, entry: Entry) -> Decision:
    if isinstance(entry.value, yaml.ScalarNode):
        return Decision(Action.REPLACE, document.text(entry.value, f"column {entry.key}") or None, place=entry.place)
    return decision(document, entry, f"column {entry.key}")


def decision(document: Document, entry: Entry, what: str) -> Decision:
    """`{as: …, why: …, parameters…}` or `{keep: true, why: …}`."""
    parts = {part.key: part.value for part in document.entries(entry.value, None, what)}
    why = document.text(parts.pop("why"), "why") if "why" in parts else None
    if "keep" in parts:
        if not document.flag(parts.pop("keep"), "keep") or parts:
            document.wrong(entry.value, f"{what}: `keep: true` goes with `why` alone")
        return Decision(Action.KEEP, why=why, place=entry.place)
    if "as" not in parts:
        document.wrong(entry.value, f"{what} says neither `as` nor `keep`")
        return Decision(Action.UNDECIDED, place=entry.place)
    transform = document.text(parts.pop("as"), "as")
    parameters = {key: document.scalar(value, key) for key, value in parts.items()}
    return Decision(Action.REPLACE, transform, parameters, why, place=entry.place)


# --- relations --------------------------------------------------------------------------------------------------


def _relation(document: Document, node: yaml.Node) -> Relation | None:
    text = document.text(node, "a relation")
    sides = [_side(side.strip()) for side in text.split("->")]
    if len(sides) != 2 or sides[0] is None or sides[1] is None:
        document.wrong(node, "a relation reads `table.column -> table.column`, or `table.(a, b) -> table.(c, d)`")
        return None
    (table, columns), (references, referenced) = sides[0], sides[1]
    if len(columns) != len(referenced):
        document.wrong(node, f"the relation joins {len(columns)} columns to {len(referenced)}")
        return None
    return Relation(table, columns, references, referenced, document.place(node))


def _side(text: str) -> tuple[TableName, tuple[str, ...]] | None:
    try:
        if match := _COMPOSITE.match(text):
            return TableName.parse(match["table"]), tuple(split_name(c.strip())[0] for c in match["columns"].split(","))
        *table, column = split_name(text)
        return TableName.parse(".".join(map(quote_name, table))), (column,)
    except ValueError:
        return None


# --- what needs the plug-ins --------------------------------------------------------------------------------------


def lint(rules: RuleFile, known_transforms: Collection[str]) -> list[str]:
    """A sentence for each decision that names a transform there is none of."""
    mistakes = []
    for table in rules.tables.values():
        for column, made in table.columns.items():
            if made.action is Action.REPLACE and made.transform not in known_transforms:
                place: Place | str = made.place or rules.file
                hint = suggestion(str(made.transform), known_transforms) or "; see `anonymizer list transforms`"
                mistakes.append(f"{place}: column {column} is replaced as {made.transform}, which does not exist{hint}")
    return mistakes
