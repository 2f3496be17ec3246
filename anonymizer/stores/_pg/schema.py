"""The tables of a PostgreSQL dump, from its own definitions.

Statements come one at a time, in any order; those that define no table, type or search path are passed over unread.
Names without a schema belong to the first schema of the search path in force, "public" when none was set. Types are
resolved last: built in, defined in the dump, or of a well-known extension; any other stops the run.
"""

from __future__ import annotations

import re
from dataclasses import replace

from anonymizer.errors import SourceError
from anonymizer.model.schema import Schema, TableName
from anonymizer.stores._pg.resolution import Resolution, TypeDraft
from anonymizer.stores._pg.table import ColumnDraft, TableDraft, TableParser, plain_names
from anonymizer.stores._pg.tokens import Cursor
from anonymizer.stores._sql.definitions import defined

_SPACE = r"(?:\s+|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)"
_RELEVANT = re.compile(
    rf"""{_SPACE}*(?:
    (?P<table>CREATE{_SPACE}+(?:(?:GLOBAL|LOCAL|TEMP|TEMPORARY|UNLOGGED|FOREIGN){_SPACE}+)*TABLE\b)
    |(?P<alter>ALTER{_SPACE}+(?:FOREIGN{_SPACE}+)?TABLE\b)
    |(?P<index>CREATE{_SPACE}+UNIQUE{_SPACE}+INDEX\b)
    |(?P<type>(?:CREATE|ALTER){_SPACE}+TYPE\b)
    |(?P<domain>(?:CREATE|ALTER){_SPACE}+DOMAIN\b)
    |(?P<comment>COMMENT{_SPACE}+ON{_SPACE}+(?:(?:FOREIGN{_SPACE}+)?TABLE|COLUMN)\b)
    |(?P<drop>DROP{_SPACE}+(?:FOREIGN{_SPACE}+)?TABLE\b)
    |(?P<path>SET{_SPACE}+(?:(?:SESSION|LOCAL){_SPACE}+)?(?:search_path|SCHEMA)\b
             |(?:RESET|DISCARD){_SPACE}+(?:search_path|ALL)\b
             |SELECT{_SPACE}+(?:pg_catalog{_SPACE}*\.{_SPACE}*)?set_config{_SPACE}*\({_SPACE}*'search_path')
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_MAY_BE_RELEVANT = re.compile(rb"CREATE|ALTER|COMMENT|DROP|SET|RESET|DISCARD|SELECT", re.IGNORECASE)


class SearchPath:
    """The schemas in which names without one are looked up."""

    def __init__(self) -> None:
        self.schemas: tuple[str, ...] = ()

    def statement(self, sql: str, place: str = "") -> None:
        """Take note of SET search_path, SET SCHEMA, set_config('search_path', …) and RESET; ignore all else."""
        match = _RELEVANT.match(sql)
        if match is not None and match.lastgroup == "path":
            self._set(Cursor(sql, place))

    def _set(self, cursor: Cursor) -> None:
        if cursor.accept_any("reset", "discard"):
            self.schemas = ()
            return
        if cursor.take().text == "select":
            while cursor.next.kind != "string":
                cursor.take()
            cursor.take()
            cursor.expect(",")
            cursor = Cursor(cursor.take().text, cursor.place)
        else:
            cursor.accept_any("session", "local")
            if cursor.take().text != "schema" and not cursor.accept("to"):
                cursor.expect("=")
        names: list[str] = []
        while cursor.next.kind in ("word", "quoted", "string"):
            names.append(cursor.take().text)
            cursor.accept(",")
        self.schemas = tuple(name for name in names if name not in ("$user", "pg_catalog", "default", ""))

    def reset(self) -> None:
        """A new session begins."""
        self.schemas = ()

    def first(self) -> str:
        """Where a new table without a schema goes."""
        return self.schemas[0] if self.schemas else "public"

    def candidates(self, name: tuple[str, ...]) -> list[TableName]:
        """What a dotted name may mean, best first."""
        if len(name) > 1:
            return [TableName(name[-2], name[-1])]
        return [TableName(schema, name[0]) for schema in (self.schemas or ("public",))]


class PgSchemaReader:
    """Builds a Schema from the statements of one dump."""

    def __init__(self) -> None:
        self.path = SearchPath()
        self._tables: dict[TableName, TableDraft] = {}
        self._types: dict[TableName, TypeDraft] = {}
        self._pending: list[tuple[str, str, tuple[str, ...]]] = []
        self._others: dict[str, None] = {}

    def statement(self, sql: str, place: str) -> None:
        """Read one statement (its `;` may be there); `place` names it in messages. Raises SourceError."""
        match = _RELEVANT.match(sql)
        if match is None:
            other = defined(sql)
            if other:
                self._others[other] = None
            return
        kind = match.lastgroup
        if kind == "path":
            self.path.statement(sql, place)
        elif kind in ("table", "type", "domain", "drop"):
            getattr(self, f"_{kind}")(Cursor(sql.rstrip().rstrip(";"), place))
        else:  # may come before the table it speaks of
            self._pending.append((sql.rstrip().rstrip(";"), place, self.path.schemas))

    @staticmethod
    def is_relevant(sql: bytes) -> bool:
        """Whether the statement may define something: cheap, before its text is decoded."""
        return _MAY_BE_RELEVANT.match(sql) is not None

    def knows(self, table: TableName) -> bool:
        """Whether the table was defined by now."""
        return table in self._tables

    def resolve(self, name: tuple[str, ...]) -> TableName:
        """The table that a name means under the search path in force now, whether it is known or not."""
        candidates = self.path.candidates(name)
        return next((table for table in candidates if table in self._tables), candidates[0])

    def build(self, encoding: str = "utf-8") -> Schema:
        """All tables read so far. Raises SourceError for a type that nobody defines."""
        pending, self._pending = self._pending, []
        in_force = self.path.schemas
        for sql, place, self.path.schemas in pending:
            kind = _RELEVANT.match(sql)
            assert kind is not None
            getattr(self, f"_{kind.lastgroup}")(Cursor(sql, place))
        self.path.schemas = in_force
        return Schema(Resolution(self._tables, self._types).tables(), encoding, tuple(self._others))

    def _table(self, cursor: Cursor) -> None:
        while not cursor.accept("table"):
            cursor.take()
        if_not_exists = cursor.accept("if", "not", "exists")
        name = cursor.name()
        table = TableName(name[-2] if len(name) > 1 else self.path.first(), name[-1])
        if table in self._tables:
            if if_not_exists:
                return
            raise SourceError(f"{cursor.place}: {table} is defined twice: give each database a dump of its own")
        draft = TableDraft(table)
        parser = TableParser(cursor, draft, self.resolve, self.path.schemas)
        parser.definition()
        self._copy_like(parser)
        self._tables[table] = draft

    def _copy_like(self, parser: TableParser) -> None:
        columns: list[ColumnDraft] = []
        for column in parser.draft.columns:
            if column.name:
                columns.append(column)
                continue
            table, generated = parser.like[int(column.type)]
            if table not in self._tables:
                raise SourceError(f"{parser.cursor.place}: {table} is not defined: dump the whole schema")
            for other in Resolution(self._tables, self._types).columns(self._tables[table]):
                columns.append(replace(other, generated=other.generated and generated, comment=None))
        parser.draft.columns = columns

    def _drop(self, cursor: Cursor) -> None:
        while not cursor.accept("table"):
            cursor.take()
        cursor.accept("if", "exists")
        while True:
            self._tables.pop(self.resolve(cursor.name()), None)
            if not cursor.accept(","):
                return

    def _alter(self, cursor: Cursor) -> None:
        while not cursor.accept("table"):
            cursor.take()
        if cursor.accept("all"):  # IN TABLESPACE
            return
        cursor.accept("if", "exists")
        cursor.accept("only")
        table = self.resolve(cursor.name())
        cursor.accept("*")
        draft = self._tables.get(table)
        if draft is None:  # views and sequences are altered this way too
            return
        parser = TableParser(cursor, draft, self.resolve, self.path.schemas)
        while True:
            self._alteration(parser)
            cursor.skip_expression(",")
            if not cursor.accept(","):
                return

    def _alteration(self, parser: TableParser) -> None:
        cursor, draft = parser.cursor, parser.draft
        if cursor.accept("add"):
            if any(cursor.sees(word) for word in ("constraint", "primary", "unique", "foreign", "check", "exclude")):
                parser.constraint()
            elif not cursor.sees("not", "null"):
                cursor.accept("column")
                cursor.accept("if", "not", "exists")
                if draft.column(cursor.next.text) is None:
                    parser.column()
        elif cursor.accept("attach", "partition"):
            part = self.resolve(cursor.name())
            if part in self._tables:
                self._tables[part].partition_of = draft.name
        elif cursor.accept("detach", "partition"):
            part = self.resolve(cursor.name())
            if part in self._tables:
                self._tables[part].partition_of = None
        elif cursor.accept("inherit"):
            draft.inherits.append(self.resolve(cursor.name()))
        elif cursor.accept("drop"):
            self._alter_drop(parser)
        elif cursor.accept("alter"):
            cursor.accept("column")
            self._alter_column(parser)
        elif cursor.sees("rename") or cursor.sees("set", "schema"):
            raise SourceError(f"{cursor.place}: {draft.name} is renamed on the way: dump again with pg_dump")

    def _alter_drop(self, parser: TableParser) -> None:
        cursor, draft = parser.cursor, parser.draft
        if cursor.accept("constraint"):
            return
        cursor.accept("column")
        cursor.accept("if", "exists")
        name = cursor.identifier()
        draft.columns = [column for column in draft.columns if column.name != name]

    def _alter_column(self, parser: TableParser) -> None:
        cursor, draft = parser.cursor, parser.draft
        column = draft.column(cursor.identifier())
        if column is None:  # inherited
            return
        if cursor.accept("set", "default"):
            column.default = cursor.skip_expression(",")
        elif cursor.accept("drop", "default"):
            column.default = None
        elif cursor.accept("set", "not", "null") or cursor.sees("add", "generated"):
            column.nullable = False
        elif cursor.accept("drop", "not", "null"):
            column.nullable = True
        elif cursor.accept("drop", "expression"):
            column.generated = False
        elif cursor.accept("set", "data", "type") or cursor.accept("type"):
            column.type, column.path = parser.type(), self.path.schemas

    def _index(self, cursor: Cursor) -> None:
        cursor.expect("create", "unique", "index")
        cursor.accept("concurrently")
        cursor.accept("if", "not", "exists")
        name = "" if cursor.sees("on") else cursor.name()[-1]
        cursor.expect("on")
        cursor.accept("only")
        draft = self._tables.get(self.resolve(cursor.name()))
        if draft is None:  # of a materialized view
            return
        if cursor.accept("using"):
            cursor.identifier()
        columns = plain_names(cursor)
        cursor.skip_expression("where")
        if columns and not cursor.sees("where"):
            draft.unique.append(columns)
            draft.indexes[name] = columns

    def _comment(self, cursor: Cursor) -> None:
        cursor.expect("comment", "on")
        cursor.accept("foreign")
        of_column = cursor.take().text == "column"
        name = cursor.name()
        cursor.expect("is")
        comment = cursor.take()
        text = comment.text if comment.kind == "string" else None
        draft = self._tables.get(self.resolve(name[:-1] if of_column else name))
        if draft is None:
            return
        if not of_column:
            draft.comment = text
        elif (column := draft.column(name[-1])) is not None:
            column.comment = text

    def _type(self, cursor: Cursor) -> None:
        altered = cursor.take().text == "alter"
        cursor.expect("type")
        name = cursor.name()
        if altered:
            self._alter_type(cursor, name)
            return
        draft = TypeDraft("other", path=self.path.schemas)
        if cursor.accept("as", "enum"):
            draft.kind = "enum"
            cursor.expect("(")
            while cursor.next.kind == "string":
                draft.labels.append(cursor.take().text)
                cursor.accept(",")
            cursor.expect(")")
        elif cursor.accept("as", "("):
            parser = TableParser(cursor, TableDraft(TableName("", name[-1])), self.resolve, self.path.schemas)
            while not cursor.accept(")"):
                parser.column()
                cursor.accept(",")
            draft.columns = parser.draft.columns
        self._types[self._new_type(name)] = draft

    def _alter_type(self, cursor: Cursor, name: tuple[str, ...]) -> None:
        if not cursor.accept("add", "value"):
            return
        cursor.accept("if", "not", "exists")
        label = cursor.take().text
        draft = next((self._types[known] for known in self.path.candidates(name) if known in self._types), None)
        if draft is None or label in draft.labels:
            return
        place = len(draft.labels)
        if before := cursor.accept_any("before", "after"):
            place = draft.labels.index(cursor.take().text) + (before == "after")
        draft.labels.insert(place, label)

    def _domain(self, cursor: Cursor) -> None:
        if cursor.take().text == "alter":
            self._alter_domain(cursor)
            return
        cursor.expect("domain")
        name = cursor.name()
        cursor.accept("as")
        table = TableDraft(TableName("", name[-1]))
        parser = TableParser(cursor, table, self.resolve, self.path.schemas)
        base = ColumnDraft(name[-1], parser.type(), self.path.schemas)
        parser.column_constraints(base)
        self._types[self._new_type(name)] = TypeDraft(
            "domain", base.type, base.path, nullable=base.nullable, default=base.default, checks=table.checks
        )

    def _alter_domain(self, cursor: Cursor) -> None:
        cursor.expect("domain")
        name = cursor.name()
        known = next((table for table in self.path.candidates(name) if table in self._types), None)
        if known is None or not cursor.accept("add"):
            return
        table = TableDraft(known)
        TableParser(cursor, table, self.resolve, self.path.schemas).constraint()
        self._types[known].checks += table.checks

    def _new_type(self, name: tuple[str, ...]) -> TableName:
        return TableName(name[-2] if len(name) > 1 else self.path.first(), name[-1])
