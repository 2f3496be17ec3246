"""What the three kinds of PostgreSQL archive share: which entries may pass, and how their data becomes rows and back.

An archive is a sequence of members: the data of one table each, and what belongs to no table (the table of contents,
the script in a tar archive). A member that nobody wants travels as it is stored, compressed and all; of a wanted one
the text is read, cut into rows and compressed again the way it was.

Source: PostgreSQL's src/bin/pg_dump/pg_dump.c (kinds of entries, dumpTableData_copy) and pg_backup_archiver.c.
"""

from __future__ import annotations

import io
import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from anonymizer.contracts import Input, Rows, Verbatim
from anonymizer.errors import InternalError, SourceError
from anonymizer.model.schema import Schema, TableName
from anonymizer.stores._encoding import Utf8Probe, codec_of
from anonymizer.stores._output import open_output
from anonymizer.stores._pg import copy_text as _copy_text
from anonymizer.stores._pg.codec import PieceStream, Writer
from anonymizer.stores._pg.rows import BLOCK, CopyText, copy_columns, lines, spread
from anonymizer.stores._pg.schema import PgSchemaReader
from anonymizer.stores._pg.statements import holds_secret
from anonymizer.stores._pg.toc import Entry, Toc
from anonymizer.stores._sql import insert_text as _insert_text
from anonymizer.stores._sql.index import POSTGRES, Dialect
from anonymizer.stores._sql.spans import defaulted
from anonymizer.stores._sql.text import Kind, SqlText

_STRUCTURE = frozenset(
    {
        b"TABLE",
        b"FOREIGN TABLE",
        b"TABLE ATTACH",
        b"TYPE",
        b"SHELL TYPE",
        b"DOMAIN",
        b"EXTENSION",
        b"DEFAULT",
        b"CONSTRAINT",
        b"CHECK CONSTRAINT",
        b"FK CONSTRAINT",
        b"INDEX",
        b"COMMENT",
        b"SEQUENCE",
    }
)
"""Entries whose definition says something of a table, column or type."""

_WITHOUT_ROWS = _STRUCTURE | frozenset(
    {
        b"ACCESS METHOD",
        b"ACL",
        b"ACL LANGUAGE",
        b"AGGREGATE",
        b"CAST",
        b"COLLATION",
        b"CONVERSION",
        b"DATABASE",
        b"DATABASE PROPERTIES",
        b"DEFAULT ACL",
        b"ENCODING",
        b"EVENT TRIGGER",
        b"FOREIGN DATA WRAPPER",
        b"FOREIGN SERVER",
        b"FUNCTION",
        b"INDEX ATTACH",
        b"LANGUAGE",
        b"MATERIALIZED VIEW",
        b"MATERIALIZED VIEW DATA",  # only the statement REFRESH
        b"OPERATOR",
        b"OPERATOR CLASS",
        b"OPERATOR FAMILY",
        b"POLICY",
        b"PROCEDURAL LANGUAGE",
        b"PROCEDURE",
        b"PUBLICATION",
        b"PUBLICATION TABLE",
        b"PUBLICATION TABLES IN SCHEMA",
        b"ROW SECURITY",
        b"RULE",
        b"SCHEMA",
        b"SEARCHPATH",
        b"SECURITY LABEL",
        b"SEQUENCE OWNED BY",
        b"SEQUENCE SET",
        b"SERVER",
        b"STATISTICS",  # CREATE STATISTICS, without values
        b"STDSTRINGS",
        b"SUBSCRIPTION",
        b"SUBSCRIPTION TABLE",
        b"TEXT SEARCH CONFIGURATION",
        b"TEXT SEARCH DICTIONARY",
        b"TEXT SEARCH PARSER",
        b"TEXT SEARCH TEMPLATE",
        b"TRANSFORM",
        b"TRIGGER",
        b"USER MAPPING",
        b"VIEW",
    }
)
"""Every other kind of entry that carries no rows."""

_LARGE_OBJECTS = frozenset({b"BLOB", b"BLOBS", b"BLOB COMMENTS", b"BLOB METADATA"})

_QUOTED = re.compile(rb"'([^']*)'")


@dataclass(frozen=True, slots=True)
class Opening:
    """The place of the Verbatim that begins a member: all parts up to the next Opening belong to it."""

    key: Any
    """How the store's own sink finds the member's place."""
    recoded: bool
    """Whether text follows, to be compressed, instead of bytes that are stored as they come."""


class Member(ABC):
    """One piece of an archive; either `stored` or `text` may be read, once, before the next member is asked for."""

    key: Any
    entry: Entry | None
    """The table's entry; None for what belongs to no table."""

    @abstractmethod
    def stored(self) -> Iterator[Any]:
        """The bytes as they lie in the archive, bytes-like."""

    @abstractmethod
    def text(self) -> Iterator[bytes]:
        """The decompressed content. Raises SourceError when it is damaged or ends early."""


