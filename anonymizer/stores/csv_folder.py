"""CSV files: a folder or a zip archive of them is a database, each file a table; or one file alone.

Each file (`.csv`, `.tsv`, `.tab`, `.psv`, `.txt`, also compressed) keeps its own dialect, encoding and line ends, which
are told from its content: `_csv.dialect`. An optional `datapackage.json` beside the files states what content cannot
tell: names, types, keys, what stands for NULL; see `_csv.datapackage`. Without one, types are told from all values
(`_csv.types`), and no keys are known. Which file is what: `_csv.files`.

An empty cell without quotes is NULL, one in quotes the empty string. A file whose rows are not all of one width is
refused, as is every file in the folder that is no table.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from anonymizer.contracts import Input, Rows, Verbatim
from anonymizer.errors import SourceError
from anonymizer.model.schema import Column, Schema, Table, TableName
from anonymizer.stores._csv import text as _csv_text
from anonymizer.stores._csv.datapackage import FILE
from anonymizer.stores._csv.files import Layout, TableFiles, file_name, is_table, layout_of, paths_of, unpacked
from anonymizer.stores._csv.reading import Block, Format, formats, open_file, pieces
from anonymizer.stores._csv.sink import Begin, CsvSink
from anonymizer.stores._csv.text import WrongEncoding
from anonymizer.stores._csv.types import TypeTelling
from anonymizer.stores._input import MemberInput, is_dump
from anonymizer.stores._thinning import BatchThinning

NAME = "CSV folder"

_HEAD_BYTES = 1 << 12
_BINARY = re.compile(rb"\A(?:PK\x03\x04|%PDF|\x1f\x8b|SQLite format|PGDMP|\xd0\xcf\x11\xe0)")
_SQL = re.compile(
    rb"\A(?:\xef\xbb\xbf)?(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/;?|\\restrict[^\n]*\n)*"
    rb"(?:(?:ALTER|CREATE|INSERT|DROP|SET|USE|PRAGMA|LOCK|COPY|BEGIN|SELECT)\s|GO\s*$|/\*!)",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)


_PARQUET = (".parquet", ".parq", ".pq")
"""A folder of these may have a `datapackage.json` too."""


def recognises(source: Input) -> bool:
    """A folder or archive with files that are tables by their names, or one such file that holds text but no SQL.

    What has no name or one that says little (a pipe, `.txt`) must be tabular from its beginning.
    """
    paths = paths_of(source)
    if paths or source.path.is_dir():
        dumps = "toc.dat" in paths or any(map(is_dump, paths))
        other = dumps or any(path.lower().endswith(_PARQUET) for path in paths)
        return not other and (FILE in paths or any(map(is_table, paths)))
    piped = not source.path.exists() and not isinstance(source, MemberInput)
    if not piped and not is_table(file_name(source)):
        return False
    head = source.head(_HEAD_BYTES)
    text = head.replace(b"\0", b"") if head.startswith((b"\xff\xfe", b"\xfe\xff")) or head[1:8:2] == b"\0" * 4 else head
    if _BINARY.search(text) or b"\0" in text or _SQL.match(text):
        return False
    return _is_tabular(source) if piped or unpacked(file_name(source)).lower().endswith(".txt") else True


def _is_tabular(source: Input) -> bool:
    """Whether the text of a file that may be anything is a table."""
    try:
        return any(len(form.columns) > 1 for form in formats(layout_of(source).tables[0].files[0], None, None))
    except SourceError:
        return False


def open_source(source: Input) -> CsvSource:
    """Looks at the names of the files only."""
    return CsvSource(source)


def open_sink(source: CsvSource, target: Path) -> CsvSink:
    """Writes a folder, an archive if the target's suffix is .zip, or the one file."""
    return CsvSink(target, source.only_file)


