"""The source's own values that may not stand anywhere in the result, as fingerprints.

Which those are is said by the plan's categories: whole e-mail addresses, telephone and other numbers, full names,
streets with a number, secrets, logins and addresses of machines; single names, towns and the like are too common for
it, and are compared row by row. Memory: 10 bytes for each distinct value, 30 while they are
merged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.model.plan import ColumnPlan, TablePlan
from anonymizer.verify._fingerprint import I64, U64, Fingerprinter, flat, sliced
from anonymizer.verify._tokens import Mask, Tokens, tokens

LONGEST = 12
"""Tokens of a value that are looked at: who finds the first twelve has found it."""
SHORTEST = 6
"""Letters and digits that a value must have to be told from chance."""
SHORTEST_NUMBER = 8
"""Digits that a value without letters must have."""
LONGEST_NUMBER = 19
"""Digits from which on the length of a number is no longer told apart."""
NUMBER_BINS = (LONGEST_NUMBER - SHORTEST_NUMBER + 1) * 1000

_BEGINNING_BITS = 24
_BEGINNING_SHIFT = np.uint64(64 - _BEGINNING_BITS)
_MERGED = 1 << 20
"""Values gathered before they are looked through for what is known already."""

CODES = (
    "phone national_id vat_number company_id iban bank_account credit_card cookie_or_device_id mac_address"
).split()
NAMES = ("full_name", "person_name")
WORDS = ("email", "street_address", "password_or_secret", "username", "ip_address", "url", *NAMES)
PRIVATE_ADDRESS = "private ip_address"
"""Addresses of networks that everybody has, and that are replaced within themselves."""
SEVERAL_WORDS = ("email", *NAMES, "street_address")

_LIST_SIGNS = b" \t\r\n,;<>{}[]()\"'"
_COUNTRY = "32"
"""A telephone number without a prefix is taken to be of this country."""
_SPACES = "[\u00a0\u2000-\u200a\u202f]"
_DASHES = "[\u2010-\u2015\u2212]"
_PREFIX = r"^(?:[17]|2[07]|3[0-46-9]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3})"
"""Country codes (ITU-T E.164): one digit, one of these pairs, or three digits."""
_EXTENSION = r"(?i)[\s,;]*(?:extension|extn?|poste|toestel|tst|int|x|#)\W*[0-9]{1,6}\s*$"
_SEVERAL = r"\s+[/-]\s+|[;,|\n\t]"
_ACCOUNT = r"^[A-Za-z]{2}[0-9]{10,32}$"
"""An IBAN that holds a bank account number of digits alone, as Belgian ones do."""
NO_NAME = (
    r"(?i)^(?:(?:van|von|vom|de|den|der|het|'?[ts]|ten?|ter|op|in|la|le|du|des|d'|d[aio]|del|dell[ao]|degli|dos|das|zu[mr]?"
    r"|vande[nr]?|v\.? ?/?d?\.?|v\.)(?:\s+|$))+$"
)
"""Parts of a name that name nobody: particles of surnames, alone."""
TAG = r"\+[^@\s]{1,64}@"
"""What some put into their address for each sender: "jan+shop@"."""
_NUMBER_LAST = r"^\s*([^0-9,]*\pL{4}[^0-9,]*?)[\s,]+([0-9]+)\b(?s:.*)$"
_NUMBER_FIRST = r"^\s*([0-9]+)[\s,]+([^0-9,]*\pL{4}[^0-9,]*?)\s*(?:,(?s:.*))?$"
"""A street and its number, and a number and its street, without what follows: box, floor, town."""
_STREET = r"(?i)(str)(?:aat|asse|aße) "
_PRIVATE = r"^(10|127|192\.168|169\.254|172\.(1[6-9]|2[0-9]|3[01])|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))\."


@dataclass(frozen=True, slots=True)
class Label:
    """Where a value was found in the source."""

    column: str
    category: str
    code: bool
    """Signs between the tokens do not count."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Values of one kind from one block of rows."""

    label: Label
    values: pa.Array


def patterns(plan: TablePlan, batch: pa.RecordBatch) -> Iterator[Pattern]:
    """What must not survive of the replaced columns of these rows."""
    names = set(batch.schema.names)
    replaced = {column.column.name: column for column in plan.replaced if column.column.name in names}
    for name, column in replaced.items():
        yield from of_column(column, batch.column(name))
    yield from _composed(plan, replaced, batch)


