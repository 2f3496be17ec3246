"""Looks through a whole result for known values: every column of every table, and every text outside the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.schema import ColumnName
from anonymizer.verify._fingerprint import I64, U64, sliced
from anonymizer.verify._forms import decoded
from anonymizer.verify._known import LONGEST, SHORTEST, Known
from anonymizer.verify._numbers import compared, written
from anonymizer.verify._reader import ROW_ID, STORAGE, Block, Reader, Text
from anonymizer.verify._tokens import Tokens, tokens

_TEXTS = 1 << 20
_CHUNKS = 200
_MANY = 1000
"""Values that a column of references has at least: in a shorter one a number of somebody would not stand out."""


class Look(NamedTuple):
    """What one piece of a column shows."""

    numbers: I64 | None
    words: int
    found: list[tuple[U64, I64, I64]]
    """Fingerprint, label and kind of each hit."""


@dataclass(slots=True)
class Hits:
    """Known values found in one place, by label: fingerprints, and whether each is a number or a plain word."""

    cells: int = 0
    numbers: I64 | None = None
    """Numbers that were compared, by length and first digits."""
    words: int = 0
    """Words that were compared."""
    found: list[tuple[U64, I64, I64]] = field(default_factory=list)
    """Fingerprint, label and kind of each hit."""
    layouts: set[str] = field(default_factory=set)
    """How values around written numbers are laid out, every digit as 9."""
    laid_out: int = 0
    """How many different values those are."""

    @property
    def are_codes(self) -> bool:
        """Whether the values are many numbers of one layout, serial numbers and references, and no text of people."""
        return self.laid_out >= _MANY and len(self.layouts) == 1 and not any(map(str.isalpha, *self.layouts))

    def take(self, look: Look) -> None:
        """Take up what one piece shows."""
        if look.numbers is not None:
            self.numbers = look.numbers if self.numbers is None else self.numbers + look.numbers
        self.words += look.words
        for found in look.found:
            self.add(found)

    def add(self, found: tuple[U64, I64, I64]) -> None:
        """Take up some hits; the same ones again take no more memory."""
        self.found.append(found)
        if len(self.found) > _CHUNKS:
            self.found = [self.distinct()]

    def distinct(self) -> tuple[U64, I64, I64]:
        """Each known value once."""
        if not self.found:
            return np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int64)
        prints, labels, kinds = (np.concatenate(list(arrays)) for arrays in zip(*self.found, strict=True))
        order = np.lexsort((kinds, prints))
        prints, chosen = np.unique(prints[order], return_index=True)
        return prints, labels[order[chosen]], kinds[order[chosen]]


PHRASE, WRITTEN_NUMBER, NUMBER, LONE_WORD, WORD_IN_TEXT, PROGRAM_WORD = range(6)
"""Kinds of hits: with digits and letters or several words; digits in the form of a telephone number or in groups;
digits alone; one word of letters as a whole cell or among others; one that names nobody. The first one counts where
there are several."""


@dataclass(slots=True)
class Scan:
    """What was found where."""

    columns: dict[ColumnName, Hits] = field(default_factory=dict)
    texts: dict[str, Hits] = field(default_factory=dict)
    raw: Hits = field(default_factory=Hits)


def scan(known: Known, target: Reader) -> Scan:
    """Read the whole result once."""
    result = Scan()
    waiting: list[Text] = []
    size = 0
    for part in target.parts():
        text = part if isinstance(part, Text) else None
        if isinstance(part, Block):
            _block(known, part, result)
            text = part.outside() if part.outside is not None else None
        if text is not None:
            waiting.append(text)
            size += len(text.data)
            if size > _TEXTS:
                _texts(known, waiting, result)
                waiting, size = [], 0
    _texts(known, waiting, result)
    for data in target.raw():
        result.raw.cells += 1
        result.raw.take(_look(known, pa.array([data], pa.binary()).view(pa.string())))
    return result


def _block(known: Known, block: Block, result: Scan) -> None:
    batch = block.batch()
    for name, values in zip(batch.schema.names, batch.columns, strict=True):
        if name in (ROW_ID, STORAGE):
            continue
        hits = result.columns.setdefault(ColumnName(block.table, name), Hits())
        hits.cells += len(values) - values.null_count
        long_enough = pc.fill_null(pc.greater_equal(pc.binary_length(values), SHORTEST), False)
        for piece in sliced(pc.unique(values.filter(long_enough))):  # what stands twice is found once
            look = _look(known, piece)
            hits.take(look)
            if len(hits.layouts) <= 1 and any((kinds == WRITTEN_NUMBER).any() for _, _, kinds in look.found):
                hits.laid_out += len(piece)
                hits.layouts.update(pc.unique(pc.replace_substring_regex(piece, r"[0-9]", "9")).to_pylist())


def _texts(known: Known, texts: list[Text], result: Scan) -> None:
    if not texts:
        return
    values = pa.array([text.data for text in texts], pa.binary()).view(pa.string())
    start = 0
    for piece in sliced(values):
        for cut, places in _forms(known, piece):
            for cell, (prints, labels, kinds) in _windows(known, cut):
                for index, place in enumerate(places[cell].tolist()):
                    hits = result.texts.setdefault(texts[start + place].place, Hits())
                    hits.add((prints[index : index + 1], labels[index : index + 1], kinds[index : index + 1]))
        start += len(piece)


def _forms(known: Known, values: pa.Array) -> Iterator[tuple[Tokens, I64]]:
    """The tokens of the values as they stand and of what they say when decoded, and the cells that those are."""
    cut = tokens(values, known.prints)
    yield cut, np.arange(len(values))
    for cells, form in decoded(values, cut):
        for piece in sliced(form):
            yield tokens(piece, known.prints), cells[: len(piece)]
            cells = cells[len(piece) :]


def _look(known: Known, values: pa.Array) -> Look:
    look = Look(None, 0, [])
    for cut, _ in _forms(known, values):
        numbers, words = compared(known, cut), int(np.count_nonzero(~cut.digits))
        if look.numbers is not None and numbers is not None:
            numbers = numbers + look.numbers
        found = [found for _, found in _windows(known, cut)]
        look = Look(look.numbers if numbers is None else numbers, look.words + words, look.found + found)
    return look


def _windows(known: Known, cut: Tokens) -> Iterator[tuple[I64, tuple[U64, I64, I64]]]:
    """Cell, and fingerprint, label and kind, of each known value that begins and ends with a token."""
    if not len(cut) or not len(known):
        return
    first = np.flatnonzero(cut.end[cut.last] - cut.start >= SHORTEST)
    first = first[known.may_begin(cut.beginning(first, SHORTEST))]
    for more in range(LONGEST):
        first = first[first + more <= cut.last[first]]
        if not len(first):
            return
        last = first + more
        length, digits = cut.length(first, last), cut.all_digits(first, last)
        fit = (length >= SHORTEST) & (~digits | cut.one_number(first, last))
        start, stop = first[fit], last[fit]
        kind = np.where(digits[fit], NUMBER, _of_words(cut, start) if more == 0 else PHRASE)
        for code, prints in ((False, cut.words(start, stop)), (True, cut.code(start, stop))):
            labels = known.find(prints)
            hit = np.flatnonzero(labels >= 0)
            hit = hit[[known.labels[label].code == code for label in labels[hit]]]
            if len(hit):
                single = kind[hit] >= LONE_WORD
                kinds = np.where(single & known.names_nobody(prints[hit]), PROGRAM_WORD, kind[hit])
                if code and np.any(kinds == NUMBER):
                    telephones = np.array([known.labels[label].category == "phone" for label in labels[hit]])
                    formed = (kinds == NUMBER) & written(cut, start[hit], stop[hit], telephones)
                    kinds = np.where(formed, WRITTEN_NUMBER, kinds)
                yield cut.cell[start[hit]], (prints[hit], labels[hit], kinds)


def _of_words(cut: Tokens, start: I64) -> I64:
    """Kinds of single words."""
    alone = (cut.last[start] == start) & ((start == 0) | (cut.cell[start - 1] != cut.cell[start]))
    return np.where(alone, LONE_WORD, WORD_IN_TEXT)
