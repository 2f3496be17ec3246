"""`datapackage.json`: what the files of a folder are, in the words of the Data Package standard, versions 1 and 2.

Read are, per resource: name, path or paths, encoding, dialect (delimiter, lineTerminator, quoteChar, doubleQuote,
escapeChar, nullSequence, header, commentChar) and schema (fields with type, format, missing values and the constraints
required, unique, enum, maxLength; primaryKey, uniqueKeys, foreignKeys, missingValues). A property that would make the
values other ones and is not known here is refused by name; the rest describes the data for people.

Source: https://datapackage.org/standard/ (Data Package, Data Resource, Table Dialect, Table Schema).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from anonymizer.errors import SourceError
from anonymizer.model.schema import Column, ForeignKey, TableName, TypeFamily
from anonymizer.stores._csv.index import ESCAPE, Dialect

FILE = "datapackage.json"

_FAMILIES = {
    "string": TypeFamily.TEXT,
    "any": TypeFamily.TEXT,
    "integer": TypeFamily.INTEGER,
    "year": TypeFamily.INTEGER,
    "number": TypeFamily.NUMBER,
    "boolean": TypeFamily.BOOLEAN,
    "date": TypeFamily.DATE,
    "datetime": TypeFamily.TIMESTAMP,
    "time": TypeFamily.TIME,
    "duration": TypeFamily.INTERVAL,
    "object": TypeFamily.JSON,
    "array": TypeFamily.JSON,
    "geojson": TypeFamily.JSON,
    "geopoint": TypeFamily.GEOMETRY,
    "yearmonth": TypeFamily.TEXT,
    "list": TypeFamily.TEXT,
}
"""Type of a field -> family."""
_WRITTEN_OTHERWISE = ("decimalChar", "groupChar", "bareNumber", "trueValues", "falseValues")
"""Properties by which values have another form than SQL's: such a column is text."""
_REFUSED_DIALECT = ("headerRows", "headerJoin", "commentRows", "property", "sheetName", "sheetNumber", "table")
_TERMINATORS = ("\n", "\r\n")
_CODECS = {"utf-8", "cp1252", "iso8859-1", "iso8859-15", "utf-16-le", "utf-16-be", "utf-16"}


@dataclass(frozen=True, slots=True)
class Resource:
    """One table of the package."""

    name: TableName
    paths: tuple[str, ...]
    codec: str
    """Python codec; "" when the package does not tell."""
    dialect: Dialect | None
    """None when the package does not tell."""
    header: bool
    missing: tuple[bytes, ...]
    columns: tuple[Column, ...]
    """Empty when the package does not tell."""
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    comment: str | None = None


def read_package(data: bytes) -> tuple[Resource, ...]:
    """The resources of a package. Raises SourceError, naming the property that cannot be understood."""
    try:
        package = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise SourceError(f"{FILE} is not valid JSON; correct or remove it") from None
    resources = package.get("resources") if isinstance(package, dict) else None
    if not isinstance(resources, list) or not resources or not all(isinstance(each, dict) for each in resources):
        raise SourceError(f"{FILE} lists no resources; name every file in it, or remove it")
    try:
        return tuple(_resource(each, number) for number, each in enumerate(resources, 1))
    except (TypeError, AttributeError, KeyError, ValueError):
        raise SourceError(f"{FILE} does not follow the Data Package standard; validate it") from None


def _resource(given: dict[str, Any], number: int) -> Resource:
    where = f"{FILE}, resource {number}"
    name = given.get("name")
    if not isinstance(name, str) or not name:
        raise SourceError(f"{where} has no name; give it one")
    paths = given.get("path")
    paths = [paths] if isinstance(paths, str) else paths
    if not isinstance(paths, list) or not paths or "data" in given:
        raise SourceError(f"{where} is not a file beside {FILE}; only files are read")
    if any(not _is_inside(path) for path in paths):
        raise SourceError(f"{where} has a path that does not lie beside {FILE}; move the file there")
    schema = given.get("schema") or {}
    if not isinstance(schema, dict):
        raise SourceError(f"{where}: its schema stands in another file; put it into {FILE}")
    dialect = given.get("dialect")
    if isinstance(dialect, str):
        raise SourceError(f"{where}: its dialect stands in another file; put it into {FILE}")
    missing = _missing(schema, dialect or {}, where)
    codec = _codec(given.get("encoding"), where)
    table = _table_name(name)
    return Resource(
        table,
        tuple(str(PurePosixPath(path)) for path in paths),
        codec,
        None if dialect is None else _dialect(dialect, missing, where),
        bool((dialect or {}).get("header", True)),
        missing,
        tuple(_column(field, where) for field in schema.get("fields", ())),
        _names(schema.get("primaryKey")),
        _unique(schema),
        tuple(_foreign_key(key, table) for key in schema.get("foreignKeys", ())),
        given.get("description") or given.get("title"),
    )


