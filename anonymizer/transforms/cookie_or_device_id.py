"""Identifiers of browsers, devices and sessions: other signs of the same alphabet.

Technique (ISO/IEC 20889): pseudonymization. UUIDs become UUIDs of version 4; hexadecimal digits stay hexadecimal
digits, digits digits and letters letters, each in their case; everything else, and the GA1.2. of an analytics cookie,
stays. The length stays.

Example: GA1.2.1203984756.1698765432 -> GA1.2.7714029385.3350918274, and 3f2a9c0e -> b81d07f4.

Never reached: such values reach nobody by themselves. In a unique domain, values of less than sixteen signs are
replaced one to one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Binding, Kernel
from anonymizer.identifiers import uuid
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.written_form import counts_per_row, flat_bytes, with_bytes
from anonymizer.transforms import _numbered

NAME = "cookie_or_device_id"
CATEGORIES: tuple[str, ...] = ("cookie_or_device_id",)
TECHNIQUE = "pseudonymization"
PARAMETERS: Mapping[str, str] = {}

_LONG = r"^(?:.*[^0-9].*|.{20,})$"
"""Not a plain number: those are replaced as numbers, so that text and integer columns agree."""
_UNIQUE = r"^[!-~]{16,}$"
_PREFIX = r"^(?P<prefix>(?:GA1\.[0-9]+\.|fb\.[0-9]+\.)?)"
_DIGITS, _LOWER, _UPPER, _HEX_LOWER, _HEX_UPPER = range(1, 6)
_ALPHABETS = {
    _DIGITS: b"0123456789",
    _LOWER: b"abcdefghijklmnopqrstuvwxyz",
    _UPPER: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    _HEX_LOWER: b"0123456789abcdef",
    _HEX_UPPER: b"0123456789ABCDEF",
}
_CLASS = np.zeros(256, np.uint8)
for _kind in (_DIGITS, _LOWER, _UPPER):
    _CLASS[list(_ALPHABETS[_kind])] = _kind
_LEAST_HEXADECIMAL = 8


def kernel(binding: Binding) -> Kernel:
    """Text and whole numbers; other types get a value of their type."""
    return _numbered.kernel(binding, _kinds)


def capacity(domain: Domain) -> int | None:
    """No bound: as many as there are values of that form."""
    return None


def _kinds(binding: Binding) -> Sequence[_numbered.Kind]:
    prf = Prf(binding.keys.derive("cookie", binding.domain.name))
    form = _UNIQUE if binding.domain.unique else _LONG

    def is_long(values: pa.Array) -> pa.Array:
        return pc.and_(pc.match_substring_regex(values, form), pc.match_substring_regex(values, r"[0-9A-Za-z]"))

    return (
        _numbered.Kind(uuid.is_valid, lambda values: uuid.from_words(prf(uuid.compact(values)), values)),
        _numbered.Kind(is_long, lambda values: _respelled(values, prf)),
    )


def _respelled(values: pa.Array, prf: Prf) -> pa.Array:
    """Each letter and digit, but for a known prefix, becomes another of its alphabet, as the value's hash says."""
    data, offsets = flat_bytes(values)
    kinds = _CLASS[data]
    for pattern, kind in ((r"^[0-9a-f]+$", _HEX_LOWER), (r"^[0-9A-F]+$", _HEX_UPPER)):
        rows = _matching(values, pattern) & _matching(values, r"[A-Fa-f]") & (np.diff(offsets) >= _LEAST_HEXADECIMAL)
        kinds[np.repeat(rows, np.diff(offsets))] = kind
    prefix = pc.binary_length(pc.struct_field(pc.extract_regex(values, _PREFIX), [0])).to_numpy(zero_copy_only=False)
    place = np.arange(len(data)) - np.repeat(offsets[:-1], np.diff(offsets))
    kinds[place < np.repeat(prefix, np.diff(offsets))] = 0
    chosen = kinds > 0
    stream = prf.stream(prf(values), counts_per_row(chosen, offsets))
    old, kinds = data[chosen], kinds[chosen]
    new = old.copy()
    for kind, letters in _ALPHABETS.items():
        rows = kinds == kind
        alphabet = np.frombuffer(letters, np.uint8)
        new[rows] = alphabet[stream[rows] % len(letters)]
    result = data.copy()
    result[chosen] = new
    return with_bytes(values, result)


def _matching(values: pa.Array, pattern: str) -> NDArray[np.bool_]:
    return np.asarray(pc.match_substring_regex(values, pattern).to_numpy(zero_copy_only=False))
