"""The character set of a MySQL script's rows, in Python's words.

Only sets in which an ASCII byte always means that ASCII character are taken. Where the script names none, `binary`
(mydumper) or `latin1` (whose columns often hold UTF-8 that a program stored in them), the rows themselves tell: UTF-8
if they are valid UTF-8, else Windows' Latin-1. Source: MySQL manual, "Supported Character Sets and Collations".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.errors import SourceError
from anonymizer.stores._sql.text import Piece

_CODECS = {
    "utf8": "utf-8",
    "utf8mb3": "utf-8",
    "utf8mb4": "utf-8",
    "ascii": "utf-8",
    "latin2": "iso8859_2",
    "latin5": "iso8859_9",
    "latin7": "iso8859_13",
    "greek": "iso8859_7",
    "hebrew": "iso8859_8",
    "tis620": "cp874",
    "koi8r": "koi8_r",
    "koi8u": "koi8_u",
    "cp850": "cp850",
    "cp852": "cp852",
    "cp866": "cp866",
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "cp1256": "cp1256",
    "cp1257": "cp1257",
    "macroman": "mac_roman",
    "macce": "mac_latin2",
    "ujis": "euc_jp",
    "euckr": "euc_kr",
    "gb2312": "gb2312",
}
_AS_STORED = "binary"
_TOLD_BY_ROWS = {"": "utf-8", _AS_STORED: "utf-8", "latin1": "cp1252"}
"""What the rows decide, and what it is when all of them are ASCII."""


def codec_of_names(charset: str) -> str:
    """What names in a statement are in that are not valid UTF-8."""
    return _CODECS.get(charset, "cp1252")


class RowCharset:
    """Looks at all rows of a script."""

    def __init__(self) -> None:
        self._found: dict[str, int] = {}
        self._ascii = self._utf8 = True
        self._some_utf8 = False

    def look_at(self, piece: Piece, charset: str, texts: Callable[[], Iterable[pa.Array]]) -> None:
        """Rows, and the character set in force where they stand; `texts` gives the columns that hold text (binary).

        Raises SourceError for a character set that is not supported.
        """
        if charset not in _CODECS and charset not in _TOLD_BY_ROWS:
            raise SourceError(
                f"line {piece.line}: the character set {charset[:20]} is not supported: dump again with"
                " --default-character-set=utf8mb4"
            )
        self._found.setdefault(charset, piece.line)
        if charset in _CODECS or not (self._utf8 or charset == _AS_STORED):
            return
        data = bytes(piece.data)
        if data.isascii():
            return
        try:
            data.decode()
            self._ascii, self._some_utf8 = False, True
        except UnicodeDecodeError:  # because of raw bytes among the texts, or of the texts
            for values in texts():
                self._look_at_text(values)
        if charset == _AS_STORED and self._some_utf8 and not self._utf8:
            raise SourceError(
                f"line {piece.line}: texts stand there as they are stored, and in several character sets: dump again"
                " with --default-character-set=utf8mb4 (mydumper: --set-names=utf8mb4)"
            )

    def _look_at_text(self, values: pa.Array) -> None:
        try:
            ascii_only = pc.all(pc.string_is_ascii(values.cast(pa.string()))).as_py() is not False
            self._ascii, self._some_utf8 = self._ascii and ascii_only, self._some_utf8 or not ascii_only
        except pa.ArrowInvalid:
            self._ascii = self._utf8 = False

    @property
    def codec(self) -> str:
        """The Python codec, once all rows were looked at. Raises SourceError when there is more than one."""
        codecs = {self._codec(charset): line for charset, line in self._found.items()}
        if len(codecs) > 1:
            raise SourceError(
                f"line {max(codecs.values())}: the dump changes its character set on the way: dump again with one"
            )
        return next(iter(codecs), "utf-8")

    def _codec(self, charset: str) -> str:
        if charset in _CODECS:
            return _CODECS[charset]
        if self._ascii and self._utf8:
            return _TOLD_BY_ROWS[charset]
        return "utf-8" if self._utf8 else "cp1252"
