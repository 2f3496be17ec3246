"""CREATE TABLE and ALTER TABLE of MySQL and MariaDB, read into drafts.

Source: MySQL manual and MariaDB Knowledge Base, CREATE TABLE and ALTER TABLE.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from anonymizer.errors import SourceError
from anonymizer.model.schema import Column, TableName, TypeFamily
from anonymizer.stores._mysql.tokens import MysqlCursor
from anonymizer.stores._mysql.types import meaning

_INDEX_OPTIONS = (",", ")")
_IN_BYTES = (("byte",), ("charset", "binary"), ("character", "set", "binary"))
"""What makes a text type one of bytes."""
_JSON_CHECK = "json_valid("


@dataclass(frozen=True, slots=True)
class KeyDraft:
    """A foreign key as it is written: the table's name in parts, columns not yet matched."""

    columns: tuple[str, ...]
    references: tuple[str, ...]
    referenced: tuple[str, ...]
    name: str


@dataclass(slots=True)
class TableDraft:
    """A table as its statements say so far."""

    name: TableName
    columns: list[Column] = field(default_factory=list)
    invisible: set[str] = field(default_factory=set)
    """Columns that a row without a column list does not have."""
    primary_key: tuple[str, ...] = ()
    unique: list[tuple[str, ...]] = field(default_factory=list)
    prefixes: list[tuple[str, int]] = field(default_factory=list)
    """Columns with so many first characters that are a key."""
    foreign_keys: list[KeyDraft] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    partition_key: tuple[str, ...] = ()
    comment: str | None = None
    has_rows: bool = False

    def place(self, name: str) -> int | None:
        """Where that column stands, its case aside."""
        lower = name.lower()
        return next((place for place, column in enumerate(self.columns) if column.name.lower() == lower), None)


