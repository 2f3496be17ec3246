"""What account numbers in their national and international forms share: one account, one number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel
from anonymizer.identifiers import be_bank_account, be_structured_reference, bic, iban
from anonymizer.transforms import _numbered

_BELGIAN_DIGITS = 12
_REFERENCE = r"[+*/]{2}|^[0-9]{3}/[0-9]{4}/[0-9]{5}$"
"""What only a structured reference has: it too is ten digits with two check digits."""


def kernel(binding: Binding) -> Kernel:
    """Text and whole numbers; other types get a value of their type."""
    return _numbered.kernel(binding, _kinds, digits=_BELGIAN_DIGITS)


def _kinds(binding: Binding) -> Sequence[_numbered.Kind]:
    account = _numbered.indices(binding, be_bank_account, wraps=True)
    foreign = _numbered.indices(binding, iban, wraps=True)

    def iban_replaced(values: pa.Array) -> pa.Array:
        belgian, inside = iban.belgian_accounts(values)
        index = np.empty(len(values), np.uint64)
        index[belgian] = account(inside)
        if not belgian.all():
            index[~belgian] = foreign(pc.filter(values, pa.array(~belgian)))
        return iban.from_index(index, values)

    return (
        _numbered.Kind(iban.is_valid, iban_replaced),
        _reference(binding),
        _numbered.Kind(be_bank_account.is_valid, lambda values: be_bank_account.from_index(account(values), values)),
        _numbered.by_index(binding, bic),
    )


def _reference(binding: Binding) -> _numbered.Kind:
    kind = _numbered.by_index(binding, be_structured_reference)

    def is_valid(values: pa.Array) -> pa.Array:
        return pc.and_(kind.is_valid(values), pc.match_substring_regex(values, _REFERENCE))

    return _numbered.Kind(is_valid, kind.replaced)
