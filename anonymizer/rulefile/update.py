"""A person's rule file, with what is new in the database added to it: decisions, comments and order stay.

Only columns that the file does not decide are added, each with its evidence as a comment; what a person wrote is never
changed, and columns that are gone stay for a person to remove (`anonymizer check` names them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from anonymizer.errors import RuleError
from anonymizer.model.rules import RuleFile, TableRules
from anonymizer.model.schema import ColumnName, TableName
from anonymizer.rulefile._layout import Entry, Node
from anonymizer.rulefile._tree import read_tree
from anonymizer.rulefile.rules import TABLE_KEYS, read_rules
from anonymizer.rulefile.write import format_tree, table_entry


def update_rules(
    path: Path, proposed: RuleFile, comments: Mapping[ColumnName, str]
) -> tuple[str, tuple[ColumnName, ...]]:
    """The text of the rule file at `path` with what `proposed` decides and it does not; and the columns added.

    Raises RuleError for a file with mistakes, and for new columns of a table whose rules stand in an included file.
    """
    written = read_rules(path)
    fresh = [new for table in proposed.tables.values() if (new := _new(table, written, path)) is not None]
    tree = read_tree(path.read_text(encoding="utf-8-sig").replace("\r\n", "\n"), str(path))
    if tree is None:
        raise RuleError(f"{path}: is empty; write a new file with --output instead")
    sections = _child(tree.root, "tables", is_map=True)
    for table in fresh:
        _add(sections, table, comments)
    added = tuple(ColumnName(table.table, column) for table in fresh for column in table.columns)
    return format_tree(tree), added


def _new(table: TableRules, written: RuleFile, path: Path) -> TableRules | None:
    """What the file does not decide of one table, under the name that it has there; None when that is nothing."""
    name = _located(table.table, written)
    known = written.tables.get(name) if name else None
    columns = {
        column: decision
        for column, decision in table.columns.items()
        if known is None or (column not in known.columns and known.rows == "all")
    }
    if not columns:
        return None
    if known is not None and known.place is not None and Path(known.place.file).name != path.name:
        raise RuleError(f"{known.place}: {name} has new columns, and its rules stand there: update {known.place.file}")
    return replace(table, table=name or table.table, columns=columns)


def _located(table: TableName, written: RuleFile) -> TableName | None:
    """The file's name for a table: the same, or the only one of that name without a schema."""
    if table in written.tables:
        return table
    bare = TableName("", table.name)
    return bare if bare in written.tables else None


def _add(sections: Node, table: TableRules, comments: Mapping[ColumnName, str]) -> None:
    entry = table_entry(table, comments)
    old = next((each for each in sections.entries or () if TableName.parse(_name(each)) == table.table), None)
    if old is None:
        assert sections.entries is not None
        sections.entries.append(entry)
        return
    if old.node.entries is None:
        old.node = Node(entries=[], is_map=True)
    for part in entry.node.entries or ():
        key = "undecided" if part.key == "keep" and _has_reason(old.node) else str(part.key)
        there = _child(old.node, key, is_map=part.node.is_map, order=TABLE_KEYS)
        assert there.entries is not None
        there.entries.extend(part.node.entries or ())


def _has_reason(table: Node) -> bool:
    """Whether what is kept has a reason that a person wrote: it was not written for a new column."""
    keys = {_name(entry): entry.node for entry in table.entries or ()}
    return "why" in keys or ("keep" in keys and keys["keep"].is_map)


def _child(node: Node, key: str, is_map: bool, order: Sequence[str] = ()) -> Node:
    """The collection under `key`, made where there is none; among its siblings in canonical order."""
    assert node.entries is not None
    for entry in node.entries:
        if _name(entry) == key:
            if entry.node.entries is None:
                entry.node = Node(entries=[], is_map=is_map)
            return entry.node
    made = Entry(key, Node(entries=[], is_map=is_map))
    place = next(
        (at for at, other in enumerate(node.entries) if key in order and _rank(other, order) > order.index(key)),
        len(node.entries),
    )
    node.entries.insert(place, made)
    return made.node


def _rank(entry: Entry, order: Sequence[str]) -> int:
    return order.index(_name(entry)) if _name(entry) in order else -1


def _name(entry: Entry) -> str:
    """A key without its quotes."""
    return str(yaml.load(entry.key or "", Loader=yaml.BaseLoader))
