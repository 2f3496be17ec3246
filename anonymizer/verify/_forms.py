"""Other forms in which a text holds a value: escapes of strings, links, mails and web pages, hexadecimal and base64.

Each form is looked for by the one sign that it cannot do without, over a whole piece at once, so that text without
any costs next to nothing; only the cells that have the sign are decoded, one by one. A decoded text is looked through
like any other, but not decoded a second time, save base64 within base64.
"""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.verify._fingerprint import I64, flat
from anonymizer.verify._known import TAG
from anonymizer.verify._tokens import Tokens

_SURROGATES = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
_ESCAPED = re.compile(
    r"\\(?:\+([0-9A-Fa-f]{6})|u\{?([0-9A-Fa-f]{4})\}?|U([0-9A-Fa-f]{8})|([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([0-3][0-7]{2}))"
)
"""JSON and PostgreSQL's E'' and U&'' strings."""
_OTHER_ESCAPE = re.compile(rb"UESCAPE\s*'([^'0-9A-Fa-f+\s])'", re.IGNORECASE)
_QUOTED_PRINTABLE = re.compile(rb"=(?:([0-9A-Fa-f]{2})|[ \t]*\r?\n)")
_WHOLE_HEX = re.compile(rb"(?:\\x|0x)?((?:[0-9A-Fa-f]{2})+)\Z")
_LETTER = "(?:[4-7][0-9A-Fa-f]|3[0-9]|2[02-9A-Fa-f])"
_LETTERS = f"(?:{_LETTER}{{6}}|(?:{_LETTER}00){{5}})"
_HEX = f"(?:^|[^0-9A-Za-z]|0x)(?:[0-9A-Fa-f]{{2}})*{_LETTERS}(?:[0-9A-Fa-f]{{2}})*(?:[^0-9A-Za-z]|$)"
"""A whole run of letters and digits with six letters of ASCII in hexadecimal, or five of UTF-16."""
_GROUP = "[I-Za-f][C-HS-Xi-nyz0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]"
_BASE64 = f"(?:{_GROUP}){{3}}"
"""What three times three letters of ASCII look like: their upper bits are given."""
_HEX_RUN = re.compile(rb"(?<![0-9A-Za-z])(?:0x)?((?:[0-9A-Fa-f]{2}){6,})(?![0-9A-Za-z])")
_BASE64_GROUPS = re.compile(_BASE64.encode())
_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/_-]+")
_SPOKEN = re.compile(
    rb"([\w.%+-]+(?:(?:\s*[(\[{]\s*dot\s*[)\]}]\s*|\sdot\s)[\w%+-]+)*)\s*(?:[(\[{]\s*at\s*[)\]}]|\sat\s)"
    rb"\s*([\w-]+(?:(?:\.|\s*[(\[{]\s*dot\s*[)\]}]\s*|\sdot\s)[\w-]+)+)",
    re.IGNORECASE,
)
"""An e-mail address as it is said: "jan at firm dot be"."""
_DOT = re.compile(rb"\W*\bdot\b\W*", re.IGNORECASE)
_SPOKEN_SIGNS = tuple(
    form.replace(b"at", at) for at in (b"at", b"AT", b"At") for form in (b"(at)", b"[at]", b"{at}", b" at ", b"( at )")
)
_CELLS = re.compile(rb"</t[dh]>\s*<t[dh][^<>]*>", re.IGNORECASE)
_WRAPPED = re.compile(rb"(?<=[^\n]{40})\r?\n[ \t>]*(?=[^\s>])")
"""The end of a line in a letter or mail: names that stand below each other are a list."""
_MARKUP = re.compile(rb"(?<=[0-9])(?:<[^<>]{1,40}>\s*)+(?=[0-9])")
_TWICE = 3
"""Times that a link may have been quoted within links."""
_RUN = 12
"""Letters and digits in one run that are looked at: six letters in hexadecimal, nine in base64."""


def decoded(values: pa.Array, cut: Tokens) -> Iterator[tuple[I64, pa.Array]]:
    """What cells of a `string` array (whose bytes may be any) say when decoded, and which cells those are.

    `cut` are the tokens of the same values.
    """
    offsets, data = flat(values)
    text = data.tobytes()
    for sign, decode in _DECODERS:
        if sign in text:
            yield from _by(decode, values, _cells_with(text, sign, offsets))
    if b"+" in text and b"@" in text:
        tagged = np.flatnonzero(pc.fill_null(pc.match_substring_regex(values.view(pa.binary()), TAG), False))
        if len(tagged):
            bare = pc.replace_substring_regex(values.take(pa.array(tagged)).view(pa.binary()), TAG, "@")
            yield tagged, bare.view(pa.string())
    runs = cut.cells_with_runs(_RUN)
    if len(runs):
        like_text = pc.match_substring_regex(values.take(pa.array(runs)).view(pa.binary()), f"{_HEX}|{_BASE64}")
        yield from _by(_from_runs, values, runs[like_text.to_numpy(zero_copy_only=False)])


