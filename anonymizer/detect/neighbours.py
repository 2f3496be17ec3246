"""Second look: what the other columns of a table, as found so far, say of the doubtful ones.

A "name" beside a birth date is a person's; beside a first name it is the family name; a "state" beside a city is part
of an address. A place alone in its table is an entry of a list of places. Of a column whose name says nothing,
`_unknown` tells how likely it is personal.
"""

from __future__ import annotations

from collections.abc import Mapping

from anonymizer.contracts import Exhibit
from anonymizer.detect import _unknown
from anonymizer.detect._phrases import of, repeated_affixes
from anonymizer.detect._references import taken_apart
from anonymizer.detect._terse import words_of
from anonymizer.detect._weigh import Opinion, opinion
from anonymizer.model.finding import Evidence
from anonymizer.model.schema import TypeFamily

_PLACE = ("street_address", "city", "postcode", "region", "country")
_PLACES_AT_MOST = 9
_FEWEST_OF_PAY, _SURE = 2, 0.8
_PERSON = (
    "first_name last_name full_name birth_date national_id email phone gender username password_or_secret "
    "street_address salary_or_finance job_title photo iban ip_address cookie_or_device_id"
).split()
_FIRM = "company_name vat_number company_id".split()
_AMOUNTS = frozenset(
    "amount total sum gross net bedrag totaal som bruto netto montant somme brut betrag summe gesamt brutto".split()
)
_REGISTERS = frozenset(
    "postal postcode zip zipcode plz street straat strasse rue gemeente commune localite city town plaats stad ville "
    "ort ref reference lookup".split()
)
"""Words of the names of tables that list places, streets included."""
_REACHED = ("email", "phone", "street_address", "birth_date", "national_id", "iban")
_LIFTED = frozenset(
    "full_name company_name last_name job_title region country city postcode free_text url photo document_or_blob "
    "other_personal username street_address signature salary_or_finance bank_account geo_location person_name health "
    "birth_date".split()
)
"""Categories whose column names are ambiguous, so that the company they keep decides."""


def reconsider(exhibit: Exhibit, opinions: Mapping[str, Opinion]) -> Mapping[str, tuple[Evidence, ...]]:
    """Column -> further evidence, from the opinions on all columns of its table."""
    others = _Others(opinions)
    plain, whose, amounts = _plainly_named(exhibit), _lists_places(exhibit), _amounts(exhibit)
    found = {
        name: (*_lifted(name, seen, others, name in plain, whose), *(_paid(name, others) if name in amounts else ()))
        for name, seen in opinions.items()
    }
    lifted = {
        name: opinion((*opinions[name].evidence, *items)) if items else opinions[name] for name, items in found.items()
    }
    for name, item in _unknown.evidence(exhibit, lifted).items():
        found[name] = (*found[name], item)
    return found


class _Others:
    """How sure it is that another column of the table is of some category."""

    def __init__(self, opinions: Mapping[str, Opinion]) -> None:
        self._sure: dict[str, dict[str, float]] = {}
        for name, seen in opinions.items():
            for category, probability in seen.probabilities.items():
                self._sure.setdefault(category, {})[name] = probability

    def count(self, name: str, category: str) -> int:
        """How many columns other than `name` are mostly likely of this category."""
        return sum(p > _SURE for column, p in self._sure.get(category, {}).items() if column != name)

    def than(self, name: str, *categories: str) -> float:
        """The probability that at least one column other than `name` is of one of these categories."""
        doubt = 1.0
        for category in categories:
            for column, probability in self._sure.get(category, {}).items():
                if column != name:
                    doubt *= 1 - probability
        return 1 - doubt


