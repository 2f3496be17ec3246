"""Makes SQL Server packages for tests: an encoder of the tests' own, one cell at a time."""

from __future__ import annotations

import hashlib
import struct
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Context, Decimal
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

_NAMESPACE = "http://schemas.microsoft.com/sqlserver/dac/Serialization/2012/02"


@dataclass(frozen=True, eq=False)
class Declared:
    """A column: its name, type and whatever else the model says of it."""

    name: str
    type: str
    nullable: bool = True
    properties: Mapping[str, str] = field(default_factory=dict)
    identity: bool = False
    computed: bool = False


@dataclass(frozen=True)
class Made:
    """A table of the package, its rows in one or more parts."""

    name: str
    columns: Sequence[Declared]
    parts: Sequence[Sequence[Sequence[str | None]]] = ()
    key: str = ""
    references: tuple[str, str, str] | None = None
    """Column, table, column."""


def package(path: Path, tables: Sequence[Made], extra: Mapping[str, bytes] | None = None, objects: str = "") -> Path:
    """Write a .bacpac, or a .dacpac if no table has rows."""
    model = _model(tables, objects).encode()
    count = sum(len(part) for table in tables for part in table.parts)
    members = {"model.xml": model, "DacMetadata.xml": b"<DacType><Name>shop</Name></DacType>"}
    members["[Content_Types].xml"] = b"<Types />"
    for table in tables:
        for number, rows in enumerate(table.parts):
            folder = quote(f"dbo.{table.name}", safe="-_.~")
            data = b"".join(
                cell(column, value) for row in rows for column, value in zip(_stored(table), row, strict=True)
            )
            members[f"Data/{folder}/TableData-{number:03d}-00000.BCP"] = data
    members["_rels/.rels"] = b"<Relationships />"
    checksum = hashlib.sha256(model).hexdigest().upper()
    members["Origin.xml"] = (
        f'<?xml version="1.0" encoding="utf-8"?>\n<DacOrigin xmlns="{_NAMESPACE}"><ExportStatistics>'
        f"<TableRowCountTotalTag>{count}</TableRowCountTotalTag></ExportStatistics><Checksums>"
        f'<Checksum Uri="/model.xml">{checksum}</Checksum></Checksums></DacOrigin>'
    ).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**members, **(extra or {})}.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 2, 2, 2, 2, 2)), data, zipfile.ZIP_DEFLATED)
    return path


def _stored(table: Made) -> list[Declared]:
    return [column for column in table.columns if not column.computed]


# --- model.xml --------------------------------------------------------------------------------------------------


def _model(tables: Sequence[Made], objects: str) -> str:
    elements = "".join(_table(table) + _keys(table) for table in tables)
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<DataSchemaModel FileFormatVersion="1.2" xmlns="{_NAMESPACE}">\n'
        f"<Model>{elements}{objects}</Model></DataSchemaModel>"
    )


def element(kind: str, name: str = "", content: str = "") -> str:
    """One object of the model."""
    named = f" Name={quoteattr(name)}" if name else ""
    return f'<Element Type="{kind}"{named}>{content}</Element>\n'


def script(name: str, text: str) -> str:
    """A property that is a piece of SQL."""
    return f'<Property Name="{name}"><Value>{escape(text)}</Value></Property>'


def relation(name: str, *entries: str) -> str:
    """References to other objects, or elements in place."""
    inner = "".join(f"<Entry>{e if e[0] == '<' else f'<References Name={quoteattr(e)} />'}</Entry>" for e in entries)
    return f'<Relationship Name="{name}">{inner}</Relationship>'


def _table(table: Made) -> str:
    return element(
        "SqlTable", f"[dbo].[{table.name}]", relation("Columns", *[_column(table, c) for c in table.columns])
    )


def _column(table: Made, column: Declared) -> str:
    name = f"[dbo].[{table.name}].[{column.name}]"
    if column.computed:
        return element("SqlComputedColumn", name)
    own = "" if column.nullable else '<Property Name="IsNullable" Value="False" />'
    own += '<Property Name="IsIdentity" Value="True" />' if column.identity else ""
    described = "".join(f'<Property Name="{key}" Value="{value}" />' for key, value in column.properties.items())
    kind = "SqlXmlTypeSpecifier" if column.type == "xml" else "SqlTypeSpecifier"
    outside = "" if "." in column.type else ' ExternalSource="BuiltIns"'
    written = "].[".join(column.type.split("."))
    reference = f'<References{outside} Name="[{written}]" />'
    type_ = element(kind, "", described + f'<Relationship Name="Type"><Entry>{reference}</Entry></Relationship>')
    return element("SqlSimpleColumn", name, own + relation("TypeSpecifier", type_))


