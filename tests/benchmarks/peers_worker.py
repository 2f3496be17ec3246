"""Asks one peer about columns: run by `bench_peers` in an environment that holds the peers and not this project.

JSON on standard input: a list of {"table", "column", "values"}; on the last line of standard output a list of our
categories or null. Exit code 3: the peer is not installed.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable

MISSING = 3
KINDS = {
    "EMAIL_ADDRESS": "email", "EMAIL": "email", "PHONE_NUMBER": "phone", "PHONE": "phone", "IBAN_CODE": "iban",
    "CREDIT_CARD": "credit_card", "CREDIT_CARD_NUMBER": "credit_card", "IP_ADDRESS": "ip_address", "IPV4": "ip_address",
    "IPV6": "ip_address", "MAC_ADDRESS": "mac_address", "URL": "url", "PERSON": "full_name", "NAME": "full_name",
    "ADDRESS": "street_address", "LOCATION": "city", "US_SSN": "national_id", "SSN": "national_id",
    "SOCIAL_SECURITY_NUMBER": "national_id", "NATIONAL_INSURANCE_NUMBER": "national_id", "UK_NHS": "national_id",
    "BAN": "bank_account", "US_BANK_NUMBER": "bank_account", "POSTAL_CODE": "postcode", "POSTALCODE": "postcode",
    "DATE_OF_BIRTH": "birth_date", "CREDENTIAL": "password_or_secret", "TWITTER": "username", "SKYPE": "username",
    "VEHICLE_LICENCE_PLATE": "other_personal", "DRIVERS_LICENSE": "national_id", "DRIVERS_LICENCE": "national_id",
}  # fmt: skip
"""The peers' words in ours; what has no word here (dates, integers, ordinals) is not personal to them."""

Peer = Callable[[str, list[str]], "Iterable[Iterable[str]]"]
"""A column's name and values -> the kinds found in each value."""


def presidio() -> Peer:
    """Its pattern recognisers: no language model can be had where no network is."""
    from presidio_analyzer import RecognizerRegistry

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers()
    chosen = [r for r in registry.recognizers if hasattr(r, "patterns") or type(r).__name__ == "PhoneRecognizer"]

    def kinds(value: str) -> set[str]:
        found = set()
        for recognizer in chosen:
            for result in recognizer.analyze(value, recognizer.supported_entities, None) or ():
                if result.score >= 0.4:
                    found.add(result.entity_type)
        return found

    return lambda name, values: [kinds(value) for value in values]


def scrubadub() -> Peer:
    import scrubadub as library

    scrubber = library.Scrubber()
    return lambda name, values: [{f.type.upper() for f in scrubber.iter_filth(value)} for value in values]


def dataprofiler() -> Peer:
    """Its structured data labeller."""
    import dataprofiler as library

    labeller = library.DataLabeler(labeler_type="structured")
    return lambda name, values: [[each] for each in labeller.predict(values)["pred"]] if values else []


def commonregex() -> Peer:
    from commonregex import CommonRegex

    words = {"emails": "EMAIL", "phones": "PHONE", "ips": "IPV4", "credit_cards": "CREDIT_CARD", "links": "URL",
             "street_addresses": "ADDRESS"}  # fmt: skip

    def kinds(value: str) -> set[str]:
        found = CommonRegex(value)
        return {kind for attribute, kind in words.items() if getattr(found, attribute)}

    return lambda name, values: [kinds(value) for value in values]


def main() -> None:
    try:
        ask = {"presidio": presidio, "scrubadub": scrubadub, "dataprofiler": dataprofiler, "commonregex": commonregex}[
            sys.argv[1]
        ]()
    except ImportError:
        sys.exit(MISSING)
    answers: list[str | None] = []
    for column in json.load(sys.stdin):
        values = [value[:500] for value in column["values"] if value.strip()]
        count = Counter(KINDS[kind] for kinds in ask(column["column"], values) for kind in {*kinds} if kind in KINDS)
        best = max(count, key=lambda kind: count[kind], default=None)
        answers.append(best if best and 2 * count[best] >= len(values) else None)
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
