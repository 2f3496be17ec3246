"""Nanoseconds a value for each category: its transform, beside keyed hashing alone and beside one call of Faker.

The column of each category is synthetic: VALUES rows (default 200,000) of a tenth as many different values, in batches
of 32,768, as a store gives them. CPU time of one thread; the best of three rounds. Faker's figure is one call of the
provider that peers use for the category, in Dutch as spoken in Belgium.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from types import ModuleType

import pyarrow as pa
from faker import Faker

from anonymizer import registry
from anonymizer.model.finding import CATEGORIES
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.prf import Prf
from tests.transforms.bindings import bind

BATCH = 32_768
ROUNDS = 3
CALLS = 2_000
FAMILIES = {"geo_location": TypeFamily.TEXT, "birth_date": TypeFamily.DATE, "salary_or_finance": TypeFamily.NUMBER}


def sources(fake: Faker) -> dict[str, tuple[Callable[[], str], Callable[[], object]]]:
    """Category -> what a source would hold, and the call of Faker that peers replace it by."""

    def national_number() -> str:
        body = f"{random.randrange(40, 99)}{random.randrange(1, 13):02d}{random.randrange(1, 29):02d}"
        body += f"{random.randrange(1, 998):03d}"
        return f"{body}{97 - int(body) % 97:02d}"

    def phone() -> str:
        return f"+32 4{random.randrange(70, 99)} {random.randrange(10, 99)} {random.randrange(10, 99)} 11"

    def mail() -> str:
        return f"{fake.first_name()}.{fake.last_name()}{random.randrange(99)}@firm.be".lower().replace(" ", "")

    def address() -> str:
        return f"{fake.street_name()} {random.randrange(200)}"

    def vat() -> str:
        number = random.randrange(2_000_000, 9_999_999) * 1
        return f"BE0{number}{97 - number % 97:02d}"

    def text(call: Callable[[], object]) -> tuple[Callable[[], str], Callable[[], object]]:
        return lambda: str(call()), call

    return {
        "first_name": text(fake.first_name),
        "last_name": text(fake.last_name),
        "full_name": text(fake.name),
        "person_name": text(fake.name),
        "company_name": text(fake.company),
        "email": (mail, fake.email),
        "username": text(fake.user_name),
        "phone": (phone, fake.phone_number),
        "street_address": (address, fake.street_address),
        "city": text(fake.city),
        "postcode": text(fake.postcode),
        "region": text(fake.administrative_unit),
        "country": text(fake.country),
        "birth_date": text(fake.date_of_birth),
        "national_id": (national_number, fake.ssn),
        "vat_number": (vat, fake.vat_id),
        "company_id": (lambda: vat()[2:], fake.vat_id),
        "iban": text(fake.iban),
        "bank_account": text(fake.bban),
        "credit_card": text(fake.credit_card_number),
        "ip_address": text(fake.ipv4),
        "mac_address": text(fake.mac_address),
        "cookie_or_device_id": text(fake.uuid4),
        "url": text(fake.url),
        "user_agent": text(fake.user_agent),
        "geo_location": (lambda: f"{fake.latitude()}", fake.latitude),
        "free_text": text(fake.text),
        "job_title": text(fake.job),
        "password_or_secret": text(fake.password),
        "salary_or_finance": (lambda: f"{random.randrange(2000, 9000)}.50", lambda: fake.pydecimal(4, 2)),
        "gender": (lambda: random.choice("MFX"), lambda: fake.random_element("MFX")),
        "health": text(fake.text),
        "other_personal": text(fake.bothify),
        "document_or_blob": text(fake.file_name),
        "photo": text(fake.image_url),
        "signature": text(fake.text),
    }


def nanoseconds(call: Callable[[], object], count: int) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        call()
        best = min(best, time.process_time() - began)
    return best / count * 1e9


def main() -> None:
    rows = int(os.environ.get("VALUES", "200000"))
    random.seed(1)
    Faker.seed(1)
    fake = Faker("nl_BE")
    usual: dict[str, ModuleType] = {
        category: module for module in registry.load("transforms").values() for category in module.CATEGORIES
    }
    calls = sources(fake)
    missing = set(CATEGORIES) - set(calls)
    assert not missing, missing
    prf = Prf(bytes(range(16)))
    print(f"{'category':22} {'ns/value':>9} {'hashing':>8} {'Faker':>9} {'x faster':>9}")
    for category in CATEGORIES:
        make, faked = calls[category]
        values = random.choices([make() for _ in range(rows // 10)], k=rows)
        batches = [pa.array(values[begin : begin + BATCH], pa.string()) for begin in range(0, rows, BATCH)]
        module = usual[category]
        kernel = module.kernel(bind(module.NAME, FAMILIES.get(category, TypeFamily.TEXT)))
        kernel(batches[0])
        own = nanoseconds(lambda batches=batches, kernel=kernel: [kernel(batch) for batch in batches], rows)
        hashing = nanoseconds(lambda batches=batches: [prf(batch) for batch in batches], rows)
        called = nanoseconds(lambda faked=faked: [faked() for _ in range(CALLS)], CALLS)
        print(f"{category:22} {own:9.0f} {hashing:8.0f} {called:9.0f} {called / own:9.1f}")


if __name__ == "__main__":
    main()
