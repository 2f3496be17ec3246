"""A Transact-SQL script, cut into inserted rows and what lies between, in bounded memory.

A batch ends at a line that says GO. A batch that begins with CREATE or ALTER of a procedure, function, trigger or view
is that module's text from its first byte to its last; in any other batch every INSERT is rows. The pieces put together
again are the script, byte for byte. Source: Microsoft's "SQL Server Utilities Statements - GO", "sqlcmd utility",
"CREATE PROCEDURE" (a module is alone in its batch).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import BinaryIO, NamedTuple

import numpy as np

from anonymizer.errors import SourceError
from anonymizer.stores._tsql.index import Run, insert_run, scan_rows
from anonymizer.stores._tsql.tokens import NAME, TOKEN, Token, comment_end

BLOCK_BYTES = 2 << 20
"""How much is read at a time, and so about the size of a piece of rows."""
STATEMENT_BYTES_MAX = 256 << 20
"""Longer text without rows is taken for a quotation that lost its end."""

_TABLE = NAME + rb"(?:\s*\.\s*(?:" + NAME + rb")?){0,3}"
_INSERT = re.compile(
    rb"INSERT\s*(?:\bINTO\b\s*)?(?P<table>" + _TABLE + rb")\s*(?:WITH\s*\([\w\s,]*\)\s*)?"
    rb"(?P<columns>\(\s*" + NAME + rb"(?:\s*,\s*" + NAME + rb")*+\s*\))?\s*VALUES\s*(?=\()",
    re.IGNORECASE,
)
_HEAD_BYTES_MAX = 1 << 18
"""A longer beginning of an INSERT is none (1,024 columns of 128 characters)."""
_GO = re.compile(rb"GO(?:[ \t]+\d+)?[ \t]*(?:--[^\n]*)?\r?(?:\n|\Z)", re.IGNORECASE)
_SQLCMD = re.compile(rb":(?:setvar|on\s+error|error|out|perftrace|list|listvar|reset|help|serverlist)\b", re.IGNORECASE)
_INCLUDE = re.compile(rb':r[ \t]+[^\n]*?([^\n\\/"]+)"?[ \t]*\r?\n', re.IGNORECASE)
_MODULES = ("PROC", "PROCEDURE", "FUNCTION", "TRIGGER", "VIEW")
_GRANTS = ("GRANT", "DENY", "REVOKE")


class Piece(NamedTuple):
    """Consecutive bytes of a script."""

    data: bytes | memoryview
    line: int
    """The number of the first byte's line."""
    tokens: tuple[Token, ...] = ()
    """Of text that is no module."""
    marks: np.ndarray | None = None
    """Of rows: where their cells stand, counted from the first byte; None for text."""
    table: bytes = b""
    columns: bytes | None = None
    module: bool = False


