"""The cells of MySQL's INSERT … VALUES lists, as the database would print them.

A string gives its content, NULL gives null, bytes give `\\x…`, bits a number, and any expression its own text. Plain
constants are found by one pattern, rows with anything else token by token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.schema import Column, TypeFamily

_ESCAPED = re.compile(rb"\\(.)|''", re.DOTALL)
_MEANS = {b"0": b"\0", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"Z": b"\x1a", b"%": b"\\%", b"_": b"\\_"}
_BYTES = (TypeFamily.BINARY, TypeFamily.GEOMETRY)
_COMMENT = rb"/\*(?!M?!).*?\*/|#[^\n]*|--(?=\s)[^\n]*"
_Cell = tuple[str, bytes]
"""What it is ("string", "hex", "bits", "word") and its text."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How some rows are read."""

    names: tuple[str, ...]
    """Of their cells, in order; () when nothing is known of the table."""
    columns: Mapping[str, Column]
    all_names: tuple[str, ...]
    encoding: str
    escapes: bool
    """A backslash escapes."""
    double_strings: bool
    """Double quotes hold strings, not names."""


def _strings(escapes: bool, names_in_double: bool) -> tuple[bytes, bytes]:
    single = rb"'(?:[^'\\]++|\\.|'')*+'" if escapes else rb"'(?:[^']++|'')*+'"
    double = rb'"(?:[^"\\]++|\\.|"")*+"' if escapes and not names_in_double else rb'"(?:[^"]++|"")*+"'
    return single, double


@cache
def code(escapes: bool, names_in_double: bool, delimiter: bytes) -> re.Pattern[bytes]:
    """A statement up to its delimiter, or to where something begins that does not end."""
    single, double = _strings(escapes, names_in_double)
    first = re.escape(delimiter[:1])
    return re.compile(
        rb"(?:(?!" + re.escape(delimiter) + rb")(?:[^'\"`#/\-" + first + rb"]++|" + single + b"|" + double
        + rb"|`(?:[^`]++|``)*+`|#[^\n]*+\n|--(?=\s)[^\n]*+\n|-(?!-\s)|/\*(?!M?!)(?:[^*]++|\*(?!/))*+\*/|/(?!\*(?!M?!))"
        + rb"|" + (first if delimiter[:1] not in b"'\"`#/-" else rb"(?!)") + rb"))*+",
        re.DOTALL,
    )  # fmt: skip


@cache
def _patterns(escapes: bool, double_strings: bool) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """A plain cell with the mark before it and the row's end behind it; any token."""
    single, double = (part[1:-1] for part in _strings(escapes, not double_strings))
    double_string = rb'|"(' + double + rb')"' if double_strings else rb"|((?!))"
    plain = (
        rb"((?:\s*,?\s*(\()|,)\s*(?:(?:_\w+\s*|[nN](?='))?'(" + single + rb")'" + double_string
        + rb"|(?:_binary\s+)?(?:0x([0-9A-Fa-f]+)|[xX]'([0-9A-Fa-f]*)')|[bB]'([01]*)'|([-+\w.]++))\s*+(\))?)"
    )  # fmt: skip
    token = (
        rb"(?P<comment>" + _COMMENT + rb")|(?P<single>(?:\b(?:_\w+\s*|[nN]))?'(?P<text>" + single + rb")')"
        rb'|(?P<double>"' + double + rb'")|(?P<hex>(?:_binary\s+)?(?:0x(?P<digits>[0-9A-Fa-f]+)\b|[xX]'
        rb"'(?P<quoted>[0-9A-Fa-f]*)'))|(?P<bits>\b[bB]'(?P<ones>[01]*)')|(?P<name>`(?:[^`]|``)*`)|(?P<mark>[(),])"
        rb"|(?P<space>\s+)|(?P<word>[\w$@.\x80-\xff]+|.)"
    )
    return re.compile(plain, re.DOTALL), re.compile(token, re.DOTALL)


def apart(text: bytes) -> tuple[bytes, bytes]:
    """The rows, and the clause that may stand behind them."""
    clause = text.upper().rfind(b"DUPLICATE") if b"uplicate" in text.lower() else -1
    end = text.rfind(b")", 0, clause) if clause >= 0 else -1
    if end >= 0 and b"'" not in text[end:] and re.match(rb"\)\s*(?:AS\s+\w+\s+)?ON\s+DUP", text[end:], re.IGNORECASE):
        return text[: end + 1], text[end + 1 :]
    return text.rstrip().removesuffix(b";"), b""


def batch(rows: list[bytes], reading: Reading) -> pa.RecordBatch:
    """What follows VALUES in some INSERTs into one table, as columns of Arrow `string`, without computed columns.

    Raises ValueError when a row has another number of cells, or a value is not valid in the encoding.
    """
    names, columns = _columns(rows, reading)
    found = {}
    for name, parts in zip(names, columns, strict=True):
        column = reading.columns.get(name)
        if column is None or not column.generated:
            found[name] = pa.concat_arrays([_values(part, column, reading) for part in parts])
    return pa.RecordBatch.from_arrays(list(found.values()), names=list(found))


