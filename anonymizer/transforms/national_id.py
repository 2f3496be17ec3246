"""National identification numbers: never-issued numbers of the same kind, in the same written form.

Technique (ISO/IEC 20889): pseudonymization. A Belgian national or bis number becomes the never-issued number (serial
000 or 999) of the date that its birth date maps to in the domain birth_date, and of the same sex. French, German,
Dutch, Italian, Polish, Spanish, Swiss, British and American numbers become others of their kind, never-issued ones
where such are known. Anything else keeps its look: letters to letters, digits to digits.

Example: 85.07.30-000.61 -> 86.12.26-000.02, and the birth date 1985-07-30 -> 1986-11-02.

Capacity: one Belgian number per birth date and sex, some 90,000: people born on one day share it. In a key, all but one
of them get a number of another birth date, a near one where one is free, and of their sex. Where even that is too few,
or should the dates agree, `range: issued` keeps different numbers different, at the price that some are somebody's.

Never reached: Dutch pseudonyms begin with 9, which is not confirmed to be never issued; Spanish and Swiss ones could be
somebody's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType

import numpy as np
import pyarrow as pa

from anonymizer.contracts import Binding, Kernel, Parameters
from anonymizer.identifiers import (
    be_bis_number,
    be_national_number,
    ch_ahv,
    de_steuer_id,
    es_nif,
    fr_nir,
    gb_nhs,
    gb_nino,
    it_codice_fiscale,
    nl_bsn,
    pl_pesel,
    us_ssn,
)
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.prf import Prf
from anonymizer.transforms import _numbered
from anonymizer.transforms._birth_dates import BirthDates
from anonymizer.transforms._cells import refuse

NAME = "national_id"
CATEGORIES: tuple[str, ...] = ("national_id",)
TECHNIQUE = "pseudonymization"
PARAMETERS: Mapping[str, str] = {
    "coherent": "`false`: Belgian numbers map as a whole, and their dates no longer agree with birth dates.",
    **_numbered.RANGE,
}

WIDER = _numbered.WIDER
MOVED = (
    "share their birth date and sex with others, for which there is one number that nobody has: their birth dates are "
    "near ones that agree with no other column; `range: issued`, with a reason, keeps them all"
)
_BELGIAN_DIGITS = 11
_ISSUED = 998 * 365 * 40
"""Issued numbers of forty years of births: a pseudonym lies near its original, and so do most people."""
_OTHERS = (fr_nir, de_steuer_id, nl_bsn, gb_nino, us_ssn, es_nif, it_codice_fiscale, ch_ahv, pl_pesel, gb_nhs)
_NEAR = 183
"""Days that a number may lie off its birth date where its first place is taken: twice as many every fourth time."""
_SERIALS = 499
"""Serial numbers per birth date and sex: 001, 003 .. 997 for men, 002, 004 .. 998 for women."""


def mistake(parameters: Parameters) -> str | None:
    """See `contracts.Transform`."""
    if not isinstance(parameters.get("coherent", True), bool):
        return "`coherent` is true or false"
    return _numbered.mistake(parameters)


def kernel(binding: Binding) -> Kernel:
    """Text and whole numbers; other types get a value of their type. Raises RuleError for unknown parameters."""
    refuse(binding, mistake(binding.parameters))
    return _numbered.kernel(binding, _kinds, digits=_BELGIAN_DIGITS)


def capacity(domain: Domain) -> int | None:
    """That of the Belgian numbers, which are fewest."""
    return _ISSUED if domain.parameters.get("range") == "issued" else be_national_number.CAPACITY


def _kinds(binding: Binding) -> Sequence[_numbered.Kind]:
    return (
        *(_belgian(binding, identifier) for identifier in (be_national_number, be_bis_number)),
        *(_numbered.by_index(binding, identifier) for identifier in _OTHERS),
    )


def _belgian(binding: Binding, identifier: ModuleType) -> _numbered.Kind:
    if not binding.parameters.get("coherent", True):
        return _numbered.by_index(binding, identifier)
    if binding.variant:
        return _of_same_sex(binding, identifier)
    dates = BirthDates(binding)
    prf = Prf(binding.keys.derive("number", binding.domain.name, "serial"))
    issued = binding.parameters.get("range") == "issued"

    def replaced(values: pa.Array) -> pa.Array:
        days, male = identifier.split(values)
        new = dates(days)
        if not issued:
            return identifier.join(new, male, values)
        # A keyed affine permutation of the serial numbers of each day and sex; 499 is a prime.
        hashes = prf.of_numbers((days * 2 + male).astype(np.uint64)) % np.uint64(_SERIALS)
        old = np.maximum(identifier.serials(values) - 1, 0).astype(np.uint64) // np.uint64(2) % np.uint64(_SERIALS)
        factor = hashes[:, 0] % np.uint64(_SERIALS - 1) + np.uint64(1)
        serial = 2 * ((old * factor + hashes[:, 1]) % np.uint64(_SERIALS)).astype(np.int64) + np.where(male, 1, 2)
        return identifier.join(new, male, values, serial)

    return _numbered.Kind(identifier.is_valid, replaced)


def _of_same_sex(binding: Binding, identifier: ModuleType) -> _numbered.Kind:
    """For a number whose place is taken: one of a birth date near its own, and of its sex.

    The more often the places that were tried are taken, the further away the date may lie.
    """
    first, last = identifier.FIRST_DAY, identifier.FIRST_DAY + identifier.CAPACITY // 2 - 1
    dates, reach = BirthDates(binding), min(_NEAR << binding.variant // 4, last - first)
    prf = Prf(binding.own_key("number", binding.domain.name, "elsewhere"))

    def replaced(values: pa.Array) -> pa.Array:
        days, male = identifier.split(values)
        middle = np.clip(dates(days), first, last)
        earliest = np.maximum(middle - reach, first)
        choices = np.minimum(middle + reach, last) - earliest + 1
        drawn = prf(identifier.compact(values))[:, 0] % choices.astype(np.uint64)
        return identifier.join(earliest + drawn.astype(np.int64), male, values)

    return _numbered.Kind(identifier.is_valid, replaced)
