"""Days inside written dates: read, moved, and written back with everything else as it stood.

A date is known when its year has four digits: 2024-05-17, 20240517, 2024/05/17 and 17/05/2024, with or without a time
of day and an offset behind it; single digits of day and month are not known. Months may also be named, as
`_named_dates` says. Years before 100 and from 9900 on stand for no date, and so do infinity and 0000-00-00.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Binding, Kernel, Parameters
from anonymizer.model.rules import Scalar
from anonymizer.pseudonyms.written_form import counts_per_row, digits_of, fixed_digits, flat_bytes, with_digits
from anonymizer.transforms._cells import refuse
from anonymizer.transforms._days import Days, days_of, parts_of
from anonymizer.transforms._named_dates import NamedDates

Rows = NDArray[np.int64]
"""Places in the column."""


class Move(Protocol):
    """Days, and the places of their rows in the column, to other days."""

    def __call__(self, days: Days, rows: Rows) -> Days: ...


_MONTH, _DAY = "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
_END = r"(?:[ T][^a-zA-Z]*[Zz]?)?$"
_YEAR = "(?:0[1-9]|[1-8][0-9]|9[0-8])[0-9]{2}"
_FORMS: dict[str, tuple[str, tuple[int, int, int]]] = {
    "ymd": (rf"^{_YEAR}([-/.]?){_MONTH}[-/.]?{_DAY}{_END}", (0, 4, 6)),
    "dmy": (rf"^{_DAY}[-/.]{_MONTH}[-/.]{_YEAR}{_END}", (4, 2, 0)),
    "mdy": (rf"^{_MONTH}[-/.]{_DAY}[-/.]{_YEAR}{_END}", (4, 0, 2)),
}
"""Order of the parts -> what such values look like, and at which digit year, month and day begin."""
NO_DATE = r"^(?:-?infinity|(?:00[0-9]{2}|99[0-9]{2})-[-0-9:. TZ+]*)$"
"""Values that stand for no date at all."""

_UNITS = {"": 1, "day": 1, "week": 7, "month": 30, "year": 365}
_SPAN = re.compile(r"\s*([0-9]+)\s*(day|week|month|year|)s?\s*\Z", re.IGNORECASE)
LONGEST = 36_525
"""Days in a hundred years."""


def days_in(span: Scalar) -> int:
    """The days of `90 days`, `2 years` or a bare number; 0 for what is none of them."""
    match = None if span is None or isinstance(span, bool) else _SPAN.match(str(span))
    return int(match[1][:9]) * _UNITS[match[2].lower()] if match else 0


def span(binding: Binding, parameter: str, what: str) -> int:
    """The days that a parameter such as `90 days` stands for, 1 day to 100 years. Raises RuleError."""
    refuse(binding, wrong_span(binding.parameters, parameter, what))
    return days_in(binding.parameters.get(parameter))


def wrong_span(parameters: Parameters, parameter: str, what: str) -> str | None:
    """What is wrong with a parameter that stands for a time."""
    if 1 <= days_in(parameters.get(parameter)) <= LONGEST:
        return None
    return (
        f"`{parameter}` of `{what}` is no time from 1 day to 100 years; write it as `{parameter}: 90 days` (days, "
        "weeks, months of 30 days or years of 365)"
    )


def order_of(binding: Binding) -> str:
    """`dmy` or `mdy`, from the parameter `order`. Raises RuleError."""
    refuse(binding, wrong_order(binding.parameters))
    return str(binding.parameters.get("order", "dmy"))


def wrong_order(parameters: Parameters) -> str | None:
    """What is wrong with the parameter `order`."""
    return None if parameters.get("order", "dmy") in ("dmy", "mdy") else "`order` is dmy or mdy"


def with_days(
    values: pa.Array, order: str, move: Move, named: NamedDates, other: Kernel, midnight: bool = False
) -> pa.Array:
    """Each known date as `move` gives it; what stands for no date stays; the rest is `other`'s.

    Dates with a month's name are those of `named`.

    `move` gets the days and the places of their rows in `values`, so that it may move each row by an amount of its
    own. With `midnight` the time of day becomes 00:00:00.
    """
    result, left = values, pc.invert(pc.match_substring_regex(values, NO_DATE))
    for form in ("ymd", order):
        pattern, places = _FORMS[form]
        mine = pc.and_(left, pc.match_substring_regex(values, pattern))
        rows = np.flatnonzero(mine.to_numpy(zero_copy_only=False))
        if len(rows):
            moved = _moved(values.take(pa.array(rows)), places, partial(move, rows=rows), midnight)
            result = pc.replace_with_mask(result, mine, moved)
            left = pc.and_not(left, mine)
    if left.true_count:
        rows = np.flatnonzero(left.to_numpy(zero_copy_only=False))
        rest = named(pc.filter(values, left), lambda days, at: move(days, rows[at]), other)
        result = pc.replace_with_mask(result, left, rest)
    return result


def _moved(values: pa.Array, places: tuple[int, int, int], move: Callable[[Days], Days], midnight: bool) -> pa.Array:
    counts, digits = digits_of(values)
    starts = np.cumsum(counts) - counts
    digits = digits.copy()
    year, month, day = (_number(digits, starts + place, width) for place, width in zip(places, (4, 2, 2), strict=True))
    parts = parts_of(move(days_of(year, month, day)))
    for place, width, part in zip(places, (4, 2, 2), parts, strict=True):
        digits[(starts + place)[:, None] + np.arange(width)] = fixed_digits(part.astype(np.uint64), width)
    if midnight:
        digits[_of_time(values, counts, starts)] = 0
    return with_digits(values, digits)


def _number(digits: NDArray[np.uint8], starts: Rows, width: int) -> Days:
    result = np.zeros(len(starts), np.int64)
    for place in range(width):
        result = result * 10 + digits[starts + place]
    return result


def _of_time(values: pa.Array, counts: Rows, starts: Rows) -> NDArray[np.int64]:
    """The places of all digits behind the date and before the offset from UTC."""
    offset = pc.replace_substring_regex(values, r"^.{10}[^+-]*", "")
    kept = counts_per_row((flat_bytes(offset)[0] - np.uint8(ord("0"))) < 10, flat_bytes(offset)[1])
    kept = np.where(pc.less(pc.utf8_length(values), 12).to_numpy(zero_copy_only=False), 0, kept)
    sizes = np.maximum(counts - 8 - kept, 0)
    begins = np.cumsum(sizes) - sizes
    return np.asarray(np.arange(int(sizes.sum())) + np.repeat(starts + 8 - begins, sizes))
