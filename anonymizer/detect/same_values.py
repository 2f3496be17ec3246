"""A look across tables: a column whose values stand in a key-like column of another table repeats it.

That is an undeclared relation. Both columns then get one finding, so that their rows join after the run as before: a
shipping name that is a customer's company name is replaced as that. Only columns that surely are personal are
compared, on their samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.detect._weigh import Opinion
from anonymizer.model.finding import Evidence, Verdict
from anonymizer.model.schema import ColumnName, TableName

_CATEGORIES = ("full_name", "company_name", "first_name", "last_name", "person_name", "username")
"""Categories that are easily taken for one another, and that people write in several tables."""
_FEWEST = 10
_SHARE = 0.8


def join(
    samples: Mapping[TableName, Mapping[str, pa.Array]], opinions: Mapping[ColumnName, Opinion]
) -> dict[ColumnName, Opinion]:
    """Every column's opinion, after those that repeat a list of names elsewhere have taken over its category."""
    named = {
        name: pc.unique(values.drop_null())
        for name, found in opinions.items()
        if found.verdict is Verdict.PERSONAL and found.category in _CATEGORIES
        and (values := samples.get(name.table, {}).get(name.column)) is not None
    }  # fmt: skip
    lists = {name: values for name, values in named.items() if _is_list(samples[name.table][name.column], values)}
    result = dict(opinions)
    for name, values in named.items():
        for listed, known in lists.items():
            if name.table == listed.table or opinions[listed].category == opinions[name].category:
                continue
            if len(values) >= _FEWEST and pc.is_in(values, value_set=known).true_count >= _SHARE * len(values):
                words = f"the same values as in {listed}"
                why = Evidence(opinions[listed].category, 0.0, words, "same_values")
                result[name] = replace(opinions[listed], evidence=(why,))
    return result


def _is_list(sampled: pa.Array, distinct: pa.Array) -> bool:
    """Whether hardly a value stands twice: the column could be referenced."""
    return len(distinct) >= _FEWEST and len(distinct) >= 0.95 * (len(sampled) - sampled.null_count)
