"""Days since 1970-01-01, from year, month and day and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]
"""Days since 1970-01-01."""
Numbers = NDArray[np.int64]


def days_of(year: Numbers, month: Numbers, day: Numbers) -> Days:
    """Impossible months and days count as the nearest possible: the 31st of a short month is its last day."""
    months = ((year - 1970) * 12 + np.clip(month, 1, 12) - 1).astype("M8[M]")
    first, after = (m.astype("M8[D]").astype(np.int64) for m in (months, months + 1))
    return np.asarray(np.minimum(first + np.maximum(day, 1), after) - 1)


def parts_of(days: Days) -> tuple[Numbers, Numbers, Numbers]:
    """Year, month and day."""
    months = days.astype("M8[D]").astype("M8[M]")
    counted = months.astype(np.int64)
    return counted // 12 + 1970, counted % 12 + 1, days - months.astype("M8[D]").astype(np.int64) + 1
