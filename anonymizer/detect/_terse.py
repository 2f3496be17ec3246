"""Names of columns that say more, or less, than words: type prefixes, a table's prefix, and no separators at all.

    strVNaam, dtmGebDat           a prefix for the type (Hungarian notation): it goes
    CLINOM, CLIADR1, CLIVILLE     a prefix for the table, and abbreviations joined: cut into what packs know
    ruedomi, teldomi, paysdomi    an ending that known words have in common: it goes

What a table's columns have in common tells which is meant, so one name alone is never cut this way.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from anonymizer.detect import _words
from anonymizer.detect._phrases import Phrases

_TYPED = re.compile(
    r"(str|txt|dtm|dte|dat|dt|int|lng|cur|ccy|bln|bool|bit|mem|mmo|img|chr|vch|nvc|sng|dbl|flt|dec|num|obj|sz|ts|lst|cbo|"
    r"chk|ysn|byt|guid|s|n|d|i|b|c|m|f|l)_?(?=[A-Z])"
)
_FEWEST_TYPED = 3
_SHARE_TYPED = 0.5
_FEWEST_ALIKE = 3
_SHORT = 12
"""Letters of a name without separators, at most; longer ones are words."""


def words_of(phrases: Phrases, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Column name -> its words, for the columns of one table."""
    typed = _type_prefixes(names)
    bare = {name: name[typed[name] :] for name in names}
    marked = _mark(phrases, list(bare.values()))
    bare = {name: rest[len(marked) :] if marked and rest.startswith(marked) else rest for name, rest in bare.items()}
    prefixes, common = _table_prefixes(list(bare.values()))
    endings = _table_endings(phrases, list(bare.values()))
    found = {}
    for name, rest in bare.items():
        words = phrases.words(rest)
        if _is_terse(rest):
            words = (
                _after(phrases, rest, common)
                or _before(phrases, rest, endings)
                or _cut(phrases, rest, words, prefixes, common)
            )
        found[name] = words
    return found


def _before(phrases: Phrases, name: str, endings: Sequence[str]) -> tuple[str, ...]:
    """The words before an ending that several names have, when they are known."""
    whole = "".join(_words.split(name))
    starts = [whole.removesuffix(ending) for ending in endings if whole.endswith(ending) and whole != ending]
    return next((words for start in starts if (words := _known(phrases, start))), ())


def _known(phrases: Phrases, name: str) -> tuple[str, ...]:
    """The words of a name if packs know them all, else ()."""
    words = phrases.words(name)
    return words if len(name) > 1 and phrases.knows(words) else phrases.terse(name)


def _table_endings(phrases: Phrases, names: Sequence[str]) -> tuple[str, ...]:
    """Three to five letters, no word themselves, behind known words in several names; the longest first."""
    terse = {"".join(_words.split(name)) for name in names if _is_terse(name)}
    unknown = {name for name in terse if not phrases.knows(phrases.words(name))}
    counts = Counter(name[-size:] for name in unknown for size in (3, 4, 5) if len(name) >= size + 2)
    found = [
        ending
        for ending, count in counts.items()
        if count >= _FEWEST_ALIKE
        and not phrases.knows((ending,))
        and 2 * sum(bool(_known(phrases, n.removesuffix(ending))) for n in unknown if n.endswith(ending)) > count
    ]
    return tuple(sorted(found, key=lambda ending: (-len(ending), ending)))


def _after(phrases: Phrases, name: str, prefix: str) -> tuple[str, ...]:
    """The words after the prefix of most columns, when all of the rest is known."""
    rest = "".join(_words.split(name))
    rest = rest.removeprefix(prefix) if prefix and rest.startswith(prefix) else ""
    return phrases.terse(rest) if len(rest) >= 2 else ()


def _cut(phrases: Phrases, name: str, words: tuple[str, ...], prefixes: Sequence[str], common: str) -> tuple[str, ...]:
    """A name of unknown words, cut if it can be, else without the prefix of most columns."""
    if phrases.knows(words):
        return words
    whole = "".join(words)
    return phrases.terse(name, prefixes) or (
        (whole.removeprefix(common),) if common and whole.startswith(common) and whole != common else words
    )


def _is_terse(name: str) -> bool:
    """One word of capitals or of small letters, as names of a bounded length are."""
    letters = name.rstrip("0123456789")
    return 3 <= len(letters) <= _SHORT and letters.isalpha() and (letters.isupper() or letters.islower())


def _type_prefixes(names: Sequence[str]) -> Mapping[str, int]:
    """Column name -> length of its type prefix; 0 where the table does not write such prefixes."""
    lengths = {name: len(match[0]) if (match := _TYPED.match(name)) else 0 for name in names}
    kinds = {name[: lengths[name]] for name in names if lengths[name]}
    typed = sum(length > 0 for length in lengths.values())
    if typed >= _FEWEST_TYPED and typed >= _SHARE_TYPED * len(names) and len(kinds) > 1:
        return lengths
    return dict.fromkeys(names, 0)


def _mark(phrases: Phrases, names: Sequence[str]) -> str:
    """Up to four letters and an underscore that stand before most names, `rel_` or `T01_`; "" where there are none.

    They mark the table, whatever they may be short for.
    """
    marks = Counter(match[0] for name in names if (match := re.match(r"[A-Za-z][A-Za-z0-9]{0,3}_(?=[A-Za-z])", name)))
    mark, count = marks.most_common(1)[0] if marks else ("", 0)
    if count >= _FEWEST_ALIKE and 10 * count >= 7 * len(names):
        return mark
    # `cnt_` on half of the columns: what else they begin with, as `tel_`, is rarely so frequent and says what they hold
    often = len(mark) == 4 and count > _FEWEST_ALIKE and 2 * count >= len(names)
    return mark if often and all(phrases.describes(each.phrase) for each in phrases.read(phrases.words(mark))) else ""


def _table_prefixes(names: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Two to four letters with which several names without separators begin; and the ones of most of them."""
    terse = ["".join(_words.split(name)) for name in names if _is_terse(name)]
    counts = Counter(name[:size] for name in set(terse) for size in (2, 3, 4) if len(name) >= size + 2)
    least = {2: max(_FEWEST_ALIKE, len(terse) * 3 // 5), 3: _FEWEST_ALIKE, 4: _FEWEST_ALIKE}
    found = tuple(sorted(prefix for prefix, count in counts.items() if count >= least[len(prefix)]))
    most = [prefix for prefix in found if len(prefix) > 2 and 2 * counts[prefix] > max(len(names), 2 * _FEWEST_ALIKE)]
    return found, max(most, key=len, default="")
