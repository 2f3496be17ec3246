"""Names as words: how a column or table name is split before anything is looked up in it.

>>> split("BillingPostalCode"), split("tel_nr2"), split("Date de naissance"), split("IPAddress")
(('billing', 'postal', 'code'), ('tel', 'nr'), ('date', 'naissance'), ('ip', 'address'))
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SHORT_ENDS = ("id", "nr", "no", "ip")
"""The only pieces of a compound that may have two letters: `klantnr`, `userid`, `idclient`."""
_ENTIRE = frozenset("voyage gestion passage livre verhuur gebruik bestuur verkauf".split())
"""Words that those for persons begin with (voyageur, verhuurder), and that are not cut from them."""
_LEAST_TRUNCATED = 6
"""Fewest letters of a word cut short: `handtek` of `handtekening`."""
_LEAST_LINKED = 6
"""Fewest letters of a plural inside a compound: `klassenpartner`."""
STOP_WORDS = frozenset(
    "of the and de het van den der du des la le les d et en und fur voor pour for or ou oder".split()
)
"""Words that a name can do without. "By" and "von" are none: "created by" is not "created"."""
_ALONE = frozenset("est ist hat has can sent due".split())
"""Words that are none where other letters surround them: in `restschuld`, `represente`."""
_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"))
_PLURALS = (
    ("ies", "y", 3),
    ("en", "", 3),
    ("s", "", 3),
    ("es", "", 4),
    ("n", "", 4),
    ("x", "", 4),
    ("e", "", 4),
    ("aux", "al", 4),
    ("er", "", 6),
)
"""Ending, what stands in its place in the singular, and how many letters must be left before it."""


def split(name: str) -> tuple[str, ...]:
    """Words in lower case without accents: parted at capitals, digits and punctuation; numbers and stop words go."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("USt", "Ust"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = tuple(word.lower() for word in _WORD.findall(plain) if not word.isdigit())
    return tuple(word for word in words if word not in STOP_WORDS) or words


def _dutch_singulars(stem: str) -> Iterator[str]:
    """`afsprak(en)`: afspraak; `klass(en)`: klas; `briev(en)`: brief."""
    for changed in (stem, stem[:-1] + {"v": "f", "z": "s"}.get(stem[-1], stem[-1])):
        if changed[-1] == changed[-2]:
            yield changed[:-1]
        elif changed[-2] in "aeou" and changed[-3] not in "aeiou":
            yield changed[:-1] + changed[-2:]
        if changed != stem:
            yield changed


