"""Names: one name becomes one name, wherever it stands.

A first name becomes one of the same sex and language, where a word list knows the name; a surname becomes an invented
one of its language. A name's first letter decides the first letter of its pseudonym, so that initials and logins made
of initials agree with the names.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymizer.contracts import Binding, Salts
from anonymizer.model.plan import Domain
from anonymizer.pseudonyms.prf import Prf
from anonymizer.pseudonyms.token import words
from anonymizer.pseudonyms.vocabulary import LANGUAGES, Vocabulary, below, languages
from anonymizer.pseudonyms.written_form import LETTER, compact, flat_bytes, restore_case, single_spaced, with_bytes
from anonymizer.transforms._cells import by_distinct, first_fitting, of_rows, part_domain
from anonymizer.transforms._pieces import cut, filtered, replaced

Integers = NDArray[np.int64]
Hashes = NDArray[np.uint64]

_FEWEST = 30
"""Where fewer names than this fit a width, invented words take their place."""
_LETTER_A = ord("a")
TITLES = pa.array(
    "mr mrs ms miss sir dr prof ir ing drs lic mevr mevrouw mw dhr heer meneer mijnheer juffr m mme mlle madame "
    "monsieur mademoiselle me herr frau hr fr dipl univprof phd msc bsc mba beng llm jr sr "
    "junior senior ii iii iv fam familie famille weduwe veuve erven".split()
)
"""Forms of address, degrees and suffixes, as `compact` writes them, where a dot or another word stands beside them."""
_SEX_ENDINGS = ("(a|ine|tte)$", "(ar|c|ch|f|hard|ik|im|o|os|rt|ter|us)$")
"""Endings of female and of male first names: those that at least 20 names of the word lists have and 95 % of them for
one sex. Chosen so from nine tenths of the lists' 3,885 names of one sex, such endings (up to four letters) tell the
sex of 38 % of the other tenth, and 95.6 % of these rightly."""
INITIALS = rf"^(?:{LETTER}\.-?)+{LETTER}?\.?$|^{LETTER}$"
"""J. J.P. J.-P. and a letter alone."""
_IN_WORD = np.array([chr(byte) not in " -," for byte in range(256)])
_PARTICLE = "^(van|von|mc|d[eiu]|l[ea]|te[nr]|dh)"
_SURNAME_FORMS = {
    "nl": r"^(van|ver[b-df-hj-np-tv-z])|(mans|aert|ers|ens|els|chts|ssen|kx|stra|sma|in?ck|eck|yck|ink|ijk|huys|oot)$",
    "fr": r"^(du[b-df-hj-np-tv-z]|l[ea][b-df-hj-np-tv-z].*[^s]$)|(eaux?|aux|ault|ette|oux|i[eè]re?|ois|ard|on|ot|in)$",
    "de": r"^von|(mann|meier|meyer|bauer|stein|schmidt|berger)$",
    "en": r"^mc|(ton|ley|ford|smith|worth|shaw)$",
}
"""How a surname tells its language where no word list, or more than one, holds it."""


class _Known(NamedTuple):
    """A word list of real names: their keys, what each belongs to, and which are of more than one language."""

    keys: pa.Array
    languages: NDArray[np.int8]
    sexes: NDArray[np.int8]
    ambiguous: NDArray[np.bool_]


@cache
def known_first_names(order: tuple[str, ...]) -> _Known:
    """All first names of all languages; a name of several languages belongs to the first one in `order`."""
    found: dict[str, tuple[int, int]] = {}
    for language in dict.fromkeys((*order, *LANGUAGES)):
        vocabulary = Vocabulary.load("first_names", language)
        for key, row in zip(vocabulary.keys.to_pylist(), vocabulary.rows, strict=True):
            found.setdefault(key, (LANGUAGES.index(language), "fmx".index(row[1])))
    pairs = np.array(list(found.values()), np.int8)
    return _Known(pa.array(list(found), pa.string()), pairs[:, 0], pairs[:, 1], np.zeros(len(found), bool))


@cache
def known_surnames(order: tuple[str, ...]) -> _Known:
    """All surnames that tell a language; sexes are all 2 ("x")."""
    found: dict[str, int] = {}
    repeated: set[str] = set()
    for language in dict.fromkeys((*order, *LANGUAGES)):
        for key in dict.fromkeys(Vocabulary.load("known_surnames", language).keys.to_pylist()):
            if found.setdefault(key, LANGUAGES.index(language)) != LANGUAGES.index(language):
                repeated.add(key)
    tongues = np.array(list(found.values()), np.int8)
    ambiguous = np.array([key in repeated for key in found])
    return _Known(pa.array(list(found), pa.string()), tongues, np.full(len(found), 2, np.int8), ambiguous)


@cache
def _double_names() -> tuple[pa.Array, pa.Array]:
    """First names of two, as `compact` writes them and with their hyphen in lower case."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        vocabulary = Vocabulary.load("first_names", language)
        for key, row in zip(vocabulary.keys.to_pylist(), vocabulary.rows, strict=True):
            if "-" in row[0]:
                found.setdefault(key, row[0].lower())
    return pa.array(list(found), pa.string()), pa.array(list(found.values()), pa.string())


