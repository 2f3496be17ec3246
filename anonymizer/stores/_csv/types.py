"""Column types told from all values of a column: a type holds when every value has its form.

Numbers with leading noughts, signs of thousands or decimal commas are text, as are dates in any form but ISO's: what
is written there must come back as it was.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.schema import TypeFamily

_DATE = r"(?:1[0-9]|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"

_FORMS: dict[TypeFamily, str] = {
    TypeFamily.BOOLEAN: r"^(?:true|false|True|False|TRUE|FALSE)$",
    TypeFamily.INTEGER: r"^(?:0|-?[1-9][0-9]{0,17})$",
    TypeFamily.NUMBER: r"^-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?$",
    TypeFamily.DATE: rf"^{_DATE}$",
    TypeFamily.TIMESTAMP: rf"^{_DATE}[T ]{_TIME}$",
    TypeFamily.UUID: r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$",
}
"""Narrowest first: what is an integer is a number too."""

_FIRST_LOOK = 64


def fitting(values: pa.Array, among: tuple[TypeFamily, ...] = tuple(_FORMS)) -> tuple[TypeFamily, ...]:
    """The families whose form every value has; all of them for a column of nulls."""
    few = values.slice(0, _FIRST_LOOK)
    return tuple(
        family for family in among if _fits(few, family) and (len(values) <= _FIRST_LOOK or _fits(values, family))
    )


def _fits(values: pa.Array, family: TypeFamily) -> bool:
    return pc.all(pc.match_substring_regex(values, _FORMS[family])).as_py() is not False


class TypeTelling:
    """The types of a table's columns, from its values as they come."""

    def __init__(self, columns: int) -> None:
        self._open = [tuple(_FORMS)] * columns
        self._seen = [False] * columns

    def copy(self) -> TypeTelling:
        """One that goes on by itself."""
        other = TypeTelling(0)
        other._open, other._seen = list(self._open), list(self._seen)
        return other

    def undecided(self) -> list[int]:
        """Columns that may still be other than text."""
        return [place for place, families in enumerate(self._open) if families]

    def feed(self, place: int, values: pa.Array) -> None:
        """Look at the next values of one column."""
        self._seen[place] |= values.null_count < len(values)
        self._open[place] = fitting(values, self._open[place])

    def families(self) -> list[TypeFamily]:
        """The narrowest family of each column; text where nothing was seen."""
        return [
            families[0] if families and seen else TypeFamily.TEXT
            for families, seen in zip(self._open, self._seen, strict=True)
        ]
