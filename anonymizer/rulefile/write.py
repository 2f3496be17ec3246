"""Rule files as text: written from a `RuleFile`, or laid out anew from a person's own text with its comments.

One line per personal column, one list per table for what is kept, in the order of the schema, so that a change of the
schema is a change of few lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from anonymizer.model.finding import ProposedRelation
from anonymizer.model.rules import Action, Decision, DomainRules, RuleFile, Scalar, TableRules
from anonymizer.model.schema import ColumnName
from anonymizer.rulefile._layout import Entry, Node, Path, lay_out, plain, quoted
from anonymizer.rulefile._relations import write_relation
from anonymizer.rulefile._tree import Tree, read_tree
from anonymizer.rulefile.rules import TABLE_KEYS, TOP_KEYS

EDITOR_LINE = "# yaml-language-server: $schema=anonymizer.schema.json"
"""Tells editors which schema to check against; `anonymizer rules schema` prints it."""

_DECISION_KEYS = ("as", "keep", "", "except", "category", "why")
"""Parameters stand where the empty word is."""
_PROPOSED = ("# - ", "# proposed: ")
"""Comments at the end of the file that stand indented, since they belong to the relations."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)


# --- from rules ---------------------------------------------------------------------------------------------------


def write_rules(
    rules: RuleFile, comments: Mapping[ColumnName, str] | None = None, proposed: Sequence[ProposedRelation] = ()
) -> str:
    """The canonical text of `rules`: the same for the same rules, and what `read_rules` reads back.

    `comments` (evidence without data values) stand beside their columns, those of undecided ones as proposals.
    `proposed` relations stand as comments under `relations:`, and hold once a person takes the `# ` away.
    """
    comments = comments or {}
    entries = [_entry("format", "1")]
    if rules.database:
        entries.append(_entry("database", plain(rules.database)))
    entries.append(_entry("scope", plain(rules.scope)))
    purpose = []
    if rules.purpose:
        purpose.append(_entry("text", quoted(rules.purpose)))
    if rules.expires:
        purpose.append(_entry("expires", rules.expires if _DATE.match(rules.expires) else quoted(rules.expires)))
    if purpose:
        entries.append(Entry("purpose", _map(purpose)))
    entries.append(Entry("packs", _list(rules.packs)))
    pseudonyms = [_entry("version", str(rules.version)), Entry("locales", _list(rules.locales))]
    if rules.irreversible:
        pseudonyms.append(_entry("mode", "irreversible"))
    entries.append(Entry("pseudonyms", _map(pseudonyms)))
    if rules.domains:
        domains = [Entry(plain(name), _domain(domain)) for name, domain in sorted(rules.domains.items())]
        entries.append(Entry("domains", _map(domains)))
    tables = [table_entry(table, comments) for table in rules.tables.values()]
    entries.append(Entry("tables", _map(tables)))
    if rules.relations or proposed:
        relations = [_entry(None, _relation_text(write_relation(relation))) for relation in rules.relations]
        entries.append(Entry("relations", Node(entries=relations) if relations else Node()))
    return lay_out([EDITOR_LINE], _map(entries), _proposals(proposed), _blocks_of_rules)


def _proposals(proposed: Sequence[ProposedRelation]) -> list[str]:
    """As far to the right as confirmed relations stand once the sign and one space are gone."""
    if not proposed:
        return []
    advice = "  # proposed: take the sign and its space away where it is right, and give both columns one decision"
    lines = [(_relation_text(write_relation(one.relation)), _comment(one.words)) for one in proposed]
    return [advice, *(f"  # - {text}   {words}" for text, words in lines)]


def _domain(rules: DomainRules) -> Node:
    entries = [_entry("width", str(rules.width))] if rules.width else []
    return _map([*entries, _entry("unique", "true")] if rules.unique else entries)


def table_entry(rules: TableRules, comments: Mapping[ColumnName, str]) -> Entry:
    """One table's section."""
    return Entry(plain(str(rules.table)), _table(rules, comments))


def _table(rules: TableRules, comments: Mapping[ColumnName, str]) -> Node:
    def beside(column: str) -> str:
        return _comment(comments.get(ColumnName(rules.table, column)))

    own, kept, undecided = [], [], []
    for column, decision in rules.columns.items():
        if decision.action is Action.UNDECIDED:
            undecided.append(Entry(None, Node(plain(column)), beside=beside(column) or _comment(decision.category)))
        elif _says_nothing_of_its_own(decision, rules):
            kept.append(column)
        else:
            own.append(Entry(plain(column), _decision(decision), beside=beside(column)))
    entries = []
    if rules.subject:
        entries.append(_entry("subject", plain(rules.subject)))
    if rules.rows != "all":
        entries.append(_entry("rows", rules.rows))
    if own:
        entries.append(Entry("columns", _map(own)))
    if kept or (not rules.columns and not entries):
        entries.append(Entry("keep", _list(kept)))
    if undecided:
        entries.append(Entry("undecided", Node(entries=undecided)))
    if rules.why:
        entries.append(_entry("why", quoted(rules.why)))
    return _map(entries)


