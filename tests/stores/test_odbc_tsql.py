"""What is sent to SQL Server, of which none was at hand: the grammar of each statement, and their order in a whole run.

The rows that the catalogue gives here are made by hand, in the shapes that Microsoft documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from anonymizer.contracts import Rows
from anonymizer.errors import SourceError, TargetError
from anonymizer.model.schema import ForeignKey, TableName, TypeFamily
from anonymizer.stores._odbc import tsql
from anonymizer.stores._odbc.dialects import dialect_of
from anonymizer.stores._odbc.link import Link, OdbcInput
from anonymizer.stores._odbc.load import OdbcSink
from anonymizer.stores._odbc.mssql import SqlServer
from anonymizer.stores.odbc import OdbcSource
from anonymizer.verify._reader import Block, open_reader

pytest.importorskip("pyodbc", reason="not verified: the package unixodbc is not installed")

PLACES = {
    "table": "[dbo].[a]]b]", "trigger": "[audit]", "constraint": "[fk]", "column": "[c]", "value": "@value",
    "literal": "N'[dbo].[a]'", "last": "5", "columns": "[c]", "inner": "[c]", "step": "3", "text": "[c]", "length": "9",
}  # fmt: skip
UNKNOWN_TO_THE_PARSER = {
    "SNAPSHOT": "SET TRANSACTION ISOLATION LEVEL SNAPSHOT",
    "DISABLE_TRIGGER": "DISABLE TRIGGER [audit] ON [dbo].[a]]b]",
    "ENABLE_TRIGGER": "ENABLE TRIGGER [audit] ON [dbo].[a]]b]",
    "RESEED": "DBCC CHECKIDENT (N'[dbo].[a]', RESEED, 5)",
    "UNCHECKED": "ALTER TABLE [dbo].[a]]b] NOCHECK CONSTRAINT [fk]",
    "CHECKED": "ALTER TABLE [dbo].[a]]b] WITH CHECK CHECK CONSTRAINT [fk]",
    "CHECKED_LATER": "ALTER TABLE [dbo].[a]]b] WITH NOCHECK CHECK CONSTRAINT [fk]",
    "IDENTITY_ON": "SET IDENTITY_INSERT [dbo].[a]]b] ON",
    "IDENTITY_OFF": "SET IDENTITY_INSERT [dbo].[a]]b] OFF",
}
"""As Microsoft's manual writes them."""


def statements() -> Iterator[tuple[str, str]]:
    for name in (name for name in vars(tsql) if name.isupper()):
        found: Any = getattr(tsql, name)
        for text in found.values() if isinstance(found, dict) else (found,) if isinstance(found, str) else found:
            statement = text.format(**PLACES)
            if name in ("READ", "READ_TEXT", "WRITE", "CUT"):
                statement = f"SELECT {statement} FROM [dbo].[a]"
            elif name == "BINARY_ORDER":
                statement = f"SELECT 1 FROM [dbo].[a] ORDER BY {statement}"
            if not name.startswith("_"):
                yield name, statement


@pytest.mark.parametrize(("name", "statement"), list(statements()))
def test_every_statement_is_transact_sql(name: str, statement: str):
    if name in UNKNOWN_TO_THE_PARSER:
        assert statement == UNKNOWN_TO_THE_PARSER[name]
        return
    parsed = sqlglot.parse(statement, dialect="tsql")
    assert len(parsed) == 1
    assert not isinstance(parsed[0], exp.Command), "it was not understood"


# --- a whole run against recorded shapes ------------------------------------------------------------------------

YES, NO = 1, 0


def column(table: str, name: str, kind: str, size: int, **facts: Any) -> tuple[Any, ...]:
    """A row of the statement COLUMNS."""
    f = {"precision": 0, "scale": 0, "nullable": YES, "identity": NO, "computed": NO, "generated": NO, "temporal": 0}
    f |= {"default": None, "comment": None, "encryption": None, **facts}
    return (
        "dbo", table, name, kind, size, f["precision"], f["scale"], f["nullable"], f["identity"], f["computed"],
        f["generated"], f["default"], f["comment"], "people we know" if table == "person" else None, f["temporal"],
        f["encryption"],
    )  # fmt: skip


