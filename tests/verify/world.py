"""A small database with its plan, made by hand, and a right result of it: what the verifier's tests start from.

Every value is invented. Pseudonyms are numbered words, so that none of them is a value of the source.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from anonymizer.model.plan import ColumnPlan, Domain, Plan, TablePlan
from anonymizer.model.result import CheckResult, Outcome
from anonymizer.model.rules import Action
from anonymizer.model.schema import Column, ColumnName, ForeignKey, Schema, Table, TableName, TypeFamily
from anonymizer.verify import verify
from tests.packages import Declared, Made, element, package, script

T = TypeFamily
Cells = list[str | None]

PLAIN, SQLITE, SQLITE_DUMP, MYSQL = "PostgreSQL plain dump", "SQLite file", "SQLite dump", "MySQL dump"
MSSQL_SCRIPT, BACPAC, CSV = "SQL Server script", "SQL Server package", "CSV folder"

FIRST = "Aline Bertrand Céline Dieter Elodie Floris Griet Hubert".split()
LAST = "Maesfranckx Oudenhovere Pieterbroeck Quaghebeur Roosenbergh Stappaerts Tielemansen Uyttersproot".split()
STREETS = "Lindelaan Kapelstraat Rozendreef Molenweg Dorpsplein Kerkhofstraat Veldwijk Beekpad".split()


@dataclass
class World:
    """Rows per table, in order, and the text before and after them."""

    tables: dict[str, list[Cells]]
    comment: str = "Customers of the shop; see the manual"
    view: str = "SELECT id, last_name FROM customer WHERE status <> 'old'"

    def column(self, table: str, name: str) -> Cells:
        index = COLUMNS[table].index(name)
        return [row[index] for row in self.tables[table]]

    def set(self, table: str, name: str, row: int, value: str | None) -> None:
        self.tables[table][row][COLUMNS[table].index(name)] = value

    def copy(self) -> World:
        return deepcopy(self)


_TYPES: dict[str, dict[str, tuple[TypeFamily, str]]] = {
    "customer": {
        "id": (T.INTEGER, "integer"),
        "first_name": (T.TEXT, "character varying(40)"),
        "last_name": (T.TEXT, "character varying(40)"),
        "email": (T.TEXT, "character varying(80)"),
        "phone": (T.TEXT, "text"),
        "street": (T.TEXT, "text"),
        "iban": (T.TEXT, "text"),
        "birth_date": (T.DATE, "date"),
        "salary": (T.NUMBER, "numeric(10,2)"),
        "status": (T.ENUM, "status"),
        "kind": (T.ENUM, "kind"),
        "notes": (T.TEXT, "text"),
        "settings": (T.JSON, "jsonb"),
        "mails": (T.ARRAY, "text[]"),
        "tags": (T.ARRAY, "text[]"),
    },
    "order": {
        "id": (T.INTEGER, "integer"),
        "customer_email": (T.TEXT, "character varying(80)"),
        "amount": (T.NUMBER, "numeric(10,2)"),
        "remark": (T.TEXT, "text"),
        "document": (T.BINARY, "bytea"),
    },
    "login": {
        "customer_id": (T.INTEGER, "integer"),
        "name": (T.TEXT, "text"),
        "password": (T.TEXT, "text"),
        "ip": (T.NETWORK, "inet"),
        "last_seen": (T.TIMESTAMP, "timestamp"),
    },
    "country": {"code": (T.TEXT, "character(2)"), "name": (T.TEXT, "text")},
    "mail_out": {"id": (T.INTEGER, "integer"), "recipient": (T.TEXT, "text"), "body": (T.TEXT, "text")},
}
COLUMNS = {table: tuple(columns) for table, columns in _TYPES.items()}
REPLACED: dict[tuple[str, str], tuple[str, str]] = {
    ("customer", "first_name"): ("first_name", "first_name"),
    ("customer", "last_name"): ("last_name", "last_name"),
    ("customer", "email"): ("email", "email"),
    ("customer", "phone"): ("phone", "phone"),
    ("customer", "street"): ("street_address", "street_address"),
    ("customer", "iban"): ("iban", "iban"),
    ("customer", "birth_date"): ("birth_date", "birth_date"),
    ("customer", "salary"): ("salary_or_finance", "salary_or_finance"),
    ("customer", "kind"): ("other_personal", "masked"),
    ("customer", "settings"): ("free_text", "free_text"),
    ("customer", "mails"): ("email", "email"),
    ("order", "customer_email"): ("email", "email"),
    ("login", "name"): ("username", "username"),
    ("login", "password"): ("password_or_secret", "password_or_secret"),
    ("login", "ip"): ("ip_address", "ip_address"),
    ("mail_out", "recipient"): ("email", "email"),
    ("mail_out", "body"): ("free_text", "free_text"),
}
"""Table and column -> category and transform."""

NULLABLE = {("customer", "phone"), ("customer", "notes"), ("order", "remark"), ("order", "document")}


def source() -> World:
    """The database as a customer would send it."""
    customers: list[Cells] = []
    orders: list[Cells] = []
    logins: list[Cells] = []
    for n, (first, last, street) in enumerate(zip(FIRST, LAST, STREETS, strict=True), 1):
        mail = f"{first.lower().replace('é', 'e')}.{last.lower()}@mail{n}.be"
        customers.append([
            str(n), first, last, mail,
            None if n == 3 else f"+32 47{n} {n}1 2{n} 3{n}",
            f"{street} {n * 7}",
            f"BE{n}1 0961 2345 {6700 + n}",
            f"19{60 + 3 * n}-0{n}-1{n}",
            f"{2000 + n * n * 37}.50",
            "new" if n % 2 else "old",
            ("person", "company")[n % 2],
            None if n % 3 else f"called back on day {n}\tand \\ again",
            f'{{"reply": "{mail}", "page": {n}}}',
            f"{{info.{n}{last.lower()}@shop{n}.be}}",
            "{gold,silver}",
        ])  # fmt: skip
        orders.append([str(n), mail, f"{n * 10}.00", None if n == 2 else f"deliver at dock {n}", f"\\x0{n}ff"])
        logins.append(
            [str(n), f"{last.lower()}{n}", f"Geheim!{n * 1111}", f"81.246.{n}.{n * 9}", f"2024-0{n}-02 10:00:00"]
        )
    orders.append(["9", orders[0][1], "15.00", "second order", None])
    return World({
        "customer": customers,
        "order": orders,
        "login": logins,
        "country": [["BE", "Belgium"], ["NL", "Netherlands"], ["LU", "Luxembourg"]],
        "mail_out": [[str(n), row[3], f"Dear {row[1]}"] for n, row in enumerate(customers, 1)],
    })  # fmt: skip


def _pseudonym(column: tuple[str, str], number: int) -> str:
    category = REPLACED[column][0]
    known: dict[str, Callable[[int], str]] = {
        "first_name": lambda n: f"Zed{n}",
        "last_name": lambda n: f"Wennebrook{n}",
        "email": lambda n: f"zed{n}.wennebrook@mail.example",
        "phone": lambda n: f"+32 40{n} 99 88 7{n}",
        "street_address": lambda n: f"Nergensdreef {n + 100}",
        "iban": lambda n: f"BE7{n} 0000 1111 22{n}3",
        "birth_date": lambda n: f"19{50 + n * n % 40}-1{n % 3}-2{n % 8}",
        "salary_or_finance": lambda n: f"{1500 + n * n * n}.00",
        "other_personal": lambda n: "other",
        "username": lambda n: f"zuser{n}",
        "password_or_secret": lambda n: "!removed",
        "ip_address": lambda n: f"240.1.{n}.77",
    }
    return known[category](number)


def right_result(world: World) -> World:
    """What a faultless run would have written."""
    result = world.copy()
    numbers: dict[tuple[str, str], int] = {}
    for (table, name), (_, transform) in REPLACED.items():
        for row, value in enumerate(world.column(table, name)):
            if value is None:
                continue
            number = numbers.setdefault((transform, value), len(numbers) + 1)
            new = {"settings": "{}", "body": "[removed]"}.get(name) or _pseudonym((table, name), number)
            result.set(table, name, row, f"{{{new}}}" if name == "mails" else new)
    result.tables["mail_out"] = []
    return result


# --- the plan ---------------------------------------------------------------------------------------------------


def _schema(schema_name: str) -> Schema:
    def name(table: str) -> TableName:
        return TableName(schema_name, table)

    def columns(table: str) -> tuple[Column, ...]:
        made = []
        for column, (family, type_) in _TYPES[table].items():
            length = re.search(r"\((\d+)\)", type_) if family is T.TEXT else None
            labels = {"status": ("new", "old"), "kind": ("person", "company", "other")}.get(column, ())
            nullable = (table, column) in NULLABLE
            made.append(Column(column, type_, family, int(length[1]) if length else None, nullable, labels=labels))
        return tuple(made)

    keys = {
        "customer": ForeignKey((), name("customer"), ()),
        "order": ForeignKey(("customer_email",), name("customer"), ("email",)),
        "login": ForeignKey(("customer_id",), name("customer"), ("id",)),
    }
    unique = {"customer": (("email",), ("iban",)), "login": (("name",),)}
    return Schema(
        tuple(
            Table(
                name(table),
                columns(table),
                primary_key=(COLUMNS[table][0],),
                unique=unique.get(table, ()),
                foreign_keys=(keys[table],) if table in ("order", "login") else (),
            )
            for table in COLUMNS
        )
    )


def plan(schema_name: str = "public", capacity: dict[str, int] | None = None) -> Plan:
    """Every column's decision; `capacity` per category, where it matters."""
    schema = _schema(schema_name)
    tables = {}
    for table in schema.tables:
        plans = []
        for column in table.columns:
            decided = REPLACED.get((table.name.name, column.name))
            name = ColumnName(table.name, column.name)
            if decided is None:
                plans.append(ColumnPlan(name, column, Action.KEEP))
            else:
                category, transform = decided
                limit = (capacity or {}).get(category)
                plans.append(ColumnPlan(name, column, Action.REPLACE, category, transform, transform, {}, limit))
        tables[table.name] = TablePlan(table, tuple(plans), "none" if table.name.name == "mail_out" else "all")
    domains = {transform: Domain(transform) for _, transform in REPLACED.values()}
    return Plan(schema, tables, domains, "test", 1, ("nl_BE",))


