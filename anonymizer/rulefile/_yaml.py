"""YAML 1.2 core text as nodes that know their line; mistakes are collected and raised together.

PyYAML's C parser composes a 1,000-table file in well under a second; its YAML 1.1 scalars (`NO`, `on`, `1:30`, dates)
are turned off, so that they stay text.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import ClassVar, NamedTuple

import yaml

from anonymizer.errors import RuleError
from anonymizer.model.rules import Place, Scalar

_BASE: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc, valid-type]
    """Composes nodes with the scalars of the YAML 1.2 core schema."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), [c if c != "\0" else "" for c in _first]
    )


class Entry(NamedTuple):
    """One key of a mapping with its value."""

    key: str
    value: yaml.Node
    place: Place


class Document:
    """One YAML file and the mistakes found in it so far."""

    def __init__(self, path: Path, mistakes: list[str]) -> None:
        self.file, self.mistakes = str(path), mistakes
        self.root: yaml.Node | None = None
        try:
            self.root = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=_Loader)
        except OSError as error:
            self.mistakes.append(f"{self.file}: cannot be read ({error.strerror}); check the name")
        except UnicodeDecodeError:
            self.mistakes.append(f"{self.file}: is not UTF-8 text; save it as UTF-8")
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f":{mark.line + 1}" if mark is not None else ""
            problem = getattr(error, "problem", None) or "is not YAML"
            self.mistakes.append(f"{self.file}{line}: {problem}; check indentation, colons and quotes")

    def place(self, node: yaml.Node) -> Place:
        return Place(self.file, node.start_mark.line + 1)

    def wrong(self, node: yaml.Node, what: str) -> None:
        """Note a mistake at a node."""
        self.mistakes.append(f"{self.place(node)}: {what}")

    def entries(self, node: yaml.Node | None, known: Collection[str] | None, what: str) -> Iterator[Entry]:
        """The keys and values of a mapping; wrong shape, duplicate and unknown keys are mistakes and left out."""
        if node is None or self._is_null(node):
            return
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, f"{what} is not a mapping of keys to values")
            return
        seen: set[str] = set()
        for key_node, value in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            if not key:
                self.wrong(key_node, f"{what} has a key that is no plain text")
            elif key in seen:
                self.wrong(key_node, f"{key} stands twice in {what}; remove one")
            elif known is not None and key not in known:
                self.wrong(key_node, f"{what} has no key {key}{suggestion(key, known)}")
            else:
                seen.add(key)
                yield Entry(key, value, self.place(key_node))

    def items(self, node: yaml.Node, what: str) -> list[yaml.Node]:
        """The nodes of a list."""
        if self._is_null(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(node, f"{what} is not a list")
            return []
        return list(node.value)

    def text(self, node: yaml.Node, what: str) -> str:
        """A scalar as text; numbers are taken as they are written. "" after a mistake."""
        if not isinstance(node, yaml.ScalarNode) or self._is_null(node):
            self.wrong(node, f"{what} is not a text")
            return ""
        return str(node.value)

    def texts(self, node: yaml.Node, what: str) -> list[str]:
        """A list of texts."""
        return [text for item in self.items(node, what) if (text := self.text(item, f"an entry of {what}"))]

    def scalar(self, node: yaml.Node, what: str) -> Scalar:
        """A scalar as its type; None after a mistake."""
        if not isinstance(node, yaml.ScalarNode):
            self.wrong(node, f"{what} is not a single value")
            return None
        kind = node.tag.rsplit(":", 1)[-1]
        if kind == "null":
            return None
        if kind == "bool":
            return str(node.value).lower() == "true"
        if kind == "int":
            return int(node.value)
        return float(node.value) if kind == "float" else str(node.value)

    def flag(self, node: yaml.Node, what: str) -> bool:
        """true or false."""
        value = self.scalar(node, what)
        if not isinstance(value, bool):
            self.wrong(node, f"{what} is neither true nor false")
        return value is True

    def number(self, node: yaml.Node, what: str) -> float:
        """A number; 0 after a mistake."""
        value = self.scalar(node, what)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(node, f"{what} is not a number")
            return 0
        return value

    def _is_null(self, node: yaml.Node) -> bool:
        return isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")


def suggestion(word: str, known: Collection[str]) -> str:
    """`; did you mean X?`, or what there is when nothing is close."""
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; known are {', '.join(known)}" if len(known) <= 15 else ""


def raise_all(mistakes: list[str]) -> None:
    """Raise RuleError when there are mistakes, one a line."""
    if mistakes:
        raise RuleError("\n".join(mistakes))