CATALOGUE: dict[str, list[tuple[Any, ...]]] = {
    tsql.COLUMNS: [
        column("person", "id", "int", 4, nullable=NO, identity=YES),
        column("person", "email", "nvarchar", 120, nullable=NO, comment="where to write"),
        column("person", "firm", "int", 4),
        column("person", "born", "datetime2", 8, scale=3),
        column("person", "photo", "varbinary", -1),
        column("person", "salary", "decimal", 9, precision=10, scale=2, default="((0))"),
        column("person", "shown", "nvarchar", 200, computed=YES),
        column("person", "version", "timestamp", 8, nullable=NO),
        column("firm", "country", "char", 2, nullable=NO),
        column("firm", "id", "int", 4, nullable=NO),
        column("visit", "note", "nvarchar", -1),
    ],
    tsql.UNIQUE: [
        ("dbo", "person", "PK_person", YES, "id"),
        ("dbo", "person", "UQ_email", NO, "email"),
        ("dbo", "firm", "PK_firm", YES, "country"),
        ("dbo", "firm", "PK_firm", YES, "id"),
    ],
    tsql.FOREIGN: [("dbo", "person", "FK_firm", "firm", "dbo", "firm", "id")],
    tsql.CHECKS: [("dbo", "person", "CK_salary", "([salary]>=(0))")],
    tsql.TRIGGERS: [("dbo", "person", "audit"), ("other", "not_ours", "keep")],
    tsql.CONSTRAINTS: [("dbo", "person", "FK_firm"), ("dbo", "person", "CK_salary")],
    tsql.UNTRUSTED: [("dbo", "person", "CK_salary")],
    tsql.COUNTERS: [("dbo", "person", "41")],
    tsql.SNAPSHOT_ALLOWED: [(1,)],
    tsql.IDENTITY: [("SERVER\\ONE", "crm")],
}


class Connection:
    """Answers with recorded rows, and keeps what it was told."""

    def __init__(self, driver: str = "libmsodbcsql-18.so", **changed: list[tuple[Any, ...]]) -> None:
        self.said: list[str] = []
        self.rows: list[tuple[str, list[Any], bool]] = []
        self.sizes: list[tuple[int, int, int]] = []
        self.autocommit = False
        self._driver = driver
        self._answers = {**CATALOGUE, **{getattr(tsql, name): rows for name, rows in changed.items()}}

    def getinfo(self, what: int) -> str:
        return self._driver

    def cursor(self) -> Connection:
        self.fast_executemany = False
        return self

    def setinputsizes(self, sizes: list[tuple[int, int, int]]) -> None:
        self.sizes = sizes

    def execute(self, sql: str, *values: object) -> None:
        self.said.append(sql)
        answer = self._answers.get(sql)
        if answer is None and sql.startswith("SELECT CONVERT"):
            answer = [("1", "a@b.be", None, "2020-01-01 00:00:00.000", "\\x00", "1.50")] if "[email]" in sql else []
        self.description = [()] if answer is not None else None
        self._left = list(answer or [])

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.fetchmany(len(self._left))

    def fetchmany(self, count: int) -> list[tuple[Any, ...]]:
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def executemany(self, sql: str, rows: list[Any]) -> None:
        self.said.append(sql)
        self.rows.append((sql, rows, self.fast_executemany))

    def commit(self) -> None:
        self.said.append("COMMIT")

    def rollback(self) -> None:
        self.said.append("ROLLBACK")

    def close(self) -> None:
        pass


def source_of(connection: Connection) -> OdbcSource:
    link = Link(connection, "mssql://db/crm", SourceError)
    return OdbcSource(OdbcInput("mssql://db/crm", link, "Microsoft SQL Server"))


