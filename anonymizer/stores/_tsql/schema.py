"""The tables that a Transact-SQL script defines: CREATE TABLE, ALTER TABLE, unique indexes, types, MS_Description.

Names match whatever their case, as in SQL Server's usual collations; a bare name belongs to dbo. Types are resolved
through CREATE TYPE … FROM and sp_addtype. Source: Microsoft's "CREATE TABLE (Transact-SQL)", "ALTER TABLE".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from anonymizer.errors import SourceError
from anonymizer.model.schema import Column, ForeignKey, Schema, Table, TableName, TypeFamily
from anonymizer.stores._tsql.definitions import default, listed_columns, skip_computed, skip_options
from anonymizer.stores._tsql.tokens import Cursor, Token, tokens_of
from anonymizer.stores._tsql.types import FAMILIES, ROW_VERSIONS, text_length

_SEVERAL = "the script holds several databases; make one script of each"
_Type = tuple[str, TypeFamily, int | None]
_FLAGS = (
    "ROWGUIDCOL",
    "SPARSE",
    "FILESTREAM",
    "PERSISTED",
    "HIDDEN",
    "CLUSTERED",
    "NONCLUSTERED",
    "HASH",
    "ASC",
    "DESC",
)


@dataclass(slots=True)
class _Table:
    name: TableName
    columns: list[Column] = field(default_factory=list)
    primary_key: tuple[str, ...] = ()
    unique: list[tuple[str, ...]] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    comment: str | None = None
    database: str = ""

    def spelled(self, name: str) -> str:
        """The column as its definition spells it."""
        return next((column.name for column in self.columns if column.name.lower() == name.lower()), name)

    def change(self, name: str, **changes: object) -> None:
        """Replace fields of a column, if there is such a one."""
        self.columns = [
            replace(column, **changes) if column.name.lower() == name.lower() else column  # type: ignore[arg-type]
            for column in self.columns
        ]


class TsqlSchemaReader:
    """Takes a script's text piece by piece; `build` gives the schema."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._tables: dict[tuple[str, str], _Table] = {}
        self._types: dict[str, _Type] = {}
        self._database = ""

    def feed(self, tokens: Sequence[Token]) -> None:
        """The next tokens outside rows and modules."""
        cursor = Cursor(tokens, self._encoding)
        while not cursor.end:
            if cursor.accept("CREATE", "TABLE"):
                self._create(cursor)
            elif cursor.accept("ALTER", "TABLE"):
                self._alter(cursor)
            elif cursor.accept("DROP", "TABLE"):
                self._drop(cursor)
            elif cursor.accept("CREATE", "TYPE"):
                self._type(cursor)
            elif cursor.sees("CREATE", "UNIQUE"):
                self._index(cursor)
            elif cursor.accept("EXEC") or cursor.accept("EXECUTE"):
                self._call(cursor)
            elif cursor.accept("USE"):
                if cursor.accept("$"):  # a variable of sqlcmd
                    cursor.group()
                else:
                    self._database = cursor.name().lower()
            else:
                cursor.next()

    def table_of(self, parts: Sequence[str], line: int) -> Table:
        """The table that rows go to. Raises SourceError for one that is not defined, or of another database."""
        found = self._tables.get(_key(parts))
        if found is None:
            raise SourceError(
                f"line {line}: the script holds rows of {_name(parts)} but not its definition: script the schema with"
                " the data"
            )
        database = parts[-3].lower() if len(parts) > 2 and parts[-3] else self._database
        if found.database and database and found.database != database:
            raise SourceError(f"line {line}: {_SEVERAL}")
        return _built(found, self._tables)

    def build(self) -> Schema:
        """All tables, in the order of their definitions."""
        return Schema(tuple(_built(table, self._tables) for table in self._tables.values()), self._encoding)

    # --- statements ---------------------------------------------------------------------------------------------

    def _create(self, cursor: Cursor) -> None:
        parts = cursor.dotted()
        if parts[-1].startswith(("#", "@")):
            return
        table = _Table(_name(parts), database=parts[-3].lower() if len(parts) > 2 else self._database)
        known = self._tables.get(_key(parts))
        if known is not None and known.database != table.database:
            raise SourceError(f"line {cursor.line}: {_SEVERAL}")
        if cursor.accept("AS"):
            cursor.accept("FILETABLE")
            raise cursor.fault()
        cursor.expect("(")
        while not cursor.accept(")"):
            self._element(cursor, table)
            cursor.accept(",")
        self._tables[_key(parts)] = table

    def _alter(self, cursor: Cursor) -> None:
        table = self._tables.get(_key(cursor.dotted()))
        if table is None:
            return
        if cursor.accept("WITH"):
            cursor.next()  # CHECK or NOCHECK
        if cursor.accept("ADD"):
            while True:
                self._element(cursor, table)
                if not cursor.accept(","):
                    return
        if cursor.accept("ALTER", "COLUMN"):
            name = cursor.name()
            if cursor.sees("ADD") or cursor.sees("DROP"):
                return
            type_, family, length = self._declared(cursor)
            table.change(name, type=type_, family=family, length=length)
        elif cursor.accept("DROP", "COLUMN"):
            gone = {cursor.name().lower()}
            while cursor.accept(","):
                gone.add(cursor.name().lower())
            table.columns = [column for column in table.columns if column.name.lower() not in gone]

    def _drop(self, cursor: Cursor) -> None:
        cursor.accept("IF", "EXISTS")
        while True:
            self._tables.pop(_key(cursor.dotted()), None)
            if not cursor.accept(","):
                return

    def _type(self, cursor: Cursor) -> None:
        name = cursor.dotted()[-1]
        if cursor.accept("FROM"):
            self._types[name.lower()] = self._declared(cursor)

    def _index(self, cursor: Cursor) -> None:
        cursor.expect("CREATE", "UNIQUE")
        while cursor.accept("CLUSTERED") or cursor.accept("NONCLUSTERED"):
            pass
        cursor.expect("INDEX")
        cursor.name()
        cursor.expect("ON")
        parts = cursor.dotted()
        columns = listed_columns(cursor)
        if cursor.accept("INCLUDE"):
            cursor.group()
        table = self._tables.get(_key(parts))
        if table is not None and not cursor.sees("WHERE"):
            table.unique.append(tuple(map(table.spelled, columns)))

    def _call(self, cursor: Cursor) -> None:
        name = cursor.dotted()[-1].lower() if cursor.sees_name() else ""
        arguments: list[str] = []
        while not cursor.end:
            if (token := cursor.peek()) is not None and token.text[:1] == b"@":
                cursor.next()
                cursor.expect("=")
            token = cursor.next()
            arguments.append(_argument(token, self._encoding))
            if not cursor.accept(","):
                break
        if name == "sp_addextendedproperty":
            self._describe(arguments)
        elif name == "sp_addtype" and len(arguments) > 1:
            inner = Cursor(tokens_of(arguments[1].encode()), self._encoding)
            self._types[arguments[0].lower()] = self._declared(inner)

    def _describe(self, arguments: list[str]) -> None:
        if len(arguments) < 6 or arguments[0].lower() != "ms_description" or arguments[4].lower() != "table":
            return
        table = self._tables.get((arguments[3].lower(), arguments[5].lower()))
        if table is None:
            return
        if len(arguments) < 8 or arguments[6].lower() in ("", "null"):
            table.comment = arguments[1]
        elif arguments[6].lower() == "column":
            table.change(arguments[7], comment=arguments[1])

    # --- elements of a table ------------------------------------------------------------------------------------

    def _element(self, cursor: Cursor, table: _Table) -> None:
        """A column or a constraint."""
        name = cursor.name() if cursor.accept("CONSTRAINT") else ""
        if cursor.sees("PRIMARY") or cursor.sees("UNIQUE") or cursor.sees("FOREIGN") or cursor.sees("CHECK"):
            self._constraint(cursor, table, name, ())
        elif cursor.sees("DEFAULT"):
            cursor.next()
            expression = default(cursor)
            cursor.expect("FOR")
            table.change(cursor.name(), default=expression)
            cursor.accept("WITH", "VALUES")
        elif cursor.accept("PERIOD"):
            cursor.expect("FOR")
            cursor.next()
            cursor.group()
        elif cursor.accept("INDEX"):
            self._inline_index(cursor, table)
        else:
            self._column(cursor, table)

    def _inline_index(self, cursor: Cursor, table: _Table) -> None:
        cursor.name()
        unique = cursor.accept("UNIQUE")
        while not cursor.sees("("):
            cursor.next()
        columns = listed_columns(cursor)
        if unique:
            table.unique.append(tuple(map(table.spelled, columns)))
        skip_options(cursor)

    def _column(self, cursor: Cursor, table: _Table) -> None:
        name = cursor.name()
        if cursor.accept("AS"):
            skip_computed(cursor)
            column = Column(name, "computed", TypeFamily.OTHER, generated=True)
        else:
            type_, family, length = self._declared(cursor)
            column = Column(name, type_, family, length, generated=type_.lower() in ROW_VERSIONS)
        table.columns.append(column)
        while not (cursor.end or cursor.sees(",") or cursor.sees(")")):
            if not self._option(cursor, table, name):
                break

    def _option(self, cursor: Cursor, table: _Table, column: str) -> bool:
        """One option of a column; False where the statement has ended."""
        constraint = cursor.name() if cursor.accept("CONSTRAINT") else ""
        if cursor.accept("NOT", "NULL"):
            table.change(column, nullable=False)
        elif cursor.accept("NULL") or cursor.accept("NOT", "FOR", "REPLICATION") or _takes_flag(cursor):
            pass
        elif cursor.accept("IDENTITY"):
            identity = f"IDENTITY ({cursor.group()})" if cursor.sees("(") else "IDENTITY"
            table.change(column, type=f"{_of(table, column).type} {identity}")
        elif cursor.accept("DEFAULT"):
            table.change(column, default=default(cursor))
            cursor.accept("WITH", "VALUES")
        elif cursor.accept("COLLATE"):
            cursor.name()
        elif cursor.accept("MASKED"):
            cursor.expect("WITH")
            cursor.group()
        elif cursor.accept("GENERATED", "ALWAYS", "AS"):
            cursor.next()
            cursor.next()
        elif cursor.accept("INDEX"):
            cursor.name()
            skip_options(cursor)
        elif cursor.sees("ENCRYPTED"):
            raise SourceError(
                f"line {cursor.line}: a column under Always Encrypted holds what only its owner can read; leave it out"
            )
        elif any(cursor.sees(word) for word in ("PRIMARY", "UNIQUE", "FOREIGN", "REFERENCES", "CHECK")):
            self._constraint(cursor, table, constraint, (column,))
        elif constraint:
            raise cursor.fault()
        else:
            return False
        return True

    def _constraint(self, cursor: Cursor, table: _Table, name: str, columns: tuple[str, ...]) -> None:
        if cursor.accept("PRIMARY", "KEY"):
            table.primary_key = _key_columns(cursor, table, columns)
            for column in table.primary_key:
                table.change(column, nullable=False)
        elif cursor.accept("UNIQUE"):
            table.unique.append(_key_columns(cursor, table, columns))
        elif cursor.accept("CHECK"):
            cursor.accept("NOT", "FOR", "REPLICATION")
            table.checks.append(cursor.group()) if cursor.sees("(") else cursor.accept("CONSTRAINT")
        else:
            if cursor.accept("FOREIGN", "KEY") and cursor.sees("("):
                columns = listed_columns(cursor)
            cursor.expect("REFERENCES")
            target = cursor.dotted()
            referenced = listed_columns(cursor) if cursor.sees("(") else ()
            columns = tuple(map(table.spelled, columns))
            table.foreign_keys.append(ForeignKey(columns, _name(target), referenced, name))
            while cursor.accept("ON"):
                cursor.next()
                if not cursor.accept("NO", "ACTION") and not cursor.accept("SET", "NULL"):
                    cursor.accept("SET", "DEFAULT") or cursor.accept("CASCADE")
            cursor.accept("NOT", "FOR", "REPLICATION")

    def _declared(self, cursor: Cursor) -> _Type:
        """A type with its length or precision."""
        written = cursor.dotted()[-1]
        name = written.lower()
        for first, second in (("double", "precision"), ("character", "varying"), ("national", "character")):
            if name == first and cursor.accept(second.upper()):
                name = {"double": "float", "character": "varchar", "national": "nchar"}[first]
        size = cursor.group().replace(" ", "") if cursor.sees("(") else ""
        known = self._types.get(name)
        if known is not None:
            return (f"{written} ({known[0]})", known[1], known[2])
        if name not in FAMILIES:
            raise SourceError(f"line {cursor.line}: the type {written} is not supported; leave its table out")
        length = text_length(name, int(size) if size.isdigit() else None, size.lower() == "max")
        return (f"{name}({size})" if size else name, FAMILIES[name], length)


