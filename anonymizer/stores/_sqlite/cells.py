"""SQLite's cells and the text that stands for them: NULL, integer, real, text and blob, each by its storage class.

SQLite keeps a class per cell, not per column, so a column may hold several at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import pyarrow as pa

from anonymizer.stores._sql.spans import changed

Cell = int | float | str | bytes | None

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,18})\Z")
_BLOB = re.compile(r"\\x(?:[0-9a-f]{2})*\Z")
_TRUTH = {"true": 1, "t": 1, "false": 0, "f": 0}


def to_arrow(cells: Sequence[Cell]) -> pa.Array:
    """A column as Arrow `string`: integers in digits, reals in the fewest digits that tell them, blobs as `\\x…`.

    >>> to_arrow([1, 2.5, "a", b"\\x01\\xff", None]).to_pylist()
    ['1', '2.5', 'a', '\\\\x01ff', None]
    """
    classes = set(map(type, cells)) - {type(None)}
    if classes <= {str}:
        return pa.array(cells, pa.string())
    if classes == {int}:
        return pa.array(cells, pa.int64()).cast(pa.string())
    return pa.array([None if cell is None else text_of(cell) for cell in cells], pa.string())


def text_of(cell: int | float | str | bytes) -> str:
    """One cell as text."""
    if isinstance(cell, bytes):
        return "\\x" + cell.hex()
    return cell if isinstance(cell, str) else repr(cell)


def from_arrow(cells: Sequence[Cell], old: pa.Array, new: pa.Array) -> Sequence[Cell]:
    """The cells of the new column; `old` is what `to_arrow` made of `cells`, and an unchanged value keeps its cell."""
    differs = changed(old, new)
    if not differs.any():
        return cells
    texts = new.to_pylist()
    if set(map(type, cells)) <= {str, type(None)}:
        return texts  # type: ignore[no-any-return]
    return [
        like(cell, text) if other else cell for cell, text, other in zip(cells, texts, differs.tolist(), strict=True)
    ]


def like(cell: Cell, text: str | None) -> Cell:
    """The cell that a text becomes in the place of another: of its class if it reads as one, else text.

    >>> like(7, "12"), like(7, "012"), like(1, "false"), like(2.5, "3"), like(b"", "\\\\x0a"), like("7", "12")
    (12, '012', 0, 3.0, b'\\n', '12')
    """
    if text is None or isinstance(cell, str) or cell is None:
        return text
    if isinstance(cell, bytes):
        return bytes.fromhex(text[2:]) if _BLOB.match(text) else text.encode()
    if isinstance(cell, int):
        if _INTEGER.match(text) and -(2**63) <= int(text) < 2**63:
            return int(text)
        return _TRUTH.get(text.lower(), text)
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text
