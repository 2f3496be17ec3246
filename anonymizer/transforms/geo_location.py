"""Coordinates: the place to some ten kilometres; what is finer is drawn by lot.

Technique (ISO/IEC 20889): randomization (noise addition) of the digits after the first decimal.

Works on degrees with a decimal point, alone or in pairs, in text, numbers, points (4.35,50.85) and WKT, and on points
in the hexadecimal form of PostGIS. Every distinct value gets digits of its own, so one place stays one place. Whole
numbers of more than four digits (microdegrees) keep the first three. Geohashes and other text keep their look.

Example: 50.85034 -> 50.81746; POINT(4.351721 50.850346) -> POINT(4.309182 50.877105)

Never reached: coordinates with one decimal or none stay, since they already name no more than a region. Shapes other
than points in binary form become a point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel, Parameters
from anonymizer.model.plan import Domain
from anonymizer.model.schema import TypeFamily
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.written_form import flat_bytes, with_bytes
from anonymizer.transforms import _numbered
from anonymizer.transforms._cells import refuse

NAME = "geo_location"
CATEGORIES: tuple[str, ...] = ("geo_location",)
TECHNIQUE = "randomization"
PARAMETERS: Mapping[str, str] = {
    "decimals": "How many decimals of the degrees stay, 0 to 3; 1 (some 10 km) if not given."
}

_MOST_DECIMALS = 3
_PLACE = r"^(?:(?:SRID=[0-9]+;)?\s*[A-Za-z ]*\()?[-+0-9.,;\s()<>]*$"
_COARSE = r"^\s*[-+]?[0-9]{1,3}(?:[.,][0-9]{0,3})?\s*$"
_WHOLE = r"^-?[0-9]{5,}$"
_KEPT_WHOLE = 3
_WKB_POINT = r"^(?:\\x)?01(?:01000000|01000020[0-9A-Fa-f]{8})[0-9A-Fa-f]{32}$"
_WKB = r"^(?:\\x)?0[01][0-9A-Fa-f]{8,}$"
_NOWHERE = "0101000000" + 32 * "0"
_DIGITS_OF_POINT = 32
_FAMILIES = (TypeFamily.GEOMETRY, TypeFamily.OTHER)


def mistake(parameters: Parameters) -> str | None:
    """See `contracts.Transform`."""
    decimals = parameters.get("decimals", 1)
    good = isinstance(decimals, int) and not isinstance(decimals, bool) and 0 <= decimals <= _MOST_DECIMALS
    return None if good else f"`decimals` of a place is a whole number from 0 to {_MOST_DECIMALS}"


def kernel(binding: Binding) -> Kernel:
    """Text, numbers and geometry; other types get a value of their type. Raises RuleError for unknown decimals."""
    refuse(binding, mistake(binding.parameters))
    if binding.column.family is TypeFamily.GEOMETRY:
        binding = replace(binding, column=replace(binding.column, family=TypeFamily.TEXT))
    return _numbered.kernel(binding, _kinds)


def capacity(domain: Domain) -> int | None:
    """No bound: as many as there are values of that form."""
    return None


def _kinds(binding: Binding) -> Sequence[_numbered.Kind]:
    prf = Prf(binding.keys.derive("place", binding.domain.name))
    decimals = int(binding.parameters.get("decimals", 1) or 0)

    def matches(pattern: str) -> Kernel:
        return lambda values: pc.match_substring_regex(values, pattern)

    def is_fine(values: pa.Array) -> pa.Array:
        more = pc.match_substring_regex(values, rf"[.,][0-9]{{{decimals + 1}}}")
        return pc.and_(pc.match_substring_regex(values, _PLACE), more)

    points = _numbered.Kind(matches(_WKB_POINT), lambda values: _points(values, prf, decimals))
    if binding.domain.unique:
        return (points,)  # noise would make two places one
    return (
        points,
        _numbered.Kind(matches(_WHOLE), lambda values: _redrawn(values, prf, _KEPT_WHOLE, "")),
        _numbered.Kind(matches(_WKB), lambda values: pa.array([_NOWHERE] * len(values))),
        _numbered.Kind(is_fine, lambda values: _redrawn(values, prf, decimals, ".")),
        _numbered.Kind(matches(_COARSE), lambda values: values),
    )


def _redrawn(values: pa.Array, prf: Prf, kept: int, point: str) -> pa.Array:
    """Draws the digits that stand further than `kept` places after a decimal point (or, with "", after the start).

    A comma is the decimal point of values without a point.
    """
    data, offsets = flat_bytes(values)
    lengths = np.diff(offsets)
    is_digit = (data - np.uint8(ord("0"))) < 10
    place = np.arange(len(data))
    before = np.maximum.accumulate(np.where(is_digit, -1, place)) if len(data) else place
    before = np.maximum(before, np.repeat(offsets[:-1], lengths) - 1)  # the sign that ends what is before the digits
    if point:
        with_point = pc.match_substring(values, ".").to_numpy(zero_copy_only=False)
        sign = np.repeat(np.where(with_point, ord("."), ord(",")), lengths)
        chosen = is_digit & (before >= 0) & (data[np.maximum(before, 0)] == sign) & (place - before > kept)
        chosen &= before >= np.repeat(offsets[:-1], lengths)
    else:
        chosen = is_digit & (place - before > kept)
    counts = np.diff(np.concatenate([np.zeros(1, np.int64), np.cumsum(chosen)])[offsets])
    result = data.copy()
    result[chosen] = prf.stream(prf(values), counts) % 10 + np.uint8(ord("0"))
    return with_bytes(values, result)


def _points(values: pa.Array, prf: Prf, decimals: int) -> pa.Array:
    """Little-endian points in hexadecimal well-known binary: the last 32 digits are two floating-point numbers."""
    front = pc.utf8_slice_codeunits(values, 0, -_DIGITS_OF_POINT)
    coordinates = pc.utf8_slice_codeunits(values, -_DIGITS_OF_POINT)
    text = flat_bytes(coordinates)[0].tobytes().decode("ascii")
    numbers = np.frombuffer(bytes.fromhex(text), "<f8").reshape(-1, 2)
    scale = 10.0**decimals
    drawn = (prf(pc.ascii_upper(coordinates)) >> np.uint64(11)).astype(np.float64) / 2.0**53
    finite = np.isfinite(numbers) & (np.abs(numbers) < 2.0**52)
    coarse = np.floor(np.where(finite, numbers, 0.0) * scale)
    moved = np.where(finite, (coarse + drawn) / scale, numbers).astype("<f8")
    digits = moved.tobytes().hex().upper()
    rows = [digits[start : start + _DIGITS_OF_POINT] for start in range(0, len(digits), _DIGITS_OF_POINT)]
    return pc.binary_join_element_wise(front, pa.array(rows, pa.string()), "")
