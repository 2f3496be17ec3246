"""Functions: another function, in a language of the plan's locales.

Technique (ISO/IEC 20889): pseudonymization.

Case stays. In a key, a token follows the title.

Example: Hoofdboekhouder -> Magazijnier

Never reached: a function alone points at nobody.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.token import words
from anonymizer.pseudonyms.vocabulary import Vocabulary, below, languages
from anonymizer.pseudonyms.written_form import compact, restore_case
from anonymizer.transforms import _text

NAME = "job_title"
CATEGORIES: tuple[str, ...] = ("job_title",)
TECHNIQUE = "pseudonymization"
PARAMETERS: dict[str, str] = {}

_LANGUAGES = ("nl", "fr", "en")


def kernel(binding: Binding) -> Kernel:
    """Takes every type: what is no text gets a value of its type."""
    return _text.text_kernel(binding, lambda narrow: _text.told_apart(narrow, _build, NAME))


def _build(binding: Binding, width: int | None) -> Kernel:
    prf = Prf(binding.keys.derive(NAME, binding.domain.name))
    spoken = [name for name in languages(binding.locales) if name in _LANGUAGES] or ["en"]
    lists = [Vocabulary.load("job_titles", language) for language in spoken]

    def mapped(values: pa.Array) -> pa.Array:
        hashes = prf(compact(values))
        chosen = below(hashes[:, 1], len(lists))
        for number, titles in enumerate(lists):  # titles in a language of the locales say which one
            chosen[titles.contains(compact(values)).to_numpy(zero_copy_only=False)] = number
        result: pa.Array = words(hashes[:, 0], min(width or 6, 6))
        for number, titles in enumerate(lists):
            rows = chosen == number
            if rows.any() and titles.fitting(width):
                picked = titles.pick(hashes[rows, 0], width)
                result = pc.replace_with_mask(result, pa.array(np.asarray(rows)), picked)
        return restore_case(result, values)

    return mapped


def capacity(domain: Domain) -> int | None:
    """The titles of one language that fit the width."""
    return _text.capacity(domain, Vocabulary.load("job_titles", "nl").fitting(domain.width))
