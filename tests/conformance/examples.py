"""One small database, written in every format that there is a store for.

A new store gets a function here, under the name of its module: it writes the database below into a folder and returns
where. The suite `test_stores.py` fails for a store without one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fix_postgres import Database
from tests.packages import Declared, Made, package

COLUMNS = {
    "customer": ("id", "name", "email", "born", "note"),
    "purchase": ("id", "customer_id", "amount"),
    "archive": ("id", "name"),
}
_ODD = (
    "",
    "O'Hara; -- not a comment",
    "tab\tand\nline",
    "back\\slash \\N",
    "Zoë Müller-Łęcki",
    '"quoted", (x)',
    "漢字",
)
ROWS: dict[str, list[tuple[str | None, ...]]] = {
    "customer": [
        (
            str(n),
            f"Person {n} {_ODD[n % len(_ODD)]}",
            f"person{n}@firm-test.be",
            f"19{n % 90 + 10}-0{n % 9 + 1}-1{n % 9}",
            None if n % 5 == 0 else _ODD[n % len(_ODD)],
        )
        for n in range(1, 301)
    ],
    "purchase": [(str(n), str((n * 7) % 300 + 1), f"{n}.25") for n in range(1, 41)],
    "archive": [],
}
"""Table -> rows in the order of the source, as the contract writes values."""

_TABLES = """\
CREATE TABLE {prefix}customer (
    id integer NOT NULL,
    name character varying(60) NOT NULL,
    email character varying(80),
    born date,
    note text{customer_end}
);
CREATE TABLE {prefix}purchase (
    id integer NOT NULL,
    customer_id integer,
    amount numeric(9,2){purchase_end}
);
CREATE TABLE {prefix}archive (
    id integer,
    name text
);
"""
_SQLITE = _TABLES.format(
    prefix="",
    customer_end=",\n    PRIMARY KEY (id)",
    purchase_end=",\n    PRIMARY KEY (id),\n    FOREIGN KEY (customer_id) REFERENCES customer (id)",
)
_NUMBERS = ("id", "customer_id", "amount")


def sqlite_file(folder: Path, request: pytest.FixtureRequest) -> Path:
    """A database file, with an index and a view."""
    path = folder / "shop.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(_SQLITE)
        for table, rows in ROWS.items():
            places = ", ".join("?" * len(COLUMNS[table]))
            connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
        connection.executescript(
            "CREATE INDEX by_name ON customer (name); CREATE VIEW names AS SELECT name FROM customer;"
        )
        connection.commit()
    return path


def sqlite_dump(folder: Path, request: pytest.FixtureRequest) -> Path:
    """As the command .dump writes it."""
    path = folder / "shop.sql"
    rows = "".join(
        f"INSERT INTO {table} VALUES({','.join(_literal(*cell) for cell in zip(COLUMNS[table], row, strict=True))});\n"
        for table, rows in ROWS.items()
        for row in rows
    )
    path.write_text(f"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n{_SQLITE}{rows}COMMIT;\n", "utf-8", newline="\n")
    return path


def _literal(column: str, value: str | None) -> str:
    if value is None:
        return "NULL"
    return value if column in _NUMBERS else "'" + value.replace("'", "''") + "'"


def pg_plain(folder: Path, request: pytest.FixtureRequest) -> Path:
    """As pg_dump writes it."""
    path = folder / "shop.sql"
    data = ""
    for table, rows in ROWS.items():
        lines = "".join("\t".join(map(_copied, row)) + "\n" for row in rows)
        data += f"COPY public.{table} ({', '.join(COLUMNS[table])}) FROM stdin;\n{lines}\\.\n\n\n"
    text = (
        "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n"
        + _TABLES.format(prefix="public.", customer_end="", purchase_end="")
        + data
        + "ALTER TABLE ONLY public.customer ADD CONSTRAINT customer_pkey PRIMARY KEY (id);\n"
        "ALTER TABLE ONLY public.purchase ADD CONSTRAINT purchase_pkey PRIMARY KEY (id);\n"
        "ALTER TABLE ONLY public.purchase ADD CONSTRAINT purchase_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES"
        " public.customer(id);\n--\n-- PostgreSQL database dump complete\n--\n"
    )
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _copied(value: str | None) -> str:
    if value is None:
        return "\\N"
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def pg_custom(folder: Path, request: pytest.FixtureRequest) -> Path:
    """By pg_dump, compressed."""
    return _restored(folder, request).dump(folder / "shop.dump", "-Fc")


def pg_directory(folder: Path, request: pytest.FixtureRequest) -> Path:
    """By pg_dump, compressed."""
    return _restored(folder, request).dump(folder / "shop", "-Fd")


def pg_tar(folder: Path, request: pytest.FixtureRequest) -> Path:
    """By pg_dump."""
    return _restored(folder, request).dump(folder / "shop.tar", "-Ft")


def mysql_dump(folder: Path, request: pytest.FixtureRequest) -> Path:
    """As mysqldump writes it."""
    path = folder / "shop.sql"
    text = (
        "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n\n/*!40101 SET NAMES utf8mb4 */;\n"
        "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n"
    )
    tables = _TABLES.format(
        prefix="",
        customer_end=",\n    PRIMARY KEY (id)",
        purchase_end=",\n    PRIMARY KEY (id),\n    KEY `by_customer` (`customer_id`),\n"
        "    CONSTRAINT `fk` FOREIGN KEY (`customer_id`) REFERENCES `customer` (`id`) ON DELETE CASCADE",
    )
    for (table, rows), definition in zip(ROWS.items(), tables.split("CREATE TABLE ")[1:], strict=True):
        text += f"\nDROP TABLE IF EXISTS `{table}`;\nCREATE TABLE {definition}\nLOCK TABLES `{table}` WRITE;\n"
        for start in range(0, len(rows), 97):
            lists = ",".join(
                f"({','.join(_escaped(*cell) for cell in zip(COLUMNS[table], row, strict=True))})"
                for row in rows[start : start + 97]
            )
            text += f"INSERT INTO `{table}` VALUES {lists};\n"
        text += "UNLOCK TABLES;\n"
    text += "/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;\n\n-- Dump completed on 2026-01-01 12:00:00\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def mysql_folder(folder: Path, request: pytest.FixtureRequest) -> Path:
    """As people deliver it: the rows in a file of their own, which comes first by its name."""
    whole = mysql_dump(folder, request).read_text(encoding="utf-8")
    made = folder / "shop"
    made.mkdir()
    definitions = "".join(line for line in whole.splitlines(keepends=True) if not line.startswith("INSERT"))
    rows = "".join(line for line in whole.splitlines(keepends=True) if line.startswith(("INSERT", "/*!")))
    (made / "schema.sql").write_text(definitions, encoding="utf-8", newline="\n")
    (made / "data.sql").write_text(rows, encoding="utf-8", newline="\n")
    return made


def mysql_tab_folder(folder: Path, request: pytest.FixtureRequest) -> Path:
    """As `mysqldump --tab` writes it."""
    made = folder / "shop"
    made.mkdir()
    tables = _TABLES.format(
        prefix="",
        customer_end=",\n    PRIMARY KEY (id)",
        purchase_end=",\n    PRIMARY KEY (id),\n"
        "    CONSTRAINT `fk` FOREIGN KEY (`customer_id`) REFERENCES `customer` (`id`) ON DELETE CASCADE",
    )
    for (table, rows), definition in zip(ROWS.items(), tables.split("CREATE TABLE ")[1:], strict=True):
        head = "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n\n/*!40101 SET NAMES utf8mb4 */;\n"
        end = "\n-- Dump completed on 2026-01-01 12:00:00\n"
        (made / f"{table}.sql").write_text(f"{head}CREATE TABLE {definition}{end}", encoding="utf-8", newline="\n")
        lines = "".join("\t".join(map(_in_tab, row)) + "\n" for row in rows)
        (made / f"{table}.txt").write_text(lines, encoding="utf-8", newline="\n")
    return made


def _in_tab(value: str | None) -> str:
    if value is None:
        return "\\N"
    return value.replace("\\", "\\\\").replace("\t", "\\\t").replace("\n", "\\\n").replace("\0", "\\0")


def mydumper_folder(folder: Path, request: pytest.FixtureRequest) -> Path:
    """As mydumper writes it: definitions and rows in files of their own, the rows of a table in several."""
    made = folder / "shop"
    made.mkdir()
    head = "/*!40101 SET NAMES binary*/;\n/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n\n"
    (made / "metadata").write_text("Started dump at: 2026-01-01 12:00:00\nFinished dump at: 2026-01-01 12:00:00\n")
    (made / "shop-schema-create.sql").write_text("CREATE DATABASE `shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;\n")
    tables = _TABLES.format(
        prefix="",
        customer_end=",\n    PRIMARY KEY (id)",
        purchase_end=",\n    PRIMARY KEY (id),\n"
        "    CONSTRAINT `fk` FOREIGN KEY (`customer_id`) REFERENCES `customer` (`id`) ON DELETE CASCADE",
    )
    for (table, rows), definition in zip(ROWS.items(), tables.split("CREATE TABLE ")[1:], strict=True):
        (made / f"shop.{table}-schema.sql").write_text(f"{head}CREATE TABLE {definition}", encoding="utf-8")
        for part, start in enumerate(range(0, len(rows), 97)):
            lists = ",\n".join(
                f"({','.join(_escaped(*cell) for cell in zip(COLUMNS[table], row, strict=True))})"
                for row in rows[start : start + 97]
            )
            file = made / f"shop.{table}.{part:05}.sql"
            file.write_text(f"{head}INSERT INTO `{table}` VALUES\n{lists};\n", encoding="utf-8", newline="\n")
    return made


def _escaped(column: str, value: str | None) -> str:
    if value is None or column in _NUMBERS:
        return "NULL" if value is None else value
    for plain, escape in (("\\", "\\\\"), ("'", "\\'"), ('"', '\\"'), ("\n", "\\n")):
        value = value.replace(plain, escape)
    return f"'{value}'"


def _restored(folder: Path, request: pytest.FixtureRequest) -> Database:
    """The database on the tests' own server."""
    server: Database = request.getfixturevalue("postgres")
    name = f"conformance_{folder.name}"
    server.tool("psql", "-X", "-q", "-c", f"CREATE DATABASE {name} TEMPLATE template0")
    database = server.sibling(name)
    plain = folder / "plain"
    plain.mkdir()
    database.restore_plain(pg_plain(plain, request))
    return database


