"""Arrays, element by element: PostgreSQL's literal form, `{a,"b c",NULL,{…}}`.

Elements keep their place, their nesting and their quotes; NULL stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms._cells import by_distinct, visible

_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^{},"\s](?:[^{},"]*[^{},"\s])?)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TO_ESCAPE = re.compile(r'(["\\])')
_NEEDS_QUOTES = re.compile(r'[{},"\\\s]|\A\Z|\ANULL\Z', re.IGNORECASE)


def kernel(binding: Binding, build: Callable[[Binding], Kernel]) -> Kernel:
    """The kernel of an array column: `build` makes the one of its elements."""
    family = binding.column.element or TypeFamily.TEXT
    of_elements = build(replace(binding, column=replace(binding.column, family=family, element=None)))

    def mapped(values: pa.Array) -> pa.Array:
        # One string at a time, but once per distinct array, and all elements of a batch in one column.
        literals: list[str] = values.to_pylist()
        parsed = [list(_ELEMENT.finditer(_body(literal))) for literal in literals]
        flat = [_value(match) for matches in parsed for match in matches if not _is_null(match)]
        replaced = iter(of_elements(pa.array(flat, pa.string())).to_pylist())
        return pa.array(
            [_rebuilt(literal, matches, replaced) for literal, matches in zip(literals, parsed, strict=True)],
            pa.string(),
        )

    return by_distinct(visible(mapped))


def _body(literal: str) -> str:
    """The literal with its bounds decoration (`[2:3]=`) blanked out, so that positions stay."""
    start = literal.find("{")
    return " " * start + literal[start:] if start > 0 else literal


def _is_null(match: re.Match[str]) -> bool:
    return match[1] is None and match[2].upper() == "NULL"


def _value(match: re.Match[str]) -> str:
    return _ESCAPED.sub(r"\1", match[1]) if match[1] is not None else match[2]


def _rebuilt(literal: str, matches: list[re.Match[str]], replaced: object) -> str:
    parts, position = [], 0
    for match in matches:
        if _is_null(match):
            continue
        new = next(replaced)  # type: ignore[call-overload]
        quoted = match[1] is not None or _NEEDS_QUOTES.search(new)
        parts += [literal[position : match.start()], f'"{_escaped(new)}"' if quoted else new]
        position = match.end()
    return "".join([*parts, literal[position:]])


def _escaped(text: str) -> str:
    return _TO_ESCAPE.sub(r"\\\1", text)