def _key(parts: Sequence[str]) -> tuple[str, str]:
    return ((parts[-2] if len(parts) > 1 else "") or "dbo").lower(), parts[-1].lower()


def _name(parts: Sequence[str]) -> TableName:
    return TableName((parts[-2] if len(parts) > 1 else "") or "dbo", parts[-1])


def _takes_flag(cursor: Cursor) -> bool:
    return any(cursor.accept(flag) for flag in _FLAGS)


def _of(table: _Table, name: str) -> Column:
    return next(column for column in table.columns if column.name == name)


def _key_columns(cursor: Cursor, table: _Table, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a key: listed, or the one that it stands at."""
    while any(cursor.accept(word) for word in ("CLUSTERED", "NONCLUSTERED", "HASH")):
        pass
    listed = listed_columns(cursor) if cursor.sees("(") else columns
    skip_options(cursor)
    return tuple(map(table.spelled, listed))


def _argument(token: Token, encoding: str) -> str:
    text = token.text.decode(encoding, "replace")
    if token.kind == "string":
        return text.split("'", 1)[1][:-1].replace("''", "'")
    return text[1:-1].replace("]]", "]") if text[:1] in ("[", '"') else text


def _built(table: _Table, tables: dict[tuple[str, str], _Table]) -> Table:
    keys = []
    for key in table.foreign_keys:
        target = tables.get(_key((key.references.schema, key.references.name)))
        if target is not None:
            referenced = tuple(map(target.spelled, key.referenced)) or target.primary_key
            key = replace(key, references=target.name, referenced=referenced)
        keys.append(key)
    return Table(
        table.name,
        tuple(table.columns),
        table.primary_key,
        tuple(dict.fromkeys(table.unique)),
        tuple(keys),
        tuple(table.checks),
        comment=table.comment,
    )