def _keys(table: Made) -> str:
    made = ""
    owner = f"[dbo].[{table.name}]"
    if table.key:
        column = element("SqlIndexedColumnSpecification", "", relation("Column", f"{owner}.[{table.key}]"))
        content = relation("ColumnSpecifications", column) + relation("DefiningTable", owner)
        made += element("SqlPrimaryKeyConstraint", f"[dbo].[PK_{table.name}]", content)
    if table.references:
        column, other, key = table.references
        content = relation("Columns", f"{owner}.[{column}]") + relation("DefiningTable", owner)
        content += relation("ForeignColumns", f"[dbo].[{other}].[{key}]") + relation("ForeignTable", f"[dbo].[{other}]")
        made += element("SqlForeignKeyConstraint", f"[dbo].[FK_{table.name}]", content)
    return made


# --- cells ------------------------------------------------------------------------------------------------------

_NUMBERS = {"tinyint": "<B", "smallint": "<h", "int": "<i", "bigint": "<q", "real": "<f", "float": "<d"}
_TEXTS = ("char", "nchar", "varchar", "nvarchar", "text", "ntext", "xml", "sysname")
_DAYS = date(1900, 1, 1).toordinal()


def cell(column: Declared, value: str | None) -> bytes:
    """One cell as it stands in a data part."""
    unlimited = column.properties.get("IsMax") == "True"
    if column.type in ("text", "ntext", "image", "sql_variant"):
        front = 4
    elif unlimited or column.type in ("xml", "geography", "geometry", "hierarchyid"):
        front = 8
    elif column.type in ("bit", "uniqueidentifier", "decimal", "numeric"):
        front = 1
    elif column.type in (*_TEXTS, "binary", "varbinary", "rowversion") or "." in column.type:
        front = 0 if column.type == "char" and not column.nullable else 2
    else:
        front = 1 if column.nullable else 0
    if value is None:
        return bytes(4) if column.type == "sql_variant" else b"\xff" * front
    raw = encoded(column, value)
    return len(raw).to_bytes(front, "little") + raw if front else raw


def encoded(column: Declared, value: str) -> bytes:
    """A value's bytes."""
    kind, scale = column.type, int(column.properties.get("Scale", "0"))
    if "." in kind:
        return value.encode("utf-16-le")  # an alias of nvarchar
    if kind in _NUMBERS:
        return struct.pack(_NUMBERS[kind], float(value) if kind in ("real", "float") else int(value))
    if kind in _TEXTS:
        width = int(column.properties.get("Length", "1")) if kind in ("char", "nchar") else 0
        return value.ljust(width).encode("utf-16-le")
    if kind == "bit":
        return bytes([int(value)])
    if kind == "uniqueidentifier":
        return uuid.UUID(value).bytes_le
    if kind in ("decimal", "numeric"):
        units = int(Decimal(value).scaleb(scale, Context(prec=60)))
        head = bytes([int(column.properties.get("Precision", "18")), scale, units >= 0])
        return head + abs(units).to_bytes(16, "little")
    if kind == "money":
        units = int(Decimal(value).scaleb(4))
        return struct.pack("<iI", units >> 32, units & 0xFFFFFFFF)
    if kind == "smallmoney":
        return struct.pack("<i", int(Decimal(value).scaleb(4)))
    return _moment(kind, value) or bytes.fromhex(value.removeprefix("\\x"))


def _moment(kind: str, value: str) -> bytes:
    if kind == "date":
        return (date.fromisoformat(value).toordinal() - 1).to_bytes(3, "little")
    if kind == "time":
        return _ticks(value).to_bytes(5, "little")
    if kind == "datetime2":
        return _ticks(value[11:]).to_bytes(5, "little") + _moment("date", value[:10])
    if kind == "datetimeoffset":
        sign = -1 if value[-6] == "-" else 1
        minutes = sign * (int(value[-5:-3]) * 60 + int(value[-2:]))
        days, ticks = divmod(_ticks(value[11:-6]) - minutes * 600_000_000, 864_000_000_000)
        day = date.fromisoformat(value[:10]).toordinal() - 1 + days
        return ticks.to_bytes(5, "little") + day.to_bytes(3, "little") + struct.pack("<h", minutes)
    if kind == "datetime":
        moment = datetime.fromisoformat(value)
        milliseconds = _ticks(value[11:]) // 10_000
        return struct.pack("<iI", moment.toordinal() - _DAYS, (milliseconds * 3 + 5) // 10)
    if kind == "smalldatetime":
        moment = datetime.fromisoformat(value)
        return struct.pack("<HH", moment.toordinal() - _DAYS, moment.hour * 60 + moment.minute)
    return b""


def _ticks(clock: str) -> int:
    whole, _, fraction = clock.partition(".")
    hours, minutes, seconds = map(int, whole.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * 10_000_000 + int(fraction.ljust(7, "0") or 0)
