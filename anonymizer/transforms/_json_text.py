"""JSON (RFC 8259) as tokens: a whole column at once, on its flat bytes, checked against the grammar.

Tokens are numbered in the order of the column. Nothing is parsed into values, so what is not replaced stays byte for
byte. A row that is not JSON is bad; its tokens mean nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.pseudonyms.written_form import flat_bytes, from_flat

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

OPEN, CLOSE, OPEN_LIST, CLOSE_LIST, COLON, COMMA, STRING, PRIMITIVE, TOP, START = range(10)
_KIND = np.full(256, PRIMITIVE, np.int8)
for _kind, _sign in enumerate(b"{}[]:,"):
    _KIND[_sign] = _kind
_SPACE = np.zeros(256, bool)
_SPACE[list(b" \t\n\r")] = True
_PRIMITIVE = r"^(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?|true|false|null)$"
_ESCAPES = r'^"([^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"$'


class Tokens(NamedTuple):
    """`start` and `end` in the flat bytes, `kind`, and `container`: the token that opens what it stands in, or -1.

    `is_key` tells names of members; `bad` tells rows.
    """

    data: NDArray[np.uint8]
    offsets: Ints
    start: Ints
    end: Ints
    kind: NDArray[np.int8]
    container: Ints
    is_key: Flags
    bad: Flags

    def text(self, which: Ints, trim: int = 0) -> pa.Array:
        """The text of some tokens; `trim` signs less at both ends."""
        return _slices(self.data, self.start[which] + trim, self.end[which] - trim)


def tokens(values: pa.Array) -> Tokens:
    """Arrow `string` without nulls -> its tokens."""
    data, offsets = flat_bytes(values)
    count = len(values)
    quotes = _quotes(data, offsets)
    odd = np.bincount(_row(offsets, quotes), minlength=count) % 2 == 1
    quotes = quotes[~odd[_row(offsets, quotes)]]
    opened, closed = quotes[0::2], quotes[1::2] + 1
    steps = np.zeros(len(data) + 1, np.int8)
    steps[opened] += 1
    steps[closed] -= 1
    inside = np.cumsum(steps[:-1], dtype=np.int8) > 0
    outside = ~inside & ~_SPACE[data]
    primitive = outside & (_KIND[data] == PRIMITIVE)
    signs = np.flatnonzero(outside & ~primitive)
    begins, ends = _runs(primitive, offsets)
    start = np.concatenate([signs, opened, begins])
    end = np.concatenate([signs + 1, closed, ends])
    kind = np.concatenate([_KIND[data[signs]], np.full(len(opened), STRING), np.full(len(begins), PRIMITIVE)])
    order = np.argsort(start, kind="stable")
    start, end, kind = start[order], end[order], kind[order].astype(np.int8)
    row = _row(offsets, start)
    container, broken = _containers(kind, row, count)
    is_key, valid = _grammar(kind, row, container)
    bad = odd | broken
    bad[row[~valid]] = True
    found = Tokens(data, offsets, start, end, kind, container, is_key, bad)
    bad[row[_misspelt(found)]] = True
    bad[_row(offsets, np.flatnonzero(inside & (data < 32)))] = True
    return found


def _row(offsets: Ints, positions: Ints) -> Ints:
    return np.asarray(np.searchsorted(offsets, positions, side="right") - 1, np.int64)


def _quotes(data: NDArray[np.uint8], offsets: Ints) -> Ints:
    """Where strings begin and end: quotes behind an even number of backslashes."""
    quotes = np.flatnonzero(data == ord('"'))
    slashes = data == ord("\\")
    if not slashes.any() or not len(quotes):
        return quotes
    other = np.maximum.accumulate(np.where(slashes, -1, np.arange(len(data))))
    run = np.where(quotes > 0, quotes - 1 - other[np.maximum(quotes - 1, 0)], 0)
    run = np.minimum(run, quotes - offsets[_row(offsets, quotes)])
    unescaped: Ints = quotes[run % 2 == 0]
    return unescaped


def _runs(chosen: Flags, offsets: Ints) -> tuple[Ints, Ints]:
    """Begins and ends of the runs of chosen bytes; none goes on into another row."""
    border = np.zeros(len(chosen) + 1, bool)
    border[offsets] = True
    padded = np.concatenate([[False], chosen, [False]])
    begins = padded[1:-1] & (~padded[:-2] | border[:-1])
    ends = padded[1:-1] & (~padded[2:] | border[1:])
    return np.flatnonzero(begins), np.flatnonzero(ends) + 1


def _containers(kind: NDArray[np.int8], row: Ints, rows: int) -> tuple[Ints, Flags]:
    """For each token the one that opens its container (of an opening token: the one around it), or -1; bad rows."""
    opens, closes = np.isin(kind, (OPEN, OPEN_LIST)), np.isin(kind, (CLOSE, CLOSE_LIST))
    depth = np.cumsum(opens.astype(np.int64) - closes)
    before = np.concatenate([[0], depth])[np.searchsorted(row, np.arange(rows))]
    after = depth - before[row]
    filled = np.bincount(row, minlength=rows) > 0
    bad = ~filled
    bad[row[after < 0]] = True
    last = np.flatnonzero(np.append(row[1:] != row[:-1], True)) if len(row) else np.zeros(0, np.int64)
    bad[row[last[after[last] != 0]]] = True
    # Sorted by row, level and place, each container follows the token that opens it. Opening tokens come twice: as
    # the first of their container, and as a value of the one around it.
    opening = np.flatnonzero(opens)
    index = np.concatenate([np.arange(len(kind)), opening])
    level = np.concatenate([after + closes, after[opening] - 1])
    first = np.concatenate([opens, np.zeros(len(opening), bool)])
    order = np.lexsort((index, level, row[index]))
    latest = np.maximum.accumulate(np.where(first[order], np.arange(len(order)), -1))
    within = np.empty(len(order), np.int64)
    within[order] = np.where(latest < 0, -1, index[order][np.maximum(latest, 0)])
    within[level < 1] = -1
    container = within[: len(kind)]
    container[opening] = within[len(kind) :]
    return container, bad


def _grammar(kind: NDArray[np.int8], row: Ints, container: Ints) -> tuple[Flags, Flags]:
    """Which strings are names of members, and which tokens may stand where they stand."""
    same = row[1:] == row[:-1]
    before = np.full(len(kind), START, np.int8)
    behind = before.copy()
    before[1:] = np.where(same, kind[:-1], START)
    behind[:-1] = np.where(same, kind[1:], START)
    around = np.where(container < 0, TOP, kind[container] if len(kind) else TOP)
    is_key = (kind == STRING) & (behind == COLON) & (around == OPEN) & np.isin(before, (OPEN, COMMA))
    scalar = np.isin(kind, (STRING, PRIMITIVE)) & ~is_key
    ending = scalar | np.isin(kind, (CLOSE, CLOSE_LIST))
    follows_end, follows_key = np.zeros(len(kind), bool), np.zeros(len(kind), bool)
    follows_end[1:], follows_key[1:] = ending[:-1] & same, is_key[:-1] & same
    value = (
        ((before == START) & (around == TOP))
        | (before == COLON)
        | (np.isin(before, (OPEN_LIST, COMMA)) & (around == OPEN_LIST))
    )
    valid = np.select(
        [is_key, kind == COLON, kind == COMMA, kind == CLOSE, kind == CLOSE_LIST],
        [
            np.ones(len(kind), bool),
            follows_key,
            follows_end & (around != TOP),
            (around == OPEN) & (follows_end | (before == OPEN)),
            (around == OPEN_LIST) & (follows_end | (before == OPEN_LIST)),
        ],
        value,
    )
    return is_key, valid


def _misspelt(found: Tokens) -> Ints:
    """Tokens that are no number, literal or string by their signs."""
    plain = np.flatnonzero(found.kind == PRIMITIVE)
    wrong = pc.invert(pc.match_substring_regex(found.text(plain), _PRIMITIVE)).to_numpy(zero_copy_only=False)
    strings = np.flatnonzero(found.kind == STRING)
    slashes = np.concatenate([[0], np.cumsum(found.data == ord("\\"))])
    strings = strings[slashes[found.end[strings]] > slashes[found.start[strings]]]
    odd = pc.invert(pc.match_substring_regex(found.text(strings), _ESCAPES)).to_numpy(zero_copy_only=False)
    return np.concatenate([plain[wrong.astype(bool)], strings[odd.astype(bool)]])


def _slices(data: NDArray[np.uint8], start: Ints, end: Ints) -> pa.Array:
    lengths = end - start
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(offsets[-1]) + np.repeat(start - offsets[:-1], lengths)
    return from_flat(data[places], offsets)


def with_tokens(found: Tokens, which: Ints, texts: pa.Array) -> pa.Array:
    """The column with some tokens (in order) written anew; all other bytes as they are."""
    new, new_offsets = flat_bytes(texts)
    lengths, old = np.diff(new_offsets), found.end[which] - found.start[which]
    growth = np.concatenate([[0], np.cumsum(lengths - old)])
    gone = np.zeros(len(found.data) + 1, np.int64)
    np.add.at(gone, found.start[which], 1)
    np.add.at(gone, found.end[which], -1)
    kept = np.flatnonzero(np.cumsum(gone[:-1]) == 0)
    written = np.empty(len(found.data) + growth[-1], np.uint8)
    written[kept + growth[np.searchsorted(found.end[which], kept, side="right")]] = found.data[kept]
    at = found.start[which] + growth[:-1]
    written[np.arange(len(new)) + np.repeat(at - new_offsets[:-1], lengths)] = new
    return from_flat(written, found.offsets + growth[np.searchsorted(found.end[which], found.offsets, side="right")])
