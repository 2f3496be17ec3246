"""First names: another first name of the same sex and language, beginning with a keyed letter.

Technique (ISO/IEC 20889): pseudonymization.

Several given names map word by word, hyphens stay, initials map letter by letter; case stays. Sex and language are told
by the word lists of Dutch, French, German and English names; a name in none of them becomes any name of the plan's
locales, of the sex that its ending tells where it is a strong one. In a key, a token follows the name.

Example: Jan -> Benjamin, JEAN-PIERRE -> BILAL-RUBEN, J. -> B.

Never reached: the pseudonyms are real first names, as they have to be; none stands beside a real surname.
"""

from __future__ import annotations

from dataclasses import replace

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.vocabulary import Vocabulary
from anonymizer.transforms import _text
from anonymizer.transforms._names import Names

NAME = "first_name"
CATEGORIES: tuple[str, ...] = ("first_name",)
TECHNIQUE = "pseudonymization"
PARAMETERS: dict[str, str] = {}
BY_ROW = True


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError for types that hold no words, such as numbers."""
    return _text.words_kernel(binding, NAME, lambda narrow: _text.told_apart(narrow, _build, NAME))


def _build(binding: Binding, width: int | None) -> Kernel:
    return Names(binding, NAME, replace(binding.domain, width=width)).words


def capacity(domain: Domain) -> int | None:
    """The names of one language that fit the width."""
    return _text.capacity(domain, Vocabulary.load("first_names", "nl").fitting(domain.width))
