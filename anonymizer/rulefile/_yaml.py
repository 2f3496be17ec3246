"""YAML as rule files use it: nodes that know their line, scalars of YAML 1.2, and every mistake told at once.

Fast, since a rule file may name tens of thousands of columns: PyYAML's C parser makes nodes, and nothing is constructed
that a reader does not ask for. Plain scalars follow the core schema of YAML 1.2 (section 10.3.2), so `NO`, `on` and
`1:30` are text. Tags and merge keys are refused, duplicate keys are mistakes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from anonymizer.errors import RuleError
from anonymizer.model.rules import Place, Scalar

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEAN = {text: text[0] in "tT" for text in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INTEGER = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")


class Loader(_Base):  # type: ignore[misc]
    """Leaves every plain scalar as it stands: `scalar` says what it is."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - PyYAML's own shape


class Mistakes:
    """What is wrong with one file or several, collected so that a person hears all of it at once."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}

    def add(self, place: Place, says: str, *, close_to: str = "", known: Iterable[str] = ()) -> None:
        """`says` is a clause without a full stop; of `known`, what comes close to `close_to` is suggested."""
        near = suggestion(close_to, known)
        self._lines[f"{place}: {says}{near}"] = None

    def lines(self) -> tuple[str, ...]:
        """All of them, each with its place."""
        return tuple(self._lines)

    def refuse(self) -> None:
        """Raise RuleError with a line per mistake, if there are any."""
        if self._lines:
            raise RuleError("\n".join(self._lines))


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?`, or nothing when no known word comes close."""
    candidates = list(known)
    near = difflib.get_close_matches(word.lower(), candidates, n=1, cutoff=0.6) if word and candidates else []
    return f"; did you mean {near[0]}?" if near else ""


def scalar(node: yaml.ScalarNode) -> Scalar:
    """The value of a scalar node by the core schema of YAML 1.2; quoted and block scalars are text."""
    text = str(node.value)
    if node.style:  # "" for plain scalars in the C parser, None in the other one
        return text
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if _INTEGER.match(text):
        return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
    return float(text) if _FLOAT.match(text) else text


def is_plain_text(text: str) -> bool:
    """Whether a plain scalar of these characters would be read as text rather than as a number, a boolean or null."""
    return not (text in _NULL or text in _BOOLEAN or _INTEGER.match(text) or _FLOAT.match(text))


def read_text(path: Path) -> str:
    """The file's text, UTF-8 with or without a byte order mark. Raises RuleError."""
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise RuleError(f"{path}: cannot be read ({error.strerror}); name a rule file that exists") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise RuleError(f"{path}:{line}: is not UTF-8; save the file as UTF-8") from None


