"""What makes two spellings one value, and how the spelling is put back on a pseudonym.

`normalise` gives the form under which values are compared: lower case, no accents, no outer or repeated white space.
`restore_case` writes a pseudonym in the case of the value that it replaces. The others change some bytes of a column
and keep the rest, all rows at once, on the column's flat bytes:

    digits_of(values)            -> (digits per row int64 [n], all digits uint8 0..9, flat, in order)
    with_digits(like, digits)    -> `like`, with its digits replaced one for one by those
    fixed_digits(numbers, width) -> uint8 [n, width]: the decimal digits of each number, zeros in front
    flat_bytes(values)           -> (all bytes uint8, flat; offsets int64 [n + 1])
    with_bytes(like, data)       -> `like`, with other bytes in the same places
    from_matrix(matrix)          -> Arrow string [n] of the rows of a uint8 [n, width] of ASCII codes

All take Arrow `string` columns, sliced or not; nulls stay null.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_ZERO = ord("0")
_UNDECOMPOSED = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ı": "i",
    "’": "'",
    "ʼ": "'",
    "′": "'",
}
"""Letters without a canonical decomposition, and how they are written without accents."""
_SPACE = np.zeros(256, dtype=bool)
_SPACE[[*range(9, 14), *range(28, 33)]] = True
_WIDE_SPACE = np.zeros(256, dtype=bool)
_WIDE_SPACE[[0xC2, 0xE1, 0xE2, 0xE3]] = True
"""The bytes that the white space beyond ASCII begins with; letters of Latin alphabets begin with others."""
_SPACES = r"[\t-\r\x1c-\x1f\x{85}\p{Z}]+"
_MARKS = r"[\x{300}-\x{36f}]+"
"""The combining marks of Latin letters. RE2 takes milliseconds, at every call, to make a pattern of all (class Mn)."""
_LEAD_OF_OTHER_MARKS = 0xD2
"""The first byte of a sign from U+0480 on, where others may come."""
_UNSEEN = r"[\x{ad}\x{34f}\x{180e}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}\x{fe00}-\x{fe0f}\x{feff}]"
_HYPHENS = r"[\x{2010}\x{2011}]"
_BEFORE_UNSEEN = np.zeros(256, dtype=bool)
_BEFORE_UNSEEN[[0xC2, 0xCD, 0xE1, 0xE2, 0xEF]] = True
"""The bytes that such signs begin with."""
LETTER = r"[A-Za-z\x{80}-\x{10ffff}]"
"""A letter, or any sign beyond ASCII: for the same reason."""
_WORD = np.array([byte >= 128 or chr(byte).isalnum() for byte in range(256)])
_FOUR_DIGITS = np.stack([np.arange(10_000) // 10**power % 10 for power in (3, 2, 1, 0)], axis=1).astype(np.uint8)


def flat_bytes(values: pa.Array) -> tuple[Bytes, NDArray[np.int64]]:
    """All bytes of the column (read-only), and the n + 1 offsets between its values, starting at 0."""
    count = len(values)
    _, offset_buffer, data_buffer = values.buffers()
    if count == 0 or offset_buffer is None:
        return np.zeros(0, np.uint8), np.zeros(count + 1, np.int64)
    offsets = np.frombuffer(offset_buffer, np.int32)[values.offset : values.offset + count + 1].astype(np.int64)
    if data_buffer is None:
        return np.zeros(0, np.uint8), offsets
    return np.frombuffer(data_buffer, np.uint8)[offsets[0] : offsets[-1]], offsets - offsets[0]


def from_flat(data: Bytes, offsets: NDArray[np.integer], valid: pa.Array | None = None) -> pa.Array:
    """The inverse of `flat_bytes`; `valid` (bool [n]) tells which values are not null."""
    nulls = None
    if valid is not None:
        nulls = pa.py_buffer(np.packbits(valid.to_numpy(zero_copy_only=False), bitorder="little"))
    buffers = [nulls, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers)


def with_bytes(like: pa.Array, data: Bytes) -> pa.Array:
    """`like` with other bytes: as many, for the same rows, and UTF-8 again."""
    _, offsets = flat_bytes(like)
    return from_flat(data, offsets, like.is_valid() if like.null_count else None)


def from_matrix(matrix: Bytes) -> pa.Array:
    """uint8 [n, width], ASCII codes -> string [n], each value `width` characters long."""
    rows, width = matrix.shape
    return from_flat(matrix.reshape(-1), np.arange(rows + 1) * width)


def digits_of(values: pa.Array) -> tuple[NDArray[np.int64], Bytes]:
    """The number of ASCII digits in each value, and all digits as 0..9, one value after the other."""
    data, offsets = flat_bytes(values)
    number = data - np.uint8(_ZERO)  # wraps around for what is below "0"
    is_digit = number < 10
    return counts_per_row(is_digit, offsets), number[is_digit]


def with_digits(like: pa.Array, digits: NDArray[np.integer]) -> pa.Array:
    """`like`, its ASCII digits replaced in order by `digits` (0..9, as many as `digits_of` gives)."""
    data, _ = flat_bytes(like)
    replaced = data.copy()
    replaced[(data - np.uint8(_ZERO)) < 10] = digits.astype(np.uint8) + np.uint8(_ZERO)
    return with_bytes(like, replaced)


def counts_per_row(chosen: NDArray[np.bool_], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of a column's flat bytes are chosen in each row."""
    return np.diff(np.searchsorted(np.flatnonzero(chosen), offsets))


