"""PostgreSQL's types and what each means to a replacement.

Source: PostgreSQL manual, "Data Types"; the manuals of the extensions named below.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from anonymizer.model.schema import TypeFamily

_FAMILIES = {
    TypeFamily.TEXT: "text varchar char bpchar character name citext isbn isbn13 issn issn13 ismn ismn13 ean13 upc"
    " email uri ltree lquery ltxtquery",
    TypeFamily.INTEGER: "int2 int4 int8 int integer smallint bigint serial bigserial smallserial serial2 serial4"
    " serial8 int1 int16 uint1 uint2 uint4 uint8 uint16",
    TypeFamily.NUMBER: "numeric decimal dec float4 float8 float real money",
    TypeFamily.BOOLEAN: "bool boolean",
    TypeFamily.DATE: "date",
    TypeFamily.TIMESTAMP: "timestamp timestamptz",
    TypeFamily.TIME: "time timetz",
    TypeFamily.INTERVAL: "interval",
    TypeFamily.UUID: "uuid",
    TypeFamily.JSON: "json jsonb",
    TypeFamily.XML: "xml",
    TypeFamily.BINARY: "bytea",
    TypeFamily.NETWORK: "inet cidr macaddr macaddr8 ip4 ip4r ip6 ip6r ipaddress iprange",
    TypeFamily.GEOMETRY: "point line lseg box path polygon circle geometry geography box2d box3d raster cube earth"
    " h3index topogeometry",
    TypeFamily.SEARCH: "tsvector tsquery",
    TypeFamily.OTHER: "bit varbit oid xid xid8 cid tid pg_lsn txid_snapshot pg_snapshot jsonpath refcursor aclitem"
    " regclass regproc regprocedure regoper regoperator regtype regrole regnamespace regconfig regdictionary"
    " regcollation oidvector int2vector int4range int8range numrange tsrange tstzrange daterange int4multirange"
    " int8multirange nummultirange tsmultirange tstzmultirange datemultirange hstore vector halfvec sparsevec seg lo"
    " query_int semver hll periods agtype",
}
_FAMILY_OF = {name: family for family, names in _FAMILIES.items() for name in names.split()}

_SPELLINGS = {
    "character varying": "varchar",
    "char varying": "varchar",
    "national character varying": "varchar",
    "national char varying": "varchar",
    "national character": "character",
    "national char": "character",
    "nchar": "character",
    "double precision": "float8",
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "time with time zone": "timetz",
    "time without time zone": "time",
    "bit varying": "varbit",
}
TYPE_CONTINUES = frozenset(
    "varying precision with without time zone character char to year month day hour minute second".split()
)
"""Words that may follow the first word of a type."""

_TEXT_OF_LENGTH = frozenset(("varchar", "char", "character", "bpchar"))
_BOUND = re.compile(r"\s*\(\s*([^)]*)\)")
_ARRAY = re.compile(r"(\s*\[\s*\d*\s*\]|\s+array(\s*\[\s*\d*\s*\])?)+\s*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TypeMeaning:
    """What a declared type comes down to."""

    family: TypeFamily
    length: int | None = None
    labels: tuple[str, ...] = ()
    element: TypeFamily | None = None


def without_array(declared: str) -> str | None:
    """The element type of an array type; None for a type that is no array."""
    match = _ARRAY.search(declared)
    return declared[: match.start()] if match else None


def builtin(declared: str) -> TypeMeaning | None:
    """The meaning of a built-in or well-known extension type as it is written; None when it is neither.

    >>> builtin("character varying(40)")
    TypeMeaning(family=<TypeFamily.TEXT: 'text'>, length=40, labels=(), element=None)
    >>> builtin("mood") is None
    True
    """
    bounds = _BOUND.search(declared)
    bare = " ".join(_BOUND.sub(" ", declared).split()).lower()
    if bare.startswith("pg_catalog."):
        bare = bare.removeprefix("pg_catalog.")
    if bare == '"char"':
        return TypeMeaning(TypeFamily.TEXT, 1)
    bare = _SPELLINGS.get(bare, bare)
    if bare.startswith("interval "):  # interval year to month …
        bare = "interval"
    name = bare.strip('"') if bare.startswith('"') else bare
    family = _FAMILY_OF.get(name)
    if family is None:
        return None
    length = None
    if name in _TEXT_OF_LENGTH:
        digits = bounds[1].strip() if bounds else ""
        length = int(digits) if digits.isdigit() else 1 if name in ("char", "character") else None
    elif name == "name":
        length = 63
    return TypeMeaning(family, length)
