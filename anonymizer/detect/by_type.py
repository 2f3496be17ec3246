"""Notices what a column's type, length and default say, mostly against personal data.

A yes/no column holds no name, two characters hold no street, a counter's default makes a surrogate key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from anonymizer.contracts import Exhibit
from anonymizer.detect._weigh import ANY
from anonymizer.model.finding import Evidence
from anonymizer.model.schema import Column, TypeFamily

SHORTEST = {
    "email": 10,
    "iban": 15,
    "street_address": 5,
    "phone": 6,
    "url": 10,
    "user_agent": 20,
    "free_text": 12,
    "full_name": 8,
    "company_name": 6,
    "last_name": 5,
    "first_name": 4,
    "city": 5,
    "vat_number": 8,
    "company_id": 6,
    "national_id": 6,
    "postcode": 4,
    "mac_address": 12,
    "ip_address": 4,
    "username": 3,
    "password_or_secret": 3,
    "job_title": 4,
    "bank_account": 6,
    "region": 2,
    "photo": 10,
    "signature": 10,
    "document_or_blob": 10,
}
"""Fewest characters that a text column of that category has room for, as databases are made in practice."""
_COUNTER = re.compile(r"nextval|identity|auto_increment|autoincrement", re.IGNORECASE)
_CLOCK = re.compile(
    r"\b(now|getdate|getutcdate|sysdatetime|current_timestamp|current_date|curdate|datetime)\b", re.IGNORECASE
)
_TINY = re.compile(r"(tiny|small)int|int2\b", re.IGNORECASE)
_LONG = ("phone", "bank_account", "credit_card", "national_id", "vat_number", "company_id", "ip_address")
"""What needs more digits than the smallest whole numbers have."""
_DATES = (TypeFamily.DATE, TypeFamily.TIMESTAMP)


def examine(exhibit: Exhibit) -> Mapping[str, tuple[Evidence, ...]]:
    """Column -> what its declaration says."""
    return {column.name: tuple(_evidence(column)) for column in exhibit.table.columns}


def _evidence(column: Column) -> list[Evidence]:
    found = []
    default = column.default or ""
    if _COUNTER.search(default) or _COUNTER.search(column.type) or "serial" in column.type.lower():
        found.append(Evidence("none", 8.0, "numbered by the database itself", "by_type"))
    if column.family in _DATES and _CLOCK.search(default):
        found.append(Evidence("none", 4.0, "filled with the time of writing", "by_type"))
    if column.family is TypeFamily.UUID:
        found.append(Evidence("none", 4.0, "universally unique identifier", "by_type"))
    if column.family in (TypeFamily.TIME, TypeFamily.INTERVAL):
        found.append(Evidence("none", 4.0, "a time of day or a duration", "by_type"))
    if column.family is TypeFamily.TEXT and column.length is not None:
        found += [
            Evidence(category, -4.0, f"room for {column.length} characters only", "by_type")
            for category, shortest in SHORTEST.items()
            if column.length < shortest
        ]
    if _TINY.match(column.type):
        found += [Evidence(category, -4.0, f"type {column.type}: too small a number", "by_type") for category in _LONG]
    if column.family is TypeFamily.NETWORK:
        kind = "mac_address" if "mac" in column.type.lower() else "ip_address"
        found.append(Evidence(kind, 6.5, f"type {column.type}", "by_type"))
    if column.labels and len(column.labels) > 1:
        found.append(Evidence(ANY, -0.5, "one of a list of labels", "by_type"))
    return found
