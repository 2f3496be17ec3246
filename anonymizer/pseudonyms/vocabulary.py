"""The word lists that pseudonyms are drawn from; see vocabularies/ for where each comes from.

Surnames, streets and companies are invented and equal none of the real lists known to their maker, so that a replaced
full name or street cannot equal a real one. First names, towns and job titles are real: there are too few to invent.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.errors import InternalError
from anonymizer.pseudonyms.written_form import compact, flat_bytes

FOLDER = Path(__file__).parent / "vocabularies"
LANGUAGES = ("nl", "fr", "de", "en")


def languages(locales: Sequence[str]) -> tuple[str, ...]:
    """The languages of some locales that there are word lists for, in order; Dutch and French if there is none.

    >>> languages(("fr_BE", "nl_BE", "pl_PL"))
    ('fr', 'nl')
    """
    known = dict.fromkeys(locale[:2] for locale in locales if locale[:2] in LANGUAGES)
    return tuple(known) or ("nl", "fr")


class Vocabulary:
    """One list: `entries` (Arrow string), shortest first, and what the file says of each in further columns."""

    def __init__(self, rows: list[list[str]]) -> None:
        rows = sorted(rows, key=lambda row: len(row[0]))
        self.rows = rows
        self.entries = pa.array([row[0] for row in rows], pa.string())
        self._lengths = np.array([len(row[0]) for row in rows])

    @classmethod
    def load(cls, name: str, locale: str = "") -> Vocabulary:
        """The list of that name, in the language of `locale` ("nl", "nl_BE"); read once.

        Raises InternalError when there is none.
        """
        return _load(f"{name}.{locale[:2]}" if locale else name)

    def __len__(self) -> int:
        return len(self.rows)

    def fitting(self, width: int | None) -> int:
        """How many entries are at most `width` characters long: the first ones."""
        return len(self.rows) if width is None else int(np.searchsorted(self._lengths, width, side="right"))

    def pick(self, hashes: NDArray[np.uint64], width: int | None = None) -> pa.Array:
        """uint64 [n] -> string [n]: for each hash an entry of at most `width` characters, all equally often."""
        count = self.fitting(width)
        if count == 0:
            raise InternalError(f"no entry of a word list fits {width} characters; ask `fitting` first")
        return self.entries.take(pa.array(below(hashes, count)))

    @cached_property
    def keys(self) -> pa.Array:
        """The entries as `compact` writes them."""
        return compact(self.entries)

    def contains(self, keys: pa.Array) -> pa.Array:
        """string [n], as `compact` writes them -> bool [n]."""
        return pc.is_in(keys, value_set=self.keys)


def below(hashes: NDArray[np.uint64], count: int | NDArray[np.uint64]) -> NDArray[np.int64]:
    """uint64 [n] -> int64 [n] in [0, count), from the upper half of each hash; count is below 2^32."""
    bound = np.uint64(count) if isinstance(count, int) else count
    return (((hashes >> np.uint64(32)) * bound) >> np.uint64(32)).astype(np.int64)


def bytes_per_row(values: pa.Array) -> NDArray[np.int64]:
    """The length of each value in bytes."""
    return np.diff(flat_bytes(values)[1])


@cache
def _load(name: str) -> Vocabulary:
    path = FOLDER / f"{name}.txt"
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise InternalError(f"word list {path.name} cannot be read ({type(error).__name__}); install again") from error
    return Vocabulary([line.split("\t") for line in text.splitlines() if line and not line.startswith("#")])