# --- written in a format ----------------------------------------------------------------------------------------


@dataclass
class Input:
    """A written database, in memory or on disk."""

    name: str
    path: Path = Path("/nonexistent")
    data: bytes | None = field(default=None, repr=False)

    def head(self, size: int) -> bytes:
        with self.open() as stream:
            return stream.read(size)

    def open(self) -> BinaryIO:
        return self.path.open("rb") if self.data is None else BytesIO(self.data)


def _copy_cell(cell: str | None) -> str:
    if cell is None:
        return "\\N"
    return cell.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _literal(cell: str | None) -> str:
    return "NULL" if cell is None else "'" + cell.replace("'", "''") + "'"


def plain(world: World, inserts: bool = False) -> bytes:
    """As pg_dump writes it, with COPY or INSERT."""
    lines = ["-- PostgreSQL database dump", "SET client_encoding = 'UTF8';", "SET standard_conforming_strings = on;"]
    for table, columns in _TYPES.items():
        declared = ",\n    ".join(f"{name} {type_}" for name, (_, type_) in columns.items())
        lines.append(f'CREATE TABLE public."{table}" (\n    {declared}\n);')
    lines.append(f"COMMENT ON TABLE public.customer IS {_literal(world.comment)};")
    lines.append(f"CREATE VIEW public.names AS {world.view};")
    for table, rows in world.tables.items():
        names = ", ".join(COLUMNS[table])
        if inserts:
            lines += [f'INSERT INTO public."{table}" ({names}) VALUES ({", ".join(map(_literal, r))});' for r in rows]
        else:
            lines.append(f'COPY public."{table}" ({names}) FROM stdin;')
            lines += ["\t".join(map(_copy_cell, row)) for row in rows]
            lines.append("\\.")
        lines.append("")
    lines.append('ALTER TABLE ONLY public."order" ADD CONSTRAINT fk FOREIGN KEY (customer_email) REFERENCES x (email);')
    return ("\n".join(lines) + "\n").encode()


