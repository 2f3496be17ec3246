"""Values of a unique domain that would share a pseudonym are given others, before the first row is written.

A kernel is a pure function of one value, so two values may have one pseudonym: by chance, where there are few of them,
or because they are two spellings of one value ("Jan@x.be", "jan@x.be") that a key tells apart. Which ones is known
once all values of the key were seen. All but one of such a group move: to the first variant of the transform under
which their pseudonym is free. What is kept are keyed hashes alone, 32 bytes a value while the source is read, and
9 bytes a moved value afterwards.

    Survey      one column's values go in, batch by batch; what has to move comes out
    Moves       which values move, and to which variant
    moved_apart a kernel that knows them
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Kernel, Keys
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.written_form import compact, without_accents

Hashes = NDArray[np.uint64]
OfVariant = Callable[[int], Kernel]

MOST_VARIANTS = 200
_ODD = np.uint64(0x9E3779B97F4A7C15)
_HOPELESS = 0.001
"""A variant under which a smaller share than this of many values finds a free pseudonym ends the search."""


class Moves(NamedTuple):
    """Hashes of values that move (uint64, sorted) and their variants (uint8).

    Identities move with all their spellings; spellings are those that move alone.
    """

    prf: Prf
    identities: Hashes
    variant_of_identity: NDArray[np.uint8]
    spellings: Hashes
    variant_of_spelling: NDArray[np.uint8]

    def variants(self, values: pa.Array) -> NDArray[np.uint8]:
        """string [n], no nulls -> uint8 [n]: 0 for a value that stays with its first pseudonym."""
        found = np.zeros(len(values), np.uint8)
        for hashes, variants, of in (
            (self.identities, self.variant_of_identity, identity),
            (self.spellings, self.variant_of_spelling, spelling),
        ):
            if len(hashes):
                wanted = of(self.prf, values)
                at = np.minimum(np.searchsorted(hashes, wanted), len(hashes) - 1)
                found = np.where(hashes[at] == wanted, variants[at], found)
        return found


def identity(prf: Prf, values: pa.Array) -> Hashes:
    """What spellings of one value have in common: letters and digits, without case and accents."""
    return prf(compact(values))[:, 0]


def spelling(prf: Prf, values: pa.Array) -> Hashes:
    """The value to the letter; smaller for small letters alone, so that it is other spellings which move.

    The same value inside a text or a document, where nothing moves, is mostly written so.
    """
    capitals = pc.not_equal(values, pc.utf8_lower(values)).to_numpy(zero_copy_only=False)
    hashes: Hashes = (prf(values)[:, 1] >> np.uint64(1)) | (capitals.astype(np.uint64) << np.uint64(63))
    return hashes


def folded(prf: Prf, pseudonyms: pa.Array) -> Hashes:
    """Pseudonyms that differ in case or accents alone are no two in the collations of many databases."""
    return prf(without_accents(pseudonyms, lower=True))[:, 0]


def moved_apart(kernel: Kernel, moves: Moves, of_variant: OfVariant) -> Kernel:
    """The same kernel, but that values move as `moves` says."""
    used = {*moves.variant_of_identity.tolist(), *moves.variant_of_spelling.tolist()}
    kernels = {variant: of_variant(variant) for variant in used}

    def mapped(values: pa.Array) -> pa.Array:
        result = kernel(values)
        variants = moves.variants(values.fill_null(""))
        variants[pc.is_null(values).to_numpy(zero_copy_only=False)] = 0
        for variant in (np.flatnonzero(np.bincount(variants)[1:]) + 1).tolist():
            rows = pa.array(variants == variant)
            result = pc.replace_with_mask(result, rows, kernels[variant](pc.filter(values, rows)))
        return result

    return mapped


class Survey:
    """What the unique columns of one domain hold, as keyed hashes."""

    def __init__(self, keys: Keys, domain: str) -> None:
        self._prf = Prf(keys.derive("apart", domain))
        self._seen: list[Hashes] = []
        self._waiting = 0
        self._moving: tuple[Hashes, Hashes] = (np.zeros(0, np.uint64), np.zeros(0, np.uint64))

    def add(self, values: pa.Array, pseudonyms: pa.Array) -> None:
        """Some values without nulls and blanks, and what they become."""
        seen = np.stack(
            [
                identity(self._prf, values),
                spelling(self._prf, values),
                folded(self._prf, pseudonyms),
                spelling(self._prf, pseudonyms),
            ],
            axis=1,
        )
        self._seen.append(seen)
        self._waiting += len(seen)
        if self._waiting > 2 * len(self._seen[0]) and self._waiting > 1 << 18:
            self._settle()

    def _settle(self) -> Hashes:
        """Each spelling once; of one spelling all else follows."""
        everything = np.concatenate(self._seen) if self._seen else np.zeros((0, 4), np.uint64)
        _, first = np.unique(everything[:, 1], return_index=True)
        self._seen, self._waiting = [everything[first]], 0
        return self._seen[0]

    def close(self) -> int:
        """After the last value: finds what has to move. -> the number of different values."""
        seen = self._settle()
        identities = _all_but_first_of_each(seen[:, 2], seen[:, 0])
        # Spellings of one value that come out alike to the letter.
        spellings = _all_but_first_of_each(seen[:, 3] + seen[:, 0] * _ODD, seen[:, 1])
        self._moving = (identities, spellings)
        return len(seen)

    @property
    def moving(self) -> int:
        """How many values have to move."""
        return len(self._moving[0]) + len(self._moving[1])

    def picked(self, values: pa.Array) -> pa.Array:
        """Those of some values that have to move."""
        rows = among(self._moving[0], identity(self._prf, values))
        rows |= among(self._moving[1], spelling(self._prf, values))
        return pc.filter(values, pa.array(rows))

    def moves(self, values: pa.Array, of_variant: OfVariant) -> Moves | None:
        """`values`: all that have to move, each once. None: there are not enough pseudonyms for them."""
        identities, spellings = self._moving
        exact = spelling(self._prf, values)
        units = np.where(among(spellings, exact), exact, identity(self._prf, values))
        seen = self._seen[0]
        stays = ~(among(identities, seen[:, 0]) | among(spellings, seen[:, 1]))
        taken = np.sort(seen[stays][:, 2])
        found: dict[int, int] = {}
        for variant in range(1, MOST_VARIANTS + 1):
            if not len(units):
                return Moves(self._prf, *_table(found, identities), *_table(found, spellings))
            results = folded(self._prf, of_variant(variant)(values))
            refused = among(taken, results) | among(_all_but_first_of_each(results, units), units)
            free = ~among(np.sort(units[refused]), units)
            found.update(dict.fromkeys(units[free].tolist(), variant))
            taken = np.sort(np.concatenate([taken, results[free]]))
            if free.sum() < _HOPELESS * len(units) - 1:
                return None
            units, values = units[~free], pc.filter(values, pa.array(~free))
        return None


def _all_but_first_of_each(groups: Hashes, members: Hashes) -> Hashes:
    """uint64 [n] twice -> the members, sorted, that share a group with a smaller one."""
    ordered = np.sort(groups)
    shared = np.flatnonzero(among(ordered[1:][ordered[1:] == ordered[:-1]], groups))
    pairs = np.unique(np.stack([groups[shared], members[shared]], axis=1), axis=0)
    again = np.flatnonzero(pairs[1:, 0] == pairs[:-1, 0]) + 1
    return np.unique(pairs[again, 1])


def among(known: Hashes, wanted: Hashes) -> NDArray[np.bool_]:
    """uint64 sorted, uint64 [n] -> bool [n]. Faster than `np.isin`, which sorts both."""
    if not len(known):
        return np.zeros(len(wanted), dtype=bool)
    found: NDArray[np.bool_] = known[np.minimum(np.searchsorted(known, wanted), len(known) - 1)] == wanted
    return found


def _table(found: dict[int, int], units: Hashes) -> tuple[Hashes, NDArray[np.uint8]]:
    """Of the units that moved: sorted, with their variants. An identity all of whose spellings moved alone is gone."""
    units = np.array(sorted(found.keys() & set(units.tolist())), np.uint64)
    return units, np.array([found[unit] for unit in units.tolist()], np.uint8)
