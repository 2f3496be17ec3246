"""Keys and widths from `datapackage.json`, which a folder of table files may hold.

Source: Data Package standard, "Data Resource" and "Table Schema" (primaryKey, uniqueKeys, foreignKeys, maxLength).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anonymizer.errors import SourceError

FILE = "datapackage.json"


@dataclass(frozen=True, slots=True)
class Resource:
    """One table: where its files lie, and what is said of its columns."""

    name: str
    paths: tuple[str, ...]
    """Relative to the package's folder, with `/`."""
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = ()
    """Columns, name of the referenced resource ("" for itself), referenced columns."""
    lengths: Mapping[str, int] = field(default_factory=dict)
    """Column -> most characters."""


def read_datapackage(folder: Path) -> tuple[Resource, ...]:
    """The resources that the folder's package describes; none where there is no package. Raises SourceError."""
    path = folder / FILE
    if not path.is_file():
        return ()
    try:
        package = json.loads(path.read_text("utf-8"))
        return tuple(_resource(each) for each in package["resources"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"{FILE} is no data package that can be read ({type(error).__name__}); correct it") from None


def _resource(said: Mapping[str, Any]) -> Resource:
    schema = said.get("schema") or {}
    fields = schema.get("fields") or []
    lengths = {each["name"]: (each.get("constraints") or {}).get("maxLength") for each in fields}
    return Resource(
        str(said.get("name", "")),
        tuple(str(path).removeprefix("./") for path in _listed(said.get("path", []))),
        _listed(schema.get("primaryKey", [])),
        tuple(_listed(key) for key in schema.get("uniqueKeys", []))
        + tuple((each["name"],) for each in fields if (each.get("constraints") or {}).get("unique")),
        tuple(
            (_listed(key["fields"]), str(key["reference"].get("resource", "")), _listed(key["reference"]["fields"]))
            for key in schema.get("foreignKeys", [])
        ),
        {name: int(length) for name, length in lengths.items() if length is not None},
    )


def _listed(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(map(str, value))
