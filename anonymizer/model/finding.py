"""What detection says of a column, and why; never a data value."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from anonymizer.model.rules import Relation, Scalar
from anonymizer.model.schema import ColumnName

CATEGORIES = tuple(
    "person_name first_name last_name full_name company_name email phone street_address city postcode region country "
    "birth_date gender national_id vat_number company_id iban bank_account credit_card salary_or_finance username "
    "password_or_secret ip_address mac_address cookie_or_device_id url user_agent geo_location free_text "
    "document_or_blob job_title health photo signature other_personal".split()
)
"""Categories of personal data, as rule files, findings and reports name them."""

NOT_PERSONAL = ("none", "system_parameter")
"""Categories of columns that are not personal."""


class Verdict(enum.StrEnum):
    """Whether a column is about a person, directly or as a quasi-identifier."""

    PERSONAL = "personal"
    NOT_PERSONAL = "not_personal"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason to think that a column belongs to a category.

    `weight` is in log-odds (natural logarithm): positive speaks for the category, negative against it.
    `words` is a short sentence without any data value. `source` names the signal that says so.
    """

    category: str
    weight: float
    words: str
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one column. `confidence` (0 to 1) is the probability that the verdict is right."""

    column: ColumnName
    category: str
    verdict: Verdict
    confidence: float
    evidence: tuple[str, ...]
    rule: str | None = None
    """`file:line` of the pack entry that recognised the column, where one did."""
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    """What its rule should say beside the usual transform, as the sample tells it."""


@dataclass(frozen=True, slots=True)
class ProposedRelation:
    """A foreign key that nobody declared and nobody confirmed yet; `words` say why, without any data value."""

    relation: Relation
    words: str