def syntax_error(file: str, error: yaml.YAMLError) -> RuleError:
    """What the parser says, with its line and without the text around it."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = Place(file, mark.line + 1 if mark else None)
    problem = getattr(error, "problem", None) or "a character that YAML does not allow"
    return RuleError(f"{place}: not valid YAML ({problem}); correct this line or the one above")


class Document:
    """One file as nodes, and the typed readers of its parts; each notes what is wrong and goes on."""

    def __init__(self, file: str, text: str, mistakes: Mistakes) -> None:
        self.file = file
        self.mistakes = mistakes
        try:
            loader = Loader(text)
            try:
                self.root: yaml.Node | None = loader.get_single_node()
            finally:
                loader.dispose()
        except (yaml.YAMLError, RecursionError) as error:
            if isinstance(error, RecursionError):
                raise RuleError(f"{file}: is nested too deeply; a rule file has a handful of levels") from None
            raise syntax_error(file, error) from None

    def place(self, node: yaml.Node) -> Place:
        """Where a node begins."""
        return Place(self.file, node.start_mark.line + 1)

    def wrong(self, node: yaml.Node, says: str, *, close_to: str = "", known: Iterable[str] = ()) -> None:
        """Note a mistake at the line of `node`."""
        self.mistakes.add(self.place(node), says, close_to=close_to, known=known)

    def items(self, node: yaml.Node, what: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """Key, its node and its value's node, for each entry of a mapping; doubled and odd keys are mistakes."""
        if not isinstance(node, yaml.MappingNode) or node.tag not in _PLAIN_TAGS:
            self.wrong(node, f"{what} must be a mapping of names to values (`name: value`)")
            return
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag not in _PLAIN_TAGS:
                self.wrong(key, f"{what} has a key that is not a plain name")
            elif key.value in seen:
                self.wrong(key, f"{what} has the key {key.value} twice, first in line {seen[key.value]}")
            else:
                seen[key.value] = line
                yield key.value, key, value

    def fields(
        self, node: yaml.Node, what: str, known: Collection[str], required: Iterable[str] = ()
    ) -> dict[str, yaml.Node]:
        """A mapping with these keys only: key -> node of the value."""
        found: dict[str, yaml.Node] = {}
        for name, key, value in self.items(node, what):
            if name in known:
                found[name] = value
            else:
                near = suggestion(name, known) or f"; its keys are {', '.join(known)}"
                self.wrong(key, f"{what} has no key called {name}{near}")
        if isinstance(node, yaml.MappingNode):
            for name in required:
                if name not in found:
                    self.wrong(node, f"{what} needs the key {name}")
        return found

    def elements(self, node: yaml.Node | None, what: str) -> list[yaml.Node]:
        """The nodes of a list; none for a missing one."""
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode) or node.tag not in _PLAIN_TAGS:
            self.wrong(node, f"{what} must be a list (`[a, b]`)")
            return []
        return list(node.value)

    def name(self, node: yaml.Node, what: str) -> str | None:
        """A name as it stands, be it `on` or `null`; empty ones are mistakes."""
        if not isinstance(node, yaml.ScalarNode) or node.tag not in _PLAIN_TAGS:
            self.wrong(node, f"{what} must be a name")
        elif not node.value or (not node.style and node.value == "~"):
            self.wrong(node, f"{what} is empty")
        else:
            return str(node.value)
        return None

    def names(self, node: yaml.Node | None, what: str) -> list[tuple[str, yaml.Node]]:
        """The names of a list, each once."""
        found: dict[str, yaml.Node] = {}
        for element in self.elements(node, what):
            name = self.name(element, f"an entry of {what}")
            if name is None:
                continue
            if name in found:
                self.wrong(element, f"{what} lists {name} twice")
            found[name] = element
        return list(found.items())

    def value(self, node: yaml.Node, what: str) -> Scalar:
        """A single value; lists and mappings are mistakes."""
        if not isinstance(node, yaml.ScalarNode) or node.tag not in _PLAIN_TAGS:
            self.wrong(node, f"{what} must be a single value")
            return None
        return scalar(node)

    def text(self, node: yaml.Node | None, what: str) -> str | None:
        """A text that says something; None for a missing one."""
        if node is None:
            return None
        found = self.value(node, what)
        if isinstance(found, str) and found.strip():
            return found
        if isinstance(node, yaml.ScalarNode):
            self.wrong(node, f"{what} must be a text; put it in quotes")
        return None

    def choice(self, node: yaml.Node | None, what: str, known: Collection[str], default: str) -> str:
        """One of some words."""
        if node is None:
            return default
        found = self.name(node, what)
        if found is None or found in known:
            return found or default
        self.wrong(node, f"{what} must be {' or '.join(known)}", close_to=found, known=known)
        return default

    def whole(self, node: yaml.Node | None, what: str, default: int) -> int:
        """A whole number from 1 on."""
        if node is None:
            return default
        found = self.value(node, what)
        if isinstance(found, int) and not isinstance(found, bool) and found >= 1:
            return found
        if isinstance(node, yaml.ScalarNode):
            self.wrong(node, f"{what} must be a whole number from 1 on")
        return default