def _by(decode: Callable[[bytes], bytes | None], values: pa.Array, cells: I64) -> Iterator[tuple[I64, pa.Array]]:
    if not len(cells):
        return
    texts = values.take(pa.array(cells)).cast(pa.binary(), safe=False).to_pylist()
    found = [(cell, said) for cell, text in zip(cells, texts, strict=True) if (said := decode(text)) and said != text]
    if found:
        said = pa.array([text for _, text in found], pa.binary()).view(pa.string())
        yield np.array([cell for cell, _ in found], np.int64), said


def _cells_with(text: bytes, sign: bytes, offsets: I64) -> I64:
    places, at = [], text.find(sign)
    while at >= 0:
        cell = int(np.searchsorted(offsets, at, side="right"))
        places.append(cell - 1)
        at = text.find(sign, int(offsets[cell]))
    return np.array(places, np.int64)


# --- decoders ---------------------------------------------------------------------------------------------------


def _unescaped(cell: bytes) -> bytes | None:
    """Backslashes; a whole binary cell is read as what it holds."""
    if whole := _WHOLE_HEX.match(cell):
        return _readable(bytes.fromhex(whole[1].decode()))
    if other := _OTHER_ESCAPE.search(cell):
        cell = cell.replace(other[1], b"\\")
    text = _ESCAPED.sub(_code_point, cell.decode("utf-8", "replace"))
    text = _SURROGATES.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return text.encode("utf-8", "replace")


def _code_point(match: re.Match[str]) -> str:
    octal, code = match[6], next((group for group in match.groups()[:5] if group), "0")
    number = int(octal, 8) if octal else int(code, 16)
    return chr(number) if number < 0x110000 else ""


def _readable(data: bytes) -> bytes:
    """What was stored in two bytes a letter is read in one."""
    return data.replace(b"\0", b"") if data.count(b"\0") * 3 > len(data) else data


def _unquoted(cell: bytes) -> bytes:
    for _ in range(_TWICE):
        again = unquote_to_bytes(cell)
        if again == cell:
            break
        cell = again
    return cell


def _from_page(cell: bytes) -> bytes:
    return html.unescape(cell.decode("utf-8", "replace")).encode("utf-8", "replace")


def _from_mail(cell: bytes) -> bytes:
    return _QUOTED_PRINTABLE.sub(lambda m: bytes([int(m[1], 16)]) if m[1] else b"", cell)


def _from_runs(cell: bytes) -> bytes | None:
    """All that is written in hexadecimal or base64 anywhere in the cell."""
    found = _decoded_runs(cell)
    again = [said for text in found if _BASE64_GROUPS.search(text) for said in _decoded_runs(text)]
    return b"\n".join((*found, *again))


def _spoken(cell: bytes) -> bytes | None:
    if not _SPOKEN.search(cell):
        return None
    return _SPOKEN.sub(lambda said: _DOT.sub(b".", said[1]) + b"@" + _DOT.sub(b".", said[2]), cell)


def _unmarked(cell: bytes) -> bytes:
    """Without markup inside of numbers, and between the cells of a table."""
    return _CELLS.sub(b" ", _MARKUP.sub(b"", cell))


def _from_form(cell: bytes) -> bytes:
    """As forms send it, a plus sign is a blank."""
    return unquote_to_bytes(cell.replace(b"+", b" "))


def _unwrapped(cell: bytes) -> bytes:
    return _WRAPPED.sub(b" ", cell)


def _decoded_runs(cell: bytes) -> list[bytes]:
    found = [_readable(binascii.unhexlify(run)) for run in _HEX_RUN.findall(cell)]
    for run in _BASE64_RUN.findall(cell):
        if groups := _BASE64_GROUPS.search(run):
            letters = run[groups.start() % 4 :].replace(b"-", b"+").replace(b"_", b"/")
            letters = letters[: len(letters) - (len(letters) % 4 == 1)]
            found.append(binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)))
    return found


_DECODERS: tuple[tuple[bytes, Callable[[bytes], bytes | None]], ...] = (
    (b"\\", _unescaped),
    (b"%", _unquoted),
    (b"&", _from_page),
    (b"=", _from_mail),
    (b"</", _unmarked),
    (b"=", _from_form),
    (b"\n", _unwrapped),
    *((sign, _spoken) for sign in _SPOKEN_SIGNS),
    (b"UESCAPE", _unescaped),
    (b"uescape", _unescaped),
)
