"""One CSV file from its first byte to its last: what stands before the rows, and the rows in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace

from anonymizer.errors import SourceError
from anonymizer.stores._csv.datapackage import Resource
from anonymizer.stores._csv.dialect import HEAD_BYTES, NoRow, Untold, header_of, preamble_of, tell, wide_codec
from anonymizer.stores._csv.files import File
from anonymizer.stores._csv.index import ESCAPE, Dialect, Fault, Index, index_of
from anonymizer.stores._csv.text import WrongEncoding, read
from anonymizer.stores._utf16 import open_text

BLOCK_BYTES = 4 << 20
_ROW_BYTES_MAX = 1 << 26
_HEAD_BYTES_MAX = 1 << 26
"""Of a file whose first row is longer than HEAD_BYTES."""
_CODECS = ("utf-8", "cp1252", "latin-1")


@dataclass(frozen=True, slots=True)
class Format:
    """How one file is written."""

    file: File
    wide: str
    """The codec of a file in UTF-16, which is read as UTF-8; "" for all others."""
    dialect: Dialect
    header: bool
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole rows."""

    index: Index
    line: int
    """The number of the first line."""


def open_file(file: File, wide: str) -> Iterator[bytes]:
    """The text in pieces: UTF-16 as UTF-8, all else as it is."""
    with closing(open_text(file.input, wide)) as stream:
        while piece := stream.read(BLOCK_BYTES):
            yield piece


def pieces(form: Format) -> Iterator[bytes | Block]:
    """Everything in the file: rows as blocks, what stands around them as bytes. Raises SourceError for a bad row."""
    texts = open_file(form.file, form.wide)
    rest, line, final = next(texts, b""), 1, False
    before = preamble_of(rest)
    if before:
        yield before
        line, rest = line + before.count(b"\n"), rest[len(before) :]
    header = form.header
    while True:
        try:
            index = index_of(rest, form.dialect, len(form.columns), final)
        except Fault as fault:
            at = line + rest.count(b"\n", 0, fault.position)
            raise SourceError(
                f"{form.file.input.name}, line {at}: {fault.sentence}; correct it, or state the dialect in"
                " datapackage.json"
            ) from None
        if header and index.rows:
            stop, header = int(index.after[0]), False
            yield rest[:stop]
            line, rest = line + rest.count(b"\n", 0, stop), rest[stop:]
            continue
        stop = len(index.block)
        if index.rows and not header:
            yield Block(index, line)
        elif stop:
            yield rest[:stop]
        if final:
            return
        line, rest = line + rest.count(b"\n", 0, stop), rest[stop:]
        if len(rest) > _ROW_BYTES_MAX:
            raise SourceError(
                f"{form.file.input.name}, line {line}: the row is longer than {_ROW_BYTES_MAX >> 20} MB; correct it"
            )
        more = [next(texts, b"")]
        while more[-1] and sum(map(len, more)) < len(rest):  # a long row is looked at again when it has doubled
            more.append(next(texts, b""))
        final = not more[-1]
        rest += b"".join(more)


# --- telling the format -----------------------------------------------------------------------------------------


def formats(file: File, resource: Resource | None, model: Format | None) -> Iterator[Format]:
    """How the file may be written, the likeliest first; the right one reads all of it.

    `model` is the format of an earlier file of the same table. Raises SourceError when nothing fits its beginning.
    """
    stated = resource.codec if resource is not None else ""
    wide = _wide(file, stated)
    codecs = (stated,) if stated and not wide and not stated.startswith("utf-16") else ("utf-8",) if wide else _CODECS
    try:
        head, final, dialect = _head(file, wide, resource, model)
        for each in _alternatives(dialect, resource, head):
            for codec in codecs:
                yield _format(file, wide, replace(each, codec=codec), head, final, resource, model)
    except Untold as untold:
        place = ", " if str(untold).startswith("line ") else ": "
        raise SourceError(f"{file.input.name}{place}{untold}") from None
    except Fault as fault:
        at = 1 + head.count(b"\n", 0, fault.position)
        raise SourceError(f"{file.input.name}, line {at}: {fault.sentence}; correct it or datapackage.json") from None


def _wide(file: File, stated: str) -> str:
    told = wide_codec(file.input.head(1 << 12))
    if stated == "utf-16":
        return told or "utf-16-be"
    return stated if stated.startswith("utf-16") else told


def _head(file: File, wide: str, resource: Resource | None, model: Format | None) -> tuple[bytes, bool, Dialect]:
    """How the file begins, whether that is all of it, and its dialect."""
    likely = model.dialect.delimiter if model is not None else file.likely
    size = HEAD_BYTES
    while True:
        with closing(open_text(file.input, wide)) as stream:
            head = stream.read(size)
        final = len(head) < size
        stated = resource.dialect if resource is not None else None
        try:
            dialect = _told(head, final, likely, resource) if stated is None else stated
            whole = final or size >= _HEAD_BYTES_MAX
            if whole or index_of(head[len(preamble_of(head)) :], dialect, final=False).rows > 1:
                return head, final, dialect
        except NoRow:
            if final or size >= _HEAD_BYTES_MAX:
                raise
        size *= 8


def _told(head: bytes, final: bool, likely: bytes, resource: Resource | None) -> Dialect:
    dialect = tell(head, final, likely)
    missing = dialect.missing if resource is None else resource.missing
    return replace(dialect, missing=missing if missing != (b"",) else dialect.missing)


def _alternatives(dialect: Dialect, resource: Resource | None, head: bytes) -> tuple[Dialect, ...]:
    """Backslashes before quotes may come later than the beginning."""
    if (resource is not None and resource.dialect is not None) or not dialect.quote or dialect.escape:
        return (dialect,)
    return (dialect, replace(dialect, escape=ESCAPE))


def _format(
    file: File, wide: str, dialect: Dialect, head: bytes, final: bool, resource: Resource | None, model: Format | None
) -> Format:
    text = head[len(preamble_of(head)) :]
    known: tuple[str, ...] = ()
    if model is not None:
        known = model.columns
    elif resource is not None:
        known = tuple(column.name for column in resource.columns)
    index = index_of(text, dialect, len(known), final)
    first = _first_row(index, dialect)
    if known:
        header = first == known
        stated = resource is not None and resource.dialect is not None and model is None
        if stated and resource is not None and resource.header != header:
            words = "is not the one" if resource.header else "names the columns, against the dialect"
            raise Untold(f"its first line {words} that datapackage.json states; correct one of them")
        return Format(file, wide, dialect, header, known)
    if resource is not None and resource.dialect is not None:
        header = resource.header
    else:
        header = header_of(text, dialect, final)
    if not header:
        return Format(file, wide, dialect, False, tuple(f"field{place + 1}" for place in range(index.columns)))
    names = tuple(name or f"field{place}" for place, name in enumerate(first, 1))
    if len(set(names)) < len(names):
        raise Untold("the first line names two columns alike; state the fields in datapackage.json")
    return Format(file, wide, dialect, True, names)


def _first_row(index: Index, dialect: Dialect) -> tuple[str, ...]:
    if not index.rows:
        return ()
    # names in another encoding are told well enough; a wrong one is found when all of the file is read
    for codec in (dialect.codec, "latin-1"):
        few = Index(index.block, index.starts[:1], index.ends[:1], index.after[:1], replace(dialect, codec=codec))
        places = [str(place) for place in range(index.columns)]
        with suppress(WrongEncoding):
            batch, _ = read(few, places, places, "", 1)
            return tuple(column[0].as_py() or "" for column in batch.columns)
    return ()
