"""The one canonical layout of rule files and packs: a tree of entries with their comments, and its text.

What fits one line stands on one line, lists wrap at `WIDTH`, everything else is indented by two. Written from a
`RuleFile` or from a person's own text, the same content looks the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from anonymizer.rulefile._yaml import is_plain_text

WIDTH = 120

_WORDS = re.compile(r"[^\W\d][\w.\-]*(?: [\w.\-]+)*\Z")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_PRINTABLE = re.compile("[ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True)
class Node:
    """A scalar (`entries` is None; `text` is its YAML), or a list or mapping."""

    text: str = ""
    entries: list[Entry] | None = None
    is_map: bool = False
    anchor: str = ""
    """`&name ` in front of it, or nothing."""


@dataclass(slots=True)
class Entry:
    """One item of a list (`key` is None) or of a mapping, with the comment lines above it and the one beside it.

    An empty string among `above` stands for an empty line.
    """

    key: str | None
    node: Node
    above: list[str] = field(default_factory=list)
    beside: str = ""


Path = tuple[str, ...]
"""Keys from the top down, as written; "-" for an item of a list."""
Blocks = Callable[[Path, Node], bool]
"""Whether the collection at a path is never put on one line."""


# --- scalars ----------------------------------------------------------------------------------------------------


def quoted(text: str) -> str:
    """A text in double quotes, as YAML 1.2 reads it back."""
    return '"' + "".join(_ESCAPES.get(c) or (c if _PRINTABLE.match(c) else _escape(c)) for c in text) + '"'


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def plain(text: str) -> str:
    """A text without quotes where it reads back as that text, everywhere in the file; else in quotes."""
    return text if _WORDS.match(text) and is_plain_text(text) else quoted(text)


# --- layout -----------------------------------------------------------------------------------------------------


def lay_out(header: Sequence[str], root: Node, footer: Sequence[str], blocks: Blocks) -> str:
    """The text of a document."""
    lines = [*_trimmed(header), *_children(root, 0, (), blocks), *_trimmed(footer, keep_first=True)]
    return "\n".join(lines) + "\n"


def _trimmed(comments: Sequence[str], keep_first: bool = False) -> list[str]:
    lines = list(comments)
    while lines and not lines[-1] and keep_first:
        lines.pop()
    while lines and not lines[0] and not keep_first:
        lines.pop(0)
    return lines


def _children(node: Node, indent: int, path: Path, blocks: Blocks) -> Iterator[str]:
    for position, entry in enumerate(node.entries or ()):
        above = list(_hoisted(entry)) if entry.key is None else entry.above
        first = position == 0
        for line in above:
            if line or not first:  # no empty line below the key of the collection
                yield " " * indent + line if line else ""
            first = first and not line
        yield from _entry(entry, indent, (*path, entry.key or "-"), blocks)


def _hoisted(entry: Entry) -> Iterator[str]:
    """An item's comments, and those above its first key: they would stand between the dash and the key."""
    yield from entry.above
    node = entry.node
    if node.entries and node.is_map and not node.anchor:
        yield from node.entries[0].above


def _entry(entry: Entry, indent: int, path: Path, blocks: Blocks) -> Iterator[str]:
    lead = " " * indent + ("- " if entry.key is None else f"{entry.key}: ") + entry.node.anchor
    beside = f"  {entry.beside}" if entry.beside else ""
    node = entry.node
    if node.entries is None:
        yield (lead + node.text).rstrip() + beside
    elif not node.entries:
        yield lead + ("{}" if node.is_map else "[]") + beside
    elif (lines := _flow(node, lead, indent, path, blocks)) is not None:
        lines[-1] += beside
        yield from lines
    elif entry.key is None and node.is_map and not node.anchor and not entry.beside:
        inner = list(_children(_without_first_comments(node), indent + 2, path, blocks))
        yield f"{' ' * indent}- {inner[0].lstrip()}"
        yield from inner[1:]
    else:
        yield lead.rstrip() + beside
        yield from _children(node, indent + 2, path, blocks)


def _without_first_comments(node: Node) -> Node:
    first, *rest = node.entries or []
    return Node(entries=[Entry(first.key, first.node, [], first.beside), *rest], is_map=True)


def _flow(node: Node, lead: str, indent: int, path: Path, blocks: Blocks) -> list[str] | None:
    """The collection in brackets: on one line, or a list wrapped over several; None where it has to be a block."""
    entries = node.entries or []
    if blocks(path, node) or _has_comments(node):
        return None
    whole = _one_line(node, path, blocks)
    if whole is None:
        return None
    if node.is_map:
        leaf = all(entry.node.entries is None for entry in entries)
        return [lead + whole] if leaf or len(lead + whole) <= WIDTH else None
    if any(entry.node.is_map for entry in entries):
        return None
    items = [entry.node.anchor + str(_one_line(entry.node, path, blocks)) for entry in entries]
    return _wrapped(lead + "[", items, " " * (indent + 2))


def _wrapped(first: str, items: Iterable[str], indent: str) -> list[str]:
    lines = [first]
    for item in items:
        fresh = lines[-1] == first and len(lines) == 1
        if len(lines[-1]) + 1 + len(item) + 1 > WIDTH and not fresh:
            lines.append(indent + item + ",")
        else:
            lines[-1] += ("" if fresh else " ") + item + ","
    lines[-1] = lines[-1][:-1] + "]"
    return lines


def _has_comments(node: Node) -> bool:
    return any(
        entry.beside or any(entry.above) or (entry.node.entries and _has_comments(entry.node))
        for entry in node.entries or ()
    )


def _one_line(node: Node, path: Path, blocks: Blocks) -> str | None:
    """The node on one line, or None where a part of it has to be a block or is missing."""
    if node.entries is None:
        return node.text or None  # in brackets, a value that nobody wrote yet is not YAML
    if blocks(path, node):
        return None
    parts = []
    for entry in node.entries:
        value = _one_line(entry.node, (*path, entry.key or "-"), blocks)
        if value is None:
            return None
        key = "" if entry.key is None else f"{entry.key}: "
        parts.append(f"{key}{entry.node.anchor}{value}".rstrip())
    return f"{{{', '.join(parts)}}}" if node.is_map else f"[{', '.join(parts)}]"
