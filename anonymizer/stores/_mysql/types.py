"""MySQL's and MariaDB's types and what each means to a replacement.

Sources: MySQL manual, "Data Types"; MariaDB Knowledge Base, "Data Types".
"""

from __future__ import annotations

from collections.abc import Sequence

from anonymizer.model.schema import TypeFamily

_FAMILIES = {
    TypeFamily.TEXT: "char varchar tinytext text mediumtext longtext character nchar nvarchar long varchar2"
    " varcharacter clob",
    TypeFamily.INTEGER: "tinyint smallint mediumint int integer bigint int1 int2 int3 int4 int8 middleint serial",
    TypeFamily.NUMBER: "decimal numeric dec fixed float double real float4 float8 number",
    TypeFamily.BOOLEAN: "bool boolean",
    TypeFamily.DATE: "date",
    TypeFamily.TIMESTAMP: "datetime timestamp",
    TypeFamily.TIME: "time",
    TypeFamily.UUID: "uuid",
    TypeFamily.ENUM: "enum set year",
    TypeFamily.JSON: "json",
    TypeFamily.XML: "xmltype",
    TypeFamily.BINARY: "binary varbinary tinyblob blob mediumblob longblob raw",
    TypeFamily.NETWORK: "inet4 inet6",
    TypeFamily.GEOMETRY: "geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection"
    " geomcollection",
    TypeFamily.OTHER: "bit vector",
}
_FAMILY_OF = {name: family for family, names in _FAMILIES.items() for name in names.split()}
_ONE_WITHOUT_LENGTH = frozenset(("char", "character", "nchar"))
_YEARS = ("0000", *(str(year) for year in range(1901, 2156)))
"""All that a YEAR can be: so it is replaced by another one."""
_TINY_TEXT = 255


def meaning(
    name: str, arguments: str, strings: Sequence[str], binary: bool
) -> tuple[TypeFamily, int | None, tuple[str, ...]] | None:
    """Family, length and labels of a type; None for an unknown one. `binary`: a text type with bytes in it.

    >>> meaning("varchar", "40", (), False)
    (<TypeFamily.TEXT: 'text'>, 40, ())
    >>> meaning("tinyint", "1", (), False)[0]
    <TypeFamily.BOOLEAN: 'boolean'>
    """
    family = _FAMILY_OF.get(name)
    if family is None:
        return None
    size = int(arguments) if arguments.strip().isdigit() else None
    if family is TypeFamily.TEXT:
        if binary:
            return TypeFamily.BINARY, None, ()
        if name == "tinytext":
            return family, _TINY_TEXT, ()
        if name.endswith("text") or name in ("long", "clob"):
            return family, None, ()
        return family, size if size is not None else 1 if name in _ONE_WITHOUT_LENGTH else None, ()
    if (name == "tinyint" and size == 1) or (name == "bit" and size in (None, 1)):
        return TypeFamily.BOOLEAN, None, ()  # as connectors take them
    if family is TypeFamily.ENUM:
        return family, None, _YEARS if name == "year" else tuple(strings)
    return family, None, ()
