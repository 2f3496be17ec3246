"""`model.RuleFile` -> canonical text, and laying a text out anew with its comments.

One line per personal column, one list per table for what is kept, one for what a person must still decide; in schema
order, so that a change of the schema is a change of few lines.
"""

from __future__ import annotations

import io
import json
import re
import textwrap
from collections.abc import Iterator, Mapping

from anonymizer.errors import RuleError
from anonymizer.model.rules import Action, Decision, Relation, RuleFile, Scalar, TableRules
from anonymizer.model.schema import ColumnName, quote_name

_WIDTH = 110
_PLAIN = re.compile(r"[A-Za-z_][\w.\-]*\Z")
_WORDS = ("true", "false", "null")


def write_rules(rules: RuleFile, comments: Mapping[ColumnName, str] | None = None) -> str:
    """The canonical text of `rules`. `comments` (evidence, without data values) stand behind their column's line."""
    comments = comments or {}
    lines = ["# yaml-language-server: $schema=./rules.schema.json", "format: 1"]
    if rules.database:
        lines.append(f"database: {_scalar(rules.database)}")
    lines.append(f"scope: {_scalar(rules.scope)}")
    purpose = {"text": rules.purpose, "expires": rules.expires}
    if rules.purpose or rules.expires:
        lines.append(f"purpose: {_flow({k: v for k, v in purpose.items() if v})}")
    lines.append(f"packs: [{', '.join(map(_scalar, rules.packs))}]")
    lines.append(f"pseudonyms: {{version: {rules.version}, locales: [{', '.join(map(_scalar, rules.locales))}]}}")
    lines.append("tables:" if rules.tables else "tables: {}")
    for table in rules.tables.values():
        lines += _table(table, comments)
    if rules.relations:
        lines.append("relations:")
        lines += [f"  - {_scalar(_relation(relation))}" for relation in rules.relations]
    return "\n".join(lines) + "\n"


def _table(table: TableRules, comments: Mapping[ColumnName, str]) -> Iterator[str]:
    yield f"  {_scalar(str(table.table))}:"
    for key in ("subject", "why"):
        if value := getattr(table, key):
            yield f"    {key}: {_scalar(value)}"
    if table.rows != "all":
        yield f"    rows: {table.rows}"
    written = {name: d for name, d in table.columns.items() if not _is_listed(d, table)}
    if written:
        yield "    columns:"
    for name, decision in written.items():
        yield f"      {_scalar(name)}: {_decision(decision)}{_comment(comments.get(ColumnName(table.table, name)))}"
    kept = [n for n, d in table.columns.items() if d.action is Action.KEEP and n not in written]
    if kept:
        yield from _list("keep", kept)
    undecided = [n for n, d in table.columns.items() if d.action is Action.UNDECIDED]
    if undecided:
        yield "    undecided:"
    for name in undecided:
        yield f"      - {_scalar(name)}{_comment(comments.get(ColumnName(table.table, name)))}"
    if not table.columns and table.rows == "all":
        yield "    keep: []"


def _is_listed(decision: Decision, table: TableRules) -> bool:
    """Whether a column stands in a list: its decision says nothing of its own."""
    if decision.action is Action.UNDECIDED:
        return True
    return decision.action is Action.KEEP and (decision.why is None or decision.why == table.why)


def _list(key: str, names: list[str]) -> Iterator[str]:
    text = f"{key}: [{', '.join(map(_scalar, names))}]"
    yield from (
        textwrap.wrap(
            text,
            _WIDTH,
            initial_indent="    ",
            subsequent_indent="      ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        if not any(" " in name for name in names)
        else [f"    {text}"]
    )


def _decision(decision: Decision) -> str:
    if decision.action is Action.KEEP:
        return _flow({"keep": True, **({"why": decision.why} if decision.why else {})})
    if not decision.parameters and not decision.why:
        return _scalar(str(decision.transform))
    why = {"why": decision.why} if decision.why else {}
    return _flow({"as": decision.transform, **decision.parameters, **why})


def _relation(relation: Relation) -> str:
    def side(table: object, columns: tuple[str, ...]) -> str:
        names = ", ".join(map(quote_name, columns))
        return f"{table}.{names}" if len(columns) == 1 else f"{table}.({names})"

    return f"{side(relation.table, relation.columns)} -> {side(relation.references, relation.referenced)}"


def _flow(values: Mapping[str, Scalar]) -> str:
    return "{" + ", ".join(f"{_scalar(key)}: {_scalar(value)}" for key, value in values.items()) + "}"


def _scalar(value: Scalar) -> str:
    """A scalar as YAML 1.2 core reads it back; JSON strings are YAML strings."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if _PLAIN.match(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=any(ord(c) in (0x85, 0x2028, 0x2029, 0xFEFF, 0x7F) for c in value))


def _comment(text: str | None) -> str:
    return f"  # {' '.join(text.split())}" if text else ""


def format_rules(text: str) -> str:
    """The text in canonical layout: comments, order and decisions stay. Raises RuleError for what is not YAML."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        data = yaml.load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark is not None else ""
        raise RuleError(f"{line}the text is not YAML; check indentation, colons and quotes") from None
    if data is None:
        return text
    out = io.StringIO()
    yaml.dump(data, out)
    lines = [line.rstrip() for line in out.getvalue().split("\n")]
    return "\n".join(lines).rstrip("\n") + "\n"