class TsqlText:
    """Iterates over the pieces of one script in ASCII-compatible bytes. Raises SourceError where it ends too early."""

    def __init__(self, stream: BinaryIO, block_bytes: int = BLOCK_BYTES, included: Collection[str] = ()) -> None:
        """`included`: names, in small letters, of the files that `:r` may bring in, since they are read anyway."""
        self._stream = stream
        self._included = included
        self._block_bytes = block_bytes
        self._data = b""
        self._at = 0
        """Where the next piece begins."""
        self._line = 1
        self._begins_line = True
        self._at_end = False
        self._head: list[str] | None = []
        """The first words of a batch, as long as they may become a module's; None: they did not."""
        self._module = False

    def __iter__(self) -> Iterator[Piece]:
        self._fill()
        if self._data.startswith(b"\xef\xbb\xbf"):
            yield self._piece(3, [])
            self._begins_line = True
        while self._at < len(self._data) or self._fill():
            text = self._text()
            if text.data:
                yield text
            if self._sees_insert():
                yield self._rows()

    # --- reading ------------------------------------------------------------------------------------------------

    def _fill(self) -> bool:
        """Read on behind what is not used up; False at the end. Doubles what is there, so that cost stays linear."""
        if self._at_end:
            return False
        if len(self._data) - self._at > STATEMENT_BYTES_MAX:
            raise SourceError(
                f"line {self._line}: a statement is longer than {STATEMENT_BYTES_MAX >> 20} MB; make the script again"
            )
        more = self._stream.read(max(self._block_bytes, len(self._data) - self._at))
        self._at_end = not more
        self._data = self._data[self._at :] + more
        self._at = 0
        return bool(more)

    def _piece(self, end: int, tokens: list[Token]) -> Piece:
        piece = Piece(self._data[self._at : end], self._line, tuple(tokens), module=self._module)
        self._pass(end)
        return piece

    def _pass(self, end: int) -> None:
        if end > self._at:
            self._line += self._data.count(b"\n", self._at, end)
            self._begins_line = self._data[end - 1] == ord("\n")
        self._at = end

    # --- text ---------------------------------------------------------------------------------------------------

    def _sees_insert(self) -> bool:
        return not self._module and self._data[self._at : self._at + 6].upper() == b"INSERT"

    def _text(self) -> Piece:
        """Up to the next INSERT of rows, the end of the batch, or the end of the script."""
        found: list[Token] = []
        position, line = self._at, self._line
        begins_line = self._begins_line
        granting = False
        while True:
            match = TOKEN.match(self._data, position)
            end = self._token_end(match)
            if end is None:
                if not self._at_end:
                    offset = position - self._at
                    self._fill()
                    position = self._at + offset
                    continue
                if match is None:
                    return self._piece(len(self._data), found)
                raise SourceError(
                    f"line {line}: the script ends in the middle of a quotation or comment; make it again"
                )
            assert match is not None  # or there would be no end
            kind, text = str(match.lastgroup), match[0]
            if begins_line and kind not in ("space", "newline"):
                after = self._line_command(position, line)
                if after:
                    piece = self._piece(after, found)
                    self._head, self._module = [], False
                    return piece
            begins_line = kind == "newline" or (begins_line and kind == "space")
            if kind in ("string", "quoted", "word", "number", "mark"):
                token = Token(kind, text, line)
                if token.upper == "INSERT" and not (granting or self._module or self._named_by(found)):
                    self._head = None
                    return self._piece(position, found)
                granting = (granting or token.upper in _GRANTS) and token.upper not in ("TO", "FROM", ";")
                self._note(token)
                if not self._module:
                    found.append(token)
            line += self._data.count(b"\n", position, end)
            position = end

    def _token_end(self, match: re.Match[bytes] | None) -> int | None:
        """Where the token ends; None if that takes more text, or there is none."""
        if match is None:
            return None
        end = comment_end(self._data, match.start()) if match.lastgroup == "block" else match.end()
        if match.lastgroup == "open" or not end:
            return None
        # what touches the end of the text may go on, and the line behind a word may say that it ends a batch
        return end if self._at_end or end < len(self._data) - 200 else None

    @staticmethod
    def _named_by(found: list[Token]) -> bool:
        """Whether INSERT is part of what goes before: BULK INSERT, which is not understood."""
        return bool(found) and found[-1].upper == "BULK"

    def _note(self, token: Token) -> None:
        """Tell whether the batch is a module, by its first words."""
        if self._head is None or self._module:
            return
        self._head.append(token.upper)
        words = [word for word in self._head if word != ";"]
        if words[-1:] and words[-1] in _MODULES and words[0] in ("CREATE", "ALTER"):
            self._module = words[1:-1] in ([], ["OR", "ALTER"])
        if self._module or (words and words[0] not in ("CREATE", "ALTER")) or len(words) > 3:
            self._head = None

    def _line_command(self, position: int, line: int) -> int:
        """Where a line that ends the batch ends; 0 for any other. Raises SourceError for a command of sqlcmd."""
        data = self._data
        if data[position : position + 2].upper() == b"GO" and not re.match(
            rb"[\w@#$.\x80-\xff]", data[position + 2 : position + 3]
        ):
            go = _GO.match(data, position)
            if go is None:
                raise SourceError(
                    f"line {line}: what stands behind GO is not understood; write GO on a line of its own"
                )
            return go.end()
        included = _INCLUDE.match(data, position)
        if included and included[1].strip().lower().decode("utf-8", "replace") in self._included:
            return included.end()
        if data[position : position + 2] == b"!!" or (data[position] == ord(":") and not _SQLCMD.match(data, position)):
            raise SourceError(
                f"line {line}: a command of sqlcmd could bring in rows from elsewhere; put them in its place"
            )
        return 0

    # --- rows ---------------------------------------------------------------------------------------------------

    def _rows(self) -> Piece:
        """The run of INSERT statements that begins here."""
        head = _INSERT.match(self._data, self._at)
        while head is None and len(self._data) - self._at < _HEAD_BYTES_MAX and self._fill():
            head = _INSERT.match(self._data, self._at)
        if head is None:
            raise SourceError(
                f"line {self._line}: INSERT without plain VALUES could carry rows and is not understood here; make the"
                " script again with SSMS (types of data to script: schema and data)"
            )
        run = insert_run(self._data, self._at, head[0], self._at_end)
        if run is None and len(self._data) - self._at < self._block_bytes and self._fill():
            run = insert_run(self._data, self._at, head[0], self._at_end)
        if run is None:
            run = self._one_statement(len(head[0]))
        end = self._at + run.end
        piece = Piece(memoryview(self._data)[self._at : end], self._line, (), run.marks, head["table"], head["columns"])
        self._pass(end)
        return piece

    def _one_statement(self, head: int) -> Run:
        while True:
            run, open_ = scan_rows(self._data, self._at, head, self._line)
            if not open_:
                return run
            if not self._fill():
                if run.end:
                    return run
                raise SourceError(f"line {self._line}: the script ends in the middle of a row; make it again")