def mssql_script(folder: Path, request: pytest.FixtureRequest) -> Path:
    """As SSMS writes it: UTF-16, one INSERT for each row, GO after every hundred."""
    path = folder / "shop.sql"
    text = "USE [shop]\nGO\n/****** Object:  Table [dbo].[customer] ******/\nSET ANSI_NULLS ON\nGO\n"
    for table, columns in _MSSQL.items():
        text += f"CREATE TABLE [dbo].[{table}](\n\t" + ",\n\t".join(columns) + "\n) ON [PRIMARY]\nGO\n"
    for table, rows in ROWS.items():
        names = ", ".join(f"[{name}]" for name in COLUMNS[table])
        text += f"SET IDENTITY_INSERT [dbo].[{table}] ON \nGO\n"
        for number, row in enumerate(rows, 1):
            cells = ", ".join(_transact(*cell) for cell in zip(COLUMNS[table], row, strict=True))
            text += f"INSERT [dbo].[{table}] ({names}) VALUES ({cells})\n" + "GO\n" * (number % 100 == 0)
        text += f"SET IDENTITY_INSERT [dbo].[{table}] OFF\nGO\n"
    text += (
        "ALTER TABLE [dbo].[purchase]  WITH CHECK ADD  CONSTRAINT [FK_customer] FOREIGN KEY([customer_id])\n"
        "REFERENCES [dbo].[customer] ([id])\nGO\nALTER TABLE [dbo].[purchase] CHECK CONSTRAINT [FK_customer]\nGO\n"
    )
    # the line ends within values stay as they are
    path.write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))
    return path