def of_column(column: ColumnPlan, values: pa.Array) -> Iterator[Pattern]:
    """What must not survive of some values of a column."""
    category, name = column.category, str(column.name)
    values = values.drop_null()
    if category in CODES:
        for variant in _written_otherwise(category, values):
            yield Pattern(Label(name, category, True), variant)
    elif category == "ip_address":
        private = pc.match_substring_regex(values, _PRIVATE)
        yield Pattern(Label(name, PRIVATE_ADDRESS, False), values.filter(private))
        yield Pattern(Label(name, category, False), values.filter(pc.invert(private)))
    elif category in WORDS:
        if category == "person_name":
            values = values.filter(pc.invert(pc.match_substring_regex(values, NO_NAME)))
        for variant in _parts(category, values):
            yield Pattern(Label(name, category, False), variant)
    else:
        yield Pattern(Label(name, "email", False), _addresses(values.filter(_holds(values, b"@"))))


def _composed(plan: TablePlan, replaced: dict[str, ColumnPlan], batch: pa.RecordBatch) -> Iterator[Pattern]:
    """First and last name of the same row, in both orders."""
    firsts = [name for name, column in replaced.items() if column.category == "first_name"]
    lasts = [name for name, column in replaced.items() if column.category == "last_name"]
    for first in firsts:
        for last in lasts:
            label = Label(f"{plan.table.name} ({first} and {last} together)", "full_name", False)
            for order in ((first, last), (last, first)):
                pair = [batch.column(name) for name in order]
                long_enough = pc.and_(*[pc.greater(pc.binary_length(pc.utf8_trim_whitespace(v)), 1) for v in pair])
                joined = pc.binary_join_element_wise(*pair, " ")
                yield Pattern(label, joined.filter(long_enough).drop_null())


def _parts(category: str, values: pa.Array) -> Iterator[pa.Array]:
    """A value itself, and what it is made of."""
    if category == "email":
        listed = _holds(values, _LIST_SIGNS)
        yield values.filter(pc.invert(listed))
        found = _addresses(values.filter(listed))
        yield found
        yield values.filter(pc.match_substring_regex(values, r"[@]\[|\"@"))  # an address may itself hold such signs
        tagged = pa.concat_arrays([values.filter(pc.invert(listed)), found])
        tagged = tagged.filter(pc.match_substring_regex(tagged, TAG))
        yield pc.replace_substring_regex(tagged, TAG, "@")
        return
    yield values
    if category in NAMES:
        two = values.filter(pc.match_substring_regex(values, r"^\s*\S+\s+\S+\s*$"))
        yield pc.replace_substring_regex(two, r"^\s*(\S+)\s+(\S+)\s*$", r"\2 \1")
    if category == "street_address":
        yield pc.replace_substring_regex(values.filter(_holds(values, b",")), r",(?s:.*)$", "")
        for order in (_NUMBER_LAST, _NUMBER_FIRST):
            ordered = values.filter(pc.match_substring_regex(values, order))
            if len(ordered):
                for form in (r"\1 \2", r"\2 \1", r"\1 nr \2"):
                    yield pc.replace_substring_regex(ordered, order, form)
                whole = pc.replace_substring_regex(ordered, order, r"\1 \2")
                short = whole.filter(pc.match_substring_regex(whole, _STREET))
                yield pc.replace_substring_regex(short, _STREET, r"\1 ")


def _addresses(texts: pa.Array) -> pa.Array:
    """The e-mail addresses in longer texts."""
    if not len(texts):
        return texts
    pieces = pc.list_flatten(pc.split_pattern_regex(texts, f"[{re.escape(_LIST_SIGNS.decode())}]"))
    pieces = pieces.filter(pc.match_substring_regex(pieces, r"[^@]@[^@.]+\.[^@.]"))
    return pc.replace_substring_regex(pieces, r"^(?i:mailto:)|[.:]+$", "")


def _written_otherwise(category: str, values: pa.Array) -> Iterator[pa.Array]:
    """A number as it stands, and in the other forms in which people write it."""
    yield values
    if category == "phone":
        yield from _telephones(values)
    if category in ("vat_number", "company_id"):
        prefixed = values.filter(pc.match_substring_regex(values, r"^[A-Za-z]{2}[^A-Za-z]"))
        yield pc.utf8_slice_codeunits(prefixed, 2, 1000)
        belgian = _digits(values)  # which had nine digits once
        yield pc.utf8_slice_codeunits(belgian.filter(pc.match_substring_regex(belgian, "^0[0-9]{9}$")), 1, 10)
    if category == "national_id":
        plain = _digits(values)
        born = plain.filter(pc.match_substring_regex(plain, r"^[0-9]{2}[0-9]{9}$"))  # Belgian; some write the century
        yield pc.binary_join_element_wise("19", born, "")
        yield pc.binary_join_element_wise("20", born, "")
    if category == "iban":
        plain = pc.replace_substring_regex(values, r"[^0-9A-Za-z]+", "")
        yield pc.binary_join_element_wise("IBAN", plain, "")
        yield pc.utf8_slice_codeunits(plain.filter(pc.match_substring_regex(plain, _ACCOUNT)), 4, 1000)


