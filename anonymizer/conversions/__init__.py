"""Results in another kind of database: one file per kind that every source can be written to.

A result is first made and verified in its source's own kind; what is converted holds pseudonyms already. Types, keys,
uniqueness, foreign keys, plain defaults and checks are translated, and what is not is named before a row is read.

    _types         what a column becomes: the best type that all its values fit
    _shapes        names, columns and types of the tables; what gets lost
    _expressions   defaults and checks, by sqlglot
    _definitions   what the languages of the targets share
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pyarrow as pa

from anonymizer import registry
from anonymizer.contracts import Source
from anonymizer.conversions import _shapes
from anonymizer.conversions._definitions import unsaid
from anonymizer.errors import InternalError
from anonymizer.model.schema import Schema, TableName

__all__ = ["convert", "losses", "of_kind", "of_suffix", "unsaid"]


def of_suffix(name: str) -> ModuleType | None:
    """The conversion that a file name asks for."""
    ending = Path(name).suffix.lower()
    return next((module for module in registry.load("conversions").values() if ending in module.SUFFIXES), None)


def of_kind(kind: str) -> ModuleType | None:
    """The conversion whose results are of that kind, as the stores name it."""
    return next((module for module in registry.load("conversions").values() if kind == module.NAME), None)


def losses(schema: Schema, conversion: ModuleType) -> tuple[str, ...]:
    """What will not come over, one line each. Raises TargetError for a name that the target cannot have."""
    return tuple(_shapes.losses(schema, conversion.names(schema)))


def convert(
    source: Source, conversion: ModuleType, path: Path
) -> tuple[Mapping[TableName, TableName], tuple[str, ...]]:
    """Write all rows of `source` to `path`; returns the tables' names there, and what did not come over after all."""
    names = conversion.names(source.schema())
    shapes = _shapes.survey(source, names, conversion.DIGITS)
    by_table = {shape.table.name: shape for shape in shapes}
    schema = source.schema()
    writer = conversion.Writer(shapes, source.kind, path)
    try:
        for rows in _shapes.rows_of(source):
            writer.write(by_table[schema.root(rows.table).name], rows.batch)
        writer.close()
    except (pa.ArrowException, ValueError, OverflowError) as error:  # whose messages hold values
        writer.abort()
        raise InternalError(f"the result does not fit the {conversion.NAME} ({type(error).__name__})") from None
    except BaseException:
        writer.abort()
        raise
    return names, (
        *_shapes.became_text(shapes),
        *_shapes.key_lost(shapes),
        *unsaid(shapes, source.kind, conversion.DIALECT),
    )