def test_the_catalogue_tells_types_keys_and_comments():
    source = source_of(Connection())
    schema = source.schema()
    person = schema.table(TableName("dbo", "person"))
    assert [(c.name, c.type, c.family, c.length, c.nullable) for c in person.columns][:6] == [
        ("id", "int IDENTITY", TypeFamily.INTEGER, None, False),
        ("email", "nvarchar(60)", TypeFamily.TEXT, 60, False),
        ("firm", "int", TypeFamily.INTEGER, None, True),
        ("born", "datetime2(3)", TypeFamily.TIMESTAMP, None, True),
        ("photo", "varbinary(max)", TypeFamily.BINARY, None, True),
        ("salary", "decimal(10,2)", TypeFamily.NUMBER, None, True),
    ]
    assert [c.name for c in person.columns if c.generated] == ["shown", "version"]
    assert (person.primary_key, person.unique) == (("id",), (("email",),))
    assert person.foreign_keys == (ForeignKey(("firm",), TableName("dbo", "firm"), ("id",), "FK_firm"),)
    assert person.checks == ("([salary]>=(0))",)
    assert (person.comment, person.column("email").comment) == ("people we know", "where to write")
    assert schema.table(TableName("dbo", "firm")).primary_key == ("country", "id")
    assert [table.name.name for table in schema.tables].index("firm") < 2


def test_whole_statements_of_a_table_are_transact_sql():
    dialect = SqlServer()
    for stored in source_of(Connection()).tables:
        read = sqlglot.parse_one(dialect.select(stored), dialect="tsql")
        assert len(read.expressions) == len(stored.cells)
        assert read.args.get("order") is not None or stored.name.name == "visit"
        sample = sqlglot.parse_one(dialect.sample(stored, 7), dialect="tsql")
        assert len(sample.expressions) == len(stored.cells)
        insert = sqlglot.parse_one(dialect.insert(stored, 3, "anonymizer_row"), dialect="tsql")
        assert isinstance(insert, exp.Insert)
        assert len(insert.expression.expressions) == 3
        assert {len(row.expressions) for row in insert.expression.expressions} == {len(stored.cells) + 1}


def test_a_source_is_read_in_a_snapshot_or_the_report_says_that_it_is_not():
    connection = Connection()
    source = source_of(connection)
    notes = SqlServer().open_source(source.link)
    assert tsql.SNAPSHOT in connection.said
    assert not connection.autocommit
    assert len(notes) == 1
    assert "db_datareader" in notes[0]
    connection = Connection(SNAPSHOT_ALLOWED=[(0,)])
    notes = SqlServer().open_source(source_of(connection).link)
    assert tsql.SNAPSHOT not in connection.said
    assert "ALLOW_SNAPSHOT_ISOLATION" in notes[1]


@contextmanager
def loaded(target: Connection, replaced: str = "email") -> Iterator[OdbcSink]:
    source = source_of(Connection())
    link = Link(target, "mssql://db/safe", TargetError)
    dialect = dialect_of("Microsoft SQL Server")
    dialect.open_target(link)
    sink = OdbcSink(source, link, dialect)
    for part in source.parts({TableName("dbo", "person"): [replaced]}):
        sink.write(part)
    sink.close()
    yield sink


def test_a_load_switches_off_inserts_checks_and_commits_in_this_order():
    target = Connection()
    with loaded(target) as sink:
        assert "COMMIT" not in target.said
        sink.commit()
    after = target.said[target.said.index(tsql.CONSTRAINTS) :]
    table = "[dbo].[person]"
    assert [re.sub(r"\(\[id\].*", "", said) for said in after if not said.startswith(("SELECT", "\n"))] == [
        f"ALTER TABLE {table} NOCHECK CONSTRAINT [FK_firm]",
        f"ALTER TABLE {table} NOCHECK CONSTRAINT [CK_salary]",
        f"SET IDENTITY_INSERT {table} ON",
        f"INSERT INTO {table} ",
        f"SET IDENTITY_INSERT {table} OFF",
        f"ENABLE TRIGGER [audit] ON {table}",
        f"ALTER TABLE {table} WITH CHECK CHECK CONSTRAINT [FK_firm]",
        f"ALTER TABLE {table} WITH NOCHECK CHECK CONSTRAINT [CK_salary]",  # as little trusted as in the source
        f"DBCC CHECKIDENT (N'{table}', RESEED, 41)",
        "COMMIT",
    ]
    assert f"DISABLE TRIGGER [audit] ON {table}" in target.said
    assert not any("not_ours" in said for said in target.said)
    statement, rows, _ = target.rows[0]
    assert "[shown]" not in statement
    assert "[version]" not in statement
    assert rows == [("1", "a@b.be", None, "2020-01-01 00:00:00.000", "\\x00", "1.50")]


