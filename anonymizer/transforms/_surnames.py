"""Surnames as they are written: particles stay, each half of a double name maps as that surname alone does."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.contracts import Binding, Salts
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.written_form import compact, flat_bytes, restore_case, single_spaced, without_accents
from anonymizer.transforms._cells import by_distinct, first_fitting, of_rows
from anonymizer.transforms._names import Names
from anonymizer.transforms._particles import cores, parted

_PARTICLE_HYPHEN = r"(?i)\b(van|vande|vanden|vander|von|de|den|der|het|'?t|te|ten|ter|la|le|du|des|di|da|d)-"
_PARTICLE = r"(?:van|vande|vanden|vander|von|de|den|der|het|'?t|te|ten|ter|la|le|du|des|di|da|zu|v\.? ?d\.?)"
_PARTICLES_BEHIND = rf"(?i)^(?P<name>[^ ,()-]+)(?P<gap>, ?| \()(?P<particles>{_PARTICLE}(?: {_PARTICLE})*)(?P<end>\)?)$"
"""As lists in alphabetical order have it: "Aa, van der", "Aa (van der)"."""


class Surnames:
    """Maps written surnames: visible text without nulls."""

    def __init__(self, binding: Binding, domain: Domain | None = None) -> None:
        self.names = Names(binding, "last_name", domain)
        self._mapped = by_distinct(self._all)
        self._width = self.names.width

    def __call__(self, values: pa.Array, salts: Salts | None = None) -> pa.Array:
        """string [n] -> string [n]."""
        return self._mapped(values, *(() if salts is None else (salts,)))

    def _all(self, values: pa.Array, salts: Salts | None = None) -> pa.Array:
        values = single_spaced(values)
        behind = pc.match_substring_regex(values, _PARTICLES_BEHIND)
        if not behind.true_count:
            return self._usual(values, salts)
        parts = pc.extract_regex(pc.filter(values, behind), _PARTICLES_BEHIND)
        name, gap, particles, end = (parts.field(part) for part in ("name", "gap", "particles", "end"))
        whole = pc.binary_join_element_wise(particles, name, " ")
        _, core = self.halves(whole, of_rows(salts, np.asarray(behind.to_numpy(zero_copy_only=False))))
        listed = pc.binary_join_element_wise(core, gap, particles, end, "")
        return pc.replace_with_mask(self._usual(values, salts), behind, first_fitting([listed, core], self._width))

    def _usual(self, values: pa.Array, salts: Salts | None = None) -> pa.Array:
        hyphen = pc.match_substring(values, "-")
        if not hyphen.true_count:
            front, core = self.halves(values, salts)
            return first_fitting([pc.binary_join_element_wise(front, core, ""), core], self._width)
        trimmed = pc.utf8_trim(pc.replace_substring_regex(values, _PARTICLE_HYPHEN, r"\1 "), "- ")
        trimmed = pc.if_else(pc.equal(trimmed, ""), "x", trimmed)
        lists = pc.split_pattern_regex(trimmed, r" ?-+ ?")
        row = pc.list_parent_indices(lists).to_numpy()
        front, core = self.halves(lists.flatten(), of_rows(salts, row))
        each = pc.binary_join_element_wise(front, core, "")
        joined = pc.binary_join(pa.ListArray.from_arrays(lists.offsets, each), "-")
        first = core.take(lists.offsets.slice(0, len(values)))
        return first_fitting([joined, first], self._width)

    def halves(self, values: pa.Array, salts: Salts | None = None) -> tuple[pa.Array, pa.Array]:
        """The particles of single surnames as written, and the pseudonyms of what follows them."""
        whole = compact(values)
        core = cores(whole)
        letters = np.diff(flat_bytes(whole)[1]) - np.diff(flat_bytes(core)[1])
        front, rest = parted(without_accents(values), letters)
        first_word = pc.replace_substring_regex(rest, "[ -].*", "")
        if pc.match_substring(rest, " ").true_count:  # "della Rovere": a particle that is not known tells no case
            first_word = pc.replace_substring_regex(rest, r"^(?:\p{Ll}\S* )+(\p{Lu}[^ -]*).*|[ -].*", r"\1")
        return front, restore_case(self.names(core, salts, whole), first_word)