class TableParser:
    """Reads definitions with one cursor into one draft."""

    def __init__(self, cursor: MysqlCursor, draft: TableDraft) -> None:
        self.cursor = cursor
        self.draft = draft

    def items(self) -> None:
        """Columns, keys and constraints in their parentheses."""
        cursor = self.cursor
        cursor.expect("(")
        while True:
            self.item()
            if cursor.accept(")"):
                return
            cursor.expect(",")

    def item(self) -> None:
        """One column, key or constraint."""
        if self.begins_key():
            self.key()
        elif self.cursor.accept("period", "for"):
            self.cursor.skip_expression(*_INDEX_OPTIONS)
        else:
            self.draft.columns.append(self.column())

    def begins_key(self) -> bool:
        """Whether a key or constraint comes next."""
        words = "constraint primary unique key index fulltext spatial foreign check".split()
        return any(self.cursor.sees(word) for word in words)

    def column(self) -> Column:
        """One column definition."""
        name = self.cursor.identifier()
        column = replace(self._type(), name=name)
        cursor = self.cursor
        while not (cursor.next.kind == "end" or cursor.sees(",") or cursor.sees(")")):
            if cursor.sees("first") or cursor.sees("after"):  # of ALTER TABLE
                break
            column = self._attribute(column)
        return column

    def _type(self) -> Column:
        cursor = self.cursor
        token = cursor.take()
        if token.kind not in ("word", "quoted"):
            raise cursor.fault()
        start, end, name = token.start, token.end, token.text
        if name == "national":
            name = cursor.take().text
        if name == "double":
            cursor.accept("precision")
        elif name == "long" and cursor.accept_any("varbinary"):
            name = "mediumblob"
        elif name in ("char", "character", "nchar", "long") and cursor.accept_any("varying", "varchar", "varcharacter"):
            name = "varchar" if name != "long" else "mediumtext"
        arguments, strings = "", []
        if cursor.sees("("):
            ahead = 1
            while cursor.peek(ahead).kind in ("string", "double") or cursor.peek(ahead).text == ",":
                if cursor.peek(ahead).kind != "mark":
                    strings.append(cursor.peek(ahead).text)
                ahead += 1
            arguments = cursor.skip_parentheses()
            end = cursor.next.start
        binary = False
        while True:
            if cursor.accept_any("unsigned", "signed", "zerofill"):
                end = cursor.next.start
            elif cursor.accept_any("ascii", "unicode", "binary"):
                pass
            elif any(cursor.accept(*words) for words in _IN_BYTES):
                binary = True
            elif cursor.accept("character", "set") or cursor.accept("charset") or cursor.accept("collate"):
                cursor.accept("=")
                cursor.take()
            else:
                break
        found = meaning(name, arguments, strings, binary)
        if found is None:
            raise SourceError(
                f"{cursor.place}: {self.draft.name} has a column of the unknown type {name[:40]}: it cannot be read"
            )
        declared = " ".join(cursor.sql[start:end].split())
        column = Column("", declared, found[0], found[1], labels=found[2])
        if name == "serial":
            self.draft.unique.append(("",))
            column = replace(column, nullable=False, default="auto_increment")
        return column

    def _attribute(self, column: Column) -> Column:
        cursor, draft = self.cursor, self.draft
        if cursor.accept("not", "null"):
            return replace(column, nullable=False)
        if cursor.accept("default"):
            return replace(column, default=self._default())
        if cursor.accept("auto_increment"):
            return replace(column, default="auto_increment")
        if cursor.accept("comment"):
            return replace(column, comment=cursor.string() or None)
        if cursor.accept("primary", "key") or cursor.accept("primary") or cursor.accept("key"):
            draft.primary_key = (column.name,)
            return replace(column, nullable=False)
        if cursor.accept("unique"):
            cursor.accept("key")
            draft.unique.append((column.name,))
        elif cursor.accept("generated", "always", "as", "row"):
            cursor.take()
            return replace(column, generated=True)
        elif cursor.accept("generated", "always", "as") or cursor.accept("as"):
            expression = cursor.skip_parentheses()
            cursor.accept_any("virtual", "stored", "persistent")
            return replace(column, generated=True, default=expression)
        elif cursor.accept("invisible"):
            draft.invisible.add(column.name)
        elif cursor.accept("constraint"):
            if not cursor.sees("check"):
                cursor.identifier()
        elif cursor.accept("check"):
            return self._check(column)
        elif cursor.accept("references"):
            draft.foreign_keys.append(self._references((column.name,), ""))
        elif cursor.accept("serial", "default", "value"):
            draft.unique.append((column.name,))
            return replace(column, nullable=False, default="auto_increment")
        elif cursor.accept("on", "update"):
            self._default()
        elif not self._other_attribute():
            raise cursor.fault()
        return column

    def _other_attribute(self) -> bool:
        cursor = self.cursor
        if cursor.accept_any("null", "visible", "virtual", "stored", "persistent", "enforced", "compressed"):
            if cursor.accept("="):
                cursor.take()
            return True
        if cursor.accept("not", "enforced") or cursor.accept("with", "system", "versioning"):
            return True
        if cursor.accept("without", "system", "versioning"):
            return True
        if cursor.accept("character", "set") or cursor.accept_any(
            "charset", "collate", "column_format", "storage", "srid", "ref_system_id", "engine_attribute"
        ):
            cursor.accept("=")
            cursor.take()
            return True
        return False

    def _check(self, column: Column) -> Column:
        expression = self.cursor.skip_parentheses()
        self.draft.checks.append(expression)
        if column.type.lower() == "longtext" and expression.lower().startswith(_JSON_CHECK):
            return replace(column, family=TypeFamily.JSON)  # how MariaDB writes JSON
        return column

    def _default(self) -> str:
        """An expression: a constant, a word or call, or anything in parentheses."""
        cursor = self.cursor
        start = cursor.next.start
        if cursor.sees("("):
            cursor.skip_parentheses()
        else:
            if cursor.sees("-") or cursor.sees("+"):
                cursor.take()
            cursor.take()
            while cursor.accept("."):
                cursor.take()
            if cursor.sees("("):
                cursor.skip_parentheses()
        return cursor.sql[start : cursor.next.start].strip()

    # --- keys

    def key(self) -> None:
        """One key or constraint of the table."""
        cursor, draft = self.cursor, self.draft
        name = ""
        if cursor.accept("constraint") and not any(map(cursor.sees, ("primary", "unique", "foreign", "check"))):
            name = cursor.identifier()
        if cursor.accept("primary"):
            cursor.expect("key")
            draft.primary_key = self._key_columns(unique=True)
            for place, column in enumerate(draft.columns):
                if column.name.lower() in {key.lower() for key in draft.primary_key}:
                    draft.columns[place] = replace(column, nullable=False)
        elif cursor.accept("unique"):
            cursor.accept_any("key", "index")
            columns = self._key_columns(unique=True)
            if columns:
                draft.unique.append(columns)
        elif cursor.accept("foreign"):
            cursor.expect("key")
            self._foreign_key(name)
        elif cursor.accept("check"):
            draft.checks.append(cursor.skip_parentheses())
            cursor.accept("not")
            cursor.accept("enforced")
        else:
            cursor.accept_any("fulltext", "spatial")
            cursor.accept_any("key", "index")
            self._key_columns()

    def _foreign_key(self, name: str) -> None:
        cursor = self.cursor
        if cursor.accept("if"):
            cursor.expect("not", "exists")
        if not cursor.sees("("):
            name = name or cursor.identifier()
        columns = cursor.names()
        cursor.expect("references")
        self.draft.foreign_keys.append(self._references(columns, name))

    def _key_columns(self, unique: bool = False) -> tuple[str, ...]:
        """The plain columns of a key; () as soon as one is an expression. A prefix counts as its column.

        Of a unique key of one column the prefix is noted.
        """
        cursor = self.cursor
        while not cursor.sees("("):
            if cursor.next.kind in ("end", "mark"):
                raise cursor.fault()
            cursor.take()
        cursor.expect("(")
        names: list[str] = []
        plain, prefix = True, ""
        while True:
            if cursor.sees("("):
                plain = False
            elif cursor.accept("without", "overlaps"):
                pass
            else:
                names.append(cursor.identifier())
                prefix = cursor.skip_parentheses().strip("() ") if cursor.sees("(") else ""
            cursor.skip_expression(",", ")")
            if cursor.accept(")"):
                break
            cursor.expect(",")
        cursor.skip_expression(*_INDEX_OPTIONS)
        if unique and plain and len(names) == 1 and prefix.isdigit():
            self.draft.prefixes.append((names[0], int(prefix)))
        return tuple(names) if plain else ()

    def _references(self, columns: tuple[str, ...], name: str) -> KeyDraft:
        cursor = self.cursor
        table = cursor.name()
        referenced = cursor.names() if cursor.sees("(") else ()
        while True:
            if cursor.accept("match"):
                cursor.take()
            elif cursor.accept("on", "delete") or cursor.accept("on", "update"):
                if cursor.accept_any("no", "set"):
                    cursor.take()
                else:
                    cursor.take()
            else:
                return KeyDraft(columns, table, referenced, name)