_KEY = "CONSTRAINT [PK_{}] PRIMARY KEY CLUSTERED \n(\n\t[id] ASC\n)WITH (PAD_INDEX = OFF) ON [PRIMARY]"
_MSSQL = {
    "customer": [
        "[id] [int] IDENTITY(1,1) NOT NULL", "[name] [nvarchar](60) NOT NULL", "[email] [varchar](80) NULL",
        "[born] [date] NULL", "[note] [nvarchar](max) NULL", _KEY.format("customer"),
    ],
    "purchase": [
        "[id] [int] IDENTITY(1,1) NOT NULL", "[customer_id] [int] NULL", "[amount] [decimal](9, 2) NULL",
        _KEY.format("purchase"),
    ],
    "archive": ["[id] [int] IDENTITY(1,1) NOT NULL", "[name] [nvarchar](max) NULL"],
}  # fmt: skip


def mssql_folder(folder: Path, request: pytest.FixtureRequest) -> Path:
    """A database project: a file for each table, rows in a script in UTF-16 and in a data file for BULK INSERT."""
    made = folder / "shop"
    (made / "dbo" / "Tables").mkdir(parents=True)
    (made / "Scripts").mkdir()
    (made / "shop.sqlproj").write_text('<?xml version="1.0"?><Project><Name>shop</Name></Project>\n')
    for table, columns in _MSSQL.items():
        file = made / "dbo" / "Tables" / f"{table}.sql"
        text = f"CREATE TABLE [dbo].[{table}](\n\t" + ",\n\t".join(columns) + "\n)"
        file.write_text(text, encoding="utf-8-sig", newline="\r\n")
    (made / "dbo" / "Keys.sql").write_text(
        "ALTER TABLE [dbo].[purchase] ADD CONSTRAINT [FK_customer] FOREIGN KEY([customer_id])"
        " REFERENCES [dbo].[customer] ([id])"
    )
    rows = "\n".join(
        f"INSERT [dbo].[purchase] ([id], [customer_id], [amount]) VALUES"
        f" ({', '.join(_transact(*cell) for cell in zip(COLUMNS['purchase'], row, strict=True))})"
        for row in ROWS["purchase"]
    )
    bulk = (
        "BULK INSERT [dbo].[customer] FROM '$(Data)\\customer.dat'\nWITH (CODEPAGE = '65001', FIELDTERMINATOR = '+|',"
        " ROWTERMINATOR = '&|\\n', KEEPIDENTITY)"
    )
    (made / "Scripts" / "Rows.sql").write_bytes(f"\ufeff{rows}\nGO\n{bulk}\n".encode("utf-16-le"))
    (made / "Scripts" / "Post.sql").write_text(":setvar Data C:\\data\n:r .\\Rows.sql\n")
    cells = ("+|".join("" if cell is None else cell or "\0" for cell in row) + "&|\n" for row in ROWS["customer"])
    (made / "customer.dat").write_text("".join(cells), encoding="utf-8", newline="\n")
    return made


