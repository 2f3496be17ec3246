"""Surnames: an invented surname of the same language, particles included, beginning with a keyed letter.

Technique (ISO/IEC 20889): pseudonymization.

"van der Aa", "Van Der Aa" and "VANDERAA" are one surname; case stays. The language is told by the word lists and by
endings and particles; else it is one of the plan's locales. In a key, a token follows the name.

Example: van der Aa -> Guibel, PEETERS -> BIJHOMMELLAERE

Never reached: the pseudonyms are composed of stems and endings and equal no surname of the lists of real ones, so a
replaced full name is nobody's.
"""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from anonymizer.contracts import Binding, Kernel, Salts
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.pseudonyms.written_form import compact, restore_case
from anonymizer.transforms import _text
from anonymizer.transforms._names import Names

NAME = "last_name"
CATEGORIES: tuple[str, ...] = ("last_name",)
TECHNIQUE = "pseudonymization"
PARAMETERS: dict[str, str] = {}
BY_ROW = True


def kernel(binding: Binding) -> Kernel:
    """Takes every type: what is no text gets a value of its type."""
    return _text.text_kernel(binding, lambda narrow: _text.told_apart(narrow, _build, NAME))


def _build(binding: Binding, width: int | None) -> Kernel:
    names = Names(binding, NAME, replace(binding.domain, width=width))

    def mapped(values: pa.Array, salts: Salts | None = None) -> pa.Array:
        return restore_case(names(compact(values), salts), values)

    return mapped


def capacity(domain: Domain) -> int | None:
    """The invented names of one language that fit the width."""
    return _text.capacity(domain, Vocabulary.load("surnames", "nl").fitting(domain.width))
