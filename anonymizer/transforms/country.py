"""Countries: another European country, in the same written form.

Technique (ISO/IEC 20889): pseudonymization.

Codes of two and three letters (ISO 3166-1) and names in Dutch, French, German and English. The countries of the list
stand on a ring in keyed order, and each becomes the next one; any other text becomes one of them by keyed choice. Packs
keep countries: a country alone points at nobody, and formats, taxes and languages depend on it.

Example: BE -> PT, BEL -> PRT, België -> Portugal

Never reached: a country is nobody.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.permutation import ring
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.vocabulary import Vocabulary, below
from anonymizer.pseudonyms.written_form import compact, restore_case
from anonymizer.transforms import _text
from anonymizer.transforms._cells import first_fitting

NAME = "country"
CATEGORIES: tuple[str, ...] = ("country",)
TECHNIQUE = "pseudonymization"
PARAMETERS: dict[str, str] = {}


def kernel(binding: Binding) -> Kernel:
    """Takes every type: what is no text gets a value of its type."""
    return _text.text_kernel(binding, lambda narrow: _text.told_apart(narrow, _build, NAME))


def _build(binding: Binding, width: int | None) -> Kernel:
    rows = Vocabulary.load("countries").rows
    count, forms = len(rows), len(rows[0])
    flat = pa.array([row[form] for form in range(forms) for row in rows])
    flat_keys = compact(flat)
    prf = Prf(binding.keys.derive(NAME, binding.domain.name))
    following = ring(binding.keys.derive(NAME, binding.domain.name, "ring"), count).astype(np.int64)
    codes = pa.array([row[0] for row in rows])

    def mapped(values: pa.Array) -> pa.Array:
        keys = compact(values)
        found = pc.index_in(keys, value_set=flat_keys)
        known = found.is_valid().to_numpy(zero_copy_only=False)
        at = pc.fill_null(found, 0).to_numpy().astype(np.int64)
        # Text in no list: a code of as many letters, or the first form of a name.
        lengths = pc.utf8_length(keys).to_numpy()
        form = np.where(known, at // count, np.where(lengths <= 2, 0, np.where(lengths == 3, 1, 2)))
        chosen = np.where(known, following[at % count], below(prf(keys)[:, 0], count))
        names = flat.take(pa.array(form * count + chosen))
        two_letters = codes.take(pa.array(chosen))
        return restore_case(
            first_fitting([names, two_letters, pc.utf8_slice_codeunits(two_letters, 0, 1)], width), values
        )

    return mapped


def capacity(domain: Domain) -> int | None:
    """The countries of the list."""
    return _text.capacity(domain, len(Vocabulary.load("countries")))
