"""The cells of a package's data parts, column by column, as text and back.

All text is UTF-16, also char and varchar; char and nchar are filled with spaces, which are no part of the value. What
no replacement can make (sql_variant, spatial types, hierarchyid, rowversion) is bytes. Source: packages made by
SqlPackage compared with the same tables in other formats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.stores._bacpac.model import CellType
from anonymizer.stores._bacpac.values import Read, Write, fixed
from anonymizer.stores._bytes import (
    Misfit,
    flat,
    from_hex,
    joined,
    offsets_of,
    spread,
    to_hex,
    unflat,
    zero_padded,
)
from anonymizer.stores._sql.spans import cut

_TEXT = ("char", "character", "nchar", "varchar", "nvarchar", "sysname", "text", "ntext", "xml")
_PADDED = ("char", "character", "nchar")
_LONG = ("text", "ntext", "image", "sql_variant")
_UNLIMITED = ("xml", "geography", "geometry", "hierarchyid")


@dataclass(frozen=True, slots=True)
class Codec:
    """How one column's cells are read and written."""

    cell: CellType
    prefix: int
    """Bytes of the length in front."""
    width: int
    """Bytes of every value; 0: as its length says."""
    fixed: tuple[Read, Write] | None = None
    """For values of one width."""

    def read(self, block: pa.Buffer, starts: np.ndarray, ends: np.ndarray) -> pa.Array:
        """Cells -> Arrow `string`. Raises Misfit."""
        data = np.frombuffer(block, np.uint8)
        null = np.zeros(len(starts), bool)
        if self.prefix:
            null = (data[starts[:, None] + np.arange(self.prefix)] == 255).all(axis=1)
            if self.cell.name == "sql_variant":
                null |= ends - starts == self.prefix
            if null.any() and not self.cell.nullable:
                raise Misfit("a value is NULL where none may be, or the part is damaged")
        if null.all():
            return pa.nulls(len(starts), pa.string())
        first = starts + self.prefix
        if self.fixed is not None:
            sizes = (ends - first)[~null]
            if (sizes != self.width).any():
                raise Misfit("a value has another length than its type")
            values = self.fixed[0](data[first[~null][:, None] + np.arange(self.width)])
        else:
            raw = cut(block, first, ends).filter(pa.array(~null))
            values = _texts(raw, self.cell) if self.cell.name in _TEXT else to_hex(raw)
        return values if not null.any() else spread(values, ~null)

    def write(self, values: pa.Array, lengths: np.ndarray) -> pa.Array:
        """Arrow `string` -> cells with their lengths in front, as binary; `lengths` are those of the cells before.

        Raises Misfit for a value that does not fit.
        """
        if values.null_count and not (self.cell.nullable and self.prefix):
            raise Misfit("NULL does not fit a column that has none")
        known = values.drop_null()
        if not len(known):
            raw = pa.array([], pa.binary())
        elif self.fixed is not None:
            raw = joined(_checked(self.fixed[1], known))
        elif self.cell.name in _TEXT:
            raw = _utf16(known, self.cell, (lengths - self.prefix)[values.is_valid().to_numpy(zero_copy_only=False)])
        else:
            raw = from_hex(known)
            if self.cell.name == "binary":
                raw = zero_padded(raw, self.cell.length or 1)
            _within(raw, self.cell, 1)
        if not self.prefix:
            return raw
        sizes = pc.binary_length(raw).to_numpy().astype("<u8")
        fronts = joined(sizes.view(np.uint8).reshape(-1, 8)[:, : self.prefix])
        cells = pc.binary_join_element_wise(fronts, raw, pa.scalar(b"", pa.binary()))
        if not values.null_count:
            return cells
        null = bytes(4) if self.cell.name == "sql_variant" else b"\xff" * self.prefix
        valid = values.is_valid()
        return pc.replace_with_mask(pa.array([null] * len(values), pa.binary()), valid, cells)


def codec(cell: CellType) -> Codec:
    """The codec of a column, by its type."""
    of_one_width = fixed(cell)
    if of_one_width is not None:
        width, always, read, write = of_one_width
        return Codec(cell, 1 if always or cell.nullable else 0, width, (read, write))
    if cell.name in ("char", "character") and not cell.nullable:
        return Codec(cell, 0, 2 * (cell.length or 1))
    if cell.name in _LONG:
        return Codec(cell, 4, 0)
    return Codec(cell, 8 if cell.unlimited or cell.name in _UNLIMITED else 2, 0)


def _checked(write: Write, values: pa.Array) -> np.ndarray:
    try:
        return write(values)
    except (pa.ArrowException, ValueError, OverflowError):
        raise Misfit("a value is not one of the column's type") from None


def _within(raw: pa.Array, cell: CellType, unit: int) -> None:
    if cell.length and not cell.unlimited and len(raw) and pc.max(pc.binary_length(raw)).as_py() > cell.length * unit:
        raise Misfit(f"a value is longer than {cell.length}")


def _texts(raw: pa.Array, cell: CellType) -> pa.Array:
    """UTF-16 -> string; fixed-length text without the spaces that fill it."""
    data, offsets = flat(raw)
    if (offsets % 2).any():
        raise Misfit("a text ends in the middle of a character")
    units = data.view("<u2") if len(data) % 2 == 0 else data[:-1].view("<u2")
    if (units < 0x80).all():
        values = unflat(units.astype(np.uint8), offsets // 2, pa.string())
    else:
        try:
            values = _decoded(units, offsets // 2)
        except UnicodeDecodeError:
            raise Misfit("a text is not valid UTF-16") from None
    return pc.utf8_rtrim(values, " ") if cell.name in _PADDED else values


def _decoded(units: np.ndarray, offsets: np.ndarray) -> pa.Array:
    text = units.tobytes().decode("utf-16-le").encode()
    utf8 = np.frombuffer(text, np.uint8)
    # every UTF-16 unit begins a character of UTF-8, but for the second half of a pair, which begins none
    begins = np.flatnonzero((utf8 & 0xC0) != 0x80)
    high = (units & 0xFC00) == 0xD800
    whole = np.flatnonzero(~((units & 0xFC00) == 0xDC00))
    if (high[offsets[1:-1] - 1] & (offsets[1:-1] > 0)).any():
        raise Misfit("a text is not valid UTF-16")
    number = np.searchsorted(whole, offsets)
    return unflat(utf8, np.append(begins, len(utf8))[number], pa.string())


def _utf16(values: pa.Array, cell: CellType, lengths: np.ndarray) -> pa.Array:
    """string -> UTF-16; fixed-length text is filled with spaces where the cell before was full."""
    text, offsets = flat(values)
    try:
        units = np.frombuffer(text.tobytes().decode().encode("utf-16-le"), "<u2")
    except UnicodeError:
        raise Misfit("a text cannot be written") from None
    begins = np.flatnonzero((text & 0xC0) != 0x80)
    whole = np.flatnonzero(~((units & 0xFC00) == 0xDC00))
    ends = np.append(whole, len(units))[np.searchsorted(begins, offsets)]
    raw = unflat(units.astype("<u2").view(np.uint8), ends * 2, pa.binary())
    if cell.name in _PADDED:
        width = cell.length or 1
        full = (lengths >= 2 * width) | (lengths <= 0)
        missing = np.where(full, np.maximum(width - np.diff(ends), 0), 0)
        spaces = np.tile(np.array([32, 0], np.uint8), int(missing.sum()))
        filling = unflat(spaces, offsets_of(2 * missing), pa.binary())
        raw = pc.binary_join_element_wise(raw, filling, pa.scalar(b"", pa.binary()))
    _within(raw, cell, 2)
    return raw