class ArchiveSource(ABC):
    """A contracts.Source over the members of an archive."""

    kind: str

    def __init__(self, source: Input) -> None:
        self.input = source
        self.toc = self._read_toc()
        for entry in self.toc.entries:
            _refuse_unknown(entry)

    @abstractmethod
    def _read_toc(self) -> Toc:
        """Header and table of contents."""

    @abstractmethod
    def members(self) -> Iterator[Member]:
        """All of the archive, in its order; raises SourceError for a member that is missing or not expected."""

    def schema(self) -> Schema:
        """See contracts.Source."""
        return self._schema

    def sample(self, rows: int) -> Iterator[Rows]:
        """See contracts.Source."""
        for member in self.members():
            if member.entry is None:
                continue
            table = self._table(member.entry)
            if member.entry.copy_stmt:
                columns = self._columns(member.entry)
                kept = spread(map(lines, CopyText(member.text(), str(table))), rows)
                text = b"" if kept is None else b"".join(kept["line"].to_pylist())
                batch, _ = _copy_text.read(text, columns, columns, self._encoding, str(table))
            else:
                columns = [column.name for column in self._schema.table(table).columns if not column.generated]
                parts = self._insert_rows(member, table, columns)
                batch = spread((part.batch for part in parts if isinstance(part, Rows)), rows)
            if batch is not None and batch.num_rows and columns:
                yield Rows(table, batch)

    def parts(self, columns: Mapping[TableName, Collection[str]]) -> Iterator[Verbatim | Rows]:
        """See contracts.Source."""
        for member in self.members():
            table = self._table(member.entry) if member.entry else None
            if table is None or table not in columns:
                yield Verbatim(place=Opening(member.key, recoded=False))
                yield from map(Verbatim, member.stored())
            else:
                yield Verbatim(place=Opening(member.key, recoded=True))
                yield from self._rows(member, table, tuple(columns[table]))

    def _rows(self, member: Member, table: TableName, wanted: Sequence[str]) -> Iterator[Verbatim | Rows]:
        assert member.entry is not None
        if not member.entry.copy_stmt:
            yield from self._insert_rows(member, table, wanted)
            return
        columns, line = self._columns(member.entry), 1
        if missing := set(wanted) - set(columns):
            raise SourceError(f"{table}: the archive holds no data of {', '.join(sorted(missing))}; correct the rules")
        text = CopyText(member.text(), str(table))
        for block in text:
            batch, frame = _copy_text.read(block, columns, wanted, self._encoding, str(table), line)
            line += batch.num_rows
            yield Rows(table, batch, frame)
        yield Verbatim(text.tail)

    def _insert_rows(self, member: Member, table: TableName, wanted: Sequence[str]) -> Iterator[Verbatim | Rows]:
        """The rows of an archive that was made with --inserts."""
        stream = io.BufferedReader(PieceStream(member.text()))
        names = {table.name, self._schema.root(table).name.name}  # data may be loaded through a partition's root
        for piece in SqlText(stream, self._dialect):
            if piece.kind is Kind.SPACE and not bytes(piece.data).strip():  # a comment could hold anything
                yield Verbatim(piece.data)
                continue
            target, listed = _insert_text.target(piece.data) if piece.kind is Kind.INSERTS else ((), None)
            if not names.intersection(target[-1:]):
                raise SourceError(f"{table}: the data in line {piece.line} are no rows of this table; dump again")
            columns = listed or [column.name for column in self._schema.table(table).columns]
            batch, frame = _insert_text.read(
                piece.data, columns, wanted, self._encoding, self._dialect, str(table), piece.line
            )
            yield Rows(table, batch, frame, partial(defaulted, frame))

    # --- the table of contents ----------------------------------------------------------------------------------

    @cached_property
    def _encoding(self) -> str:
        """The Python codec of the archive's text. Where it says SQL_ASCII, all data is looked at once."""
        codec = codec_of(self._setting(b"ENCODING") or "UTF8")
        if codec != "sql-ascii":
            return codec
        probe = Utf8Probe()
        for entry in self.toc.entries:
            probe.feed(b"\n".join(filter(None, (entry.namespace, entry.tag, entry.defn, entry.copy_stmt, b"\n"))))
        for member in self.members():
            for piece in member.text() if member.entry else ():
                probe.feed(piece)
        return probe.codec

    @cached_property
    def _dialect(self) -> Dialect:
        """How quotations look in this archive."""
        return replace(POSTGRES, backslashes=self._setting(b"STDSTRINGS") == "off")

    def _setting(self, desc: bytes) -> str:
        """The value of the one setting that an entry of this kind holds, "" without one."""
        found = (_QUOTED.search(entry.defn or b"") for entry in self.toc.entries if entry.desc == desc)
        return next((match[1].decode("ascii", "replace") for match in found if match), "")

    @cached_property
    def _schema(self) -> Schema:
        reader = PgSchemaReader()
        relative_names = self.toc.header.version[:2] < (1, 13)
        for entry in self.toc.entries:
            if entry.desc not in _STRUCTURE or not entry.defn:
                continue
            if relative_names and entry.namespace:  # pg_restore sets the path before each entry of such an archive
                path = self._text(entry.namespace).replace('"', '""')
                reader.statement(f'SET search_path = "{path}", pg_catalog;', "")
            for piece in SqlText(io.BytesIO(entry.defn), self._dialect):
                if piece.kind is Kind.STATEMENT:
                    reader.statement(self._text(bytes(piece.data)), f"entry {entry.dump_id}")
        schema = reader.build(self._encoding)
        for entry in self.toc.entries:
            if entry.desc == b"TABLE DATA" and self._table(entry) not in schema:
                raise SourceError(
                    f"the archive holds data of {self._table(entry)} but not its definition; dump schema and data "
                    "together, and leave out with --exclude-table-data what belongs to an extension"
                )
        return schema

    def _text(self, data: bytes | None) -> str:
        try:
            return (data or b"").decode(self._encoding)
        except UnicodeDecodeError:
            raise SourceError(
                f"the archive's table of contents is not valid {self._encoding}; dump again with --encoding=UTF8"
            ) from None

    def _table(self, entry: Entry) -> TableName:
        """The table itself, also where the data of a partition is to be loaded through its root."""
        return TableName(self._text(entry.namespace), self._text(entry.tag))

    def _columns(self, entry: Entry) -> list[str]:
        columns = copy_columns(self._text(entry.copy_stmt))
        if columns is None:
            raise SourceError(f"the COPY statement of {self._table(entry)} is not understood; dump again without OIDs")
        return columns