def fixed_digits(numbers: NDArray[np.unsignedinteger], width: int) -> Bytes:
    """The last `width` (at most 20) decimal digits of each number, as 0..9."""
    rest = numbers.astype(np.uint64)
    result = np.empty((len(rest), width), np.uint8)
    for end in range(width, 0, -4):
        size = min(4, end)
        quotient = rest // np.uint64(10_000)
        group = _FOUR_DIGITS[(rest - quotient * np.uint64(10_000)).astype(np.int64)]
        result[:, end - size : end] = group[:, 4 - size :]
        rest = quotient
    return result


def normalise(values: pa.Array) -> pa.Array:
    """The form under which values are equal: lower case, no accents, no outer or repeated white space.

    >>> normalise(pa.array(["  Zoë   DE SMET", "strasse", None])).to_pylist()
    ['zoe de smet', 'strasse', None]
    """
    return single_spaced(without_accents(values, lower=True))


def compact(values: pa.Array) -> pa.Array:
    """Only the letters and digits of the normal form: what a name is in a column, a login and a mail address.

    >>> compact(pa.array(["van der Aa", "O'Hara-Smith", "D'HONDT"])).to_pylist()
    ['vanderaa', 'oharasmith', 'dhondt']
    """
    values = without_accents(values, lower=True)
    data, offsets = flat_bytes(values)
    kept = _WORD[data]
    if kept.all():
        return values
    lengths = counts_per_row(kept, offsets)
    return from_flat(
        data[kept], np.concatenate([[0], np.cumsum(lengths)]), values.is_valid() if values.null_count else None
    )


def without_accents(values: pa.Array, lower: bool = False) -> pa.Array:
    """Latin letters without their accents (NFKD), in lower case if asked; other scripts stay.

    >>> without_accents(pa.array(["Zoë Straße", "Łódź"])).to_pylist()
    ['Zoe Strasse', 'Lodz']
    """
    if is_ascii(values):
        return pc.ascii_lower(values) if lower else values
    plain = pc.string_is_ascii(values)
    accented = pc.fill_null(pc.invert(plain), False)
    folded = pc.filter(values, accented)
    for letter, written in _UNDECOMPOSED.items():
        folded = pc.replace_substring(folded, letter, written)
        if (capital := letter.upper()) != letter and len(capital) == 1:
            folded = pc.replace_substring(folded, capital, written.capitalize())
    folded = pc.utf8_normalize(folded, "NFKD")
    beyond = flat_bytes(folded)[0].max(initial=0) >= _LEAD_OF_OTHER_MARKS
    folded = pc.replace_substring_regex(folded, r"\p{Mn}+" if beyond else _MARKS, "")
    if lower:
        folded, values = pc.utf8_lower(folded), pc.ascii_lower(values)
    return pc.replace_with_mask(values, accented, folded)