class _Group(NamedTuple):
    """Names of one language and sex, by first letter: those of letter l are entries[starts[l] : starts[l + 1]]."""

    entries: pa.Array
    keys: pa.Array
    starts: Integers


@cache
def _group(name: str, language: str, sex: str, width: int | None) -> _Group | None:
    """None: too few of them fit the width."""
    vocabulary = Vocabulary.load(name, language)
    rows = range(vocabulary.fitting(width))
    if len(vocabulary.rows[0]) > 1 and sex != "x":
        rows = [row for row in rows if vocabulary.rows[row][1] in (sex, "x")]  # type: ignore[assignment]
    keys = vocabulary.keys.to_pylist()
    # Particles are those of the name that is replaced: no pseudonym brings one of its own.
    with_particle = pc.match_substring_regex(vocabulary.keys, _PARTICLE)
    plain = ~np.asarray(with_particle.to_numpy(zero_copy_only=False))
    if name == "first_names":  # each half of a double name has one of these
        plain = np.array([not set(" -'") & set(row[0]) for row in vocabulary.rows])
    rows = [row for row in rows if plain[row]]  # type: ignore[assignment]
    chosen = sorted(rows, key=lambda row: (keys[row], vocabulary.rows[row][0]))
    if len(chosen) < _FEWEST:
        return None
    indices = pa.array(chosen, pa.int64())
    firsts = np.array([ord(keys[row][0]) - _LETTER_A for row in chosen])
    return _Group(vocabulary.entries.take(indices), vocabulary.keys.take(indices), np.searchsorted(firsts, range(27)))


@cache
def _spelt_out(name: str) -> tuple[pa.Array, pa.Array]:
    """Keys of German names with their umlauts written as two letters, as mail addresses have them, and their keys."""
    entries = Vocabulary.load(name, "de").entries
    entries = entries.filter(pc.match_substring_regex(entries, "(?i)[äöü]"))
    two = pc.utf8_lower(entries)
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        two = pc.replace_substring(two, umlaut, letters)
    return compact(two), compact(entries)


