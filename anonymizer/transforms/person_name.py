"""Any part of a name, token by token.

Technique (ISO/IEC 20889): pseudonymization.

The same as full_name, for columns that hold some part of a name: initials, a middle name, a particle, a maiden name, a
nickname. A title or particles alone ("Mr.", "van der") stay: they name nobody.

Example: J.P. -> B.T.; Jan Peeters -> Benjamin Bijhommellaere

Never reached: surnames are invented (see last_name), so a replaced name is nobody's.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Kernel, Parameters, Salts
from anonymizer.model.plan import Domain
from anonymizer.transforms import _full_name, _text
from anonymizer.transforms._cells import refuse
from anonymizer.transforms._particles import PARTICLES_ALONE

NAME = "person_name"
CATEGORIES: tuple[str, ...] = ("person_name",)
TECHNIQUE = "pseudonymization"
PARAMETERS: Mapping[str, str] = _full_name.ORDER
BY_ROW = True


def mistake(parameters: Parameters) -> str | None:
    """See `contracts.Transform`."""
    return _full_name.wrong_order(parameters)


def kernel(binding: Binding) -> Kernel:
    """Raises RuleError for types that hold no words, such as numbers, and for an unknown `order`."""
    refuse(binding, mistake(binding.parameters))
    replaced = _text.words_kernel(binding, NAME, lambda narrow: _text.told_apart(narrow, _full_name.build, NAME))

    def mapped(values: pa.Array, *salts: Salts) -> pa.Array:
        particles = pc.match_substring_regex(values, PARTICLES_ALONE)
        result = replaced(values, *salts)
        return pc.if_else(particles, values, result) if particles.true_count else result

    return mapped


def capacity(domain: Domain) -> int | None:
    """First names times surnames, of one language."""
    return _text.capacity(domain, _full_name.combinations(domain.width))