def computed(rows: list[bytes], reading: Reading) -> bytes:
    """The values of computed columns that the rows hold, one a line: they are derived from others."""
    names, columns = _columns(rows, reading)
    held = []
    for name, parts in zip(names, columns, strict=True):
        if name in reading.columns and reading.columns[name].generated:
            cells = chain.from_iterable(part.cells(reading.escapes) for part in parts)
            held += [_unescaped(text, reading) if what == "string" else text for what, text in cells]
    return b"\n".join(text for text in held if text.upper() not in (b"DEFAULT", b"NULL"))


def comments(rows: list[bytes], reading: Reading) -> bytes:
    """Comments between the cells, one a line."""
    found = []
    for text in rows:
        if b"/*" in text or b"--" in text or b"#" in text:
            token = _patterns(reading.escapes, reading.double_strings)[1]
            found += [match[0] for match in token.finditer(text) if match["comment"] is not None]
    return b"\n".join(found)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some cells of one column: matches of the pattern of plain cells, or cells that were read one by one."""

    matches: list[tuple[bytes, ...]]
    read: list[_Cell]

    def cells(self, escapes: bool) -> list[_Cell]:
        """All of them, one by one."""
        return self.read or [_cell(match, escapes) for match in self.matches]


def _columns(rows: list[bytes], reading: Reading) -> tuple[tuple[str, ...], list[list[_Part]]]:
    """The names of the cells of a row, and for each its parts."""
    parts: list[list[_Part]] = []
    for text in rows:
        matches = _plain(text, reading)
        if matches:
            width = next(place for place, match in enumerate(matches) if match[8]) + 1
            found = [_Part(matches[place::width], []) for place in range(width)]
        else:
            cells, width = _exact(text, reading)
            found = [_Part([], cells[place::width]) for place in range(width)]
        if parts and width != len(parts):
            raise ValueError("another number of cells")
        parts = parts or [[] for _ in range(width)]
        for column, part in zip(parts, found, strict=True):
            column.append(part)
    width = len(parts)
    names = reading.names
    if names and len(names) != width:  # columns that are not seen have no cells
        names = () if len(names) < width or names != reading.all_names else _visible(reading, width)
    names = names or tuple(str(number) for number in range(width))
    if len(names) != width:
        raise ValueError("another number of cells")
    return names, parts


def _visible(reading: Reading, width: int) -> tuple[str, ...]:
    """Rows without a column list leave out columns; which ones, the schema of the plan does not say."""
    stored = tuple(name for name in reading.all_names if not reading.columns[name].generated)
    if len(stored) == width:
        return stored
    raise ValueError("another number of cells")


def _plain(text: bytes, reading: Reading) -> list[tuple[bytes, ...]]:
    """All cells of rows that are as wide as the first; [] when there is anything but plain constants."""
    found = _patterns(reading.escapes, reading.double_strings)[0].findall(text)
    if not found:
        return []
    wholes, begins, *_, ends = zip(*found, strict=True)
    width = ends.index(b")") + 1 if b")" in ends else 0
    if not width or len(found) % width or sum(map(len, wholes)) != len(text.rstrip()):
        return []
    rows = len(found) // width
    if ends[width - 1 :: width].count(b")") != rows or ends.count(b"") != len(found) - rows:
        return []
    if begins[::width].count(b"(") != rows or begins.count(b"") != len(found) - rows:
        return []
    return found


def _cell(match: tuple[bytes, ...], escapes: bool) -> _Cell:
    _, _, single, double, digits, quoted, ones, word, _ = match
    if word:
        return "word", word
    if digits:
        return "hex", digits
    if single:
        return "string", single
    if double:
        return "string", _as_single(double, escapes)
    whole = match[0].rstrip(b") \t\r\n")
    if whole.endswith((b"x'" + quoted + b"'", b"X'" + quoted + b"'")):
        return "hex", quoted
    if whole.endswith((b"b'" + ones + b"'", b"B'" + ones + b"'")):
        return "bits", ones
    return "string", b""


def _as_single(text: bytes, escapes: bool) -> bytes:
    """What stands in double quotes, as it would stand in single ones."""
    parts = rb"\\.|\"\"|'" if escapes else rb"\"\"|'"
    return re.sub(parts, lambda m: {b'""': b'"', b"'": b"''"}.get(m[0], m[0]), text, flags=re.DOTALL)


def _exact(text: bytes, reading: Reading) -> tuple[list[_Cell], int]:
    cells: list[_Cell] = []
    widths = set()
    row: list[list[re.Match[bytes]]] = []
    depth = 0
    for token in _patterns(reading.escapes, reading.double_strings)[1].finditer(text):
        if token["comment"] is not None or token["space"] is not None:
            continue
        mark = token["mark"]
        if not depth:
            if mark == b"(":
                depth, row = 1, [[]]
            continue
        depth += (mark == b"(") - (mark == b")")
        if not depth:
            cells += (_of_tokens(tokens, reading.escapes) for tokens in row)
            widths.add(len(row))
        elif depth == 1 and mark == b",":
            row.append([])
        else:
            row[-1].append(token)
    if depth or len(widths) != 1:
        raise ValueError("another number of cells")
    return cells, widths.pop()


def _of_tokens(tokens: list[re.Match[bytes]], escapes: bool) -> _Cell:
    if len(tokens) == 1:
        token = tokens[0]
        if token["single"] is not None:
            return "string", token["text"]
        if token["double"] is not None:
            return "string", _as_single(token["double"][1:-1], escapes)
        if token["hex"] is not None:
            return "hex", token["digits"] or token["quoted"] or b""
        if token["bits"] is not None:
            return "bits", token["ones"]
    if [token[0].upper() for token in (*tokens[:2], *tokens[3:])] == [b"UNHEX", b"(", b")"] and tokens[2]["text"]:
        return "hex", tokens[2]["text"]  # as Adminer writes bytes
    return "word", b"".join(token[0] for token in tokens)


# --- values -----------------------------------------------------------------------------------------------------


def _values(part: _Part, column: Column | None, reading: Reading) -> pa.Array:
    family = column.family if column is not None else TypeFamily.TEXT
    bits = column is not None and column.type.lower().startswith("bit")
    if part.matches and not bits and family not in _BYTES and reading.encoding == "utf-8":
        _, _, strings, *others, words, _ = zip(*part.matches, strict=True)
        if not any(map(any, others)):
            return _strings_and_words(strings, words, reading)
    texts: Iterator[str | None]
    cells = part.cells(reading.escapes)
    if bits:
        texts = (_bits(what, text, reading) for what, text in cells)
    elif family in _BYTES:
        texts = (_bytes(what, text, reading) for what, text in cells)
    else:
        decode = _decoder(reading.encoding)
        texts = (_text(what, text, reading, decode) for what, text in cells)
    return pa.array(texts, pa.string())


def _strings_and_words(strings: Sequence[bytes], words: Sequence[bytes], reading: Reading) -> pa.Array:
    """A column in which every cell is a string, or a word where the string is empty."""
    values = pa.array(strings, pa.binary())
    odd = pc.or_(pc.match_substring(values, b"'"), pc.match_substring(values, b"\\"))
    if odd.true_count:
        plain = [_unescaped(text, reading) for text in values.filter(odd).to_pylist()]
        values = pc.replace_with_mask(values, odd, pa.array(plain, pa.binary()))
    if any(words):
        others = pa.array(words, pa.binary())
        values = pc.if_else(pc.equal(others, pa.scalar(b"", pa.binary())), values, others)
        nulls = pa.array([word for word in set(words) if word.upper() == b"NULL"], pa.binary())
        null = pc.is_in(others, nulls)
        values = pc.if_else(null, pa.scalar(b"", pa.binary()), values)  # a null has no bytes under it
        values = pc.if_else(null, pa.scalar(None, pa.binary()), values)
    return values.cast(pa.string())


def _text(what: str, text: bytes, reading: Reading, decode: Callable[[bytes], str]) -> str | None:
    if what == "string":
        return decode(_unescaped(text, reading) if b"\\" in text or b"'" in text else text)
    if what == "word":
        return None if text.upper() in (b"NULL", b"\\N") else decode(text)
    if what == "hex":
        data = bytes.fromhex(text.decode() if len(text) % 2 == 0 else "0" + text.decode())
        try:
            return data.decode()  # so mariadb-dump writes texts with --hex-blob and the character set binary
        except UnicodeDecodeError:
            return "\\x" + data.hex()
    return text.decode()


def _bytes(what: str, text: bytes, reading: Reading) -> str | None:
    if what == "string":
        return "\\x" + _unescaped(text, reading).hex()
    return "\\x" + text.decode().lower() if what == "hex" else _text(what, text, reading, bytes.decode)


def _bits(what: str, text: bytes, reading: Reading) -> str | None:
    if what == "string":
        return str(int.from_bytes(_unescaped(text, reading), "big"))
    if what == "word":
        return _text(what, text, reading, bytes.decode)
    return str(int(text or b"0", 16 if what == "hex" else 2))


def _unescaped(text: bytes, reading: Reading) -> bytes:
    if not reading.escapes:
        return text.replace(b"''", b"'")
    return _ESCAPED.sub(lambda m: _MEANS.get(m[1], m[1]) if m[1] is not None else b"'", text)


def _decoder(encoding: str) -> Callable[[bytes], str]:
    if encoding != "cp1252":
        return lambda data: data.decode(encoding)

    def decode(data: bytes) -> str:
        try:
            return data.decode("cp1252")
        except UnicodeDecodeError:  # five bytes that Windows leaves open and MySQL does not
            return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in data)

    return decode
