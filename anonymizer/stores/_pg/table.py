"""CREATE TABLE and its parts, read into drafts: what a definition says before its types and references are resolved.

Source: PostgreSQL manual, CREATE TABLE and ALTER TABLE; covers what pg_dump has written since 9.6 and what people
write by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from anonymizer.errors import SourceError
from anonymizer.model.schema import ForeignKey, TableName
from anonymizer.stores._pg.tokens import Cursor
from anonymizer.stores._pg.types import TYPE_CONTINUES

_TWO_WORD_TYPES = frozenset("character char national nchar double bit timestamp time interval".split())
_AFTER_DEFAULT = tuple(
    ", ) constraint not null default generated primary unique check references collate deferrable initially storage"
    " compression options".split()
)

Resolve = Callable[[tuple[str, ...]], TableName]


@dataclass(slots=True)
class ColumnDraft:
    """A column as its definition says; `path` is the search path by which its type is found."""

    name: str
    type: str
    path: tuple[str, ...]
    nullable: bool = True
    default: str | None = None
    generated: bool = False
    comment: str | None = None


@dataclass(slots=True)
class TableDraft:
    """A table as its statements say so far."""

    name: TableName
    columns: list[ColumnDraft] = field(default_factory=list)
    primary_key: tuple[str, ...] = ()
    unique: list[tuple[str, ...]] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    inherits: list[TableName] = field(default_factory=list)
    partition_of: TableName | None = None
    partition_key: tuple[str, ...] = ()
    of_type: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    """The search path by which `of_type` is found."""
    indexes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    comment: str | None = None

    def column(self, name: str) -> ColumnDraft | None:
        """The draft of that column, if the table's own definition has it."""
        return next((column for column in self.columns if column.name == name), None)