def _is_inside(path: object) -> bool:
    if not isinstance(path, str) or "://" in path or "\\" in path:
        return False
    parts = PurePosixPath(path).parts
    return bool(parts) and parts[0] != "/" and ".." not in parts


def _table_name(name: str) -> TableName:
    schema, dot, table = name.partition(".")
    return TableName(schema, table) if dot and schema and table and "." not in table else TableName("", name)


def _codec(name: object, where: str) -> str:
    if name is None:
        return ""
    try:
        codec = codecs.lookup(str(name)).name
    except LookupError:
        codec = ""
    if codec not in _CODECS:
        raise SourceError(f"{where}: its encoding is not supported; write the file in UTF-8")
    return codec


def _missing(schema: Mapping[str, Any], dialect: Mapping[str, Any], where: str) -> tuple[bytes, ...]:
    values = schema.get("missingValues", [""])
    words = [value["value"] if isinstance(value, dict) else value for value in values]
    if "nullSequence" in dialect:
        words.append(dialect["nullSequence"])
    if not all(isinstance(word, str) for word in words):
        raise SourceError(f"{where}: missingValues are to be strings")
    return tuple(dict.fromkeys(word.encode() for word in words))


def _dialect(given: Mapping[str, Any], missing: tuple[bytes, ...], where: str) -> Dialect:
    for name in _REFUSED_DIALECT:
        if given.get(name) is not None:
            raise SourceError(f"{where}: {name} is not supported; write the file with one header line or none")
    if given.get("skipInitialSpace"):
        raise SourceError(f"{where}: skipInitialSpace is not supported; write the file without these spaces")
    delimiter = given.get("delimiter", ",")
    escape = given.get("escapeChar") or ""
    quote = given.get("quoteChar", "" if escape else '"') or ""
    comment = given.get("commentChar") or ""
    terminator = given.get("lineTerminator", "\r\n")
    single = (quote, escape, comment)
    if not all(isinstance(text, str) and text.isascii() for text in (delimiter, terminator, *single)):
        raise SourceError(f"{where}: its dialect is not supported; use ASCII characters")
    several = len(delimiter) > 1 or terminator not in _TERMINATORS
    if any(len(text) > 1 for text in single) or not delimiter or (several and (escape or comment)):
        raise SourceError(f"{where}: its dialect is not supported; use one character for each sign")
    if escape not in ("", "\\") or (quote and not given.get("doubleQuote", True) and not escape):
        raise SourceError(f"{where}: its dialect is not supported; escape by a backslash, or double the quotes")
    signs = [sign for sign in (delimiter, *single) if sign]
    if len(set(signs)) < len(signs) or re.search(r"[\r\n]", delimiter + "".join(single)):
        raise SourceError(f"{where}: its dialect uses one sign for two things")
    return Dialect(
        delimiter.encode(),
        quote.encode(),
        ESCAPE if escape else b"",
        comment.encode(),
        b"" if terminator in _TERMINATORS else terminator.encode(),
        missing,
    )


# --- the schema -------------------------------------------------------------------------------------------------


def _column(field: dict[str, Any], where: str) -> Column:
    name, kind, form = field["name"], field.get("type", "string"), field.get("format", "default")
    if not isinstance(name, str) or not name:
        raise SourceError(f"{where}: a field has no name; give it one")
    family = _FAMILIES.get(kind)
    if family is None:
        raise SourceError(f"{where}: the type of the field {name} is none of Table Schema; correct it")
    if "missingValues" in field:
        raise SourceError(f"{where}: missingValues of single fields are not supported; state them for the schema")
    if kind == "string" and form == "uuid":
        family = TypeFamily.UUID
    elif form != "default" or any(field.get(each) is not None for each in _WRITTEN_OTHERWISE):
        family = _FAMILIES["string"]
    limits = field.get("constraints") or {}
    labels = tuple(str(label) for label in limits.get("enum", ()))
    if labels and family is TypeFamily.TEXT:
        family = TypeFamily.ENUM
    length = limits.get("maxLength")
    if length is not None and (not isinstance(length, int) or length < 0):
        raise SourceError(f"{where}: maxLength of the field {name} is no number")
    return Column(
        name,
        kind if form == "default" else f"{kind}({form})",
        family,
        length,
        not limits.get("required", False),
        labels=labels if family is TypeFamily.ENUM else (),
        comment=field.get("description") or field.get("title"),
    )


def _names(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())


def _unique(schema: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    alone = [(field["name"],) for field in schema.get("fields", ()) if (field.get("constraints") or {}).get("unique")]
    return tuple(dict.fromkeys([*alone, *map(_names, schema.get("uniqueKeys", ()))]))


def _foreign_key(given: dict[str, Any], table: TableName) -> ForeignKey:
    reference = given["reference"]
    other = reference.get("resource") or ""
    return ForeignKey(_names(given["fields"]), _table_name(other) if other else table, _names(reference["fields"]))