def _refuse_unknown(entry: Entry) -> None:
    """Raise SourceError unless the entry is a table's data or of a kind that carries no rows."""
    desc = (entry.desc or b"").decode("ascii", "replace")[:60]
    if entry.desc == b"TABLE DATA":
        understood = re.fullmatch(rb"(?:--[^\n]*\n?)?", entry.defn or b"") is not None
    elif entry.desc in _LARGE_OBJECTS:
        raise SourceError("the archive holds large objects, which are not supported; dump again with --no-blobs")
    elif entry.desc == b"STATISTICS DATA":
        raise SourceError("the archive holds statistics, which quote values; dump again with --no-statistics")
    elif holds_secret(entry.defn or b""):
        raise SourceError(
            f"the archive's entry {entry.dump_id} ({desc}) may hold a password or a token; dump again without user"
            " mappings, subscriptions and settings"
        )
    else:
        understood = entry.desc in _WITHOUT_ROWS and not entry.had_dumper and not entry.copy_stmt
    if not understood:
        raise SourceError(f"the archive's entry {entry.dump_id} is of the kind {desc}, which is not understood")


class ArchiveSink(ABC):
    """A contracts.Sink that writes member after member."""

    def __init__(self) -> None:
        self._member: Writer | None = None

    @abstractmethod
    def _begin(self, opening: Opening) -> Writer:
        """Where the bytes of the next member go; closing it completes the member."""

    @abstractmethod
    def _complete(self) -> None:
        """All members were written: finish the archive."""

    @abstractmethod
    def abort(self) -> None:
        """See contracts.Sink."""

    def write(self, part: Verbatim | Rows) -> None:
        """See contracts.Sink."""
        if isinstance(part, Verbatim) and isinstance(part.place, Opening):
            self._finish_member()
            self._member = self._begin(part.place)
            return
        if self._member is None:
            raise InternalError("a part of an archive came before its member; do not use the result")
        if isinstance(part, Verbatim):
            data = part.data
        elif isinstance(part.frame, _copy_text.CopyFrame):
            data = _copy_text.write(part.frame, part.batch)
        else:
            data = _insert_text.write(part.frame, part.batch)
        if len(data):
            self._member.write(data)

    def close(self) -> None:
        """See contracts.Sink."""
        self._finish_member()
        self._complete()

    def _finish_member(self) -> None:
        if self._member is not None:
            self._member.close()
            self._member = None


class SeekableFile:
    """The target of an archive that is one file, whose beginning is completed last: written plain, then compressed.

    Compressed only if the target's suffix asks for it, which takes a second file beside it for a while.
    """

    def __init__(self, target: Path) -> None:
        self.output = open_output(target)
        self._compressed = None
        if not self.output.seekable():
            self._compressed = self.output
            self._plain = target.with_name(target.name + ".part")
            self.output = open_output(self._plain)

    def close(self) -> None:
        """Complete the target. Raises TargetError."""
        self.output.close()
        if self._compressed is not None:
            with self._plain.open("rb") as plain:
                shutil.copyfileobj(plain, self._compressed, BLOCK)
            self._compressed.close()
            self._plain.unlink()

    def discard(self) -> None:
        """Let go of what is open; never raises."""
        self.output.discard()
        if self._compressed is not None:
            self._compressed.discard()
            with suppress(OSError):
                self._plain.unlink()
