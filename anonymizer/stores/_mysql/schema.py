"""The tables of a MySQL or MariaDB script, from its own definitions.

Statements come one at a time, as code without comments. Tables are named by their database only when the script defines
tables in more than one, so that one rule file serves dumps with and without USE. Names of columns, and of tables where
that is unambiguous, are matched whatever their case, as servers on Windows write them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from anonymizer.errors import SourceError
from anonymizer.model.schema import ForeignKey, Schema, Table, TableName
from anonymizer.stores._mysql.session import Session
from anonymizer.stores._mysql.table import KeyDraft, TableDraft, TableParser
from anonymizer.stores._mysql.tokens import MysqlCursor
from anonymizer.stores._sql.definitions import defined

_RELEVANT = re.compile(
    r"(?P<create>CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMPORARY\s+)?TABLE)\b|(?P<alter>ALTER\s+(?:ONLINE\s+|IGNORE\s+)*TABLE)\b"
    r"|(?P<drop>DROP\s+(?:TEMPORARY\s+)?TABLES?)\b|(?P<index>CREATE\s+(?:OR\s+REPLACE\s+)?UNIQUE\s+INDEX)\b|(?P<use>USE)\b"
    r"|(?P<rename>RENAME\s+TABLES?)\b",
    re.IGNORECASE,
)
_MADE_BY_QUERY = frozenset("select as values with replace ignore".split())


class MysqlSchemaReader:
    """Gathers the definitions of a script."""

    def __init__(self) -> None:
        self.database = ""
        self._tables: dict[TableName, TableDraft] = {}
        self._others: dict[str, None] = {}

    def statement(self, code: str, place: str, session: Session) -> None:
        """Take up one statement; those that define no table are passed over. Raises SourceError."""
        match = _RELEVANT.match(code)
        if match is None:
            other = defined(code)
            if other:
                self._others[other] = None
            return
        cursor = MysqlCursor(code[match.end() :].removesuffix(session.delimiter.decode()), place, session)
        getattr(self, f"_{match.lastgroup}")(cursor)

    def rows(self, name: tuple[str, ...], line: int) -> TableName:
        """The table that rows go to. Raises SourceError for one that is not defined before."""
        draft = self._find(name)
        if draft is None:
            raise SourceError(
                f"line {line}: rows of a table that the dump does not define before: dump the schema with the data"
            )
        draft.has_rows = True
        return draft.name

    def drafted(self, name: TableName) -> Table:
        """A table as it is known so far, without its keys."""
        return Table(name, tuple(self._tables[name].columns))

    def build(self, encoding: str) -> tuple[Schema, dict[TableName, frozenset[str]]]:
        """The schema, and for each table the columns that a row without a column list does not have."""
        databases = {name.schema for name in self._tables}
        shown: Callable[[TableName], TableName]
        shown = (lambda name: name) if len(databases) > 1 else (lambda name: TableName("", name.name))
        tables = tuple(self._table(draft, shown) for draft in self._tables.values())
        hidden = {shown(draft.name): frozenset(draft.invisible) for draft in self._tables.values()}
        return Schema(tables, encoding, tuple(self._others)), hidden

    # --- statements

    def _use(self, cursor: MysqlCursor) -> None:
        self.database = cursor.identifier()

    def _rename(self, cursor: MysqlCursor) -> None:
        raise SourceError(f"{cursor.place}: tables that change their name on the way are not understood: dump again")

    def _create(self, cursor: MysqlCursor) -> None:
        exists_is_fine = cursor.accept("if", "not", "exists")
        draft = TableDraft(self._full(cursor.name()))
        if cursor.accept("like") or (cursor.sees("(", "like") and cursor.accept("(") and cursor.accept("like")):
            like = self._find(cursor.name())
            if like is None:
                raise SourceError(f"{cursor.place}: {draft.name} is like a table that is not defined before")
            draft.columns, draft.invisible = list(like.columns), set(like.invisible)
            draft.primary_key, draft.unique = like.primary_key, list(like.unique)
            draft.prefixes = list(like.prefixes)
        else:
            if not cursor.sees("("):
                raise self._made_by_query(cursor, draft)
            TableParser(cursor, draft).items()
            self._options(cursor, draft)
        draft.unique = [columns for columns in draft.unique if "" not in columns]
        known = self._tables.get(draft.name)
        if known is not None and exists_is_fine:
            return
        self._forget(known, cursor.place)
        self._tables[draft.name] = draft

    @staticmethod
    def _made_by_query(cursor: MysqlCursor, draft: TableDraft) -> SourceError:
        return SourceError(
            f"{cursor.place}: {draft.name} is made by a query, which could carry rows: make the dump with mysqldump"
        )

    def _options(self, cursor: MysqlCursor, draft: TableDraft) -> None:
        while cursor.next.kind != "end":
            if cursor.accept("comment"):
                cursor.accept("=")
                draft.comment = cursor.string() or None
            elif cursor.accept("with", "system", "versioning"):
                continue
            elif cursor.accept("partition", "by"):
                self._partition_by(cursor, draft)
                return
            elif cursor.sees("("):  # UNION = (…), or a query
                if cursor.peek(1).text in _MADE_BY_QUERY:
                    raise self._made_by_query(cursor, draft)
                cursor.skip_parentheses()
            elif cursor.next.kind == "word" and cursor.next.text in _MADE_BY_QUERY:
                raise self._made_by_query(cursor, draft)
            else:
                option = cursor.take()
                if option.kind == "word" and cursor.accept("="):
                    if cursor.sees("("):
                        cursor.skip_parentheses()
                    else:
                        cursor.take()

    @staticmethod
    def _partition_by(cursor: MysqlCursor, draft: TableDraft) -> None:
        while not cursor.sees("(") and cursor.next.kind != "end":
            cursor.take()
        if cursor.sees("("):
            inside = MysqlCursor(cursor.skip_parentheses(), cursor.place, Session("MySQL", False, True))
            names = []
            while inside.next.kind != "end":
                token = inside.next
                if token.kind in ("word", "quoted"):
                    names.append(inside.identifier())
                else:
                    inside.take()
            places = [draft.place(name) for name in names]
            draft.partition_key = tuple(draft.columns[place].name for place in places if place is not None)
        depth = 0
        while cursor.next.kind != "end":
            token = cursor.take()
            depth += (token.text == "(") - (token.text == ")") if token.kind == "mark" else 0
            if not depth and token.kind == "word" and token.text in ("select", "as", "with"):
                raise MysqlSchemaReader._made_by_query(cursor, draft)

    def _drop(self, cursor: MysqlCursor) -> None:
        cursor.accept("if", "exists")
        while True:
            found = self._find(cursor.name())
            if found is not None:
                self._forget(found, cursor.place)
                del self._tables[found.name]
            if not cursor.accept(","):
                return

    @staticmethod
    def _forget(draft: TableDraft | None, place: str) -> None:
        if draft is not None and draft.has_rows:
            raise SourceError(
                f"{place}: {draft.name} goes after its rows came: the dump is not understood; make it again"
            )

    def _index(self, cursor: MysqlCursor) -> None:
        cursor.accept("if", "not", "exists")
        cursor.identifier()
        cursor.skip_expression("on")
        cursor.expect("on")
        draft = self._find(cursor.name())
        if draft is not None:
            columns = TableParser(cursor, draft)._key_columns(unique=True)
            if columns:
                draft.unique.append(columns)

    def _alter(self, cursor: MysqlCursor) -> None:
        cursor.accept("if", "exists")
        draft = self._find(cursor.name())
        if draft is None:
            return
        while cursor.next.kind != "end":
            self._action(cursor, draft)
            if not cursor.accept(","):
                if cursor.next.kind != "end":
                    raise cursor.fault()
                return

    def _action(self, cursor: MysqlCursor, draft: TableDraft) -> None:
        parser = TableParser(cursor, draft)
        before = [column.name for column in draft.columns]
        if cursor.accept("add"):
            if parser.begins_key():
                parser.key()
            elif cursor.sees("partition") or cursor.sees("period") or cursor.sees("system"):
                cursor.skip_expression(",")
            else:
                self._add(cursor, parser, draft)
        elif verb := cursor.accept_any("modify", "change"):
            self._change(cursor, parser, draft, verb == "change")
        elif cursor.accept("drop"):
            self._drop_part(cursor, draft)
        elif cursor.sees("rename") or cursor.sees("exchange") or cursor.sees("import"):
            raise SourceError(f"{cursor.place}: an ALTER TABLE that brings other names or rows is not understood")
        elif cursor.accept("comment"):
            cursor.accept("=")
            draft.comment = cursor.string() or None
        else:
            cursor.skip_expression(",")
        if draft.has_rows and [column.name for column in draft.columns] != before:
            raise SourceError(f"{cursor.place}: the columns of {draft.name} change after its rows came: dump again")

    def _change(self, cursor: MysqlCursor, parser: TableParser, draft: TableDraft, renames: bool) -> None:
        cursor.accept("column")
        cursor.accept("if", "exists")
        old = cursor.identifier() if renames else ""
        column = parser.column()
        place = draft.place(old or column.name)
        if place is None:
            raise SourceError(f"{cursor.place}: {draft.name} does not have the column that changes: dump again")
        old = draft.columns.pop(place).name
        draft.columns.insert(self._place(cursor, draft, place), column)
        self._rename_in_keys(draft, old, column.name)

    def _add(self, cursor: MysqlCursor, parser: TableParser, draft: TableDraft) -> None:
        cursor.accept("column")
        cursor.accept("if", "not", "exists")
        if cursor.sees("("):
            parser.items()
            return
        column = parser.column()
        draft.columns.insert(self._place(cursor, draft, len(draft.columns)), column)

    @staticmethod
    def _place(cursor: MysqlCursor, draft: TableDraft, otherwise: int) -> int:
        if cursor.accept("first"):
            return 0
        if cursor.accept("after"):
            found = draft.place(cursor.identifier())
            return otherwise if found is None else found + 1
        return otherwise

    @staticmethod
    def _rename_in_keys(draft: TableDraft, old: str, new: str) -> None:
        def renamed(columns: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(new if name.lower() == old.lower() else name for name in columns)

        draft.primary_key = renamed(draft.primary_key)
        draft.unique = [renamed(columns) for columns in draft.unique]
        draft.foreign_keys = [replace(key, columns=renamed(key.columns)) for key in draft.foreign_keys]

    @staticmethod
    def _drop_part(cursor: MysqlCursor, draft: TableDraft) -> None:
        if any(map(cursor.sees, ("primary", "index", "key", "foreign", "constraint", "check", "partition", "system"))):
            cursor.skip_expression(",")
            return
        cursor.accept("column")
        cursor.accept("if", "exists")
        place = draft.place(cursor.identifier())
        if place is not None:
            draft.columns.pop(place)
        cursor.skip_expression(",")

    # --- names

    def _full(self, name: tuple[str, ...]) -> TableName:
        return TableName(name[-2] if len(name) > 1 else self.database, name[-1])

    def _find(self, name: tuple[str, ...]) -> TableDraft | None:
        full = self._full(name)
        if full in self._tables:
            return self._tables[full]
        same = [
            draft
            for known, draft in self._tables.items()
            if (known.schema.lower(), known.name.lower()) == (full.schema.lower(), full.name.lower())
        ]
        return same[0] if len(same) == 1 else None

    # --- the whole

    def _table(self, draft: TableDraft, shown: Callable[[TableName], TableName]) -> Table:
        keys = [self._foreign_key(draft, key, shown) for key in draft.foreign_keys]
        return Table(
            name=shown(draft.name),
            columns=tuple(draft.columns),
            primary_key=_spelled(draft, draft.primary_key),
            unique=tuple(dict.fromkeys(_spelled(draft, columns) for columns in draft.unique)),
            prefixes=tuple((_spelled(draft, (name,))[0], size) for name, size in draft.prefixes),
            foreign_keys=tuple(key for key in keys if key is not None),
            checks=tuple(draft.checks),
            partition_key=draft.partition_key,
            comment=draft.comment,
        )

    def _foreign_key(
        self, draft: TableDraft, key: KeyDraft, shown: Callable[[TableName], TableName]
    ) -> ForeignKey | None:
        name = key.references if len(key.references) > 1 else (draft.name.schema, key.references[-1])
        parent = self._find(name)
        if parent is None:
            return None
        return ForeignKey(
            _spelled(draft, key.columns),
            shown(parent.name),
            _spelled(parent, key.referenced or parent.primary_key),
            key.name,
        )


def _spelled(draft: TableDraft, names: tuple[str, ...]) -> tuple[str, ...]:
    """The columns as the table's definition spells them."""
    places = [draft.place(name) for name in names]
    return tuple(
        name if place is None else draft.columns[place].name for name, place in zip(names, places, strict=True)
    )