def _says_nothing_of_its_own(decision: Decision, rules: TableRules) -> bool:
    """Whether a kept column stands in the table's list, whose reason is the table's."""
    inherited = rules.why if rules.rows == "all" else None
    return decision.action is Action.KEEP and decision.why in (None, inherited)


def _decision(decision: Decision) -> Node:
    """A transform's name, or a map when there is more to say."""
    transform = plain(str(decision.transform)) if decision.transform != "null" else "null"
    category = decision.category if decision.category not in (None, decision.transform) else None
    if decision.action is Action.REPLACE and not (decision.parameters or decision.spared or decision.why or category):
        return Node(transform)
    keeps = decision.action is Action.KEEP
    entries = [_entry("keep", "true") if keeps else _entry("as", transform)]
    entries += [_entry(plain(name), _scalar(value)) for name, value in decision.parameters.items()]
    if decision.spared:
        entries.append(Entry("except", _list(decision.spared)))
    if category:
        entries.append(_entry("category", plain(category)))
    if decision.why:
        entries.append(_entry("why", quoted(decision.why)))
    return _map(entries)


def _scalar(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else plain(value) if isinstance(value, str) else repr(value)


def _relation_text(text: str) -> str:
    """Bare where YAML takes it as it is: no quotes, colons, comment signs."""
    return text if re.fullmatch(r"[\w.]+(\.\([\w, ]+\))? -> [\w.]+(\.\([\w, ]+\))?", text, re.ASCII) else quoted(text)


def _entry(key: str | None, text: str) -> Entry:
    return Entry(key, Node(text))


def _map(entries: Sequence[Entry]) -> Node:
    return Node(entries=list(entries), is_map=True)


def _list(names: Sequence[str]) -> Node:
    return Node(entries=[_entry(None, plain(name)) for name in names])


def _comment(text: str | None) -> str:
    words = "".join(c if c.isprintable() else " " for c in text or "").split()
    return f"# {' '.join(words)}" if words else ""


# --- from text ----------------------------------------------------------------------------------------------------


def format_rules(text: str, file: str = "the rule file") -> str:
    """The same rules and comments in canonical layout; doing it twice changes nothing more.

    Raises RuleError for what is not YAML, or YAML that no rule file needs (tags, several documents).
    """
    text = re.sub("\ufeff|\r\n|[\r\x85\u2028\u2029]", lambda found: "" if found[0] == "\ufeff" else "\n", text)
    tree = read_tree(text, file)
    if tree is None:
        return text
    keys = [entry.key for entry in tree.root.entries or ()]
    if "pack" in keys:
        return lay_out(tree.header, tree.root, tree.footer, _blocks_of_packs)
    return format_tree(tree)


def format_tree(tree: Tree) -> str:
    """The canonical text of a rule file's tree."""
    _order(tree.root, TOP_KEYS)
    for entry in tree.root.entries or ():
        if entry.key == "tables":
            for table in entry.node.entries or ():
                _order(table.node, TABLE_KEYS)
                for section in table.node.entries or ():
                    if section.key == "columns":
                        for column in section.node.entries or ():
                            _order(column.node, _DECISION_KEYS)
    footer = [f"  {line}" if line.startswith(_PROPOSED) else line for line in tree.footer]
    return lay_out(tree.header, tree.root, footer, _blocks_of_rules)


def _order(node: Node, keys: Sequence[str]) -> None:
    """Sort a mapping by `keys`; others stand where the empty key is, or at the end."""
    others = keys.index("") if "" in keys else len(keys)
    if node.is_map and node.entries:
        node.entries.sort(key=lambda entry: keys.index(entry.key) if entry.key in keys else others)


def _blocks_of_rules(path: Path, node: Node) -> bool:
    """The rule file itself, its tables, and lists of sentences."""
    if path in ((), ("domains",), ("tables",), ("relations",), ("accepted",)) or path[:1] + path[2:] == (
        "tables",
        "columns",
    ):
        return True
    if path[:1] == ("tables",) and len(path) == 2:
        return any(entry.key in ("columns", "undecided") for entry in node.entries or ())
    return path[:1] + path[2:] == ("tables", "undecided")


def _blocks_of_packs(path: Path, node: Node) -> bool:
    return path in ((), ("defaults",), ("recognise",)) or (path[:1] == ("recognise",) and len(path) == 2)
