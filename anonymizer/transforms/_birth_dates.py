"""Birth dates to birth dates, day by day: the mapping that a date and the date inside a national number share.

The calendar is cut into blocks of as many days as a date may move, counted back from 1 January 2025 (after it, blocks
have 28 days at most, so that few dates come to lie in the future). The days of a block are put in keyed order, and
each becomes the next one: one to one, never itself, and unlike a fixed shift not undone by knowing one person.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from anonymizer.contracts import Binding, Parameters
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.prf import Prf
from anonymizer.transforms._calendar import days_in, wrong_span
from anonymizer.transforms._cells import refuse

Days = NDArray[np.int64]
"""Days since 1970-01-01."""

USUAL_SHIFT = 1461
_FIRST, _PIVOT, _END = (
    int(np.datetime64(day, "D").astype(np.int64)) for day in ("1800-01-01", "2025-01-01", "2200-01-01")
)
_LATE_BLOCK = 28


class BirthDates:
    """The mapping of one domain."""

    def __init__(self, binding: Binding) -> None:
        """Of the domain of birth dates of this binding, whatever it is a binding of; raises RuleError."""
        domain = binding.domains.get("birth_date", Domain("birth_date"))
        own = binding.domain.name == domain.name or "shift" in binding.parameters
        self._table = _table(
            binding.keys.derive("birth date", domain.name),
            _days({**domain.parameters, **binding.parameters} if own else domain.parameters, binding),
        )
        self._prf = Prf(binding.keys.derive("birth date", domain.name, "elsewhere"))

    def __call__(self, days: Days) -> Days:
        """int64 [n] -> int64 [n]. Days outside 1800 to 2199, which are nobody's, become days inside."""
        inside = (days >= _FIRST) & (days < _END)
        place = days - _FIRST
        if not inside.all():
            drawn = self._prf.of_numbers(days.astype(np.uint64))[:, 0] % np.uint64(_PIVOT - _FIRST)
            place = np.where(inside, place, drawn.astype(np.int64))
        return self._table[place]


def _days(parameters: Parameters, binding: Binding) -> int:
    refuse(binding, wrong_shift(parameters))
    return days_in(parameters["shift"]) if parameters.get("shift") is not None else USUAL_SHIFT


def wrong_shift(parameters: Parameters) -> str | None:
    """What is wrong with the parameter `shift`, which may be missing."""
    return None if parameters.get("shift") is None else wrong_span(parameters, "shift", "birth_date")


@lru_cache(maxsize=16)
def _table(key: bytes, shift: int) -> Days:
    """Day since 1800-01-01 -> its pseudonym, in days since 1970-01-01."""
    days = np.arange(_FIRST, _END)
    size = np.where(days < _PIVOT, shift + 1, min(shift + 1, _LATE_BLOCK))
    block = (days - _PIVOT) // size  # negative before the pivot, and so apart from those after it
    order = np.lexsort((Prf(key).of_numbers((days - _FIRST).astype(np.uint64))[:, 0], block))
    _, starts = np.unique(block[order], return_index=True)
    ends = np.append(starts[1:], len(days)) - 1
    successor = np.append(order[1:], 0)
    successor[ends] = order[starts]  # the last one of a block is followed by its first
    table = np.empty(len(days), np.int64)
    table[order] = successor + _FIRST
    return table
