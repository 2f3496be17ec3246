"""CSV text, cell by cell, in every dialect that `datapackage.json` can state, and the cuts between its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_LETTERS = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}
_SIGNS = ",;\t|"

Cell = str | None


class Misfit(Exception):
    """The text is not written as it should be; the message is a sentence without any value."""


@dataclass(frozen=True)
class Form:
    """How a file writes its rows."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    comment: str = ""
    end: str = ""
    """What ends a row; empty: any line end."""
    missing: tuple[str, ...] = ("",)

    @classmethod
    def stated(cls, given: dict[str, Any]) -> Form:
        """By the words of a resource in `datapackage.json`."""
        dialect, schema = given.get("dialect") or {}, given.get("schema") or {}
        missing = [each["value"] if isinstance(each, dict) else each for each in schema.get("missingValues", [""])]
        if "nullSequence" in dialect:
            missing.append(dialect["nullSequence"])
        escape = dialect.get("escapeChar") or ""
        end = dialect.get("lineTerminator", "\n")
        return cls(
            dialect.get("delimiter", ","),
            dialect.get("quoteChar", "" if escape else '"') or "",
            escape,
            dialect.get("commentChar") or "",
            "" if end in ("\n", "\r\n") else end,
            tuple(missing),
        )

    @property
    def plain(self) -> bool:
        """Whether Arrow's reader knows it."""
        return not (self.escape or self.comment or self.end) and len(self.delimiter) == 1

    @cached_property
    def cell(self) -> re.Pattern[str]:
        """A cell and what ends it: the delimiter, the end of the row or of the text."""
        delimiter, end = re.escape(self.delimiter), re.escape(self.end) if self.end else r"\r?\n"
        quote = re.escape(self.quote)
        any_of = rf"\\.|(?!{delimiter}|{end})[^\\{quote}]" if self.escape else rf"(?!{delimiter}|{end}|{quote or end})."
        if not self.end and len(self.delimiter) == 1 and not self.escape:
            any_of = rf"[^{delimiter}\r\n{quote}]|\r(?!\n)"
        bare = rf"(?P<bare>(?:{any_of})*+)"
        if self.quote:
            inner = rf"[^{quote}\\]|\\.|{quote}{quote}" if self.escape else rf"[^{quote}]|{quote}{quote}"
            bare = rf"{quote}(?P<quoted>(?:{inner})*+){quote}|(?!{quote}){bare}"
        return re.compile(rf"(?:{bare})(?:(?P<more>{delimiter})|(?P<end>{end})|\Z)", re.DOTALL)


def candidates(stated: str, text: str, escapes: bool, missing: tuple[str, ...]) -> Iterator[Form]:
    """The forms that a file may have of which nothing is stated but, perhaps, the delimiter.

    `escapes` is whether a backslash stands before a quote somewhere.
    """
    signs = stated or _SIGNS
    yield from (Form(sign, missing=missing) for sign in signs)
    if escapes:
        yield from (Form(sign, escape="\\", missing=missing) for sign in signs)
    for sign in set(signs) & set("\t|"):
        if re.search(rf"(?:^|{re.escape(sign)})\\N(?:$|\r|{re.escape(sign)})", text, re.MULTILINE):
            nulls = missing if missing != ("",) else ("\\N",)
            yield Form(sign, "", "\\", missing=nulls)
        else:
            yield Form(sign, "", missing=missing)


def split_rows(text: str, form: Form, final: bool) -> tuple[str, str, list[str]]:
    """Whole rows without comments, what is left of the text, and the comments."""
    if form.plain:
        if final:
            return text, "", []
        stop = text.rfind("\n") + 1
        if form.quote:
            odd = text.count(form.quote, 0, stop) % 2
            while stop and odd:
                before = text.rfind("\n", 0, stop - 1) + 1
                odd ^= text.count(form.quote, before, stop) % 2
                stop = before
        return text[:stop], text[stop:], []
    rows: list[str] = []
    comments: list[str] = []
    start = 0
    for position, end, _ in _rows(text, form, final, comments):
        rows.append(text[position:end])
        start = end
    if final:
        start = len(text)
    elif comments and not rows:
        comments.clear()  # they come again with the next row
    return "".join(rows), text[start:], comments


def _rows(text: str, form: Form, final: bool, comments: list[str]) -> Iterator[tuple[int, int, list[Cell]]]:
    """Where each whole row begins and ends, and its cells."""
    position = 0
    while position < len(text):
        start = position
        if form.comment and text.startswith(form.comment, position):
            stop = text.find("\n", position) + 1
            if not stop and not final:
                return
            comments.append(text[position : stop or len(text)])
            position = stop or len(text)
            continue
        row: list[Cell] = []
        while True:
            found = form.cell.match(text, position)
            whole = found is not None and (found["more"] is not None or found["end"] is not None or final)
            if found is None or not whole:
                if final:
                    raise Misfit("holds a row whose quotes stand where none may")
                return
            row.append(_value(found, form))
            position = found.end()
            if found["more"] is None:
                break
        yield start, position, row


def _value(found: re.Match[str], form: Form) -> Cell:
    quoted = found.groupdict().get("quoted")
    text = found["bare"] if quoted is None else quoted
    if quoted is None and text in form.missing:
        return None
    if form.escape:
        doubled = re.escape(form.quote * 2) or r"\Z"
        return re.sub(rf"\\(.)|{doubled}", lambda hit: _LETTERS.get(hit[1], hit[1]) if hit[1] else form.quote, text,
                      flags=re.DOTALL)  # fmt: skip
    return text.replace(form.quote * 2, form.quote) if form.quote and quoted is not None else text


def _is_blank(line: str, form: Form) -> bool:
    return line in (form.end, "") if form.end else line in ("\n", "\r\n", "")


def cells(text: str, form: Form, columns: int) -> list[list[Cell]]:
    """All rows of a text without comments. Raises Misfit for one of another width."""
    found = []
    for start, end, row in _rows(text, form, True, []):
        if columns != 1 and _is_blank(text[start:end], form):
            continue
        if len(row) != columns:
            raise Misfit(f"holds a row that does not have {columns} columns")
        found.append(row)
    return found


def width(text: str, form: Form, columns: int = 0) -> int:
    """How many cells every row has. Raises Misfit when they differ."""
    for start, end, row in _rows(text, form, True, []):
        if columns != 1 and _is_blank(text[start:end], form):
            continue
        columns = columns or len(row)
        if len(row) != columns:
            raise Misfit(f"holds a row that does not have {columns} columns")
    return columns


def first_row(text: str, form: Form) -> tuple[str, str, list[str]]:
    """The first row as it stands, the rest of the text, and the row's cells, blank lines before it with it."""
    for start, end, row in _rows(text, form, True, []):
        if not _is_blank(text[start:end], form):
            return text[:end], text[end:], [cell or "" for cell in row]
    return "", text, []