def csv_folder(folder: Path, request: pytest.FixtureRequest) -> Path:
    """As a spreadsheet's user might have it: a delimiter and line ends for each file, described by a data package."""
    path = folder / "shop"
    path.mkdir()
    for (table, rows), (delimiter, end) in zip(ROWS.items(), ((",", "\n"), (";", "\r\n"), ("\t", "\n")), strict=True):
        lines = [delimiter.join(COLUMNS[table])]
        lines += [delimiter.join(_quoted(*cell) for cell in zip(COLUMNS[table], row, strict=True)) for row in rows]
        text = end.join((*lines, ""))
        (path / f"{table}.csv").write_text(text, encoding="utf-8", newline="")
    fields: dict[str, dict[str, object]] = {
        "id": {"type": "integer"},
        "name": {"type": "string", "constraints": {"required": True, "maxLength": 60}},
        "born": {"type": "date"},
        "customer_id": {"type": "integer"},
        "amount": {"type": "number"},
    }
    schemas: dict[str, dict[str, object]] = {
        table: {"fields": [{"name": name, **fields.get(name, {"type": "string"})} for name in names]}
        for table, names in COLUMNS.items()
    }
    schemas["customer"]["primaryKey"] = "id"
    reference = {"resource": "customer", "fields": ["id"]}
    schemas["purchase"] |= {"primaryKey": ["id"], "foreignKeys": [{"fields": ["customer_id"], "reference": reference}]}
    schemas["archive"]["fields"] = [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}]
    resources = [{"name": table, "path": f"{table}.csv", "schema": schema} for table, schema in schemas.items()]
    (path / "datapackage.json").write_text(json.dumps({"name": "shop", "resources": resources}, indent=1))
    return path


