"""Firms: an invented name with the legal form of the original."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.token import words
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.pseudonyms.written_form import compact, restore_case
from anonymizer.transforms._cells import first_fitting, part_domain

_FORM = (
    r"b\.?v\.?b\.?a\.?|b\.?v\.?|n\.?v\.?|s\.?p\.?r\.?l\.?u?\.?|s\.?r\.?l\.?|s\.?a\.?|s\.?c\.?r\.?l\.?|s\.?n\.?c\.?|"
    r"c\.?v\.?b\.?a\.?|c\.?v\.?|v\.?o\.?f\.?|v\.?z\.?w\.?|a\.?s\.?b\.?l\.?|comm\.?\s?v\.?|s\.?a\.?r\.?l\.?|s\.?a\.?s\.?|"
    r"e\.?u\.?r\.?l\.?|g\.?m\.?b\.?h\.?|a\.?g\.?|k\.?g\.?|u\.?g\.?|ltd\.?|limited|p\.?l\.?c\.?|l\.?l\.?c\.?|inc\.?|corp\.?"
)
_ENDS = rf"(?i)[\s,]+(?P<form>\(?(?:{_FORM})\)?)$"
_BEGINS = (
    r"(?i)^(?P<form>b\.?v\.?b\.?a\.?|b\.?v\.?|n\.?v\.?|s\.?p\.?r\.?l\.?|s\.?r\.?l\.?|s\.?a\.?|v\.?z\.?w\.?|asbl)\s+"
)


def is_firm(values: pa.Array) -> pa.Array:
    """Whether a legal form stands at the end or the beginning."""
    return pc.or_(pc.match_substring_regex(values, _ENDS), pc.match_substring_regex(values, _BEGINS))


class Companies:
    """Maps names of firms: visible text without nulls."""

    def __init__(self, binding: Binding, width: int | None) -> None:
        self._names = Vocabulary.load("companies")
        self._prf = Prf(binding.keys.derive("company_name", part_domain(binding, "company_name").name))
        self._width = width

    def __call__(self, values: pa.Array) -> pa.Array:
        begins = pc.struct_field(pc.extract_regex(values, _BEGINS), "form")
        ends = pc.struct_field(pc.extract_regex(values, _ENDS), "form")
        core = pc.replace_substring_regex(pc.replace_substring_regex(values, _ENDS, ""), _BEGINS, "")
        hashes = self._prf(compact(core))[:, 0]
        names = restore_case(self._names.pick(hashes), core)
        forms = [pc.binary_join_element_wise(begins, names, ends, " ", null_handling="skip")]
        if self._width is not None:
            room = self._width
            fitting = self._names.fitting(room)
            short = self._names.pick(hashes, room) if fitting else words(hashes, min(room, 6))
            one_word = pc.replace_substring_regex(names, " .*", "")
            forms += [pc.binary_join_element_wise(begins, one_word, ends, " ", null_handling="skip"), names]
            forms += [restore_case(short, core)]
        return first_fitting(forms, self._width)
