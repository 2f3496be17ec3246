"""What the tests of all identifiers share: pseudonyms in a written form, to be judged by somebody else's code."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pyarrow as pa

WRITTEN_FORMS: dict[str, tuple[str, ...]] = {
    "be_bank_account": ("151-0000005-35", "151000000535"),
    "be_bis_number": ("85.47.30-000.50", "85473000050", "852730 000 07"),
    "be_enterprise_number": ("BE 0000.000.097", "BE0000000097", "be 0000.000.097", "0000 000 097"),
    "be_national_number": ("85.07.30-000.61", "85073000061", "85 07 30 000 61"),
    "be_structured_reference": ("+++000/0000/00101+++", "***000/0000/00101***", "000000000101"),
    "bic": ("ZZZZBEA0", "ZZZZBEA0XXX"),
    "ch_ahv": ("756.0000.0000.19", "7560000000019"),
    "credit_card": ("9999 0000 0000 0004", "9999000000000004", "9999-000000-00000"),
    "de_steuer_id": ("00 123 456 785", "00123456785"),
    "de_vat": ("DE 900 000 006", "DE900000006"),
    "es_nif": ("00000014-Z", "00000014z", "X-0000001-R"),
    "eu_vat": ("ATU 0000 0024", "PL 100-000-00-06", "SE100000000801", "it00000010017"),
    "fr_nir": ("1 00 01 01 001 000 26", "100010100100026"),
    "fr_siren": ("000 000 018", "000000018"),
    "fr_siret": ("000 000 018 00002", "00000001800002"),
    "fr_vat": ("FR 66 000 000 018", "FR66000000018"),
    "gb_nhs": ("999 000 0018", "9990000018"),
    "gb_nino": ("QQ 12 34 56 C", "qq123456c"),
    "gb_vat": ("GB 010 0000 90", "XI010000090", "GB 010 0000 90 000"),
    "iban": ("BE57 1510 0000 0535", "be57151000000535", "IBAN BE57 1510 0000 0535", "DE89000000000000000005"),
    "ipv4": ("240.0.0.1", "240.0.0.1/32"),
    "ipv6": ("2001:db8::1", "2001:DB8::A/64"),
    "it_codice_fiscale": ("AAAAAA00A01N000U", "aaa aaa 00a01 n000u"),
    "lu_vat": ("LU 900000 32", "LU90000032"),
    "mac_address": ("02:00:00:00:00:01", "0200.0000.0001", "02-00-00-00-00-0A"),
    "nl_bsn": ("900000004", "9000.00.004"),
    "nl_vat": ("NL900000004B01", "NL 9000.00.004 B01"),
    "number_plate": ("5-AAA-001", "5.aaa.001", "AAA-000", "IA-001-AA", "12-CCQ-3", "CQ 001 C"),
    "phone": ("+32 401 23 45 67", "0401/23.45.67", "0032 2 012 34 56", "+31 6 90 12 34 56"),
    "pl_pesel": ("00610100006", "006101 00006"),
    "url": ("https://www.shop.example/a?b=c", "www.shop.example"),
    "us_ssn": ("666-01-0006", "666 01 0006"),
    "uuid": (
        "00000000-0000-4000-8000-000000000001",
        "{00000000-0000-4000-8000-00000000000A}",
        "0" * 12 + "4" + "0" * 19,
    ),
}
"""Identifier -> written forms that its values come in: never-issued numbers, written by us."""


def some(capacity: int, count: int = 500) -> np.ndarray:
    """Different indices below a capacity, its ends among them."""
    drawn = np.random.default_rng(7).integers(0, capacity, count, dtype=np.uint64)
    return np.unique(np.append(drawn, np.array([0, capacity - 1], np.uint64)))


def made(identifier: ModuleType, like: str, count: int = 500) -> list[str]:
    """Some pseudonyms of an identifier, in one written form."""
    indices = some(identifier.CAPACITY, count)
    return list(identifier.from_index(indices, pa.array([like] * len(indices))).to_pylist())


def accepted(identifier: ModuleType, *values: str) -> list[bool]:
    """What `is_valid` says of some values."""
    return list(identifier.is_valid(pa.array(values, pa.string())).to_pylist())
