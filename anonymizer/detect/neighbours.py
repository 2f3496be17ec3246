"""Second look: what the other columns of a table, as found so far, say of the doubtful ones.

A "name" beside a birth date is a person's; beside a first name it is the family name; a "state" beside a city is part
of an address. A place alone in its table is an entry of a list of places.
"""

from __future__ import annotations

from collections.abc import Mapping

from anonymizer.detect._weigh import Opinion
from anonymizer.model.finding import Evidence

_PLACE = ("street_address", "city", "postcode", "region", "country")
_PERSON = (
    "first_name last_name full_name birth_date national_id email phone gender username password_or_secret "
    "street_address salary_or_finance job_title photo iban"
).split()
_FIRM = "company_name vat_number company_id".split()
_LIFTED = (
    "full_name company_name last_name job_title region country city postcode free_text url photo document_or_blob "
    "other_personal username street_address signature salary_or_finance bank_account geo_location person_name health"
).split()
"""Categories whose column names are ambiguous, so that the company they keep decides."""


def reconsider(opinions: Mapping[str, Opinion]) -> Mapping[str, tuple[Evidence, ...]]:
    """Column -> further evidence, from the opinions on all columns of its table."""
    sure: dict[str, dict[str, float]] = {}
    for name, opinion in opinions.items():
        for category, probability in opinion.probabilities.items():
            sure.setdefault(category, {})[name] = probability
    return {name: tuple(_evidence(name, opinion, sure)) for name, opinion in opinions.items()}


def _evidence(name: str, opinion: Opinion, sure: Mapping[str, Mapping[str, float]]) -> list[Evidence]:
    def elsewhere(*categories: str) -> float:
        """How sure it is that another column is of one of these categories."""
        doubt = 1.0
        for category in categories:
            for column, probability in sure.get(category, {}).items():
                if column != name:
                    doubt *= 1 - probability
        return 1 - doubt

    proposed = {item.category for item in opinion.evidence if item.weight > 0}
    found = []
    person, firm = elsewhere(*_PERSON), elsewhere(*_FIRM)
    if "full_name" in proposed and elsewhere("first_name") > 0.8 and elsewhere("last_name") < 0.5:
        found.append(Evidence("last_name", 9.0, "beside a first name", "neighbours"))
    if "full_name" in proposed and firm > 0.8 and elsewhere("first_name", "full_name", "birth_date") < 0.5:
        found.append(Evidence("company_name", 1.5, "beside a firm's number", "neighbours"))
    for category in proposed.intersection(_LIFTED):
        if category in _PLACE:
            places = elsewhere(*(place for place in _PLACE if place != category))
            if places > 0.6:
                found.append(Evidence(category, 2.0 * places, "beside other parts of an address", "neighbours"))
            elif person < 0.5 and firm < 0.5:
                found.append(Evidence(category, -2.0, "alone in its table", "neighbours"))
        elif person > 0.5 or firm > 0.5:
            found.append(Evidence(category, 1.5 * max(person, firm), "beside other personal columns", "neighbours"))
    return found