def _telephones(values: pa.Array) -> Iterator[pa.Array]:
    """Numbers without their extension, each of several alone, with and without the prefix of the country."""
    values = pc.replace_substring_regex(values, _SPACES, " ")
    values = pc.replace_substring_regex(values, _DASHES, "-")
    marked = pc.match_substring_regex(values, r"[(;,|#A-Za-z\n\t]|\s[/-]\s")
    odd = values.filter(marked)
    if len(odd):
        odd = pc.replace_substring_regex(pc.replace_substring(odd, "(0)", ""), _EXTENSION, "")
        pieces = pc.split_pattern_regex(odd, _SEVERAL)
        one = pc.and_(pc.greater(pc.list_value_length(pieces), 1), pc.less_equal(pc.utf8_length(_digits(odd)), 13))
        odd = pa.concat_arrays([odd.filter(one), pc.list_flatten(pieces)])
        odd = pc.replace_substring_regex(odd, r"[^0-9+]*$", "")
        yield odd
        values = pa.concat_arrays([values.filter(pc.invert(marked)), odd])
    digits = _digits(values)
    doubled = pc.starts_with(digits, "00")
    whole = pc.or_(pc.match_substring_regex(values, r"^[^0-9]*\+"), doubled)
    international = pc.if_else(doubled, pc.utf8_slice_codeunits(digits, 2, 40), digits).filter(whole)
    yield international
    yield pc.binary_join_element_wise("00", international, "")
    national = pc.replace_substring_regex(international, _PREFIX, "")
    yield pc.binary_join_element_wise("0", national, "")
    yield national  # as spreadsheets and columns of numbers have it, and countries that dial no 0
    national = digits.filter(pc.and_(pc.starts_with(digits, "0"), pc.invert(whole)))
    national = pc.utf8_slice_codeunits(national, 1, 40)
    yield national
    yield pc.binary_join_element_wise(_COUNTRY, national, "")


def _holds(values: pa.Array, signs: bytes) -> pa.Array:
    """Whether each value holds one of some bytes."""
    offsets, data = flat(values)
    marked = np.isin(np.arange(256), list(signs))
    places = np.flatnonzero(marked[data])
    found = np.zeros(len(values), bool)
    found[np.searchsorted(offsets, places, side="right") - 1] = True
    return pa.array(found)


def _digits(values: pa.Array) -> pa.Array:
    """The digits of each value, and nothing else."""
    offsets, data = flat(values)
    kept = (data >= ord("0")) & (data <= ord("9"))
    ends = np.concatenate(([0], np.cumsum(kept)))[offsets]
    return pa.Array.from_buffers(
        pa.string(), len(values), [None, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(data[kept])]
    )