class TableParser:
    """Reads table definitions with one cursor into one draft."""

    def __init__(self, cursor: Cursor, draft: TableDraft, resolve: Resolve, path: tuple[str, ...]) -> None:
        self.cursor = cursor
        self.draft = draft
        self._resolve = resolve
        self._path = path
        self.like: list[tuple[TableName, bool]] = []
        """Tables named by LIKE, and whether generated columns stay generated."""

    def definition(self) -> None:
        """Everything after the table's name in CREATE TABLE."""
        cursor = self.cursor
        if cursor.sees("as"):
            raise self._fault_of_query()
        if cursor.accept("partition", "of"):
            self.draft.partition_of = self._resolve(cursor.name())
            if cursor.sees("("):
                self._items(typed=False)
            if not cursor.accept("default"):
                cursor.expect("for", "values")
                cursor.skip_expression("partition", "server", "using", "tablespace")
        elif cursor.accept("of"):
            self.draft.of_type, self.draft.path = cursor.name(), self._path
            if cursor.sees("("):
                self._items(typed=False)
        else:
            self._items(typed=True)
        while cursor.next.kind != "end":
            if cursor.accept("inherits"):
                cursor.expect("(")
                self.draft.inherits.append(self._resolve(cursor.name()))
                while cursor.accept(","):
                    self.draft.inherits.append(self._resolve(cursor.name()))
                cursor.expect(")")
            elif cursor.accept("partition", "by"):
                cursor.identifier()
                self.draft.partition_key = plain_names(cursor)
            elif cursor.sees("as"):
                raise self._fault_of_query()
            else:  # storage, table space, server and its options
                cursor.take()

    def _fault_of_query(self) -> SourceError:
        return SourceError(
            f"{self.cursor.place}: {self.draft.name} is made by a query, which could carry rows: use pg_dump"
        )

    def _items(self, typed: bool) -> None:
        cursor = self.cursor
        cursor.expect("(")
        if cursor.accept(")"):
            return
        while True:
            if cursor.accept("like"):
                source = self._resolve(cursor.name())
                options = cursor.skip_expression(",", ")").lower()
                self.like.append((source, "including all" in options or "including generated" in options))
                self.draft.columns.append(ColumnDraft("", str(len(self.like) - 1), self._path))
            elif self._begins_constraint():
                self.constraint()
            else:
                self.column(typed)
            if cursor.accept(")"):
                return
            cursor.expect(",")

    def _begins_constraint(self) -> bool:
        cursor = self.cursor
        return (
            cursor.sees("constraint")
            or cursor.sees("check", "(")
            or cursor.sees("unique")
            or cursor.sees("primary", "key")
            or cursor.sees("foreign", "key")
            or cursor.sees("exclude", "using")
            or cursor.sees("exclude", "(")
            or cursor.sees("not", "null")
        )

    def column(self, typed: bool = True) -> None:
        """One column definition; without its type in a typed table or a partition."""
        cursor = self.cursor
        column = ColumnDraft(cursor.identifier(), "", self._path)
        self.draft.columns.append(column)
        if typed:
            column.type = self.type()
        elif cursor.accept("with"):
            cursor.expect("options")
        self.column_constraints(column)

    def column_constraints(self, column: ColumnDraft) -> None:
        """All that may follow a column's (or a domain's) type."""
        cursor = self.cursor
        while not (cursor.sees(",") or cursor.sees(")") or cursor.next.kind == "end"):
            self._column_constraint(column)

    def type(self) -> str:
        """A type's text, white space squeezed."""
        cursor = self.cursor
        start = cursor.next.start
        if cursor.next.kind == "word" and cursor.next.text in _TWO_WORD_TYPES and cursor.peek(1).text != ".":
            cursor.take()
            while cursor.sees("(") or (cursor.next.kind == "word" and cursor.next.text in TYPE_CONTINUES):
                if cursor.sees("("):
                    cursor.skip_parentheses()
                elif cursor.next.text in ("with", "without") and cursor.peek(1).text != "time":
                    break
                else:
                    cursor.take()
        else:
            cursor.name()
            if cursor.sees("("):
                cursor.skip_parentheses()
        end = cursor.next.start
        while cursor.sees("[") or cursor.sees("array"):
            if cursor.take().text == "[":
                while not cursor.accept("]"):
                    if cursor.take().kind != "number":
                        raise cursor.fault()
            end = cursor.next.start
        return " ".join(_without_comment(cursor, start, end).split())

    def _column_constraint(self, column: ColumnDraft) -> None:
        cursor, draft = self.cursor, self.draft
        if cursor.accept("constraint"):
            cursor.identifier()
        elif cursor.accept("not", "null"):
            column.nullable = False
        elif cursor.accept("null"):
            pass
        elif cursor.accept("default"):
            start = cursor.next.start
            if cursor.sees("("):
                cursor.skip_parentheses()
            else:
                cursor.take()  # may be NULL, which else would end it
            cursor.skip_expression(*_AFTER_DEFAULT)
            column.default = cursor.sql[start : cursor.next.start].strip()
        elif cursor.accept("generated"):
            always = cursor.accept("always") or not cursor.accept("by", "default")
            cursor.expect("as")
            if cursor.accept("identity"):
                column.nullable = False
                if cursor.sees("("):
                    cursor.skip_parentheses()
            else:
                column.default = cursor.skip_parentheses()
                column.generated = always
                cursor.accept_any("stored", "virtual")
        elif cursor.accept("primary", "key"):
            draft.primary_key = (column.name,)
            column.nullable = False
            self._index_options()
        elif cursor.accept("unique"):
            draft.unique.append((column.name,))
            self._index_options()
        elif cursor.accept("check"):
            draft.checks.append(cursor.skip_parentheses())
            cursor.accept("no", "inherit")
        elif cursor.accept("references"):
            draft.foreign_keys.append(self._references((column.name,), ""))
        elif cursor.accept("collate"):
            cursor.name()
        elif cursor.accept("storage") or cursor.accept("compression"):
            cursor.identifier()
        elif cursor.accept("options"):
            cursor.skip_parentheses()
        elif not self._constraint_option():
            raise cursor.fault()

    def constraint(self) -> None:
        """One table constraint, named or not."""
        cursor, draft = self.cursor, self.draft
        name = cursor.identifier() if cursor.accept("constraint") else ""
        if cursor.accept("primary", "key"):
            draft.primary_key = self._key()
            for column in draft.columns:
                if column.name in draft.primary_key:
                    column.nullable = False
        elif cursor.accept("unique"):
            self._nulls_distinct()
            draft.unique.append(self._key())
        elif cursor.accept("foreign", "key"):
            columns = cursor.names()
            cursor.expect("references")
            draft.foreign_keys.append(self._references(columns, name))
        elif cursor.accept("check"):
            draft.checks.append(cursor.skip_parentheses())
            cursor.accept("no", "inherit")
        elif cursor.accept("exclude"):
            cursor.skip_expression(",", ")", "where")
            if cursor.accept("where"):
                cursor.skip_parentheses()
        elif cursor.accept("not", "null"):
            not_null = draft.column(cursor.identifier())
            if not_null is not None:
                not_null.nullable = False
            cursor.accept("no", "inherit")
        else:
            raise cursor.fault()
        while self._constraint_option():
            pass

    def _key(self) -> tuple[str, ...]:
        cursor = self.cursor
        if cursor.accept("using", "index"):
            return self.draft.indexes.get(cursor.identifier(), ())
        cursor.expect("(")
        names = [cursor.identifier()]
        while cursor.accept(","):
            names.append(cursor.identifier())
        cursor.accept("without", "overlaps")
        cursor.expect(")")
        self._index_options()
        return tuple(names)

    def _nulls_distinct(self) -> None:
        if self.cursor.accept("nulls"):
            self.cursor.accept("not")
            self.cursor.expect("distinct")

    def _index_options(self) -> None:
        cursor = self.cursor
        self._nulls_distinct()
        if cursor.accept("include") or cursor.sees("with", "("):
            cursor.accept("with")
            cursor.skip_parentheses()
        if cursor.accept("with"):
            cursor.skip_parentheses()
        if cursor.accept("using", "index", "tablespace"):
            cursor.identifier()

    def _references(self, columns: tuple[str, ...], name: str) -> ForeignKey:
        cursor = self.cursor
        table = self._resolve(cursor.name())
        referenced = cursor.names() if cursor.sees("(") else ()
        while True:
            if cursor.accept("match"):
                cursor.identifier()
            elif cursor.accept("on"):
                cursor.identifier()
                if cursor.accept_any("no", "set"):
                    cursor.identifier()
                    if cursor.sees("("):
                        cursor.skip_parentheses()
                else:
                    cursor.identifier()
            elif not self._constraint_option():
                return ForeignKey(columns, table, referenced, name)

    def _constraint_option(self) -> bool:
        cursor = self.cursor
        return (
            cursor.accept("deferrable")
            or cursor.accept("not", "deferrable")
            or cursor.accept("initially", "deferred")
            or cursor.accept("initially", "immediate")
            or cursor.accept("not", "valid")
            or cursor.accept("enforced")
            or cursor.accept("not", "enforced")
            or cursor.accept("no", "inherit")
        )


def plain_names(cursor: Cursor) -> tuple[str, ...]:
    """The plain columns of a parenthesised list of index or partition keys; () as soon as one is an expression."""
    cursor.expect("(")
    names: list[str] = []
    plain = True
    while True:
        if cursor.next.kind in ("word", "quoted") and cursor.peek(1).text not in ("(", "."):
            names.append(cursor.identifier())
        else:
            plain = False
        cursor.skip_expression(",", ")")
        if cursor.accept(")"):
            return tuple(names) if plain else ()
        cursor.expect(",")


def _without_comment(cursor: Cursor, start: int, end: int) -> str:
    text = cursor.sql[start:end]
    if "--" not in text and "/*" not in text:
        return text
    inner = Cursor(text, cursor.place)
    words = []
    while inner.next.kind != "end":
        token = inner.take()
        words.append(text[token.start : token.end])
    return " ".join(words)
