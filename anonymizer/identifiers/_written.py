"""The written forms in a column: which of its values have the signs that matter in the same places.

A column mostly has few forms, and the values of one form are a dense matrix of bytes, on which every step is one NumPy
call. Values whose form is rare in the column are left to a path that goes byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

SKIPPED, WANTED, FOREIGN = range(3)
"""What a byte is: punctuation, a sign that counts, or one that has no place in an identifier."""
LONGEST = 64
"""Values of more bytes than this are no identifier."""
_FEW = 16
"""A form of fewer values than this is not worth a step of its own."""


class Form(NamedTuple):
    """Values of one written form."""

    rows: Places
    """Where they stand in the column."""
    data: Bytes
    """[n, length]: their bytes."""
    kinds: Bytes
    """[length]: SKIPPED, WANTED or FOREIGN."""
    whole: bool
    """All values of the column are of this form."""


DIGITS = np.full(256, SKIPPED, np.uint8)
DIGITS[48:58] = WANTED
LETTERS_AND_DIGITS = DIGITS.copy()
LETTERS_AND_DIGITS[65:91] = LETTERS_AND_DIGITS[97:123] = WANTED


@cache
def apart_from(separators: str) -> Bytes:
    """uint8 [256]: letters and digits are wanted, these separators skipped, and all other bytes foreign."""
    table = np.where(LETTERS_AND_DIGITS == WANTED, WANTED, FOREIGN).astype(np.uint8)
    table[[ord(sign) for sign in separators]] = SKIPPED
    return table


def flat_bytes(values: pa.Array) -> tuple[Bytes, Places]:
    """All UTF-8 bytes of a string column (read-only), and the n + 1 offsets between its values, from 0."""
    count = len(values)
    _, offset_buffer, data_buffer = values.buffers()
    if count == 0 or offset_buffer is None:
        return np.zeros(0, np.uint8), np.zeros(count + 1, np.int64)
    offsets = np.frombuffer(offset_buffer, np.int32)[values.offset : values.offset + count + 1].astype(np.int64)
    if data_buffer is None:
        return np.zeros(0, np.uint8), offsets - offsets[0]
    return np.frombuffer(data_buffer, np.uint8)[offsets[0] : offsets[-1]], offsets - offsets[0]


def strings(data: Bytes, offsets: Places) -> pa.Array:
    """The inverse of `flat_bytes`."""
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers)


def forms(data: Bytes, offsets: Places, table: Bytes, rest: list[Places]) -> Iterator[Form]:
    """The forms of a column given as `flat_bytes`, under a table of what each byte is.

    Rows of rare forms are added to `rest`; empty and long values are left out.
    """
    lengths = np.diff(offsets)
    counts = np.bincount(np.clip(lengths, 0, LONGEST + 1), minlength=LONGEST + 2)
    for length in (np.flatnonzero(counts[1 : LONGEST + 1]) + 1).tolist():
        whole = int(counts[length]) == len(lengths)
        rows = np.arange(len(lengths)) if whole else np.flatnonzero(lengths == length)
        if len(rows) < _FEW:
            rest.append(rows)
        elif whole:
            yield from _of_one_length(rows, data.reshape(-1, length), True, table, rest)
        else:
            windows = np.lib.stride_tricks.sliding_window_view(data, length)
            yield from _of_one_length(rows, windows[offsets[rows]], False, table, rest)


def _of_one_length(rows: Places, data: Bytes, whole: bool, table: Bytes, rest: list[Places]) -> Iterator[Form]:
    kinds = np.frombuffer(data.tobytes().translate(table.tobytes()), np.uint8).reshape(data.shape)
    if (kinds == kinds[0]).all():
        yield Form(rows, data, kinds[0], whole)
        return
    # Two bits per place: eight bytes hold 32 places, and sort fast as one number.
    packed = np.packbits(np.concatenate([kinds & 1, kinds >> 1], axis=1), axis=1)
    keys = np.zeros((len(packed), 8 if packed.shape[1] <= 8 else 16), np.uint8)
    keys[:, : packed.shape[1]] = packed
    numbers = keys.view(np.uint64 if keys.shape[1] == 8 else "V16")[:, 0]
    _, first, form = np.unique(numbers, return_index=True, return_inverse=True)
    order = np.argsort(form, kind="stable")
    bounds = np.searchsorted(form[order], np.arange(len(first) + 1))
    frequent = np.diff(bounds) >= _FEW
    for each in np.flatnonzero(frequent).tolist():
        members = order[bounds[each] : bounds[each + 1]]
        yield Form(rows[members], data[members], kinds[first[each]], False)
    if not frequent.all():
        rest.append(rows[order[~frequent[form[order]]]])