def _quoted(column: str, value: str | None) -> str:
    if value is None or column in _NUMBERS:
        return value or ""
    return '"' + value.replace('"', '""') + '"'


def _transact(column: str, value: str | None) -> str:
    if value is None:
        return "NULL"
    if column == "amount":
        return f"CAST({value} AS Decimal(9, 2))"
    text = value if column in _NUMBERS else "N'" + value.replace("'", "''") + "'"
    return f"CAST({text} AS Date)" if column == "born" else text


def bacpac(folder: Path, request: pytest.FixtureRequest) -> Path:
    """As SqlPackage writes it, by the tests' own encoder: the largest table in two parts."""
    identity = Declared("id", "int", False, identity=True)
    customer = [
        identity, Declared("name", "nvarchar", False, {"Length": "60"}),
        Declared("email", "varchar", True, {"Length": "80"}),
        Declared("born", "date"), Declared("note", "nvarchar", True, {"IsMax": "True"}),
    ]  # fmt: skip
    amount = Declared("amount", "decimal", True, {"Precision": "9", "Scale": "2"})
    rows = ROWS["customer"]
    tables = [
        Made("customer", customer, [rows[:100], rows[100:]], "id"),
        Made("purchase", [identity, Declared("customer_id", "int"), amount], [ROWS["purchase"]], "id", _REFERENCE),
        Made("archive", [Declared("id", "int"), Declared("name", "nvarchar", True, {"IsMax": "True"})]),
    ]
    return package(folder / "shop.bacpac", tables)


_REFERENCE = ("customer_id", "customer", "id")


def parquet_folder(folder: Path, request: pytest.FixtureRequest) -> Path:
    """By pyarrow: the largest table in two parts, keys and widths in `datapackage.json`."""
    path = folder / "shop"
    (path / "customer").mkdir(parents=True)
    parts = {"customer/part-0": ROWS["customer"][:110], "customer/part-1": ROWS["customer"][110:]}
    for name, rows in {**parts, "purchase": ROWS["purchase"], "archive": ROWS["archive"]}.items():
        names = COLUMNS[name.split("/")[0]]
        cells = zip(*rows, strict=True) if rows else [()] * len(names)
        columns = [
            pa.array(cell, pa.string()).cast(_ARROW.get(column, pa.string()))
            for column, cell in zip(names, cells, strict=True)
        ]
        pq.write_table(pa.table(dict(zip(names, columns, strict=True))), path / f"{name}.parquet", row_group_size=80)
    key = {"fields": "customer_id", "reference": {"resource": "customer", "fields": "id"}}
    named = [
        {"name": name} | ({"constraints": {"maxLength": 60}} if name == "name" else {}) for name in COLUMNS["customer"]
    ]
    said = [
        {"name": "customer", "path": "customer", "schema": {"primaryKey": "id", "fields": named}},
        {"name": "purchase", "path": "purchase.parquet", "schema": {"primaryKey": ["id"], "foreignKeys": [key]}},
    ]
    (path / "datapackage.json").write_text(json.dumps({"resources": said}))
    return path


_ARROW = {"id": pa.int32(), "customer_id": pa.int32(), "amount": pa.decimal128(9, 2), "born": pa.date32()}

EXAMPLES: dict[str, Callable[[Path, pytest.FixtureRequest], Path]] = {
    function.__name__: function
    for function in (
        bacpac,
        csv_folder,
        mssql_folder,
        mssql_script,
        mydumper_folder,
        mysql_dump,
        mysql_folder,
        mysql_tab_folder,
        parquet_folder,
        pg_custom,
        pg_directory,
        pg_plain,
        pg_tar,
        sqlite_dump,
        sqlite_file,
    )
}
"""Name of a store's module -> what writes its example."""

BYTE_EXACT = frozenset(
    {
        "csv_folder",
        "mssql_folder",
        "mssql_script",
        "mydumper_folder",
        "mysql_dump",
        "mysql_folder",
        "mysql_tab_folder",
        "pg_plain",
        "sqlite_dump",
        "pg_tar",
    }
)
"""Stores whose example comes back byte for byte when nothing changes: text, and data that is not compressed."""

LIVE = frozenset({"odbc"})
"""Stores without files: `tests/stores/test_odbc.py` keeps them to what of these promises applies."""
