"""Surnames: an invented surname of the same language behind the same particles, beginning with a keyed letter.

Technique (ISO/IEC 20889): pseudonymization.

"van der Aa", "Van Der Aa" and "VANDERAA" are one surname; case and particles stay as they are written, joined or
not. Each half of a double name maps as that surname alone does. The language is told by the word lists and by
endings and particles; else it is one of the plan's locales. In a key, a token follows the name.

Example: van der Aa -> van der Guibel, PEETERS -> BIJHOMMELLAERE

Never reached: the pseudonyms are composed of stems and endings and equal no surname of the lists of real ones, so a
replaced full name is nobody's.
"""

from __future__ import annotations

from dataclasses import replace

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.transforms import _text
from anonymizer.transforms._surnames import Surnames

NAME = "last_name"
CATEGORIES: tuple[str, ...] = ("last_name",)
TECHNIQUE = "pseudonymization"
PARAMETERS: dict[str, str] = {}
BY_ROW = True


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError for types that hold no words, such as numbers."""
    return _text.words_kernel(binding, NAME, lambda narrow: _text.told_apart(narrow, _build, NAME))


def _build(binding: Binding, width: int | None) -> Kernel:
    return Surnames(binding, replace(binding.domain, width=width))


def capacity(domain: Domain) -> int | None:
    """The invented names of one language that fit the width."""
    return _text.capacity(domain, Vocabulary.load("surnames", "nl").fitting(domain.width))
