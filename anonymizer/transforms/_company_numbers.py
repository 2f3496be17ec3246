"""What company numbers and VAT numbers share: one company, one number, however it is written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel
from anonymizer.identifiers import (
    be_enterprise_number,
    de_vat,
    eu_vat,
    fr_siren,
    fr_siret,
    fr_vat,
    gb_vat,
    lu_vat,
    nl_vat,
)
from anonymizer.pseudonyms.permutation import Permutation
from anonymizer.transforms import _numbered

_BELGIAN_DIGITS = 10
_WITH_COUNTRY = r"^[A-Za-z]{2}[ .-]?[0-9A-Za-z+*]{0,2}[0-9]"


def kernel(binding: Binding) -> Kernel:
    """Text and whole numbers; other types get a value of their type."""
    return _numbered.kernel(binding, _kinds, _BELGIAN_DIGITS, _after_country)


def _kinds(binding: Binding) -> Sequence[_numbered.Kind]:
    siren = _numbered.indices(binding, fr_siren)

    def siret_replaced(values: pa.Array) -> pa.Array:
        company, establishment = fr_siret.split(values)
        return fr_siret.from_index(siren(company) * np.uint64(fr_siret.ESTABLISHMENTS) + establishment, values)

    def french_vat_replaced(values: pa.Array) -> pa.Array:
        return fr_vat.from_index(siren(fr_vat.siren_of(values)), values)

    return (
        _numbered.by_index(binding, be_enterprise_number),
        _numbered.by_index(binding, nl_vat),
        _numbered.Kind(fr_vat.is_valid, french_vat_replaced),
        *(_numbered.by_index(binding, identifier) for identifier in (de_vat, lu_vat, gb_vat)),
        _numbered.Kind(eu_vat.is_valid, _european(binding)),
        _numbered.Kind(fr_siret.is_valid, siret_replaced),
        _numbered.by_index(binding, fr_siren),
    )


def _european(binding: Binding) -> Kernel:
    """One to one within the numbers of each country."""
    key = binding.keys.derive("number", _numbered.root(binding.domain), "eu_vat")

    def replaced(values: pa.Array) -> pa.Array:
        ranks, schemes = eu_vat.rank(values), eu_vat.schemes(values)
        for each in np.unique(schemes).tolist():
            here = schemes == each
            ranks[here] = Permutation(key, eu_vat.SCHEMES[each].space)(ranks[here])
        return eu_vat.from_rank(ranks, values)

    return replaced


def _after_country(kernel: Kernel) -> Kernel:
    """The kernel for what is no valid number: two letters in front of digits stay."""

    def mapped(values: pa.Array) -> pa.Array:
        country = pc.if_else(pc.match_substring_regex(values, _WITH_COUNTRY), pc.utf8_slice_codeunits(values, 0, 2), "")
        rest = pc.if_else(pc.equal(country, ""), values, pc.utf8_slice_codeunits(values, 2))
        return pc.binary_join_element_wise(country, kernel(rest), "")

    return mapped
