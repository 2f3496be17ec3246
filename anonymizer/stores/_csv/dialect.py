"""The dialect of a CSV file, told from how it begins.

A dialect fits when it takes the beginning apart into rows of equal width, two columns at least, with every quote where
one may stand. When none fits or several do, the file is refused: a wrong guess would shift values into other columns.
The same goes for the header. A first line is taken for one only on evidence (its words are unlike the values below
them), since a first person taken for a header would be copied as it stands.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.errors import SourceError
from anonymizer.stores._csv.index import ESCAPE, Dialect, Fault, Index, index_of
from anonymizer.stores._csv.text import WrongEncoding, read
from anonymizer.stores._csv.types import fitting

HEAD_BYTES = 1 << 20

_DELIMITERS = (b",", b";", b"\t", b"|")
_NAMES = {b",": "comma", b";": "semicolon", b"\t": "tab", b"|": "bar"}
_BARE = (b"\t", b"|")
"""Delimiters of files that know no quotes."""

_STATED = re.compile(rb"sep=([,;\t|])\r?\n")
"""Excel's own first line."""

_MARKS = (
    (codecs.BOM_UTF8, ""),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SIGNS = tuple(bytes([sign]) for sign in b"+&~^#$%*|:;,!@")
_ADVICE = "state the dialect in datapackage.json"

_ROWS = 2000
_ENOUGH_ROWS = 5
_NAME_LENGTH = 64
_NOTHING = frozenset(("n/a", "na", "nan", "nil", "none", "null", "unknown", "onbekend", "inconnu"))
"""Words that stand for a missing value."""
_PROGRAM_NAME = re.compile(
    r"[a-z]+[0-9]*(_[a-z0-9]+)+|[A-Z]+[0-9]*(_[A-Z0-9]+)+|[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*", re.ASCII
)
_LOWER = re.compile(r"[a-z]{2,}")


class Untold(SourceError):
    """The dialect cannot be told; the message is without the file's name."""


class NoRow(Untold):
    """There is no whole row to tell it from."""


def wide_codec(head: bytes) -> str:
    """The codec of a file in UTF-16, with or without a byte order mark; "" for all other ones."""
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec
    few = head[: min(len(head), 512) & ~1]
    if len(few) < 4:
        return ""
    even, odd = few[::2].count(0), few[1::2].count(0)
    if odd > len(few) // 4 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(few) // 4 and not odd else ""


def preamble_of(head: bytes) -> bytes:
    """What stands before the first line: a byte order mark, and the line in which Excel states the delimiter."""
    mark = codecs.BOM_UTF8 if head.startswith(codecs.BOM_UTF8) else b""
    stated = _STATED.match(head, len(mark))
    return head[: stated.end()] if stated else mark


@dataclass(frozen=True, slots=True)
class _Fit:
    dialect: Dialect
    index: Index


def tell(head: bytes, final: bool, likely: bytes = b"") -> Dialect:
    """The dialect of a text in UTF-8 or any ASCII-compatible encoding (all of it, if `final`).

    `likely` is the delimiter that the file's name speaks for. Raises Untold.
    """
    before = preamble_of(head)
    stated, text = _STATED.search(before), head[len(before) :]
    delimiters = (stated[1],) if stated else _DELIMITERS
    if b"\0" in text:
        raise Untold("the file holds binary data")
    fits: dict[bytes, _Fit] = {}
    faults: dict[bytes, Fault] = {}
    alone: dict[bytes, _Fit] = {}
    for bare in (False, True):
        for delimiter in delimiters:
            for dialect in _variants(delimiter, text, bare):
                try:
                    index = index_of(text, dialect, final=final)
                except Fault as fault:
                    faults.setdefault(delimiter, fault)
                    continue
                if index.columns > 1:
                    fits.setdefault(delimiter, _Fit(dialect, index))
                elif index.rows:
                    alone.setdefault(delimiter, _Fit(dialect, index))
                break
        if fits:
            break
    if likely in fits or len(fits) == 1:
        fit = fits.get(likely) or next(iter(fits.values()))
        _require_whole_delimiter(fit.index)
        return fit.dialect
    if fits:
        named = " and by ".join(_NAMES[delimiter] for delimiter in fits)
        raise Untold(f"the rows can be taken apart by {named}; {_ADVICE}")
    if len(alone) == len(delimiters):
        return alone[delimiters[0]].dialect
    raise _misfit(text, faults)


def _variants(delimiter: bytes, text: bytes, bare: bool) -> list[Dialect]:
    plain = Dialect(delimiter)
    if not bare:
        return [plain, replace(plain, escape=ESCAPE)] if b'\\"' in text else [plain]
    if delimiter not in _BARE:
        return []
    edge = rb"(?:^|" + re.escape(delimiter) + rb")\\N(?:$|\r|" + re.escape(delimiter) + rb")"
    if re.search(edge, text, re.MULTILINE):
        return [Dialect(delimiter, b"", ESCAPE, missing=(b"\\N",))]
    return [Dialect(delimiter, b"")]


def _require_whole_delimiter(index: Index) -> None:
    """A sign that ends every cell but the last ones belongs to a delimiter of several characters."""
    inner, empty = index.ends[:, :-1], index.starts[:, :-1] == index.ends[:, :-1]
    if index.rows < _ENOUGH_ROWS or empty.any():
        return
    signs = np.frombuffer(index.block, np.uint8)[inner - 1]
    if (signs == signs[0, 0]).all() and bytes(signs[0, :1]) in _SIGNS:
        raise Untold(f"the delimiter seems to have several characters; {_ADVICE}")


def _misfit(text: bytes, faults: dict[bytes, Fault]) -> Untold:
    first = text.split(b"\n", 1)[0]
    likely = max(faults, key=first.count, default=None)
    if likely is None:
        return NoRow(f"the file holds no row; {_ADVICE}")
    fault = faults[likely]
    line = text.count(b"\n", 0, fault.position) + 1
    return Untold(f"line {line}: {fault.sentence} (taken apart by {_NAMES[likely]}); correct the line, or {_ADVICE}")


# --- the header -------------------------------------------------------------------------------------------------


def header_of(head: bytes, dialect: Dialect, final: bool) -> bool:
    """Whether the first row of a text (without preamble) names the columns. Raises Untold when that is open."""
    index = index_of(head, dialect, final=final)
    names = [str(number) for number in range(index.columns)]
    batch, _ = _decoded(index, dialect, names)
    if not batch.num_rows:
        return False
    first = [column[0].as_py() for column in batch.columns]
    rest = [column.slice(1, _ROWS) for column in batch.columns]
    if all(cell is None for cell in first):
        raise Untold("the first line says nothing; state whether it names the columns (header) in datapackage.json")
    if any(_is_value(cell) for cell in first):
        return False
    again = sum(_occurs(cell, values) for cell, values in zip(first, rest, strict=True))
    speaks = any(_unlike(cell, values) for cell, values in zip(first, rest, strict=True) if cell)
    if speaks and not again:
        named = [cell for cell in first if cell]
        if len(set(named)) < len(named):
            raise Untold("the first line names two columns alike; state the fields in datapackage.json")
        return True
    raise Untold("whether the first line names the columns cannot be told; state it (header) in datapackage.json")


def _decoded(index: Index, dialect: Dialect, names: Sequence[str]) -> tuple[pa.RecordBatch, object]:
    try:
        return read(index, names, names, "", 1)
    except WrongEncoding:
        latin = Index(index.block, index.starts, index.ends, index.after, replace(dialect, codec="latin-1"))
        return read(latin, names, names, "", 1)


def _is_value(cell: str | None) -> bool:
    """Whether it cannot be the name of a column."""
    if not cell:
        return False
    if len(cell) > _NAME_LENGTH or "@" in cell or "\n" in cell or not any(map(str.isalpha, cell)):
        return True
    return bool(fitting(pa.array([cell])))


def _occurs(cell: str | None, values: pa.Array) -> bool:
    """Whether the cell is a value that its column has again, or a word that stands for one."""
    return cell is not None and (cell.lower() in _NOTHING or bool(pc.any(pc.equal(values, cell)).as_py()))


def _unlike(cell: str, values: pa.Array) -> bool:
    """Whether what stands below could not be of the same kind as the name above."""
    values = values.drop_null()
    if not len(values):
        return bool(_PROGRAM_NAME.fullmatch(cell)) or cell.lower() == "id"
    if fitting(values):
        return True
    if (
        _PROGRAM_NAME.fullmatch(cell)
        and not pc.any(pc.match_substring_regex(values, "^[A-Za-z]+[0-9]*_|[a-z][A-Z]")).as_py()
    ):
        return True
    if len(values) < _ENOUGH_ROWS:
        return False
    digits = not any(map(str.isdigit, cell)) and pc.all(pc.match_substring_regex(values, "[0-9]")).as_py()
    mail = pc.all(pc.match_substring(values, "@")).as_py()
    lower = _LOWER.fullmatch(cell) and not pc.any(pc.match_substring_regex(values, "^[a-z]+$")).as_py()
    return bool(digits or mail or lower)