def single_spaced(values: pa.Array) -> pa.Array:
    """No outer white space, and one space where there was some."""
    data, offsets = flat_bytes(values)
    if len(data) == 0:
        return values
    # comparisons of whole arrays cost a tenth of looking each byte up, and mostly they tell
    space = data == 32 if data.min() >= 32 else _SPACE[data]
    filled = np.diff(offsets) > 0
    tidy = not (
        (space[1:] & space[:-1]).any()
        or space[offsets[:-1][filled]].any()
        or space[offsets[1:][filled] - 1].any()
        or (data.min() < 32 and (space & (data != 32)).any())
        or (data.max() >= 128 and _WIDE_SPACE[data].any())
    )
    if tidy:
        return values
    return pc.utf8_trim(pc.replace_substring_regex(values, _SPACES, " "), " ")


def without_unseen(values: pa.Array) -> pa.Array:
    """Without signs that nobody sees: soft hyphens, zero-width spaces and joiners, marks of direction and byte order.

    A hyphen that does not break is a plain one. Where there is nothing to do, `values` themselves.

    >>> without_unseen(pa.array(["J\u200ban", "Jean\u2011Pierre\ufeff"])).to_pylist()
    ['Jan', 'Jean-Pierre']
    """
    data = flat_bytes(values)[0]
    if data.max(initial=0) < 128 or not _BEFORE_UNSEEN[data].any():
        return values
    found = pc.fill_null(pc.match_substring_regex(values, f"{_UNSEEN}|{_HYPHENS}"), False)
    if not found.true_count:
        return values
    plain = pc.replace_substring_regex(pc.filter(values, found), _UNSEEN, "")
    return pc.replace_with_mask(values, found, pc.replace_substring_regex(plain, _HYPHENS, "-"))


def restore_case(pseudonyms: pa.Array, like: pa.Array) -> pa.Array:
    """Each pseudonym in the case of the value beside it: all upper, all lower, or else as the pseudonym stands.

    >>> restore_case(pa.array(["Els", "Els", "Els"]), pa.array(["JAN", "jan", "Jan"])).to_pylist()
    ['ELS', 'els', 'Els']
    """
    upper, lower = _cases(like)
    for rows, in_ascii, in_unicode in (
        (upper, pc.ascii_upper, pc.utf8_upper),
        (lower, pc.ascii_lower, pc.utf8_lower),
    ):
        if not rows.any():
            continue
        cased = in_ascii(pseudonyms) if is_ascii(pseudonyms) else in_unicode(pseudonyms)
        pseudonyms = cased if rows.all() else pc.if_else(pa.array(rows), cased, pseudonyms)
    return pseudonyms


def is_ascii(values: pa.Array) -> bool:
    """Whether no value has a letter beyond ASCII."""
    return bool(flat_bytes(values)[0].max(initial=0) < 128)


def _cases(values: pa.Array) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which values are in upper case (two letters or more), and which in lower case."""
    if not is_ascii(values):
        upper = pc.and_(pc.utf8_is_upper(values), pc.greater(pc.utf8_length(values), 1))
        return _filled(upper), _filled(pc.utf8_is_lower(values))
    data, offsets = flat_bytes(values)
    capitals = counts_per_row((data >= ord("A")) & (data <= ord("Z")), offsets)
    smalls = counts_per_row((data >= ord("a")) & (data <= ord("z")), offsets)
    return (capitals > 0) & (smalls == 0) & (np.diff(offsets) > 1), (smalls > 0) & (capitals == 0)


def _filled(values: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False))
