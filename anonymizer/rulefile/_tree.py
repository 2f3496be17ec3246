"""A person's YAML -> the tree of `_layout`, with every comment at the entry it speaks of.

PyYAML drops comments, but says where each scalar begins and ends: a `#` outside of all scalars begins a comment.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from anonymizer.errors import RuleError
from anonymizer.rulefile._layout import Entry, Node, quoted
from anonymizer.rulefile._yaml import Loader, syntax_error

_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
_COMMENT_SIGN = re.compile(r"(?:^|(?<=[ \t]))#")
_BLOCK_HEADER = re.compile(r"[|>][-+0-9]*[ \t]+(#.*)")


class Tree(NamedTuple):
    """A document: its first comments, its content, its last comments."""

    header: list[str]
    root: Node
    footer: list[str]


class _Span(NamedTuple):
    """Where an entry begins and, unless it is an open-ended block, ends; offsets into the text."""

    start: int
    end: int | None
    entry: Entry


def read_tree(text: str, file: str) -> Tree | None:
    """The tree of `text`, or None when there is nothing but comments. Raises RuleError for what is not YAML."""
    reader = _Reader(text, file)
    if reader.root is None:
        return None
    footer = _attach(text, reader)
    first = (reader.root.entries or [])[:1]
    header = first[0].above if first else []
    if first:
        first[0].above = []
    return Tree(header, reader.root, footer)


class _Reader:
    """Builds nodes from the parser's events; notes spans of scalars and entries on the way."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.scalars: list[tuple[int, int]] = []
        self.spans: list[_Span] = []
        self.headers: list[tuple[int, str]] = []
        self.root: Node | None = None
        try:
            self.events: Iterator[Any] = iter(list[Any](yaml.parse(text, Loader=Loader)))
        except yaml.YAMLError as error:
            raise syntax_error(file, error) from None
        for event in self.events:
            if isinstance(event, yaml.MappingStartEvent) and self.root is None:
                self.root, _ = self._node(event)
            elif isinstance(event, yaml.NodeEvent):
                self._refuse(event, "is not one mapping of names to values")

    def _refuse(self, event: Any, what: str) -> None:
        raise RuleError(f"{self.file}:{event.start_mark.line + 1}: {what}; a rule file or a pack never needs that")

    def _node(self, event: Any) -> tuple[Node, int | None]:
        """The node that begins with `event`, and where it ends; None for blocks, whose end nobody writes."""
        end: int | None = _end(event)
        if isinstance(event, yaml.AliasEvent):
            return Node(f"*{event.anchor}"), end
        if event.tag not in (None, "!") or (event.tag == "!" and self.text[event.start_mark.index] == "!"):
            self._refuse(event, "has a tag")
        anchor = f"&{event.anchor} " if event.anchor else ""
        if isinstance(event, yaml.ScalarEvent):
            return Node(self._scalar(event), anchor=anchor), end
        node = Node(entries=[], is_map=isinstance(event, yaml.MappingStartEvent), anchor=anchor)
        end = self._entries(node)
        return node, end if event.flow_style else None

    def _entries(self, node: Node) -> int:
        """Fill `node` up to its end event; where that ends."""
        assert node.entries is not None
        for event in self.events:
            if isinstance(event, yaml.CollectionEndEvent):
                return _end(event)
            key = None
            start = event.start_mark.index
            if node.is_map:
                if not isinstance(event, yaml.ScalarEvent) or event.anchor:
                    self._refuse(event, "has a key that is no plain name")
                key = self._scalar(event)
                event = next(self.events)
            entry = Entry(key, Node())
            position = len(self.spans)
            self.spans.append(_Span(start, None, entry))  # before its children: spans stay in order of their start
            node.entries.append(entry)
            entry.node, end = self._node(event)
            self.spans[position] = _Span(start, end, entry)
        raise AssertionError("the parser closes every collection")

    def _scalar(self, event: Any) -> str:
        """The scalar as it was written, without anchor; one of several lines in quotes on one line."""
        start, end = event.start_mark.index, event.end_mark.index
        self.scalars.append((start, end))
        written = self.text[start:end]
        if event.anchor:
            written = written.removeprefix(f"&{event.anchor}").lstrip()
        if event.style in ("|", ">"):
            if header := _BLOCK_HEADER.match(written):
                self.headers.append((start, header[1]))
            return quoted(event.value)
        return quoted(event.value) if "\n" in written else written.strip()


def _end(event: Any) -> int:
    """Where what the event stands for ends, as an offset into the text."""
    return int(event.end_mark.index)


def _attach(text: str, reader: _Reader) -> list[str]:
    """Give every comment and single empty line to an entry; returns what stands after the last one."""
    starts = [span.start for span in reader.spans]
    scalar_starts = [start for start, _ in reader.scalars]

    def is_in_scalar(position: int) -> bool:
        near = bisect_right(scalar_starts, position) - 1
        return near >= 0 and position < reader.scalars[near][1] and position > reader.scalars[near][0]

    footer: list[str] = []
    for line in _LINE.finditer(text):
        stripped = line[0].strip()
        if not stripped or stripped[0] == "#":
            if not is_in_scalar(line.start()):
                following = bisect_left(starts, line.start())
                above = reader.spans[following].entry.above if following < len(starts) else footer
                if stripped or above[-1:] != [""]:
                    above.append(stripped)
            continue
        for sign in _COMMENT_SIGN.finditer(line[0]):
            position = line.start() + sign.start()
            if not is_in_scalar(position):
                _put_beside(reader.spans, starts, line.start(), position, line[0][sign.start() :].strip())
                break
    for start, comment_text in reader.headers:
        _put_beside(reader.spans, starts, start, start, comment_text.strip())
    return footer


def _put_beside(spans: list[_Span], starts: list[int], line: int, position: int, comment: str) -> None:
    """Give a comment to the outermost entry that ends on its line, else to the one that began last."""
    last = bisect_right(starts, position) - 1
    if last < 0:  # behind the mark of the document
        last = 0
    chosen = spans[last].entry
    for span in reversed(spans[: last + 1]):
        if span.end is not None and line < span.end <= position:
            chosen = span.entry  # an entry that began earlier and ended here holds the later ones
        elif span.start < line and span.end is not None:
            break
    chosen.beside = f"{chosen.beside} {comment}".strip()
