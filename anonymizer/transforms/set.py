"""One value for all, written in the rule file.

Technique (ISO/IEC 20889): suppression.

With `null`, this is how a rule file suppresses a column; `set` does it where null is not allowed.
Null stays null; empty text is replaced too.

Example: {as: set, value: "n/a"} makes every value n/a

Never reached: nothing is left.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel, Parameters
from anonymizer.errors import RuleError
from anonymizer.model.plan import Domain
from anonymizer.model.rules import Scalar
from anonymizer.model.schema import TypeFamily
from anonymizer.transforms._cells import refuse

NAME = "set"
CATEGORIES: tuple[str, ...] = ()
TECHNIQUE = "suppression"
REQUIRED = ("value",)
PARAMETERS: dict[str, str] = {"value": "What every value becomes; it must fit the column."}

_FORMS = {
    TypeFamily.INTEGER: r"-?[0-9]+",
    TypeFamily.NUMBER: r"-?[0-9]+(\.[0-9]+)?",
    TypeFamily.DATE: r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    TypeFamily.TIMESTAMP: r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9:.+-]+Z?)?",
    TypeFamily.UUID: r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    TypeFamily.BINARY: r"\\x([0-9a-fA-F]{2})*",
}
"""What a value of a type looks like; types that are not here take any text."""


def mistake(parameters: Parameters) -> str | None:
    """See `contracts.Transform`."""
    if "value" not in parameters:
        return "`set` needs a value, as in {as: set, value: 0}"
    return "for no value at all, the transform is `null`" if parameters["value"] is None else None


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError when there is no value, or it does not fit the column, or the column is a key."""
    where = f"{binding.table.name}.{binding.column.name}"
    column = binding.column
    refuse(binding, mistake(binding.parameters))
    if binding.domain.unique:
        raise RuleError(f"{where} is a key and cannot have one value in all rows; give it `permute`")
    text = _written(binding.parameters["value"])
    wrong = (
        (column.length is not None and len(text) > column.length)
        or (column.family is TypeFamily.ENUM and column.labels and text not in column.labels)
        or (column.family in _FORMS and not re.fullmatch(_FORMS[column.family], text))
    )
    if wrong:
        raise RuleError(f"{where}: the value to `set` does not fit type {column.type}; write one that does")

    def mapped(values: pa.Array) -> pa.Array:
        return pc.if_else(values.is_valid(), pa.scalar(text), pa.scalar(None, pa.string()))

    return mapped


def _written(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def capacity(domain: Domain) -> int | None:
    """One."""
    return 1