class Names:
    """Maps name tokens, given as `compact` writes them, to pseudonyms as the word lists write them."""

    def __init__(self, binding: Binding, category: str, domain: Domain | None = None) -> None:
        """`category`: first_name or last_name; `domain` None: the one that columns of the category have."""
        self._list = {"first_name": "first_names", "last_name": "surnames"}[category]
        domain = domain or part_domain(binding, category)
        self.width = domain.width
        self._order = languages(binding.locales)
        self._prf = Prf(binding.keys.derive(category, domain.name))
        self._usable = _common_letters(self._list, self._order, self.width)
        self._letter_hashes = self._prf(pa.array([f"letter {chr(_LETTER_A + number)}" for number in range(26)]))
        self._letters = self._letter_table()
        self._hashes_of: dict[int, NDArray[np.uint64]] = {}

    def __call__(self, keys: pa.Array, salts: Salts | None = None, whole: pa.Array | None = None) -> pa.Array:
        """string [n] -> string [n], no nulls; under other salts other names of the same language, sex and letter.

        `whole`: what tells the language, where that is not the keys alone.
        """
        keys, whole = self._one_spelling(keys), whole if whole is None else self._one_spelling(whole)
        hashes = self._prf(keys)
        drawn = self._prf.salted(hashes, salts)[:, 0]
        tongues, sexes = self._told(keys if whole is None else whole, hashes)
        letters = self.initials_of(keys, salts)
        result: pa.Array = None
        group_numbers = tongues.astype(np.int64) * 3 + sexes
        for number in np.flatnonzero(np.bincount(group_numbers)).tolist():
            rows = np.flatnonzero(group_numbers == number)
            group = _group(self._list, LANGUAGES[number // 3], "fmx"[number % 3], self.width)
            picked = self._picked(group, hashes[rows, 0], drawn[rows], letters[rows])
            if len(rows) == len(keys):
                return picked
            if result is None:
                result = pa.array([""] * len(keys), pa.string())
            result = pc.replace_with_mask(result, pa.array(group_numbers == number), picked)
        return keys if result is None else result

    def words(self, values: pa.Array, salts: Salts | None = None) -> pa.Array:
        """Text of one name or several, word by word: string [n] -> string [n], no nulls and no blanks."""
        pieces = cut(single_spaced(values), _IN_WORD)
        if len(pieces.texts) == len(values) and pieces.is_word.all():
            return self.written(pieces.texts, salts)
        row = pieces.row[pieces.is_word]
        names = by_distinct(self.written)(
            filtered(pieces.texts, pieces.is_word), *(() if salts is None else (salts[row],))
        )
        joined = pieces.joined(replaced(pieces.texts, [(pieces.is_word, names)]))
        if self.width is None:
            return joined
        wordless = np.bincount(row, minlength=len(values)) == 0
        first = names.take(pa.array(np.searchsorted(row, np.arange(len(values))), mask=wordless))
        return first_fitting([joined, first, words(self._prf(values)[:, 0], min(self.width, 6))], self.width)

    def written(self, texts: pa.Array, salts: Salts | None = None) -> pa.Array:
        """Single names or initials, as they are written; a joined double name ("jeanpierre") maps half by half."""
        keys = compact(texts)
        names = restore_case(self(keys, salts), texts)
        halves, names_of = _double_names()
        double = pc.is_in(keys, value_set=halves)
        if double.true_count:
            rows = double.to_numpy(zero_copy_only=False)
            parts = names_of.take(pc.index_in(pc.filter(keys, double), value_set=halves))
            both = pc.replace_substring(self.words(parts, of_rows(salts, rows)), "-", "")
            both = restore_case(pc.utf8_capitalize(both), pc.filter(texts, double))
            both = first_fitting([both, pc.filter(names, double)], self.width)
            names = pc.replace_with_mask(names, double, both)
        dotted = pc.match_substring_regex(texts, INITIALS)
        if dotted.true_count:
            plain = pc.replace_substring_regex(pc.filter(texts, dotted), r"[^\x00-\x7F]", "x")
            rows = dotted.to_numpy(zero_copy_only=False)
            names = pc.replace_with_mask(names, dotted, self.initials(plain, of_rows(salts, rows)))
        title = pc.and_(pc.match_substring_regex(texts, rf"{LETTER}{LETTER}\.$"), pc.is_in(keys, value_set=TITLES))
        if self.width is not None:
            title = pc.and_(title, pc.less_equal(pc.utf8_length(texts), self.width))
        return pc.if_else(title, texts, names) if title.true_count else names

    def _one_spelling(self, keys: pa.Array) -> pa.Array:
        """ "mueller" as "muller", which is what the key of "Müller" is."""
        spelt, plain = _spelt_out("first_names" if self._list == "first_names" else "known_surnames")
        found = pc.index_in(keys, value_set=spelt)
        return keys if found.null_count == len(found) else pc.coalesce(plain.take(found), keys)

    def is_listed(self, keys: pa.Array) -> NDArray[np.bool_]:
        """Which tokens the word lists of real names hold."""
        keys = self._one_spelling(keys)
        return np.asarray(pc.is_in(keys, value_set=self._known.keys).to_numpy(zero_copy_only=False))

    def is_known(self, keys: pa.Array) -> NDArray[np.bool_]:
        """Which tokens the word lists hold; a surname with a joined particle counts too."""
        listed = self.is_listed(keys)
        if self._list == "first_names":
            return listed
        joined = pc.match_substring_regex(keys, "^van(de|den|der)?[a-z]{4,}")
        return np.asarray(listed | joined.to_numpy(zero_copy_only=False))

    def initials_of(self, keys: pa.Array, salts: Salts | None = None) -> Integers:
        """The number (0..25) of the letter with which each pseudonym begins; -1 where the key has no first letter."""
        data, offsets = flat_bytes(keys)
        first = np.append(data, 0)[offsets[:-1]].astype(np.int64) - _LETTER_A
        first[(np.diff(offsets) == 0) | (first < 0) | (first > 25)] = -1
        return np.where(first < 0, -1, self._new_letters(first, salts))

    def _new_letters(self, letters: Integers, salts: Salts | None) -> Integers:
        """Under other salts a letter becomes other ones, but one and the same all over a row."""
        if salts is None or not len(self._usable):
            return self._letters[letters]
        hashes = self._prf.salted(self._letter_hashes[letters], salts)
        return self._usable[below(hashes[:, 0], len(self._usable))]

    def initials(self, values: pa.Array, salts: Salts | None = None) -> pa.Array:
        """Each ASCII letter of some initials ("J.P.") replaced by the one with which pseudonyms begin; case stays."""
        data, offsets = flat_bytes(values)
        lower = data | 0x20
        is_letter = (lower >= _LETTER_A) & (lower < _LETTER_A + 26)
        new = data.copy()
        row = None if salts is None else np.repeat(np.arange(len(values)), np.diff(offsets))[is_letter]
        letters = self._new_letters(
            (lower[is_letter] - _LETTER_A).astype(np.int64), None if salts is None else salts[row]
        )
        new[is_letter] = letters + _LETTER_A - (lower - data)[is_letter]
        return with_bytes(values, new)

    @property
    def _known(self) -> _Known:
        return known_first_names(self._order) if self._list == "first_names" else known_surnames(self._order)

    def _told(self, keys: pa.Array, hashes: Hashes) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
        """The language and sex of each name, as word lists and forms tell; else any language of the locales."""
        positions = pc.index_in(keys, value_set=self._known.keys)
        unknown = np.asarray(positions.is_null().to_numpy(zero_copy_only=False))
        at = pc.fill_null(positions, 0).to_numpy()
        spoken = np.array([LANGUAGES.index(language) for language in self._order], np.int8)
        tongues = np.where(unknown, spoken[below(hashes[:, 1], len(spoken))], self._known.languages[at])
        sexes = np.where(unknown, np.int8(2), self._known.sexes[at])
        if self._list == "first_names" and unknown.any():
            for sex, ending in enumerate(_SEX_ENDINGS):
                told = pc.match_substring_regex(keys, ending).to_numpy(zero_copy_only=False)
                sexes = np.where(unknown & told, np.int8(sex), sexes)
        unsure = unknown | self._known.ambiguous[at]
        if self._list == "surnames" and unsure.any():
            for language in reversed(self._order):
                told = pc.match_substring_regex(keys, _SURNAME_FORMS[language]).to_numpy(zero_copy_only=False)
                tongues[unsure & told] = LANGUAGES.index(language)
        return tongues.astype(np.int8), sexes.astype(np.int8)

    def _picked(
        self, group: _Group | None, hashes: NDArray[np.uint64], drawn: NDArray[np.uint64], letters: Integers
    ) -> pa.Array:
        """`hashes` are those of the names, by which a name is known again; `drawn` decides."""
        if group is None:
            return words(drawn, min(self.width or 6, 6))
        count = len(group.entries)
        first = np.where(letters < 0, 0, group.starts[letters])
        size = np.where(letters < 0, count, group.starts[letters + 1] - group.starts[letters])
        first, size = np.where(size == 0, 0, first), np.where(size == 0, count, size)
        picked = first + below(drawn, size.astype(np.uint64))
        same = self._own_hashes(group)[picked] == hashes
        if same.any():  # never the name itself: the next one of its letter
            picked = np.where(
                same, np.where(size > 1, first + (picked - first + 1) % size, (picked + 1) % count), picked
            )
        return group.entries.take(pa.array(picked))

    def _own_hashes(self, group: _Group) -> NDArray[np.uint64]:
        """The hashes of a group's own names, by which a name is known to be its own pseudonym."""
        found = self._hashes_of.get(id(group))
        if found is None:
            found = self._hashes_of[id(group)] = self._prf(group.keys)[:, 0]
        return found

    def _letter_table(self) -> Integers:
        """First letter of a name -> first letter of its pseudonym: keyed, among letters with names enough."""
        if len(self._usable) == 0:
            return np.arange(26)
        return self._usable[below(self._letter_hashes[:, 0], len(self._usable))]


@cache
def _common_letters(name: str, order: tuple[str, ...], width: int | None) -> Integers:
    """The letters with which names of each sex begin: at least eight in the languages of `order`, one in all."""
    common = set(range(26))
    for language in LANGUAGES:
        least = 8 if language in order else 1
        for sex in "fm" if name == "first_names" else "x":
            group = _group(name, language, sex, width)
            if group is not None:
                common &= set(np.flatnonzero(np.diff(group.starts) >= least).tolist())
    return np.array(sorted(common), np.int64)
