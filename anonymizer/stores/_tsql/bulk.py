"""BULK INSERT: which file holds the rows of which table, and how its cells are told apart.

Source: Microsoft's "BULK INSERT (Transact-SQL)" and "Specify field and row terminators": `\\n` as the end of a row
means a line feed with or without a carriage return before it, as the file has it; a code page says what bytes mean.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from anonymizer.errors import SourceError
from anonymizer.stores._tsql.tokens import Cursor, Token, unquoted

_CODECS = {"65001": "utf-8", "acp": "cp1252", "1252": "cp1252", "raw": "cp1252", "oem": "cp850", "850": "cp850"}
_CODECS |= {"437": "cp437", "1250": "cp1250"}
_HARMLESS = frozenset(
    """CHECK_CONSTRAINTS FIRE_TRIGGERS KEEPIDENTITY KEEPNULLS TABLOCK BATCHSIZE KILOBYTES_PER_BATCH ROWS_PER_BATCH
    MAXERRORS""".split()
)
_UNDERSTOOD = frozenset(("CODEPAGE", "DATAFILETYPE", "FIELDTERMINATOR", "ROWTERMINATOR", "FIRSTROW"))
_ESCAPES = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"0": b"\0", b"\\": b"\\"}


@dataclass(frozen=True, slots=True)
class BulkInsert:
    """One statement."""

    table: tuple[str, ...]
    """The parts of its name."""
    file: str
    """The name of the file without its folder, in small letters."""
    line: int
    field: bytes = b"\t"
    row: bytes = b"\n"
    loose: bool = True
    """A carriage return may stand before the line feed that ends a row."""
    codec: str = "cp850"
    wide: bool = False
    """The file is UTF-16."""
    first_row: int = 1
    keeps_nulls: bool = False
    """An empty cell is NULL; else it is the column's default, where it has one."""


def take_out(tokens: Sequence[Token], encoding: str) -> tuple[list[Token], list[BulkInsert]]:
    """The text without its BULK INSERT statements, and these. Raises SourceError for one that is not understood."""
    rest: list[Token] = []
    found = []
    place = 0
    while place < len(tokens):
        if tokens[place].upper == "BULK" and place + 1 < len(tokens) and tokens[place + 1].upper == "INSERT":
            end = next((n for n in range(place + 2, len(tokens)) if tokens[n].upper == "FROM"), len(tokens))
            options = _options(tokens, end + 2)
            found.append(_statement(tokens[place:end], tokens[end + 1 : end + 2], options, encoding))
            place = end + 2 + (options[-1] if options else 0)
        else:
            rest.append(tokens[place])
            place += 1
    return rest, found


_Options = tuple[dict[str, bytes], int]


def _options(tokens: Sequence[Token], place: int) -> _Options:
    """What stands in WITH ( … ), and how many tokens that is."""
    if place + 1 >= len(tokens) or tokens[place].upper != "WITH" or tokens[place + 1].upper != "(":
        return {}, 0
    begin = place
    place += 2
    said: dict[str, bytes] = {}
    while place < len(tokens) and tokens[place].upper != ")":
        name = tokens[place].upper
        valued = place + 2 < len(tokens) and tokens[place + 1].upper == "="
        if name not in _UNDERSTOOD and name not in _HARMLESS:
            raise _not_understood(tokens[place].line)
        said[name] = tokens[place + 2].text if valued else b""
        place += 3 if valued else 1
        if place < len(tokens) and tokens[place].upper == ",":
            place += 1
    return said, place + 1 - begin


def _statement(head: Sequence[Token], file: Sequence[Token], options: _Options, encoding: str) -> BulkInsert:
    line, said = head[0].line, options[0]
    if not file or file[0].kind != "string" or len(head) < 3:
        raise _not_understood(line)
    kind = _string(said.get("DATAFILETYPE", b"char")).decode("latin-1").lower()
    page = _string(said.get("CODEPAGE", b"OEM")).decode("latin-1").lower()
    first = said.get("FIRSTROW", b"1")
    if kind not in ("char", "widechar") or page not in _CODECS or not first.isdigit():
        raise _not_understood(line)
    row = _string(said.get("ROWTERMINATOR", b"'\\n'"))
    return BulkInsert(
        Cursor(head[2:], encoding).dotted(),
        re.split(r"[\\/)]", unquoted(_string(file[0].text), encoding))[-1].lower(),
        line,
        _terminator(_string(said.get("FIELDTERMINATOR", b"'\\t'")), line),
        _terminator(row, line),
        row.endswith(b"\\n") and not row.endswith(b"\\r\\n"),
        "utf-8" if kind == "widechar" else _CODECS[page],
        kind == "widechar",
        int(first),
        "KEEPNULLS" in said,
    )


def _string(constant: bytes) -> bytes:
    """What a string or a number says."""
    bare = constant[1:] if constant[:2].upper() == b"N'" else constant
    return bare[1:-1].replace(b"''", b"'") if bare[:1] == b"'" else bare


def _terminator(written: bytes, line: int) -> bytes:
    """The bytes that are meant.

    >>> _terminator(b"|\\\\n", 1), _terminator(b"0x0d0a", 1)
    (b'|\\n', b'\\r\\n')
    """
    if re.fullmatch(rb"0[xX](?:[0-9A-Fa-f]{2})+", written):
        meant = bytes.fromhex(written[2:].decode())
    else:
        meant = re.sub(rb"\\([tnr0\\])", lambda escape: _ESCAPES[escape[1]], written)
    if not meant or not meant.isascii() or any(meant.startswith(meant[cut:]) for cut in range(1, len(meant))):
        raise _not_understood(line)
    return meant


def _not_understood(line: int) -> SourceError:
    return SourceError(
        f"line {line}: BULK INSERT is understood with DATAFILETYPE char or widechar, terminators, CODEPAGE and FIRSTROW"
        " only; write the rows so, or as INSERT statements"
    )
