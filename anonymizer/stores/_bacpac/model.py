"""The structure of a SQL Server package: model.xml of a .bacpac or .dacpac.

One Element per object; a column's type is a TypeSpecifier, whose Scale is 0 when it is left out. Alias types resolve
through SqlUserDefinedDataType. Source: Microsoft's schema "Serialization/2012/02" as packages of SqlPackage have it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from xml.etree import ElementTree

from anonymizer.errors import SourceError
from anonymizer.model.schema import Column, ForeignKey, Schema, Table, TableName, TypeFamily
from anonymizer.stores._tsql.types import FAMILIES, text_length

_SPACE = "{http://schemas.microsoft.com/sqlserver/dac/Serialization/2012/02}"
_NAME = re.compile(r"\[((?:[^\]]|\]\])*)\]")
_TYPE_SPECIFIERS = ("SqlTypeSpecifier", "SqlXmlTypeSpecifier")
_REFUSED = {
    "json": "the type json", "vector": "the type vector",
}  # fmt: skip
_DAMAGED = "model.xml of the package is damaged; export the database again"


@dataclass(frozen=True, slots=True)
class CellType:
    """How the values of a column stand in the data parts."""

    name: str
    nullable: bool
    length: int = 0
    precision: int = 0
    scale: int = 0
    unlimited: bool = False


@dataclass(slots=True)
class Model:
    """What a package says of its tables; columns without data (computed ones) have no cell type."""

    schema: Schema
    cells: dict[TableName, tuple[CellType, ...]]
    """For the stored columns, in their order."""


@dataclass(slots=True)
class _Draft:
    columns: list[Column]
    cells: list[CellType]
    aliases: list[str]
    primary_key: tuple[str, ...] = ()
    unique: list[tuple[str, ...]] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    comment: str | None = None


_OTHERS = {
    "SqlView": "view",
    "SqlProcedure": "procedure",
    "SqlScalarFunction": "function",
    "SqlInlineTableValuedFunction": "function",
    "SqlMultiStatementTableValuedFunction": "function",
    "SqlDmlTrigger": "trigger",
    "SqlDatabaseDdlTrigger": "trigger",
    "SqlIndex": "index",
    "SqlSynonym": "synonym",
}


def read_model(data: bytes) -> Model:
    """Raises SourceError for what is no model, and for types and tables whose data are not understood."""
    tables: dict[tuple[str, ...], _Draft] = {}
    later: list[ElementTree.Element] = []
    aliases: dict[str, CellType] = {}
    others: list[str] = []
    for element in _elements(data):
        kind = element.get("Type", "")
        if kind == "SqlTable":
            tables[_name(element.get("Name", ""))] = _table(element)
        elif kind == "SqlUserDefinedDataType":
            aliases[element.get("Name", "")] = _cell_type(element, element, True)[0]
        elif kind in _LATER:
            later.append(element)
        if kind in _OTHERS and _properties(element).get("IsUnique") != "True":
            others.append(f"{_OTHERS[kind]} {'.'.join(_name(element.get('Name', '')))}")
    for name, draft in tables.items():
        _resolve(draft, aliases, name)
    for element in later:
        _LATER[element.get("Type", "")](element, tables)
    built = {TableName(*name): _built(TableName(*name), draft) for name, draft in tables.items()}
    cells = {TableName(*name): tuple(draft.cells) for name, draft in tables.items()}
    return Model(Schema(tuple(built.values()), others=tuple(others)), cells)


def _elements(data: bytes) -> Iterator[ElementTree.Element]:
    """The objects of the model, one after the other."""
    depth = 0
    try:
        for event, element in ElementTree.iterparse(io.BytesIO(data), ("start", "end")):
            if element.tag != _SPACE + "Element":
                continue
            depth += 1 if event == "start" else -1
            if event == "end" and not depth:
                yield element
    except ElementTree.ParseError:
        raise SourceError(_DAMAGED) from None


# --- columns ----------------------------------------------------------------------------------------------------


def _table(element: ElementTree.Element) -> _Draft:
    draft = _Draft([], [], [])
    name = ".".join(_name(element.get("Name", "")))
    properties = _properties(element)
    if any(properties.get(flag) == "True" for flag in ("IsNode", "IsEdge", "IsLedger", "IsFileTable", "IsExternal")):
        raise SourceError(f"{name}: graph, ledger, file and external tables are not supported; leave it out")
    for column in _related(element, "Columns"):
        names = _name(column.get("Name", ""))
        if column.get("Type") == "SqlComputedColumn":
            if _properties(column).get("IsPersisted") == "True":
                raise SourceError(f"{name}.{names[-1]}: persisted computed columns are not supported; leave it out")
            draft.columns.append(Column(names[-1], "computed", TypeFamily.OTHER, generated=True))
            continue
        if column.get("Type") != "SqlSimpleColumn":
            raise SourceError(f"{name}.{names[-1]}: columns of this kind are not supported; leave the table out")
        draft.columns.append(_column(column, draft, f"{name}.{names[-1]}"))
    return draft


def _column(element: ElementTree.Element, draft: _Draft, where: str) -> Column:
    properties = _properties(element)
    nullable = properties.get("IsNullable", "True") != "False"
    if properties.get("GeneratedAlwaysType", "0") not in ("0", "None") or properties.get("IsColumnSet") == "True":
        raise SourceError(f"{where}: temporal, ledger and sparse columns are not supported; leave the table out")
    if any(relation.get("Name") == "ColumnEncryptionKey" for relation in element.findall(_SPACE + "Relationship")):
        raise SourceError(f"{where}: a column under Always Encrypted cannot be read; leave the table out")
    specifiers = _related(element, "TypeSpecifier")
    if len(specifiers) != 1 or specifiers[0].get("Type") not in _TYPE_SPECIFIERS:
        raise SourceError(f"{where}: types of this kind (CLR types, vectors) are not supported; leave the table out")
    cell, alias = _cell_type(specifiers[0], specifiers[0], nullable)
    draft.cells.append(cell)
    draft.aliases.append(alias)
    column = Column(_name(element.get("Name", ""))[-1], cell.name, TypeFamily.OTHER, None, nullable)
    return replace(column, type="IDENTITY") if properties.get("IsIdentity") == "True" else column


def _cell_type(element: ElementTree.Element, holder: ElementTree.Element, nullable: bool) -> tuple[CellType, str]:
    """The type, and the name of the alias type that it is, if it is one."""
    properties = _properties(element)
    for relation in holder.findall(_SPACE + "Relationship"):
        if relation.get("Name") == "Type":
            for reference in relation.iter(_SPACE + "References"):
                name = reference.get("Name", "")
                cell = CellType(
                    _name(name)[-1].lower(),
                    nullable,
                    int(properties.get("Length", "0")),
                    int(properties.get("Precision", "0")),
                    int(properties.get("Scale", "0")),
                    properties.get("IsMax") == "True",
                )
                return cell, "" if reference.get("ExternalSource") == "BuiltIns" else name
    raise SourceError(_DAMAGED)


def _resolve(draft: _Draft, aliases: dict[str, CellType], table: tuple[str, ...]) -> None:
    """Put the built-in types in the places of alias types, and say what they mean."""
    stored = iter(range(len(draft.cells)))
    for place, column in enumerate(draft.columns):
        if column.generated:
            continue
        number = next(stored)
        cell, alias = draft.cells[number], draft.aliases[number]
        where = f"{'.'.join(table)}.{column.name}"
        if alias:
            if alias not in aliases:
                raise SourceError(f"{where}: the type {alias} is not supported; leave the table out")
            cell = replace(aliases[alias], nullable=cell.nullable)
        if cell.name not in FAMILIES or cell.name in _REFUSED:
            raise SourceError(f"{where}: the type {cell.name} is not supported in a package; leave the table out")
        draft.cells[number] = cell
        type_ = _written(cell) + (" IDENTITY" if column.type == "IDENTITY" else "")
        length = text_length(cell.name, cell.length or None, cell.unlimited)
        draft.columns[place] = replace(column, type=type_, family=FAMILIES[cell.name], length=length)


def _written(cell: CellType) -> str:
    if cell.unlimited:
        return f"{cell.name}(max)"
    if cell.name in ("decimal", "numeric"):
        return f"{cell.name}({cell.precision or 18},{cell.scale})"
    if cell.length:
        return f"{cell.name}({cell.length})"
    return cell.name


# --- keys and comments ------------------------------------------------------------------------------------------

_Tables = dict[tuple[str, ...], _Draft]


def _references(element: ElementTree.Element, relation: str) -> list[tuple[str, ...]]:
    return [
        _name(reference.get("Name", ""))
        for related in element.findall(_SPACE + "Relationship")
        if related.get("Name") == relation
        for reference in related.iter(_SPACE + "References")
    ]


def _key_columns(element: ElementTree.Element) -> tuple[str, ...]:
    return tuple(
        name[-1] for column in _related(element, "ColumnSpecifications") for name in _references(column, "Column")
    )


def _primary_key(element: ElementTree.Element, tables: _Tables) -> None:
    for table in _references(element, "DefiningTable"):
        if table in tables:
            tables[table].primary_key = _key_columns(element)


def _unique(element: ElementTree.Element, tables: _Tables) -> None:
    for table in _references(element, "DefiningTable"):
        if table in tables:
            tables[table].unique.append(_key_columns(element))


def _index(element: ElementTree.Element, tables: _Tables) -> None:
    properties = _properties(element)
    if properties.get("IsUnique") != "True" or "FilterPredicate" in properties:
        return
    for table in _references(element, "IndexedObject"):
        if table in tables:
            tables[table].unique.append(_key_columns(element))


def _foreign_key(element: ElementTree.Element, tables: _Tables) -> None:
    for table, target in zip(_references(element, "DefiningTable"), _references(element, "ForeignTable"), strict=False):
        if table in tables and len(target) == 2:
            columns = tuple(name[-1] for name in _references(element, "Columns"))
            referenced = tuple(name[-1] for name in _references(element, "ForeignColumns"))
            name = (_name(element.get("Name", "")) or ("",))[-1]
            tables[table].foreign_keys.append(ForeignKey(columns, TableName(*target), referenced, name))


def _check(element: ElementTree.Element, tables: _Tables) -> None:
    for table in _references(element, "DefiningTable"):
        if table in tables:
            tables[table].checks.append(_properties(element).get("CheckExpressionScript", ""))


def _default(element: ElementTree.Element, tables: _Tables) -> None:
    for *table, column in _references(element, "ForColumn"):
        _change(tables.get(tuple(table)), column, default=_properties(element).get("DefaultExpressionScript"))


def _comment(element: ElementTree.Element, tables: _Tables) -> None:
    if _name(element.get("Name", ""))[-1:] != ("MS_Description",):
        return
    text = _properties(element).get("Value", "")
    text = text.split("'", 1)[1][:-1].replace("''", "'") if "'" in text else text
    for host in _references(element, "Host"):
        if host in tables:
            tables[host].comment = text
        else:
            _change(tables.get(host[:-1]), host[-1], comment=text)


def _change(draft: _Draft | None, name: str, **changes: str | None) -> None:
    if draft is not None:
        draft.columns = [
            replace(column, **changes) if column.name == name else column  # type: ignore[arg-type]
            for column in draft.columns
        ]


_LATER = {
    "SqlPrimaryKeyConstraint": _primary_key,
    "SqlUniqueConstraint": _unique,
    "SqlIndex": _index,
    "SqlForeignKeyConstraint": _foreign_key,
    "SqlCheckConstraint": _check,
    "SqlDefaultConstraint": _default,
    "SqlExtendedProperty": _comment,
}


def _built(name: TableName, draft: _Draft) -> Table:
    return Table(
        name,
        tuple(draft.columns),
        draft.primary_key,
        tuple(dict.fromkeys(draft.unique)),
        tuple(draft.foreign_keys),
        tuple(draft.checks),
        comment=draft.comment,
    )


# --- XML --------------------------------------------------------------------------------------------------------


def _name(text: str) -> tuple[str, ...]:
    """`[dbo].[a]]b]` -> dbo, a]b."""
    return tuple(part.replace("]]", "]") for part in _NAME.findall(text))


def _properties(element: ElementTree.Element) -> dict[str, str]:
    """Property -> value, which stands in an attribute or, when it is long, in an element."""
    found = {}
    for item in element.findall(_SPACE + "Property"):
        value = item.get("Value")
        if value is None:
            inner = item.find(_SPACE + "Value")
            value = "" if inner is None else inner.text or ""
        found[item.get("Name", "")] = value
    return found


def _related(element: ElementTree.Element, relation: str) -> list[ElementTree.Element]:
    """The elements in a relationship."""
    return [
        inner
        for related in element.findall(_SPACE + "Relationship")
        if related.get("Name") == relation
        for entry in related.findall(_SPACE + "Entry")
        for inner in entry.findall(_SPACE + "Element")
    ]