def sqlite_dump(world: World) -> bytes:
    """As `.dump` writes it."""
    lines = ["PRAGMA foreign_keys=OFF;", "BEGIN TRANSACTION;"]
    for table, rows in world.tables.items():
        lines.append(f'CREATE TABLE "{table}" ({", ".join(COLUMNS[table])});')
        lines += [f'INSERT INTO "{table}" VALUES({",".join(map(_literal, row))});' for row in rows]
    lines.append(f"CREATE VIEW names AS {world.view}; -- {world.comment}")
    lines.append("CREATE TRIGGER t AFTER INSERT ON country BEGIN INSERT INTO country VALUES ('x', new.name); END;")
    lines.append("COMMIT;")
    return ("\n".join(lines) + "\n").encode()


def mysql_dump(world: World) -> bytes:
    """As mysqldump writes it."""
    lines = ["-- MySQL dump 10.13", "/*!40101 SET NAMES utf8mb4 */;", "USE `shop`;"]
    for table, rows in world.tables.items():
        lines.append(f"CREATE TABLE `{table}` (`{'` text, `'.join(COLUMNS[table])}` text);")
        lists = ",".join("(" + ",".join(_mysql_literal(cell) for cell in row) + ")" for row in rows)
        lines += [f"INSERT INTO `{table}` VALUES {lists};"] if rows else []
    lines.append(f"CREATE VIEW names AS {world.view}; -- {world.comment}")
    lines.append("DELIMITER ;;\nCREATE TRIGGER t BEFORE INSERT ON country FOR EACH ROW BEGIN SET @a = 1; END;;")
    lines.append("DELIMITER ;\n-- Dump completed")
    return ("\n".join(lines) + "\n").encode()


