"""Which columns of whole names begin with the surname, told by the sampled names whose words leave no doubt.

"Peeters Jan" tells it, "Martin Thomas" does not: both are first names and surnames. Where nearly all that tell begin
with the surname, the rule file is to say `order: last_first`, so that the others are read like them. It stands there
and not in a count at run time: what a name becomes must not depend on the rows around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.finding import Finding, Verdict
from anonymizer.model.schema import ColumnName, Schema, TableName
from anonymizer.pseudonyms.vocabulary import LANGUAGES, Vocabulary
from anonymizer.pseudonyms.written_form import compact, single_spaced

_CATEGORIES = ("full_name", "person_name")
_FEWEST = 3
_SHARE = 0.8
_PARTICLES = pa.array("van vande vanden vander de den der von du des d la le ter ten".split())
_WORDS = r"^(?P<first>[^\s,.]{2,})\s(?:[^\s,.]+\s)*(?P<last>[^\s,.]{2,})$"
"""Two words or more without a comma, which would tell it, and without initials."""


def told(
    schema: Schema, samples: Mapping[TableName, Mapping[str, pa.Array]], findings: Iterable[Finding]
) -> tuple[Finding, ...]:
    """The findings, those on columns of whole names with the order that their rule should state.

    A column whose names do not tell takes the order of those that do, if they agree: the same name in both is then
    read alike. Columns of foreign keys get none, so that both sides keep one decision.
    """
    findings = tuple(findings)
    joined = _joined(schema)
    counts: dict[ColumnName, tuple[int, int]] = {}
    for finding in findings:
        values = samples.get(finding.column.table, {}).get(finding.column.column)
        personal = finding.verdict is Verdict.PERSONAL and finding.category in _CATEGORIES
        if personal and values is not None and finding.column not in joined:
            counts[finding.column] = surname_first_and_last(values)
    begins = {name for name, (first, last) in counts.items() if first >= max(_FEWEST, _SHARE * (first + last))}
    others = {name for name, (first, last) in counts.items() if name not in begins and first + last}
    chosen = begins if others else set(counts) if begins else set()
    return tuple(
        replace(finding, parameters={"order": "last_first"}) if finding.column in chosen else finding
        for finding in findings
    )


def surname_first_and_last(values: pa.Array) -> tuple[int, int]:
    """How many different names begin with the surname beyond doubt, and how many end with it."""
    distinct = pc.unique(values.drop_null())
    parts = pc.extract_regex(single_spaced(distinct), _WORDS).drop_null()
    ends = [compact(parts.field(part)) for part in ("first", "last")]
    given, surname = (
        [pc.is_in(words, value_set=known) for words in ends] for known in (_first_names(), _surnames())
    )  # fmt: skip
    particle = pc.is_in(ends[0], value_set=_PARTICLES)
    only_given = [pc.and_not(first, last) for first, last in zip(given, surname, strict=True)]
    only_surname = [pc.and_not(last, first) for first, last in zip(given, surname, strict=True)]
    begins = pc.and_(pc.or_(only_surname[0], particle), only_given[1])
    return begins.true_count, pc.and_(only_given[0], only_surname[1]).true_count


def _joined(schema: Schema) -> set[ColumnName]:
    """Both sides of all foreign keys."""
    return {
        ColumnName(table, column)
        for owner in schema.tables
        for key in owner.foreign_keys
        for table, columns in ((schema.root(owner.name).name, key.columns), (key.references, key.referenced))
        for column in columns
    }


@cache
def _first_names() -> pa.Array:
    return _listed("first_names")


@cache
def _surnames() -> pa.Array:
    return _listed("known_surnames")


def _listed(name: str) -> pa.Array:
    return pc.unique(pa.concat_arrays([Vocabulary.load(name, language).keys for language in LANGUAGES]))