class Vocabulary:
    """The words that packs know; takes compounds and plurals apart into them."""

    def __init__(
        self,
        words: Set[str],
        abbreviations: Mapping[str, tuple[str, ...]] | None = None,
        no_endings: Set[str] = frozenset(),
    ) -> None:
        self._words = frozenset(words)
        self._no_endings = frozenset(no_endings)
        """Words that say nothing at the end of an unknown one: of `sorgerecht` it is no `gerecht`."""
        self._abbreviations = {
            short: tuple(word for word in full if word not in STOP_WORDS)
            for short, full in (abbreviations or {}).items()
        }
        self._sorted = sorted(self._words)
        self._longest = max(map(len, self._words), default=0)
        self.split = lru_cache(maxsize=100_000)(self._split)
        self.terse = lru_cache(maxsize=100_000)(self._terse)

    def _split(self, name: str) -> tuple[str, ...]:
        """Like the function `split`, with known compounds and plurals taken apart."""
        words = tuple(piece for word in split(name) for piece in self._pieces(word))
        return tuple(word for word in words if word not in STOP_WORDS) or words

    def canonical(self, word: str) -> str:
        """A known plural's known singular, so that both are one word: "commentaires" is "commentaire"."""
        for ending, instead, _ in _PLURALS:
            candidate = word.removesuffix(ending) + instead
            if (
                word.endswith(ending)
                and ending in ("ies", "en", "s")
                and len(candidate) >= 4
                and candidate in self._words
            ):
                return candidate
        return word

    def _pieces(self, word: str) -> tuple[str, ...]:
        if word in self._abbreviations:
            return self.expanded((word,))
        found = self.singular(word)
        if found is not None:
            return (self.canonical(found),)
        return self._compound(word) or self._truncated(word, _LEAST_TRUNCATED) or self._ending(word) or (word,)

    def expanded(self, words: Sequence[str]) -> tuple[str, ...]:
        """Whole words for abbreviations, singulars for plurals."""
        return tuple(self.canonical(whole) for word in words for whole in self._abbreviations.get(word, (word,)))

    def _truncated(self, word: str, least: int) -> tuple[str, ...] | None:
        """The known word that begins like this, if all that do begin alike: `nachn` is cut from `nachname`."""
        if len(word) < least or word in _ENTIRE:
            return None
        start = bisect_left(self._sorted, word)
        end = bisect_left(self._sorted, word + "\uffff")
        longer = self._sorted[start:end]
        whole = min(longer, key=len, default="")
        if not longer or len(whole) > 2 * len(word) or not all(other.startswith(whole) for other in longer):
            return None
        if whole == word + "e" and len(word) > _LEAST_TRUNCATED:  # another French word: a `retrait` is no `retraite`
            return None
        return (self.canonical(whole),)

    def _terse(self, name: str, prefixes: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A name without separators, as databases of eight-letter names have them: `INSHPHON`, `FACVILLIV`.

        The cut with the fewest and longest pieces wins; () when some letters remain. Pieces are known words of three
        letters or more and abbreviations; a prefix of the table, or one letter, may stand before them.
        """
        word = "".join(split(name))
        starts = [""] + [prefix for prefix in prefixes if word.startswith(prefix) and len(word) - len(prefix) >= 2]
        cuts = [(self._cut(word[len(start) :]), 0.8 * len(start)) for start in starts]
        cuts += [
            (self._cut(word[len(start) + 1 :]), 0.8 * len(start) + 3) for start in starts if len(word) - len(start) > 4
        ]
        found = [(cut[0] + extra, cut[1]) for cut, extra in cuts if cut and (extra < 3 or len(cut[1]) > 1)]
        return min(found, default=(0, ()))[1]

    def _cut(self, word: str) -> tuple[int, tuple[str, ...]] | None:
        """The known words and abbreviations that make up the whole of `word`, after what they cost."""
        best: list[tuple[int, tuple[str, ...]] | None] = [(0, ())] + [None] * len(word)
        for end in range(2, len(word) + 1):
            for start in range(max(0, end - self._longest), end - 1):
                before, piece = best[start], word[start:end]
                if before is None:
                    continue
                known = self.singular(piece) if len(piece) >= 3 else None
                meant = self._abbreviations.get(piece) or ((known,) if known else None)
                cost = before[0] + (3 if len(piece) == 2 else 2)
                if meant is None and (meant := self._truncated(piece, 5)):
                    cost += 1
                if meant is None:
                    continue
                if best[end] is None or cost < best[end][0]:  # type: ignore[index]
                    best[end] = (cost, (*before[1], *self.expanded(meant)))
        return best[len(word)] if word else None

    def _ending(self, word: str) -> tuple[str, ...] | None:
        """An unknown beginning and a known ending of at least four letters: `opacnote` is some kind of note."""
        for start in range(3, len(word) - 3):
            known = self.singular(word[start:])
            if known is None or len(known) < 4 or known in _ALONE or self.canonical(known) in self._no_endings:
                continue
            if known[1:] not in self._words:  # `localname` is a name, not an `lname`
                return (word[:start], self.canonical(known))
        return None

    def singular(self, word: str) -> str | None:
        """The known word that this is, or is the plural of; None when there is none."""
        if word in self._words:
            return word
        for written, letter in _UMLAUTS:
            if written in word and (known := self.singular(word.replace(written, letter))):
                return known
        if word.endswith("en") and len(word) >= 6:
            for candidate in _dutch_singulars(word[:-2]):
                if candidate in self._words:
                    return candidate
        for ending, instead, least in _PLURALS:
            if word.endswith(ending) and len(word) - len(ending) >= least:
                candidate = word[: len(word) - len(ending)] + instead
                if candidate in self._words:
                    return candidate
        return None

    def _compound(self, word: str) -> tuple[str, ...] | None:
        """The fewest known words that make up the whole of `word`; None when there are none.

        Linear in the length of the word times that of the longest known word.
        """
        best: list[tuple[str, ...] | None] = [()] + [None] * len(word)
        for end in range(2, len(word) + 1):
            for start in range(max(0, end - self._longest), end - 1):
                before = best[start]
                piece, found = word[start:end], best[end]
                if before is None:
                    continue
                if found is not None and len(before) + 1 >= len(found) and found[-1][1:] != piece:
                    continue  # of "modellname" the last word is no "lname"
                if piece in _ALONE and len(piece) < len(word):
                    continue
                if len(piece) < 3:
                    at_edge = end == len(word) or (start == 0 and piece in ("id", "ip"))
                    inside = start > 0 and end < len(word)
                    if not (piece in _SHORT_ENDS and at_edge) and not (piece in STOP_WORDS and inside):
                        continue
                if start and piece[0] == "s" and piece[1:] in self._words:
                    piece = piece[1:]  # as between the words of "Abteilungsname"
                plural = end == len(word) or (piece.endswith("en") and len(piece) >= _LEAST_LINKED)
                known = self.singular(piece) if plural else (piece if piece in self._words else None)
                if known is not None or len(piece) < 3:
                    best[end] = (*before, self.canonical(known or piece))
        return best[len(word)]
