"""Dates and moments: all of a table moved by one and the same number of days.

Technique (ISO/IEC 20889): randomization (one keyed offset, never 0, of at most `by`).

All columns of a table that are shifted move together, so that everything between two dates of a row stays: durations,
order, intervals. Tables share an offset where their columns name one `domain`. With `policy: per_person` each person's
dates move by an offset of their own, the same in every table that names the person. The time of day and the written
form stay.

Example: {as: shift, by: 90 days}: 2024-05-17 10:11:12 -> 2024-07-02 10:11:12, 19/05/2024 -> 04/07/2024

Never reached: who knows one true date knows all of them; weekdays and seasons move. What stands for no date stays:
infinity, 0000-00-00, years before 100 and from 9900 on. Text that is no date keeps its look only.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymizer.contracts import Binding, Kernel, Parameters, Salts
from anonymizer.errors import RuleError
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.prf import Prf
from anonymizer.transforms import _typed
from anonymizer.transforms._calendar import Rows, order_of, span, with_days, wrong_order, wrong_span
from anonymizer.transforms._cells import visible
from anonymizer.transforms._days import Days
from anonymizer.transforms._named_dates import NamedDates

NAME = "shift"
CATEGORIES: tuple[str, ...] = ()
TECHNIQUE = "randomization"
PARAMETERS: Mapping[str, str] = {
    "by": "The furthest that dates move, forth or back, such as `90 days` or `2 years`.",
    "order": "`dmy` (the default) or `mdy`: how 03/04/1985 is to be read.",
}
REQUIRED = ("by",)
BY_ROW = True

_FAMILIES = (TypeFamily.DATE, TypeFamily.TIMESTAMP, TypeFamily.TEXT)


def mistake(parameters: Parameters) -> str | None:
    """See `contracts.Transform`."""
    return wrong_span(parameters, "by", NAME) or wrong_order(parameters)


def kernel(binding: Binding) -> Kernel:
    """Dates, timestamps, text. Raises RuleError for other types, a missing or unknown `by`, and keys of text."""
    where = f"{binding.table.name}.{binding.column.name}"
    if binding.column.family not in _FAMILIES:
        raise RuleError(f"{where}: `shift` moves dates and timestamps, not {binding.column.type}; give it `masked`")
    if binding.column.family is TypeFamily.TEXT and binding.domain.unique:
        raise RuleError(f"{where} is a key of text, in which shifted dates may meet others; give it `permute`")
    offsets, order = Offsets(binding), order_of(binding)
    named, other = NamedDates(binding), _typed.kernel(binding)
    nobody = np.zeros(1, np.uint64)  # one offset for the whole domain

    def mapped(values: pa.Array, salts: Salts | None = None) -> pa.Array:
        def move(days: Days, rows: Rows) -> Days:
            return days + offsets(nobody if salts is None else salts[rows, 0])

        return with_days(values, order, move, named, other)

    return visible(mapped)


class Offsets:
    """How far the dates of each person move: a keyed number of days, from -`by` to `by` and never 0."""

    def __init__(self, binding: Binding) -> None:
        self._by = span(binding, "by", NAME)
        self._prf = Prf(binding.keys.derive(NAME, binding.domain.name))

    def __call__(self, persons: NDArray[np.uint64]) -> Days:
        """uint64 [n] -> int64 [n]: hashes of persons to days."""
        drawn = (self._prf.of_numbers(persons)[:, 0] % np.uint64(2 * self._by)).astype(np.int64) - self._by
        return np.asarray(np.where(drawn < 0, drawn, drawn + 1))


def capacity(domain: Domain) -> int | None:
    """No bound: as many as there are dates."""
    return None