def _mysql_literal(cell: str | None) -> str:
    return "NULL" if cell is None else "'" + cell.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def sqlite_file(world: World, path: Path) -> Input:
    """A database file; text columns only, so that nothing is converted."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    for table, rows in world.tables.items():
        declared = ", ".join(f"{name} TEXT" for name in COLUMNS[table])
        connection.execute(f'CREATE TABLE "{table}" ({declared})')
        marks = ", ".join("?" * len(COLUMNS[table]))
        connection.executemany(f'INSERT INTO "{table}" VALUES ({marks})', rows)
    connection.execute(f"CREATE VIEW names AS {world.view} -- {world.comment}")
    connection.commit()
    connection.close()
    return Input(path.name, path)


def mssql_script(world: World) -> bytes:
    """As SSMS writes it: UTF-16, one INSERT for each row."""
    text = "USE [shop]\r\nGO\r\n"
    for table, columns in COLUMNS.items():
        declared = ",\r\n\t".join(f"[{name}] [nvarchar](max) NULL" for name in columns)
        text += f"CREATE TABLE [dbo].[{table}](\r\n\t{declared}\r\n) ON [PRIMARY]\r\nGO\r\n"
    text += f"EXEC sys.sp_addextendedproperty N'MS_Description', N{_literal(world.comment)}\r\nGO\r\n"
    text += f"CREATE VIEW [dbo].[names] AS {world.view}\r\nGO\r\n"
    for table, rows in world.tables.items():
        text += f"SET IDENTITY_INSERT [dbo].[{table}] ON\r\n"
        for number, row in enumerate(rows):
            cells = ", ".join("NULL" if cell is None else "N" + _literal(cell) for cell in row)
            names = ", ".join(f"[{name}]" for name in COLUMNS[table])
            text += f"INSERT [dbo].[{table}] ({names}) VALUES ({cells})\r\n" + "GO\r\n" * (number % 3 == 2)
        text += f"SET IDENTITY_INSERT [dbo].[{table}] OFF\r\nGO\r\n"
    return text.encode("utf-16")


def bacpac(world: World, path: Path) -> Input:
    """A package; text columns only, each table's rows in two parts."""
    tables = [
        Made(table, [Declared(c, "nvarchar", True, {"IsMax": "True"}) for c in COLUMNS[table]], [rows[:2], rows[2:]])
        for table, rows in world.tables.items()
    ]
    view = element("SqlView", "[dbo].[names]", script("QueryScript", world.view or ""))
    package(path, tables, objects=view + element("SqlExtendedProperty", "[c]", script("Value", world.comment or "")))
    return Input(path.name, path)


def csv_folder(world: World, path: Path) -> Input:
    """A folder of files, the first ones in quotes, described by a data package."""
    path.mkdir()
    for number, (table, rows) in enumerate(world.tables.items()):
        sign, end = (",;\t|"[number % 4], ("\n", "\r\n")[number % 2])
        lines = [sign.join("" if c is None else '"' + c.replace('"', '""') + '"' for c in row) for row in rows]
        (path / f"{table}.csv").write_bytes(end.join((sign.join(COLUMNS[table]), *lines, "")).encode())
    resources = [{"name": table, "path": f"{table}.csv"} for table in world.tables]
    described = {"description": world.comment, "views": [world.view], "resources": resources}
    (path / "datapackage.json").write_text(json.dumps(described))
    return Input(path.name, path)


def checked(old: World, new: World, made: Plan | None = None) -> tuple[CheckResult, ...]:
    """Verify a pair of plain dumps."""
    return verify(made or plan(), Input("source", data=plain(old)), Input("target", data=plain(new)), PLAIN)


def failed(results: tuple[CheckResult, ...]) -> set[str]:
    """Names of the failed checks."""
    return {result.check for result in results if result.outcome is Outcome.FAILED}