class CsvSource:
    """Reads the files; see contracts.Source."""

    kind = NAME

    def __init__(self, source: Input) -> None:
        self.input = source
        self._layout: Layout = layout_of(source)
        self._schema: Schema | None = None
        self._formats: dict[TableName, list[Format]] = {}

    @property
    def only_file(self) -> str:
        """The name of the file that the source is; "" for a folder or an archive of several."""
        first = self._layout.tables[0].files[0]
        return "" if first.path else unpacked(Path(file_name(self.input)).name)

    def schema(self) -> Schema:
        """See contracts.Source. Every row of every file is looked at."""
        if self._schema is None:
            tables = tuple(self._table(table) for table in self._layout.tables)
            self._schema = Schema(tables)
            _require_references(self._schema)
        return self._schema

    def sample(self, rows: int) -> Iterator[Rows]:
        """See contracts.Source."""
        for table in self.schema().tables:
            thinning = BatchThinning(rows)
            for form in self._formats[table.name]:
                for piece in pieces(form):
                    if isinstance(piece, Block):
                        few = piece.index.thinned(thinning.upcoming(piece.index.rows))
                        batch, _ = _csv_text.read(few, form.columns, form.columns, form.file.input.name, piece.line)
                        thinning.feed_chosen(batch)
            for batch in thinning.batches():
                yield Rows(table.name, batch)

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """See contracts.Source."""
        self.schema()
        for file in self._layout.others:
            yield Verbatim(place=Begin(file.path))
            for data in open_file(file, ""):
                yield Verbatim(data)
        for table in self._layout.tables:
            wanted = tuple(columns.get(table.name, ()))
            for form in self._formats[table.name]:
                yield Verbatim(place=Begin(form.file.path, form.wide))
                if not wanted:
                    for data in open_file(form.file, form.wide):
                        yield Verbatim(data)
                    continue
                for piece in pieces(form):
                    if not isinstance(piece, Block):
                        yield Verbatim(piece)
                    else:
                        batch, frame = _csv_text.read(
                            piece.index, form.columns, wanted, form.file.input.name, piece.line
                        )
                        yield Rows(table.name, batch, frame)

    def _table(self, table: TableFiles) -> Table:
        told: list[Format] = []
        telling: TypeTelling | None = None
        for file in table.files:
            form, telling = _right_one(formats(file, table.resource, told[0] if told else None), telling)
            told.append(form)
        assert telling is not None
        self._formats[table.name] = told
        resource = table.resource
        if resource is None or not resource.columns:
            types = zip(told[0].columns, telling.families(), strict=True)
            columns = tuple(Column(name, "text" if family == "text" else str(family), family) for name, family in types)
        else:
            columns = resource.columns
        if resource is None:
            return Table(table.name, columns)
        made = Table(
            table.name, columns, resource.primary_key, resource.unique, resource.foreign_keys, comment=resource.comment
        )
        _require_columns(made)
        return made


def _right_one(candidates: Iterator[Format], telling: TypeTelling | None) -> tuple[Format, TypeTelling]:
    """The first format that reads the whole file, and the types after it."""
    first: SourceError | None = None
    broken: Format | None = None
    for form in candidates:
        if broken is not None and form.dialect.escape == broken.dialect.escape:
            continue  # another encoding does not make the rows whole
        after = telling.copy() if telling is not None else TypeTelling(len(form.columns))
        try:
            _look_through(form, after)
        except WrongEncoding as error:
            first = first or error
        except SourceError as error:
            first, broken = first or error, form
        else:
            return form, after
    assert first is not None
    raise first


def _look_through(form: Format, telling: TypeTelling) -> None:
    name = form.file.input.name
    for piece in pieces(form):
        data = piece.index.block if isinstance(piece, Block) else piece
        try:
            str(data, form.dialect.codec)
        except UnicodeDecodeError as error:
            at = bytes(data[: error.start]).count(b"\n") + (piece.line if isinstance(piece, Block) else 1)
            raise WrongEncoding(
                f"{name}, line {at}: the text is not valid {form.dialect.codec}; state the encoding in {FILE}"
            ) from None
        if isinstance(piece, Block):
            places = telling.undecided()
            wanted = [form.columns[place] for place in places]
            if wanted:
                batch, _ = _csv_text.read(piece.index, form.columns, wanted, name, piece.line)
                for place, values in zip(places, batch.columns, strict=True):
                    telling.feed(place, values)


def _require_columns(table: Table) -> None:
    names = [column.name for column in table.columns]
    used = [name for key in (*table.keys, *(key.columns for key in table.foreign_keys)) for name in key]
    if len(set(names)) < len(names) or not set(used) <= set(names):
        raise SourceError(f"{FILE}: a key of {table.name} names a column that it does not have; correct it")


def _require_references(schema: Schema) -> None:
    for table in schema.tables:
        for key in table.foreign_keys:
            known = key.references in schema and {column.name for column in schema.table(key.references).columns}
            if not known or not set(key.referenced) <= known or len(key.columns) != len(key.referenced):
                raise SourceError(f"{FILE}: a foreign key of {table.name} refers to what is not there; correct it")