def _plainly_named(exhibit: Exhibit) -> frozenset[str]:
    """The columns whose name, apart from the table's own words, is one word: "name", not "insurer name"."""
    phrases = of(exhibit.packs)
    table = set(phrases.table_words(exhibit.table.name.name))
    words = words_of(phrases, [column.name for column in exhibit.table.columns])
    silent = table | {word for phrase in phrases.people for word in phrase} | {*repeated_affixes(list(words.values()))}
    return frozenset(name for name, each in words.items() if len([w for w in each if w not in silent]) <= 1)


def _amounts(exhibit: Exhibit) -> frozenset[str]:
    """The columns of decimal numbers that are called amounts, whatever of."""
    phrases = of(exhibit.packs)
    words = words_of(phrases, [column.name for column in exhibit.table.columns])
    numbers = [column.name for column in exhibit.table.columns if column.family is TypeFamily.NUMBER]
    return frozenset(name for name in numbers if _AMOUNTS.intersection(words[name]))


def _paid(name: str, others: _Others) -> tuple[Evidence, ...]:
    """An amount among amounts of pay is one of them: "total" of a payslip."""
    if others.count(name, "salary_or_finance") < _FEWEST_OF_PAY:
        return ()
    return (Evidence("salary_or_finance", 8.0, "an amount beside amounts of pay", "neighbours"),)


def _lists_places(exhibit: Exhibit) -> tuple[str, ...] | None:
    """What a list of places does not hold, None where the table is none: one of few columns, that tells no moment and
    points at no row. Streets may stand in one that is called a register."""
    table = exhibit.table
    listed = (
        len(table.columns) <= _PLACES_AT_MOST
        and not table.foreign_keys
        and not any(column.family in (TypeFamily.DATE, TypeFamily.TIMESTAMP) for column in table.columns)
        and not any(
            found.key and found.stem
            for column in table.columns
            if column.name not in table.primary_key
            for found in (taken_apart(column.name),)
        )
    )
    if not listed:
        return None
    register = _REGISTERS.intersection(of(exhibit.packs).table_words(table.name.name))
    return tuple(category for category in _PERSON if not (register and category == "street_address"))


def _lifted(name: str, seen: Opinion, others: _Others, plain: bool, whose: tuple[str, ...] | None) -> list[Evidence]:
    """`whose`: what a list of places does not hold; None for a table that is none."""
    proposed = {item.category for item in seen.evidence if item.weight > 0}
    found = []
    person, firm = others.than(name, *_PERSON), others.than(name, *_FIRM)
    gazetteer = whose is not None and others.than(name, *whose, *_FIRM) < 0.3
    register = whose is not None and "street_address" not in whose
    if (
        "full_name" in proposed
        and seen.leads("full_name")
        and others.than(name, "first_name") > 0.8
        and others.than(name, "last_name") < 0.5
    ):
        found.append(Evidence("last_name", 9.0 if plain else 1.0, "beside a first name", "neighbours"))
    if "full_name" in proposed and firm > 0.8 and others.than(name, "first_name", "full_name", "birth_date") < 0.5:
        found.append(Evidence("company_name", 1.5, "beside a firm's number", "neighbours"))
    for category in sorted(proposed & _LIFTED):
        if category in _PLACE:
            places = others.than(name, *(place for place in _PLACE if place != category))
            if gazetteer and (places > 0.6 or register):
                found.append(Evidence(category, -4.0, "its table is a list of places", "neighbours"))
            elif places > 0.6:
                found.append(Evidence(category, 2.0 * places, "beside other parts of an address", "neighbours"))
            elif person < 0.5 and firm < 0.5:
                found.append(Evidence(category, -2.0, "alone in its table", "neighbours"))
        elif (
            category == "full_name"
            and seen.leads(category)
            and others.than(name, *_REACHED) > 0.8 > others.than(name, "first_name")
        ):
            found.append(Evidence(category, 3.0, "beside an address to reach someone", "neighbours"))
        elif person > 0.5 or firm > 0.5:
            found.append(Evidence(category, 1.5 * max(person, firm), "beside other personal columns", "neighbours"))
    return found
