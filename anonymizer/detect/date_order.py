"""Which columns of birth dates write the month before the day, told by the sampled dates that can be read one way only.

"02/19/1952" tells it, "12/08/1948" does not. Where all that tell have the month in front, the rule file is to say
`order: mdy`, so that the others are read like them. It stands there and not in a count at run time: what a date
becomes must not depend on the rows around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.finding import Finding, Verdict
from anonymizer.model.schema import ColumnName, TableName

_DATE = r"^\s*(?P<first>[0-9]{1,2})[-/.](?P<second>[0-9]{1,2})[-/.](?:[0-9]{4}|[0-9]{2})(?:[T ]|$)"


def told(samples: Mapping[TableName, Mapping[str, pa.Array]], findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, those on birth dates with the order that their rule should state.

    A column whose dates do not tell takes the order of those that do, if they agree: one database, one language.
    """
    findings = tuple(findings)
    counts: dict[ColumnName, tuple[int, int]] = {}
    for finding in findings:
        values = samples.get(finding.column.table, {}).get(finding.column.column)
        if finding.verdict is Verdict.PERSONAL and finding.category == "birth_date" and values is not None:
            counts[finding.column] = month_first_and_last(values)
    month_first = {name for name, (first, last) in counts.items() if first and not last}
    day_first = {name for name, (_, last) in counts.items() if last}
    chosen = month_first if day_first else set(counts) if month_first else set()
    return tuple(
        replace(finding, parameters={"order": "mdy"}) if finding.column in chosen else finding for finding in findings
    )


def month_first_and_last(values: pa.Array) -> tuple[int, int]:
    """How many different dates can only be read with the month in front, and how many only with the day."""
    if not pa.types.is_string(values.type):
        return 0, 0
    parts = pc.extract_regex(pc.unique(values.drop_null()), _DATE).drop_null()
    first, second = (pc.cast(parts.field(name), pa.int64()) for name in ("first", "second"))
    return _told_by(first, second), _told_by(second, first)


def _told_by(month: pa.Array, day: pa.Array) -> int:
    real = pc.and_(pc.less_equal(month, 12), pc.less_equal(day, 31))
    return int(pc.and_(real, pc.greater(day, 12)).true_count)