def test_rows_whose_key_changes_are_numbered_until_they_were_compared():
    target = Connection()
    with loaded(target, "id") as sink:
        assert "ALTER TABLE [dbo].[person] ADD [anonymizer_row] bigint NULL" in target.said
        assert target.rows[0][1][0][-1] == "0"
        sink.commit()
    assert "ALTER TABLE [dbo].[person] DROP COLUMN [anonymizer_row]" in target.said


def test_whole_arrays_go_through_microsofts_driver_only_and_not_with_long_columns():
    for driver, widths in (("libmsodbcsql-18.6.so.2.1", [64, 64]), ("libtdsodbc.so", None)):
        connection = Connection(driver)
        dialect = SqlServer()
        dialect.open_target(Link(connection, "mssql://db/crm", TargetError))
        tables = {stored.name.name: stored for stored in source_of(connection).tables}
        assert dialect.bulk(tables["firm"]) == widths
        assert dialect.bulk(tables["person"]) is None, "it holds a varbinary(max)"


def test_arrays_are_sent_as_texts_with_room_for_sign_and_point():
    connection = Connection()
    Link(connection, "mssql://db/crm", TargetError).insert("INSERT", [("-12345678.90",)], [64])
    assert connection.sizes == [(-9, 64, 0)]
    assert connection.rows == [("INSERT", [("-12345678.90",)], True)]


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        (column("person", "secret", "nvarchar", 20, encryption=1), r"dbo\.person\.secret is encrypted by the client"),
        (column("person", "any", "sql_variant", 8016), r"dbo\.person\.any has the type sql_variant"),
        (column("person", "own", "MyClrType", -1), r"dbo\.person\.own has the type MyClrType"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(odd: tuple[Any, ...], says: str):
    with pytest.raises(SourceError, match=says):
        source_of(Connection(COLUMNS=[odd])).schema()


def test_a_temporal_table_can_be_looked_at_but_not_loaded():
    columns = [
        column("visit", "since", "datetime2", 8, scale=7, generated=1, temporal=2),
        column("visit", "note", "nvarchar", -1, temporal=2),
    ]
    rest = [row for row in CATALOGUE[tsql.COLUMNS] if row[1] != "visit"]
    schema = source_of(Connection(COLUMNS=[*rest, *columns])).schema()
    assert schema.table(TableName("dbo", "visit")).column("since").generated
    source = source_of(Connection(COLUMNS=[*rest, *columns]))
    link = Link(Connection(COLUMNS=[*rest, *columns]), "mssql://db/safe", TargetError)
    with pytest.raises(TargetError, match=r"dbo\.visit is a temporal table"):
        OdbcSink(source, link, SqlServer())


def test_a_row_of_values_keeps_its_order_whatever_is_replaced():
    source = source_of(Connection())
    rows = [part for part in source.parts({TableName("dbo", "person"): ["salary", "email"]}) if isinstance(part, Rows)]
    assert rows[0].batch.to_pylist() == [{"salary": "1.50", "email": "a@b.be"}]


def test_the_statements_of_the_verifier_are_transact_sql():
    connection = Connection()
    source = source_of(connection)
    schema = source.schema()
    connection.said.clear()
    assert [part for part in open_reader(source.input, "ODBC database", schema).parts() if isinstance(part, Block)]
    selects = [sqlglot.parse_one(said, dialect="tsql") for said in connection.said]
    assert len(selects) == 4 + len(schema.tables)
    assert all(isinstance(select, exp.Select) for select in selects)
    by_key = {str(select.find(exp.Table)): select for select in selects}
    assert "id" in str(next(select for table, select in by_key.items() if "person" in table).args["order"])
