"""Telephone numbers: numbers that nobody can have, of the same country and kind, in the same written form.

Technique (ISO/IEC 20889): pseudonymization. All written forms of one number agree: +32 400 12 34 56, 0400/12.34.56
and 0032400123456. Numbers without a country are read in the country of the first locale. Different Belgian mobile
numbers stay different.

Example: +32 400 12 34 56 -> +32 443 90 17 22, and 0400/12.34.56 -> 0443/90.17.22.

Words beside a number that say what it is for ("tel.", "gsm", "na 18u", "ext", `tel:`) stay, other text keeps its look
only (see `_around_numbers`); in a key all of it does.

Never reached: the ranges and how sure they are stand in the identifier `phone`. Internal numbers keep their look, and
no internal number becomes one that calls for help, such as 112.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel
from anonymizer.identifiers import phone
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.permutation import Permutation
from anonymizer.pseudonyms.prf import Prf
from anonymizer.transforms import _numbered, _typed
from anonymizer.transforms._around_numbers import around, each_number

NAME = "phone"
CATEGORIES: tuple[str, ...] = ("phone",)
TECHNIQUE = "pseudonymization"
PARAMETERS: Mapping[str, str] = {}

_INSIDE = r"[+(]*[0-9](?:[ ./()-]{0,2}[0-9]){5,}"
"""A stretch of text that could be dialled."""
_RANGE = r"^(?P<number>.*[0-9])(?P<last> ?[-/] ?[0-9]{1,3})$"
"""A number and how those beside it end: 02/400.12.34-35."""
_MOST_NATIONAL, _OF_NINE_DIGITS = 9, [31, 32, 33]
"""The most digits of a number without its country (NL, BE, FR); in others what follows a dash belongs to it."""
_SERVICE = r"^\s*([01][0-9]{1,3}|911|999)\s*$"
"""Numbers that call for help or belong to a service in some country, such as 112, 100, 144, 911."""
_SERVICE_INSIDE = r"\b[019]([0-9]{1,3})\b"
_TRIES = 30
_MOBILE = 50_000_000
_BELGIAN_FIXED = 4_000_000
_COUNTRY_CODES = {"BE": 32, "NL": 31, "FR": 33, "DE": 49, "LU": 352, "GB": 44, "US": 1, "CH": 41, "AT": 43, "ES": 34}
_COUNTRY_CODES |= {"IT": 39, "PT": 351, "PL": 48, "CA": 1, "IE": 353}


def kernel(binding: Binding) -> Kernel:
    """Text and whole numbers; other types get a value of their type."""
    if binding.domain.unique:
        return _numbered.kernel(binding, _kinds)
    return _numbered.kernel(binding, _kinds, other=_with_words)


def _with_words(usual: Kernel) -> Kernel:
    """What holds no whole number, but digits or the scheme of a URL: "ext 12", "mailto:…"."""

    def mapped(values: pa.Array) -> pa.Array:
        result = usual(values)
        worded = pc.match_substring_regex(values, r"[0-9]|:\S")
        if not worded.true_count:
            return result
        kept = around(pc.filter(values, worded), usual, times=False)
        changed = pc.not_equal(kept, pc.filter(result, worded))
        kept = pc.if_else(changed, pc.replace_substring_regex(kept, _SERVICE_INSIDE, r"2\1"), kept)
        return pc.replace_with_mask(result, worded, kept)

    return mapped


def capacity(domain: Domain) -> int | None:
    """That of Belgian numbers other than mobile ones; of some countries' there are a thousand."""
    return _BELGIAN_FIXED


def _kinds(binding: Binding) -> Sequence[_numbered.Kind]:
    regions = [locale.partition("_")[2] for locale in binding.locales]
    country = next((_COUNTRY_CODES[region] for region in regions if region in _COUNTRY_CODES), phone.BELGIUM)
    prf = Prf(binding.own_key("number", binding.domain.name, "phone"))
    permuted = Permutation(binding.keys.derive("number", binding.domain.name, "Belgian mobile"), _MOBILE)

    def is_number(values: pa.Array) -> pa.Array:
        numbers = phone.parse(values, country)
        too_long = (numbers.national > _MOST_NATIONAL) & np.isin(numbers.country, _OF_NINE_DIGITS)
        if too_long.any():
            too_long &= pc.match_substring_regex(values, _RANGE).to_numpy(zero_copy_only=False)
        return pa.array((numbers.country > 0) & ~too_long)

    def replaced(values: pa.Array) -> pa.Array:
        numbers = phone.parse(values, country)
        mobile, rank = phone.belgian_mobile(numbers)
        if mobile.all():
            return phone.written(permuted(rank), numbers, values)
        index = prf(phone.identity(numbers))[:, 0]
        index[mobile] = permuted(rank[mobile])
        return phone.written(index, numbers, values)

    usual = _typed.kernel(binding)

    def words(values: pa.Array) -> pa.Array:
        return usual(values) if binding.domain.unique else around(values, usual, times=True)

    def is_range(values: pa.Array) -> pa.Array:
        number = pc.extract_regex(values, _RANGE).field("number")
        return pc.and_(pc.is_valid(number), is_number(number.fill_null("")))

    def ranges(values: pa.Array) -> pa.Array:
        parts = pc.extract_regex(values, _RANGE)
        return pc.binary_join_element_wise(replaced(parts.field("number")), usual(parts.field("last")), "")

    def several(values: pa.Array) -> pa.Array:
        """Text with numbers in it: the numbers are replaced where they stand."""
        kinds = (_numbered.Kind(is_number, replaced), _numbered.Kind(is_range, ranges))
        numbers = _numbered.by_kind(kinds, usual)
        return each_number(values, _INSIDE, numbers, words)

    def short(values: pa.Array) -> pa.Array:
        result = usual(values)
        for _ in range(_TRIES):
            service = pc.match_substring_regex(result, _SERVICE)
            if not service.true_count:
                return result
            result = pc.replace_with_mask(result, service, usual(pc.filter(result, service)))
        return pc.replace_substring_regex(result, r"^[01]|^(911|999)$", "2")

    holds = _numbered.Kind(lambda values: pc.match_substring_regex(values, _INSIDE), several)
    internal = _numbered.Kind(lambda values: pc.match_substring_regex(values, r"^\s*[0-9]{2,4}\s*$"), short)
    return (_numbered.Kind(is_number, replaced), holds, internal)