class Known:
    """Gathers fingerprints of patterns; once sealed, tells which fingerprints are among them."""

    def __init__(self, prints: Fingerprinter) -> None:
        self.prints = prints
        self.labels: list[Label] = []
        self.counts: dict[str, int] = {}
        """Category -> distinct values (counted per block, so an upper bound)."""
        self._numbers: dict[Label, int] = {}
        self.bins: dict[Label, I64] = {}
        """How many values are digits only, by their length and their first three digits, see `number_bins`."""
        thousand = tokens(pa.array([f"{number:03d}" for number in range(1000)]), prints)
        every = np.arange(1000)
        codes = thousand.code(every, every)
        self._order = np.argsort(codes)
        self._thousand = codes[self._order]
        self._gathered: list[tuple[U64, npt.NDArray[np.uint16]]] = []
        self._waiting = 0
        self.words: dict[Label, int] = {}
        """How many values are one word of letters (counted per block, so an upper bound)."""
        self.short: dict[str, int] = {}
        """Column -> values that are too short to be looked for (counted likewise)."""
        self._program: U64 = np.zeros(0, np.uint64)
        self._prints: U64 = np.zeros(0, np.uint64)
        self._labels: npt.NDArray[np.uint16] = np.zeros(0, np.uint16)
        self._beginnings = np.zeros(1 << _BEGINNING_BITS, bool)
        self._filter, self._shift = np.zeros(1, bool), np.uint64(63)

    def add(self, pattern: Pattern) -> None:
        """Take up the values that are long enough to be told from chance."""
        if not len(pattern.values):
            return
        label = self._numbers.setdefault(pattern.label, len(self._numbers))
        if label == len(self.labels):
            self.labels.append(pattern.label)
        for values in sliced(pc.unique(pattern.values)):
            cut = tokens(values, self.prints)
            first, last, short = _telling(cut, pattern.label)
            if short:
                self.short[pattern.label.column] = self.short.get(pattern.label.column, 0) + short
            whole = cut.code(first, last) if pattern.label.code else cut.words(first, last)
            self._beginnings[cut.beginning(first, SHORTEST) >> _BEGINNING_SHIFT] = True
            whole, chosen = np.unique(whole, return_index=True)
            digits = cut.all_digits(first, last)[chosen]
            alone = digits & (pattern.label.code | (first == last)[chosen])
            words = int(np.count_nonzero((first == last)[chosen] & ~digits))
            self.words[pattern.label] = self.words.get(pattern.label, 0) + words
            if alone.any():
                bins = self.number_bins(cut, first[chosen[alone]], last[chosen[alone]])
                count = np.bincount(bins, minlength=NUMBER_BINS)
                self.bins[pattern.label] = self.bins.get(pattern.label, np.zeros(NUMBER_BINS, np.int64)) + count
            self.counts[pattern.label.category] = self.counts.get(pattern.label.category, 0) + len(whole)
            self._gathered.append((whole, np.full(len(whole), label, np.uint16)))
            self._waiting += len(whole)
            if self._waiting > max(_MERGED, len(self._prints) // 2):
                self._merge()

    def number_bins(self, cut: Tokens, first: I64, last: I64) -> I64:
        """Length and first three digits of numbers, as one index below NUMBER_BINS."""
        lengths = np.clip(cut.length(first, last), SHORTEST_NUMBER, LONGEST_NUMBER) - SHORTEST_NUMBER
        place = np.minimum(np.searchsorted(self._thousand, cut.beginning(first, 3)), 999)
        bins: I64 = lengths * 1000 + self._order[place]
        return bins

    def allow(self, words: Iterable[str]) -> None:
        """Words that name nobody."""
        cut = tokens(pa.array(list(words), pa.string()), self.prints)
        every = np.arange(len(cut))
        self._program = np.unique(cut.words(every, every))

    def names_nobody(self, prints: U64) -> Mask:
        """Whether each single word is one of these."""
        found: Mask = np.isin(prints, self._program)
        return found

    def seal(self) -> None:
        """Make it ready for `find`."""
        self._merge()
        bits = min(max((len(self._prints) * 8).bit_length(), 16), 25)
        self._filter, self._shift = np.zeros(1 << bits, bool), np.uint64(64 - bits)
        self._filter[self._prints >> self._shift] = True

    def _merge(self) -> None:
        """Keep each value once, so that values that come again take no memory."""
        prints = np.concatenate([self._prints, *(prints for prints, _ in self._gathered)])
        labels = np.concatenate([self._labels, *(labels for _, labels in self._gathered)])
        self._gathered, self._waiting = [], 0
        self._prints, chosen = np.unique(prints, return_index=True)
        self._labels = labels[chosen]

    def __len__(self) -> int:
        return len(self._prints)

    def may_begin(self, beginnings: U64) -> Mask:
        """Whether some value may begin so."""
        found: Mask = self._beginnings[beginnings >> _BEGINNING_SHIFT]
        return found

    def find(self, prints: U64) -> I64:
        """The label of each fingerprint, -1 for those that are not known."""
        found = np.full(len(prints), -1, np.int64)
        maybe = np.flatnonzero(self._filter[prints >> self._shift])
        if len(maybe) and len(self._prints):
            place = np.minimum(np.searchsorted(self._prints, prints[maybe]), len(self._prints) - 1)
            equal = self._prints[place] == prints[maybe]
            found[maybe[equal]] = self._labels[place[equal]]
        return found


def _telling(cut: Tokens, label: Label) -> tuple[I64, I64, int]:
    """First and last token of the cells whose content tells a value from chance, and how many are only too short."""
    first = np.flatnonzero(np.diff(cut.cell, prepend=-1) != 0)
    last = np.minimum(cut.last[first], first + LONGEST - 1)
    length, digits = cut.length(first, last), cut.all_digits(first, last)
    enough = np.where(digits & (label.category not in ("ip_address", PRIVATE_ADDRESS)), SHORTEST_NUMBER, SHORTEST)
    if label.code:
        enough = np.full(len(first), SHORTEST_NUMBER)
    short = len(np.unique(cut.code(first, last)[length < enough]))
    fit = length >= enough
    if label.category in SEVERAL_WORDS:
        fit &= cut.apart[last] > cut.apart[first]
    if label.category == "street_address":
        numbers = (last - first + 1) - (cut.others[last] - cut.others[first] + ~cut.digits[first])
        fit &= (numbers > 0) & ~digits
    if label.category in NAMES:
        fit &= cut.others[last] - cut.others[first] > 0
    return first[fit], last[fit], short
