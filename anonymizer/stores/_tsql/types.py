"""SQL Server's data types and what they mean to a replacement. Source: Microsoft's "Data types (Transact-SQL)"."""

from __future__ import annotations

from anonymizer.model.schema import TypeFamily

FAMILIES = {
    **dict.fromkeys(("tinyint", "smallint", "int", "integer", "bigint"), TypeFamily.INTEGER),
    **dict.fromkeys(("decimal", "dec", "numeric", "money", "smallmoney", "float", "real"), TypeFamily.NUMBER),
    "bit": TypeFamily.BOOLEAN,
    "date": TypeFamily.DATE,
    **dict.fromkeys(("datetime", "datetime2", "smalldatetime", "datetimeoffset"), TypeFamily.TIMESTAMP),
    "time": TypeFamily.TIME,
    **dict.fromkeys(("char", "character", "varchar", "nchar", "nvarchar", "text", "ntext", "sysname"), TypeFamily.TEXT),
    "xml": TypeFamily.XML,
    "json": TypeFamily.JSON,
    **dict.fromkeys(("binary", "varbinary", "image"), TypeFamily.BINARY),
    "uniqueidentifier": TypeFamily.UUID,
    # what no replacement can make: a place in a hierarchy, a shape, a value of any type, a version of the row
    **dict.fromkeys(
        ("hierarchyid", "geography", "geometry", "sql_variant", "rowversion", "timestamp"), TypeFamily.OTHER
    ),
}

_COUNTED = ("char", "character", "varchar", "nchar", "nvarchar")
ROW_VERSIONS = ("rowversion", "timestamp")
"""Given by the server: a script has none."""


def text_length(name: str, length: int | None, unlimited: bool) -> int | None:
    """Most characters that fit; a counted type without a length holds one."""
    if name == "sysname":
        return 128
    if name not in _COUNTED or unlimited:
        return None
    return 1 if length is None else length
